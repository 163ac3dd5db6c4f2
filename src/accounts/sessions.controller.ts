import { Body, Controller, Delete, Get, Param, Post, Req, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Allows, By, type EditorActor } from '../access/access.js';
import { UUID } from '../http/body.js';
import { DeskRoute, Responds } from '../http/openapi.js';
import { Public } from '../http/public.js';
import { FormPipe } from '../http/query.js';
import { DeskCookies } from './desk-cookies.js';
import { Session, SessionList, SignIn } from './session.dto.js';
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
    const opened = await this.signIns.signIn(body, this.cookies.clientOf(request), request.id);
    this.cookies.set(reply, opened);
    return opened.session;
  }

  @Allows('account.use')
  @Get()
  @DeskRoute('listSessions', 'The open sessions of the signed-in editor.', [200, SessionList])
  list(@By() actor: EditorActor): Promise<SessionList> {
    return this.sessions.list(actor);
  }

  @Allows('account.enter')
  @Delete('current')
  @DeskRoute('signOut', 'Ends the session of this request.', [204, null])
  async signOut(@By() actor: EditorActor, @Res({ passthrough: true }) reply: FastifyReply): Promise<void> {
    await this.sessions.signOut(actor);
    this.cookies.clearSession(reply);
  }

  @Allows('account.use')
  @Delete(':id')
  @DeskRoute('endSession', 'Ends one of the signed-in editor’s sessions.', [204, null], 404)
  end(@By() actor: EditorActor, @Param('id', new FormPipe('id', 'uuid', UUID)) id: string): Promise<void> {
    return this.sessions.end(actor, id);
  }

  @Allows('account.use')
  @Delete()
  @DeskRoute('endOtherSessions', 'Ends all sessions of the signed-in editor but this one.', [204, null])
  endOthers(@By() actor: EditorActor): Promise<void> {
    return this.sessions.endOthers(actor);
  }
}
