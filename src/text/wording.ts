import { cleanLine } from './clean.js';
import { LANGS, type Lang } from './language.js';

/** One name or phrase in up to three languages. Stored whole; readers get one string of it. */
export type Wording = Partial<Record<Lang, string>>;

/**
 * @param clean how each text is: a line, unless said otherwise
 * @returns the wording cleaned, without languages left empty. @throws UncleanText
 */
export function cleanWording(wording: Wording, clean: (text: string) => string = cleanLine): Wording {
  const cleaned: Wording = {};
  for (const lang of LANGS) {
    const text = clean(wording[lang] ?? '');
    if (text !== '') cleaned[lang] = text;
  }
  return cleaned;
}

/** @returns the text in the first of `preferred` languages that has one, else in any, else '' */
export function wordingIn(wording: Wording, ...preferred: Lang[]): string {
  return wordedIn(wording, ...preferred).text;
}

/** A text, and the language it is in. */
export interface Worded {
  readonly text: string;
  readonly lang: Lang;
}

/** The same as {@link wordingIn}, and in which language that is: what is shown must say so. */
export function wordedIn(wording: Wording, ...preferred: Lang[]): Worded {
  const lang = [...preferred, ...LANGS].find((candidate) => wording[candidate] !== undefined);
  return lang === undefined ? { text: '', lang: preferred[0] ?? 'ar' } : { text: wording[lang]!, lang };
}
