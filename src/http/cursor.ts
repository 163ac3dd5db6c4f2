/** The key of the last row of a page; the next page starts after it. Opaque to clients: base64url of the key's parts joined by a line feed. */
export interface Cursor {
  readonly key: string;
  readonly id: number;
}

/** @returns what {@link cursorSql} wrote, or null for anything else */
export function readCursor(value: unknown): Cursor | null {
  if (typeof value !== 'string' || !/^[\w-]{2,400}$/.test(value)) return null;
  const bytes = Buffer.from(value, 'base64url');
  const parts = /^(?<id>[1-9]\d{0,9})\n(?<key>[^\0\n]{1,250})$/u.exec(bytes.toString('utf8'));
  // Written back and compared: Buffer overlooks stray bits, and one position should have one cursor.
  if (!parts?.groups || bytes.toString('base64url') !== value || Number(parts.groups['id']) > 2_147_483_647) return null;
  return { key: parts.groups['key']!, id: Number(parts.groups['id']) };
}

/** SQL that writes the cursor of a row. @param key @param id SQL expressions: text, int */
export function cursorSql(key: string, id: string): string {
  return `translate(encode(convert_to(${id} || E'\\n' || ${key}, 'UTF8'), 'base64'), E'+/=\\n', '-_')`;
}
