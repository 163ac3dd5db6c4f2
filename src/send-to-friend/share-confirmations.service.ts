import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { newToken, tokenHash } from '../accounts/tokens.js';
import { inTransaction } from '../database/transaction.js';
import { Addresses } from '../http/addresses.js';
import { Problem } from '../http/problem.js';
import { RateLimits } from '../http/rate-limits.js';
import { MailStops } from '../mail/mail-stops.service.js';
import { MailboxKeys } from '../mail/mailbox-keys.js';
import type { Lang } from '../text/language.js';
import { PROVEN_SECONDS, SenderCookie } from './sender-cookie.js';
import { ShareContents, type ShareContent } from './share-content.js';
import { senderBuckets } from './share-limits.js';
import { sharesStopped, sharingOff } from './share-refusals.js';
import { WAITS } from './shares.queries.js';

/** What waits for a sender, `s` being a row of shares. $1 sender, $2 the last moment, null for all. */
const HELD = `s.sender_hash = $1 and s.state in ('unasked', 'held') and s.created_at > now() - ${WAITS}
  and ($2::timestamptz is null or s.created_at <= $2::timestamptz)`;

/** What a link would release, as the page shows it to whoever holds it. */
export interface HeldShares {
  /** Those that wait, the oldest first. */
  readonly shares: readonly {
    readonly title: string;
    readonly lang: Lang;
    readonly senderName: string;
    readonly recipients: number;
  }[];
  /** Whether the link was used before. */
  readonly released: boolean;
  /** The moment of the newest of them, for {@link ShareConfirmations.confirm}; null where none waits. */
  readonly upTo: string | null;
}

export interface ConfirmedSender {
  /** Shares that go out now. */
  readonly released: number;
  /** Shares beyond what one sender may send in a day. */
  readonly dropped: number;
  /** For the cookie. */
  readonly proof: string;
  /** When it ends. */
  readonly until: Date;
}

/**
 * Senders are asked whether it was them before anything reaches a friend. The letter's link proves the mailbox: what waits under it goes out,
 * and the browser is not asked again for 30 days. Opening the link changes nothing, because programs that look into mail open links too.
 */
@Injectable()
export class ShareConfirmations {
  constructor(
    private readonly dataSource: DataSource,
    private readonly addresses: Addresses,
    private readonly limits: RateLimits,
    private readonly contents: ShareContents,
    private readonly cookie: SenderCookie,
    private readonly stops: MailStops,
    private readonly keys: MailboxKeys,
  ) {}

  /** A link for the sender's letter, good for 24 hours. @returns its address, and what tells its letter from others */
  async open(tx: EntityManager, sender: Buffer, lang: Lang): Promise<{ href: string; id: string }> {
    const token = newToken();
    const hash = tokenHash(token);
    await tx.query(`insert into share_confirmations (token_hash, sender_hash, expires_at) values ($1, $2, now() + ${WAITS})`, [
      hash,
      sender,
    ]);
    return { href: `${this.addresses.origin}/shares/confirm/${token}?lang=${lang}`, id: hash.toString('hex') };
  }

  /**
   * The link that a sender already has stays good for another 24 hours, as long as it lives: a share that no letter is sent for waits for it.
   */
  async prolong(tx: EntityManager, sender: Buffer): Promise<void> {
    await tx.query(`update share_confirmations set expires_at = now() + ${WAITS} where sender_hash = $1 and expires_at > now()`, [sender]);
  }

  /** @returns null for a link that never was or is too old. Changes nothing. */
  async find(token: string): Promise<HeldShares | null> {
    const [link] = await this.dataSource.query<{ sender: Buffer; released: boolean }[]>(
      `select sender_hash as sender, confirmed_at is not null as released from share_confirmations where token_hash = $1 and expires_at > now()`,
      [tokenHash(token)],
    );
    if (!link) return null;
    const rows = await this.dataSource.query<{ id: string; content: Buffer; recipients: number; title: string; lang: Lang; at: string }[]>(
      `select s.id, s.content_enc as content, s.recipients, s.created_at::text as at, a.title, a.lang
       from shares s cross join lateral (select title, lang from pub.articles where id = s.article_id offset 0) a
       where ${HELD} order by s.created_at, s.id`,
      [link.sender, null],
    );
    const shares = rows.flatMap(({ id, content, recipients, title, lang }) => {
      // One that nobody can decrypt any more goes to nobody: the job gives it up.
      const opened = this.contents.open(id, content);
      return opened === null ? [] : [{ title, lang, senderName: opened.senderName, recipients }];
    });
    return { shares, released: link.released, upTo: rows.at(-1)?.at ?? null };
  }

  /**
   * Releases what waits for the mailbox of the link; again with the same link it releases what has come since.
   * @param upTo what has come after this moment waits on: whoever presses a button releases what the page has shown; null for all
   * @throws Problem 422 `link_expired` for a link that never was or is too old; while nothing is sent, 403 `mail_sharing_off` and 503
   *   `shares_stopped`, and everything waits on
   */
  async confirm(token: string, upTo: string | null = null): Promise<ConfirmedSender> {
    return inTransaction(this.dataSource, async (tx) => {
      const [[link]] = await tx.query<[{ sender: Buffer; now: number }[], number]>(
        `update share_confirmations set confirmed_at = coalesce(confirmed_at, now()) where token_hash = $1 and expires_at > now()
         returning sender_hash as sender, floor(extract(epoch from now()))::float8 as now`,
        [tokenHash(token)],
      );
      if (!link) throw linkExpired();
      const [center] = await tx.query<[{ sharing: boolean }]>(`select mail_sharing as sharing from center`);
      if (!center.sharing) throw sharingOff();
      if (await this.stops.stopped(tx, 'shares')) throw sharesStopped();
      const { sender, now } = link;
      // One that somebody else has just released is not among them once we hold the others.
      const held = await tx.query<{ id: string; content: Buffer }[]>(
        `select s.id, s.content_enc as content from shares s where ${HELD} order by s.created_at, s.id for update`,
        [sender, upTo],
      );
      let released = 0;
      for (const { id, content } of held) if (await this.release(tx, id, this.contents.open(id, content))) released += 1;
      return {
        released,
        dropped: held.length - released,
        proof: this.cookie.proofOf(sender, now),
        until: new Date((now + PROVEN_SECONDS) * 1_000),
      };
    });
  }

  /** @returns whether it goes out; what nobody can decrypt, or is beyond what its sender may send, is given up */
  private async release(tx: EntityManager, id: string, content: ShareContent | null): Promise<boolean> {
    try {
      await tx.transaction(async (inner) => {
        if (content === null) throw new NotReleased();
        const { senderEmail, recipients } = content;
        const waits = await this.limits.claimEach(senderBuckets(this.keys.hashOf(senderEmail), true, recipients.length), inner);
        if (waits.some((wait) => wait !== null)) throw new NotReleased();
        await inner.query(`update shares set state = 'accepted' where id = $1`, [id]);
      });
      return true;
    } catch (error) {
      if (!(error instanceof NotReleased)) throw error;
      await tx.query(`update shares set state = 'dropped', content_enc = null, ended_at = now() where id = $1`, [id]);
      return false;
    }
  }
}

/** Undoes what was claimed of one limit where another refuses. */
class NotReleased extends Error {}

function linkExpired(): Problem {
  return new Problem(422, 'link_expired', {
    ar: 'لم يعد هذا الرابط صالحًا. أرسل المادة من جديد ليصلك غيره.',
    en: 'This link no longer works. Send the piece again to get a new one.',
  });
}
