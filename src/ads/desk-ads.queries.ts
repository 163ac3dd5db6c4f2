import type { EntityManager } from 'typeorm';
import { cursorSql } from '../http/cursor.js';
import type { DeskAd, DeskAdCard, DeskAdList, ListDeskAds } from './desk-ad.dto.js';

// Every text below is put together from constants of this file; values go in as $1 … only.

const STATE = `case when now() < a.starts_at then 'waiting' when now() < coalesce(a.ends_at, 'infinity') then 'running' else 'ended' end`;

const CARD = `
  'id', a.id, 'version', a.version, 'state', ${STATE}, 'slot', a.slot, 'text', a.wording, 'pictureId', a.picture_id, 'link', a.link,
  'sectionIds', array(select s.section_id from ad_sections s where s.ad_id = a.id order by s.section_id),
  'startsAt', pub.instant(a.starts_at), 'endsAt', pub.instant(a.ends_at), 'weight', a.weight, 'advertiser', a.advertiser,
  'views', total.views, 'clicks', total.clicks`;

const TOTAL = `cross join lateral (
  select coalesce(sum(d.views), 0) as views, coalesce(sum(d.clicks), 0) as clicks from ad_days d where d.ad_id = a.id) total`;

/** The ad as the desk has it, or null. */
export async function deskAd(tx: EntityManager, id: number): Promise<DeskAd | null> {
  const [row] = await tx.query<{ ad: DeskAd }[]>(
    `select json_build_object(${CARD}, 'days', (
       select coalesce(json_agg(json_build_object('day', d.day, 'views', d.views, 'clicks', d.clicks) order by d.day), '[]')
       from ad_days d where d.ad_id = a.id)) as ad
     from ads a ${TOTAL} where a.id = $1`,
    [id],
  );
  return row?.ad ?? null;
}

/** A page of ads, newest first. */
export async function deskAdPage(tx: EntityManager, { slot, state, cursor, limit }: ListDeskAds): Promise<DeskAdList> {
  const rows = await tx.query<{ ad: DeskAdCard; cursor: string }[]>(
    `select json_build_object(${CARD}) as ad, ${cursorSql('desk ads', 'a.id', 'a.id')} as cursor
     from ads a ${TOTAL}
     where ($1::text is null or a.slot = $1) and ($2::text is null or ${STATE} = $2) and ($3::int is null or a.id < $3)
     order by a.id desc limit $4::int + 1`,
    [slot, state, cursor?.id, limit],
  );
  const page = rows.slice(0, limit);
  return { items: page.map(({ ad }) => ad), nextCursor: rows.length > limit ? page.at(-1)!.cursor : null };
}

/** Says anew where the ad stands. */
export async function writeSections(tx: EntityManager, id: number, sectionIds: readonly number[]): Promise<void> {
  await tx.query(`delete from ad_sections where ad_id = $1`, [id]);
  await tx.query(`insert into ad_sections (ad_id, section_id) select $1, unnest($2::int[])`, [id, sectionIds]);
}

/** Removes an ad that no reader can have met. @returns whether it was one */
export async function removeUnseen(tx: EntityManager, id: number): Promise<boolean> {
  const [, removed] = await tx.query<[unknown, number]>(
    `delete from ads a where a.id = $1 and now() < a.starts_at and not exists (select from ad_days d where d.ad_id = a.id)`,
    [id],
  );
  return removed === 1;
}
