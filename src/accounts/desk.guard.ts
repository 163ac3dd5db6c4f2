import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import { ACT, notAllowed, notSignedIn, signIn, tokenNotAllowed } from '../access/access.js';
import { covered, mayEver, type Act } from '../access/policy.js';
import { Addresses } from '../http/addresses.js';
import { PUBLIC } from '../http/public.js';
import { refuseCrossOrigin } from '../http/same-origin.js';
import { ApiTokens } from './api-tokens.service.js';
import { DeskCookies } from './desk-cookies.js';
import { secondFactorRequired } from './second-factor.refusals.js';
import { SessionsService, type Bearer } from './sessions.service.js';

/**
 * The one door of the desk, closed by default. A route says `@Public()`, or `@Allows(act)`; what says neither is open to nobody. No unsafe
 * request passes it from another site's page, public or not. It knows the role and the token only: what depends on an article is asked again
 * once that is loaded. A session or token that lacks the second factor its editor's role demands may do nothing but what leads to one.
 */
@Injectable()
export class DeskGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly sessions: SessionsService,
    private readonly tokens: ApiTokens,
    private readonly cookies: DeskCookies,
    private readonly addresses: Addresses,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    refuseCrossOrigin(request, this.addresses.origin);
    const route = [context.getHandler(), context.getClass()];
    if (this.reflector.getAllAndOverride<true | undefined>(PUBLIC, route)) return true;
    const act = this.reflector.get<Act | undefined>(ACT, context.getHandler());
    const bearer = await this.bearerOf(request);
    if (bearer === null) throw notSignedIn();
    const { editor, mustEnrol } = bearer;
    if (act === undefined || !mayEver(editor.role, act)) throw notAllowed();
    if (!covered(editor, act)) throw tokenNotAllowed();
    if (mustEnrol && act !== 'account.enter') throw secondFactorRequired(403);
    signIn(request, editor);
    return true;
  }

  private async bearerOf(request: FastifyRequest): Promise<Bearer | null> {
    const apiToken = this.cookies.apiTokenOf(request);
    if (apiToken !== null) return this.tokens.bearerOf(apiToken);
    const token = this.cookies.tokenOf(request);
    return token === null ? null : this.sessions.bearerOf(token);
  }
}
