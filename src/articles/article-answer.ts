import { NotFound, Problem } from '../http/problem.js';
import { Moved, type PublishedRow } from '../http/published.js';

/** What a statement of the reader door tells of an article that was asked for; no row: it was never public. */
export interface ArticleFound {
  /** The present slug; null where it is not public now. */
  readonly slug: string | null;
  readonly withdrawn: boolean;
  readonly reason: string | null;
}

/** The same of a statement that builds the body. */
export type ArticleRow = ArticleFound & PublishedRow;

/** @returns whether `{idOrSlug}` is an id: only digits are */
export function isId(idOrSlug: string): boolean {
  return /^\d+$/.test(idOrSlug);
}

/**
 * The one answer that every address below `articles/{idOrSlug}` gives for what is not, or no longer, there.
 * @param address of the same thing under another slug
 * @returns the row, or where it moved to when asked for by another spelling or a former slug
 * @throws NotFound; Problem 410 `withdrawn`
 */
export function articleAnswer<Row extends ArticleFound>(row: Row | null, idOrSlug: string, address: (slug: string) => string): Row | Moved {
  const there = articleThere(row);
  return !isId(idOrSlug) && there.slug !== idOrSlug ? new Moved(address(there.slug)) : there;
}

/** @returns the row of an article that is public now @throws NotFound; Problem 410 `withdrawn` */
export function articleThere<Row extends ArticleFound>(row: Row | null): Row & { readonly slug: string } {
  if (row?.withdrawn) throw withdrawn(row.reason);
  if (row === null || row.slug === null) throw new NotFound();
  return { ...row, slug: row.slug };
}

/** The refusal of what is asked about a withdrawn piece. The reason stands isolated, because its language is the article's and not the sentence's. */
function withdrawn(reason: string | null): Problem {
  const why = reason === null ? '' : `: \u2068${reason}\u2069`;
  return new Problem(410, 'withdrawn', {
    ar: `سُحبت هذه المادة نهائيًّا${why || '.'}`,
    en: `This piece has been withdrawn for good${why || '.'}`,
  });
}
