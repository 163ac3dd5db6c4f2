import { Controller, Get, Req, UseFilters } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { ArticlesService } from '../articles/articles.service.js';
import { FrontService } from '../front/front.service.js';
import { Addresses } from '../http/addresses.js';
import type { Moved, Published } from '../http/published.js';
import { Public } from '../http/public.js';
import { listedIn, movedTo } from './articles.controller.js';
import { FrameService, together } from './frame.service.js';
import { homePage } from './home.page.js';
import { PageFilter } from './page.filter.js';
import { shownToAll } from './shell.js';

/** The front page. */
@Public()
@ApiExcludeController()
@UseFilters(PageFilter)
@Controller()
export class HomeController {
  constructor(
    private readonly articles: ArticlesService,
    private readonly fronts: FrontService,
    private readonly addresses: Addresses,
    private readonly frames: FrameService,
  ) {}

  @Get()
  async show(@Req() { query, raw }: FastifyRequest): Promise<Published | Moved> {
    const listed = listedIn(query);
    // Old sites told their pieces apart behind the front page: `/?p=12`.
    const piece = await this.articles.atOldAddress(raw.url ?? '');
    if (piece !== null) return movedTo(piece, listed);
    const { lang: asked } = listed;
    const [front, frame] = await Promise.all([
      this.fronts.read(asked),
      this.frames.read({ slots: ['masthead', 'home', 'sidebar'], mostRead: true }),
    ]);
    return shownToAll(together(front, frame), homePage({ origin: this.addresses.origin, asked, frame, front }));
  }
}
