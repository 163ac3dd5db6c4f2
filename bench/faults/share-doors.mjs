// What readers feel of a relay that is away, or slow: nothing. Shares are taken over HTTP at a steady pace, whether or not answers have come,
// while nobody listens at the relay's port, and then while it takes its time for each answer; resets are posted beside them. When it is well
// again, everything goes out, each share once. See README.md.
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { SMTPServer } from 'smtp-server';
import { createApp } from '../../dist/src/app.setup.js';
import { MailRoom } from '../../dist/src/mail/mail-room.service.js';
import { DataSource } from 'typeorm';
import { freePort, serve } from '../application.mjs';
import { generateArchive } from '../archive.mjs';
import { startServer } from '../server.mjs';
import { shareRequests } from '../share-requests.mjs';
import { plantImport } from './plants.mjs';

const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    'pause-ms': { type: 'string', default: '10000' },
    plant: { type: 'string' },
  },
});
const SECONDS = Number(options.seconds);
const PAUSE_MS = Number(options['pause-ms']);
const PLANT = 'door-waits-for-relay';
if (options.plant !== undefined && options.plant !== PLANT) {
  process.stderr.write(`--plant takes ${PLANT}\n`);
  process.exit(2);
}
/** Two a second: the site takes 500 in an hour. */
const EVERY_MS = 500;
/** The longest that one in a hundred may wait for its answer. */
const P99_MS = 150;
/** A lost relay is asked again every 30 s, and what was tried in vain waits a minute, give or take a fifth. */
const BACK_WITHIN_S = 180;
/** A reset has its own two workers; from a relay that takes 10 s for each of its three answers. */
const RESET_WITHIN_S = 60;

/** A relay that can be away, and slow. */
class Sink {
  accepted = [];
  pauseMs = 0;

  constructor(port) {
    this.port = port;
  }

  async listen() {
    const answer = (done) => void sleep(this.pauseMs, undefined, { ref: false }).then(() => done());
    this.server = new SMTPServer({
      authOptional: true,
      disabledCommands: ['STARTTLS', 'AUTH'],
      disableReverseLookup: true,
      closeTimeout: 100,
      onMailFrom: (_address, _session, done) => answer(done),
      onRcptTo: (_address, _session, done) => answer(done),
      onData: (stream, { envelope }, done) => {
        stream.resume();
        stream.on('end', () => {
          this.accepted.push({ to: envelope.rcptTo[0].address, at: Date.now() });
          answer(done);
        });
        stream.on('error', () => undefined);
      },
    });
    // Lines are cut here: that is the purpose.
    this.server.on('error', () => undefined);
    this.server.listen(this.port, '127.0.0.1');
    await once(this.server.server, 'listening');
  }

  leave() {
    return new Promise((resolve) => this.server.close(resolve));
  }
}

const server = await startServer();
const { requestOf } = shareRequests(server.config);
let failed = 0;
try {
  const app = await createApp(server.config, server.database);
  await app.init();
  server.closeFirst(() => app.close());
  const db = app.get(DataSource);
  const [article] = await articles(await server.connect('main'));
  const sink = new Sink(await freePort());
  const port = await serve(server, {
    env: { SMTP_URL: `smtp://127.0.0.1:${sink.port}`, LOG_LEVEL: 'fatal' },
    execArgv: options.plant === undefined ? [] : ['--import', plantImport(options.plant)],
  });
  const door = `http://127.0.0.1:${port}`;
  await warmUp(door, article, db, sink);
  await trouble('down', { door, article, db, sink, room: app.get(MailRoom) });
  await trouble('slow', { door, article, db, sink, room: app.get(MailRoom) });
} finally {
  await server.stop();
}
process.exit(failed === 0 ? 0 : 1);

/** Shares while the relay is in trouble, then its recovery. */
async function trouble(kind, { door, article, db, sink, room }) {
  await db.query(`truncate rate_buckets, mail_outbox`);
  sink.accepted.length = 0;
  if (kind === 'down') await sink.leave();
  else sink.pauseMs = PAUSE_MS;
  // Made before: the work of browsers is not ours.
  const requests = await Promise.all(Array.from({ length: (SECONDS * 1_000) / EVERY_MS }, () => requestOf(article)));
  const resets = new Map();
  const answers = [];
  for (const [n, request] of requests.entries()) {
    answers.push(taken(door, request));
    if (n % ((5 * PAUSE_MS) / EVERY_MS) === 0) {
      const to = `editor-${kind}-${n}@readers.example`;
      resets.set(to, Date.now());
      await db.transaction((tx) =>
        room.post(tx, { kind: 'reset', dedupeKey: to, to, mail: { subject: 'x', html: '<p>x</p>', text: 'x' } }),
      );
    }
    await sleep(EVERY_MS);
  }
  const times = (await Promise.all(answers)).toSorted((a, b) => a - b);
  const p99 = times[Math.ceil(times.length * 0.99) - 1];
  const [{ waiting }] = await db.query(
    `select ((select count(*) from mail_outbox where kind = 'share' and state in ('waiting', 'sending')) + (select count(*) from shares where state = 'accepted'))::int as waiting`,
  );
  process.stdout.write(
    `${kind}: ${times.length} shares in ${SECONDS} s; answers: median ${times[times.length >> 1].toFixed(1)} ms, p99 ${p99.toFixed(1)} ms, most ${times.at(-1).toFixed(1)} ms; ${waiting} wait\n`,
  );
  check(`99 of 100 answers come within ${P99_MS} ms`, p99 <= P99_MS, `${p99.toFixed(1)} ms`);
  check('the relay was in trouble', waiting > 0, 'nothing waited');
  if (kind === 'slow') {
    const patience = Date.now() + RESET_WITHIN_S * 1_000;
    const arrival = (to) => sink.accepted.find((mail) => mail.to === to)?.at;
    while ([...resets.keys()].some((to) => arrival(to) === undefined) && Date.now() < patience) await sleep(250);
    const longest = Math.max(...[...resets].map(([to, at]) => ((arrival(to) ?? Infinity) - at) / 1_000));
    process.stdout.write(`  the slowest of ${resets.size} resets arrived after ${longest.toFixed(1)} s\n`);
    check(`resets arrive within ${RESET_WITHIN_S} s, however many shares wait`, longest <= RESET_WITHIN_S, `${longest} s`);
  }

  if (kind === 'down') await sink.listen();
  sink.pauseMs = 0;
  const back = performance.now();
  const left = async () =>
    (
      await db.query(
        `select ((select count(*) from mail_outbox where state in ('waiting', 'sending')) + (select count(*) from shares where state = 'accepted'))::int as n`,
      )
    )[0].n;
  while ((await left()) > 0 && performance.now() - back < BACK_WITHIN_S * 1_000) await sleep(250);
  const seconds = (performance.now() - back) / 1_000;
  const friends = sink.accepted.map(({ to }) => to).filter((to) => to.startsWith('friend'));
  const states = await db.query(`select state, count(*)::int as n from mail_outbox where kind = 'share' group by state order by state`);
  process.stdout.write(`  well again: out after ${seconds.toFixed(1)} s; ${states.map(({ state, n }) => `${n} ${state}`).join(', ')}\n`);
  check(`everything is out ${BACK_WITHIN_S} s after it is well again`, (await left()) === 0, `${await left()} wait`);
  check('each share arrives', new Set(friends).size === times.length, `${new Set(friends).size} of ${times.length}`);
  check('no share arrives twice', new Set(friends).size === friends.length, `${friends.length - new Set(friends).size} second copies`);
  const missing = [...resets.keys()].filter((to) => !sink.accepted.some((mail) => mail.to === to)).length;
  check('each reset arrives', missing === 0, `${missing} of ${resets.size} did not`);
}

/** A process's first requests compile its code and open its connections. */
async function warmUp(door, article, db, sink) {
  await sink.listen();
  for (let n = 0; n < 40; n += 1) await taken(door, await requestOf(article));
  while ((await db.query(`select from shares where state = 'accepted'`)).length > 0) await sleep(100);
  while ((await db.query(`select from mail_outbox where state in ('waiting', 'sending')`)).length > 0) await sleep(100);
}

/** @returns ms until the answer. @throws Error when it is not 202 */
async function taken(door, { path, headers, body }) {
  const began = performance.now();
  const answer = await fetch(`${door}${path}`, { method: 'POST', headers, body });
  const text = await answer.text();
  if (answer.status !== 202) throw new Error(`${answer.status}: ${text}`);
  return performance.now() - began;
}

async function articles(owner) {
  await generateArchive(owner, 10);
  return (await owner.query(`select article_id as id from pub.listings where list = 'all' limit 1`)).rows.map(({ id }) => id);
}

function check(what, holds, found) {
  process.stdout.write(holds ? `  ok      ${what}\n` : `  FAILED  ${what}: ${found}\n`);
  if (!holds) failed += 1;
}
