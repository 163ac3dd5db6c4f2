import { fold } from './fold.js';

/**
 * The version of everything in this file. A change of any rule raises it: what was indexed under an older one is made anew (search-index.service.ts).
 */
export const ANALYSER = 1;

/** A word of a text, as search knows it. */
export interface Token {
  /** Folded: see {@link fold}. */
  readonly word: string;
  /** What all forms of the word share: of Arabic words the light stem, else the word itself, which PostgreSQL's stemmers take further. */
  readonly stem: string;
  /** Keys of which a word and its broken plural share one, for when their stems find too little: see {@link skeletonsOf}. Empty of what is not Arabic. */
  readonly skeletons: readonly string[];
  readonly arabic: boolean;
  /** Where it stands in the text, in UTF-16 units; several tokens of one ligature stand in the same place. */
  readonly start: number;
  readonly end: number;
}

// Letters with whatever fold() deletes within them: a word with tatweel, marks or a soft hyphen is one word.
const INSIDE = '\\p{M}\\u0640\\u00AD\\u200B-\\u200F\\u202A-\\u202E\\u2060-\\u2069\\uFEFF\\u061C';
const ARABIC = '(?=\\p{Script=Arabic})\\p{L}';
const RUN = new RegExp(
  `${ARABIC}(?:${ARABIC}|[${INSIDE}])*|(?=\\p{Script=Arabic})\\p{N}+|(?!${ARABIC})[\\p{L}\\p{N}](?:(?!${ARABIC})[\\p{L}\\p{N}${INSIDE}])*`,
  'gu',
);

const FOLDED_TOKEN = /(?=\p{Script=Arabic})\p{L}+|(?:(?!(?=\p{Script=Arabic})\p{L})[\p{L}\p{N}])+/gu;
const ARABIC_WORD = /^\p{Script=Arabic}/u;

/** @returns the words of a text in order: runs of Arabic letters, and runs of other letters and digits; الـ18 gives ال and 18, كوفيد-19 كوفيد and 19 */
export function analyse(text: string): Token[] {
  const tokens: Token[] = [];
  for (const { 0: run, index: start } of text.matchAll(RUN)) {
    for (const { word, stem, skeletons, arabic } of analysed(run))
      tokens.push({ word, stem, skeletons, arabic, start, end: start + run.length });
  }
  return tokens;
}

type Analysed = Pick<Token, 'word' | 'stem' | 'skeletons' | 'arabic'>;

/** What a run of letters gives; texts repeat their words, and a word analysed once is looked up 5 times as fast. */
const known = new Map<string, readonly Analysed[]>();
const KNOWN = 20_000;

function analysed(run: string): readonly Analysed[] {
  const before = known.get(run);
  if (before !== undefined) return before;
  const found = (fold(run).match(FOLDED_TOKEN) ?? []).map((word): Analysed => {
    const arabic = ARABIC_WORD.test(word);
    const stem = arabic ? stemOf(word) : word;
    return { word, stem, skeletons: arabic ? skeletonsOf(word) : [], arabic };
  });
  if (known.size >= KNOWN) known.clear();
  // A long run is seen once.
  if (run.length <= 40) known.set(run, found);
  return found;
}

const ARTICLE = /^(?:[وف]?[بك]?ال|[وف]?لل)(?=.{3})/u;
/** Words that begin with these letters of their own. */
const OWN_ARTICLE = /^[وف]?[بك]?(?:ال(?:ماني|باني|كترون|تزام|غاء|تماس|حاق|تحاق|زام|تقاء|تفاف))/u;
const SUFFIX = /(?<=.{3})(?:تهما|تها|تهم|ته|تين|تان|تا|هما|ات|ون|ين|ان|ها|هم|يه|ه|ي|ا)$/u;

/** The light stem of a folded Arabic word: without the article, and without endings. A single و، ب، ل، ف، ك before it is never taken off: most often it is the word's own. */
export function stemOf(word: string): string {
  let stem = OWN_ARTICLE.test(word) ? word : word.replace(ARTICLE, '');
  // Until none fits: so إيران، إيراني، الإيرانية come to one.
  for (let next = stem.replace(SUFFIX, ''); next !== stem; next = stem.replace(SUFFIX, '')) stem = next;
  return stem.replace(/نج$/u, 'نغ');
}

/** What the stem of a folded Arabic word has in common with its broken plurals: بحث، بحوث، أبحاث share one. */
export function skeletonsOf(word: string): readonly string[] {
  const without = stemOf(word).replace(/اء$/u, '').replace(/^ا(?=.{3})/u, '');
  const skeleton = without.slice(0, 1) + without.slice(1).replace(/[اوي]/gu, '');
  return skeleton.length >= 3 ? [skeleton] : [];
}
