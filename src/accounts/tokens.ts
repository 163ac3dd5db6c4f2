import { createHash, randomBytes } from 'node:crypto';

/** A secret that its bearer alone holds: 256 random bits, 43 characters. */
export function newToken(): string {
  return randomBytes(32).toString('base64url');
}

/** What the database keeps of a token. A plain hash will do: nobody guesses 256 bits. */
export function tokenHash(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
