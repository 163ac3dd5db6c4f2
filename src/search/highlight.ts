import { tokensIn, type Token } from '../text/analyser.js';
import type { Lang } from '../text/language.js';

/** A snippet has so many UTF-16 units at most: three lines of a phone. It is shorter only where the text is, or by the word that would be cut. */
const LONGEST = 200;
const SHORTEST = 160;
/** What is shown before the first word that matches. */
const LEAD = 40;
/** So far behind the first match a part of the text with more of them is looked for; the rest of a long text is not read. */
const LOOK_AHEAD = 1_000;

/**
 * The part of a text that shows why it was found: from the first match on or, soon after it, where the most different words match; without a match the
 * beginning. Cut at word borders, or between graphemes of a word too long; `…` where something is left out.
 * @param matches whether a word is one that was asked for
 * @param lang of the text
 * @param traces finds places outside which nothing matches, so that they need not be read; all flags but `g` are free
 * @returns HTML: the text escaped, and in `<mark>` what matches
 */
export function snippet(text: string, matches: (token: Token) => boolean, lang: Lang, traces: RegExp | null = null): string {
  const found = traces === null ? firstMatches(tokensIn(text), matches) : firstMatches(tokensAt(text, traces), matches);
  const { from, to } = extent(text, densest(found), lang);
  const shown = highlighted(text, found, from, to);
  return `${from > text.length - text.trimStart().length ? '… ' : ''}${shown}${to < text.trimEnd().length ? ' …' : ''}`;
}

/** The words around each trace. */
function* tokensAt(text: string, traces: RegExp): Generator<Token> {
  let read = 0;
  for (const { 0: trace, index } of text.matchAll(traces)) {
    if (index < read) continue;
    let [from, to] = [index, index + trace.length];
    while (from > read && !SPACE.test(text[from - 1]!)) from -= 1;
    while (to < text.length && !SPACE.test(text[to]!)) to += 1;
    for (const token of tokensIn(text.slice(from, to))) yield { ...token, start: from + token.start, end: from + token.end };
    read = to;
  }
}

function firstMatches(tokens: Iterable<Token>, matches: (token: Token) => boolean): Token[] {
  const found: Token[] = [];
  for (const token of tokens) {
    if (found.length > 0 && token.start > found[0]!.start + LOOK_AHEAD) break;
    if (matches(token)) found.push(token);
  }
  return found;
}

/** @returns where the snippet with the most different words begins; 0 without matches */
function densest(found: readonly Token[]): number {
  let best = { start: 0, words: 0 };
  for (const [index, { start }] of found.entries()) {
    const words = new Set<string>();
    for (let at = index; at < found.length && found[at]!.end <= start + SHORTEST - LEAD; at += 1) words.add(found[at]!.stem);
    if (words.size > best.words || best.words === 0) best = { start, words: words.size };
  }
  return best.start;
}

const SPACE = /\s/u;

function extent(text: string, match: number, lang: Lang): { from: number; to: number } {
  const start = text.length - text.trimStart().length;
  const end = text.trimEnd().length;
  let from = Math.max(start, Math.min(match - LEAD, end - LONGEST));
  if (from > start) {
    let word = from;
    while (word < from + LEAD && !SPACE.test(text[word - 1]!)) word += 1;
    from = SPACE.test(text[word - 1]!) ? word : graphemeBefore(text, from, lang);
  }
  while (from < end && SPACE.test(text[from]!)) from += 1;
  if (end - from <= LONGEST) return { from, to: Math.max(from, end) };
  let to = from + LONGEST;
  while (to > from + SHORTEST && !SPACE.test(text[to]!)) to -= 1;
  if (!SPACE.test(text[to]!)) return { from, to: Math.max(graphemeBefore(text, from + LONGEST, lang), from) };
  while (SPACE.test(text[to - 1]!)) to -= 1;
  return { from, to };
}

/** How far back a grapheme may begin; a longer one is no text. */
const GRAPHEME = 64;

/** @returns the last border of graphemes not after `at` */
function graphemeBefore(text: string, at: number, lang: Lang): number {
  let start = Math.max(0, at - GRAPHEME);
  if (/[\uDC00-\uDFFF]/.test(text[start]!)) start += 1;
  const around = new Intl.Segmenter(lang, { granularity: 'grapheme' }).segment(text.slice(start, at + GRAPHEME));
  return start + around.containing(at - start)!.index;
}

/** Words of a phrase share a mark: only spaces or a hyphen between them. */
const WITHIN_A_PHRASE = /^(?:[^\S\n]{0,2}|[-\u2010-\u2013])$/u;

function highlighted(text: string, found: readonly Token[], from: number, to: number): string {
  const marks: { start: number; end: number }[] = [];
  for (const token of found) {
    const start = Math.max(token.start, from);
    const end = Math.min(token.end, to);
    if (start >= end) continue;
    const last = marks.at(-1);
    if (last !== undefined && (start < last.end || WITHIN_A_PHRASE.test(text.slice(last.end, start)))) last.end = Math.max(last.end, end);
    else marks.push({ start, end });
  }
  let html = '';
  let at = from;
  for (const { start, end } of marks) {
    html += `${escaped(text.slice(at, start))}<mark>${escaped(text.slice(start, end))}</mark>`;
    at = end;
  }
  return html + escaped(text.slice(at, to));
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character]!);
}
