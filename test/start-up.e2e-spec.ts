import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { StartError } from '../src/config/config.js';
import type { Connection } from '../src/database/connection.js';
import { prepareDatabase } from '../src/database/database.js';
import { onServer, suiteConnection, testConfig } from './test-database.js';

const databases: string[] = [];
const roles: string[] = [];

afterAll(async () => {
  for (const name of databases) await onServer(`drop database ${name} with (force)`);
  for (const name of roles) await onServer(`drop role ${name}`);
});

async function databaseWith(options: string): Promise<Connection> {
  const database = `fit_${randomBytes(6).toString('hex')}`;
  await onServer(`create database ${database} template template0 ${options}`);
  databases.push(database);
  return { ...suiteConnection(), database };
}

/** @returns the sentence with which a start is refused */
async function sentence(main: Connection): Promise<string> {
  try {
    await prepareDatabase(testConfig(), { main, location: '', leave: async () => {} }, () => undefined);
  } catch (error) {
    if (error instanceof StartError) return error.message;
    throw error;
  }
  return 'started';
}

describe('a start is refused with a sentence', () => {
  it('where the database’s LC_CTYPE knows no Arabic letters, which trigrams are made of', async () => {
    expect(await sentence(await databaseWith(`lc_ctype 'C' lc_collate 'C'`))).toBe(
      `Arabic trigrams do not work in this database, because its LC_CTYPE knows no Arabic. Make it anew with LC_CTYPE 'C.UTF-8'.`,
    );
  });

  it('where the database is not in UTF-8', async () => {
    expect(await sentence(await databaseWith(`encoding 'SQL_ASCII' locale_provider libc locale 'C'`))).toBe(
      `The database must be made with ENCODING 'UTF8'; this one is SQL_ASCII.`,
    );
  });

  it('where the user may not create the extension it needs', async () => {
    const user = `guest_${randomBytes(4).toString('hex')}`;
    await onServer(`create role ${user} login password 'only for tests'`);
    roles.push(user);
    expect(await sentence({ ...(await databaseWith('')), user, password: 'only for tests' })).toBe(
      'The extension pg_trgm could not be created. Let an administrator run: create extension pg_trgm; in this database.',
    );
  });

  it('where the user may not make tables', async () => {
    const user = `guest_${randomBytes(4).toString('hex')}`;
    await onServer(`create role ${user} login password 'only for tests'`);
    roles.push(user);
    const theirs = await databaseWith('');
    const owner = new pg.Client(theirs);
    await owner.connect();
    await owner.query('create extension pg_trgm');
    await owner.end();
    expect(await sentence({ ...theirs, user, password: 'only for tests' })).toMatch(/^The database user may not create tables/);
  });

  it.each([
    [{ host: '127.0.0.1', port: 1 }, 'connect ECONNREFUSED 127.0.0.1:1'],
    [{ host: 'localhost', port: 1 }, expect.stringMatching(/^connect ECONNREFUSED \S+:1(; connect ECONNREFUSED \S+:1)?$/)],
    [{ database: 'not_there' }, 'database "not_there" does not exist'],
    [{ password: 'wrong' }, 'password authentication failed for user "markaz"'],
  ])('where the server or the database cannot be reached: %j', async (wrong, reason) => {
    const said = await sentence({ ...suiteConnection(), ...wrong });
    const prefix = 'The database cannot be reached: ';
    expect([said.slice(0, prefix.length), said.slice(prefix.length)]).toEqual([prefix, reason]);
  });
});
