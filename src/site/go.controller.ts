import { Controller, Get, Param, Req, Res, UseFilters } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AdsService } from '../ads/ads.service.js';
import { Public } from '../http/public.js';
import { numberIn } from './articles.controller.js';
import { PageFilter } from './page.filter.js';

/** The way out to advertisers. Like all answers it says `no-referrer`: they learn that somebody came, and not from which piece. */
@Public()
@ApiExcludeController()
@UseFilters(PageFilter)
@Controller('go')
export class GoController {
  constructor(private readonly ads: AdsService) {}

  @Get(':id')
  async follow(@Param('id') id: string, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const location = await this.ads.follow(Number(numberIn(id)), request);
    await reply.code(302).headers({ location, 'cache-control': 'private, no-store', 'x-robots-tag': 'noindex, nofollow' }).send();
  }
}
