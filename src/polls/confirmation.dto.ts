import { ApiProperty } from '@nestjs/swagger';
import { Line } from '../http/body.js';
import type { ConfirmedBallot } from './confirmations.service.js';

export class ConfirmVote {
  @Line({ max: 200, description: 'What stands behind `/polls/confirm/` in the link of the mail.', example: 'wQ0xJ4f7…' })
  token: string;
}

export class VoteConfirmed {
  @ApiProperty({ type: 'integer', example: 7 })
  pollId: number;

  @ApiProperty({
    enum: ['counted', 'under_review', 'void'],
    example: 'counted',
    description: 'void: it was counted and has been removed since.',
  })
  status: ConfirmedBallot['status'];
}
