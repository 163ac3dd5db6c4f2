import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

const ALGORITHM = 'aes-256-gcm';
/** 96 bits, drawn anew for each text: at this house's pace two are never equal. */
const NONCE = 12;
const TAG = 16;

/** What was sealed cannot be opened: it was changed, moved, or closed under another secret. */
export class Unopened extends Error {}

/** Keeps texts unreadable to whoever holds the database alone: AES-256-GCM under a key that never enters it. */
export class Seal {
  private derived: Buffer | null = null;

  /** @param derive 32 bytes of a purpose of its own; asked for at the first use: describing the application makes no key file */
  constructor(private readonly derive: () => Buffer) {}

  /** @param place where it will stand; opened elsewhere it is refused, so that rows cannot be given each other's contents */
  close(text: string, place: string): Buffer {
    const nonce = randomBytes(NONCE);
    const cipher = createCipheriv(ALGORITHM, this.key(), nonce).setAAD(Buffer.from(place));
    return Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
  }

  /** @throws Unopened */
  open(sealed: Buffer, place: string): string {
    const key = this.key();
    try {
      const decipher = createDecipheriv(ALGORITHM, key, sealed.subarray(0, NONCE), { authTagLength: TAG })
        .setAAD(Buffer.from(place))
        .setAuthTag(sealed.subarray(-TAG));
      return decipher.update(sealed.subarray(NONCE, -TAG), undefined, 'utf8') + decipher.final('utf8');
    } catch (cause) {
      throw new Unopened(`${place} cannot be opened: it was changed, moved, or closed under another SECRET_KEY`, { cause });
    }
  }

  private key(): Buffer {
    return (this.derived ??= this.derive());
  }
}
