import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { notSignedIn, type Actor, type EditorActor } from '../access/access.js';
import { AuditService } from '../audit/audit.service.js';
import { inTransaction } from '../database/transaction.js';
import { Problem } from '../http/problem.js';
import { MailRoom } from '../mail/mail-room.service.js';
import { Credentials, type Account } from './credentials.service.js';
import type { Client, Opened } from './desk-cookies.js';
import { KnownDevices } from './known-devices.service.js';
import { PasswordLinks } from './password-links.service.js';
import { passwordChangedMail } from './password.mail.js';
import { Passwords, refuseKnownPassword, wrongPassword } from './passwords.js';
import { accessChangedMail } from './second-factor.mail.js';
import { codeRequired, wrongCode } from './second-factor.refusals.js';
import { SecondFactors } from './second-factors.service.js';
import { Me, type ChangePassword, type SignIn } from './session.dto.js';
import { SessionsService } from './sessions.service.js';

/** Who somebody is: by a password and a second factor, or by the session they opened. */
@Injectable()
export class SignInService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly credentials: Credentials,
    private readonly factors: SecondFactors,
    private readonly sessions: SessionsService,
    private readonly passwords: Passwords,
    private readonly devices: KnownDevices,
    private readonly links: PasswordLinks,
    private readonly audit: AuditService,
    private readonly mailRoom: MailRoom,
  ) {}

  /**
   * Only who gives the right password learns whether there is a second factor. A wrong code after it is told to its owner.
   * @throws Problem 401 `wrong_credentials`, `code_required`, `wrong_code`; 429 `too_many_tries`
   */
  async signIn({ email, password, code }: SignIn, client: Client, requestId: string): Promise<Opened> {
    const account = await this.credentials.account('e.email_canonical = $1', email.canonical, client.device);
    const attempt = { account, address: email.canonical, client, password, wrong: wrongCredentials };
    return this.credentials.attempt(attempt, (right) =>
      inTransaction(this.dataSource, async (tx) => {
        if (!(await this.credentials.holds(tx, right))) return wrongCredentials();
        if (await this.factors.isOn(tx, right.id)) {
          if (code === undefined) throw codeRequired('sign-in');
          if (!(await this.credentials.takeCode(tx, right, code))) {
            await this.tellOfWrongCode(tx, { editor: null, requestId }, right);
            return wrongCode('sign-in');
          }
        }
        return this.credentials.open(tx, right, client);
      }),
    );
  }

  /** @throws Problem 401 when the editor is gone meanwhile */
  async me(editorId: number): Promise<Me> {
    const account = await this.credentials.account('e.id = $1', editorId, null);
    if (!account?.active) throw notSignedIn();
    return Me.of(account);
  }

  /**
   * Ends every session and token, forgets every device and takes back links sent earlier; the one that asked gets a new session.
   * @throws Problem 422 `wrong_password`, `password_is_known`; 429 `too_many_tries`
   */
  async changePassword(actor: EditorActor, { currentPassword, password }: ChangePassword, client: Client): Promise<Opened> {
    const account = await this.credentials.account('e.id = $1', actor.editor.id, client.device);
    if (!account?.active) throw notSignedIn();
    const wrong = (): Problem => wrongPassword('currentPassword');
    const attempt = { account, address: account.emailCanonical, client, password: currentPassword, wrong };
    return this.credentials.attempt(attempt, async (right) => {
      refuseKnownPassword(password, right);
      const hash = await this.passwords.hash(password);
      return inTransaction(this.dataSource, async (tx) => {
        // Of two changes at once the second no longer knows the current password.
        if (!(await this.credentials.holds(tx, right))) return wrong();
        await this.sessions.holdOpen(tx, actor);
        await this.sessions.endAllAccess(tx, right.id);
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
        return this.credentials.open(tx, right, { ...client, device: null });
      });
    });
  }

  /** The password may be known to somebody else (ASVS 6.3.5): one letter and one line of the audit log a day, however many codes are tried. */
  private async tellOfWrongCode(tx: EntityManager, actor: Actor, account: Account): Promise<void> {
    const { id, email, lang } = account;
    const [{ day }] = await tx.query<[{ day: string }]>(`select (now() at time zone 'UTC')::date::text as day`);
    const mail = accessChangedMail('wrong_code', account, await this.mailRoom.letterhead(tx, lang));
    if (await this.mailRoom.post(tx, { kind: 'access_changed', dedupeKey: `wrong_code:${id}:${day}`, to: email, mail }))
      await this.audit.record(tx, actor, { act: 'editors.wrong_code', object: { type: 'editor', id } });
  }
}

function wrongCredentials(): Problem {
  return new Problem(
    401,
    'wrong_credentials',
    { ar: 'عنوان البريد أو كلمة السر غير صحيحين.', en: 'The address or the password is wrong.' },
    { headers: { 'www-authenticate': 'Bearer' } },
  );
}
