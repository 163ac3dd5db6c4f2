import { Controller, Get, Req, UseFilters } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { ArticlesService } from '../articles/articles.service.js';
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

  /** Programs ask here, and are answered as programs. */
  @Get('api/*')
  nothing(): never {
    throw new NotFound();
  }

  @Get('*')
  @UseFilters(PageFilter)
  async find(@Req() request: FastifyRequest): Promise<Moved> {
    const piece = await this.articles.atOldAddress(request.raw.url ?? '');
    if (piece === null) throw new NotFound();
    return movedTo(piece, listedIn(request.query));
  }
}
