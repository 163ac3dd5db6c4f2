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

/**
 * How much may be spent on one comparison, so that no two texts hold up the server. Comparing takes the square of the number of differences:
 * 700 of them in one text, or 70 in each of a hundred paragraphs, take some 20 ms (measured, Node 20, one core).
 */
export class Effort {
  private left = 500_000;

  /** The most differences that may still be looked for. */
  get most(): number {
    return Math.floor(Math.sqrt(this.left));
  }

  spend(differences: number): void {
    this.left = Math.max(0, this.left - differences ** 2);
  }
}

/** A place where two lists stand side by side: what both have, or what only one has. */
export type Step =
  readonly [before: number, after: number] | readonly [before: number, after: null] | readonly [before: null, after: number];

/**
 * The shortest way from one list to another.
 * @param same of two positions, whether they are to stand side by side
 * @returns null when it takes more than the effort that is left
 */
export function steps(
  [before, after]: readonly [length: number, length: number],
  same: (before: number, after: number) => boolean,
  effort: Effort,
  most = Infinity,
): Step[] | null {
  // The ends that stayed are most of it, and cost nothing.
  let head = 0;
  while (head < before && head < after && same(head, head)) head += 1;
  let tail = 0;
  while (tail < Math.min(before, after) - head && same(before - 1 - tail, after - 1 - tail)) tail += 1;
  const [left, right] = [range(head, before - tail), range(head, after - tail)];
  const limit = Math.min(most, effort.most);
  const options = { comparator: same, maxEditLength: limit };
  const changes = left.length === 0 || right.length === 0 ? [] : diffArrays(left, right, options);
  if (changes === undefined) {
    effort.spend(limit);
    return null;
  }
  const steps: Step[] = range(0, head).map((index) => [index, index]);
  let [from, to] = [head, head];
  for (const { added, removed, count } of changes) {
    for (let n = 0; n < count; n += 1) steps.push(added ? [null, to++] : removed ? [from++, null] : [from++, to++]);
  }
  effort.spend(steps.filter(([old, now]) => old === null || now === null).length);
  while (from < before - tail) steps.push([from++, null]);
  while (to < after - tail) steps.push([null, to++]);
  while (from < before) steps.push([from++, to++]);
  return steps;
}

function range(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, index) => from + index);
}

// What a reader takes for one character (UAX 29) is never parted: a base with all that extends it, a flag, joined emoji. White space before a
// word belongs to it.
const EXTENDS = '[\\p{M}\\p{Gr_Ext}\\p{EMod}\\u200D]';
const ARABIC = '[\\p{Script=Arabic}\\u0640]';
const PREPENDED = '[\\u0600-\\u0605\\u06DD\\u070F\\u0890\\u0891\\u08E2\\u{110BD}\\u{110CD}]';
const TOKEN = new RegExp(
  `(?<lead>(?:\\s(?!${EXTENDS}))*)(?<word>${PREPENDED}+\\p{Zs}${EXTENDS}*|${PREPENDED}*(?:` +
    [
      `(?:\\p{Nd}${EXTENDS}*)+`,
      `(?:(?=${ARABIC})\\p{L}${EXTENDS}*)+`,
      `(?:(?!${ARABIC})[\\p{L}\\p{Nl}]${EXTENDS}*)+`,
      `\\p{RI}\\p{RI}${EXTENDS}*`,
      `\\p{ExtPict}${EXTENDS}*(?:(?<=\\u200D)\\p{ExtPict}${EXTENDS}*)*`,
      `[^\\s]${EXTENDS}*`,
      `\\s${EXTENDS}+`,
    ].join('|') +
    `)|$)`,
  'gu',
);

/**
 * A text in its words, in order: runs of Arabic letters, of other letters, of digits; every other character by itself. `lead` is the white
 * space before; all of them together are the text.
 */
export function tokens(text: string): { readonly lead: string; readonly word: string }[] {
  return [...text.matchAll(TOKEN)].flatMap(({ groups }) => {
    const { lead = '', word = '' } = groups!;
    return lead === '' && word === '' ? [] : [{ lead, word }];
  });
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

class Stretches<Markup> {
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
