import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { receiptOf } from '../src/polls/ballot-keys.js';
import { aDraft, aPoll, aSection, anAuthor, anEditor, type TestEditor } from './factories.js';
import { startTestApp, type TestApp } from './test-app.js';
import { suiteConnection } from './test-database.js';

// Two servers over one database, as people run them: what each of them does at the same moment as the other is done once.

const MARKAZ = join(import.meta.dirname, '../bin/markaz.mjs');
/** Below the range from which outgoing connections take theirs, and beside those of the other tests with processes. */
const PORT = 10_000 + (process.pid % 1_000) * 2;
const ORIGINS = [`http://127.0.0.1:${PORT}`, `http://127.0.0.1:${PORT + 1}`] as const;

let world: TestApp;
let folder: string;
let chief: TestEditor;
let section: { id: number };
let author: { id: number };
const servers: ChildProcess[] = [];

beforeAll(async () => {
  world = await startTestApp();
  chief = await anEditor(world, 'chief');
  section = await aSection(world);
  author = await anAuthor(world);
  folder = mkdtempSync(join(tmpdir(), 'markaz-two-'));
  await Promise.all(ORIGINS.map(serve));
});
afterAll(async () => {
  await Promise.all(
    servers.map(
      (server) => new Promise((resolve) => (server.exitCode === null ? server.once('close', resolve).kill('SIGTERM') : resolve(null))),
    ),
  );
  rmSync(folder, { recursive: true, force: true });
  await world.close();
});

/** Starts a server and waits until it answers. */
async function serve(origin: string): Promise<void> {
  const { host, port, user, password } = suiteConnection();
  const address = `${encodeURIComponent(String(host))}:${port}/${String(world.dataSource.options.database)}`;
  const server = spawn(process.execPath, [MARKAZ, 'serve'], {
    env: {
      PATH: process.env['PATH'],
      DATABASE_URL: `postgres://${user}:${encodeURIComponent(String(password))}@${address}`,
      SECRET_KEY: 'a key that only the tests use, 0123456789',
      PUBLIC_ORIGIN: 'https://center.example',
      DATA_DIR: folder,
      LOG_LEVEL: 'error',
      TRUSTED_PROXY_HOPS: '1',
      PORT: new URL(origin).port,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  servers.push(server);
  let said = '';
  for (const stream of [server.stdout, server.stderr]) stream.on('data', (data: Buffer) => (said += data.toString()));
  while ((await fetch(`${origin}/health/ready`).catch(() => null))?.status !== 200) {
    if (server.exitCode !== null) throw new Error(`it ended instead of serving:\n${said}`);
    await new Promise((resume) => setTimeout(resume, 50));
  }
}

interface Answer {
  readonly status: number;
  readonly body: { readonly id: number; readonly version: number; readonly slug: string; readonly state: string; readonly code?: string };
}

/** @param process which of the two is asked */
async function ask(process: number, method: 'POST' | 'PATCH', path: string, body: object): Promise<Answer> {
  const answer = await fetch(`${ORIGINS[process % 2]}/api/v1/desk/articles${path}`, {
    method,
    headers: { authorization: `Bearer ${chief.token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return { status: answer.status, body: (await answer.json()) as Answer['body'] };
}

/** What the acts came to: `201`, or status and code. */
function outcomes(answers: readonly Answer[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { status, body } of answers) {
    const outcome = body.code === undefined ? String(status) : `${status} ${body.code}`;
    counts[outcome] = (counts[outcome] ?? 0) + 1;
  }
  return counts;
}

async function actsOn(id: number): Promise<string[]> {
  const rows = await world.dataSource.query<{ act: string }[]>(
    `select act from audit_log where object_type = 'article' and object_id = $1 order by id`,
    [id],
  );
  return rows.map(({ act }) => act.replace('articles.', ''));
}

const text = { lang: 'ar', title: 'عنوان يريده خمسون', summary: 'خلاصة.', body: '<p>متن.</p>' };

it('fifty creations of one title get fifty addresses', async () => {
  const draft = { ...text, sectionId: section.id, authorIds: [author.id] };
  const answers = await Promise.all(Array.from({ length: 50 }, (_, n) => ask(n, 'POST', '', draft)));
  expect(outcomes(answers)).toEqual({ 201: 50 });
  const slugs = new Set(answers.map(({ body }) => body.slug));
  expect([...slugs].toSorted()).toEqual(Array.from({ length: 50 }, (_, n) => `عنوان-يريده-خمسون${n === 0 ? '' : `-${n + 1}`}`).toSorted());
});

it('of two saves of one version one is kept and the other told, a hundred times', async () => {
  let { id, version } = await aDraft(world, { sectionId: section.id, byline: [{ authorId: author.id }] });
  for (let n = 0; n < 100; n += 1) {
    const answers = await Promise.all([0, 1].map((process) => ask(process, 'PATCH', `/${id}`, { version, title: `${n} من ${process}` })));
    expect([n, outcomes(answers)]).toEqual([n, { 200: 1, '409 stale_version': 1 }]);
    ({ version } = answers.find(({ status }) => status === 200)!.body);
  }
  expect((await actsOn(id)).filter((act) => act === 'save')).toHaveLength(100);
});

it('publish, unschedule and publish at once come to one outcome and one line of audit, ten times', async () => {
  for (let n = 0; n < 10; n += 1) {
    const { id, version } = await aDraft(world, { sectionId: section.id, byline: [{ authorId: author.id }] });
    const scheduled = await ask(n, 'POST', `/${id}/schedule`, { version, at: '2999-01-01T00:00:00Z' });
    expect([scheduled.status, scheduled.body.state]).toEqual([200, 'scheduled']);
    const acts = ['publish', 'unschedule', 'publish'];
    const answers = await Promise.all(
      acts.map((act, process) => ask(process + n, 'POST', `/${id}/${act}`, { version: scheduled.body.version })),
    );
    // A scheduled piece is taken off before it can be published: whoever comes first, only that can be done.
    expect([n, answers.map(({ status }) => status)]).toEqual([n, [409, 200, 409]]);
    expect(await actsOn(id)).toEqual(['create', 'schedule', 'unschedule']);

    // Once it is off, it is publication against publication and a new schedule.
    const again = answers[1]!.body.version;
    const race = await Promise.all(
      ['publish', 'schedule', 'publish'].map((act, process) =>
        ask(process + n, 'POST', `/${id}/${act}`, { version: again, ...(act === 'schedule' && { at: '2999-01-01T00:00:00Z' }) }),
      ),
    );
    expect(outcomes(race)).toEqual({ 200: 1, '409 stale_version': 2 });
    const winner = race.findIndex(({ status }) => status === 200);
    expect(await actsOn(id)).toEqual(['create', 'schedule', 'unschedule', winner === 1 ? 'schedule' : 'publish']);
  }
});

it('a hundred acts at once on one process wait their turn, and none is refused', async () => {
  const draft = { ...text, title: 'زحام', sectionId: section.id, authorIds: [author.id] };
  const answers = await Promise.all(Array.from({ length: 100 }, () => ask(0, 'POST', '', draft)));
  expect(outcomes(answers)).toEqual({ 201: 100 });
});

/** A reader far away from all others. */
interface Voter {
  readonly ip: string;
  cookie: string;
}

/** One request of a reader over one of the connections to a process. */
function post(
  process: number,
  agent: Agent,
  path: string,
  body: object,
  { ip, cookie }: Voter,
): Promise<{ status: number; cookies: string[]; body: { receipt?: string } }> {
  // prettier-ignore
  const payload = JSON.stringify(body);
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload), 'x-forwarded-for': ip, cookie };
  return new Promise((resolve, reject) => {
    const sent = request(`${ORIGINS[process]}/api/v1/polls/${path}`, { method: 'POST', agent, headers }, (answer) => {
      let received = '';
      answer.on('data', (data: Buffer) => (received += data.toString()));
      answer.on('end', () =>
        resolve({
          status: answer.statusCode!,
          cookies: answer.headers['set-cookie'] ?? [],
          body: JSON.parse(received) as { receipt?: string },
        }),
      );
    });
    sent.on('error', reject);
    sent.end(payload);
  });
}

it('twenty thousand submits of two hundred ballots, over a hundred connections, are two hundred ballots with one receipt each', async () => {
  const poll = await aPoll(world);
  const agents = ORIGINS.map(() => new Agent({ keepAlive: true, maxSockets: 50 }));
  const voters: Voter[] = Array.from({ length: 200 }, () => ({ ip: [10, ...randomBytes(3)].join('.'), cookie: '' }));
  try {
    await Promise.all(
      voters.map(async (voter, n) => {
        const { cookies } = await post(n % 2, agents[n % 2]!, `${poll.id}/ballots`, {}, voter);
        voter.cookie = cookies[0]!.split(';')[0]!;
      }),
    );
    const heard = voters.map(() => ({ 200: 0, 201: 0, other: 0, receipts: new Set<string>() }));
    let next = 0;
    // A hundred of one ballot are next to each other in line, so that they come over all connections, to both processes, at once.
    const connection = async (process: number): Promise<void> => {
      for (let n = next++; n < 20_000; n = next++) {
        const which = Math.floor(n / 100);
        const body = { optionIds: [poll.optionIds[which % 3]] };
        const submit = (): ReturnType<typeof post> => post(process, agents[process]!, `${poll.id}/votes`, body, voters[which]!);
        let answer = await submit();
        // What a busy machine says, and what a reader's page does then.
        for (; answer.status === 503; answer = await submit()) await new Promise((resume) => setTimeout(resume, 200));
        const told = heard[which]!;
        if (answer.status === 200 || answer.status === 201) told[answer.status] += 1;
        else told.other += 1;
        told.receipts.add(answer.body.receipt ?? '');
      }
    };
    await Promise.all(Array.from({ length: 100 }, (_, n) => connection(n % 2)));

    expect(heard).toEqual(
      voters.map(({ cookie }) => {
        const nonce = Buffer.from(cookie.split('=')[1]!.split('.')[1]!, 'base64url');
        return { 200: 99, 201: 1, other: 0, receipts: new Set([receiptOf(poll.secret, nonce)]) };
      }),
    );
    const [stored] = await world.dataSource.query<unknown[]>(
      `select count(*)::int as ballots, count(distinct ballot_hash)::int as readers, (select count(*)::int from ballot_choices where poll_id = $1) as choices
       from ballots where poll_id = $1 and status = 'counted'`,
      [poll.id],
    );
    expect(stored).toEqual({ ballots: 200, readers: 200, choices: 200 });
  } finally {
    for (const agent of agents) agent.destroy();
  }
}, 120_000);
