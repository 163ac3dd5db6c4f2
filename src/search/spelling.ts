import { analyse, stemOf, type Token } from '../text/analyser.js';

/** The ways one word is spelled, and the one of them that the center writes. */
export interface SpellingGroup {
  readonly id: number;
  readonly forms: readonly string[];
  readonly preferred: string | null;
}

/** The parts of an article that are looked through, in the order they are read. */
export const SPELLED_FIELDS = ['kicker', 'title', 'summary', 'body'] as const;
export type SpelledField = (typeof SPELLED_FIELDS)[number];

/** Where a form stands: UTF-16 units of the part's plain text, and the text around it. */
export interface SpelledPlace {
  readonly field: SpelledField;
  readonly start: number;
  readonly end: number;
  readonly context: string;
}

export interface MixedGroup {
  readonly groupId: number;
  readonly preferred: string | null;
  readonly forms: readonly { readonly form: string; readonly count: number; readonly places: readonly SpelledPlace[] }[];
}

/** Places told of one form: enough to see what it is about. */
const PLACES = 20;
/** Groups told of one text: whoever mended these asks again. */
const GROUPS = 100;
/** Letters told on either side of a place. */
const AROUND = 40;

/**
 * The groups of which a text uses two forms or more, or another than the preferred one.
 *
 * Words are compared whole: by stem, so that every ending counts, and by the folded letters before the ending, so that no other word of the
 * same stem does. Before a word may stand the article and و ف ب ل ك.
 * @returns in the order of groups, each form in the order of its group; `more`: whether there are further groups
 */
export function mixedSpellings(
  parts: Readonly<Record<SpelledField, string | null>>,
  groups: readonly SpellingGroup[],
): { items: MixedGroup[]; more: boolean } {
  const spellings = groups.map((group) => ({ group, forms: group.forms.map(spellingOf) }));
  const byFirstStem = new Map<string, Set<number>>();
  for (const [index, { forms }] of spellings.entries()) {
    for (const { words } of forms) {
      const [first] = words;
      if (first !== undefined) byFirstStem.set(first.stem, (byFirstStem.get(first.stem) ?? new Set()).add(index));
    }
  }

  const used = new Map<number, { count: number; places: SpelledPlace[] }[]>();
  for (const field of SPELLED_FIELDS) {
    const text = parts[field] ?? '';
    const tokens = analyse(text).map((token) => ({ token, readings: readingsOf(token) }));
    /** Of each group, behind which token its last form ended: forms of one group do not overlap. */
    const ended = new Map<number, number>();
    for (const [at, { readings }] of tokens.entries()) {
      for (const index of new Set(readings.flatMap(({ stem }) => [...(byFirstStem.get(stem) ?? [])]))) {
        if ((ended.get(index) ?? 0) > at) continue;
        const { forms } = spellings[index]!;
        const found = bestOf(forms, tokens.slice(at, at + Math.max(...forms.map(({ words }) => words.length))), text);
        if (found === null) continue;
        const length = forms[found]!.words.length;
        ended.set(index, at + length);
        const [start, end] = [tokens[at]!.token.start, tokens[at + length - 1]!.token.end];
        if (!used.has(index)) used.set(index, forms.map(() => ({ count: 0, places: [] }))); // prettier-ignore
        const use = used.get(index)![found]!;
        use.count += 1;
        if (use.places.length < PLACES) use.places.push({ field, start, end, context: around(text, start, end) });
      }
    }
  }

  const mixed = [...used]
    .toSorted(([a], [b]) => a - b)
    .flatMap(([index, uses]): MixedGroup[] => {
      const { id, forms, preferred } = groups[index]!;
      const told = uses.flatMap((use, form) => (use.count === 0 ? [] : [{ form: forms[form]!, ...use }]));
      const asPreferred = told.length === 1 && (preferred === null || told[0]!.form === preferred);
      return asPreferred ? [] : [{ groupId: id, preferred, forms: told }];
    });
  return { items: mixed.slice(0, GROUPS), more: mixed.length > GROUPS };
}

/** A word of a form: what its stem is, and the letters that every ending leaves. */
interface FormWord {
  readonly stem: string;
  readonly core: string;
  /** Whether the form has an ending of its own behind the core; then a word without any is another word. */
  readonly ended: boolean;
}

interface Spelling {
  readonly form: string;
  readonly words: readonly FormWord[];
}

const ARTICLE = /^ال(?=.{3})/u;
/** ـة، ـا، ـي، ـية: what an ending replaces. */
const OWN_ENDING = /(?<=.{3})(?:يه|يا|ه|ا|ي)$/u;

function spellingOf(form: string): Spelling {
  const words = analyse(form).map(({ word, stem, arabic }): FormWord => {
    const bare = arabic ? word.replace(ARTICLE, '') : word;
    // Where the letters ال are the word's own, its stem keeps them.
    const own = stem.startsWith('ال') ? word : bare;
    const core = arabic ? own.replace(OWN_ENDING, '') : own;
    return { stem, core, ended: core !== own };
  });
  return { form, words };
}

/** What a word may be a form of. */
interface Reading {
  readonly word: string;
  readonly stem: string;
}

const BEFORE = /^(?:[وف]?[بك]?ال|[وف]?لل|[وف][بلك]|[وفبلك])/u;

/** A word as it is written, and without what may be written to it in front. */
function readingsOf({ word, stem, arabic }: Token): Reading[] {
  if (!arabic) return [{ word, stem }];
  const readings = [{ word, stem }];
  const before = BEFORE.exec(word)?.[0] ?? '';
  // Of two letters each may be the word's own.
  for (let length = 1; length <= before.length; length += 1) {
    const bare = word.slice(length);
    if (bare.length >= 3) readings.push({ word: bare, stem: stemOf(bare) });
  }
  return readings;
}

function isWord(readings: readonly Reading[], { stem, core, ended }: FormWord): boolean {
  return readings.some((reading) => reading.stem === stem && reading.word.startsWith(core) && (!ended || reading.word !== core));
}

/** @returns which form stands at the beginning of these tokens: the longest; of those alike once they are folded, the one written so; or null */
function bestOf(
  forms: readonly Spelling[],
  tokens: readonly { readonly token: Token; readonly readings: readonly Reading[] }[],
  text: string,
): number | null {
  let best: number | null = null;
  const rank = (index: number): number => {
    const { form, words } = forms[index]!;
    const written = text.slice(tokens[0]!.token.start, tokens[words.length - 1]!.token.end);
    return words.length * 2 + (written.includes(form.replace(/^ال/u, '')) ? 1 : 0);
  };
  for (const [index, { words }] of forms.entries()) {
    const stands = words.length > 0 && words.length <= tokens.length && words.every((word, n) => isWord(tokens[n]!.readings, word));
    if (stands && (best === null || rank(index) > rank(best))) best = index;
  }
  return best;
}

/** The place with what stands around it, from word to word, in one line. */
function around(text: string, start: number, end: number): string {
  const from = Math.max(0, start - AROUND);
  const to = Math.min(text.length, end + AROUND);
  const before = from === 0 ? text.slice(0, start) : text.slice(from, start).replace(/^\S*\s/u, '');
  const after = to === text.length ? text.slice(end) : text.slice(end, to).replace(/\s\S*$/u, '');
  return `${before}${text.slice(start, end)}${after}`.replace(/\s+/gu, ' ').trim();
}
