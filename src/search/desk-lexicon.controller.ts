import { Body, Controller, Delete, Get, Param, Patch, Post, Put, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Allows, By, type EditorActor } from '../access/access.js';
import { IdPipe } from '../http/body.js';
import { DeskRoute } from '../http/openapi.js';
import { ChangeLexiconGroup, CreateLexiconGroup, DeskLexicon, DeskLexiconGroup, ListLexicon, ReplaceLexiconGroup } from './lexicon.dto.js';
import { LexiconService } from './lexicon.service.js';

@ApiTags('desk: lexicon')
@Controller('api/v1/desk/lexicon')
export class DeskLexiconController {
  constructor(private readonly lexicon: LexiconService) {}

  @Get()
  @Allows('lexicon.read')
  @DeskRoute('listLexicon', 'Words that search takes for each other, newest groups first.', [200, DeskLexicon])
  list(@Query() query: ListLexicon): Promise<DeskLexicon> {
    return this.lexicon.list(query);
  }

  @Get(':id')
  @Allows('lexicon.read')
  @DeskRoute('findLexiconGroup', 'One group.', [200, DeskLexiconGroup], 404)
  find(@Param('id', new IdPipe()) id: number): Promise<DeskLexiconGroup> {
    return this.lexicon.find(id);
  }

  @Post()
  @Allows('lexicon.write')
  @DeskRoute('createLexiconGroup', 'Makes a group; the next search knows it.', [201, DeskLexiconGroup], 409, 413, 415, 422)
  create(@Body() group: CreateLexiconGroup, @By() actor: EditorActor): Promise<DeskLexiconGroup> {
    return this.lexicon.create(actor, group);
  }

  @Put(':id')
  @Allows('lexicon.write')
  @DeskRoute('replaceLexiconGroup', 'Says the group anew.', [200, DeskLexiconGroup], 404, 409, 413, 415, 422)
  replace(@Param('id', new IdPipe()) id: number, @Body() group: ReplaceLexiconGroup, @By() actor: EditorActor): Promise<DeskLexiconGroup> {
    return this.lexicon.replace(actor, id, group);
  }

  @Patch(':id')
  @Allows('lexicon.write')
  @DeskRoute('changeLexiconGroup', 'Changes what is given.', [200, DeskLexiconGroup], 404, 409, 413, 415, 422)
  change(@Param('id', new IdPipe()) id: number, @Body() parts: ChangeLexiconGroup, @By() actor: EditorActor): Promise<DeskLexiconGroup> {
    return this.lexicon.change(actor, id, parts);
  }

  @Delete(':id')
  @Allows('lexicon.write')
  @DeskRoute('removeLexiconGroup', 'Removes the group; the next search no longer knows it.', [204, null], 404)
  remove(@Param('id', new IdPipe()) id: number, @By() actor: EditorActor): Promise<void> {
    return this.lexicon.remove(actor, id);
  }
}
