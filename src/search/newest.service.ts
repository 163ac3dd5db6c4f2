import { Injectable } from '@nestjs/common';
import { Reader } from '../database/reader.js';
import { newest } from './search.queries.js';

/** Months to look through before all are, as the index marks them; null: there are not so many articles, or they are spread too far. */
export interface NewestMonths {
  readonly bodies: readonly string[] | null;
  readonly heads: readonly string[] | null;
}

/** How old it may be: it parts the archive in two and need not do so evenly. */
const KEPT_MS = 60_000;
/** More would make a query longer than it spares. */
const MONTHS = 120;

/** Knows how far back the newest articles reach. */
@Injectable()
export class NewestArticles {
  private kept: { readonly from: { readonly bodies: string | null; readonly heads: string | null }; readonly until: number } | null = null;

  constructor(private readonly reader: Reader) {}

  async months(): Promise<NewestMonths> {
    if (this.kept === null || performance.now() > this.kept.until) {
      const from = await this.reader.row<{ bodies: string | null; heads: string | null }>(newest, []);
      this.kept = { from: from!, until: performance.now() + KEPT_MS };
    }
    const { bodies, heads } = this.kept.from;
    return { bodies: monthsSince(bodies, new Date()), heads: monthsSince(heads, new Date()) };
  }
}

/** @param first `2026-01` @returns that month and all after it, one more than there are: the database's clock may be ahead of ours */
function monthsSince(first: string | null, now: Date): string[] | null {
  if (first === null) return null;
  const [year, month] = first.split('-').map(Number) as [number, number];
  const count = (now.getUTCFullYear() - year) * 12 + now.getUTCMonth() - (month - 1) + 2;
  if (count > MONTHS) return null;
  return Array.from({ length: count }, (_, index) => new Date(Date.UTC(year, month - 1 + index, 1)).toISOString().slice(0, 7));
}
