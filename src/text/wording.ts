import { cleanLine } from './clean.js';
import { LANGS, type Lang } from './language.js';

/** One name or phrase in up to three languages. Stored whole; readers get one string of it. */
export type Wording = Partial<Record<Lang, string>>;

/** @returns the wording cleaned, without languages left empty. @throws UncleanText */
export function cleanWording(wording: Wording): Wording {
  const clean: Wording = {};
  for (const lang of LANGS) {
    const text = cleanLine(wording[lang] ?? '');
    if (text !== '') clean[lang] = text;
  }
  return clean;
}

/** @returns the text in the first of `preferred` languages that has one, else in any, else '' */
export function wordingIn(wording: Wording, ...preferred: Lang[]): string {
  const lang = [...preferred, ...LANGS].find((candidate) => wording[candidate] !== undefined);
  return lang === undefined ? '' : wording[lang]!;
}
