import type { Lang } from '../text/language.js';
import { analyse, type Token } from '../text/analyser.js';

/** Letters of a snippet that tells enough and fits three lines of a phone. */
const LENGTH = 200;

/** @returns HTML */
export function snippet(text: string, matches: (token: Token) => boolean, lang: Lang): string {
  void lang;
  return marked(text.slice(0, LENGTH), matches);
}

/** @returns HTML: the whole text with what matches in `<mark>` */
export function marked(text: string, matches: (token: Token) => boolean): string {
  let html = '';
  let at = 0;
  for (const token of analyse(text)) {
    if (token.start < at || !matches(token)) continue;
    html += `${escaped(text.slice(at, token.start))}<mark>${escaped(text.slice(token.start, token.end))}</mark>`;
    at = token.end;
  }
  return html + escaped(text.slice(at));
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character]!);
}
