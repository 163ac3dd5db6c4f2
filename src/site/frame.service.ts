import { Injectable } from '@nestjs/common';
import type { Slot } from '../ads/ad.entity.js';
import { AdsService, type Placed } from '../ads/ads.service.js';
import { Reader, statement } from '../database/reader.js';
import { validity, type PublishedRow } from '../http/published.js';
import type { Lang } from '../text/language.js';
import { ReadershipService, type MostReadPiece } from '../readership/readership.service.js';
import type { Wording } from '../text/wording.js';

/** A week: a center publishes a few pieces a day, and which of them was read most is chance. */
const MOST_READ_IN = '7d';
const MOST_READ_SHOWN = 5;

/** When what was read last changed: see {@link PublishedRow}. */
export type Validity = Pick<PublishedRow, 'modified' | 'settled'>;

/** What stands around every page that readers are meant to find, in all languages. */
export interface Frame extends Validity {
  /** The center's name and language. */
  readonly center: Wording;
  readonly home: Lang;
  readonly tagline: Wording;
  readonly contact: { readonly email?: string; readonly phone?: string; readonly address?: Wording };
  /** Those at the top, in order. */
  readonly sections: readonly { readonly slug: string; readonly name: Wording }[];
  /** Those in office today, in order. */
  readonly masthead: readonly { readonly role: Wording; readonly person: Wording }[];
  /** By where they stand. */
  readonly ads: Placed['ads'];
  /** Pieces to stand beside the content, the most read first. */
  readonly mostRead: readonly MostReadPiece[];
}

/** What a page shows around its content beside what every page does. */
interface Around {
  /** Where ads may stand. */
  readonly slots?: readonly Slot[];
  /** Id of the section that the page is of. */
  readonly section?: number;
  /** Whether the most read pieces stand beside the content. */
  readonly mostRead?: boolean;
}

/** A term begins and ends without anybody's act, so the day it did so counts as a change too. */
const frame = statement(`
  with today as materialized (select (now() at time zone zone)::date as day from pub.center),
  turn as (
    select max(day_of_turn)::timestamp at time zone c.zone as at
    from pub.center c, pub.masthead m cross join lateral (values (m.since), (m.until + 1)) turns (day_of_turn), today
    where day_of_turn <= today.day group by c.zone)
  select c.name as center, c.lang as home, c.tagline, c.contact,
    (select coalesce(json_agg(json_build_object('slug', s.slug, 'name', s.name) order by s.position, s.id), '[]')
     from pub.sections s where s.parent_id is null) as sections,
    (select coalesce(json_agg(json_build_object('role', m.role, 'person', m.person) order by m.position), '[]')
     from pub.masthead m, today
     where coalesce(m.since, '-infinity') <= today.day and today.day <= coalesce(m.until, 'infinity')) as masthead,
    ${validity('greatest(clock.changed_at, (select at from turn))')}
  from pub.center c, pub.clock`);

/** All that a page shows around its content, in one read for each kind of thing and all of them at once. */
@Injectable()
export class FrameService {
  constructor(
    private readonly reader: Reader,
    private readonly ads: AdsService,
    private readonly readership: ReadershipService,
  ) {}

  async read({ slots = ['masthead'], section, mostRead = false }: Around = {}): Promise<Frame> {
    const [read, placed, ranking] = await Promise.all([
      this.reader.row<Omit<Frame, 'ads' | 'mostRead'>>(frame, []),
      slots.length > 0 ? this.ads.placed(slots, section ?? null) : null,
      mostRead ? this.readership.titles(MOST_READ_IN, MOST_READ_SHOWN) : null,
    ]);
    return {
      ...read!,
      ads: placed?.ads ?? new Map(),
      mostRead: ranking?.pieces ?? [],
      ...together(read!, ...(placed ? [placed] : []), ...(ranking ? [ranking] : [])),
    };
  }
}

/** Of a page made of several reads: it is as new as the newest of them, and where one cannot tell its date the page has none. */
export function together(...reads: readonly Validity[]): Validity {
  const dates = reads.map(({ modified }) => modified);
  return {
    modified: dates.reduce((latest, date) => (latest === null || date === null ? null : latest > date ? latest : date)),
    settled: reads.every(({ settled }) => settled),
  };
}
