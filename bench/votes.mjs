// How many votes a server takes in a second, and what work of level 1 costs it. The reference is what PostgreSQL itself can do: as many
// connections as there are readers, each running the same statement for one ballot after another. Both in one run and by turns, so that what
// else runs on the machine slows both.
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { connect as connectTo } from 'node:net';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { solveChallenge } from 'altcha-lib';
import { deriveKey } from 'altcha-lib/algorithms/pbkdf2';
import { Secret } from '../dist/src/config/secret.js';
import { ballotHash, choicesDigest, receiptHash, receiptOf } from '../dist/src/polls/ballot-keys.js';
import { castBallots, castValues } from '../dist/src/polls/ballots.queries.js';
import { PollSecrets } from '../dist/src/polls/poll-secrets.js';
import { ReaderCookie } from '../dist/src/polls/reader-cookie.js';
import { PollWork } from '../dist/src/polls/poll-work.js';
import { serve } from './application.mjs';
import { startServer } from './server.mjs';

const CLIENTS = [4, 16, 64];
/** The least share of the reference. */
const LIMIT = 0.8;

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '2' },
    write: { type: 'boolean', default: false },
  },
});
const [ROUNDS, SECONDS] = [Number(options.rounds), Number(options.seconds)];
/** More than are cast in a round. */
const READERS = Math.ceil(6_000 * SECONDS);
const print = (line) => process.stdout.write(`${line}\n`);

const server = await startServer();
for (const [signal, code] of Object.entries({ SIGINT: 130, SIGTERM: 143 })) {
  process.once(signal, () => void server.stop().finally(() => process.exit(code)));
}
const secrets = new PollSecrets((purpose) => new Secret(server.config.secretKey).derive(purpose));
const cookies = new ReaderCookie({ origin: server.config.publicOrigin }, secrets);
try {
  process.exitCode = await run();
} finally {
  await server.stop();
}

/** @returns the exit code: 0 when the limit holds for every number of clients */
async function run() {
  const owner = await server.connect('main');
  const port = await serve(server);
  const rows = [];
  for (const clients of CLIENTS) {
    const connections = await Promise.all(Array.from({ length: clients }, () => server.connect('main')));
    const rates = { ours: [], reference: [] };
    // The first round warms up: code compiled, connections open, pages in memory.
    for (let round = 0; round <= ROUNDS; round += 1) {
      for (const kind of round % 2 === 0 ? ['ours', 'reference'] : ['reference', 'ours']) {
        const poll = await aPoll(owner, 0);
        const rate = kind === 'ours' ? await overHttp(port, clients, votesOf(poll)) : await byPg(connections, poll);
        if (round > 0) rates[kind].push(rate);
      }
    }
    rows.push({ clients, ours: median(rates.ours), reference: median(rates.reference) });
    print(`${clients} clients: ${Math.round(rows.at(-1).ours)} votes/s, reference ${Math.round(rows.at(-1).reference)}`);
  }
  const costs = await costsOfWork(owner, port);
  const { rows: versions } = await owner.query(`select split_part(version(), ' ', 2) as postgres, current_setting('fsync') as fsync`);
  const report = reportOf(rows, costs, versions[0]);
  print(report);
  if (options.write) writeFileSync(join(import.meta.dirname, 'votes.md'), report);
  return rows.every(({ ours, reference }) => ours >= LIMIT * reference) ? 0 : 1;
}

async function aPoll(owner, level) {
  const secret = randomBytes(32);
  const { rows } = await owner.query(
    `with poll as (
       insert into polls (question, level, results, state, opens_at, ballot_secret) values ('{"ar": "ما رأيك؟"}', $1, 'after_close', 'open', poll_now(), $2) returning id)
     select id from poll`,
    [level, secret],
  );
  const { rows: made } = await owner.query(
    `insert into poll_options (poll_id, position, label) select $1, n, jsonb_build_object('ar', 'خيار ' || n) from generate_series(1, 4) n returning id`,
    [rows[0].id],
  );
  return { id: rows[0].id, level, secret, optionIds: made.map(({ id }) => id) };
}

/** One request's bytes. @param body of a reader somewhere in the world */
function requestOf(path, body, cookie = '') {
  const payload = JSON.stringify(body);
  const lines = [
    `POST /api/v1/polls/${path} HTTP/1.1`,
    'Host: center.example',
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(payload)}`,
    `X-Forwarded-For: ${[10, ...randomBytes(3)].join('.')}`,
    'User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0',
    ...(cookie && [`Cookie: ${cookie}`]),
  ];
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n${payload}`);
}

/** A reader with a cookie. */
function aReader() {
  const ballot = cookies.make();
  let cookie = '';
  cookies.give({ setCookie: (name, value) => (cookie = `${name}=${value}`) }, ballot);
  return { nonce: ballot.nonce, cookie };
}

function votesOf({ id, optionIds }) {
  return Array.from({ length: READERS }, (_, n) => requestOf(`${id}/votes`, { optionIds: [optionIds[n % 4]] }, aReader().cookie));
}

/** @returns answers 201 in a second, over so many connections, each with one request at a time. @throws Error for any other answer */
async function overHttp(port, clients, requests) {
  let next = 0;
  let answered = 0;
  const end = performance.now() + SECONDS * 1_000;
  const began = performance.now();
  await Promise.all(
    Array.from(
      { length: clients },
      () =>
        new Promise((resolve, reject) => {
          const socket = connectTo(port, '127.0.0.1');
          socket.setNoDelay(true);
          let received = '';
          const send = () => {
            if (performance.now() >= end || next >= requests.length) return void socket.end(resolve);
            received = '';
            socket.write(requests[next++]);
          };
          socket.once('connect', send);
          socket.on('error', reject);
          socket.on('data', (data) => {
            received += data.toString('latin1');
            const head = received.indexOf('\r\n\r\n');
            if (head < 0) return;
            const length = Number(/content-length: (\d+)/i.exec(received)?.[1]);
            if (received.length < head + 4 + length) return;
            if (!received.startsWith('HTTP/1.1 201')) return reject(new Error(received));
            answered += 1;
            send();
          });
        }),
    ),
  );
  if (next >= requests.length) throw new Error('faster than expected: READERS is too small');
  return (answered / (performance.now() - began)) * 1_000;
}

/** @returns ballots in a second, each a transaction of its own */
async function byPg(connections, poll) {
  let stored = 0;
  const end = performance.now() + SECONDS * 1_000;
  const began = performance.now();
  await Promise.all(
    connections.map(async (connection) => {
      while (performance.now() < end) {
        const { rows } = await connection.query({ name: 'cast', text: castBallots, values: castValues([aBallot(poll, stored)]) });
        if (rows[0].outcome !== 'cast') throw new Error(rows[0].outcome);
        stored += 1;
      }
    }),
  );
  return (stored / (performance.now() - began)) * 1_000;
}

function aBallot({ id, level, secret, optionIds }, n) {
  const nonce = randomBytes(16);
  const chosen = [optionIds[n % 4]];
  const key = () => randomBytes(32);
  return {
    pollId: id,
    level,
    maxChoices: 1,
    ballotHash: ballotHash(secret, nonce),
    receiptHash: receiptHash(receiptOf(secret, nonce)),
    choicesDigest: choicesDigest(chosen),
    optionIds: chosen,
    networkKey: key(),
    vicinityKey: key(),
    agentKey: key(),
    eventKey: key(),
    groupId: null,
  };
}

/** What a vote of level 1 costs the server beyond one of level 0. @returns medians of µs for one request, at 16 clients */
async function costsOfWork(owner, port) {
  const polls = { 0: await aPoll(owner, 0), 1: await aPoll(owner, 1) };
  const work = new PollWork(secrets);
  const requests = {
    'ballot, level 0': () => Array.from({ length: READERS }, () => requestOf(`${polls[0].id}/ballots`, {})),
    'ballot with a challenge, level 1': () => Array.from({ length: READERS }, () => requestOf(`${polls[1].id}/ballots`, {})),
    'vote, level 0': () => votesOf(polls[0]),
    // Of the smallest effort: what the reader's search takes is not ours.
    'vote with its solution, level 1': () =>
      Promise.all(
        Array.from({ length: READERS }, async (_, n) => {
          const { nonce, cookie } = aReader();
          const challenge = await work.challenge(polls[1].id, nonce, 1 / 600);
          const solution = await solveChallenge({ challenge, deriveKey });
          return requestOf(`${polls[1].id}/votes`, { optionIds: [polls[1].optionIds[n % 4]], work: { challenge, solution } }, cookie);
        }),
      ),
  };
  const costs = Object.fromEntries(Object.keys(requests).map((name) => [name, []]));
  for (let round = 0; round < 3; round += 1)
    for (const [name, make] of Object.entries(requests)) costs[name].push(1e6 / (await overHttp(port, 16, await make())));
  return Object.fromEntries(Object.entries(costs).map(([name, times]) => [name, median(times)]));
}

function median(numbers) {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

function reportOf(rows, costs, { postgres, fsync }) {
  const broken = rows.filter(({ ours, reference }) => ours < LIMIT * reference).map(({ clients }) => `${clients} clients`);
  const cost = (name) => costs[name];
  const extra =
    cost('ballot with a challenge, level 1') - cost('ballot, level 0') + cost('vote with its solution, level 1') - cost('vote, level 0');
  return [
    '# Votes',
    '',
    `Made by \`node bench/votes.mjs --write\` on ${new Date().toISOString().slice(0, 10)}: ${availableParallelism()} cores, Node ${process.version}, PostgreSQL ${postgres}`,
    `(embedded, fsync ${fsync}, durable commits). Server, clients and PostgreSQL on one machine; medians of ${ROUNDS} rounds of ${SECONDS} s, by turns. Each vote`,
    'is a reader’s first, from a network of its own, with a cookie given before. The reference has as many connections to PostgreSQL as there are',
    `clients, without HTTP, and stores one ballot in a transaction with the same statement. Limit: ${LIMIT} of it.`,
    broken.length === 0 ? '**It holds.**' : `**Broken: ${broken.join(', ')}.**`,
    '',
    '| clients | votes/s, level 0 | reference, ballots/s | share |',
    '| ---: | ---: | ---: | ---: |',
    ...rows.map(
      ({ clients, ours, reference }) =>
        `| ${clients} | ${Math.round(ours)} | ${Math.round(reference)} | ${(ours / reference).toFixed(2)} |`,
    ),
    '',
    '| at 16 clients | µs for one |',
    '| --- | ---: |',
    ...Object.entries(costs).map(([name, µs]) => `| ${name} | ${Math.round(µs)} |`),
    `| **level 1 beyond level 0: challenge and verification** | **${Math.round(extra)}** |`,
    '',
  ].join('\n');
}
