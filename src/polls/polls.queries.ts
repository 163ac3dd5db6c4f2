import { statement } from '../database/reader.js';
import { cursorSql } from '../http/cursor.js';
import { validity, type PageRow } from '../http/published.js';
import type { Wording } from '../text/wording.js';
import type { Level, PollState, ResultsRule } from './poll.entity.js';

/** A poll as readers may know it, in every language. Times as PostgreSQL writes them in JSON. */
export interface PublicPoll {
  readonly id: number;
  readonly question: Wording;
  readonly intro: Wording;
  readonly level: Level;
  readonly max_choices: number;
  readonly results: ResultsRule;
  readonly opens_at: string;
  readonly closes_at: string | null;
  readonly state: Exclude<PollState, 'draft'>;
  /** Whether the act that closes it has been: its `state` may say so a moment earlier. */
  readonly final: boolean;
  readonly options: readonly { readonly id: number; readonly label: Wording }[];
  readonly on_site: boolean;
  readonly section_id: number | null;
  readonly series_id: number | null;
  readonly article_id: number | null;
  readonly superseded_by: number | null;
}

/** What each of these statements returns beside polls. */
export type PollsRow = PageRow;

/** One poll. $1 id */
export const pollById = statement(`
  select to_json(p) as poll, center.name as center, center.lang as home, center.zone, ${validity('clock.changed_at')}
  from pub.center, pub.clock, pub.polls p
  where p.id = $1`);

/**
 * A page of polls, the newest opening first. $1 state, or null for all but archived ones; $2 and $3 moment (µs since 1970) and id of the
 * cursor; $4 limit.
 *
 * A view behind a barrier cannot give its rows in the order of an index: all polls are walked, of which a center has hundreds.
 */
export const pollPage = statement(`
  with page as materialized (
    select id, opens_at, row_number() over (order by opens_at desc, id desc) as n
    from pub.polls
    where case when $1::text is null then state <> 'archived' else state = $1 end
      and ($2::bigint is null or (opens_at, id) < (timestamptz 'epoch' + $2::bigint * interval '1 microsecond', $3::int))
    order by opens_at desc, id desc
    limit $4::int + 1),
  next as (
    select ${cursorSql('polls', '(extract(epoch from opens_at) * 1000000)::bigint', 'id')} as cursor
    from page where n = $4::int and (select count(*) from page) > $4::int)
  select center.name as center, center.lang as home, center.zone, (select cursor from next) as next, ${validity('clock.changed_at')},
    (select coalesce(json_agg(poll order by n), '[]')
     from page cross join lateral (select to_json(p) as poll from pub.polls p where p.id = page.id offset 0) whole
     where n <= $4::int) as polls
  from pub.center, pub.clock`);
