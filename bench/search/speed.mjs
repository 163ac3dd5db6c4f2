// How long readers of a large archive wait for a search, what search costs those who publish, and whether both go on together without an error.
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { DataSource } from 'typeorm';
import { SYSTEM } from '../../dist/src/access/access.js';
import { createApp } from '../../dist/src/app.setup.js';
import { DraftingService } from '../../dist/src/articles/drafting.service.js';
import { PublicChanges } from '../../dist/src/articles/public-changes.js';
import { WorkflowService } from '../../dist/src/articles/workflow.service.js';
import { isStopWord } from '../../dist/src/search/stop-words.js';
import { fold } from '../../dist/src/text/fold.js';
import { command, start } from '../application.mjs';
import { editor } from '../editor.mjs';
import { startServer } from '../server.mjs';
import { AUTHORS, SECTIONS, YEARS, authorName, chance, generateSearchArchive, pieceOf } from './archive.mjs';

/** In ms: p95 of one and two terms, p95 of every other class, the slowest hostile query. From the project's targets for 100,000 articles. */
const LIMITS = { terms: 20, worst: 60, hostile: 300 };
const RATE = 20;
const PUBLICATIONS = 40;
/** A reader beside other work asks, reads so long, and asks again. */
const READING_MS = 200;

const { values: options } = parseArgs({
  options: {
    articles: { type: 'string', default: '100000' },
    queries: { type: 'string', default: '60' },
    seconds: { type: 'string', default: '30' },
    reindexed: { type: 'string', default: '3000' },
    write: { type: 'boolean', default: false },
  },
});
const [COUNT, QUERIES, SECONDS, REINDEXED] = [options.articles, options.queries, options.seconds, options.reindexed].map(Number);
if (!Number.isInteger(COUNT) || COUNT < 2_000) throw new RangeError('--articles takes a whole number from 2000');
const print = (line) => process.stdout.write(`${line}\n`);
const random = chance(99);
const oneOf = (things) => things[Math.floor(random() * things.length)];

const server = await startServer();
for (const [signal, code] of Object.entries({ SIGINT: 130, SIGTERM: 143 })) {
  process.once(signal, () => void server.stop().finally(() => process.exit(code)));
}
try {
  process.exitCode = await run();
} finally {
  await server.stop();
}

/** @returns the exit code: 0 when every check holds */
async function run() {
  const owner = await server.connect('main');
  const timed = async (what, act) => {
    const began = performance.now();
    const result = await act();
    const seconds = (performance.now() - began) / 1_000;
    print(`${what}: ${seconds.toFixed(1)} s`);
    return { seconds, result };
  };
  const generated = await timed(`${COUNT} articles generated`, () => generateSearchArchive(owner, COUNT));
  // Any number of processes may take from what is due; one for each core.
  const indexed = await timed('indexed', () => Promise.all(Array.from({ length: availableParallelism() }, reindex)));
  await owner.query('vacuum analyze article_search, search_vocabulary');
  const sizes = await sizesOf(owner);
  const token = await editor(server);
  const { publishing, drafts } = await publishInProcess();
  await reindex();

  const { port, child } = await start(server);
  const work = await processorTime(owner, child.pid);
  const ask = asker(`http://127.0.0.1:${port}/api/v1`);
  const classes = await queriesOf(owner);
  const waits = await measure(ask, classes, work);
  const hostile = await hostileQueries(ask);
  const publications = await whilePublishing(ask, classes, port, token, drafts);
  const reindexing = await whileReindexing(owner, ask, classes);

  const broken = broke({ waits, hostile, publications, reindexing });
  const { rows } = await owner.query(`select current_setting('server_version') as postgres, current_setting('shared_buffers') as buffers`);
  const report = reportOf({ facts: rows[0], generated, indexed, sizes, publishing, waits, hostile, publications, reindexing, broken });
  print(report);
  if (options.write) writeFileSync(join(import.meta.dirname, '../search.md'), report);
  return broken.length === 0 ? 0 : 1;
}

async function reindex() {
  const { code, said } = await command(server, 'reindex');
  if (code !== 0) throw new Error(`markaz reindex ended with ${code}: ${said}`);
}

async function sizesOf(owner) {
  const { rows } = await owner.query(`
    select relname as name, pg_relation_size(oid)::float8 as bytes from pg_class
    where oid in ('article_search'::regclass, 'search_vocabulary'::regclass)
       or oid in (select indexrelid from pg_index where indrelid in ('article_search'::regclass, 'search_vocabulary'::regclass))
    union all
    select 'long vectors of article_search (TOAST)', pg_relation_size(reltoastrelid)::float8 from pg_class where oid = 'article_search'::regclass
    order by 2 desc`);
  const { rows: counts } = await owner.query(
    `select (select count(*)::int from article_search) as texts, (select count(*)::int from search_vocabulary) as words`,
  );
  return { relations: rows, ...counts[0] };
}

/** Finished drafts for later, and what a publication costs with and without search, by turns: each in a transaction of its own, as at the desk. */
async function publishInProcess() {
  const app = await createApp(server.config, server.database);
  await app.init();
  try {
    const [drafting, workflow, changes, dataSource] = [DraftingService, WorkflowService, PublicChanges, DataSource].map((of) =>
      app.get(of),
    );
    let number = COUNT;
    const draft = () => {
      let piece;
      do piece = pieceOf((number += 2), COUNT);
      while (piece.title.split(' ').every((word) => isStopWord(fold(word), word))); // prettier-ignore
      const body = piece.plain.split('\n').map((paragraph) => `<p>${paragraph}</p>`).join(''); // prettier-ignore
      return dataSource
        .transaction(
          (tx) =>
          drafting.draft(tx, SYSTEM, { lang: piece.lang, title: piece.title, summary: piece.summary, body, sectionId: piece.sectionId, byline: piece.authorIds.map((authorId) => ({ authorId })) }), // prettier-ignore
        )
        .then(({ id, version }) => ({ id, version, title: piece.title }));
    };
    const tell = changes.tell.bind(changes);
    const times = { with: [], without: [] };
    for (let n = 0; n < 2 * PUBLICATIONS; n += 1) {
      const kind = n % 2 === 0 ? 'with' : 'without';
      changes.tell = kind === 'with' ? tell : () => Promise.resolve();
      const { id, version } = await draft();
      const began = performance.now();
      await dataSource.transaction((tx) => workflow.publish(tx, SYSTEM, { id, version }));
      times[kind].push(performance.now() - began);
    }
    changes.tell = tell;
    const drafts = [];
    for (let n = 0; n < RATE * SECONDS; n += 1) drafts.push(await draft());
    return { publishing: { with: at(0.5, times.with), without: at(0.5, times.without) }, drafts };
  } finally {
    await app.close();
  }
}

/** @returns queries of each class, in paths; what is rare or common is counted in a sample of the index */
async function queriesOf(owner) {
  const share = Math.min(100, 200_000 / COUNT);
  const { rows: sample } = await owner.query(
    `select count(*)::int as n from article_search tablesample bernoulli (${share}) repeatable (1)`,
  );
  const { rows: words } = await owner.query(
    `select v.shown, s.ndoc::float8 / $1 as share
     from ts_stat('select body from article_search tablesample bernoulli (${share}) repeatable (1)') s join search_vocabulary v on v.word = s.word
     where v.shown ~ '^[ء-ي]{4,}$' order by v.word`,
    [sample[0].n],
  );
  const between = (low, high) => words.filter((word) => word.share >= low && word.share < high).map(({ shown }) => shown);
  const [rare, mid, common, veryCommon] = [between(0.002, 0.006), between(0.025, 0.07), between(0.25, 0.45), between(0.55, 1.01)];
  print(`words of a sample: ${rare.length} rare, ${mid.length} mid, ${common.length} common, ${veryCommon.length} very common`);
  const shown = new Set(words.map((word) => word.shown));
  const piece = () => {
    for (;;) {
      const found = pieceOf(1 + Math.floor(random() * COUNT), COUNT);
      if (found.live && found.lang === 'ar') return found;
    }
  };
  const search = (q, filters = '') => `/search?q=${encodeURIComponent(q)}${filters}`;
  const misspelled = () => {
    for (;;) {
      const word = oneOf(mid);
      const place = 2 + Math.floor(random() * (word.length - 3));
      const wrong = word.slice(0, place) + oneOf([...'ظضغثذ']) + word.slice(place + 1);
      if (word.length > 4 && !shown.has(wrong)) return wrong;
    }
  };
  const nearby = () => {
    const written = oneOf(piece().plain.split('. ')).split(' ');
    const place = Math.floor(random() * (written.length - 1));
    return `"${written[place]} ${written[place + 1]}"`.replaceAll('.', '');
  };
  const filters = [() => `&section=${1 + Math.floor(random() * SECTIONS)}`, () => `&author=${1 + Math.floor(random() * AUTHORS)}`, () => `&year=${YEARS.first + Math.floor(random() * (YEARS.last - YEARS.first + 1))}`, () => '&lang=ar']; // prettier-ignore
  /** Limit of its p95 in ms, and how a query is made. */
  const kinds = {
    'one term, rare (0.2–0.6 %)': [LIMITS.terms, () => search(oneOf(rare))],
    'one term, mid (2.5–7 %)': [LIMITS.terms, () => search(oneOf(mid))],
    'one term, common (25–45 %)': [LIMITS.terms, () => search(oneOf(common))],
    'one term, very common (over 55 %)': [LIMITS.terms, () => search(oneOf(veryCommon))],
    'two terms, mid and common': [LIMITS.terms, () => search(`${oneOf(mid)} ${oneOf(common)}`)],
    'three terms, each in six forms': [LIMITS.worst, () => search(`${oneOf(common)} ${oneOf(mid)} ${oneOf(common)}`)],
    'two words side by side, in quotes': [LIMITS.worst, () => search(nearby())],
    'a title': [LIMITS.worst, () => search(piece().title)],
    'an author': [LIMITS.worst, () => search(authorName(1 + Math.floor(random() * AUTHORS)))],
    'common, with a filter': [LIMITS.worst, () => search(oneOf(common), oneOf(filters)())],
    'common without mid': [LIMITS.worst, () => search(`${oneOf(common)} -${oneOf(mid)}`)],
    'a misspelled word': [LIMITS.worst, () => search(misspelled())],
    'a question': [LIMITS.worst, () => search(`كيف ${oneOf(rare)} ${oneOf(mid)} في ${oneOf(rare)}؟`)],
    'no such word': [LIMITS.worst, () => search(Array.from({ length: 9 }, () => oneOf([...'ظضغثذءؤ'])).join(''))],
    'suggest, two to four letters': [LIMITS.worst, () => `/search/suggest?q=${encodeURIComponent(oneOf(piece().title.split(' ').filter((word) => word.length > 3)).slice(0, 2 + Math.floor(random() * 3)))}`], // prettier-ignore
  };
  return Object.entries(kinds).map(([name, [limit, make]]) => ({ name, limit, make }));
}

/** @returns a function that asks, and says how long the whole answer took */
function asker(api) {
  return async (path) => {
    const began = performance.now();
    try {
      const answer = await fetch(api + path);
      const text = await answer.text();
      const ms = performance.now() - began;
      return { ms, status: answer.status, body: answer.status === 200 ? JSON.parse(text) : null };
    } catch (error) {
      return { ms: performance.now() - began, status: 0, body: null, error };
    }
  };
}

/**
 * @returns a function that sums what the application and PostgreSQL's processes have used of the processors, in ms: other than a wait, it says little of
 *   what else runs on the machine. In steps of 10 ms for each process; NaN where the system does not tell (no /proc)
 */
async function processorTime(owner, application) {
  const { rows } = await owner.query('select pg_backend_pid() as pid');
  const stat = (pid) => {
    try {
      const fields = readFileSync(`/proc/${pid}/stat`, 'latin1')
        .replace(/^.*\) /, '')
        .split(' ');
      return { parent: Number(fields[1]), ms: (Number(fields[11]) + Number(fields[12])) * 10 };
    } catch {
      // It has ended meanwhile, or there is no /proc.
      return { parent: 0, ms: 0 };
    }
  };
  const postmaster = stat(rows[0].pid).parent;
  if (postmaster === 0) return () => Number.NaN;
  return () =>
    readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map((name) => ({ pid: Number(name), ...stat(name) }))
      .filter(({ pid, parent }) => pid === application || parent === postmaster)
      .reduce((sum, { ms }) => sum + ms, 0);
}

/** Classes by turns, each query asked once: what is cached helps only what readers repeat. */
async function measure(ask, classes, work) {
  for (let n = 0; n < 5; n += 1) for (const { make } of classes) await ask(make());
  const waits = classes.map(({ name, limit }) => ({ name, limit, times: [], worked: [], failed: 0, partial: 0, answered: {} }));
  for (let n = 0; n < QUERIES; n += 1) {
    for (const [index, { make }] of classes.entries()) {
      const before = work();
      const { ms, status, body } = await ask(make());
      const of = waits[index];
      of.times.push(ms);
      of.worked.push(work() - before);
      if (status !== 200) of.failed += 1;
      if (body?.partial) of.partial += 1;
      const rung = body === null ? String(status) : (body.answeredBy ?? body.reason ?? 'suggestions');
      of.answered[rung] = (of.answered[rung] ?? 0) + 1;
    }
  }
  for (const of of waits) print(`${of.name}: ${at(0.5, of.times).toFixed(1)} / ${at(0.95, of.times).toFixed(1)} ms ${JSON.stringify(of.answered)}${of.failed ? `, ${of.failed} failed` : ''}${of.partial ? `, ${of.partial} partial` : ''}`); // prettier-ignore
  return waits;
}

async function hostileQueries(ask) {
  const word = 'قلم';
  const raw = ['%00', 'a%00b', '%FF%FE', '%E0%A4', '%', '%u0642', '%ED%A0%80'];
  const typed = [
    `${word} `.repeat(10_000),
    `${word} `.repeat(600),
    `${word} `.repeat(399),
    Array.from({ length: 60 }, (_, n) => `ك${n}`).join(' '),
    '"'.repeat(200),
    `"${word} `.repeat(40),
    `«${word} “${word} "${word}`,
    '((((((((((',
    `${word} & | ! <-> :* <2> ( )`,
    `${word}:*ABCD`,
    `!${word} && !!${word}`,
    "'; drop table articles; --",
    `\\' \\\\ ${word}\\`,
    `-"${word}" -${word} -`,
    '-'.repeat(200),
    '\u202e\u2066\u2067\u2068'.repeat(50),
    `\u202e${word}\u202c`,
    '😀'.repeat(200),
    '👨‍👩‍👧‍👦'.repeat(18),
    '\u064b\u064c\u064d\u0651'.repeat(50),
    'ـ'.repeat(200),
    'ﷺﷻ﷽'.repeat(60),
    'ا'.repeat(200),
    'اااااا '.repeat(28),
    'في من على إلى عن '.repeat(12),
    '%_%_%',
    '\ufffe\uffff\ufdd0',
    '~قلم ~~',
    '0'.repeat(200),
    '٠١٢٣٤٥٦٧٨٩'.repeat(20),
    'a'.repeat(200),
    '<script>alert(1)</script>',
  ].map(encodeURIComponent);
  const answers = [];
  for (const q of [...raw, ...typed])
    for (const path of [
      `/search?q=${q}`,
      `/search/suggest?q=${q}`,
      `/search?q=${word}&cursor=${q.slice(0, 500)}`,
      `/search?q=${word}&year=${q.slice(0, 500)}`,
    ])
      answers.push({ path: path.slice(0, 60), ...(await ask(path)) });
  const failed = answers.filter(({ status }) => status === 0 || status >= 500);
  const slowest = answers.toSorted((a, b) => b.ms - a.ms)[0];
  for (const { path, status, error } of failed) print(`hostile: ${path} ${status} ${error ?? ''}`);
  return { asked: answers.length, failed: failed.length, slowest: slowest.ms, slowestPath: slowest.path };
}

/** One reader asks queries of every class. @returns what the reader got until `done` settled */
async function readerUntil(done, ask, classes) {
  const got = { times: [], failed: 0, partial: 0 };
  const over = new AbortController();
  const settled = done.finally(() => over.abort());
  for (let n = 0; !over.signal.aborted; n += 1) {
    const { ms, status, body } = await ask(classes[n % classes.length].make());
    got.times.push(ms);
    if (status !== 200) got.failed += 1;
    if (body?.partial) got.partial += 1;
    await sleep(READING_MS);
  }
  await settled;
  return got;
}

/** Drafts are published at an even pace, and each is asked for by its title as soon as its publication is answered. */
async function whilePublishing(ask, classes, port, token, drafts) {
  const times = [];
  const [failed, missing] = [[], []];
  const publish = async ({ id, version, title }) => {
    const began = performance.now();
    const answer = await fetch(`http://127.0.0.1:${port}/api/v1/desk/articles/${id}/publish`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ version }),
    });
    const text = await answer.text();
    times.push(performance.now() - began);
    if (answer.status !== 200) return void failed.push(text.slice(0, 200));
    const { status, body } = await ask(`/search?q=${encodeURIComponent(title)}`);
    if (status !== 200) failed.push(`search: ${status}`);
    else if (body.items[0]?.id !== id)
      missing.push(`${id} «${title}»: ${body.items.map((item) => item.id).slice(0, 3)}${body.partial ? ', partial' : ''}`);
  };
  const began = performance.now();
  const all = (async () => {
    const under = [];
    for (const [n, draft] of drafts.entries()) {
      await sleep(Math.max(0, began + (n * 1_000) / RATE - performance.now()));
      under.push(publish(draft));
    }
    await Promise.all(under);
  })();
  const reader = await readerUntil(all, ask, classes);
  const seconds = (performance.now() - began) / 1_000;
  for (const line of [...failed, ...missing].slice(0, 10)) print(`publications: ${line}`);
  return { published: drafts.length, seconds, times, failed: failed.length, missing: missing.length, reader };
}

async function whileReindexing(owner, ask, classes) {
  await owner.query(`insert into search_due (article_id) select article_id from article_search order by article_id desc limit $1 on conflict do nothing`, [REINDEXED]); // prettier-ignore
  const began = performance.now();
  const reader = await readerUntil(reindex(), ask, classes);
  return { texts: REINDEXED, seconds: (performance.now() - began) / 1_000, reader };
}

/** @returns a sentence for each check that fails */
function broke({ waits, hostile, publications, reindexing }) {
  const sentences = [];
  for (const { name, limit, times, failed } of waits) {
    const p95 = at(0.95, times);
    if (p95 > limit) sentences.push(`${name}: p95 ${p95.toFixed(1)} ms, the limit is ${limit}`);
    if (failed > 0) sentences.push(`${name}: ${failed} not answered`);
  }
  if (hostile.failed > 0) sentences.push(`${hostile.failed} hostile queries not answered`);
  if (hostile.slowest > LIMITS.hostile) sentences.push(`a hostile query took ${Math.round(hostile.slowest)} ms (${hostile.slowestPath})`);
  if (publications.failed > 0) sentences.push(`${publications.failed} of ${publications.published} publications or their searches failed`);
  if (publications.missing > 0) sentences.push(`${publications.missing} of ${publications.published} articles not found by their titles`);
  if (publications.reader.failed > 0) sentences.push(`${publications.reader.failed} searches failed beside publications`);
  if (reindexing.reader.failed > 0) sentences.push(`${reindexing.reader.failed} searches failed beside a reindex`);
  return sentences;
}

function mean(numbers) {
  return numbers.reduce((sum, each) => sum + each, 0) / numbers.length;
}

/** @returns the least number that so large a share of them does not exceed */
function at(share, numbers) {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)];
}

function reportOf({ facts, generated, indexed, sizes, publishing, waits, hostile, publications, reindexing, broken }) {
  const number = (value) => Math.round(value).toLocaleString('en');
  const ms = (value) => value.toFixed(1);
  const row = (...cells) => `| ${cells.join(' | ')} |`;
  const wait = ({ times }) => `${ms(at(0.5, times))} ms (median), ${ms(at(0.95, times))} ms (p95), ${ms(Math.max(...times))} ms at most`;
  const answered = (counts) => Object.entries(counts).sort(([, a], [, b]) => b - a).map(([rung, n]) => `${rung} ${n}`).join(', '); // prettier-ignore
  const reader = (got) => `${number(got.times.length)} searches, ${got.failed} failed, ${got.partial} partial, ${wait(got)}`;
  return `# Search in ${number(COUNT)} articles

Made by \`node bench/search/speed.mjs --write\` on ${new Date().toISOString().slice(0, 10)}: ${availableParallelism()} cores, Node ${process.version}, PostgreSQL ${facts.postgres}
(embedded, default settings, ${facts.buffers} shared buffers, durable commits). Server, PostgreSQL and the asking client on one machine. Texts of 9 KB, generated
in ${number(generated.seconds)} s, one in twenty a draft; how frequent a word is was counted in a sample. One client, classes by turns, each query asked
once, over HTTP; ${QUERIES} of each class.

Limits of p95: ${LIMITS.terms} ms for one and two terms, ${LIMITS.worst} ms for all others. **${broken.length === 0 ? 'All checks hold.' : `Broken: ${broken.join('; ')}.`}**

| query | median, ms | p95, ms | slowest, ms | processors’ time, mean, ms | partial | answered by |
| --- | ---: | ---: | ---: | ---: | ---: | --- |
${waits.map(({ name, times, worked, partial, answered: by }) => row(name, ms(at(0.5, times)), ms(at(0.95, times)), ms(Math.max(...times)), ms(mean(worked)), partial, answered(by))).join('\n')}

| ${number(sizes.texts)} texts, ${number(sizes.words)} words | MB |
| --- | ---: |
${sizes.relations.map(({ name, bytes }) => row(`\`${name}\``, (bytes / 2 ** 20).toFixed(1))).join('\n')}

- Indexing all texts by \`markaz reindex\` in ${availableParallelism()} processes: ${number(indexed.seconds)} s, ${number(sizes.texts / indexed.seconds)} texts/s.
- Publishing a text of 9 KB: ${ms(publishing.with)} ms with search, ${ms(publishing.without)} ms without (medians of ${PUBLICATIONS}, by turns): ${(publishing.with / publishing.without).toFixed(2)} times.
- ${number(publications.published)} publications in ${number(publications.seconds)} s, ${RATE} a second: ${publications.failed} failed, ${publications.missing} not found first by their titles right after the answer; publications took
  ${wait(publications)}. A reader beside: ${reader(publications.reader)}.
- Beside a reindex of ${number(reindexing.texts)} texts (${number(reindexing.seconds)} s): ${reader(reindexing.reader)}.
- ${hostile.asked} hostile requests: ${hostile.failed} answered with 5xx or not at all, the slowest after ${number(hostile.slowest)} ms.
`;
}
