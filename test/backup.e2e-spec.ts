import { spawn, spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync, gzipSync } from 'node:zlib';
import { packTar, unpackTar } from 'modern-tar';
import pg from 'pg';
import { ArchiveWriter } from '../src/backup/archive.js';
import { backUp, type BackedUp } from '../src/backup/backup.js';
import { checkBackup, restore, type Restored } from '../src/backup/restore.js';
import { KEPT, LEFT_OUT } from '../src/backup/tables.js';
import { Config, StartError } from '../src/config/config.js';
import { connectionOf, type Connection } from '../src/database/connection.js';
import { prepareDatabase } from '../src/database/database.js';
import { revert } from '../src/database/migrate.js';
import { Waker } from '../src/jobs/waker.js';
import { Doctor } from '../src/doctor/doctor.service.js';
import { SWEEP_LOCK } from '../src/media/sweep-lock.js';
import { createApp } from '../src/app.setup.js';
import { ownStorage } from '../src/media/own-storage.js';
import { Storage } from '../src/media/storage.js';
import { catalogue } from './catalogue.js';
import { aBallot, aPoll, aTag, anArticle, anEditor, castAll, closePoll, type TestEditor } from './factories.js';
import { aPdf, uploaded } from './pictures.js';
import { startTestApp, type TestApp } from './test-app.js';
import { onServer, suiteConnection, testConfig } from './test-database.js';

const KEY = 'a key that only the tests use, 0123456789';
const OTHER_KEY = 'another key that only the tests use, 012345';
const ROOT = join(import.meta.dirname, '..');

let folder: string;
let world: TestApp;
let source: Config;
let chief: TestEditor;
/** What is in whole.tar. */
let whole: { done: BackedUp; rows: Record<string, string>; files: Record<string, string> };
const databases: string[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'markaz-backup-'));
  chmodSync(folder, 0o711);
  world = await startTestApp({ DATA_DIR: join(folder, 'source') });
  const [{ name }] = await world.dataSource.query<[{ name: string }]>(`select current_database() as name`);
  source = configOf(name, 'source');
  chief = await anEditor(world, 'chief');
  await fill();
  whole = { done: await backup('whole.tar'), rows: await rowsOf(source), files: filesOf(source) };
});
afterAll(async () => {
  await world.close();
  for (const name of databases) await onServer(`drop database if exists ${name} with (force)`);
  rmSync(folder, { recursive: true, force: true });
});

function urlOf({ host, port, user, password }: Connection, database: string): string {
  return `postgres://${user}:${encodeURIComponent(String(password))}@${encodeURIComponent(String(host))}:${port}/${database}`;
}

function configOf(database: string, data: string, env: Readonly<Record<string, string>> = {}): Config {
  return testConfig({ DATABASE_URL: urlOf(suiteConnection(), database), DATA_DIR: join(folder, data), ...env });
}

/** An empty database and an empty DATA_DIR. */
async function nowhere(env: Readonly<Record<string, string>> = {}): Promise<Config> {
  const name = `restored_${randomBytes(6).toString('hex')}`;
  await onServer(`create database ${name}`);
  databases.push(name);
  return configOf(name, name, env);
}

const silent = (): void => undefined;
const backup = (file: string, config = source): Promise<BackedUp> => backUp(config, join(folder, file), true, silent);
const restoring = (file: string, config: Config, otherKey = false): Promise<Restored> =>
  restore(config, join(folder, file), otherKey, silent);

/** A picture's row with files as the media room keeps them; what they hold does not matter here. */
async function aPicture(size = 3_000): Promise<number> {
  const [{ id }] = await world.dataSource.query<[{ id: number }]>(
    `insert into media (kind, state, file_name, created_by) values ('document', 'ready', 'ورقة.pdf', $1) returning id`,
    [chief.id],
  );
  const content = randomBytes(size);
  await ownStorage(world.dataSource, new Storage(join(source.dataDir, 'media')));
  mkdirSync(join(source.dataDir, 'media', String(id)), { recursive: true });
  writeFileSync(join(source.dataDir, 'media', String(id), 'document.pdf'), content);
  await world.dataSource.query(
    `insert into media_files (media_id, name, type, bytes, sha256) values ($1, 'document.pdf', 'application/pdf', $2, $3)`,
    [id, content.length, createHash('sha256').update(content).digest()],
  );
  return id;
}

/** Something in most tables, among it what text formats stumble over. */
async function fill(): Promise<void> {
  const { id: tag } = await aTag(world, 'وسم\\.');
  await anArticle(world, { title: 'عنوان\tفيه \\N و"علامات" و\\. ', tagIds: [tag], body: '<p>سطر<br>آخر \\n ليس سطرًا</p>' });
  await anArticle(world, { publishedAt: '2011-05-06T07:08:09.123456Z' });
  const open = await aPoll(world);
  await castAll(world, [aBallot(open), aBallot(open)]);
  const closed = await aPoll(world, { maxChoices: 2 });
  await castAll(world, [aBallot(closed, { optionIds: closed.optionIds.slice(0, 2) })]);
  await closePoll(world, closed);
  await aPicture();
  await aPicture();
  await world.dataSource.query(`insert into mail_suppressions (address_hash, reason) values (sha256('a'), 'opt_out')`);
  await world.dataSource.query(`insert into rate_buckets (key, n, resets_at) values (sha256('b'), 1, now())`);
  await world.dataSource.query(`insert into network_salts (day, salt) values (current_date, sha256('c'))`);
}

async function on<Result>({ databaseUrl }: Config, act: (client: pg.Client) => Promise<Result>): Promise<Result> {
  const client = new pg.Client(connectionOf(databaseUrl!));
  await client.connect();
  try {
    return await act(client);
  } finally {
    await client.end();
  }
}

/** All rows of all kept tables: how many, and a sum of them. */
function rowsOf(config: Config): Promise<Record<string, string>> {
  return on(config, async (client) => {
    await client.query(`set timezone = 'UTC'`);
    const all: Record<string, string> = {};
    for (const table of KEPT) {
      const { rows } = await client.query<{ row: string }>(`select t::text as row from ${table} t order by t::text collate "C"`);
      all[table] = `${rows.length} ${createHash('sha256').update(JSON.stringify(rows)).digest('hex')}`;
    }
    return all;
  });
}

/** Tables, rules, triggers and views; rights on the database itself are no part of its content. */
async function schemaOf(config: Config): Promise<string[]> {
  const text = await on(config, (client) => catalogue(client, 'reader'));
  return text.split('\n').filter((line) => !line.includes(' on database to '));
}

function filesOf({ dataDir }: Config): Record<string, string> {
  const media = join(dataDir, 'media');
  if (!existsSync(media)) return {};
  const names = readdirSync(media, { recursive: true, encoding: 'utf8' }).filter(
    (name) => name !== 'center' && statSync(join(media, name)).isFile(),
  );
  return Object.fromEntries(
    names.toSorted().map((name) => [
      name,
      createHash('sha256')
        .update(readFileSync(join(media, name)))
        .digest('hex'),
    ]),
  );
}

/**
 * The same database by way of a line on which all that follows the end of a COPY's rows comes 20 ms later, in a read of its own.
 * @param breaksAt the end of which table is the last that comes
 */
async function latecomer(config: Config, breaksAt = Infinity): Promise<{ config: Config; held: { done: number }; close: () => void }> {
  const { host, port, database, user, password } = connectionOf(config.databaseUrl!);
  const held = { done: 0 };
  const line = createServer({ noDelay: true }, (client) => {
    const server = host!.startsWith('/') ? connect(join(host!, `.s.PGSQL.${port}`)) : connect(port!, host!);
    let rest = Buffer.alloc(0);
    let told = Promise.resolve();
    client.on('error', () => server.destroy()).on('close', () => server.destroy());
    server.on('error', () => client.destroy()).on('close', () => void told.then(() => client.destroy()));
    client.on('data', (data: Buffer) => server.write(data));
    server.on('data', (data: Buffer) => {
      rest = Buffer.concat([rest, data]);
      let from = 0;
      const passOn = (to: number, thenWait: number): void => {
        const piece = rest.subarray(from, to);
        from = to;
        told = told.then(() => void client.write(piece)).then(() => sleep(thenWait));
      };
      let at = 0;
      for (let end = 0; rest.length >= at + 5 && rest.length >= (end = at + 1 + rest.readUInt32BE(at + 1)); at = end) {
        if (rest[at] !== COPY_DONE) continue;
        held.done += 1;
        passOn(end, 20);
        if (held.done === breaksAt) told = told.then(() => void client.destroy());
      }
      if (at > from) passOn(at, 0);
      rest = rest.subarray(at);
    });
  });
  await new Promise<void>((resolve) => line.listen(0, '127.0.0.1', resolve));
  const there = { host: '127.0.0.1', port: (line.address() as AddressInfo).port, user, password };
  return {
    config: testConfig({ DATABASE_URL: urlOf(there, database!), DATA_DIR: config.dataDir }),
    held,
    close: () => void line.close(),
  };
}

const COPY_DONE = 'c'.charCodeAt(0);

/** Of backups that are not finished. */
const partsOf = (file: string): string[] => readdirSync(folder).filter((name) => name.startsWith(`${file}.`) && name.endsWith('.part'));

async function forget(id: number): Promise<void> {
  await world.dataSource.query(`delete from media where id = $1`, [id]);
  rmSync(join(source.dataDir, 'media', String(id)), { recursive: true, force: true });
}

/** What a whole application over the restored database finds wrong with it. */
async function examined(config: Config): Promise<unknown> {
  const database = await prepareDatabase(config, { main: connectionOf(config.databaseUrl!), location: '', leave: async () => {} }, silent);
  const app = await createApp(config, database);
  await app.init();
  try {
    await app.get(Waker).run('search index');
    return await app.get(Doctor).examine(true);
  } finally {
    await app.close();
  }
}

async function isEmpty(config: Config): Promise<boolean> {
  const tables = await on(config, (client) =>
    client.query(`select from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'`),
  );
  return tables.rowCount === 0 && Object.keys(filesOf(config)).length === 0 && !existsSync(join(config.dataDir, 'restoring'));
}

/** Another archive made of one: its entries changed, its sums made to fit. */
async function forged(file: string, change: (entries: Map<string, Buffer>) => void): Promise<string> {
  const entries = new Map((await unpackTar(readFileSync(join(folder, file)))).map(({ header, data }) => [header.name, Buffer.from(data!)]));
  change(entries);
  entries.delete('SHA256SUMS');
  const sums = [...entries].map(([name, data]) => `${createHash('sha256').update(data).digest('hex')}  ${name}\n`).join('');
  const all = [...entries, ['SHA256SUMS', Buffer.from(sums)] as const];
  const name = `forged-${randomBytes(4).toString('hex')}.tar`;
  writeFileSync(
    join(folder, name),
    await packTar(all.map(([entry, data]) => ({ header: { name: entry, size: data.length }, body: new Uint8Array(data) }))),
  );
  return name;
}

it('knows of every table whether it belongs into a backup, and why not', async () => {
  const rows = await world.dataSource.query<{ name: string }[]>(
    `select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') order by 1`,
  );
  expect([...KEPT, ...Object.keys(LEFT_OUT)].toSorted(), 'a new table: put it into one of the two lists of src/backup/tables.ts').toEqual(
    rows.map(({ name }) => name),
  );
});

describe('a backup', () => {
  it('brings every row and file into an empty database, with its rules, and nobody is signed in', async () => {
    const count = Object.values(whole.rows).reduce((sum, rows) => sum + Number.parseInt(rows, 10), 0);
    expect(whole.done).toEqual({ tables: KEPT.length, rows: count, files: 2, bytes: 6_000 });
    expect(statSync(join(folder, 'whole.tar')).mode & 0o777).toBe(0o600);
    expect(partsOf('whole.tar')).toEqual([]);

    const target = await nowhere();
    const { createdAt, ...restored } = await restoring('whole.tar', target);
    expect(restored).toEqual({ tables: KEPT.length, rows: count, files: 2, notSentAgain: 0 });
    expect(Date.now() - Date.parse(createdAt)).toBeLessThan(60_000);
    expect(await rowsOf(target)).toEqual(whole.rows);
    expect(filesOf(target)).toEqual(whole.files);
    // Its folder is known as the center's again.
    const [{ storage_id }] = (await on(target, (client) => client.query(`select storage_id from center`))).rows as [{ storage_id: string }];
    expect(readFileSync(join(target.dataDir, 'media', 'center'), 'utf8')).toBe(storage_id);
    expect(await schemaOf(target)).toEqual(await schemaOf(source));
    const left = await on(target, (client) =>
      client.query(
        `select (select count(*) from sessions) + (select count(*) from rate_buckets) + (select count(*) from network_salts) as n`,
      ),
    );
    expect(left.rows).toEqual([{ n: '0' }]);
    expect(await examined(target)).toEqual([]);
  });

  it('lets numbers go on well above those that may have been published since', async () => {
    const target = await nowhere();
    await restoring('whole.tar', target);
    const top = await on(target, (client) => client.query<{ id: number }>(`select max(id) as id from media`));
    const next = await on(target, (client) =>
      client.query<{ id: number }>(`insert into media (kind, file_name) values ('document', 'x') returning id`),
    );
    expect(next.rows[0]!.id).toBe(top.rows[0]!.id + 1_001);
  });

  it('can be read by sha256sum, and holds no key of the environment', async () => {
    const entries = await unpackTar(readFileSync(join(folder, 'whole.tar')));
    const names = entries.map(({ header }) => header.name);
    expect(names[0]).toBe('head.json');
    expect(names.slice(-2)).toEqual(['manifest.json', 'SHA256SUMS']);
    expect(names).not.toContain('secret-key');
    const sums = entries.slice(0, -1).map(({ header, data }) => `${createHash('sha256').update(data!).digest('hex')}  ${header.name}\n`);
    expect(Buffer.from(entries.at(-1)!.data!).toString()).toBe(sums.join(''));
    expect(readFileSync(join(folder, 'whole.tar')).includes(KEY)).toBe(false);
  });

  it('is one moment, while the desk saves and uploads and readers vote', async () => {
    const poll = await aPoll(world);
    const busy = { on: true };
    const ledger: string[] = [];
    const save = async (): Promise<void> => {
      for (let n = 0; busy.on; n += 1) {
        const { id } = await anArticle(world, { title: `عنوان ${n} أثناء النسخ` });
        ledger.push(`article ${id}`);
      }
    };
    const vote = async (): Promise<void> => {
      while (busy.on) await castAll(world, [aBallot(poll), aBallot(poll)]);
    };
    const send = async (): Promise<void> => {
      while (busy.on) ledger.push(`media ${(await uploaded(world, chief, aPdf(randomBytes(20_000).toString('hex')), 'ورقة.pdf')).id}`);
    };
    const acts = [save(), save(), vote(), vote(), send()];
    while (ledger.length < 6 || !ledger.some((act) => act.startsWith('media'))) await sleep(5);
    const acknowledged = [...ledger];
    await backup('busy.tar');
    busy.on = false;
    await Promise.all(acts);
    expect(ledger.length).toBeGreaterThan(acknowledged.length);
    const target = await nowhere();
    await restoring('busy.tar', target);
    expect(await examined(target)).toEqual([]);
    const { rows } = await on(target, (client) =>
      client.query<{ row: string }>(
        `select 'article ' || id as row from articles where live_revision_id is not null union all select 'media ' || id from media`,
      ),
    );
    expect(rows.map(({ row }) => row)).toEqual(expect.arrayContaining(acknowledged));
  }, 180_000);

  it('keeps files from being swept away until they are copied', async () => {
    const big = await aPicture(60_000_000);
    const free = async (): Promise<boolean> => {
      const [{ got }] = await world.dataSource.query<[{ got: boolean }]>(`select pg_try_advisory_xact_lock_shared($1) as got`, [
        SWEEP_LOCK,
      ]);
      return got;
    };
    expect(await free()).toBe(true);
    const done = backup('big.tar');
    const seen: boolean[] = [];
    const run = { over: false };
    void done.then(() => (run.over = true));
    while (!run.over) {
      seen.push(await free());
      await sleep(10);
    }
    // Taken before its snapshot, and not let go before its end.
    expect(seen.lastIndexOf(false) - seen.indexOf(false)).toBeGreaterThan(2);
    expect(seen.slice(seen.indexOf(false), seen.lastIndexOf(false))).not.toContain(true);
    expect(await free()).toBe(true);
    await world.dataSource.query(`delete from media where id = $1`, [big]);
    rmSync(join(source.dataDir, 'media', String(big)), { recursive: true });
  }, 180_000);

  it('knows its rows however late the server says how many they were', async () => {
    const between = await latecomer(source);
    try {
      const rows = await rowsOf(source);
      const count = Object.values(rows).reduce((sum, each) => sum + Number.parseInt(each, 10), 0);
      expect(await backup('late.tar', between.config)).toMatchObject({ rows: count });
      expect(between.held.done).toBeGreaterThanOrEqual(KEPT.length);
      const target = await nowhere();
      // Its last look at what has arrived reads rows in the same way.
      const there = await latecomer(target);
      await restoring('late.tar', there.config).finally(there.close);
      expect(await rowsOf(target)).toEqual(rows);
    } finally {
      between.close();
    }
  }, 180_000);

  it('that cannot be read back is told of, and does not replace the one before', async () => {
    const file = join(folder, 'again.tar');
    writeFileSync(file, 'the backup before');
    const { finish } = ArchiveWriter.prototype;
    const faulty = vi.spyOn(ArchiveWriter.prototype, 'finish').mockImplementationOnce(function (this: ArchiveWriter, manifest) {
      return finish.call(this, { ...manifest, tables: manifest.tables.map((table) => ({ ...table, rows: 0 })) });
    });
    await expect(backup('again.tar')).rejects.toMatchObject({
      message: 'The backup could not be read back, and is not kept. Make another one.',
      cause: { message: expect.stringMatching(/its tables are not those it tells of\.$/) as string },
    });
    faulty.mockRestore();
    expect(readFileSync(file, 'utf8')).toBe('the backup before');
    expect(partsOf('again.tar')).toEqual([]);
    await backup('again.tar');
    await checkBackup(file);
  });

  it('ends in an error, and leaves no file, when the line breaks after the end of a table', async () => {
    const between = await latecomer(source, 3);
    await expect(backup('broken-line.tar', between.config).finally(between.close)).rejects.toThrow(/connection|not queryable/i);
    expect(between.held.done).toBe(3);
    expect(readdirSync(folder).filter((name) => name.startsWith('broken-line'))).toEqual([]);
  });

  it.each([
    ['gone', (path: string): void => rmSync(path)],
    ['cut short', (path: string): void => writeFileSync(path, readFileSync(path).subarray(0, 100))],
    ['longer', (path: string): void => writeFileSync(path, Buffer.concat([readFileSync(path), Buffer.from('x')]))],
    ['changed', (path: string): void => writeFileSync(path, readFileSync(path).fill(0, 0, 1))],
  ])('is refused, naming the file, while a stored one is %s', async (_, damage) => {
    const id = await aPicture();
    damage(join(source.dataDir, 'media', String(id), 'document.pdf'));
    await expect(backup('damaged.tar')).rejects.toThrow(`The stored file ${id}/document.pdf is not what its row says.`);
    expect(existsSync(join(folder, 'damaged.tar'))).toBe(false);
    expect(partsOf('damaged.tar')).toEqual([]);
    await world.dataSource.query(`delete from media where id = $1`, [id]);
    rmSync(join(source.dataDir, 'media', String(id)), { recursive: true });
  });
});

describe('what had not gone out when the backup was made', () => {
  it('is not sent twice where that must not be, and is sent where it may', async () => {
    const [{ id: articleId }] = await world.dataSource.query<[{ id: number }]>(`select id from articles limit 1`);
    const mail = (kind: string, state: string): Promise<unknown> =>
      world.dataSource.query(
        `insert into mail_outbox (kind, lane, dedupe_key, to_enc, content_enc, message_id, gives_up_at, state, locked_until)
         values ($1, 'shares', $3, '\\x01', '\\x01', $3, now() + interval '1 day', $2, case when $2 = 'sending' then now() end)`,
        [kind, state, randomBytes(8).toString('hex')],
      );
    await mail('share', 'waiting');
    await mail('share', 'sending');
    await mail('reset', 'waiting');
    for (const state of ['unasked', 'held', 'accepted'])
      await world.dataSource.query(
        `insert into shares (article_id, sender_hash, state, idempotency_key, request_digest, recipients, content_enc)
         values ($1, '\\x01', $2, sha256($3::text::bytea), '\\x01', 1, '\\x01')`,
        [articleId, state, state],
      );
    await backup('waiting.tar');
    const target = await nowhere();
    expect(await restoring('waiting.tar', target)).toMatchObject({ notSentAgain: 5 });
    const { rows } = await on(target, (client) =>
      client.query(
        `select kind, state, to_enc is null as forgotten from mail_outbox union all select 'a share', state, content_enc is null from shares order by 1, 2`,
      ),
    );
    expect(rows).toEqual([
      ...[1, 2, 3].map(() => ({ kind: 'a share', state: 'dropped', forgotten: true })),
      { kind: 'reset', state: 'waiting', forgotten: false },
      ...[1, 2].map(() => ({ kind: 'share', state: 'uncertain', forgotten: true })),
    ]);
    await world.dataSource.query(`delete from mail_outbox`);
    await world.dataSource.query(`delete from shares`);
  });
});

describe('a restore is refused, and nothing is changed', () => {
  it('where there are rows, files, or a server', async () => {
    await expect(restoring('whole.tar', source)).rejects.toThrow(/A server is running|restored into an empty database only/);
    const target = await nowhere();
    await prepareDatabase(target, { main: connectionOf(target.databaseUrl!), location: '', leave: async () => {} }, silent);
    await on(target, (client) => client.query(`insert into tags (slug, slug_folded, name) values ('a', 'a', '{"ar": "a"}')`));
    await expect(restoring('whole.tar', target)).rejects.toThrow('this one has rows (in tags)');
    await on(target, (client) => client.query(`delete from tags`));

    mkdirSync(join(target.dataDir, 'media/7'), { recursive: true });
    writeFileSync(join(target.dataDir, 'media/7/original.png'), 'x');
    await expect(restoring('whole.tar', target)).rejects.toThrow('There are files in');
    expect(Object.keys(filesOf(target))).toEqual(['7/original.png']);
    rmSync(join(target.dataDir, 'media'), { recursive: true });

    const server = new pg.Client({ ...connectionOf(target.databaseUrl!), application_name: 'markaz' });
    await server.connect();
    await expect(restoring('whole.tar', target)).rejects.toThrow('A server is running on this database');
    await server.end();
    await restoring('whole.tar', target);
    expect(await rowsOf(target)).toEqual(whole.rows);
  });

  it('under another key, unless that is wanted', async () => {
    const target = await nowhere({ SECRET_KEY: OTHER_KEY });
    await expect(restoring('whole.tar', target)).rejects.toThrow('The backup was made under another SECRET_KEY');
    expect(await isEmpty(target)).toBe(true);
    await restoring('whole.tar', target, true);
    expect(await rowsOf(target)).toEqual(whole.rows);
  });

  it('of a newer release, another form, or another program', async () => {
    const target = await nowhere();
    const head = (change: (head: Record<string, unknown>) => void) => (entries: Map<string, Buffer>) => {
      const value = JSON.parse(entries.get('head.json')!.toString()) as Record<string, unknown>;
      change(value);
      entries.set('head.json', Buffer.from(JSON.stringify(value)));
    };
    const newer = await forged(
      'whole.tar',
      head((value) => (value['migrations'] as string[]).push('Later1999999999999')),
    );
    await expect(restoring(newer, target)).rejects.toThrow('newer release of Markaz, which has the migration Later1999999999999');
    const form = await forged(
      'whole.tar',
      head((value) => (value['formatVersion'] = 2)),
    );
    await expect(restoring(form, target)).rejects.toThrow('written by a newer release');
    const other = await forged(
      'whole.tar',
      head((value) => (value['format'] = 'other')),
    );
    await expect(restoring(other, target)).rejects.toThrow('no backup of Markaz');
    writeFileSync(join(folder, 'text.tar'), 'nothing of the kind\n'.repeat(100));
    await expect(restoring('text.tar', target)).rejects.toThrow('no whole backup');
    await expect(restoring('nowhere.tar', target)).rejects.toThrow('cannot be read');
    expect(await isEmpty(target)).toBe(true);
  });

  it.each<[string, (entries: Map<string, Buffer>) => void]>([
    ['a file that no row has', (entries) => entries.set('media/99/640.webp', Buffer.from('x'))],
    ['a name that leads elsewhere', (entries) => entries.set('media/../../evil', Buffer.from('x'))],
    ['an absolute name', (entries) => entries.set('/tmp/evil', Buffer.from('x'))],
    ['a table of its own', (entries) => entries.set('tables/evil/000001.copy.gz', entries.get('tables/center/000001.copy.gz')!)],
    ['a table twice over', (entries) => entries.set('tables/center/000002.copy.gz', entries.get('tables/center/000001.copy.gz')!)],
    ['a missing table', (entries) => void entries.delete('tables/mail_suppressions/000001.copy.gz')],
    ['a missing file', (entries) => void entries.delete([...entries.keys()].find((name) => name.startsWith('media/'))!)],
    [
      'another file',
      (entries) =>
        entries.set(
          [...entries.keys()].find((name) => name.startsWith('media/'))!,
          Buffer.alloc(3_000),
        ),
    ],
    ['no head', (entries) => void entries.delete('head.json')],
    ['no manifest', (entries) => void entries.delete('manifest.json')],
    ['a key it does not tell of', (entries) => entries.set('secret-key', Buffer.from(KEY))],
  ])('with %s, even where its sums fit', async (_, change) => {
    const target = await nowhere();
    await expect(restoring(await forged('whole.tar', change), target)).rejects.toThrow(/backup/);
    expect(await isEmpty(target)).toBe(true);
  });

  it('cut off anywhere, or with any byte of an entry changed', async () => {
    const bytes = readFileSync(join(folder, 'whole.tar'));
    const path = join(folder, 'broken.tar');
    for (const length of [0, 100, 512, 1_024, Math.floor(bytes.length / 2), bytes.length - 1_024, bytes.length - 600]) {
      writeFileSync(path, bytes.subarray(0, length));
      await expect(checkBackup(path), `the first ${length} bytes`).rejects.toThrow('no whole backup');
    }
    writeFileSync(path, Buffer.concat([bytes, bytes]));
    await expect(checkBackup(path)).rejects.toThrow('no whole backup');
    // Where entries lie: between them is nothing but zeros.
    const spans: [number, number][] = [];
    for (let at = 0; bytes[at] !== 0 && at < bytes.length;) {
      const size = Number.parseInt(bytes.toString('ascii', at + 124, at + 135), 8);
      spans.push([at, 512], [at + 512, size]);
      at += 512 + Math.ceil(size / 512) * 512;
    }
    for (let n = 0; n < 150; n += 1) {
      const [from, length] = spans[n % spans.length]!;
      const at = from + Math.floor((length * ((n * 7919) % 1000)) / 1000);
      const changed = Buffer.from(bytes);
      changed[at]! ^= 1 << (n % 8);
      writeFileSync(path, changed);
      await expect(checkBackup(path), `byte ${at}`).rejects.toThrow();
    }
  }, 180_000);
});

describe('an archive that ends within', () => {
  let bytes: Buffer;
  /** Where its entries begin, their names, and how much they hold. */
  const entries: { name: string; at: number; size: number }[] = [];

  beforeAll(async () => {
    const big = await aPicture(3_000_000);
    await backup('to-cut.tar');
    await forget(big);
    bytes = readFileSync(join(folder, 'to-cut.tar'));
    for (let at = 0; bytes[at] !== 0 && at < bytes.length;) {
      const size = Number.parseInt(bytes.toString('ascii', at + 124, at + 135), 8);
      entries.push({ name: bytes.toString('utf8', at, at + 100).replace(/\0.*$/s, ''), at, size });
      at += 512 + Math.ceil(size / 512) * 512;
    }
  });

  it.each<[string, (name: string) => boolean, (size: number) => number[]]>([
    ['a file', (name) => name.startsWith('media/'), (size) => [1, 100, 512, 513, 512 + (size >> 1), 511 + size, 512 + size, 513 + size]],
    ['a table', (name) => name.startsWith('tables/'), (size) => [1, 512, 513, 511 + size]],
    ['its end', (name) => name === 'manifest.json' || name === 'SHA256SUMS', (size) => [0, 512, 513, 511 + size]],
  ])(
    '%s is told of in a sentence, and nothing is changed',
    async (_, within, cuts) => {
      const path = join(folder, 'cut.tar');
      const target = await nowhere();
      for (const { name, at, size } of entries.filter((entry) => within(entry.name))) {
        for (const cut of cuts(size)) {
          writeFileSync(path, bytes.subarray(0, at + cut));
          for (const read of [() => checkBackup(path), () => restoring('cut.tar', target)]) {
            const told = await read().then(
              () => null,
              (error: unknown) => error,
            );
            expect(told, `${name} cut at ${cut}`).toBeInstanceOf(StartError);
            expect((told as StartError).message, `${name} cut at ${cut}`).toMatch(/^.+cut\.tar is no whole backup: .+\.$/);
          }
        }
      }
      expect(await isEmpty(target)).toBe(true);
    },
    180_000,
  );
});

describe('a restore whose connection is lost', () => {
  it('among the files leaves nothing, and another archive can be restored', async () => {
    const big = await aPicture(60_000_000);
    await backup('long.tar');
    await forget(big);
    const target = await nowhere();
    const broken = restoring('long.tar', target).then(
      () => null,
      (error: unknown) => error,
    );
    while (!existsSync(join(target.dataDir, 'media', String(big)))) await sleep(1);
    await on(target, (client) =>
      client.query(
        `select pg_terminate_backend(pid) from pg_stat_activity
         where datname = current_database() and pid <> pg_backend_pid() and application_name like 'markaz%'`,
      ),
    );
    expect(await broken).toMatchObject({ message: expect.stringContaining('nothing of it is left') as string });
    expect(await isEmpty(target)).toBe(true);
    await restoring('whole.tar', target);
    expect(await rowsOf(target)).toEqual(whole.rows);
  }, 180_000);

  it.each([
    ['after its COMMIT has been done, is done', true],
    ['before its COMMIT has come, leaves nothing', false],
  ])('%s', async (_, done) => {
    const target = await nowhere();
    const { host, port } = connectionOf(target.databaseUrl!);
    let lost = 0;
    // Between Markaz and PostgreSQL: cuts the connection that sends the first COMMIT.
    const between = createServer((client) => {
      let cut = false;
      const server = host!.startsWith('/') ? connect(join(host!, `.s.PGSQL.${port}`)) : connect(port!, host!);
      client.on('error', () => server.destroy()).on('close', () => (lost === 0 ? server.destroy() : undefined));
      server.on('error', () => client.destroy()).on('close', () => client.destroy());
      client.on('data', (data: Buffer) => {
        if (lost > 0 || !data.includes('Q\0\0\0\x0bCOMMIT\0')) {
          server.write(data);
          return;
        }
        lost += 1;
        cut = true;
        if (done) server.write(data);
        else client.destroy();
      });
      server.on('data', (data: Buffer) => (cut ? client.destroy() : client.write(data)));
    });
    await new Promise<void>((resolve) => between.listen(0, '127.0.0.1', resolve));
    const { database, user, password } = connectionOf(target.databaseUrl!);
    const through = testConfig({
      DATABASE_URL: urlOf({ host: '127.0.0.1', port: (between.address() as AddressInfo).port, user, password }, database!),
      DATA_DIR: target.dataDir,
    });
    try {
      const restored = restoring('whole.tar', through);
      if (done) expect(await restored).toMatchObject({ files: 2 });
      else await expect(restored).rejects.toThrow('nothing of it is left');
      expect(lost).toBe(1);
    } finally {
      between.close();
    }
    if (!done) {
      expect(await isEmpty(target)).toBe(true);
      await restoring('whole.tar', target);
    }
    expect(await rowsOf(target)).toEqual(whole.rows);
    expect(filesOf(target)).toEqual(whole.files);
    expect(existsSync(join(target.dataDir, 'restoring'))).toBe(false);
  });
});

it('says in a sentence which rows the database refused, and leaves nothing', async () => {
  const twice = await forged('whole.tar', (entries) => {
    const text = gunzipSync(entries.get('tables/tags/000001.copy.gz')!);
    const rows = Buffer.concat([text, text]);
    entries.set('tables/tags/000001.copy.gz', gzipSync(rows));
    const manifest = JSON.parse(entries.get('manifest.json')!.toString()) as { tables: Record<string, unknown>[] };
    const table = manifest.tables.find((each) => each['name'] === 'tags')!;
    Object.assign(table, { rows: 2, bytes: rows.length, sha256: createHash('sha256').update(rows).digest('hex') });
    entries.set('manifest.json', Buffer.from(JSON.stringify(manifest)));
  });
  const target = await nowhere();
  await expect(restoring(twice, target)).rejects.toThrow(new StartError('The rows of tags could not be written into the database.'));
  expect(await isEmpty(target)).toBe(true);
  await restoring('whole.tar', target);
  expect(await rowsOf(target)).toEqual(whole.rows);
});

it('takes a volume of its own for media, with what every volume has', async () => {
  const target = await nowhere();
  mkdirSync(join(target.dataDir, 'media/lost+found'), { recursive: true });
  await restoring('whole.tar', target);
  expect(filesOf(target)).toEqual(whole.files);
  expect(await examined(target)).toEqual([]);
});

it('brings a backup of a release before pictures to this one', async () => {
  const old = await nowhere();
  await restoring('whole.tar', old);
  for (let name; !name?.startsWith('Media');) name = await revert(connectionOf(old.databaseUrl!));
  expect(await backup('before-pictures.tar', old)).toMatchObject({ files: 0, bytes: 0 });
  const target = await nowhere();
  expect(await restoring('before-pictures.tar', target)).toMatchObject({ files: 0 });
  expect(await examined(target)).toEqual([]);
});

it('brings a backup of a release before search to this one, where a server indexes its texts', async () => {
  const old = await nowhere();
  await restoring('whole.tar', old);
  const rows = await rowsOf(old);
  // Ads, the front page, readership and old addresses came after search, which is two.
  for (let n = 0; n < 6; n += 1) await revert(connectionOf(old.databaseUrl!));
  await backup('old.tar', old);
  const target = await nowhere();
  await restoring('old.tar', target);
  expect(await rowsOf(target)).toMatchObject({ article_search: expect.stringMatching(/^0 /) as string });
  expect(await examined(target)).toEqual([]);
  expect(await rowsOf(target)).toEqual(rows);
});

describe('the commands', () => {
  function start(
    args: readonly string[],
    env: NodeJS.ProcessEnv,
  ): { child: ReturnType<typeof spawn>; ended: Promise<{ code: number | null; out: string; err: string }> } {
    const child = spawn(process.execPath, [join(ROOT, 'bin/markaz.mjs'), ...args], {
      env: { PATH: process.env['PATH'], HOME: process.env['HOME'], LOG_LEVEL: 'warn', SECRET_KEY: KEY, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const [out, err]: [Buffer[], Buffer[]] = [[], []];
    child.stdout!.on('data', (data: Buffer) => out.push(data));
    child.stderr!.on('data', (data: Buffer) => err.push(data));
    const ended = new Promise<{ code: number | null; out: string; err: string }>((resolve) =>
      child.on('close', (code) => resolve({ code, out: Buffer.concat(out).toString('latin1'), err: Buffer.concat(err).toString() })),
    );
    return { child, ended };
  }
  const environment = ({ databaseUrl, dataDir }: Config): NodeJS.ProcessEnv => ({ DATABASE_URL: databaseUrl!, DATA_DIR: dataDir });

  it('killed in the middle leave no archive and an empty database, and do it the next time', async () => {
    const big = await aPicture(40_000_000);
    const file = join(folder, 'killed.tar');
    const first = start(['backup', file], environment(source));
    while (!partsOf('killed.tar').some((part) => statSync(join(folder, part)).size > 1_000_000)) await sleep(1);
    first.child.kill('SIGKILL');
    await first.ended;
    expect(existsSync(file)).toBe(false);
    expect(partsOf('killed.tar')).toHaveLength(1);
    const written = await start(['backup', file], environment(source)).ended;
    expect(written).toMatchObject({ code: 0 });
    expect(partsOf('killed.tar')).toEqual([]);

    const target = await nowhere();
    const second = start(['restore', file], environment(target));
    const part = join(target.dataDir, 'media', String(big));
    while (!existsSync(part)) await sleep(1);
    second.child.kill('SIGKILL');
    await second.ended;
    // PostgreSQL notices when it next writes to the connection.
    await expect
      .poll(() => on(target, (client) => client.query(`select from pg_class where relname = 'articles'`)).then(({ rowCount }) => rowCount))
      .toBe(0);
    const third = await start(['restore', file], environment(target)).ended;
    expect(third).toMatchObject({ code: 0, err: expect.stringContaining('revoked since the backup') as string });
    const { files } = JSON.parse(written.out) as { files: number };
    expect(files).toBeGreaterThan(0);
    expect(JSON.parse(third.out)).toMatchObject({ files });
    expect(await rowsOf(target)).toEqual(await rowsOf(source));
    expect(filesOf(target)).toEqual(filesOf(source));
    await world.dataSource.query(`delete from media where id = $1`, [big]);
    rmSync(join(source.dataDir, 'media', String(big)), { recursive: true });
  }, 180_000);

  it('make one backup at a time: a second one says so, and the first is whole', async () => {
    const big = await aPicture(40_000_000);
    const file = join(folder, 'twice.tar');
    writeFileSync(file, 'the backup before');
    const first = start(['backup', file], environment(source));
    while (!partsOf('twice.tar').some((part) => statSync(join(folder, part)).size > 1_000_000)) await sleep(1);
    first.child.kill('SIGSTOP');
    const second = await start(['backup', file], environment(source)).ended;
    expect(second).toMatchObject({ code: 1, out: '', err: 'Another backup of this database is being made. Let it finish, or end it.\n' });
    expect(readFileSync(file, 'utf8')).toBe('the backup before');
    first.child.kill('SIGCONT');
    expect(await first.ended).toMatchObject({ code: 0 });
    expect([...(await checkBackup(file)).files.keys()]).toContain(`${big}/document.pdf`);
    expect(partsOf('twice.tar')).toEqual([]);
    await forget(big);
  }, 180_000);

  it('keep what is removed while a backup is made until it is copied', async () => {
    // More than a pipe holds that nobody reads, so that the backup waits before the second.
    const [big, removed] = [await aPicture(5_000_000), await aPicture()];
    const child = spawn(process.execPath, [join(ROOT, 'bin/markaz.mjs'), 'backup', '-'], {
      env: { PATH: process.env['PATH'], HOME: process.env['HOME'], LOG_LEVEL: 'warn', SECRET_KEY: KEY, ...environment(source) },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    await new Promise((resolve) => child.stdout.once('readable', resolve));
    await world.dataSource.query(`update media set state = 'removed', due_at = now() where id = $1`, [removed]);
    await world.app.get(Waker).run('media leftovers');
    expect(existsSync(join(source.dataDir, 'media', String(removed), 'document.pdf'))).toBe(true);
    const chunks: Buffer[] = [];
    for await (const chunk of child.stdout) chunks.push(chunk as Buffer);
    writeFileSync(join(folder, 'swept.tar'), Buffer.concat(chunks));
    expect([...(await checkBackup(join(folder, 'swept.tar'))).files.keys()]).toContain(`${removed}/document.pdf`);
    await world.app.get(Waker).run('media leftovers');
    expect(existsSync(join(source.dataDir, 'media', String(removed)))).toBe(false);
    await forget(big);
  }, 180_000);

  it.each([['doctor'], ['doctor', 'polls']])(
    '%j refuses a database of another release, and changes nothing',
    async (...args) => {
      const target = await nowhere();
      await restoring('whole.tar', target);
      await revert(connectionOf(target.databaseUrl!));
      const before = await schemaOf(target);
      expect(await start(args, environment(target)).ended).toMatchObject({
        code: 1,
        out: '',
        err: expect.stringMatching(/^This database is older than this release \(it lacks \w+\): run "markaz migrate" first\.\n$/) as string,
      });
      expect(await schemaOf(target)).toEqual(before);
      await prepareDatabase(target, { main: connectionOf(target.databaseUrl!), location: '', leave: async () => {} }, silent);
      // As an instance with other views would have them.
      await on(target, (client) => client.query(`comment on schema pub is 'of another checkout'`));
      expect(await start(args, environment(target)).ended).toMatchObject({ code: 0 });
      const views = await on(target, (client) => client.query(`select obj_description('pub'::regnamespace, 'pg_namespace') as digest`));
      expect(views.rows).toEqual([{ digest: 'of another checkout' }]);
      await on(target, (client) => client.query(`insert into migrations (timestamp, name) values (1999999999999, 'Later1999999999999')`));
      expect(await start(args, environment(target)).ended).toMatchObject({
        code: 1,
        out: '',
        err: 'A newer release has migrated this database (Later1999999999999): use that one.\n',
      });
    },
    180_000,
  );

  it('take the key of DATA_DIR along, and say so; --without-secret leaves it', async () => {
    const home = { DATA_DIR: join(folder, 'embedded'), SECRET_KEY: '', SAMPLE_CONTENT: 'false' };
    expect(await start(['create-editor', '--email', 'a@center.example', '--name', 'أ', '--role', 'admin'], home).ended).toMatchObject({
      code: 0,
    });
    const key = readFileSync(join(folder, 'embedded/secret-key'), 'utf8');
    const file = join(folder, 'embedded.tar');
    expect(await start(['backup', file], home).ended).toMatchObject({
      code: 0,
      err: expect.stringContaining('holds SECRET_KEY') as string,
    });
    const bare = await start(['backup', '-', '--without-secret'], home).ended;
    expect(bare.err).toContain('does not hold SECRET_KEY');
    expect(bare.out).not.toContain(key.trim());
    writeFileSync(join(folder, 'bare.tar'), bare.out, 'latin1');
    expect(await start(['restore', join(folder, 'bare.tar'), '--check'], home).ended).toMatchObject({ code: 0 });

    const away = { ...home, DATA_DIR: join(folder, 'away') };
    const refused = await start(['restore', join(folder, 'bare.tar')], away).ended;
    expect(refused).toMatchObject({ code: 1, out: '', err: expect.stringContaining('another SECRET_KEY') as string });
    expect(await start(['restore', file], away).ended).toMatchObject({ code: 0 });
    expect(readFileSync(join(folder, 'away/secret-key'), 'utf8')).toBe(key);
    expect(statSync(join(folder, 'away/secret-key')).mode & 0o777).toBe(0o600);
    const again = await start(['restore', file], away).ended;
    expect(again).toMatchObject({ code: 1, err: expect.stringContaining('this one has rows') as string });
    expect(await start(['doctor'], away).ended).toMatchObject({ code: 0, out: '{"findings":0,"rows":0}\n' });
  }, 180_000);

  it.each([['backup'], ['backup', 'a', 'b'], ['restore'], ['restore', 'a', '--colour']])('%j is wrong use', async (...args) => {
    expect(await start(args, {}).ended).toMatchObject({ code: 2, out: '' });
  });
});

describe('another PostgreSQL', () => {
  const binaries = ['15', '16', '17'].map((major) => `/usr/lib/postgresql/${major}/bin`).find((path) => existsSync(join(path, 'initdb')));
  if (binaries === undefined) process.stderr.write('no other PostgreSQL is installed: a restore into another major version is not tried\n');

  it.skipIf(binaries === undefined)(
    'takes the backup of this one, row for row and file for file, and gives it back',
    async () => {
      const uid = (flag: string): number => Number(spawnSync('id', [flag, 'postgres']).stdout.toString());
      const user = process.getuid!() === 0 ? { uid: uid('-u'), gid: uid('-g') } : {};
      const home = mkdtempSync(join(tmpdir(), 'markaz-other-'));
      if (user.uid !== undefined) chownSync(home, user.uid, user.gid);
      const data = join(home, 'data');
      const tool = (name: string, ...args: string[]): void => {
        const { status, stderr } = spawnSync(join(binaries!, name), args, { ...user, cwd: '/', stdio: ['ignore', 'ignore', 'pipe'] });
        if (status !== 0) throw new Error(`${name}: ${stderr.toString()}`);
      };
      tool('initdb', '-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale', 'C.UTF-8', '-N');
      const server = spawn(join(binaries!, 'postgres'), ['-D', data, '-k', home, '-c', 'listen_addresses=', '-c', 'fsync=off'], {
        ...user,
        cwd: '/',
        stdio: 'ignore',
      });
      try {
        const admin = (sql: string, database = 'postgres'): Promise<unknown> => {
          const client = new pg.Client({ host: home, user: 'postgres', database });
          return client
            .connect()
            .then(() => client.query(sql))
            .finally(() => client.end());
        };
        await expect
          .poll(
            () =>
              admin('select 1').then(
                () => true,
                () => false,
              ),
            { timeout: 20_000 },
          )
          .toBe(true);
        await admin(`create role markaz login createrole`);
        await admin(`create database markaz owner markaz`);
        const there = testConfig({
          DATABASE_URL: urlOf({ host: home, port: 5432, user: 'markaz', password: 'x' }, 'markaz'),
          DATA_DIR: join(folder, 'there'),
        });
        await restoring('whole.tar', there);
        expect(await rowsOf(there)).toEqual(whole.rows);
        expect(filesOf(there)).toEqual(whole.files);
        expect(await examined(there)).toEqual([]);
        await backup('there.tar', there);
        const back = await nowhere();
        await restoring('there.tar', back);
        expect(await rowsOf(back)).toEqual(whole.rows);
        expect(filesOf(back)).toEqual(whole.files);
      } finally {
        const gone = new Promise((resolve) => server.once('exit', resolve));
        server.kill('SIGINT');
        await gone;
        rmSync(home, { recursive: true, force: true });
      }
    },
    180_000,
  );
});
