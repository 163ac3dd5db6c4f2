import { ApiProperty } from '@nestjs/swagger';
import type { Challenge, Payload } from 'altcha-lib/types';
import { Flag, Ids, Line, field } from '../http/body.js';
import type { Address } from '../mail/address.js';
import { AddressField } from '../mail/address-field.js';
import type { BallotStatus } from './ballots.queries.js';

/** Three times what a challenge with its solution takes. */
const MAX_WORK = 3_000;

/** What ALTCHA sends: an object, or the same as JSON in base64. Whether it is right is not decided here, only that it can be looked at. */
function WorkField(): PropertyDecorator {
  return field(
    'work',
    isPayload,
    { oneOf: [{ type: 'object' }, { type: 'string', maxLength: MAX_WORK }] },
    { description: 'At levels 1 and 3: the challenge that came with the ballot, and its solution.', optional: true },
    (value) => (typeof value === 'string' && value.length <= MAX_WORK ? unpacked(value) : value),
  );
}

function unpacked(text: string): unknown {
  try {
    return JSON.parse(Buffer.from(text, 'base64').toString('utf8'));
  } catch (error) {
    // No JSON, so no object either, and the rule refuses it.
    if (error instanceof SyntaxError) return text;
    throw error;
  }
}

function isPayload(value: unknown): value is Payload {
  if (!isRecord(value) || !isRecord(value['challenge']) || !isRecord(value['solution'])) return false;
  const { parameters, signature } = value['challenge'];
  const { counter, derivedKey } = value['solution'];
  return (
    isRecord(parameters) &&
    typeof signature === 'string' &&
    typeof counter === 'number' &&
    typeof derivedKey === 'string' &&
    JSON.stringify(value).length <= MAX_WORK
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export class CastVote {
  @Ids({ min: 1, max: 20, description: 'What is chosen: 1 to the poll’s `maxChoices` of its options.', example: [3] })
  optionIds: number[];

  @WorkField()
  work?: Payload;

  @AddressField({
    description: 'At level 3 alone: where the link goes that makes the vote count. It is not kept.',
    example: 'reader@readers.example',
    optional: true,
  })
  email?: Address;

  @Flag({ description: 'At level 3 alone: true, the reader agrees to be written to.', example: true, optional: true })
  consent?: boolean;
}

class WorkData {
  @ApiProperty({ type: 'integer' })
  poll: number;

  @ApiProperty({ description: 'Hash of the reader’s cookie.' })
  ballot: string;
}

class WorkParameters {
  @ApiProperty({ example: 'PBKDF2/SHA-256' })
  algorithm: string;

  @ApiProperty({ type: 'integer', example: 1000 })
  cost: number;

  @ApiProperty({ type: WorkData })
  data: WorkData;

  @ApiProperty({ type: 'integer', description: 'Seconds since 1970.' })
  expiresAt: number;

  @ApiProperty({ type: 'integer', example: 32 })
  keyLength: number;

  @ApiProperty()
  keyPrefix: string;

  @ApiProperty()
  keySignature: string;

  @ApiProperty()
  nonce: string;

  @ApiProperty()
  salt: string;
}

/** As `createChallenge` of altcha-lib 2 makes it, and its `solveChallenge` and widget take it. */
class WorkChallenge {
  @ApiProperty({ type: WorkParameters })
  parameters: WorkParameters;

  @ApiProperty()
  signature: string;
}

export class BallotTaken {
  @ApiProperty({ type: String, format: 'date-time', description: 'So long a vote may be cast with it.' })
  expiresAt: string;

  @ApiProperty({ type: WorkChallenge, nullable: true, description: 'ALTCHA challenge to solve before the vote; null at level 0.' })
  work: Challenge | null;

  static of(expiresAt: Date, work: Challenge | null): BallotTaken {
    return { expiresAt: expiresAt.toISOString(), work };
  }
}

export const VOTE_STATUSES = ['counted', 'under_review', 'awaiting_confirmation', 'removed'] as const;
export type VoteStatus = (typeof VOTE_STATUSES)[number];

/** What a ballot's status is called towards its reader. */
function voteStatus(status: BallotStatus): VoteStatus {
  return status === 'void' ? 'removed' : status;
}

export class VoteReceipt {
  @ApiProperty({
    pattern: '^[A-Z2-7]{16}$',
    example: 'MZXW6YTBOI2DGNBV',
    description: 'Shows later what became of the ballot, never what it chose.',
  })
  receipt: string;

  @ApiProperty({ enum: VOTE_STATUSES })
  status: VoteStatus;

  static of(receipt: string, status: BallotStatus): VoteReceipt {
    return { receipt, status: voteStatus(status) };
  }
}

export class ConfirmVote {
  @Line({ max: 200, description: 'What stands behind `/polls/confirm/` in the link of the mail.', example: 'wQ0xJ4f7…' })
  token: string;
}

export class VoteConfirmed {
  @ApiProperty({ type: 'integer', example: 7 })
  pollId: number;

  @ApiProperty({ enum: VOTE_STATUSES, example: 'counted' })
  status: VoteStatus;

  static of(pollId: number, status: BallotStatus): VoteConfirmed {
    return { pollId, status: voteStatus(status) };
  }
}
