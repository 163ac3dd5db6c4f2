import { createHmac, timingSafeEqual } from 'node:crypto';
import { countedMailbox, type Address } from './address.js';

/** 80 bits name a mailbox: among a million, two have the same name with a chance of 1 in 2·10¹². */
const NAME = 10;
/** 48 bits that only we can have added: who wants to refuse mail for a stranger guesses 2⁴⁸ times. */
const SEAL = 6;
const TOKEN = /^[\w-]{22}$/;

/**
 * Stand-ins for mailboxes. The tables hold hashes under a key that is not in the database, so nobody can tell from a copy of it who was
 * written to; a link to refuse mail leads to the same hash, without a row that says to whom it was sent, and works for ever.
 */
export class MailboxKeys {
  private derived: Buffer | null = null;

  /** @param derive asked at the first use: commands that only describe the application have no secret */
  constructor(private readonly derive: () => Buffer) {}

  /** @returns what tables know a mailbox by, 32 bytes; the same for every spelling that limits count as one mailbox */
  hashOf(address: Address): Buffer {
    return this.hashOfName(this.nameOf(address));
  }

  /**
   * @returns what proof of a mailbox hangs on, 32 bytes: only its server knows whether two spellings are one mailbox, so whoever has opened
   * a letter to one of them has not shown that the other is theirs
   */
  exactHashOf({ canonical }: Address): Buffer {
    return this.digestOf('exact', canonical);
  }

  /** @returns what the link to refuse mail ends in: 22 characters, so that with a short host the whole link fits a header line unfolded */
  tokenOf(address: Address): string {
    const name = this.nameOf(address);
    return Buffer.concat([name, this.sealOf(name)]).toString('base64url');
  }

  /** @returns the hash of the mailbox a token is for; null for what is no token of ours */
  hashOfToken(token: string): Buffer | null {
    if (!TOKEN.test(token)) return null;
    const bytes = Buffer.from(token, 'base64url');
    const name = bytes.subarray(0, NAME);
    // One mailbox has one token: the four bits that 22 characters have beyond 16 bytes are not ours to ignore.
    if (bytes.toString('base64url') !== token || !timingSafeEqual(bytes.subarray(NAME), this.sealOf(name))) return null;
    return this.hashOfName(name);
  }

  /** A keyed hash of something else that names people: the key of a request, a body. */
  digestOf(what: string, text: string): Buffer {
    return this.hmac(`${what}\0${text}`);
  }

  private nameOf(address: Address): Buffer {
    return this.hmac(`mailbox\0${countedMailbox(address)}`).subarray(0, NAME);
  }

  private sealOf(name: Buffer): Buffer {
    return this.hmac(`seal\0${name.toString('hex')}`).subarray(0, SEAL);
  }

  private hashOfName(name: Buffer): Buffer {
    return this.hmac(`name\0${name.toString('hex')}`);
  }

  private hmac(text: string): Buffer {
    this.derived ??= this.derive();
    return createHmac('sha256', this.derived).update(text).digest();
  }
}
