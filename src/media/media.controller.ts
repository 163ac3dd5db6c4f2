import { Controller, Get, Param, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { IdPipe } from '../http/body.js';
import { ForEverySite } from '../http/cors.js';
import { Public } from '../http/public.js';
import { MediaFiles, sendFile } from './media-files.js';

/** Pictures and documents of what is published. Nothing but the path decides what is answered: no cookie, no parameter. */
@Public()
@ApiExcludeController()
@Controller('media')
export class MediaController {
  constructor(private readonly files: MediaFiles) {}

  @Get(':id/:name')
  @ForEverySite()
  async file(@Param('id', new IdPipe()) id: number, @Param('name') name: string, @Res() reply: FastifyReply): Promise<void> {
    await sendFile(reply, await this.files.published(id, name), 'immutable');
  }
}
