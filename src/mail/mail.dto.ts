import { ApiProperty } from '@nestjs/swagger';
import { Choice } from '../http/body.js';
import type { Cursor } from '../http/cursor.js';
import { CursorOf, OneOf, PageQuery } from '../http/query.js';
import { KINDS, LANES, MAIL_STATES, type Kind, type Lane, type MailState } from './kinds.js';
import { AddressField } from './address-field.js';
import type { Address } from './address.js';
import { STOPPABLE_LANES, STOP_REASONS, type MailStop, type StopReason, type StoppableLane } from './mail-stops.service.js';
import type { MailRow } from './mail.queries.js';

export class MailQuery extends PageQuery {
  @OneOf(MAIL_STATES, { description: 'Only mail in this state.' })
  state?: MailState;

  @OneOf(Object.keys(KINDS), { description: 'Only mail of this kind.' })
  kind?: Kind;

  @CursorOf('mail', /^\d+$/)
  cursor?: Cursor;
}

/** A mail on its way: never to whom, never what it says. It has no version: only the outbox and a retry change it. */
export class DeskMail {
  @ApiProperty({ type: 'integer', example: 12 })
  id: number;

  @ApiProperty({ enum: Object.keys(KINDS), example: 'returned' })
  kind: Kind;

  @ApiProperty({ enum: LANES, description: 'Lanes do not wait for one another.' })
  lane: Lane;

  @ApiProperty({
    enum: MAIL_STATES,
    description:
      '`sent`: the relay took it. `dead`: refused, or not sent within 48 hours (shares: 24). `uncertain`: of a kind sent at most once, and nobody knows whether it arrived. `withheld`: its recipient has refused such mail.',
  })
  state: MailState;

  @ApiProperty({ type: 'integer', example: 1, description: 'Tries so far, or since it was last asked for.' })
  attempts: number;

  @ApiProperty({ type: 'string', format: 'date-time' })
  createdAt: Date;

  @ApiProperty({ type: 'string', format: 'date-time', nullable: true, description: 'Null when it has ended.' })
  nextAttemptAt: Date | null;

  @ApiProperty({ type: 'string', format: 'date-time', nullable: true })
  endedAt: Date | null;

  @ApiProperty({ type: 'integer', nullable: true, example: 451, description: 'The relay’s last refusal.' })
  smtpCode: number | null;

  @ApiProperty({ type: 'string', nullable: true, description: 'What went wrong last, without addresses.' })
  lastError: string | null;

  @ApiProperty({ example: '<9f1c1c2e-6f0e-4a3e-8f0e-0d7f5a8f6b1a@center.example>', description: 'The same at every try.' })
  messageId: string;

  @ApiProperty({ description: 'Whether it can be tried now. The address is forgotten 72 hours after the cause.' })
  retryable: boolean;

  static of(row: MailRow): DeskMail {
    const { id, kind, lane, state, attempts, createdAt, nextAttemptAt, endedAt, smtpCode, lastError, messageId, retryable } = row;
    return { id, kind, lane, state, attempts, createdAt, nextAttemptAt, endedAt, smtpCode, lastError, messageId, retryable };
  }
}

class MailCounts {
  @ApiProperty({ type: 'integer' })
  waiting: number;

  @ApiProperty({ type: 'integer' })
  sending: number;

  @ApiProperty({ type: 'integer' })
  sent: number;

  @ApiProperty({ type: 'integer' })
  dead: number;

  @ApiProperty({ type: 'integer' })
  uncertain: number;

  @ApiProperty({ type: 'integer' })
  withheld: number;
}

/** A lane that sends nothing. */
export class DeskMailStop {
  @ApiProperty({ enum: STOPPABLE_LANES })
  lane: StoppableLane;

  @ApiProperty({
    enum: STOP_REASONS,
    description:
      '`bounces`: of the last 200 letters to friends at least 10 had no mailbox to go to (of one sender two count), or 50 of the last 200 that ask senders. `complaints`: three within 24 hours, or one among the last 1,000 letters, once so many have gone out.',
  })
  reason: StopReason;

  @ApiProperty({ type: 'string', format: 'date-time' })
  stoppedAt: Date;

  static of({ lane, reason, stoppedAt }: MailStop): DeskMailStop {
    return { lane, reason, stoppedAt };
  }
}

/** A stop that an admin has ended. */
export class EndedMailStop extends DeskMailStop {
  @ApiProperty({ type: 'string', format: 'date-time' })
  resumedAt: Date;

  static override of(stop: MailStop & { readonly resumedAt: Date }): EndedMailStop {
    return { ...DeskMailStop.of(stop), resumedAt: stop.resumedAt };
  }
}

export class ResumeMail {
  @Choice(STOPPABLE_LANES, { description: 'Whose mail goes out again.', example: 'shares' })
  lane: StoppableLane;
}

/** Why a mailbox is written to no more: its owner asked for it, or complained. */
const SUPPRESSION_CAUSES = ['request', 'complaint'] as const;

export class SuppressMailbox {
  @AddressField({ description: 'The mailbox. It is kept as a keyed hash only.', example: 'salma@readers.example' })
  address: Address;

  @Choice(SUPPRESSION_CAUSES, {
    description: 'Default `request`. Complaints are counted, and stop the lane.',
    example: 'request',
    optional: true,
  })
  reason?: (typeof SUPPRESSION_CAUSES)[number];
}

export class SuppressedMailbox {
  @ApiProperty({ enum: [true], description: 'The same whether it was suppressed before.' })
  suppressed: true;
}

export class DeskMailPage {
  @ApiProperty({ type: [DeskMail], description: 'Newest first.' })
  items: DeskMail[];

  @ApiProperty({ type: 'string', nullable: true })
  nextCursor: string | null;

  @ApiProperty({ type: MailCounts, description: 'Of all mail, whatever was asked for.' })
  counts: Record<MailState, number>;

  @ApiProperty({ description: 'Whether any mail has waited for more than two minutes.' })
  delayed: boolean;

  @ApiProperty({ type: [DeskMailStop], description: 'Lanes that send nothing until an admin resumes them.' })
  stops: DeskMailStop[];
}
