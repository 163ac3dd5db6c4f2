import { Body, Controller, Get, HttpCode, Param, Post, Req, Res, UseFilters } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { TakesForm } from '../http/forms.js';
import { HomeLanguage, Problem } from '../http/problem.js';
import { Public } from '../http/public.js';
import { SenderCookie } from '../send-to-friend/sender-cookie.js';
import { ShareConfirmations, type ConfirmedSender } from '../send-to-friend/share-confirmations.service.js';
import { confirmSharesPage, type Shown } from './confirm-shares.page.js';
import { PageFilter } from './page.filter.js';
import { shownToOne } from './shell.js';

const REFUSALS = { link_expired: 404, mail_sharing_off: 403, shares_stopped: 503 } as const;
type Refusal = keyof typeof REFUSALS;

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
    return this.page(request, reply, await this.waiting(token));
  }

  /** Releases what the page has shown and nothing that has come since; where that is nothing any more, or no page's form, it asks again. */
  @Post(':token')
  @TakesForm()
  @HttpCode(200)
  async confirm(
    @Param('token') token: string,
    @Body() body: unknown,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    const upTo = momentIn(body);
    if (upTo === null) return this.page(request, reply, await this.waiting(token));
    const answer = await this.confirmations.confirm(token, upTo).catch(refused);
    if (answer instanceof Problem) {
      void reply.headers(answer.more.headers ?? {});
      return this.page(request, reply, { outcome: answer.code as Refusal });
    }
    this.cookie.give(reply, answer);
    const shown = answer.released + answer.dropped > 0 ? { outcome: outcomeOf(answer) } : await this.waiting(token);
    return this.page(request, reply, { ...shown, known: true });
  }

  private async waiting(token: string): Promise<Shown> {
    const held = await this.confirmations.find(token);
    if (held === null) return { outcome: 'link_expired' };
    return held.shares.length > 0 ? { outcome: 'asked', held } : { outcome: 'nothing_waits' };
  }

  private page({ url, headers }: FastifyRequest, reply: FastifyReply, shown: Shown): string {
    if (isRefusal(shown.outcome)) void reply.code(REFUSALS[shown.outcome]);
    const { name: center, lang: home } = this.home;
    const lang = this.home.ofReader(url, headers['accept-language']);
    return shownToOne(reply, confirmSharesPage({ ...shown, lang, center, home }));
  }
}

function outcomeOf({ released, dropped }: ConfirmedSender): 'sent' | 'sent_in_part' | 'beyond_limit' {
  if (dropped === 0) return 'sent';
  return released > 0 ? 'sent_in_part' : 'beyond_limit';
}

/** @throws whatever the page has no words for */
function refused(error: unknown): Problem {
  if (error instanceof Problem && isRefusal(error.code)) return error;
  throw error;
}

function isRefusal(code: string): code is Refusal {
  return code in REFUSALS;
}

/** As the database writes a moment: `2026-11-23 10:15:00.123456+00`. */
const MOMENT = /^(20\d\d-\d\d-\d\d) (\d\d:\d\d:\d\d)(?:[.]\d{1,6})?[+-](?:0\d|1[0-4])(?::[0-5]\d)?$/;

/** @returns up to when its page shows what waits; null where the form is not that page's */
function momentIn(body: unknown): string | null {
  const { upTo } = (body ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof upTo !== 'string') return null;
  const [, day, time] = MOMENT.exec(upTo) ?? [];
  const moment = `${day}T${time}.000Z`;
  const at = new Date(moment);
  // One that exists: no 31 February, which the database would not take.
  return !Number.isNaN(at.valueOf()) && at.toISOString() === moment ? upTo : null;
}
