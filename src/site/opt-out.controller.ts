import { Controller, Get, HttpCode, Param, Post, Req, Res, UseFilters } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { TakesOneClick } from '../http/forms.js';
import { HomeLanguage } from '../http/problem.js';
import { Public } from '../http/public.js';
import { Suppressions } from '../mail/suppressions.service.js';
import { optOutPage } from './opt-out.page.js';
import { PageFilter } from './page.filter.js';
import { shownToOne } from './shell.js';

/**
 * Where letters that readers have sent for say one can refuse them. Opening it changes nothing, because programs that look into mail open
 * links too; the button acts, and so does the one click of a mail program (RFC 8058): neither needs a cookie, or anything but the address.
 */
@Public()
@ApiExcludeController()
@UseFilters(PageFilter)
@Controller('mail/opt-out')
export class OptOutController {
  constructor(
    private readonly suppressions: Suppressions,
    private readonly home: HomeLanguage,
  ) {}

  /** The same before and after: whoever holds the link learns nothing of what its mailbox has refused. */
  @Get(':token')
  show(@Param('token') token: string, @Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): string {
    return this.page(request, reply, this.suppressions.isToken(token) ? 'asked' : 'unknown');
  }

  @Post(':token')
  @TakesOneClick()
  @HttpCode(200)
  async refuse(
    @Param('token') token: string,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    return this.page(request, reply, (await this.suppressions.optOut(token)) ? 'done' : 'unknown');
  }

  private page({ url, headers }: FastifyRequest, reply: FastifyReply, outcome: Parameters<typeof optOutPage>[0]['outcome']): string {
    if (outcome === 'unknown') void reply.code(404);
    const { name: center, lang: home } = this.home;
    const lang = this.home.ofReader(url, headers['accept-language']);
    return shownToOne(reply, optOutPage({ lang, outcome, center, home }));
  }
}
