import { Controller, Get, Header, Param, Redirect, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { takesGzip } from '../http/gzip.js';
import { NotFound } from '../http/problem.js';
import { Public } from '../http/public.js';
import { sendFile } from '../media/media-files.js';
import { ASSETS, ICON } from './assets.js';

/** What the reader's pages load beside themselves. */
@Public()
@ApiExcludeController()
@Controller()
export class AssetsController {
  @Get('assets/:name')
  async file(@Param('name') name: string, @Req() { headers }: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const asset = ASSETS.get(name);
    if (asset === undefined) throw new NotFound();
    const { plain, gzipped } = asset;
    if (gzipped !== null) void reply.header('vary', 'Accept-Encoding');
    const smaller = gzipped !== null && takesGzip(headers);
    if (smaller) void reply.header('content-encoding', 'gzip');
    // In a sandbox a worker is of no origin, and has no cryptography.
    await sendFile(reply, smaller ? gzipped : plain, 'immutable', "default-src 'none'");
  }

  /** Browsers ask for it wherever no page has named another: at the API, at its documentation. */
  @Get('favicon.ico')
  @Redirect(ICON.path)
  @Header('cache-control', 'public, max-age=86400')
  icon(): void {}
}
