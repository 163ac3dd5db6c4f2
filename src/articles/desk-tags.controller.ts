import { Body, Controller, Get, Param, Patch, Post, Put, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Allows, By, type EditorActor } from '../access/access.js';
import { IdPipe } from '../http/body.js';
import { DeskRoute } from '../http/openapi.js';
import { ChangeTag, CreateTag, DeskTag, DeskTagList, ListTags, ReplaceTag } from './tag.dto.js';
import { TagsService } from './tags.service.js';

@ApiTags('desk: tags')
@Controller('api/v1/desk/tags')
export class DeskTagsController {
  constructor(private readonly tags: TagsService) {}

  @Get()
  @Allows('tags.read')
  @DeskRoute('listDeskTags', 'All tags, in the order of their slugs.', [200, DeskTagList])
  list(@Query() query: ListTags): Promise<DeskTagList> {
    return this.tags.listTags(query);
  }

  @Get(':id')
  @Allows('tags.read')
  @DeskRoute('findDeskTag', 'One tag.', [200, DeskTag], 404)
  find(@Param('id', new IdPipe()) id: number): Promise<DeskTag> {
    return this.tags.findTag(id);
  }

  @Post()
  @Allows('tags.write')
  @DeskRoute('createTag', 'Makes a tag; readers see it once something published bears it.', [201, DeskTag], 413, 415, 422)
  create(@Body() tag: CreateTag, @By() actor: EditorActor): Promise<DeskTag> {
    return this.tags.addTag(actor, tag);
  }

  @Put(':id')
  @Allows('tags.write')
  @DeskRoute('replaceTag', 'Says the tag anew.', [200, DeskTag], 404, 409, 413, 415, 422)
  replace(@Param('id', new IdPipe()) id: number, @Body() tag: ReplaceTag, @By() actor: EditorActor): Promise<DeskTag> {
    return this.tags.changeTag(actor, id, tag);
  }

  @Patch(':id')
  @Allows('tags.write')
  @DeskRoute('changeTag', 'Changes what is given.', [200, DeskTag], 404, 409, 413, 415, 422)
  change(@Param('id', new IdPipe()) id: number, @Body() parts: ChangeTag, @By() actor: EditorActor): Promise<DeskTag> {
    return this.tags.changeTag(actor, id, parts);
  }
}
