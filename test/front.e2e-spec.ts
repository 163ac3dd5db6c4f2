import type { LightMyRequestResponse } from 'fastify';
import { aDraft, aFront, aSection, aSeries, anArticle, anEditor, type TestEditor } from './factories.js';
import { startTestApp, type TestApp } from './test-app.js';

/** The front page as chiefs arrange it, at the desk and before readers. */

let world: TestApp;
let chief: TestEditor;
let city: { id: number; slug: string };
let water: { id: number; slug: string };
let series: { id: number; slug: string };
/** Articles by their titles: `مادة 1` is the oldest. Those with even numbers are of the city. */
let pieces: { id: number }[];

beforeAll(async () => {
  world = await startTestApp();
  chief = await anEditor(world, 'chief');
  city = await aSection(world, { name: { ar: 'المدن', en: 'Cities' }, position: 1 });
  water = await aSection(world, { name: { ar: 'الماء' }, position: 2 });
  series = await aSeries(world, 'مدن المستقبل');
  pieces = [];
  for (let n = 0; n < 20; n += 1)
    pieces.push(
      await anArticle(world, {
        title: `مادة ${n}`,
        sectionId: n % 2 ? water.id : city.id,
        publishedAt: `2024-02-${String(n + 1).padStart(2, '0')}T10:00:00Z`,
        ...(n < 3 && { series: { id: series.id, position: n + 1 } }),
      }),
    );
});
afterAll(() => world.close());
beforeEach(() => world.dataSource.query(`truncate fronts, front_blocks, front_pieces`));

interface DeskFront {
  readonly id: number;
  readonly version: number;
  readonly state: string;
  readonly startsAt: string;
  readonly [field: string]: unknown;
}

const FRONT = '/api/v1/desk/front';
const IN_A_YEAR = '2099-01-01T00:00:00Z';
const LONG_AGO = '2026-01-01T00:00:00Z';
const NEWEST = { kind: 'newest', count: 2 };
const BLOCK = { title: null, sectionId: null, seriesId: null, articleIds: null, count: null };

const made = async (front: object = {}): Promise<DeskFront> => (await world.as(chief).post(FRONT, front).expect(201)).body as DeskFront;
const found = async ({ id }: { id: number }): Promise<DeskFront> => (await world.as(chief).get(`${FRONT}/${id}`).expect(200)).body as DeskFront; // prettier-ignore
const patch = ({ id, version }: DeskFront, parts: object) => world.as(chief).patch(`${FRONT}/${id}`, { version, ...parts });
const audited = (id: number): Promise<unknown[]> =>
  world.dataSource.query(
    `select act, before, after from audit_log where object_type = 'front' and object_id = $1 and editor_id = $2 order by id`,
    [id, chief.id],
  );
const open = (headers: Record<string, string> = {}, url = '/'): Promise<LightMyRequestResponse> => world.app.inject({ method: 'GET', url, headers }); // prettier-ignore

/** Numbers of the pieces on the front page, the lead first. */
async function shown(): Promise<{ lead: number | undefined; blocks: [string, ...number[]][] }> {
  const { body } = await open();
  const numbers = (html: string): number[] => [...html.matchAll(/<h[23]><a href="[^"]*">(?:مسحوبة: )?مادة (\d+)</g)].map(([, n]) => Number(n)); // prettier-ignore
  const [, lead = ''] = /<div class="lead">(.*?)<\/article>/.exec(body) ?? [];
  const blocks = body.split('<section class="block">').slice(1);
  return {
    lead: numbers(lead)[0],
    blocks: blocks.map((html) => [/<h2>(.*?)<\/h2>/.exec(html)![1]!.replaceAll(/<[^>]*>/g, ''), ...numbers(html.split('</main>')[0]!)]),
  };
}

/** @returns `status code` and each blamed field with its rule */
async function refusal(answer: Promise<{ status: number; body: unknown }>): Promise<string[]> {
  const { status, body } = await answer;
  const { code, errors } = body as { code: string; errors: { field: string; rule: string }[] };
  return [`${status} ${code}`, ...(errors ?? []).map(({ field, rule }) => `${field}: ${rule}`)];
}

const USUAL = {
  lead: 19,
  blocks: [
    ['الأحدث', 18, 17, 16, 15, 14, 13],
    ['المدن', 12, 10, 8, 6],
    ['الماء', 11, 9, 7, 5],
  ],
};

describe('an arrangement', () => {
  it('is made, from now on, and answers whole', async () => {
    const blocks = [
      { kind: 'pieces', title: { ar: '  ملف \u202Eالأسبوع ', fr: '' }, articleIds: [pieces[4]!.id, pieces[3]!.id] },
      { kind: 'section', sectionId: water.id, count: 3 },
      { kind: 'series', seriesId: series.id, count: 12 },
      NEWEST,
    ];
    const front = await made({ leadId: pieces[7]!.id, blocks, endsAt: IN_A_YEAR });
    expect(front).toEqual({
      id: front.id,
      version: 1,
      state: 'in_force',
      startsAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/) as string,
      endsAt: IN_A_YEAR,
      leadId: pieces[7]!.id,
      blocks: [
        { ...BLOCK, kind: 'pieces', title: { ar: 'ملف الأسبوع' }, articleIds: [pieces[4]!.id, pieces[3]!.id] },
        { ...BLOCK, kind: 'section', sectionId: water.id, count: 3 },
        { ...BLOCK, kind: 'series', seriesId: series.id, count: 12 },
        { ...BLOCK, ...NEWEST },
      ],
    });
    expect(Math.abs(Date.parse(front.startsAt) - Date.now())).toBeLessThan(60_000);
    expect(await found(front)).toEqual(front);
    const { id: _, version: __, state: ___, ...said } = front;
    expect(await audited(front.id)).toEqual([{ act: 'front.create', before: {}, after: said }]);
    // What came is taken as it came.
    const { state: ____, ...again } = front;
    const { id, ...body } = again;
    expect((await world.as(chief).put(`${FRONT}/${id}`, body).expect(200)).body).toEqual({ ...front, version: 2 });
    expect(await found(front)).toEqual({ ...front, version: 2 });
  });

  it('is changed in any part and replaced whole, each act one version and one line of the audit', async () => {
    const front = await made({ startsAt: LONG_AGO, leadId: pieces[7]!.id, blocks: [NEWEST] });
    const changed = (await patch(front, { leadId: null, endsAt: IN_A_YEAR }).expect(200)).body as DeskFront;
    expect(changed).toEqual({ ...front, leadId: null, endsAt: IN_A_YEAR, version: 2 });
    const blocks = [{ ...BLOCK, kind: 'section', sectionId: city.id, count: 1 }];
    expect((await patch(changed, { blocks }).expect(200)).body).toEqual({ ...changed, blocks, version: 3 });
    const ended = (await patch({ ...changed, version: 3 }, { endsAt: '2026-01-02T00:00:00Z' }).expect(200)).body as DeskFront;
    expect(ended.state).toBe('ended');
    // Left out, its start stays.
    const { body } = await world.as(chief).put(`${FRONT}/${front.id}`, { version: 4 }).expect(200);
    expect(body).toEqual({ ...front, leadId: null, blocks: [], version: 5 });
    expect((await audited(front.id)).slice(1)).toEqual([
      { act: 'front.change', before: { leadId: pieces[7]!.id, endsAt: null }, after: { leadId: null, endsAt: IN_A_YEAR } },
      { act: 'front.change', before: { blocks: front['blocks'] }, after: { blocks } },
      { act: 'front.change', before: { endsAt: IN_A_YEAR }, after: { endsAt: '2026-01-02T00:00:00Z' } },
      { act: 'front.change', before: { endsAt: '2026-01-02T00:00:00Z', blocks }, after: { endsAt: null, blocks: [] } },
    ]);
  });

  it('is replaced by one of eight at once', async () => {
    const front = await made();
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, n) => world.as(chief).put(`${FRONT}/${front.id}`, { version: 1, blocks: [{ kind: 'newest', count: n + 1 }] })), // prettier-ignore
    );
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 409, 409, 409, 409, 409, 409, 409]);
    const winner = answers.find(({ status }) => status === 200)!.body as DeskFront;
    expect(await found(front)).toEqual(winner);
    expect(await refusal(patch(front, { leadId: null }))).toEqual(['409 stale_version', 'version: current:2']);
    expect(await audited(front.id)).toHaveLength(2);
  });

  it('is removed while its hour has not come, else it stays', async () => {
    const waiting = await made({ startsAt: IN_A_YEAR, blocks: [{ kind: 'pieces', articleIds: [pieces[1]!.id] }] });
    expect(waiting.state).toBe('waiting');
    await world.as(chief).delete(`${FRONT}/${waiting.id}`).expect(204);
    await world.as(chief).get(`${FRONT}/${waiting.id}`).expect(404);
    await world.as(chief).delete(`${FRONT}/${waiting.id}`).expect(404);
    expect((await audited(waiting.id)).at(-1)).toMatchObject({ act: 'front.remove', before: { startsAt: IN_A_YEAR }, after: {} });
    for (const times of [{}, { startsAt: LONG_AGO, endsAt: '2026-01-02T00:00:00Z' }]) {
      const begun = await made(times);
      expect(await refusal(world.as(chief).delete(`${FRONT}/${begun.id}`))).toEqual(['409 front_begun']);
      expect(await audited(begun.id)).toHaveLength(1);
    }
  });

  it('is listed, newest first, in pages and by state', async () => {
    const ids = async (query: string): Promise<number[]> =>
      ((await world.as(chief).get(`${FRONT}?limit=100&${query}`).expect(200)).body.items as DeskFront[]).map(({ id }) => id);
    const { id: replaced } = await aFront(world, { startsAt: LONG_AGO });
    const { id: inForce } = await aFront(world);
    const { id: waiting } = await aFront(world, { startsAt: IN_A_YEAR });
    const { id: ended } = await aFront(world, { startsAt: '2026-02-01T00:00:00Z', endsAt: '2026-02-02T00:00:00Z' });
    expect(await ids('')).toEqual([ended, waiting, inForce, replaced]);
    for (const [state, id] of Object.entries({ waiting, in_force: inForce, replaced, ended }))
      expect([state, await ids(`state=${state}`)]).toEqual([state, [id]]);
    const { body } = await world.as(chief).get(`${FRONT}?limit=3`).expect(200);
    expect(
      (
        await world
          .as(chief)
          .get(`${FRONT}?limit=3&cursor=${body.nextCursor as string}`)
          .expect(200)
      ).body,
    ).toEqual({
      items: [await found({ id: replaced })],
      nextCursor: null,
    });
  });

  const block = (parts: object): object => ({ blocks: [NEWEST, parts] });
  it.each<[string, object, string[]]>([
    ['another field', { state: 'in_force' }, ['400 unknown_field', 'state: unknown']],
    ['another field in a block', block({ ...NEWEST, slug: 'x' }), ['400 unknown_field', 'blocks.1.slug: unknown']],
    ['an hour without offset', { startsAt: '2026-01-01T00:00:00' }, ['400 invalid_body', 'startsAt: instant']],
    ['no hour', { startsAt: null }, ['400 invalid_body', 'startsAt: required']],
    ['a lead that is no id', { leadId: '7' }, ['400 invalid_body', 'leadId: id']],
    ['blocks that are no list', { blocks: {} }, ['400 invalid_body', 'blocks: list']],
    ['thirteen blocks', { blocks: Array.from({ length: 13 }, () => NEWEST) }, ['400 invalid_body', 'blocks: list']],
    ['another kind', block({ kind: 'weather' }), ['400 invalid_body', 'blocks.1.kind: oneOf']],
    ['a count of 13', block({ kind: 'newest', count: 13 }), ['400 invalid_body', 'blocks.1.count: whole']],
    ['a count of 0', block({ kind: 'newest', count: 0 }), ['400 invalid_body', 'blocks.1.count: whole']],
    ['thirteen pieces', block({ kind: 'pieces', articleIds: Array.from({ length: 13 }, (_, n) => n + 1) }), ['400 invalid_body', 'blocks.1.articleIds: ids']], // prettier-ignore
    ['a piece twice', block({ kind: 'pieces', articleIds: [1, 1] }), ['400 invalid_body', 'blocks.1.articleIds: ids']],
    ['an empty title', block({ kind: 'pieces', articleIds: [1], title: { ar: ' ' } }), ['400 invalid_body', 'blocks.1.title: wording']],
    ['newest without count', block({ kind: 'newest' }), ['422 block_parts', 'blocks.1.count: block_parts']],
    ['a section unnamed', block({ kind: 'section', count: 4 }), ['422 block_parts', 'blocks.1.sectionId: block_parts']],
    ['a series unnamed', block({ kind: 'series', count: 4, sectionId: 1 }), ['422 block_parts', 'blocks.1.sectionId: block_parts']],
    ['pieces unnamed', block({ kind: 'pieces' }), ['422 block_parts', 'blocks.1.articleIds: block_parts']],
    ['pieces with a count', block({ kind: 'pieces', articleIds: [1], count: 4 }), ['422 block_parts', 'blocks.1.count: block_parts']],
    ['a title over a section', block({ kind: 'newest', count: 4, title: { ar: 'عنوان' } }), ['422 block_parts', 'blocks.1.title: block_parts']], // prettier-ignore
    ['a lead that is not there', { leadId: 999_999 }, ['422 unknown_reference', 'leadId: unknown_reference']],
    ['a section that is not there', block({ kind: 'section', sectionId: 999_999, count: 1 }), ['422 unknown_reference', 'blocks.sectionId: unknown_reference']], // prettier-ignore
    ['a series that is not there', block({ kind: 'series', seriesId: 999_999, count: 1 }), ['422 unknown_reference', 'blocks.seriesId: unknown_reference']], // prettier-ignore
    ['a piece that is not there', block({ kind: 'pieces', articleIds: [999_999] }), ['422 unknown_reference', 'blocks.articleIds: unknown_reference']], // prettier-ignore
    ['an end before its start', { startsAt: IN_A_YEAR, endsAt: LONG_AGO }, ['422 ends_before_start', 'endsAt: ends_before_start']],
    ['an end that has passed', { endsAt: LONG_AGO }, ['422 ends_before_start', 'endsAt: ends_before_start']],
  ])('is refused with %s', async (_, front, expected) => {
    expect(await refusal(world.as(chief).post(FRONT, front))).toEqual(expected);
    expect((await world.as(chief).get(FRONT)).body).toEqual({ items: [], nextCursor: null });
    const there = await made({ blocks: [NEWEST] });
    expect(await refusal(patch(there, front))).toEqual(expected);
    expect(await found(there)).toEqual(there);
  });

  it('is for chiefs with a session', async () => {
    const { id } = await made({ startsAt: IN_A_YEAR });
    for (const [who, status] of [
      [null, 401],
      [await anEditor(world, 'section_editor'), 403],
      [await anEditor(world, 'contributor'), 403],
    ] as const) {
      for (const path of [FRONT, `${FRONT}/${id}`, `${FRONT}/preview`]) await world.as(who).get(path).expect(status);
      await world.as(who).post(FRONT, {}).expect(status);
      await world.as(who).put(`${FRONT}/${id}`, { version: 1 }).expect(status);
      await world.as(who).patch(`${FRONT}/${id}`, { version: 1 }).expect(status);
      await world.as(who).delete(`${FRONT}/${id}`).expect(status);
    }
    for (const other of ['0', 'x', '1e3']) await world.as(chief).get(`${FRONT}/${other}`).expect(400);
    for (const query of ['state=over', 'cursor=x', 'page=2']) await world.as(chief).get(`${FRONT}?${query}`).expect(400);
    await world.as(chief).get(`${FRONT}/999999`).expect(404);
    await world.as(chief).put(`${FRONT}/999999`, { version: 1 }).expect(404);
  });
});

describe('the front page', () => {
  it('is as it always was while nothing is set', async () => {
    expect(await shown()).toEqual(USUAL);
    await aFront(world, { startsAt: IN_A_YEAR, leadId: pieces[1]!.id });
    await aFront(world, { startsAt: LONG_AGO, endsAt: '2026-01-02T00:00:00Z', leadId: pieces[1]!.id });
    expect(await shown()).toEqual(USUAL);
    await made();
    expect(await shown()).toEqual(USUAL);
  });

  it('has the lead that was set, and what is not set as ever, without repeating it', async () => {
    await made({ leadId: pieces[17]!.id });
    expect(await shown()).toEqual({ ...USUAL, lead: 17, blocks: [['الأحدث', 19, 18, 16, 15, 14, 13], ...USUAL.blocks.slice(1)] });
  });

  it('has the blocks that were set, each without what stands above', async () => {
    await made({
      blocks: [
        { kind: 'pieces', title: { ar: 'ملف الأسبوع', en: 'This week' }, articleIds: [pieces[3]!.id, pieces[18]!.id] },
        { kind: 'pieces', articleIds: [pieces[2]!.id, pieces[3]!.id] },
        { kind: 'series', seriesId: series.id, count: 4 },
        { kind: 'section', sectionId: city.id, count: 3 },
        NEWEST,
        { kind: 'newest', count: 3 },
      ],
    });
    expect(await shown()).toEqual({
      lead: 19,
      blocks: [
        ['ملف الأسبوع', 3, 18],
        ['مختارات', 2],
        ['مدن المستقبل', 1, 0],
        ['المدن', 16, 14, 12],
        ['الأحدث', 17, 15],
        ['الأحدث', 13, 11, 10],
      ],
    });
    const english = (await open({}, '/?lang=en')).body;
    expect(english).toContain('<h2><bdi lang="en" dir="ltr">This week</bdi></h2>');
    expect(english).toContain('<h2>Our choice</h2>');
    expect(english).toContain(`<h2><a href="/series/${encodeURIComponent(series.slug)}?lang=en"><bdi lang="ar" dir="rtl">مدن المستقبل</bdi></a></h2>`); // prettier-ignore
  });

  it('shows again what stands above in a block that has nothing else', async () => {
    await made({ leadId: pieces[0]!.id, blocks: [{ kind: 'series', seriesId: series.id, count: 2 }, { kind: 'pieces', articleIds: [pieces[1]!.id] }] }); // prettier-ignore
    expect(await shown()).toEqual({ lead: 0, blocks: [['مدن المستقبل', 2, 1], ['مختارات', 1]] }); // prettier-ignore
  });

  it('is that of the one that began last; when it ends, that of the one before', async () => {
    const standing = await made({ startsAt: LONG_AGO, leadId: pieces[1]!.id });
    const until = await made({ leadId: pieces[2]!.id });
    const next = await aFront(world, { startsAt: IN_A_YEAR, leadId: pieces[3]!.id });
    expect([(await shown()).lead, (await found(standing)).state]).toEqual([2, 'replaced']);
    await world.dataSource.query(`update fronts set starts_at = now() where id = $1`, [next.id]);
    expect([(await shown()).lead, (await found(until)).state]).toEqual([3, 'replaced']);
    await world.dataSource.query(`update fronts set ends_at = now() where id = $1`, [next.id]);
    expect([(await shown()).lead, (await found(until)).state]).toEqual([2, 'in_force']);
    await patch(until, { endsAt: new Date().toISOString() }).expect(200);
    expect([(await shown()).lead, (await found(standing)).state]).toEqual([1, 'in_force']);
  });

  it('shows nothing that is not public: neither as lead nor among the pieces, until it is', async () => {
    const draft = await aDraft(world, { title: 'مادة 100', sectionId: city.id });
    const hidden = await aSeries(world, 'لم يُنشر بعد');
    const front = await made({
      leadId: draft.id,
      blocks: [
        { kind: 'pieces', title: { ar: 'سر' }, articleIds: [draft.id] },
        { kind: 'pieces', articleIds: [draft.id, pieces[2]!.id] },
        { kind: 'series', seriesId: hidden.id, count: 4 },
      ],
    });
    expect(await shown()).toEqual({ lead: 19, blocks: [['مختارات', 2]] });
    for (const word of ['سر<', 'لم يُنشر بعد', 'مادة 100']) expect((await open()).body).not.toContain(word);
    const act = (name: string, version: number, more: object = {}) =>
      world
        .as(chief)
        .post(`/api/v1/desk/articles/${draft.id}/${name}`, { version, ...more })
        .expect(200);
    const { body } = await act('publish', draft.version);
    expect(await shown()).toMatchObject({ lead: 100, blocks: [['سر', 100], ['مختارات', 2]] }); // prettier-ignore
    const { body: retracted } = await act('retract', body.version as number, { reason: 'خطأ' });
    // Retracted it leads no more, and says so where it stands.
    expect((await shown()).lead).toBe(19);
    expect((await open()).body).toContain('مسحوبة: مادة 100');
    await act('withdraw', retracted.version as number, { reason: 'طلب قضائي' });
    expect(await shown()).toEqual({ lead: 19, blocks: [['مختارات', 2]] });
    expect((await found(front))['leadId']).toBe(draft.id);
  });

  it('goes by where a section stands now', async () => {
    await made({ blocks: [{ kind: 'section', sectionId: city.id, count: 12 }] });
    const before = await shown();
    const inside = await aSection(world, { name: { ar: 'داخل' }, parentId: city.id });
    const { id } = await anArticle(world, { title: 'مادة 50', sectionId: inside.id, publishedAt: '2024-02-19T12:00:00Z' });
    expect((await shown()).blocks[0]!.slice(1, 3)).toEqual([50, 18]);
    await world.as(chief).patch(`/api/v1/desk/sections/${inside.id}`, { version: 1, parentId: water.id }).expect(200);
    expect(await shown()).toEqual(before);
    await world.as(chief).post(`/api/v1/desk/articles/${id}/withdraw`, { version: (await world.as(chief).get(`/api/v1/desk/articles/${id}`)).body.version as number, reason: 'س' }).expect(200); // prettier-ignore
  });

  it('is never kept beyond the moment that another begins or the one in force ends', async () => {
    await world.dataSource.query(`update content_clock set changed_at = now() - interval '1 hour'`);
    const waiting = await aFront(world, { startsAt: IN_A_YEAR, leadId: pieces[1]!.id });
    const first = await open();
    const [since, tag] = [first.headers['last-modified'] as string, first.headers['etag'] as string];
    const kept = async (): Promise<number[]> => [
      (await open({ 'if-modified-since': since })).statusCode,
      (await open({ 'if-none-match': tag })).statusCode,
    ];
    expect(Date.parse(since)).toBeLessThan(Date.now() - 3_500_000);
    expect(await kept()).toEqual([304, 304]);
    // As its hour comes: nothing is written then.
    const comes = async (column: string, ago: string): Promise<void> => {
      await world.dataSource.query(
        `alter table fronts disable trigger content_changed; update fronts set ${column === 'starts_at' ? 'starts_at' : 'ends_at'} = now() - interval '${ago}' where id = ${waiting.id}; alter table fronts enable trigger content_changed`,
      );
    };
    await comes('starts_at', '10 minutes');
    expect(await kept()).toEqual([200, 200]);
    const begun = await open();
    expect([Math.round((Date.now() - Date.parse(begun.headers['last-modified'] as string)) / 60_000), (await shown()).lead]).toEqual([
      10, 1,
    ]);
    await comes('ends_at', '2 seconds');
    const ended = await open({ 'if-modified-since': begun.headers['last-modified'] as string });
    expect([ended.statusCode, ended.headers['etag'], (await shown()).lead]).toEqual([200, tag, 19]);
    // A moment that is so young tells nobody apart.
    expect((await open({ 'if-modified-since': ended.headers['last-modified'] as string })).statusCode).toBe(200);
  });

  it('moves the public clock only once readers can meet it', async () => {
    const clock = async (): Promise<string> =>
      (await world.dataSource.query<[{ at: string }]>(`select changed_at::text as at from content_clock`))[0].at;
    const before = await clock();
    const front = await made({ startsAt: IN_A_YEAR, blocks: [NEWEST] });
    const changed = (await patch(front, { leadId: pieces[1]!.id }).expect(200)).body as DeskFront;
    expect(await clock()).toBe(before);
    const begun = (await patch(changed, { startsAt: LONG_AGO }).expect(200)).body as DeskFront;
    const started = await clock();
    const other = (await patch(begun, { blocks: [] }).expect(200)).body as DeskFront;
    const said = await clock();
    await patch(other, { startsAt: IN_A_YEAR }).expect(200);
    expect(new Set([before, started, said, await clock()]).size).toBe(4);
  });
});

describe('the preview', () => {
  const preview = async (
    query = '',
  ): Promise<{ frontId: number | null; lead: { id: number } | null; blocks: { title: object | null; items: { id: number }[] }[] }> =>
    // prettier-ignore
    (await world.as(chief).get(`${FRONT}/preview${query}`).expect(200)).body as never;

  it('is the front page of a moment, whole', async () => {
    const now = await preview();
    expect([now.frontId, now.lead!.id, now.blocks.map(({ title }) => title)]).toEqual([null, pieces[19]!.id, [null, { ar: 'المدن', en: 'Cities' }, { ar: 'الماء' }]]); // prettier-ignore
    const blocks = [{ kind: 'pieces', title: { ar: 'ملف' }, articleIds: [pieces[2]!.id] }];
    const front = await made({ startsAt: IN_A_YEAR, leadId: pieces[1]!.id, blocks });
    expect(await preview()).toEqual(now);
    expect(await preview('?at=2098-12-31')).toEqual(now);
    const card = async (n: number): Promise<unknown> =>
      ((await world.get('/api/v1/articles?limit=100').expect(200)).body.items as { id: number }[]).find(({ id }) => id === pieces[n]!.id);
    const then = { frontId: front.id, lead: await card(1), blocks: [{ kind: 'pieces', title: { ar: 'ملف' }, items: [await card(2)] }] };
    // The first of January in the center's zone begins before that in UTC.
    for (const at of ['2099-01-01T00:00:00Z', '2099-01-01T02:00:00%2B02:00', '2099-01-02'])
      expect(await preview(`?at=${at}`)).toEqual(then);
    expect(await preview('?at=2098-12-31T23:59:59Z')).toEqual(now);
  });

  it.each([
    ['at=tomorrow', 'at: dayOrInstant'],
    ['at=2026-02-30', 'at: dayOrInstant'],
    ['lang=de', 'lang: oneOf'],
    ['of=1', 'of: unknown'],
  ])('refuses %s by name', async (query, error) => {
    const { body } = await world.as(chief).get(`${FRONT}/preview?${query}`).expect(400);
    expect((body.errors as { field: string; rule: string }[]).map(({ field, rule }) => `${field}: ${rule}`)).toEqual([error]);
  });
});
