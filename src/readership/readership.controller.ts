import { Body, Controller, Get, Param, Post, Query, Req } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { IdPipe, NoFieldsPipe } from '../http/body.js';
import { Answers, Responds } from '../http/openapi.js';
import { Public } from '../http/public.js';
import type { Published } from '../http/published.js';
import { ListMostRead, MostRead } from './readership.dto.js';
import { ReadershipService } from './readership.service.js';

@Public()
@ApiTags('articles')
@Controller('api/v1')
export class ReadershipController {
  constructor(private readonly readership: ReadershipService) {}

  @Get('most-read')
  @Answers('listMostRead', 'The pieces that were read most, ranked every five minutes.', MostRead)
  list(@Query() query: ListMostRead): Promise<Published> {
    return this.readership.list(query);
  }

  @Post('articles/:id/views')
  @Responds(
    'seeArticle',
    'Counts that a reader has read the piece. Robots and reloads are not counted.',
    [204, null],
    403,
    404,
    410,
    413,
    415,
  )
  see(@Param('id', new IdPipe()) id: number, @Body(new NoFieldsPipe()) _none: unknown, @Req() visitor: FastifyRequest): Promise<void> {
    return this.readership.see(id, visitor);
  }
}
