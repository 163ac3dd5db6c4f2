import { Controller, Get, HttpCode, Param, Post, Req, Res, UseFilters } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { TakesForm } from '../http/forms.js';
import { HomeLanguage, Problem } from '../http/problem.js';
import { Public } from '../http/public.js';
import { ConfirmationsService, type LinkedBallot } from '../polls/confirmations.service.js';
import { confirmVotePage, type Outcome } from './confirm-vote.page.js';
import { PageFilter } from './page.filter.js';
import { shownToOne } from './shell.js';

/** Refusals that the page has words for, and their status. */
const REFUSALS = { address_has_voted: 409, poll_closed: 409, link_expired: 404 } as const;
type Refusal = keyof typeof REFUSALS;

/** Where the link of a vote's letter leads. Opening it changes nothing, because programs that look into mail open links too. */
@Public()
@ApiExcludeController()
@UseFilters(PageFilter)
@Controller('polls/confirm')
export class ConfirmVoteController {
  constructor(
    private readonly confirmations: ConfirmationsService,
    private readonly home: HomeLanguage,
  ) {}

  @Get(':token')
  async show(
    @Param('token') token: string,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    const ballot = await this.confirmations.find(token);
    if (ballot === null) void reply.code(REFUSALS.link_expired);
    return this.page(request, reply, present(ballot), ballot);
  }

  @Post(':token')
  @TakesForm()
  @HttpCode(200)
  async confirm(
    @Param('token') token: string,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    const refusal = await this.confirmations.confirm(token).then(() => null, refusedAs);
    if (refusal !== null) void reply.code(REFUSALS[refusal]);
    const ballot = await this.confirmations.find(token);
    return this.page(request, reply, refusal ?? present(ballot), ballot);
  }

  private page({ url, headers }: FastifyRequest, reply: FastifyReply, outcome: Outcome, ballot: LinkedBallot | null): string {
    const { name: center, lang: home } = this.home;
    const lang = this.home.ofReader(url, headers['accept-language']);
    return shownToOne(reply, confirmVotePage({ lang, outcome, ballot, center, home }));
  }
}

/** @throws whatever the page has no words for */
function refusedAs(error: unknown): Refusal {
  if (error instanceof Problem && error.code in REFUSALS) return error.code as Refusal;
  throw error;
}

function present(ballot: LinkedBallot | null): Outcome {
  if (ballot === null) return 'link_expired';
  const { status, open } = ballot;
  if (status === 'awaiting_confirmation') return open ? 'asked' : 'poll_closed';
  return status === 'void' ? 'removed' : status;
}
