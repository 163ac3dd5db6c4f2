import { Injectable, Logger } from '@nestjs/common';
import { parseAddress, type Address } from '../mail/address.js';
import { Seal } from '../config/seal.js';
import type { Lang } from '../text/language.js';

/** What of a share names people. */
export interface ShareContent {
  readonly senderName: string;
  readonly senderEmail: Address;
  readonly recipients: readonly Address[];
  /** Without anything that looks like a link. */
  readonly message: string | null;
  /** Whether recipients may answer the sender. */
  readonly replies: boolean;
  /** Of the letters. */
  readonly lang: Lang;
}

/** It stands in one column, unreadable without the key, until the share has gone out or is given up. */
@Injectable()
export class ShareContents {
  private readonly logger = new Logger('ShareContents');

  constructor(private readonly seal: Seal) {}

  close(shareId: string, { senderEmail, recipients, ...content }: ShareContent): Buffer {
    const text = JSON.stringify({
      ...content,
      senderEmail: senderEmail.canonical,
      recipients: recipients.map(({ canonical }) => canonical),
    });
    return this.seal.close(text, placeOf(shareId));
  }

  /** @returns null when nobody can read it any more: it was closed under another secret */
  open(shareId: string, sealed: Buffer): ShareContent | null {
    try {
      return this.decrypted(shareId, sealed);
    } catch {
      this.logger.error(`share ${shareId} cannot be decrypted: SECRET_KEY has changed since it was sent`);
      return null;
    }
  }

  private decrypted(shareId: string, sealed: Buffer): ShareContent {
    const { senderEmail, recipients, ...content } = JSON.parse(this.seal.open(sealed, placeOf(shareId))) as Omit<
      ShareContent,
      'senderEmail' | 'recipients'
    > & { senderEmail: string; recipients: string[] };
    return { ...content, senderEmail: addressOf(senderEmail), recipients: recipients.map(addressOf) };
  }
}

function placeOf(shareId: string): string {
  return `share ${shareId}`;
}

function addressOf(canonical: string): Address {
  const address = parseAddress(canonical);
  if (address === null) throw new Error('a share holds what is no address');
  return address;
}
