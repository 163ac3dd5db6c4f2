import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Responds } from '../http/openapi.js';
import { Public } from '../http/public.js';
import { LangQuery } from '../http/query.js';
import { SecretAddress } from '../http/secret-address.js';
import { ArticlePage } from './article.dto.js';
import { PreviewsService } from './previews.service.js';

@Public()
@ApiTags('articles')
@Controller('api/v1/previews')
export class PreviewsController {
  constructor(private readonly previews: PreviewsService) {}

  @Get(':token')
  @SecretAddress()
  @Responds('openPreview', 'What a preview link shows: the revision as it would be if it went live now.', [200, ArticlePage], 404)
  async open(@Param('token') token: string, @Query() { lang }: LangQuery): Promise<ArticlePage> {
    return (await this.previews.open(token, lang)).article;
  }
}
