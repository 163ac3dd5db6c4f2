// The mail worker killed with -9, again and again: while it holds a mail it has not yet sent, and after the relay's 250 before it can write
// that down. Nothing may be lost, no second copy may look like a second letter, nothing may stay behind. See README.md.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { SMTPServer } from 'smtp-server';
import { createApp } from '../../dist/src/app.setup.js';
import { MailRoom } from '../../dist/src/mail/mail-room.service.js';
import { DataSource } from 'typeorm';
import { startServer } from '../server.mjs';
import { PLANTS, plantImport } from './plants.mjs';

const { values: options } = parseArgs({
  options: {
    kills: { type: 'string', default: '25' },
    mails: { type: 'string', default: '500' },
    plant: { type: 'string' },
    point: { type: 'string' },
  },
});
const KILLS = Number(options.kills);
const MAILS = Number(options.mails);
const MAIL_PLANTS = Object.keys(PLANTS).filter((name) => !/^(schedule|vote|share)-/.test(name));
if (options.plant !== undefined && !MAIL_PLANTS.includes(options.plant)) {
  process.stderr.write(`--plant takes one of: ${MAIL_PLANTS.join(', ')}\n`);
  process.exit(2);
}
const POINTS = ['after-claim', 'after-smtp-250'];
/** Kinds of both lanes. */
const KINDS = ['reset', 'approved', 'invitation', 'returned'];
/** A mail stays locked for two minutes; nothing may stay for more than five. */
const LOCK_S = 120;
const STUCK_S = 300;
/** For the healthy worker at the end: it sends some hundred mails a second. */
const PATIENCE_MS = 60_000;

const root = join(import.meta.dirname, '..', '..');

/** A relay that kills its client at the `countdown`th mail from now, and answers nobody from that moment on. */
class Sink {
  accepted = [];
  countdown = Infinity;
  point = null;
  victim = null;
  /** Settles once the victim is dead. */
  struck = null;
  #holding = false;

  async open() {
    this.server = new SMTPServer({
      authOptional: true,
      disabledCommands: ['STARTTLS', 'AUTH'],
      disableReverseLookup: true,
      onMailFrom: (_address, _session, done) => {
        if (this.#holding) return;
        if (this.point === 'after-claim' && (this.countdown -= 1) <= 0) void this.#strike(null);
        else done();
      },
      onData: (stream, { envelope }, done) => {
        const chunks = [];
        stream.on('data', (chunk) => chunks.push(chunk));
        stream.on('end', () => {
          if (this.#holding) return;
          const accept = () => {
            const messageId = /^Message-ID: (<.*>)\r$/m.exec(Buffer.concat(chunks).toString('latin1'))?.[1];
            this.accepted.push({ to: envelope.rcptTo[0].address, messageId });
            done();
          };
          if (this.point === 'after-smtp-250' && (this.countdown -= 1) <= 0) void this.#strike(accept);
          else accept();
        });
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

  /**
   * Stopped before the answer is written, so that it cannot have read it; killed afterwards. The answers before this one have half a second
   * to be written down, so that each kill puts one mail at risk and the count of second copies says something.
   */
  async #strike(accept) {
    this.#holding = true;
    await sleep(500);
    this.victim.kill('SIGSTOP');
    if (accept) {
      accept();
      await sleep(50);
    }
    this.victim.kill('SIGKILL');
    this.strike();
  }

  close() {
    return new Promise((resolve) => this.server.close(resolve));
  }
}

const server = await startServer();
const sink = new Sink();
const children = new Set();
let failed = 0;
try {
  const smtpUrl = await sink.open();
  server.closeFirst(() => sink.close());
  // Describes the application and posts; its loops are never started.
  const app = await createApp(server.config, server.database);
  await app.init();
  server.closeFirst(() => app.close());
  const db = app.get(DataSource);
  for (const point of POINTS.filter((name) => name === (options.point ?? name))) await run(point, smtpUrl, db, app.get(MailRoom));
} finally {
  for (const child of children) child.kill('SIGKILL');
  await server.stop();
}
process.exit(failed === 0 ? 0 : 1);

async function run(point, smtpUrl, db, room) {
  sink.accepted.length = 0;
  await db.query('truncate mail_outbox');
  await db.transaction(async (tx) => {
    for (let n = 0; n < MAILS; n += 1) {
      const mail = { subject: `رسالة ${n}`, html: `<p>${n}</p>`, text: `${n}` };
      await room.post(tx, { kind: KINDS[n % KINDS.length], dedupeKey: `${point} ${n}`, to: `editor${n}@readers.example`, mail });
    }
  });
  const posted = await db.query('select m.message_id as id from mail_outbox m order by m.id');

  let longestLock = 0;
  let kills = 0;
  for (; kills < KILLS; kills += 1) {
    const child = start(smtpUrl);
    sink.arm(point, 1 + Math.floor(Math.random() * 12), child);
    const watch = new AbortController();
    const outlived = await Promise.race([
      sink.struck.then(() => false),
      died(child).then(() => false),
      drained(db, watch.signal).then(() => true),
    ]);
    watch.abort();
    if (outlived) throw new Error('no mail is left to be killed at: give more --mails');
    await died(child);
    const [left] = await db.query(
      `select coalesce(max(extract(epoch from locked_until - now())), 0)::float8 as s from mail_outbox where state = 'sending'`,
    );
    longestLock = Math.max(longestLock, left.s);
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

  const rows = await db.query(`select state, to_enc is not null as kept from mail_outbox`);
  const ids = new Map(posted.map(({ id }, n) => [`editor${n}@readers.example`, id]));
  const arrived = new Set(sink.accepted.map(({ to }) => to));
  const second = sink.accepted.length - arrived.size;
  const atRisk = point === 'after-smtp-250' ? kills : 0;
  const [{ stuck }] = await db.query(
    `select count(*)::int as stuck from mail_outbox where state in ('waiting', 'sending') and coalesce(locked_until, next_attempt_at) < now() + $1 * interval '1 second'`,
    [STUCK_S],
  );
  process.stdout.write(
    `${point}: ${kills} kills, ${MAILS} mails, ${sink.accepted.length} taken by the relay, ${second} second copies; the rest went in ${seconds.toFixed(1)} s\n`,
  );
  const lost = [...ids.keys()].filter((to) => !arrived.has(to)).length;
  check('nothing is lost', lost === 0, `${lost} never arrived`);
  const strangers = sink.accepted.filter(({ to, messageId }) => ids.get(to) !== messageId).length;
  check('every copy has the Message-ID of its row', strangers === 0, `${strangers} have another`);
  check(`second copies: at most ${atRisk}`, second <= atRisk, `${second}`);
  check('nothing is stuck', done && stuck === 0, `${stuck} still wait`);
  check(`a dead worker's mail was held for at most ${LOCK_S} s`, longestLock <= LOCK_S, `${longestLock} s`);
  const unsent = rows.filter(({ state }) => state !== 'sent').length;
  check('every row says sent', unsent === 0, `${unsent} do not`);
  check(
    'no address is kept',
    rows.every(({ kept }) => !kept),
    `${rows.filter(({ kept }) => kept).length} are`,
  );
  check('the healthy worker ended with 0', code === 0, `exit code ${code}`);
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

/** Settles once no mail waits, or nobody wants to know any more. */
async function drained(db, signal) {
  while (!signal.aborted) {
    const [{ left }] = await db.query(`select count(*)::int as left from mail_outbox where state in ('waiting', 'sending')`);
    if (left === 0) return;
    await sleep(250);
  }
}

function check(what, holds, found) {
  process.stdout.write(holds ? `  ok      ${what}\n` : `  FAILED  ${what}: ${found}\n`);
  if (!holds) failed += 1;
}
