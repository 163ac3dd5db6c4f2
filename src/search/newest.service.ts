import { Injectable } from '@nestjs/common';
import { Reader } from '../database/reader.js';
import { newest } from './search.queries.js';

/** From which instant on articles are looked through first, by text and by head; null: there are not so many. */
export interface Newest {
  readonly recent: string | null;
  readonly recentHeads: string | null;
}

/** How old they may be. They part the archive in two and need not do so evenly. */
const KEPT_MS = 60_000;

@Injectable()
export class NewestArticles {
  private kept: { readonly newest: Newest; readonly until: number } | null = null;

  constructor(private readonly reader: Reader) {}

  async since(): Promise<Newest> {
    if (this.kept === null || performance.now() > this.kept.until) {
      const row = await this.reader.row<Newest>(newest, []);
      this.kept = { newest: row!, until: performance.now() + KEPT_MS };
    }
    return this.kept.newest;
  }
}
