import { directed } from '../text/direction.js';
import { dirOf, type Lang } from '../text/language.js';
import type { ShareLinks } from './share-links.dto.js';

/** What links lead to, and how it is called. */
interface Shared {
  readonly title: string;
  readonly lang: Lang;
  /** Canonical; nothing in it tells who passed it on. */
  readonly url: string;
  /** Whether the center mails pieces. */
  readonly mail: boolean;
}

/**
 * The links under which a piece is passed on. The title has a line of its own and the address the next: on one line a right-to-left title
 * and an address disturb each other's order. A title that begins in the other script gets its mark.
 */
export function shareLinks({ title, lang, url, mail }: Shared): ShareLinks {
  const line = directed(title, lang);
  return {
    title,
    text: `${line}\n`,
    url,
    lang,
    dir: dirOf(lang),
    // RFC 6068, 5: line ends are %0D%0A, spaces %20.
    mailto: `mailto:?${parameters({ subject: line, body: `${line}\r\n${url}\r\n` })}`,
    whatsapp: `https://wa.me/?${parameters({ text: `${line}\n${url}` })}`,
    telegram: `https://t.me/share/url?${parameters({ url, text: line })}`,
    // The address is put behind the text, with nothing but a space between.
    x: `https://x.com/intent/post?${parameters({ text: `${line}\n`, url })}`,
    facebook: `https://www.facebook.com/sharer/sharer.php?${parameters({ u: url })}`,
    mail,
  };
}

function parameters(values: Readonly<Record<string, string>>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name}=${encoded(value)}`)
    .join('&');
}

/** UTF-8, and everything but RFC 3986's unreserved characters: brackets and quotes end links in running text. */
function encoded(value: string): string {
  return encodeURIComponent(value).replace(/[!'()*]/g, (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`);
}
