import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { solveChallenge } from 'altcha-lib';
import { deriveKey } from 'altcha-lib/algorithms/pbkdf2';
import type { Challenge } from 'altcha-lib/types';
import { simpleParser } from 'mailparser';
import { aPoll, type TestPoll } from './factories.js';
import { MailSink } from './mail-sink.js';
import { startTestApp, type TestApp } from './test-app.js';
import { suiteConnection } from './test-database.js';

// A vote with an address, through a server as people run it: where the address and the network of its reader turn up afterwards.

const MARKAZ = join(import.meta.dirname, '../bin/markaz.mjs');
/** Apart from the ports of the other tests with processes. */
const PORT = 12_500 + (process.pid % 1_000);
const ORIGIN = `http://127.0.0.1:${PORT}`;
const EMAIL = 'Salma.Haddad+vote@Readers.Example';
const IP = '198.51.100.77';

let world: TestApp;
let sink: MailSink;
let folder: string;
let server: ChildProcess;
let log = '';

beforeAll(async () => {
  world = await startTestApp();
  sink = await MailSink.open();
  folder = mkdtempSync(join(tmpdir(), 'markaz-privacy-'));
  const { host, port, user, password } = suiteConnection();
  const address = `${encodeURIComponent(String(host))}:${port}/${String(world.dataSource.options.database)}`;
  server = spawn(process.execPath, [MARKAZ, 'serve'], {
    env: {
      PATH: process.env['PATH'],
      DATABASE_URL: `postgres://${user}:${encodeURIComponent(String(password))}@${address}`,
      SECRET_KEY: 'a key that only the tests use, 0123456789',
      PUBLIC_ORIGIN: 'https://center.example',
      SMTP_URL: sink.url,
      TRUSTED_PROXY_HOPS: '1',
      SAMPLE_CONTENT: 'false',
      DATA_DIR: folder,
      LOG_LEVEL: 'debug',
      PORT: String(PORT),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  for (const stream of [server.stdout!, server.stderr!]) stream.on('data', (data: Buffer) => (log += data.toString()));
  while ((await fetch(`${ORIGIN}/health/ready`).catch(() => null))?.status !== 200) {
    if (server.exitCode !== null) throw new Error(`it ended instead of serving:\n${log}`);
    await new Promise((resume) => setTimeout(resume, 50));
  }
});
afterAll(async () => {
  await new Promise((resolve) => (server.exitCode === null ? server.once('close', resolve).kill('SIGTERM') : resolve(null)));
  rmSync(folder, { recursive: true, force: true });
  await sink.close();
  await world.close();
});

function post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${ORIGIN}/api/v1/polls/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-forwarded-for': IP, 'user-agent': 'Peculiar/7.7', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
}

async function vote(poll: TestPoll, email: string): Promise<number[]> {
  const taken = await post(`${poll.id}/ballots`, {});
  const cookie = taken.headers.get('set-cookie')!.split(';')[0]!;
  const { work: challenge } = (await taken.json()) as { work: Challenge };
  const work = { challenge, solution: await solveChallenge({ challenge, deriveKey }) };
  const answers = [
    await post(`${poll.id}/votes`, { optionIds: [poll.optionIds[0]], work, email, consent: true }, { cookie }),
    // The same again, and what is refused: refusals may be logged, too.
    await post(`${poll.id}/votes`, { optionIds: [poll.optionIds[0]], work, email, consent: true }, { cookie }),
    await post(`${poll.id}/votes`, { optionIds: [poll.optionIds[1]], work, email, consent: true }, { cookie }),
    await post(`${poll.id}/votes`, { optionIds: [poll.optionIds[0]], work, email: `${email}, ${email}`, consent: true }, { cookie }),
    await post(`${poll.id}/votes`, `{"email":"${email}"`, { cookie }),
    await post(`${email}/votes`, { email }, { cookie }),
    await post(`${poll.id}/votes?${email}=1`, { optionIds: [poll.optionIds[0]] }, { cookie }),
  ];
  return answers.map(({ status }) => status);
}

/** Spellings in which bytes hide in text. */
function spellings(secret: string): string[] {
  return [secret, secret.toLowerCase(), secret.toUpperCase()].flatMap((text) => {
    const bytes = Buffer.from(text);
    // Inside another text: all three alignments, without the characters at the edges.
    const base64 = [0, 1, 2].map((pad) =>
      Buffer.concat([Buffer.alloc(pad), bytes])
        .toString('base64')
        .slice(pad + 1, -4),
    );
    return [
      text,
      bytes.toString('hex'),
      encodeURIComponent(text),
      ...base64,
      ...base64.map((part) => part.replaceAll('+', '-').replaceAll('/', '_')),
    ];
  });
}

const SECRETS = [
  EMAIL,
  'salma.haddad+vote@readers.example',
  'salma.haddad@readers.example',
  'Salma.Haddad',
  'salma.haddad',
  IP,
  '198.51.100',
].flatMap(spellings);
const inside = (text: string): string[] => SECRETS.filter((secret) => text.toLowerCase().includes(secret.toLowerCase()));

/** Every row of every table; bytea is shown as hexadecimal. */
async function everything(): Promise<string> {
  const tables = await world.dataSource.query<{ name: string }[]>(
    `select quote_ident(schemaname) || '.' || quote_ident(tablename) as name from pg_tables where schemaname in ('public', 'pub')`,
  );
  const rows = await Promise.all(
    tables.map(({ name }) => world.dataSource.query<{ line: string }[]>(`select t::text as line from ${name} t`)),
  );
  return rows
    .flat()
    .map(({ line }) => line)
    .join('\n');
}

it('keeps neither the address nor the network of a vote, in any table or line of the log', async () => {
  const poll = await aPoll(world, { level: 3 });
  // The relay refuses for now, so the letter waits in the outbox.
  sink.atRecipient = () => ({ code: 451, text: `try later, ${EMAIL}` });
  expect(await vote(poll, EMAIL)).toEqual([201, 200, 409, 400, 400, 400, 400]);
  await vi.waitUntil(
    async () => (await world.dataSource.query<unknown[]>(`select from mail_outbox where attempts = 1 and state = 'waiting'`)).length === 1,
    { timeout: 10_000 },
  );
  expect(inside(await everything())).toEqual([]);

  sink.atRecipient = () => null;
  await world.dataSource.query(`update mail_outbox set next_attempt_at = now()`);
  await vi.waitUntil(() => sink.received.length === 1, { timeout: 10_000 });
  const { text } = await simpleParser(sink.received[0]!.raw);
  const token = /confirm\/([\w-]{43})/.exec(text!)![1]!;
  const page = await fetch(`${ORIGIN}/polls/confirm/${token}`, { headers: { 'x-forwarded-for': IP } });
  expect([page.status, inside(await page.text())]).toEqual([200, []]);
  const confirmed = await post('confirmations', { token });
  expect([confirmed.status, await confirmed.json()]).toEqual([200, { pollId: poll.id, status: 'counted' }]);
  const kept = await everything();
  expect(inside(kept)).toEqual([]);
  // The link is as good as the vote: it is nowhere either.
  expect(kept).not.toContain(token);
  expect(kept).toContain('counted');

  // What nobody foresaw is logged with its stack, and without what was sent.
  await world.dataSource.query(`alter table ballot_confirmations rename to elsewhere`);
  expect(await vote(await aPoll(world, { level: 3 }), EMAIL.replace('+vote', '+2'))).toContain(500);
  await world.dataSource.query(`alter table elsewhere rename to ballot_confirmations`);
  expect([/ballot_confirmations.{1,3} does not exist/.test(log), log.split('\n').length > 50]).toEqual([true, true]);
  expect([inside(log), log.includes(token), log.includes('Peculiar')]).toEqual([[], false, false]);
});

it('would find them', async () => {
  expect(inside(`x${Buffer.from(`x${EMAIL}xyz`).toString('base64')}`)).not.toEqual([]);
  await world.dataSource.query(`update center set contact = jsonb_build_object('email', encode(convert_to($1, 'UTF8'), 'hex'))`, [EMAIL]);
  expect(inside(await everything())).not.toEqual([]);
});
