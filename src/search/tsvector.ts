/** Before a skeleton in the vectors, so that no stem is taken for one: no token holds it. */
export const SKELETON = '~';

/** A lexeme with its places: positions from 1, in order, and the weight PostgreSQL ranks them by. None: only whether it is there. */
export interface Lexeme {
  readonly word: string;
  readonly places: readonly { readonly position: number; readonly weight: 'A' | 'B' | 'C' | 'D' }[];
}

/** PostgreSQL keeps positions up to this, and so many of one lexeme (textsearch limitations in its documentation). */
const LAST_POSITION = 16_383;
const PLACES = 255;

/** A word as it stands in the text form of a tsvector or a tsquery. */
export function quoted(word: string): string {
  return `'${word.replace(/['\\]/g, '$&$&')}'`;
}

/** @returns the text form of a tsvector, for a `::tsvector` cast; words said twice are joined by PostgreSQL */
export function tsvector(lexemes: Iterable<Lexeme>): string {
  const parts: string[] = [];
  for (const { word, places } of lexemes) {
    const kept = places
      .slice(0, PLACES)
      .map(({ position, weight }) => `${Math.min(position, LAST_POSITION)}${weight === 'D' ? '' : weight}`);
    parts.push(kept.length === 0 ? quoted(word) : `${quoted(word)}:${kept.join(',')}`);
  }
  return parts.join(' ');
}
