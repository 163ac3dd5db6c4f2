import { Body, Controller, Get, Param, Patch, Post, Put, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Allows, By, type EditorActor } from '../access/access.js';
import { IdPipe } from '../http/body.js';
import { DeskRoute } from '../http/openapi.js';
import {
  ChangeAuthor,
  CreateAuthor,
  DeskAuthor,
  DeskAuthorList,
  ListDeskAuthors,
  MergeAuthor,
  NewDeskAuthor,
  ReplaceAuthor,
  UnmergeAuthor,
} from './author.dto.js';
import { AuthorsService } from './authors.service.js';

@ApiTags('desk: authors')
@Controller('api/v1/desk/authors')
export class DeskAuthorsController {
  constructor(private readonly authors: AuthorsService) {}

  @Get()
  @Allows('authors.read')
  @DeskRoute('listDeskAuthors', 'All authors, in the order of their names.', [200, DeskAuthorList])
  list(@Query() query: ListDeskAuthors): Promise<DeskAuthorList> {
    return this.authors.deskList(query);
  }

  @Get(':id')
  @Allows('authors.read')
  @DeskRoute('findDeskAuthor', 'One author.', [200, DeskAuthor], 404)
  find(@Param('id', new IdPipe()) id: number): Promise<DeskAuthor> {
    return this.authors.deskFind(id);
  }

  @Post()
  @Allows('authors.write')
  @DeskRoute(
    'createAuthor',
    'Makes an author, and names those who may be the same person; readers see them once something of theirs is published.',
    [201, NewDeskAuthor],
    413,
    415,
    422,
  )
  create(@Body() author: CreateAuthor, @By() actor: EditorActor): Promise<NewDeskAuthor> {
    return this.authors.add(actor, author);
  }

  @Put(':id')
  @Allows('authors.write')
  @DeskRoute('replaceAuthor', 'Says anew who the author is.', [200, DeskAuthor], 404, 409, 413, 415, 422)
  replace(@Param('id', new IdPipe()) id: number, @Body() author: ReplaceAuthor, @By() actor: EditorActor): Promise<DeskAuthor> {
    return this.authors.replace(actor, id, author);
  }

  @Patch(':id')
  @Allows('authors.write')
  @DeskRoute('changeAuthor', 'Changes what is given.', [200, DeskAuthor], 404, 409, 413, 415, 422)
  change(@Param('id', new IdPipe()) id: number, @Body() parts: ChangeAuthor, @By() actor: EditorActor): Promise<DeskAuthor> {
    return this.authors.change(actor, id, parts);
  }

  @Post(':id/merge')
  @Allows('authors.merge')
  @DeskRoute(
    'mergeAuthor',
    'Leads readers from this record to another of the same person: its address, its lists, its pieces, whose bylines stay as printed.',
    [200, DeskAuthor],
    404,
    409,
    413,
    415,
    422,
  )
  merge(@Param('id', new IdPipe()) id: number, @Body() { into, version }: MergeAuthor, @By() actor: EditorActor): Promise<DeskAuthor> {
    return this.authors.merge(actor, id, into, version);
  }

  @Post(':id/unmerge')
  @Allows('authors.merge')
  @DeskRoute('unmergeAuthor', 'Takes this record’s merge back.', [200, DeskAuthor], 404, 409, 413, 415)
  unmerge(@Param('id', new IdPipe()) id: number, @Body() { version }: UnmergeAuthor, @By() actor: EditorActor): Promise<DeskAuthor> {
    return this.authors.unmerge(actor, id, version);
  }
}
