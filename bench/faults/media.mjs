// The media room under kill -9, on a full disk, and in a crowd: nothing without its row, no row without its files, and readers undisturbed.
// See ../README.md.
import { spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import sharp from 'sharp';
import { DataSource } from 'typeorm';
import { SessionsService } from '../../dist/src/accounts/sessions.service.js';
import { createApp } from '../../dist/src/app.setup.js';
import { doctor, end, start } from '../application.mjs';
import { startReader } from '../reader.mjs';
import { startServer } from '../server.mjs';
import { PLANTS, plantImport } from './plants.mjs';

const MEDIA_PLANTS = Object.keys(PLANTS).filter((name) => name.startsWith('media-'));
const { values: options } = parseArgs({
  options: {
    part: { type: 'string', multiple: true, default: ['kills', 'disk', 'crowd'] },
    kills: { type: 'string', default: '25' },
    crowds: { type: 'string', default: '3' },
    plant: { type: 'string' },
  },
});
if (options.plant !== undefined && !MEDIA_PLANTS.includes(options.plant)) {
  process.stderr.write(`--plant takes one of: ${MEDIA_PLANTS.join(', ')}\n`);
  process.exit(2);
}
const KILLS = Number(options.kills);
/** Within which all is put right after a crash. */
const RIGHT_AFTER_S = 60;
const execArgv = options.plant === undefined ? [] : ['--import', plantImport(options.plant)];
const PARTS = { kills, disk, crowd };

let failed = 0;
for (const part of options.part) {
  const server = await startServer();
  try {
    const app = await createApp(server.config, server.database);
    await app.init();
    server.closeFirst(() => app.close());
    const db = app.get(DataSource);
    const [{ id }] = await db.query(
      `insert into editors (email, email_canonical, name, role, state) values ('a@center.example', 'a@center.example', 'محررة', 'chief', 'active') returning id`,
    );
    const token = await db.transaction((tx) => app.get(SessionsService).open(tx, id));
    await PARTS[part]({ server, db, token });
  } finally {
    await server.stop();
  }
}
process.exit(failed === 0 ? 0 : 1);

/** The server dies at random moments of uploads and renditions; after each, all must be right within a minute, by the next one alone. */
async function kills({ server, db, token }) {
  const pictures = await Promise.all([200, 400, 900].map((width) => aPicture(width)));
  const acknowledged = new Map();
  const findings = [];
  let slowest = 0;
  const counts = { sent: 0, taken: 0, met: { arriving: 0, due: 0, files: 0 } };
  for (let n = 1; n <= KILLS; n += 1) {
    const application = await start(server, { execArgv });
    const sending = Array.from({ length: 6 }, async (_, which) => {
      for (let round = 0; round < 20; round += 1) {
        const content = which % 3 === 2 ? aPdf() : pictures[(n + which + round) % pictures.length];
        counts.sent += 1;
        const answer = await upload(application.port, token, content).catch(() => null);
        if (answer === null) return;
        if (answer.status === 201) acknowledged.set(answer.body.id, which % 3 === 2 ? digest(content) : null);
        else if (![429, 503].includes(answer.status)) check(`an answer is clear`, false, `${answer.status} ${answer.body.code}`);
      }
    });
    await sleep(300 + Math.random() * 2_500);
    await end(application.child, 'SIGKILL');
    await Promise.all(sending);
    const before = await state(db, server.config.dataDir);
    for (const [what, many] of Object.entries(before.counts)) counts.met[what] += many > 0 ? 1 : 0;
    // Whatever hung on the last process is gone with it; the next one finds what it left.
    const began = performance.now();
    const next = await start(server, { execArgv });
    let left = before;
    while ((left = await state(db, server.config.dataDir)).faults.length > 0 || left.counts.arriving > 0) {
      if (performance.now() - began > RIGHT_AFTER_S * 1_000) break;
      await sleep(250);
    }
    const seconds = (performance.now() - began) / 1_000;
    slowest = Math.max(slowest, seconds);
    if (left.faults.length > 0 || left.counts.arriving > 0) {
      check(
        `kill ${n}: all is right after ${RIGHT_AFTER_S} s`,
        false,
        [...left.faults.slice(0, 3), JSON.stringify(left.counts)].join('; '),
      );
      return;
    }
    findings.push(...(await doctor(server)));
    await end(next.child, 'SIGTERM');
  }
  counts.taken = acknowledged.size;
  const rendering = await start(server, { execArgv });
  for (const until = performance.now() + 600_000; performance.now() < until; await sleep(500)) {
    const [{ due }] = await db.query(`select count(*)::int as due from media where state = 'due'`);
    if (due === 0) break;
  }
  await end(rendering.child, 'SIGTERM');
  process.stdout.write(
    `kills: ${KILLS}; ${counts.sent} uploads sent, ${counts.taken} acknowledged; the kill met arriving rows ${counts.met.arriving} times, due ones ${counts.met.due} times, ` +
      `unfinished files ${counts.met.files} times; right again after ${slowest.toFixed(1)} s (most)\n`,
  );
  const last = await state(db, server.config.dataDir);
  const rows = await db.query(
    `select m.id, m.state, (select encode(sha256, 'hex') from media_files f where f.media_id = m.id and f.name = 'document.pdf') as sha from media m`,
  );
  const byId = new Map(rows.map((row) => [row.id, row]));
  const lost = [...acknowledged.keys()].filter((id) => byId.get(id)?.state !== 'ready');
  const wrong = [...acknowledged].filter(([id, sha]) => sha !== null && byId.get(id)?.sha !== sha);
  check('every file has its row, every row its files, and each its hash', last.faults.length === 0, last.faults.slice(0, 3).join('; '));
  check('the doctor finds nothing after any of them', findings.length === 0, findings.slice(0, 3).join('; '));
  check(`all is right within ${RIGHT_AFTER_S} s of each crash`, slowest <= RIGHT_AFTER_S, `${slowest} s`);
  check(
    'every acknowledged upload is there, ready',
    lost.length === 0,
    `${lost.length} of ${acknowledged.size} are not: ${lost.slice(0, 5).join()}`,
  );
  check('every acknowledged document is what was sent', wrong.length === 0, `${wrong.length} are not`);
  check('the kills met uploads or renditions at work', counts.met.arriving + counts.met.due >= KILLS / 2, JSON.stringify(counts.met));
}

/** A disk of 64 MB for media fills up: uploads are refused, readers see nothing of it, and it works again once there is room. */
async function disk({ server, db, token }) {
  const root = join(server.config.dataDir, 'media');
  mkdirSync(root, { recursive: true, mode: 0o700 });
  if (process.getuid() !== 0 || spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64m,mode=0700', 'none', root]).status !== 0) {
    process.stdout.write('disk: left out, since only root may mount a tmpfs\n');
    return;
  }
  try {
    const application = await start(server, { execArgv });
    const large = await aPicture(3_800);
    const first = await upload(application.port, token, aPdf());
    const statuses = {};
    for (let n = 0; n < 40; n += 1) {
      const { status } = await upload(application.port, token, n % 4 === 3 ? aPdf(9_000_000) : large);
      statuses[status] = (statuses[status] ?? 0) + 1;
    }
    const read = await fetch(`http://127.0.0.1:${application.port}/api/v1/articles`);
    const file = await get(application.port, token, `/api/v1/desk/media/${first.body.id}/files/document.pdf`);
    const during = await settled(db, server.config.dataDir);
    const refused = await upload(application.port, token, aPdf(15_000_000));
    for (const { id } of await db.query(`select id from media where kind = 'document' and id <> $1`, [first.body.id]))
      await remove(application.port, token, id);
    await settled(db, server.config.dataDir);
    const later = await upload(application.port, token, aPdf());
    process.stdout.write(`disk: 40 uploads of which ${JSON.stringify(statuses)}\n`);
    check(
      'a full disk is told as such',
      statuses[507] > 0 && Object.keys(statuses).every((status) => ['201', '507'].includes(status)),
      JSON.stringify(statuses),
    );
    check('and again', refused.status === 507 && refused.body.code === 'storage_full', `${refused.status}`);
    check('readers see nothing of it', read.status === 200 && file === 200, `${read.status}, ${file}`);
    check(
      'nothing is left behind',
      during.faults.length === 0 && during.counts.arriving === 0,
      [...during.faults.slice(0, 3), JSON.stringify(during.counts)].join('; '),
    );
    check('it works again once there is room, without a restart', later.status === 201, `${later.status} ${later.body.code}`);
    await end(application.child, 'SIGTERM');
  } finally {
    spawnSync('umount', [root]);
  }
}

/** Fifty at once, and a reader beside them; in turns with a reader alone, so that the machine's own moods fall on both. */
async function crowd({ server, db, token }) {
  const application = await start(server, { execArgv });
  const picture = await aPicture(4_000);
  const [alone, beside] = [[], []];
  const reader = await startReader(`http://127.0.0.1:${application.port}/api/v1/articles`);
  await reader.until(sleep(3_000));
  const before = rss(application.child.pid);
  let [most, children] = [before, 0];
  const statuses = {};
  const watch = setInterval(() => {
    most = Math.max(most, rss(application.child.pid));
    children = Math.max(children, childrenRss(application.child.pid));
  }, 20);
  for (let n = 0; n < Number(options.crowds); n += 1) {
    alone.push(...(await reader.until(sleep(8_000))));
    const uploads = Array.from({ length: 50 }, async () => {
      const { status } = await upload(application.port, token, picture).catch((error) => ({ status: error.code }));
      statuses[status] = (statuses[status] ?? 0) + 1;
    });
    beside.push(...(await reader.until(Promise.all(uploads))));
    for (let due = 1; due > 0; await sleep(200)) [{ due }] = await db.query(`select count(*)::int as due from media where state = 'due'`);
  }
  clearInterval(watch);
  await reader.leave();
  const [p99Alone, p99Beside] = [alone, beside].map((times) => times.toSorted((a, b) => a - b)[Math.ceil(times.length * 0.99) - 1]);
  const grown = most - before;
  process.stdout.write(
    `crowd: ${options.crowds} times 50 uploads of ${(picture.length / 1e6).toFixed(1)} MB, 12 million pixels: ${JSON.stringify(statuses)}; ` +
      `server ${before} MB, ${grown} MB more at most; its processes ${children} MB at most together; ` +
      `readers' p99 ${p99Alone.toFixed(1)} ms alone (${alone.length}), ${p99Beside.toFixed(1)} ms beside (${beside.length}): × ${(p99Beside / p99Alone).toFixed(2)}\n`,
  );
  check(
    'each is taken or told to come again',
    Object.keys(statuses).every((status) => ['201', '429', '503'].includes(status)),
    JSON.stringify(statuses),
  );
  check('the server grows by less than 150 MB', grown < 150, `${grown} MB`);
  check('its processes stay within 1,024 MB together', children < 1_024, `${children} MB`);
  check(`readers' p99 is at most doubled`, p99Beside <= 2 * p99Alone, `${p99Alone} ms, ${p99Beside} ms`);
  await end(application.child, 'SIGTERM');
}

/** What is there and what should be: what lies where nobody expects it, or is missing, or is another file. */
async function state(db, dataDir) {
  const rows = await db.query(
    `select m.id, m.state, coalesce(json_agg(json_build_object('name', f.name, 'bytes', f.bytes, 'sha', encode(f.sha256, 'hex'))) filter (where f.name is not null), '[]') as files
     from media m left join media_files f on f.media_id = m.id group by m.id`,
  );
  const byId = new Map(rows.map((row) => [String(row.id), row]));
  const root = join(dataDir, 'media');
  const faults = [];
  let files = 0;
  for (const folder of existsSync(root) ? readdirSync(root) : []) {
    const row = byId.get(folder);
    // Says whose the folder is.
    if (folder === 'center') continue;
    if (row === undefined) faults.push(`files without a row: ${folder}`);
    else if (['ready', 'failed'].includes(row.state)) {
      for (const name of listed(join(root, folder)))
        if (!row.files.some((file) => file.name === name)) faults.push(`${folder}/${name} has no row`);
    } else if (listed(join(root, folder)).some((name) => name.endsWith('.part'))) files += 1;
  }
  for (const { id, state: now, files: expected } of rows) {
    if (now === 'due' && expected.length !== 1) faults.push(`${id} is due without its original`);
    for (const { name, bytes, sha } of expected) {
      const path = join(root, String(id), name);
      const content = existsSync(path) ? readFileSync(path) : null;
      if (content === null) faults.push(`${id}/${name} is missing`);
      else if (content.length !== bytes || digest(content) !== sha) faults.push(`${id}/${name} is another file`);
    }
  }
  const many = (wanted) => rows.filter((row) => row.state === wanted).length;
  return { faults, counts: { arriving: many('arriving'), due: many('due'), files } };
}

function listed(folder) {
  try {
    return readdirSync(folder);
  } catch (error) {
    // Swept while we looked.
    if (error.code === 'ENOENT') return [];
    throw error;
  }
}

/** What is so at the latest after a minute. */
async function settled(db, dataDir) {
  for (const until = performance.now() + RIGHT_AFTER_S * 1_000; performance.now() < until; await sleep(250)) {
    const [{ left }] = await db.query(`select count(*)::int as left from media where state in ('arriving', 'removed')`);
    if (left === 0) break;
  }
  return state(db, dataDir);
}

function rss(pid) {
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(textOf(`/proc/${pid}/status`))?.[1] ?? 0) / 1_024);
}

function childrenRss(pid) {
  const pids = textOf(`/proc/${pid}/task/${pid}/children`).trim().split(' ').filter(Boolean);
  return pids.reduce((sum, child) => sum + rss(child) + childrenRss(child), 0);
}

/** Gone while we looked, it counts as nothing. */
function textOf(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function digest(content) {
  return createHash('sha256').update(content).digest('hex');
}

/** Noise, so that nothing compresses it away. */
async function aPicture(width) {
  const [w, h] = [Math.ceil(width / 4), Math.ceil(width / 5.3)];
  const noise = sharp({
    create: { width: w, height: h, channels: 3, background: '#000', noise: { type: 'gaussian', mean: 128, sigma: 40 } },
  });
  return sharp(await noise.png().toBuffer())
    .resize(width)
    .jpeg({ quality: 85 })
    .toBuffer();
}

function aPdf(bytes = 20_000) {
  return Buffer.concat([Buffer.from('%PDF-1.4\n'), Buffer.from(randomBytes(bytes / 2).toString('hex')), Buffer.from('\n%%EOF\n')]);
}

/** Over a connection of its own; an answer that comes before all is sent is read. */
function upload(port, token, content) {
  const boundary = 'bench0123456789';
  const body = Buffer.concat([
    Buffer.from(
      `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="x"\r\nContent-Type: application/octet-stream\r\n\r\n`,
    ),
    content,
    Buffer.from(`\r\n--${boundary}--\r\n`),
  ]);
  const headers = {
    authorization: `Bearer ${token}`,
    'content-type': `multipart/form-data; boundary=${boundary}`,
    'content-length': body.length,
  };
  return new Promise((resolve, reject) => {
    const outgoing = request({ host: '127.0.0.1', port, method: 'POST', path: '/api/v1/desk/media', headers, agent: false }, (answer) => {
      let text = '';
      answer.on('data', (data) => (text += data));
      answer.on('error', reject);
      answer.on('end', () => resolve({ status: answer.statusCode, body: JSON.parse(text) }));
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

async function get(port, token, path) {
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, { headers: { authorization: `Bearer ${token}` } });
  await answer.arrayBuffer();
  return answer.status;
}

async function remove(port, token, id) {
  await fetch(`http://127.0.0.1:${port}/api/v1/desk/media/${id}`, { method: 'DELETE', headers: { authorization: `Bearer ${token}` } });
}

function check(what, holds, otherwise) {
  if (!holds) failed += 1;
  process.stdout.write(holds ? `  ok      ${what}\n` : `  FAILED  ${what}: ${otherwise}\n`);
}
