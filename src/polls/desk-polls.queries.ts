import type { EntityManager } from 'typeorm';
import { cursorSql } from '../http/cursor.js';
import type { DeskPoll, DeskPollList, ListDeskPolls } from './desk-poll.dto.js';

// Every text below is put together from constants of this file; values go in as $1 … only.

const POLL = `
  json_build_object('id', p.id, 'version', p.version, 'state', p.state, 'question', p.question, 'intro', p.intro,
    'options', (
      select coalesce(json_agg(json_build_object('id', o.id, 'label', o.label) order by o.position), '[]')
      from poll_options o where o.poll_id = p.id),
    'level', p.level, 'maxChoices', p.max_choices, 'opensAt', pub.instant(p.opens_at), 'closesAt', pub.instant(p.closes_at), 'results', p.results,
    'place', json_build_object('site', p.on_site, 'sectionId', p.section_id, 'seriesId', p.series_id, 'articleId', p.article_id),
    'supersedes', p.supersedes, 'supersededBy', (select s.id from polls s where s.supersedes = p.id),
    'locked', exists (select from ballots b where b.poll_id = p.id),
    'ballots', (
      select json_build_object('counted', count(*) filter (where b.status = 'counted'), 'underReview', count(*) filter (where b.status = 'under_review'),
        'awaiting', count(*) filter (where b.status = 'awaiting_confirmation'), 'removed', count(*) filter (where b.status = 'void'))
      from ballots b where b.poll_id = p.id),
    'createdBy', (select json_build_object('id', c.id, 'name', c.name) from editors c where c.id = p.created_by),
    'editedBy', (select json_build_object('id', e.id, 'name', e.name) from editors e where e.id = p.edited_by),
    'editedAt', pub.instant(p.edited_at), 'createdAt', pub.instant(p.created_at)) as poll`;

/** The poll as the desk has it, or null. */
export async function deskPoll(tx: EntityManager, id: number): Promise<DeskPoll | null> {
  const [row] = await tx.query<{ poll: DeskPoll }[]>(`select ${POLL} from polls p where p.id = $1`, [id]);
  return row?.poll ?? null;
}

/** A page of polls, newest first. */
export async function deskPollPage(tx: EntityManager, { state, cursor, limit }: ListDeskPolls): Promise<DeskPollList> {
  const rows = await tx.query<{ poll: DeskPoll; cursor: string }[]>(
    `select ${POLL}, ${cursorSql('desk polls', 'p.id', 'p.id')} as cursor
     from polls p where ($1::text is null or p.state = $1) and ($2::int is null or p.id < $2) order by p.id desc limit $3::int + 1`,
    [state, cursor?.id, limit],
  );
  // One row more than asked for tells that there is a next page.
  const page = rows.slice(0, limit);
  return { items: page.map(({ poll }) => poll), nextCursor: rows.length > limit ? page.at(-1)!.cursor : null };
}

/** How a poll stands by the polls' own clock, and whether anybody has voted. To be asked under the poll's lock: then no vote is under way. */
export interface Standing {
  readonly now: Date;
  /** Whether its hour of opening has come; null without one. Where a ballot is, it has, even if the clock was set back since. */
  readonly begun: boolean | null;
  /** Whether its hour of closing has come; null without one. */
  readonly ended: boolean | null;
  readonly voted: boolean;
}

export async function standingOf(tx: EntityManager, id: number): Promise<Standing> {
  const [row] = await tx.query<[Standing]>(
    `select now, opens_at <= now or voted as begun, closes_at <= now as ended, voted
     from polls p, (select poll_now() as now, exists (select from ballots b where b.poll_id = $1) as voted) moment where p.id = $1`,
    [id],
  );
  return row;
}

/** Who edited the poll last, and when. */
export async function lastEdit(tx: EntityManager, id: number): Promise<{ editedBy: string | null; editedAt: string }> {
  const [row] = await tx.query<[{ editedBy: string | null; editedAt: string }]>(
    `select e.name as "editedBy", pub.instant(p.edited_at) as "editedAt" from polls p left join editors e on e.id = p.edited_by where p.id = $1`,
    [id],
  );
  return row;
}
