import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { migrations } from '../migrations/index.js';
import { Config } from '../src/config/config.js';
import { openServer } from '../src/database/database.js';
import { revert } from '../src/database/migrate.js';

// The commands as people run them: the built command line, its own embedded database, real signals.

const MARKAZ = join(import.meta.dirname, '../bin/markaz.mjs');

let folder: string;
let env: NodeJS.ProcessEnv;
const running = new Set<ChildProcess>();

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'markaz-commands-'));
  chmodSync(folder, 0o711);
  // Below the range from which outgoing connections take theirs.
  const port = String(20_000 + (process.pid % 10_000));
  env = { PATH: process.env['PATH'], HOME: process.env['HOME'], LOG_LEVEL: 'warn', DATA_DIR: join(folder, 'data'), PORT: port };
});
afterAll(async () => {
  for (const child of running) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

interface Run {
  readonly child: ChildProcess;
  readonly output: { out: string; err: string };
  readonly ended: Promise<number | null>;
}

function markaz(args: readonly string[], more: NodeJS.ProcessEnv = {}): Run {
  const child = spawn(process.execPath, [MARKAZ, ...args], { env: { ...env, ...more }, stdio: ['ignore', 'pipe', 'pipe'] });
  running.add(child);
  const output = { out: '', err: '' };
  child.stdout.on('data', (data: Buffer) => (output.out += data.toString()));
  child.stderr.on('data', (data: Buffer) => (output.err += data.toString()));
  const ended = new Promise<number | null>((resolve) =>
    child.on('close', (code) => {
      running.delete(child);
      resolve(code);
    }),
  );
  return { child, output, ended };
}

async function serving(run: Run): Promise<void> {
  let over = false;
  void run.ended.then(() => (over = true));
  for (;;) {
    if (over) throw new Error(`it ended instead of serving:\n${run.output.err}`);
    const answer = await fetch(`http://127.0.0.1:${env['PORT']}/health/ready`).catch(() => null);
    if (answer?.status === 200) return;
    await new Promise((resume) => setTimeout(resume, 50));
  }
}

async function titles(): Promise<string[]> {
  const answer = await fetch(`http://127.0.0.1:${env['PORT']}/api/v1/articles?limit=100`);
  return ((await answer.json()) as { items: { title: string }[] }).items.map(({ title }) => title);
}

function postmaster(): number {
  return Number(readFileSync(join(folder, 'data/database/cluster/postmaster.pid'), 'utf8').split('\n')[0]);
}

/** A process that has ended but that nobody has asked about (in a container without an init) is not alive. */
function alive(pid: number): boolean {
  if (!existsSync('/proc/self/stat')) return spawnSync('kill', ['-0', String(pid)]).status === 0;
  const stat = `/proc/${pid}/stat`;
  return existsSync(stat) && !/\) Z /.test(readFileSync(stat, 'utf8'));
}

function savedPage(name: string, title: string, end = ''): string {
  const file = join(folder, name);
  writeFileSync(
    file,
    `اسم الدار\nمنى الكاتبة\nمنى الكاتبة\n${title}\n1 فبراير 2022\nدار مثال\n\nفقرة طويلة بما يكفي لتكون متنًا لهذه الصفحة التي كتبناها للتجربة وحدها.\n${end}`,
  );
  return file;
}

describe('markaz serve', () => {
  it('starts from nothing, survives kill -9 with its data, and leaves nothing behind when interrupted', async () => {
    const first = markaz(['serve']);
    await serving(first);
    expect(await titles()).toHaveLength(16);
    expect(first.output.err).toContain('The empty database received the sample center.');
    expect(first.output.err).toContain(`http://localhost:${env['PORT']}`);
    expect(statSync(join(folder, 'data/secret-key')).mode & 0o777).toBe(0o600);
    const database = postmaster();

    first.child.kill('SIGKILL');
    await first.ended;
    expect(alive(database)).toBe(true);

    const second = markaz(['serve']);
    await serving(second);
    expect(postmaster()).toBe(database);
    expect(await titles()).toHaveLength(16);
    expect(second.output.err).not.toContain('sample center');

    second.child.kill('SIGINT');
    expect(await second.ended).toBe(0);
    expect(second.output.err).not.toContain('WARNING');
    expect(alive(database)).toBe(false);
  });

  it('warns where passwords would travel readable', async () => {
    const server = markaz(['serve'], { PUBLIC_ORIGIN: 'http://center.example' });
    await serving(server);
    server.child.kill('SIGTERM');
    expect(await server.ended).toBe(0);
    expect(server.output.err).toContain('WARNING: PUBLIC_ORIGIN is plain http');
  });

  it('and an import, before and beside each other, leave each other’s database alone', async () => {
    const before = markaz(['import', 'page', savedPage('before.txt', 'صفحة سبقت الخادم'), '--apply', '--publish']);
    const server = markaz(['serve']);
    expect(await before.ended).toBe(0);
    await serving(server);
    const beside = markaz(['import', 'page', savedPage('beside.txt', 'صفحة جاورت الخادم'), '--apply', '--publish']);
    expect(await beside.ended).toBe(0);
    expect(beside.output.out.trim().split('\n').at(-1)).toBe('{"created":1,"updated":0,"skipped":0,"refused":0}');
    await serving(server);
    expect(await titles()).toEqual(expect.arrayContaining(['صفحة سبقت الخادم', 'صفحة جاورت الخادم']));

    // The server leaves while an import works: the import goes on and is the one to stop the database.
    const database = postmaster();
    const last = markaz(['import', 'page', savedPage('last.txt', 'صفحة بقيت بعد الخادم'), '--apply']);
    server.child.kill('SIGTERM');
    expect(await server.ended).toBe(0);
    expect(await last.ended).toBe(0);
    expect(alive(database)).toBe(false);
  }, 60_000);

  it('is not kept from leaving by a connection that asks nothing', async () => {
    const server = markaz(['serve']);
    await serving(server);
    const silent = connect(Number(env['PORT']), '127.0.0.1');
    silent.on('error', () => undefined);
    await once(silent, 'connect');
    const from = performance.now();
    server.child.kill('SIGTERM');
    expect(await server.ended).toBe(0);
    // The process's own patience is 5 s, the connection's 60.
    expect(performance.now() - from).toBeLessThan(30_000);
    silent.destroy();
  }, 40_000);

  it('says in a sentence what keeps it from starting', async () => {
    const badPort = markaz(['serve'], { PORT: 'eighty' });
    expect(await badPort.ended).toBe(1);
    expect(badPort.output.err).toBe('PORT must be a whole number from 0 to 65535.\n');
    const noSecret = markaz(['serve'], { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' });
    expect(await noSecret.ended).toBe(1);
    expect(noSecret.output.err).toContain('SECRET_KEY must be set when DATABASE_URL is');
    const noServer = markaz(['serve'], { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none', SECRET_KEY: 'x'.repeat(32) });
    expect(await noServer.ended).toBe(1);
    expect(noServer.output.err).toContain('The database cannot be reached');
    const badHost = markaz(['serve'], { HOST: '203.0.113.7' });
    expect(await badHost.ended).toBe(1);
    expect(badHost.output.err).toContain(`HOST 203.0.113.7, PORT ${env['PORT']}: this machine has no such address.`);
  });
});

describe('markaz import page', () => {
  it('imports the good files, refuses the others by name, and exits 1', async () => {
    const undated = join(folder, 'undated.txt');
    writeFileSync(undated, 'عنوان بلا تاريخ\n\nفقرة.\n');
    const run = markaz([
      'import',
      'page',
      savedPage('good.txt', 'صفحة سليمة', 'أرسل لصديق\nهل تعرف قصة اسم شارعك؟\n'),
      undated,
      join(folder, 'missing.txt'),
    ]);
    expect(await run.ended).toBe(1);
    expect(run.output.out).toBe('{"created":1,"updated":0,"skipped":0,"refused":2}\n');
    expect(run.output.err).toMatch(/undated\.txt\n {2}refused: .+/);
    expect(run.output.err).toMatch(/missing\.txt\n {2}refused: the file cannot be read \(ENOENT\)/);
    expect(run.output.err).toMatch(/good\.txt[^]*would be created/);
    expect(run.output.err).toContain(
      'poll question: هل تعرف قصة اسم شارعك؟\n      would be a draft poll on the article’s page; its options are',
    );
  });

  it.each([
    [['import', 'page'], 'Name at least one file.'],
    [['import', 'page', 'x.txt', '--publish'], '--publish goes with --apply.'],
    [['import', 'page', 'x.txt', 'y.txt', '--address', '/x'], '--address is of one file.'],
    [['import', 'page', 'x.txt', '--address', 'https://old.example/'], '--address has to lead to one page of the old site.'],
    [['import', 'page', 'x.txt', '--colour'], "Unknown option '--colour'"],
    [['import', 'page', 'x.txt', '--section', 'قسم-لا-وجود-له'], 'There is no section with this slug.'],
    [['serve', 'now'], 'serve takes no operands.'],
    [['dance'], 'There is no command "dance".'],
    [['constructor'], 'There is no command "constructor".'],
  ])('%j is wrong use: exit 2, and says why', async (args, why) => {
    const run = markaz(args);
    expect(await run.ended).toBe(2);
    expect(run.output.err).toContain(why);
    expect(run.output.out).toBe('');
  });
});

it.each(['serve', 'migrate', 'import page', 'reindex', 'backup', 'restore', 'doctor', 'doctor polls', 'openapi'])(
  'markaz %s --help explains itself',
  async (command) => {
    const run = markaz([...command.split(' '), '--help']);
    expect(await run.ended).toBe(0);
    expect(run.output.out).toContain(`markaz ${command}`);
    expect(run.output.err).toBe('');
  },
);

it('markaz import --help lists the commands', async () => {
  const run = markaz(['import', '--help']);
  expect(await run.ended).toBe(0);
  expect(run.output.out).toContain('markaz import page FILE…');
});

it('markaz migrate brings a database up to date, and takes the newest migration back', async () => {
  const more = { DATA_DIR: join(folder, 'migrating') };
  const up = markaz(['migrate'], more);
  expect(await up.ended).toBe(0);
  expect(up.output.err).toContain('The database is up to date.');
  const down = markaz(['migrate', '--revert'], more);
  expect(await down.ended).toBe(0);
  expect(down.output.err).toMatch(/^Taken back: \w+$/m);
  // The others without a process and a database server's start for each.
  const server = await openServer(new Config({ ...env, ...more }), () => undefined);
  try {
    for (let left = migrations.length - 1; left > 0; left -= 1) expect(await revert(server.main)).not.toBeNull();
  } finally {
    await server.leave();
  }
  const nothing = markaz(['migrate', '--revert'], more);
  expect(await nothing.ended).toBe(0);
  expect(nothing.output.err).toContain('There is no migration to take back.');
  expect(await markaz(['migrate'], more).ended).toBe(0);
}, 120_000);
