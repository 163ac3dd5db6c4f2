import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { Prepared } from '../database/prepared.js';
import { statement } from '../database/reader.js';
import { inTransaction } from '../database/transaction.js';
import { Busy } from '../database/turns.js';
import { NotFound, Problem } from '../http/problem.js';
import { fieldRefused } from '../http/refusals.js';
import type { Lang } from '../text/language.js';
import { BallotBox } from './ballot-box.js';
import { ballotHash, choicesDigest, receiptHash, receiptOf } from './ballot-keys.js';
import {
  castBallots,
  castValues,
  groupWithoutWork,
  reopenWithoutWork,
  standingBallot,
  voteTurn,
  type BallotStatus,
  type CastRow,
  type StandingBallot,
  type SubmittedBallot,
} from './ballots.queries.js';
import { ConfirmationsService } from './confirmations.service.js';
import { NetworkKeys, type Whereabouts } from './network-keys.service.js';
import { PollRules, type Rules } from './poll-rules.js';
import { ReaderCookie, type ReaderBallot } from './reader-cookie.js';
import { Traffic } from './traffic.js';
import { BallotTaken, VoteReceipt, type CastVote } from './vote.dto.js';
import { PollWork } from './poll-work.js';

/** Where a request comes from; nothing of it is stored as it is. */
export interface Visitor {
  readonly ip: string;
  readonly agent: string;
  /** Of a letter to the reader; the center's where none is asked for. */
  readonly lang?: Lang | undefined;
}

/** @property first false when the vote stood already */
export interface Voted {
  readonly receipt: VoteReceipt;
  readonly first: boolean;
}

const standing = statement(standingBallot);

/** Votes without work in one poll: so many, or so many of a hundred ballots, whichever is more. */
const WITHOUT_WORK = { atLeast: 50, percent: 5 };

/** Ballots handed out, and votes cast with them. */
@Injectable()
export class VotingService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly prepared: Prepared,
    private readonly rules: PollRules,
    private readonly box: BallotBox,
    private readonly confirmations: ConfirmationsService,
    private readonly cookie: ReaderCookie,
    private readonly keys: NetworkKeys,
    private readonly traffic: Traffic,
    private readonly work: PollWork,
  ) {}

  /**
   * @param held the ballot the reader has
   * @returns what to do before the vote, and the ballot made for a reader who has none
   * @throws Problem 404, 409 `poll_closed` or `poll_not_open`, 429 `too_many_votes`
   */
  async take(pollId: number, held: ReaderBallot | null, visitor: Visitor): Promise<{ taken: BallotTaken; made: ReaderBallot | null }> {
    const rules = await this.open(pollId);
    const whereabouts = await this.keys.of(visitor.ip, visitor.agent);
    if (held === null) {
      const refusal = floodRefusal(this.traffic.flood('readers', whereabouts));
      if (refusal !== null) throw refusal;
      this.traffic.count('readers', whereabouts);
    }
    const ballot = held ?? this.cookie.make();
    const made = held === null ? ballot : null;
    if (rules.level === 0) return { taken: BallotTaken.of(ballot.expiresAt, null), made };
    const challenge = await this.work.challenge(pollId, ballot.nonce, this.pressure(rules, whereabouts));
    return { taken: BallotTaken.of(new Date(challenge.parameters.expiresAt! * 1_000), challenge), made };
  }

  /**
   * Casts a vote, once. The ballot itself makes that sure: the same options again get the same receipt, also when the poll has closed or the
   * work has expired meanwhile, and work done for it can be used for no other.
   * @throws Problem 404; 409 `ballot_stands`, `poll_closed`, `poll_not_open`; 422 naming the field; 429 `too_many_votes`, `too_many_letters`
   */
  async vote(pollId: number, vote: CastVote, nonce: Buffer, visitor: Visitor): Promise<Voted> {
    const whereabouts = await this.keys.of(visitor.ip, visitor.agent);
    // What was read a second ago lets a vote through to the statement that looks for itself; it refuses none.
    for (const read of ['lately', 'now', 'now'] as const) {
      const rules = read === 'lately' ? await this.rules.lately(pollId) : await this.known(pollId);
      if (rules === null) continue;
      const refusal =
        refusalOf(rules, vote) ??
        addressRefusal(rules, vote) ??
        (rules.level === 0 ? null : await this.work.refusalOf(pollId, nonce, vote.work)) ??
        floodRefusal(this.traffic.flood(pollId, whereabouts));
      if (refusal !== null && read === 'lately') continue;
      if (refusal !== null) return this.replayed(rules, vote, nonce, refusal);
      const ballot = sealed(rules, vote, nonce, whereabouts);
      const { outcome, status } =
        rules.level === 3 ? await this.confirmations.cast(ballot, { ...visitor, email: vote.email! }) : await this.box.cast(ballot);
      if (outcome === 'cast') return this.first(rules, nonce, whereabouts, status!);
      if (outcome === 'stands') return this.replayed(rules, vote, nonce, new Busy());
      // Another poll than we had read: it has closed, or what it asks has changed.
    }
    throw new Busy();
  }

  /**
   * A vote from a page's form. One that a script has done the work for is like any other. One without it waits for an editor's review, at
   * level 3 once its reader has confirmed it, and there is room for so many.
   * @throws Problem as {@link vote} does, and 429 `no_work_full`
   */
  async voteByForm(pollId: number, vote: CastVote, nonce: Buffer, visitor: Visitor): Promise<Voted> {
    if (vote.work !== undefined) return this.vote(pollId, vote, nonce, visitor);
    const rules = await this.known(pollId);
    if (rules.level === 0) return this.vote(pollId, vote, nonce, visitor);
    const whereabouts = await this.keys.of(visitor.ip, visitor.agent);
    const refusal = refusalOf(rules, vote) ?? addressRefusal(rules, vote) ?? floodRefusal(this.traffic.flood(pollId, whereabouts));
    if (refusal !== null) return this.replayed(rules, vote, nonce, refusal);
    try {
      const { outcome, status } = await inTransaction(this.dataSource, async (tx) => {
        const ballot = { ...sealed(rules, vote, nonce, whereabouts), groupId: await roomWithoutWork(tx, pollId) };
        return rules.level === 3 ? this.confirmations.castIn(tx, ballot, { ...visitor, email: vote.email! }) : castUnderReview(tx, ballot);
      });
      if (outcome !== 'cast') throw new Busy();
      return this.first(rules, nonce, whereabouts, status!);
    } catch (error) {
      if (!(error instanceof Problem || error instanceof Busy)) throw error;
      const now = await this.known(pollId);
      return this.replayed(now, vote, nonce, refusalOf(now, vote) ?? error);
    }
  }

  /** What became of the vote that was cast with this ballot; null where none was. @throws Problem 404 */
  async voteOf(pollId: number, nonce: Buffer): Promise<VoteReceipt | null> {
    const { secret } = await this.known(pollId);
    if (secret === null) return null;
    const [stands] = await this.prepared.rows<StandingBallot>(standing, [pollId, ballotHash(secret, nonce)]);
    return stands === undefined ? null : VoteReceipt.of(receiptOf(secret, nonce), stands.status);
  }

  private first(rules: Rules, nonce: Buffer, whereabouts: Whereabouts, status: BallotStatus): Voted {
    this.traffic.count(rules.id, whereabouts);
    return { receipt: VoteReceipt.of(receiptOf(rules.secret!, nonce), status), first: true };
  }

  /** @returns the receipt of the vote that stands with these options. @throws Problem 409 `ballot_stands` when others stand, else `refusal` */
  private async replayed(rules: Rules, { optionIds }: Pick<CastVote, 'optionIds'>, nonce: Buffer, refusal: Error): Promise<Voted> {
    if (rules.secret === null) throw refusal;
    const [stands] = await this.prepared.rows<StandingBallot>(standing, [rules.id, ballotHash(rules.secret, nonce)]);
    if (stands === undefined) throw refusal;
    if (!stands.choices_digest.equals(choicesDigest(optionIds)))
      throw new Problem(409, 'ballot_stands', {
        ar: 'صوّتّ في هذا الاستطلاع باختيار آخر، والصوت لا يتغير.',
        en: 'You have voted in this poll with another choice, and a vote does not change.',
      });
    return { receipt: VoteReceipt.of(receiptOf(rules.secret, nonce), stands.status), first: false };
  }

  /** Work is no dearer for a crowd that an editor expects. */
  private pressure(rules: Rules, whereabouts: Whereabouts): number {
    return rules.eventKeys.includes(whereabouts.eventKey.toString('hex')) ? 1 : this.traffic.pressure(rules.id, whereabouts);
  }

  /** @returns the rules of a poll that takes votes */
  private async open(pollId: number): Promise<Rules> {
    const lately = await this.rules.lately(pollId);
    if (lately?.phase === 'open') return lately;
    const rules = await this.known(pollId);
    const refusal = phaseRefusal(rules);
    if (refusal !== null) throw refusal;
    return rules;
  }

  /** @returns the rules as they are now. @throws Problem 404 */
  private async known(pollId: number): Promise<Rules> {
    const rules = await this.rules.now(pollId);
    if (rules === null) throw new NotFound();
    return rules;
  }
}

function sealed(rules: Rules, { optionIds }: Pick<CastVote, 'optionIds'>, nonce: Buffer, whereabouts: Whereabouts): SubmittedBallot {
  const secret = rules.secret!;
  return {
    pollId: rules.id,
    level: rules.level,
    maxChoices: rules.maxChoices,
    ballotHash: ballotHash(secret, nonce),
    receiptHash: receiptHash(receiptOf(secret, nonce)),
    choicesDigest: choicesDigest(optionIds),
    optionIds,
    ...whereabouts,
    groupId: null,
  };
}

/** @returns the group of a poll's votes without work. @throws Problem 429 `no_work_full` */
async function roomWithoutWork(tx: EntityManager, pollId: number): Promise<number> {
  // Before the group, as everybody takes them, or three would wait for each other in a circle.
  await tx.query(voteTurn, [pollId]);
  const [{ id }] = await tx.query<[{ id: number }]>(groupWithoutWork, [pollId]);
  const [{ full }] = await tx.query<[{ full: boolean }]>(
    `select (select count(*) from ballots where group_id = $2)
       >= greatest($3::int, (select count(*) from ballots where poll_id = $1) * $4::int / 100) as full`,
    [pollId, id, WITHOUT_WORK.atLeast, WITHOUT_WORK.percent],
  );
  if (full)
    throw new Problem(
      429,
      'no_work_full',
      {
        ar: 'لا مكان الآن لأصوات أخرى من دون JavaScript. فعّله ثم أعد التصويت.',
        en: 'There is no room now for more votes without JavaScript. Allow it, then vote again.',
      },
      { headers: { 'retry-after': '3600' } },
    );
  return id;
}

/** @throws Busy when the ballot is not stored, and neither is a group for it; the caller finds out why */
async function castUnderReview(tx: EntityManager, ballot: SubmittedBallot): Promise<CastRow> {
  const [row] = await tx.query<CastRow[]>(castBallots, castValues([ballot]));
  if (row!.outcome !== 'cast') throw new Busy();
  await tx.query(reopenWithoutWork, [row!.ballot_id]);
  return row!;
}

/** Why a poll with these rules takes no such vote, or null. */
function refusalOf(rules: Rules, { optionIds }: Pick<CastVote, 'optionIds'>): Problem | null {
  const phase = phaseRefusal(rules);
  if (phase !== null) return phase;
  if (optionIds.length > rules.maxChoices)
    return fieldRefused(422, 'too_many_choices', 'optionIds', {
      ar: `أقصى ما يُختار في هذا الاستطلاع: ${rules.maxChoices}.`,
      en: `The most that may be chosen in this poll: ${rules.maxChoices}.`,
    });
  if (!optionIds.every((id) => rules.optionIds.includes(id)))
    return fieldRefused(422, 'option_unknown', 'optionIds', {
      ar: 'بين ما اخترته ما ليس من خيارات هذا الاستطلاع.',
      en: 'Something of what was chosen is no option of this poll.',
    });
  return null;
}

function phaseRefusal({ phase }: Rules): Problem | null {
  if (phase === 'open') return null;
  if (phase === 'waiting') return new Problem(409, 'poll_not_open', { ar: 'لم يُفتح هذا الاستطلاع بعد.', en: 'This poll is not open yet.' });
  return new Problem(409, 'poll_closed', { ar: 'أُغلق هذا الاستطلاع.', en: 'This poll is closed.' });
}

/** Level 3 asks for an address, and whether it may be written to; the others want neither, so that nobody leaves one for nothing. */
function addressRefusal({ level }: Rules, { email, consent }: CastVote): Problem | null {
  if (level !== 3) {
    if (email === undefined && consent === undefined) return null;
    return fieldRefused(422, 'email_not_asked', email === undefined ? 'consent' : 'email', {
      ar: 'لا يطلب هذا الاستطلاع بريدًا إلكترونيًا. أعد التصويت من دونه.',
      en: 'This poll asks for no address. Vote again without it.',
    });
  }
  if (email === undefined)
    return fieldRefused(422, 'email_required', 'email', {
      ar: 'يُؤكَّد الصوت في هذا الاستطلاع بالبريد الإلكتروني. اكتب عنوانك.',
      en: 'A vote in this poll is confirmed by e-mail. Give your address.',
    });
  if (consent !== true)
    return fieldRefused(422, 'consent_required', 'consent', {
      ar: 'نرسل رسالة التأكيد إذا وافقت على ذلك.',
      en: 'The confirmation is sent only if you agree to it.',
    });
  return null;
}

/** @param seconds as {@link Traffic.flood} gives them */
function floodRefusal(seconds: number | null): Problem | null {
  if (seconds === null) return null;
  return new Problem(
    429,
    'too_many_votes',
    {
      ar: 'أصوات كثيرة من شبكتك في هذه اللحظة. بطاقتك صالحة؛ أعد المحاولة بعد ثوانٍ.',
      en: 'Very many votes come from your network at this moment. Your ballot stays good; try again in some seconds.',
    },
    { headers: { 'retry-after': String(seconds) } },
  );
}
