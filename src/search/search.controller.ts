import { Controller, Get, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Answers } from '../http/openapi.js';
import type { Published } from '../http/published.js';
import { Public } from '../http/public.js';
import { SearchArticles, SearchResults, SuggestQuery, Suggestions } from './search.dto.js';
import { SearchService } from './search.service.js';
import { SuggestService } from './suggest.service.js';

@Public()
@ApiTags('search')
@Controller('api/v1/search')
export class SearchController {
  constructor(
    private readonly searches: SearchService,
    private readonly suggestions: SuggestService,
  ) {}

  @Get()
  @Answers('searchArticles', 'Articles that hold what was typed, the best first. All filters given hold together.', SearchResults, 503)
  search(@Query() query: SearchArticles): Promise<Published> {
    return this.searches.search(query);
  }

  @Get('suggest')
  @Answers('suggest', 'Titles, authors and tags that begin as what was typed so far: ten of each at most.', Suggestions, 503)
  suggest(@Query() query: SuggestQuery): Promise<Published> {
    return this.suggestions.suggest(query);
  }
}
