import { Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import pg from 'pg';
import { Prepared } from '../database/prepared.js';
import { statement } from '../database/reader.js';
import { Busy } from '../database/turns.js';
import { castBallots, castValues, type CastRow, type SubmittedBallot } from './ballots.queries.js';

const cast = statement(castBallots);

/** Ballots of one statement: more do not make it cheaper, and all of them wait for its end. */
const GROUP = 500;
/** Groups under way at once: while one waits for the disk the other is judged. */
const GROUPS = 2;
/** Ballots that may wait; beyond it somebody who waits for long would wait for nothing. */
const QUEUE = 5_000;
/** A deadlock's victim was rolled back through no fault of its own. */
const ATTEMPTS = 3;

interface Waiting {
  readonly ballot: SubmittedBallot;
  readonly answer: (row: CastRow) => void;
  readonly fail: (error: unknown) => void;
}

/**
 * Stores ballots: what arrives while a write is under way is collected and written together, and each is answered after its commit. One
 * statement and one commit serve hundreds, where one for each would wait for the disk each time.
 */
@Injectable()
export class BallotBox implements BeforeApplicationShutdown {
  private waiting: Waiting[] = [];
  private readonly writing = new Set<Promise<void>>();
  /** What becomes of each ballot that is in here. */
  private readonly inside = new Map<string, Promise<CastRow>>();

  constructor(private readonly prepared: Prepared) {}

  /**
   * @returns what came of it, after the commit
   * @throws Busy when too many wait; pg's errors when the statement fails: then nothing is known but that a second try will tell
   */
  async cast(ballot: SubmittedBallot): Promise<CastRow> {
    const key = `${ballot.pollId} ${ballot.ballotHash.toString('base64')}`;
    // A statement takes each ballot once. One that comes again learns from the first that it stands, and else is tried in its turn.
    for (let first = this.inside.get(key); first !== undefined; first = this.inside.get(key)) {
      const row = await first.catch(() => null);
      if (row?.outcome === 'cast' || row?.outcome === 'stands') return { n: 1, outcome: 'stands', status: null, ballot_id: null };
    }
    if (this.waiting.length >= QUEUE) throw new Busy();
    const row = new Promise<CastRow>((answer, fail) => this.waiting.push({ ballot, answer, fail }));
    this.inside.set(key, row);
    this.writeNext();
    try {
      return await row;
    } finally {
      this.inside.delete(key);
    }
  }

  /** Who has voted is waiting for the answer. */
  async beforeApplicationShutdown(): Promise<void> {
    while (this.writing.size > 0) await Promise.all(this.writing);
  }

  private writeNext(): void {
    while (this.waiting.length > 0 && this.writing.size < GROUPS) {
      const group = this.waiting.slice(0, GROUP);
      this.waiting = this.waiting.slice(GROUP);
      const written = this.write(group).finally(() => {
        this.writing.delete(written);
        this.writeNext();
      });
      this.writing.add(written);
    }
  }

  /** Writes a group, and what a faulty one of it kept from being written. Answers all, and never throws. */
  private async write(group: readonly Waiting[]): Promise<void> {
    try {
      const rows = await this.store(group.map(({ ballot }) => ballot));
      for (const [index, { answer }] of group.entries()) answer(rows[index]!);
    } catch (error) {
      const parts = partsToTry(group, error);
      if (parts.length === 1) for (const { fail } of group) fail(error);
      else for (const part of parts) await this.write(part);
    }
  }

  private async store(ballots: readonly SubmittedBallot[]): Promise<CastRow[]> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.prepared.rows<CastRow>(cast, castValues(ballots));
      } catch (error) {
        if (attempt === ATTEMPTS || !['40P01', '40001'].includes(codeOf(error))) throw error;
      }
    }
  }
}

/**
 * Of a group that failed the guilty one is looked for where there can be one: a value or a constraint (classes 22 and 23) is one ballot's,
 * a lock that was not got is one poll's. Everything else would befall each of them again.
 */
function partsToTry(group: readonly Waiting[], error: unknown): readonly (readonly Waiting[])[] {
  const code = codeOf(error);
  if (/^2[23]/.test(code)) return group.map((one) => [one]);
  if (code === '55P03') {
    const polls = new Set(group.map(({ ballot }) => ballot.pollId));
    return [...polls].map((poll) => group.filter(({ ballot }) => ballot.pollId === poll));
  }
  return [group];
}

function codeOf(error: unknown): string {
  return error instanceof pg.DatabaseError ? (error.code ?? '') : '';
}
