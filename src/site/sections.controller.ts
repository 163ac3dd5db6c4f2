import { Controller, Get, Param, Req, UseFilters } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { ArticlesService } from '../articles/articles.service.js';
import { Addresses } from '../http/addresses.js';
import { INSTANT_KEY } from '../http/cursor.js';
import type { Moved, Published } from '../http/published.js';
import { Public } from '../http/public.js';
import { SectionsService } from '../sections/sections.service.js';
import { listedIn } from './articles.controller.js';
import { FrameService, together } from './frame.service.js';
import { movedInto, parameterIn, positionIn } from './links.js';
import { ON_A_PAGE, sectionPage } from './list.page.js';
import { PageFilter } from './page.filter.js';
import { shownToAll } from './shell.js';

/** The page of a section, its subsections' pieces among its own. */
@Public()
@ApiExcludeController()
@UseFilters(PageFilter)
@Controller('sections')
export class SiteSectionsController {
  constructor(
    private readonly sections: SectionsService,
    private readonly articles: ArticlesService,
    private readonly addresses: Addresses,
    private readonly frames: FrameService,
  ) {}

  @Get(':idOrSlug')
  async show(@Param('idOrSlug') idOrSlug: string, @Req() { query }: FastifyRequest): Promise<Published | Moved> {
    const { lang: asked } = listedIn(query);
    const section = await this.sections.read(idOrSlug);
    const path = ['sections', section.slug];
    const { origin } = this.addresses;
    if (idOrSlug !== section.slug) return movedInto(origin, path, asked);
    const cursor = parameterIn(query, 'cursor');
    const position = positionIn(query, 'articles', INSTANT_KEY);
    const [cards, frame] = await Promise.all([
      this.articles.cards({ section: String(section.id) }, asked, ON_A_PAGE, position),
      this.frames.read({ slots: ['masthead', 'sidebar'], section: section.id, mostRead: true }),
    ]);
    return shownToAll(together(section, frame), sectionPage({ listed: { origin, path, asked, cursor, frame }, section, cards }));
  }
}
