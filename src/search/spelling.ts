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
  const byStems = new Map<string, Spelling[]>();
  let longest = 0;
  for (const [group, { forms }] of groups.entries()) {
    for (const [form, written] of forms.entries()) {
      const words = wordsOf(written);
      const stems = words.map(({ stem }) => stem).join(' ');
      byStems.set(stems, [...(byStems.get(stems) ?? []), { group, form, written: written.replace(ARTICLE, ''), words }]);
      longest = Math.max(longest, words.length);
    }
  }

  /** Of each word, once: texts repeat theirs. */
  const read = new Map<string, readonly Reading[]>();
  const used = new Map<number, { count: number; places: SpelledPlace[] }[]>();
  for (const field of SPELLED_FIELDS) {
    const text = parts[field] ?? '';
    const tokens = analyse(text);
    /** Of each group, behind which token its last form ended: forms of one group do not overlap. */
    const ended = new Map<number, number>();
    for (const at of tokens.keys()) {
      const token = tokens[at]!;
      let readings = read.get(token.word);
      if (readings === undefined) read.set(token.word, (readings = readingsOf(token)));
      for (let length = Math.min(longest, tokens.length - at); length > 0; length -= 1) {
        const [start, end] = [tokens[at]!.start, tokens[at + length - 1]!.end];
        const rest = tokens.slice(at + 1, at + length);
        const found = new Map<number, Spelling>();
        for (const first of readings) {
          const run = [first, ...rest];
          for (const spelling of byStems.get(run.map(({ stem }) => stem).join(' ')) ?? []) {
            if ((ended.get(spelling.group) ?? 0) > at || !spelling.words.every((word, n) => isWord(run[n]!, word))) continue;
            // Of forms that are alike once they are folded, the one written so.
            if (!found.has(spelling.group) || text.slice(start, end).includes(spelling.written)) found.set(spelling.group, spelling);
          }
        }
        for (const { group, form } of found.values()) {
          ended.set(group, at + length);
          if (!used.has(group)) used.set(group, groups[group]!.forms.map(() => ({ count: 0, places: [] }))); // prettier-ignore
          const use = used.get(group)![form]!;
          use.count += 1;
          if (use.places.length < PLACES) use.places.push({ field, start, end, context: around(text, start, end) });
        }
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
  /** Places of the group among the groups, and of the form among its forms. */
  readonly group: number;
  readonly form: number;
  /** The form without its article. */
  readonly written: string;
  readonly words: readonly FormWord[];
}

const ARTICLE = /^ال(?=.{3})/u;
/** ـة، ـا، ـي، ـية: what an ending replaces. */
const OWN_ENDING = /(?<=.{3})(?:يه|يا|ه|ا|ي)$/u;

function wordsOf(form: string): FormWord[] {
  return analyse(form).map(({ word, stem, arabic }) => {
    // Where the letters ال are the word's own, its stem keeps them.
    const own = arabic && !stem.startsWith('ال') ? word.replace(ARTICLE, '') : word;
    const core = arabic ? own.replace(OWN_ENDING, '') : own;
    return { stem, core, ended: core !== own };
  });
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

function isWord({ word }: Reading, { core, ended }: FormWord): boolean {
  const bare = word.startsWith(core) ? word : word.replace(ARTICLE, '');
  return bare.startsWith(core) && (!ended || bare !== core);
}

/** The place with what stands around it, from word to word, in one line. */
function around(text: string, start: number, end: number): string {
  const from = Math.max(0, start - AROUND);
  const to = Math.min(text.length, end + AROUND);
  const before = from === 0 ? text.slice(0, start) : text.slice(from, start).replace(/^\S*\s/u, '');
  const after = to === text.length ? text.slice(end) : text.slice(end, to).replace(/\s\S*$/u, '');
  return `${before}${text.slice(start, end)}${after}`.replace(/\s+/gu, ' ').trim();
}
