import type { EntityManager } from 'typeorm';
import { cursorSql } from '../http/cursor.js';
import type { DeskFront, DeskFrontList, ListDeskFronts, SetBlock } from './desk-front.dto.js';

// Every text below is put together from constants of this file; values go in as $1 … only.

const STATE = `case when now() < f.starts_at then 'waiting' when now() >= f.ends_at then 'ended'
  when f.id = (select id from pub.front) then 'in_force' else 'replaced' end`;

const FRONT = `json_build_object(
  'id', f.id, 'version', f.version, 'state', ${STATE}, 'startsAt', pub.instant(f.starts_at), 'endsAt', pub.instant(f.ends_at), 'leadId', f.lead_id,
  'blocks', (
    select coalesce(json_agg(json_build_object('kind', b.kind, 'title', b.title, 'sectionId', b.section_id, 'seriesId', b.series_id,
      'articleIds', (select json_agg(p.article_id order by p.position) from front_pieces p where p.front_id = f.id and p.block = b.position),
      'count', b.count) order by b.position), '[]')
    from front_blocks b where b.front_id = f.id))`;

/** The arrangement as the desk has it, or null. */
export async function deskFront(tx: EntityManager, id: number): Promise<DeskFront | null> {
  const [row] = await tx.query<{ front: DeskFront }[]>(`select ${FRONT} as front from fronts f where f.id = $1`, [id]);
  return row?.front ?? null;
}

/** A page of arrangements, newest first. */
export async function deskFrontPage(tx: EntityManager, { state, cursor, limit }: ListDeskFronts): Promise<DeskFrontList> {
  const rows = await tx.query<{ front: DeskFront; cursor: string }[]>(
    `select ${FRONT} as front, ${cursorSql('desk fronts', 'f.id', 'f.id')} as cursor
     from fronts f where ($1::text is null or ${STATE} = $1) and ($2::int is null or f.id < $2)
     order by f.id desc limit $3::int + 1`,
    [state, cursor?.id, limit],
  );
  const page = rows.slice(0, limit);
  return { items: page.map(({ front }) => front), nextCursor: rows.length > limit ? page.at(-1)!.cursor : null };
}

/** Says anew what stands below the lead. */
export async function writeBlocks(tx: EntityManager, id: number, blocks: readonly SetBlock[]): Promise<void> {
  await tx.query(`delete from front_blocks where front_id = $1`, [id]);
  await tx.query(
    `with given as materialized (
       select g.place, b.* from jsonb_array_elements($2::jsonb) with ordinality g (block, place)
       cross join lateral jsonb_to_record(g.block)
         b (kind text, title jsonb, "sectionId" int, "seriesId" int, "articleIds" int[], count int)),
     blocks as (
       insert into front_blocks (front_id, position, kind, title, section_id, series_id, count)
       select $1, place, kind, title, "sectionId", "seriesId", count from given)
     insert into front_pieces (front_id, block, position, article_id)
     select $1, given.place, p.place, p.id from given cross join lateral unnest(given."articleIds") with ordinality p (id, place)`,
    [id, JSON.stringify(blocks)],
  );
}

/** Removes an arrangement whose hour has not come. @returns whether it was one */
export async function removeWaiting(tx: EntityManager, id: number): Promise<boolean> {
  const [, removed] = await tx.query<[unknown, number]>(`delete from fronts where id = $1 and now() < starts_at`, [id]);
  return removed === 1;
}
