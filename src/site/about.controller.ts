import { Controller, Get, Req, UseFilters } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { Addresses } from '../http/addresses.js';
import type { Published } from '../http/published.js';
import { Public } from '../http/public.js';
import { MastheadService } from '../masthead/masthead.service.js';
import { aboutPage } from './about.page.js';
import { listedIn } from './articles.controller.js';
import { FrameService, together } from './frame.service.js';
import { PageFilter } from './page.filter.js';
import { shownToAll } from './shell.js';

/** Who the center is. */
@Public()
@ApiExcludeController()
@UseFilters(PageFilter)
@Controller('about')
export class AboutController {
  constructor(
    private readonly masthead: MastheadService,
    private readonly addresses: Addresses,
    private readonly frames: FrameService,
  ) {}

  @Get()
  async show(@Req() { query }: FastifyRequest): Promise<Published> {
    const [read, frame] = await Promise.all([this.masthead.read(), this.frames.read()]);
    return shownToAll(together(read, frame), aboutPage({ origin: this.addresses.origin, asked: listedIn(query).lang, read, frame }));
  }
}
