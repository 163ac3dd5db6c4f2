import type { ComponentChildren, JSX } from 'preact';
import { renderToStaticMarkup } from 'preact-render-to-string';
import { dirOf, type Dir, type Lang } from '../text/language.js';
import type { Phrase as PhraseOfWording } from '../text/wording.js';
import type { Mail } from './mail.js';

/** Who writes: shown at the head and the foot of every letter. `MailRoom.letterhead` gives it. */
export interface Letterhead {
  readonly name: string;
  /** `PUBLIC_ORIGIN`. */
  readonly origin: string;
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
  /** What the letter asks to do: a button, and the address written out below it. */
  readonly action?: { readonly label: string; readonly href: string };
  /** After the action: how long it is valid, what to do if one never asked for it. */
  readonly closing?: string | Phrase;
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
  const center = { ...given.center, name: oneLine(given.center.name) };
  const options = { ...given, subject: directed(oneLine(given.subject), given.lang), center };
  return { subject: options.subject, html: `<!DOCTYPE html>${renderToStaticMarkup(<Sheet {...options} />)}`, text: plain(options) };
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

const MARK: Record<Dir, string> = { rtl: '\u200F', ltr: '\u200E' };

/** Plain text has no `dir`: readers take a paragraph's direction from its first letter, so one that begins in the other script gets a mark. */
function directed(paragraph: string, lang: Lang): string {
  const first = /\p{L}/u.exec(paragraph)?.[0];
  if (first === undefined) return paragraph;
  const dir: Dir = /[\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}]/u.test(first) ? 'rtl' : 'ltr';
  return dir === dirOf(lang) ? paragraph : MARK[dirOf(lang)] + paragraph;
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
    copy: 'Si le bouton ne fonctionne pas, copiez cette adresse dans votre navigateur :',
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

function plain({ lang, paragraphs, action, closing, center }: LetterOptions): string {
  const blocks = [
    ...paragraphs.map((paragraph) =>
      typeof paragraph === 'object' && 'quotation' in paragraph ? plainQuotation(paragraph) : plainPhrase(paragraph, lang),
    ),
    // Alone on its line and without isolates: mail programs would take them into the link.
    ...(action ? [`${directed(`${action.label}:`, lang)}\n${action.href}`] : []),
    ...(closing === undefined ? [] : [plainPhrase(closing, lang)]),
    `-- \n${plainPhrase(WORDS[lang].automatic(center.name), lang)}\n${center.origin}`,
  ];
  return `${blocks.join('\n\n')}\n`;
}

const FONT = `'Segoe UI', Tahoma, Arial, 'Noto Sans Arabic', sans-serif`;
const INK = '#1c2733';
const QUIET = '#5b6875';
const ACCENT = '#0b5c56';

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

function Action({ lang, action }: { lang: Lang; action: NonNullable<LetterOptions['action']> }): JSX.Element {
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
          style={`direction:${dir};text-align:center;border-radius:6px;background-color:${ACCENT};font-family:${FONT}`}
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

function Sheet({ lang, subject, paragraphs, action, closing, center }: LetterOptions): JSX.Element {
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
                  style={`padding:20px 28px;border-bottom:1px solid #e1e6ea;font-size:18px;line-height:1.5;font-weight:bold;color:${ACCENT}`}
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
                {action && (
                  <>
                    <Row lang={lang} style="padding:16px 28px 16px 28px">
                      <Action lang={lang} action={action} />
                    </Row>
                    <Row lang={lang} style={`padding:4px 28px 8px 28px;font-size:14px;line-height:1.6;color:${QUIET}`}>
                      {WORDS[lang].copy}
                      <br />
                      <span dir="ltr" style="word-break:break-all">
                        <a href={action.href} style={`color:${ACCENT}`}>
                          {action.href}
                        </a>
                      </span>
                    </Row>
                  </>
                )}
                {closing !== undefined && (
                  <Row lang={lang} style={`padding:8px 28px 8px 28px;${body}`}>
                    <Words text={closing} />
                  </Row>
                )}
                <Row lang={lang} style={`padding:20px 28px 24px 28px;font-size:13px;line-height:1.6;color:${QUIET}`}>
                  <Words text={WORDS[lang].automatic(center.name)} />
                  <br />
                  <span dir="ltr">
                    <a href={center.origin} style={`color:${QUIET}`}>
                      {center.origin}
                    </a>
                  </span>
                </Row>
              </Table>
            </td>
          </tr>
        </Table>
      </body>
    </html>
  );
}
