import { anArticle } from './factories.js';
import { startTestApp, type TestApp } from './test-app.js';

let world: TestApp;
beforeAll(async () => {
  world = await startTestApp();
});
afterAll(() => world.close());

it('serves', async () => {
  const { slug } = await anArticle(world, { title: 'القراءة في الصيف' });
  const response = await world.get(`/api/v1/articles/${encodeURIComponent(slug)}`).expect(200);
  expect(response.body).toMatchObject({ title: 'القراءة في الصيف' });
});
