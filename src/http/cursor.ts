import { createHash } from 'node:crypto';

/** The key of the last row of a page; the next page starts after it. */
export interface Cursor {
  readonly key: string;
  readonly id: number;
}

/** Keys of lists in the order of time: microseconds since 1970. */
export const INSTANT_KEY = /^-?\d{1,17}$/;

/** Longest cursor read, in characters: room for a key of 1,000 bytes, far above any name. */
const MAX_LENGTH = 1_400;

/**
 * Reads a cursor: opaque to clients, base64url of id, key and check, joined by line feeds. The check ties it to its list and finds slips of
 * copying; it is no secret, because every position of a list is public.
 * @param list the one it was written for
 * @returns what {@link cursorSql} wrote, or null for anything else
 */
export function readCursor(list: string, value: unknown): Cursor | null {
  if (typeof value !== 'string' || value.length > MAX_LENGTH || !/^[\w-]+$/.test(value)) return null;
  const bytes = Buffer.from(value, 'base64url');
  const parts = /^(?<position>(?<id>[1-9]\d{0,9})\n(?<key>[^\0\n]+))\n(?<check>[\da-f]{8})$/u.exec(bytes.toString('utf8'))?.groups;
  // Written back and compared: Buffer overlooks stray bits, and one position should have one cursor.
  if (!parts || bytes.toString('base64url') !== value || Number(parts['id']) > 2_147_483_647) return null;
  if (checkOf(list, parts['position']!) !== parts['check']) return null;
  return { key: parts['key']!, id: Number(parts['id']) };
}

function checkOf(list: string, position: string): string {
  return createHash('sha256').update(`${list}\n${position}`).digest('hex').slice(0, 8);
}

/** The cursor of a row, as {@link cursorSql} would write it: for lists that are put together in code. */
export function writeCursor(list: string, { key, id }: Cursor): string {
  const position = `${id}\n${key}`;
  return Buffer.from(`${position}\n${checkOf(list, position)}`, 'utf8').toString('base64url');
}

/** SQL that writes the cursor of a row. @param list a name from code @param key @param id SQL expressions: text or bigint, int */
export function cursorSql(list: string, key: string, id: string): string {
  const position = `${id} || E'\\n' || ${key}`;
  const check = `left(encode(sha256(convert_to(E'${list}\\n' || ${position}, 'UTF8')), 'hex'), 8)`;
  return `translate(encode(convert_to(${position} || E'\\n' || ${check}, 'UTF8'), 'base64'), E'+/=\\n', '-_')`;
}
