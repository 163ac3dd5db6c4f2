import { Body, Controller, Get, Param, Patch, Post, Put } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Allows, By, type EditorActor } from '../access/access.js';
import { IdPipe } from '../http/body.js';
import { DeskRoute } from '../http/openapi.js';
import { ChangeSection, CreateSection, DeskSection, DeskSectionList, ReplaceSection } from './section.dto.js';
import { SectionsService } from './sections.service.js';

@ApiTags('desk: sections')
@Controller('api/v1/desk/sections')
export class DeskSectionsController {
  constructor(private readonly sections: SectionsService) {}

  @Get()
  @Allows('sections.read')
  @DeskRoute('listDeskSections', 'All sections, flat.', [200, DeskSectionList])
  async list(): Promise<DeskSectionList> {
    return { items: await this.sections.deskList() };
  }

  @Get(':id')
  @Allows('sections.read')
  @DeskRoute('findDeskSection', 'One section.', [200, DeskSection], 404)
  find(@Param('id', new IdPipe()) id: number): Promise<DeskSection> {
    return this.sections.deskFind(id);
  }

  @Post()
  @Allows('sections.write')
  @DeskRoute('createSection', 'Makes a section.', [201, DeskSection], 413, 415, 422)
  create(@Body() section: CreateSection, @By() actor: EditorActor): Promise<DeskSection> {
    return this.sections.add(actor, section);
  }

  @Put(':id')
  @Allows('sections.write')
  @DeskRoute('replaceSection', 'Says the section anew; a new parent moves its whole subtree.', [200, DeskSection], 404, 409, 413, 415, 422)
  replace(@Param('id', new IdPipe()) id: number, @Body() section: ReplaceSection, @By() actor: EditorActor): Promise<DeskSection> {
    return this.sections.replace(actor, id, section);
  }

  @Patch(':id')
  @Allows('sections.write')
  @DeskRoute('changeSection', 'Changes what is given; a new parent moves its whole subtree.', [200, DeskSection], 404, 409, 413, 415, 422)
  change(@Param('id', new IdPipe()) id: number, @Body() parts: ChangeSection, @By() actor: EditorActor): Promise<DeskSection> {
    return this.sections.change(actor, id, parts);
  }
}
