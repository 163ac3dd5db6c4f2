import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import type { EditorActor } from '../access/access.js';
import { AuditService } from '../audit/audit.service.js';
import { inTransaction } from '../database/transaction.js';
import { Problem } from '../http/problem.js';
import { fieldRefused, noSuchThing } from '../http/refusals.js';
import { DeskReview, DeskVoid } from './correction.dto.js';
import {
  decideGroup,
  groupsOf,
  holdForCorrection,
  holdGroup,
  releaseGroup,
  restoreBallots,
  voidBallots,
  voidValues,
  voidsOf,
  type BallotFilter,
  type GroupRow,
  type VoidRow,
} from './corrections.queries.js';
import { PollClosing } from './poll-closing.service.js';
import { QuarantineJob } from './quarantine.job.js';
import { SignedResults } from './signed-results.service.js';
import { MINUTE_MS, refusePartsOfMinutes } from './whole-minutes.js';

/**
 * The ways in which a count changes but by votes. Nobody edits a number: batches of ballots leave the count, with a reason, and may come back;
 * those under review are counted or removed. Beside these only the declaration of an event does so (see PollEventsService): what waited
 * because of its network is counted.
 */
@Injectable()
export class CorrectionsService implements OnModuleInit {
  constructor(
    private readonly dataSource: DataSource,
    private readonly closing: PollClosing,
    private readonly quarantine: QuarantineJob,
    private readonly signed: SignedResults,
    private readonly audit: AuditService,
  ) {}

  /** What belongs to closing a poll, in the transaction that closes it and holds it: the last crowds are judged, and the result is signed. */
  onModuleInit(): void {
    this.closing.onClosed(async (tx, pollId) => {
      await this.quarantine.judge(tx, pollId);
      await this.signed.sign(tx, pollId);
    });
  }

  /**
   * Does what may change the count of a poll. The poll neither closes nor is scrubbed meanwhile; where it has closed, its result is signed anew.
   * @throws Problem 404; 409 `already_scrubbed`
   */
  async correct<Result>(pollId: number, act: (tx: EntityManager) => Promise<Result>): Promise<Result> {
    return inTransaction(this.dataSource, async (tx) => {
      const poll = await holdForCorrection(tx, pollId);
      if (poll === null) throw noSuchThing();
      if (poll.scrubbed) throw alreadyScrubbed();
      const result = await act(tx);
      if (poll.state === 'closed' || poll.state === 'archived') await this.signed.sign(tx, pollId);
      return result;
    });
  }

  /** Batches of a poll, newest first. @throws Problem 404 */
  async voids(pollId: number): Promise<DeskVoid[]> {
    await this.refuseUnknown(pollId);
    return (await this.dataSource.query<VoidRow[]>(voidsOf, [pollId, null])).map(DeskVoid.of);
  }

  /**
   * Takes the counted ballots and those under review that fit the filter out of the count.
   * @throws Problem 404; 409 `already_scrubbed`; 422 `filter_empty`, `unknown_reference`, `nothing_to_void`, `not_whole_minute`, `window_too_short`
   */
  async void(actor: EditorActor, pollId: number, filter: BallotFilter, reason: string): Promise<DeskVoid> {
    if (Object.values(filter).every((part) => part === undefined)) throw filterEmpty();
    const { from, to } = filter;
    refusePartsOfMinutes({ 'filter.from': from, 'filter.to': to });
    if (from !== undefined && to !== undefined && to.getTime() - from.getTime() < MINUTE_MS) throw windowTooShort();
    return this.correct(pollId, async (tx) => {
      if (filter.groupId !== undefined && !(await holdGroup(tx, pollId, filter.groupId))) throw unknownGroup();
      return this.voidBatch(tx, actor, pollId, filter, reason);
    });
  }

  /** Puts a batch back as it was. @throws Problem 404; 409 `already_restored`, `already_scrubbed` */
  async restore(actor: EditorActor, pollId: number, voidId: number): Promise<DeskVoid> {
    return this.correct(pollId, async (tx) => {
      if ((await tx.query<VoidRow[]>(voidsOf, [pollId, voidId])).length === 0) throw noSuchThing();
      const restored = await tx.query<unknown[]>(restoreBallots, [pollId, voidId, actor.editor.id]);
      if (restored.length === 0) throw alreadyRestored();
      const [batch] = (await tx.query<VoidRow[]>(voidsOf, [pollId, voidId])).map(DeskVoid.of);
      await this.audit.record(tx, actor, {
        act: 'polls.restore',
        object: { type: 'poll', id: pollId },
        after: { batch: voidId, ballots: batch!.ballots },
      });
      return batch!;
    });
  }

  /** Groups of ballots that were held, those that wait first. @throws Problem 404 */
  async reviews(pollId: number): Promise<DeskReview[]> {
    await this.refuseUnknown(pollId);
    return (await this.dataSource.query<GroupRow[]>(groupsOf, [pollId, null])).map(DeskReview.of);
  }

  /** Counts the ballots of a group. @throws Problem 404; 409 `wrong_state` where none waits, `already_scrubbed` */
  async release(actor: EditorActor, pollId: number, groupId: number): Promise<DeskReview> {
    return this.correct(pollId, async (tx) => {
      const { underReview } = await this.waitingGroup(tx, pollId, groupId);
      await releaseGroup(tx, pollId, groupId, actor.editor.id);
      await this.audit.record(tx, actor, {
        act: 'polls.release',
        object: { type: 'poll', id: pollId },
        after: { group: groupId, ballots: underReview },
      });
      return this.group(tx, pollId, groupId);
    });
  }

  /** Voids the ballots of a group that wait, as one batch. @throws Problem 404; 409 `wrong_state` where none waits, `already_scrubbed`; 422 `nothing_to_void` */
  async remove(actor: EditorActor, pollId: number, groupId: number, reason: string): Promise<DeskReview> {
    return this.correct(pollId, async (tx) => {
      await this.waitingGroup(tx, pollId, groupId);
      await this.voidBatch(tx, actor, pollId, { groupId, status: 'under_review' }, reason);
      await decideGroup(tx, groupId, 'removed', actor.editor.id);
      return this.group(tx, pollId, groupId);
    });
  }

  private async voidBatch(tx: EntityManager, actor: EditorActor, pollId: number, filter: BallotFilter, reason: string): Promise<DeskVoid> {
    const [voided] = await tx.query<{ id: number }[]>(voidBallots, voidValues(pollId, filter, reason, actor.editor.id));
    if (voided === undefined) throw nothingToVoid();
    const [batch] = (await tx.query<VoidRow[]>(voidsOf, [pollId, voided.id])).map(DeskVoid.of);
    await this.audit.record(tx, actor, {
      act: 'polls.void',
      object: { type: 'poll', id: pollId },
      after: { batch: voided.id, filter: batch!.filter, ballots: batch!.ballots, reason },
    });
    return batch!;
  }

  /** @returns a group about which there is something to decide. @throws Problem 404; 409 `wrong_state` */
  private async waitingGroup(tx: EntityManager, pollId: number, groupId: number): Promise<{ readonly underReview: number }> {
    if (!(await holdGroup(tx, pollId, groupId))) throw noSuchThing();
    const [group] = await tx.query<[{ state: string; underReview: number }]>(
      `select state, (select count(*)::int from ballots where poll_id = $1 and group_id = $2 and status = 'under_review') as "underReview"
       from ballot_groups where id = $2`,
      [pollId, groupId],
    );
    if (group.state !== 'held' && group.underReview === 0) throw decidedAlready(group.state);
    return group;
  }

  private async group(tx: EntityManager, pollId: number, groupId: number): Promise<DeskReview> {
    const [group] = await tx.query<[GroupRow]>(groupsOf, [pollId, groupId]);
    return DeskReview.of(group);
  }

  private async refuseUnknown(pollId: number): Promise<void> {
    const polls = await this.dataSource.query<unknown[]>(`select from polls where id = $1`, [pollId]);
    if (polls.length === 0) throw noSuchThing();
  }
}

function alreadyScrubbed(): Problem {
  return new Problem(409, 'already_scrubbed', {
    ar: 'مُحيت مفاتيح أوراق هذا الاستطلاع، فلا تُصحح نتيجته بعد.',
    en: 'The keys of this poll’s ballots have been destroyed; its count stays as it is.',
  });
}

function alreadyRestored(): Problem {
  return new Problem(409, 'already_restored', { ar: 'أُعيدت هذه الأوراق من قبل.', en: 'These ballots have been restored already.' });
}

function decidedAlready(state: string): Problem {
  return new Problem(409, 'wrong_state', {
    ar: `لا أوراق تنتظر في هذه المجموعة (${state}).`,
    en: `No ballots of this group wait for a decision (${state}).`,
  });
}

function filterEmpty(): Problem {
  const message = {
    ar: 'حدد جزءًا واحدًا على الأقل: from أو to أو groupId أو status.',
    en: 'Give at least one of from, to, groupId, status.',
  };
  return fieldRefused(422, 'filter_empty', 'filter', message);
}

function windowTooShort(): Problem {
  const message = { ar: 'بين from وto دقيقة على الأقل.', en: 'There is a minute at least between from and to.' };
  return fieldRefused(422, 'window_too_short', 'filter.to', message);
}

function unknownGroup(): Problem {
  const message = { ar: 'لا يوجد شيء بهذا الرقم.', en: 'There is nothing with this id.' };
  return fieldRefused(422, 'unknown_reference', 'filter.groupId', message);
}

function nothingToVoid(): Problem {
  return fieldRefused(422, 'nothing_to_void', 'filter', { ar: 'لا ورقة توافق هذا.', en: 'No ballot fits this.' });
}
