// Two processes and a crowd of articles that fall due; the one at work is killed with -9 midway. Each article must be published, once, and
// soon. See ../README.md.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { DataSource } from 'typeorm';
import { SYSTEM } from '../../dist/src/access/access.js';
import { createApp } from '../../dist/src/app.setup.js';
import { DraftingService } from '../../dist/src/articles/drafting.service.js';
import { WorkflowService } from '../../dist/src/articles/workflow.service.js';
import { AuthorsService } from '../../dist/src/authors/authors.service.js';
import { SectionsService } from '../../dist/src/sections/sections.service.js';
import { startServer } from '../server.mjs';
import { PLANTS, plantImport } from './plants.mjs';

const SCHEDULE_PLANTS = Object.keys(PLANTS).filter((name) => name.startsWith('schedule-'));
const { values: options } = parseArgs({
  options: {
    articles: { type: 'string', default: '200' },
    seconds: { type: 'string', default: '60' },
    plant: { type: 'string' },
  },
});
const ARTICLES = Number(options.articles);
/** All fall due within these, evenly. */
const SECONDS = Number(options.seconds);
if (options.plant !== undefined && !SCHEDULE_PLANTS.includes(options.plant)) {
  process.stderr.write(`--plant takes one of: ${SCHEDULE_PLANTS.join(', ')}\n`);
  process.exit(2);
}
/** Across the kill; without one it is 2 s, which is reported. */
const LATE_S = 15;
const root = join(import.meta.dirname, '..', '..');
const server = await startServer();
const children = new Set();
let failed = 0;
try {
  // Writes the articles; its own loops are never started.
  const app = await createApp(server.config, server.database);
  await app.init();
  server.closeFirst(() => app.close());
  await run(app);
} finally {
  for (const child of children) child.kill('SIGKILL');
  await server.stop();
}
process.exit(failed === 0 ? 0 : 1);

async function run(app) {
  const db = app.get(DataSource);
  const targets = await drafts(app, db);
  const processes = await Promise.all([start(), start()]);
  const workflow = app.get(WorkflowService);
  // Far ahead, so that none falls due before all are there; then as they would have been scheduled, in one statement.
  for (const target of targets) await db.transaction((tx) => workflow.schedule(tx, SYSTEM, target, new Date('2999-01-01T00:00:00Z')));
  await db.query(
    `update article_schedules s set at = d.at, due_at = d.at
     from (select article_id, now() + row_number() over (order by article_id) * $1::float8 * interval '1 second' as at from article_schedules) d
     where d.article_id = s.article_id`,
    [SECONDS / ARTICLES],
  );
  const planned = await db.query(`select article_id as id, at from article_schedules`);

  const [victim, survivor] = processes;
  // Once they only meet; the second time one of them dies, with an article in hand.
  await reached(db, ARTICLES / 4);
  await inHand(db, () => undefined);
  await reached(db, ARTICLES / 2);
  await inHand(db, () => victim.kill('SIGKILL'));
  const done = await publicNow(db);
  await died(victim);
  const finished = await drained(db);
  // A second publication would come after the first: one more round of every loop.
  await sleep(2_500);
  survivor.kill('SIGTERM');
  const [code] = await died(survivor);

  const [{ live }] = await db.query(
    `select count(*)::int as live from articles where live_revision_id is not null and state = 'published'`,
  );
  const audit = await db.query(
    `select object_id as id, count(*)::int as n, min(at) as at from audit_log where act = 'articles.publish' group by object_id`,
  );
  const [{ wrong }] = await db.query(`select count(*)::int as wrong from audit_log where act = 'articles.schedule_failed'`);
  const [{ versions }] = await db.query(`select count(*)::int as versions from articles where version <> 3`);
  const [{ left }] = await db.query(`select count(*)::int as left from article_schedules`);
  const rows = audit.reduce((sum, { n }) => sum + n, 0);
  const twice = audit.filter(({ n }) => n > 1).length;
  const at = new Map(audit.map((row) => [Number(row.id), row.at]));
  const lateness = planned.map(({ id, at: due }) => (at.has(id) ? (at.get(id) - due) / 1_000 : Infinity)).toSorted((a, b) => a - b);
  const quantile = (q) => lateness[Math.min(lateness.length - 1, Math.ceil(q * lateness.length) - 1)].toFixed(2);
  process.stdout.write(
    `${ARTICLES} articles due within ${SECONDS} s, killed after ${done}: ${live} publications, ${rows} audit rows; ` +
      `late by ${quantile(0.5)} s (median), ${quantile(0.99)} s (p99), ${quantile(1)} s (most)\n`,
  );
  check('it was killed midway', done > 0 && done < ARTICLES, `${done} were published`);
  check('every article is public', finished && live === ARTICLES, `${live} are`);
  check('one audit row each', rows === ARTICLES && audit.length === ARTICLES, `${rows} rows of ${audit.length} articles`);
  check('none was published twice', twice === 0 && versions === 0, `${twice} have more than one row, ${versions} another version`);
  check('none failed', wrong === 0, `${wrong} did`);
  check('no schedule is left', left === 0, `${left} are`);
  check(`none is more than ${LATE_S} s late`, lateness.at(-1) <= LATE_S, `${quantile(1)} s`);
  check('none is early', lateness[0] >= 0, `${lateness[0]} s`);
  const complaints = processes.map((child) => child.complaints).join('');
  check('no process complained', complaints === '', complaints.slice(0, 500));
  check('the survivor ended with 0', code === 0, `exit code ${code}`);
}

async function drafts(app, db) {
  const [drafting, sections, authors] = [DraftingService, SectionsService, AuthorsService].map((service) => app.get(service));
  return db.transaction(async (tx) => {
    const section = await sections.create(tx, { name: { ar: 'قسم' } });
    const author = await authors.create(tx, { name: { ar: 'كاتبة مثال' } });
    const made = [];
    for (let n = 1; n <= ARTICLES; n += 1) {
      made.push(
        await drafting.draft(tx, SYSTEM, {
          lang: 'ar',
          title: `مادة مجدولة ${n}`,
          summary: 'خلاصة.',
          body: '<p>متن.</p>',
          sectionId: section.id,
          byline: [{ authorId: author.id }],
        }),
      );
    }
    return made;
  });
}

async function publicNow(db) {
  const [{ live }] = await db.query(`select count(*)::int as live from articles where live_revision_id is not null`);
  return live;
}

/** Until so many are public. */
async function reached(db, many) {
  while ((await publicNow(db)) < many) await sleep(20);
}

/**
 * Brings both processes to the same place: each has begun a publication and waits for the audit log, which is kept from them for a moment.
 * @param act done then, before they go on
 */
async function inHand(db, act) {
  for (let attempt = 1; attempt <= 5; attempt += 1) {
    const met = await db.transaction(async (tx) => {
      await tx.query('lock table audit_log in exclusive mode');
      // Their patience for a lock is 2 s.
      for (const until = performance.now() + 1_700; performance.now() < until; await sleep(20)) {
        const [{ waiting }] = await db.query(
          `select count(*)::int as waiting from pg_stat_activity where datname = current_database() and application_name = 'markaz' and wait_event_type = 'Lock'`,
        );
        if (waiting < 2) continue;
        await act();
        return true;
      }
      return false;
    });
    if (met) return;
  }
  throw new Error('the processes never worked at the same time: give more --articles or fewer --seconds');
}

/** @returns whether nothing is due any more, within half a minute of the last one's time */
async function drained(db) {
  for (const until = performance.now() + (SECONDS + 30) * 1_000; performance.now() < until; await sleep(200)) {
    const [{ left }] = await db.query(`select count(*)::int as left from article_schedules where failed_at is null`);
    if (left === 0) return true;
  }
  return false;
}

/** The whole application, its loops included, on a port of its own; resolves when it serves. */
async function start() {
  const child = fork(join(root, 'bin', 'markaz.mjs'), ['serve'], {
    execArgv: options.plant === undefined ? [] : ['--import', plantImport(options.plant)],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: {
      PATH: process.env.PATH,
      DATA_DIR: server.config.dataDir,
      SECRET_KEY: server.config.secretKey,
      PUBLIC_ORIGIN: server.config.publicOrigin,
      SAMPLE_CONTENT: 'false',
      LOG_LEVEL: 'error',
      HOST: '127.0.0.1',
      PORT: '0',
    },
  });
  children.add(child);
  child.once('exit', () => children.delete(child));
  child.complaints = '';
  child.stdout.on('data', (text) => (child.complaints += text));
  let said = '';
  child.stderr.on('data', (text) => (said += text));
  while (!said.includes('  data  ')) {
    if (child.exitCode !== null) throw new Error(`the application ended by itself with ${child.exitCode}:\n${said}`);
    await sleep(20);
  }
  return child;
}

async function died(child) {
  const [code] = child.exitCode !== null || child.signalCode !== null ? [child.exitCode] : await once(child, 'exit');
  return [code];
}

function check(what, holds, found) {
  process.stdout.write(holds ? `  ok      ${what}\n` : `  FAILED  ${what}: ${found}\n`);
  if (!holds) failed += 1;
}
