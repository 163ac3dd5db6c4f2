import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Waker } from '../jobs/waker.js';
import { MOST_READ_DAYS, PERIODS, RANKED } from './periods.js';

const PAUSE_MS = 5 * 60_000;

/** Ranks what was read, every five minutes, so that pages read a row and no sums; and lets go of the hours that no period holds any more. */
@Injectable()
export class RankingJob implements OnModuleInit {
  constructor(
    private readonly dataSource: DataSource,
    private readonly waker: Waker,
  ) {}

  onModuleInit(): void {
    this.waker.register({ name: 'most read', pause: PAUSE_MS, run: () => this.rank() });
  }

  /** Several instances may at once: they come to the same. @returns false: once is enough */
  private async rank(): Promise<false> {
    await this.dataSource.query(FORGET, [MOST_READ_DAYS]);
    await this.dataSource.query(RANK, [Object.keys(PERIODS), Object.values(PERIODS), RANKED]);
    return false;
  }
}

/** $1 days */
const FORGET = `delete from article_views where hour <= now() - make_interval(days => $1)`;

/**
 * $1 periods, $2 their hours, $3 the most pieces of each. Of two that were read as often the newer one comes first. What was taken back is not
 * recommended to anybody.
 */
const RANK = `
  with counted as (
    select asked.period, v.article_id, row_number() over (partition by asked.period order by sum(v.views) desc, v.article_id desc) as place
    from unnest($1::text[], $2::int[]) asked (period, hours)
    join article_views v on v.hour > now() - make_interval(hours => asked.hours)
    join articles a on a.id = v.article_id and a.live_revision_id is not null and a.status <> 'retracted'
    group by asked.period, v.article_id)
  insert into most_read as m (period, article_ids)
  select asked.period, array(select c.article_id from counted c where c.period = asked.period and c.place <= $3 order by c.place)
  from unnest($1::text[]) asked (period)
  order by asked.period
  on conflict on constraint most_read_pkey do update set article_ids = excluded.article_ids, changed_at = clock_timestamp()
  where m.article_ids <> excluded.article_ids`;
