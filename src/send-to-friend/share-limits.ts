import { networkOf, vicinityOf } from '../http/client-network.js';
import type { Bucket } from '../http/rate-limits.js';
import type { Address } from '../mail/address.js';

/**
 * How much may be sent. The figures are the design's (send-to-friend.md 2): a person who shares pieces with friends meets none of them.
 * Mailboxes are named by their keyed hashes.
 */

const HOUR = 3_600;
const DAY = 86_400;
/** The longest that anything is counted for. */
export const MONTH = 30 * DAY;

/** For so long a share may wait for its sender, or for its turn. */
export const WAIT_HOURS = 24;
/** Who sent and who got something is known, by hashes, so long after it was asked for. */
export const SHARES_KEPT_DAYS = 90;

/** How many times as dear work becomes where a network, or its vicinity, has sent much. */
export const DEARER = 4;

/** Of one network: beyond it work is dearer, nobody is refused. */
export const networkHour = (ip: string): Bucket => ({ name: 'share network hour', of: networkOf(ip), limit: 10, seconds: HOUR });
/** Of its vicinity, where many may live behind one address: only dearer either. */
export const vicinityHour = (ip: string): Bucket => ({
  name: 'share vicinity hour',
  of: vicinityOf(networkOf(ip)),
  limit: 100,
  seconds: HOUR,
});
export const networkDay = (ip: string): Bucket => ({ name: 'share network day', of: networkOf(ip), limit: 30, seconds: DAY });
/**
 * By a page's form, which does no work: each may cause a letter to somebody who has not asked for it. Of the network, of its vicinity, and of
 * the whole site, so that forms cannot take what is left for all others.
 */
export const formBuckets = (ip: string): readonly Bucket[] => [
  { name: 'share form network', of: networkOf(ip), limit: 5, seconds: HOUR },
  { name: 'share form vicinity', of: vicinityOf(networkOf(ip)), limit: 25, seconds: HOUR },
  { name: 'share form site', of: '', limit: 100, seconds: HOUR },
];

/**
 * Of one sender: shares, and recipients. What was typed without proof is counted apart, or anybody could use up what the owner of the mailbox
 * may send; it is counted again when the owner says that it is theirs.
 */
export function senderBuckets(mailbox: Buffer, confirmed: boolean, recipients: number): readonly [Bucket, Bucket] {
  const who = { of: `${confirmed ? 'confirmed' : 'unconfirmed'} ${mailbox.toString('hex')}`, seconds: DAY };
  return [
    { ...who, name: 'share sender', limit: 5 },
    { ...who, name: 'share sender recipients', limit: 10, count: recipients },
  ];
}

/** Letters that ask a sender for confirmation. */
export function senderLetters(mailbox: Buffer): readonly Bucket[] {
  const of = mailbox.toString('hex');
  return [
    { name: 'share confirmation day', of, limit: 1, seconds: DAY },
    { name: 'share confirmation month', of, limit: 3, seconds: MONTH },
  ];
}

/** Of the whole site. */
export const SITE: readonly [Bucket, Bucket] = [
  { name: 'share site hour', of: '', limit: 500, seconds: HOUR },
  { name: 'share site day', of: '', limit: 3_000, seconds: DAY },
];

/** Shares of one piece: more than that is a campaign, and goes out to nobody. */
export const articleHour = (articleId: number): Bucket => ({ name: 'share article', of: String(articleId), limit: 200, seconds: HOUR });

/**
 * Where mailboxes are so many that a hundred letters in an hour are nothing: ten of the largest providers. No two rankings agree on who is
 * tenth, and for this purpose it does not matter.
 */
const BIG_PROVIDERS: ReadonlySet<string> = new Set(
  'gmail.com yahoo.com outlook.com hotmail.com icloud.com live.com msn.com aol.com mail.ru qq.com'.split(' '),
);

/** Letters to one mailbox, whoever asks for them, and before it to its domain: shares that go by domain never wait for each other in a circle. */
export function recipientBuckets(address: Address, mailbox: Buffer): readonly Bucket[] {
  const of = mailbox.toString('hex');
  const domain = domainOf(address);
  return [
    { name: 'share domain', of: domain, limit: BIG_PROVIDERS.has(domain) ? 500 : 100, seconds: HOUR },
    { name: 'share mailbox day', of, limit: 2, seconds: DAY },
    { name: 'share mailbox month', of, limit: 5, seconds: MONTH },
  ];
}

export function domainOf({ canonical }: Address): string {
  return canonical.slice(canonical.indexOf('@') + 1);
}
