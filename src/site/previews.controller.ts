import { Controller, Get, Param, Req, Res, UseFilters } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { PreviewsService } from '../articles/previews.service.js';
import { Public } from '../http/public.js';
import { SecretAddress } from '../http/secret-address.js';
import { sendFile } from '../media/media-files.js';
import { articlePage } from './article.page.js';
import { listedIn, numberIn } from './articles.controller.js';
import { PageFilter } from './page.filter.js';
import { shownToOne } from './shell.js';

/** What somebody outside is shown before it is public, or instead. */
@Public()
@ApiExcludeController()
@UseFilters(PageFilter)
@Controller('previews')
export class SitePreviewsController {
  constructor(private readonly previews: PreviewsService) {}

  @Get(':token')
  @SecretAddress()
  async show(
    @Param('token') token: string,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    const { lang } = listedIn(request.query);
    const { article, live, expiresAt, ...beside } = await this.previews.open(token, lang);
    const read = { article, since: [], polls: [], mailSharing: false, ...beside };
    return shownToOne(reply, articlePage({ lang: lang ?? article.lang, read, sentWith: null, preview: { live, until: expiresAt } }));
  }

  /** What the page shows. Nothing but the path decides; refusals as the page's. */
  @Get(':token/media/:id/:name')
  @SecretAddress()
  async file(
    @Param('token') token: string,
    @Param('id') id: string,
    @Param('name') name: string,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    await sendFile(reply, await this.previews.file(token, Number(numberIn(id)), name), 'private');
  }
}
