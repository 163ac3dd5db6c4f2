import type { JSX } from 'preact';
import type { Lang } from '../text/language.js';
import { askedFor, hrefOf } from './links.js';
import { WORDS } from './privacy.words.js';

/** The way to what is kept of readers, and how long. */
export function PrivacyLink({ lang, home }: { lang: Lang; home: Lang }): JSX.Element {
  return <a href={hrefOf(['privacy'], askedFor(lang, home))}>{WORDS[lang].title}</a>;
}
