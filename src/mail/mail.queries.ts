import type { EntityManager } from 'typeorm';
import { cursorSql, type Cursor } from '../http/cursor.js';
import type { Lang } from '../text/language.js';
import type { Wording } from '../text/wording.js';
import { MAIL_LISTED_DAYS, UNSENT_KEPT_HOURS, type Kind, type Lane, type MailState } from './kinds.js';

/** For how long address and content of one that could not be sent are kept, so that it can be tried again by hand. */
const KEPT = `interval '${UNSENT_KEPT_HOURS} hours'`;
/** For how long the row of a mail that was sent or given up is listed, and its dedupe key remembered. */
const LISTED = `interval '${MAIL_LISTED_DAYS} days'`;
/** How long a worker may hold a mail. Longer than its deadline, so that two never send one mail at once. */
const LOCK = `interval '2 minutes'`;

/** When it may next be taken: the same words as the index has. */
const DUE_AT = `coalesce(locked_until, next_attempt_at)`;

export interface NewMail {
  readonly kind: Kind;
  readonly lane: Lane;
  /** For how long it is tried. */
  readonly hours: number;
  readonly dedupeKey: string;
  readonly to: Buffer;
  readonly content: Buffer;
  readonly messageId: string;
  readonly causedBy?: Buffer | undefined;
}

/** Does nothing when there already is a mail with this key. */
export async function insertMail(
  tx: EntityManager,
  { kind, lane, hours, dedupeKey, to, content, messageId, causedBy }: NewMail,
): Promise<boolean> {
  const rows = await tx.query<unknown[]>(
    `insert into mail_outbox (kind, lane, dedupe_key, to_enc, content_enc, message_id, caused_by, gives_up_at)
     values ($1, $2, $3, $4, $5, $6, $7, now() + $8::int * interval '1 hour')
     on conflict (dedupe_key) do nothing returning id`,
    [kind, lane, dedupeKey, to, content, messageId, causedBy ?? null, hours],
  );
  return rows.length > 0;
}

/** A mail in the hands of one worker. */
export interface ClaimedMail {
  readonly id: number;
  readonly kind: Kind;
  readonly to: Buffer;
  readonly content: Buffer;
  readonly messageId: string;
  readonly attempts: number;
  readonly createdAt: Date;
  /** What the worker holds it by: `locked_until` to the microsecond, as text, because a Date would round it. */
  readonly lock: string;
  readonly centerName: Wording;
  readonly centerLang: Lang;
}

/**
 * Takes one mail that is due: waiting, or left behind by a worker that died, unless that worker may have handed over what must not arrive
 * twice. Rows that another worker is taking are skipped, and the taking is committed before anything is sent. Of a lane that was stopped,
 * or that the center has switched off, nothing is taken.
 */
export async function claimMail(manager: EntityManager, lane: Lane): Promise<ClaimedMail | null> {
  const [mail] = await manager.query<ClaimedMail[]>(
    `with claimed as (
       update mail_outbox set state = 'sending', locked_until = now() + ${LOCK}, attempts = attempts + 1
       where id = (
         select id from mail_outbox
         where lane = $1 and state in ('waiting', 'sending') and handoff_at is null and ${DUE_AT} <= now() and gives_up_at > now()
           and not exists (select from mail_stops where lane = $1 and resumed_at is null)
           and ($1 <> 'shares' or (select mail_sharing from center))
         order by ${DUE_AT} limit 1 for update skip locked)
       returning *)
     select m.id, m.kind, m.to_enc as to, m.content_enc as content, m.message_id as "messageId", m.attempts, m.created_at as "createdAt",
       m.locked_until::text as lock, c.name as "centerName", c.lang as "centerLang"
     from claimed m cross join center c`,
    [lane],
  );
  return mail ?? null;
}

/** What a worker holds a mail by, and loses when its lock runs out. */
const HELD = `id = $1 and state = 'sending' and locked_until = $2`;

type Hold = Pick<ClaimedMail, 'id' | 'lock'>;

/**
 * Writes down that the final dot is about to be sent. From here on the mail may have arrived.
 * @returns false when it must not be sent: the worker does not hold it any more, or has been here before
 */
export async function markHandoff(manager: EntityManager, { id, lock }: Hold): Promise<boolean> {
  return changed(manager, `update mail_outbox set handoff_at = now() where ${HELD} and locked_until > now() and handoff_at is null`, [
    id,
    lock,
  ]);
}

/** What the relay said when it did not take a mail. */
interface Refusal {
  readonly code: number | null;
  readonly status: string | null;
  readonly reason: string;
}

/** How a try ended. */
export type Outcome =
  | { readonly state: 'sent' }
  | { readonly state: 'withheld' }
  | { readonly state: 'uncertain'; readonly reason: string }
  | (Refusal & { readonly state: 'dead'; /** There is no such mailbox. */ readonly bounced: boolean })
  | (Refusal & { readonly state: 'waiting'; readonly delaySeconds: number });

/**
 * Writes down how a try ended, if the worker still holds the mail. One whose next try would come after its end is given up.
 * @returns whether it was held
 */
export async function recordOutcome(manager: EntityManager, { id, lock }: Hold, outcome: Outcome): Promise<boolean> {
  if (outcome.state === 'sent' || outcome.state === 'withheld' || outcome.state === 'uncertain') {
    return changed(
      manager,
      `update mail_outbox set state = $3, locked_until = null, ended_at = now(), to_enc = null, content_enc = null, smtp_code = null, smtp_status = null, last_error = $4
       where ${HELD}`,
      [id, lock, outcome.state, outcome.state === 'uncertain' ? outcome.reason : null],
    );
  }
  const { code, status, reason } = outcome;
  const delay = outcome.state === 'dead' ? null : outcome.delaySeconds;
  return changed(
    manager,
    `update mail_outbox set smtp_code = $3, last_error = $4, smtp_status = $6, locked_until = null, handoff_at = null,
       (state, next_attempt_at, ended_at) = (
         select case when over then 'dead' else 'waiting' end, coalesce(next_at, next_attempt_at), case when over then now() end
         from (select next_at, next_at is null or next_at >= gives_up_at as over from (select now() + $5::float8 * interval '1 second' as next_at) n) o)
     where ${HELD}`,
    [id, lock, code, reason, delay, status],
  );
}

/**
 * Gives up what nobody could send in time, and what may have been handed over by a worker that died; forgets whom mail was for once nobody
 * can ask for it any more, and in the end its row.
 */
export async function sweepMail(manager: EntityManager): Promise<void> {
  await manager.query(
    `update mail_outbox set state = 'uncertain', locked_until = null, ended_at = now(), to_enc = null, content_enc = null, smtp_code = null, smtp_status = null,
       last_error = 'It may have arrived: whoever sent it was gone before the answer came.'
     where state = 'sending' and handoff_at is not null and locked_until <= now()`,
  );
  await manager.query(
    `update mail_outbox set state = 'dead', locked_until = null, ended_at = now(), last_error = coalesce(last_error, 'Never tried.')
     where state in ('waiting', 'sending') and handoff_at is null and gives_up_at <= now() and ${DUE_AT} <= now()`,
  );
  await manager.query(
    `update mail_outbox set to_enc = null, content_enc = null where state = 'dead' and to_enc is not null and created_at <= now() - ${KEPT}`,
  );
  await manager.query(`delete from mail_outbox where ended_at < now() - ${LISTED}`);
}

/** A mail as the desk sees it: never to whom, never what. */
export interface MailRow {
  readonly id: number;
  readonly kind: Kind;
  readonly lane: Lane;
  readonly state: MailState;
  readonly attempts: number;
  readonly createdAt: Date;
  readonly nextAttemptAt: Date | null;
  readonly endedAt: Date | null;
  readonly smtpCode: number | null;
  readonly lastError: string | null;
  readonly messageId: string;
  readonly retryable: boolean;
}

/** Columns of {@link MailRow}. */
const ROW = `id, kind, lane, state, attempts, created_at as "createdAt", case when ended_at is null then ${DUE_AT} end as "nextAttemptAt",
  ended_at as "endedAt", smtp_code as "smtpCode", last_error as "lastError", message_id as "messageId",
  state in ('waiting', 'dead') and to_enc is not null and created_at > now() - ${KEPT} as retryable`;

/** A page of mails, newest first; one more than `limit` when there is a next page. `cursor` is where the page after a row starts. */
export async function mailPage(
  manager: EntityManager,
  { state, kind, cursor, limit }: { state?: MailState; kind?: Kind; cursor?: Cursor; limit: number },
): Promise<(MailRow & { readonly cursor: string })[]> {
  return manager.query<(MailRow & { cursor: string })[]>(
    `select ${ROW}, ${cursorSql('mail', 'id::text', 'id')} as cursor from mail_outbox
     where ($1::text is null or state = $1) and ($2::text is null or kind = $2) and ($3::int is null or id < $3)
     order by id desc limit $4::int + 1`,
    [state ?? null, kind ?? null, cursor?.id ?? null, limit],
  );
}

/** How many there are in each state, and whether something has waited for more than two minutes. */
export async function mailTotals(manager: EntityManager): Promise<{ counts: Record<MailState, number>; delayed: boolean }> {
  const [totals] = await manager.query<{ counts: Record<MailState, number>; delayed: boolean }[]>(
    `select json_build_object(
         'waiting', count(*) filter (where state = 'waiting'), 'sending', count(*) filter (where state = 'sending'),
         'sent', count(*) filter (where state = 'sent'), 'dead', count(*) filter (where state = 'dead'),
         'uncertain', count(*) filter (where state = 'uncertain'), 'withheld', count(*) filter (where state = 'withheld')) as counts,
       coalesce(bool_or(state in ('waiting', 'sending') and created_at < now() - interval '2 minutes'), false) as delayed
     from mail_outbox`,
  );
  return totals!;
}

/** What a retry changes. */
export interface MailTurn {
  readonly state: MailState;
  readonly nextAttemptAt: string;
  readonly givesUpAt: string;
}

const TURN = `json_build_object('state', state, 'nextAttemptAt', next_attempt_at, 'givesUpAt', gives_up_at) as turn`;

/** The mail, locked until the transaction ends, or null; `gone` when nobody knows any more whom it was for. */
export async function mailForRetry(tx: EntityManager, id: number): Promise<{ kind: Kind; turn: MailTurn; gone: boolean } | null> {
  const [row] = await tx.query<{ kind: Kind; turn: MailTurn; gone: boolean }[]>(
    `select kind, ${TURN}, to_enc is null or created_at <= now() - ${KEPT} as gone from mail_outbox where id = $1 for update`,
    [id],
  );
  return row ?? null;
}

/** Makes it due now and gives it so many hours anew, but never beyond the moment its address is forgotten. */
export async function retryMail(tx: EntityManager, id: number, hours: number): Promise<MailRow & { readonly turn: MailTurn }> {
  await tx.query(
    `update mail_outbox set state = 'waiting', attempts = 0, next_attempt_at = now(), gives_up_at = least(now() + $2::int * interval '1 hour', created_at + ${KEPT}), ended_at = null
     where id = $1`,
    [id, hours],
  );
  const [row] = await tx.query<(MailRow & { turn: MailTurn })[]>(`select ${ROW}, ${TURN} from mail_outbox where id = $1`, [id]);
  return row!;
}

/** How many rows an UPDATE changed, as a yes or no. */
async function changed(manager: EntityManager, sql: string, values: readonly unknown[]): Promise<boolean> {
  const [, count] = await manager.query<[unknown[], number]>(sql, [...values]);
  return count > 0;
}
