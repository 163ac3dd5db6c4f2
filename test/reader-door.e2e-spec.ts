import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import pg from 'pg';
import { Secret } from '../src/config/secret.js';
import type { Connection } from '../src/database/connection.js';
import { prepareDatabase, type Database } from '../src/database/database.js';
import { prepareReaderRole, readerRole } from '../src/database/reader-role.js';
import { Reader, statement } from '../src/database/reader.js';
import { SYSTEM } from '../src/access/access.js';
import { DraftingService } from '../src/articles/drafting.service.js';
import { aDraft, anArticle, anAuthor, aSeries, aTag } from './factories.js';
import { startTestApp, type TestApp } from './test-app.js';
import { onServer, suiteConnection, testConfig } from './test-database.js';

let world: TestApp;
let main: Connection;
let database: Database;
let owner: pg.Client;
const databases: string[] = [];
const roles: string[] = [];

/** Stands in everything that only drafts say. */
const SECRET = 'draft-';

beforeAll(async () => {
  world = await startTestApp();
  const [{ name }] = await world.dataSource.query<[{ name: string }]>(`select current_database() as name`);
  main = { ...suiteConnection(), database: name };
  database = await prepare(main);
  owner = await connect(main);
  const secret = {
    title: `${SECRET}title`,
    summary: `${SECRET}summary`,
    body: `<p>${SECRET}body</p>`,
    kicker: `${SECRET}kicker`,
    slug: `${SECRET}slug`,
    byline: [{ authorId: (await anAuthor(world, { name: { en: `${SECRET}author` }, bio: { en: `${SECRET}bio` } })).id }],
    tagIds: [(await aTag(world, `${SECRET}tag`)).id],
    series: { id: (await aSeries(world, `${SECRET}series`)).id, position: 1 },
    publisher: { name: `${SECRET}publisher`, url: null },
    references: [{ title: `${SECRET}reference` }],
  };
  const live = await anArticle(world, { title: 'Public', tagIds: [(await aTag(world, 'public')).id] });
  await world.tx((tx) => world.app.get(DraftingService).save(tx, SYSTEM, live.id, live.version, secret));
  await aDraft(world, { ...secret, slug: `${SECRET}other` });
});

afterAll(async () => {
  await owner.end();
  for (const name of databases) await onServer(`drop database ${name} with (force)`);
  await world.close();
  for (const name of roles) await onServer(`drop role if exists "${name}"`);
});

function prepare(connection: Connection, config = testConfig(), log: (line: string) => void = () => undefined): Promise<Database> {
  return prepareDatabase(config, { main: connection, location: '', leave: async () => {} }, log);
}

async function connect(connection: Connection & { options?: string }): Promise<pg.Client> {
  const client = new pg.Client(connection);
  await client.connect();
  return client;
}

/** Runs `act` in a session of its own, as the reader unless told otherwise. */
async function session<Result>(act: (client: pg.Client) => Promise<Result>, connection: Connection = database.reader): Promise<Result> {
  const client = await connect(connection);
  try {
    return await act(client);
  } finally {
    await client.end();
  }
}

/** @returns what the statement was refused with, or null when it was not */
async function refusal(client: pg.Client, sql: string): Promise<string | null> {
  try {
    await client.query(sql);
    return null;
  } catch (error) {
    if (error instanceof pg.DatabaseError) return error.code ?? error.message;
    throw error;
  }
}

/** @returns the first column of the rows */
async function ask(client: pg.Client, sql: string, values: unknown[] = []): Promise<unknown[]> {
  const { rows } = await client.query<unknown[]>({ text: sql, values, rowMode: 'array' });
  return rows.map(([first]) => first);
}

/** Every table, view, materialized view and sequence that is not PostgreSQL's own, quoted. */
const relations = (inPub: boolean): Promise<string[]> =>
  ask(
    owner,
    `select format('%I.%I', n.nspname, c.relname) from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where c.relkind in ('r', 'p', 'v', 'm', 'f', 'S') and n.nspname !~ '^pg_' and n.nspname <> 'information_schema' and (n.nspname = 'pub') = $1
     order by 1`,
    [inPub],
  ) as Promise<string[]>;

const RIGHTS = ['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER'];

/** @returns `right on relation`, for each the reader has there */
async function rightsOn(names: readonly string[]): Promise<unknown[]> {
  return ask(
    owner,
    `select format('%s on %s', r, c) from unnest($2::text[]) c cross join unnest($3::text[]) r
     where case when (select relkind from pg_class where oid = c::regclass) = 'S'
       then r in ('SELECT', 'UPDATE') and has_sequence_privilege($1, c, r || ', USAGE')
       else has_table_privilege($1, c, r) or (r in ('SELECT', 'INSERT', 'UPDATE', 'REFERENCES') and has_any_column_privilege($1, c, r)) end
     order by 1`,
    [database.reader.user, names, RIGHTS],
  );
}

describe('the reader', () => {
  it('may read every view of pub, and neither read nor touch any other relation', async () => {
    const others = await relations(false);
    expect(others).toContain('public.revisions');
    expect(others.length).toBeGreaterThan(20);
    expect(await rightsOn(others)).toEqual([]);
    await session(async (client) => {
      for (const name of others) expect([name, await refusal(client, `select * from ${name}`)]).toEqual([name, '42501']);
      for (const name of await relations(true)) expect([name, await refusal(client, `select * from ${name}`)]).toEqual([name, null]);
    });
  });

  it('may write nothing in pub, not even through the views that PostgreSQL could write through', async () => {
    const views = await relations(true);
    expect(await rightsOn(views)).toEqual(views.map((name) => `SELECT on ${name}`));
    await session(async (client) => {
      await client.query(`set default_transaction_read_only = off`);
      expect(await refusal(client, `update pub.center set lang = 'en'`)).toBe('42501');
      expect(await refusal(client, `delete from pub.sections`)).toBe('42501');
      expect(await refusal(client, `insert into pub.slugs values ('taken', 1)`)).toBe('42501');
    });
  });

  it('may make nothing: no temporary table, no table, no schema, no database, no role', async () => {
    await session(async (client) => {
      await client.query(`set default_transaction_read_only = off`);
      for (const sql of [
        `create temporary table t ()`,
        `create table t ()`,
        `create table pub.t ()`,
        `create schema s`,
        `create database d`,
        `create role r`,
        `create function pub.f() returns int language sql return 1`,
      ])
        expect([sql, await refusal(client, sql)]).toEqual([sql, '42501']);
    });
  });

  it('finds no function of ours that runs with its owner’s rights', async () => {
    const functions = `select p.oid::regprocedure::text from pg_proc p join pg_namespace n on n.oid = p.pronamespace
      where n.nspname !~ '^pg_' and n.nspname <> 'information_schema' and p.prosecdef`;
    expect(await ask(owner, functions)).toEqual([]);
  });

  it('is member of nothing, has no attribute but LOGIN, and its settings are in force', async () => {
    const { rows } = await owner.query(
      `select rolcanlogin, rolinherit, rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls,
         (select count(*)::int from pg_auth_members where member = r.oid) as memberships
       from pg_roles r where rolname = $1`,
      [database.reader.user],
    );
    expect(rows).toEqual([
      {
        rolcanlogin: true,
        rolinherit: false,
        rolsuper: false,
        rolcreatedb: false,
        rolcreaterole: false,
        rolreplication: false,
        rolbypassrls: false,
        memberships: 0,
      },
    ]);
    const inForce = await session((client) => settings(client));
    expect(inForce).toEqual({ ...SETTINGS, search_path: '"$user", public' });
  });
});

const SETTINGS = {
  default_transaction_read_only: 'on',
  statement_timeout: '2s',
  idle_in_transaction_session_timeout: '10s',
  jit: 'off',
  max_parallel_workers_per_gather: '0',
  plan_cache_mode: 'force_generic_plan',
};

async function settings(client: pg.Client): Promise<unknown> {
  const names = [...Object.keys(SETTINGS), 'search_path'];
  const [all] = await ask(client, `select json_object_agg(n, current_setting(n)) from unnest($1::text[]) n`, [names]);
  return all;
}

describe('the reader stays the reader after', () => {
  // 42501: refused. null: accepted, and without effect.
  it.each([
    [`select set_config('role', $owner, false)`, '42501'],
    [`set role $owner`, '42501'],
    [`set role none`, null],
    [`reset role`, null],
    [`set session authorization $owner`, '42501'],
    [`reset session authorization`, null],
    [`set default_transaction_read_only = off`, null],
    [`reset all`, null],
  ])('%s', async (attempt, expected) => {
    const drafts = await relations(false);
    await session(async (client) => {
      const name = attempt.includes('set_config') ? `'${main.user}'` : `"${main.user}"`;
      expect(await refusal(client, attempt.replace('$owner', name))).toBe(expected);
      expect(await ask(client, `select current_user || ' ' || session_user`)).toEqual([`${database.reader.user} ${database.reader.user}`]);
      for (const relation of drafts) expect([relation, await refusal(client, `select * from ${relation}`)]).toEqual([relation, '42501']);
      expect(await refusal(client, `update articles set version = 0`)).toMatch(/^(42501|25006)$/);
    });
  });
});

/**
 * Smuggles into a WHERE a cast that fails on, and so names, whatever a draft says: over every column of a view, as text.
 * @returns `column: what was learnt`, for rows and errors that speak of drafts
 */
async function leaksOf(client: pg.Client, view: string): Promise<string[]> {
  const columns = (await ask(client, `select attname from pg_attribute where attrelid = $1::regclass and attnum > 0`, [view])) as string[];
  expect(columns).not.toEqual([]);
  const leaks: string[] = [];
  for (const column of columns) {
    const condition = `case when "${column}"::text like '%${SECRET}%' then "${column}"::text::int = 1 else true end`;
    let learnt: string;
    try {
      learnt = JSON.stringify(await ask(client, `select v::text from ${view} v where ${condition}`));
    } catch (error) {
      learnt = (error as Error).message;
    }
    if (learnt.includes(SECRET)) leaks.push(`${column}: ${learnt}`);
  }
  return leaks;
}

describe('an injected condition that casts what it sees', () => {
  // On a few rows the planner probes one by one; on many, and here by command, it scans whole tables, where the condition could be evaluated first.
  const scans = (client: pg.Client): Promise<unknown> => client.query(`set enable_nestloop = off; set enable_indexscan = off`);

  it('names no draft, whichever public view and column it is tried on', async () => {
    await session(async (client) => {
      for (const plans of ['default', 'scans']) {
        if (plans === 'scans') await scans(client);
        for (const view of await relations(true)) expect([view, await leaksOf(client, view)]).toEqual([view, []]);
      }
      expect(await ask(client, `select title from pub.articles`)).toEqual(['Public']);
    });
  });

  it('would name one if the view were no security barrier', async () => {
    const [definition] = await ask(owner, `select pg_get_viewdef('pub.articles'::regclass)`);
    await owner.query(`create view pub.unguarded as ${String(definition)}`);
    try {
      await owner.query(`grant select on pub.unguarded to "${database.reader.user}"`);
      const leaks = await session(async (client) => {
        await scans(client);
        return leaksOf(client, 'pub.unguarded');
      });
      expect(leaks).toContain(`summary: invalid input syntax for type integer: "${SECRET}summary"`);
    } finally {
      await owner.query(`drop view pub.unguarded`);
    }
  });

  it('learns nothing from the planner’s statistics either', async () => {
    await owner.query(`analyze`);
    const sampled = `select count(*)::int from pg_stats where schemaname = 'public' and tablename = 'revisions'`;
    expect(await ask(owner, sampled)).not.toEqual([0]);
    expect(await session((client) => ask(client, sampled))).toEqual([0]);
  });
});

describe('the reader’s password', () => {
  it('is asked for', async () => {
    await expect(connect({ ...database.reader, password: 'wrong' })).rejects.toMatchObject({ code: '28P01' });
  });

  it('is set right again by the next start, when somebody inside has changed it', async () => {
    const role = readerRole(Secret.for(testConfig({ SECRET_KEY: randomBytes(32).toString('hex') })));
    roles.push(role.name);
    const door = { ...database.main, user: role.name, password: role.password };
    const start = (): Promise<void> => session((client) => prepareReaderRole(client, role), suiteConnection());
    await start();
    await session(async (client) => {
      await client.query(`set default_transaction_read_only = off`);
      await client.query(`alter role current_user password 'taken over'`);
    }, door);
    await expect(connect(door)).rejects.toMatchObject({ code: '28P01' });
    await start();
    await session((client) => client.query(`select 1`), door);
  });

  it('reaches the server only as a verifier: in no statement, and not in pg_authid', async () => {
    const config = testConfig({ SECRET_KEY: randomBytes(32).toString('hex') });
    const { name, password } = readerRole(Secret.for(config));
    roles.push(name);
    const sent: string[] = [];
    const query = vi.spyOn(pg.Client.prototype, 'query').mockName('query');
    try {
      const empty = await emptyDatabase();
      await prepare(empty, config);
      sent.push(...query.mock.calls.map((call) => JSON.stringify(call)));
    } finally {
      query.mockRestore();
    }
    expect(sent.filter((text) => text.includes(`create role \\"${name}\\"`))).toHaveLength(1);
    expect(sent.filter((text) => text.includes(password))).toEqual([]);
    const superuserPassword = join(dirname(String(suiteConnection().host)), 'superuser-password');
    if (!existsSync(superuserPassword)) {
      console.warn('test/reader-door: the socket lies elsewhere, so pg_authid was not looked into.');
      return;
    }
    const superuser = { ...suiteConnection(), user: 'postgres', password: readFileSync(superuserPassword, 'utf8') };
    const [stored] = await session((client) => ask(client, `select rolpassword from pg_authid where rolname = $1`, [name]), superuser);
    expect(stored).toMatch(/^SCRAM-SHA-256\$4096:[\w+/]{22}==\$[\w+/]{43}=:[\w+/]{43}=$/);
  });
});

describe('a Reader', () => {
  const titles = statement(`select title from pub.articles order by id`);
  let reader: Reader;
  beforeEach(() => {
    reader = new Reader(database.reader);
  });
  afterEach(() => reader.onApplicationShutdown());

  const backends = (): Promise<unknown[]> =>
    session((client) =>
      ask(
        client,
        `select pid from pg_stat_activity where usename = current_user and datname = current_database() and pid <> pg_backend_pid()`,
      ),
    );

  it('reads on over the same prepared statements when a start has made the views anew', async () => {
    await Promise.all(Array.from({ length: 8 }, () => reader.rows(titles, [])));
    const [before] = await ask(owner, `select 'pub.articles'::regclass::oid`);
    await owner.query(`comment on schema pub is 'made by an older release'`);
    await prepare(main);
    expect(await ask(owner, `select 'pub.articles'::regclass::oid`)).not.toEqual([before]);
    const answers = await Promise.all(Array.from({ length: 8 }, () => reader.rows(titles, [])));
    expect(answers).toEqual(Array.from({ length: 8 }, () => [{ title: 'Public' }]));
  });

  /** Eight connections, each of which has prepared the statement; `pg_sleep` keeps them from being used one after the other. */
  const warm = (reading: typeof titles): Promise<unknown> =>
    Promise.all(
      Array.from({ length: 8 }, () =>
        reader.rows(statement(`select count(*)::text as n, pg_sleep(0.05)::text as slept from (${reading.text}) read`), []),
      ),
    ).then(() => Promise.all(Array.from({ length: 8 }, () => reader.rows(reading, []))));

  it.each([1, 8])('reads on, %i at once, when a view has other columns than eight prepared statements knew', async (reads) => {
    const all = statement(`select * from pub.withdrawals`);
    await warm(all);
    await owner.query(`
      begin; drop view pub.withdrawals; create view pub.withdrawals as select 'seven' as article_id;
      grant select on pub.withdrawals to "${database.reader.user}"; commit`);
    try {
      const answers = await Promise.all(Array.from({ length: reads }, () => reader.rows(all, [])));
      expect(answers).toEqual(Array.from({ length: reads }, () => [{ article_id: 'seven' }]));
    } finally {
      await owner.query(`comment on schema pub is 'to be made anew'`);
      await prepare(main);
    }
  });

  it.each([1, 8])('reads on, %i at once, after the server has ended its eight connections', async (reads) => {
    await warm(titles);
    const before = await backends();
    expect(before.length).toBeGreaterThanOrEqual(8);
    await session(async (client) => {
      const ended = ask(
        client,
        `select pg_terminate_backend(pid) from pg_stat_activity where usename = current_user and datname = current_database() and pid <> pg_backend_pid()`,
      );
      // Stops this process while the server ends them, so that the reads come before the news of it.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
      const [answers] = await Promise.all([Promise.all(Array.from({ length: reads }, () => reader.rows(titles, []))), ended]);
      expect(answers).toEqual(Array.from({ length: reads }, () => [{ title: 'Public' }]));
    });
    expect((await backends()).filter((pid) => before.includes(pid))).toEqual([]);
  });

  it('does not repeat a statement that is wrong in itself', async () => {
    await expect(reader.rows(statement(`select * from revisions`), [])).rejects.toMatchObject({ code: '42501' });
    await expect(reader.rows(statement(`select pg_sleep(3)`), [])).rejects.toMatchObject({ code: '57014' });
  });
});

async function emptyDatabase(ownedBy = main.user): Promise<Connection> {
  const name = `empty_${randomBytes(6).toString('hex')}`;
  await onServer(`create database ${name} owner ${ownedBy} template template0 strategy file_copy`);
  databases.push(name);
  return { ...suiteConnection(), database: name };
}

async function newUser(attributes = ''): Promise<{ user: string; password: string }> {
  const user = `user_${randomBytes(4).toString('hex')}`;
  await onServer(`create role ${user} login password 'only for tests' ${attributes}`);
  await onServer(`grant ${user} to current_user with set true, inherit true`);
  roles.push(user);
  return { user, password: 'only for tests' };
}

describe('where the database user may create no roles', () => {
  let fallback: Database;
  const warnings: string[] = [];
  beforeAll(async () => {
    const { user, password } = await newUser();
    fallback = await prepare({ ...(await emptyDatabase(user)), user, password }, testConfig(), (line) => warnings.push(line));
    await session(
      (client) => client.query(`insert into sections (slug, slug_folded, name) values ('s', 's', '{"ar": "قسم"}')`),
      fallback.main,
    );
  });

  it('the start warns, and published content is read with the user’s own rights, read-only', async () => {
    expect(warnings.filter((line) => line.startsWith('WARNING'))).toEqual([
      'WARNING: the database user may create no roles, so readers are served through its own rights, read-only. That stops mistakes, not an injection. ' +
        'Let an administrator run: alter role … createrole; or set READER_DATABASE_URL.',
    ]);
    const reader = new Reader(fallback.reader);
    try {
      expect(await reader.rows(statement(`select slug from pub.sections`), [])).toEqual([{ slug: 's' }]);
    } finally {
      await reader.onApplicationShutdown();
    }
    expect(await session((client) => settings(client), fallback.reader)).toEqual({ ...SETTINGS, search_path: 'pub' });
  });

  it('mistakes are stopped (a draft’s table is not found, nothing is written), an injection is not', async () => {
    await session(async (client) => {
      expect(await refusal(client, `select * from revisions`)).toBe('42P01');
      expect(await refusal(client, `update pub.center set lang = 'en'`)).toBe('25006');
      // What only a role of its own stops, and why the start warns.
      expect(await refusal(client, `select * from public.revisions`)).toBe(null);
    }, fallback.reader);
  });
});

describe('READER_DATABASE_URL', () => {
  const urlOf = ({ user, password, host, port, database: name }: Connection): string =>
    `postgres://${user}:${encodeURIComponent(String(password))}@${encodeURIComponent(String(host))}:${port}/${name}`;

  it('names the user who is granted the views; no role is created', async () => {
    const config = { SECRET_KEY: randomBytes(32).toString('hex') };
    const empty = await emptyDatabase();
    const user = await newUser();
    const { reader } = await prepare(empty, testConfig({ ...config, READER_DATABASE_URL: urlOf({ ...empty, ...user }) }));
    expect(reader).toMatchObject({ ...user, host: empty.host, port: empty.port, database: empty.database });
    await session(async (client) => {
      expect(await ask(client, `select lang from pub.center`)).toEqual(['ar']);
      expect(await refusal(client, `select * from revisions`)).toBe('42501');
      const shown = ['default_transaction_read_only', 'statement_timeout', 'plan_cache_mode'].map((name) => `current_setting('${name}')`);
      expect(await ask(client, `select concat_ws(' ', ${shown.join()})`)).toEqual(['on 2s force_generic_plan']);
      await client.query(`set default_transaction_read_only = off`);
      expect(await refusal(client, `create temporary table t ()`)).toBe('42501');
    }, reader);
    const { name } = readerRole(Secret.for(testConfig(config)));
    expect(await ask(owner, `select rolname from pg_roles where rolname = $1`, [name])).toEqual([]);
  });

  it('that cannot be opened stops the start, instead of every reader', async () => {
    const [empty, user] = [await emptyDatabase(), await newUser()];
    const wrong = urlOf({ ...empty, ...user, password: 'wrong' });
    await expect(prepare(empty, testConfig({ READER_DATABASE_URL: wrong }))).rejects.toThrow(
      /^Published content cannot be read through the reader's connection: /,
    );
  });

  it('that names the owner is warned of', async () => {
    const empty = await emptyDatabase();
    const said: string[] = [];
    await prepareDatabase(testConfig({ READER_DATABASE_URL: urlOf(empty) }), { main: empty, location: '', leave: async () => {} }, (line) =>
      said.push(line),
    );
    expect(said).toContainEqual(expect.stringMatching(/^WARNING: the user of READER_DATABASE_URL may read more than published content/));
  });

  it('with a user unknown to the main server is refused with a sentence', async () => {
    const empty = await emptyDatabase();
    const config = testConfig({ READER_DATABASE_URL: urlOf({ ...empty, user: 'nobody_here', password: 'x' }) });
    await expect(prepare(empty, config)).rejects.toThrow(
      'The user of READER_DATABASE_URL is unknown to the server of DATABASE_URL, which has to grant it the published content. Let an administrator create it there.',
    );
  });
});
