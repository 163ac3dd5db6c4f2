/** By which PostgreSQL ranks a place; D, the least, is not written. */
export type Weight = 'A' | 'B' | 'C' | 'D';

// PostgreSQL keeps positions up to this, so many of one lexeme, and no lexeme and no vector longer than these (its documentation, "Limitations" of text search).
const LAST_POSITION = 16_383;
const PLACES = 255;
export const LEXEME_BYTES = 500;
/** It allows a megabyte; places may need four bytes beside their own two. */
const VECTOR_BYTES = 900_000;

/** A word as it stands in the text form of a tsvector or a tsquery. */
export function quoted(word: string): string {
  return `'${word.replace(/['\\]/g, '$&$&')}'`;
}

/** Collects words and their places for a `::tsvector` cast. What PostgreSQL would refuse is left out: a word of 500 bytes is none, and a text of a megabyte is found by its beginning. */
export class TsVector {
  private readonly places = new Map<string, string[]>();
  private bytes = 0;

  /** @param position from 1, in order; left out, only that the word is there */
  add(word: string, position?: number, weight: Weight = 'D'): void {
    let places = this.places.get(word);
    if (places === undefined) {
      const size = Buffer.byteLength(word);
      if (size > LEXEME_BYTES || this.bytes + size + 8 > VECTOR_BYTES) return;
      this.bytes += size + 8;
      this.places.set(word, (places = []));
    }
    if (position === undefined || places.length >= PLACES || this.bytes + 2 > VECTOR_BYTES) return;
    this.bytes += 2;
    places.push(`${Math.min(position, LAST_POSITION)}${weight === 'D' ? '' : weight}`);
  }

  has(word: string): boolean {
    return this.places.has(word);
  }

  toString(): string {
    return Array.from(this.places, ([word, places]) => (places.length === 0 ? quoted(word) : `${quoted(word)}:${places.join(',')}`)).join(
      ' ',
    );
  }
}
