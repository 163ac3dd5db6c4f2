import type { JSX } from 'preact';
import type { ReadArticle } from '../articles/articles.service.js';
import type { ArticleType } from '../articles/revision.entity.js';
import type { Lang } from '../text/language.js';
import { wordingIn } from '../text/wording.js';

type Article = ReadArticle['article'];

/** As schema.org has it; types there tell a study that scholars cite from what the press writes. */
const SCHEMA_TYPES: Readonly<Record<ArticleType, string>> = {
  analysis: 'AnalysisNewsArticle',
  study: 'ScholarlyArticle',
  policy_paper: 'Report',
  report: 'Report',
  opinion: 'OpinionNewsArticle',
  review: 'ReviewNewsArticle',
  translation: 'Article',
  news: 'NewsArticle',
};

/** What is cited, and as which kind of work: an article in the center's journal, or a report of the institution. Google Scholar wants no news. */
const CITED: Readonly<Partial<Record<ArticleType, 'citation_journal_title' | 'citation_technical_report_institution'>>> = {
  analysis: 'citation_journal_title',
  study: 'citation_journal_title',
  policy_paper: 'citation_technical_report_institution',
  report: 'citation_technical_report_institution',
};

const LOCALES: Readonly<Record<Lang, string>> = { ar: 'ar_AR', en: 'en_US', fr: 'fr_FR' };

/** What programs are told of a piece: those that show links to it, that search, and that cite. The words are those that the page shows. */
export function ArticleHead({ lang, read }: { lang: Lang; read: Omit<ReadArticle, 'row'> }): JSX.Element {
  const { article, center, home, zone } = read;
  const { title, summary, cover, section, tags, url } = article;
  const shownCover = cover?.renditions.find((rendition) => rendition.url === cover.url);
  return (
    <>
      <meta name="description" content={summary} />
      <meta
        name="author"
        content={writers(article)
          .map(({ name }) => name)
          .join(', ')}
      />
      <meta property="og:type" content="article" />
      <meta property="og:url" content={url} />
      <meta property="og:title" content={title} />
      <meta property="og:description" content={summary} />
      <meta property="og:site_name" content={wordingIn(center, lang, home)} />
      <meta property="og:locale" content={LOCALES[article.lang]} />
      {shownCover && <meta property="og:image:width" content={String(shownCover.width)} />}
      {shownCover && <meta property="og:image:height" content={String(shownCover.height)} />}
      <meta property="article:published_time" content={article.publishedAt} />
      <meta property="article:modified_time" content={article.updatedAt} />
      {writers(article).map((author) => (
        <meta property="article:author" content={authorUrl(article, author)} />
      ))}
      <meta property="article:section" content={section.name} />
      {tags.map(({ name }) => (
        <meta property="article:tag" content={name} />
      ))}
      <meta name="twitter:card" content={cover === null ? 'summary' : 'summary_large_image'} />
      <Alternates {...{ article, home }} />
      <Citation {...{ article, zone }} />
      <script type="application/ld+json" dangerouslySetInnerHTML={{ __html: asData(described(article)) }} />
    </>
  );
}

/** The same list on every page of a group of translations, itself among them. The one in the center's language is for everybody else. */
function Alternates({ article, home }: { article: Article; home: Lang }): JSX.Element {
  const all = [article, ...article.translations].map(({ id, lang, url }) => ({ id, lang, url })).toSorted((a, b) => a.id - b.id);
  const fallback = all.find(({ lang }) => lang === home) ?? all[0]!;
  return (
    <>
      {all.length > 1 && all.map(({ lang, url }) => <link rel="alternate" hreflang={lang} href={url} />)}
      {all.length > 1 && <link rel="alternate" hreflang="x-default" href={fallback.url} />}
      <link rel="alternate" type="application/json" href={`${originOf(article)}/api/v1/articles/${article.id}`} />
    </>
  );
}

/** The tags by which Google Scholar, Zotero and their like take a work over. */
function Citation({ article, zone }: { article: Article; zone: string }): JSX.Element | null {
  const container = CITED[article.type];
  if (container === undefined) return null;
  const told: [string, string][] = [
    ['citation_title', article.title],
    ...writers(article).map(({ name }): [string, string] => ['citation_author', name]),
    ['citation_publication_date', citedDay(article.publishedAt, zone)],
    [container, article.publisher.name],
    ['citation_publisher', article.publisher.name],
    ['citation_language', article.lang],
    ...article.tags.map(({ name }): [string, string] => ['citation_keywords', name]),
    ['citation_abstract_html_url', article.url],
    ['citation_fulltext_html_url', article.url],
  ];
  return (
    <>
      {told.map(([name, content]) => (
        <meta name={name} content={content} />
      ))}
    </>
  );
}

/** The piece in the words of schema.org. */
function described(article: Article): object {
  const { title, summary, url, lang, cover, publisher, section, series, tags, references, translations, notices } = article;
  const origin = originOf(article);
  const others = article.byline.filter((entry) => !writers(article).includes(entry));
  const corrections = notices.filter(({ kind }) => kind === 'correction');
  return {
    '@context': 'https://schema.org',
    '@type': SCHEMA_TYPES[article.type],
    '@id': url,
    url,
    mainEntityOfPage: url,
    headline: title,
    abstract: summary,
    inLanguage: lang,
    datePublished: article.publishedAt,
    dateModified: article.updatedAt,
    author: writers(article).map((author) => ({ '@type': 'Person', name: author.name, url: authorUrl(article, author) })),
    ...(others.length > 0 && {
      contributor: others.map((other) => ({ '@type': 'Person', name: other.name, url: authorUrl(article, other) })),
    }),
    publisher: { '@type': 'Organization', name: publisher.name, ...(publisher.url !== null && { url: publisher.url }) },
    articleSection: section.name,
    ...(tags.length > 0 && { keywords: tags.map(({ name }) => name) }),
    ...(cover !== null && { image: cover.url }),
    ...(series !== null && {
      isPartOf: { '@type': 'CreativeWorkSeries', name: series.name, url: `${origin}/series/${encodeURIComponent(series.slug)}` },
      position: series.position,
    }),
    ...(references.length > 0 && {
      citation: references.map((work) => ({ '@type': 'CreativeWork', name: work.title, ...(work.url !== null && { url: work.url }) })),
    }),
    ...(translations.length > 0 && {
      [article.type === 'translation' ? 'translationOfWork' : 'workTranslation']: translations.map((other) => ({
        '@type': 'Article',
        '@id': other.url,
        headline: other.title,
        inLanguage: other.lang,
      })),
    }),
    ...(corrections.length > 0 && {
      correction: corrections.map(({ note, at }) => ({ '@type': 'CorrectionComment', text: note, datePublished: at })),
    }),
    ...(article.status === 'retracted' && { creativeWorkStatus: 'Retracted' }),
    isAccessibleForFree: true,
  };
}

/** JSON that may stand within a page: no text in it can end the element that holds it. */
function asData(value: object): string {
  return JSON.stringify(value).replaceAll('<', '\\u003c');
}

/** Who wrote it. What others did is said beside their names. */
function writers({ byline }: Article): Article['byline'] {
  const unsaid = byline.filter(({ role }) => role === null);
  return unsaid.length > 0 ? unsaid : byline;
}

function authorUrl(article: Article, { slug }: Article['byline'][number]): string {
  return `${originOf(article)}/authors/${encodeURIComponent(slug)}`;
}

function originOf({ url }: Article): string {
  return new URL(url).origin;
}

/** `2026/01/31`, the day in the center's zone. */
function citedDay(instant: string, timeZone: string): string {
  const format = new Intl.DateTimeFormat('en-u-ca-gregory-nu-latn', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' });
  const parts = new Map(format.formatToParts(new Date(instant)).map(({ type, value }) => [type, value]));
  return `${parts.get('year')}/${parts.get('month')}/${parts.get('day')}`;
}
