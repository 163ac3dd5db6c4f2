import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Answers } from '../http/openapi.js';
import type { Moved, Published } from '../http/published.js';
import { Public } from '../http/public.js';
import { LangQuery, SlugOrIdPipe } from '../http/query.js';
import { AuthorList, AuthorProfile, ListAuthors } from './author.dto.js';
import { AuthorsService } from './authors.service.js';

@Public()
@ApiTags('authors')
@Controller('api/v1/authors')
export class AuthorsController {
  constructor(private readonly authors: AuthorsService) {}

  @Get()
  @Answers('listAuthors', 'Authors with something published, in the order of their names.', AuthorList)
  list(@Query() query: ListAuthors): Promise<Published> {
    return this.authors.list(query);
  }

  @Get(':slug')
  @Answers('findAuthor', 'One author.', AuthorProfile, 301, 404)
  find(@Param('slug', new SlugOrIdPipe('slug')) slug: string, @Query() { lang }: LangQuery): Promise<Published | Moved> {
    return this.authors.find(slug, lang);
  }
}
