import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Addresses } from '../http/addresses.js';
import type { Lang } from '../text/language.js';
import { wordingIn, type Wording } from '../text/wording.js';
import { parseAddress } from './address.js';
import { mailHost } from './carrier.js';
import { handlingOf, type Kind } from './kinds.js';
import type { Letterhead } from './letter.js';
import type { Mail } from './mail.js';
import { insertMail } from './mail.queries.js';
import { Seal } from '../config/seal.js';

/** A mail to be sent once the transaction that caused it is committed. */
export interface Letter {
  readonly kind: Kind;
  /** What this mail is about, whole: a second letter with the same key is not sent. Remembered for 90 days after the first has ended. */
  readonly dedupeKey: string;
  readonly to: string;
  /** Whom its recipient answers: an address that becomes Reply-To and nothing else. */
  readonly replyTo?: string;
  /** Keyed hash of whoever had it sent, where that is a stranger: what comes back counts against them a little, and not against all. */
  readonly causedBy?: Buffer;
  readonly mail: Mail;
}

/** What of a letter is encrypted in one piece, for whoever sends it. */
export interface LetterContent extends Mail {
  readonly replyTo?: string;
}

/** Where mail is posted. It leaves when its cause is committed, never before and never without it. */
@Injectable()
export class MailRoom {
  constructor(
    private readonly seal: Seal,
    private readonly addresses: Addresses,
  ) {}

  /**
   * Puts a letter into the outbox, in the transaction of its cause.
   * @returns false when one with the same key is there already
   * @throws Error when `to` or `replyTo` is no address: whoever takes addresses from people checks them with `parseAddress`
   */
  async post(tx: EntityManager, { kind, dedupeKey, to, replyTo, causedBy, mail: { subject, html, text } }: Letter): Promise<boolean> {
    const address = parseAddress(to);
    if (!address) throw new Error(`a letter of kind ${kind} is addressed to no address`);
    const answers = replyTo === undefined ? undefined : parseAddress(replyTo);
    if (answers === null) throw new Error(`a letter of kind ${kind} is answered to no address`);
    const content: LetterContent = { subject, html, text, replyTo: answers?.canonical };
    const { lane, hours } = handlingOf(kind);
    const messageId = `<${randomUUID()}@${mailHost(this.addresses.origin)}>`;
    return insertMail(tx, {
      kind,
      lane,
      hours,
      dedupeKey,
      to: this.seal.close(address.canonical, `${messageId} to`),
      content: this.seal.close(JSON.stringify(content), `${messageId} content`),
      messageId,
      causedBy,
    });
  }

  /** Who writes, in the language of the letter, for `letter({ center })`. */
  async letterhead(tx: EntityManager, lang: Lang): Promise<Letterhead> {
    const [center] = await tx.query<[{ name: Wording; lang: Lang; color: string; address: Wording | null }]>(
      `select name, lang, color, contact -> 'address' as address from center`,
    );
    const { name, color, address } = center;
    const postal = wordingIn(address ?? {}, lang, center.lang);
    return { name: wordingIn(name, lang, center.lang), origin: this.addresses.origin, color, postal: postal === '' ? null : postal };
  }
}
