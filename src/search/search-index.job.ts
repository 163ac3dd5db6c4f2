import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { inTransaction } from '../database/transaction.js';
import { Waker } from '../jobs/waker.js';
import { ANALYSER } from '../text/analyser.js';
import { SearchIndex } from './search-index.service.js';
import { allDue, claimDue, doneDue, findDue, holdArticles, olderDue } from './search-index.queries.js';

/** So many pieces in one transaction: a withdrawal waits for it, and what is published behind that. */
const BATCH = 20;
const LOOK_AGAIN_MS = 60_000;

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

  /** Makes due what is not indexed as it should be. @returns how many pieces are due now */
  async look(): Promise<number> {
    await this.dataSource.query(findDue, [ANALYSER]);
    return this.due();
  }

  /** Makes every piece due. @returns how many are */
  async lookAtAll(): Promise<number> {
    await this.dataSource.query(allDue);
    return this.due();
  }

  /** @returns how many pieces are due */
  async due(): Promise<number> {
    const [{ due }] = await this.dataSource.query<[{ due: number }]>(`select count(*)::int as due from search_due`);
    return due;
  }

  /** Indexes some of what is due. */
  async indexSome(): Promise<Reindexed> {
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
        ({ indexed } = { indexed: indexed + (await this.indexClaimed(1, ([one]) => (id = one))).indexed });
      } catch (error) {
        if (id === undefined) throw error;
        this.logger.error(`article ${id}: ${reasonOf(error)}`);
        await this.dataSource.query(`update search_due set failed_at = now() where article_id = $1`, [id]);
        failed += 1;
      }
    }
    return { indexed, failed };
  }

  /** Takes out some of the words that no text holds any more. @returns whether there may be more */
  sweep(): Promise<boolean> {
    return inTransaction(this.dataSource, (tx) => this.searchIndex.sweep(tx));
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
      const due = await this.look();
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
