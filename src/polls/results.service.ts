import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Reader } from '../database/reader.js';
import { Addresses } from '../http/addresses.js';
import { NotFound, Problem, type Sentence } from '../http/problem.js';
import { Personal, Published } from '../http/published.js';
import { noSuchThing } from '../http/refusals.js';
import type { Lang } from '../text/language.js';
import { ballotHash, receiptHash } from './ballot-keys.js';
import type { BallotStatus } from './ballots.queries.js';
import { DeskPollResults, PollResults, PollView, ReceiptStatus, type DeskPollRow, type ShowResults } from './poll.dto.js';
import type { ResultsRule } from './poll.entity.js';
import { pollById, type PollsRow, type PublicPoll } from './polls.queries.js';
import { resultsChart } from './results-chart.js';
import { resultsTable } from './results-table.js';
import { Tallies, type Tally } from './tallies.service.js';

/** The forms in which results go out; all say the same. */
const FORMS = {
  json: { type: 'application/json; charset=utf-8', extension: null, write: (results: PollResults) => JSON.stringify(results) },
  csv: { type: 'text/csv; charset=utf-8; header=present', extension: 'csv', write: resultsTable },
  svg: { type: 'image/svg+xml; charset=utf-8', extension: 'svg', write: resultsChart },
} as const;

/** A poll as its page shows it to a reader. */
export interface ReadPoll extends PollsRow {
  readonly poll: PollView;
  /** What it has come to, or why this reader is not shown that. */
  readonly results: PollResults | Sentence;
}

/** Results of polls: who may see them when, and in what form. */
@Injectable()
export class ResultsService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly reader: Reader,
    private readonly tallies: Tallies,
    private readonly addresses: Addresses,
  ) {}

  /**
   * What the poll has come to so far.
   * @param nonceOf gives the nonce of the reader's ballot cookie; asked only where it matters
   * @returns Published where everybody may see it, else for this reader alone
   * @throws NotFound; Problem 403 `results_hidden`
   */
  async show(
    id: number,
    { lang, receipt }: ShowResults,
    nonceOf: () => Buffer | null,
    form: keyof typeof FORMS,
  ): Promise<Published | Personal> {
    const row = await this.reader.row<PollsRow & { poll: PublicPoll }>(pollById, [id]);
    if (row === null) throw new NotFound();
    const { poll, home, zone } = row;
    const open = isForEverybody(poll);
    const tally = await this.tallyOf(poll, receipt, nonceOf);
    const { type, extension, write } = FORMS[form];
    const asked = lang ?? home;
    const body = write(PollResults.of(poll, tally, { asked, home }), asked, zone);
    const disposition = form === 'csv' ? 'attachment' : 'inline';
    const headers: Record<string, string> =
      extension === null ? {} : { 'content-disposition': `${disposition}; filename="poll-${id}.${extension}"` };
    return open
      ? new Published({ body, modified: null, settled: false }, null, { type, headers, ...(form === 'svg' && { embeddable: true }) })
      : new Personal(body, { type, headers });
  }

  /**
   * A poll with what it has come to. Numbers move no clock, so with them it has no date.
   * @param nonce of the reader's ballot; null shows what everybody sees
   * @throws NotFound
   */
  async read(id: number, lang: Lang | undefined, nonce: Buffer | null): Promise<ReadPoll> {
    const row = await this.reader.row<PollsRow & { poll: PublicPoll }>(pollById, [id]);
    if (row === null) throw new NotFound();
    const { poll, ...found } = row;
    const languages = { asked: lang ?? found.home, home: found.home };
    const results = await this.tallyOf(poll, undefined, () => nonce, nonce !== null).then(
      (tally) => PollResults.of(poll, tally, languages),
      sentenceOf,
    );
    const modified = 'question' in results ? null : found.modified;
    return { ...found, modified, poll: PollView.of(poll, null, languages, this.addresses.origin), results };
  }

  /** At any time, counted now. @throws Problem 404 */
  async deskShow(id: number, lang: Lang | undefined): Promise<DeskPollResults> {
    const [row] = await this.dataSource.query<{ poll: DeskPollRow; home: Lang }[]>(
      `select to_json(whole) as poll, center.lang as home
       from center cross join lateral (
         select p.id, p.question, p.level, p.max_choices, p.state, p.opens_at, p.closes_at, coalesce((
           select json_agg(json_build_object('id', o.id, 'label', o.label) order by o.position) from poll_options o where o.poll_id = p.id), '[]') as options
         from polls p where p.id = $1) whole`,
      [id],
    );
    if (!row) throw noSuchThing();
    const tally = await this.tallies.count(id);
    return DeskPollResults.ofPoll(row.poll, tally, { asked: lang ?? row.home, home: row.home });
  }

  /** What became of the ballot with this receipt. @throws NotFound */
  async receipt(id: number, receipt: string): Promise<ReceiptStatus> {
    const hash = receiptHash(receipt);
    const [ballot] = await this.dataSource.query<{ status: BallotStatus; reason: string | null }[]>(
      `select b.status, v.reason from ballots b left join ballot_voids v on v.id = b.void_id where b.poll_id = $1 and b.receipt_hash = $2`,
      [id, hash],
    );
    if (ballot) return ballot.status === 'void' ? ReceiptStatus.removed(ballot.reason!) : { status: ballot.status };
    if (await this.isOfScrubbed(id, hash)) return { status: 'counted' };
    throw new NotFound({ ar: 'لا يوجد صوت بهذا الإيصال في هذا الاستطلاع.', en: 'No vote of this poll has this receipt.' });
  }

  /** After the scrub no ballot knows its receipt any more; that it counted was published. */
  private async isOfScrubbed(id: number, hash: Buffer): Promise<boolean> {
    const rows = await this.dataSource.query<unknown[]>(`select from counted_receipts where poll_id = $1 and receipt_hash = $2`, [
      id,
      hash,
    ]);
    return rows.length > 0;
  }

  /** The count that a reader may see. @param withOwn the reader's own ballot has to be in it @throws Problem 403 `results_hidden` */
  private async tallyOf(poll: PublicPoll, receipt: string | undefined, nonceOf: () => Buffer | null, withOwn = false): Promise<Tally> {
    if (!isForEverybody(poll)) return this.tallyFor(poll, receipt, nonceOf);
    const own = withOwn && !poll.final ? await this.tallyWith(poll.id, receipt, nonceOf) : null;
    const tally = own ?? (await this.tallies.recent(poll.id, poll.final));
    // What the poll was when its ballots were counted has the last word.
    if (!isForEverybody(tally)) throw hidden(tally.results);
    return tally;
  }

  /** The count for one who has voted. @throws Problem 403 `results_hidden` */
  private async tallyFor(poll: PublicPoll, receipt: string | undefined, nonceOf: () => Buffer | null): Promise<Tally> {
    if (poll.results !== 'after_vote') throw hidden(poll.results);
    const tally = await this.tallyWith(poll.id, receipt, nonceOf);
    if (tally === null) throw hidden(poll.results);
    return tally;
  }

  /** A count with the reader's own ballot in it; null where there is none. */
  private async tallyWith(pollId: number, receipt: string | undefined, nonceOf: () => Buffer | null): Promise<Tally | null> {
    const remembered = this.tallies.remembered(pollId);
    const ballot = await this.ballotOf(pollId, receipt, nonceOf, remembered?.snapshot ?? null);
    if (ballot === null) return null;
    return remembered !== null && ballot.seen ? remembered : this.tallies.fresh(pollId);
  }

  /**
   * The ballot by which somebody may see results: one that counts, waits for review or was removed.
   * @param snapshot of a count @returns whether that count has seen the ballot as it is now
   */
  private async ballotOf(
    pollId: number,
    receipt: string | undefined,
    nonceOf: () => Buffer | null,
    snapshot: string | null,
  ): Promise<{ seen: boolean } | null> {
    if (receipt !== undefined) return this.seenIn(snapshot, pollId, null, receiptHash(receipt));
    const nonce = nonceOf();
    if (nonce === null) return null;
    const [poll] = await this.dataSource.query<{ secret: Buffer | null }[]>(`select ballot_secret as secret from polls where id = $1`, [
      pollId,
    ]);
    return poll?.secret ? this.seenIn(snapshot, pollId, ballotHash(poll.secret, nonce), null) : null;
  }

  /**
   * By transactions and not by time: a ballot is cast, confirmed or released at one moment and is there for others at a later one. The row
   * knows the lower half of its transaction's number; the upper half is that of the newest number at which the whole is no later.
   */
  private async seenIn(
    snapshot: string | null,
    pollId: number,
    ballot: Buffer | null,
    receipt: Buffer | null,
  ): Promise<{ seen: boolean } | null> {
    const [row] = await this.dataSource.query<{ seen: boolean }[]>(
      `select coalesce(pg_visible_in_snapshot((newest - ((newest - b.xmin::text::bigint) & 4294967295))::text::xid8, $4::pg_snapshot), false) as seen
       from ballots b cross join (select pg_snapshot_xmax(pg_current_snapshot())::text::bigint - 1 as newest) clock
       where b.poll_id = $1 and (b.ballot_hash = $2 or b.receipt_hash = $3) and b.status <> 'awaiting_confirmation'`,
      [pollId, ballot, receipt, snapshot],
    );
    return row ?? null;
  }
}

/** Whether everybody may see the numbers now. Rules that speak of closing mean the act: only then is the count at its end. */
function isForEverybody({ results, final }: Pick<Tally, 'results' | 'final'>): boolean {
  return results === 'always' || (final && results !== 'never_public');
}

/** Why results are hidden. @throws whatever else went wrong */
function sentenceOf(error: unknown): Sentence {
  if (error instanceof Problem && error.code === 'results_hidden') return error.detail;
  throw error;
}

const HIDDEN: Readonly<Record<ResultsRule, Sentence>> = {
  // Of a moment only: the poll was another a moment ago.
  always: { ar: 'تظهر النتائج بعد لحظات.', en: 'The results will show in a moment.' },
  after_vote: {
    ar: 'تظهر النتائج لمن صوّت، وللجميع بعد إغلاق الاستطلاع.',
    en: 'The results are shown to those who have voted, and to everybody once the poll has closed.',
  },
  after_close: { ar: 'تظهر النتائج بعد إغلاق الاستطلاع.', en: 'The results are shown once the poll has closed.' },
  never_public: { ar: 'لا تُنشر نتائج هذا الاستطلاع.', en: 'The results of this poll are not published.' },
};

function hidden(rule: ResultsRule): Problem {
  return new Problem(403, 'results_hidden', HIDDEN[rule]);
}
