import { Controller, Get, Param, Req, UseFilters } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { ArticlesService, type ReadGathering } from '../articles/articles.service.js';
import { Addresses } from '../http/addresses.js';
import { INSTANT_KEY } from '../http/cursor.js';
import type { Moved, Published } from '../http/published.js';
import { Public } from '../http/public.js';
import { listedIn } from './articles.controller.js';
import { FrameService, together } from './frame.service.js';
import { movedInto, parameterIn, positionIn } from './links.js';
import { ON_A_PAGE, listPage } from './list.page.js';
import { PageFilter } from './page.filter.js';
import { shownToAll } from './shell.js';

/** The pages of what gathers pieces across sections: series and tags. */
@Public()
@ApiExcludeController()
@UseFilters(PageFilter)
@Controller()
export class GatheringsController {
  constructor(
    private readonly articles: ArticlesService,
    private readonly addresses: Addresses,
    private readonly frames: FrameService,
  ) {}

  @Get('series/:idOrSlug')
  async series(@Param('idOrSlug') idOrSlug: string, @Req() request: FastifyRequest): Promise<Published | Moved> {
    return this.page('series', idOrSlug, await this.articles.series(idOrSlug), request);
  }

  @Get('tags/:idOrSlug')
  async tag(@Param('idOrSlug') idOrSlug: string, @Req() request: FastifyRequest): Promise<Published | Moved> {
    return this.page('tag', idOrSlug, await this.articles.tag(idOrSlug), request);
  }

  private async page(
    kind: 'series' | 'tag',
    idOrSlug: string,
    about: ReadGathering,
    { query }: FastifyRequest,
  ): Promise<Published | Moved> {
    const { lang: asked } = listedIn(query);
    const path = [{ series: 'series', tag: 'tags' }[kind], about.slug];
    const { origin } = this.addresses;
    if (idOrSlug !== about.slug) return movedInto(origin, path, asked);
    const cursor = parameterIn(query, 'cursor');
    const position = positionIn(query, 'articles', INSTANT_KEY);
    const [cards, frame] = await Promise.all([
      this.articles.cards({ [kind]: String(about.id) }, asked, ON_A_PAGE, position),
      this.frames.read(),
    ]);
    return shownToAll(together(about, frame), listPage({ listed: { origin, path, asked, cursor, frame }, kind, about, cards }));
  }
}
