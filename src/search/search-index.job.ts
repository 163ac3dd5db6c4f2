import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { setTimeout as sleep } from 'node:timers/promises';
import { DataSource } from 'typeorm';
import { inTransaction } from '../database/transaction.js';
import { Waker } from '../jobs/waker.js';
import { ANALYSER } from '../text/analyser.js';
import { SearchIndex } from './search-index.service.js';
import { allDue, claimDue, countDue, doneDue, findDue, holdArticles, olderDue, retryFailed } from './search-index.queries.js';

/** So many pieces in one transaction: a withdrawal waits for it, and what is published behind that. */
const BATCH = 20;
const LOOK_AGAIN_MS = 60_000;

const REPORT_MS = 1_000;
const WAIT_MS = 100;
/** Held while a process indexes everything anew. */
const ALL = `hashtextextended('reindex all', 0)`;

/** What came of some pieces. */
export interface Reindexed {
  readonly indexed: number;
  readonly failed: number;
}

/**
 * Indexes anew what is due: texts published before there was a search, under older rules, or whose authors and tags have other names now. The
 * work lies in `search_due`: any number of processes may take from it, and what a crash interrupts is still due. Meanwhile everything is
 * found as it was indexed before.
 */
@Injectable()
export class SearchIndexJob implements OnModuleInit {
  private readonly logger = new Logger('Search');
  private lookedAt: number | null = null;

  constructor(
    private readonly dataSource: DataSource,
    private readonly searchIndex: SearchIndex,
    private readonly waker: Waker,
  ) {}

  onModuleInit(): void {
    this.waker.register({ name: 'search index', run: () => this.pass() });
  }

  /**
   * Does at once all that is due, beside whoever else does some of it.
   * @param all indexes everything anew; where another process is about that already, joins in and ends with it
   * @returns what this process did of it
   */
  async reindex(all: boolean, report: (line: string) => void): Promise<Reindexed> {
    const runner = this.dataSource.createQueryRunner();
    const alone = async (): Promise<boolean> => {
      const [{ taken }] = (await runner.query(`select pg_try_advisory_lock(${ALL}) as taken`)) as [{ taken: boolean }];
      return taken;
    };
    try {
      let ending = !all || (await alone());
      await (all && ending ? this.dataSource.query(allDue) : this.dataSource.query(findDue, [ANALYSER]));
      await this.dataSource.query(retryFailed);
      const sum = await this.indexAll(report);
      while (!ending) {
        await sleep(WAIT_MS);
        ending = await alone();
        const { indexed, failed } = await this.indexSome();
        Object.assign(sum, { indexed: sum.indexed + indexed, failed: sum.failed + failed });
      }
      while (await this.sweep()) continue;
      if (all) await runner.query(`select pg_advisory_unlock(${ALL})`);
      return sum;
    } finally {
      await runner.release();
    }
  }

  private async indexAll(report: (line: string) => void): Promise<{ indexed: number; failed: number }> {
    const sum = { indexed: 0, failed: 0 };
    const due = await this.due();
    report(`${due} texts are to be indexed`);
    for (let reportedAt = performance.now(), left = due; left > 0;) {
      const { indexed, failed } = await this.indexSome();
      sum.indexed += indexed;
      sum.failed += failed;
      // The last ones may be with others, or just being edited.
      if (indexed + failed === 0) await sleep(WAIT_MS);
      else if (performance.now() - reportedAt < REPORT_MS) continue;
      left = await this.due();
      reportedAt = performance.now();
      report(`${left} of ${due} left`);
    }
    return sum;
  }

  /** @returns how many pieces are due */
  private async due(): Promise<number> {
    return (await this.dataSource.query<[{ due: number }]>(countDue))[0].due;
  }

  /** Indexes some of what is due. */
  private async indexSome(): Promise<Reindexed> {
    let claimed: number[] = [];
    try {
      return await this.indexClaimed(BATCH, (ids) => (claimed = ids));
    } catch (error) {
      // One of them may be at fault, and must not hold up the others for ever.
      if (claimed.length === 0) throw error;
      this.logger.error(`${claimed.length} pieces: ${reasonOf(error)}`);
    }
    let indexed = 0;
    let failed = 0;
    for (let n = 0; n < claimed.length; n += 1) {
      let id: number | undefined;
      try {
        const done = await this.indexClaimed(1, ([one]) => (id = one));
        indexed += done.indexed;
      } catch (error) {
        if (id === undefined) throw error;
        this.logger.error(`article ${id}: ${reasonOf(error)}`);
        await this.dataSource.query(`update search_due set failed_at = now() where article_id = $1`, [id]);
        failed += 1;
      }
    }
    return { indexed, failed };
  }

  /** Takes out some of the words that no text holds any more, or else completes some. @returns whether there may be more */
  private sweep(): Promise<boolean> {
    return inTransaction(this.dataSource, async (tx) => (await this.searchIndex.sweep(tx)) || this.searchIndex.hear(tx));
  }

  private async indexClaimed(most: number, claimed: (ids: number[]) => void): Promise<Reindexed> {
    return inTransaction(this.dataSource, async (tx) => {
      const due = (await tx.query<{ id: number }[]>(claimDue, [most])).map(({ id }) => id);
      claimed(due);
      if (due.length === 0) return { indexed: 0, failed: 0 };
      const held = (await tx.query<{ id: number }[]>(holdArticles, [due])).map(({ id }) => id);
      if (held.length > 0) await this.searchIndex.indexAnew(tx, held);
      await tx.query(doneDue, [due, held]);
      return { indexed: held.length, failed: 0 };
    });
  }

  private async pass(): Promise<boolean> {
    const now = performance.now();
    if (this.lookedAt === null) {
      await this.dataSource.query(findDue, [ANALYSER]);
      const due = await this.due();
      if (due > 0)
        this.logger.log(`${due} pieces are indexed anew, by version ${ANALYSER} of the rules; they are found as before meanwhile`);
      this.lookedAt = now;
    } else if (now - this.lookedAt > LOOK_AGAIN_MS) {
      // A process of an older release, still serving beside this one, indexes by its own rules. Not those of a newer one: the two would never end.
      await this.dataSource.query(olderDue, [ANALYSER]);
      this.lookedAt = now;
    }
    const { indexed, failed } = await this.indexSome();
    return indexed + failed > 0 || this.sweep();
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
