import { createHash, randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Addresses } from '../http/addresses.js';
import { MailRoom } from '../mail/mail-room.service.js';
import type { Lang } from '../text/language.js';
import { invitationMail } from './password.mail.js';

interface Addressee {
  readonly email: string;
  readonly name: string;
  readonly lang: Lang;
}

/** How long each kind of link can be used, by the database's clock. */
const LIFETIME = { invitation: '7 days', reset: '30 minutes' } as const;

/** Links by mail with which an editor sets a password: 256 random bits, of which the database holds the SHA-256; each is used once. */
@Injectable()
export class PasswordLinks {
  constructor(
    private readonly mailRoom: MailRoom,
    private readonly addresses: Addresses,
  ) {}

  /** Sends an invitation to the editor's stored address, in the transaction that makes the editor or asks again; it replaces an earlier one. */
  async invite(tx: EntityManager, editorId: number): Promise<void> {
    const link = await this.make(tx, editorId, 'invitation');
    const [editor] = await tx.query<Addressee[]>(`select email, name, lang from editors where id = $1`, [editorId]);
    await this.mailRoom.post(tx, {
      kind: 'invitation',
      dedupeKey: `invitation:${link.key}`,
      to: editor!.email,
      mail: invitationMail(editor!, link.href),
    });
  }

  /** Makes the editor's links worthless; call it in the transaction that suspends the editor or changes the address. */
  async revoke(tx: EntityManager, editorId: number): Promise<void> {
    await tx.query(`delete from password_links where editor_id = $1`, [editorId]);
  }

  /** @returns where the editor sets a password, and a key that tells this link from others without opening anything */
  private async make(tx: EntityManager, editorId: number, purpose: keyof typeof LIFETIME): Promise<{ href: string; key: string }> {
    const token = randomBytes(32).toString('base64url');
    const hash = linkHash(token);
    await tx.query(
      `insert into password_links (token_hash, editor_id, purpose, expires_at) values ($1, $2, $3, now() + $4::interval)
       on conflict (editor_id, purpose) do update set token_hash = excluded.token_hash, expires_at = excluded.expires_at`,
      [hash, editorId, purpose, LIFETIME[purpose]],
    );
    // In the fragment: browsers send it to nobody, so it stands in no log and no Referer.
    return { href: `${this.addresses.origin}/desk/password#${token}`, key: hash.toString('hex') };
  }
}

function linkHash(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
