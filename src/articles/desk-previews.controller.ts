import { Body, Controller, Delete, Get, Param, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Allows, By, type EditorActor } from '../access/access.js';
import { IdPipe } from '../http/body.js';
import { DeskRoute } from '../http/openapi.js';
import { ListPreviews, OfferPreview, OfferedPreview, PreviewLinkList } from './preview.dto.js';
import { PreviewsService } from './previews.service.js';

@ApiTags('desk: articles')
@Controller('api/v1/desk/articles/:id/preview-links')
export class DeskPreviewsController {
  constructor(private readonly previews: PreviewsService) {}

  @Get()
  @Allows('articles.preview')
  @DeskRoute('listPreviewLinks', 'Links that were given out for the article, newest first.', [200, PreviewLinkList], 404)
  list(@By() by: EditorActor, @Param('id', new IdPipe()) id: number, @Query() query: ListPreviews): Promise<PreviewLinkList> {
    return this.previews.list(by, id, query);
  }

  @Post()
  @Allows('articles.preview')
  @DeskRoute(
    'offerPreview',
    'Makes a link that shows one revision to somebody outside. The revision cannot change any more.',
    [201, OfferedPreview],
    404,
    409,
    413,
    415,
    422,
  )
  offer(@By() by: EditorActor, @Param('id', new IdPipe()) id: number, @Body() offer: OfferPreview): Promise<OfferedPreview> {
    return this.previews.offer(by, id, offer);
  }

  @Delete(':linkId')
  @Allows('articles.preview')
  @DeskRoute('revokePreview', 'Takes a link back. Whoever opens it finds nothing.', [204, null], 404)
  revoke(
    @By() by: EditorActor,
    @Param('id', new IdPipe()) id: number,
    @Param('linkId', new IdPipe('linkId')) linkId: number,
  ): Promise<void> {
    return this.previews.revoke(by, id, linkId);
  }
}
