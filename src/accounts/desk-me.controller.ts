import { Body, Controller, Get, Put, Req, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Allows, By, type EditorActor } from '../access/access.js';
import { DeskRoute } from '../http/openapi.js';
import { DeskCookies } from './desk-cookies.js';
import { ChangePassword, Me, Session } from './session.dto.js';
import { SignInService } from './sign-in.service.js';

@ApiTags('desk: account')
@Controller('api/v1/desk/me')
export class DeskMeController {
  constructor(
    private readonly signIns: SignInService,
    private readonly cookies: DeskCookies,
  ) {}

  @Allows('account.enter')
  @Get()
  @DeskRoute('findMe', 'The signed-in editor, with role and grants.', [200, Me])
  find(@By() { editor }: EditorActor): Promise<Me> {
    return this.signIns.me(editor.id);
  }

  @Allows('account.use')
  @Put('password')
  @DeskRoute('changeMyPassword', 'A new password: ends all sessions and opens one.', [200, Session], 413, 415, 422, 429, 503)
  async changePassword(
    @Body() body: ChangePassword,
    @By() actor: EditorActor,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Session> {
    const opened = await this.signIns.changePassword(actor, body, this.cookies.clientOf(request));
    this.cookies.set(reply, opened);
    return opened.session;
  }
}
