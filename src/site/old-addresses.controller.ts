import { Controller, Get, Param, Req, UseFilters } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { ArticlesService } from '../articles/articles.service.js';
import { LONGEST_PART, unreadable } from '../http/adapter.js';
import { NotFound } from '../http/problem.js';
import type { Moved } from '../http/published.js';
import { Public } from '../http/public.js';
import { listedIn, movedTo } from './articles.controller.js';
import { PageFilter } from './page.filter.js';

/** Where nothing of ours stands: the addresses that pieces had on an old site lead to them, in one step; the rest is not there. */
@Public()
@ApiExcludeController()
@Controller()
export class OldAddressesController {
  constructor(private readonly articles: ArticlesService) {}

  /** Programs ask here, and are answered as programs; also of a path with a part that is longer than any route takes. */
  @Get('api/*')
  nothing(@Param('*') path: string): never {
    throw path.split('/').some((part) => part.length > LONGEST_PART) ? unreadable('path') : new NotFound();
  }

  @Get('*')
  @UseFilters(PageFilter)
  async find(@Req() request: FastifyRequest): Promise<Moved> {
    const piece = await this.articles.atOldAddress(request.raw.url ?? '');
    if (piece === null) throw new NotFound();
    return movedTo(piece, listedIn(request.query));
  }
}
