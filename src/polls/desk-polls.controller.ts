import { Body, Controller, Get, Param, Patch, Post, Put, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Allows, By, type EditorActor } from '../access/access.js';
import { IdPipe } from '../http/body.js';
import { DeskRoute } from '../http/openapi.js';
import { ActOnPoll, DeskPoll, DeskPollList, DraftPoll, ListDeskPolls, PatchPoll, PutPoll } from './desk-poll.dto.js';
import { DeskPollsService } from './desk-polls.service.js';

/** Every answer of an act is the whole poll. */
@ApiTags('desk: polls')
@Controller('api/v1/desk/polls')
export class DeskPollsController {
  constructor(private readonly polls: DeskPollsService) {}

  @Get()
  @Allows('polls.read')
  @DeskRoute('listDeskPolls', 'All polls, newest first.', [200, DeskPollList])
  list(@Query() query: ListDeskPolls): Promise<DeskPollList> {
    return this.polls.list(query);
  }

  @Post()
  @Allows('polls.write')
  @DeskRoute('draftPoll', 'Starts a poll. Nothing of it is public.', [201, DeskPoll], 413, 415, 422)
  create(@By() by: EditorActor, @Body() poll: DraftPoll): Promise<DeskPoll> {
    return this.polls.create(by, poll);
  }

  @Get(':id')
  @Allows('polls.read')
  @DeskRoute('findDeskPoll', 'One poll.', [200, DeskPoll], 404)
  find(@Param('id', new IdPipe()) id: number): Promise<DeskPoll> {
    return this.polls.find(id);
  }

  @Put(':id')
  @Allows('polls.write')
  @DeskRoute(
    'putPoll',
    'Says the poll anew. Question, intro, options and rules only until somebody votes.',
    [200, DeskPoll],
    404,
    409,
    413,
    415,
    422,
  )
  put(@By() by: EditorActor, @Param('id', new IdPipe()) id: number, @Body() poll: PutPoll): Promise<DeskPoll> {
    return this.polls.put(by, id, poll);
  }

  @Patch(':id')
  @Allows('polls.write')
  @DeskRoute(
    'patchPoll',
    'Changes what is given. Question, intro, options and rules only until somebody votes.',
    [200, DeskPoll],
    404,
    409,
    413,
    415,
    422,
  )
  patch(@By() by: EditorActor, @Param('id', new IdPipe()) id: number, @Body() parts: PatchPoll): Promise<DeskPoll> {
    return this.polls.patch(by, id, parts);
  }

  @Post(':id/open')
  @Allows('polls.write')
  @DeskRoute('openPoll', 'Opens a draft, at once or for its hour.', [200, DeskPoll], 404, 409, 413, 415, 422)
  open(@By() by: EditorActor, @Param('id', new IdPipe()) id: number, @Body() { version }: ActOnPoll): Promise<DeskPoll> {
    return this.polls.open(by, { id, version });
  }

  @Post(':id/close')
  @Allows('polls.write')
  @DeskRoute('closePoll', 'Closes it now; one that still waits for its hour becomes a draft again.', [200, DeskPoll], 404, 409, 413, 415)
  close(@By() by: EditorActor, @Param('id', new IdPipe()) id: number, @Body() { version }: ActOnPoll): Promise<DeskPoll> {
    return this.polls.close(by, { id, version });
  }

  @Post(':id/archive')
  @Allows('polls.write')
  @DeskRoute('archivePoll', 'Takes a closed poll off the pages where it stands.', [200, DeskPoll], 404, 409, 413, 415)
  archive(@By() by: EditorActor, @Param('id', new IdPipe()) id: number, @Body() { version }: ActOnPoll): Promise<DeskPoll> {
    return this.polls.archive(by, { id, version });
  }

  @Post(':id/supersede')
  @Allows('polls.write')
  @DeskRoute('supersedePoll', 'Closes it, and makes a draft that says the same and points back to it.', [200, DeskPoll], 404, 409, 413, 415)
  supersede(@By() by: EditorActor, @Param('id', new IdPipe()) id: number, @Body() { version }: ActOnPoll): Promise<DeskPoll> {
    return this.polls.supersede(by, { id, version });
  }
}
