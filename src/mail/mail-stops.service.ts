import { Injectable, Logger } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { HARD_BOUNCES } from './carrier.js';
import type { Lane } from './kinds.js';

/** Why a lane was stopped. */
export const STOP_REASONS = ['complaints', 'bounces'] as const;
export type StopReason = (typeof STOP_REASONS)[number];

/** A lane that sends nothing. */
export interface MailStop {
  readonly lane: StoppableLane;
  readonly reason: StopReason;
  readonly stoppedAt: Date;
}

/** The lanes whose mail strangers cause; nothing else is ever stopped. */
export const STOPPABLE_LANES = ['shares'] as const satisfies readonly Lane[];
export type StoppableLane = (typeof STOPPABLE_LANES)[number];

/** 5 % of the last 200 letters to friends; of one sender two are counted, or one could stop what all others send. */
const BOUNCES = 10;
const OF_ONE_SENDER = 2;
const OF_MAILS = 200;
/** A quarter of the last 200 letters that ask a sender: addresses are mistyped, and these ones nobody has had to prove. */
const UNKNOWN_SENDERS = 50;
/** 0.1 % of the last 1,000; mailbox providers begin to refuse all mail of a sender at 0.3 %. */
const COMPLAINTS = 1;
const PER_MAILS = 1_000;
/** So that few mails and many complaints stop it too. */
const COMPLAINTS_OF_A_DAY = 3;

/**
 * Stops mail that its recipients do not want, until an admin has looked at it: whoever goes on sending it loses the good name that all other
 * mail needs. What is counted begins anew with each resumption.
 */
@Injectable()
export class MailStops {
  private readonly logger = new Logger('MailStops');

  /** @returns whether the lane sends nothing now */
  async stopped(manager: EntityManager, lane: Lane): Promise<boolean> {
    return (await manager.query<unknown[]>(`select from mail_stops where lane = $1 and resumed_at is null`, [lane])).length > 0;
  }

  /** @returns the lanes that send nothing now */
  async list(manager: EntityManager): Promise<MailStop[]> {
    return manager.query<MailStop[]>(
      `select lane, reason, stopped_at as "stoppedAt" from mail_stops where resumed_at is null order by lane`,
    );
  }

  /** Stops the lane if what was just written, a bounce or a complaint, was one too many. Call it in that transaction. */
  async judge(tx: EntityManager, lane: StoppableLane): Promise<void> {
    // One after another: of two that are written at the same moment, neither would count the other.
    await tx.query(`select pg_advisory_xact_lock(hashtextextended('mail stops', 0))`);
    const stops = [
      ...(await tx.query<{ reason: StopReason }[]>(
        `insert into mail_stops (lane, reason)
         select $1, 'bounces' from (
           select kind, least(count(*), case kind when 'share' then $3::int end) as bounces
           from (values ('share'), ('share_confirmation')) kinds (kind) cross join lateral (
             select smtp_status, coalesce(caused_by, int4send(id)) as cause from mail_outbox m
             where m.kind = kinds.kind and ended_at > (select coalesce(max(resumed_at), '-infinity') from mail_stops where lane = $1) and state <> 'withheld'
             order by ended_at desc limit $2) latest
           where smtp_status = any ($4) group by kind, cause) bounced
         having coalesce(sum(bounces) filter (where kind = 'share'), 0) >= $5 or coalesce(sum(bounces) filter (where kind = 'share_confirmation'), 0) >= $6
         on conflict (lane) where resumed_at is null do nothing
         returning reason`,
        [lane, OF_MAILS, OF_ONE_SENDER, HARD_BOUNCES, BOUNCES, UNKNOWN_SENDERS],
      )),
      ...(await tx.query<{ reason: StopReason }[]>(
        `with resumed as (select coalesce(max(resumed_at), '-infinity') as at from mail_stops where lane = $1),
           earliest as (
             select ended_at as at from mail_outbox
             where kind = 'share' and ended_at > (select at from resumed) and state in ('sent', 'uncertain')
             order by ended_at desc offset $2::int - 1 limit 1)
         insert into mail_stops (lane, reason)
         select $1, 'complaints' from mail_suppressions
         where reason = 'complaint' and created_at > (select at from resumed)
         having count(*) filter (where created_at > now() - interval '24 hours') >= $3
           or count(*) filter (where created_at >= (select at from earliest)) >= $4
         on conflict (lane) where resumed_at is null do nothing
         returning reason`,
        [lane, PER_MAILS, COMPLAINTS_OF_A_DAY, COMPLAINTS],
      )),
    ];
    for (const { reason } of stops) {
      this.logger.error(
        `mail of lane ${lane} is stopped because of its ${reason}, until an admin resumes it: POST /api/v1/desk/mail/resume`,
      );
    }
  }

  /** Lets the lane send again. @returns the stop that ends, or null when there was none */
  async resume(tx: EntityManager, lane: StoppableLane, editorId: number | null): Promise<(MailStop & { readonly resumedAt: Date }) | null> {
    const [[stop]] = await tx.query<[(MailStop & { resumedAt: Date })[], number]>(
      `update mail_stops set resumed_at = now(), resumed_by = $2 where lane = $1 and resumed_at is null
       returning lane, reason, stopped_at as "stoppedAt", resumed_at as "resumedAt"`,
      [lane, editorId],
    );
    return stop ?? null;
  }
}
