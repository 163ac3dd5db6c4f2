import { Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { RecentVisits, isReader, type Visitor } from '../http/visits.js';
import type { Waker } from './waker.js';

/** How long counts wait to be written, in ms: a crash loses no more than these. */
export const PAUSE_MS = 3_000;

/** How often `what` was done with the thing of this id. */
export interface Count<What extends string> {
  readonly id: number;
  readonly what: What;
  readonly times: number;
}

/**
 * How often readers see things, or follow them. Counted in memory and written every three seconds in one statement, so that a crash loses the
 * counts of the last seconds and a busy hour costs the database nothing. What waits is one number for each thing, however many come.
 */
export abstract class VisitCounts<What extends string> implements OnModuleInit, OnApplicationShutdown {
  private readonly recent = new RecentVisits();
  /** By what and id. */
  private waiting = new Map<string, Count<What>>();

  /** @param name of the job that writes them */
  constructor(
    private readonly name: string,
    private readonly waker: Waker,
  ) {}

  /** Writes them, in one statement. Things that are no longer there are passed over. @throws pg's errors; then the counts wait on */
  protected abstract store(counts: readonly Count<What>[]): Promise<void>;

  onModuleInit(): void {
    this.waker.register({ name: this.name, pause: PAUSE_MS, run: () => this.write() });
  }

  /** Counts a visit, unless no reader made it, or one who did the same within 30 minutes. @param id of a thing that is there */
  count(id: number, what: What, visitor: Visitor): void {
    if (isReader(visitor) && this.recent.isFirst(`${what} ${id}`, visitor)) this.add({ id, what, times: 1 });
  }

  /** Requests are over, the database is still there. */
  async onApplicationShutdown(): Promise<void> {
    try {
      await this.write();
    } catch (error) {
      new Logger('VisitCounts').warn(`the last of ${this.name} are lost: ${(error as Error).message}`);
    }
  }

  private add({ id, what, times }: Count<What>): void {
    const key = `${what} ${id}`;
    this.waiting.set(key, { id, what, times: times + (this.waiting.get(key)?.times ?? 0) });
  }

  /** @returns false: what comes meanwhile waits for its turn. @throws as {@link store} */
  private async write(): Promise<false> {
    if (this.waiting.size === 0) return false;
    const taken = [...this.waiting.values()];
    this.waiting = new Map();
    try {
      await this.store(taken);
    } catch (error) {
      for (const count of taken) this.add(count);
      throw error;
    }
    return false;
  }
}
