import { statement } from '../database/reader.js';
import { validity } from '../http/published.js';
import type { PublicPicture } from '../media/picture.js';
import type { Lang } from '../text/language.js';
import type { Wording } from '../text/wording.js';
import type { Slot } from './ad.entity.js';

/** An ad that runs, as readers may know it. */
export interface RunningAd {
  readonly id: number;
  readonly slot: Slot;
  readonly weight: number;
  readonly wording: Wording | null;
  readonly picture: PublicPicture | null;
  /** The picture's alternative text, in every language. */
  readonly alt: Wording | null;
  /** As PostgreSQL writes it in JSON. */
  readonly ends_at: string | null;
}

/** What {@link adsInSlots} returns. */
export interface SlotsRow {
  readonly home: Lang;
  readonly now: Date;
  /** Number of the present window. */
  readonly window: number;
  /** Id of the section asked for; null for none, or one that is not there. */
  readonly section: number | null;
  readonly ads: readonly RunningAd[];
  readonly modified: Date;
  readonly settled: boolean;
}

/**
 * The ads that run in some slots: those for everywhere, and those for the section or one above it. $1 slots, $2 and $3 id or folded slug of the
 * section, $4 asked language, $5 base of addresses, $6 length of a window in seconds, $7 from how many ads in one slot on the answer changes
 * with the window: 2 where the window does nothing but choose.
 */
export const adsInSlots = statement(`
  with recursive asked as materialized (
      select s.id, s.parent_id from pub.sections s where s.id = $2::int or s.slug_folded = $3::text),
    above (id, parent_id) as (
      select id, parent_id from asked
      union select s.id, s.parent_id from above join pub.sections s on s.id = above.parent_id),
    moment as materialized (select now() as now, floor(extract(epoch from now()) / $6::int)::int as window_number),
    running as materialized (
      select a.* from pub.ads a
      where a.slot = any($1::text[]) and (a.section_ids = '{}' or exists (select from above where above.id = any(a.section_ids)))),
    changed as materialized (
      select greatest(clock.changed_at, ad_clock.changed_at,
        case when exists (select from running group by slot having count(*) >= $7::int) then to_timestamp(moment.window_number::bigint * $6::int) end) as at
      from pub.clock, pub.ad_clock, moment)
  select home.lang as home, moment.now, moment.window_number as window, (select id from asked) as section, ${validity('changed.at')},
    (select coalesce(json_agg(json_build_object('id', a.id, 'slot', a.slot, 'weight', a.weight, 'wording', a.wording, 'ends_at', a.ends_at,
        'picture', pub.picture(a.picture, $4, home.lang, $5), 'alt', a.picture -> 'alt') order by a.id), '[]')
      from running a) as ads
  from pub.center home, moment, changed`);

/** Where an ad that runs leads. $1 id */
export const linkOfAd = statement(`select link from pub.ads where id = $1`);
