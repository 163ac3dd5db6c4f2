import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import type { ActingEditor } from '../access/policy.js';
import { AuditService } from '../audit/audit.service.js';
import { inTransaction } from '../database/transaction.js';
import { Addresses } from '../http/addresses.js';
import { networkOf } from '../http/client-network.js';
import { Problem } from '../http/problem.js';
import { RateLimits, tooManyTries } from '../http/rate-limits.js';
import { Waker } from '../jobs/waker.js';
import type { Address } from '../mail/address.js';
import { MailRoom } from '../mail/mail-room.service.js';
import type { Client } from './desk-cookies.js';
import { KnownDevices } from './known-devices.service.js';
import { invitationMail, passwordChangedMail, resetMail, type Addressee } from './password.mail.js';
import { Passwords, refuseKnownPassword } from './passwords.js';
import type { SetPassword } from './session.dto.js';
import { SessionsService } from './sessions.service.js';
import { newToken, tokenHash } from './tokens.js';

/** How long each kind of link can be used, by the database's clock. */
const LIFETIME = { invitation: '7 days', reset: '30 minutes' } as const;
type Purpose = keyof typeof LIFETIME;

/** Of one network: an office forgets no more passwords than that. */
const RESETS_PER_NETWORK = { name: 'reset network', limit: 20, seconds: 3600 } as const;
/** Of one address, within the life of a link: whoever is refused has a link that still works. */
const RESETS_PER_ADDRESS = { name: 'reset address', limit: 3, seconds: 1800 } as const;

type LinkHolder = Addressee & Omit<ActingEditor, 'sections'>;

/** Links by mail with which an editor sets a password: 256 random bits, of which the database holds the SHA-256; each is used once. */
@Injectable()
export class PasswordLinks implements OnModuleInit {
  constructor(
    private readonly dataSource: DataSource,
    private readonly mailRoom: MailRoom,
    private readonly addresses: Addresses,
    private readonly limits: RateLimits,
    private readonly passwords: Passwords,
    private readonly sessions: SessionsService,
    private readonly devices: KnownDevices,
    private readonly audit: AuditService,
    private readonly waker: Waker,
  ) {}

  onModuleInit(): void {
    this.waker.register({ name: 'password resets', run: () => this.sendResets() });
  }

  /** Sends an invitation to the editor's stored address, in the transaction that makes the editor or asks again; it replaces an earlier one. */
  async invite(tx: EntityManager, editorId: number): Promise<void> {
    const [editor] = await tx.query<[Addressee]>(`select email, name, lang from editors where id = $1`, [editorId]);
    await this.send(tx, editorId, editor, 'invitation');
  }

  /** Makes the editor's links worthless; call it in the transaction that suspends the editor or changes address or password. */
  async revoke(tx: EntityManager, editorId: number): Promise<void> {
    await tx.query(`delete from password_links where editor_id = $1`, [editorId]);
  }

  /**
   * Notes that somebody wants a new password for an address. Whose it is, is looked up later, in `sendResets`: here the same happens
   * for every address, so neither answer nor time tells which ones exist.
   * @throws Problem 429 `too_many_tries` for the network; an address that is asked for too often is answered like any other
   */
  async ask({ canonical }: Address, { ip }: Client): Promise<void> {
    const wait = await this.limits.claim({ ...RESETS_PER_NETWORK, of: networkOf(ip) });
    if (wait !== null) throw tooManyTries(wait);
    if ((await this.limits.claim({ ...RESETS_PER_ADDRESS, of: canonical })) !== null) return;
    await this.dataSource.query(`insert into reset_requests (email_canonical) values ($1)`, [canonical]);
  }

  /**
   * The due work: answers requests for a new password, with a mail to the stored address of an active editor, or with nothing.
   * @returns how many requests it settled
   */
  private async sendResets(): Promise<number> {
    return inTransaction(this.dataSource, async (tx) => {
      const [asked] = await tx.query<[{ email: string }[], number]>(
        `delete from reset_requests where id in (select id from reset_requests order by id limit 20 for update skip locked)
         returning email_canonical as email`,
      );
      if (asked.length === 0) return 0;
      const editors = await tx.query<(Addressee & { id: number })[]>(
        `select id, email, name, lang from editors where email_canonical = any($1) and state = 'active' order by id for no key update`,
        [asked.map(({ email }) => email)],
      );
      for (const editor of editors) await this.send(tx, editor.id, editor, 'reset');
      return asked.length;
    });
  }

  /**
   * Sets the password of whoever got the link: an invited editor becomes active, all sessions and tokens end, other devices are forgotten.
   * A second factor stays: the mailbox alone opens nothing where there is one.
   * @returns the token by which this device is known from now on: so the editor gets in while somebody keeps guessing at the account
   * @throws Problem 422 `link_expired` for a link that never was, is used, replaced, revoked or too old; `password_is_known`
   */
  async setPassword({ token, password }: SetPassword, requestId: string): Promise<string> {
    const link = tokenHash(token);
    const holder = await this.holderOf(link);
    if (holder === null) throw linkExpired();
    refuseKnownPassword(password, holder);
    const hash = await this.passwords.hash(password);
    return inTransaction(this.dataSource, async (tx) => {
      const { id } = holder;
      // Holds the editor: what suspends, invites or signs in waits, or is seen by the next statement.
      await this.sessions.endAllAccess(tx, id);
      const [used] = await tx.query<[unknown[], number]>(
        `delete from password_links where token_hash = $1 and expires_at > now() returning editor_id`,
        [link],
      );
      if (used.length === 0) throw linkExpired();
      await this.revoke(tx, id);
      const [woken] = await tx.query<[unknown[], number]>(
        `update editors set state = 'active', version = version + 1 where id = $1 and state = 'invited' returning id`,
        [id],
      );
      await this.passwords.set(tx, id, hash);
      await this.devices.forgetAll(tx, id);
      await this.audit.record(
        tx,
        { editor: { ...holder, sections: [] }, requestId },
        {
          act: 'editors.set_password',
          object: { type: 'editor', id },
          ...(woken.length === 0 ? {} : { before: { state: 'invited' }, after: { state: 'active' } }),
        },
      );
      await this.mailRoom.post(tx, {
        kind: 'password_changed',
        dedupeKey: `password_changed:${requestId}`,
        to: holder.email,
        mail: passwordChangedMail(holder, await this.mailRoom.letterhead(tx, holder.lang)),
      });
      return this.devices.remember(tx, id, null);
    });
  }

  /** Looked up before anything costly is done for the bearer; whether the link still works, its deletion decides. */
  private async holderOf(link: Buffer): Promise<LinkHolder | null> {
    const [holder] = await this.dataSource.query<LinkHolder[]>(
      `select e.id, e.name, e.email, e.lang, e.role from password_links l join editors e on e.id = l.editor_id
       where l.token_hash = $1 and l.expires_at > now() and e.state <> 'suspended'`,
      [link],
    );
    return holder ?? null;
  }

  private async send(tx: EntityManager, editorId: number, editor: Addressee, purpose: Purpose): Promise<void> {
    const token = newToken();
    const hash = tokenHash(token);
    await tx.query(
      `insert into password_links (token_hash, editor_id, purpose, expires_at) values ($1, $2, $3, now() + $4::interval)
       on conflict (editor_id, purpose) do update set token_hash = excluded.token_hash, expires_at = excluded.expires_at`,
      [hash, editorId, purpose, LIFETIME[purpose]],
    );
    // In the fragment: browsers send it to nobody, so it stands in no log and no Referer.
    const href = `${this.addresses.origin}/desk/password#${token}`;
    const mail = { invitation: invitationMail, reset: resetMail }[purpose];
    await this.mailRoom.post(tx, {
      kind: purpose,
      dedupeKey: `${purpose}:${hash.toString('hex')}`,
      to: editor.email,
      mail: mail(editor, await this.mailRoom.letterhead(tx, editor.lang), href),
    });
  }
}

function linkExpired(): Problem {
  return new Problem(422, 'link_expired', {
    ar: 'لم يعد هذا الرابط صالحًا. اطلب رابطًا جديدًا.',
    en: 'This link no longer works. Ask for a new one.',
  });
}
