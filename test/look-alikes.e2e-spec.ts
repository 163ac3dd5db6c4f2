import { Waker } from '../src/jobs/waker.js';
import { anAuthor, anEditor, type TestEditor } from './factories.js';
import { startTestApp, type TestApp } from './test-app.js';

/** Who may be the same person is named when an author is made: never asked, never refused. */

let world: TestApp;
let editor: TestEditor;
let chief: TestEditor;

beforeAll(async () => {
  world = await startTestApp();
  editor = await anEditor(world, 'section_editor');
  chief = await anEditor(world, 'chief');
});
afterAll(() => world.close());
beforeEach(async () => {
  await world.dataSource.query(`delete from author_merges`);
  await world.dataSource.query(`delete from authors`);
});

interface Made {
  readonly id: number;
  readonly version: number;
  readonly slug: string;
  readonly lookAlikes: readonly { readonly id: number; readonly slug: string; readonly name: object; readonly reason: string }[];
}

async function made(author: object): Promise<Made> {
  return (await world.as(editor).post('/api/v1/desk/authors', author).expect(201)).body as Made;
}

/** @returns each author named, with the reason */
async function named(author: object): Promise<(readonly [number, string])[]> {
  return (await made(author)).lookAlikes.map(({ id, reason }) => [id, reason] as const);
}

it('gives the author whole with an empty list where nobody resembles them, and says nothing of it later', async () => {
  await anAuthor(world, { name: { ar: 'هدى منصور' } });
  const { id, ...rest } = await made({ name: { ar: 'كريم فؤاد', en: 'Karim Fouad' } });
  const author = {
    version: 1,
    slug: 'كريم-فؤاد',
    name: { ar: 'كريم فؤاد', en: 'Karim Fouad' },
    honorific: {},
    affiliation: {},
    bio: {},
    orcid: null,
    links: [],
    aliases: [],
    portraitId: null,
    mergedInto: null,
  };
  expect(rest).toEqual({ ...author, lookAlikes: [] });
  expect((await world.as(editor).get(`/api/v1/desk/authors/${id}`).expect(200)).body).toEqual({ id, ...author });
  const changed = await world
    .as(editor)
    .patch(`/api/v1/desk/authors/${id}`, { name: { ar: 'هدى منصور' }, version: 1 })
    .expect(200);
  expect(changed.body).not.toHaveProperty('lookAlikes');
});

it('names who bears the same name in another spelling, with another title, as an alias or in another language', async () => {
  const known = await anAuthor(world, { name: { ar: 'ليلى عبد الله', en: 'Layla Abdallah' }, aliases: ['ل. عبد الله', 'أم كريم'] });
  const alone = { id: known.id, slug: known.slug, name: { ar: 'ليلى عبد الله', en: 'Layla Abdallah' }, reason: 'same_name' };
  for (const author of [
    { name: { ar: 'ليلي عبدالله' } },
    { name: { ar: 'د. لَيلى عبد اللّه' } },
    { name: { fr: 'LAYLA  ABDALLAH' } },
    { name: { ar: 'أم كريم' } },
    { name: { ar: 'اسم آخر تمامًا' }, aliases: ['ل عبدالله'] },
  ]) {
    const answer = await made(author);
    expect(answer.lookAlikes[0]).toEqual(alone);
    await world.dataSource.query(`delete from authors where id <> $1`, [known.id]);
  }
});

it('names who sounds alike: another script, another transliteration, the family name first', async () => {
  const known = await anAuthor(world, { name: { ar: 'ليلى عبد الله' } });
  for (const name of [{ en: 'Layla Abdallah' }, { en: 'Leila Abdullah' }, { fr: 'Mme ABDELLAH Leïla' }, { ar: 'عبد الله ليلى' }]) {
    expect(await named({ name })).toEqual([[known.id, 'similar_name']]);
    await world.dataSource.query(`delete from authors where id <> $1`, [known.id]);
  }
  const latin = await anAuthor(world, { name: { en: 'Mohamed Abdel Rahman' } });
  expect(await named({ name: { fr: 'Mouhamed Abderrahmane' } })).toEqual([[latin.id, 'similar_name']]);
  expect(await named({ name: { ar: 'محمود عبد الرحمن' } })).toEqual([]);
});

it('names who has the same ORCID first, then the same name, then a similar one, twenty at the most', async () => {
  const orcid = '0000-0002-1825-0097';
  const similar = await anAuthor(world, { name: { en: 'Sameer Nasr' } });
  const same = await anAuthor(world, { name: { ar: 'سمير نصر' } });
  const holder = await anAuthor(world, { name: { ar: 'اسم بعيد' }, orcid });
  expect(await named({ name: { ar: 'سَمير نصر' }, orcid })).toEqual([[holder.id, 'same_orcid'], [same.id, 'same_name'], [similar.id, 'similar_name']]); // prettier-ignore
  for (let n = 0; n < 20; n += 1) await anAuthor(world, { name: { ar: 'سمير نصر' } });
  const crowd = await named({ name: { ar: 'سمير نصر' } });
  expect(crowd).toHaveLength(20);
  expect(new Set(crowd.map(([, reason]) => reason))).toEqual(new Set(['same_name']));
});

it('names of merged records whom they lead to, once', async () => {
  const target = await anAuthor(world, { name: { ar: 'نجلاء فهمي' } });
  const old = await anAuthor(world, { name: { ar: 'نجلاء عبد العزيز' } });
  const other = await anAuthor(world, { name: { en: 'Naglaa Abdelaziz' } });
  for (const { id } of [old, other]) {
    await world.as(chief).post(`/api/v1/desk/authors/${id}/merge`, { into: target.id, version: 1 }).expect(200);
  }
  const { lookAlikes } = await made({ name: { ar: 'نجلاء عبدالعزيز' } });
  expect(lookAlikes).toEqual([{ id: target.id, slug: target.slug, name: { ar: 'نجلاء فهمي' }, reason: 'same_name' }]);
});

it('hears the names of authors made before anybody listened', async () => {
  const old = await anAuthor(world, { name: { ar: 'رشيد بن خالد' } });
  await world.dataSource.query(`update authors set name_skeletons = null`);
  expect(await named({ name: { fr: 'Rachid Khaled' } })).toEqual([]);
  await world.app.get(Waker).run('sounds of names');
  expect(await named({ name: { en: 'Rasheed bin Khalid' } })).toContainEqual([old.id, 'similar_name']);
});

it('takes any name: marks, digits, a single letter, the longest', async () => {
  for (const name of ['…', '١٢٣', 'ع', 'Œ', 'عبد', 'ال', 'abd el', 'ع'.repeat(200), 'x'.repeat(200)]) {
    expect(await named({ name: { ar: name } })).toEqual([]);
  }
});
