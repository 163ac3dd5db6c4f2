import { Controller, Get, Param, Req, UseFilters } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { ArticlesService } from '../articles/articles.service.js';
import { AuthorsService } from '../authors/authors.service.js';
import { Addresses } from '../http/addresses.js';
import { INSTANT_KEY } from '../http/cursor.js';
import type { Moved, Published } from '../http/published.js';
import { Public } from '../http/public.js';
import { listedIn } from './articles.controller.js';
import { FrameService, together } from './frame.service.js';
import { authorPage, authorsPage } from './authors.page.js';
import { movedInto, parameterIn, positionIn } from './links.js';
import { ON_A_PAGE } from './list.page.js';
import { PageFilter } from './page.filter.js';
import { shownToAll } from './shell.js';

/** Names on a page of the list. */
const NAMES_ON_A_PAGE = 60;

/** The pages of those who write. A record merged into another leads to that one. */
@Public()
@ApiExcludeController()
@UseFilters(PageFilter)
@Controller('authors')
export class SiteAuthorsController {
  constructor(
    private readonly authors: AuthorsService,
    private readonly articles: ArticlesService,
    private readonly addresses: Addresses,
    private readonly frames: FrameService,
  ) {}

  @Get()
  async list(@Req() { query }: FastifyRequest): Promise<Published> {
    const { lang: asked } = listedIn(query);
    const cursor = parameterIn(query, 'cursor');
    const position = positionIn(query, 'authors', /./);
    const [read, frame] = await Promise.all([this.authors.page(NAMES_ON_A_PAGE, position, asked), this.frames.read()]);
    const listed = { origin: this.addresses.origin, path: ['authors'], asked, cursor, frame };
    return shownToAll(together(read, frame), authorsPage({ listed, read }));
  }

  @Get(':idOrSlug')
  async show(@Param('idOrSlug') idOrSlug: string, @Req() { query }: FastifyRequest): Promise<Published | Moved> {
    const { lang: asked } = listedIn(query);
    const author = await this.authors.read(idOrSlug, asked);
    const path = ['authors', author.slug];
    const { origin } = this.addresses;
    if (idOrSlug !== author.slug) return movedInto(origin, path, asked);
    const cursor = parameterIn(query, 'cursor');
    const position = positionIn(query, 'articles', INSTANT_KEY);
    const [cards, frame] = await Promise.all([
      this.articles.cards({ author: String(author.id) }, asked, ON_A_PAGE, position),
      this.frames.read(),
    ]);
    return shownToAll(together(author, frame), authorPage({ listed: { origin, path, asked, cursor, frame }, author, cards }));
  }
}
