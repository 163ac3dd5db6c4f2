import { SYSTEM } from '../src/access/access.js';
import { WorkflowService } from '../src/articles/workflow.service.js';
import { AuthorsService, type NewAuthor } from '../src/authors/authors.service.js';
import { aDraft, anArticle, anAuthor, anEditor, type TestEditor } from './factories.js';
import { startTestApp, type TestApp } from './test-app.js';

/** Two records of one person: merged, as readers then see them, and taken apart again. */

let world: TestApp;
let chief: TestEditor;
let sectionEditor: TestEditor;

beforeAll(async () => {
  world = await startTestApp();
  chief = await anEditor(world, 'chief');
  sectionEditor = await anEditor(world, 'section_editor');
});
afterAll(() => world.close());

type Answer = { status: number; body: Record<string, never> & { code?: string; errors?: { field: string; rule: string }[] } };

const desk = '/api/v1/desk/authors';
const merge = (id: number, into: number, version = 1, by: TestEditor | null = chief) =>
  world.as(by).post(`${desk}/${id}/merge`, { into, version });
const unmerge = (id: number, version: number, by: TestEditor | null = chief) => world.as(by).post(`${desk}/${id}/unmerge`, { version });

/** @returns `status code`, and each blamed field with its rule */
async function refusal(answer: PromiseLike<Answer>): Promise<string[]> {
  const { status, body } = await answer;
  return [`${status} ${body.code}`, ...(body.errors ?? []).map(({ field, rule }) => `${field}: ${rule}`)];
}

let names = 0;

/** An author with a name of their own. */
function person(author: Partial<NewAuthor> = {}): Promise<{ id: number; slug: string }> {
  names += 1;
  return anAuthor(world, { name: { ar: `كاتب رقم ${names}`, en: `Writer number ${names}` }, ...author });
}

const piece = (...authors: { id: number }[]) => anArticle(world, { byline: authors.map(({ id }) => ({ authorId: id })) });

/** All that readers are told of these: lists, profiles, filters by id and by slug, cards and pieces, whole. */
async function told(authors: readonly { id: number; slug: string }[], pieces: readonly { id: number }[]): Promise<unknown> {
  const paths = [
    '/api/v1/authors?limit=100',
    '/api/v1/authors?limit=100&lang=en',
    '/api/v1/articles?limit=100',
    ...authors.flatMap(({ id, slug }) => [
      `/api/v1/authors/${encodeURIComponent(slug)}`,
      `/api/v1/articles?author=${encodeURIComponent(slug)}`,
      `/api/v1/articles?author=${id}&lang=en`,
      `/api/v1/articles?author=${id}&type=analysis`,
    ]),
    ...pieces.map(({ id }) => `/api/v1/articles/${id}`),
  ];
  const answers: Record<string, unknown> = {};
  for (const path of paths) {
    const { status, body, headers } = await world.get(path);
    answers[path] = { status, location: headers['location'], body };
  }
  return answers;
}

const listed = async (author: number | string): Promise<number[]> =>
  ((await world.get(`/api/v1/articles?author=${encodeURIComponent(author)}&limit=100`).expect(200)).body.items as { id: number }[])
    .map(({ id }) => id)
    .toSorted((a, b) => a - b);

/** Lists that are not what their definition says. */
const astray = (): Promise<unknown[]> =>
  world.dataSource.query(
    `(select 'too many' as fault, * from (select list, published_at, article_id from listings except select * from listings_definition) a)
     union all (select 'missing', * from (select * from listings_definition except select list, published_at, article_id from listings) b)`,
  );

const clock = async (): Promise<string> =>
  (await world.dataSource.query<[{ at: string }]>(`select changed_at::text as at from content_clock`))[0].at;

const leads = async (...ids: number[]): Promise<(number | null)[]> =>
  Promise.all(ids.map(async (id) => (await world.as(chief).get(`${desk}/${id}`).expect(200)).body.mergedInto as number | null));

describe('merging', () => {
  it('leads readers from the old record to the other, and leaves its printed name', async () => {
    const target = await person({ name: { ar: 'سلمى كامل' }, honorific: { ar: 'د.' }, bio: { ar: 'تكتب.' } });
    const old = await person({ name: { ar: 'سلمى كامل المنصوري', en: 'Salma K. Mansouri' } });
    const coauthor = await person();
    const [first, second] = [await piece(target), await anArticle(world, { byline: [{ authorId: old.id, role: 'ترجمة' }, { authorId: coauthor.id }] })]; // prettier-ignore
    const before = await clock();

    const { body } = await merge(old.id, target.id).expect(200);
    expect(body).toEqual({
      id: old.id,
      version: 2,
      slug: old.slug,
      name: { ar: 'سلمى كامل المنصوري', en: 'Salma K. Mansouri' },
      honorific: {},
      affiliation: {},
      bio: {},
      orcid: null,
      links: [],
      aliases: [],
      portraitId: null,
      mergedInto: target.id,
    });
    expect((await world.as(chief).get(`${desk}/${old.id}`)).body).toEqual(body);
    expect(await clock()).not.toBe(before);

    const { byline } = (await world.get(`/api/v1/articles/${second.id}`).expect(200)).body;
    expect(byline[0]).toEqual({ id: target.id, slug: target.slug, name: 'سلمى كامل المنصوري', role: 'ترجمة', portrait: null });
    expect(byline[1]).toMatchObject({ id: coauthor.id });
    for (const address of [target.id, target.slug, old.id, old.slug]) expect(await listed(address)).toEqual([first.id, second.id]);
    const card = (await world.get(`/api/v1/articles?author=${target.id}`)).body.items[0];
    expect(card.byline).toEqual(byline);

    const moved = await world.get(`/api/v1/authors/${encodeURIComponent(old.slug)}?lang=en`).expect(301);
    expect(new URL(moved.headers['location']!).pathname).toBe(`/api/v1/authors/${encodeURIComponent(target.slug)}`);
    expect(new URL(moved.headers['location']!).search).toBe('?lang=en');
    const profile = (await world.get(`/api/v1/authors/${encodeURIComponent(target.slug)}`).expect(200)).body;
    expect(profile).toMatchObject({ id: target.id, name: 'سلمى كامل', bio: 'تكتب.' });
    const all = (await world.get('/api/v1/authors?limit=100')).body.items as { id: number }[];
    expect(all.map(({ id }) => id)).toContain(target.id);
    expect(all.map(({ id }) => id)).not.toContain(old.id);
    expect(await astray()).toEqual([]);
  });

  it('is taken back whole: readers are told what they were told before', async () => {
    const [target, old, coauthor] = [await person(), await person(), await person()];
    const authors = [target, old, coauthor];
    const pieces = [await piece(target), await piece(old, coauthor), await piece(old, target), await piece(coauthor)];
    const draft = await aDraft(world, { byline: [{ authorId: old.id }] });
    const before = await told(authors, pieces);

    await merge(old.id, target.id).expect(200);
    const merged = await told(authors, pieces);
    expect(merged).not.toEqual(before);
    // Both names were printed on one piece: both stay, and lead to one person, in whose list it stands once.
    const { byline } = (await world.get(`/api/v1/articles/${pieces[2]!.id}`)).body as { byline: { id: number; name: string }[] };
    expect(byline.map(({ id }) => id)).toEqual([target.id, target.id]);
    expect(new Set(byline.map(({ name }) => name)).size).toBe(2);
    expect(await listed(target.id)).toEqual(pieces.slice(0, 3).map(({ id }) => id));
    // A draft under the old name is published into the target's list.
    const later = await world.tx((tx) => world.app.get(WorkflowService).publish(tx, SYSTEM, draft));
    expect(await listed(old.slug)).toEqual([...pieces.slice(0, 3), later].map(({ id }) => id).toSorted((a, b) => a - b));
    await world.tx((tx) => world.app.get(WorkflowService).withdraw(tx, SYSTEM, later, 'سبب'));
    expect(await told(authors, pieces)).toEqual(merged);

    expect((await unmerge(old.id, 2).expect(200)).body).toMatchObject({ id: old.id, version: 3, mergedInto: null });
    expect(await told(authors, pieces)).toEqual(before);
    expect(await astray()).toEqual([]);
    // And once more from there.
    await merge(old.id, target.id, 3).expect(200);
    expect(await told(authors, pieces)).toEqual(merged);
  });

  it('follows chains in one hop, and each merge is taken back by itself', async () => {
    const [a, b, c, x] = [await person(), await person(), await person(), await person()];
    const pieces = [await piece(a), await piece(b), await piece(c), await piece(x)];
    const authors = [a, b, c, x];
    const apart = await told(authors, pieces);
    await merge(x.id, a.id).expect(200);
    const xa = await told(authors, pieces);
    await merge(a.id, b.id).expect(200);
    const xab = await told(authors, pieces);
    await merge(b.id, c.id).expect(200);
    expect(await leads(x.id, a.id, b.id, c.id)).toEqual([c.id, c.id, c.id, null]);
    const moved = await world.get(`/api/v1/authors/${encodeURIComponent(x.slug)}`).expect(301);
    expect(decodeURIComponent(moved.headers['location']!)).toMatch(new RegExp(`/authors/${c.slug}$`));
    expect(await listed(x.slug)).toEqual(pieces.map(({ id }) => id));

    // The middle one first: who came with it goes with it.
    await unmerge(a.id, 2).expect(200);
    expect(await leads(x.id, a.id, b.id, c.id)).toEqual([a.id, null, c.id, null]);
    await unmerge(b.id, 2).expect(200);
    expect(await told(authors, pieces)).toEqual(xa);
    await merge(a.id, b.id, 3).expect(200);
    expect(await told(authors, pieces)).toEqual(xab);
    await unmerge(x.id, 2).expect(200);
    expect(await leads(x.id, a.id, b.id)).toEqual([null, b.id, null]);
    await unmerge(a.id, 4).expect(200);
    expect(await told(authors, pieces)).toEqual(apart);
    expect(await astray()).toEqual([]);
  });

  it('refuses itself, the foreign, the merged, the stale and whoever may not', async () => {
    const [a, b, c] = [await person(), await person(), await person()];
    expect(await refusal(merge(a.id, a.id))).toEqual(['422 author_in_itself', 'into: author_in_itself']);
    expect(await refusal(merge(a.id, 2_000_000_000))).toEqual(['422 unknown_reference', 'into: unknown_reference']);
    expect(await refusal(merge(2_000_000_000, a.id))).toEqual(['404 not_found']);
    expect(await refusal(merge(a.id, b.id, 2))).toEqual(['409 stale_version', 'version: current:1']);
    expect(await refusal(unmerge(a.id, 1))).toEqual(['409 author_not_merged']);
    expect(await refusal(merge(a.id, b.id, 1, sectionEditor))).toEqual(['403 not_allowed']);
    expect(await refusal(merge(a.id, b.id, 1, null))).toEqual(['401 not_signed_in']);
    expect(await leads(a.id, b.id)).toEqual([null, null]);

    await merge(a.id, b.id).expect(200);
    expect(await refusal(merge(a.id, c.id, 2))).toEqual(['409 author_merged', `id: into:${b.id}`]);
    expect(await refusal(merge(c.id, a.id))).toEqual(['409 author_merged', `into: into:${b.id}`]);
    expect(await refusal(merge(b.id, a.id))).toEqual(['409 author_merged', `into: into:${b.id}`]);
    expect(await refusal(unmerge(a.id, 1))).toEqual(['409 stale_version', 'version: current:2']);
    expect(await refusal(unmerge(a.id, 2, sectionEditor))).toEqual(['403 not_allowed']);
    expect(await refusal(world.as(chief).post(`${desk}/${c.id}/merge`, {}))).toEqual([
      '400 invalid_body',
      'into: required',
      'version: required',
    ]);
    expect(await leads(a.id, b.id, c.id)).toEqual([b.id, null, null]);
  });

  it('leaves a line in the audit log each way', async () => {
    const [a, b] = [await person(), await person()];
    await merge(a.id, b.id).expect(200);
    await unmerge(a.id, 2).expect(200);
    expect(
      await world.dataSource.query(
        `select act, editor_id, before, after, request_id is not null as traced from audit_log where object_type = 'author' and object_id = $1 order by id`,
        [a.id],
      ),
    ).toEqual([
      { act: 'authors.merge', editor_id: chief.id, before: { mergedInto: null }, after: { mergedInto: b.id }, traced: true },
      { act: 'authors.unmerge', editor_id: chief.id, before: { mergedInto: b.id }, after: { mergedInto: null }, traced: true },
    ]);
    expect(
      await world.dataSource.query(
        `select into_author_id, merged_by, undone_by, undone_at is not null as undone from author_merges where from_author_id = $1`,
        [a.id],
      ),
    ).toEqual([{ into_author_id: b.id, merged_by: chief.id, undone_by: chief.id, undone: true }]);
  });

  it('tells nothing of a record that only drafts bear', async () => {
    const [target, secret] = [await person(), await person()];
    await piece(target);
    await aDraft(world, { byline: [{ authorId: secret.id }] });
    const before = await clock();
    await merge(secret.id, target.id).expect(200);
    await world
      .as(chief)
      .patch(`${desk}/${secret.id}`, { bio: { ar: 'سيرة.' }, version: 2 })
      .expect(200);
    expect(await clock()).toBe(before);
    await world.get(`/api/v1/authors/${encodeURIComponent(secret.slug)}`).expect(404);
    expect(await listed(secret.slug)).toEqual([]);
    expect(await listed(secret.id)).toEqual([]);
  });

  it('tells readers when a printed name or the person it leads to is changed', async () => {
    const [target, old] = [await person(), await person()];
    const { id } = await piece(old);
    await merge(old.id, target.id).expect(200);
    for (const [author, version] of [
      [old, 2],
      [target, 1],
    ] as const) {
      // prettier-ignore
      const before = await clock();
      await world
        .as(chief)
        .patch(`${desk}/${author.id}`, { name: { ar: `اسم بعد التصحيح ${author.id}` }, version })
        .expect(200);
      expect(await clock()).not.toBe(before);
    }
    expect((await world.get(`/api/v1/articles/${id}`)).body.byline[0]).toMatchObject({ id: target.id, name: `اسم بعد التصحيح ${old.id}` });
  });

  it('marks merged records in the desk’s lists, and finds a person’s pieces under all of them', async () => {
    const [target, old] = [await person({ name: { en: 'Marked Target' } }), await person({ name: { en: 'Marked Old' } })];
    const [first, second] = [await piece(target), await aDraft(world, { byline: [{ authorId: old.id }] })];
    await merge(old.id, target.id).expect(200);
    const { items } = (await world.as(chief).get(`${desk}?q=marked`).expect(200)).body as { items: { id: number; mergedInto: number }[] };
    expect(items.map(({ id, mergedInto }) => [id, mergedInto])).toEqual([[old.id, target.id], [target.id, null]]); // prettier-ignore
    const found = async (author: number): Promise<number[]> =>
      ((await world.as(chief).get(`/api/v1/desk/articles?author=${author}`).expect(200)).body.items as { id: number }[])
        .map(({ id }) => id)
        .toSorted((a, b) => a - b);
    expect(await found(target.id)).toEqual([first.id, second.id]);
    expect(await found(old.id)).toEqual([second.id]);
  });

  it('keeps what editors wrote under the old record: it may be saved, restored and published', async () => {
    const [target, old] = [await person(), await person()];
    const draft = await aDraft(world, { byline: [{ authorId: old.id }] });
    await merge(old.id, target.id).expect(200);
    const article = `/api/v1/desk/articles/${draft.id}`;
    const saved = (
      await world
        .as(chief)
        .patch(article, { title: 'عنوان جديد', authorIds: [old.id, target.id], version: 1 })
        .expect(200)
    ).body;
    expect(saved.authorIds).toEqual([old.id, target.id]);
    const restored = (await world.as(chief).post(`${article}/revisions/1/restore`, { version: 2 }).expect(200)).body;
    expect(restored.authorIds).toEqual([old.id]);
    await world.as(chief).post(`${article}/publish`, { version: 3 }).expect(200);
    expect(await listed(target.id)).toEqual([draft.id]);
    // Its slug stays taken.
    expect((await person({ slug: old.slug })).slug).toBe(`${old.slug}-2`);
  });

  it('is known to imports: who signs with the old name is the person it leads to', async () => {
    const [target, old] = [await person({ name: { ar: 'نبيل الوارد' } }), await person({ name: { ar: 'نبيل عبد الوارد' } })];
    await merge(old.id, target.id).expect(200);
    const found = await world.tx((tx) => world.app.get(AuthorsService).findOrCreate(tx, 'ar', 'د. نبيل عبدالوارد'));
    expect(found.id).toBe(target.id);
  });
});

describe('eight at once', () => {
  const statuses = async (acts: readonly PromiseLike<Answer>[]): Promise<string[]> =>
    (await Promise.all(acts)).map(({ status, body }) => `${status} ${body.code ?? ''}`.trim()).toSorted();

  /** Records whose way ends nowhere or at a merged one, or is not that of their own merges. */
  const lost = (): Promise<unknown[]> =>
    world.dataSource.query(
      `select u.id from authors u join authors t on t.id = u.merged_into where t.merged_into is not null
       union all select from_author_id from author_merges m join authors u on u.id = m.from_author_id where undone_at is null and u.merged_into is null
       union all select id from authors u where merged_into is not null
         and not exists (select from author_merges m where m.from_author_id = u.id and m.undone_at is null)`,
    );

  it('in a ring: one wins, and nobody is led in circles', async () => {
    for (let round = 0; round < 5; round += 1) {
      const [a, b] = [await person(), await person()];
      await piece(a, b);
      const answers = await statuses(Array.from({ length: 8 }, (_, n) => (n % 2 ? merge(a.id, b.id) : merge(b.id, a.id))));
      expect(answers.filter((answer) => answer === '200')).toHaveLength(1);
      expect(answers.filter((answer) => !/^200$|^409 (?:author_merged|stale_version)$/.test(answer))).toEqual([]);
      expect(await lost()).toEqual([]);
      expect(await astray()).toEqual([]);
    }
  });

  it('in a longer ring: it never closes', async () => {
    const ring = await Promise.all(Array.from({ length: 8 }, () => person()));
    await Promise.all(ring.map((author) => piece(author)));
    const answers = await statuses(ring.map((author, n) => merge(author.id, ring[(n + 1) % ring.length]!.id)));
    expect(answers.filter((answer) => !/^200$|^409 author_merged$/.test(answer))).toEqual([]);
    expect(await lost()).toEqual([]);
    expect(await astray()).toEqual([]);
  });

  it('into different ones: one wins', async () => {
    const old = await person();
    const targets = await Promise.all(Array.from({ length: 8 }, () => person()));
    expect(await statuses(targets.map((target) => merge(old.id, target.id)))).toEqual([
      '200',
      ...Array<string>(7).fill('409 stale_version'),
    ]);
    expect(await lost()).toEqual([]);
  });

  it('beside publications: every piece ends in the list of whom it leads to', async () => {
    for (let round = 0; round < 4; round += 1) {
      const [old, target] = [await person(), await person()];
      const drafts = await Promise.all(Array.from({ length: 4 }, () => aDraft(world, { byline: [{ authorId: old.id }] })));
      const live = await piece(old);
      const publications = drafts.map(({ id }) => world.as(chief).post(`/api/v1/desk/articles/${id}/publish`, { version: 1 }));
      const saves = [world.as(chief).patch(`/api/v1/desk/articles/${live.id}`, { title: 'عنوان آخر', version: live.version })];
      expect(await statuses([...publications, merge(old.id, target.id), ...saves])).toEqual(Array<string>(6).fill('200'));
      expect(await astray()).toEqual([]);
      expect(await listed(target.id)).toEqual([live, ...drafts].map(({ id }) => id).toSorted((a, b) => a - b));
    }
  });

  it('waits for whoever holds a piece before it holds the lists, so that the two never wait for each other', async () => {
    const [old, target] = [await person(), await person()];
    const { id } = await piece(old);
    const editor = world.dataSource.createQueryRunner();
    try {
      await editor.startTransaction();
      await editor.query(`select from articles where id = $1 for update`, [id]);
      const [{ pid }] = (await editor.query(`select pg_backend_pid() as pid`)) as [{ pid: number }];
      const merging = merge(old.id, target.id).then((answer) => answer.status);
      await vi.waitFor(async () => {
        const [waits] = await editor.query(`select from pg_stat_activity where $1::int = any(pg_blocking_pids(pid))`, [pid]);
        expect(waits).toBeDefined();
      });
      expect(
        // In the other specs' databases, clones of one template, the table has the same number.
        await editor.query(
          `select mode from pg_locks where relation = 'listings'::regclass and mode = 'ShareRowExclusiveLock'
             and database = (select oid from pg_database where datname = current_database())`,
        ),
      ).toEqual([]);
      await editor.commitTransaction();
      expect(await merging).toBe(200);
    } finally {
      await editor.release();
    }
    expect(await listed(target.id)).toEqual([id]);
  });
});
