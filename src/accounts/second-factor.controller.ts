import { Body, Controller, Get, Post, Req, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Allows, By, type EditorActor } from '../access/access.js';
import { DeskRoute } from '../http/openapi.js';
import { DeskCookies } from './desk-cookies.js';
import { EnrolmentService } from './enrolment.service.js';
import { BeginSecondFactor, ConfirmSecondFactor, RecoveryCodes, RemoveSecondFactor, RenewRecoveryCodes, SecondFactorBegun, SecondFactorConfirmed, SecondFactorState } from './second-factor.dto.js'; // prettier-ignore
import { Session } from './session.dto.js';

/** One's own second factor. All of it is open to a session that has yet to bring one. */
@ApiTags('desk: account')
@Controller('api/v1/desk/me/second-factor')
export class SecondFactorController {
  constructor(
    private readonly enrolment: EnrolmentService,
    private readonly cookies: DeskCookies,
  ) {}

  @Get()
  @Allows('account.enter')
  @DeskRoute('findSecondFactor', 'Whether the signed-in editor has a second factor.', [200, SecondFactorState])
  find(@By() { editor }: EditorActor): Promise<SecondFactorState> {
    return this.enrolment.state(editor.id);
  }

  @Post()
  @Allows('account.enter')
  @DeskRoute('beginSecondFactor', 'Gives a secret for an authenticator, to be confirmed within the hour.', [201, SecondFactorBegun], 409, 413, 415, 422, 429, 503) // prettier-ignore
  begin(@Body() { password }: BeginSecondFactor, @By() actor: EditorActor, @Req() request: FastifyRequest): Promise<SecondFactorBegun> {
    return this.enrolment.begin(actor, password, this.cookies.clientOf(request));
  }

  @Post('confirmations')
  @Allows('account.enter')
  @DeskRoute('confirmSecondFactor', 'Switches the second factor on: ends all sessions and tokens and opens a session.', [200, SecondFactorConfirmed], 409, 413, 415, 422, 429) // prettier-ignore
  async confirm(
    @Body() body: ConfirmSecondFactor,
    @By() actor: EditorActor,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SecondFactorConfirmed> {
    const opened = await this.enrolment.confirm(actor, body, this.cookies.clientOf(request));
    this.cookies.set(reply, opened);
    return { ...opened.session, recoveryCodes: opened.recoveryCodes };
  }

  @Post('recovery-codes')
  @Allows('account.enter')
  @DeskRoute('renewRecoveryCodes', 'New recovery codes in the place of the old.', [201, RecoveryCodes], 409, 413, 415, 422, 429, 503)
  async renewRecoveryCodes(
    @Body() body: RenewRecoveryCodes,
    @By() actor: EditorActor,
    @Req() request: FastifyRequest,
  ): Promise<RecoveryCodes> {
    return { recoveryCodes: await this.enrolment.renewRecoveryCodes(actor, body, this.cookies.clientOf(request)) };
  }

  @Post('removals')
  @Allows('account.enter')
  @DeskRoute('removeSecondFactor', 'Switches the second factor off: ends all sessions and tokens and opens a session.', [200, Session], 409, 413, 415, 422, 429, 503) // prettier-ignore
  async remove(
    @Body() body: RemoveSecondFactor,
    @By() actor: EditorActor,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Session> {
    const opened = await this.enrolment.remove(actor, body, this.cookies.clientOf(request));
    this.cookies.set(reply, opened);
    return opened.session;
  }
}
