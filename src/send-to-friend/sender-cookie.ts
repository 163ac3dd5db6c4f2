import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Addresses } from '../http/addresses.js';
import { ShareSecrets } from './share-secrets.js';

/** For so long nobody is asked again. */
export const PROVEN_SECONDS = 30 * 24 * 3600;
const FORM = /^([\w-]{8})[.](\d{10})[.]([\w-]{43})$/;

/**
 * The cookie of a confirmed sender, `keyId.issuedAt.HMAC`: whoever uses this browser has opened a letter to one mailbox. It proves that to who
 * knows the mailbox, and does not name it. When it was issued is told, and judged, by the database's clock.
 */
@Injectable()
export class SenderCookie {
  private readonly name: string;
  private readonly attributes: { httpOnly: true; sameSite: 'lax'; path: '/'; secure: boolean };

  constructor(
    { origin }: Addresses,
    private readonly secrets: ShareSecrets,
  ) {
    const secure = origin.startsWith('https:');
    // The prefix is the browser's promise that no other host has set it; it asks for Secure, which plain http cannot have.
    this.name = `${secure ? '__Host-' : ''}sv`;
    this.attributes = { httpOnly: true, sameSite: 'lax', path: '/', secure };
  }

  /** @returns what the request bears, still to be judged by {@link proves}; null for none */
  heldBy(request: FastifyRequest): string | null {
    const { cookie } = request.headers;
    return (cookie === undefined ? undefined : request.server.parseCookie(cookie)[this.name]) ?? null;
  }

  give(reply: FastifyReply, { proof }: { readonly proof: string }): void {
    void reply.setCookie(this.name, proof, { ...this.attributes, maxAge: PROVEN_SECONDS });
  }

  /** @param sender as `MailboxKeys.exactHashOf` gives it @param now seconds since 1970, of the database */
  proofOf(sender: Buffer, now: number): string {
    const text = `${this.keyId()}.${now}`;
    return `${text}.${this.signature(text, sender)}`;
  }

  /** @returns whether the bearer has confirmed this mailbox within the last 30 days */
  proves(proof: string | null, sender: Buffer, now: number): boolean {
    const [, keyId, issuedAt, signature = ''] = FORM.exec(proof ?? '') ?? [];
    if (keyId !== this.keyId()) return false;
    const right = this.signature(`${keyId}.${issuedAt}`, sender);
    // Compared as text, so that one proof has one spelling.
    if (!timingSafeEqual(Buffer.from(signature), Buffer.from(right))) return false;
    return now < Number(issuedAt) + PROVEN_SECONDS;
  }

  private signature(text: string, sender: Buffer): string {
    return createHmac('sha256', this.secrets.senders)
      .update(`${text}.${sender.toString('hex')}`)
      .digest('base64url');
  }

  private keyId(): string {
    return createHash('sha256').update(this.secrets.senders).digest('base64url').slice(0, 8);
  }
}
