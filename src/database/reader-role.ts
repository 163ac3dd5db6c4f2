import { createHash, createHmac, pbkdf2Sync } from 'node:crypto';
import type { Client } from 'pg';
import pg from 'pg';
import type { Secret } from '../config/secret.js';
import { StartError } from '../config/config.js';

/** The reader's login, the same on every instance with this secret; two centers on one server have different ones. */
export interface ReaderRole {
  readonly name: string;
  readonly password: string;
}

export function readerRole(secret: Secret): ReaderRole {
  return {
    name: `markaz_reader_${secret.derive('reader-role', 4).toString('hex')}`,
    password: secret.derive('reader-db').toString('base64url'),
  };
}

/** What holds for every session of the reader; on the role itself, because poolers refuse start-up options. */
const SETTINGS = [
  `default_transaction_read_only = on`,
  `statement_timeout = '2s'`,
  `idle_in_transaction_session_timeout = '10s'`,
  `jit = off`,
  // \`limit $n\` in a generic plan drew parallel workers: 8.6 ms instead of 0.04.
  `max_parallel_workers_per_gather = 0`,
  // Our statements are written for their generic plan; planning each anew costs 0.3 to 0.7 ms.
  `plan_cache_mode = force_generic_plan`,
];

/** The same settings as start-up options, for a role that is not ours to set. */
export const READER_OPTIONS = SETTINGS.map((setting) => `-c ${setting.replace(' = ', '=').replaceAll("'", '')}`).join(' ');

/** @returns whether the connected user may create roles */
export async function mayCreateRoles(client: Client): Promise<boolean> {
  const { rows } = await client.query<{ may: boolean }>(
    `select rolsuper or rolcreaterole as may from pg_roles where rolname = current_user`,
  );
  return rows[0]!.may;
}

/**
 * Creates the reader's role or renews its password, which a login may change for itself, and completes its settings. A role belongs to the whole server, an advisory lock to one database: other databases may be doing the same at this moment,
 * so a collision is tried again.
 * @throws StartError
 */
export async function prepareReaderRole(client: Client, { name, password }: ReaderRole): Promise<void> {
  const login = `login password '${scramVerifier(password)}'`;
  await repeatOnCollision(async () => {
    const { rowCount } = await client.query(`select from pg_roles where rolname = $1`, [name]);
    const attributes = 'noinherit nosuperuser nocreatedb nocreaterole noreplication';
    await client.query(rowCount === 0 ? `create role "${name}" ${attributes} ${login}` : `alter role "${name}" ${login}`);
  });
  // Settings only when one is missing: each ALTER ROLE takes a lock that other starting databases wait for.
  const { rows } = await client.query<{ settings: string[] | null }>(
    `select setconfig as settings from pg_db_role_setting s join pg_roles r on r.oid = s.setrole where r.rolname = $1 and s.setdatabase = 0`,
    [name],
  );
  const present = new Set(rows[0]?.settings);
  for (const setting of SETTINGS) {
    if (!present.has(setting.replace(' = ', '=').replaceAll("'", '')))
      await repeatOnCollision(() => client.query(`alter role "${name}" set ${setting}`));
  }
}

/**
 * Takes from everybody but the owner the right to make temporary tables in this database: PostgreSQL gives it to PUBLIC, and the reader
 * could fill the disk with them. Does nothing for a user who does not own the database.
 */
export async function refuseTemporaryTables(client: Client): Promise<void> {
  const { rows } = await client.query<{ statement: string }>(`
    select format('revoke temporary on database %I from public', datname) as statement
    from pg_database cross join aclexplode(coalesce(datacl, acldefault('d', datdba))) acl
    where datname = current_database() and pg_get_userbyid(datdba) = current_user and acl.grantee = 0 and acl.privilege_type = 'TEMPORARY'`);
  for (const { statement } of rows) await client.query(statement);
}

async function repeatOnCollision(act: () => Promise<unknown>): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await act();
      return;
    } catch (error) {
      // 42710: it exists by now; 23505: the same, noticed later; XX000: "tuple concurrently updated".
      if (!(error instanceof pg.DatabaseError) || !['42710', '23505', 'XX000'].includes(error.code ?? '')) {
        throw new StartError('The role that reads published content could not be prepared.', { cause: error });
      }
      if (attempt === 20) throw error;
      await new Promise((resume) => setTimeout(resume, 10 * attempt));
    }
  }
}

/**
 * The verifier PostgreSQL itself would store (RFC 5803), so that no clear password reaches a server log.
 * The salt comes from the password: every instance writes the same verifier.
 */
function scramVerifier(password: string): string {
  const salt = createHash('sha256').update(`salt:${password}`).digest().subarray(0, 16);
  const salted = pbkdf2Sync(password, salt, 4_096, 32, 'sha256');
  const storedKey = createHash('sha256').update(createHmac('sha256', salted).update('Client Key').digest()).digest('base64');
  const serverKey = createHmac('sha256', salted).update('Server Key').digest('base64');
  return `SCRAM-SHA-256$4096:${salt.toString('base64')}$${storedKey}:${serverKey}`;
}
