import { frontAt } from '../database/public-views.js';
import { statement } from '../database/reader.js';
import { validity } from '../http/published.js';

/** Of all pieces: enough to find a lead among, should the newest have been retracted. */
const LOOKED_AT = 20;
/** Newest pieces beside the lead, where nobody has arranged the page. */
const NEWEST = 6;
/** Pieces of each section, there. */
const IN_A_BLOCK = 4;

/**
 * What the front page is composed of. Where no arrangement is in force, or that one has no blocks: the newest, and some of each section at the
 * top. A block has to know as many pieces as it shows and as may stand above it.
 * @param front SQL for the arrangement in force, as pub.front has it
 */
const pieces = (front: string): string => `
  with front as materialized (${front}),
  blocks as materialized (
    select b.position, b.kind, b.title, b.section, b.series, b.pieces, coalesce(b.count, cardinality(b.pieces)) as size
    from front cross join lateral jsonb_to_recordset(front.blocks)
      b (position int, kind text, title jsonb, section int, series int, count int, pieces int[])
    union all
    select usual.position, usual.kind, null, usual.section, null, null, usual.size
    from (
      select 0 as position, 'newest' as kind, null::int as section, ${NEWEST} as size
      union all
      select row_number() over (order by s.position, s.id)::int, 'section', s.id, ${IN_A_BLOCK} from pub.sections s where s.parent_id is null) usual
    where not exists (select from front where front.blocks <> '[]')),
  sized as materialized (select *, 1 + sum(size) over (order by position) as reach from blocks)
  select (select id from front) as id, (select lead_id from front) as lead,
    (select coalesce(json_agg(json_build_object('id', l.article_id, 'retracted', piece.retracted) order by l.published_at desc, l.article_id desc), '[]')
     from (
       select l.published_at, l.article_id from pub.listings l where l.list = 'all' order by l.published_at desc, l.article_id desc limit ${LOOKED_AT}) l
     cross join lateral (select a.status = 'retracted' as retracted from pub.articles a where a.id = l.article_id offset 0) piece) as newest,
    (select coalesce(json_agg(json_build_object('kind', b.kind, 'slug', place.slug, 'name', coalesce(b.title, place.name), 'count', b.size, 'ids',
        case b.kind when 'pieces' then b.pieces else array(
          select l.article_id from pub.listings l
          where l.list = case b.kind when 'newest' then 'all' else b.kind || ':' || coalesce(b.section, b.series) end
          order by l.published_at desc, l.article_id desc limit b.reach) end) order by b.position), '[]')
     from sized b left join lateral (
       select s.slug, s.name from pub.sections s where s.id = b.section
       union all select s.slug, s.name from pub.series s where s.id = b.series) place on true) as blocks`;

/** What the front page is composed of now. An arrangement begins and ends without anybody's act, so when it did so counts as a change too. */
export const frontNow = statement(
  `select p.*, ${validity('greatest(clock.changed_at, front_clock.changed_at)')}
   from (${pieces('select f.id, f.lead_id, f.blocks from pub.front f')}) p, pub.clock, pub.front_clock`,
);

/** A day begins in the center's zone. */
const ASKED = `(select coalesce(
  case when length($1::text) = 10 then $1::text::date::timestamp at time zone zone else $1::text::timestamptz end, now()) from center)`;

/** The same at a moment, of the pieces that are public now; over the main connection. $1 day in the center's zone, or instant; null: now */
export const frontThen = pieces(frontAt(ASKED));
