import type { EntityManager } from 'typeorm';
import { foldSlug } from '../text/slug.js';

const TABLES = ['sections', 'authors', 'tags', 'series', 'article_slugs'] as const;

/** Each lost try means that another row was committed under this name at the same moment. */
const MAX_ATTEMPTS = 1_000;

/**
 * Inserts a row under the wished slug or, when that is taken (compared folded, so مكتبة takes مكتبه too), under the first free of
 * `slug-2`, `slug-3` … One statement chooses and inserts; the unique key decides between those who come at the same moment.
 * @param columns further columns and their values
 * @returns the slug that was got, and the row's id where the table has one
 */
export async function insertWithSlug(
  tx: EntityManager,
  table: (typeof TABLES)[number],
  slug: string,
  columns: Readonly<Record<string, unknown>>,
): Promise<{ id: number; slug: string }> {
  const names = Object.keys(columns);
  // Step by step to the first free one: a list of all candidates would be made and sorted whole, 29 ms for each slug.
  const text = `
    with recursive candidate (n, slug, folded) as (
      select 1, $1::text, $2::text
      union all
      select n + 1, $1::text || '-' || (n + 1), $2::text || '-' || (n + 1) from candidate
      where n < 10000 and exists (select from ${table} taken where taken.slug_folded = candidate.folded))
    insert into ${table} (slug, slug_folded, ${names.join(', ')})
    select slug, folded, ${names.map((_, index) => `$${index + 3}`).join(', ')} from candidate order by n desc limit 1
    on conflict (slug_folded) do nothing
    returning slug${table === 'article_slugs' ? '' : ', id'}`;
  const values = [slug, foldSlug(slug), ...names.map((name) => columns[name])];
  // Those who want the same slug at the same moment queue up. Without this each commit would wake all the others to fight for the next number.
  await tx.query(`select pg_advisory_xact_lock(hashtextextended('slug:' || $1 || ':' || $2, 0))`, [table, foldSlug(slug)]);
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
    const [row] = await tx.query<{ id: number; slug: string }[]>(text, values);
    // None: somebody else committed that slug after this statement began. The next try sees it and goes on to the next number.
    if (row) return row;
  }
  throw new Error(`no free slug for a row of ${table} after ${MAX_ATTEMPTS} tries`);
}
