import { Injectable } from '@nestjs/common';
import { Prepared } from '../database/prepared.js';
import { statement } from '../database/reader.js';
import type { Level } from './poll.entity.js';

/** What a vote has to know of its poll. */
export interface Rules {
  readonly id: number;
  readonly level: Level;
  readonly maxChoices: number;
  /** Null once the poll is scrubbed. */
  readonly secret: Buffer | null;
  /** `waiting` for its hour. */
  readonly phase: 'waiting' | 'open' | 'closed';
  readonly optionIds: readonly number[];
  /** Networks, in hexadecimal, of the declared events that are taking place. */
  readonly eventKeys: readonly string[];
}

const rulesOf = statement(`
  select p.id, p.level, p.max_choices as "maxChoices", p.ballot_secret as secret,
    case when p.state <> 'open' or p.closes_at <= poll_now() then 'closed' when p.opens_at > poll_now() then 'waiting' else 'open' end as phase,
    array(select o.id from poll_options o where o.poll_id = p.id) as "optionIds",
    array(select encode(e.network_key, 'hex') from poll_events e
      where e.poll_id = p.id and e.network_key is not null and e.starts_at <= poll_now() and poll_now() < e.ends_at) as "eventKeys"
  from polls p where p.id = $1 and p.state <> 'draft'`);

/** So long a process goes on with what it has read. */
const KEPT_MS = 1_000;

/**
 * The rules of polls, kept for a second: a vote costs one statement, not two. Nobody is refused by what is kept; that is read anew first,
 * and the statement that stores a ballot looks for itself.
 */
@Injectable()
export class PollRules {
  private readonly kept = new Map<number, { readonly rules: Promise<Rules | null>; readonly until: number }>();

  constructor(private readonly prepared: Prepared) {}

  /** @returns the rules as they were a second ago at the most; null where no poll was ever opened */
  lately(id: number): Promise<Rules | null> {
    const kept = this.kept.get(id);
    return kept !== undefined && performance.now() < kept.until ? kept.rules : this.now(id);
  }

  async now(id: number): Promise<Rules | null> {
    const rules = this.prepared.rows<Rules>(rulesOf, [id]).then(([row]) => row ?? null);
    const kept = { rules, until: performance.now() + KEPT_MS };
    this.kept.set(id, kept);
    // Not only too old to be used: the secret of a poll that is scrubbed must not live on in here.
    setTimeout(() => {
      if (this.kept.get(id) === kept) this.kept.delete(id);
    }, KEPT_MS).unref();
    try {
      const found = await rules;
      // Ids that nobody has are not collected.
      if (found === null) this.kept.delete(id);
      return found;
    } catch (error) {
      this.kept.delete(id);
      throw error;
    }
  }
}
