import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Addresses } from '../http/addresses.js';
import { Problem } from '../http/problem.js';
import { PollSecrets } from './poll-secrets.js';

/** For so long a reader is one reader. */
export const READER_SECONDS = 180 * 24 * 3600;
const FORM = /^([\w-]{8})[.]([\w-]{22})[.](\d{10})[.]([\w-]{43})$/;

/** What makes a reader one reader: a nonce that only we can have given out. */
export interface ReaderBallot {
  /** 128 bits. It is stored nowhere; polls keep keyed hashes of it. */
  readonly nonce: Buffer;
  readonly expiresAt: Date;
}

/**
 * The readers' cookie, `keyId.nonce.issuedAt.HMAC`: one for all polls, set when somebody is about to vote, and by nothing else. The key's
 * id stands in front so that keys can change one day without refusing those who hold a cookie. When it was issued is told, and judged, by
 * our processes' clocks: half a year does not depend on them.
 */
@Injectable()
export class ReaderCookie {
  private readonly name: string;
  private readonly attributes: { httpOnly: true; sameSite: 'lax'; path: '/'; secure: boolean };

  constructor(
    { origin }: Addresses,
    private readonly secrets: PollSecrets,
  ) {
    const secure = origin.startsWith('https:');
    // The prefix is the browser's promise that no other host has set it; it asks for Secure, which plain http cannot have.
    this.name = `${secure ? '__Host-' : ''}rv`;
    this.attributes = { httpOnly: true, sameSite: 'lax', path: '/', secure };
  }

  /** @returns the ballot the request bears, or null where there is none or no valid one */
  heldBy(request: FastifyRequest): ReaderBallot | null {
    const value = this.read(request);
    return value === undefined ? null : this.verified(value);
  }

  /** @returns the reader's nonce, for who needs no reason when there is none */
  nonceOf(request: FastifyRequest): Buffer | null {
    return this.heldBy(request)?.nonce ?? null;
  }

  /** @throws Problem 400 `ballot_required` or `ballot_invalid` */
  demandedOf(request: FastifyRequest): ReaderBallot {
    const value = this.read(request);
    if (value === undefined)
      throw new Problem(400, 'ballot_required', {
        ar: 'لم تصل بطاقة الاقتراع مع الطلب. فعّل ملفات تعريف الارتباط (cookies) لهذا الموقع ثم أعد التصويت.',
        en: 'No ballot came with the request. Allow cookies for this site, then vote again.',
      });
    const ballot = this.verified(value);
    if (ballot === null)
      throw new Problem(400, 'ballot_invalid', {
        ar: 'بطاقة الاقتراع غير صالحة أو انتهت مدتها. اطلب بطاقة جديدة ثم أعد التصويت.',
        en: 'The ballot is not valid, or no longer. Ask for a new one, then vote again.',
      });
    return ballot;
  }

  /** A ballot that nobody has; it is handed out by {@link give}. */
  make(): ReaderBallot {
    return { nonce: randomBytes(16), expiresAt: new Date((Math.floor(Date.now() / 1_000) + READER_SECONDS) * 1_000) };
  }

  give(reply: FastifyReply, ballot: ReaderBallot): void {
    void reply.setCookie(this.name, this.valueOf(ballot), { ...this.attributes, maxAge: READER_SECONDS });
  }

  /** `keyId.nonce.issuedAt.HMAC` */
  private valueOf({ nonce, expiresAt }: ReaderBallot): string {
    const issuedAt = expiresAt.getTime() / 1_000 - READER_SECONDS;
    const text = [this.keyId(), nonce.toString('base64url'), issuedAt].join('.');
    return `${text}.${this.signature(text)}`;
  }

  private verified(value: string): ReaderBallot | null {
    const [, keyId, nonce = '', issuedAt, signature = ''] = FORM.exec(value) ?? [];
    if (keyId !== this.keyId()) return null;
    const right = this.signature([keyId, nonce, issuedAt].join('.'));
    // Compared as text, so that one ballot has one spelling.
    if (!timingSafeEqual(Buffer.from(signature), Buffer.from(right))) return null;
    const ballot = { nonce: Buffer.from(nonce, 'base64url'), expiresAt: new Date((Number(issuedAt) + READER_SECONDS) * 1_000) };
    return Date.now() < ballot.expiresAt.getTime() ? ballot : null;
  }

  private signature(text: string): string {
    return createHmac('sha256', this.secrets.readers).update(text).digest('base64url');
  }

  private keyId(): string {
    return createHash('sha256').update(this.secrets.readers).digest('base64url').slice(0, 8);
  }

  private read(request: FastifyRequest): string | undefined {
    const { cookie } = request.headers;
    return cookie === undefined ? undefined : request.server.parseCookie(cookie)[this.name];
  }
}
