import { diffArrays } from 'diff';
import { fold } from '../text/fold.js';

/** What happened to a stretch of text. */
export type Op = 'equal' | 'insert' | 'delete';

/** Text within the same markup; `key` is equal where the markup is. */
export interface Run<Markup> {
  readonly text: string;
  readonly markup: Markup;
  readonly key: string;
}

/** A stretch that stayed, came or went. */
export interface Stretch<Markup> {
  readonly op: Op;
  readonly runs: readonly Run<Markup>[];
  /** One word, once out and once in: the same but for tashkeel, tatweel, hamza, forms of alef and the like, as {@link fold} has it. */
  readonly spelling: boolean;
  /** One word, once out and once in: the same within other markup. */
  readonly markup: boolean;
}

/** More than may be spent. */
class Spent extends Error {}

/** Looks that two texts may take altogether: 1,000 differences in one place would, or 100 in each of a hundred. */
const MOST_LOOKS = 500_000;

/** Looks in one piece, between which others get their turn: 440 differences, fewer where a text says the same over and over. */
const MOST_AT_ONCE = 100_000;

/**
 * How many looks at two things side by side a comparison may take, so that no two texts hold up the server. Looks are counted and not
 * differences: among ten thousand full stops each difference takes looks at all of them. The longest pieces that
 * could be made of twenty kinds of large text took 15 to 55 ms of processor time (measured, Node 20, two busy cores).
 */
export class Effort {
  private left = MOST_LOOKS;
  private floor = 0;

  /** Another piece begins: it may spend no more than a piece may, so that a hopeless one leaves something to the others. */
  begin(): void {
    this.floor = Math.max(0, this.left - MOST_AT_ONCE);
  }

  /** @throws Spent */
  spend(looks: number): void {
    this.left -= looks;
    if (this.left < this.floor) throw new Spent();
  }
}

/** A place where two lists stand side by side: what both have, or what only one has. */
export type Step =
  readonly [before: number, after: number] | readonly [before: number, after: null] | readonly [before: null, after: number];

/**
 * The shortest way from one list to another.
 * @param same of two positions, whether they are to stand side by side; it may spend more than the one look that is counted here
 * @returns null when it takes more than the effort that is left, or than one piece may
 */
export function steps(
  lengths: readonly [before: number, after: number],
  same: (before: number, after: number) => boolean,
  effort: Effort,
): Step[] | null {
  effort.begin();
  const looking = (before: number, after: number): boolean => {
    effort.spend(1);
    return same(before, after);
  };
  try {
    return shortest(lengths, same, looking);
  } catch (error) {
    if (error instanceof Spent) return null;
    throw error;
  }
}

type Same = (before: number, after: number) => boolean;

function shortest([before, after]: readonly [number, number], same: Same, looking: Same): Step[] {
  // The ends that stayed are most of it, and cost nothing.
  let head = 0;
  while (head < before && head < after && same(head, head)) head += 1;
  let tail = 0;
  while (tail < Math.min(before, after) - head && same(before - 1 - tail, after - 1 - tail)) tail += 1;
  const [left, right] = [range(head, before - tail), range(head, after - tail)];
  const changes = left.length === 0 || right.length === 0 ? [] : diffArrays(left, right, { comparator: looking });
  const way: Step[] = range(0, head).map((index) => [index, index]);
  let [from, to] = [head, head];
  for (const { added, removed, count } of changes) {
    for (let n = 0; n < count; n += 1) way.push(added ? [null, to++] : removed ? [from++, null] : [from++, to++]);
  }
  while (from < before - tail) way.push([from++, null]);
  while (to < after - tail) way.push([null, to++]);
  while (from < before) way.push([from++, to++]);
  return way;
}

function range(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, index) => from + index);
}

// What a reader takes for one character (UAX 29) is never parted: a base with all that extends it, a flag, joined emoji. White space before a
// word belongs to it. A dozen letters of Brahmic scripts that lean upon the one after them are taken as letters like others.
const EXTENDS = '[\\p{M}\\p{Gr_Ext}\\p{EMod}\\u200D\\u0E33\\u0EB3]';
const ARABIC = '[\\p{Script=Arabic}\\u0640]';
const PREPENDED = '[\\u0600-\\u0605\\u06DD\\u070F\\u0890\\u0891\\u08E2\\u{110BD}\\u{110CD}]';
const BLANK = '(?:\\r\\n|(?!\\r\\n)\\s)';
const TOKEN = new RegExp(
  `((?:${BLANK}(?!${EXTENDS}))*)(${PREPENDED}+\\p{Zs}${EXTENDS}*|${PREPENDED}*(?:` +
    [
      `(?:\\p{Nd}${EXTENDS}*)+`,
      `(?:(?=${ARABIC})\\p{L}${EXTENDS}*)+`,
      `(?:(?!${ARABIC})[\\p{L}\\p{Nl}]${EXTENDS}*)+`,
      `\\p{RI}\\p{RI}${EXTENDS}*`,
      `\\p{ExtPict}${EXTENDS}*(?:(?<=\\u200D)\\p{ExtPict}${EXTENDS}*)*`,
      `[^\\s]${EXTENDS}*`,
      `${BLANK}${EXTENDS}+`,
    ].join('|') +
    `)|$)`,
  'gu',
);

/**
 * A text in its words, in order: runs of Arabic letters, of other letters, of digits; every other character by itself. `lead` is the white
 * space before; all of them together are the text.
 */
export function tokens(text: string): { readonly lead: string; readonly word: string }[] {
  return [...text.matchAll(TOKEN)].flatMap(([, lead = '', word = '']) => (lead === '' && word === '' ? [] : [{ lead, word }]));
}

/** A number for each word, the same for two spellings of one. */
export class Vocabulary {
  private readonly numbers = new Map<string, number>();
  private readonly folded = new Map<string, number>();

  numberOf(word: string): number {
    let number = this.numbers.get(word);
    if (number === undefined) {
      // Of tatweel or a mark alone folding leaves nothing.
      const key = fold(word) || word;
      number = this.folded.get(key) ?? this.folded.size;
      this.folded.set(key, number);
      this.numbers.set(word, number);
    }
    return number;
  }
}

interface Token<Markup> {
  readonly lead: readonly Run<Markup>[];
  readonly word: readonly Run<Markup>[];
  readonly leadText: string;
  readonly text: string;
  readonly number: number;
}

/** @returns what stayed, came and went between two texts, by words; null when that takes more than the effort that is left */
export function compareRuns<Markup>(
  before: readonly Run<Markup>[],
  after: readonly Run<Markup>[],
  vocabulary: Vocabulary,
  effort: Effort,
): Stretch<Markup>[] | null {
  const [old, now] = [tokensOf(before, vocabulary), tokensOf(after, vocabulary)];
  const way = steps([old.length, now.length], (one, other) => old[one]!.number === now[other]!.number, effort);
  if (way === null) return null;
  const stretches = new Stretches<Markup>();
  for (const [from, to] of way) {
    if (to === null) stretches.add('delete', [...old[from]!.lead, ...old[from]!.word]);
    else if (from === null) stretches.add('insert', [...now[to]!.lead, ...now[to]!.word]);
    else stretches.pair(old[from]!, now[to]!);
  }
  return stretches.list;
}

/** Stretches in order, those of one kind that follow each other joined. */
export class Stretches<Markup> {
  readonly list: (Stretch<Markup> & { runs: Run<Markup>[] })[] = [];

  add(op: Op, runs: readonly Run<Markup>[], why: 'spelling' | 'markup' | null = null): void {
    if (runs.length === 0) return;
    const last = this.list.at(-1);
    if (last && last.op === op && why === null && !last.spelling && !last.markup) last.runs.push(...runs);
    else this.list.push({ op, runs: [...runs], spelling: why === 'spelling', markup: why === 'markup' });
  }

  pair(old: Token<Markup>, now: Token<Markup>): void {
    if (old.leadText === now.leadText) this.add('equal', now.lead);
    else {
      this.add('delete', old.lead);
      this.add('insert', now.lead);
    }
    const why = old.text !== now.text ? 'spelling' : sameMarkup(old.word, now.word) ? null : 'markup';
    if (why === null) return this.add('equal', now.word);
    this.add('delete', old.word, why);
    this.add('insert', now.word, why);
  }
}

function sameMarkup(one: readonly Run<unknown>[], other: readonly Run<unknown>[]): boolean {
  return one.length === other.length && one.every(({ key, text }, index) => key === other[index]!.key && text === other[index]!.text);
}

/** Words run on across markup: `<b>ك</b>تاب` is one. */
function tokensOf<Markup>(runs: readonly Run<Markup>[], vocabulary: Vocabulary): Token<Markup>[] {
  let [index, offset] = [0, 0];
  const take = (length: number): Run<Markup>[] => {
    const taken: Run<Markup>[] = [];
    for (let left = length; left > 0;) {
      const run = runs[index]!;
      const text = run.text.slice(offset, offset + left);
      left -= text.length;
      offset += text.length;
      if (text !== '') taken.push({ ...run, text });
      if (offset === run.text.length) [index, offset] = [index + 1, 0];
    }
    return taken;
  };
  return tokens(runs.map(({ text }) => text).join('')).map(({ lead, word }) => ({
    lead: take(lead.length),
    word: take(word.length),
    leadText: lead,
    text: word,
    number: vocabulary.numberOf(word),
  }));
}
