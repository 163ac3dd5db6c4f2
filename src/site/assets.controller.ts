import { Controller, Get, Param, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { takesGzip } from '../http/gzip.js';
import { NotFound } from '../http/problem.js';
import { Public } from '../http/public.js';
import { sendFile } from '../media/media-files.js';
import { ASSETS } from './assets.js';

/** What the reader's pages load beside themselves. */
@Public()
@ApiExcludeController()
@Controller('assets')
export class AssetsController {
  @Get(':name')
  async file(@Param('name') name: string, @Req() { headers }: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const asset = ASSETS.get(name);
    if (asset === undefined) throw new NotFound();
    const { plain, gzipped } = asset;
    if (gzipped !== null) void reply.header('vary', 'Accept-Encoding');
    const smaller = gzipped !== null && takesGzip(headers);
    if (smaller) void reply.header('content-encoding', 'gzip');
    await sendFile(reply, smaller ? gzipped : plain, 'immutable');
  }
}
