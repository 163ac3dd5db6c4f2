import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { SYSTEM } from '../access/access.js';
import { AuditService } from '../audit/audit.service.js';
import { inTransaction } from '../database/transaction.js';
import { Waker } from '../jobs/waker.js';
import { heldIfFree, releaseGroup, type Evidence } from './corrections.queries.js';

/** More ballots than this in 60 minutes from one network, or one vicinity, are a crowd that is looked at. */
const CROWD = { network: 150, vicinity: 1_500 } as const;

/** A crowd looks like people when of any 100 successive ballots at least so many came from different browsers … */
export const MIN_AGENTS = 20;
/** … and the time between them varied at least so much (coefficient of variation): chance has 1, a clock 0. */
export const MIN_VARIATION = 0.6;

/** So many ballots are held in one transaction: it stays short, and acts and votes get in before the next. */
const BATCH = 10_000;

/** Rests so many times as long as it worked: at most a tenth of one connection, however much there is to count. */
const REST = 9;
const PAUSE_MS = 3_000;

interface Group {
  readonly id: number;
  readonly evidence: Evidence;
}

/**
 * Looks for crowds of ballots from one place. One that does not look like people waits for an editor: nobody's ballot is refused for where
 * it comes from. What is not decided yet lies in the ballots (counted, and without a group); any number of processes may look.
 */
@Injectable()
export class QuarantineJob implements OnModuleInit {
  private readonly logger = new Logger('Polls');
  private restsUntil = 0;

  constructor(
    private readonly dataSource: DataSource,
    private readonly audit: AuditService,
    private readonly waker: Waker,
  ) {}

  onModuleInit(): void {
    this.waker.register({ name: 'poll quarantine', pause: PAUSE_MS, run: () => this.watchAtLeisure() });
  }

  /** One look at every open poll with new ballots. What others are at is seen the next time; one that fails keeps no other from being seen. */
  async watch(): Promise<void> {
    const polls = await this.dataSource.query<{ id: number }[]>(
      `select id from polls where state = 'open' and exists (
         select from ballots b where b.poll_id = polls.id and b.network_key is not null and b.cast_at > (select poll_now()) - interval '60 minutes')`,
    );
    for (const { id } of polls) {
      try {
        while (await this.lookAt(id));
      } catch (error) {
        this.logger.error(`poll ${id} is not judged: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
  }

  /** @returns whether there is more to judge */
  private lookAt(pollId: number): Promise<boolean> {
    return inTransaction(this.dataSource, async (tx) => (await heldIfFree(tx, pollId)) && this.judgeBatch(tx, pollId));
  }

  private async watchAtLeisure(): Promise<boolean> {
    const began = performance.now();
    if (began < this.restsUntil) return false;
    await this.watch();
    this.restsUntil = performance.now() + (performance.now() - began) * REST;
    return false;
  }

  /** Judges all that is new in one poll, which the caller holds; takes as long as it takes. */
  async judge(tx: EntityManager, pollId: number): Promise<void> {
    const [{ timeout }] = await tx.query<[{ timeout: string }]>(
      `select current_setting('statement_timeout') as timeout, set_config('statement_timeout', '0', true)`,
    );
    while (await this.judgeBatch(tx, pollId));
    await tx.query(`select set_config('statement_timeout', $1, true)`, [timeout]);
  }

  /** Holds the oldest new ballots of crowds, and judges what is held. @returns whether there may be more */
  private async judgeBatch(tx: EntityManager, pollId: number): Promise<boolean> {
    const [{ before }] = await tx.query<[{ before: number[] }]>(
      `select coalesce(array_agg(id), '{}') as before from ballot_groups where poll_id = $1 and state = 'held'`,
      [pollId],
    );
    await tx.query(holdAgain, [pollId]);
    const hold = async (kind: keyof typeof CROWD): Promise<boolean> => {
      const [, ballots] = await tx.query<[unknown, number]>(holdCrowds, [pollId, kind, CROWD[kind], BATCH]);
      return ballots === BATCH;
    };
    // Networks first: a ballot has one group, and the smaller place says more.
    const more = (await hold('network')) || (await hold('vicinity'));
    for (const { id, evidence } of await tx.query<Group[]>(lookAtHeld, [pollId])) {
      const people = looksLikePeople(evidence);
      if (people) await releaseGroup(tx, pollId, id, null);
      // A crowd of people that nobody saw waiting is no event.
      if (people !== before.includes(id)) continue;
      await this.audit.record(tx, SYSTEM, {
        act: people ? 'polls.release' : 'polls.hold',
        object: { type: 'poll', id: pollId },
        after: { group: id, ballots: evidence.ballots },
      });
    }
    return more;
  }
}

function looksLikePeople({ agentsPerHundred, variation }: Evidence): boolean {
  return agentsPerHundred !== null && variation !== null && agentsPerHundred >= MIN_AGENTS && variation >= MIN_VARIATION;
}

/**
 * Holds the crowds among the ballots of the last hour that nobody has judged yet. Ballots that wait for their readers' word make the crowd
 * too, or they would be confirmed when nobody looks at their hour any more; they join the group when they are confirmed. Where a crowd is
 * held, or its ballots were removed, each further ballot counts as one: it was under way while that was decided, or came afterwards.
 * $1 poll, $2 kind, $3 so many ballots are no crowd yet, $4 so many are held at most: the oldest; all of them make the crowd
 */
const holdCrowds = `
  with new as materialized (
    select b.id, b.status, b.cast_at, place.key from ballots b cross join lateral (select case $2 when 'network' then network_key else vicinity_key end as key) place
    where b.poll_id = $1 and b.network_key is not null and b.cast_at > (select poll_now()) - interval '60 minutes'
      and b.group_id is null and b.event_id is null
      and (b.status = 'counted' or b.status = 'awaiting_confirmation' and not exists (
        select from ballot_groups g where g.poll_id = $1 and g.kind = $2 and g.key = place.key and (g.state = 'held' or g.decided_at >= b.cast_at)))),
  places as materialized (select key, count(*) as ballots from new group by key),
  crowds as (
    insert into ballot_groups as g (poll_id, kind, key)
    select $1::int, $2::text, p.key from places p
    where p.ballots > $3 or p.key in (select key from ballot_groups where poll_id = $1 and kind = $2 and state in ('held', 'removed'))
    on conflict (poll_id, kind, key) where key is not null do update
      set state = 'held', decided_at = null, decided_by = null, held_at = case when g.state = 'held' then g.held_at else poll_now() end
    returning g.id as group_id, g.key),
  batch as materialized (
    select new.id, crowds.group_id from new join crowds using (key) where new.status = 'counted' order by new.cast_at, new.id limit $4)
  update ballots b set status = 'under_review', group_id = batch.group_id
  from batch where b.id = batch.id and b.poll_id = $1 and b.status = 'counted'`;

/** Removed crowds from whose place ballots wait anew. $1 poll */
const holdAgain = `
  update ballot_groups g set state = 'held', held_at = poll_now(), decided_at = null, decided_by = null
  where g.poll_id = $1 and g.state = 'removed' and exists (select from ballots b where b.group_id = g.id and b.status = 'under_review')`;

/** Writes down what held crowds look like by now, and gives those that look other than before. $1 poll */
const lookAtHeld = `
  with members as (
    select b.group_id, b.cast_at, b.agent_key, (row_number() over cast_order - 1) / 100 as hundred,
      extract(epoch from b.cast_at - lag(b.cast_at) over cast_order) as gap
    from ballots b join ballot_groups g on g.id = b.group_id
    where g.poll_id = $1 and g.state = 'held' and g.key is not null and b.status = 'under_review' and b.agent_key is not null
    window cast_order as (partition by b.group_id order by b.cast_at, b.id)),
  hundreds as (
    select group_id, count(*) as ballots, count(distinct agent_key) as agents, min(cast_at) as first, max(cast_at) as last,
      coalesce(stddev_samp(gap) / nullif(avg(gap), 0), 0) as variation
    from members group by group_id, hundred),
  looks as (
    select group_id, jsonb_build_object('ballots', sum(ballots), 'agentsPerHundred', min(agents) filter (where ballots = 100),
      'variation', round(min(variation) filter (where ballots = 100), 3),
      'firstAt', pub.instant(min(first)), 'lastAt', pub.instant(max(last))) as evidence
    from hundreds group by group_id),
  written as (
    update ballot_groups g set evidence = looks.evidence from looks where g.id = looks.group_id and g.evidence <> looks.evidence
    returning g.id, g.evidence)
  select id, evidence from written`;
