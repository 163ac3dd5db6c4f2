import { SYSTEM } from '../src/access/access.js';
import { DraftingService, type ActResult, type ArticleText } from '../src/articles/drafting.service.js';
import { WorkflowService } from '../src/articles/workflow.service.js';
import { Waker } from '../src/jobs/waker.js';
import { aDraft, anEditor, type TestEditor } from './factories.js';
import { startTestApp, type TestApp } from './test-app.js';

/** How long the desk keeps what it may let go of: steps between two texts, and lines of the audit log. */

let world: TestApp;
let admin: TestEditor;

beforeAll(async () => {
  world = await startTestApp();
  admin = await anEditor(world, 'admin');
});
afterAll(() => world.close());
beforeEach(async () => {
  // What earlier tests have left goes.
  await world.dataSource.query(`update center set revisions_kept_days = 1`);
  await run('revision retention');
  await world.dataSource.query(`update center set revisions_kept_days = null, audit_kept_days = null`);
  await forgetLog();
});

const run = (job: 'revision retention' | 'preview retention' | 'audit retention'): Promise<void> => world.app.get(Waker).run(job);

async function forgetLog(): Promise<void> {
  await world.tx(async (tx) => {
    await tx.query(`set local markaz.retention = 'on'`);
    await tx.query(`delete from audit_log`);
  });
}

const TEXT: ArticleText = { title: 'عنوان', summary: 'خلاصة.', body: '<p>متن.</p>' };

/** Saves a piece `times` more times, each a revision of its own, as editors do who come back later. */
async function steps(draft: ActResult, times: number): Promise<ActResult> {
  let last = draft;
  for (let n = 0; n < times; n += 1) {
    last = await world.tx(async (tx) => {
      const drafting = world.app.get(DraftingService);
      const text = await tx.query<{ section_id: number; author_id: number }[]>(
        `select r.section_id, b.author_id from revisions r join articles a on a.head_revision_id = r.id left join revision_authors b on b.revision_id = r.id where a.id = $1`,
        [draft.id],
      );
      const { section_id: sectionId, author_id: authorId } = text[0]!;
      return drafting.save(tx, SYSTEM, last.id, last.version, { ...TEXT, title: `عنوان ${n}`, sectionId, byline: [{ authorId }] });
    });
  }
  return last;
}

/** Ages all that a piece's history holds; SQL alone can, because sealed revisions do not change. */
async function aged(id: number, days: number): Promise<void> {
  await world.dataSource.query(
    `update revisions set saved_at = saved_at - make_interval(days => $2) where article_id = $1 and sealed_at is null`,
    [id, days],
  );
}

async function numbers(id: number): Promise<number[]> {
  const rows = await world.dataSource.query<{ number: number }[]>(`select number from revisions where article_id = $1 order by number`, [
    id,
  ]);
  return rows.map(({ number }) => number);
}

async function log(act: string): Promise<{ after: { removed: number; articles?: number; until: string } }[]> {
  return world.dataSource.query(`select editor_id, object_type, after from audit_log where act = $1 order by id`, [act]);
}

async function keep(retention: object, version?: number): Promise<{ version: number; retention: object }> {
  const current = version ?? ((await world.as(admin).get('/api/v1/desk/center').expect(200)).body.version as number);
  return (await world.as(admin).patch('/api/v1/desk/center', { retention, version: current }).expect(200)).body as never;
}

describe('the settings', () => {
  it('are for good until an admin says otherwise, and one is set without the other', async () => {
    expect((await world.as(admin).get('/api/v1/desk/center').expect(200)).body.retention).toEqual({ revisionsDays: null, auditDays: null });
    const set = await keep({ revisionsDays: 90, auditDays: 365 });
    expect(set.retention).toEqual({ revisionsDays: 90, auditDays: 365 });
    const [{ before, after }] = await world.dataSource.query(`select before, after from audit_log where act = 'center.change' order by id desc limit 1`); // prettier-ignore
    expect(before).toEqual({ retention: { revisionsDays: null, auditDays: null } });
    expect(after).toEqual({ retention: { revisionsDays: 90, auditDays: 365 } });
    expect((await keep({ auditDays: 30 })).retention).toEqual({ revisionsDays: 90, auditDays: 30 });
    expect((await keep({ revisionsDays: null })).retention).toEqual({ revisionsDays: null, auditDays: 30 });
    expect((await keep({})).retention).toEqual({ revisionsDays: null, auditDays: 30 });
    const { id: _, ...whole } = (await world.as(admin).get('/api/v1/desk/center')).body;
    expect((await world.as(admin).put('/api/v1/desk/center', whole).expect(200)).body.retention).toEqual({
      revisionsDays: null,
      auditDays: 30,
    });
    // What PUT leaves out is as in a new center.
    const half = { ...whole, version: whole.version + 1, retention: { revisionsDays: 40 } };
    expect((await world.as(admin).put('/api/v1/desk/center', half).expect(200)).body.retention).toEqual({
      revisionsDays: 40,
      auditDays: null,
    });
    const { retention: __, ...rest } = { ...whole, version: whole.version + 2 };
    expect((await world.as(admin).put('/api/v1/desk/center', rest).expect(200)).body.retention).toEqual({
      revisionsDays: null,
      auditDays: null,
    });
  });

  it.each([
    [{ revisionsDays: 0 }, 'retention.revisionsDays: whole'],
    [{ revisionsDays: 36_501 }, 'retention.revisionsDays: whole'],
    [{ auditDays: 29 }, 'retention.auditDays: whole'],
    [{ auditDays: 1.5 }, 'retention.auditDays: whole'],
    [{ days: 30 }, 'retention.days: unknown'],
    [null, 'retention: required'],
  ])('refuse %j', async (retention, fault) => {
    const { body } = await world.as(admin).patch('/api/v1/desk/center', { retention, version: 1 }).expect(400);
    expect((body.errors as { field: string; rule: string }[]).map(({ field, rule }) => `${field}: ${rule}`)).toContain(fault);
  });
});

describe('steps between two texts', () => {
  it('stay for good unless a time is set', async () => {
    const draft = await steps(await aDraft(world), 3);
    await aged(draft.id, 10_000);
    await run('revision retention');
    expect(await numbers(draft.id)).toEqual([1, 2, 3, 4]);
    expect(await log('retention.revisions')).toEqual([]);
  });

  it('go when they are older, and nothing else does', async () => {
    await keep({ revisionsDays: 30 });
    const workflow = world.app.get(WorkflowService);
    // 1 and 2 between, 3 live, 4 between, 5 submitted, 6 shown by a link, 7 between, 8 the newest.
    let piece = await steps(await aDraft(world), 2);
    piece = await world.tx((tx) => workflow.publish(tx, SYSTEM, piece));
    piece = await steps(piece, 2);
    piece = await world.tx((tx) => workflow.submit(tx, SYSTEM, piece));
    piece = await steps(piece, 3);
    await world.dataSource.query(
      `insert into preview_links (article_id, revision_id, token_hash, expires_at)
       select article_id, id, sha256('link'), now() + interval '1 day' from revisions where article_id = $1 and number = 6`,
      [piece.id],
    );
    const young = await steps(await aDraft(world), 2);
    await aged(young.id, 29);
    await aged(piece.id, 31);
    const live = (await world.get(`/api/v1/articles/${piece.id}`).expect(200)).body;
    const desk = (await world.as(admin).get(`/api/v1/desk/articles/${piece.id}`).expect(200)).body;
    await forgetLog();

    await run('revision retention');
    expect(await numbers(piece.id)).toEqual([3, 5, 6, 8]);
    expect(await numbers(young.id)).toEqual([1, 2, 3]);
    const [line, ...more] = await log('retention.revisions');
    expect(line).toMatchObject({ editor_id: null, object_type: 'center', after: { removed: 4, articles: 1 } });
    expect(Date.now() - Date.parse(line!.after.until)).toBeGreaterThan(30 * 86_400_000);
    expect(more).toEqual([]);
    await run('revision retention');
    expect(await log('retention.revisions')).toHaveLength(1);

    expect((await world.get(`/api/v1/articles/${piece.id}`).expect(200)).body).toEqual(live);
    expect((await world.as(admin).get(`/api/v1/desk/articles/${piece.id}`).expect(200)).body).toEqual(desk);
    const history = `/api/v1/desk/articles/${piece.id}/revisions`;
    const first = (await world.as(admin).get(`${history}?limit=3`).expect(200)).body as { items: { number: number }[]; nextCursor: string };
    expect(first.items.map(({ number }) => number)).toEqual([8, 6, 5]);
    const second = (await world.as(admin).get(`${history}?limit=3&cursor=${first.nextCursor}`).expect(200)).body;
    expect([(second.items as { number: number }[]).map(({ number }) => number), second.nextCursor]).toEqual([[3], null]);
    await world.as(admin).get(`${history}/4`).expect(404);
    await world.as(admin).post(`${history}/4/restore`, { version: piece.version }).expect(404);
    const restored = await world.as(admin).post(`${history}/5/restore`, { version: piece.version }).expect(200);
    expect(restored.body).toMatchObject({ revision: 9 });
  });

  it('leave no article without its newest text, though two remove them at once, and are counted once', async () => {
    await keep({ revisionsDays: 1 });
    const drafts: ActResult[] = [];
    for (let n = 0; n < 30; n += 1) drafts.push(await aDraft(world));
    // Many steps, written at once: what went before, copied.
    await world.dataSource.query(
      `insert into revisions (article_id, number, slug, slug_encoded, title, body_source, body, plain_text, words, reading_minutes, saved_at)
         select r.article_id, r.number + n, r.slug, r.slug_encoded, r.title, '', '', '', 0, 1, now() - interval '2 days'
         from revisions r cross join generate_series(1, 100) n where r.article_id = any($1::int[])`,
      [drafts.map(({ id }) => id)],
    );
    await forgetLog();
    const saves = drafts
      .slice(0, 5)
      .map(({ id, version }) => world.as(admin).patch(`/api/v1/desk/articles/${id}`, { title: 'حفظ', version }));
    const runs = [run('revision retention'), run('revision retention')];
    const answers = await Promise.all(saves);
    await Promise.all(runs);
    await run('revision retention');
    expect(answers.map(({ status }) => status)).toEqual(Array<number>(5).fill(200));
    const removed = (await log('retention.revisions')).reduce((sum, { after }) => sum + after.removed, 0);
    expect(removed).toBe(30 * 100);
    const rows = await world.dataSource.query<{ n: number; heads: number }[]>(
      `select count(*)::int as n, count(*) filter (where r.id = a.head_revision_id)::int as heads
         from articles a join revisions r on r.article_id = a.id where a.id = any($1::int[]) group by a.id`,
      [drafts.map(({ id }) => id)],
    );
    expect(rows).toHaveLength(30);
    for (const { heads } of rows) expect(heads).toBe(1);
  });

  it('wait for whoever is just coming to need one', async () => {
    await keep({ revisionsDays: 1 });
    const draft = await steps(await aDraft(world), 2);
    await aged(draft.id, 2);
    const linking = world.dataSource.createQueryRunner();
    try {
      await linking.startTransaction();
      await linking.query(
        `insert into preview_links (article_id, revision_id, token_hash, expires_at)
         select article_id, id, sha256('just coming'), now() + interval '1 day' from revisions where article_id = $1 and number = 1`,
        [draft.id],
      );
      await run('revision retention');
      expect(await numbers(draft.id)).toEqual([1, 3]);
      await linking.commitTransaction();
    } finally {
      await linking.release();
    }
    await run('revision retention');
    expect(await numbers(draft.id)).toEqual([1, 3]);
    expect(await world.dataSource.query(`select from preview_links where token_hash = sha256('just coming')`)).toHaveLength(1);
  });
});

describe('preview links', () => {
  it('go whole 90 days after they expired or were taken back, a line telling how many', async () => {
    const { id } = await aDraft(world);
    // Days ago: made, expired, taken back.
    for (const [note, made, expired, revoked] of [
      ['open', 10, -5, null],
      ['expired long ago', 121, 91, null],
      ['expired lately', 119, 89, null],
      ['taken back long ago', 101, 80, 91],
      ['taken back lately', 100, 80, 89],
    ] as const) {
      await world.dataSource.query(
        `insert into preview_links (article_id, revision_id, token_hash, note, created_at, expires_at, revoked_at)
         select article_id, id, sha256($2::text::bytea), $2, now() - make_interval(days => $3), now() - make_interval(days => $4),
           now() - make_interval(days => $5) from revisions where article_id = $1`,
        [id, note, made, expired, revoked],
      );
    }
    const notes = async (): Promise<string[]> => {
      const { body } = await world.as(admin).get(`/api/v1/desk/articles/${id}/preview-links`).expect(200);
      return (body.items as { note: string }[]).map(({ note }) => note);
    };
    expect(await notes()).toHaveLength(5);
    await Promise.all([run('preview retention'), run('preview retention')]);
    expect(await notes()).toEqual(['taken back lately', 'expired lately', 'open']);
    expect(await numbers(id)).toEqual([1]);
    const lines = await log('retention.previews');
    expect(lines.reduce((sum, { after }) => sum + after.removed, 0)).toBe(2);
    for (const line of lines) expect(line).toMatchObject({ editor_id: null, object_type: 'center' });
    expect(Math.round((Date.now() - Date.parse(lines[0]!.after.until)) / 86_400_000)).toBe(91);
    await run('preview retention');
    expect(await log('retention.previews')).toEqual(lines);
  });
});

describe('the audit log', () => {
  /** Lines of so many days ago. */
  const lines = (days: number, count: number): Promise<unknown> =>
    world.dataSource.query(
      `insert into audit_log (at, act, object_type, object_id) select now() - make_interval(days => $1, secs => n), 'tags.create', 'tag', n from generate_series(1, $2::int) n`,
      [days, count],
    );
  const count = async (): Promise<number> =>
    (await world.dataSource.query<[{ n: number }]>(`select count(*)::int as n from audit_log where act = 'tags.create'`))[0].n;

  it('stays whole unless a time is set', async () => {
    await lines(10_000, 3);
    await run('audit retention');
    expect(await count()).toBe(3);
    expect(await log('retention.audit')).toEqual([]);
  });

  it('loses what is older, a line telling how much and up to when', async () => {
    await world.dataSource.query(`update center set audit_kept_days = 90`);
    await lines(91, 2);
    await lines(89, 3);
    await run('audit retention');
    expect(await count()).toBe(3);
    const [line, ...more] = await log('retention.audit');
    expect(line).toMatchObject({ editor_id: null, object_type: 'center', after: { removed: 2 } });
    expect(Math.round((Date.now() - Date.parse(line!.after.until)) / 86_400_000)).toBe(91);
    expect(more).toEqual([]);
    await run('audit retention');
    expect(await log('retention.audit')).toHaveLength(1);
    const { items } = (await world.as(admin).get('/api/v1/desk/audit?act=retention.audit').expect(200)).body;
    expect(items).toEqual([expect.objectContaining({ editor: null, object: { type: 'center', id: 1 }, after: line!.after })]);
  });

  it('does not keep itself alive: of its own old lines none is left', async () => {
    await world.dataSource.query(`update center set audit_kept_days = 90`);
    await world.dataSource.query(
      `insert into audit_log (at, act, object_type, object_id) values (now() - interval '91 days', 'retention.audit', 'center', 1)`,
    );
    await run('audit retention');
    expect(await world.dataSource.query(`select act from audit_log`)).toEqual([]);
  });

  it('is let go of by two at once in batches, each line once', async () => {
    await world.dataSource.query(`update center set audit_kept_days = 90`);
    await lines(100, 3_500);
    await Promise.all([run('audit retention'), run('audit retention')]);
    expect(await count()).toBe(0);
    const told = (await log('retention.audit')).map(({ after }) => after.removed);
    expect(told.reduce((sum, removed) => sum + removed, 0)).toBe(3_500);
    expect(Math.max(...told)).toBeLessThanOrEqual(1_000);
  });

  it('is still closed to everybody else', async () => {
    await lines(100, 1);
    await expect(world.dataSource.query(`delete from audit_log`)).rejects.toThrow('the audit log only grows');
  });
});
