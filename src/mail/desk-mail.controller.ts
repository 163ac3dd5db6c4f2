import { Body, Controller, Get, Param, Post, Query } from '@nestjs/common';
import { ApiBody, ApiTags } from '@nestjs/swagger';
import { Allows, By, type EditorActor } from '../access/access.js';
import { IdPipe, NoFieldsPipe } from '../http/body.js';
import { DeskRoute } from '../http/openapi.js';
import { DeskMailService } from './desk-mail.service.js';
import { DeskMail, DeskMailPage, EndedMailStop, MailQuery, ResumeMail, SuppressMailbox, SuppressedMailbox } from './mail.dto.js';

@ApiTags('desk: mail')
@Controller('api/v1/desk/mail')
export class DeskMailController {
  constructor(private readonly mail: DeskMailService) {}

  /** What waits, failed, died or was sent. */
  @Get()
  @Allows('mail.read')
  @DeskRoute('listMail', 'Mail of the last 90 days with what became of it; never addresses or contents.', [200, DeskMailPage])
  list(@Query() query: MailQuery): Promise<DeskMailPage> {
    return this.mail.list(query);
  }

  /** For who asks not to be written to, or complained: such letters come with the post and over the telephone too. */
  @Post('suppressions')
  @Allows('mail.suppress')
  @DeskRoute(
    'suppressMailbox',
    'Keeps a mailbox from mail that others cause, for good; the answer does not tell whether it was kept from it before.',
    [201, SuppressedMailbox],
    413,
    415,
  )
  suppress(@Body() mailbox: SuppressMailbox, @By() actor: EditorActor): Promise<SuppressedMailbox> {
    return this.mail.suppress(actor, mailbox);
  }

  /** Ends a stop. It has no version: a lane is stopped or it is not. */
  @Post('resume')
  @Allows('mail.resume')
  @DeskRoute(
    'resumeMail',
    'Lets mail of a lane go out again that was stopped because of bounces or complaints.',
    [200, EndedMailStop],
    409,
    413,
    415,
  )
  resume(@Body() lane: ResumeMail, @By() actor: EditorActor): Promise<EndedMailStop> {
    return this.mail.resume(actor, lane);
  }

  /** Tries a mail now. It has no version to be sent: what it depends on is its state. */
  @Post(':id/retry')
  @Allows('mail.retry')
  @DeskRoute('retryMail', 'Tries a mail now that was given up or waits for its next try.', [200, DeskMail], 404, 409)
  @ApiBody({ required: false, schema: { type: 'object', additionalProperties: false } })
  retry(@Param('id', new IdPipe()) id: number, @Body(new NoFieldsPipe()) _none: unknown, @By() actor: EditorActor): Promise<DeskMail> {
    return this.mail.retry(actor, id);
  }
}
