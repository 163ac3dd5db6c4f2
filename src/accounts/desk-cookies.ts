import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Addresses } from '../http/addresses.js';
import { bearsToken } from '../http/same-origin.js';
import { agentOf } from './agent.js';
import type { Session } from './session.dto.js';
import { isApiToken } from './tokens.js';

/** A session ends then at the latest, so its cookie needs no longer. */
const SESSION_SECONDS = 14 * 24 * 3600;
/** As long as the database remembers a device. */
const DEVICE_SECONDS = 180 * 24 * 3600;

const TOKEN = /^[\w-]{43}$/;

/** A session just opened, and the token by which its device is known from now on. */
export interface Opened {
  readonly session: Session;
  readonly device: string;
}

/** Who asks, as limits see it. */
export interface Client {
  readonly ip: string;
  /** What the device presents, known or not. */
  readonly device: string | null;
  /** What a session opened here will be known by. */
  readonly agent: string | null;
}

/**
 * The desk's two cookies: the session, and the device from which somebody has signed in before. Only the desk looks at them, so published
 * content stays the same for everybody.
 */
@Injectable()
export class DeskCookies {
  private readonly session: string;
  private readonly device: string;
  private readonly attributes: { httpOnly: true; sameSite: 'lax'; path: '/'; secure: boolean };

  constructor({ origin }: Addresses) {
    const secure = origin.startsWith('https:');
    // The prefix is the browser's promise that no other host has set it; it asks for Secure, which plain http cannot have.
    const prefix = secure ? '__Host-' : '';
    this.session = `${prefix}markaz`;
    this.device = `${prefix}markaz-device`;
    this.attributes = { httpOnly: true, sameSite: 'lax', path: '/', secure };
  }

  /** @returns the session's token: from the Authorization header, and only where that bears none from the cookie */
  tokenOf(request: FastifyRequest): string | null {
    if (bearsToken(request)) return token(borne(request));
    return token(this.read(request, this.session));
  }

  /** @returns the token of a program: from the Authorization header alone, cookies never carry one */
  apiTokenOf(request: FastifyRequest): string | null {
    const text = bearsToken(request) ? borne(request) : '';
    return isApiToken(text) ? text : null;
  }

  clientOf(request: FastifyRequest): Client {
    return { ip: request.ip, device: token(this.read(request, this.device)), agent: agentOf(request.headers['user-agent']) };
  }

  set(reply: FastifyReply, { session, device }: Opened): void {
    void reply.setCookie(this.session, session.token, { ...this.attributes, maxAge: SESSION_SECONDS });
    this.setDevice(reply, device);
  }

  clearSession(reply: FastifyReply): void {
    void reply.setCookie(this.session, '', { ...this.attributes, maxAge: 0 });
  }

  setDevice(reply: FastifyReply, value: string): void {
    void reply.setCookie(this.device, value, { ...this.attributes, maxAge: DEVICE_SECONDS });
  }

  private read(request: FastifyRequest, name: string): string | undefined {
    const { cookie } = request.headers;
    return cookie === undefined ? undefined : request.server.parseCookie(cookie)[name];
  }
}

function borne({ headers }: FastifyRequest): string {
  return (headers.authorization ?? '').slice('Bearer '.length);
}

function token(text: string | undefined): string | null {
  return text !== undefined && TOKEN.test(text) ? text : null;
}
