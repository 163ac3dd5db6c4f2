import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { notSignedIn, type EditorActor } from '../access/access.js';
import { AuditService } from '../audit/audit.service.js';
import { inTransaction } from '../database/transaction.js';
import { networkOf } from '../http/client-network.js';
import { Problem, type Sentence } from '../http/problem.js';
import { RateLimits, type Bucket } from '../http/rate-limits.js';
import { MailRoom } from '../mail/mail-room.service.js';
import type { Client, Opened } from './desk-cookies.js';
import { KnownDevices } from './known-devices.service.js';
import { PasswordLinks } from './password-links.service.js';
import { passwordChangedMail } from './password.mail.js';
import { Passwords, refuseKnownPassword, type PasswordHash } from './passwords.js';
import { Me, type ChangePassword, type SignIn } from './session.dto.js';
import { SessionsService } from './sessions.service.js';
import { tokenHash } from './tokens.js';

/** After the tenth wrong try there is none for a quarter of an hour. */
const TRIES = { limit: 10, seconds: 15 * 60 } as const;

/** An editor as signing in needs to know it. */
interface Account extends Me {
  readonly emailCanonical: string;
  readonly active: boolean;
  readonly hash: PasswordHash | null;
  readonly deviceKnown: boolean;
}

/** Who somebody is: by a password, or by the session it opened. */
@Injectable()
export class SignInService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly sessions: SessionsService,
    private readonly passwords: Passwords,
    private readonly devices: KnownDevices,
    private readonly links: PasswordLinks,
    private readonly limits: RateLimits,
    private readonly audit: AuditService,
    private readonly mailRoom: MailRoom,
  ) {}

  /**
   * Unknown address, wrong password, invited, suspended: all cost the same work and get the same answer.
   * @throws Problem 401 `wrong_credentials`, 429 `too_many_tries`
   */
  async signIn({ email, password }: SignIn, client: Client): Promise<Opened> {
    const account = await this.account('e.email_canonical = $1', email.canonical, client.device);
    const right = await this.limits.guess(triesOf(email.canonical, account, client), async () => {
      const matches = await this.passwords.match(password, account?.hash ?? null);
      return matches && account?.active ? account : null;
    });
    if (right === null) throw wrongCredentials();
    return inTransaction(this.dataSource, async (tx) => {
      if (!(await holds(tx, right))) throw wrongCredentials();
      return this.open(tx, right, client);
    });
  }

  /** @throws Problem 401 when the editor is gone meanwhile */
  async me(editorId: number): Promise<Me> {
    const account = await this.account('e.id = $1', editorId, null);
    if (!account?.active) throw notSignedIn();
    return Me.of(account);
  }

  /**
   * Ends every session, forgets every device and takes back links sent earlier; the one that asked gets a new session.
   * @throws Problem 422 `wrong_password`, `password_is_known`; 429 `too_many_tries`
   */
  async changePassword(actor: EditorActor, { currentPassword, password }: ChangePassword, client: Client): Promise<Opened> {
    const account = await this.account('e.id = $1', actor.editor.id, client.device);
    if (!account?.active) throw notSignedIn();
    const right = await this.limits.guess(triesOf(account.emailCanonical, account, client), async () =>
      (await this.passwords.match(currentPassword, account.hash)) ? account : null,
    );
    if (right === null) throw wrongPassword();
    refuseKnownPassword(password, right);
    const hash = await this.passwords.hash(password);
    return inTransaction(this.dataSource, async (tx) => {
      // Of two changes at once the second no longer knows the current password.
      if (!(await holds(tx, right))) throw wrongPassword();
      await this.sessions.endAll(tx, right.id);
      await this.devices.forgetAll(tx, right.id);
      await this.links.revoke(tx, right.id);
      await this.passwords.set(tx, right.id, hash);
      await this.audit.record(tx, actor, { act: 'editors.set_password', object: { type: 'editor', id: right.id } });
      await this.mailRoom.post(tx, {
        kind: 'password_changed',
        dedupeKey: `password_changed:${actor.requestId}`,
        to: right.email,
        mail: passwordChangedMail(right, await this.mailRoom.letterhead(tx, right.lang)),
      });
      return this.open(tx, right, { ...client, device: null });
    });
  }

  private async open(tx: EntityManager, account: Account, { device }: Client): Promise<Opened> {
    return {
      session: { token: await this.sessions.open(tx, account.id), editor: Me.of(account) },
      device: await this.devices.remember(tx, account.id, device),
    };
  }

  private async account(
    condition: 'e.id = $1' | 'e.email_canonical = $1',
    value: number | string,
    device: string | null,
  ): Promise<Account | null> {
    const [account] = await this.dataSource.query<Account[]>(
      `select e.id, e.name, e.email, e.email_canonical as "emailCanonical", e.role, e.lang, e.state = 'active' as active, p.hash,
         coalesce((select json_agg(section_id order by section_id) from editor_sections g where g.editor_id = e.id), '[]') as sections,
         exists (select from known_devices d where d.editor_id = e.id and d.token_hash = $2) as "deviceKnown"
       from editors e left join editor_passwords p on p.editor_id = e.id
       where ` + condition,
      [value, device === null ? null : tokenHash(device)],
    );
    return account ?? null;
  }
}

/**
 * What counts this try. From a known device that device alone, from elsewhere the network and the address as typed, whether anybody has it
 * or not. The network first: who is refused there does not use up the account's tries.
 */
function triesOf(address: string, account: Account | null, { ip, device }: Client): Bucket[] {
  if (account?.deviceKnown) return [{ ...TRIES, name: 'sign-in device', of: `${account.id} ${device}` }];
  return [
    { ...TRIES, name: 'sign-in network', of: networkOf(ip) },
    { ...TRIES, name: 'sign-in account', of: address },
  ];
}

/**
 * Holds the editor until the transaction ends, so that no suspension and no other password comes between.
 * @returns false when one already has: the editor is no longer active, or has another password than the one verified
 */
async function holds(tx: EntityManager, { id, hash }: Account): Promise<boolean> {
  const rows = await tx.query<unknown[]>(
    `select from editors e join editor_passwords p on p.editor_id = e.id
     where e.id = $1 and e.state = 'active' and p.hash = $2 for no key update`,
    [id, hash],
  );
  return rows.length > 0;
}

function wrongCredentials(): Problem {
  return new Problem(
    401,
    'wrong_credentials',
    { ar: 'عنوان البريد أو كلمة السر غير صحيحين.', en: 'The address or the password is wrong.' },
    { headers: { 'www-authenticate': 'Bearer' } },
  );
}

function wrongPassword(): Problem {
  const message: Sentence = { ar: 'كلمة السر الحالية غير صحيحة.', en: 'The current password is wrong.' };
  return new Problem(422, 'wrong_password', message, { errors: [{ field: 'currentPassword', rule: 'right', message }] });
}
