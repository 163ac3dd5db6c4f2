import { cleanLine } from './clean.js';
import { LANGS, dirOf, type Dir, type Lang } from './language.js';

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

/** One text of a wording, and how it is written. */
export interface Phrase {
  readonly text: string;
  readonly lang: Lang;
  readonly dir: Dir;
}

/** @returns the text in the first of `preferred` languages that has one, else in any; null where there is none */
export function phraseIn(wording: Wording, ...preferred: Lang[]): Phrase | null {
  const lang = [...preferred, ...LANGS].find((candidate) => wording[candidate] !== undefined);
  return lang === undefined ? null : { text: wording[lang]!, lang, dir: dirOf(lang) };
}

/** @returns the text of {@link phraseIn}, or '' */
export function wordingIn(wording: Wording, ...preferred: Lang[]): string {
  return phraseIn(wording, ...preferred)?.text ?? '';
}
