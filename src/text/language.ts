/** The languages a text may be written in and an answer may be asked in; Arabic first. */
export const LANGS = ['ar', 'en', 'fr'] as const;
export type Lang = (typeof LANGS)[number];

/** Base direction of a text, with the values of the HTML `dir` attribute. */
export type Dir = 'rtl' | 'ltr';

/** The base direction of a language. */
export function dirOf(lang: Lang): Dir {
  return lang === 'ar' ? 'rtl' : 'ltr';
}

/** Whether an untrusted value is one of the codes in {@link LANGS}; case counts. */
export function isLang(value: unknown): value is Lang {
  return LANGS.some((lang) => lang === value);
}

const ENGLISH_WORDS = new Set(
  'the of and to in is for on with that by from as are was has have its it an this be between after what how why will new'.split(' '),
);
const FRENCH_WORDS = new Set(
  'le la les de des du et en un une au aux est pour dans sur par avec que qui ce cette ses son sa entre après sont ou où se vers chez'.split(
    ' ',
  ),
);
const FRENCH_LETTER = /[àâæçéèêëîïôœùûüÿ]/;
const FRENCH_ELISION = /(?<!\p{L})(?:[cdjlmnst]|qu)['’](?=\p{L})/giu;

/**
 * The most probable language of a text.
 *
 * Script decides first: as many Arabic as Latin letters, or more, is Arabic, because an Arabic title often names a Latin term.
 * Latin text is French when its words, accents and elisions speak for French more often than its words speak for English, else English.
 * A text with neither script (digits only, empty) gives Arabic, the first language of the service.
 */
export function detectLang(text: string): Lang {
  const arabic = count(text, /\p{Script=Arabic}/gu);
  const latin = count(text, /\p{Script=Latin}/gu);
  if (arabic >= latin) return 'ar';
  let french = count(text, FRENCH_ELISION);
  for (const [word] of text
    .normalize('NFC')
    .toLowerCase()
    .matchAll(/\p{L}+/gu)) {
    if (FRENCH_WORDS.has(word) || FRENCH_LETTER.test(word)) french += 1;
    else if (ENGLISH_WORDS.has(word)) french -= 1;
  }
  return french > 0 ? 'fr' : 'en';
}

function count(text: string, pattern: RegExp): number {
  return text.match(pattern)?.length ?? 0;
}
