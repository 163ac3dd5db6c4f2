import { UncleanText, cleanLine } from '../text/clean.js';

/** Longest address looked at, in characters, and longest one kept, in bytes of its one spelling. */
const LONGEST = 2_000;

/** What mailings and networks add to every link: it says where a reader comes from, not where the piece stands. */
const ADDED = /^(?:utm_[^=]*|fbclid|gclid)(?:=|$)/i;
/** The parameters of our own pages. */
const OURS = /^(?:lang|r)=/;

/**
 * The one spelling of an address of an old site, under which it is kept and found: path and query, decoded, NFC, without host, fragment, slash
 * at the end and what is added to links on their way. Capitals and the order of parameters stay.
 * @param url absolute, or from its path on
 * @returns null for what cannot be told from other addresses: the front page, no text, longer than 2,000 characters
 */
export function oldAddress(url: string): string | null {
  const { path, parameters } = taken(url) ?? {};
  return path === undefined ? null : put(path, parameters!);
}

/**
 * The spellings under which what a reader asks for may be known: as it is, without the language that our own pages add, and without any parameter.
 * @param url as in {@link oldAddress}
 * @returns none for what can be known under none
 */
export function oldAddressesOf(url: string): readonly string[] {
  const { path, parameters } = taken(url) ?? {};
  if (path === undefined) return [];
  const spellings = [parameters!, parameters!.filter((one) => !OURS.test(one)), []].map((kept) => put(path, kept));
  return [...new Set(spellings.filter((one) => one !== null))];
}

function taken(url: string): { readonly path: string; readonly parameters: readonly string[] } | null {
  if (url.length > LONGEST) return null;
  const [address = ''] = url.replace(/^(?:[a-z][a-z\d+.-]*:)?\/\/[^/?#]*/i, '').split('#');
  // `mailto:` and its like lead to no page.
  if (/^[a-z][a-z\d+.-]*:/i.test(address)) return null;
  const at = address.indexOf('?');
  const path = decoded(at < 0 ? address : address.slice(0, at));
  const parameters = at < 0 ? [] : address.slice(at + 1).split('&').filter((one) => one !== '' && !ADDED.test(one)).map((one) => decoded(one.replaceAll('+', ' '))); // prettier-ignore
  if (path === null || parameters.includes(null)) return null;
  return { path: `/${path.replaceAll(/^\/+|\/+$/g, '')}`, parameters: parameters as string[] };
}

function put(path: string, parameters: readonly string[]): string | null {
  const address = parameters.length === 0 ? path : `${path}?${parameters.join('&')}`;
  return address === '/' || Buffer.byteLength(address) > LONGEST ? null : address;
}

function decoded(text: string): string | null {
  try {
    return cleanLine(decodeURIComponent(text));
  } catch (error) {
    if (error instanceof URIError || error instanceof UncleanText) return null;
    throw error;
  }
}

/** Paths at which pages and doors of ours stand: what an old site had there cannot be led on. Without the slash in front. */
const OWN_PATHS = [
  '[1-9]\\d{0,8}',
  'about|privacy|search|authors|polls|robots[.]txt|favicon[.]ico|openapi[.]json',
  '(?:api|docs)(?:/.*)?',
  'articles/[^/]+/[^/]+(?:/send)?',
  '(?:assets|authors|go|polls|previews|sections|series|tags)/[^/]+',
  'polls/[^/]+/vote|(?:polls|shares)/confirm/[^/]+|mail/opt-out/[^/]+',
  '(?:previews/[^/]+/)?media/[^/]+/[^/]+',
  'desk/password(?:[.]js)?|dev/mail(?:/[^/]+)?|health/(?:live|ready)|[.]well-known/markaz-keys[.]json',
];
const OWN = new RegExp(`^/(?:${OWN_PATHS.join('|')})(?:[?]|$)`);

/** Whether something of ours stands at an old address, so that nobody is led on from there. @param address as {@link oldAddress} gives it */
export function isOwnPath(address: string): boolean {
  return OWN.test(address);
}
