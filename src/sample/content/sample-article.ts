/** A piece of writing of the sample center: Arabic original, optionally with a full English translation. */
export interface SampleArticle {
  /** Latin name of the piece inside the sample, stable; never shown to a reader. */
  key: string;
  /** Left out where the slug is to be derived from the title. */
  slug?: string;
  type: 'analysis' | 'study' | 'policy_paper' | 'report' | 'opinion' | 'review' | 'translation' | 'news';
  kicker?: string;
  title: string;
  /** At most 300 characters. */
  summary: string;
  /** HTML of p, h2, h3, blockquote, ul, li, a, strong and em only. */
  body: string;
  /** Author slugs in byline order. */
  authors: string[];
  /** Section slug. */
  section: string;
  /** Tag slugs. */
  tags: string[];
  /** Place in the sample's one series, from 1; left out for pieces outside it. */
  seriesPosition?: number;
  /** ISO 8601 instant in UTC, ending in Z. */
  publishedAt: string;
  /** Kinds of sources, all on the reserved example.org (RFC 2606); `accessed` is YYYY-MM-DD. */
  references?: { title: string; source?: string; url?: string; accessed?: string }[];
  /** The whole piece in English; byline, section, tags and references are those of the original. */
  translation?: { lang: 'en'; kicker?: string; title: string; summary: string; body: string; publishedAt: string };
}
