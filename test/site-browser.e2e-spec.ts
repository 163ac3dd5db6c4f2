import { CHROMIUM, fillCenter, startBrowserWorld, visit, type BrowserWorld, type FilledCenter } from './browser.js';

/** The reader's pages in a real browser. */
describe.skipIf(CHROMIUM === undefined)('In a browser', () => {
  let world: BrowserWorld;
  let center: FilledCenter;
  beforeAll(async () => {
    world = await startBrowserWorld();
    center = await fillCenter(world);
  });
  afterAll(() => world.close());

  it('every page loads what it needs from this center alone, and nothing complains', async () => {
    await visit(world, {}, async (page) => {
      for (const [name, { path, status = 200 }] of Object.entries(center.pages)) {
        const answer = await page.goto(path);
        expect([name, answer!.status()]).toEqual([name, status]);
      }
    });
  });
});
