import { Body, Controller, Delete, Get, Param, Patch, Post, Put, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Allows, By, type EditorActor } from '../access/access.js';
import { IdPipe } from '../http/body.js';
import { DeskRoute } from '../http/openapi.js';
import { AppointEditor, ChangeEditor, EditorPage, EditorView, InviteAgain, ListEditors, ReplaceEditor } from './editor.dto.js';
import { EditorsService } from './editors.service.js';

@ApiTags('desk: editors')
@Controller('api/v1/desk/editors')
export class DeskEditorsController {
  constructor(private readonly editors: EditorsService) {}

  @Get()
  @Allows('editors.read')
  @DeskRoute('listEditors', 'Editors in the order of their names.', [200, EditorPage])
  list(@Query() query: ListEditors): Promise<EditorPage> {
    return this.editors.list(query);
  }

  @Get(':id')
  @Allows('editors.read')
  @DeskRoute('findEditor', 'One editor.', [200, EditorView], 404)
  find(@Param('id', new IdPipe()) id: number): Promise<EditorView> {
    return this.editors.find(id);
  }

  @Post()
  @Allows('editors.write')
  @DeskRoute('appointEditor', 'Makes an editor and sends an invitation.', [201, EditorView], 409, 413, 415, 422)
  create(@By() actor: EditorActor, @Body() body: AppointEditor): Promise<EditorView> {
    return this.editors.create(actor, body);
  }

  @Put(':id')
  @Allows('editors.write')
  @DeskRoute('replaceEditor', 'Replaces an appointment; a suspension stays.', [200, EditorView], 404, 409, 413, 415, 422)
  replace(@By() actor: EditorActor, @Param('id', new IdPipe()) id: number, @Body() body: ReplaceEditor): Promise<EditorView> {
    return this.editors.replace(actor, id, body);
  }

  @Patch(':id')
  @Allows('editors.write')
  @DeskRoute('changeEditor', 'Changes parts of an appointment, suspends or reinstates.', [200, EditorView], 404, 409, 413, 415, 422)
  change(@By() actor: EditorActor, @Param('id', new IdPipe()) id: number, @Body() body: ChangeEditor): Promise<EditorView> {
    return this.editors.change(actor, id, body);
  }

  @Post(':id/invite')
  @Allows('editors.write')
  @DeskRoute('inviteEditor', 'Sends the invitation again, with a new link.', [200, EditorView], 404, 409, 413, 415)
  invite(@By() actor: EditorActor, @Param('id', new IdPipe()) id: number, @Body() { version }: InviteAgain): Promise<EditorView> {
    return this.editors.invite(actor, id, version);
  }

  @Delete(':id/second-factor')
  @Allows('editors.write')
  @DeskRoute('resetSecondFactor', 'Takes away a lost second factor and ends all sessions and tokens of its editor.', [204, null], 404, 409)
  resetSecondFactor(@By() actor: EditorActor, @Param('id', new IdPipe()) id: number): Promise<void> {
    return this.editors.resetSecondFactor(actor, id);
  }
}
