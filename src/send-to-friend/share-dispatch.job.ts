import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { inTransaction } from '../database/transaction.js';
import { RateLimits } from '../http/rate-limits.js';
import { Waker } from '../jobs/waker.js';
import type { Address } from '../mail/address.js';
import { MailRoom } from '../mail/mail-room.service.js';
import { MailboxKeys } from '../mail/mailbox-keys.js';
import { Suppressions } from '../mail/suppressions.service.js';
import { Pieces, type Piece } from './pieces.service.js';
import { ShareConfirmations } from './share-confirmations.service.js';
import { shareConfirmationMail } from './share-confirmation.mail.js';
import { ShareContents, type ShareContent } from './share-content.js';
import { SHARES_KEPT_DAYS, articleHour, domainOf, recipientBuckets, senderLetters } from './share-limits.js';
import { shareMail } from './share.mail.js';
import { WAITS, claimShare, countShare, insertRecipient, postponeShare, type DueShare } from './shares.queries.js';

const SWEEP_EVERY_MS = 60_000;
/** Rows of one sweep: short enough not to hold anybody up. */
const SWEPT_AT_ONCE = 1_000;

/**
 * Makes letters of shares: one that asks the sender, or one for each recipient. Everything that depends on who somebody is happens here, behind
 * the answer. Each share is one transaction, so that a crash leaves it due, and its letters are posted once.
 */
@Injectable()
export class ShareDispatch implements OnModuleInit {
  private readonly logger = new Logger('ShareDispatch');

  constructor(
    private readonly dataSource: DataSource,
    private readonly waker: Waker,
    private readonly limits: RateLimits,
    private readonly contents: ShareContents,
    private readonly pieces: Pieces,
    private readonly confirmations: ShareConfirmations,
    private readonly mailRoom: MailRoom,
    private readonly keys: MailboxKeys,
    private readonly suppressions: Suppressions,
  ) {}

  onModuleInit(): void {
    this.waker.register({ name: 'shares', run: () => this.next() });
    this.waker.register({ name: 'shares sweep', pause: SWEEP_EVERY_MS, run: () => this.sweep() });
  }

  /** @returns whether a share was due. @throws whatever went wrong with it; the others do not wait for it */
  private async next(): Promise<boolean> {
    let taken: DueShare | undefined;
    try {
      await inTransaction(this.dataSource, async (tx) => {
        [taken] = await tx.query<DueShare[]>(claimShare);
        if (taken) await this.treat(tx, taken);
      });
    } catch (error) {
      if (taken) await this.dataSource.query(postponeShare, [taken.id]);
      throw error;
    }
    return taken !== undefined;
  }

  private async treat(tx: EntityManager, share: DueShare): Promise<void> {
    const content = this.contents.open(share.id, share.content);
    if (content === null) await end(tx, share, 'dropped');
    else if (share.state === 'unasked') await this.ask(tx, share, content);
    else await this.dispatch(tx, share, content);
  }

  /** Asks the sender, unless that mailbox has had its letters: then the share waits for the link that is already there. */
  private async ask(tx: EntityManager, { id, senderHash }: DueShare, { senderEmail, lang }: ShareContent): Promise<void> {
    const asked = await granted(tx, async (inner) => {
      if (!(await this.claims(inner, senderLetters(this.keys.hashOf(senderEmail))))) throw new NotGranted();
      const { href, id: link } = await this.confirmations.open(inner, senderHash, lang);
      const center = await this.mailRoom.letterhead(inner, lang);
      const optOut = this.suppressions.optOutHref(senderEmail);
      await this.mailRoom.post(inner, {
        kind: 'share_confirmation',
        dedupeKey: `share_confirmation:${link}`,
        to: senderEmail.canonical,
        mail: shareConfirmationMail({ lang, center, href, optOut }),
      });
    });
    if (!asked) await this.confirmations.prolong(tx, senderHash);
    await tx.query(`update shares set state = 'held' where id = $1`, [id]);
  }

  private async dispatch(tx: EntityManager, share: DueShare, content: ShareContent): Promise<void> {
    const piece = await this.pieces.find(tx, share.articleId);
    if (piece === null) return end(tx, share, 'dropped');
    if (!(await this.claims(tx, [articleHour(share.articleId)]))) {
      this.logger.error(`article ${share.articleId} is shared too often: share ${share.id} goes to nobody`);
      return end(tx, share, 'dropped');
    }
    const recipients = content.recipients.map((address, index) => ({ address, mailbox: this.keys.hashOf(address), number: index + 1 }));
    // In one order for all shares, domain by domain: two with the same friends wait for each other, and not in a circle.
    recipients.sort((one, other) => compare(domainOf(one.address), domainOf(other.address)) || one.mailbox.compare(other.mailbox));
    let letters = 0;
    for (const recipient of recipients) if (await this.post(tx, share, content, piece, recipient)) letters += 1;
    if (letters > 0) await tx.query(countShare, [share.articleId, letters]);
    await end(tx, share, 'dispatched');
  }

  /** @returns whether the recipient gets a letter: claimed before it is posted, and all of it or nothing */
  private post(
    tx: EntityManager,
    { id, articleId }: DueShare,
    { lang, senderName, senderEmail, message, replies }: ShareContent,
    piece: Piece,
    { address, mailbox, number }: { readonly address: Address; readonly mailbox: Buffer; readonly number: number },
  ): Promise<boolean> {
    return granted(tx, async (inner) => {
      if (!(await this.claims(inner, recipientBuckets(address, mailbox)))) throw new NotGranted();
      if ((await inner.query<unknown[]>(insertRecipient, [id, articleId, mailbox])).length === 0) throw new NotGranted();
      const center = await this.mailRoom.letterhead(inner, lang);
      const optOut = this.suppressions.optOutHref(address);
      await this.mailRoom.post(inner, {
        kind: 'share',
        dedupeKey: `share:${id}:${number}`,
        to: address.canonical,
        ...(replies && { replyTo: senderEmail.canonical }),
        causedBy: this.keys.hashOf(senderEmail),
        mail: shareMail({ lang, center, piece, senderName, message, replies, optOut }),
      });
    });
  }

  private async claims(tx: EntityManager, buckets: Parameters<RateLimits['claimEach']>[0]): Promise<boolean> {
    return (await this.limits.claimEach(buckets, tx)).every((wait) => wait === null);
  }

  /** Gives up what has waited too long, and forgets what has been. @returns whether more may be left */
  private async sweep(): Promise<boolean> {
    const changed = async (sql: string): Promise<number> => (await this.dataSource.query<[unknown, number]>(sql, [SWEPT_AT_ONCE]))[1];
    const swept = [
      await changed(
        `update shares set state = 'dropped', content_enc = null, ended_at = now() where id in (
           select id from shares where ended_at is null and created_at <= now() - ${WAITS} order by created_at limit $1 for update skip locked)`,
      ),
      await changed(
        `delete from shares where id in (
           select id from shares where created_at < now() - interval '${SHARES_KEPT_DAYS} days' order by created_at limit $1 for update skip locked)`,
      ),
      await changed(
        `delete from share_confirmations where token_hash in (
           select token_hash from share_confirmations where expires_at <= now() order by expires_at limit $1 for update skip locked)`,
      ),
    ];
    return swept.some((rows) => rows === SWEPT_AT_ONCE);
  }
}

function compare(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}

/** Undoes what was claimed for a letter that is not posted. */
class NotGranted extends Error {}

/** Does something whole or not at all. @returns whether it was done */
async function granted(tx: EntityManager, act: (inner: EntityManager) => Promise<void>): Promise<boolean> {
  try {
    await tx.transaction(act);
    return true;
  } catch (error) {
    if (error instanceof NotGranted) return false;
    throw error;
  }
}

async function end(tx: EntityManager, { id }: DueShare, state: 'dispatched' | 'dropped'): Promise<void> {
  await tx.query(`update shares set state = $2, content_enc = null, ended_at = now() where id = $1`, [id, state]);
}
