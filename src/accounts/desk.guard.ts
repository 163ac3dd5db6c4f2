import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import { ACT, notAllowed, notSignedIn, signIn } from '../access/access.js';
import { mayEver, type Act } from '../access/policy.js';
import { Addresses } from '../http/addresses.js';
import { PUBLIC } from '../http/public.js';
import { refuseCrossOrigin } from '../http/same-origin.js';
import { DeskCookies } from './desk-cookies.js';
import { SessionsService } from './sessions.service.js';

/**
 * The one door of the desk, closed by default. A route says `@Public()`, or `@Allows(act)`; what says neither is open to nobody. No unsafe
 * request passes it from another site's page, public or not. It knows the role only: what depends on an article is asked again once that
 * is loaded.
 */
@Injectable()
export class DeskGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly sessions: SessionsService,
    private readonly cookies: DeskCookies,
    private readonly addresses: Addresses,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    refuseCrossOrigin(request, this.addresses.origin);
    const route = [context.getHandler(), context.getClass()];
    if (this.reflector.getAllAndOverride<true | undefined>(PUBLIC, route)) return true;
    const act = this.reflector.get<Act | undefined>(ACT, context.getHandler());
    const token = this.cookies.tokenOf(request);
    const editor = token === null ? null : await this.sessions.editorOf(token);
    if (editor === null) throw notSignedIn();
    if (act === undefined || !mayEver(editor.role, act)) throw notAllowed();
    signIn(request, editor);
    return true;
  }
}
