import { Body, Controller, Get, Param, Patch, Post, Put, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Allows, By, type EditorActor } from '../access/access.js';
import { IdPipe } from '../http/body.js';
import { DeskRoute } from '../http/openapi.js';
import { ChangeSeries, CreateSeries, DeskSeries, DeskSeriesList, ListSeries, ReplaceSeries } from './series.dto.js';
import { TagsService } from './tags.service.js';

@ApiTags('desk: series')
@Controller('api/v1/desk/series')
export class DeskSeriesController {
  constructor(private readonly tags: TagsService) {}

  @Get()
  @Allows('series.read')
  @DeskRoute('listDeskSeries', 'All series, in the order of their slugs.', [200, DeskSeriesList])
  list(@Query() query: ListSeries): Promise<DeskSeriesList> {
    return this.tags.listSeries(query);
  }

  @Get(':id')
  @Allows('series.read')
  @DeskRoute('findDeskSeries', 'One series.', [200, DeskSeries], 404)
  find(@Param('id', new IdPipe()) id: number): Promise<DeskSeries> {
    return this.tags.findSeries(id);
  }

  @Post()
  @Allows('series.write')
  @DeskRoute('createSeries', 'Makes a series; readers see it once something published bears it.', [201, DeskSeries], 413, 415, 422)
  create(@Body() series: CreateSeries, @By() actor: EditorActor): Promise<DeskSeries> {
    return this.tags.addSeries(actor, series);
  }

  @Put(':id')
  @Allows('series.write')
  @DeskRoute('replaceSeries', 'Says the series anew.', [200, DeskSeries], 404, 409, 413, 415, 422)
  replace(@Param('id', new IdPipe()) id: number, @Body() series: ReplaceSeries, @By() actor: EditorActor): Promise<DeskSeries> {
    return this.tags.replaceSeries(actor, id, series);
  }

  @Patch(':id')
  @Allows('series.write')
  @DeskRoute('changeSeries', 'Changes what is given.', [200, DeskSeries], 404, 409, 413, 415, 422)
  change(@Param('id', new IdPipe()) id: number, @Body() parts: ChangeSeries, @By() actor: EditorActor): Promise<DeskSeries> {
    return this.tags.changeSeries(actor, id, parts);
  }
}
