// What a page of articles costs in a center of 100,000: how many buffers PostgreSQL touches under the generic plan, on the first page and
// on the last full one. Buffers are exact and the same on every machine, so they are what the limits are about; times are a courtesy.
import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { DataSource } from 'typeorm';
import { createApp } from '../dist/src/app.setup.js';
import { articleById, articleBySlug, articlePage } from '../dist/src/articles/articles.queries.js';
import { SYSTEM } from '../dist/src/access/access.js';
import { DraftingService } from '../dist/src/articles/drafting.service.js';
import { WorkflowService } from '../dist/src/articles/workflow.service.js';
import { authorPage } from '../dist/src/authors/authors.queries.js';
import { readCursor } from '../dist/src/http/cursor.js';
import { AUTHORS, SECTIONS, SERIES, TAGS, generateArchive } from './archive.mjs';
import { startServer } from './server.mjs';

const CARDS = 20;
const ROUNDS = 5;
const PUBLICATIONS = 50;

/** Buffers one page of 20 cards may touch: of one list, and where several lists must agree. */
const LIMITS = { oneList: 520, severalLists: 1_600 };
/** How far the last full page of one list may be from the first, as a share of the first. */
const SPREAD = 0.1;

const YEAR = { from: '2015-01-01', to: '2015-12-31' };
const { half, fifth, rare } = SECTIONS;

/** The questions asked: filters in any order, by id (or by slug where it is text). */
const SHAPES = [
  ['all articles', {}],
  ['section, 50 %', { section: half }],
  ['section, 50 %, by slug', { section: `قسم-${half}` }],
  ['section, 0.05 %', { section: rare }],
  ['section with nested ones, 16 %', { section: 3 }],
  ['author, 30 %', { author: AUTHORS.prolific }],
  ['author, typical', { author: AUTHORS.typical }],
  ['tag, 10 %', { tag: TAGS.common }],
  ['tag, typical', { tag: TAGS.typical }],
  ['series', { series: SERIES }],
  ['type, 40 %', { type: 'news' }],
  ['type, 0.5 %', { type: 'review' }],
  ['language, 95 %', { lang: 'ar' }],
  ['language, 5 %', { lang: 'en' }],
  ['one year', { ...YEAR }],
  ['one year, section 50 %', { section: half, ...YEAR }],
  ['author 30 % × section 50 %', { author: AUTHORS.prolific, section: half }],
  ['author 30 % × section 20 %, nothing in common', { author: AUTHORS.prolific, section: fifth }],
  ['author 30 % × section 0.05 %', { author: AUTHORS.prolific, section: rare }],
  ['author typical × section 50 %', { author: AUTHORS.typical, section: half }],
  ['author 30 % × tag 10 %', { author: AUTHORS.prolific, tag: TAGS.common }],
  ['author 30 % × tag typical', { author: AUTHORS.prolific, tag: TAGS.typical }],
  ['author typical × tag typical', { author: AUTHORS.typical, tag: TAGS.typical }],
  ['author 30 % × language 5 %', { author: AUTHORS.prolific, lang: 'en' }],
  ['tag 10 % × section 50 %', { tag: TAGS.common, section: half }],
  ['tag 10 % × section 0.05 %', { tag: TAGS.common, section: rare }],
  ['tag typical × section 20 %', { tag: TAGS.typical, section: fifth }],
  ['tag typical × type 0.5 %', { tag: TAGS.typical, type: 'review' }],
  ['series × section 50 %', { series: SERIES, section: half }],
  ['section 50 % × type 40 %', { section: half, type: 'news' }],
  ['section 20 % × type 0.5 %', { section: fifth, type: 'review' }],
  ['section 50 % × language 95 %', { section: half, lang: 'ar' }],
  ['section 50 % × language 5 %', { section: half, lang: 'en' }],
  ['author 30 % × section 50 %, one year', { author: AUTHORS.prolific, section: half, ...YEAR }],
  ['author 30 % × section 50 % × type 40 %', { author: AUTHORS.prolific, section: half, type: 'news' }],
  ['author 30 % × tag 10 % × section 50 %', { author: AUTHORS.prolific, tag: TAGS.common, section: half }],
  ['section 50 % × type 40 % × language 5 %', { section: half, type: 'news', lang: 'en' }],
].map(([name, query]) => ({ name, query }));

const { values: options } = parseArgs({
  options: { articles: { type: 'string', default: '100000' }, write: { type: 'boolean', default: false } },
});
const print = (line) => process.stdout.write(`${line}\n`);

const server = await startServer();
for (const [signal, code] of Object.entries({ SIGINT: 130, SIGTERM: 143 })) {
  process.once(signal, () => void server.stop().finally(() => process.exit(code)));
}
try {
  process.exitCode = await run(Number(options.articles));
} finally {
  await server.stop();
}

/** @returns the exit code: 0 when every limit holds */
async function run(count) {
  if (!Number.isInteger(count) || count < 2_000) throw new RangeError('--articles takes a whole number from 2000');
  const owner = await server.connect('main');
  const began = performance.now();
  await generateArchive(owner, count);
  print(`${count} articles generated in ${Math.round((performance.now() - began) / 1000)} s\n`);
  const reader = await server.connect('reader');
  await expectReaderPlans(reader);

  const pages = [];
  for (const shape of SHAPES) pages.push(...(await pagesOf(owner, reader, shape)));
  const singles = await singleAnswers(owner, reader, count);
  const size = await listingsSize(owner);
  const publishing = await publish();
  const facts = await machine(owner);

  const broken = broke(pages);
  const report = reportOf({ count, pages, singles, size, publishing, facts, broken });
  print(report);
  if (options.write) writeFileSync(join(import.meta.dirname, 'lists.md'), report);
  return broken.length === 0 ? 0 : 1;
}

/** The role's own settings decide the plans; measured as anybody else, the figures would say nothing about what readers get. */
async function expectReaderPlans(reader) {
  const { rows } = await reader.query(`select current_user as role, current_setting('plan_cache_mode') as plans`);
  const [{ role, plans }] = rows;
  if (!role.startsWith('markaz_reader_') || plans !== 'force_generic_plan') {
    throw new Error(`the reader's door should open for a markaz_reader role with generic plans, not for ${role} with ${plans}`);
  }
}

/** Page 1 and the last full page of one shape, each held against the ids that a plain query finds. */
async function pagesOf(owner, reader, { name, query }) {
  const order = ['author', 'tag', 'series', 'section', 'type', 'lang'];
  const given = order.filter((filter) => query[filter] !== undefined);
  const asked = Object.fromEntries(Object.entries(query).map(([parameter, value]) => [parameter, String(value)]));
  const expected = await expectedOrder(owner, query, given);
  const fullPages = Math.floor(expected.length / CARDS);
  const pages = [];
  for (const number of new Set([1, Math.max(fullPages, 1)])) {
    const before = expected[(number - 1) * CARDS - 1];
    const cursor = before && { key: before.instant, id: before.id };
    const [statement, values] = articlePage({ ...asked, limit: CARDS, cursor }, 'https://center.example');
    const { rows } = await reader.query({ ...statement, values });
    const ids = JSON.parse(rows[0].body).items.map(({ id }) => id);
    const wanted = expected.slice((number - 1) * CARDS, number * CARDS).map(({ id }) => id);
    if (ids.join() !== wanted.join()) throw new Error(`${name}, page ${number}: ${ids.join()} came instead of ${wanted.join()}`);
    const next = readCursor('articles', rows[0].next);
    const end = expected.length > number * CARDS ? expected[number * CARDS - 1] : undefined;
    if (next?.key !== end?.instant || next?.id !== end?.id)
      throw new Error(`${name}, page ${number}: its cursor does not name its last article`);
    pages.push({
      name,
      lists: given.length,
      found: expected.length,
      number,
      cards: ids.length,
      ...(await measure(reader, statement, values)),
    });
  }
  return pages;
}

/** Every article that fits, newest first, found without the statement under test. */
async function expectedOrder(owner, query, given) {
  const lists = given.map((filter) => `${filter}:${String(query[filter]).replace('قسم-', '')}`);
  const { rows } = await owner.query(
    `select l.article_id as id, (extract(epoch from l.published_at) * 1000000)::bigint::text as instant
     from listings l, center
     where l.list = any($1) and l.published_at >= coalesce($2::date::timestamp at time zone zone, '-infinity')
       and l.published_at < coalesce(($3::date + 1)::timestamp at time zone zone, 'infinity')
     group by l.article_id, l.published_at having count(*) = cardinality($1::text[])
     order by l.published_at desc, l.article_id desc`,
    [lists.length === 0 ? ['all'] : lists, query.from ?? null, query.to ?? null],
  );
  return rows;
}

/**
 * Runs the statement as the driver prepared it, through its generic plan.
 * EXPLAIN asks for no more than the right to run the query, so the reader itself may see the plan behind the barrier views.
 * @returns buffers touched (found in cache or read), and the median time in ms
 */
async function measure(reader, { name, text }, values) {
  await reader.query({ name, text, values });
  const literals = values.map((value) => (value === undefined || value === null ? 'null' : pg.escapeLiteral(String(value))));
  const execute = `explain (analyze, buffers, timing off, format json) execute ${pg.escapeIdentifier(name)}(${literals.join(', ')})`;
  const runs = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const { rows } = await reader.query(execute);
    const [{ Plan: plan, 'Execution Time': ms }] = rows[0]['QUERY PLAN'];
    runs.push({ buffers: plan['Shared Hit Blocks'] + plan['Shared Read Blocks'], ms });
  }
  return { buffers: Math.max(...runs.map(({ buffers }) => buffers)), ms: median(runs.map(({ ms }) => ms)) };
}

async function singleAnswers(owner, reader, count) {
  const middle = Math.floor(count / 40) * 20;
  const { rows } = await owner.query(`select slug_folded from article_slugs where article_id = $1`, [middle]);
  const origin = 'https://center.example';
  const { rows: last } = await owner.query(
    `select sort_key, id from authors order by sort_key collate "ar-x-icu" desc, id desc offset 20 limit 1`,
  );
  const questions = [
    ['article by id', articleById, [middle, null, origin]],
    ['article by slug', articleBySlug, [rows[0].slug_folded, null, origin]],
    ['300 authors, first 20', authorPage, [null, null, null, 20, origin]],
    ['300 authors, last 20', authorPage, [null, last[0].sort_key, last[0].id, 20, origin]],
    ['300 authors, first 100', authorPage, [null, null, null, 100, origin]],
  ];
  const answers = [];
  for (const [name, statement, values] of questions) answers.push({ name, ...(await measure(reader, statement, values)) });
  return answers;
}

async function listingsSize(owner) {
  const { rows } = await owner.query(`
    select 'listings' as name, pg_table_size('listings')::float8 as bytes, (select count(*)::int from listings) as rows
    union all
    select indexrelid::regclass::text, pg_relation_size(indexrelid)::float8, null from pg_index where indrelid = 'listings'::regclass`);
  return rows;
}

/** Publishes finished drafts one by one through the service, each in a transaction of its own, as the desk does. */
async function publish() {
  const app = await createApp(server.config, server.database);
  server.closeFirst(() => app.close());
  await app.init();
  const drafting = app.get(DraftingService);
  const workflow = app.get(WorkflowService);
  const dataSource = app.get(DataSource);
  const times = [];
  for (let number = 1; number <= PUBLICATIONS; number += 1) {
    const draft = await dataSource.transaction((tx) =>
      drafting.draft(tx, SYSTEM, {
        lang: 'ar',
        title: `مقال جديد ${number} عن القراءة`,
        summary: 'خلاصة قصيرة.',
        body: `<h2>تمهيد</h2>${'<p>فقرة عن القراءة والمكتبة والمدينة وما بينها من طرق.</p>'.repeat(80)}`,
        sectionId: 9,
        byline: [{ authorId: AUTHORS.prolific }, { authorId: AUTHORS.typical }],
        tagIds: [TAGS.common, TAGS.typical, 51],
      }),
    );
    const began = performance.now();
    await dataSource.transaction((tx) => workflow.publish(tx, SYSTEM, draft));
    times.push(performance.now() - began);
  }
  return { ms: median(times), slowest: Math.max(...times) };
}

async function machine(owner) {
  const { rows } = await owner.query(`select current_setting('server_version') as postgres, current_setting('shared_buffers') as buffers`);
  return { ...rows[0], cores: availableParallelism(), node: process.version, date: new Date().toISOString().slice(0, 10) };
}

/** @returns a sentence for each broken limit */
function broke(pages) {
  const sentences = [];
  for (const page of pages) {
    const limit = page.lists > 1 ? LIMITS.severalLists : LIMITS.oneList;
    if (page.buffers > limit) sentences.push(`${page.name}, page ${page.number}: ${page.buffers} buffers, the limit is ${limit}`);
    const first = pages.find(({ name, number }) => name === page.name && number === 1);
    const apart = Math.abs(page.buffers - first.buffers) / first.buffers;
    if (page.lists <= 1 && apart > SPREAD)
      sentences.push(`${page.name}: page ${page.number} takes ${page.buffers} buffers, page 1 ${first.buffers}: more than 10 % apart`);
  }
  return sentences;
}

function reportOf({ count, pages, singles, size, publishing, facts, broken }) {
  const number = (value) => value.toLocaleString('en');
  const ms = (value) => value.toFixed(2);
  const row = (...cells) => `| ${cells.join(' | ')} |`;
  const megabytes = (bytes) => (bytes / 2 ** 20).toFixed(1);
  return `# Lists at ${number(count)} articles

Made by \`node bench/lists.mjs --write\` on ${facts.date}: ${facts.cores} cores, Node ${facts.node}, PostgreSQL ${facts.postgres}
(embedded, default settings, ${facts.buffers} shared buffers, durable commits). Buffers are exact; times are medians of ${ROUNDS} on that
machine, for orders of magnitude. Measured as the reader's role under \`force_generic_plan\`, by EXPLAIN of the statements the application
prepares; each page's ids were compared with those a plain query finds.

Limits: one list ${LIMITS.oneList} buffers for ${CARDS} cards, the last full page within ${SPREAD * 100} % of the first; several lists ${number(LIMITS.severalLists)}.
**${broken.length === 0 ? 'All hold.' : `Broken: ${broken.join('; ')}.`}**

| list | articles | page | cards | buffers | ms |
| --- | ---: | ---: | ---: | ---: | ---: |
${pages.map((page) => row(page.name, number(page.found), number(page.number), page.cards, number(page.buffers), ms(page.ms))).join('\n')}

| one answer | buffers | ms |
| --- | ---: | ---: |
${singles.map((answer) => row(answer.name, number(answer.buffers), ms(answer.ms))).join('\n')}

| \`listings\` (${number(size[0].rows)} rows) | MB |
| --- | ---: |
${size.map(({ name, bytes }) => row(`\`${name}\``, megabytes(bytes))).join('\n')}

Publishing a finished draft with two authors, three tags and a nested section: ${ms(publishing.ms)} ms (median of ${PUBLICATIONS}, slowest ${ms(publishing.slowest)} ms).
`;
}

function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}
