import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DataSource, QueryFailedError, type EntityManager } from 'typeorm';
import { newToken, tokenHash } from '../accounts/tokens.js';
import { inTransaction } from '../database/transaction.js';
import { Addresses } from '../http/addresses.js';
import { networkOf, vicinityOf } from '../http/client-network.js';
import { Problem } from '../http/problem.js';
import { RateLimits, type Bucket } from '../http/rate-limits.js';
import { Waker } from '../jobs/waker.js';
import { countedMailbox, type Address } from '../mail/address.js';
import { MailRoom } from '../mail/mail-room.service.js';
import type { Lang } from '../text/language.js';
import { phraseIn, type Wording } from '../text/wording.js';
import { voterKey } from './ballot-keys.js';
import {
  TAKES_VOTES,
  castBallots,
  castValues,
  countConfirmed,
  reopenWithoutWork,
  voteTurn,
  type BallotStatus,
  type CastRow,
  type SubmittedBallot,
} from './ballots.queries.js';
import { VoteConfirmed } from './vote.dto.js';
import { voteMail } from './vote.mail.js';

/** How long a link can be used, by the clock of polls. */
export const VOTE_LINK_HOURS = 24;
const DAY = 86_400;

/** Mails that one network may ask for, whomever they go to: a campus confirms its votes over an afternoon, a script writes to no thousand strangers. */
const MAILS_PER_NETWORK = { name: 'vote mail network', limit: 20, seconds: 3_600 } as const;
/** Of votes without work, which may each cause a letter to somebody who has not asked for it: of the network, of its vicinity, of the whole site. */
const mailsWithoutWork = (network: string): readonly Bucket[] => [
  { name: 'vote mail form network', of: network, limit: 5, seconds: 3_600 },
  { name: 'vote mail form vicinity', of: vicinityOf(network), limit: 25, seconds: 3_600 },
  { name: 'vote mail form site', of: '', limit: 100, seconds: 3_600 },
];
/** What nobody may get more of, whoever asks: letters to one mailbox for one poll, and for all polls together. */
const MAILS_PER_POLL = { name: 'vote mail address and poll', limit: 1, seconds: DAY } as const;
const MAILS_PER_ADDRESS = { name: 'vote mail address', limit: 3, seconds: DAY } as const;
/** A mistyped address can be mended; the work that one ballot has done is no ticket to letters for everybody. */
const MAILS_PER_BALLOT = { name: 'vote mail ballot', limit: 3, seconds: DAY } as const;

/** Links removed in one pass. */
const SWEPT_AT_ONCE = 1_000;

/** What a vote of level 3 brings beside its ballot. */
export interface Voter {
  readonly email: Address;
  /** `request.ip` */
  readonly ip: string;
  /** Of the letter; the center's where the request names none. */
  readonly lang?: Lang | undefined;
}

/** A ballot as the page shows it to whoever holds its link. */
export interface LinkedBallot {
  readonly question: Wording;
  /** What it chose, in the poll's order. */
  readonly options: readonly Wording[];
  /** The center's language. */
  readonly home: Lang;
  readonly status: BallotStatus;
  /** Whether the poll still takes votes. */
  readonly open: boolean;
}

interface Link {
  readonly ballotId: string;
  readonly pollId: number;
  readonly voterKey: Buffer;
}

/**
 * Votes of level 3: a ballot is stored, a link goes to the reader's address, and whoever holds it makes the ballot count. An address takes
 * its one vote only then: else anybody could use up another's by typing it. The address itself goes into the sealed outbox and nowhere else.
 */
@Injectable()
export class ConfirmationsService implements OnModuleInit {
  constructor(
    private readonly dataSource: DataSource,
    private readonly mailRoom: MailRoom,
    private readonly addresses: Addresses,
    private readonly limits: RateLimits,
    private readonly waker: Waker,
  ) {}

  onModuleInit(): void {
    this.waker.register({ name: 'expired vote links', run: () => this.sweep(), pause: 60_000 });
  }

  /**
   * Stores a ballot of level 3 and posts the letter that asks for its confirmation: both or neither. For a ballot that stands with the same
   * options and still waits, a letter is posted again, to the address given now, where the limits allow it.
   * @returns what {@link castBallots} says of the ballot
   * @throws Problem 429 `too_many_letters` when the reader's network has asked for too many; the ballot is not stored then. An address that
   * may get no more letters is answered like any other, or the answer would tell who has voted.
   */
  async cast(ballot: SubmittedBallot, voter: Voter): Promise<Pick<CastRow, 'outcome' | 'status'>> {
    return inTransaction(this.dataSource, (tx) => this.castIn(tx, ballot, voter));
  }

  /** As {@link cast}, within a transaction that the caller has begun. */
  async castIn(tx: EntityManager, ballot: SubmittedBallot, voter: Voter): Promise<Pick<CastRow, 'outcome' | 'status'>> {
    const [row] = await tx.query<[CastRow]>(castBallots, castValues([ballot]));
    const { outcome, status } = row;
    if (outcome === 'cast') {
      const wait = await this.ask(tx, ballot, row.ballot_id!, voter);
      if (wait !== null) throw tooManyLetters(wait);
    } else if (outcome === 'stands') {
      const waiting = await waitingBallot(tx, ballot);
      // A repetition has its answer in any case.
      if (waiting !== null) await this.ask(tx, ballot, waiting, voter);
    }
    return { outcome, status };
  }

  /**
   * Makes the ballot of a link count. The same link again gives the same answer.
   * @throws Problem 409 `poll_closed`, `address_has_voted`; 422 `link_expired` for a link that never was, is too old or was replaced
   */
  async confirm(token: string): Promise<VoteConfirmed> {
    try {
      return await inTransaction(this.dataSource, (tx) => confirmed(tx, tokenHash(token)));
    } catch (error) {
      if (error instanceof QueryFailedError && (error.driverError as { constraint?: string }).constraint === 'ballots_one_per_address')
        throw addressHasVoted();
      throw error;
    }
  }

  /** What a link would confirm, or has; null for one that {@link confirm} would call expired. Changes nothing: programs that look into mail open links too. */
  async find(token: string): Promise<LinkedBallot | null> {
    const [ballot] = await this.dataSource.query<LinkedBallot[]>(
      `select p.question, center.lang as home, b.status, ${TAKES_VOTES} as open,
         (select json_agg(o.label order by o.position) from ballot_choices c join poll_options o on o.id = c.option_id where c.ballot_id = b.id) as options
       from ballot_confirmations l join ballots b on b.id = l.ballot_id join polls p on p.id = l.poll_id cross join center
       where l.token_hash = $1 and l.expires_at > poll_now() and (b.voter_key is null or b.voter_key = l.voter_key)`,
      [tokenHash(token)],
    );
    return ballot ?? null;
  }

  /**
   * Posts a letter where the limits allow it; it replaces what an earlier one asked.
   * @returns null, or in how many seconds the network may ask again
   */
  private async ask(
    tx: EntityManager,
    { pollId, optionIds, ballotHash, groupId }: SubmittedBallot,
    ballotId: string,
    voter: Voter,
  ): Promise<number | null> {
    const network = networkOf(voter.ip);
    const ofForm = groupId === null ? [] : mailsWithoutWork(network);
    const waits = await this.limits.claimEach([{ ...MAILS_PER_NETWORK, of: network }, ...ofForm], tx);
    const refused = waits.filter((wait) => wait !== null);
    if (refused.length > 0) return Math.max(...refused);
    const mailbox = countedMailbox(voter.email);
    try {
      // The same is done for every address, and undone where it may get no letter: neither the answer nor its time tells which ones may.
      await tx.transaction(async (inner) => {
        await this.post(inner, { pollId, optionIds, ballotId, mailbox }, voter);
        const refusals = [
          await this.limits.claim({ ...MAILS_PER_POLL, of: `${pollId} ${mailbox}` }, inner),
          await this.limits.claim({ ...MAILS_PER_ADDRESS, of: mailbox }, inner),
          await this.limits.claim({ ...MAILS_PER_BALLOT, of: ballotHash.toString('hex') }, inner),
        ];
        if (refusals.some((refusal) => refusal !== null)) throw new NoLetter();
      });
    } catch (error) {
      if (!(error instanceof NoLetter)) throw error;
    }
    return null;
  }

  private async post(
    tx: EntityManager,
    vote: { readonly pollId: number; readonly optionIds: readonly number[]; readonly ballotId: string; readonly mailbox: string },
    { email, lang: asked }: Voter,
  ): Promise<void> {
    const [poll] = await tx.query<[{ question: Wording; options: Wording[]; secret: Buffer; maxChoices: number; home: Lang }]>(
      `select p.question, p.ballot_secret as secret, p.max_choices as "maxChoices", c.lang as home,
         (select json_agg(o.label order by o.position) from poll_options o where o.poll_id = p.id and o.id = any($2)) as options
       from polls p cross join center c where p.id = $1`,
      [vote.pollId, vote.optionIds],
    );
    const token = newToken();
    const hash = tokenHash(token);
    await tx.query(`delete from ballot_confirmations where ballot_id = $1`, [vote.ballotId]);
    await tx.query(
      `insert into ballot_confirmations (token_hash, ballot_id, poll_id, max_choices, voter_key, expires_at)
       values ($1, $2, $3, $4, $5, poll_now() + $6::interval)`,
      [hash, vote.ballotId, vote.pollId, poll.maxChoices, voterKey(poll.secret, vote.mailbox), `${VOTE_LINK_HOURS} hours`],
    );
    const lang = asked ?? poll.home;
    await this.mailRoom.post(tx, {
      kind: 'vote_confirmation',
      dedupeKey: `vote_confirmation:${hash.toString('hex')}`,
      to: email.address,
      mail: voteMail({
        lang,
        center: await this.mailRoom.letterhead(tx, lang),
        question: phraseIn(poll.question, lang, poll.home)!,
        options: poll.options.map((label) => phraseIn(label, lang, poll.home)!),
        href: `${this.addresses.origin}/polls/confirm/${token}?lang=${lang}`,
      }),
    });
  }

  /** Removes links that nobody can use any more; their ballots stay, uncounted. @returns whether more may be left */
  private async sweep(): Promise<boolean> {
    const [, swept] = await this.dataSource.query<[unknown, number]>(
      `delete from ballot_confirmations where token_hash in (
         select token_hash from ballot_confirmations where expires_at <= poll_now() order by expires_at limit $1 for update skip locked)`,
      [SWEPT_AT_ONCE],
    );
    return swept === SWEPT_AT_ONCE;
  }
}

/** Undoes a letter that its address may not get. */
class NoLetter extends Error {}

/** The reader's ballot if it has the same options and waits, held so that two repetitions do not replace each other's link. */
async function waitingBallot(tx: EntityManager, { pollId, ballotHash, choicesDigest }: SubmittedBallot): Promise<string | null> {
  const [ballot] = await tx.query<{ id: string }[]>(
    `select id from ballots where poll_id = $1 and ballot_hash = $2 and choices_digest = $3 and status = 'awaiting_confirmation' for update`,
    [pollId, ballotHash, choicesDigest],
  );
  return ballot?.id ?? null;
}

async function confirmed(tx: EntityManager, hash: Buffer): Promise<VoteConfirmed> {
  const [link] = await tx.query<Link[]>(
    `select ballot_id as "ballotId", poll_id as "pollId", voter_key as "voterKey" from ballot_confirmations
     where token_hash = $1 and expires_at > poll_now()`,
    [hash],
  );
  if (!link) throw linkExpired();
  await tx.query(voteTurn, [link.pollId]);
  // As a vote does it: whoever closes the poll waits for us, or we for him and then see it.
  const open = await tx.query<unknown[]>(`select from polls p where p.id = $1 and ${TAKES_VOTES} for share`, [link.pollId]);
  if (open.length > 0) await makeCount(tx, link, hash);
  const [ballot] = await tx.query<{ status: BallotStatus }[]>(`select status from ballots where id = $1 and voter_key = $2`, [
    link.ballotId,
    link.voterKey,
  ]);
  if (ballot) return VoteConfirmed.of(link.pollId, ballot.status);
  // Not ours: another link of the same ballot was faster.
  throw open.length > 0 ? linkExpired() : pollClosed();
}

/** Counts the ballot, or puts it with the others of its network that are under review; does nothing to one that waits no longer. */
async function makeCount(tx: EntityManager, { ballotId, voterKey: key }: Link, hash: Buffer): Promise<void> {
  await tx.query(countConfirmed, [ballotId, key]);
  await tx.query(reopenWithoutWork, [ballotId]);
  await tx.query(`delete from ballot_confirmations where ballot_id = $1 and token_hash <> $2`, [ballotId, hash]);
}

function tooManyLetters(seconds: number): Problem {
  return new Problem(
    429,
    'too_many_letters',
    {
      ar: 'طُلبت من شبكتك رسائل تأكيد كثيرة في ساعة واحدة. لم يُسجل صوتك؛ أرسله مرة أخرى بعد حين.',
      en: 'Too many confirmations were asked for from your network within an hour. Your vote is not stored; send it again later.',
    },
    { headers: { 'retry-after': String(seconds) } },
  );
}

function linkExpired(): Problem {
  return new Problem(422, 'link_expired', {
    ar: 'لم يعد هذا الرابط صالحًا. صوّت من جديد ليصلك غيره.',
    en: 'This link no longer works. Vote again to get a new one.',
  });
}

function pollClosed(): Problem {
  return new Problem(409, 'poll_closed', {
    ar: 'أُغلق الاستطلاع قبل تأكيد الصوت، فلم يُحسب.',
    en: 'The poll closed before the vote was confirmed, so it is not counted.',
  });
}

function addressHasVoted(): Problem {
  return new Problem(409, 'address_has_voted', {
    ar: 'سبق أن حُسب صوت لهذا العنوان في هذا الاستطلاع، ولكل عنوان صوت واحد.',
    en: 'A vote with this address has been counted in this poll already; each address has one.',
  });
}
