import { Body, Controller, Delete, Get, Param, Post, Req } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { Allows, By, type EditorActor } from '../access/access.js';
import { UUID } from '../http/body.js';
import { DeskRoute } from '../http/openapi.js';
import { FormPipe } from '../http/query.js';
import { MakeToken, NewToken, TokenList } from './api-token.dto.js';
import { ApiTokens } from './api-tokens.service.js';
import { DeskCookies } from './desk-cookies.js';

/** One's own tokens. No token gets here. */
@ApiTags('desk: account')
@Controller('api/v1/desk/tokens')
export class DeskTokensController {
  constructor(
    private readonly tokens: ApiTokens,
    private readonly cookies: DeskCookies,
  ) {}

  @Get()
  @Allows('account.use')
  @DeskRoute('listTokens', 'The tokens of the signed-in editor.', [200, TokenList])
  list(@By() { editor }: EditorActor): Promise<TokenList> {
    return this.tokens.list(editor.id);
  }

  @Post()
  @Allows('account.use')
  @DeskRoute('makeToken', 'Makes a token by which a program acts as the signed-in editor.', [201, NewToken], 409, 413, 415, 422, 429, 503)
  make(@By() actor: EditorActor, @Body() body: MakeToken, @Req() request: FastifyRequest): Promise<NewToken> {
    return this.tokens.make(actor, body, this.cookies.clientOf(request));
  }

  @Delete(':id')
  @Allows('account.use')
  @DeskRoute('revokeToken', 'Revokes a token: it is refused from now on.', [204, null], 404)
  revoke(@By() actor: EditorActor, @Param('id', new FormPipe('id', 'uuid', UUID)) id: string): Promise<void> {
    return this.tokens.revoke(actor, id);
  }
}
