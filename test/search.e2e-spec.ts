import { startTestApp, type TestApp } from './test-app.js';
import { aDraft, aSection, aTag, anArticle, anAuthor } from './factories.js';
import type { SearchResults } from '../src/search/search.dto.js';

let world: TestApp;

beforeAll(async () => {
  world = await startTestApp();
});
afterAll(() => world.close());

async function found(q: string, more = ''): Promise<SearchResults> {
  const { body } = await world.get(`/api/v1/search?q=${encodeURIComponent(q)}${more}`).expect(200);
  return body as SearchResults;
}
const titles = ({ items }: SearchResults): string[] => items.map(({ title }) => title);

it('finds a piece by a word of its text in another form, and shows where', async () => {
  await anArticle(world, { title: 'قوارب الصيد في المهب', body: '<p>عاد الصيادون إلى مرفأ المدينة القديم بعد العاصفة.</p>' });
  const results = await found('للمرفأ');
  expect(results).toMatchObject({ total: 1, totalApproximate: false, answeredBy: 'all_words', nextCursor: null });
  expect(titles(results)).toEqual(['قوارب الصيد في المهب']);
  expect(results.items[0]!.snippet).toContain('<mark>مرفأ</mark>');
});

it('finds what has one word in the title and another in the text', async () => {
  await anArticle(world, { title: 'جزيرة التوابل', body: '<p>يزرع أهلها القرنفل منذ قرون.</p>' });
  expect(titles(await found('التوابل قرنفل'))).toEqual(['جزيرة التوابل']);
});

it('corrects what no text has', async () => {
  await anArticle(world, { title: 'زلزال الساحل', body: '<p>اهتزت البيوت القديمة.</p>' });
  const results = await found('زلوال الساحل');
  expect(results).toMatchObject({ answeredBy: 'correction', didYouMean: 'زلزال الساحل' });
  expect(titles(results)).toEqual(['زلزال الساحل']);
});

it('answers a whole question by most of its words', async () => {
  await anArticle(world, { title: 'هجرة اللقالق', body: '<p>تعبر الطيور المضيق كل خريف.</p>' });
  const results = await found('متى تعبر اللقالق المضيق نحو الجنوب؟');
  expect(results.answeredBy).toBe('any_word');
  expect(titles(results)).toEqual(['هجرة اللقالق']);
});
