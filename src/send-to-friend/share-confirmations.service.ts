import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { newToken, tokenHash } from '../accounts/tokens.js';
import { inTransaction } from '../database/transaction.js';
import { Addresses } from '../http/addresses.js';
import { Problem } from '../http/problem.js';
import { RateLimits } from '../http/rate-limits.js';
import type { Lang } from '../text/language.js';
import { PROVEN_SECONDS, SenderCookie } from './sender-cookie.js';
import { ShareContents } from './share-content.js';
import { senderBuckets } from './share-limits.js';
import { WAITS } from './shares.queries.js';

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

  /** @returns null for a link that never was or is too old. Changes nothing. */
  async find(token: string): Promise<HeldShares | null> {
    const [link] = await this.dataSource.query<{ sender: Buffer; released: boolean }[]>(
      `select sender_hash as sender, confirmed_at is not null as released from share_confirmations where token_hash = $1 and expires_at > now()`,
      [tokenHash(token)],
    );
    if (!link) return null;
    const rows = await this.dataSource.query<{ id: string; content: Buffer; recipients: number; title: string; lang: Lang }[]>(
      `select s.id, s.content_enc as content, s.recipients, a.title, a.lang from shares s cross join lateral (select title, lang from pub.articles where id = s.article_id offset 0) a
       where s.sender_hash = $1 and s.state in ('unasked', 'held') and s.created_at > now() - ${WAITS} order by s.created_at, s.id`,
      [link.sender],
    );
    const shares = rows.map(({ id, content, recipients, title, lang }) => {
      const { senderName } = this.contents.open(id, content);
      return { title, lang, senderName, recipients };
    });
    return { shares, released: link.released };
  }

  /**
   * Releases what waits for the mailbox of the link; again with the same link it releases what has come since.
   * @throws Problem 422 `link_expired` for a link that never was or is too old
   */
  async confirm(token: string): Promise<ConfirmedSender> {
    return inTransaction(this.dataSource, async (tx) => {
      const [[link]] = await tx.query<[{ sender: Buffer; now: number }[], number]>(
        `update share_confirmations set confirmed_at = coalesce(confirmed_at, now()) where token_hash = $1 and expires_at > now()
         returning sender_hash as sender, floor(extract(epoch from now()))::float8 as now`,
        [tokenHash(token)],
      );
      if (!link) throw linkExpired();
      const { sender, now } = link;
      // One that somebody else has just released is not among them once we hold the others.
      const held = await tx.query<{ id: string; recipients: number }[]>(
        `select id, recipients from shares
         where sender_hash = $1 and state in ('unasked', 'held') and created_at > now() - ${WAITS} order by created_at, id for update`,
        [sender],
      );
      let released = 0;
      for (const { id, recipients } of held) if (await this.release(tx, id, sender, recipients)) released += 1;
      return {
        released,
        dropped: held.length - released,
        proof: this.cookie.proofOf(sender, now),
        until: new Date((now + PROVEN_SECONDS) * 1_000),
      };
    });
  }

  /** @returns whether it goes out; beyond what its sender may send it is given up */
  private async release(tx: EntityManager, id: string, sender: Buffer, recipients: number): Promise<boolean> {
    try {
      await tx.transaction(async (inner) => {
        const waits = await this.limits.claimEach(senderBuckets(sender, true, recipients), inner);
        if (waits.some((wait) => wait !== null)) throw new BeyondLimit();
        await inner.query(`update shares set state = 'accepted' where id = $1`, [id]);
      });
      return true;
    } catch (error) {
      if (!(error instanceof BeyondLimit)) throw error;
      await tx.query(`update shares set state = 'dropped', content_enc = null, ended_at = now() where id = $1`, [id]);
      return false;
    }
  }
}

/** Undoes what was claimed of one limit where another refuses. */
class BeyondLimit extends Error {}

function linkExpired(): Problem {
  return new Problem(422, 'link_expired', {
    ar: 'لم يعد هذا الرابط صالحًا. أرسل المادة من جديد ليصلك غيره.',
    en: 'This link no longer works. Send the piece again to get a new one.',
  });
}
