import { Body, Controller, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Responds } from '../http/openapi.js';
import { Public } from '../http/public.js';
import { ConfirmVote, VoteConfirmed } from './vote.dto.js';
import { ConfirmationsService } from './confirmations.service.js';

@Public()
@ApiTags('polls')
@Controller('api/v1/polls')
export class ConfirmationsController {
  constructor(private readonly confirmations: ConfirmationsService) {}

  /** Counts a vote of level 3. */
  @Post('confirmations')
  @Responds('confirmVote', 'Counts the vote whose link the mail had; again with the same link gives the same answer.', [200, VoteConfirmed], 403, 409, 413, 415, 422, 503) // prettier-ignore
  confirm(@Body() { token }: ConfirmVote): Promise<VoteConfirmed> {
    return this.confirmations.confirm(token);
  }
}
