import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, openSync, renameSync, writeSync } from 'node:fs';
import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { SYSTEM } from '../access/access.js';
import { inTransaction, takeTurn } from '../database/transaction.js';
import { parseAddress } from '../mail/address.js';
import { EditorsService } from './editors.service.js';
import { Passwords } from './passwords.js';
import { newTypedSecret } from './tokens.js';

export interface SignIn {
  readonly email: string;
  readonly password: string;
}

/** Of a domain that nobody can ever own (RFC 2606). */
const EMAIL = 'editor@center.example';
const NAME = 'مدير الموقع';

/** 118 bits. */
const PASSWORD_CHARACTERS = 24;

/** The way in to a new center: its first admin. */
@Injectable()
export class FirstEditor {
  constructor(
    private readonly dataSource: DataSource,
    private readonly passwords: Passwords,
    private readonly editors: EditorsService,
  ) {}

  /** Whether nobody works here yet. */
  async isMissing(tx: EntityManager = this.dataSource.manager): Promise<boolean> {
    const [{ missing }] = await tx.query<[{ missing: boolean }]>(`select not exists (select from editors) as missing`);
    return missing;
  }

  /**
   * Makes an admin with a random password where there is no editor at all; of several instances starting at once one does.
   * @param file gets the sign-in before anybody could need it; an older one is replaced
   * @param origin of this center, for the file
   * @returns the sign-in, or null when there are editors
   */
  async appointOnce(file: string, origin: string): Promise<SignIn | null> {
    if (!(await this.isMissing())) return null;
    const signIn = { email: EMAIL, password: newTypedSecret(PASSWORD_CHARACTERS) };
    const hash = await this.passwords.hash(signIn.password);
    return inTransaction(this.dataSource, async (tx) => {
      await takeTurn(tx, 'first editor');
      if (!(await this.isMissing(tx))) return null;
      await this.editors.appoint(tx, SYSTEM, { email: parseAddress(EMAIL)!, name: NAME, role: 'admin' }, hash);
      // Before the commit: a password that stands nowhere would lock everybody out, while one that opens nothing is replaced at the next start.
      keep(file, letterOf(signIn, origin));
      return signIn;
    });
  }
}

/** Writes a file for its owner's eyes, whole or not at all. */
function keep(file: string, text: string): void {
  const draft = `${file}.${randomBytes(6).toString('hex')}`;
  const handle = openSync(draft, 'wx', 0o600);
  try {
    writeSync(handle, text);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  renameSync(draft, file);
}

function letterOf({ email, password }: SignIn, origin: string): string {
  return `address:  ${origin}
email:    ${email}
password: ${password}

Sign in:          POST ${origin}/api/v1/sessions            {"email": "…", "password": "…"}
Change password:  PUT  ${origin}/api/v1/desk/me/password    {"currentPassword": "…", "password": "…"}

Change the password, then delete this file: whoever reads it can sign in as an admin.
غيّر كلمة السر ثم احذف هذا الملف: من يقرؤه يستطيع الدخول مديرًا.
`;
}
