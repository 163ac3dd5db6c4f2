import { aDraft, anArticle, anAuthor, anEditor, aSection, type TestEditor } from './factories.js';
import { startTestApp, type TestApp } from './test-app.js';

/** Words that an article spells in several ways, or otherwise than the center does. */

let world: TestApp;
let chief: TestEditor;
let groupId: number;

beforeAll(async () => {
  world = await startTestApp();
  chief = await anEditor(world, 'chief');
  const group = { kind: 'spellings', forms: ['قيصارية', 'قيسارية'], preferred: 'قيسارية' };
  groupId = (await world.as(chief).post('/api/v1/desk/lexicon', group).expect(201)).body.id as number;
});
afterAll(() => world.close());

const spelling = (id: number, query = '', by: TestEditor | null = chief) =>
  world.as(by).get(`/api/v1/desk/articles/${id}/spelling${query}`);

it('tells of a draft where it writes which form, in its title, kicker, summary and the text itself', async () => {
  const { id } = await aDraft(world, {
    kicker: 'عن القيصاريات',
    title: 'قيسارية المدينة القديمة',
    summary: 'خلاصة عن قيصارية.',
    body: '<h2>تمهيد</h2><p>في <b>قيصا</b>رية السوق.</p>',
  });
  expect((await spelling(id).expect(200)).body).toEqual({
    revision: 1,
    lang: 'ar',
    dir: 'rtl',
    items: [
      {
        groupId,
        preferred: 'قيسارية',
        forms: [
          {
            form: 'قيصارية',
            count: 3,
            places: [
              { field: 'kicker', start: 3, end: 13, context: 'عن القيصاريات' },
              { field: 'summary', start: 9, end: 16, context: 'خلاصة عن قيصارية.' },
              { field: 'body', start: 9, end: 16, context: 'تمهيد في قيصارية السوق.' },
            ],
          },
          { form: 'قيسارية', count: 1, places: [{ field: 'title', start: 0, end: 7, context: 'قيسارية المدينة القديمة' }] },
        ],
      },
    ],
    more: false,
  });
  expect((await spelling(id)).headers['cache-control']).toBe('private, no-store');
});

it('looks through the newest revision, or the one asked for, by the lexicon as it is now', async () => {
  const { id, version } = await anArticle(world, { title: 'قيصارية المدينة' });
  await world.as(chief).patch(`/api/v1/desk/articles/${id}`, { title: 'قيسارية المدينة', version }).expect(200);
  const told = async (query = ''): Promise<unknown> => {
    const { revision, items } = (await spelling(id, query).expect(200)).body as { revision: number; items: { groupId: number }[] };
    return [revision, items.map((item) => item.groupId)];
  };
  expect([await told(), await told('?revision=1'), await told('?revision=2')]).toEqual([[2, []], [1, [groupId]], [2, []]]); // prettier-ignore
  await world.as(chief).patch(`/api/v1/desk/lexicon/${groupId}`, { preferred: 'قيصارية', version: 1 }).expect(200);
  expect([await told(), await told('?revision=1')]).toEqual([[2, [groupId]], [1, []]]); // prettier-ignore
  await world.as(chief).patch(`/api/v1/desk/lexicon/${groupId}`, { preferred: 'قيسارية', version: 2 }).expect(200);
  await world.as(chief).patch(`/api/v1/desk/lexicon/${groupId}`, { kind: 'forms', version: 3 }).expect(200);
  expect(await told('?revision=1')).toEqual([1, []]);
  await world.as(chief).patch(`/api/v1/desk/lexicon/${groupId}`, { kind: 'spellings', version: 4 }).expect(200);
});

it('is for whoever may read the article; to others it is not there', async () => {
  const section = await aSection(world);
  const [own, other] = [await anEditor(world, 'contributor'), await anEditor(world, 'contributor')];
  const draft = { lang: 'ar', title: 'قيصارية', body: '<p>نص.</p>', sectionId: section.id, authorIds: [(await anAuthor(world)).id] };
  const { id } = (await world.as(own).post('/api/v1/desk/articles', draft).expect(201)).body as { id: number };
  expect((await spelling(id, '', own).expect(200)).body).toMatchObject({ items: [{ groupId }] });
  const hidden = await Promise.all([spelling(id, '', other), spelling(999_999, '', other), spelling(id, '?revision=9', own)]);
  expect(hidden.map(({ status, body }) => [status, (body as { code: string }).code])).toEqual(
    Array.from({ length: 3 }, () => [404, 'not_found']),
  );
  await spelling(id, '', null).expect(401);
  for (const query of ['?revision=0', '?revision=1e3', '?number=1']) await spelling(id, query).expect(400);
});
