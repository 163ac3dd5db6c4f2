import { Body, Controller, Delete, Post, Req, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Allows } from '../access/access.js';
import { DeskRoute, Responds } from '../http/openapi.js';
import { Public } from '../http/public.js';
import { DeskCookies } from './desk-cookies.js';
import { Session, SignIn } from './session.dto.js';
import { SessionsService } from './sessions.service.js';
import { SignInService } from './sign-in.service.js';

@ApiTags('desk: account')
@Controller('api/v1/sessions')
export class SessionsController {
  constructor(
    private readonly signIns: SignInService,
    private readonly sessions: SessionsService,
    private readonly cookies: DeskCookies,
  ) {}

  @Public()
  @Post()
  @Responds('signIn', 'Signs an editor in, with a new session each time.', [201, Session], 401, 403, 413, 415, 429, 503)
  async signIn(@Body() body: SignIn, @Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<Session> {
    const opened = await this.signIns.signIn(body, this.cookies.clientOf(request));
    this.cookies.set(reply, opened);
    return opened.session;
  }

  @Allows('account.use')
  @Delete('current')
  @DeskRoute('signOut', 'Ends the session of this request.', [204, null])
  async signOut(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<void> {
    await this.sessions.end(this.cookies.tokenOf(request) ?? '');
    this.cookies.clearSession(reply);
  }
}
