import { aPicture, aSection, anAd, anEditor, type TestEditor } from './factories.js';
import { startTestApp, type TestApp } from './test-app.js';

/** Ads as the desk makes, changes, ends and removes them. */

let world: TestApp;
let chief: TestEditor;
beforeAll(async () => {
  world = await startTestApp();
  chief = await anEditor(world, 'chief');
});
afterAll(() => world.close());

interface DeskAd {
  readonly id: number;
  readonly version: number;
  readonly state: string;
  readonly [field: string]: unknown;
}

const ADS = '/api/v1/desk/ads';
const IN_A_YEAR = '2099-01-01T00:00:00Z';
const TEXT = {
  slot: 'article_end',
  text: { ar: 'كتب جديدة', en: 'New books' },
  link: 'https://books.example/autumn',
  startsAt: '2026-01-01T00:00:00Z',
  advertiser: 'دار الكتب',
};
const NOTHING = { pictureId: null, sectionIds: [], endsAt: null, weight: 10, views: 0, clicks: 0, days: [] };

const made = async (ad: object = {}): Promise<DeskAd> =>
  (
    await world
      .as(chief)
      .post(ADS, { ...TEXT, ...ad })
      .expect(201)
  ).body as DeskAd;
const patch = ({ id, version }: DeskAd, parts: object) => world.as(chief).patch(`${ADS}/${id}`, { version, ...parts });
const audited = (id: number): Promise<unknown[]> =>
  world.dataSource.query(
    `select act, before, after from audit_log where object_type = 'ad' and object_id = $1 and editor_id = $2 order by id`,
    [id, chief.id],
  );

/** @returns `status code` and each blamed field with its rule */
async function refusal(answer: Promise<{ status: number; body: unknown }>): Promise<string[]> {
  const { status, body } = await answer;
  const { code, errors } = body as { code: string; errors: { field: string; rule: string }[] };
  return [`${status} ${code}`, ...errors.map(({ field, rule }) => `${field}: ${rule}`)];
}

describe('an ad', () => {
  it('is made of a text, cleaned, and runs from its hour on', async () => {
    const ad = await made({ text: { ar: '  كتب \u202Eجديدة ', fr: '' }, link: 'https://Books.Example', advertiser: ' دار  الكتب ' });
    const said = { ...TEXT, text: { ar: 'كتب جديدة' }, link: 'https://books.example/' };
    expect(ad).toEqual({ ...NOTHING, ...said, id: ad.id, version: 1, state: 'running' });
    expect((await world.as(chief).get(`${ADS}/${ad.id}`).expect(200)).body).toEqual(ad);
    const { views: _, clicks: __, days: ___, ...rest } = NOTHING;
    expect(await audited(ad.id)).toEqual([{ act: 'ads.create', before: {}, after: { ...rest, ...said } }]);
  });

  it('is made of a picture, for sections, with an end', async () => {
    const [one, other] = [await aSection(world), await aSection(world)];
    const { id: pictureId } = await aPicture(world);
    const given = { pictureId, sectionIds: [other.id, one.id], startsAt: IN_A_YEAR, endsAt: '2099-02-01T00:00:00Z', weight: 100 };
    const ad = await made({ text: undefined, ...given });
    expect(ad).toEqual({
      ...NOTHING,
      ...TEXT,
      ...given,
      id: ad.id,
      version: 1,
      state: 'waiting',
      text: null,
      sectionIds: [one.id, other.id],
    });
  });

  it('keeps its picture: nobody removes that while an ad has it, waiting or over', async () => {
    for (const times of [{ startsAt: IN_A_YEAR }, { endsAt: '2026-01-02T00:00:00Z' }]) {
      const { id: pictureId } = await aPicture(world);
      const ad = await made({ text: null, pictureId, ...times });
      expect((await world.as(chief).delete(`/api/v1/desk/media/${pictureId}`).expect(409)).body).toMatchObject({ code: 'in_use' });
      await patch(ad, { pictureId: null, text: { ar: 'بلا صورة' } }).expect(200);
      await world.as(chief).delete(`/api/v1/desk/media/${pictureId}`).expect(204);
    }
  });

  it('is changed in any part and replaced whole, each act one version and one line of the audit', async () => {
    const section = await aSection(world);
    const ad = await made();
    const parts = { text: { en: 'Old books' }, sectionIds: [section.id], weight: 1 };
    const changed = (await patch(ad, parts).expect(200)).body as DeskAd;
    expect(changed).toEqual({ ...ad, ...parts, version: 2 });
    const ended = (await patch(changed, { endsAt: '2026-01-02T00:00:00Z' }).expect(200)).body as DeskAd;
    expect(ended).toEqual({ ...changed, version: 3, state: 'ended', endsAt: '2026-01-02T00:00:00Z' });
    const { body } = await world.as(chief).put(`${ADS}/${ad.id}`, { ...TEXT, slot: 'home', version: 3 }).expect(200); // prettier-ignore
    expect(body).toEqual({ ...ad, slot: 'home', version: 4 });
    expect((await audited(ad.id)).slice(1)).toEqual([
      { act: 'ads.change', before: { text: TEXT.text, sectionIds: [], weight: 10 }, after: parts },
      { act: 'ads.change', before: { endsAt: null }, after: { endsAt: '2026-01-02T00:00:00Z' } },
      {
        act: 'ads.change',
        before: { slot: 'article_end', ...parts, endsAt: '2026-01-02T00:00:00Z' },
        after: { slot: 'home', text: TEXT.text, sectionIds: [], weight: 10, endsAt: null },
      },
    ]);
  });

  it('is changed by one of eight at once', async () => {
    const ad = await made();
    const answers = await Promise.all(Array.from({ length: 8 }, (_, n) => patch(ad, { weight: n + 1 })));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 409, 409, 409, 409, 409, 409, 409]);
    expect(await refusal(patch(ad, { weight: 9 }))).toEqual(['409 stale_version', 'version: current:2']);
    expect(await audited(ad.id)).toHaveLength(2);
  });

  it('tells its counts by day, and in the list in all', async () => {
    const ad = await made();
    await world.dataSource.query(`insert into ad_days values ($1, '2026-01-02', 5, 1), ($1, '2026-01-01', 10, 0)`, [ad.id]);
    const totals = { views: 15, clicks: 1 };
    const days = [
      { day: '2026-01-01', views: 10, clicks: 0 },
      { day: '2026-01-02', views: 5, clicks: 1 },
    ];
    expect((await world.as(chief).get(`${ADS}/${ad.id}`).expect(200)).body).toEqual({ ...ad, ...totals, days });
    const { days: _, ...card } = ad;
    const { body } = await world.as(chief).get(`${ADS}?limit=1`).expect(200);
    expect(body).toEqual({ items: [{ ...card, ...totals }], nextCursor: expect.any(String) as string });
  });

  it('is removed while no reader can have met it, else it stays', async () => {
    const waiting = await made({ startsAt: IN_A_YEAR });
    await world.as(chief).delete(`${ADS}/${waiting.id}`).expect(204);
    await world.as(chief).get(`${ADS}/${waiting.id}`).expect(404);
    await world.as(chief).delete(`${ADS}/${waiting.id}`).expect(404);
    expect((await audited(waiting.id)).at(-1)).toMatchObject({ act: 'ads.remove', before: { startsAt: IN_A_YEAR }, after: {} });
    const shown = await made();
    expect(await refusal(world.as(chief).delete(`${ADS}/${shown.id}`))).toEqual(['409 ad_shown']);
    // Put off after it was counted.
    await world.dataSource.query(`insert into ad_days values ($1, '2026-01-02', 5, 1)`, [shown.id]);
    await patch(shown, { startsAt: IN_A_YEAR }).expect(200);
    expect(await refusal(world.as(chief).delete(`${ADS}/${shown.id}`))).toEqual(['409 ad_shown']);
    expect(await audited(shown.id)).toHaveLength(2);
  });
});

describe('the list', () => {
  it('has all ads, newest first, in pages, by place and by state', async () => {
    const ids = async (query: string): Promise<number[]> =>
      ((await world.as(chief).get(`${ADS}?limit=100&${query}`).expect(200)).body.items as DeskAd[]).map(({ id }) => id);
    await world.dataSource.query(`truncate ads, ad_sections, ad_days`);
    const waiting = (await anAd(world, { startsAt: IN_A_YEAR, slot: 'masthead' })).id;
    const running = (await anAd(world, { slot: 'masthead' })).id;
    const ended = (await anAd(world, { startsAt: '2026-01-01T00:00:00Z', endsAt: '2026-01-02T00:00:00Z' })).id;
    expect(await ids('')).toEqual([ended, running, waiting]);
    expect([await ids('state=waiting'), await ids('state=running'), await ids('state=ended')]).toEqual([[waiting], [running], [ended]]);
    expect([await ids('slot=masthead'), await ids('slot=masthead&state=ended')]).toEqual([[running, waiting], []]);
    const walked: number[] = [];
    for (let cursor = ''; ;) {
      const { body } = await world.as(chief).get(`${ADS}?limit=1${cursor}`).expect(200);
      walked.push(...(body.items as DeskAd[]).map(({ id }) => id));
      if (body.nextCursor === null) break;
      cursor = `&cursor=${body.nextCursor as string}`;
    }
    expect(walked).toEqual([ended, running, waiting]);
  });
});

describe('is refused', () => {
  it.each<[string, object, string[]]>([
    ['nothing', { slot: undefined, text: undefined, link: undefined, startsAt: undefined, advertiser: undefined }, ['400 invalid_body', 'slot: required', 'link: required', 'startsAt: required', 'advertiser: required']], // prettier-ignore
    ['another place', { slot: 'footer' }, ['400 invalid_body', 'slot: oneOf']],
    ['a text of 201 letters', { text: { ar: 'ك'.repeat(201) } }, ['400 invalid_body', 'text: wording']],
    ['a text that is none', { text: { ar: ' \u200F ' } }, ['400 invalid_body', 'text: wording']],
    ['a weight of 0', { weight: 0 }, ['400 invalid_body', 'weight: whole']],
    ['a weight of 101', { weight: 101 }, ['400 invalid_body', 'weight: whole']],
    ['a section twice', { sectionIds: [1, 1] }, ['400 invalid_body', 'sectionIds: ids']],
    ['an hour without offset', { startsAt: '2026-01-01T00:00:00' }, ['400 invalid_body', 'startsAt: instant']],
    ['an empty advertiser', { advertiser: ' ' }, ['400 invalid_body', 'advertiser: line']],
    ['counts', { views: 1_000 }, ['400 unknown_field', 'views: unknown']],
    ['neither text nor picture', { text: null }, ['422 picture_or_text', 'pictureId: picture_or_text']],
    ['a picture that is not there', { text: null, pictureId: 999_999 }, ['422 unknown_reference', 'pictureId: unknown_reference']],
    ['a section that is not there', { sectionIds: [999_999] }, ['422 unknown_reference', 'sectionIds: unknown_reference']],
    ['a link without TLS', { link: 'http://books.example/' }, ['422 link_invalid', 'link: link']],
    ['a script', { link: 'javascript:alert(1)' }, ['422 link_invalid', 'link: link']],
    ['a link that shows another host', { link: 'https://bank.example@evil.example/' }, ['422 link_invalid', 'link: link']],
    ['an end before its start', { endsAt: '2025-12-31T00:00:00Z' }, ['422 ends_before_start', 'endsAt: ends_before_start']],
  ])('%s', async (_, parts, expected) => {
    const [{ count }] = await world.dataSource.query<[{ count: string }]>(`select count(*) from ads`);
    expect(await refusal(world.as(chief).post(ADS, { ...TEXT, ...parts }))).toEqual(expected);
    expect(await world.dataSource.query(`select count(*) from ads`)).toEqual([{ count }]);
  });

  it('text and picture together, a document, and a picture that is not ready', async () => {
    const [ready, due, failed, document] = [
      await aPicture(world),
      await aPicture(world, { state: 'due' }),
      await aPicture(world, { state: 'failed' }),
      await aPicture(world, { kind: 'document' }),
    ];
    const ad = await made();
    for (const [parts, expected] of [
      [{ pictureId: ready.id }, ['422 picture_or_text', 'pictureId: picture_or_text']],
      [{ text: null, pictureId: due.id }, ['422 picture_not_ready', 'pictureId: picture_not_ready']],
      [{ text: null, pictureId: failed.id }, ['422 unknown_reference', 'pictureId: unknown_reference']],
      [{ text: null, pictureId: document.id }, ['422 unknown_reference', 'pictureId: unknown_reference']],
    ] as const) {
      expect(await refusal(patch(ad, parts))).toEqual(expected);
      expect(await refusal(world.as(chief).post(ADS, { ...TEXT, ...parts }))).toEqual(expected);
    }
    expect((await world.as(chief).get(`${ADS}/${ad.id}`)).body).toEqual(ad);
  });

  it('null where something has to be, also in a part', async () => {
    const ad = await made();
    for (const field of ['slot', 'link', 'sectionIds', 'startsAt', 'weight', 'advertiser'])
      expect([field, (await patch(ad, { [field]: null })).status]).toEqual([field, 400]);
  });

  it('who has no session, and who is no chief', async () => {
    const ad = await made();
    const editor = await anEditor(world, 'section_editor');
    for (const [who, status] of [
      [null, 401],
      [editor, 403],
    ] as const) {
      // prettier-ignore
      await world.as(who).get(ADS).expect(status);
      await world.as(who).get(`${ADS}/${ad.id}`).expect(status);
      await world.as(who).post(ADS, TEXT).expect(status);
      await world
        .as(who)
        .put(`${ADS}/${ad.id}`, { ...TEXT, version: 1 })
        .expect(status);
      await world.as(who).patch(`${ADS}/${ad.id}`, { weight: 1, version: 1 }).expect(status);
      await world.as(who).delete(`${ADS}/${ad.id}`).expect(status);
    }
    for (const id of ['0', 'x', '1e3']) await world.as(chief).get(`${ADS}/${id}`).expect(400);
    await world.as(chief).get(`${ADS}/999999`).expect(404);
  });
});
