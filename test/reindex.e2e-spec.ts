import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { SYSTEM } from '../src/access/access.js';
import { WorkflowService } from '../src/articles/workflow.service.js';
import { Waker } from '../src/jobs/waker.js';
import { ANALYSER } from '../src/text/analyser.js';
import { SearchIndexJob } from '../src/search/search-index.job.js';
import { SearchIndex } from '../src/search/search-index.service.js';
import { aDraft, aSection, aTag, anArticle, anAuthor, anEditor, type TestEditor } from './factories.js';
import { startTestApp, type TestApp } from './test-app.js';
import { suiteConnection } from './test-database.js';

/** What is not indexed as it should be is found and indexed anew, by the server and by `markaz reindex`, and whatever interrupts it is still due. */

const MARKAZ = join(import.meta.dirname, '../bin/markaz.mjs');

let world: TestApp;
let chief: TestEditor;
let folder: string;
let sectionId: number;

beforeAll(async () => {
  world = await startTestApp();
  chief = await anEditor(world, 'chief');
  folder = mkdtempSync(join(tmpdir(), 'markaz-reindex-'));
  sectionId = (await aSection(world)).id;
});
afterAll(async () => {
  await world.close();
  rmSync(folder, { recursive: true, force: true });
});
afterEach(() => vi.restoreAllMocks());

const query = <Row>(sql: string, values: unknown[] = []): Promise<Row[]> => world.dataSource.query<Row[]>(sql, values);
const indexDue = () => world.app.get(Waker).run('search index');
const due = async () => (await query<{ id: number }>(`select article_id as id from search_due order by 1`)).map(({ id }) => id);
const holding = async (word: string) =>
  (await query<{ id: number }>(`select article_id as id from article_search where head @@ $1::tsquery or body @@ $1::tsquery order by 1`, [`'${word}'`])).map(({ id }) => id); // prettier-ignore
const known = async (word: string) => (await query(`select from search_vocabulary where word = $1`, [word])).length === 1;

/** Everything that search keeps, to be compared. */
const kept = () =>
  query(`select article_id, revision_id, title, head::text, body::text, year, analyser from article_search order by article_id`);
const vocabulary = () => query(`select word, doubtful from search_vocabulary order by word`);

interface Run {
  readonly code: number | null;
  readonly counts: { indexed: number; failed: number } | null;
  readonly said: string;
}

/** The command as people run it. */
function reindex(...args: string[]): { readonly ended: Promise<Run>; said(): string; kill(): void } {
  const { host, port, user, password } = suiteConnection();
  const child = spawn(process.execPath, [MARKAZ, 'reindex', ...args], {
    env: {
      PATH: process.env['PATH'],
      DATABASE_URL: `postgres://${user}:${encodeURIComponent(String(password))}@${encodeURIComponent(String(host))}:${port}/${String(world.dataSource.options.database)}`,
      SECRET_KEY: 'a key that only the tests use, 0123456789',
      DATA_DIR: folder,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [out, said] = ['', ''];
  child.stdout.on('data', (data: Buffer) => (out += data.toString()));
  child.stderr.on('data', (data: Buffer) => (said += data.toString()));
  const ended = new Promise<Run>((resolve) => child.on('close', (code) => resolve({ code, counts: out === '' ? null : (JSON.parse(out) as Run['counts']), said }))); // prettier-ignore
  return { ended, said: () => said, kill: () => child.kill('SIGKILL') };
}

describe('due work', () => {
  it('of a changed name: the piece is found by the new one, and the old one is no word any more', async () => {
    const author = await anAuthor(world, { name: { ar: 'سلمى الراوي' } });
    const tag = await aTag(world, 'فلاحة');
    const { id } = await anArticle(world, { sectionId, byline: [{ authorId: author.id }], tagIds: [tag.id] });
    const other = await anArticle(world, { sectionId });
    expect(await due()).toEqual([]);
    await world.as(chief).patch(`/api/v1/desk/authors/${author.id}`, { version: 1, name: { ar: 'سلمى الشاعر' } }).expect(200); // prettier-ignore
    await world
      .as(chief)
      .patch(`/api/v1/desk/authors/${author.id}`, { version: 2, affiliation: { ar: 'معهد' } })
      .expect(200);
    expect(await due()).toEqual([id]);
    await indexDue();
    expect([await holding('شاعر'), await holding('راو'), await known('شاعر'), await known('راو')]).toEqual([[id], [], true, false]);
    await world
      .as(chief)
      .patch(`/api/v1/desk/tags/${tag.id}`, { version: 1, name: { ar: 'بستنة' } })
      .expect(200);
    expect(await due()).toEqual([id]);
    await indexDue();
    expect([await holding('بستن'), await holding('فلاح'), await known('فلاح')]).toEqual([[id], [], false]);
    expect(await holding('شاعر')).not.toContain(other.id);
    expect(await due()).toEqual([]);
  });

  it('of another time zone: only what another year now has', async () => {
    const eve = await anArticle(world, { sectionId, publishedAt: '2015-12-31T22:30:00Z' });
    const year = async () => (await query<{ year: number }>(`select year from article_search where article_id = $1`, [eve.id]))[0]!.year;
    expect(await year()).toBe(2016);
    const { body } = await world.as(await anEditor(world, 'admin')).get('/api/v1/desk/center');
    const { version } = body as { version: number };
    await world.as(await anEditor(world, 'admin')).patch('/api/v1/desk/center', { version, zone: 'Europe/London' }).expect(200); // prettier-ignore
    expect(await due()).toEqual([eve.id]);
    await indexDue();
    expect(await year()).toBe(2015);
  });

  it('of a start by newer rules: one line says how many, and all stay found meanwhile', async () => {
    const logged = vi.spyOn(Logger.prototype, 'log').mockImplementation(() => undefined);
    const before = await kept();
    await query(`update article_search set analyser = $1`, [ANALYSER - 1]);
    await query(`delete from article_search where article_id = (select max(article_id) from article_search)`);
    const again = await startAgain();
    expect(logged.mock.calls.map(([line]) => line as string)).toEqual([
      `${before.length} pieces are indexed anew, by version ${ANALYSER} of the rules; they are found as before meanwhile`,
    ]);
    expect(await kept()).toEqual(before);
    logged.mockClear();
    await again.run('search index');
    expect(logged).not.toHaveBeenCalled();
  });

  it('that one piece makes fail does not hold up the others', async () => {
    const error = vi.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
    const pieces = [await anArticle(world, { sectionId }), await anArticle(world, { sectionId }), await anArticle(world, { sectionId })];
    const bad = pieces[1]!.id;
    const index = world.app.get(SearchIndex);
    const real = index.indexAnew.bind(index);
    vi.spyOn(index, 'indexAnew').mockImplementation((tx, ids) => (ids.includes(bad) ? Promise.reject(new Error('no')) : real(tx, ids)));
    await query(`insert into search_due select unnest($1::int[])`, [pieces.map(({ id }) => id)]);
    await indexDue();
    expect(await due()).toEqual([bad]);
    expect(error.mock.calls.map(([line]) => line as string)).toEqual(['3 pieces: no', `article ${bad}: no`]);
    vi.restoreAllMocks();
    await indexDue();
    expect(await due()).toEqual([bad]);
    await query(`update search_due set failed_at = failed_at - interval '61 minutes'`);
    await indexDue();
    expect(await due()).toEqual([]);
  });
});

describe('at the same moment as a publication', () => {
  /** Publishes in a transaction that stays open while something else is begun. */
  async function whilePublishing(piece: { id: number; version: number }, begin: () => Promise<unknown>): Promise<void> {
    let begun: Promise<unknown> = Promise.resolve();
    await world.tx(async (tx) => {
      await world.app.get(WorkflowService).publish(tx, SYSTEM, piece);
      begun = begin();
      await sleep(300);
    });
    await begun;
  }

  it('a change of a name waits for it, and finds what it has indexed by the old one', async () => {
    const author = await anAuthor(world, { name: { ar: 'نوال القديم' } });
    const piece = await aDraft(world, { sectionId, byline: [{ authorId: author.id }] });
    await whilePublishing(piece, async () => {
      await world
        .as(chief)
        .patch(`/api/v1/desk/authors/${author.id}`, { version: 1, name: { ar: 'نوال البديل' } })
        .expect(200);
    });
    expect(await due()).toEqual([piece.id]);
    await indexDue();
    expect(await holding('بديل')).toEqual([piece.id]);
  });

  it('what is due leaves the text to it, and never writes an older one over it', async () => {
    const piece = await anArticle(world, { sectionId, title: 'قديم العهد' });
    const { body } = await world.as(chief).patch(`/api/v1/desk/articles/${piece.id}`, { version: piece.version, title: 'جديد العهد' }).expect(200); // prettier-ignore
    await query(`insert into search_due values ($1)`, [piece.id]);
    let left: number[] = [];
    await whilePublishing(body as typeof piece, async () => {
      await indexDue();
      left = await due();
    });
    expect(left).toEqual([piece.id]);
    expect(await query(`select title from article_search where article_id = $1`, [piece.id])).toEqual([{ title: 'جديد العهد' }]);
    await indexDue();
    expect(await query(`select title from article_search where article_id = $1`, [piece.id])).toEqual([{ title: 'جديد العهد' }]);
    expect(await due()).toEqual([]);
  });
});

/** The job as another server's start begins it, over the same database. */
async function startAgain(): Promise<Waker> {
  const waker = new Waker();
  new SearchIndexJob(world.dataSource, world.app.get(SearchIndex), waker).onModuleInit();
  await waker.run('search index');
  return waker;
}

describe('markaz reindex', () => {
  const MANY = 120;
  beforeAll(async () => {
    for (let n = 0; n < MANY; n += 1)
      await anArticle(world, { sectionId, title: `مقال ${n} عن العمران`, body: `<p>${'سور مدينة قديم '.repeat(300)}</p>` });
  }, 60_000);

  /** As if all had been indexed by rules that gave another stem. */
  async function spoil(): Promise<void> {
    await query(`update article_search set body = body || $1::tsvector, analyser = $2`, [`'زائد'`, ANALYSER - 1]);
    await query(`insert into search_vocabulary (word, shown) values ('زائد', 'زائد')`);
  }

  it('does at once what is due, and --all everything; words of the old rules go', async () => {
    const [before, words] = [await kept(), await vocabulary()];
    expect(await reindex().ended).toMatchObject({ code: 0, counts: { indexed: 0, failed: 0 } });
    await spoil();
    const done = await reindex().ended;
    expect(done).toMatchObject({ code: 0, counts: { indexed: before.length, failed: 0 } });
    expect(done.said).toContain(`${before.length} texts are to be indexed\n`);
    expect([await kept(), await vocabulary(), await due()]).toEqual([before, words, []]);
    await query(`update article_search set title = 'x'`);
    expect((await reindex().ended).counts).toEqual({ indexed: 0, failed: 0 });
    expect((await reindex('--all').ended).counts).toEqual({ indexed: before.length, failed: 0 });
    expect([await kept(), await vocabulary(), await due()]).toEqual([before, words, []]);
    expect(await reindex('everything').ended).toMatchObject({ code: 2, counts: null });
  }, 60_000);

  it('two at once share the work', async () => {
    const [before, words] = [await kept(), await vocabulary()];
    await spoil();
    // All of them are at it before any piece can be had.
    const gate = world.dataSource.createQueryRunner();
    await gate.startTransaction();
    await gate.query(`select from articles for update`);
    const runs = [reindex('--all'), reindex('--all'), reindex()];
    while (!runs.every(({ said }) => said().includes(`${before.length} texts are to be indexed`))) await sleep(50);
    await gate.rollbackTransaction();
    await gate.release();
    const both = await Promise.all(runs.map(({ ended }) => ended));
    expect(both.map(({ code, said }) => [code, /error/i.test(said)])).toEqual(both.map(() => [0, false]));
    expect(both.reduce((sum, { counts }) => sum + counts!.indexed, 0)).toBe(before.length);
    expect([await kept(), await vocabulary(), await due()]).toEqual([before, words, []]);
  }, 60_000);

  it('killed in the middle leaves the rest due, and a server does it', async () => {
    const [before, words] = [await kept(), await vocabulary()];
    await spoil();
    const run = reindex('--all');
    let left = 0;
    do {
      await sleep(5);
      left = (await due()).length;
    } while (left === 0 || left === before.length);
    run.kill();
    expect((await run.ended).code).toBeNull();
    left = (await due()).length;
    expect(left).toBeGreaterThan(0);
    expect(left).toBeLessThan(before.length);
    await indexDue();
    expect([await kept(), await vocabulary(), await due()]).toEqual([before, words, []]);
  }, 60_000);

  it('beside publications keeps none waiting, and all is indexed as it then is', async () => {
    const pieces: { id: number; version: number }[] = [];
    for (let n = 0; n < 10; n += 1) pieces.push(await anArticle(world, { sectionId, title: `خبر ${n}` }));
    const at = { work: true };
    const run = reindex('--all').ended.finally(() => (at.work = false));
    let slowest = 0;
    let acts = 0;
    for (; at.work; acts += 1) {
      const piece = pieces[acts % pieces.length]!;
      const path = `/api/v1/desk/articles/${piece.id}`;
      const saved = await world
        .as(chief)
        .patch(path, { version: piece.version, title: `خبر ${acts} معاد` })
        .expect(200);
      const from = performance.now();
      const published = await world.as(chief).post(`${path}/publish`, { version: (saved.body as { version: number }).version }).expect(200); // prettier-ignore
      slowest = Math.max(slowest, performance.now() - from);
      piece.version = (published.body as { version: number }).version;
    }
    expect((await run).code).toBe(0);
    expect(acts).toBeGreaterThan(5);
    expect(slowest).toBeLessThan(2_000);
    await indexDue();
    expect(await query(`select from articles a full join article_search s on s.article_id = a.id where s.revision_id is distinct from a.live_revision_id`)).toEqual([]); // prettier-ignore
    const titles = await query<{ indexed: string; live: string }>(
      `select s.title as indexed, r.title as live from article_search s join articles a on a.id = s.article_id join revisions r on r.id = a.live_revision_id
       where a.id = any($1::int[])`,
      [pieces.map(({ id }) => id)],
    );
    expect(titles.filter(({ indexed, live }) => indexed !== live)).toEqual([]);
  }, 60_000);
});
