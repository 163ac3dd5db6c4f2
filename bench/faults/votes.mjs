// Votes while the application, or PostgreSQL under it, is killed with -9. Readers try again until they are answered, as their browsers would.
// No vote that was acknowledged may be lost, and none may count twice. See README.md.
import { fork } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { startServer } from '../server.mjs';
import { PLANTS, plantImport } from './plants.mjs';

const TARGETS = ['app', 'postgres'];
/** Not a line of code, but the control of the second target: commits that do not wait for the disk. */
const ASYNCHRONOUS = 'vote-asynchronous';
const VOTE_PLANTS = [...Object.keys(PLANTS).filter((name) => name.startsWith('vote-')), ASYNCHRONOUS];
const { values: options } = parseArgs({
  options: {
    target: { type: 'string' },
    kills: { type: 'string' },
    rate: { type: 'string', default: '100' },
    plant: { type: 'string' },
  },
});
if (!VOTE_PLANTS.includes(options.plant ?? ASYNCHRONOUS) || !TARGETS.includes(options.target ?? 'app')) {
  process.stderr.write(`--target takes one of: ${TARGETS.join(', ')}; --plant one of: ${VOTE_PLANTS.join(', ')}\n`);
  process.exit(2);
}
const KILLS = { app: Number(options.kills ?? 20), postgres: Number(options.kills ?? 5) };
/** Readers a second, whether or not those before them have been answered. */
const RATE = Number(options.rate);
/** Who is not answered in this time tries again. */
const PATIENCE_MS = 5_000;
/** Every so-many-th reader presses twice: the same ballot over two connections at once. */
const TWICE = 5;
const OPTIONS = 3;

const root = join(import.meta.dirname, '..', '..');
const agent = new Agent({ keepAlive: true, maxSockets: 512 });
/** Readers who come at a constant rate and vote until they are answered. */
class Load {
  readers = [];
  answers = 0;
  lastAnswer = 0;
  retries = 0;
  unanswered = 0;
  refusals = new Map();
  #pending = new Set();
  #timer = null;
  #ending = false;

  constructor(port, poll) {
    Object.assign(this, { port, poll });
  }

  begin() {
    const started = performance.now();
    this.#timer = setInterval(() => {
      for (const due = ((performance.now() - started) / 1_000) * RATE; this.readers.length < due;) this.#come();
    }, 10);
  }

  async end() {
    clearInterval(this.#timer);
    const late = sleep(60_000, 'late', { ref: false });
    while (this.#pending.size > 0) if ((await Promise.race([Promise.all(this.#pending), late])) === 'late') break;
    this.#ending = true;
    this.unanswered = this.#pending.size;
  }

  #come() {
    const n = this.readers.length;
    const reader = {
      // Spread over addresses as readers are; none of a group that would be looked at.
      address: `10.${(n >> 8) & 255}.${n & 255}.7`,
      option: this.poll.optionIds[n % OPTIONS],
      receipts: new Set(),
    };
    this.readers.push(reader);
    const coming = this.#vote(reader, n % TWICE === 0 ? 2 : 1).finally(() => this.#pending.delete(coming));
    this.#pending.add(coming);
  }

  async #vote(reader, times) {
    const path = `/api/v1/polls/${this.poll.id}`;
    const issued = await this.#until(201, `${path}/ballots`, reader, {});
    const cookie = issued?.headers['set-cookie']?.[0].split(';')[0];
    if (!cookie) return;
    await Promise.all(
      Array.from({ length: times }, async () => {
        const answer = await this.#until([200, 201], `${path}/votes`, { ...reader, cookie }, { optionIds: [reader.option] });
        if (!answer) return;
        this.answers += 1;
        this.lastAnswer = performance.now();
        reader.receipts.add(answer.body.receipt);
      }),
    );
  }

  async #until(expected, path, { address, cookie }, body) {
    while (!this.#ending) {
      const answer = await send(this.port, path, { 'x-forwarded-for': address, ...(cookie ? { cookie } : {}) }, body);
      if ([expected].flat().includes(answer.status)) return answer;
      this.retries += 1;
      if (answer.status !== 0 && answer.status !== 503) {
        const what = `${answer.status} ${answer.body?.code}`;
        this.refusals.set(what, (this.refusals.get(what) ?? 0) + 1);
      }
      await sleep(100 + Math.random() * 400);
    }
    return null;
  }
}

const server = await startServer();
let child = null;
let failed = 0;
try {
  const port = await freePort();
  for (const target of TARGETS.filter((name) => name === (options.target ?? name))) await run(target, port);
} finally {
  agent.destroy();
  child?.kill('SIGKILL');
  await server.stop();
}
process.exit(failed === 0 ? 0 : 1);

async function run(target, port) {
  if (options.plant === ASYNCHRONOUS) await sql(`alter database markaz set synchronous_commit = off`);
  const poll = await openPoll();
  if (options.plant === 'vote-unconstrained')
    await sql(`alter table ballots drop constraint if exists ballots_one_per_reader, drop constraint if exists ballots_one_per_receipt`);
  child = await start(port);
  const first = child.pid;
  const load = new Load(port, poll);
  load.begin();
  const outages = [];
  for (let kill = 0; kill < KILLS[target]; kill += 1) {
    await sleep(500 + Math.random() * 1_500);
    const struck = performance.now();
    const answered = load.answers;
    if (target === 'app') {
      child.kill('SIGKILL');
      await once(child, 'exit');
      child = await start(port);
    } else {
      await strikeDatabase();
    }
    // The next vote that is answered ends the outage.
    while (load.answers === answered || load.lastAnswer < struck + 50) {
      if (performance.now() > struck + 60_000)
        throw new Error(`no vote was answered within a minute after kill ${kill + 1}:\n${child.said}`);
      await sleep(20);
    }
    outages.push((performance.now() - struck) / 1_000);
  }
  await load.end();

  const readers = load.readers;
  const rows = await sql(
    `select encode(receipt_hash, 'hex') as receipt, count(*)::int as n from ballots where poll_id = ${poll.id} and status = 'counted' group by 1`,
  );
  const stored = new Map(rows.map(({ receipt, n }) => [receipt, n]));
  const hashes = readers.map(({ receipts }) => [...receipts].map((receipt) => createHash('sha256').update(receipt).digest('hex')));
  const lost = hashes.filter((own) => own.some((hash) => !stored.has(hash))).length;
  const several = readers.filter(({ receipts }) => receipts.size !== 1).length;
  const double = [...stored.values()].filter((n) => n > 1).length;
  const ballots = [...stored.values()].reduce((sum, n) => sum + n, 0);
  const [{ incomplete }] = await sql(
    `select (select count(*) from ballots b where poll_id = ${poll.id} and not exists (select from ballot_choices c where c.ballot_id = b.id))
      + (select count(*) from ballot_choices c where poll_id = ${poll.id} and not exists (select from ballots b where b.id = c.ballot_id)) as incomplete`,
  );
  const tally = await sql(
    `select c.option_id as id, count(*)::int as n from ballot_choices c join ballots b on b.id = c.ballot_id
     where c.poll_id = ${poll.id} and b.status = 'counted' group by 1 order by 1`,
  );
  const asked = poll.optionIds.map((id) => readers.filter((reader) => reader.option === id).length);
  const strange = [...load.refusals].map(([what, n]) => `${n} × ${what}`).join(', ');
  // Only now: our own hold on the server was lost with its processes, and the application, seeing nobody else, stops it when it ends.
  const pid = child.pid;
  child.kill('SIGTERM');
  const [code] = child.exitCode !== null ? [child.exitCode] : await once(child, 'exit');
  outages.sort((a, b) => a - b);
  const outage = (q) => (outages[Math.min(outages.length - 1, Math.ceil(q * outages.length) - 1)] ?? 0).toFixed(1);
  process.stdout.write(
    `${target}: ${KILLS[target]} kills under ${RATE} votes/s: ${readers.length} readers, ${load.answers} acknowledgements, ${load.retries} tries in vain; ` +
      `${ballots} ballots; answered again after ${outage(0.5)} s (median), ${outage(1)} s (most)\n`,
  );
  check('every reader was answered', load.unanswered === 0, `${load.unanswered} were not`);
  check('no acknowledged vote is lost', lost === 0, `${lost} are`);
  check(
    'no ballot is stored twice',
    double === 0 && ballots <= readers.length,
    `${double} are; ${ballots} ballots of ${readers.length} readers`,
  );
  check('as many ballots as readers', ballots === readers.length, `${ballots} of ${readers.length}`);
  check('one receipt for each reader', several === 0, `${several} have another number`);
  check('every ballot has its choice, every choice its ballot', Number(incomplete) === 0, `${incomplete} have not`);
  check(
    'the tally is what readers chose',
    JSON.stringify(tally.map(({ n }) => n)) === JSON.stringify(asked),
    `${JSON.stringify(tally)}, chosen ${asked}`,
  );
  check('refusals are 503 or lost connections', strange === '', strange);
  if (target === 'postgres') check('the application is the same process throughout', pid === first, 'it is another');
  check('the application ended with 0', code === 0, `exit code ${code}:\n${child.said}`);
  child = null;
}

/** @returns status 0 when there was no answer */
function send(port, path, headers, body) {
  const payload = JSON.stringify(body);
  return new Promise((resolve) => {
    const nothing = () => resolve({ status: 0 });
    const outgoing = request(
      {
        port,
        host: '127.0.0.1',
        path,
        method: 'POST',
        agent,
        timeout: PATIENCE_MS,
        headers: { ...headers, 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload) },
      },
      (incoming) => {
        const chunks = [];
        incoming.on('data', (chunk) => chunks.push(chunk));
        incoming.on('error', nothing);
        incoming.on('end', () => {
          try {
            resolve({ status: incoming.statusCode, headers: incoming.headers, body: JSON.parse(Buffer.concat(chunks).toString()) });
          } catch {
            // Cut off in its midst: no answer.
            nothing();
          }
        });
      },
    );
    outgoing.on('timeout', () => outgoing.destroy());
    outgoing.on('error', nothing);
    outgoing.end(payload);
  });
}

/** An open poll of level 0, straight into its tables. */
async function openPoll() {
  const [{ id }] = await sql(
    `insert into polls (question, level, state, results, opens_at, ballot_secret) values ('{"ar": "ما رأيك؟"}', 0, 'open', 'always', poll_now(), sha256(uuid_send(gen_random_uuid()))) returning id`,
  );
  const rows = await sql(
    `insert into poll_options (poll_id, position, label) select ${id}, n, jsonb_build_object('ar', 'خيار ' || n) from generate_series(1, ${OPTIONS}) n returning id`,
  );
  return { id, optionIds: rows.map((row) => row.id) };
}

/** kill -9 of one of PostgreSQL's processes at work for the application: the postmaster then ends all others and recovers from the log. */
async function strikeDatabase() {
  for (;;) {
    const [victim] = await sql(
      `select pid from pg_stat_activity where datname = current_database() and application_name = 'markaz' order by state = 'active' desc, random() limit 1`,
    );
    if (victim) return process.kill(victim.pid, 'SIGKILL');
    await sleep(20);
  }
}

/** One statement over a connection of its own, tried again while the server recovers. */
async function sql(text) {
  for (let attempt = 1; ; attempt += 1) {
    const client = new pg.Client(server.database.main);
    // It may be cut off with all others.
    client.on('error', () => undefined);
    try {
      await client.connect();
      return (await client.query(text)).rows;
    } catch (error) {
      if (attempt === 100 || !/^(57P|08|ECONN|ENOENT)/.test(error.code ?? 'ECONN')) throw error;
      await sleep(100);
    } finally {
      await client.end().catch(() => undefined);
    }
  }
}

/** The whole application on the port; resolves when it serves. */
async function start(port) {
  const started = fork(join(root, 'bin', 'markaz.mjs'), ['serve'], {
    execArgv: options.plant === undefined || options.plant === ASYNCHRONOUS ? [] : ['--import', plantImport(options.plant)],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    env: {
      PATH: process.env.PATH,
      DATA_DIR: server.config.dataDir,
      SECRET_KEY: server.config.secretKey,
      PUBLIC_ORIGIN: server.config.publicOrigin,
      SAMPLE_CONTENT: 'false',
      LOG_LEVEL: 'error',
      HOST: '127.0.0.1',
      PORT: String(port),
      TRUSTED_PROXY_HOPS: '1',
    },
  });
  started.said = '';
  started.stderr.on('data', (text) => {
    started.said = `${started.said}${text}`.slice(-4_000);
  });
  while (!started.said.includes('  data  ')) {
    if (started.exitCode !== null) throw new Error(`the application ended by itself with ${started.exitCode}:\n${started.said}`);
    await sleep(20);
  }
  return started;
}

async function freePort() {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address();
  probe.close();
  await once(probe, 'close');
  return port;
}

function check(what, holds, found) {
  process.stdout.write(holds ? `  ok      ${what}\n` : `  FAILED  ${what}: ${found}\n`);
  if (!holds) failed += 1;
}
