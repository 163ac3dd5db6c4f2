import { Body, Controller, Delete, Get, Param, Patch, Post, Put, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Allows, By, type EditorActor } from '../access/access.js';
import { IdPipe } from '../http/body.js';
import { DeskRoute } from '../http/openapi.js';
import { ChangeAd, CreateAd, DeskAd, DeskAdList, ListDeskAds, ReplaceAd } from './desk-ad.dto.js';
import { DeskAdsService } from './desk-ads.service.js';

@ApiTags('desk: ads')
@Controller('api/v1/desk/ads')
export class DeskAdsController {
  constructor(private readonly ads: DeskAdsService) {}

  @Get()
  @Allows('ads.read')
  @DeskRoute('listDeskAds', 'All ads with their totals, newest first.', [200, DeskAdList])
  list(@Query() query: ListDeskAds): Promise<DeskAdList> {
    return this.ads.list(query);
  }

  @Get(':id')
  @Allows('ads.read')
  @DeskRoute('findDeskAd', 'One ad with its counts by day.', [200, DeskAd], 404)
  find(@Param('id', new IdPipe()) id: number): Promise<DeskAd> {
    return this.ads.find(id);
  }

  @Post()
  @Allows('ads.write')
  @DeskRoute('createAd', 'Makes an ad; readers meet it from its hour on.', [201, DeskAd], 413, 415, 422)
  create(@Body() ad: CreateAd, @By() actor: EditorActor): Promise<DeskAd> {
    return this.ads.create(actor, ad);
  }

  @Put(':id')
  @Allows('ads.write')
  @DeskRoute('replaceAd', 'Says the ad anew.', [200, DeskAd], 404, 409, 413, 415, 422)
  replace(@Param('id', new IdPipe()) id: number, @Body() ad: ReplaceAd, @By() actor: EditorActor): Promise<DeskAd> {
    return this.ads.replace(actor, id, ad);
  }

  @Patch(':id')
  @Allows('ads.write')
  @DeskRoute('changeAd', 'Changes what is given; a new end ends it.', [200, DeskAd], 404, 409, 413, 415, 422)
  change(@Param('id', new IdPipe()) id: number, @Body() parts: ChangeAd, @By() actor: EditorActor): Promise<DeskAd> {
    return this.ads.change(actor, id, parts);
  }

  @Delete(':id')
  @Allows('ads.write')
  @DeskRoute('removeAd', 'Removes an ad that no reader has met.', [204, null], 404, 409)
  remove(@Param('id', new IdPipe()) id: number, @By() actor: EditorActor): Promise<void> {
    return this.ads.remove(actor, id);
  }
}
