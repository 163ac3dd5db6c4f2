import type { JSX } from 'preact';
import type { ReadArticle } from '../articles/articles.service.js';
import { shareLinks } from '../send-to-friend/share-links.js';
import { dirOf, type Lang } from '../text/language.js';
import { shell } from './shell.js';

type Article = ReadArticle['article'];
type Notice = Article['notices'][number];

/** In the order in which they are shown. */
const ELSEWHERE = ['whatsapp', 'telegram', 'x', 'facebook'] as const;

interface Words {
  /** Over what came after the reader was sent the piece. */
  readonly since: Readonly<Record<'correction' | 'retraction', string>>;
  readonly kinds: Readonly<Record<string, string>>;
  readonly publisher: string;
  readonly send: string;
  readonly sharing: string;
  /** Links that pass the piece on without this server. */
  readonly mailto: string;
  readonly elsewhere: Readonly<Record<(typeof ELSEWHERE)[number], string>>;
  /** Over a preview: of what is not public, and of what is. */
  readonly preview: Readonly<Record<'hidden' | 'live', string>>;
  readonly previewed: (revision: number, until: string) => string;
  /** Between names. */
  readonly comma: string;
}

const WORDS: Readonly<Record<Lang, Words>> = {
  ar: {
    since: { correction: 'صُحّحت هذه المادة بعد أن أُرسلت إليك', retraction: 'سُحبت هذه المادة بعد أن أُرسلت إليك' },
    kinds: {
      correction: 'تصحيح',
      retraction: 'سُحبت هذه المادة',
      translation_corrected: 'صُحّحت ترجمة من هذه المادة',
      translation_retracted: 'سُحبت ترجمة من هذه المادة',
      translation_withdrawn: 'أُزيلت ترجمة من هذه المادة',
    },
    publisher: 'الناشر:',
    send: 'أرسلها إلى صديق بالبريد',
    sharing: 'مشاركة المادة',
    mailto: 'برنامج بريدك',
    elsewhere: { whatsapp: 'واتساب', telegram: 'تيليغرام', x: 'إكس', facebook: 'فيسبوك' },
    preview: { hidden: 'معاينة — لم تُنشر', live: 'معاينة — هذه الصيغة منشورة' },
    previewed: (revision, until) => `الصيغة ${revision}. ينتهي هذا الرابط في ${until}، وهو لمن أُرسل إليه.`,
    comma: '، ',
  },
  en: {
    since: { correction: 'Corrected since this was sent to you', retraction: 'Retracted since this was sent to you' },
    kinds: {
      correction: 'Correction',
      retraction: 'This piece has been retracted',
      translation_corrected: 'A translation of this piece was corrected',
      translation_retracted: 'A translation of this piece was retracted',
      translation_withdrawn: 'A translation of this piece was removed',
    },
    publisher: 'Publisher:',
    send: 'Send it to a friend by mail',
    sharing: 'Share this piece',
    mailto: 'Your mail program',
    elsewhere: { whatsapp: 'WhatsApp', telegram: 'Telegram', x: 'X', facebook: 'Facebook' },
    preview: { hidden: 'Preview — not published', live: 'Preview — this revision is published' },
    previewed: (revision, until) => `Revision ${revision}. This link ends on ${until}; it is for those it was sent to.`,
    comma: ', ',
  },
  fr: {
    since: { correction: 'Corrigé depuis que cela vous a été envoyé', retraction: 'Rétracté depuis que cela vous a été envoyé' },
    kinds: {
      correction: 'Correction',
      retraction: 'Cet article a été rétracté',
      translation_corrected: 'Une traduction de cet article a été corrigée',
      translation_retracted: 'Une traduction de cet article a été rétractée',
      translation_withdrawn: 'Une traduction de cet article a été retirée',
    },
    publisher: 'Éditeur :',
    send: 'L’envoyer à un ami par courriel',
    sharing: 'Partager cet article',
    mailto: 'Votre messagerie',
    elsewhere: { whatsapp: 'WhatsApp', telegram: 'Telegram', x: 'X', facebook: 'Facebook' },
    preview: { hidden: 'Aperçu — non publié', live: 'Aperçu — cette version est publiée' },
    previewed: (revision, until) => `Version ${revision}. Ce lien expire le ${until} ; il est réservé à ses destinataires.`,
    comma: ', ',
  },
};

/** What the page shows of what was read. */
type Read = Omit<ReadArticle, 'row'>;

interface ArticlePage {
  /** Of what stands around the piece. */
  readonly lang: Lang;
  readonly read: Read;
  /** The revision a letter was sent with, if one led here. */
  readonly sentWith: number | null;
  /** For somebody outside: whether everybody sees the same by now, and until when the link opens. */
  readonly preview?: { readonly live: boolean; readonly until: string };
}

/** A piece as readers see it: in its own language and direction, within a page of the language they asked for. */
export function articlePage({ lang, read, sentWith, preview }: ArticlePage): string {
  const { article, since, zone, center, home } = read;
  const words = WORDS[lang];
  const [later, notices] = [true, false].map((isSince) => article.notices.filter(({ id }) => since.includes(id) === isSince));
  const retracted = later!.some(({ kind }) => kind === 'retraction');
  return shell({
    lang,
    title: article.title,
    center,
    home,
    // A preview is listed nowhere, so it is known by no address.
    ...(preview === undefined && { canonical: article.url, image: article.cover }),
    ...(sentWith !== null && { parameters: `r=${sentWith}` }),
    children: (
      <article>
        {preview !== undefined && (
          <section class="notice">
            <h2>{words.preview[preview.live ? 'live' : 'hidden']}</h2>
            <p>{words.previewed(article.revision, dayOf(preview.until, lang, zone))}</p>
          </section>
        )}
        {later!.length > 0 && (
          <section class="notice">
            <h2>{words.since[retracted ? 'retraction' : 'correction']}</h2>
            {later!.map((notice) => (
              <NoticeText {...{ notice, lang, zone }} />
            ))}
          </section>
        )}
        <div lang={article.lang} dir={dirOf(article.lang)}>
          {article.kicker !== null && <p class="kicker">{article.kicker}</p>}
          <h1>{article.title}</h1>
          <p class="byline">
            {article.byline.map(({ name, role, portrait }, index) => (
              <>
                {index > 0 && words.comma}
                {portrait !== null && <Portrait {...{ portrait }} />}
                <bdi>{name}</bdi>
                {role !== null && (
                  <>
                    {' ('}
                    <bdi>{role}</bdi>)
                  </>
                )}
              </>
            ))}
          </p>
          <p class="quiet">
            <time datetime={article.publishedAt}>{article.dateline}</time>
          </p>
        </div>
        {notices!.map((notice) => (
          <section class="notice">
            <h2>{words.kinds[notice.kind]}</h2>
            <NoticeText {...{ notice, lang, zone }} />
          </section>
        ))}
        <div lang={article.lang} dir={dirOf(article.lang)}>
          {article.cover !== null && <Cover {...{ cover: article.cover }} />}
          <p class="summary">{article.summary}</p>
          {/* Cleaned when it was saved, by text that leaves no script, style or frame; the page's policy would run none either. */}
          <div class="text" dangerouslySetInnerHTML={{ __html: article.body }} />
        </div>
        <Publisher {...{ words, publisher: article.publisher }} />
        {preview === undefined && <Sharing {...{ lang, words, read }} />}
      </article>
    ),
  });
}

/** Where the picture is on this page's own host: an absolute address would be a foreign one where the page is opened under another name. */
const pathOf = (url: string): string => new URL(url).pathname;

function Cover({ cover: { url, alt, width, height, credit, renditions } }: { cover: NonNullable<Article['cover']> }): JSX.Element {
  return (
    <figure>
      <picture>
        {[...new Set(renditions.map(({ type }) => type))].map((type) => (
          <source
            type={type}
            srcset={renditions
              .filter((rendition) => rendition.type === type)
              .map((rendition) => `${pathOf(rendition.url)} ${rendition.width}w`)
              .join(', ')}
            sizes="(min-width: 42rem) 42rem, 100vw"
          />
        ))}
        <img src={pathOf(url)} {...{ alt, width, height }} />
      </picture>
      {credit !== null && (
        <figcaption>
          <small dir="auto">{credit}</small>
        </figcaption>
      )}
    </figure>
  );
}

/** Beside the name, which says who it is. */
function Portrait({ portrait: { renditions } }: { portrait: NonNullable<Article['cover']> }): JSX.Element {
  const smallest = renditions.findLast(({ type, width }) => type === 'image/webp' && width <= 320)!;
  return <img src={pathOf(smallest.url)} alt="" width={40} height={40} />;
}

function NoticeText({ notice, lang, zone }: { notice: Notice; lang: Lang; zone: string }): JSX.Element {
  return (
    <>
      {notice.note !== null && (
        <p lang={notice.lang} dir={dirOf(notice.lang)}>
          {notice.note}
        </p>
      )}
      {notice.translation !== null && (
        <p>
          <a href={notice.translation.url}>
            <bdi lang={notice.translation.lang} dir={dirOf(notice.translation.lang)}>
              {notice.translation.title}
            </bdi>
          </a>
        </p>
      )}
      <p class="quiet">
        <time datetime={notice.at}>{dayOf(notice.at, lang, zone)}</time>
        {notice.by !== null && (
          <>
            {' · '}
            <bdi>{notice.by}</bdi>
          </>
        )}
      </p>
    </>
  );
}

function Publisher({ words, publisher: { name, url } }: { words: Words; publisher: Article['publisher'] }): JSX.Element {
  const shown = <bdi>{name}</bdi>;
  return (
    <p class="quiet">
      {words.publisher} {url === null ? shown : <a href={url}>{shown}</a>}
    </p>
  );
}

/** Ways to pass the piece on. None of them tells who did. */
function Sharing({ lang, words, read: { article, mailSharing } }: { lang: Lang; words: Words; read: Read }): JSX.Element {
  const links = shareLinks({ title: article.title, lang: article.lang, url: article.url, mail: mailSharing });
  const all = [
    ...(mailSharing ? [{ href: `${article.url}/send?lang=${lang}`, label: words.send }] : []),
    { href: links.mailto, label: words.mailto },
    ...ELSEWHERE.map((name) => ({ href: links[name], label: words.elsewhere[name] })),
  ];
  return (
    <nav class="sharing" aria-label={words.sharing}>
      <ul>
        {all.map(({ href, label }) => (
          <li>
            <a href={href} rel="nofollow">
              {label}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}

/** A day in words, on the center's calendar: `8 نوفمبر 2026`. Region, calendar and digits are said, because their defaults differ by version. */
function dayOf(instant: string, lang: Lang, zone: string): string {
  const locale = { ar: 'ar-EG', en: 'en-GB', fr: 'fr-FR' }[lang];
  return new Intl.DateTimeFormat(`${locale}-u-ca-gregory-nu-latn`, { dateStyle: 'long', timeZone: zone }).format(new Date(instant));
}
