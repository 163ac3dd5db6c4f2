import type { EntityManager } from 'typeorm';
import type { Lang } from '../text/language.js';

/** Known so far, by language and word: PostgreSQL's stemmers never change their mind. */
const known = new Map<string, string>();
const KNOWN = 50_000;

/**
 * The stems of folded words that are not Arabic, by PostgreSQL's own stemmers: French ones of a French text, English ones of every other.
 * A stop word, of which the stemmer knows none, is its own stem, so that phrases hold it.
 * @returns by word
 */
export async function latinStems(tx: EntityManager, lang: Lang, words: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const stemmer = lang === 'fr' ? 'french_stem' : 'english_stem';
  const unknown = [...new Set(words)].filter((word) => !known.has(`${stemmer} ${word}`));
  if (unknown.length > 0) {
    if (known.size > KNOWN) known.clear();
    const rows = await tx.query<{ word: string; stem: string }[]>(
      `select word, coalesce((ts_lexize($1::regdictionary, word))[1], word) as stem from unnest($2::text[]) word`,
      [`pg_catalog.${stemmer}`, unknown],
    );
    for (const { word, stem } of rows) known.set(`${stemmer} ${word}`, stem);
  }
  return new Map(words.map((word) => [word, known.get(`${stemmer} ${word}`)!]));
}
