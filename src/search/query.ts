import { analyse, boundForms, stemOf, type Token } from '../text/analyser.js';
import { isStopWord } from './stop-words.js';
import { SKELETON } from './search-index.service.js';
import { LEXEME_BYTES, quoted } from './tsvector.js';

/** Longest query that is read, in characters; what stands behind is cut off. */
const READ = 200;
/** 10,000 words would make a tsquery of 19,999 nodes. So many are wanted, and as many unwanted: whoever takes something out must not find it. */
const TERMS = 12;

/** What a reader asks for in one go: a word, or several that have to stand in this order beside each other. */
export interface Term {
  /** Of the text it was read from: their offsets are {@link ParsedQuery.text}'s. */
  readonly tokens: readonly Token[];
  readonly phrase: boolean;
}

/** Why there can be nothing to find. */
type EmptyReason = 'empty' | 'only_marks' | 'only_stop_words' | 'only_negation';

/** What a reader typed, read as wishes. */
export interface ParsedQuery {
  /** Cleaned and cut. */
  readonly text: string;
  /** All of these; words that say nothing alone (في، من، the) are left out. */
  readonly wanted: readonly Term[];
  /** And none of these. */
  readonly unwanted: readonly Term[];
  /** Null when there is something to look for. */
  readonly reason: EmptyReason | null;
}

// Of the quotes that Arabic, English, French and German write and their full-width fellows. Which one opens is not asked: Arabic keyboards
// give ” for both. A quote is closed by the next of its family, so that the other family may stand inside it.
const QUOTES: readonly string[] = ['"“”„‟＂❝❞〝〞', '«»‹›《》'];
const DASH = '-\\u2010-\\u2015\\u2212\\uFE58\\uFE63\\uFF0D';
/** Formatting that no word consists of and that is not seen: it must not hide an operator. The joiners stay, they are spelling. */
const UNSEEN = /[\u00AD\u061C\u200B\u200E\u200F\u202A-\u202E\u2060-\u2069\uFEFF]/g;
const SPACE = /[\p{White_Space}\p{Cc}]+/gu;

/** A stretch of the query: between quotes or not, wanted or not. */
interface Stretch {
  readonly start: number;
  readonly end: number;
  readonly phrase: boolean;
  readonly unwanted: boolean;
}

/**
 * Reads what was typed. Operators are looked for before anything is folded: `"…"` and its fellows a phrase, `-` before a word or phrase takes
 * it out. A quote that is not closed and a dash within a word or before a space are no operators.
 */
export function parseQuery(typed: string): ParsedQuery {
  const text = cut(typed.replace(UNSEEN, '').replace(SPACE, ' ').trim());
  const wanted: Term[] = [];
  const unwanted: Term[] = [];
  let words = 0;
  for (const stretch of stretches(text)) {
    // Outside quotes every word is a wish of its own; the parts of one that was written together (كوفيد-19) too.
    const tokens = tokensIn(text, stretch);
    words += tokens.length;
    const terms: Term[] = stretch.phrase
      ? [{ tokens, phrase: tokens.length > 1 }]
      : tokens
          .filter((token) => !isStopWord(token.word, text.slice(token.start, token.end)))
          .map((token) => ({ tokens: [token], phrase: false }));
    for (const term of terms) {
      const list = stretch.unwanted ? unwanted : wanted;
      if (term.tokens.length > 0 && list.length < TERMS) list.push(term);
    }
  }
  return { text, wanted, unwanted, reason: wanted.length > 0 ? null : reasonOf(text, words, unwanted) };
}

function reasonOf(text: string, words: number, unwanted: readonly Term[]): EmptyReason {
  if (text === '') return 'empty';
  if (words === 0) return 'only_marks';
  return unwanted.length > 0 ? 'only_negation' : 'only_stop_words';
}

/** The first characters, without the rest of a word that the cut would halve. */
function cut(text: string): string {
  const characters = [...text];
  if (characters.length <= READ) return text;
  const kept = characters.slice(0, READ).join('');
  const border = characters[READ] === ' ' ? -1 : kept.lastIndexOf(' ');
  return border === -1 ? kept : kept.slice(0, border);
}

function stretches(text: string): Stretch[] {
  const found: Stretch[] = [];
  const add = (start: number, end: number, phrase: boolean): void => {
    const unwanted = phrase && DASH_AT_END.test(text.slice(0, start - 1));
    if (end > start) found.push({ start, end, phrase, unwanted });
  };
  let plain = 0;
  for (let at = 0; at < text.length; at += 1) {
    const family = QUOTES.find((quotes) => quotes.includes(text[at]!));
    if (family === undefined) continue;
    const close = nextOf(family, text, at + 1);
    if (close === -1) continue;
    add(plain, at, false);
    add(at + 1, close, true);
    at = close;
    plain = close + 1;
  }
  add(plain, text.length, false);
  return found.flatMap((stretch) => (stretch.phrase ? [stretch] : signed(text, stretch)));
}

const DASH_AT_END = new RegExp(`(?:^|[^\\p{L}\\p{N}])[${DASH}]+$`, 'u');

function nextOf(family: string, text: string, from: number): number {
  for (let at = from; at < text.length; at += 1) if (family.includes(text[at]!)) return at;
  return -1;
}

const SIGNED_WORD = new RegExp(`(?<=^|[\\s(（،,؛;/|&!])[${DASH}]+(?=[\\p{L}\\p{N}])[^\\s]+`, 'gu');

/** Parts what stands outside quotes into what is wanted and what has a dash before it. */
function signed(text: string, { start, end }: Stretch): Stretch[] {
  const parts: Stretch[] = [];
  let from = start;
  for (const { 0: word, index } of text.slice(start, end).matchAll(SIGNED_WORD)) {
    parts.push({ start: from, end: start + index, phrase: false, unwanted: false });
    parts.push({ start: start + index, end: start + index + word.length, phrase: false, unwanted: true });
    from = start + index + word.length;
  }
  parts.push({ start: from, end, phrase: false, unwanted: false });
  return parts;
}

function tokensIn(text: string, { start, end }: Stretch): Token[] {
  return wordsOf(text.slice(start, end)).map((token) => ({ ...token, start: token.start + start, end: token.end + start }));
}

/** Without what is too long to be a word of any text: one character may stand for six letters (㌖), and PostgreSQL refuses a query of such words. */
function wordsOf(text: string): Token[] {
  return analyse(text).filter(({ word }) => Buffer.byteLength(word) <= LEXEME_BYTES);
}

/** What of the words the index can say: asked once for all of them. */
export interface Knowledge {
  /** Of the stems asked about, those of live texts. */
  readonly vocabulary: ReadonlySet<string>;
  /** Stems of a Latin word by its folded form. */
  readonly latin: ReadonlyMap<string, readonly [english: string, french: string]>;
  /** The other forms of a lexicon form, each as its stems; by stems with a space between. */
  readonly lexicon: ReadonlyMap<string, readonly (readonly string[])[]>;
  /** Words with a proclitic before them rather than a letter of their own, by folded word: what is left without it. */
  readonly proclitic: ReadonlyMap<string, string>;
}

/** What a text has to hold: a lexeme; one that begins so; several beside each other; one of several; all of several. */
export type Wish =
  | string
  | { readonly prefix: string }
  | { readonly row: readonly string[] }
  | { readonly any: readonly Wish[] }
  | { readonly all: readonly Wish[] };

/** Letters that are words of their own and written to the next word: و ف ب ل ك. */
const PROCLITICS = ['و', 'ف', 'ب', 'ل', 'ك'];

/** Whether a stem is long enough that a letter before it is likelier a proclitic than its own. */
const bears = (stem: string): boolean => stem.length >= 3;

/** Every lexeme by which a token may stand in the index because of its own letters. */
export function ownForms({ arabic, stem }: Pick<Token, 'arabic' | 'stem'>): string[] {
  return arabic && bears(stem) ? [stem, ...boundForms(stem)] : [stem];
}

/** What a word would be if its first letter were a proclitic; null where it can be none. */
export function withoutProclitic({ arabic, word }: Token): string | null {
  return arabic && word.length > 4 && PROCLITICS.includes(word[0]!) ? stemOf(word.slice(1)) : null;
}

/** Written to the next word by some, apart by others: عبد الله، أبو ظبي، ابن خلدون. Folded. */
const BOUND = ['عبد', 'ابو', 'ابن'];

/** Runs of wishes that a lexicon form may stand for, longest first. */
const LEXICON_WORDS = 3;

/** Keys under which the lexicon may know a run of these tokens. */
export function lexiconKeys(parsed: ParsedQuery): string[] {
  const keys: string[] = [];
  for (const terms of [parsed.wanted, parsed.unwanted]) {
    for (let from = 0; from < terms.length; from += 1) {
      for (let length = 1; length <= LEXICON_WORDS; length += 1) {
        const run = runOf(terms, from, length);
        if (run === null) break;
        keys.push(run.map(({ stem }) => stem).join(' '));
        const [first] = run;
        const bare = length === 1 ? withoutProclitic(first!) : null;
        if (bare !== null) keys.push(bare);
      }
    }
  }
  return [...new Set(keys)];
}

/** Single words, or the words of one phrase. */
function runOf(terms: readonly Term[], from: number, length: number): Token[] | null {
  const run = terms.slice(from, from + length);
  if (run.length < length || run.some(({ phrase }) => phrase)) return null;
  return run.map(({ tokens }) => tokens[0]!);
}

/** A wish with what it was made of: one term, or several that the lexicon knows together. */
export interface Demand {
  readonly wish: Wish;
  readonly terms: readonly Term[];
}

/** How far a rung of the ladder goes from the words as they were typed. */
export interface Reach {
  /** Whether texts with the same consonants will do. */
  readonly skeleton: boolean;
  /** Stems to look for instead of one that no text has. */
  readonly corrected: ReadonlyMap<string, readonly string[]>;
}

/** What is demanded of texts, one for each term (or run that the lexicon knows). */
export function demands(terms: readonly Term[], knowledge: Knowledge, reach: Reach): Demand[] {
  const made: Demand[] = [];
  for (let from = 0; from < terms.length;) {
    const known = [3, 2].find((length) => {
      const run = runOf(terms, from, length);
      return run !== null && knowledge.lexicon.has(run.map(({ stem }) => stem).join(' '));
    });
    const length = known ?? boundPair(terms, from) ?? 1;
    const run = terms.slice(from, from + length);
    const parts = run.map((term) => wishOf(term, knowledge, reach));
    const together = runOf(terms, from, length);
    const others: Wish[] =
      known === undefined || together === null ? [] : rows(knowledge.lexicon.get(together.map(({ stem }) => stem).join(' '))!);
    // عبد الله is also written عبدالله.
    if (known === undefined && length === 2 && together !== null)
      others.push(...ownForms({ arabic: true, stem: stemOf(together.map(({ word }) => word).join('')) }));
    made.push({ terms: run, wish: others.length === 0 ? oneOf(parts, 'all') : { any: [oneOf(parts, 'all'), ...others] } });
    from += length;
  }
  return made;
}

function boundPair(terms: readonly Term[], from: number): 2 | null {
  const run = runOf(terms, from, 2);
  return run !== null && BOUND.includes(run[0]!.word) && run[1]!.arabic ? 2 : null;
}

function rows(forms: readonly (readonly string[])[]): Wish[] {
  return forms.map((stems) => (stems.length === 1 ? stems[0]! : { row: stems }));
}

function wishOf({ tokens, phrase }: Term, knowledge: Knowledge, reach: Reach): Wish {
  if (phrase) return phraseWish(tokens, knowledge);
  const [token] = tokens as readonly [Token];
  const stems = new Set<string>(lexemesOf(token, knowledge));
  const wishes: Wish[] = [...rows(knowledge.lexicon.get(token.stem) ?? [])];
  const bare = knowledge.proclitic.get(token.word);
  if (bare !== undefined) {
    for (const lexeme of knownForms({ arabic: true, stem: bare }, knowledge)) stems.add(lexeme);
    wishes.push(...rows(knowledge.lexicon.get(bare) ?? []));
  }
  for (const stem of reach.corrected.get(token.stem) ?? []) {
    for (const lexeme of knownForms({ arabic: token.arabic, stem }, knowledge)) stems.add(lexeme);
    wishes.push(...rows(knowledge.lexicon.get(stem) ?? []));
  }
  const bound = BOUND.find((first) => token.word.startsWith(first) && token.word.length >= first.length + 3);
  if (bound !== undefined) wishes.push({ row: [bound, stemOf(token.word.slice(bound.length))] });
  if (reach.skeleton) for (const skeleton of token.skeletons) stems.add(SKELETON + skeleton);
  return oneOf([...stems, ...wishes], 'any');
}

/** A phrase is the words themselves, in their forms; before the first a proclitic may stand. */
function phraseWish(tokens: readonly Token[], knowledge: Knowledge): Wish {
  const [first, ...others] = tokens as readonly [Token, ...Token[]];
  const found = new Map<string, Wish>();
  // Words of one language stand in one text.
  for (const way of [0, 1]) {
    const stem = (token: Token): string => knowledge.latin.get(token.word)?.[way] ?? token.stem;
    for (const begin of first.arabic ? knownForms(first, knowledge) : [stem(first)]) {
      const row = [begin, ...others.map(stem)];
      found.set(row.join(' '), { row });
    }
  }
  return oneOf([...found.values()], 'any');
}

function lexemesOf(token: Token, knowledge: Knowledge): string[] {
  if (!token.arabic) return [...new Set([token.stem, ...(knowledge.latin.get(token.word) ?? [])])];
  return knownForms(token, knowledge);
}

/** The stem, and with a letter before it as far as texts have it so. */
function knownForms(word: Pick<Token, 'arabic' | 'stem'>, { vocabulary }: Knowledge): string[] {
  return ownForms(word).filter((lexeme) => lexeme === word.stem || vocabulary.has(lexeme));
}

function oneOf(wishes: readonly Wish[], kind: 'any' | 'all'): Wish {
  if (wishes.length === 1) return wishes[0]!;
  return kind === 'any' ? { any: wishes } : { all: wishes };
}

/**
 * The text form of a tsquery, for a `::tsquery` cast.
 * @param rows whether words of a row have to stand beside each other, or only be there: that much the index can say by itself
 */
export function tsquery(wish: Wish, rowsBeside: boolean): string {
  if (typeof wish === 'string') return quoted(wish);
  if ('prefix' in wish) return `${quoted(wish.prefix)}:*`;
  if ('row' in wish) return `(${wish.row.map(quoted).join(rowsBeside ? ' <-> ' : ' & ')})`;
  if ('any' in wish) return `(${wish.any.map((inner) => tsquery(inner, rowsBeside)).join(' | ')})`;
  return `(${wish.all.map((inner) => tsquery(inner, rowsBeside)).join(' & ')})`;
}

/** One of these marks, which the index holds beside words: see search-index.queries.ts. Their sign is that of skeletons, which are Arabic. */
export function oneOfMarks(marks: readonly string[]): string {
  return `(${marks.map((mark) => quoted(SKELETON + mark)).join(' | ')})`;
}

/** Whether positions have to be looked at. */
export function hasRow(wish: Wish): boolean {
  if (typeof wish === 'string' || 'prefix' in wish) return false;
  if ('row' in wish) return wish.row.length > 1;
  return ('any' in wish ? wish.any : wish.all).some(hasRow);
}

/** Every lexeme of a wish. */
export function lexemes(wish: Wish): string[] {
  if (typeof wish === 'string') return [wish];
  if ('prefix' in wish) return [wish.prefix];
  if ('row' in wish) return [...wish.row];
  return ('any' in wish ? wish.any : wish.all).flatMap(lexemes);
}

/** The query as a title would be kept in the index, for the one that is wholly this. */
export function titleOf(text: string): string {
  return analyse(text)
    .map(({ word }) => word)
    .join(' ');
}

/** @returns the query with words replaced, as one would have typed it */
export function reworded(text: string, replacements: readonly { readonly token: Token; readonly word: string }[]): string {
  let made = '';
  let from = 0;
  for (const { token, word } of [...replacements].sort((a, b) => a.token.start - b.token.start)) {
    made += text.slice(from, token.start) + word;
    from = token.end;
  }
  return made + text.slice(from);
}

/** What a reader has typed so far. */
export interface UnfinishedQuery {
  /** The words before the last one; operators are not looked for before they are all there. */
  readonly parsed: ParsedQuery;
  /** The last word, unless a space has finished it. */
  readonly last: Token | null;
  /** All of it folded, a space between words. */
  readonly folded: string;
}

export function parseUnfinished(typed: string): UnfinishedQuery {
  const plain = typed.replace(new RegExp(`[${QUOTES.join('')}]|(?<=^|\\s)[${DASH}]+`, 'gu'), ' ');
  const { text } = parseQuery(plain);
  const tokens = wordsOf(text);
  const open = tokens.at(-1);
  const folded = tokens.map(({ word }) => word).join(' ');
  if (open === undefined || !/[\p{L}\p{N}\p{M}]$/u.test(plain)) return { parsed: parseQuery(text), last: null, folded };
  const parsed = parseQuery(text.slice(0, open.start));
  return { parsed, last: tokens.length > 1 && ONLY_ARTICLE.test(open.word) ? null : open, folded };
}

/** A word of which only the article is there yet. */
const ONLY_ARTICLE = /^[وف]?(?:[بك]?ال|لل)$/u;

const ARTICLE = /^(?:[وف]?[بك]?ال|[وف]?لل)(.+)$/u;

/**
 * Every way in which a word may go on that begins like this; in the index stand stems, which may be shorter than what was typed.
 * @param alone with nothing before it: one letter after the article begins too many words then
 */
export function goingOn(last: Token, alone: boolean): Wish {
  const { arabic, word, stem } = last;
  const starts = new Set([word]);
  if (arabic) {
    const bare = ARTICLE.exec(word)?.[1] ?? '';
    if (bare.length >= (alone ? 2 : 1)) starts.add(bare);
    for (const start of [word, ...(bears(stem) ? [stem] : [])]) for (const form of [start, ...boundForms(start)]) starts.add(form);
  }
  return { any: [...starts].map((prefix) => ({ prefix })) };
}
