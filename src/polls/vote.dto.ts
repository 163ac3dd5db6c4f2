import { ApiProperty } from '@nestjs/swagger';
import type { Challenge, Payload } from 'altcha-lib/types';
import { Flag, Ids, Line } from '../http/body.js';
import { WorkChallenge } from '../http/work-challenge.js';
import { WorkField } from '../http/work-field.js';
import type { Address } from '../mail/address.js';
import { AddressField } from '../mail/address-field.js';
import type { BallotStatus } from './ballots.queries.js';

export class CastVote {
  @Ids({ min: 1, max: 20, description: 'What is chosen: 1 to the poll’s `maxChoices` of its options.', example: [3] })
  optionIds: number[];

  @WorkField('At levels 1 and 3: the challenge that came with the ballot, and its solution.')
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
