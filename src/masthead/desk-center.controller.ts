import { Body, Controller, Get, Patch, Put } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Allows, By, type EditorActor } from '../access/access.js';
import { DeskRoute } from '../http/openapi.js';
import { ChangeCenter, DeskCenter, ReplaceCenter } from './center.dto.js';
import { MastheadService } from './masthead.service.js';

@ApiTags('desk: center')
@Controller('api/v1/desk/center')
export class DeskCenterController {
  constructor(private readonly masthead: MastheadService) {}

  @Get()
  @Allows('center.read')
  @DeskRoute('findDeskCenter', 'The center: names, language, zone, contact, masthead.', [200, DeskCenter])
  find(): Promise<DeskCenter> {
    return this.masthead.deskFind();
  }

  @Put()
  @Allows('center.write')
  @DeskRoute('replaceCenter', 'Says the center anew.', [200, DeskCenter], 409, 413, 415, 422)
  replace(@Body() center: ReplaceCenter, @By() actor: EditorActor): Promise<DeskCenter> {
    return this.masthead.replace(actor, center);
  }

  @Patch()
  @Allows('center.write')
  @DeskRoute('changeCenter', 'Changes what is given; contact and masthead are replaced whole.', [200, DeskCenter], 409, 413, 415, 422)
  change(@Body() parts: ChangeCenter, @By() actor: EditorActor): Promise<DeskCenter> {
    return this.masthead.change(actor, parts);
  }
}
