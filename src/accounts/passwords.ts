import { randomBytes } from 'node:crypto';
import { hash, verify } from '@node-rs/argon2';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Problem, type Sentence } from '../http/problem.js';
import { fieldRefused } from '../http/refusals.js';

/** Argon2id as OWASP's Password Storage Cheat Sheet asks at least: 19 MiB, two passes, one lane. Verifying reads them from the hash. */
const ARGON2 = { memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;
const SALT_BYTES = 16;
const HASH_BYTES = 32;

/** Hashing happens on libuv's four threads, which files and DNS need too. */
const AT_ONCE = 2;
/** Some seconds' work; who comes later is told to, instead of waiting in memory. */
const MAX_WAITING = 200;

/** In characters (code points) after NFC. */
export const PASSWORD_LENGTH = { min: 12, max: 200 } as const;

/** A PHC string. The brand keeps a password from being stored where its hash belongs. */
export type PasswordHash = string & { readonly brand: 'PasswordHash' };

/** Passwords: hashed off the event loop, a few at a time, never logged and never in an answer. */
@Injectable()
export class Passwords {
  private atWork = 0;
  private readonly waiting: (() => void)[] = [];

  /** Takes tens of milliseconds and may wait for its turn: do it before the transaction, not in it. @throws Problem 503 `busy` */
  async hash(password: string): Promise<PasswordHash> {
    return this.inTurn(async () => (await hash(normal(password), { ...ARGON2, outputLen: HASH_BYTES })) as PasswordHash);
  }

  /** Makes this the editor's password; what follows from that (sessions, links, the state `invited`) is the caller's. */
  async set(tx: EntityManager, editorId: number, passwordHash: PasswordHash): Promise<void> {
    await tx.query(
      `insert into editor_passwords (editor_id, hash) values ($1, $2)
       on conflict (editor_id) do update set hash = excluded.hash, changed_at = now()`,
      [editorId, passwordHash],
    );
  }

  /** @param stored null (nobody, or nobody with a password) takes as long and is never right. @throws Problem 503 `busy` */
  async match(password: string, stored: PasswordHash | null): Promise<boolean> {
    return this.inTurn(() => verify(stored ?? NOBODY, normal(password)));
  }

  private async inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.waiting.length >= MAX_WAITING) throw busy();
    // Whoever finishes hands the place on, so it stays counted.
    if (this.atWork >= AT_ONCE) await new Promise<void>((go) => void this.waiting.push(go));
    else this.atWork += 1;
    try {
      return await work();
    } finally {
      const next = this.waiting.shift();
      if (next) next();
      else this.atWork -= 1;
    }
  }
}

/** No password has this hash, which costs what a real one costs. */
const NOBODY = `$argon2id$v=19$m=${ARGON2.memoryCost},t=${ARGON2.timeCost},p=${ARGON2.parallelism}$${base64(SALT_BYTES)}$${base64(HASH_BYTES)}`;

/** As PHC strings write it: without padding. */
function base64(bytes: number): string {
  return randomBytes(bytes).toString('base64').replaceAll('=', '');
}

/** The same characters typed on another keyboard are the same password. */
function normal(password: string): string {
  return password.normalize('NFC');
}

/** What no keyboard gives; and endless marks, which NFC would take long to order. */
const NOT_TYPED = /[\p{Cc}\p{Surrogate}\p{Noncharacter_Code_Point}]|\p{M}{31}/u;

/** Whether this can be anybody's password: no more is asked when one is tried, since what cannot be right is wrong, not malformed. */
export function isTyped(value: unknown): value is string {
  // Four UTF-16 units per character leave room for what NFC composes.
  return typeof value === 'string' && value.length >= 1 && value.length <= PASSWORD_LENGTH.max * 4 && !NOT_TYPED.test(value);
}

/** Whether it is long enough for a new one; whatever else it is made of is its owner's affair (NIST SP 800-63B). */
export function isPassword(value: unknown): value is string {
  if (!isTyped(value)) return false;
  const { length } = [...normal(value)];
  return length >= PASSWORD_LENGTH.min && length <= PASSWORD_LENGTH.max;
}

/** @throws Problem 422 `password_is_known` when the password is the editor's own address or name, which everybody tries first */
export function refuseKnownPassword(password: string, { email, name }: { readonly email: string; readonly name: string }): void {
  const folded = (text: string): string => normal(text).toLowerCase().replaceAll(/\s+/gu, '');
  const [local = ''] = email.split('@');
  if (![email, local, name].map(folded).includes(folded(password))) return;
  const message: Sentence = { ar: 'كلمة السر هي اسمك أو عنوانك.', en: 'The password is your name or your address.' };
  throw new Problem(422, 'password_is_known', message, { errors: [{ field: 'password', rule: 'known', message }] });
}

/** @param field in which it was given */
export function wrongPassword(field: 'currentPassword' | 'password'): Problem {
  return fieldRefused(422, 'wrong_password', field, { ar: 'كلمة السر الحالية غير صحيحة.', en: 'The current password is wrong.' }, 'right');
}

function busy(): Problem {
  return new Problem(
    503,
    'busy',
    { ar: 'محاولات كثيرة في وقت واحد. حاول بعد ثوانٍ.', en: 'Too many people sign in just now. Try again in a few seconds.' },
    { headers: { 'retry-after': '5' } },
  );
}
