import type { EntityManager } from 'typeorm';
import { relist } from '../database/listings.js';
import { statement } from '../database/reader.js';
import { validity } from '../http/published.js';

const home = `home as materialized (select lang from pub.center)`;

/** The whole tree. $1 asked language */
export const sectionTree = statement(`
  with ${home}
  select json_build_object('items', pub.subsections(null, $1, home.lang))::text as body, ${validity('clock.changed_at')}
  from home, pub.clock`);

/** One section with its subsections. $1 folded slug, $2 asked language */
export const sectionBySlug = statement(`
  with ${home}
  select s.slug, ${validity('clock.changed_at')}, json_build_object(
    'id', s.id, 'slug', s.slug, 'name', pub.wording(s.name, $2, home.lang), 'description', pub.wording(s.description, $2, home.lang),
    'children', pub.subsections(s.id, $2, home.lang))::text as body
  from home, pub.clock, pub.sections s
  where s.slug_folded = $1`);

/**
 * What the tree would look like with the section under the parent, whichever it has now.
 * @returns whether the parent stands inside the section, and how many levels there would be from the top to the deepest of its subsections
 */
export async function shapeAround(tx: EntityManager, id: number, parentId: number): Promise<{ inside: boolean; levels: number }> {
  const [shape] = await tx.query<[{ inside: boolean; levels: number }]>(
    `with recursive above (id, parent_id, level) as (
       select id, parent_id, 1 from sections where id = $2
       union all select s.id, s.parent_id, level + 1 from above join sections s on s.id = above.parent_id),
     below (id, level) as (
       select $1::int, 1 union all select s.id, level + 1 from below join sections s on s.parent_id = below.id where s.id <> $1)
     select exists (select from above where id = $1) as inside, (select max(level) from above) + (select max(level) from below) as levels`,
    [id, parentId],
  );
  return shape;
}

/** Rewrites, for every public article of a section and its subtree, the places in the lists of sections. */
export async function relistSubtree(tx: EntityManager, id: number): Promise<void> {
  const rows = await tx.query<{ id: number }[]>(
    `with recursive subtree (id) as (select $1::int union select s.id from subtree join sections s on s.parent_id = subtree.id)
     select a.id from articles a join revisions r on r.id = a.live_revision_id where r.section_id in (select id from subtree)`,
    [id],
  );
  await relist(
    tx,
    rows.map((row) => row.id),
    'section:',
  );
}
