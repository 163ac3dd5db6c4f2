import type { ComponentChildren, JSX } from 'preact';
import { renderToStaticMarkup } from 'preact-render-to-string';
import { directed } from '../text/direction.js';
import { dirOf, type Dir, type Lang } from '../text/language.js';
import type { Phrase as PhraseOfWording } from '../text/wording.js';
import type { Mail } from './mail.js';

/** Who writes: shown at the head and the foot of every letter. `MailRoom.letterhead` gives it. */
export interface Letterhead {
  readonly name: string;
  /** `PUBLIC_ORIGIN`. */
  readonly origin: string;
  /** Of its head, its button and its links: `#0b5c56`; white can be read on it and it on white. */
  readonly color: string;
  /** Where it can be written to on paper, on one line; null where it does not say. */
  readonly postal: string | null;
}

/** A piece as a letter shows it: in its own language and direction, whatever the letter's are. */
interface Card {
  readonly lang: Lang;
  readonly title: string;
  /** Names. */
  readonly byline: readonly string[];
  readonly dateline: string | null;
  readonly summary: string | null;
  readonly href: string;
  /** What has to be known about it, in the letter's language. */
  readonly note?: string;
}

/** The end of a letter that its reader did not ask for. */
interface Foot {
  /** Why it came, and what is kept of it. */
  readonly reasons: readonly (string | Phrase)[];
  /** Where all further mail of this kind is refused. */
  readonly optOut: { readonly label: string; readonly href: string };
}

/** A sentence of ours with values put in; made by {@link phrase}. */
export interface Phrase {
  readonly pieces: readonly (string | Value)[];
}

/** Words of somebody else in a block of their own, line by line; made by {@link quoted} or {@link cited}. */
export interface Quotation {
  readonly quotation: readonly Line[];
}

interface Line {
  readonly text: string;
  /** Null where nobody knows. */
  readonly lang: Lang | null;
}

interface Value {
  readonly value: string;
  readonly dir: Dir | 'auto';
}

export interface LetterOptions {
  readonly lang: Lang;
  /** One line; values in it need no isolating, for what could reorder it is taken out. */
  readonly subject: string;
  /** Plain strings are our own words. Whatever a person typed goes in through {@link phrase}, {@link quoted} or {@link cited}. */
  readonly paragraphs: readonly (string | Phrase | Quotation)[];
  /** Below the paragraphs. */
  readonly card?: Card;
  /** What the letter asks to do: a button, and the address written out below it, unless a card leads there too. */
  readonly action?: { readonly label: string; readonly href: string };
  /** After the action: how long it is valid, what to do if one never asked for it. */
  readonly closing?: string | Phrase;
  /** In place of the sentence that the letter was sent automatically. */
  readonly foot?: Foot;
  readonly center: Letterhead;
}

/**
 * A sentence with values: phrase`أعاد ${name} مقالك «${title}».` Each value is escaped, and isolated so that its direction
 * does not disturb the sentence's.
 */
export function phrase(words: TemplateStringsArray, ...values: readonly (string | number | Value)[]): Phrase {
  const pieces = words.flatMap((word, index): (string | Value)[] => {
    const value = values[index];
    if (value === undefined) return [word];
    return [word, typeof value === 'object' ? value : { value: oneLine(String(value)), dir: 'auto' }];
  });
  return { pieces: pieces.filter((piece) => piece !== '') };
}

/** An address or another thing that is read from left to right in any language. */
export function ltr(value: string): Value {
  return { value: oneLine(value), dir: 'ltr' };
}

/** A text whose language is known: it keeps that direction even where its first word is of the other script. */
export function inLang(value: string, lang: Lang): Value {
  return { value: oneLine(value), dir: dirOf(lang) };
}

/** What somebody wrote, as a block, line breaks kept: a reviewer's comment. */
export function quoted(text: string): Quotation {
  const lines = text
    .replace(/\r\n?|[\u2028\u2029]/g, '\n')
    .replace(REORDERING, '')
    .replace(CONTROLS, '')
    .trim()
    .split('\n');
  return { quotation: lines.map((line) => ({ text: line, lang: null })) };
}

/** Texts whose languages are known, as a block, each on a line: the options somebody chose. */
export function cited(...texts: readonly Pick<PhraseOfWording, 'text' | 'lang'>[]): Quotation {
  return { quotation: texts.map(({ text, lang }) => ({ text: oneLine(text), lang })) };
}

/** Makes a mail of a letter: both its parts say the same, and read right in either direction wherever they are shown. */
export function letter(given: LetterOptions): Mail {
  const { name, postal } = given.center;
  const center = { ...given.center, name: oneLine(name), postal: postal === null ? null : oneLine(postal) };
  const options = {
    ...given,
    subject: directed(oneLine(given.subject), given.lang),
    center,
    ...(given.card && { card: onLines(given.card) }),
  };
  return { subject: options.subject, html: `<!DOCTYPE html>${renderToStaticMarkup(<Sheet {...options} />)}`, text: plain(options) };
}

function onLines({ title, byline, dateline, summary, ...card }: Card): Card {
  const each = (text: string | null): string | null => (text === null ? null : oneLine(text) || null);
  return { ...card, title: oneLine(title), byline: byline.map(oneLine), dateline: each(dateline), summary: each(summary) };
}

// Embeddings, overrides and isolates: ours are added here, and none from a value may close or open one.
const REORDERING = /[\u202A-\u202E\u2066-\u2069]/g;
const CONTROLS = /(?!\n)\p{Cc}/gu;

/** White space, controls and line ends of any kind become one space. */
function oneLine(text: string): string {
  return text
    .replace(REORDERING, '')
    .replace(/[\p{Cc}\p{White_Space}]+/gu, ' ')
    .trim();
}

const WORDS: Record<Lang, { readonly copy: string; readonly automatic: (center: string) => Phrase }> = {
  ar: {
    copy: 'إن لم يعمل الزر، فانسخ هذا العنوان إلى المتصفح:',
    automatic: (center) => phrase`أرسل موقع ${center} هذه الرسالة آليًا، فلا ترد عليها.`,
  },
  en: {
    copy: 'If the button does not work, copy this address into your browser:',
    automatic: (center) => phrase`Sent automatically by ${center}; please do not reply.`,
  },
  fr: {
    copy: 'Si le bouton ne fonctionne pas, copiez cette adresse dans votre navigateur\u00A0:',
    automatic: (center) => phrase`Envoyé automatiquement par ${center} ; merci de ne pas y répondre.`,
  },
};

/** The isolates of Unicode: U+2068 takes its direction from the first strong letter; U+2069 ends each. */
const ISOLATE: Record<Value['dir'], string> = { auto: '\u2068', ltr: '\u2066', rtl: '\u2067' };

function plainPhrase(text: string | Phrase, lang: Lang): string {
  if (typeof text === 'string') return directed(text, lang);
  const written = text.pieces.map((piece) => (typeof piece === 'string' ? piece : `${ISOLATE[piece.dir]}${piece.value}\u2069`));
  return directed(written.join(''), lang);
}

function plainQuotation({ quotation }: Quotation): string {
  return quotation.map(({ text, lang }) => `> ${lang === null ? text : directed(text, lang)}`).join('\n');
}

/** One block: the heads of a piece close together, then what it is about. */
function plainCard({ lang, title, byline, dateline, summary, note }: Card, ofLetter: Lang): string {
  const names = byline.map((name) => `${ISOLATE.auto}${name}\u2069`).join(COMMA[lang]);
  const head = [title, names, dateline].filter((line) => line !== null && line !== '').map((line) => directed(line!, lang));
  return [head.join('\n'), ...(summary === null ? [] : [directed(summary, lang)]), ...(note ? [directed(note, ofLetter)] : [])].join(
    '\n\n',
  );
}

const COMMA: Record<Lang, string> = { ar: '، ', en: ', ', fr: ', ' };
/** French has a space before it, at which no line may end. */
const COLON: Record<Lang, string> = { ar: ':', en: ':', fr: '\u00A0:' };

/** A link that stands alone on the line below its label, and without isolates: mail programs would take them into it. */
function plainLink({ label, href }: { readonly label: string; readonly href: string }, lang: Lang): string {
  return `${directed(`${label}${COLON[lang]}`, lang)}\n${href}`;
}

function plainFoot({ reasons, optOut }: Foot, lang: Lang): string[] {
  return [...reasons.map((reason) => plainPhrase(reason, lang)), plainLink(optOut, lang)];
}

function plain({ lang, paragraphs, card, action, closing, foot, center }: LetterOptions): string {
  const blocks = [
    ...paragraphs.map((paragraph) =>
      typeof paragraph === 'object' && 'quotation' in paragraph ? plainQuotation(paragraph) : plainPhrase(paragraph, lang),
    ),
    ...(card ? [plainCard(card, lang)] : []),
    ...(action ? [plainLink(action, lang)] : []),
    ...(closing === undefined ? [] : [plainPhrase(closing, lang)]),
    ...(foot ? plainFoot(foot, lang) : []),
    [
      '-- ',
      plainPhrase(foot ? phrase`${center.name}` : WORDS[lang].automatic(center.name), lang),
      center.origin,
      ...plainPostal(center, foot),
    ].join('\n'),
  ];
  return `${blocks.join('\n\n')}\n`;
}

function plainPostal({ postal }: Letterhead, foot: Foot | undefined): string[] {
  return foot && postal !== null ? [`${ISOLATE.auto}${postal}\u2069`] : [];
}

const FONT = `'Segoe UI', Tahoma, Arial, 'Noto Sans Arabic', sans-serif`;
const INK = '#1c2733';
const QUIET = '#5b6875';
const LINE = '#d5dce1';
/** What has to be known about a piece; the center's color may be any. */
const NOTICE = '#8a2c0d';

/** Mail programs drop `dir` and `lang` on html and body, so both stand on every table and cell, the style's words included. */
function side(lang: Lang): { readonly dir: Dir; readonly lang: Lang; readonly align: 'right' | 'left' } {
  return { dir: dirOf(lang), lang, align: lang === 'ar' ? 'right' : 'left' };
}

function Table({ lang, style, children }: { lang: Lang; style: string; children: ComponentChildren }): JSX.Element {
  const { dir, align } = side(lang);
  return (
    <table
      dir={dir}
      lang={lang}
      role="presentation"
      width="100%"
      cellpadding="0"
      cellspacing="0"
      style={`direction:${dir};text-align:${align};border-collapse:collapse;${style}`}
    >
      {children}
    </table>
  );
}

function Cell({ lang, style, children }: { lang: Lang; style: string; children: ComponentChildren }): JSX.Element {
  const { dir, align } = side(lang);
  return (
    <td dir={dir} lang={lang} align={align} style={`direction:${dir};text-align:${align};font-family:${FONT};${style}`}>
      {children}
    </td>
  );
}

function Row({ lang, style, children }: { lang: Lang; style: string; children: ComponentChildren }): JSX.Element {
  return (
    <tr>
      <Cell lang={lang} style={style}>
        {children}
      </Cell>
    </tr>
  );
}

function Words({ text }: { text: string | Phrase }): JSX.Element {
  if (typeof text === 'string') return <>{text}</>;
  return (
    <>
      {text.pieces.map((piece) => {
        if (typeof piece === 'string') return piece;
        if (piece.dir === 'ltr') return <span dir="ltr">{piece.value}</span>;
        return piece.dir === 'rtl' ? <bdi dir="rtl">{piece.value}</bdi> : <bdi>{piece.value}</bdi>;
      })}
    </>
  );
}

function Quote({ lang, quotation }: { lang: Lang } & Quotation): JSX.Element {
  const edge = lang === 'ar' ? 'border-right' : 'border-left';
  return (
    <Table lang={lang} style="">
      <Row
        lang={lang}
        style={`padding:10px 16px;background-color:#f3f5f6;${edge}:3px solid #b9c4cc;font-size:16px;line-height:1.75;color:${INK}`}
      >
        {quotation.map(({ text, lang: own }) => (
          // Whose words they are decides their direction, line by line; no logical property, which mail programs do not know.
          <div dir={own === null ? 'auto' : dirOf(own)} lang={own ?? undefined}>
            {text === '' ? '\u00A0' : text}
          </div>
        ))}
      </Row>
    </Table>
  );
}

/** The piece's own cells have its direction; what the letter says of it has the letter's. */
function PieceCard({ card, color, ofLetter }: { card: Card; color: string; ofLetter: Lang }): JSX.Element {
  const { lang, title, byline, dateline, summary, href, note } = card;
  const size = lang === 'ar' ? 1 : 0;
  const edge = lang === 'ar' ? 'border-right' : 'border-left';
  return (
    <Table lang={lang} style={`border:1px solid ${LINE};${edge}:4px solid ${color}`}>
      <Row lang={lang} style={`padding:18px 20px 6px 20px;font-size:${20 + size}px;line-height:1.5;font-weight:bold;color:${INK}`}>
        <a href={href} style={`color:${INK};text-decoration:none`}>
          {title}
        </a>
      </Row>
      {byline.length > 0 && (
        <Row lang={lang} style={`padding:0 20px 2px 20px;font-size:${15 + size}px;line-height:1.6;color:${color}`}>
          {byline.map((name, index) => (
            <>
              {index > 0 && COMMA[lang]}
              <bdi>{name}</bdi>
            </>
          ))}
        </Row>
      )}
      {dateline !== null && (
        <Row lang={lang} style={`padding:0 20px 2px 20px;font-size:13px;line-height:1.6;color:${QUIET}`}>
          {dateline}
        </Row>
      )}
      {summary !== null && (
        <Row lang={lang} style={`padding:10px 20px 4px 20px;font-size:${16 + size}px;line-height:1.75;color:${INK}`}>
          {summary}
        </Row>
      )}
      {note !== undefined && (
        <Row
          lang={ofLetter}
          style={`padding:12px 20px 2px 20px;font-size:${ofLetter === 'ar' ? 15 : 14}px;line-height:1.7;font-weight:bold;color:${NOTICE}`}
        >
          {note}
        </Row>
      )}
      <Row lang={lang} style="padding:0 20px 14px 20px;font-size:1px;line-height:1px">
        {'\u00A0'}
      </Row>
    </Table>
  );
}

function Action({ lang, action, color }: { lang: Lang; action: NonNullable<LetterOptions['action']>; color: string }): JSX.Element {
  const { dir } = side(lang);
  return (
    <table
      dir={dir}
      lang={lang}
      role="presentation"
      cellpadding="0"
      cellspacing="0"
      style={`direction:${dir};text-align:center;border-collapse:separate`}
    >
      <tr>
        <td
          dir={dir}
          lang={lang}
          align="center"
          style={`direction:${dir};text-align:center;border-radius:6px;background-color:${color};font-family:${FONT}`}
        >
          <a
            href={action.href}
            style="display:inline-block;padding:12px 28px;font-size:16px;line-height:1.5;font-weight:bold;color:#ffffff;text-decoration:none"
          >
            {action.label}
          </a>
        </td>
      </tr>
    </table>
  );
}

function Reasons({ lang, foot: { reasons, optOut } }: { lang: Lang; foot: Foot }): JSX.Element {
  const quiet = `font-size:${lang === 'ar' ? 14 : 13}px;line-height:1.7;color:${QUIET}`;
  return (
    <>
      <Row lang={lang} style="padding:12px 28px 0 28px">
        <Table lang={lang} style={`border-top:1px solid ${LINE}`}>
          <Row lang={lang} style="padding:0;font-size:1px;line-height:1px">
            {'\u00A0'}
          </Row>
        </Table>
      </Row>
      {reasons.map((reason) => (
        <Row lang={lang} style={`padding:6px 28px 2px 28px;${quiet}`}>
          <Words text={reason} />
        </Row>
      ))}
      <Row lang={lang} style={`padding:6px 28px 2px 28px;${quiet}`}>
        <a href={optOut.href} style={`color:${QUIET};text-decoration:underline`}>
          {optOut.label}
        </a>
      </Row>
    </>
  );
}

function Sheet({ lang, subject, paragraphs, card, action, closing, foot, center }: LetterOptions): JSX.Element {
  const { dir } = side(lang);
  const body = `font-size:${lang === 'ar' ? 17 : 16}px;line-height:1.75;color:${INK}`;
  return (
    <html lang={lang} dir={dir}>
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light" />
        <title>{subject}</title>
      </head>
      <body style="margin:0;padding:0;background-color:#eef1f3">
        <Table lang={lang} style="background-color:#eef1f3">
          <tr>
            <td dir={dir} lang={lang} align="center" style={`direction:${dir};text-align:center;padding:24px 12px`}>
              <Table lang={lang} style="max-width:600px;margin:0 auto;background-color:#ffffff;border-radius:8px">
                <Row
                  lang={lang}
                  style={`padding:20px 28px;border-bottom:1px solid #e1e6ea;font-size:18px;line-height:1.5;font-weight:bold;color:${center.color}`}
                >
                  <bdi>{center.name}</bdi>
                </Row>
                {paragraphs.map((paragraph, index) => (
                  <Row lang={lang} style={`padding:${index === 0 ? 24 : 8}px 28px 8px 28px;${body}`}>
                    {typeof paragraph === 'object' && 'quotation' in paragraph ? (
                      <Quote lang={lang} quotation={paragraph.quotation} />
                    ) : (
                      <Words text={paragraph} />
                    )}
                  </Row>
                ))}
                {card && (
                  <Row lang={lang} style="padding:12px 28px 8px 28px">
                    <PieceCard card={card} color={center.color} ofLetter={lang} />
                  </Row>
                )}
                {action && (
                  <Row lang={lang} style="padding:16px 28px 16px 28px">
                    <Action lang={lang} action={action} color={center.color} />
                  </Row>
                )}
                {action && !card && (
                  <Row lang={lang} style={`padding:4px 28px 8px 28px;font-size:14px;line-height:1.6;color:${QUIET}`}>
                    {WORDS[lang].copy}
                    <br />
                    <span dir="ltr" style="word-break:break-all">
                      <a href={action.href} style={`color:${center.color}`}>
                        {action.href}
                      </a>
                    </span>
                  </Row>
                )}
                {closing !== undefined && (
                  <Row lang={lang} style={`padding:8px 28px 8px 28px;${body}`}>
                    <Words text={closing} />
                  </Row>
                )}
                {foot && <Reasons lang={lang} foot={foot} />}
                <Row lang={lang} style={`padding:${foot ? 12 : 20}px 28px 24px 28px;font-size:13px;line-height:1.6;color:${QUIET}`}>
                  {foot ? <bdi>{center.name}</bdi> : <Words text={WORDS[lang].automatic(center.name)} />}
                  <br />
                  <span dir="ltr">
                    <a href={center.origin} style={`color:${QUIET}`}>
                      {center.origin}
                    </a>
                  </span>
                  {foot && center.postal !== null && (
                    <>
                      <br />
                      <bdi>{center.postal}</bdi>
                    </>
                  )}
                </Row>
              </Table>
            </td>
          </tr>
        </Table>
      </body>
    </html>
  );
}
