import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { EditorActor } from '../access/access.js';
import { AuditService } from '../audit/audit.service.js';
import { inTransaction } from '../database/transaction.js';
import { Problem, type Sentence } from '../http/problem.js';
import { handlingOf, type MailState } from './kinds.js';
import { MailStops } from './mail-stops.service.js';
import {
  DeskMail,
  DeskMailStop,
  EndedMailStop,
  type DeskMailPage,
  type MailQuery,
  type ResumeMail,
  type SuppressMailbox,
  type SuppressedMailbox,
} from './mail.dto.js';
import { mailForRetry, mailPage, mailTotals, retryMail, type MailTurn } from './mail.queries.js';
import { MailboxKeys } from './mailbox-keys.js';
import { Suppressions } from './suppressions.service.js';

/** Acts that are about no one mail are recorded with the center. */
const CENTER = { type: 'center', id: 1 } as const;

/** What the desk sees of the outbox, and what it may do there. */
@Injectable()
export class DeskMailService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly audit: AuditService,
    private readonly keys: MailboxKeys,
    private readonly stops: MailStops,
    private readonly suppressions: Suppressions,
  ) {}

  async list({ state, kind, cursor, limit }: MailQuery): Promise<DeskMailPage> {
    const { manager } = this.dataSource;
    const [rows, totals, stops] = await Promise.all([
      mailPage(manager, { state, kind, cursor, limit }),
      mailTotals(manager),
      this.stops.list(manager),
    ]);
    const items = rows.slice(0, limit);
    return {
      items: items.map((row) => DeskMail.of(row)),
      nextCursor: rows.length > limit ? items.at(-1)!.cursor : null,
      ...totals,
      stops: stops.map((stop) => DeskMailStop.of(stop)),
    };
  }

  /** Has a mail tried now that was given up or waits. @throws Problem 404; 409 `wrong_state`, `address_gone` */
  async retry(actor: EditorActor, id: number): Promise<DeskMail> {
    return inTransaction(this.dataSource, async (tx) => {
      const found = await mailForRetry(tx, id);
      if (!found) throw new Problem(404, 'not_found', { ar: 'لا توجد رسالة بهذا الرقم.', en: 'There is no such mail.' });
      const { kind, turn: before, gone } = found;
      const refusal = NOT_AGAIN[before.state];
      if (refusal) throw wrongState(before.state, refusal);
      if (gone) throw addressGone();
      const { turn: after, ...row } = await retryMail(tx, id, handlingOf(kind).hours);
      await this.audit.record(tx, actor, { act: 'mail.retry', object: { type: 'mail', id }, ...changes(before, after) });
      return DeskMail.of(row);
    });
  }

  /** Keeps a mailbox from all mail it did not ask for. The record says that it was done, and not to whom: who asks for it wants to be forgotten. */
  async suppress(actor: EditorActor, { address, reason }: SuppressMailbox): Promise<SuppressedMailbox> {
    return inTransaction(this.dataSource, async (tx) => {
      await this.suppressions.suppress(tx, this.keys.hashOf(address), reason === 'complaint' ? 'complaint' : 'desk');
      if (reason === 'complaint') await this.stops.judge(tx, 'shares');
      await this.audit.record(tx, actor, { act: 'mail.suppress', object: CENTER, after: { reason: reason ?? 'request' } });
      return { suppressed: true };
    });
  }

  /** Lets a lane send again that was stopped. @throws Problem 409 `not_stopped` */
  async resume(actor: EditorActor, { lane }: ResumeMail): Promise<EndedMailStop> {
    return inTransaction(this.dataSource, async (tx) => {
      const stop = await this.stops.resume(tx, lane, actor.editor.id);
      if (!stop) throw notStopped();
      const { reason, stoppedAt } = stop;
      await this.audit.record(tx, actor, { act: 'mail.resume', object: CENTER, before: { lane, reason, stoppedAt } });
      return EndedMailStop.of(stop);
    });
  }
}

function changes(before: MailTurn, after: MailTurn): { before: Partial<MailTurn>; after: Partial<MailTurn> } {
  const fields = (Object.keys(before) as (keyof MailTurn)[]).filter((field) => before[field] !== after[field]);
  const only = (turn: MailTurn): Partial<MailTurn> => Object.fromEntries(fields.map((field) => [field, turn[field]]));
  return { before: only(before), after: only(after) };
}

/** Why what has come so far is not tried again. */
const NOT_AGAIN: Partial<Record<MailState, Sentence>> = {
  sent: { ar: 'أُرسلت هذه الرسالة (sent)، فلا تُعاد.', en: 'This mail was sent; it is not sent again.' },
  sending: { ar: 'هذه الرسالة قيد الإرسال الآن (sending).', en: 'This mail is being sent just now (sending).' },
  uncertain: {
    ar: 'ربما وصلت هذه الرسالة (uncertain)، ورسائل هذا النوع لا تُرسل مرتين.',
    en: 'This mail may have arrived (uncertain), and mail of this kind is not sent twice.',
  },
  withheld: {
    ar: 'رفض صاحب هذا العنوان مثل هذه الرسائل (withheld)، فلا تُرسل.',
    en: 'Its recipient has refused such mail (withheld); it is not sent.',
  },
};

function wrongState(state: MailState, detail: Sentence): Problem {
  return new Problem(409, 'wrong_state', detail, { errors: [{ field: 'state', rule: state, message: detail }] });
}

function notStopped(): Problem {
  const detail = { ar: 'إرسال هذه الرسائل غير موقوف.', en: 'This mail is not stopped.' };
  return new Problem(409, 'not_stopped', detail, { errors: [{ field: 'lane', rule: 'not_stopped', message: detail }] });
}

function addressGone(): Problem {
  return new Problem(409, 'address_gone', {
    ar: 'مضت 72 ساعة فحُذف عنوان المستلم ونص الرسالة. كرّر ما سبّبها لتُكتب من جديد.',
    en: 'After 72 hours the address and the letter were deleted. Repeat what caused it, and it will be written anew.',
  });
}
