import { SampleService } from '../src/sample/sample.service.js';
import { SAMPLE } from '../src/sample/content/content.js';
import { anEditor } from './factories.js';
import { startTestApp, type TestApp } from './test-app.js';

let world: TestApp;
beforeAll(async () => {
  world = await startTestApp();
});
afterAll(() => world.close());

it('fills an empty center once, and asks its readers one open question beside an article', async () => {
  const sample = world.app.get(SampleService);
  expect(await Promise.all([sample.loadOnce(), sample.loadOnce()])).toEqual(expect.arrayContaining([true, false]));
  const chief = await anEditor(world, 'chief');
  const { question, intro, options } = SAMPLE.poll;
  const { body } = await world.as(chief).get('/api/v1/desk/polls').expect(200);
  expect(body).toEqual({
    items: [
      expect.objectContaining({
        state: 'open',
        question,
        intro,
        options: options.map((label) => ({ id: expect.any(Number), label })),
        level: 1,
        maxChoices: 1,
        closesAt: null,
        results: 'after_vote',
        place: { site: false, sectionId: null, seriesId: null, articleId: expect.any(Number) },
        createdBy: null,
      }),
    ],
    nextCursor: null,
  });
  const { slug } = SAMPLE.articles.find(({ key }) => key === SAMPLE.poll.article)!;
  const article = await world.get(`/api/v1/articles/${body.items[0].place.articleId}`).expect(200);
  expect(article.body).toMatchObject({
    title: SAMPLE.articles.find(({ key }) => key === SAMPLE.poll.article)!.title,
    ...(slug && { slug }),
  });
});
