import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Answers } from '../http/openapi.js';
import type { Moved, Published } from '../http/published.js';
import { Public } from '../http/public.js';
import { LangQuery, SlugOrIdPipe } from '../http/query.js';
import { SectionList, SectionTree } from './section.dto.js';
import { SectionsService } from './sections.service.js';

@Public()
@ApiTags('sections')
@Controller('api/v1/sections')
export class SectionsController {
  constructor(private readonly sections: SectionsService) {}

  /** The tree of sections. */
  @Get()
  @Answers('listSections', 'The tree of sections, in the center’s order.', SectionList)
  list(@Query() { lang }: LangQuery): Promise<Published> {
    return this.sections.tree(lang);
  }

  /** One section. */
  @Get(':slug')
  @Answers('findSection', 'One section with its subsections.', SectionTree, 301, 404)
  find(@Param('slug', new SlugOrIdPipe('slug')) slug: string, @Query() { lang }: LangQuery): Promise<Published | Moved> {
    return this.sections.find(slug, lang);
  }
}
