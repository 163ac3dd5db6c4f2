import { Body, Controller, Param, Post, Req, Res } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { IdPipe, NoFieldsPipe } from '../http/body.js';
import { Responds } from '../http/openapi.js';
import { Public } from '../http/public.js';
import type { LangQuery } from '../http/query.js';
import { ReaderCookie } from './reader-cookie.js';
import { BallotTaken, CastVote, VoteReceipt } from './vote.dto.js';
import { VotingService, type Visitor } from './voting.service.js';

@Public()
@ApiTags('polls')
@Controller('api/v1/polls/:id')
export class VotingController {
  constructor(
    private readonly voting: VotingService,
    private readonly cookie: ReaderCookie,
  ) {}

  @Post('ballots')
  @Responds(
    'takeBallot',
    'Gives the reader’s cookie to who has none, and the work to do before the vote.',
    [201, BallotTaken],
    403,
    404,
    409,
    413,
    415,
    429,
    503,
  )
  async take(
    @Param('id', new IdPipe()) id: number,
    @Body(new NoFieldsPipe()) _none: unknown,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<BallotTaken> {
    const { taken, made } = await this.voting.take(id, this.cookie.heldBy(request), visitorOf(request));
    if (made !== null) this.cookie.give(reply, made);
    return taken;
  }

  @Post('votes')
  @Responds(
    'castVote',
    'Casts the reader’s vote; the same vote again gets the same receipt.',
    [201, VoteReceipt],
    403,
    404,
    409,
    413,
    415,
    422,
    429,
    503,
  )
  @ApiOkResponse({ type: VoteReceipt, description: 'The vote stood already. Never cached.' })
  async vote(
    @Param('id', new IdPipe()) id: number,
    @Body() vote: CastVote,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<VoteReceipt> {
    const { receipt, first } = await this.voting.vote(id, vote, this.cookie.demandedOf(request).nonce, visitorOf(request));
    if (!first) void reply.code(200);
    return receipt;
  }
}

function visitorOf({ ip, headers, query }: FastifyRequest): Visitor {
  // Not declared as a parameter: the query of such a route is held to `lang` before its body is looked at.
  return { ip, agent: headers['user-agent'] ?? '', lang: (query as LangQuery).lang };
}
