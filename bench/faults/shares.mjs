// Mail to strangers goes out once at most, whatever becomes of the worker; mail that people wait for at least once, and in time. The worker is
// killed with -9 at four points of a share's way; with --slow, a relay takes its time while shares wait. See README.md.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { SMTPServer } from 'smtp-server';
import { DataSource } from 'typeorm';
import { createApp } from '../../dist/src/app.setup.js';
import { MailRoom } from '../../dist/src/mail/mail-room.service.js';
import { startServer } from '../server.mjs';
import { PLANTS, plantImport } from './plants.mjs';

const { values: options } = parseArgs({
  options: {
    kills: { type: 'string', default: '25' },
    mails: { type: 'string', default: '600' },
    plant: { type: 'string' },
    point: { type: 'string' },
    slow: { type: 'boolean', default: false },
    'pause-ms': { type: 'string', default: '10000' },
    seconds: { type: 'string', default: '600' },
  },
});
const KILLS = Number(options.kills);
const MAILS = Number(options.mails);
const PAUSE_MS = Number(options['pause-ms']);
const SECONDS = Number(options.seconds);
/** Where a share is when its worker dies: claimed; written but for its final dot; written down as handed over; taken by the relay. */
const POINTS = ['after-claim', 'before-dot', 'after-handoff', 'after-smtp-250'];
const SHARE_PLANTS = Object.keys(PLANTS).filter((name) => name.startsWith('share-'));
if (options.plant !== undefined && !SHARE_PLANTS.includes(options.plant)) {
  process.stderr.write(`--plant takes one of: ${SHARE_PLANTS.join(', ')}\n`);
  process.exit(2);
}
if (options.point !== undefined && !POINTS.includes(options.point)) {
  process.stderr.write(`--point takes one of: ${POINTS.join(', ')}\n`);
  process.exit(2);
}
/** Nothing may stay for more than five minutes. */
const STUCK_S = 300;
/** For the healthy worker at the end. */
const PATIENCE_MS = 90_000;
/** Mail that somebody waits for arrives within a minute, even from a relay that takes 10 s for each answer. */
const RESET_WITHIN_S = 60;
/** Each lane has two workers, and a connection for each. */
const LANE_CONNECTIONS = 2;

const root = join(import.meta.dirname, '..', '..');
const isShare = (to) => to.startsWith('friend');

/** A relay that kills its client at the `countdown`th share from now, and takes as long for its answers as it is told. */
class Sink {
  accepted = [];
  countdown = Infinity;
  point = null;
  victim = null;
  /** Settles once the victim is dead. */
  struck = null;
  pauseMs = 0;
  open = 0;
  mostOpen = 0;
  #holding = false;

  constructor(db) {
    this.db = db;
  }

  async listen() {
    this.server = new SMTPServer({
      authOptional: true,
      disabledCommands: ['STARTTLS', 'AUTH'],
      disableReverseLookup: true,
      onConnect: (_session, done) => {
        this.open += 1;
        this.mostOpen = Math.max(this.mostOpen, this.open);
        done();
      },
      onClose: () => {
        this.open -= 1;
      },
      onMailFrom: ({ address }, _session, done) => {
        // What had begun when the blow fell is finished; nothing new begins.
        if (this.#holding) return;
        if (this.point === 'after-claim' && address.startsWith('share@') && (this.countdown -= 1) <= 0) void this.#strike();
        else void this.#answer(done);
      },
      onRcptTo: ({ address }, session, done) => {
        if (this.point === 'before-dot' && isShare(address) && !this.#holding && (this.countdown -= 1) <= 0) {
          void this.#strikeBeforeDot(address, session, done);
        } else void this.#answer(done);
      },
      onData: (stream, { envelope, id }, done) => {
        const chunks = [];
        stream.on('data', (chunk) => {
          chunks.push(chunk);
          if (this.written?.session === id && Buffer.concat(chunks).includes('</p>')) this.written.done();
        });
        stream.on('end', () => {
          const to = envelope.rcptTo[0].address;
          const messageId = /^Message-ID: (<.*>)\r$/m.exec(Buffer.concat(chunks).toString('latin1'))?.[1];
          const accept = () => {
            this.accepted.push({ to, messageId, at: Date.now() });
            void this.#answer(done);
          };
          const dying = isShare(to) && !this.#holding && (this.countdown -= 1) <= 0;
          if (this.point === 'after-smtp-250' && dying) void this.#strike(accept);
          // A relay that has the dot has the letter, whether anybody hears so or not.
          else if (this.point === 'after-handoff' && dying) {
            this.accepted.push({ to, messageId, at: Date.now() });
            void this.#strike();
          } else accept();
        });
        stream.on('error', () => undefined);
      },
    });
    // Clients die here: that is the purpose.
    this.server.on('error', () => undefined);
    this.server.listen(0, '127.0.0.1');
    await once(this.server.server, 'listening');
    return `smtp://127.0.0.1:${this.server.server.address().port}`;
  }

  arm(point, countdown, victim) {
    Object.assign(this, { point, countdown, victim });
    this.#holding = false;
    this.struck = new Promise((resolve) => {
      this.strike = resolve;
    });
  }

  disarm() {
    this.point = null;
    this.#holding = false;
  }

  async #answer(done) {
    if (this.pauseMs > 0) await sleep(this.pauseMs);
    done();
  }

  /**
   * Stopped before the answer is written, so that it cannot have read it; killed afterwards. The answers before this one have half a second
   * to be written down, so that each kill puts one share at risk and the count says something.
   */
  async #strike(answer) {
    this.#holding = true;
    await sleep(500);
    this.victim.kill('SIGSTOP');
    if (answer) {
      answer();
      await sleep(50);
    }
    this.victim.kill('SIGKILL');
    this.strike();
  }

  /** The row is held, so that the worker has written the letter and waits to write down that it hands it over. */
  async #strikeBeforeDot(address, { id }, done) {
    this.#holding = true;
    const runner = this.db.createQueryRunner();
    await runner.startTransaction();
    await runner.query(`select from mail_outbox where dedupe_key = $1 for update`, [address]);
    const written = new Promise((resolve) => {
      this.written = { session: id, done: resolve };
    });
    done();
    await written;
    this.written = null;
    await sleep(500);
    this.victim.kill('SIGKILL');
    // PostgreSQL would carry the dead worker's update out as soon as it gets the row.
    await runner.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and query like '%handoff_at%'`,
    );
    await sleep(50);
    await runner.rollbackTransaction();
    await runner.release();
    this.strike();
  }

  close() {
    return new Promise((resolve) => this.server.close(resolve));
  }
}

const server = await startServer();
const children = new Set();
let failed = 0;
try {
  // Describes the application and posts; its loops are never started.
  const app = await createApp(server.config, server.database);
  await app.init();
  server.closeFirst(() => app.close());
  const db = app.get(DataSource);
  const sink = new Sink(db);
  const smtpUrl = await sink.listen();
  server.closeFirst(() => sink.close());
  if (options.slow) await crawl(sink, smtpUrl, db, app.get(MailRoom));
  else
    for (const point of POINTS.filter((name) => name === (options.point ?? name))) await kill(point, sink, smtpUrl, db, app.get(MailRoom));
} finally {
  for (const child of children) child.kill('SIGKILL');
  await server.stop();
}
process.exit(failed === 0 ? 0 : 1);

/** Every second mail is a share, the others are resets. */
async function postAll(db, room) {
  await db.query('truncate mail_outbox, mail_suppressions, mail_stops');
  await db.transaction(async (tx) => {
    for (let n = 0; n < MAILS; n += 1) await post(tx, room, n % 2 === 0 ? 'share' : 'reset', n);
  });
}

function post(tx, room, kind, n) {
  const to = `${kind === 'share' ? 'friend' : 'editor'}${n}@readers.example`;
  return room.post(tx, { kind, dedupeKey: to, to, mail: { subject: `رسالة ${n}`, html: `<p>${n}</p>`, text: `${n}` } });
}

async function kill(point, sink, smtpUrl, db, room) {
  sink.accepted.length = 0;
  sink.pauseMs = 0;
  await postAll(db, room);
  const ids = new Map(
    (await db.query('select m.dedupe_key as to, m.message_id as id from mail_outbox m order by m.id')).map(({ to, id }) => [to, id]),
  );

  let kills = 0;
  for (; kills < KILLS; kills += 1) {
    const child = start(smtpUrl);
    sink.arm(point, 1 + Math.floor(Math.random() * 5), child);
    const watch = new AbortController();
    const outlived = await Promise.race([
      sink.struck.then(() => false),
      died(child).then(() => false),
      drained(db, watch.signal, `lane = 'shares'`).then(() => true),
    ]);
    watch.abort();
    if (outlived) throw new Error('no share is left to be killed at: give more --mails');
    await died(child);
    // What two minutes would do, in no time.
    await db.query(`update mail_outbox set locked_until = now() where state = 'sending'`);
  }

  const started = performance.now();
  sink.disarm();
  const healthy = start(smtpUrl);
  const watch = new AbortController();
  const done = await Promise.race([drained(db, watch.signal).then(() => true), sleep(PATIENCE_MS, false, { ref: false })]);
  watch.abort();
  const seconds = (performance.now() - started) / 1_000;
  healthy.kill('SIGTERM');
  const [code] = await died(healthy);

  const rows = await db.query(
    `select kind, state, dedupe_key as to, to_enc is not null or content_enc is not null as kept from mail_outbox`,
  );
  const copies = new Map();
  for (const { to } of sink.accepted) copies.set(to, (copies.get(to) ?? 0) + 1);
  const arrived = (to) => copies.get(to) ?? 0;
  const shares = [...ids.keys()].filter(isShare);
  const resets = [...ids.keys()].filter((to) => !isShare(to));
  const uncertain = rows.filter(({ state }) => state === 'uncertain');
  const secondResets = resets.reduce((sum, to) => sum + Math.max(0, arrived(to) - 1), 0);
  process.stdout.write(
    `${point}: ${kills} kills, ${shares.length} shares, ${resets.length} resets; shares arrived ${shares.filter((to) => arrived(to) > 0).length}, uncertain ${uncertain.length} (of these arrived ${uncertain.filter(({ to }) => arrived(to) > 0).length}); second resets ${secondResets}; the rest went in ${seconds.toFixed(1)} s\n`,
  );
  const twice = shares.filter((to) => arrived(to) > 1).length;
  check('no share arrives twice', twice === 0, `${twice} did`);
  // Before the hand-over nothing is in doubt.
  const atRisk = point === 'after-handoff' || point === 'after-smtp-250' ? kills : 0;
  check(`uncertain: at most ${atRisk}`, uncertain.length <= atRisk, `${uncertain.length}`);
  const doubted = new Set(uncertain.map(({ to }) => to));
  const lostShares = shares.filter((to) => arrived(to) === 0 && !doubted.has(to)).length;
  check('no share is lost that is not said to be uncertain', lostShares === 0, `${lostShares} are`);
  const lost = resets.filter((to) => arrived(to) === 0).length;
  check('no reset is lost', lost === 0, `${lost} never arrived`);
  const strangers = sink.accepted.filter(({ to, messageId }) => ids.get(to) !== messageId).length;
  check('every copy has the Message-ID of its row', strangers === 0, `${strangers} have another`);
  const [{ stuck }] = await db.query(
    `select count(*)::int as stuck from mail_outbox where state in ('waiting', 'sending') and coalesce(locked_until, next_attempt_at) < now() + $1 * interval '1 second'`,
    [STUCK_S],
  );
  check('nothing is stuck', done && stuck === 0, `${stuck} still wait`);
  const open = rows.filter(({ state }) => state !== 'sent' && state !== 'uncertain').length;
  check('every row says sent or uncertain', open === 0, `${open} do not`);
  const kept = rows.filter((row) => row.kept).length;
  check('no address is kept', kept === 0, `${kept} are`);
  check('the healthy worker ended with 0', code === 0, `exit code ${code}`);
}

/** One share each second into a relay that takes its time for every answer, and a reset now and then: how long does that one take? */
async function crawl(sink, smtpUrl, db, room) {
  sink.accepted.length = 0;
  sink.pauseMs = PAUSE_MS;
  await db.query('truncate mail_outbox, mail_suppressions, mail_stops');
  const worker = start(smtpUrl);
  const posted = new Map();
  // A reset costs three answers: with two connections this is half of what they can carry.
  const resetEvery = Math.max(1, Math.ceil((3 * PAUSE_MS) / 1_000));
  let shares = 0;
  for (let second = 0; second < SECONDS; second += 1) {
    await db.transaction((tx) => post(tx, room, 'share', second));
    shares += 1;
    if (second % resetEvery === 0) {
      posted.set(`editor${second}@readers.example`, Date.now());
      await db.transaction((tx) => post(tx, room, 'reset', second));
    }
    await sleep(1_000);
  }
  const patience = Date.now() + RESET_WITHIN_S * 1_000;
  const missing = () => [...posted.keys()].filter((to) => !sink.accepted.some((mail) => mail.to === to));
  while (missing().length > 0 && Date.now() < patience) await sleep(250);
  const waits = [...posted].map(([to, at]) => ((sink.accepted.find((mail) => mail.to === to)?.at ?? Infinity) - at) / 1_000);
  const longest = Math.max(...waits);
  const [{ waiting }] = await db.query(
    `select count(*)::int as waiting from mail_outbox where lane = 'shares' and state in ('waiting', 'sending')`,
  );
  process.stdout.write(
    `slow: ${PAUSE_MS} ms an answer, ${SECONDS} s; ${shares} shares, of which ${waiting} still wait; ${posted.size} resets, the slowest arrived after ${longest.toFixed(1)} s; at most ${sink.mostOpen} connections\n`,
  );
  check(`resets arrive within ${RESET_WITHIN_S} s, however many shares wait`, longest <= RESET_WITHIN_S, `${longest} s`);
  check('shares did wait', waiting > 0, 'the relay was not slow enough to show anything');
  check(`at most ${LANE_CONNECTIONS} connections a lane`, sink.mostOpen <= 2 * LANE_CONNECTIONS, `${sink.mostOpen}`);

  // It has recovered: everything goes out, each share once.
  sink.pauseMs = 0;
  const back = performance.now();
  const watch = new AbortController();
  const done = await Promise.race([
    drained(db, watch.signal, `state <> 'dead'`).then(() => true),
    sleep(15 * 60_000, false, { ref: false }),
  ]);
  watch.abort();
  worker.kill('SIGTERM');
  await died(worker);
  const uncertain = (await db.query(`select dedupe_key as to from mail_outbox where state = 'uncertain'`)).length;
  const friends = sink.accepted.filter(({ to }) => isShare(to)).map(({ to }) => to);
  process.stdout.write(`back: everything was out after ${((performance.now() - back) / 1_000).toFixed(1)} s; ${uncertain} uncertain\n`);
  check(
    'everything goes out when the relay has recovered',
    done && new Set(friends).size + uncertain >= shares,
    `${new Set(friends).size} of ${shares}`,
  );
  check('no share arrives twice', new Set(friends).size === friends.length, `${friends.length - new Set(friends).size} second copies`);
}

/** The whole application, its loops included, on a port of its own. */
function start(smtpUrl) {
  const child = fork(join(root, 'bin', 'markaz.mjs'), ['serve'], {
    execArgv: options.plant === undefined ? [] : ['--import', plantImport(options.plant)],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    env: {
      PATH: process.env.PATH,
      DATA_DIR: server.config.dataDir,
      SECRET_KEY: server.config.secretKey,
      PUBLIC_ORIGIN: server.config.publicOrigin,
      SMTP_URL: smtpUrl,
      SAMPLE_CONTENT: 'false',
      LOG_LEVEL: 'error',
      HOST: '127.0.0.1',
      PORT: '0',
    },
  });
  // Its complaints are shown only when the run fails by them.
  child.said = '';
  child.stderr.on('data', (text) => {
    child.said = `${child.said}${text}`.slice(-4_000);
  });
  children.add(child);
  child.once('exit', () => children.delete(child));
  return child;
}

async function died(child) {
  const [code, signal] =
    child.exitCode !== null || child.signalCode !== null ? [child.exitCode, child.signalCode] : await once(child, 'exit');
  if (code !== null && code !== 0) throw new Error(`the application ended by itself with ${code}:\n${child.said}`);
  return [code, signal];
}

/** Settles once no such mail waits, or nobody wants to know any more. */
async function drained(db, signal, which = 'true') {
  while (!signal.aborted) {
    const [{ left }] = await db.query(`select count(*)::int as left from mail_outbox where state in ('waiting', 'sending') and (${which})`);
    if (left === 0) return;
    await sleep(250);
  }
}

function check(what, holds, found) {
  process.stdout.write(holds ? `  ok      ${what}\n` : `  FAILED  ${what}: ${found}\n`);
  if (!holds) failed += 1;
}
