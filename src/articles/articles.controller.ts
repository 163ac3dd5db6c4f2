import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Answers } from '../http/openapi.js';
import type { Moved, Published } from '../http/published.js';
import { Public } from '../http/public.js';
import { LangQuery, SlugOrIdPipe } from '../http/query.js';
import { ArticleList, ArticlePage, ListArticles } from './article.dto.js';
import { ArticlesService } from './articles.service.js';

@Public()
@ApiTags('articles')
@Controller('api/v1/articles')
export class ArticlesController {
  constructor(private readonly articles: ArticlesService) {}

  @Get()
  @Answers('listArticles', 'Articles, newest first. All filters given hold together.', ArticleList)
  list(@Query() query: ListArticles): Promise<Published> {
    return this.articles.list(query);
  }

  @Get(':idOrSlug')
  @Answers('findArticle', 'One article, by id or slug (only digits are an id).', ArticlePage, 301, 404, 410)
  find(@Param('idOrSlug', new SlugOrIdPipe('idOrSlug')) idOrSlug: string, @Query() { lang }: LangQuery): Promise<Published | Moved> {
    return this.articles.find(idOrSlug, lang);
  }
}
