import { join } from 'node:path';
import type { INestApplicationContext } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { SYSTEM } from '../access/access.js';
import { ROLES, type Role } from '../access/policy.js';
import { MAX_EDITOR_NAME } from '../accounts/editor.entity.js';
import { EditorsService, type Appointment } from '../accounts/editors.service.js';
import { PASSWORD_LENGTH, Passwords, isPassword, refuseKnownPassword, type PasswordHash } from '../accounts/passwords.js';
import type { Config } from '../config/config.js';
import { inTransaction } from '../database/transaction.js';
import { Problem } from '../http/problem.js';
import { parseAddress, type Address } from '../mail/address.js';
import { SectionsService } from '../sections/sections.service.js';
import { UncleanText, cleanLine } from '../text/clean.js';
import { withApplication } from './application.js';
import { UsageError, sentenceOf, type Command, type OptionValues } from './command.js';

/** Well-formed, but not to be: exit code 1. */
class Refused extends Error {}

/** What was asked for; whether the sections exist is not known yet. */
interface Wish extends Pick<Appointment, 'email' | 'name' | 'role'> {
  readonly slugs: readonly string[];
  /** Null: an invitation is sent. */
  readonly password: string | null;
}

export const createEditor: Command = {
  usage: 'create-editor --email ADDRESS --name NAME --role ROLE [--section SLUG…] [--password-stdin]',
  summary: 'Makes an editor, beside a running server or before the first start.',
  help: `  --email ADDRESS    where mail goes, and the name to sign in with
  --name NAME        as colleagues read it
  --role ROLE        ${ROLES.join(', ')}
  --section SLUG…    grants sections to a section_editor, each with all below it; may be given several times
  --password-stdin   takes the password from one line of standard input, ${PASSWORD_LENGTH.min} to ${PASSWORD_LENGTH.max} characters without the line's end;
                     without it an invitation is put into the outbox, for the server to send

The last line of standard output is the editor: {"id":n,"email":"…","role":"…","state":"active"|"invited"}
Exit code: 0 done, 1 refused (the address is taken, a section unknown, the password too easy), 2 wrong use.
`,
  options: {
    email: { type: 'string' },
    name: { type: 'string' },
    role: { type: 'string' },
    section: { type: 'string', multiple: true },
    'password-stdin': { type: 'boolean' },
  },
  async run(values, operands) {
    const wish = await wishOf(values, operands);
    return withApplication(report, async (app, config) => {
      try {
        const id = await appoint(app, wish);
        if (wish.password === null) report(whereInvitationsGo(wish.email, config));
        const state = wish.password === null ? 'invited' : 'active';
        process.stdout.write(`${JSON.stringify({ id, email: wish.email.address, role: wish.role, state })}\n`);
        return 0;
      } catch (error) {
        const why = reasonOf(error);
        if (why === null) throw error;
        report(`refused: ${why}`);
        return 1;
      }
    });
  },
};

/** @throws UsageError for what no editor can have */
async function wishOf(values: OptionValues, operands: readonly string[]): Promise<Wish> {
  const sections = (values['section'] ?? []) as readonly string[];
  // `--section a b`: the parser takes one value for each option and gives the others here.
  if (operands.length > 0 && sections.length === 0) throw new UsageError(`create-editor takes no operands: "${operands[0]}".`);
  const email = parseAddress(given(values, 'email'));
  if (email === null) throw new UsageError('--email is not a mail address.');
  const name = nameOf(given(values, 'name'));
  const role = given(values, 'role') as Role;
  if (!ROLES.includes(role)) throw new UsageError(`--role is one of: ${ROLES.join(', ')}.`);
  const password = values['password-stdin'] === true ? await firstLine(process.stdin) : null;
  return { email, name, role, slugs: [...sections, ...operands].map((slug) => slug.normalize('NFC')), password };
}

function given(values: OptionValues, option: string): string {
  const value = values[option];
  if (typeof value !== 'string') throw new UsageError(`--${option} is missing.`);
  return value;
}

function nameOf(typed: string): string {
  try {
    const name = cleanLine(typed);
    if (name !== '' && name.length <= MAX_EDITOR_NAME) return name;
  } catch (error) {
    if (!(error instanceof UncleanText)) throw error;
  }
  throw new UsageError(`--name has 1 to ${MAX_EDITOR_NAME} characters, none of them a control.`);
}

/** @returns the first line, without its end. @throws UsageError when it is not UTF-8 */
async function firstLine(input: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of input) {
    chunks.push(chunk);
    if (chunk.includes('\n')) break;
  }
  try {
    const [line = ''] = new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks)).split(/\r?\n/, 1);
    return line;
  } catch (error) {
    if (error instanceof TypeError) throw new UsageError('The password on standard input is not UTF-8.', { cause: error });
    throw error;
  }
}

/** @returns the editor's id. @throws Refused, Problem */
async function appoint(app: INestApplicationContext, { slugs, password, ...who }: Wish): Promise<number> {
  const hash = password === null ? null : await hashOf(app, password, who);
  return inTransaction(app.get(DataSource), async (tx) => {
    const sections = await sectionsOf(app, tx, slugs);
    return app.get(EditorsService).appoint(tx, SYSTEM, { ...who, sections }, hash);
  });
}

async function hashOf(
  app: INestApplicationContext,
  password: string,
  { email, name }: Pick<Wish, 'email' | 'name'>,
): Promise<PasswordHash> {
  if (!isPassword(password)) throw new Refused(`A password has ${PASSWORD_LENGTH.min} to ${PASSWORD_LENGTH.max} characters.`);
  refuseKnownPassword(password, { email: email.address, name });
  return app.get(Passwords).hash(password);
}

/** @returns ids, each once. @throws Refused naming the first slug that no section has */
async function sectionsOf(app: INestApplicationContext, tx: EntityManager, slugs: readonly string[]): Promise<number[]> {
  const ids = new Set<number>();
  for (const slug of slugs) {
    const id = await app.get(SectionsService).idOf(tx, slug);
    if (id === null) throw new Refused(`There is no section with the slug "${slug}".`);
    ids.add(id);
  }
  return [...ids];
}

/** @returns the sentence of a refusal, or null when something else went wrong */
function reasonOf(error: unknown): string | null {
  if (error instanceof Refused) return error.message;
  return error instanceof Problem && error.getStatus() < 500 ? sentenceOf(error) : null;
}

function whereInvitationsGo({ address }: Address, { smtpUrl, dataDir, publicOrigin }: Config): string {
  const waits = `An invitation to ${address} waits in the outbox.`;
  return smtpUrl === null
    ? `${waits} Without SMTP_URL the running server writes it into ${join(dataDir, 'mail')} and shows it at ${publicOrigin}/dev/mail.`
    : `${waits} The running server hands it to the relay of SMTP_URL.`;
}

function report(line: string): void {
  process.stderr.write(`${line}\n`);
}
