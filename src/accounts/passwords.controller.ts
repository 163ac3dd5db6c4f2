import { Body, Controller, Post, Req, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Responds } from '../http/openapi.js';
import { Public } from '../http/public.js';
import { DeskCookies } from './desk-cookies.js';
import { PasswordLinks } from './password-links.service.js';
import { AskForReset, ResetAsked, SetPassword } from './session.dto.js';

@Public()
@ApiTags('desk: account')
@Controller('api/v1')
export class PasswordsController {
  constructor(
    private readonly links: PasswordLinks,
    private readonly cookies: DeskCookies,
  ) {}

  @Post('password-resets')
  @Responds('askForReset', 'Sends a link to the editor of this address, if there is one.', [202, ResetAsked], 403, 413, 415, 429)
  async ask(@Body() { email }: AskForReset, @Req() request: FastifyRequest): Promise<ResetAsked> {
    await this.links.ask(email, this.cookies.clientOf(request));
    return new ResetAsked();
  }

  @Post('passwords')
  @Responds('setPassword', 'Sets a password with the link of an invitation or a reset.', [204, null], 403, 413, 415, 422, 503)
  async set(@Body() body: SetPassword, @Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<void> {
    this.cookies.setDevice(reply, await this.links.setPassword(body, request.id));
  }
}
