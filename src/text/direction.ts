import { dirOf, type Dir, type Lang } from './language.js';

const MARK: Record<Dir, string> = { rtl: '\u200F', ltr: '\u200E' };

/**
 * A line of plain text that reads in the direction of its language. Plain text has no `dir`: programs take a paragraph's direction from its
 * first letter, so one that begins in the other script gets a mark before it.
 */
export function directed(paragraph: string, lang: Lang): string {
  const first = /\p{L}/u.exec(paragraph)?.[0];
  if (first === undefined) return paragraph;
  const dir: Dir = /[\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}]/u.test(first) ? 'rtl' : 'ltr';
  return dir === dirOf(lang) ? paragraph : MARK[dirOf(lang)] + paragraph;
}
