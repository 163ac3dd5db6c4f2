import { spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { verify } from '@node-rs/argon2';
import pg from 'pg';
import { FirstEditor, type SignIn } from '../src/accounts/first-editor.service.js';
import { run as runCommand } from '../src/cli/cli.js';
import { Config } from '../src/config/config.js';
import { openServer } from '../src/database/database.js';
import { anEditor } from './factories.js';
import { startTestApp, type TestApp } from './test-app.js';
import { cloneDatabase, suiteConnection } from './test-database.js';

// How the first people come in: the built command line, its own embedded database, the real start.

const MARKAZ = join(import.meta.dirname, '../bin/markaz.mjs');
/** Below the range from which outgoing connections take theirs, and beside those of the other tests with processes. */
const PORT = 12_000 + (process.pid % 4_000) * 2;

let folder: string;
let env: NodeJS.ProcessEnv;
const running = new Set<ChildProcess>();

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'markaz-editors-'));
  chmodSync(folder, 0o711);
  env = { PATH: process.env['PATH'], HOME: process.env['HOME'], LOG_LEVEL: 'warn', DATA_DIR: join(folder, 'data'), PORT: String(PORT) };
});
// A test that failed leaves no server in the way of the next.
afterEach(() => {
  for (const child of running) child.kill('SIGKILL');
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

interface Run {
  readonly child: ChildProcess;
  readonly output: { out: string; err: string };
  readonly ended: Promise<number | null>;
}

/** @param input what it reads from standard input; without it there is none */
function markaz(args: readonly string[], more: NodeJS.ProcessEnv = {}, input?: string | Buffer): Run {
  const stdin = input === undefined ? 'ignore' : 'pipe';
  const child = spawn(process.execPath, [MARKAZ, ...args], { env: { ...env, ...more }, stdio: [stdin, 'pipe', 'pipe'] });
  running.add(child);
  // It may read only the first line, or end before it reads at all.
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(input);
  const output = { out: '', err: '' };
  child.stdout!.on('data', (data: Buffer) => (output.out += data.toString()));
  child.stderr!.on('data', (data: Buffer) => (output.err += data.toString()));
  const ended = new Promise<number | null>((resolve) =>
    child.on('close', (code) => {
      running.delete(child);
      resolve(code);
    }),
  );
  return { child, output, ended };
}

/** Resolves when the server has said where it is. */
async function serving(run: Run): Promise<void> {
  let over = false;
  void run.ended.then(() => (over = true));
  while (!run.output.err.includes('  data  ')) {
    if (over) throw new Error(`it ended instead of serving:\n${run.output.err}`);
    await new Promise((resume) => setTimeout(resume, 20));
  }
}

async function stop(run: Run): Promise<void> {
  run.child.kill('SIGTERM');
  expect(await run.ended).toBe(0);
}

/** Asks the embedded database of DATA_DIR, which is started for it where it does not run. */
async function ask<Row extends pg.QueryResultRow>(sql: string, values: unknown[] = [], dataDir = env['DATA_DIR']): Promise<Row[]> {
  const server = await openServer(new Config({ DATA_DIR: dataDir }), () => undefined);
  const client = new pg.Client(server.main);
  await client.connect();
  try {
    return (await client.query<Row>(sql, values)).rows;
  } finally {
    await client.end();
    await server.leave();
  }
}

interface EditorRow {
  readonly id: number;
  readonly email: string;
  readonly name: string;
  readonly role: string;
  readonly state: string;
  readonly lang: string;
  readonly sections: string[];
  readonly hash: string | null;
  readonly invitations: number;
  readonly audited: { act: string; editor_id: null }[];
}

async function editors(email: string, dataDir?: string): Promise<EditorRow[]> {
  return ask<EditorRow>(
    `select id, email, name, role, state, lang, p.hash,
       array(select s.slug from editor_sections g join sections s on s.id = g.section_id where g.editor_id = e.id order by s.id) as sections,
       (select count(*)::int from password_links l where l.editor_id = e.id and purpose = 'invitation') as invitations,
       (select json_agg(json_build_object('act', act, 'editor_id', editor_id)) from audit_log where object_type = 'editor' and object_id = e.id) as audited
     from editors e left join editor_passwords p on p.editor_id = e.id where email like $1 order by id`,
    [email],
    dataDir,
  );
}

const someone = (more: readonly string[] = []): string[] => ['create-editor', '--email', 'salma@center.example', '--name', 'سلمى', ...more];

describe('the first start', () => {
  const file = (): string => join(folder, 'data/first-editor.txt');
  const signIn = (): { email: string; password: string } => {
    const text = readFileSync(file(), 'utf8');
    return { email: /^email: +(\S+)$/m.exec(text)![1]!, password: /^password: +(\S+)$/m.exec(text)![1]! };
  };

  it('of two instances at once makes one admin, whose sign-in one prints and the file keeps; later starts say where', async () => {
    const both = [markaz(['serve']), markaz(['serve'], { PORT: String(PORT + 1) })];
    await Promise.all(both.map(serving));
    const { email, password } = signIn();
    expect(statSync(file()).mode & 0o777).toBe(0o600);
    expect(email).toBe('editor@center.example');
    expect(password).toMatch(/^[a-hjkmnp-z2-9]{24}$/);
    expect(readFileSync(file(), 'utf8')).toMatch(new RegExp(`^address: +http://localhost:(${PORT}|${PORT + 1})$`, 'm'));
    const made = await editors('%');
    expect(made).toMatchObject([
      { email, role: 'admin', state: 'active', invitations: 0, audited: [{ act: 'editors.create', editor_id: null }] },
    ]);
    expect(await verify(made[0]!.hash!, password)).toBe(true);
    const [printed, unprinted] = both.toSorted((a, b) => Number(b.output.err.includes(password)) - Number(a.output.err.includes(password)));
    expect(printed!.output.err).toContain(`  sign in    ${email}, password ${password}\n             (kept in ${file()})\n`);
    expect(unprinted!.output.err).toContain(`  sign in    as ${file()} says\n`);
    expect(unprinted!.output.err).not.toContain(password);
    expect(readdirSync(join(folder, 'data')).filter((name) => name.startsWith('first-editor'))).toEqual(['first-editor.txt']);
    await Promise.all(both.map(stop));

    const later = markaz(['serve']);
    await serving(later);
    await stop(later);
    expect(later.output.err).toContain(`  sign in    as ${file()} says\n`);
    expect(later.output.err).not.toContain(password);
    expect(signIn()).toEqual({ email, password });

    rmSync(file());
    const last = markaz(['serve']);
    await serving(last);
    await stop(last);
    expect(last.output.err).not.toContain('sign in');
    expect(existsSync(file())).toBe(false);
    expect(await editors('%')).toHaveLength(1);
  }, 60_000);

  it('lets its password be used', async () => {
    writeFileSync(join(folder, 'data/first-editor.txt'), 'an older one');
    await ask(`delete from editors`);
    const server = markaz(['serve']);
    await serving(server);
    const answer = await fetch(`http://127.0.0.1:${PORT}/api/v1/sessions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(signIn()),
    });
    expect(answer.status).toBe(201);
    const { token } = (await answer.json()) as { token: string };
    const list = await fetch(`http://127.0.0.1:${PORT}/api/v1/desk/editors`, { headers: { authorization: `Bearer ${token}` } });
    expect(((await list.json()) as { items: unknown[] }).items).toMatchObject([{ email: 'editor@center.example', role: 'admin' }]);
    await stop(server);
  }, 30_000);

  it('makes nobody where somebody has been made before it', async () => {
    const more = { DATA_DIR: join(folder, 'settled'), SAMPLE_CONTENT: 'false' };
    expect(await markaz(someone(['--role', 'contributor']), more).ended).toBe(0);
    const server = markaz(['serve'], more);
    await serving(server);
    await stop(server);
    expect(server.output.err).not.toContain('sign in');
    expect(existsSync(join(more.DATA_DIR, 'first-editor.txt'))).toBe(false);
    expect((await editors('%', more.DATA_DIR)).map(({ email }) => email)).toEqual(['salma@center.example']);
  }, 30_000);

  it('on a PostgreSQL of one’s own makes nobody, and says how to', async () => {
    const database = await cloneDatabase();
    const { host, port, user, password } = suiteConnection();
    const { database: name } = database.main;
    const url = `postgres://${user}:${encodeURIComponent(password as string)}@${encodeURIComponent(host!)}:${port}/${name}`;
    const more = { DATABASE_URL: url, SECRET_KEY: 'a key that only the tests use, 0123456789', DATA_DIR: join(folder, 'own') };
    try {
      const server = markaz(['serve'], more);
      await serving(server);
      expect(server.output.err).toContain('there is no editor yet: npx markaz create-editor --email ADDRESS --name NAME --role admin\n');
      expect(await markaz(someone(['--role', 'admin']), more).ended).toBe(0);
      await stop(server);
      const again = markaz(['serve'], more);
      await serving(again);
      await stop(again);
      expect(again.output.err).not.toContain('no editor yet');
      expect(existsSync(join(more.DATA_DIR, 'first-editor.txt'))).toBe(false);
    } finally {
      await database.leave();
    }
  }, 30_000);
});

describe('the first editor', () => {
  let world: TestApp;
  beforeEach(async () => {
    world = await startTestApp();
  });
  afterEach(() => world.close());

  const file = (): string => join(folder, 'first.txt');
  const appoint = (to = file()): Promise<SignIn | null> => world.app.get(FirstEditor).appointOnce(to, 'https://center.example');
  const all = (): Promise<unknown[]> => world.dataSource.query(`select email, role, state from editors`);

  it('is made once by eight who try at once, and the file has the password that works', async () => {
    const signIns = (await Promise.all(Array.from({ length: 8 }, () => appoint()))).filter((signIn) => signIn !== null);
    expect(signIns).toHaveLength(1);
    expect(readFileSync(file(), 'utf8')).toContain(`password: ${signIns[0]!.password}\n`);
    expect(await all()).toEqual([{ email: 'editor@center.example', role: 'admin', state: 'active' }]);
    await world.as(null).post('/api/v1/sessions', signIns[0]!).expect(201);
  });

  it('is waited for longer than a request would wait, because a start on a busy machine takes its time', async () => {
    const other = world.dataSource.createQueryRunner();
    await other.startTransaction();
    await other.query(`select pg_advisory_xact_lock(hashtextextended('first editor', 0))`);
    const appointed = appoint();
    // Longer than the lock_timeout of every other transaction.
    await other.query(`select pg_sleep(2.5)`);
    await other.commitTransaction();
    await other.release();
    expect(await appointed).not.toBe(null);
  });

  it('is not made where the file cannot be written', async () => {
    await expect(appoint(join(folder, 'nowhere', 'first.txt'))).rejects.toThrow('ENOENT');
    expect(await all()).toEqual([]);
    expect(await appoint()).not.toBe(null);
  });

  it.each(['contributor', 'admin'] as const)('is nobody where there is a %s, suspended or not', async (role) => {
    const { id } = await anEditor(world, role);
    expect(await appoint()).toBe(null);
    await world.dataSource.query(`update editors set state = 'suspended' where id = $1`, [id]);
    expect(await appoint()).toBe(null);
  });
});

describe('markaz create-editor', () => {
  // Held open, so that not each command has to start it and stop it.
  let database: Awaited<ReturnType<typeof openServer>>;
  beforeAll(async () => {
    database = await openServer(new Config({ DATA_DIR: env['DATA_DIR'] }), () => undefined);
  });
  afterAll(() => database.leave());

  it('beside a running server makes an editor who can sign in, with the line it reads as password', async () => {
    const server = markaz(['serve']);
    await serving(server);
    const password = 'كلمة سر طويلة بما يكفي';
    const run = markaz(
      ['create-editor', '--email', 'chief@CENTER.example', '--name', '  رئيسة   التحرير ', '--role', 'chief', '--password-stdin'],
      {},
      `${password}\nand what follows the line\n`,
    );
    expect([await run.ended, run.output.err]).toEqual([0, '']);
    const [made] = await editors('chief@%');
    expect(made).toMatchObject({
      email: 'chief@CENTER.example',
      name: 'رئيسة التحرير',
      role: 'chief',
      state: 'active',
      lang: 'ar',
      invitations: 0,
      audited: [{ act: 'editors.create', editor_id: null }],
    });
    expect(run.output.out).toBe(`{"id":${made!.id},"email":"chief@CENTER.example","role":"chief","state":"active"}\n`);
    expect(await verify(made!.hash!, password)).toBe(true);
    await stop(server);
  }, 30_000);

  it.each([
    ['a carriage return and a line feed', 'correct horse battery\r\n'],
    ['nothing', 'correct horse battery'],
  ])('takes the line without its end: %s', async (ending, input) => {
    const email = `line-${ending.length}@center.example`;
    const run = markaz(['create-editor', '--email', email, '--name', 'x', '--role', 'contributor', '--password-stdin'], {}, input);
    expect([await run.ended, run.output.err]).toEqual([0, '']);
    expect(await verify((await editors(email))[0]!.hash!, 'correct horse battery')).toBe(true);
  });

  it('without a password puts an invitation into the outbox, and says where it goes', async () => {
    const run = markaz(someone(['--role', 'contributor']));
    expect(await run.ended).toBe(0);
    expect(run.output.err).toBe(
      `An invitation to salma@center.example waits in the outbox. Without SMTP_URL the running server writes it into ${join(folder, 'data/mail')} and shows it at http://localhost:${PORT}/dev/mail.\n`,
    );
    const [made] = await editors('salma@%');
    expect(made).toMatchObject({ state: 'invited', hash: null, invitations: 1, sections: [] });
    expect(await ask(`select kind, state from mail_outbox order by id desc limit 1`)).toEqual([{ kind: 'invitation', state: 'waiting' }]);
    expect(run.output.out).toBe(`{"id":${made!.id},"email":"salma@center.example","role":"contributor","state":"invited"}\n`);
    const relayed = markaz(['create-editor', '--email', 'relayed@center.example', '--name', 'x', '--role', 'chief'], {
      SMTP_URL: 'smtp://127.0.0.1:9',
    });
    expect(await relayed.ended).toBe(0);
    expect(relayed.output.err).toContain('The running server hands it to the relay of SMTP_URL.');
  });

  it.each([
    ['together', ['--section', 'المدن-والعمران', 'النقل-والحركه']],
    ['repeated and together, with one twice', ['--section', 'المدن-والعمران', '--section', 'النقل-والحركة', 'المدن-والعمران']],
  ])('grants several sections: %s', async (_, sections) => {
    const email = `granted-${sections.length}@center.example`;
    const run = markaz(['create-editor', '--email', email, '--name', 'x', '--role', 'section_editor', ...sections]);
    expect(await run.ended).toBe(0);
    expect((await editors(email))[0]!.sections).toEqual(['المدن-والعمران', 'النقل-والحركة']);
  });

  it.each([
    ['an address that is taken', ['--email', 'editor@center.example', '--role', 'chief'], 'An editor has this address already. (email)'],
    [
      'an unknown section',
      ['--role', 'section_editor', '--section', 'المدن-والعمران', 'لا-وجود-له'],
      'no section with the slug "لا-وجود-له"',
    ],
    ['a section for a chief', ['--role', 'chief', '--section', 'المدن-والعمران'], 'Sections are granted to section editors only'],
    ['a short password', ['--role', 'chief', '--password-stdin'], 'A password has 12 to 200 characters.', 'too short\n'],
    ['no line at all', ['--role', 'chief', '--password-stdin'], 'A password has 12 to 200 characters.', ''],
    ['the address as password', ['--role', 'chief', '--password-stdin'], 'your name or your address', 'new@center.example\n'],
  ])('refuses %s with exit code 1, and makes nobody', async (_, args, why, input?: string) => {
    const run = markaz(['create-editor', '--email', 'new@center.example', '--name', 'x', ...args], {}, input);
    expect(await run.ended).toBe(1);
    expect(run.output.err).toMatch(/^refused: /);
    expect(run.output.err).toContain(why);
    expect(run.output.out).toBe('');
    expect(await editors('new@%')).toEqual([]);
  });

  it.each([
    [['--name', 'x', '--role', 'chief'], '--email is missing.'],
    [['--email', 'a@center.example', '--role', 'chief'], '--name is missing.'],
    [['--email', 'a@center.example', '--name', 'x'], '--role is missing.'],
    [['--email', 'a.center.example', '--name', 'x', '--role', 'chief'], '--email is not a mail address.'],
    [['--email', 'a@center.example', '--name', ' ', '--role', 'chief'], '--name has 1 to 200 characters'],
    [['--email', 'a@center.example', '--name', 'a\u0007', '--role', 'chief'], '--name has 1 to 200 characters'],
    [['--email', 'a@center.example', '--name', 'x', '--role', 'owner'], '--role is one of: admin, chief, section_editor, contributor.'],
    [['--email', 'a@center.example', '--name', 'x', '--role', 'chief', 'y'], 'create-editor takes no operands: "y".'],
    [['--email', 'a@center.example', '--name', 'x', '--role', 'chief', '--password', 'y'], "Unknown option '--password'"],
    [['--email', 'a@center.example', '--name', 'x', '--role', 'chief', '--section'], "'--section <value>' argument missing"],
  ])('%j is wrong use: exit 2, and says why', async (args, why) => {
    const output = { out: '', err: '' };
    vi.spyOn(process.stdout, 'write').mockImplementation((text) => (output.out += String(text)) !== '');
    vi.spyOn(process.stderr, 'write').mockImplementation((text) => (output.err += String(text)) !== '');
    try {
      // Nothing is started for it, so it needs no process of its own.
      expect(await runCommand(['create-editor', ...args])).toBe(2);
    } finally {
      vi.restoreAllMocks();
    }
    expect(output.err).toContain(why);
    expect(output.err).toContain('usage: markaz create-editor --email ADDRESS');
    expect(output.out).toBe('');
  });

  it('takes no password that is not text', async () => {
    const args = ['create-editor', '--email', 'a@center.example', '--name', 'x', '--role', 'chief', '--password-stdin'];
    const run = markaz(args, {}, Buffer.from([...Buffer.from('correct horse '), 0xff, 0x0a]));
    expect(await run.ended).toBe(2);
    expect(run.output.err).toContain('The password on standard input is not UTF-8.');
  });

  it('--help explains itself', async () => {
    const run = markaz(['create-editor', '--help']);
    expect(await run.ended).toBe(0);
    expect(run.output.out).toContain('markaz create-editor --email ADDRESS --name NAME --role ROLE');
    expect(run.output.err).toBe('');
  });
});
