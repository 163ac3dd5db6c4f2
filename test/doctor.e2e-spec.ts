import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { run } from '../src/cli/cli.js';
import { Doctor } from '../src/doctor/doctor.service.js';
import { INVARIANTS } from '../src/doctor/invariants.queries.js';
import { SWEEP_LOCK } from '../src/media/sweep-lock.js';
import { renditionsOf } from '../src/media/renditions.js';
import { WorkflowService } from '../src/articles/workflow.service.js';
import { SYSTEM } from '../src/access/access.js';
import { aBallot, aDraft, aPoll, anArticle, anAuthor, anEditor, castAll, closePoll, type TestEditor } from './factories.js';
import { startTestApp, type TestApp } from './test-app.js';
import { suiteConnection } from './test-database.js';

/** Each damage the doctor knows, planted behind the back of everything that would prevent it. */

let world: TestApp;
let dataDir: string;
let chief: TestEditor;
beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'markaz-doctor-'));
  world = await startTestApp({ DATA_DIR: dataDir });
  chief = await anEditor(world, 'chief');
});
afterAll(async () => {
  await world.close();
  rmSync(dataDir, { recursive: true, force: true });
});

/** What is found, without the repairs. */
async function found(contents = false): Promise<Record<string, readonly string[]>> {
  const findings = await world.app.get(Doctor).examine(contents);
  return Object.fromEntries(findings.map(({ invariant, rows }) => [invariant, rows]));
}

const query = <Row>(sql: string, values: unknown[] = []): Promise<Row[]> => world.dataSource.query<Row[]>(sql, values);

type Sql = (text: string, values?: unknown[]) => Promise<unknown>;

/** Does damage past triggers, keys and checks, looks for it, and takes all of it back. */
async function damaged(plant: (sql: Sql) => Promise<unknown>): Promise<Record<string, readonly string[]>> {
  const runner = world.dataSource.createQueryRunner();
  await runner.startTransaction();
  try {
    await plant((text, values) => runner.query(text, values));
    const findings = await world.app.get(Doctor).rows(world.dataSource.createEntityManager(runner));
    return Object.fromEntries(findings.map(({ invariant, rows }) => [invariant, rows]));
  } finally {
    await runner.rollbackTransaction();
    await runner.release();
  }
}

/** As nobody could who goes through Markaz: the table's triggers are off while it is done. */
const behind =
  (table: string, text: string, ...constraints: readonly string[]) =>
  (values: readonly unknown[]) =>
  async (sql: Sql): Promise<void> => {
    for (const constraint of constraints) await sql(`alter table ${table} drop constraint ${constraint} cascade`);
    await sql(`alter table ${table} disable trigger user`);
    await sql(text, [...values]);
    await sql(`set constraints all immediate`);
    await sql(`alter table ${table} enable trigger user`);
  };

/** A picture with all its files. */
async function aPicture(): Promise<number> {
  const size = { width: 400, height: 300 };
  const [row] = await query<{ id: number }>(
    `insert into media (kind, state, file_name, width, height, created_by) values ('picture', 'ready', 'a.png', $1, $2, $3) returning id`,
    [size.width, size.height, chief.id],
  );
  const { id } = row!;
  mkdirSync(join(dataDir, 'media', String(id)), { recursive: true });
  const files = [{ name: 'original.png', type: 'image/png' }, ...renditionsOf(size)];
  for (const { name, type } of files) {
    const content = randomBytes(100);
    writeFileSync(join(dataDir, 'media', String(id), name), content);
    await query(`insert into media_files (media_id, name, type, bytes, sha256) values ($1, $2, $3, 100, $4)`, [id, name, type, createHash('sha256').update(content).digest()]); // prettier-ignore
  }
  return id;
}

const fileOf = (id: number, name: string): string => join(dataDir, 'media', String(id), name);

describe('a sound center', () => {
  it('has nothing for it to find: drafts, published, corrected, scheduled, withdrawn, polls, pictures', async () => {
    await aDraft(world);
    await anArticle(world, { publishedAt: '2012-03-04T05:06:07Z' });
    const withdrawn = await anArticle(world);
    const as = world.as(chief);
    await as.post(`/api/v1/desk/articles/${withdrawn.id}/withdraw`, { version: withdrawn.version, reason: 'سبب' }).expect(200);
    const corrected = await anArticle(world);
    await as.post(`/api/v1/desk/articles/${corrected.id}/correct`, { version: corrected.version, note: 'تصويب' }).expect(200);
    const later = await aDraft(world);
    await world.tx((tx) => world.app.get(WorkflowService).schedule(tx, SYSTEM, later, new Date(Date.now() + 86_400_000)));
    const poll = await aPoll(world);
    await castAll(world, [aBallot(poll), aBallot(poll)]);
    await closePoll(world, poll);
    await aPicture();
    expect(await found(true)).toEqual({});
  });
});

/** A live article, an author, a picture, an editor: $1 is the id of what is damaged. */
const kinds = {
  article: async () => (await anArticle(world)).id,
  /** All its words stand in others too. */
  wordless: async () => (await Promise.all(['سطر', 'سطر'].map((title) => anArticle(world, { title }))))[1]!.id,
  author: async () => (await anAuthor(world)).id,
  picture: aPicture,
  editor: async () => (await anEditor(world, 'contributor')).id,
  nothing: () => Promise.resolve(0),
};

type Damage = readonly [
  invariant: string,
  kind: keyof typeof kinds,
  rows: (id: number) => readonly unknown[],
  plant: (values: readonly unknown[]) => (sql: Sql) => Promise<unknown>,
  others?: readonly string[],
];

const revision = `(select live_revision_id from articles where id = $1)`;
const plain =
  (...texts: readonly string[]) =>
  (values: readonly unknown[]) =>
  async (sql: Sql): Promise<void> => {
    for (const text of texts) await sql(text, text.includes('$1') ? [...values] : []);
  };

const DAMAGES: readonly Damage[] = [
  [
    'article_without_head',
    'article',
    (id) => [`article ${id}`],
    behind('articles', `update articles set head_revision_id = null where id = $1`),
  ],
  ['live_without_revision', 'article', (id) => [`article ${id}`], behind('articles', `update articles set live_revision_id = null where id = $1`, 'articles_live_check'), ['listing_extra', 'search_extra']], // prettier-ignore
  ['live_without_date', 'article', (id) => [`article ${id}`], behind('articles', `update articles set updated_at = null where id = $1`, 'articles_live_check')], // prettier-ignore
  ['live_without_slug', 'article', (id) => [`article ${id}`], plain(`update article_slugs set public_since = null where article_id = $1`)],
  ['live_unsealed', 'article', (id) => [`article ${id} revision 1`], behind('revisions', `update revisions set sealed_at = null where id = ${revision}`)], // prettier-ignore
  ['byline_with_gaps', 'article', (id) => [`article ${id} revision 1`], behind('revision_authors', `update revision_authors set position = 1 where revision_id = ${revision}`)], // prettier-ignore
  ['listing_missing', 'article', (id) => [`article ${id} in all`], plain(`delete from listings where article_id = $1 and list = 'all'`)],
  ['listing_extra', 'article', (id) => [`article ${id} in tag:99`], plain(`insert into listings (list, published_at, article_id) select 'tag:99', published_at, id from articles where id = $1`)], // prettier-ignore
  [
    'schedule_without_state',
    'article',
    (id) => [`article ${id}`],
    behind('articles', `update articles set state = 'scheduled' where id = $1`),
  ],
  ['schedule_overdue', 'article', (id) => [`article ${id}`], plain(`insert into article_schedules (article_id, revision_id, at, due_at, zone) select id, head_revision_id, now(), now() - interval '3 minutes', 'UTC' from articles where id = $1`, `update articles set state = 'scheduled' where id = $1`)], // prettier-ignore
  ['merged_into_merged', 'author', (id) => [`author ${id}`], plain(`insert into authors (id, slug, slug_folded, name, sort_key, match_keys, merged_into) select 900001, 'm', 'm', name, sort_key, match_keys, (select min(id) from authors) from authors where id = $1`, `update authors set merged_into = 900001 where id = $1`, `insert into author_merges (from_author_id, into_author_id) select id, merged_into from authors where merged_into is not null`)], // prettier-ignore
  [
    'merge_without_record',
    'author',
    (id) => [`author ${id}`],
    plain(`update authors set merged_into = (select min(id) from authors) where id = $1`),
  ],
  ['removed_media_in_use', 'picture', (id) => [`media ${id}`], plain(`update media set state = 'removed' where id = $1`, `update authors set portrait_id = $1 where id = (select min(id) from authors)`)], // prettier-ignore
  ['live_picture_not_ready', 'picture', (id) => [expect.stringMatching(new RegExp(`^article \\d+ media ${id}$`))], behind('revision_media', `with off as (update media set state = 'failed', failure = 'x' where id = $1) insert into revision_media (revision_id, media_id, place) select max(live_revision_id), $1, 'cover' from articles`)], // prettier-ignore
  ['body_media_unlisted', 'article', (id) => [`article ${id} revision 1 media 7`], behind('revisions', `update revisions set body = '<figure><picture><img alt="" src="/media/7/960.webp"></picture></figure>' where id = ${revision}`)], // prettier-ignore
  ['listed_media_unused', 'picture', (id) => [expect.stringMatching(new RegExp(`^article \\d+ revision 1 media ${id}$`))], behind('revision_media', `insert into revision_media (revision_id, media_id, place) select max(live_revision_id), $1, 'figure' from articles`)], // prettier-ignore
  [
    'media_overdue',
    'picture',
    (id) => [`media ${id} due`],
    plain(`update media set state = 'due', due_at = now() - interval '3 minutes' where id = $1`),
  ],
  ['media_without_files', 'picture', (id) => [`media ${id}`], plain(`delete from media_files where media_id = $1`)],
  ['outbox_stuck', 'nothing', () => [expect.stringMatching(/^mail \d+$/)], plain(`insert into mail_outbox (kind, lane, dedupe_key, to_enc, content_enc, message_id, gives_up_at, state, locked_until) values ('reset', 'account', 'a', '\\x01', '\\x01', 'a', now(), 'sending', now() - interval '6 minutes')`)], // prettier-ignore
  ['sent_with_content', 'nothing', () => [expect.stringMatching(/^mail \d+$/)], plain(`alter table mail_outbox drop constraint mail_outbox_kept_check`, `insert into mail_outbox (kind, lane, dedupe_key, to_enc, content_enc, message_id, gives_up_at, state, ended_at) values ('reset', 'account', 'a', '\\x01', '\\x01', 'a', now(), 'sent', now())`)], // prettier-ignore
  ['session_of_suspended', 'editor', (id) => [`editor ${id}`], plain(`update editors set state = 'suspended' where id = $1`)],
  ['token_of_suspended', 'editor', (id) => [`editor ${id}`], plain(`update editors set state = 'suspended' where id = $1`, `delete from sessions where editor_id = $1`, `insert into api_tokens (editor_id, name, token_hash, scopes, expires_at) values ($1, 'x', '\\x01', '{articles}', now() + interval '1 day')`)], // prettier-ignore
  ['search_missing', 'wordless', (id) => [`article ${id}`], plain(`delete from article_search where article_id = $1`)],
  ['search_extra', 'wordless', (id) => [`article ${id}`], behind('articles', `update articles set live_revision_id = null, status = 'withdrawn' where id = $1`), ['listing_extra']], // prettier-ignore
  ['search_of_another_revision', 'article', (id) => [`article ${id}`], plain(`update article_search set revision_id = (select min(id) from revisions where article_id <> $1) where article_id = $1`)], // prettier-ignore
  ['search_failed', 'article', (id) => [`article ${id}`], plain(`insert into search_due values ($1, now())`)],
  ['search_word_missing', 'wordless', (id) => [`article ${id} زعفر`], plain(`update article_search set body = body || '''زعفر'':9000 ''~زعفر'''::tsvector where article_id = $1`)], // prettier-ignore
  ['search_word_extra', 'nothing', () => ['word زعفر'], plain(`insert into search_vocabulary (word, shown) values ('زعفر', 'زعفران')`)],
  ['trigger_disabled', 'nothing', () => ['articles content_changed'], plain(`alter table articles disable trigger content_changed`)],
  ['constraint_not_valid', 'nothing', () => ['tags tags_new_check'], plain(`alter table tags add constraint tags_new_check check (id > 0) not valid`)], // prettier-ignore
];

describe('damage', () => {
  it.each(DAMAGES.map((damage) => ({ name: damage[0], damage })))('$name is found, and what is damaged is named', async ({ damage }) => {
    const [invariant, kind, rows, plant, others = []] = damage;
    const id = await kinds[kind]();
    expect(await found()).toEqual({});
    const { [invariant]: own, ...more } = await damaged(plant([id]));
    expect(own).toEqual(rows(id));
    expect(Object.keys(more)).toEqual(others);
  });

  it('idle_in_transaction: a process that holds its locks and does nothing', async () => {
    const [{ name }] = (await query<{ name: string }>(`select current_database() as name`)) as [{ name: string }];
    const idle = new pg.Client({ ...suiteConnection(), database: name, idle_in_transaction_session_timeout: 0 });
    await idle.connect();
    await idle.query('begin');
    const { rows } = await idle.query<{ pid: number }>('select pg_backend_pid() as pid');
    await new Promise((resume) => setTimeout(resume, 10_100));
    expect(await found()).toEqual({ idle_in_transaction: [`process ${rows[0]!.pid} ()`] });
    // A backup copies its files in that state, for as long as they take.
    await idle.query(`set application_name = 'markaz backup'`);
    await idle.query('savepoint a');
    await new Promise((resume) => setTimeout(resume, 10_100));
    expect(await found()).toEqual({});
    await idle.end();
    expect(await found()).toEqual({});
  }, 60_000);

  it('media_overdue: not while pictures are made one after the other, nor what waits for a backup to end', async () => {
    const waiting = `update media set due_at = now() - interval '3 minutes', state = `;
    const id = await aPicture();
    const another = await aPicture();
    const late = async (state: string, ...more: readonly string[]): Promise<readonly string[] | undefined> => {
      const all = await damaged(async (sql) => {
        await sql(`${waiting} '${state}' where id = $1`, [id]);
        for (const text of more) await sql(text, [another]);
      });
      return all['media_overdue'];
    };
    expect(await late('due')).toEqual([`media ${id} due`]);
    expect(await late('due', `update media set state = 'due', due_at = now() + interval '20 seconds' where id = $1`)).toBeUndefined();
    expect(await late('removed', `update media set state = 'due', due_at = now() + interval '20 seconds' where id = $1`)).toEqual([
      `media ${id} removed`,
    ]);
    const [{ name }] = (await query<{ name: string }>(`select current_database() as name`)) as [{ name: string }];
    const backup = new pg.Client({ ...suiteConnection(), database: name });
    await backup.connect();
    // As a sweep holds it, then as a backup.
    await backup.query(`select pg_advisory_lock_shared($1)`, [SWEEP_LOCK]);
    expect(await late('removed')).toEqual([`media ${id} removed`]);
    await backup.query(`select pg_advisory_lock($1)`, [SWEEP_LOCK]);
    for (const state of ['removed', 'arriving']) expect(await late(state)).toBeUndefined();
    expect(await late('due')).toEqual([`media ${id} due`]);
    await backup.end();
  });

  it('removed_media_in_use: its repair makes a picture anew, and gives a document back as it is', async () => {
    const repair = INVARIANTS.find(({ name }) => name === 'removed_media_in_use')!.repair;
    const statement = /: (update [^;]+);/.exec(repair)![1]!;
    const id = await aPicture();
    const states: string[] = [];
    for (const kind of ['picture', 'document']) {
      const runner = world.dataSource.createQueryRunner();
      await runner.startTransaction();
      await runner.query(`update media set state = 'removed', due_at = now(), kind = $2, width = null, height = null where id = $1`, [
        id,
        kind,
      ]);
      await runner.query(statement.replace('= N', `= ${id}`));
      states.push(
        ...((await runner.query(`select state from media where id = $1`, [id])) as { state: string }[]).map(({ state }) => state),
      );
      await runner.rollbackTransaction();
      await runner.release();
    }
    expect(states).toEqual(['due', 'ready']);
  });

  it('has a test for each of its invariants', () => {
    expect(
      INVARIANTS.map(({ name }) => name)
        .filter((name) => name !== 'idle_in_transaction')
        .toSorted(),
    ).toEqual(DAMAGES.map(([name]) => name).toSorted());
  });

  it('in storage is found by name, size and, where asked, content; what is at work is left alone', async () => {
    const [a, b, c, d, e] = [await aPicture(), await aPicture(), await aPicture(), await aPicture(), await aPicture()];
    const kept = new Map([a, b, c].map((id) => [id, readFileSync(fileOf(id, '320.webp'))]));
    rmSync(fileOf(a, '320.webp'));
    writeFileSync(fileOf(b, '320.webp'), 'short');
    writeFileSync(fileOf(c, '320.webp'), randomBytes(100));
    writeFileSync(fileOf(d, 'upload.part'), 'left behind');
    mkdirSync(join(dataDir, 'media/900009'));
    await query(`delete from media_files where media_id = $1 and name = '400.avif'`, [e]);
    rmSync(fileOf(e, '400.avif'));
    const quick = {
      file_missing: [`${a}/320.webp`],
      file_differs: [`${b}/320.webp`],
      file_without_row: [`${d}/upload.part`, '900009/'].toSorted(),
      rendition_missing: [`media ${e}`],
    };
    expect(await found()).toEqual(quick);
    expect(await found(true)).toEqual({ ...quick, file_differs: [`${b}/320.webp`, `${c}/320.webp`].toSorted() });

    for (const [id, content] of kept) writeFileSync(fileOf(id, '320.webp'), content);
    rmSync(join(dataDir, 'media/900009'), { recursive: true });
    // Its renditions are being made anew: what lies there meanwhile is nobody else's business.
    await query(`update media set state = 'due', due_at = now() + interval '1 minute' where id = any ($1)`, [[d, e]]);
    expect(await found(true)).toEqual({});
    rmSync(fileOf(d, 'upload.part'));
    await query(`delete from media where id = any ($1)`, [[d, e]]);
    for (const id of [d, e]) rmSync(join(dataDir, 'media', String(id)), { recursive: true });
  });

  it('of polls is part of it', async () => {
    const poll = await aPoll(world);
    await castAll(world, [aBallot(poll)]);
    await query(`delete from ballot_choices where poll_id = $1`, [poll.id]);
    expect(await found()).toEqual({ 'polls.ballot_without_choice': [`poll ${poll.id} (1)`] });
    await query(`delete from ballots where poll_id = $1`, [poll.id]);
  });
});

describe('markaz doctor', () => {
  it('prints what is found and its repair, tells programs by exit code and last line, and changes nothing', async () => {
    const [{ name }] = (await query<{ name: string }>(`select current_database() as name`)) as [{ name: string }];
    const { host, port, user, password } = suiteConnection() as { host: string; port: number; user: string; password: string };
    const env = {
      DATABASE_URL: `postgres://${user}:${encodeURIComponent(password)}@${encodeURIComponent(host)}:${port}/${name}`,
      SECRET_KEY: 'a key that only the tests use, 0123456789',
      DATA_DIR: dataDir,
      LOG_LEVEL: 'silent',
    };
    const before = { ...process.env };
    Object.assign(process.env, env);
    const [out, err]: [string[], string[]] = [[], []];
    const spies = [
      vi.spyOn(process.stdout, 'write').mockImplementation((line) => (out.push(String(line)), true)),
      vi.spyOn(process.stderr, 'write').mockImplementation((line) => (err.push(String(line)), true)),
    ];
    try {
      expect(await run(['doctor', '--files'])).toBe(0);
      expect(out.splice(0)).toEqual(['{"findings":0,"rows":0}\n']);
      expect(err.splice(0)).toEqual([]);
      const { id } = await anArticle(world);
      await query(`delete from listings where article_id = $1`, [id]);
      expect(await run(['doctor'])).toBe(1);
      const lists = (await query<{ list: string }>(`select list from listings_definition where article_id = $1 order by list`, [id])).map(({ list }) => `article ${id} in ${list}`); // prettier-ignore
      expect(out.splice(0)).toEqual([`{"findings":1,"rows":${lists.length}}\n`]);
      const repair = INVARIANTS.find((each) => each.name === 'listing_missing')!.repair;
      expect(err.splice(0)).toEqual([`listing_missing (${lists.length}): ${lists.join(', ')}\n  ${repair}\n`]);
      expect(await run(['doctor', '--json'])).toBe(1);
      expect(JSON.parse(out.splice(0).join(''))).toEqual({ findings: [{ invariant: 'listing_missing', rows: lists, repair }] });
      // It only looks.
      expect(await query(`select from listings where article_id = $1`, [id])).toEqual([]);
      await query(repair.replace('= N', `= ${id}`));
      expect(await run(['doctor'])).toBe(0);
      expect(await run(['doctor', 'everything'])).toBe(2);
    } finally {
      for (const spy of spies) spy.mockRestore();
      process.env = before;
    }
  }, 60_000);
});
