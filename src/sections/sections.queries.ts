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

/** A section for its page, with what it stands in and what stands in it. $1 id or null, $2 folded slug or null */
export const sectionForPage = statement(`
  select center.name as center, center.lang as home, center.zone, ${validity('clock.changed_at')}, s.id, s.slug, s.name, s.description,
    (with recursive above (parent_id, slug, name, level) as (
       select u.parent_id, u.slug, u.name, 1 from pub.sections u where u.id = s.parent_id
       union all select u.parent_id, u.slug, u.name, above.level + 1 from above join pub.sections u on u.id = above.parent_id)
     select coalesce(json_agg(json_build_object('slug', slug, 'name', name) order by level desc), '[]') from above) as above,
    (select coalesce(json_agg(json_build_object('slug', c.slug, 'name', c.name) order by c.position, c.id), '[]')
     from pub.sections c where c.parent_id = s.id) as below
  from pub.center, pub.clock, pub.sections s where s.id = $1::int or s.slug_folded = $2`);

/** All sections in the order of their tree. */
export const sectionOutline = statement(`
  with recursive tree (id, slug, name, level, place) as (
    select s.id, s.slug, s.name, 1, array[s.position, s.id] from pub.sections s where s.parent_id is null
    union all
    select s.id, s.slug, s.name, tree.level + 1, tree.place || array[s.position, s.id] from tree join pub.sections s on s.parent_id = tree.id)
  select center.name as center, center.lang as home, center.zone, ${validity('clock.changed_at')},
    (select coalesce(json_agg(json_build_object('id', id, 'slug', slug, 'name', name, 'level', level) order by place), '[]') from tree) as sections
  from pub.center, pub.clock`);

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
