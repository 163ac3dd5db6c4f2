import { createHash, randomBytes, randomInt } from 'node:crypto';
import { crc32 } from 'node:zlib';

/** A secret that its bearer alone holds: 256 random bits, 43 characters. */
export function newToken(): string {
  return randomBytes(32).toString('base64url');
}

/** What the database keeps of a token. A plain hash will do: nobody guesses 256 bits. */
export function tokenHash(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

/** Begins every token of a program, so that whoever finds one, or looks for forgotten ones, knows what it is. */
const API_PREFIX = 'mkz_';
const API_TOKEN = /^mkz_(?<secret>[\w-]{43})(?<sum>[\da-f]{8})$/;

/** A token for a program: the prefix, 256 random bits, and their CRC-32, by which scanners tell a token from what only looks like one. */
export function newApiToken(): string {
  const secret = newToken();
  return `${API_PREFIX}${secret}${sumOf(secret)}`;
}

/** Whether this can be a token of a program: what is mistyped or cut is told without asking the database. */
export function isApiToken(text: string): boolean {
  const { secret, sum } = API_TOKEN.exec(text)?.groups ?? {};
  return secret !== undefined && sum === sumOf(secret);
}

function sumOf(secret: string): string {
  return crc32(secret).toString(16).padStart(8, '0');
}

/** Without the letters and digits that are taken for each other: i, l, o, 0, 1. */
const ALPHABET = 'abcdefghjkmnpqrstuvwxyz23456789';

/** A secret that people type: each character is worth almost 5 bits. */
export function newTypedSecret(characters: number): string {
  return Array.from({ length: characters }, () => ALPHABET[randomInt(ALPHABET.length)]).join('');
}
