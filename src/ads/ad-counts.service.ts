import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { VisitCounts, type Count } from '../jobs/visit-counts.js';
import { Waker } from '../jobs/waker.js';

/** How often ads are seen and followed, by day. What comes around midnight may be counted to the day it is written on. */
@Injectable()
export class AdCounts extends VisitCounts<'views' | 'clicks'> {
  constructor(
    private readonly dataSource: DataSource,
    waker: Waker,
  ) {
    super('ad counts', waker);
  }

  protected override async store(counts: readonly Count<'views' | 'clicks'>[]): Promise<void> {
    await this.dataSource.query(WRITE, [counts.map(({ id }) => id), counts.map(({ what }) => what), counts.map(({ times }) => times)]);
  }
}

/** $1 ids, $2 views or clicks, $3 how many. In the order of ids, so that two instances never wait for each other. An ad that was removed meanwhile has no counts. */
const WRITE = `
  insert into ad_days as d (ad_id, day, views, clicks)
  select a.id, (now() at time zone center.zone)::date,
    coalesce(sum(c.times) filter (where c.what = 'views'), 0), coalesce(sum(c.times) filter (where c.what = 'clicks'), 0)
  from unnest($1::int[], $2::text[], $3::int[]) c (ad_id, what, times) join ads a on a.id = c.ad_id cross join center
  group by a.id, center.zone order by a.id
  on conflict on constraint ad_days_pkey do update set views = d.views + excluded.views, clicks = d.clicks + excluded.clicks`;
