import type { Lang } from './language.js';

/**
 * Silent reading speed in words per minute. English: 238, Brysbaert 2019 (mean of 190 studies). Arabic: 180, an estimate for silent reading
 * from the 138 read aloud in the IReST texts. French: 195, the IReST figure as recalled; not checked against the paper.
 */
const WORDS_PER_MINUTE: Readonly<Record<Lang, number>> = { ar: 180, en: 238, fr: 195 };

/** Words in a text without markup, counted as maximal runs of letters, marks and digits: so `don't` counts two, كوفيد-19 two. */
export function countWords(plain: string): number {
  return plain.match(/[\p{L}\p{M}\p{N}]+/gu)?.length ?? 0;
}

/** Whole minutes a reader needs for so many words of a language: rounded up, never less than 1. */
export function readingMinutes(words: number, lang: Lang): number {
  return Math.max(1, Math.ceil(words / WORDS_PER_MINUTE[lang]));
}
