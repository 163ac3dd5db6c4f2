import { fold } from './fold.js';

/**
 * Longest slug in letters (code points): an Arabic letter takes six bytes percent-encoded, and mail and chat clients break longer addresses.
 */
export const SLUG_MAX_LENGTH = 70;

/** Titles are cut earlier than the limit, so that a `-2` … `-99999` can follow when the slug is taken. */
const CUT_AT = 64;

const QUOTES = /['"`´‘’‚‛“”„‟«»‹›ʼ]/g;
const DROPPED = /[\p{M}\p{Cf}\u0640]/gu;
const ARABIC_INDIC_DIGIT = /[٠-٩۰-۹]/g;
const DIGITS_ONLY = /^[0-9]+$/;

// One word holds one script (beside digits), because а, a and ا side by side are how an address imitates another.
const WORD = new RegExp(
  `[0-9]*(?:${['Arabic', 'Latin', 'Greek', 'Cyrillic', 'Hebrew', 'Han'].map((script) => `\\p{Script=${script}}[\\p{Script=${script}}0-9]*`).join('|')})|[0-9]+`,
  'gu',
);

/**
 * The slug of a title: its words as written (hamza, ة and ى kept), lower-cased, joined by hyphens, without tashkeel, tatweel, quotes and
 * invisible characters, digits in ASCII; where a word changes script a hyphen parts it. Letters of scripts other than Arabic, Latin, Greek,
 * Cyrillic, Hebrew and Han are left out. Cut at a word border, and inside the first word only when that alone is too long.
 *
 * A title without usable letters gives `fallback`, one of digits only `fallback-digits`, so the result is never empty and never reads as an id.
 * `slugify(slugify(t, f), f)` is `slugify(t, f)`.
 * @throws RangeError when the fallback is itself no slug, or longer than a cut title.
 */
export function slugify(title: string, fallback: string): string {
  if (!isSlug(fallback) || lengthOf(fallback) > CUT_AT) throw new RangeError('the fallback of a slug must be a short slug itself');
  const slug = cut(slugWords(title));
  if (slug === '') return fallback;
  if (DIGITS_ONLY.test(slug)) return [...`${fallback}-${slug}`].slice(0, CUT_AT).join('').replace(/-$/, '');
  return slug;
}

/**
 * Whether a value is a slug as {@link slugify} writes them, up to {@link SLUG_MAX_LENGTH} letters: normalised lower-case letters, ASCII digits
 * and single inner hyphens, one script per word, no tashkeel or tatweel, not digits only.
 */
export function isSlug(value: string): boolean {
  if (value === '' || value.length > 2 * SLUG_MAX_LENGTH || lengthOf(value) > SLUG_MAX_LENGTH) return false;
  return !DIGITS_ONLY.test(value) && slugWords(value).join('-') === value;
}

/** The key under which slugs must be unique: two slugs that differ only as {@link fold} forgives (مكتبة, مكتبه) share it. Hyphens stay. */
export function foldSlug(slug: string): string {
  return fold(slug);
}

/** What `{idOrSlug}` names, for `id = $1::int or slug_folded = $2`: only digits are an id. */
export function idOrFolded(idOrSlug: string): [id: string | null, folded: string | null] {
  return /^[1-9]\d{0,8}$/.test(idOrSlug) ? [idOrSlug, null] : [null, foldSlug(idOrSlug)];
}

function slugWords(text: string): string[] {
  const letters = text
    .replace(QUOTES, '')
    .normalize('NFKC')
    .toLowerCase()
    // Lower case can bring marks (İ) and what is dropped can have kept letters apart, so each step is normalised again.
    .normalize('NFKC')
    .replace(DROPPED, '')
    .normalize('NFKC')
    .replace(ARABIC_INDIC_DIGIT, (digit) => fold(digit))
    .replace(/[^\p{L}0-9]+/gu, '-');
  return letters.match(WORD) ?? [];
}

function cut(parts: string[]): string {
  let slug = '';
  for (const part of parts) {
    const longer = slug === '' ? part : `${slug}-${part}`;
    if (lengthOf(longer) > CUT_AT) return slug === '' ? [...part].slice(0, CUT_AT).join('') : slug;
    slug = longer;
  }
  return slug;
}

function lengthOf(text: string): number {
  return [...text].length;
}
