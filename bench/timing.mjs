// Whether sign-in and the request for a new password take the same time for an address that somebody has as for one that nobody has.
// Three hundred pairs over real HTTP, known and unknown by turns, so that what slows the machine down slows both; medians within a tenth.
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { Passwords } from '../dist/src/accounts/passwords.js';
import { createApp } from '../dist/src/app.setup.js';
import { Config } from '../dist/src/config/config.js';
import { startServer } from './server.mjs';

const PAIRS = 300;
/** Before them, not counted: connections open, code compiled, pages of the tables in memory. */
const WARM_UP = 20;
/** What else runs on the machine moves medians too, now this way, now that; a difference of ours stays. So a broken round is repeated. */
const ROUNDS = 3;
/** How far apart the medians may be, as a share of the smaller. */
const LIMIT = 0.1;

const DOORS = [
  { name: 'sign-in', path: '/api/v1/sessions', status: 401, body: (email) => ({ email, password: 'not the password' }) },
  { name: 'reset', path: '/api/v1/password-resets', status: 202, body: (email) => ({ email }) },
];

const { values: options } = parseArgs({ options: { write: { type: 'boolean', default: false } } });
const print = (line) => process.stdout.write(`${line}\n`);

const server = await startServer();
for (const [signal, code] of Object.entries({ SIGINT: 130, SIGTERM: 143 })) {
  process.once(signal, () => void server.stop().finally(() => process.exit(code)));
}
try {
  process.exitCode = await run();
} finally {
  await server.stop();
}

/** @returns the exit code: 0 when both doors keep the limit */
async function run() {
  const owner = await server.connect('main');
  // One proxy, so that each request can come from a network of its own and none meets a limit.
  const config = new Config({
    DATA_DIR: server.config.dataDir,
    SECRET_KEY: server.config.secretKey,
    PUBLIC_ORIGIN: server.config.publicOrigin,
    SAMPLE_CONTENT: 'false',
    LOG_LEVEL: 'silent',
    TRUSTED_PROXY_HOPS: '1',
  });
  const app = await createApp(config, server.database);
  server.closeFirst(() => app.close());
  await app.listen(0, '127.0.0.1');
  const { port } = app.getHttpServer().address();
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  server.closeFirst(() => agent.destroy());

  const editors = await hire(owner, app.get(Passwords), WARM_UP + PAIRS);
  const measure = async (door) => {
    // Counted before or not: a known address must not find its bucket where an unknown one makes one.
    await owner.query('delete from rate_buckets');
    return measured(door, editors, (address) => ask(agent, port, door, address));
  };
  const results = [];
  for (const door of DOORS) {
    let result = await measure(door);
    for (let round = 2; round <= ROUNDS && result.apart > LIMIT; round += 1) {
      print(`${door.name}: ${percent(result.apart)} apart, measured again`);
      result = await measure(door);
    }
    results.push(result);
  }
  const { rows } = await owner.query(`select split_part(version(), ' ', 2) as postgres`);
  const report = reportOf(results, rows[0].postgres);
  print(report);
  if (options.write) writeFileSync(join(import.meta.dirname, 'timing.md'), report);
  return results.every(({ apart }) => apart <= LIMIT) ? 0 : 1;
}

/** @param send asks for one address, gives ms @returns both medians and how far they are apart, as a share of the smaller */
async function measured({ name }, editors, send) {
  const times = { known: [], unknown: [] };
  for (const [turn, email] of editors.entries()) {
    const pair = [
      ['known', email],
      ['unknown', newAddress()],
    ];
    // Who goes first changes, so that being second is no part of the difference.
    for (const [kind, address] of turn % 2 === 0 ? pair : pair.toReversed()) {
      const ms = await send(address);
      if (turn >= WARM_UP) times[kind].push(ms);
    }
  }
  const [known, unknown] = [median(times.known), median(times.unknown)];
  return { name, known, unknown, apart: Math.abs(known - unknown) / Math.min(known, unknown) };
}

/** Editors who may sign in, with one password for all. @returns their addresses */
async function hire(owner, passwords, count) {
  const hash = await passwords.hash(randomBytes(16).toString('hex'));
  const addresses = Array.from({ length: count }, newAddress);
  await owner.query(
    `with hired as (
       insert into editors (email, email_canonical, name, role, state) select e, e, 'An Editor', 'contributor', 'active' from unnest($1::text[]) e returning id)
     insert into editor_passwords (editor_id, hash) select id, $2 from hired`,
    [addresses, hash],
  );
  return addresses;
}

function newAddress() {
  return `${randomBytes(8).toString('hex')}@center.example`;
}

/** @returns ms from the first byte sent to the last one received. @throws Error for an answer that is not the expected one */
function ask(agent, port, { path, status, body }, address) {
  const payload = JSON.stringify(body(address));
  const headers = {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(payload),
    'x-forwarded-for': [10, ...randomBytes(3)].join('.'),
  };
  return new Promise((resolve, reject) => {
    const began = performance.now();
    const sent = request({ agent, port, path, headers, host: '127.0.0.1', method: 'POST' }, (answer) => {
      answer.resume();
      answer.on('end', () => {
        if (answer.statusCode === status) resolve(performance.now() - began);
        else reject(new Error(`${path} answered ${answer.statusCode}`));
      });
    });
    sent.on('error', reject);
    sent.end(payload);
  });
}

function median(times) {
  const sorted = times.toSorted((a, b) => a - b);
  return (sorted[sorted.length / 2 - 1] + sorted[sorted.length / 2]) / 2;
}

function percent(share) {
  return `${(share * 100).toFixed(1)} %`;
}

function reportOf(results, postgres) {
  const broken = results.filter(({ apart }) => apart > LIMIT).map(({ name }) => name);
  return [
    '# Known and unknown addresses',
    '',
    `Made by \`node bench/timing.mjs --write\` on ${new Date().toISOString().slice(0, 10)}: ${availableParallelism()} cores, Node ${process.version}, PostgreSQL ${postgres}`,
    `(embedded, default settings, durable commits). ${PAIRS} pairs over HTTP, known and unknown by turns; each request from a network of its own,`,
    `so that no limit is met. Limit: medians ${percent(LIMIT)} apart, in one of ${ROUNDS} rounds.`,
    broken.length === 0 ? '**Both hold.**' : `**Broken: ${broken.join(', ')}.**`,
    '',
    '| door | known, median ms | unknown, median ms | apart |',
    '| --- | ---: | ---: | ---: |',
    ...results.map(({ name, known, unknown, apart }) => `| ${name} | ${known.toFixed(2)} | ${unknown.toFixed(2)} | ${percent(apart)} |`),
    '',
  ].join('\n');
}
