import { Injectable } from '@nestjs/common';
import { Reader } from '../database/reader.js';
import { words } from '../text/fold.js';
import type { Lang } from '../text/language.js';
import type { Wording } from '../text/wording.js';
import { names } from './search.queries.js';

/** An author or a tag that something public bears. */
export interface Named {
  readonly id: number;
  readonly slug: string;
  readonly name: Wording;
  /** In each language it is written in, folded. */
  readonly words: readonly (readonly string[])[];
}

interface NamesRow {
  readonly asOf: string;
  readonly home: Lang;
  readonly authors: Omit<Named, 'words'>[] | null;
  readonly tags: Omit<Named, 'words'>[] | null;
}

/** All names, folded once and kept until published content changes: folding is code, and PostgreSQL has none of it. */
@Injectable()
export class Names {
  private kept: { asOf: string; authors: readonly Named[]; tags: readonly Named[]; home: Lang } = {
    asOf: '',
    authors: [],
    tags: [],
    home: 'ar',
  };

  constructor(private readonly reader: Reader) {}

  /** The names readers see at this moment. */
  async all(): Promise<{ readonly authors: readonly Named[]; readonly tags: readonly Named[]; readonly home: Lang }> {
    // They come with the moment they are of, so that what is kept is never newer or older than it says.
    const row = await this.reader.row<NamesRow>(names, [this.kept.asOf]);
    if (row!.authors !== null && row!.tags !== null)
      this.kept = { asOf: row!.asOf, home: row!.home, authors: row!.authors.map(folded), tags: row!.tags.map(folded) };
    return this.kept;
  }
}

function folded(named: Omit<Named, 'words'>): Named {
  return { ...named, words: Object.values(named.name).map(words) };
}
