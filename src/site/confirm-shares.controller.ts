import { Controller, Get, HttpCode, Param, Post, Req, Res, UseFilters } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { TakesForm } from '../http/forms.js';
import { HomeLanguage, Problem } from '../http/problem.js';
import { Public } from '../http/public.js';
import { SenderCookie } from '../send-to-friend/sender-cookie.js';
import { ShareConfirmations, type ConfirmedSender, type HeldShares } from '../send-to-friend/share-confirmations.service.js';
import { confirmSharesPage, type Outcome } from './confirm-shares.page.js';
import { PageFilter } from './page.filter.js';
import { shownToOne } from './shell.js';

/** Where the link of a sender's letter leads. Opening it changes nothing, because programs that look into mail open links too. */
@Public()
@ApiExcludeController()
@UseFilters(PageFilter)
@Controller('shares/confirm')
export class ConfirmSharesController {
  constructor(
    private readonly confirmations: ShareConfirmations,
    private readonly cookie: SenderCookie,
    private readonly home: HomeLanguage,
  ) {}

  @Get(':token')
  async show(
    @Param('token') token: string,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    const held = await this.confirmations.find(token);
    if (held === null) return this.page(request, reply, 'link_expired');
    return this.page(request, reply, held.shares.length > 0 ? 'asked' : 'nothing_waits', held.shares);
  }

  @Post(':token')
  @TakesForm()
  @HttpCode(200)
  async confirm(
    @Param('token') token: string,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    const confirmed = await this.confirmations.confirm(token).catch(expired);
    if (confirmed === null) return this.page(request, reply, 'link_expired');
    this.cookie.give(reply, confirmed);
    return this.page(request, reply, outcomeOf(confirmed), [], true);
  }

  private page(
    { url, headers }: FastifyRequest,
    reply: FastifyReply,
    outcome: Outcome,
    shares: HeldShares['shares'] = [],
    known = false,
  ): string {
    if (outcome === 'link_expired') void reply.code(404);
    const { name: center, lang: home } = this.home;
    const lang = this.home.ofReader(url, headers['accept-language']);
    return shownToOne(reply, confirmSharesPage({ lang, outcome, shares, known, center, home }));
  }
}

function outcomeOf({ released, dropped }: ConfirmedSender): Outcome {
  if (dropped > 0) return released > 0 ? 'sent_in_part' : 'beyond_limit';
  return released > 0 ? 'sent' : 'nothing_waits';
}

/** @throws whatever the page has no words for */
function expired(error: unknown): null {
  if (error instanceof Problem && error.code === 'link_expired') return null;
  throw error;
}
