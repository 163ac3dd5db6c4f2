import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import type { QueryRunner } from 'typeorm';
import { migrations } from '../migrations/index.js';
import { Secret } from '../src/config/secret.js';
import type { Connection } from '../src/database/connection.js';
import { prepareDatabase } from '../src/database/database.js';
import { revert } from '../src/database/migrate.js';
import { prepareReaderRole, readerRole } from '../src/database/reader-role.js';
import { catalogue } from './catalogue.js';
import { startTestApp } from './test-app.js';
import { onServer, suiteConnection, testConfig } from './test-database.js';

const SCHEMA = join(import.meta.dirname, '..', 'migrations', 'schema.txt');
const ALL = migrations.map(({ name }) => name);

const databases: string[] = [];
const roles: string[] = [];

afterAll(async () => {
  for (const name of databases) await onServer(`drop database ${name} with (force)`);
  // A role outlives the databases it has grants in, and can be dropped only after them.
  for (const name of roles) await onServer(`drop role if exists "${name}"`);
});

async function emptyDatabase(): Promise<Connection> {
  const database = `empty_${randomBytes(6).toString('hex')}`;
  await onServer(`create database ${database} template template0 strategy file_copy`);
  databases.push(database);
  return { ...suiteConnection(), database };
}

/** A configuration with a secret nobody used before, so that its reader's role does not exist yet. */
function newCenter(): ReturnType<typeof testConfig> {
  const config = testConfig({ SECRET_KEY: randomBytes(32).toString('hex') });
  roles.push(readerRole(Secret.for(config)).name);
  return config;
}

/** @returns what the start said */
async function prepare(main: Connection, config = testConfig()): Promise<string[]> {
  const lines: string[] = [];
  await prepareDatabase(config, { main, location: '', leave: async () => {} }, (line) => lines.push(line));
  return lines;
}

async function within<Result>(connection: Connection, act: (client: pg.Client) => Promise<Result>): Promise<Result> {
  const client = new pg.Client(connection);
  await client.connect();
  try {
    return await act(client);
  } finally {
    await client.end();
  }
}

async function ask<Row extends pg.QueryResultRow>(connection: Connection, sql: string): Promise<Row[]> {
  return within(connection, async (client) => (await client.query<Row>(sql)).rows);
}

const applied = async (main: Connection): Promise<string[]> =>
  (await ask<{ name: string }>(main, `select name from migrations order by id`)).map(({ name }) => name);

const catalogueOf = (main: Connection): Promise<string> =>
  within(main, (client) => catalogue(client, readerRole(Secret.for(testConfig())).name));

describe('starting at once', () => {
  it.each([2, 8])('%i instances on one empty database run each migration once', async (instances) => {
    const main = await emptyDatabase();
    const config = newCenter();
    const said = await Promise.all(Array.from({ length: instances }, () => prepare(main, config)));
    expect(said.flat()).toEqual(ALL.map((name) => `migrated: ${name}`));
    expect(await applied(main)).toEqual(ALL);
  });

  it('eight databases of one server may create its reader role at the same moment, again and again', async () => {
    const clients = Array.from({ length: 8 }, () => new pg.Client(suiteConnection()));
    try {
      await Promise.all(clients.map((client) => client.connect()));
      for (let round = 0; round < 5; round += 1) {
        const role = readerRole(Secret.for(newCenter()));
        await Promise.all(clients.map((client) => prepareReaderRole(client, role)));
        expect(
          await ask(suiteConnection(), `select cardinality(rolconfig) as settings from pg_roles where rolname = '${role.name}'`),
        ).toEqual([{ settings: 6 }]);
      }
    } finally {
      await Promise.all(clients.map((client) => client.end()));
    }
  });

  it('eight instances on eight empty databases share one reader role, which belongs to the whole server', async () => {
    const config = newCenter();
    const mains: Connection[] = [];
    for (let n = 0; n < 8; n += 1) mains.push(await emptyDatabase());
    await Promise.all(mains.map((main) => prepare(main, config)));
    for (const main of mains) {
      expect(await applied(main)).toEqual(ALL);
      const { name: user, password } = readerRole(Secret.for(config));
      expect(await ask({ ...main, user, password }, `select lang from pub.center`)).toEqual([{ lang: 'ar' }]);
    }
  });
});

/** One string for each entry: further lines of a view or a function are indented or in capitals. */
const entriesOf = (text: string): string[] => text.trimEnd().split(/\n(?=[a-z]+ )/);

describe('the schema', () => {
  let main: Connection;
  beforeAll(async () => {
    main = await emptyDatabase();
    await prepare(main);
  });

  it('of a fresh database is what migrations/schema.txt says', async () => {
    const actual = await catalogueOf(main);
    if (process.env['UPDATE_SCHEMA'] === '1') writeFileSync(SCHEMA, actual);
    const [database, file] = [actual, readFileSync(SCHEMA, 'utf8')].map(entriesOf);
    const difference = {
      'in the database only': database!.filter((entry) => !file!.includes(entry)),
      'in the file only': file!.filter((entry) => !database!.includes(entry)),
    };
    expect(difference, 'migrations/schema.txt is out of date: run npm run schema and read its diff').toEqual({
      'in the database only': [],
      'in the file only': [],
    });
  });

  it('in its file shows a change of any kind', async () => {
    const before = await catalogueOf(main);
    const changes = [
      `alter table articles alter lang drop not null`,
      `alter table articles drop constraint articles_live_check, add constraint articles_live_check check (true)`,
      `drop index articles_live_translations_idx`,
      `drop trigger revisions_sealed on revision_tags`,
      `alter view pub.articles reset (security_barrier)`,
      `alter function touch_content_clock() security definer`,
      `grant select on articles to public`,
      `create view pub.drafts as select * from revisions`,
    ];
    await within(main, async (client) => {
      for (const change of changes) {
        await client.query('begin');
        await client.query(change);
        expect([change, await catalogue(client, readerRole(Secret.for(testConfig())).name)]).not.toEqual([change, before]);
        await client.query('rollback');
      }
    });
  });

  it('is the same after it was taken back and made again, and taking it back leaves nothing', async () => {
    const before = await catalogueOf(main);
    for (const _ of migrations) await revert(main);
    expect(
      await ask(main, `select relname from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'v', 'm')`),
    ).toEqual([{ relname: 'migrations' }]);
    expect(await ask(main, `select proname from pg_proc where pronamespace = 'public'::regnamespace`)).toEqual([]);
    expect(await ask(main, `select to_regnamespace('pub') as pub`)).toEqual([{ pub: null }]);
    await prepare(main);
    expect(await catalogueOf(main)).toBe(before);
  });

  it('is what the entities say', async () => {
    const world = await startTestApp();
    const drift = async (): Promise<string[]> =>
      (await world.dataSource.driver.createSchemaBuilder().log()).upQueries.map(({ query }) => query);
    try {
      expect(await drift()).toEqual([]);
      await world.dataSource.query(`alter table authors alter bio drop not null`);
      expect(await drift()).toEqual([`ALTER TABLE "authors" ALTER COLUMN "bio" SET NOT NULL`]);
    } finally {
      await world.close();
    }
  });
});

describe('a migration', () => {
  it('that fails leaves nothing half done, and the next start of a repaired release goes on', async () => {
    const main = await emptyDatabase();
    await prepare(main);
    const before = await catalogueOf(main);
    class Unfinished1999999999999 {
      name = 'Unfinished1999999999999';
      async up(runner: QueryRunner): Promise<void> {
        await runner.query(`create table half_done (id int)`);
        await runner.query(`alter table articles add column nonsense text`);
        await runner.query(`select 1 / 0`);
      }
      async down(): Promise<void> {}
    }
    migrations.push(Unfinished1999999999999);
    try {
      await expect(prepare(main)).rejects.toThrow('division by zero');
      expect(await catalogueOf(main)).toBe(before);
      expect(await applied(main)).toEqual(ALL);
    } finally {
      migrations.pop();
    }
    expect(await prepare(main)).toEqual([]);
    expect(await catalogueOf(main)).toBe(before);
  });

  it('of a newer release keeps its views when an older one starts beside it', async () => {
    const main = await emptyDatabase();
    await prepare(main);
    await ask(
      main,
      `insert into migrations (timestamp, name) values (9999999999999, 'Newer9999999999999');
       create view pub.newer as select 1 as one;
       comment on schema pub is 'made by a newer release'`,
    );
    const before = await catalogueOf(main);
    expect(await prepare(main)).toEqual([]);
    expect(await catalogueOf(main)).toBe(before);
    expect(await ask(main, `select obj_description('pub'::regnamespace) as digest`)).toEqual([{ digest: 'made by a newer release' }]);
  });
});

it('Public views whose text has changed are renewed at the next start, and whoever could read them still can', async () => {
  const main = await emptyDatabase();
  await prepare(main);
  const other = `reporting_${randomBytes(4).toString('hex')}`;
  roles.push(other);
  const before = await catalogueOf(main);
  await ask(
    main,
    `create role ${other}; grant usage on schema pub to ${other}; grant select on pub.articles to ${other};
     drop view pub.masthead; create view pub.abandoned as select 1 as one;
     comment on schema pub is 'made by an older release'`,
  );
  await prepare(main);
  const after = await catalogueOf(main);
  const [grants, rest] = [true, false].map((theirs) => after.split('\n').filter((entry) => entry.endsWith(` to ${other}`) === theirs));
  const views = [
    'ad_clock',
    'ads',
    'article_search',
    'article_texts',
    'articles',
    'authors',
    'center',
    'clock',
    'front',
    'front_clock',
    'lexicon',
    'listings',
    'masthead',
    'media',
    'media_files',
    'merged_authors',
    'most_read',
    'notices',
    'old_addresses',
    'poll_places',
    'polls',
    'search_vocabulary',
    'sections',
    'series',
    'slugs',
    'tags',
    'withdrawals',
  ];
  expect(grants).toEqual([...views.map((view) => `grant select on pub.${view} to ${other}`), `grant usage on schema pub to ${other}`]);
  expect(rest!.join('\n')).toBe(before);
});
