import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Answers } from '../http/openapi.js';
import type { Moved, Published } from '../http/published.js';
import { Public } from '../http/public.js';
import { LangQuery, SlugOrIdPipe } from '../http/query.js';
import { ShareLinks } from './share-links.dto.js';
import { ShareLinksService } from './share-links.service.js';

@Public()
@ApiTags('shares')
@Controller('api/v1/articles')
export class ShareLinksController {
  constructor(private readonly links: ShareLinksService) {}

  @Get(':idOrSlug/share-links')
  @Answers(
    'findShareLinks',
    'Links that pass an article on without this server, and what navigator.share takes.',
    ShareLinks,
    301,
    404,
    410,
  )
  find(@Param('idOrSlug', new SlugOrIdPipe('idOrSlug')) idOrSlug: string, @Query() { lang }: LangQuery): Promise<Published | Moved> {
    return this.links.find(idOrSlug, lang);
  }
}
