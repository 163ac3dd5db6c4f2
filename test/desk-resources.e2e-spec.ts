import { SectionsService } from '../src/sections/sections.service.js';
import { anArticle, anAuthor, anEditor, aSection, aTag, type TestEditor } from './factories.js';
import { startTestApp, type TestApp } from './test-app.js';

/** Sections, authors, tags, series and the center, as the desk makes and changes them. */

let world: TestApp;
let admin: TestEditor;
let chief: TestEditor;
let sectionEditor: TestEditor;
let contributor: TestEditor;

beforeAll(async () => {
  world = await startTestApp();
  admin = await anEditor(world, 'admin');
  chief = await anEditor(world, 'chief');
  sectionEditor = await anEditor(world, 'section_editor', (await aSection(world, { name: { ar: 'قسم ممنوح' } })).id);
  contributor = await anEditor(world, 'contributor');
});
afterAll(() => world.close());

type Body = Record<string, unknown> & { id: number; version: number; slug: string };

async function made(path: string, body: object, by = admin): Promise<Body> {
  // Who may be the same author is said once, and shown in a file of its own.
  const { lookAlikes: _, ...one } = (await world.as(by).post(`/api/v1/desk/${path}`, body).expect(201)).body as Body;
  return one as Body;
}

async function changed(path: string, body: object, by = admin): Promise<Body> {
  return (await world.as(by).patch(`/api/v1/desk/${path}`, body).expect(200)).body as Body;
}

/** @returns `status code` and each blamed field with its rule */
async function refusal(answer: Promise<{ status: number; body: unknown }>): Promise<string[]> {
  const { status, body } = await answer;
  const { code, errors } = body as { code: string; errors: { field: string; rule: string }[] };
  return [`${status} ${code}`, ...errors.map(({ field, rule }) => `${field}: ${rule}`)];
}

async function audited(type: string, id: number): Promise<unknown[]> {
  return world.dataSource.query(
    `select act, editor_id, before, after, request_id is not null as traced from audit_log where object_type = $1 and object_id = $2 order by id`,
    [type, id],
  );
}

const patch = (path: string, body: object, by: TestEditor | null = admin) => world.as(by).patch(`/api/v1/desk/${path}`, body);
const put = (path: string, body: object, by: TestEditor | null = admin) => world.as(by).put(`/api/v1/desk/${path}`, body);
const post = (path: string, body: object, by: TestEditor | null = admin) => world.as(by).post(`/api/v1/desk/${path}`, body);
const get = (path: string, by: TestEditor | null = admin) => world.as(by).get(`/api/v1/desk/${path}`);

describe.each([
  {
    path: 'sections',
    type: 'section',
    writers: ['admin', 'chief'],
    whole: { name: { ar: 'دراسات المدن', en: 'Urban Studies' }, slug: 'المدن', description: { ar: 'العمران.' }, parentId: 1, position: 3 },
    least: { name: { ar: 'اقتصاد' } },
    defaults: { description: {}, parentId: null, position: 0 },
    slug: 'اقتصاد',
  },
  {
    path: 'authors',
    type: 'author',
    writers: ['admin', 'chief', 'section_editor'],
    whole: {
      name: { ar: 'ليلى عبد الله', fr: 'Leïla Abdallah' },
      slug: 'ليلى',
      honorific: { ar: 'د.' },
      affiliation: { ar: 'وحدة دراسات المدن' },
      bio: { ar: 'فقرة أولى.\n\nفقرة ثانية.', en: 'One line.' },
      orcid: '0000-0002-1825-0097',
      links: [{ label: 'صفحتها', url: 'https://example.org/layla' }],
      aliases: ['ليلى عبدالله', 'L. Abdallah'],
      portraitId: null,
    },
    least: { name: { en: 'A. Writer' } },
    defaults: { honorific: {}, affiliation: {}, bio: {}, orcid: null, links: [], aliases: [], portraitId: null },
    fixed: { mergedInto: null },
    slug: 'a-writer',
  },
  {
    path: 'tags',
    type: 'tag',
    writers: ['admin', 'chief', 'section_editor'],
    whole: { name: { ar: 'النقل العام', en: 'Public transport' }, slug: 'نقل' },
    least: { name: { en: 'Water' } },
    defaults: {},
    slug: 'water',
  },
  {
    path: 'series',
    type: 'series',
    writers: ['admin', 'chief'],
    whole: { name: { ar: 'مدن المستقبل', en: 'Cities to come' }, slug: 'مدن', description: { ar: 'ملف.' } },
    least: { name: { fr: 'Villes' } },
    defaults: { description: {} },
    slug: 'villes',
  },
])('desk/$path', ({ path, type, writers, whole, least, defaults, fixed = {}, slug }) => {
  it('makes one from everything, and from the least, and reads it back', async () => {
    const full = await made(path, whole);
    expect(full).toEqual({ id: full.id, version: 1, ...whole, ...fixed });
    expect((await get(`${path}/${full.id}`).expect(200)).body).toEqual(full);
    const small = await made(path, least);
    expect(small).toEqual({ id: small.id, version: 1, slug, ...defaults, ...fixed, ...least });
    const { items } = (await get(path).expect(200)).body as { items: Body[] };
    expect(items).toEqual(expect.arrayContaining([full, small]));
    expect((await get(path)).headers['cache-control']).toBe('private, no-store');
  });

  it('is replaced whole: what is left out is as in a new one, and the slug stays', async () => {
    const one = await made(path, { ...whole, slug: undefined });
    const replaced = await put(`${path}/${one.id}`, { ...least, version: 1 }).expect(200);
    expect(replaced.body).toEqual({ id: one.id, version: 2, slug: one.slug, ...defaults, ...fixed, ...least });
    // What it gives is what it takes, but for the id and what an act of its own decides.
    const { id, ...back } = { ...one, version: 2 };
    for (const field of Object.keys(fixed)) delete (back as Record<string, unknown>)[field];
    expect((await put(`${path}/${id}`, back).expect(200)).body).toEqual({ ...one, version: 3 });
  });

  it('is changed in any part, each act one version and one line of the audit', async () => {
    const one = await made(path, least, chief);
    const name = { ar: 'اسم بعد التغيير', en: 'Another name' };
    expect(await changed(`${path}/${one.id}`, { name, version: 1 })).toEqual({ ...one, name, version: 2 });
    expect(await changed(`${path}/${one.id}`, { version: 2 })).toEqual({ ...one, name, version: 3 });
    const { slug: _, ...parts } = whole;
    expect(await changed(`${path}/${one.id}`, { ...parts, version: 3 })).toEqual({ ...one, ...parts, version: 4 });
    const { id: __, version: ___, ...start } = one;
    const differing = Object.entries(parts).filter(
      ([field, value]) => JSON.stringify(value) !== JSON.stringify({ ...start, name }[field as 'name']),
    );
    const by = { editor_id: admin.id, traced: true };
    expect(await audited(type, one.id)).toEqual([
      { act: `${path}.create`, before: {}, after: start, editor_id: chief.id, traced: true },
      { act: `${path}.change`, before: { name: one['name'] }, after: { name }, ...by },
      { act: `${path}.change`, before: {}, after: {}, ...by },
      {
        act: `${path}.change`,
        before: Object.fromEntries(differing.map(([field]) => [field, { ...start, name }[field as 'name']])),
        after: Object.fromEntries(differing),
        ...by,
      },
    ]);
  });

  it('refuses what is stale, with the version there is', async () => {
    const one = await made(path, least);
    await changed(`${path}/${one.id}`, { version: 1 });
    for (const version of [1, 3]) {
      expect(await refusal(patch(`${path}/${one.id}`, { name: { ar: 'متأخر' }, version }))).toEqual([
        '409 stale_version',
        'version: current:2',
      ]);
      expect(await refusal(put(`${path}/${one.id}`, { ...least, version }))).toEqual(['409 stale_version', 'version: current:2']);
      expect((await put(`${path}/${one.id}`, { ...least, version })).body.version).toBe(2);
    }
    expect((await get(`${path}/${one.id}`)).body).toEqual({ ...one, version: 2 });
    expect(await audited(type, one.id)).toHaveLength(2);
  });

  it('lets one of a hundred changes of one version through', async () => {
    const one = await made(path, least);
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, n) =>
        patch(`${path}/${one.id}`, { name: { ar: `اسم ${n}` }, version: 1 }).then(({ status }) => status),
      ),
    );
    expect(answers.filter((status) => status === 200)).toHaveLength(1);
    expect(answers.filter((status) => status !== 409 && status !== 200 && status !== 503)).toEqual([]);
    expect(((await get(`${path}/${one.id}`)).body as Body).version).toBe(2);
    expect(await audited(type, one.id)).toHaveLength(2);
  });

  it('gives a taken slug a number when it is made, also to eight at once, and refuses it when it is changed', async () => {
    const slugs = await Promise.all(Array.from({ length: 8 }, () => made(path, { ...least, slug: 'مكتبة' }).then((one) => one.slug)));
    expect(slugs.toSorted()).toEqual(['مكتبة', ...[2, 3, 4, 5, 6, 7, 8].map((n) => `مكتبة-${n}`)].toSorted());
    const one = await made(path, least);
    for (const taken of ['مكتبة', 'مكتبه']) {
      expect(await refusal(patch(`${path}/${one.id}`, { slug: taken, version: 1 }))).toEqual(['409 slug_taken', 'slug: slug_taken']);
      expect(await refusal(put(`${path}/${one.id}`, { ...least, slug: taken, version: 1 }))).toEqual([
        '409 slug_taken',
        'slug: slug_taken',
      ]);
    }
    expect(await changed(`${path}/${one.id}`, { slug: 'اسم-جديد', version: 1 })).toEqual({ ...one, slug: 'اسم-جديد', version: 2 });
    expect(await changed(`${path}/${one.id}`, { slug: 'اسم-جديد', version: 2 })).toEqual({ ...one, slug: 'اسم-جديد', version: 3 });
  });

  it('takes only slugs that are some, and its own as it is however long', async () => {
    const one = await made(path, least);
    for (const bad of ['123', 'two words', 'Upper', 'a--b', '-a', 'a_b', 'مُشكّل', 'ا'.repeat(71)]) {
      expect([bad, ...(await refusal(patch(`${path}/${one.id}`, { slug: bad, version: 1 })))]).toEqual([
        bad,
        '422 slug_invalid',
        'slug: slug',
      ]);
      expect([bad, ...(await refusal(post(path, { ...least, slug: bad })))]).toEqual([bad, '422 slug_invalid', 'slug: slug']);
    }
    const longest = 'ب'.repeat(70);
    expect((await made(path, { ...least, slug: longest })).slug).toBe(longest);
    const second = await made(path, { ...least, slug: longest });
    expect(second.slug).toBe(`${longest}-2`);
    expect((await changed(`${path}/${second.id}`, { slug: second.slug, version: 1 })).slug).toBe(second.slug);
  });

  it('names each field that is junk or unknown', async () => {
    const one = await made(path, least);
    const wrong = Object.fromEntries(Object.keys(whole).map((field) => [field, 17.5]));
    const fields = Object.keys(whole).toSorted();
    for (const answer of [
      post(path, wrong),
      put(`${path}/${one.id}`, { ...wrong, version: 1 }),
      patch(`${path}/${one.id}`, { ...wrong, version: 1 }),
    ]) {
      const [first, ...named] = await refusal(answer);
      expect([first, ...named.map((entry) => entry.split(':')[0]).toSorted()]).toEqual(['400 invalid_body', ...fields]);
    }
    expect(await refusal(post(path, {}))).toEqual(['400 invalid_body', 'name: required']);
    expect(await refusal(patch(`${path}/${one.id}`, { name: null, version: 1 }))).toEqual(['400 invalid_body', 'name: required']);
    expect(await refusal(patch(`${path}/${one.id}`, { slug: null, version: 1 }))).toEqual(['400 invalid_body', 'slug: required']);
    expect(await refusal(patch(`${path}/${one.id}`, { name: {}, version: 1 }))).toEqual(['400 invalid_body', 'name: wording']);
    expect(await refusal(patch(`${path}/${one.id}`, { name: { ar: ' ', en: '' }, version: 1 }))).toEqual([
      '400 invalid_body',
      'name: wording',
    ]);
    expect(await refusal(patch(`${path}/${one.id}`, { name: { ar: 'اسم' } }))).toEqual(['400 invalid_body', 'version: required']);
    expect(await refusal(put(`${path}/${one.id}`, { version: 1 }))).toEqual(['400 invalid_body', 'name: required']);
    for (const owned of ['id', 'slugFolded', 'slug_folded', 'createdAt', 'matchKeys', 'sortKey', 'match_keys', 'nonsense']) {
      const answer = await refusal(patch(`${path}/${one.id}`, { [owned]: 1, version: 1 }));
      expect(answer).toEqual(['400 unknown_field', `${owned}: unknown`]);
      expect(await refusal(post(path, { ...least, [owned]: 1 }))).toEqual(['400 unknown_field', `${owned}: unknown`]);
    }
    expect(await refusal(post(path, { ...least, version: 1 }))).toEqual(['400 unknown_field', 'version: unknown']);
    expect((await get(`${path}/${one.id}`)).body).toEqual(one);
  });

  it('is closed to those without a session and to roles that may not, and knows nothing of strange ids', async () => {
    const one = await made(path, least);
    const acts = (by: TestEditor | null, id: number | string) => [
      post(path, least, by),
      put(`${path}/${id}`, { ...least, version: 1 }, by),
      patch(`${path}/${id}`, { version: 1 }, by),
    ];
    for (const answer of [...acts(null, one.id), get(path, null), get(`${path}/${one.id}`, null)]) {
      expect(await refusal(answer)).toEqual(['401 not_signed_in']);
    }
    for (const [role, editor] of Object.entries({ section_editor: sectionEditor, contributor })) {
      await get(path, editor).expect(200);
      await get(`${path}/${one.id}`, editor).expect(200);
      if (writers.includes(role)) continue;
      for (const answer of acts(editor, one.id)) expect(await refusal(answer)).toEqual(['403 not_allowed']);
    }
    if (writers.includes('section_editor')) {
      await made(path, least, sectionEditor);
      await changed(`${path}/${one.id}`, { version: 1 }, sectionEditor);
    }
    for (const id of [999_999, 2_147_483_647]) {
      expect(await refusal(get(`${path}/${id}`))).toEqual(['404 not_found']);
      for (const answer of acts(admin, id).slice(1)) expect(await refusal(answer)).toEqual(['404 not_found']);
    }
    for (const id of ['0', '007', 'x', '2147483648', '1.5', '-1', '1e1', '0x7', '%207', '+7', '%D9%A7'])
      expect([id, await refusal(get(`${path}/${id}`))]).toEqual([id, ['400 invalid_parameter', 'id: id']]);
  });
});

describe('sections', () => {
  it('need a name in Arabic, and a parent that exists', async () => {
    expect(await refusal(post('sections', { name: { en: 'Only English' } }))).toEqual(['400 invalid_body', 'name: wording']);
    expect(await refusal(post('sections', { name: { ar: 'قسم' }, parentId: 999_999 }))).toEqual([
      '422 unknown_reference',
      'parentId: unknown_reference',
    ]);
    const one = await made('sections', { name: { ar: 'قسم' } });
    expect(await refusal(patch(`sections/${one.id}`, { parentId: 999_999, version: 1 }))).toEqual([
      '422 unknown_reference',
      'parentId: unknown_reference',
    ]);
  });

  it('are listed by parent and position', async () => {
    const parent = await made('sections', { name: { ar: 'أصل' } });
    const second = await made('sections', { name: { ar: 'ثان' }, parentId: parent.id, position: 2 });
    const first = await made('sections', { name: { ar: 'أول' }, parentId: parent.id, position: 1 });
    const { items } = (await get('sections')).body as { items: Body[] };
    expect(items.filter(({ parentId }) => parentId === parent.id)).toEqual([first, second]);
    expect(items.findIndex(({ parentId }) => parentId !== null)).toBe(items.filter(({ parentId }) => parentId === null).length);
  });

  it('never stand in themselves, near or far, nor deeper than ten', async () => {
    const chain = [await made('sections', { name: { ar: 'طبقة' } })];
    for (let n = 1; n < 10; n += 1) chain.push(await made('sections', { name: { ar: 'طبقة' }, parentId: chain.at(-1)!.id }));
    for (const inside of [chain[0]!, chain[1]!, chain[9]!]) {
      expect(await refusal(patch(`sections/${chain[0]!.id}`, { parentId: inside.id, version: 1 }))).toEqual([
        '422 section_in_itself',
        'parentId: section_in_itself',
      ]);
    }
    const tooDeep = ['422 section_too_deep', 'parentId: section_too_deep'];
    expect(await refusal(post('sections', { name: { ar: 'أعمق' }, parentId: chain[9]!.id }))).toEqual(tooDeep);
    const other = await made('sections', { name: { ar: 'فرع' } });
    await made('sections', { name: { ar: 'فرع الفرع' }, parentId: other.id });
    expect(await refusal(patch(`sections/${other.id}`, { parentId: chain[8]!.id, version: 1 }))).toEqual(tooDeep);
    await changed(`sections/${other.id}`, { parentId: chain[7]!.id, version: 1 });
    // Readers get even the deepest tree whole.
    await world.get('/api/v1/sections').expect(200);
  });

  it('of two moves into each other at once one happens, however often it is tried', async () => {
    for (let round = 0; round < 20; round += 1) {
      const [a, b] = [await made('sections', { name: { ar: 'ألف' } }), await made('sections', { name: { ar: 'باء' } })];
      const answers = await Promise.all([
        patch(`sections/${a.id}`, { parentId: b.id, version: 1 }).then(({ status }) => status),
        patch(`sections/${b.id}`, { parentId: a.id, version: 1 }).then(({ status }) => status),
      ]);
      expect(answers.toSorted()).toEqual([200, 422]);
    }
  });

  it('of eight moves around a ring at once one is refused', async () => {
    const ring: Body[] = [];
    for (let n = 0; n < 8; n += 1) ring.push(await made('sections', { name: { ar: 'حلقة' } }));
    const answers = await Promise.all(
      ring.map(({ id }, n) => patch(`sections/${id}`, { parentId: ring[(n + 1) % 8]!.id, version: 1 }).then(({ status }) => status)),
    );
    expect(answers.toSorted()).toEqual([200, 200, 200, 200, 200, 200, 200, 422]);
  });

  /** Rows that the lists have and should not have, and those they lack. */
  const misplaced = (): Promise<unknown[]> =>
    world.dataSource.query(`
      (select 'too many' as fault, * from (select list, published_at, article_id from listings except select * from listings_definition) a)
      union all (select 'missing', * from (select * from listings_definition except select list, published_at, article_id from listings) b)`);

  const listed = async (section: { id: number }): Promise<number[]> =>
    (
      await world.dataSource.query<{ article_id: number }[]>(`select article_id from listings where list = 'section:' || $1 order by 1`, [
        section.id,
      ])
    ).map(({ article_id }) => article_id);

  it('take the articles of their whole subtree along when they move', async () => {
    const [from, to] = [await made('sections', { name: { ar: 'من' } }), await made('sections', { name: { ar: 'إلى' } })];
    const top = await made('sections', { name: { ar: 'فوق' } });
    await changed(`sections/${to.id}`, { parentId: top.id, version: 1 });
    const moving = await made('sections', { name: { ar: 'منقول' }, parentId: from.id });
    const below = await made('sections', { name: { ar: 'تحته' }, parentId: moving.id });
    const stays = await anArticle(world, { sectionId: from.id });
    const direct = await anArticle(world, { sectionId: moving.id });
    const deep = await anArticle(world, { sectionId: below.id });
    expect([await listed(from), await listed(moving), await listed(top)]).toEqual([
      [stays.id, direct.id, deep.id],
      [direct.id, deep.id],
      [],
    ]);
    await changed(`sections/${moving.id}`, { parentId: to.id, version: 1 });
    expect([await listed(from), await listed(moving), await listed(below), await listed(to), await listed(top)]).toEqual([
      [stays.id],
      [direct.id, deep.id],
      [deep.id],
      [direct.id, deep.id],
      [direct.id, deep.id],
    ]);
    expect(await misplaced()).toEqual([]);
    const page = await world.get(`/api/v1/articles?section=${top.id}`).expect(200);
    expect((page.body as { items: { id: number }[] }).items.map(({ id }) => id)).toEqual([deep.id, direct.id]);
    await changed(`sections/${moving.id}`, { parentId: null, version: 2 });
    expect([await listed(to), await listed(top), await listed(moving)]).toEqual([[], [], [direct.id, deep.id]]);
    expect(await misplaced()).toEqual([]);
  });

  it('have right lists also when articles are published in them while they move', async () => {
    const parents = [await made('sections', { name: { ar: 'هنا' } }), await made('sections', { name: { ar: 'هناك' } })];
    const moving = await made('sections', { name: { ar: 'متنقل' }, parentId: parents[0]!.id });
    const author = await anAuthor(world);
    for (let round = 0; round < 10; round += 1) {
      await Promise.all([
        changed(`sections/${moving.id}`, { parentId: parents[(round + 1) % 2]!.id, version: round + 1 }),
        ...Array.from({ length: 6 }, () => anArticle(world, { sectionId: moving.id, byline: [{ authorId: author.id }] })),
      ]);
      expect(await misplaced()).toEqual([]);
    }
  });

  it('change what readers see, and its tag and date with it', async () => {
    const { id } = await aSection(world, { name: { ar: 'قبل' }, slug: 'قسم-يتغير' });
    await world.dataSource.query(`update content_clock set changed_at = now() - interval '1 hour'`);
    const url = `/api/v1/sections/${encodeURIComponent('قسم-يتغير')}`;
    const before = await world.get(url).expect(200);
    await changed(`sections/${id}`, { name: { ar: 'بعد' }, version: 1 });
    const after = await world.get(url).set('If-None-Match', before.headers['etag']!).expect(200);
    expect(after.body).toEqual({ ...(before.body as object), name: 'بعد' });
    expect(Date.parse(after.headers['last-modified']!)).toBeGreaterThan(Date.parse(before.headers['last-modified']!));
    // Found by its new slug at once; the former one is nobody's.
    await changed(`sections/${id}`, { slug: 'اسم-آخر', version: 2 });
    await world.get(`/api/v1/sections/${encodeURIComponent('اسم-آخر')}`).expect(200);
    await world.get(url).expect(404);
  });

  it('are made by imports and the sample as before', async () => {
    const { slug } = await world.tx((tx) => world.app.get(SectionsService).create(tx, { name: { en: 'From elsewhere' } }));
    expect(slug).toBe('from-elsewhere');
  });
});

describe('authors', () => {
  it('refuse an ORCID whose check digit is wrong, a link that is none, and a picture', async () => {
    const name = { ar: 'اسم' };
    const one = await made('authors', { name });
    const cases: [object, string[]][] = [
      [{ orcid: '0000-0002-1825-0098' }, ['422 orcid_invalid', 'orcid: orcid']],
      [{ orcid: 'x' }, ['422 orcid_invalid', 'orcid: orcid']],
      [{ portraitId: 1 }, ['422 unknown_reference', 'portraitId: unknown_reference']],
      [
        {
          links: [
            { label: 'a', url: 'https://example.org' },
            { label: 'b', url: 'javascript:alert(1)' },
          ],
        },
        ['422 link_invalid', 'links.1.url: link'],
      ],
      [{ links: [{ label: 'a', url: 'https://bank.example@evil.example' }] }, ['422 link_invalid', 'links.0.url: link']],
      [{ links: [{ label: 'a' }] }, ['400 invalid_body', 'links.0.url: required']],
      [{ links: [{ label: 'a', url: 'https://example.org', rel: 'me' }] }, ['400 unknown_field', 'links.0.rel: unknown']],
      [{ links: [null] }, ['400 invalid_body', 'links: list']],
      [{ links: ['https://example.org'] }, ['400 invalid_body', 'links: list']],
      [{ links: { label: 'a', url: 'https://example.org' } }, ['400 invalid_body', 'links: list']],
      [{ aliases: ['', 'ب'] }, ['400 invalid_body', 'aliases: lines']],
      [{ aliases: [null] }, ['400 invalid_body', 'aliases: lines']],
      [{ bio: { ar: 'ا'.repeat(5_001) } }, ['400 invalid_body', 'bio: wording']],
    ];
    for (const [parts, refused] of cases) {
      expect([parts, await refusal(post('authors', { name, ...parts }))]).toEqual([parts, refused]);
      expect([parts, await refusal(patch(`authors/${one.id}`, { ...parts, version: 1 }))]).toEqual([parts, refused]);
    }
    await changed(`authors/${one.id}`, { bio: { ar: 'ا'.repeat(5_000) }, orcid: null, portraitId: null, version: 1 });
  });

  it('are found and sorted by what they are called now', async () => {
    const one = await made('authors', { name: { ar: 'اسم قديم' }, aliases: ['لقب قديم'] });
    const keys = async (): Promise<unknown> =>
      (await world.dataSource.query(`select match_keys, sort_key from authors where id = $1`, [one.id]))[0];
    await changed(`authors/${one.id}`, { name: { ar: 'الزهراء عبد الرحمن', en: 'Zahra' }, version: 1 });
    expect(await keys()).toEqual({ match_keys: ['الزهراء عبدالرحمن', 'zahra', 'لقب قديم'], sort_key: 'زهراء عبد الرحمن' });
    await changed(`authors/${one.id}`, { aliases: ['زهراء'], version: 2 });
    expect(await keys()).toEqual({ match_keys: ['الزهراء عبدالرحمن', 'zahra', 'زهراء'], sort_key: 'زهراء عبد الرحمن' });
    await put(`authors/${one.id}`, { name: { en: 'Amal' }, version: 3 }).expect(200);
    expect(await keys()).toEqual({ match_keys: ['amal'], sort_key: 'amal' });
    // Of marks alone nothing would be left to sort or page by.
    await changed(`authors/${one.id}`, { name: { ar: 'ـ' }, version: 4 });
    expect(await keys()).toEqual({ match_keys: [''], sort_key: 'ـ' });
  });

  it('are listed by name in pages, each once, and found by part of a name in any spelling', async () => {
    const cursorList = async (query: string): Promise<Body[]> => {
      const seen: Body[] = [];
      let cursor: string | null = '';
      while (cursor !== null) {
        const page = (await get(`authors?limit=3${query}${cursor && `&cursor=${cursor}`}`).expect(200)).body as {
          items: Body[];
          nextCursor: string | null;
        };
        seen.push(...page.items);
        cursor = page.nextCursor;
      }
      return seen;
    };
    for (const ar of ['مؤلف أ', 'المؤلف ب', 'مؤلف ج', 'مؤلف ج', 'مؤلف د']) await made('authors', { name: { ar } });
    const all = await cursorList('');
    const [{ count }] = await world.dataSource.query<[{ count: number }]>(`select count(*)::int from authors`);
    expect(new Set(all.map(({ id }) => id)).size).toBe(count);
    expect(all).toHaveLength(count);
    const named = await cursorList(`&q=${encodeURIComponent('مولف')}`);
    expect(named.map(({ name }) => (name as { ar: string }).ar)).toEqual([]);
    const spelled = await cursorList(`&q=${encodeURIComponent('مُؤلّف')}`);
    expect(spelled.map(({ name }) => (name as { ar: string }).ar)).toEqual(['مؤلف أ', 'المؤلف ب', 'مؤلف ج', 'مؤلف ج', 'مؤلف د']);
    for (const [query, rule] of [
      ['q=', 'q: line'],
      [`q=${'a'.repeat(201)}`, 'q: line'],
      ['q=a&q=b', 'q: line'],
      ['limit=0', 'limit: limit'],
      ['cursor=x', 'cursor: cursor'],
    ]) {
      expect(await refusal(get(`authors?${query}`))).toEqual(['400 invalid_parameter', rule]);
    }
    const foreign = ((await get('tags?limit=1')).body as { nextCursor: string }).nextCursor;
    expect(await refusal(get(`authors?cursor=${foreign}`))).toEqual(['400 invalid_parameter', 'cursor: cursor']);
  });

  it('with something public change what readers see, and its tag and date with it; those without move nothing', async () => {
    const author = await anAuthor(world, { name: { ar: 'كاتبة قبل' }, slug: 'كاتبة-تتغير' });
    const hidden = await anAuthor(world, { name: { ar: 'خفية' } });
    const article = await anArticle(world, { byline: [{ authorId: author.id }] });
    await world.dataSource.query(`update content_clock set changed_at = now() - interval '1 hour'`);
    const urls = [`/api/v1/authors/${encodeURIComponent(author.slug)}`, `/api/v1/articles/${article.id}`];
    const before = await Promise.all(urls.map((url) => world.get(url).expect(200)));
    await changed(`authors/${hidden.id}`, { name: { ar: 'خفية بعد' }, version: 1 });
    for (const [n, url] of urls.entries()) await world.get(url).set('If-None-Match', before[n]!.headers['etag']!).expect(304);
    await changed(`authors/${author.id}`, { name: { ar: 'كاتبة بعد' }, bio: { ar: 'أولى.\n\nثانية.' }, version: 1 });
    for (const [n, url] of urls.entries()) {
      const after = await world.get(url).set('If-None-Match', before[n]!.headers['etag']!).expect(200);
      expect(after.text).toContain('كاتبة بعد');
      expect(Date.parse(after.headers['last-modified']!)).toBeGreaterThan(Date.parse(before[n]!.headers['last-modified']!));
    }
    expect((await world.get(urls[0]!)).body).toMatchObject({ bio: 'أولى.\n\nثانية.' });
  });
});

it.each(['tags', 'series'])('%s are listed by slug in pages, each once', async (path) => {
  for (let n = 0; n < 5; n += 1) await made(path, { name: { en: `Page ${n}` } });
  const seen: Body[] = [];
  let cursor: string | null = '';
  while (cursor !== null) {
    const page = (await get(`${path}?limit=2${cursor && `&cursor=${cursor}`}`).expect(200)).body as {
      items: Body[];
      nextCursor: string | null;
    };
    expect(page.items.length).toBeLessThanOrEqual(2);
    seen.push(...page.items);
    cursor = page.nextCursor;
  }
  const [{ count }] = await world.dataSource.query<[{ count: number }]>(`select count(*)::int from ${path}`);
  expect([seen.length, new Set(seen.map(({ id }) => id)).size]).toEqual([count, count]);
});

it('a tag on something public changes what readers see', async () => {
  const tag = await aTag(world, 'وسم قبل');
  const article = await anArticle(world, { tagIds: [tag.id] });
  const before = await world.get(`/api/v1/articles/${article.id}`);
  await changed(`tags/${tag.id}`, { name: { ar: 'وسم بعد' }, version: 1 });
  const after = await world.get(`/api/v1/articles/${article.id}`).set('If-None-Match', before.headers['etag']!).expect(200);
  expect((after.body as { tags: unknown }).tags).toEqual([{ ...tag, name: 'وسم بعد' }]);
});

describe('the center', () => {
  const WHOLE = {
    lang: 'ar',
    zone: 'Asia/Amman',
    name: { ar: 'مركز النخلة', en: 'The Palm Center' },
    tagline: { ar: 'قراءات' },
    publisher: { ar: 'دار النخلة' },
    contact: { email: 'info@center.example', phone: '+20 2 0000 0000', address: { ar: 'القاهرة' } },
    color: '#7a1f5c',
    mailSharing: false,
    secondFactorRoles: ['contributor'],
    retention: { revisionsDays: 365, auditDays: null },
    masthead: [
      { role: { ar: 'رئيس التحرير' }, person: { ar: 'ليلى' }, since: '2020-01-01', until: null },
      { role: { ar: 'مدير' }, person: { ar: 'سالم' }, since: '2019-01-01', until: '2019-12-31' },
    ],
  };
  const current = async (): Promise<Body> => (await get('center').expect(200)).body as Body;

  it('is said anew whole, and in parts, and what readers get follows', async () => {
    const start = await current();
    expect(start).toEqual({
      version: 1,
      lang: 'ar',
      zone: 'Africa/Cairo',
      name: { ar: 'مركز', en: 'Center', fr: 'Centre' },
      tagline: {},
      publisher: {},
      contact: { email: null, phone: null, address: {} },
      color: '#0b5c56',
      mailSharing: true,
      secondFactorRoles: [],
      retention: { revisionsDays: null, auditDays: null },
      masthead: [],
    });
    const { body: said } = await put('center', { ...WHOLE, version: start.version }).expect(200);
    expect(said).toEqual({ ...WHOLE, version: 2 });
    expect(await current()).toEqual(said);
    const seen = await world.get('/api/v1/center').expect(200);
    expect(seen.body).toEqual({
      name: 'مركز النخلة',
      tagline: 'قراءات',
      zone: 'Asia/Amman',
      masthead: [{ role: 'رئيس التحرير', person: 'ليلى', since: '2020-01-01' }],
      contact: { email: 'info@center.example', phone: '+20 2 0000 0000', address: 'القاهرة' },
    });
    const masthead = [WHOLE.masthead[1], WHOLE.masthead[0]];
    expect(await changed('center', { masthead, version: 2 })).toEqual({ ...WHOLE, masthead, version: 3 });
    expect(await changed('center', { contact: { phone: null }, version: 3 })).toEqual({
      ...WHOLE,
      masthead,
      contact: { email: null, phone: null, address: {} },
      version: 4,
    });
    const { body: least } = await put('center', { name: { ar: 'مركز' }, version: 4 }).expect(200);
    expect(least).toEqual({ ...start, name: { ar: 'مركز' }, version: 5 });
    const rows = await audited('center', 1);
    expect(rows).toHaveLength(4);
    expect(rows[1]).toEqual({
      act: 'center.change',
      editor_id: admin.id,
      before: { masthead: WHOLE.masthead },
      after: { masthead },
      traced: true,
    });
  });

  it('stands in a zone that both PostgreSQL and this server know', async () => {
    const { version } = await current();
    // The first two only one of them knows; case counts, or datelines and days could differ.
    for (const zone of ['posix/Africa/Cairo', 'Factory', 'africa/cairo', 'Africa/Atlantis', '+02:00', 'EST5EDT4', "'; select 1"]) {
      expect([zone, ...(await refusal(patch('center', { zone, version })))]).toEqual([zone, '422 zone_unknown', 'zone: zone_unknown']);
    }
    for (const [n, zone] of ['UTC', 'Asia/Riyadh', 'Africa/Cairo'].entries()) {
      expect((await changed('center', { zone, version: version + n }))['zone']).toBe(zone);
    }
  });

  it('has a color on which white can be read, and that can be read on white', async () => {
    const { version } = await current();
    // 4.48:1 is just too light, 4.54:1 just dark enough.
    for (const color of ['#777777', '#ffffff', '#FFCC00', '#00ff00'])
      expect([color, ...(await refusal(patch('center', { color, version })))]).toEqual([
        color,
        '422 color_contrast',
        'color: color_contrast',
      ]);
    expect(await changed('center', { color: '#767676', version })).toMatchObject({ color: '#767676', version: version + 1 });
    expect(await changed('center', { color: '#7A1F5C', mailSharing: false, version: version + 1 })).toMatchObject({
      color: '#7a1f5c',
      mailSharing: false,
    });
    expect((await audited('center', 1)).at(-1)).toMatchObject({
      before: { color: '#767676', mailSharing: true },
      after: { color: '#7a1f5c', mailSharing: false },
    });
    await changed('center', { color: '#0b5c56', mailSharing: true, version: version + 2 });
  });

  it('refuses terms that end before they begin, and names each junk field', async () => {
    const { version, ...start } = await current();
    const term = { role: { ar: 'دور' }, person: { ar: 'شخص' } };
    const cases: [object, string[]][] = [
      [{ masthead: [term, { ...term, since: '2020-01-02', until: '2020-01-01' }] }, ['422 term_order', 'masthead.1.until: term_order']],
      [{ masthead: [{ ...term, since: '2020-02-30' }] }, ['400 invalid_body', 'masthead.0.since: day']],
      [{ masthead: [{ role: term.role }] }, ['400 invalid_body', 'masthead.0.person: required']],
      [{ masthead: [{ ...term, position: 1 }] }, ['400 unknown_field', 'masthead.0.position: unknown']],
      [{ masthead: {} }, ['400 invalid_body', 'masthead: list']],
      [{ contact: { email: 'nobody' } }, ['400 invalid_body', 'contact.email: address']],
      [{ contact: { fax: '1' } }, ['400 unknown_field', 'contact.fax: unknown']],
      [{ contact: { address: { de: 'x' } } }, ['400 invalid_body', 'contact.address: wording']],
      [{ contact: [] }, ['400 invalid_body', 'contact: object']],
      [{ contact: 'x' }, ['400 invalid_body', 'contact: object']],
      [{ contact: null }, ['400 invalid_body', 'contact: required']],
      [{ lang: 'de' }, ['400 invalid_body', 'lang: oneOf']],
      [{ name: null }, ['400 invalid_body', 'name: required']],
      [{ color: null }, ['400 invalid_body', 'color: required']],
      [{ color: 'red' }, ['400 invalid_body', 'color: color']],
      [{ color: '#0b5c5' }, ['400 invalid_body', 'color: color']],
      [{ color: '#0b5c56\n' }, ['400 invalid_body', 'color: color']],
      [{ color: 746582 }, ['400 invalid_body', 'color: color']],
      [{ mailSharing: 'false' }, ['400 invalid_body', 'mailSharing: flag']],
      [{ mailSharing: null }, ['400 invalid_body', 'mailSharing: required']],
      [{ id: 1 }, ['400 unknown_field', 'id: unknown']],
    ];
    for (const [parts, refused] of cases) expect([parts, await refusal(patch('center', { ...parts, version }))]).toEqual([parts, refused]);
    expect(await refusal(put('center', { version }))).toEqual(['400 invalid_body', 'name: required']);
    expect(await current()).toEqual({ version, ...start });
  });

  it('refuses what is stale, and lets one of eight changes of one version through', async () => {
    const { version } = await current();
    const statuses = await Promise.all(
      Array.from({ length: 8 }, (_, n) =>
        patch('center', { masthead: [{ role: { ar: `دور ${n}` }, person: { ar: 'شخص' } }], version }).then(({ status }) => status),
      ),
    );
    expect(statuses.toSorted()).toEqual([200, 409, 409, 409, 409, 409, 409, 409]);
    expect((await current())['masthead']).toHaveLength(1);
    expect(await refusal(patch('center', { version }))).toEqual(['409 stale_version', `version: current:${version + 1}`]);
  });

  it('is for admins alone', async () => {
    for (const [editor, refused] of [
      [null, '401 not_signed_in'],
      [chief, '403 not_allowed'],
      [sectionEditor, '403 not_allowed'],
      [contributor, '403 not_allowed'],
    ] as const) {
      for (const answer of [
        get('center', editor),
        put('center', { ...WHOLE, version: 1 }, editor),
        patch('center', { version: 1 }, editor),
      ]) {
        expect(await refusal(answer)).toEqual([refused]);
      }
    }
  });

  it('speaks its new language in refusals, here and in every other instance, without a restart', async () => {
    const spoken = async (): Promise<string> => (await world.app.inject('/api/v1/nothing')).json<{ lang: string }>().lang;
    expect(await spoken()).toBe('ar');
    // As another instance would have changed it: nothing but the database tells this one.
    await world.dataSource.query(`update center set lang = 'en'`);
    await vi.waitUntil(async () => (await spoken()) === 'en', { timeout: 10_000 });
    await world.dataSource.query(`update center set lang = 'ar'`);
    await vi.waitUntil(async () => (await spoken()) === 'ar', { timeout: 10_000 });
  });
});
