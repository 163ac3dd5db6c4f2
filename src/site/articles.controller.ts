import { Controller, Get, Param, Req, UseFilters } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { ArticlesService } from '../articles/articles.service.js';
import { NotFound } from '../http/problem.js';
import { Moved, type Published } from '../http/published.js';
import { Public } from '../http/public.js';
import { PollsService } from '../polls/polls.service.js';
import { isLang, type Lang } from '../text/language.js';
import { articlePage } from './article.page.js';
import { FrameService, together } from './frame.service.js';
import { PageFilter } from './page.filter.js';
import { shownToAll } from './shell.js';

/** An id, or the number of a revision: int4, without what only looks like one. */
const NUMBER = /^[1-9]\d{0,8}$/;

/** The parameters this page listens to; whatever else its address carries changes nothing. */
export interface Listed {
  readonly lang?: Lang;
  /** Revision that a letter was sent with. */
  readonly r?: string;
}

/** The pages of the pieces themselves. The same for everybody: who reads, and by which letter's link, is noted nowhere. */
@Public()
@ApiExcludeController()
@UseFilters(PageFilter)
@Controller()
export class SiteArticlesController {
  constructor(
    private readonly articles: ArticlesService,
    private readonly frames: FrameService,
    private readonly polls: PollsService,
  ) {}

  @Get('articles/:id/:slug')
  async show(@Param('id') id: string, @Param('slug') slug: string, @Req() request: FastifyRequest): Promise<Published | Moved> {
    const listed = listedIn(request.query);
    const asked = listed.r === undefined ? null : Number(listed.r);
    const read = await this.articles.read(numberIn(id), listed.lang, asked);
    const { article } = read;
    if (slug !== article.slug) return movedTo(article.url, listed);
    const slots = ['masthead', 'article_top', 'article_end', 'sidebar'] as const;
    const lang = listed.lang ?? article.lang;
    const [frame, poll] = await Promise.all([
      this.frames.read({ slots, section: article.section.id, mostRead: true }),
      read.polls[0] ? this.polls.question(read.polls[0].id, lang) : null,
    ]);
    // A revision that is yet to come was sent to nobody.
    const sentWith = asked !== null && asked <= article.revision ? asked : null;
    return shownToAll(
      together(read.row, frame, ...(poll ? [poll] : [])),
      articlePage({ lang, read, sentWith, frame, ...(poll && { poll: poll.poll }) }),
    );
  }

  /** The short address. Digits alone: every other word at the root is somebody else's. */
  @Get(':id(^[1-9]\\d{0,8}$)')
  async find(@Param('id') id: string, @Req() request: FastifyRequest): Promise<Moved> {
    const listed = listedIn(request.query);
    const { article } = await this.articles.read(id, listed.lang, null);
    return movedTo(article.url, listed);
  }
}

/** @throws NotFound for what is no id */
export function numberIn(id: string): string {
  if (!NUMBER.test(id)) throw new NotFound();
  return id;
}

export function listedIn(query: unknown): Listed {
  const { lang, r } = query as Readonly<Record<string, unknown>>;
  return { ...(isLang(lang) && { lang }), ...(typeof r === 'string' && NUMBER.test(r) && { r }) };
}

export function movedTo(url: string, listed: Listed): Moved {
  const query = new URLSearchParams({ ...listed }).toString();
  return new Moved(query === '' ? url : `${url}?${query}`);
}
