import pg from 'pg';
import type { Connection } from '../src/database/connection.js';
import { inTransaction } from '../src/database/transaction.js';
import { aDraft, anArticle, anAuthor, aSection, aSeries, aTag } from './factories.js';
import { startTestApp, type TestApp } from './test-app.js';
import { suiteConnection } from './test-database.js';

let world: TestApp;
let main: Connection;
let owner: pg.Client;

beforeAll(async () => {
  world = await startTestApp();
  const [{ name }] = await world.dataSource.query<[{ name: string }]>(`select current_database() as name`);
  main = { ...suiteConnection(), database: name };
  owner = await connect();
});

afterAll(async () => {
  await owner.end();
  await world.close();
});

async function connect(): Promise<pg.Client> {
  const client = new pg.Client(main);
  await client.connect();
  return client;
}

/** Runs `act` with so many sessions of the owner. */
async function withSessions<Result>(count: number, act: (sessions: pg.Client[]) => Promise<Result>): Promise<Result> {
  const sessions = await Promise.all(Array.from({ length: count }, connect));
  try {
    return await act(sessions);
  } finally {
    await Promise.all(sessions.map((session) => session.end()));
  }
}

async function ask<Row extends pg.QueryResultRow>(sql: string, values: unknown[] = []): Promise<Row[]> {
  return (await owner.query<Row>(sql, values)).rows;
}

/** @returns SQLSTATE and constraint of the refusal, or null when the act is allowed */
async function refusal(act: Promise<unknown>): Promise<string | null> {
  try {
    await act;
    return null;
  } catch (error) {
    if (error instanceof pg.DatabaseError) return [error.code, error.constraint].filter(Boolean).join(' ');
    throw error;
  }
}

const newestRevision = async (articleId: number): Promise<number> =>
  (await ask<{ id: number }>(`select id from revisions where article_id = $1 order by number desc limit 1`, [articleId]))[0]!.id;

it('a burst of acts longer than the pool’s patience is worked off, and leaves room for short questions', async () => {
  const acts = Array.from({ length: 60 }, () => inTransaction(world.dataSource, (tx) => tx.query(`select pg_sleep(0.25)`)));
  const settled = Promise.allSettled(acts);
  expect(await world.dataSource.query(`select 1 as answer`)).toEqual([{ answer: 1 }]);
  expect((await settled).filter(({ status }) => status === 'rejected')).toEqual([]);
});

describe('a revision that has been public', () => {
  let article: number;
  let sealed: number;
  let draft: number;
  let tag: number;
  const everything = (): Promise<unknown[]> =>
    ask(
      `select to_jsonb(r) as revision, (select jsonb_agg(to_jsonb(b)) from revision_authors b where b.revision_id = r.id) as byline,
         (select jsonb_agg(to_jsonb(t)) from revision_tags t where t.revision_id = r.id) as tags
       from revisions r where id = $1`,
      [sealed],
    );

  beforeAll(async () => {
    tag = (await aTag(world, 'ثان')).id;
    article = (await anArticle(world, { tagIds: [(await aTag(world, 'أول')).id] })).id;
    sealed = await newestRevision(article);
    draft = await newestRevision((await aDraft(world, { tagIds: [tag] })).id);
  });

  it.each([
    `update revisions set title = 'other' where id = $sealed`,
    `update revisions set sealed_at = null where id = $sealed`,
    `delete from revisions where id = $sealed`,
    `delete from articles where id = $article`,
    `update revision_authors set role = 'editor' where revision_id = $sealed`,
    `update revision_authors set revision_id = $sealed, position = 7 where revision_id = $draft`,
    `update revision_authors set revision_id = $draft, position = 7 where revision_id = $sealed`,
    `delete from revision_authors where revision_id = $sealed`,
    `insert into revision_authors select $sealed, 7, author_id from revision_authors where revision_id = $draft`,
    `update revision_tags set revision_id = $sealed where revision_id = $draft`,
    `delete from revision_tags where revision_id = $sealed`,
    `insert into revision_tags values ($sealed, $tag)`,
  ])('is refused to change, also for the owner: %s', async (template) => {
    const before = await everything();
    const sql = template.replaceAll('$sealed', `${sealed}`).replaceAll('$draft', `${draft}`);
    expect(await refusal(owner.query(sql.replaceAll('$article', `${article}`).replaceAll('$tag', `${tag}`)))).toBe(
      '23000 revisions_sealed',
    );
    expect(await everything()).toEqual(before);
  });

  it('may be sealed again, since that changes nothing', async () => {
    const before = await everything();
    await owner.query(`update revisions set sealed_at = coalesce(sealed_at, now()) where id = $1`, [sealed]);
    expect(await everything()).toEqual(before);
  });

  it('is whole when it is sealed: what eight others are adding at that moment is waited for, what comes later is refused', async () => {
    const { id } = await aDraft(world);
    const revision = await newestRevision(id);
    const tags = (await ask<{ id: number }>(
      `insert into tags (slug, slug_folded, name) select 'at-once-' || n, 'at-once-' || n, '{"ar": "وسم"}' from generate_series(1, 9) n returning id`,
    )) as { id: number }[];
    const insert = `insert into revision_tags values (${revision}, $1)`;
    await withSessions(9, async ([sealing, ...adding]) => {
      for (const [n, session] of adding.entries()) {
        await session.query('begin');
        await session.query(insert, [tags[n]!.id]);
      }
      const sealedWith = (async () => {
        await sealing!.query('begin');
        await sealing!.query(`update revisions set sealed_at = now() where id = ${revision}`);
        const { rows } = await sealing!.query<{ count: number }>(`select count(*)::int from revision_tags where revision_id = ${revision}`);
        const late = adding[0]!.query(insert, [tags[8]!.id]);
        const refused = refusal(late);
        await sealing!.query('commit');
        return [rows[0]!.count, await refused];
      })();
      await Promise.all(adding.map((session) => session.query(`select pg_sleep(0.1); commit`)));
      expect(await sealedWith).toEqual([8, '23000 revisions_sealed']);
    });
    expect(await ask(`select count(*)::int from revision_tags where revision_id = $1`, [revision])).toEqual([{ count: 8 }]);
  });

  it('differs from a draft, which may be changed, and goes with its article', async () => {
    const { id } = await aDraft(world, { tagIds: [tag] });
    const revision = await newestRevision(id);
    await owner.query(`update revisions set title = 'other' where id = $1`, [revision]);
    await owner.query(`delete from revision_tags where revision_id = $1`, [revision]);
    await owner.query(`delete from articles where id = $1`, [id]);
    expect(await ask(`select id from revisions where id = $1`, [revision])).toEqual([]);
  });
});

describe('an article', () => {
  it('can show only a revision of its own, and no two the same', async () => {
    const one = await anArticle(world);
    const other = await newestRevision((await anArticle(world)).id);
    const point = `update articles set live_revision_id = $2 where id = $1`;
    expect(await refusal(owner.query(point, [one.id, other]))).toBe('23505 articles_live_revision_id_key');
    const draft = await newestRevision((await aDraft(world)).id);
    expect(await refusal(owner.query(point, [one.id, draft]))).toBe('23503 articles_live_revision_id_fkey');
  });

  it('is public with a status and a date, withdrawn with a date, or never was public: nothing else', async () => {
    const { id } = await anArticle(world);
    const revision = await newestRevision(id);
    const allowed: string[] = [];
    const dates = {
      dated: `published_at = now(), updated_at = now(), dateline = 'd'`,
      'without published_at': `published_at = null, updated_at = now(), dateline = 'd'`,
      'without updated_at': `published_at = now(), updated_at = null, dateline = 'd'`,
      'without dateline': `published_at = now(), updated_at = now(), dateline = null`,
      undated: `published_at = null, updated_at = null, dateline = null`,
    };
    for (const pointer of ['null', revision])
      for (const status of ['null', `'published'`, `'corrected'`, `'retracted'`, `'withdrawn'`, `'draft'`])
        for (const [name, columns] of Object.entries(dates)) {
          await owner.query('begin');
          const sql = `update articles set live_revision_id = ${pointer}, status = ${status}, ${columns} where id = ${id}`;
          const refused = await refusal(owner.query(sql));
          await owner.query('rollback');
          if (refused === null) allowed.push(`${pointer === 'null' ? 'hidden' : 'public'} ${status} ${name}`);
          else expect([sql, refused]).toEqual([sql, expect.stringMatching(/^23514 articles_(live|status)_check$/)]);
        }
    expect(allowed).toEqual([
      'hidden null dated',
      'hidden null without published_at',
      'hidden null without updated_at',
      'hidden null without dateline',
      'hidden null undated',
      `hidden 'withdrawn' dated`,
      `public 'published' dated`,
      `public 'corrected' dated`,
      `public 'retracted' dated`,
    ]);
  });
});

describe('the clock of published content', () => {
  beforeAll(async () => {
    await owner.query(`
      create table clock_moves (at timestamptz default clock_timestamp());
      create function count_clock_move() returns trigger language plpgsql as 'begin insert into clock_moves default values; return null; end';
      create trigger counted after update on content_clock for each row execute function count_clock_move()`);
  });

  /** @returns how often the clock moved */
  async function movesDuring(act: () => Promise<unknown>): Promise<number> {
    await owner.query(`truncate clock_moves`);
    const clock = `select changed_at from content_clock`;
    const [before] = await ask<{ changed_at: Date }>(clock);
    await act();
    const [after] = await ask<{ changed_at: Date }>(clock);
    const [{ moves }] = (await ask(`select count(*)::int as moves from clock_moves`)) as [{ moves: number }];
    expect(after!.changed_at >= before!.changed_at).toBe(true);
    return moves;
  }

  it('moves once in a transaction, however many rows of however many tables change', async () => {
    const { id } = await anArticle(world);
    const moves = await movesDuring(() =>
      owner.query(`
        begin; update authors set bio = '{"en": "new"}'; update sections set position = position + 1; update tags set name = name;
        update articles set dateline = 'new' where id = ${id}; delete from listings where article_id = ${id}; update center set lang = lang; commit`),
    );
    expect(moves).toBe(1);
  });

  it('moves for each thing readers see, and not for a draft', async () => {
    const section = await aSection(world);
    const author = await anAuthor(world);
    const tag = await aTag(world, 'ساعة');
    const series = await aSeries(world, 'ساعة');
    const { id } = await anArticle(world, {
      sectionId: section.id,
      byline: [{ authorId: author.id }],
      tagIds: [tag.id],
      series: { id: series.id, position: 1 },
    });
    const hidden = await anAuthor(world, { name: { ar: 'ضيفة لم يُعلن عنها' } });
    const seen = [
      `update center set tagline = '{"en": "new"}'`,
      `insert into masthead_terms (position, role, person) values (1, '{}', '{}')`,
      `update sections set name = '{"ar": "new"}' where id = ${section.id}`,
      `update authors set bio = '{"ar": "new"}' where id = ${author.id}`,
      `update tags set name = '{"ar": "new"}' where id = ${tag.id}`,
      `update series set name = '{"ar": "new"}' where id = ${series.id}`,
      `update articles set status = 'retracted' where id = ${id}`,
      `delete from listings where article_id = ${id} and list = 'all'`,
    ];
    const unseen = [
      `update articles set version = version + 1 where id = ${id}`,
      `insert into articles (lang) values ('ar')`,
      `insert into revisions (article_id, number, slug, slug_encoded, title, body_source, body, plain_text, words, reading_minutes)
       values (${id}, 2, 's', 's', 'Draft', '', '', '', 0, 0)`,
      `insert into authors (slug, slug_folded, name, match_keys, sort_key) values ('guest', 'guest', '{"ar": "ضيفة"}', '{}', '')`,
      `update authors set bio = '{"ar": "new"}' where id = ${hidden.id}`,
      `insert into tags (slug, slug_folded, name) values ('embargo', 'embargo', '{"ar": "حظر"}')`,
    ];
    for (const sql of seen) expect([sql, await movesDuring(() => owner.query(sql))]).toEqual([sql, 1]);
    for (const sql of unseen) expect([sql, await movesDuring(() => owner.query(sql))]).toEqual([sql, 0]);
    expect(await movesDuring(() => aDraft(world, { sectionId: section.id, byline: [{ authorId: author.id }] }))).toBe(0);
  });

  /** Eight transactions, half of which touch an article and then an author, half the reverse, all with the first done before any second. */
  async function crossing(before: string): Promise<(string | null)[]> {
    const articles: number[] = [];
    const authors: number[] = [];
    for (let n = 0; n < 8; n += 1) {
      const author = await anAuthor(world);
      articles.push((await anArticle(world, { byline: [{ authorId: author.id }] })).id);
      authors.push(author.id);
    }
    return withSessions(8, async (sessions) => {
      const touch = (n: number, what: 'article' | 'author'): Promise<unknown> =>
        sessions[n]!.query(
          what === 'article'
            ? `update articles set dateline = 'crossed' where id = ${articles[n]}`
            : `update authors set bio = '{"en": "crossed"}' where id = ${authors[n]}`,
        );
      await Promise.all(sessions.map((session) => session.query(`set lock_timeout = '500ms'; begin; ${before}`)));
      const first = await Promise.all(sessions.map((_, n) => refusal(touch(n, n % 2 ? 'article' : 'author'))));
      return Promise.all(
        sessions.map(async (session, n) => {
          if (first[n] !== null) return first[n]!;
          return (await refusal(touch(n, n % 2 ? 'author' : 'article'))) ?? refusal(session.query('commit'));
        }),
      );
    });
  }

  it('is locked last, so that transactions that cross each other never wait for it while working', async () => {
    expect(await crossing('')).toEqual(Array.from({ length: 8 }, () => null));
  });

  it('would hold up seven of eight if it were locked at once', async () => {
    const outcomes = await crossing('set constraints all immediate');
    expect(outcomes.filter((outcome) => outcome === '55P03')).toHaveLength(7);
  });

  it('tells a moment 5 s older while a change is young, then the moment itself, in whole seconds', async () => {
    const told = await ask(`
      select age::text, told = date_trunc('second', at - interval '5 s') as older, told = date_trunc('second', at) as itself
      from unnest('{0 s,4.5 s,5 s,1 day}'::interval[]) age cross join lateral (select clock_timestamp() - age as at offset 0) change
      cross join lateral (select pub.last_modified(at) as told offset 0) answer`);
    expect(told).toEqual([
      { age: '00:00:00', older: true, itself: false },
      { age: '00:00:04.5', older: true, itself: false },
      { age: '00:00:05', older: false, itself: true },
      { age: '1 day', older: false, itself: true },
    ]);
  });
});
