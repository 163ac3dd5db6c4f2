import { Controller, Get, Req, UseFilters } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { Addresses } from '../http/addresses.js';
import type { Published } from '../http/published.js';
import { Public } from '../http/public.js';
import { listedIn } from './articles.controller.js';
import { FrameService } from './frame.service.js';
import { PageFilter } from './page.filter.js';
import { privacyPage } from './privacy.page.js';
import { shownToAll } from './shell.js';

/** What is kept of readers. */
@Public()
@ApiExcludeController()
@UseFilters(PageFilter)
@Controller('privacy')
export class PrivacyController {
  constructor(
    private readonly addresses: Addresses,
    private readonly frames: FrameService,
  ) {}

  @Get()
  async show(@Req() { query }: FastifyRequest): Promise<Published> {
    const frame = await this.frames.read();
    return shownToAll(frame, privacyPage({ origin: this.addresses.origin, asked: listedIn(query).lang, frame }));
  }
}
