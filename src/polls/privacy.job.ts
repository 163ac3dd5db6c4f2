import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { SYSTEM } from '../access/access.js';
import { AuditService } from '../audit/audit.service.js';
import { inTransaction } from '../database/transaction.js';
import { Waker } from '../jobs/waker.js';

/** So many ballots at a time: short enough not to hold anybody up. */
const BATCH = 1_000;
const PAUSE_MS = 60_000;

/** How long a poll knows where ballots came from, and events took place. */
export const PLACES_KEPT_HOURS = 48;
/** How long it knows after its end whose ballots they are. */
export const VOTERS_KEPT_DAYS = 14;

/**
 * Forgets what polls may know for a while only: where ballots came from and events took place after 48 hours, whose ballots they are 14 days
 * after the poll closed. What is due lies in the rows; what a crash interrupts is still due.
 */
@Injectable()
export class PrivacyJob implements OnModuleInit {
  constructor(
    private readonly dataSource: DataSource,
    private readonly audit: AuditService,
    private readonly waker: Waker,
  ) {}

  onModuleInit(): void {
    this.waker.register({ name: 'poll privacy', pause: PAUSE_MS, run: () => this.forget() });
  }

  /** Forgets one batch of what is due. @returns whether there was any */
  async forget(): Promise<boolean> {
    return (await this.forgetPlaces()) || (await this.destroySecret()) || (await this.scrubBallots());
  }

  /**
   * All that is due: an old backup that comes back is not served before. Its polls whose hour has passed close first, and are signed, while
   * their ballots still know their receipts. Modules have to be started.
   */
  async forgetAll(): Promise<void> {
    await this.waker.run('polls to close');
    while (await this.forget());
  }

  private async forgetPlaces(): Promise<boolean> {
    const [, forgotten] = await this.dataSource.query<[unknown, number]>(
      `update ballots b set network_key = null, vicinity_key = null, agent_key = null
       from (select id, poll_id from ballots where network_key is not null and cast_at < (select poll_now()) - interval '${PLACES_KEPT_HOURS} hours' limit $1 for update skip locked) old
       where b.id = old.id and b.poll_id = old.poll_id`,
      [BATCH],
    );
    if (forgotten > 0) return true;
    await this.dataSource.query(
      `update ballot_groups set key = null where key is not null and held_at < (select poll_now()) - interval '${PLACES_KEPT_HOURS} hours'`,
    );
    await this.dataSource.query(
      `update poll_events set network_key = null where network_key is not null and ends_at < (select poll_now()) - interval '${PLACES_KEPT_HOURS} hours'`,
    );
    // A salt goes when the last ballot that bears keys of its day has lost them.
    await this.dataSource.query(
      `delete from network_salts s where s.day::timestamp at time zone 'UTC' < (select poll_now()) - interval '${PLACES_KEPT_HOURS} hours'
         and not exists (select from ballots b where b.network_key is not null
           and b.cast_at >= s.day::timestamp at time zone 'UTC' and b.cast_at < (s.day + 1)::timestamp at time zone 'UTC')`,
    );
    return false;
  }

  /** The secret goes first, and with it everything that could be recomputed; from then on the poll counts as scrubbed. */
  private async destroySecret(): Promise<boolean> {
    return inTransaction(this.dataSource, async (tx) => {
      const [poll] = await tx.query<{ id: number }[]>(
        `select id from polls where state in ('closed', 'archived') and scrubbed_at is null and closes_at <= (select poll_now()) - interval '${VOTERS_KEPT_DAYS} days'
         order by closes_at limit 1 for no key update skip locked`,
      );
      if (poll === undefined) return false;
      for (const statement of DESTRUCTION) await tx.query(statement, [poll.id]);
      await this.audit.record(tx, SYSTEM, { act: 'polls.scrub', object: { type: 'poll', id: poll.id } });
      return true;
    });
  }

  /** Ballots of scrubbed polls lose their keys, a batch at a time. */
  private async scrubBallots(): Promise<boolean> {
    return inTransaction(this.dataSource, async (tx) => (await scrubbed(tx)) > 0);
  }
}

const DESTRUCTION = [
  `update polls set ballot_secret = null, scrubbed_at = poll_now() where id = $1`,
  `delete from ballot_confirmations where poll_id = $1`,
  `update poll_events set network_key = null where poll_id = $1`,
  // What is left of times in a group would tell the hour of its ballots, or what it was.
  `update ballot_groups set key = null, held_at = date_trunc('day', held_at, 'UTC'), decided_at = date_trunc('day', decided_at, 'UTC'),
     evidence = evidence - 'firstAt' - 'lastAt' where poll_id = $1`,
  // When ballots were removed stands beside the signed result; when they were cast does not.
  `update ballot_voids set filter = filter || jsonb_strip_nulls(jsonb_build_object(
     'from', pub.instant(date_trunc('day', (filter ->> 'from')::timestamptz, 'UTC')),
     'to', pub.instant(date_trunc('day', (filter ->> 'to')::timestamptz, 'UTC')))) where poll_id = $1`,
];

/**
 * In the order of their hashes, which is nobody's: rows are taken out and put in anew, choices too, so that neither their place in the table nor
 * the transaction that wrote them tells who came after whom. An update would not do: it goes in the order in which the plan finds the rows, and
 * leaves a row on its page where there is room. What is not named here a ballot has no longer.
 */
async function scrubbed(tx: EntityManager): Promise<number> {
  const [{ n }] = await tx.query<[{ n: number }]>(
    `with due as materialized (
       select b.id, b.poll_id, b.ballot_hash, p.scrubbed_at from polls p cross join lateral (
         select id, poll_id, ballot_hash from ballots where poll_id = p.id and ballot_hash is not null
         order by ballot_hash limit $1 for update skip locked) b
       where p.scrubbed_at is not null order by b.poll_id, b.ballot_hash limit $1),
     -- Each row is out before it comes in again, since it comes from here; that it is back is what the foreign keys look at in the end.
     choices as (
       delete from ballot_choices c using due where c.ballot_id = due.id and c.poll_id = due.poll_id returning c.*, due.ballot_hash),
     old as (
       delete from ballots b using due where b.id = due.id and b.poll_id = due.poll_id returning b.*, due.scrubbed_at as now_scrubbed_at),
     receipts as (
       insert into counted_receipts (poll_id, receipt_hash)
       select poll_id, receipt_hash from old where status = 'counted' order by receipt_hash),
     ballots_scrubbed as (
       insert into ballots (id, poll_id, level, max_choices, choices_digest, status, void_id, voided_from, cast_at, scrubbed_at)
       select id, poll_id, level, max_choices, choices_digest, status, void_id, voided_from, date_trunc('day', cast_at, 'UTC'), now_scrubbed_at
       from old order by poll_id, ballot_hash
       returning id),
     choices_kept as (
       insert into ballot_choices (poll_id, option_id, ballot_id, max_choices, slot)
       select poll_id, option_id, ballot_id, max_choices, slot from choices order by poll_id, ballot_hash, slot)
     select count(*)::int as n from ballots_scrubbed`,
    [BATCH],
  );
  return n;
}
