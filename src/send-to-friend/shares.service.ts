import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { Payload } from 'altcha-lib/types';
import { DataSource, type EntityManager } from 'typeorm';
import { withdrawn } from '../articles/article-answer.js';
import { Prepared } from '../database/prepared.js';
import type { Statement } from '../database/reader.js';
import { inTransaction } from '../database/transaction.js';
import { NotFound, Problem, type Sentence } from '../http/problem.js';
import { RateLimits } from '../http/rate-limits.js';
import { fieldRefused } from '../http/refusals.js';
import type { Address } from '../mail/address.js';
import { MailboxKeys } from '../mail/mailbox-keys.js';
import type { Lang } from '../text/language.js';
import { foldSlug } from '../text/slug.js';
import { SenderCookie } from './sender-cookie.js';
import { ShareContents } from './share-content.js';
import { DEARER, SITE, networkDay, networkHour, networkLetters, senderBuckets, vicinityHour } from './share-limits.js';
import { withoutLinks } from './share-message.js';
import { ShareWork, dearerWork, workFault, type DoneWork } from './share-work.js';
import { ShareChallenge, ShareTaken, type SendShare } from './share.dto.js';
import { insertShare, readById, readBySlug, standingShare, type Reading } from './shares.queries.js';

/** Who asks for a share; nothing of it is stored as it is. */
export interface ShareVisitor {
  readonly ip: string;
  /** `Idempotency-Key`: the same share when it is asked for again. */
  readonly key: string;
  /** Value of the sender's cookie. */
  readonly proof: string | null;
}

/** What is asked for, whichever way it came. */
interface Asked {
  readonly senderName: string;
  readonly senderEmail: Address;
  readonly recipients: readonly Address[];
  readonly message?: string | undefined;
  readonly allowReply?: boolean | undefined;
  readonly lang?: Lang | undefined;
}

interface Sharing extends Asked {
  readonly visitor: ShareVisitor;
  readonly articleId: number;
  readonly sender: Buffer;
  readonly key: Buffer;
  readonly digest: Buffer;
  /** Whether this browser has shown that the mailbox is its owner's. */
  readonly confirmed: boolean;
  /** Null for a page's form, whose letter to the sender stands in its place. */
  readonly work: DoneWork | null;
  /** Of the letters. */
  readonly lang: Lang;
}

type Standing = Pick<Reading, 'shareId' | 'digest'>;

/** How long a stopped lane is said to be so: an editor has to look at it. */
const STOPPED_SECONDS = 3_600;

/**
 * Takes shares. What is done here depends on no recipient, and on the sender only as far as the request proves who that is: one row, sealed,
 * whoever it names. So neither the answer nor its time tells anything about a mailbox; all that looks at them is the job's.
 */
@Injectable()
export class SharesService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly prepared: Prepared,
    private readonly keys: MailboxKeys,
    private readonly limits: RateLimits,
    private readonly contents: ShareContents,
    private readonly cookie: SenderCookie,
    private readonly work: ShareWork,
  ) {}

  /** Work to be done before a share. @throws Problem 403 `mail_sharing_off` */
  async challenge(ip: string): Promise<ShareChallenge> {
    const [center] = await this.dataSource.query<[{ sharing: boolean }]>(`select mail_sharing as sharing from center`);
    if (!center.sharing) throw sharingOff();
    const full = await this.limits.isFull([networkHour(ip), vicinityHour(ip)]);
    return ShareChallenge.of(await this.work.challenge(factorOf(full)));
  }

  /**
   * Takes a share. The same again with the same key is the same share, also when its work has expired.
   * @throws Problem 403 `mail_sharing_off`; 404; 409 `idempotency_key_reused`; 410; 422 `message_not_allowed`, `reply_not_allowed`,
   *   `work_required`, `work_expired`, `work_invalid`; 429 `too_many_shares`; 503 `shares_stopped`, `shares_full`
   */
  async take(idOrSlug: string, share: SendShare, visitor: ShareVisitor): Promise<ShareTaken> {
    const byId = /^\d+$/.test(idOrSlug);
    return this.accept(byId ? readById : readBySlug, byId ? idOrSlug : foldSlug(idOrSlug), share, visitor, { work: share.work });
  }

  /**
   * Takes a share from a page's form, which can do no work: its sender is asked by mail in any case.
   * @throws Problem as {@link take} does, and 429 `too_many_letters`
   */
  async takeForm(
    articleId: number,
    share: { readonly senderName: string; readonly senderEmail: Address; readonly recipients: readonly Address[]; readonly lang?: Lang },
    visitor: ShareVisitor,
  ): Promise<ShareTaken> {
    const { senderName, senderEmail, recipients, lang } = share;
    return this.accept(readById, articleId, { senderName, senderEmail, recipients, lang }, { ...visitor, proof: null }, 'form');
  }

  private async accept(
    statement: Statement,
    article: string | number,
    asked: Asked,
    visitor: ShareVisitor,
    from: { readonly work: Payload | undefined } | 'form',
  ): Promise<ShareTaken> {
    const sender = this.keys.hashOf(asked.senderEmail);
    const key = this.keys.digestOf('share key', visitor.key);
    const [reading] = await this.prepared.rows<Reading>(statement, [article, sender, key]);
    const { articleId, lang, ...center } = reading!;
    if (center.withdrawn) throw withdrawn(center.reason);
    if (articleId === null) throw new NotFound();
    const digest = this.digestOf(articleId, asked);
    const stood = replayed(center, digest);
    if (stood !== null) return stood;
    if (!center.sharing) throw sharingOff();
    if (center.stopped) throw sharesStopped();
    const confirmed = this.cookie.proves(visitor.proof, sender, center.now);
    if (!confirmed) refuseWords(asked);
    const work = from === 'form' ? null : await this.work.done(from.work);
    const sharing = { ...asked, visitor, articleId, sender, key, digest, confirmed, work, lang: asked.lang ?? lang! };
    return inTransaction(this.dataSource, (tx) => this.store(tx, sharing));
  }

  /** Stores a share and counts it where it counts, or neither. */
  private async store(tx: EntityManager, share: Sharing): Promise<ShareTaken> {
    const { visitor, sender, key, digest, confirmed, work, recipients } = share;
    const id = randomUUID();
    const content = this.contents.close(id, {
      senderName: share.senderName,
      senderEmail: share.senderEmail,
      recipients,
      message: share.message === undefined ? null : withoutLinks(share.message) || null,
      replies: share.allowReply ?? false,
      lang: share.lang,
    });
    const state = confirmed ? 'accepted' : 'unasked';
    const values = [id, share.articleId, sender, state, key, digest, work?.hash ?? null, recipients.length, content];
    const stored = await tx.query<unknown[]>(insertShare, values);
    if (stored.length === 0) {
      // Somebody was faster, with the same key or with the same work, and has committed: we have waited for that.
      const [standing] = await tx.query<Standing[]>(standingShare, [sender, key]);
      const stood = standing === undefined ? null : replayed(standing, digest);
      if (stood === null) throw workFault('work_invalid');
      return stood;
    }
    const [shares, toRecipients] = senderBuckets(sender, confirmed, recipients.length);
    const buckets = [
      shares,
      toRecipients,
      networkDay(visitor.ip),
      networkHour(visitor.ip),
      ...(work === null ? [networkLetters(visitor.ip)] : []),
      vicinityHour(visitor.ip),
      ...SITE,
    ];
    const waits = await this.limits.claimEach(buckets, tx);
    const waitOf = (...names: readonly string[]): number | null =>
      longest(buckets.map(({ name }, n) => (names.includes(name) ? waits[n]! : null)));
    refuse(waitOf(shares.name, toRecipients.name), tooManyOfSender);
    refuse(waitOf(networkDay(visitor.ip).name), tooManyOfNetwork);
    refuse(waitOf(networkLetters(visitor.ip).name), tooManyLetters);
    const full = [networkHour(visitor.ip), vicinityHour(visitor.ip)].map(({ name }) => waitOf(name) !== null);
    if (work !== null && work.factor < factorOf(full)) throw dearerWork();
    refuse(waitOf(...SITE.map(({ name }) => name)), sharesFull);
    return ShareTaken.of(id);
  }

  /** Everything that makes the share what it is; its work is what it cost, and no part of it. */
  private digestOf(articleId: number, { senderName, senderEmail, recipients, message, allowReply, lang }: Asked): Buffer {
    const addresses = [senderEmail, ...recipients].map(({ canonical }) => canonical);
    const text = JSON.stringify([articleId, senderName, addresses, message ?? null, allowReply ?? false, lang ?? null]);
    return this.keys.digestOf('share request', text);
  }
}

/** @returns the share that stands under its key, or null for none. @throws Problem 409 `idempotency_key_reused` when it is another one */
function replayed({ shareId, digest: stands }: Standing, digest: Buffer): ShareTaken | null {
  if (shareId === null) return null;
  if (stands!.equals(digest)) return ShareTaken.of(shareId);
  throw fieldRefused(409, 'idempotency_key_reused', 'Idempotency-Key', {
    ar: 'استُعمل هذا المفتاح Idempotency-Key لإرسال آخر. خذ لكل إرسال مفتاحًا جديدًا.',
    en: 'This Idempotency-Key stands for another share. Take a new one for each.',
  });
}

/** Words of somebody whom nobody knows would reach strangers under our name. */
function refuseWords({ message, allowReply = false }: Asked): void {
  if (message !== undefined)
    throw fieldRefused(422, 'message_not_allowed', 'message', {
      ar: 'تُرفق الكلمة بعد تأكيد عنوانك مرة. أرسل من دونها، ثم افتح رسالة التأكيد.',
      en: 'A message goes along once you have confirmed your address. Send without it, then open the confirmation letter.',
    });
  if (allowReply)
    throw fieldRefused(422, 'reply_not_allowed', 'allowReply', {
      ar: 'تصلك الردود بعد تأكيد عنوانك مرة. أرسل من دونها، ثم افتح رسالة التأكيد.',
      en: 'Answers reach you once you have confirmed your address. Send without them, then open the confirmation letter.',
    });
}

/** @param full network and vicinity @returns how many times as dear the work of a share has to be */
function factorOf(full: readonly boolean[]): number {
  return full.reduce((factor, one) => (one ? factor * DEARER : factor), 1);
}

function longest(waits: readonly (number | null)[]): number | null {
  const seconds = waits.filter((wait) => wait !== null);
  return seconds.length === 0 ? null : Math.max(...seconds);
}

function refuse(seconds: number | null, problem: (seconds: number) => Problem): void {
  if (seconds !== null) throw problem(seconds);
}

function later(status: 429 | 503, code: string, message: Sentence, seconds: number): Problem {
  return new Problem(status, code, message, { headers: { 'retry-after': String(seconds) } });
}

function tooManyOfSender(seconds: number): Problem {
  const message = {
    ar: 'بلغ المرسل من هذا العنوان أقصى ما يُرسل في 24 ساعة: 5 مرات إلى 10 عناوين. أعد المحاولة غدًا.',
    en: 'This sender has reached what may be sent in 24 hours: 5 shares to 10 addresses. Try again tomorrow.',
  };
  return later(429, 'too_many_shares', message, seconds);
}

function tooManyOfNetwork(seconds: number): Problem {
  const message = {
    ar: 'أُرسل من شبكتك اليوم أقصى ما يُرسل. أعد المحاولة غدًا، أو انسخ الرابط وأرسله بنفسك.',
    en: 'Your network has sent as much as it may today. Try again tomorrow, or copy the link and send it yourself.',
  };
  return later(429, 'too_many_shares', message, seconds);
}

function tooManyLetters(seconds: number): Problem {
  const message = {
    ar: 'طُلبت من شبكتك رسائل تأكيد كثيرة في ساعة واحدة. أعد المحاولة بعد حين، أو فعّل JavaScript.',
    en: 'Too many confirmations were asked for from your network within an hour. Try again later, or allow JavaScript.',
  };
  return later(429, 'too_many_letters', message, seconds);
}

function sharesFull(seconds: number): Problem {
  const message = {
    ar: 'أُرسل من الموقع كثير في هذه الساعة. أعد المحاولة بعد حين، أو انسخ الرابط وأرسله بنفسك.',
    en: 'Very much is being sent from this site just now. Try again later, or copy the link and send it yourself.',
  };
  return later(503, 'shares_full', message, seconds);
}

function sharesStopped(): Problem {
  const message = {
    ar: 'أُوقف الإرسال بالبريد حتى يراجعه المحررون. انسخ الرابط وأرسله بنفسك.',
    en: 'Sending by mail is stopped until the editors have looked at it. Copy the link and send it yourself.',
  };
  return later(503, 'shares_stopped', message, STOPPED_SECONDS);
}

/** The center offers links only. */
export function sharingOff(): Problem {
  return new Problem(403, 'mail_sharing_off', {
    ar: 'لا يرسل هذا الموقع المواد بالبريد. انسخ الرابط وأرسله بنفسك.',
    en: 'This site does not send pieces by mail. Copy the link and send it yourself.',
  });
}
