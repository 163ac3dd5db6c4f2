import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { Config } from '../src/config/config.js';
import { Secret } from '../src/config/secret.js';
import type { Connection } from '../src/database/connection.js';
import type { Database } from '../src/database/database.js';
import { readerRole } from '../src/database/reader-role.js';

/** The migrated database every spec file's own is cloned from. */
export const TEMPLATE = 'markaz_template';

/** Where the suite's server is: handed from the global set-up to the workers. */
export function suiteConnection(): Connection & { database: string } {
  const { host, port, user, password } = JSON.parse(process.env['MARKAZ_TEST_SERVER'] ?? '{}') as Record<string, string>;
  return { host, port: Number(port), user, password, database: 'markaz' };
}

/** A configuration as a test's environment would give it. */
export function testConfig(env: Readonly<Record<string, string>> = {}): Config {
  return new Config({
    LOG_LEVEL: 'silent',
    SECRET_KEY: 'a key that only the tests use, 0123456789',
    PUBLIC_ORIGIN: 'https://center.example',
    SAMPLE_CONTENT: 'false',
    ...env,
  });
}

/** Runs one statement as the owner of the suite's databases. */
export async function onServer(sql: string): Promise<void> {
  const client = new pg.Client(suiteConnection());
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

/** The server's own processes belong to the superuser: while one is at work in the database its owner may not end it, and a moment later it is gone. */
async function dropDatabase(database: string): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await onServer(`drop database ${database} with (force)`);
    } catch (error) {
      if ((error as { code?: string }).code !== '42501' || attempt === 20) throw error;
      await new Promise((resume) => setTimeout(resume, 250));
    }
  }
}

/** A database of its own for a spec file, with its two doors. */
export async function cloneDatabase(template = TEMPLATE): Promise<Database> {
  const database = `clone_${randomBytes(6).toString('hex')}`;
  await onServer(`create database ${database} template ${template} strategy file_copy`);
  const main = { ...suiteConnection(), database };
  const role = readerRole(Secret.for(testConfig()));
  return {
    main,
    reader: { ...main, user: role.name, password: role.password },
    location: 'a clone for one spec file',
    leave: () => dropDatabase(database),
  };
}
