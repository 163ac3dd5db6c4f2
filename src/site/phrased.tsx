import type { JSX } from 'preact';
import type { Lang } from '../text/language.js';
import { phraseIn, type Wording } from '../text/wording.js';

/** A wording in the reader's language, or in one it has, and then it says which. Nothing where it has none. */
export function Phrased({ of, lang, home }: { of: Wording; lang: Lang; home: Lang }): JSX.Element | null {
  const phrase = phraseIn(of, lang, home);
  if (phrase === null) return null;
  const { text, ...own } = phrase;
  return <bdi {...own}>{text}</bdi>;
}
