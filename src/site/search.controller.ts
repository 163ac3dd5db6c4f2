import { Controller, Get, Req, UseFilters } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { invalidParameter } from '../http/input.js';
import type { Published } from '../http/published.js';
import { Public } from '../http/public.js';
import { isSlugOrId } from '../http/query.js';
import { SEARCH_KEY } from '../search/search-key.js';
import { SearchService } from '../search/search.service.js';
import { SectionsService } from '../sections/sections.service.js';
import { listedIn } from './articles.controller.js';
import { FrameService, together } from './frame.service.js';
import { parameterIn, positionIn } from './links.js';
import { ON_A_PAGE } from './list.page.js';
import { PageFilter } from './page.filter.js';
import { searchPage, type Sought } from './search.page.js';
import { shownToAll } from './shell.js';

/** As long as the API takes it. */
const LONGEST = 2_000;

/** Search as a page: a form, and what it found. It works without scripts. */
@Public()
@ApiExcludeController()
@UseFilters(PageFilter)
@Controller('search')
export class SiteSearchController {
  constructor(
    private readonly searches: SearchService,
    private readonly sections: SectionsService,
    private readonly frames: FrameService,
  ) {}

  /** @throws Problem 400 naming `q` or `cursor`; 503 `busy` when too many search at once */
  @Get()
  async show(@Req() { query }: FastifyRequest): Promise<Published> {
    const sought = soughtIn(query);
    const position = positionIn(query, 'search', SEARCH_KEY);
    const [around, frame] = await Promise.all([this.sections.outline(), this.frames.read()]);
    const page = (results: Parameters<typeof searchPage>[0]['results']): string =>
      searchPage({ sought, around, frame, results, cursor: parameterIn(query, 'cursor') });
    if (sought.q === undefined) return shownToAll(together(around, frame), page(null));
    const { q, ...filters } = sought;
    const results = await this.searches.read({ q, ...filters, limit: ON_A_PAGE, cursor: position });
    // No moment tells when an answer last changed.
    return shownToAll({ modified: null, settled: false }, page(results));
  }
}

/** What an address asks for. A form sends all its fields: those left empty, and what is no filter, filter nothing, and the form shows so. */
function soughtIn(query: unknown): Sought {
  const one = (name: string, isOne: (value: string) => boolean): string | undefined => {
    const value = parameterIn(query, name)?.normalize('NFC');
    return value !== undefined && isOne(value) ? value : undefined;
  };
  const q = parameterIn(query, 'q');
  if (q !== undefined && [...q].length > LONGEST) throw invalidParameter('q', 'typed');
  return {
    q,
    lang: listedIn(query).lang,
    section: one('section', isSlugOrId),
    author: one('author', isSlugOrId),
    year: one('year', (value) => /^[1-9]\d{3}$/.test(value)),
  };
}
