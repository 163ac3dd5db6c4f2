import { Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { RecentVisits, isReader, type Visitor } from '../http/visits.js';
import { Waker } from '../jobs/waker.js';

interface Counts {
  readonly views: number;
  readonly clicks: number;
}

/** How long counts wait to be written, in ms. */
const PAUSE_MS = 3_000;

/**
 * How often ads are seen and followed. Counted in memory and written every three seconds in one statement, so that a crash loses the counts of
 * the last seconds and a busy hour costs the database nothing. What comes around midnight may be counted to the day it is written on.
 */
@Injectable()
export class AdCounts implements OnModuleInit, OnApplicationShutdown {
  private readonly recent = new RecentVisits();
  private waiting = new Map<number, Counts>();

  constructor(
    private readonly dataSource: DataSource,
    private readonly waker: Waker,
  ) {}

  onModuleInit(): void {
    this.waker.register({ name: 'ad counts', pause: PAUSE_MS, run: () => this.write() });
  }

  /** Counts a visit, unless no reader made it, or one who did the same within 30 minutes. @param id of an ad that is there */
  count(id: number, what: keyof Counts, visitor: Visitor): void {
    if (!isReader(visitor) || !this.recent.isFirst(`ad ${id} ${what}`, visitor)) return;
    this.add(id, { views: 0, clicks: 0, [what]: 1 });
  }

  /** Requests are over, the database is still there. */
  async onApplicationShutdown(): Promise<void> {
    try {
      await this.write();
    } catch (error) {
      new Logger('AdCounts').warn(`the last counts of ads are lost: ${(error as Error).message}`);
    }
  }

  private add(id: number, more: Counts): void {
    const { views, clicks } = this.waiting.get(id) ?? { views: 0, clicks: 0 };
    this.waiting.set(id, { views: views + more.views, clicks: clicks + more.clicks });
  }

  /** @returns false: what comes meanwhile waits for its turn. @throws pg's errors; then the counts wait on */
  private async write(): Promise<false> {
    if (this.waiting.size === 0) return false;
    const taken = this.waiting;
    this.waiting = new Map();
    const rows = [...taken].toSorted(([one], [other]) => one - other);
    try {
      await this.dataSource.query(WRITE, [
        rows.map(([id]) => id),
        rows.map(([, { views }]) => views),
        rows.map(([, { clicks }]) => clicks),
      ]);
    } catch (error) {
      for (const [id, counts] of taken) this.add(id, counts);
      throw error;
    }
    return false;
  }
}

/** $1 ids, ascending, so that two instances never wait for each other; $2 views, $3 clicks. An ad that was removed meanwhile has no counts. */
const WRITE = `
  insert into ad_days as d (ad_id, day, views, clicks)
  select c.ad_id, (now() at time zone center.zone)::date, c.views, c.clicks
  from unnest($1::int[], $2::int[], $3::int[]) with ordinality c (ad_id, views, clicks, place) join ads a on a.id = c.ad_id cross join center
  order by c.place
  on conflict on constraint ad_days_pkey do update set views = d.views + excluded.views, clicks = d.clicks + excluded.clicks`;
