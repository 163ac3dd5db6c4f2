import { Body, Controller, Delete, Get, Ip, Param, Post } from '@nestjs/common';
import { ApiBody, ApiTags } from '@nestjs/swagger';
import { Allows, By, type EditorActor } from '../access/access.js';
import { IdPipe, NoFieldsPipe } from '../http/body.js';
import { DeskRoute } from '../http/openapi.js';
import { DeclareEvent, DeskEvent, DeskEventList, DeskReview, DeskReviewList, DeskVoid, DeskVoidList, RemoveGroup, VoidBallots } from './correction.dto.js'; // prettier-ignore
import { CorrectionsService } from './corrections.service.js';
import { PollEventsService } from './poll-events.service.js';

@ApiTags('desk: polls')
@Controller('api/v1/desk/polls/:id')
export class DeskCorrectionsController {
  constructor(
    private readonly corrections: CorrectionsService,
    private readonly events: PollEventsService,
  ) {}

  @Get('voids')
  @Allows('polls.audit')
  @DeskRoute('listVoids', 'Ballots that were taken out of the count, batch by batch.', [200, DeskVoidList], 404)
  async voids(@Param('id', new IdPipe()) id: number): Promise<DeskVoidList> {
    return { items: await this.corrections.voids(id) };
  }

  @Post('voids')
  @Allows('polls.audit')
  @DeskRoute('voidBallots', 'Takes a batch of ballots out of the count; readers see the reason.', [201, DeskVoid], 404, 409, 413, 415, 422)
  void(@Param('id', new IdPipe()) id: number, @Body() { filter, reason }: VoidBallots, @By() actor: EditorActor): Promise<DeskVoid> {
    return this.corrections.void(actor, id, filter, reason);
  }

  @Post('voids/:voidId/restore')
  @Allows('polls.audit')
  @DeskRoute('restoreVoid', 'Puts a batch back as it was.', [200, DeskVoid], 404, 409, 413, 415)
  @ApiBody({ required: false, schema: { type: 'object', additionalProperties: false } })
  restore(
    @Param('id', new IdPipe()) id: number,
    @Param('voidId', new IdPipe('voidId')) voidId: number,
    @Body(new NoFieldsPipe()) _none: unknown,
    @By() actor: EditorActor,
  ): Promise<DeskVoid> {
    return this.corrections.restore(actor, id, voidId);
  }

  @Get('reviews')
  @Allows('polls.audit')
  @DeskRoute(
    'listReviews',
    'Groups of ballots that wait for a decision or had one, with what speaks for and against.',
    [200, DeskReviewList],
    404,
  )
  async reviews(@Param('id', new IdPipe()) id: number): Promise<DeskReviewList> {
    return { items: await this.corrections.reviews(id) };
  }

  @Post('reviews/:groupId/release')
  @Allows('polls.audit')
  @DeskRoute('releaseReview', 'Counts the ballots of a group.', [200, DeskReview], 404, 409, 413, 415)
  @ApiBody({ required: false, schema: { type: 'object', additionalProperties: false } })
  release(
    @Param('id', new IdPipe()) id: number,
    @Param('groupId', new IdPipe('groupId')) groupId: number,
    @Body(new NoFieldsPipe()) _none: unknown,
    @By() actor: EditorActor,
  ): Promise<DeskReview> {
    return this.corrections.release(actor, id, groupId);
  }

  @Post('reviews/:groupId/remove')
  @Allows('polls.audit')
  @DeskRoute(
    'removeReview',
    'Takes the ballots of a group that wait out of the count, as one batch.',
    [200, DeskReview],
    404,
    409,
    413,
    415,
    422,
  )
  remove(
    @Param('id', new IdPipe()) id: number,
    @Param('groupId', new IdPipe('groupId')) groupId: number,
    @Body() { reason }: RemoveGroup,
    @By() actor: EditorActor,
  ): Promise<DeskReview> {
    return this.corrections.remove(actor, id, groupId, reason);
  }

  @Get('events')
  @Allows('polls.audit')
  @DeskRoute('listPollEvents', 'Declared events.', [200, DeskEventList], 404)
  async listEvents(@Param('id', new IdPipe()) id: number): Promise<DeskEventList> {
    return { items: await this.events.list(id) };
  }

  @Post('events')
  @Allows('polls.audit')
  @DeskRoute(
    'declarePollEvent',
    'Declares an event: ballots of its network and time are not held.',
    [201, DeskEvent],
    404,
    409,
    413,
    415,
    422,
  )
  declare(
    @Param('id', new IdPipe()) id: number,
    @Body() { network, ...event }: DeclareEvent,
    @Ip() ip: string,
    @By() actor: EditorActor,
  ): Promise<DeskEvent> {
    return this.events.declare(actor, id, event, network ?? ip);
  }

  @Delete('events/:eventId')
  @Allows('polls.audit')
  @DeskRoute('withdrawPollEvent', 'Takes the declaration of an event back.', [204, null], 404, 409)
  withdraw(
    @Param('id', new IdPipe()) id: number,
    @Param('eventId', new IdPipe('eventId')) eventId: number,
    @By() actor: EditorActor,
  ): Promise<void> {
    return this.events.withdraw(actor, id, eventId);
  }
}
