// How many shares a server takes in a second, and whether their answers tell anything of a recipient. The reference is the least that an
// answer from the database costs: node:http alone, one named read through pg. Both in one run and by turns, so that what else runs on the
// machine slows both.
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { createServer as createHttp } from 'node:http';
import { connect as connectTo } from 'node:net';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { generateArchive } from './archive.mjs';
import { serve } from './application.mjs';
import { startServer } from './server.mjs';
import { shareRequests } from './share-requests.mjs';

const CLIENTS = [1, 4, 16];
/** The least share of the reference. */
const LIMIT = 0.4;
/** Of one round: the site takes 500 in an hour, and the buckets are emptied before each. */
const SHARES = 400;
/** A request of the reference. */
const READ = Buffer.from('GET / HTTP/1.1\r\nHost: center.example\r\n\r\n');

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    tries: { type: 'string', default: '1000' },
    write: { type: 'boolean', default: false },
  },
});
const [ROUNDS, TRIES] = [Number(options.rounds), Number(options.tries)];
const print = (line) => process.stdout.write(`${line}\n`);

const server = await startServer();
for (const [signal, code] of Object.entries({ SIGINT: 130, SIGTERM: 143 })) {
  process.once(signal, () => void server.stop().finally(() => process.exit(code)));
}
const { requestOf, hashOf } = shareRequests(server.config);
try {
  process.exitCode = await run();
} finally {
  await server.stop();
}

/** @returns the exit code: 0 when the limit holds for every number of clients, and a refused recipient cannot be told from another */
async function run() {
  const owner = await server.connect('main');
  const port = await serve(server);
  const article = await anArticle(owner);
  const reference = await serveReference(article);
  const rows = [];
  // What is asked about is the answer: the letters are made, and sent, when this is over.
  await owner.query(`alter table shares alter due_at set default now() + interval '1 hour'`);
  for (const clients of CLIENTS) {
    const rates = { ours: [], reference: [] };
    // The first round warms up: code compiled, connections open, pages in memory.
    for (let round = 0; round <= ROUNDS; round += 1) {
      for (const kind of round % 2 === 0 ? ['ours', 'reference'] : ['reference', 'ours']) {
        const requests = kind === 'ours' ? await sharesOf(article) : Array.from({ length: SHARES * 4 }, () => READ);
        await owner.query(`truncate rate_buckets`);
        const { rate } = await overHttp(kind === 'ours' ? port : reference, clients, requests);
        if (round > 0) rates[kind].push(rate);
      }
    }
    rows.push({ clients, ours: median(rates.ours), reference: median(rates.reference) });
    print(`${clients} clients: ${Math.round(rows.at(-1).ours)} shares/s, reference ${Math.round(rows.at(-1).reference)}`);
  }
  await owner.query(`alter table shares alter due_at set default now()`);
  await owner.query(`delete from shares`);
  const oracle = await recipients(owner, port, article);
  const { rows: versions } = await owner.query(`select split_part(version(), ' ', 2) as postgres, current_setting('fsync') as fsync`);
  const report = reportOf(rows, oracle, versions[0]);
  print(report);
  if (options.write) writeFileSync(join(import.meta.dirname, 'shares.md'), report);
  return rows.every(({ ours, reference: other }) => ours >= LIMIT * other) && holds(oracle) ? 0 : 1;
}

/** The reference, in this process, as the clients are: what is measured of ours has a process more. @returns its port */
async function serveReference(article) {
  const pool = new pg.Pool({ ...server.database.main, max: 10 });
  const http = createHttp((_request, response) => {
    void pool
      .query({ name: 'read', text: `select id, lang, title from pub.articles where id = $1`, values: [article] })
      .then(({ rows }) => {
        const body = JSON.stringify(rows[0]);
        response.writeHead(202, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }).end(body);
      });
  });
  await new Promise((resolve) => http.listen(0, '127.0.0.1', resolve));
  server.closeFirst(async () => {
    http.closeAllConnections();
    await new Promise((resolve) => http.close(resolve));
    await pool.end();
  });
  return http.address().port;
}

/** A public piece. */
async function anArticle(owner) {
  await generateArchive(owner, 2_000);
  const { rows } = await owner.query(`select article_id as id from pub.listings where list = 'all' order by published_at limit 1`);
  return rows[0].id;
}

/** One share's bytes. */
async function bytesOf(article, recipient) {
  const { path, headers, body } = await requestOf(article, recipient);
  const lines = Object.entries({ Host: 'center.example', ...headers, 'Content-Length': Buffer.byteLength(body) });
  return Buffer.from(`POST ${path} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body}`);
}

function sharesOf(article) {
  return Promise.all(Array.from({ length: SHARES }, () => bytesOf(article)));
}

/** @returns answers 202 in a second, over so many connections, each with one request at a time; and how long each took, in ms. @throws Error for any other answer */
async function overHttp(port, clients, requests) {
  let next = 0;
  const times = Array.from({ length: requests.length });
  const began = performance.now();
  await Promise.all(
    Array.from(
      { length: Math.min(clients, requests.length) },
      () =>
        new Promise((resolve, reject) => {
          const socket = connectTo(port, '127.0.0.1');
          socket.setNoDelay(true);
          let received = '';
          let index = 0;
          let sent = 0;
          const send = () => {
            if (next >= requests.length) return void socket.end(resolve);
            received = '';
            index = next++;
            sent = performance.now();
            socket.write(requests[index]);
          };
          socket.once('connect', send);
          socket.on('error', reject);
          socket.on('data', (data) => {
            received += data.toString('latin1');
            const head = received.indexOf('\r\n\r\n');
            if (head < 0) return;
            const length = Number(/content-length: (\d+)/i.exec(received)?.[1]);
            if (received.length < head + 4 + length) return;
            if (!received.startsWith('HTTP/1.1 202')) return reject(new Error(received));
            times[index] = performance.now() - sent;
            send();
          });
        }),
    ),
  );
  return { rate: (requests.length / (performance.now() - began)) * 1_000, times };
}

/**
 * Shares to mailboxes that have refused them, interleaved with shares to mailboxes nobody knows, one after another.
 * @returns medians in ms, whether they tell, and what became of the letters
 */
async function recipients(owner, port, article) {
  await settled(owner);
  await owner.query(`delete from mail_outbox where kind = 'share'`);
  const times = { refused: [], others: [] };
  for (let n = 0; n < TRIES; n += 1) {
    // The site's limits are not what is asked about here.
    if (n % 20 === 0) await settled(owner);
    const refuser = `refuser-${n}@${randomBytes(4).toString('hex')}.example`;
    await owner.query(`insert into mail_suppressions (address_hash, reason) values ($1, 'opt_out')`, [hashOf(refuser)]);
    for (const kind of n % 2 === 0 ? ['refused', 'others'] : ['others', 'refused']) {
      const recipient = kind === 'refused' ? refuser : `friend-${n}@${randomBytes(4).toString('hex')}.example`;
      times[kind].push((await overHttp(port, 1, [await bytesOf(article, recipient)])).times[0]);
    }
  }
  await settled(owner);
  const { rows } = await owner.query(
    `select count(*) filter (where state = 'withheld')::int as withheld, count(*) filter (where state = 'sent')::int as sent from mail_outbox where kind = 'share'`,
  );
  const [refused, others] = [median(times.refused), median(times.others)];
  const apart = Math.abs(refused - others);
  return { refused, others, told: apart >= 10 && apart >= 0.1 * others, ...rows[0] };
}

/** Waits until all that was taken is sent, with limits begun anew. */
async function settled(owner) {
  for (;;) {
    await owner.query(`truncate rate_buckets`);
    const { rows } = await owner.query(
      `select (select count(*)::int from shares where state = 'accepted') + (select count(*)::int from mail_outbox where state in ('waiting', 'sending')) as n`,
    );
    if (rows[0].n === 0) return;
    await new Promise((resume) => setTimeout(resume, 20));
  }
}

function median(numbers) {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Each of those who refused got nothing, each of the others one letter, and no answer told who is who. */
function holds({ told, withheld, sent }) {
  return !told && withheld === TRIES && sent === TRIES;
}

function reportOf(rows, oracle, { postgres, fsync }) {
  const broken = rows.filter(({ ours, reference }) => ours < LIMIT * reference).map(({ clients }) => `${clients} clients`);
  return [
    '# Shares',
    '',
    `Made by \`node bench/shares.mjs --write\` on ${new Date().toISOString().slice(0, 10)}: ${availableParallelism()} cores, Node ${process.version}, PostgreSQL ${postgres}`,
    `(embedded, fsync ${fsync}). Server, clients and PostgreSQL on one machine; medians of ${ROUNDS} rounds of ${SHARES} shares, by turns. Each share is`,
    'of a confirmed sender of its own, from a network of its own, with its work done before, and counts as taken when it is stored: letters are made',
    'after. The reference is node:http alone with one named read through pg: it stores nothing, and waits for no commit.',
    `Limit: ${LIMIT} of it.`,
    broken.length === 0 ? '**It holds.**' : `**Broken: ${broken.join(', ')}.**`,
    '',
    '| clients | shares/s | reference, reads/s | share |',
    '| ---: | ---: | ---: | ---: |',
    ...rows.map(
      ({ clients, ours, reference }) =>
        `| ${clients} | ${Math.round(ours)} | ${Math.round(reference)} | ${(ours / reference).toFixed(2)} |`,
    ),
    '',
    `${TRIES} shares to mailboxes that have refused such letters, interleaved with ${TRIES} to others, over one connection each. Their medians may be`,
    `10 ms or 10 % apart. ${holds(oracle) ? '**It holds.**' : '**Broken.**'}`,
    '',
    '| recipient | median, ms | letters handed over | letters withheld |',
    '| --- | ---: | ---: | ---: |',
    `| has refused | ${oracle.refused.toFixed(2)} | ${oracle.sent - TRIES} | ${oracle.withheld} |`,
    `| has not | ${oracle.others.toFixed(2)} | ${oracle.sent} | 0 |`,
    '',
  ].join('\n');
}
