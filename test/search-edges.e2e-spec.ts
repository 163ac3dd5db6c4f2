import { writeCursor } from '../src/http/cursor.js';
import { SearchIndexJob } from '../src/search/search-index.job.js';
import type { SearchResults } from '../src/search/search.dto.js';
import { anArticle, anAuthor, anEditor, type TestEditor } from './factories.js';
import { startTestApp, type TestApp } from './test-app.js';

/** Searches that were once refused, lost something or found too much. */

let world: TestApp;
let chief: TestEditor;

beforeAll(async () => {
  world = await startTestApp();
  chief = await anEditor(world, 'chief');
});
afterAll(() => world.close());

async function found(q: string, more = ''): Promise<SearchResults> {
  const { body } = await world.get(`/api/v1/search?q=${encodeURIComponent(q)}${more}`).expect(200);
  return body as SearchResults;
}
const titles = ({ items }: SearchResults): string[] => items.map(({ title }) => title);

/** All pages of three, something being done after the second. */
async function walk(q: string, afterSecond: () => Promise<unknown>): Promise<string[]> {
  const first = await found(q, '&limit=3');
  const seen = titles(first);
  for (let [next, page] = [first.nextCursor, 2]; next !== null && page < 20; page += 1) {
    const results = await found(q, `&limit=3&cursor=${next}`);
    seen.push(...titles(results));
    next = results.nextCursor;
    if (page === 2) await afterSecond();
  }
  return seen;
}

it('answers a question in a center that had no text a moment ago', async () => {
  await found('منارة البحر');
  await anArticle(world, { title: 'منارة البحر' });
  expect(titles(await found('منارة البحر طرخشقونة غلطبيط'))).toEqual(['منارة البحر']);
});

it('takes what PostgreSQL takes for no word at all, because one character stands for many letters', async () => {
  for (const long of ['㌖'.repeat(200), '㍿'.repeat(200)]) {
    for (const q of [long, `"${long.slice(2)}"`, `منارة -${long.slice(8)}`]) {
      for (const door of ['search', 'search/suggest']) await world.get(`/api/v1/${door}?q=${encodeURIComponent(q)}`).expect(200);
    }
  }
});

it('finds a piece of the first century, and takes a cursor from the distant future', async () => {
  await anArticle(world, { title: 'رقعة البردي', publishedAt: '0023-05-01T00:00:00Z' });
  expect(titles(await found('البردي'))).toEqual(['رقعة البردي']);
  for (let n = 0; n < 3; n += 1) await anArticle(world, { title: `برديات ${n}` });
  const { nextCursor } = await found('برديات', '&limit=1');
  const [, , , score, at] = Buffer.from(nextCursor!, 'base64url').toString().split('\n')[1]!.split('.') as string[];
  const future = writeCursor('search', { key: `${'9'.repeat(17)}.0.0.${score}.${at}.0`, id: 2_147_483_647 });
  await found('برديات', `&cursor=${future}`);
});

it('takes out a word that stands behind twelve others', async () => {
  const words = 'زعفران كمون كزبرة يانسون قرفة هيل فلفل كركم زنجبيل حبق بقدونس نعناع';
  await anArticle(world, { title: 'دكان التوابل', body: `<p>${words} وسماق.</p>` });
  expect(titles(await found(words))).toEqual(['دكان التوابل']);
  expect(titles(await found(`${words} -سماق`))).not.toContain('دكان التوابل');
});

describe('pages', () => {
  it('lose nothing of most words when a text comes that has them all', async () => {
    for (let n = 0; n < 12; n += 1) await anArticle(world, { title: `مرصاد ${n}`, body: '<p>كوكبة بعيدة.</p>' });
    const q = 'مرصاد كوكبة غلطبيطة شحرورية';
    const seen = await walk(q, () => anArticle(world, { title: 'الكل', body: `<p>${q}</p>` }));
    expect(seen.toSorted()).toEqual(Array.from({ length: 12 }, (_, n) => `مرصاد ${n}`).toSorted());
  });

  it('lose nothing of a correction when a text comes that has the word as it was typed', async () => {
    for (let n = 0; n < 10; n += 1) await anArticle(world, { title: `قنطرة ${n}` });
    const q = 'قنطرت';
    expect(await found(q)).toMatchObject({ answeredBy: 'all_words' });
    expect(await found('قنظرة')).toMatchObject({ answeredBy: 'correction', didYouMean: 'قنطرة' });
    const seen = await walk('قنظرة', () => anArticle(world, { title: 'قنظرة' }));
    expect(seen.toSorted()).toEqual(Array.from({ length: 10 }, (_, n) => `قنطرة ${n}`).toSorted());
  });
});

it('takes no word for another that is far from it', async () => {
  await anArticle(world, { title: 'هندسة الجسور' });
  expect(await found('هندباءة')).not.toHaveProperty('didYouMean');
});

it('asks for no stop word, though the lexicon joins one with a word', async () => {
  await anArticle(world, { title: 'نبذة من الدفتر', body: '<p>خرج من البيت.</p>' });
  await world.as(chief).post('/api/v1/desk/lexicon').send({ kind: 'forms', forms: ['زرافات', 'من'] }).expect(201); // prettier-ignore
  expect(titles(await found('زرافات'))).toEqual([]);
});

it('finds what a merged author wrote by the name readers are led to, also a later one, and no longer when they are parted', async () => {
  const [old, whole] = [await anAuthor(world, { name: { ar: 'ميسون القصب' } }), await anAuthor(world, { name: { ar: 'فردوس الخيزران' } })];
  await anArticle(world, { title: 'قصائد الضفة', byline: [{ authorId: old.id }] });
  const indexed = (): Promise<unknown> => world.app.get(SearchIndexJob).reindex(false, () => undefined);
  const act = async (path: string, body: object): Promise<void> => {
    const { body: now } = await world
      .as(chief)
      .get(`/api/v1/desk/authors/${path.split('/')[0]!}`)
      .expect(200);
    const request = path.includes('/')
      ? world.as(chief).post(`/api/v1/desk/authors/${path}`)
      : world.as(chief).patch(`/api/v1/desk/authors/${path}`);
    await request.send({ ...body, version: (now as { version: number }).version }).expect(200);
    await indexed();
  };
  await act(`${old.id}/merge`, { into: whole.id });
  expect(titles(await found('الخيزران'))).toEqual(['قصائد الضفة']);
  expect(titles(await found('القصب'))).toEqual(['قصائد الضفة']);
  await act(String(whole.id), { name: { ar: 'فردوس الأسل' } });
  expect(titles(await found('الأسل'))).toEqual(['قصائد الضفة']);
  expect(titles(await found('"فردوس الخيزران"'))).toEqual([]);
  await act(`${old.id}/unmerge`, {});
  expect(titles(await found('"فردوس الأسل"'))).toEqual([]);
});

it('knows how words sound that are older than that it is kept', async () => {
  await anArticle(world, { title: 'Kubernetes in small centers', lang: 'en' });
  await world.dataSource.query(`update search_vocabulary set sound = null`);
  expect(titles(await found('كوبرنيتس'))).toEqual([]);
  await world.app.get(SearchIndexJob).reindex(false, () => undefined);
  expect(await found('كوبرنيتس')).toMatchObject({ answeredBy: 'correction' });
  expect(titles(await found('كوبرنيتس'))).toEqual(['Kubernetes in small centers']);
});
