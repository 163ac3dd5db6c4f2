import { createHash } from 'node:crypto';
import type { JSX } from 'preact';
import type { ReadArticle } from '../articles/articles.service.js';
import type { AskedPoll } from '../polls/polls.service.js';
import { shareLinks } from '../send-to-friend/share-links.js';
import { dirOf, type Lang } from '../text/language.js';
import { Ad } from './ad.js';
import { SCRIPTS } from './assets.js';
import type { Frame } from './frame.service.js';
import { ArticleHead } from './head.js';
import { askedFor, hrefOf } from './links.js';
import { Phrased } from './phrased.js';
import { Ballot } from './polls.page.js';
import { shell } from './shell.js';
import { sideOf } from './side.js';

type Article = ReadArticle['article'];
type Notice = Article['notices'][number];
type Named = Article['tags'][number];

/** In the order in which they are shown. */
const ELSEWHERE = ['whatsapp', 'telegram', 'x', 'facebook'] as const;

interface Words {
  /** Over what came after the reader was sent the piece. */
  readonly since: Readonly<Record<'correction' | 'retraction', string>>;
  readonly kinds: Readonly<Record<string, string>>;
  readonly publisher: string;
  /** Before how long that takes. */
  readonly reading: string;
  /** Over what stands around the text. */
  readonly contents: string;
  readonly references: string;
  readonly accessed: (day: string) => string;
  readonly tags: string;
  readonly translations: string;
  readonly polls: string;
  /** Before the name of the series. */
  readonly part: (position: number) => string;
  readonly send: string;
  readonly sharing: string;
  /** Links that pass the piece on without this server. */
  readonly mailto: string;
  readonly elsewhere: Readonly<Record<(typeof ELSEWHERE)[number], string>>;
  /** Over a preview: of what is not public, and of what is. */
  readonly preview: Readonly<Record<'hidden' | 'live', string>>;
  readonly previewed: (revision: number, until: string) => string;
  /** On paper, by which its reader finds out whether it still stands. */
  readonly printed: (revision: number) => string;
  readonly digest: string;
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
    reading: 'القراءة:',
    contents: 'المحتويات',
    references: 'المراجع',
    accessed: (day) => `اطُّلع عليه في ${day}`,
    tags: 'الوسوم',
    translations: 'بلغات أخرى',
    polls: 'شارك برأيك',
    part: (position) => `المادة ${position} من ملف:`,
    send: 'أرسلها إلى صديق بالبريد',
    sharing: 'مشاركة المادة',
    mailto: 'برنامج بريدك',
    elsewhere: { whatsapp: 'واتساب', telegram: 'تيليغرام', x: 'إكس', facebook: 'فيسبوك' },
    preview: { hidden: 'معاينة — لم تُنشر', live: 'معاينة — هذه الصيغة منشورة' },
    previewed: (revision, until) => `الصيغة ${revision}. ينتهي هذا الرابط في ${until}، وهو لمن أُرسل إليه.`,
    printed: (revision) => `طُبعت الصيغة ${revision}. هل صُحّحت المادة بعدها أو سُحبت؟ انظر:`,
    digest: 'بصمة العنوان والمتن (SHA-256):',
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
    reading: 'Reading time:',
    contents: 'Contents',
    references: 'References',
    accessed: (day) => `accessed ${day}`,
    tags: 'Tags',
    translations: 'In other languages',
    polls: 'Have your say',
    part: (position) => `Part ${position} of the series:`,
    send: 'Send it to a friend by mail',
    sharing: 'Share this piece',
    mailto: 'Your mail program',
    elsewhere: { whatsapp: 'WhatsApp', telegram: 'Telegram', x: 'X', facebook: 'Facebook' },
    preview: { hidden: 'Preview — not published', live: 'Preview — this revision is published' },
    previewed: (revision, until) => `Revision ${revision}. This link ends on ${until}; it is for those it was sent to.`,
    printed: (revision) => `Printed from revision ${revision}. Whether it has been corrected or retracted since:`,
    digest: 'Digest of title and text (SHA-256):',
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
    reading: 'Lecture :',
    contents: 'Sommaire',
    references: 'Références',
    accessed: (day) => `consulté le ${day}`,
    tags: 'Mots-clés',
    translations: 'Dans d’autres langues',
    polls: 'Donnez votre avis',
    part: (position) => `Partie ${position} du dossier :`,
    send: 'L’envoyer à un ami par courriel',
    sharing: 'Partager cet article',
    mailto: 'Votre messagerie',
    elsewhere: { whatsapp: 'WhatsApp', telegram: 'Telegram', x: 'X', facebook: 'Facebook' },
    preview: { hidden: 'Aperçu — non publié', live: 'Aperçu — cette version est publiée' },
    previewed: (revision, until) => `Version ${revision}. Ce lien expire le ${until} ; il est réservé à ses destinataires.`,
    printed: (revision) => `Version imprimée : ${revision}. A-t-elle été corrigée ou rétractée depuis ? Voir :`,
    digest: 'Empreinte du titre et du texte (SHA-256) :',
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
  /** Around what everybody may find. */
  readonly frame?: Frame;
  /** The nearest of its polls. */
  readonly poll?: AskedPoll['poll'];
  /** For somebody outside: whether everybody sees the same by now, and until when the link opens. */
  readonly preview?: { readonly live: boolean; readonly until: string };
}

/** What its parts are shown with. */
interface Shown {
  readonly lang: Lang;
  readonly words: Words;
  readonly read: Read;
  /** Whether everybody may see it, so that the pages around it are there too. */
  readonly open: boolean;
  readonly poll: ArticlePage['poll'];
}

/** A piece as readers see it: in its own language and direction, within a page of the language they asked for. */
export function articlePage({ lang, read, sentWith, frame, poll, preview }: ArticlePage): string {
  const { article, since, zone, center, home } = read;
  const words = WORDS[lang];
  const own = { lang: article.lang, dir: dirOf(article.lang) };
  const [later, notices] = [true, false].map((isSince) => article.notices.filter(({ id }) => since.includes(id) === isSince));
  const retracted = later!.some(({ kind }) => kind === 'retraction');
  const shown: Shown = { lang, words, read, open: preview === undefined, poll };
  return shell({
    lang,
    title: article.title,
    site: frame ?? { center, home },
    side: frame && sideOf(frame, lang),
    ...(shown.open && { scripts: [SCRIPTS.views] }),
    // A preview is listed nowhere, so it is known by no address, and nothing is told of it.
    ...(shown.open && { canonical: article.url, image: article.cover, head: <ArticleHead lang={lang} read={read} /> }),
    ...(sentWith !== null && { parameters: `r=${sentWith}` }),
    children: (
      <article {...(shown.open && { 'data-view': `/api/v1/articles/${article.id}/views` })}>
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
        <header>
          <p class="section">
            <Place {...shown} path="sections" of={article.section} />
          </p>
          <div {...own}>
            {article.kicker !== null && <p class="kicker">{article.kicker}</p>}
            <h1>{article.title}</h1>
            {article.summary !== '' && <p class="summary">{article.summary}</p>}
          </div>
          <Byline {...shown} />
          <p class="quiet">
            <time datetime={article.publishedAt} {...own}>
              {article.dateline}
            </time>
            {' · '}
            {words.reading} {minutes(article.readingMinutes, lang)}
          </p>
          <Publisher {...{ words, publisher: article.publisher }} />
        </header>
        {notices!.map((notice) => (
          <section class="notice">
            <h2>{words.kinds[notice.kind]}</h2>
            <NoticeText {...{ notice, lang, zone }} />
          </section>
        ))}
        {frame !== undefined && <Ad {...{ frame, lang }} slot="article_top" />}
        {article.cover !== null && (
          <div {...own}>
            <Cover {...{ cover: article.cover }} />
          </div>
        )}
        <Contents {...shown} />
        {/* Cleaned when it was saved, by text that leaves no script, style or frame; the page's policy would run none either. */}
        <div class="text" {...own} dangerouslySetInnerHTML={{ __html: article.body }} />
        {frame !== undefined && <Ad {...{ frame, lang }} slot="article_end" />}
        <References {...shown} />
        <Polls {...shown} />
        <Related {...shown} />
        {shown.open && <Sharing {...shown} />}
        {shown.open && <Colophon {...shown} />}
      </article>
    ),
  });
}

/** Something with a page of its own, where that is there for everybody. */
function Place({ path, of: { slug, name }, lang, read: { home }, open }: Shown & { path: string; of: Named }): JSX.Element {
  const shown = <bdi>{name}</bdi>;
  return open ? <a href={hrefOf([path, slug], askedFor(lang, home))}>{shown}</a> : shown;
}

function Byline(shown: Shown): JSX.Element | null {
  const { byline } = shown.read.article;
  if (byline.length === 0) return null;
  return (
    <ul class="byline">
      {byline.map((author) => (
        <li>
          {author.portrait !== null && <Portrait portrait={author.portrait} />}
          <span>
            <Place {...shown} path="authors" of={author} />
            {author.role !== null && (
              <small>
                <bdi>{author.role}</bdi>
              </small>
            )}
          </span>
        </li>
      ))}
    </ul>
  );
}

/** From three headings on: before that the page shows them at a glance. */
function Contents({ words, read: { article } }: Shown): JSX.Element | null {
  if (article.contents.length < 3) return null;
  return (
    <nav class="contents" aria-labelledby="contents">
      <h2 id="contents">{words.contents}</h2>
      <ol lang={article.lang} dir={dirOf(article.lang)}>
        {article.contents.map(({ id, level, text }) => (
          <li class={`level-${level}`}>
            <a href={`#${encodeURIComponent(id)}`}>{text}</a>
          </li>
        ))}
      </ol>
    </nav>
  );
}

function References({ lang, words, read: { article } }: Shown): JSX.Element | null {
  if (article.references.length === 0) return null;
  return (
    <section class="references">
      <h2>{words.references}</h2>
      <ol>
        {article.references.map(({ title, source, url, accessed }) => (
          <li dir="auto">
            {url === null ? <cite>{title}</cite> : <a href={url}>{title}</a>}
            {source !== null && (
              <>
                {' — '}
                <bdi>{source}</bdi>
              </>
            )}
            {/* Noon, so that it is the same day in every zone of a center. */}
            {accessed !== null && <small lang={lang}> ({words.accessed(dayOf(`${accessed}T12:00:00Z`, lang, 'UTC'))})</small>}
          </li>
        ))}
      </ol>
    </section>
  );
}

/** The questions; under the nearest its ballot, where a vote asks for nothing but an answer. What else one asks for stands on its own page. */
function Polls({ lang, words, read: { polls, home }, poll }: Shown): JSX.Element | null {
  if (polls.length === 0) return null;
  return (
    <section class="asked">
      <h2>{words.polls}</h2>
      {polls.map(({ id, question }) => (
        <>
          <p>
            <a href={hrefOf(['polls', id], askedFor(lang, home))}>
              <Phrased of={question} lang={lang} home={home} />
            </a>
          </p>
          {poll?.id === id && poll.state === 'open' && poll.level === 0 && <Ballot {...{ poll, lang }} />}
        </>
      ))}
    </section>
  );
}

/** Where the piece belongs: its series, its translations, its tags. */
function Related(shown: Shown): JSX.Element {
  const { words, read } = shown;
  const { series, tags, translations } = read.article;
  return (
    <>
      {series !== null && (
        <p class="series">
          {words.part(series.position)} <Place {...shown} path="series" of={series} />
        </p>
      )}
      {translations.length > 0 && (
        <nav class="related" aria-labelledby="translations">
          <h2 id="translations">{words.translations}</h2>
          <ul>
            {translations.map(({ url, lang, title }) => (
              <li>
                <a href={pathOf(url)} hreflang={lang}>
                  <bdi lang={lang} dir={dirOf(lang)}>
                    {title}
                  </bdi>
                </a>
              </li>
            ))}
          </ul>
        </nav>
      )}
      {tags.length > 0 && (
        <nav class="related tags" aria-labelledby="tags">
          <h2 id="tags">{words.tags}</h2>
          <ul>
            {tags.map((tag) => (
              <li>
                <Place {...shown} path="tags" of={tag} />
              </li>
            ))}
          </ul>
        </nav>
      )}
    </>
  );
}

/**
 * For paper, which cannot be corrected: which revision it is, by what one finds that it was not altered, and where one sees what became of it.
 * The digest is of the title, a line feed and the body, in UTF-8, as the API gives them.
 */
function Colophon({ words, read: { article } }: Shown): JSX.Element {
  const digest = createHash('sha256').update(`${article.title}\n${article.body}`).digest('hex');
  return (
    <div class="colophon">
      <p>
        {words.printed(article.revision)} <bdi dir="ltr">{`${new URL(article.url).origin}/${article.id}`}</bdi>
      </p>
      <p>
        {words.digest} <bdi dir="ltr">{digest}</bdi>
      </p>
    </div>
  );
}

/** Where it is on this page's own host: an absolute address would be a foreign one where the page is opened under another name. */
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
            sizes="(min-width: 44rem) 42rem, 100vw"
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
  return <img src={pathOf(smallest.url)} alt="" width={64} height={64} />;
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
          <a href={pathOf(notice.translation.url)}>
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
function Sharing({ lang, words, read: { article, mailSharing } }: Shown): JSX.Element {
  const links = shareLinks({ title: article.title, lang: article.lang, url: article.url, mail: mailSharing });
  const all = [
    ...(mailSharing ? [{ href: `${pathOf(article.url)}/send?lang=${lang}`, label: words.send }] : []),
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

/** Minutes of reading in words, which Arabic counts in its own way. */
function minutes(count: number, lang: Lang): string {
  return new Intl.NumberFormat(`${lang}-u-nu-latn`, { style: 'unit', unit: 'minute', unitDisplay: 'long' }).format(count);
}
