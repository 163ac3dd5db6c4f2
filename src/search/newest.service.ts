import { Injectable } from '@nestjs/common';
import { Reader } from '../database/reader.js';
import { newest } from './search.queries.js';

/** Marks of the index (see search-index.queries.ts) of which what is looked through first bears one; null: there are not so many articles, or they are spread too far. */
export interface NewestTimes {
  /** Quarters. */
  readonly near: readonly string[] | null;
  /** Years, further back. */
  readonly far: readonly string[] | null;
  /** How many texts there are; of very many, that there are many. */
  readonly texts: number;
}

/** How old it may be: it parts the archive and need not do so evenly. */
const KEPT_MS = 60_000;
/** Each is looked up by itself: more of them would take longer than they spare. */
const TIMES = 16;

/** Knows how far back the newest articles reach. */
@Injectable()
export class NewestArticles {
  private kept: { readonly from: NewestRow; readonly until: number } | null = null;

  constructor(private readonly reader: Reader) {}

  async times(): Promise<NewestTimes> {
    if (this.kept === null || performance.now() > this.kept.until) {
      const from = await this.reader.row<NewestRow>(newest, []);
      this.kept = { from: from!, until: performance.now() + KEPT_MS };
    }
    const { near, far, texts } = this.kept.from;
    const now = new Date();
    const [year, quarter] = [now.getUTCFullYear(), Math.floor(now.getUTCMonth() / 3)];
    const [nearYear, nearQuarter] = (near ?? '').split('-').map(Number) as [number, number];
    const years = far === null ? null : since(Number(far), year, (n) => `y${n}`);
    const quarters =
      near === null ? null : since(nearYear * 4 + nearQuarter - 1, year * 4 + quarter, (n) => `q${Math.floor(n / 4)}-${(n % 4) + 1}`);
    return {
      near: quarters ?? years,
      far: years,
      texts,
    };
  }
}

interface NewestRow {
  /** `2026-1`, the quarter. */
  readonly near: string | null;
  readonly far: string | null;
  readonly texts: number;
}

/** @returns from the first to the one after the last, for the database's clock may be ahead of ours */
function since(first: number, last: number, mark: (n: number) => string): string[] | null {
  const count = last - first + 2;
  return count > TIMES ? null : Array.from({ length: count }, (_, index) => mark(first + index));
}
