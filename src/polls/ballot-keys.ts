import { createHash, createHmac } from 'node:crypto';

/**
 * What of a reader a poll keeps: keyed hashes under the poll's own secret, so that the rows of two polls cannot be joined, and nothing can
 * be recomputed once the secret is destroyed.
 */

/** @param nonce of the reader's cookie @returns 32 bytes: one ballot of one poll */
export function ballotHash(secret: Buffer, nonce: Buffer): Buffer {
  return keyed(secret, 'ballot', nonce);
}

/** @param mailbox the address as `countedMailbox` gives it: one vote for each */
export function voterKey(secret: Buffer, mailbox: string): Buffer {
  return keyed(secret, 'voter', Buffer.from(mailbox, 'utf8'));
}

/** @returns 16 letters and digits of base32 (80 bits): the same each time, so that a replay computes what the first answer said */
export function receiptOf(secret: Buffer, nonce: Buffer): string {
  return base32(keyed(secret, 'receipt', nonce)).slice(0, 16);
}

/** What is stored, and published in the signed result. @param receipt as the reader holds it */
export function receiptHash(receipt: string): Buffer {
  return createHash('sha256').update(receipt).digest();
}

/** Two ballots with the same options in any order have the same. */
export function choicesDigest(optionIds: readonly number[]): Buffer {
  return createHash('sha256')
    .update(optionIds.toSorted((a, b) => a - b).join())
    .digest();
}

export const RECEIPT = /^[A-Z2-7]{16}$/;

function keyed(secret: Buffer, purpose: string, of: Buffer): Buffer {
  return createHmac('sha256', secret).update(`${purpose}\0`).update(of).digest();
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** RFC 4648, without padding. */
function base32(bytes: Buffer): string {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  return (bits.match(/.{5}/g) ?? []).map((five) => ALPHABET[Number.parseInt(five, 2)]).join('');
}
