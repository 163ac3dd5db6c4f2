import { Injectable, Logger } from '@nestjs/common';
import { HOTP, Secret, TOTP } from 'otpauth';
import type { EntityManager } from 'typeorm';
import { Seal, Unopened } from '../config/seal.js';
import { MailRoom } from '../mail/mail-room.service.js';
import { fold } from '../text/fold.js';
import type { Addressee } from './password.mail.js';
import { accessChangedMail } from './second-factor.mail.js';
import { noSecondFactor, secondFactorOn } from './second-factor.refusals.js';
import { newTypedSecret, tokenHash } from './tokens.js';

/** What authenticators take for granted (RFC 6238): others ignore every other choice. */
const TOTP_FORM = { algorithm: 'SHA1', digits: 6, period: 30 } as const;
/** Steps before and after the present one whose codes are taken: RFC 6238, 5.2, for clocks that go wrong and people who type slowly. */
const WINDOW = 1;
/** 160 bits, the length of the hash: RFC 4226, 4. */
const SECRET_BYTES = 20;

const RECOVERY_CODES = 10;
/** 99 bits. */
const RECOVERY_CHARACTERS = 20;

/** Seals the secrets of authenticators: with a key of its own, so that who can read letters cannot make codes. */
export class FactorSeal extends Seal {}

/** What an authenticator needs. */
export interface Enrolment {
  /** Base32, to be typed. */
  readonly secret: string;
  /** `otpauth://`, to be shown as a QR code. */
  readonly uri: string;
}

/** An editor whom a letter can be written to. */
type Owner = Addressee & { readonly id: number };

/**
 * Second factors as the database holds them: a sealed secret, of whose codes each is taken once, and the hashes of recovery codes. Who may
 * try one, and how often, is the caller's to see to.
 */
@Injectable()
export class SecondFactors {
  private readonly logger = new Logger('SecondFactors');

  constructor(
    private readonly seal: FactorSeal,
    private readonly mailRoom: MailRoom,
  ) {}

  /** Makes a secret that counts once it is confirmed, in the place of an earlier one that was not. @throws Problem 409 `second_factor_on` */
  async begin(tx: EntityManager, { id, email, lang }: Owner): Promise<Enrolment> {
    const secret = new Secret({ size: SECRET_BYTES });
    const begun = await tx.query<unknown[]>(
      `insert into second_factors (editor_id, secret_enc) values ($1, $2)
       on conflict (editor_id) do update set secret_enc = excluded.secret_enc, created_at = now(), last_step = null
       where second_factors.confirmed_at is null
       returning editor_id`,
      [id, this.seal.close(secret.base32, placeOf(id))],
    );
    if (begun.length === 0) throw secondFactorOn();
    const { name: issuer } = await this.mailRoom.letterhead(tx, lang);
    return { secret: secret.base32, uri: new TOTP({ ...TOTP_FORM, issuer, label: email, secret }).toString() };
  }

  /**
   * Switches on what was begun.
   * @returns whether the code was right
   * @throws Problem 409 `second_factor_on`; 409 `no_second_factor` when nothing was begun within the last hour
   */
  async confirm(tx: EntityManager, editorId: number, code: string): Promise<boolean> {
    const [pending] = await tx.query<(StoredFactor & { on: boolean })[]>(
      `select secret_enc as secret, floor(extract(epoch from now()) / $2)::int as step, confirmed_at is not null as "on" from second_factors
       where editor_id = $1 and (confirmed_at is not null or created_at > now() - interval '1 hour')`,
      [editorId, TOTP_FORM.period],
    );
    if (!pending) throw noSecondFactor();
    if (pending.on) throw secondFactorOn();
    const step = this.stepOf(editorId, pending, plain(code));
    if (step === null) return false;
    await tx.query(`update second_factors set confirmed_at = now(), last_step = $2 where editor_id = $1 and confirmed_at is null`, [
      editorId,
      step,
    ]);
    return true;
  }

  /** Whether the editor signs in with a second factor, as things stand in this transaction. */
  async isOn(tx: EntityManager, editorId: number): Promise<boolean> {
    return (
      (await tx.query<unknown[]>(`select from second_factors where editor_id = $1 and confirmed_at is not null`, [editorId])).length > 0
    );
  }

  /**
   * Takes a code of the authenticator, or a recovery code, whose use its owner is told of. Each is taken once: of eight at the same moment
   * one is.
   * @returns whether it was right
   */
  async take(tx: EntityManager, owner: Owner, code: string): Promise<boolean> {
    const typed = plain(code);
    return typed.length === RECOVERY_CHARACTERS ? this.takeRecoveryCode(tx, owner, typed) : this.takeStep(tx, owner.id, typed);
  }

  /** @returns new recovery codes, in the place of all earlier ones; they are nowhere else */
  async renewRecoveryCodes(tx: EntityManager, editorId: number): Promise<string[]> {
    const codes = Array.from({ length: RECOVERY_CODES }, () => newTypedSecret(RECOVERY_CHARACTERS));
    await tx.query(`delete from recovery_codes where editor_id = $1`, [editorId]);
    // A plain hash will do: unlike a password, 99 random bits are not guessed, however fast one can try.
    await tx.query(`insert into recovery_codes (editor_id, code_hash) select $1, unnest($2::bytea[])`, [editorId, codes.map(tokenHash)]);
    return codes.map((code) => code.replaceAll(/.{5}(?=.)/g, '$&-'));
  }

  /** Forgets secret and recovery codes. @returns whether a confirmed factor was there */
  async remove(tx: EntityManager, editorId: number): Promise<boolean> {
    const [removed] = await tx.query<[{ on: boolean }[], number]>(
      `delete from second_factors where editor_id = $1 returning confirmed_at is not null as "on"`,
      [editorId],
    );
    return removed[0]?.on ?? false;
  }

  private async takeStep(tx: EntityManager, editorId: number, typed: string): Promise<boolean> {
    const [factor] = await tx.query<StoredFactor[]>(
      `select secret_enc as secret, floor(extract(epoch from now()) / $2)::int as step from second_factors
       where editor_id = $1 and confirmed_at is not null`,
      [editorId, TOTP_FORM.period],
    );
    const step = factor ? this.stepOf(editorId, factor, typed) : null;
    if (step === null) return false;
    const [, taken] = await tx.query<[unknown, number]>(
      `update second_factors set last_step = $2 where editor_id = $1 and confirmed_at is not null and (last_step is null or last_step < $2)`,
      [editorId, step],
    );
    return taken > 0;
  }

  private async takeRecoveryCode(tx: EntityManager, owner: Owner, typed: string): Promise<boolean> {
    const hash = tokenHash(typed);
    const [, taken] = await tx.query<[unknown, number]>(
      `update recovery_codes set used_at = now() where editor_id = $1 and code_hash = $2 and used_at is null`,
      [owner.id, hash],
    );
    if (taken === 0) return false;
    const [{ left }] = await tx.query<[{ left: number }]>(
      `select count(*)::int as left from recovery_codes where editor_id = $1 and used_at is null`,
      [owner.id],
    );
    const mail = accessChangedMail('recovery_code_used', owner, await this.mailRoom.letterhead(tx, owner.lang), String(left));
    await this.mailRoom.post(tx, { kind: 'access_changed', dedupeKey: `recovery_code:${hash.toString('hex')}`, to: owner.email, mail });
    return true;
  }

  /**
   * A secret that cannot be opened has no right code: recovery codes, and an admin's reset, help then.
   * @returns the step whose code this is, or null. The database's clock says which step it is now, here it is only counted from.
   */
  private stepOf(editorId: number, { secret, step }: StoredFactor, typed: string): number | null {
    if (!/^\d{6}$/.test(typed)) return null;
    let opened: string;
    try {
      opened = this.seal.open(secret, placeOf(editorId));
    } catch (error) {
      if (!(error instanceof Unopened)) throw error;
      this.logger.error(error.message);
      return null;
    }
    const { algorithm, digits } = TOTP_FORM;
    const delta = HOTP.validate({ token: typed, secret: Secret.fromBase32(opened), algorithm, digits, counter: step, window: WINDOW });
    return delta === null ? null : step + delta;
  }
}

interface StoredFactor {
  /** Sealed. */
  readonly secret: Buffer;
  /** Of RFC 6238, at this moment. */
  readonly step: number;
}

/** A secret moved to another editor's row is refused. */
function placeOf(editorId: number): string {
  return `second factor of editor ${editorId}`;
}

/** A code as it is compared: typed in digits of any script, in either case, in groups or not. */
function plain(code: string): string {
  return fold(code).replaceAll(/[\s-]/g, '');
}
