import { Body, Controller, Delete, Get, Param, Patch, Post, Query, Req, Res } from '@nestjs/common';
import { ApiBody, ApiConsumes, ApiProduces, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Allows, By, type EditorActor } from '../access/access.js';
import { IdPipe } from '../http/body.js';
import { TakesUpload } from '../http/forms.js';
import { DeskRoute } from '../http/openapi.js';
import { ChangeMedia, DeskMedia, DeskMediaList, ListDeskMedia } from './desk-media.dto.js';
import { sendFile } from './media-files.js';
import { MediaService } from './media.service.js';
import { MediaUploads } from './uploads.service.js';

@ApiTags('desk: media')
@Controller('api/v1/desk/media')
export class DeskMediaController {
  constructor(
    private readonly media: MediaService,
    private readonly uploads: MediaUploads,
  ) {}

  @Get()
  @Allows('media.read')
  @DeskRoute('listDeskMedia', 'Pictures and documents, newest first. A contributor sees their own, and what readers see.', [
    200,
    DeskMediaList,
  ])
  list(@Query() query: ListDeskMedia, @By() actor: EditorActor): Promise<DeskMediaList> {
    return this.media.list(actor, query);
  }

  @Get(':id')
  @Allows('media.read')
  @DeskRoute('findDeskMedia', 'One picture or document, and what uses it.', [200, DeskMedia], 404)
  find(@Param('id', new IdPipe()) id: number, @By() actor: EditorActor): Promise<DeskMedia> {
    return this.media.find(actor, id);
  }

  @Post()
  @Allows('media.write')
  @TakesUpload()
  @ApiConsumes('multipart/form-data')
  @ApiBody({ schema: { type: 'object', required: ['file'], properties: { file: { type: 'string', format: 'binary' } } } })
  @DeskRoute(
    'uploadMedia',
    'Takes a JPEG, PNG, WebP, AVIF or PDF of up to 20 MB, pictures of up to 40 million pixels. Renditions of a picture follow in a moment.',
    [201, DeskMedia],
    413,
    415,
    422,
    429,
    503,
    507,
  )
  async upload(@Req() { raw }: FastifyRequest, @By() actor: EditorActor): Promise<DeskMedia> {
    return this.media.find(actor, await this.uploads.take(actor, raw));
  }

  @Patch(':id')
  @Allows('media.write')
  @DeskRoute('changeMedia', 'Changes what is said of it.', [200, DeskMedia], 404, 409, 413, 415, 422)
  change(@Param('id', new IdPipe()) id: number, @Body() parts: ChangeMedia, @By() actor: EditorActor): Promise<DeskMedia> {
    return this.media.change(actor, id, parts);
  }

  @Delete(':id')
  @Allows('media.write')
  @DeskRoute('removeMedia', 'Removes what nothing uses: no article, in no revision, and no author.', [204, null], 404, 409)
  remove(@Param('id', new IdPipe()) id: number, @By() actor: EditorActor): Promise<void> {
    return this.media.remove(actor, id);
  }

  @Get(':id/files/:name')
  @Allows('media.read')
  @ApiProduces('image/webp', 'image/avif', 'application/pdf')
  @DeskRoute('findDeskMediaFile', 'A rendition, or `document.pdf`; also of what is not public.', [200, null], 404)
  async file(
    @Param('id', new IdPipe()) id: number,
    @Param('name') name: string,
    @By() actor: EditorActor,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    await sendFile(reply, await this.media.file(actor, id, name), 'private');
  }
}
