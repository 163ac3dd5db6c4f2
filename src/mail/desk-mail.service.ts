import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { EditorActor } from '../access/access.js';
import { AuditService } from '../audit/audit.service.js';
import { inTransaction } from '../database/transaction.js';
import { Problem } from '../http/problem.js';
import { DeskMail, type DeskMailPage, type MailQuery } from './mail.dto.js';
import { mailForRetry, mailPage, mailTotals, retryMail, type MailTurn } from './mail.queries.js';

/** What the desk sees of the outbox, and the one thing it may do there. */
@Injectable()
export class DeskMailService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly audit: AuditService,
  ) {}

  async list({ state, kind, cursor, limit }: MailQuery): Promise<DeskMailPage> {
    const { manager } = this.dataSource;
    const [rows, totals] = await Promise.all([mailPage(manager, { state, kind, cursor, limit }), mailTotals(manager)]);
    const items = rows.slice(0, limit);
    return { items: items.map((row) => DeskMail.of(row)), nextCursor: rows.length > limit ? items.at(-1)!.cursor : null, ...totals };
  }

  /** Has a mail tried now that was given up or waits. @throws Problem 404; 409 `wrong_state`, `address_gone` */
  async retry(actor: EditorActor, id: number): Promise<DeskMail> {
    return inTransaction(this.dataSource, async (tx) => {
      const found = await mailForRetry(tx, id);
      if (!found) throw new Problem(404, 'not_found', { ar: 'لا توجد رسالة بهذا الرقم.', en: 'There is no such mail.' });
      const { turn: before, gone } = found;
      if (before.state === 'sent' || before.state === 'sending') throw wrongState(before.state);
      if (gone) throw addressGone();
      const { turn: after, ...row } = await retryMail(tx, id);
      await this.audit.record(tx, actor, { act: 'mail.retry', object: { type: 'mail', id }, ...changes(before, after) });
      return DeskMail.of(row);
    });
  }
}

function changes(before: MailTurn, after: MailTurn): { before: Partial<MailTurn>; after: Partial<MailTurn> } {
  const fields = (Object.keys(before) as (keyof MailTurn)[]).filter((field) => before[field] !== after[field]);
  const only = (turn: MailTurn): Partial<MailTurn> => Object.fromEntries(fields.map((field) => [field, turn[field]]));
  return { before: only(before), after: only(after) };
}

function wrongState(state: 'sent' | 'sending'): Problem {
  const detail =
    state === 'sent'
      ? { ar: 'أُرسلت هذه الرسالة (sent)، فلا تُعاد.', en: 'This mail was sent; it is not sent again.' }
      : { ar: 'هذه الرسالة قيد الإرسال الآن (sending).', en: 'This mail is being sent just now (sending).' };
  return new Problem(409, 'wrong_state', detail, { errors: [{ field: 'state', rule: state, message: detail }] });
}

function addressGone(): Problem {
  return new Problem(409, 'address_gone', {
    ar: 'مضت 72 ساعة فحُذف عنوان المستلم ونص الرسالة. كرّر ما سبّبها لتُكتب من جديد.',
    en: 'After 72 hours the address and the letter were deleted. Repeat what caused it, and it will be written anew.',
  });
}
