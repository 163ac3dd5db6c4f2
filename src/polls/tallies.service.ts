import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Stopwatch } from './stopwatch.js';
import type { PollState, ResultsRule } from './poll.entity.js';

/** Votes taken out of the count together. */
interface Removal {
  readonly ballots: number;
  readonly reason: string;
  readonly at: Date;
}

/** What the ballots of one poll say at one moment. */
export interface Tally {
  /** The poll's rule at that moment. */
  readonly results: ResultsRule;
  /** Whether the poll had been closed for good. */
  readonly final: boolean;
  /** Counted ballots. */
  readonly totalBallots: number;
  readonly underReview: number;
  readonly awaiting: number;
  readonly removed: number;
  readonly removals: readonly Removal[];
  /** Counted ballots that chose the option, by its id. */
  readonly options: ReadonlyMap<number, number>;
  readonly countedAt: Date;
  /** Which transactions it has seen, as PostgreSQL writes it; null for a signed result. */
  readonly snapshot: string | null;
}

/** How long a count is good for those who did not vote: at least so long, and so long that counting takes a twentieth of the time. */
const MIN_SECONDS = 2;
const TIMES_ITS_DURATION = 20;

interface Counting {
  latest: { readonly tally: Tally; readonly until: number } | null;
  running: Promise<Tally> | null;
}

/**
 * Counts ballots for readers, of each poll one count at a time, however many ask. Once a poll is closed its signed result is the count, as
 * soon as there is one.
 */
@Injectable()
export class Tallies {
  private readonly polls = new Map<number, Counting>();

  constructor(
    private readonly dataSource: DataSource,
    private readonly stopwatch: Stopwatch,
  ) {}

  /** @returns the count that is good still, or null */
  remembered(pollId: number): Tally | null {
    const latest = this.polls.get(pollId)?.latest ?? null;
    return latest !== null && this.stopwatch.seconds() < latest.until ? latest.tally : null;
  }

  /** A count that is some seconds old at most. @param final whether the poll is closed for good: no count from before that will do */
  async recent(pollId: number, final = false): Promise<Tally> {
    const tally = this.remembered(pollId) ?? (await (this.polls.get(pollId)?.running ?? this.begin(pollId)));
    return final && !tally.final ? this.fresh(pollId) : tally;
  }

  /** A count that begins after this call, so that it has all that was answered before. */
  fresh(pollId: number): Promise<Tally> {
    const running = this.polls.get(pollId)?.running;
    if (!running) return this.begin(pollId);
    // Of those who wait for it, the first begins the next and the others share that. Whether it ends well is told to those it is for.
    const next = (): Promise<Tally> => this.polls.get(pollId)?.running ?? this.begin(pollId);
    return running.then(next, next);
  }

  private begin(pollId: number): Promise<Tally> {
    let counting = this.polls.get(pollId);
    if (!counting) this.polls.set(pollId, (counting = { latest: null, running: null }));
    return (counting.running = this.renew(pollId, counting).finally(() => (counting.running = null)));
  }

  private async renew(pollId: number, counting: Counting): Promise<Tally> {
    const began = this.stopwatch.seconds();
    const counted = (await this.signed(pollId)) ?? (await this.count(pollId));
    const ended = this.stopwatch.seconds();
    // While the numbers stay, so does their moment: else every count would make another answer, and no cache could keep one.
    const before = counting.latest?.tally;
    const tally = before && sameNumbers(before, counted) ? { ...counted, countedAt: before.countedAt } : counted;
    counting.latest = { tally, until: ended + Math.max(MIN_SECONDS, TIMES_ITS_DURATION * (ended - began)) };
    return tally;
  }

  /** What was published as final, if the poll is closed and that has been. */
  private async signed(pollId: number): Promise<Tally | null> {
    const [row] = await this.dataSource.query<{ results: ResultsRule; payload: SignedNumbers }[]>(
      `select p.results, convert_from(decode(rpad(translate(text, '-_', '+/'), (length(text) + 3) / 4 * 4, '='), 'base64'), 'UTF8')::jsonb - 'receipts' as payload
       from polls p cross join lateral (
         select s.jws ->> 'payload' as text from signed_results s where s.poll_id = p.id order by s.edition desc limit 1) newest
       where p.id = $1 and p.state in ('closed', 'archived')`,
      [pollId],
    );
    if (!row) return null;
    const { totalBallots, underReview, removed, removals, options, signedAt } = row.payload;
    return {
      results: row.results,
      final: true,
      totalBallots,
      underReview,
      awaiting: 0,
      removed,
      removals: removals.map(({ ballots, reason, at }) => ({ ballots, reason, at: new Date(at) })),
      options: new Map(options.map(({ id, ballots }) => [id, ballots])),
      countedAt: new Date(signedAt),
      snapshot: null,
    };
  }

  /** Counts now, whoever else does. One statement, so that all its numbers are of one moment. */
  async count(pollId: number): Promise<Tally> {
    const [row] = await this.dataSource.query<CountRow[]>(
      `with counts as (
         select count(*) filter (where status = 'counted')::int as counted, count(*) filter (where status = 'under_review')::int as under_review,
           count(*) filter (where status = 'awaiting_confirmation')::int as awaiting, count(*) filter (where status = 'void')::int as removed
         from ballots where poll_id = $1),
       chosen as (
         select c.option_id as id, count(*)::int as ballots
         from ballot_choices c join ballots b on b.id = c.ballot_id and b.poll_id = $1
         where c.poll_id = $1 and b.status = 'counted' group by c.option_id),
       removals as (
         select v.id, count(*)::int as ballots, v.reason, v.created_at as at
         from ballots b join ballot_voids v on v.id = b.void_id
         where b.poll_id = $1 and b.status = 'void' group by v.id)
       select p.results, p.state, counts.*, poll_now() as at, pg_current_snapshot()::text as snapshot,
         (select coalesce(json_agg(chosen), '[]') from chosen) as options,
         (select coalesce(json_agg(json_build_object('ballots', ballots, 'reason', reason, 'at', at) order by id), '[]') from removals) as removals
       from polls p cross join counts where p.id = $1`,
      [pollId],
    );
    return {
      results: row!.results,
      final: row!.state === 'closed' || row!.state === 'archived',
      totalBallots: row!.counted,
      underReview: row!.under_review,
      awaiting: row!.awaiting,
      removed: row!.removed,
      removals: row!.removals.map(({ ballots, reason, at }) => ({ ballots, reason, at: new Date(at) })),
      options: new Map(row!.options.map(({ id, ballots }) => [id, ballots])),
      countedAt: row!.at,
      snapshot: row!.snapshot,
    };
  }
}

function sameNumbers(one: Tally, other: Tally): boolean {
  const numbers = (tally: Tally): string =>
    JSON.stringify({ ...tally, options: [...tally.options].sort(([a], [b]) => a - b), countedAt: null, snapshot: null });
  return numbers(one) === numbers(other);
}

/** Of the payload of a signed result: what results show of it. */
interface SignedNumbers extends Pick<Tally, 'totalBallots' | 'underReview' | 'removed'> {
  readonly removals: readonly { readonly ballots: number; readonly reason: string; readonly at: string }[];
  readonly options: readonly { readonly id: number; readonly ballots: number }[];
  readonly signedAt: string;
}

interface CountRow {
  readonly results: ResultsRule;
  readonly state: PollState;
  readonly counted: number;
  readonly under_review: number;
  readonly awaiting: number;
  readonly removed: number;
  readonly at: Date;
  readonly snapshot: string;
  readonly options: readonly { readonly id: number; readonly ballots: number }[];
  readonly removals: readonly { readonly ballots: number; readonly reason: string; readonly at: string }[];
}
