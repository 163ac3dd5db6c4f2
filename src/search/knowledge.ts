import type { SearchReader } from '../database/reader.js';
import { foldSlug } from '../text/slug.js';
import { lexiconKeys, ownForms, withoutProclitic, type Knowledge, type ParsedQuery } from './query.js';
import { knowledge } from './search.queries.js';
import { quoted } from './tsvector.js';

/** What is known before anything is looked for. */
export interface Learnt {
  /** Of the words. */
  readonly known: Knowledge;
  /** Ids that a filter stands for; null: no such filter. */
  readonly sections: readonly number[] | null;
  readonly authors: readonly number[] | null;
  /** When what is public last changed, in microseconds since 1970: not when it was asked, or no answer would be like the one before. */
  readonly moment: string;
}

interface KnowledgeRow extends Omit<Learnt, 'known'> {
  readonly vocabulary: string[];
  readonly latin: [word: string, english: string, french: string, known: boolean][];
  readonly lexicon: [key: string, form: string][];
  /** Places among those asked about. */
  readonly proclitic: number[];
}

/**
 * Asks for all of it in one statement.
 * @param more stems beside those of the query @param section @param author slugs or ids
 */
export async function learn(
  door: SearchReader,
  parsed: ParsedQuery,
  {
    more = [],
    section,
    author,
  }: { readonly more?: readonly string[]; readonly section?: string | undefined; readonly author?: string | undefined } = {},
): Promise<Learnt> {
  const tokens = [...parsed.wanted, ...parsed.unwanted].flatMap((term) => term.tokens);
  const bare = tokens.flatMap((token) => {
    const rest = withoutProclitic(token);
    return rest === null || rest === token.stem ? [] : [{ token, rest }];
  });
  const stems = [...tokens.flatMap(ownForms), ...[...bare.map(({ rest }) => rest), ...more].flatMap((stem) => ownForms({ arabic: true, stem }))]; // prettier-ignore
  const row = await door.row<KnowledgeRow>(knowledge, [
    [...new Set(stems)],
    [...new Set(tokens.filter(({ arabic }) => !arabic).map(({ word }) => word))],
    [...lexiconKeys(parsed), ...more],
    bare.map(({ token }) => quoted(token.stem)),
    bare.map(({ rest }) => rest),
    section === undefined ? null : foldSlug(section),
    author === undefined ? null : foldSlug(author),
  ]);
  const { vocabulary, latin, lexicon, proclitic, ...rest } = row!;
  const groups = new Map<string, string[][]>();
  for (const [key, form] of lexicon) groups.set(key, [...(groups.get(key) ?? []), form.split(' ')]);
  return {
    ...rest,
    known: {
      vocabulary: new Set([...vocabulary, ...latin.filter(([, , , known]) => known).map(([word]) => word)]),
      latin: new Map(latin.map(([word, english, french]) => [word, [english, french]])),
      lexicon: groups,
      proclitic: new Map(proclitic.map((index) => [bare[index]!.token.word, bare[index]!.rest])),
    },
  };
}
