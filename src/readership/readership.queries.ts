import { statement } from '../database/reader.js';
import { validity } from '../http/published.js';
import type { Lang } from '../text/language.js';

/** A piece as a list of the most read names it. */
export interface MostReadPiece {
  readonly id: number;
  readonly slug: string;
  readonly lang: Lang;
  readonly title: string;
}

/** What {@link mostRead} returns. */
export interface MostReadRow {
  readonly pieces: readonly MostReadPiece[];
  readonly modified: Date;
  readonly settled: boolean;
}

/**
 * The pieces at the head of a ranking, which may be minutes old: what was withdrawn or taken back since is passed over. $1 period, $2 how many
 */
export const mostRead = statement(`
  select ${validity('greatest(clock.changed_at, ranking.changed_at)')},
    (select coalesce(json_agg(json_build_object('id', piece.id, 'slug', piece.slug, 'lang', piece.lang, 'title', piece.title) order by piece.place), '[]')
     from (
       select named.place, a.id, a.slug, a.lang, a.title
       from unnest(ranking.article_ids) with ordinality named (id, place)
       -- offset 0 keeps the planner from building the whole barrier view first.
       cross join lateral (select p.id, p.slug, p.lang, p.title, p.status from pub.articles p where p.id = named.id offset 0) a
       where a.status <> 'retracted' order by named.place limit $2::int) piece) as pieces
  from pub.clock left join pub.most_read ranking on ranking.period = $1`);

/** Whether a piece is there, as every address below it answers. $1 id. No row: never public. */
export const articleToView = statement(`
  select a.slug, withdrawal.article_id is not null as withdrawn, withdrawal.reason
  from (select $1::int as article_id) hit
  left join lateral (select w.article_id, w.reason from pub.withdrawals w where w.article_id = hit.article_id offset 0) withdrawal on true
  left join lateral (select p.slug from pub.articles p where p.id = hit.article_id offset 0) a on true`);
