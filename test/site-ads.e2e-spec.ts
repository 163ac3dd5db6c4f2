import type { LightMyRequestResponse } from 'fastify';
import { SLOTS, type Slot } from '../src/ads/ad.entity.js';
import { WINDOW_SECONDS, adOfWindow } from '../src/ads/windows.js';
import { SCRIPTS } from '../src/site/assets.js';
import { aDraft, aPicture, aSection, anAd, anArticle, anEditor } from './factories.js';
import { startTestApp, type TestApp } from './test-app.js';

/** Ads on the reader's pages: where they stand, what they say of themselves, and that nothing is there without them. */

const ORIGIN = 'https://center.example';

let world: TestApp;
let section: { id: number; slug: string };
let article: string;

beforeAll(async () => {
  world = await startTestApp();
  section = await aSection(world);
  article = at('articles', ...Object.values(await aPiece(section.id)));
});
afterAll(() => world.close());
beforeEach(() => world.dataSource.query(`truncate ads, ad_sections, ad_days`));

const open = (url: string, headers: Record<string, string> = {}): Promise<LightMyRequestResponse> =>
  world.app.inject({ method: 'GET', url, headers });
const at = (...parts: readonly (string | number)[]): string => `/${parts.map(encodeURIComponent).join('/')}`;

async function aPiece(sectionId: number): Promise<{ id: number; slug: string }> {
  const { id, slug } = await anArticle(world, { sectionId, title: 'حافلة آخر الليل' });
  return { id, slug };
}

/** The ads of a page by the places they stand in. */
async function adsOf(url: string): Promise<Partial<Record<Slot, number>>> {
  const { statusCode, body } = await open(url);
  expect([url, statusCode]).toEqual([url, 200]);
  const found = [...body.matchAll(/<div class="ad (\w+)" data-seen="\/api\/v1\/ads\/(\d+)\/views">/g)];
  expect(found.length).toBe(body.match(/class="ad\b/g)?.length ?? 0);
  return Object.fromEntries(found.map(([, slot, id]) => [slot, Number(id)]));
}

describe('an ad on a page', () => {
  it('says what it is and where it leads, in its own language', async () => {
    const { id } = await anAd(world, { slot: 'home', wording: { ar: 'كتب <جديدة>' } });
    const { body } = await open('/?lang=en');
    expect(body).toContain(
      `<div class="ad home" data-seen="/api/v1/ads/${id}/views"><small>Advertisement</small>` +
        `<a href="/go/${id}" rel="sponsored nofollow" lang="ar" dir="rtl">كتب &lt;جديدة></a></div>`,
    );
    expect((await open('/')).body).toContain('<small>إعلان</small>');
    expect(body).toContain(`<script type="module" src="${SCRIPTS.views.path}"></script>`);
  });

  it('shows a picture by its words, in the space that it takes, or by what it is where it has none', async () => {
    const { id: pictureId } = await aPicture(world, { alt: { ar: 'رف كتب' } });
    const { id } = await anAd(world, { slot: 'masthead', pictureId });
    const { body } = await open('/about');
    expect(body).toContain(
      `<a href="/go/${id}" rel="sponsored nofollow" lang="ar" dir="rtl"><img src="/media/${pictureId}/960.webp" alt="رف كتب" width="960" height=`,
    );
    await world.dataSource.query(`update media set alt = '{}' where id = $1`, [pictureId]);
    expect((await open('/about?lang=fr')).body).toMatch(
      new RegExp(
        `<a href="/go/${id}" rel="sponsored nofollow"><img src="/media/${pictureId}/960.webp" alt="Publicité" width="960" height="\\d+"`,
      ),
    );
  });

  it('stands in its place of its pages, and in no other', async () => {
    const ids = Object.fromEntries(await Promise.all(SLOTS.map(async (slot) => [slot, (await anAd(world, { slot })).id])));
    const { masthead, home, sidebar, article_top, article_end } = ids as Record<Slot, number>;
    expect(await adsOf('/')).toEqual({ masthead, home, sidebar });
    expect(await adsOf(at('sections', section.slug))).toEqual({ masthead, sidebar });
    expect(await adsOf(article)).toEqual({ masthead, sidebar, article_top, article_end });
    for (const page of ['/about', '/authors', '/polls', '/search', '/search?q=x'])
      expect([page, await adsOf(page)]).toEqual([page, { masthead }]);
    const { body } = await open(article);
    const order = ['<body>', '/go/' + masthead, '<main', '<h1', '/go/' + article_top, 'class="text"', '/go/' + article_end, '<aside class="side">', '/go/' + sidebar, '<footer']; // prettier-ignore
    const places = order.map((part) => body.indexOf(part));
    expect(places).toEqual(places.toSorted((one, other) => one - other));
    expect(places[0]).toBeGreaterThan(0);
  });

  it('of a section stands on that section’s pages and its pieces’, and on those below it', async () => {
    const below = await aSection(world, { parentId: section.id });
    const beside = await aSection(world);
    const [inside, outside] = [await aPiece(below.id), await aPiece(beside.id)];
    const { id: sidebar } = await anAd(world, { slot: 'sidebar', sectionIds: [section.id] });
    for (const page of [at('sections', section.slug), at('sections', below.slug), article, at('articles', inside.id, inside.slug)])
      expect([page, await adsOf(page)]).toEqual([page, { sidebar }]);
    for (const page of ['/', '/about', at('sections', beside.slug), at('articles', outside.id, outside.slug)])
      expect([page, await adsOf(page)]).toEqual([page, {}]);
  });

  it('is the one that the API names for that place', async () => {
    const ads: { id: number; weight: number }[] = [];
    for (const weight of [1, 20, 100]) ads.push({ ...(await anAd(world, { slot: 'sidebar', weight })), weight });
    for (;;) {
      const before = await windowNow();
      const shown = [await adsOf('/'), await adsOf(article)];
      if ((await windowNow()) !== before) continue;
      const drawn = ['', section.id].map((place) => ({ sidebar: adOfWindow(ads, `sidebar ${place}`, before)!.id }));
      expect(shown).toEqual(drawn);
      break;
    }
  });
});

async function windowNow(): Promise<number> {
  const [{ n }] = await world.dataSource.query<[{ n: number }]>(`select floor(extract(epoch from now()) / $1::int)::int as n`, [
    WINDOW_SECONDS,
  ]);
  return n;
}

describe('no ad', () => {
  it('leaves no element, no space and no script', async () => {
    for (const page of ['/', '/about', at('sections', section.slug)]) {
      const { body } = await open(page);
      expect([page, body.match(/class="ad|<aside|with-side|إعلان/g), body.includes(SCRIPTS.views.path)]).toEqual([page, null, false]);
    }
    expect((await open(article)).body).not.toMatch(/class="ad|<aside|with-side|إعلان/);
  });

  it('stands on pages that are for one reader or one act', async () => {
    for (const slot of SLOTS) await anAd(world, { slot });
    const chief = await anEditor(world, 'chief');
    const draft = await aDraft(world);
    const made = await world.as(chief).post(`/api/v1/desk/articles/${draft.id}/preview-links`, { note: 'لصديق' }).expect(201);
    const preview = new URL((made.body as { url: string }).url).pathname;
    const pages = [
      preview,
      `${article}/send`,
      '/nothing-is-here',
      '/articles/999999/x',
      '/mail/opt-out/x',
      '/shares/confirm/x',
      '/polls/confirm/x',
    ];
    for (const page of pages) {
      const { body, headers } = await open(page);
      expect([page, headers['cache-control'], body.match(/class="ad|sponsored|data-seen/g)]).toEqual([page, 'private, no-store', null]);
    }
  });
});

describe('the date of a page with ads', () => {
  const dateOf = async (url: string): Promise<number> => Date.parse(String((await open(url)).headers['last-modified'])) / 1_000;
  /** As if nothing had happened for an hour. */
  const anHourAgo = (): Promise<unknown> => world.dataSource.query(`update content_clock set changed_at = now() - interval '1 hour'`);

  it('is the window’s where the window chooses among several, and only there', async () => {
    await anAd(world, { slot: 'home' });
    await anAd(world, { slot: 'sidebar', sectionIds: [section.id] });
    await anAd(world, { slot: 'sidebar', sectionIds: [section.id] });
    await world.dataSource.query(`update ads set starts_at = now() - interval '2 hours'`);
    await anHourAgo();
    for (;;) {
      const window = await windowNow();
      const dates = await Promise.all(['/', '/about', at('sections', section.slug), article].map(dateOf));
      if ((await windowNow()) !== window) continue;
      const start = window * WINDOW_SECONDS;
      expect(dates.map((date) => date >= start - 5 && date <= start)).toEqual([false, false, true, true]);
      expect(dates.slice(0, 2).every((date) => Math.abs(Date.now() / 1_000 - 3_600 - date) < 20)).toBe(true);
      break;
    }
  });

  it('is that of an ad’s beginning and end, which are nobody’s act', async () => {
    const { id } = await anAd(world, { slot: 'home' });
    await world.dataSource.query(`update ads set starts_at = now() - interval '30 minutes' where id = $1`, [id]);
    await anHourAgo();
    expect(Math.abs(Date.now() / 1_000 - 1_800 - (await dateOf('/')))).toBeLessThan(20);
    const seen = await open('/');
    await world.dataSource.query(`update ads set ends_at = now() - interval '10 minutes' where id = $1`, [id]);
    await anHourAgo();
    expect(Math.abs(Date.now() / 1_000 - 600 - (await dateOf('/')))).toBeLessThan(20);
    const { 'last-modified': date, etag } = seen.headers;
    expect([(await open('/', { 'if-modified-since': String(date) })).statusCode, (await open('/', { 'if-none-match': String(etag) })).statusCode]).toEqual([200, 200]); // prettier-ignore
  });

  it('stays with its cache rule, and who holds the page is told so', async () => {
    await anAd(world, { slot: 'masthead' });
    const { headers } = await open(article);
    expect(headers['cache-control']).toBe('public, max-age=0, must-revalidate');
    expect((await open(article, { 'if-none-match': String(headers['etag']) })).statusCode).toBe(304);
  });
});

it('A browser’s beacon, which has no body and says which page it comes from, is taken', async () => {
  const { id } = await anAd(world);
  const beacon = {
    origin: ORIGIN,
    'sec-fetch-site': 'same-origin',
    'sec-fetch-mode': 'no-cors',
    'user-agent': 'Mozilla/5.0 Firefox/140.0',
  };
  const send = (headers: Record<string, string>): Promise<LightMyRequestResponse> =>
    world.app.inject({ method: 'POST', url: `/api/v1/ads/${id}/views`, headers: { 'content-length': '0', ...headers } });
  expect((await send(beacon)).statusCode).toBe(204);
  expect((await send({ ...beacon, origin: 'https://other.example', 'sec-fetch-site': 'cross-site' })).statusCode).toBe(403);
});
