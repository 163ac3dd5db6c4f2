import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { SYSTEM, type Actor, type EditorActor } from '../access/access.js';
import { AuditService } from '../audit/audit.service.js';
import { inTransaction } from '../database/transaction.js';
import type { Address } from '../mail/address.js';
import { MailRoom } from '../mail/mail-room.service.js';
import { Credentials } from './credentials.service.js';
import type { Client, Opened } from './desk-cookies.js';
import type { Addressee } from './password.mail.js';
import type { ConfirmSecondFactor, RemoveSecondFactor, RenewRecoveryCodes, SecondFactorState } from './second-factor.dto.js';
import { accessChangedMail, type AccessChange } from './second-factor.mail.js';
import { noSecondFactor, secondFactorRequired, wrongCode } from './second-factor.refusals.js';
import { SecondFactors, type Enrolment } from './second-factors.service.js';
import { SessionsService } from './sessions.service.js';

/** A session just opened, and recovery codes that are nowhere else. */
export interface OpenedWithCodes extends Opened {
  readonly recoveryCodes: string[];
}

/** Switching one's second factor on and off. Each change is proved anew, told by mail, and ends every session and token. */
@Injectable()
export class EnrolmentService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly credentials: Credentials,
    private readonly factors: SecondFactors,
    private readonly sessions: SessionsService,
    private readonly audit: AuditService,
    private readonly mailRoom: MailRoom,
  ) {}

  async state(editorId: number): Promise<SecondFactorState> {
    const [row] = await this.dataSource.query<{ since: Date; left: number }[]>(
      `select confirmed_at as since, (select count(*)::int from recovery_codes c where c.editor_id = f.editor_id and used_at is null) as left
       from second_factors f where editor_id = $1 and confirmed_at is not null`,
      [editorId],
    );
    return { on: row !== undefined, since: row?.since.toISOString() ?? null, recoveryCodesLeft: row?.left ?? 0 };
  }

  /** Gives a secret for an authenticator, which counts once it is confirmed. @throws Problem 422 `wrong_password`, 409 `second_factor_on`, 429 */
  async begin(actor: EditorActor, password: string, client: Client): Promise<Enrolment> {
    return this.credentials.prove(actor, client, password, async (tx, account) => {
      const enrolment = await this.factors.begin(tx, account);
      await this.tellAudit(tx, actor, 'begin_second_factor', account.id);
      return enrolment;
    });
  }

  /** Switches it on. @throws Problem 422 `wrong_code`, 409 `no_second_factor`, 409 `second_factor_on`, 429 */
  async confirm(actor: EditorActor, { code }: ConfirmSecondFactor, client: Client): Promise<OpenedWithCodes> {
    return this.credentials.prove(actor, client, undefined, async (tx, account) => {
      if (!(await this.factors.confirm(tx, account.id, code))) return wrongCode('act');
      const recoveryCodes = await this.factors.renewRecoveryCodes(tx, account.id);
      await this.sessions.endAllAccess(tx, account.id);
      await this.tellAudit(tx, actor, 'confirm_second_factor', account.id);
      await this.tell(tx, actor, 'second_factor_on', account);
      return { ...(await this.credentials.open(tx, account, client)), recoveryCodes };
    });
  }

  /** Gives new recovery codes in the place of the old. @throws Problem 422 `wrong_password`, 422 `wrong_code`, 409 `no_second_factor`, 429 */
  async renewRecoveryCodes(actor: EditorActor, { password, code }: RenewRecoveryCodes, client: Client): Promise<string[]> {
    return this.credentials.prove(actor, client, password, async (tx, account) => {
      if (!(await this.factors.isOn(tx, account.id))) throw noSecondFactor();
      if (!(await this.credentials.takeCode(tx, account, code))) return wrongCode('act');
      const recoveryCodes = await this.factors.renewRecoveryCodes(tx, account.id);
      await this.tellAudit(tx, actor, 'renew_recovery_codes', account.id);
      await this.tell(tx, actor, 'recovery_codes_renewed', account);
      return recoveryCodes;
    });
  }

  /**
   * Switches it off.
   * @throws Problem 409 `second_factor_required` while the editor's role demands it; 422 `wrong_password`, 422 `wrong_code`, 409 `no_second_factor`, 429
   */
  async remove(actor: EditorActor, { password, code }: RemoveSecondFactor, client: Client): Promise<Opened> {
    return this.credentials.prove(actor, client, password, async (tx, account) => {
      if (!(await this.factors.isOn(tx, account.id))) throw noSecondFactor();
      const demanded = await tx.query<unknown[]>(`select from center where $1 = any(second_factor_roles)`, [account.role]);
      if (demanded.length > 0) throw secondFactorRequired(409);
      if (!(await this.credentials.takeCode(tx, account, code))) return wrongCode('act');
      await this.factors.remove(tx, account.id);
      await this.sessions.endAllAccess(tx, account.id);
      await this.tellAudit(tx, actor, 'remove_second_factor', account.id);
      await this.tell(tx, actor, 'second_factor_removed', account);
      return this.credentials.open(tx, account, client);
    });
  }

  /**
   * Takes away the factor of the editor with this address: for whoever has the server, where no admin is left who can sign in.
   * @returns false when there is no such editor
   * @throws Problem 409 `no_second_factor`
   */
  async resetByAddress({ canonical }: Address): Promise<boolean> {
    return inTransaction(this.dataSource, async (tx) => {
      const [editor] = await tx.query<(Addressee & { id: number })[]>(
        `select id, name, email, lang from editors where email_canonical = $1`,
        [canonical],
      );
      if (!editor) return false;
      await this.reset(tx, SYSTEM, editor);
      return true;
    });
  }

  /** Takes away the factor of an editor who has lost it, in the transaction of whoever may. @throws Problem 409 `no_second_factor` */
  async reset(tx: EntityManager, actor: Actor, editor: Addressee & { readonly id: number }): Promise<void> {
    // First, because it holds the editor: a sign-in at this moment is seen, and ended.
    await this.sessions.endAllAccess(tx, editor.id);
    if (!(await this.factors.remove(tx, editor.id))) throw noSecondFactor();
    await this.tellAudit(tx, actor, 'reset_second_factor', editor.id);
    await this.tell(tx, actor, 'second_factor_reset', editor);
  }

  private tellAudit(tx: EntityManager, actor: Actor, verb: string, id: number): Promise<void> {
    return this.audit.record(tx, actor, { act: `editors.${verb}`, object: { type: 'editor', id } });
  }

  private async tell(tx: EntityManager, { requestId }: Actor, change: AccessChange, { name, email, lang }: Addressee): Promise<void> {
    await this.mailRoom.post(tx, {
      kind: 'access_changed',
      dedupeKey: `${change}:${requestId ?? randomUUID()}`,
      to: email,
      mail: accessChangedMail(change, { name, lang }, await this.mailRoom.letterhead(tx, lang)),
    });
  }
}
