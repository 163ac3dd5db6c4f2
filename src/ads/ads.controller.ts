import { Body, Controller, Get, Param, Post, Query, Req } from '@nestjs/common';
import { ApiParam, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { IdPipe, NoFieldsPipe } from '../http/body.js';
import { Answers, Responds } from '../http/openapi.js';
import { JSON_FORM, Published } from '../http/published.js';
import { Public } from '../http/public.js';
import { FormPipe } from '../http/query.js';
import { AdView, ShowAd } from './ad.dto.js';
import { SLOTS, type Slot } from './ad.entity.js';
import { AdsService } from './ads.service.js';

const SLOT = new RegExp(`^(?:${SLOTS.join('|')})$`);

@Public()
@ApiTags('ads')
@Controller('api/v1/ads')
export class AdsController {
  constructor(private readonly ads: AdsService) {}

  @Get(':slot')
  @Answers('showAd', 'The ad that stands in a place for these five minutes, the same for everybody.', AdView)
  @ApiParam({ name: 'slot', enum: SLOTS })
  @ApiResponse({ status: 204, description: 'None: the place takes no space.' })
  async show(@Param('slot', new FormPipe('slot', 'oneOf', SLOT)) slot: string, @Query() query: ShowAd): Promise<Published> {
    const { ad, seconds, modified, settled } = await this.ads.shown(slot as Slot, query);
    const body = ad === null ? '' : JSON.stringify(ad);
    return new Published({ body, modified, settled }, null, { ...JSON_FORM, headers: { 'cache-control': `public, max-age=${seconds}` } });
  }

  @Post(':id/views')
  @Responds('seeAd', 'Counts that a reader has seen the ad. Robots and reloads are not counted.', [204, null], 403, 404, 413, 415)
  see(@Param('id', new IdPipe()) id: number, @Body(new NoFieldsPipe()) _none: unknown, @Req() visitor: FastifyRequest): Promise<void> {
    return this.ads.see(id, visitor);
  }
}
