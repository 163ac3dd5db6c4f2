import { readCursor, type Cursor } from '../http/cursor.js';
import { invalidParameter } from '../http/input.js';
import { Moved } from '../http/published.js';
import type { Lang } from '../text/language.js';

/**
 * Where a page is on its own host: an absolute address would be a foreign one where the page is opened under another name.
 * @param parts of the path, as they are before they are encoded
 * @param asked the language that was asked for: who chose one keeps it from page to page
 */
export function hrefOf(
  parts: readonly (string | number)[],
  asked: Lang | undefined,
  parameters: Readonly<Record<string, string | undefined>> = {},
): string {
  const path = `/${parts.map(encodeURIComponent).join('/')}`;
  const query = queryOf({ lang: asked, ...parameters });
  return query === '' ? path : `${path}?${query}`;
}

/** What an address of this site has to say so that its page speaks the reader's language: what says nothing speaks the center's. */
export function askedFor(lang: Lang, home: Lang): Lang | undefined {
  return lang === home ? undefined : lang;
}

/** Parameters as they stand in an address, those without a value left out. */
export function queryOf(parameters: Readonly<Record<string, string | undefined>>): string {
  const given = Object.entries(parameters).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return new URLSearchParams(given).toString();
}

/** The one address of a page that was asked for by another. */
export function movedInto(origin: string, parts: readonly (string | number)[], asked: Lang | undefined): Moved {
  return new Moved(`${origin}${hrefOf(parts, asked)}`);
}

/** A parameter of an address, where it stands there once. */
export function parameterIn(query: unknown, name: string): string | undefined {
  const value = (query as Readonly<Record<string, unknown>>)[name];
  return typeof value === 'string' ? value : undefined;
}

/**
 * Where the page of a list begins that an address asks for; undefined: at its beginning.
 * @param list whose cursors are taken @param key what a key of that list looks like
 * @throws Problem 400 naming the cursor
 */
export function positionIn(query: unknown, list: string, key: RegExp): Cursor | undefined {
  const { cursor: given } = query as Readonly<Record<string, unknown>>;
  if (given === undefined) return undefined;
  const cursor = readCursor(list, given);
  if (cursor === null || !key.test(cursor.key)) throw invalidParameter('cursor', 'cursor');
  return cursor;
}
