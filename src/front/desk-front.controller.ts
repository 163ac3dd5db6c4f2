import { Body, Controller, Delete, Get, Param, Patch, Post, Put, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Allows, By, type EditorActor } from '../access/access.js';
import { IdPipe } from '../http/body.js';
import { DeskRoute } from '../http/openapi.js';
import { ChangeFront, CreateFront, DeskFront, DeskFrontList, FrontPreview, ListDeskFronts, PreviewFront, ReplaceFront } from './desk-front.dto.js'; // prettier-ignore
import { DeskFrontService } from './desk-front.service.js';

@ApiTags('desk: front')
@Controller('api/v1/desk/front')
export class DeskFrontController {
  constructor(private readonly fronts: DeskFrontService) {}

  @Get()
  @Allows('front.read')
  @DeskRoute('listFronts', 'All arrangements of the front page, newest first.', [200, DeskFrontList])
  list(@Query() query: ListDeskFronts): Promise<DeskFrontList> {
    return this.fronts.list(query);
  }

  @Get('preview')
  @Allows('front.read')
  @DeskRoute('previewFront', 'The front page of a moment, made of the pieces that are public now.', [200, FrontPreview])
  preview(@Query() query: PreviewFront): Promise<FrontPreview> {
    return this.fronts.preview(query);
  }

  @Get(':id')
  @Allows('front.read')
  @DeskRoute('findFront', 'One arrangement.', [200, DeskFront], 404)
  find(@Param('id', new IdPipe()) id: number): Promise<DeskFront> {
    return this.fronts.find(id);
  }

  @Post()
  @Allows('front.write')
  @DeskRoute('createFront', 'Arranges the front page, from now or an hour to come on.', [201, DeskFront], 413, 415, 422)
  create(@Body() front: CreateFront, @By() actor: EditorActor): Promise<DeskFront> {
    return this.fronts.create(actor, front);
  }

  @Put(':id')
  @Allows('front.write')
  @DeskRoute('replaceFront', 'Says the arrangement anew; left out, its start stays.', [200, DeskFront], 404, 409, 413, 415, 422)
  replace(@Param('id', new IdPipe()) id: number, @Body() front: ReplaceFront, @By() actor: EditorActor): Promise<DeskFront> {
    return this.fronts.replace(actor, id, front);
  }

  @Patch(':id')
  @Allows('front.write')
  @DeskRoute('changeFront', 'Changes what is given; a new end ends it.', [200, DeskFront], 404, 409, 413, 415, 422)
  change(@Param('id', new IdPipe()) id: number, @Body() parts: ChangeFront, @By() actor: EditorActor): Promise<DeskFront> {
    return this.fronts.change(actor, id, parts);
  }

  @Delete(':id')
  @Allows('front.write')
  @DeskRoute('removeFront', 'Removes an arrangement that has not begun.', [204, null], 404, 409)
  remove(@Param('id', new IdPipe()) id: number, @By() actor: EditorActor): Promise<void> {
    return this.fronts.remove(actor, id);
  }
}
