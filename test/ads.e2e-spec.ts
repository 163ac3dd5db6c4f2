import type { LightMyRequestResponse } from 'fastify';
import pg from 'pg';
import { SLOTS } from '../src/ads/ad.entity.js';
import { WINDOW_SECONDS, adOfWindow } from '../src/ads/windows.js';
import { Waker } from '../src/jobs/waker.js';
import { aPicture, aSection, anAd, anEditor } from './factories.js';
import { startTestApp, type TestApp } from './test-app.js';

/** Ads as readers meet them: which one stands where, and what is counted. */

let world: TestApp;
beforeAll(async () => {
  world = await startTestApp();
});
afterAll(() => world.close());
beforeEach(() => world.dataSource.query(`truncate ads, ad_sections, ad_days`));

const ADS = '/api/v1/ads';
const IN_A_YEAR = new Date(Date.now() + 365 * 86_400_000).toISOString();
const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';

/** A reader's request, from a network of its own each time unless one is given. */
let networks = 0;
function visit(
  method: 'GET' | 'HEAD' | 'POST',
  url: string,
  { ip = `198.51.${++networks >> 8}.${networks & 255}`, headers = {} as Record<string, string>, payload = undefined as object | undefined } = {}, // prettier-ignore
): Promise<LightMyRequestResponse> {
  const agent = { 'user-agent': FIREFOX, ...headers };
  return world.app.inject({ method, url, remoteAddress: ip, headers: agent, ...(payload && { payload }) });
}

/** The ads that a slot shows, by id. */
async function standing(path: string): Promise<number | null> {
  const { status, body } = await world.get(`${ADS}/${path}`);
  return status === 204 ? null : (body.id as number);
}

const written = (): Promise<void> => world.app.get(Waker).run('ad counts');
const days = (): Promise<{ ad_id: number; views: number; clicks: number }[]> =>
  world.dataSource.query(`select ad_id, views, clicks from ad_days order by ad_id, day`);

/** The middle of a window, or the beginning of the next: so that no test meets its end. */
async function quiet(): Promise<{ window: number; until: Date }> {
  for (;;) {
    const [{ now }] = await world.dataSource.query<[{ now: number }]>(`select extract(epoch from now())::float8 as now`);
    const window = Math.floor(now / WINDOW_SECONDS);
    const until = new Date((window + 1) * WINDOW_SECONDS * 1_000);
    if (until.getTime() / 1_000 - now > 5) return { window, until };
    await new Promise((resume) => setTimeout(resume, 1_000));
  }
}

describe('a place', () => {
  it('shows the ad that runs there until the window ends, the same for everybody', async () => {
    const { until } = await quiet();
    const { id } = await anAd(world);
    const answer = await world.get(`${ADS}/home`).set('cookie', 'rv=reader').expect(200);
    expect(answer.body).toEqual({
      id,
      lang: 'ar',
      dir: 'rtl',
      text: 'كتب جديدة',
      picture: null,
      link: `https://center.example/go/${id}`,
      rel: 'sponsored',
      label: 'إعلان',
      labelLang: 'ar',
      labelDir: 'rtl',
      until: until.toISOString(),
    });
    expect(answer.headers).toMatchObject({ etag: expect.stringMatching(/^"[\w-]{27}"$/) as string, 'access-control-allow-origin': '*' });
    expect(answer.headers['set-cookie']).toBeUndefined();
    expect(Date.parse(answer.headers['last-modified']!)).toBeLessThanOrEqual(Date.now());
    const seconds = Number(/^public, max-age=(\d+)$/.exec(answer.headers['cache-control']!)![1]);
    expect(Math.abs(seconds - (until.getTime() - Date.now()) / 1_000)).toBeLessThan(3);
    await world.get(`${ADS}/home`).set('if-none-match', answer.headers['etag']!).expect(304);
  });

  it('with nothing to show answers 204, for caches too', async () => {
    await quiet();
    await anAd(world, { slot: 'sidebar' });
    for (const slot of SLOTS.filter((one) => one !== 'sidebar')) {
      const answer = await world.get(`${ADS}/${slot}`).expect(204);
      expect([answer.text, answer.headers['cache-control']]).toEqual(['', expect.stringMatching(/^public, max-age=\d+$/)]);
    }
  });

  it('shows a picture with what it shows in words', async () => {
    const { id: pictureId } = await aPicture(world, { alt: { ar: 'رف كتب', en: 'A bookshelf' }, credit: { ar: 'تصوير: سلمى' } });
    const { id } = await anAd(world, { pictureId });
    const { body } = await world.get(`${ADS}/home?lang=en`).expect(200);
    expect(body).toMatchObject({ id, lang: 'en', dir: 'ltr', text: null, label: 'Advertisement', labelLang: 'en', labelDir: 'ltr' });
    expect(body.picture).toMatchObject({
      id: pictureId,
      url: `https://center.example/media/${pictureId}/960.webp`,
      alt: 'A bookshelf',
      credit: 'تصوير: سلمى',
    });
    expect((await world.get(`${ADS}/home?lang=fr`).expect(200)).body).toMatchObject({ lang: 'ar', dir: 'rtl', label: 'Publicité', labelLang: 'fr' }); // prettier-ignore
  });

  it('takes a text in the language that has one, and says which', async () => {
    await anAd(world, { wording: { en: 'New books' } });
    expect((await world.get(`${ADS}/home`).expect(200)).body).toMatchObject({ text: 'New books', lang: 'en', dir: 'ltr', label: 'إعلان', labelDir: 'rtl' }); // prettier-ignore
  });

  it('of a section takes the ads for it and those above it; elsewhere they do not stand', async () => {
    const [above, beside] = [await aSection(world), await aSection(world)];
    const below = await aSection(world, { parentId: (await aSection(world, { parentId: above.id })).id });
    const { id } = await anAd(world, { sectionIds: [above.id] });
    for (const section of [above.id, below.id, encodeURIComponent(above.slug), encodeURIComponent(below.slug)])
      expect([section, await standing(`home?section=${section}`)]).toEqual([section, id]);
    for (const path of ['home', `home?section=${beside.id}`, 'home?section=999999', 'home?section=nobody-has-this'])
      expect([path, await standing(path)]).toEqual([path, null]);
    const { id: everywhere } = await anAd(world);
    for (const path of ['home', `home?section=${beside.id}`, 'home?section=nobody-has-this'])
      expect([path, await standing(path)]).toEqual([path, everywhere]);
  });

  it('draws by weight which of several stands there, by slug as by id, and every instance the same', async () => {
    const section = await aSection(world);
    const ads = [];
    for (const weight of [1, 5, 20, 100]) ads.push({ ...(await anAd(world, { weight })), weight });
    const { window } = await quiet();
    const drawn = adOfWindow(ads, `home ${section.id}`, window)!.id;
    expect(await standing(`home?section=${section.id}`)).toBe(drawn);
    expect(await standing(`home?section=${encodeURIComponent(section.slug)}`)).toBe(drawn);
    expect(await standing('home')).toBe(adOfWindow(ads, 'home ', window)!.id);
  });

  it('keeps an ad to its own end, where that comes before the window’s', async () => {
    await quiet();
    const endsAt = new Date(Math.floor(Date.now() / 1_000) * 1_000 + 3_000).toISOString();
    await anAd(world, { endsAt });
    const { body, headers } = await world.get(`${ADS}/home`).expect(200);
    expect(body.until).toBe(endsAt);
    expect(headers['cache-control']).toMatch(/^public, max-age=[0-3]$/);
  });

  it.each([
    ['footer', 'slot: oneOf'],
    ['home?section=-x-', 'section: slugOrId'],
    ['home?section=007', 'section: slugOrId'],
    ['home?place=1', 'place: unknown'],
    ['home?lang=de', 'lang: oneOf'],
  ])('%s is refused by name', async (path, error) => {
    const { body } = await world.get(`${ADS}/${path}`).expect(400);
    expect((body.errors as { field: string; rule: string }[]).map(({ field, rule }) => `${field}: ${rule}`)).toEqual([error]);
  });
});

describe('an ad before its hour, and one after its end', () => {
  it.each([
    ['waits', { startsAt: IN_A_YEAR }],
    ['has ended', { startsAt: '2026-01-01T00:00:00Z', endsAt: '2026-01-02T00:00:00Z' }],
  ])('that %s is nowhere, nor its picture', async (_, times) => {
    const { id: pictureId } = await aPicture(world, { alt: { ar: 'سر' } });
    const { id } = await anAd(world, { pictureId, ...times });
    expect(await standing('home')).toBeNull();
    const answers = [await visit('POST', `${ADS}/${id}/views`), await visit('GET', `/go/${id}`), await visit('GET', `/media/${pictureId}/960.webp`)]; // prettier-ignore
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([404, 404, 404]);
    const seen = (): Promise<unknown[]> => world.dataSource.query(`select name from pub.media_files where media_id = $1`, [pictureId]);
    expect(await seen()).toEqual([]);
    await world.dataSource.query(`update ads set starts_at = now() - interval '1 s', ends_at = null`);
    expect(await standing('home')).toBe(id);
    expect(await seen()).not.toEqual([]);
    await written();
    expect(await days()).toEqual([]);
  });

  it('moves the public clock only once readers can meet it', async () => {
    const clock = async (): Promise<string> =>
      (await world.dataSource.query<[{ at: string }]>(`select changed_at::text as at from content_clock`))[0].at;
    const { id: pictureId } = await aPicture(world);
    const before = await clock();
    const { id } = await anAd(world, { pictureId, startsAt: IN_A_YEAR });
    await world.dataSource.query(`update ads set weight = 20 where id = $1`, [id]);
    await world.dataSource.query(`update media set alt = '{"ar": "سر"}' where id = $1`, [pictureId]);
    expect(await clock()).toBe(before);
    await world.dataSource.query(`update ads set starts_at = now() where id = $1`, [id]);
    const started = await clock();
    await world.dataSource.query(`update media set alt = '{"ar": "رف"}' where id = $1`, [pictureId]);
    const said = await clock();
    await world.dataSource.query(`update ads set starts_at = $2 where id = $1`, [id, IN_A_YEAR]);
    expect(new Set([before, started, said, await clock()]).size).toBe(4);
  });
});

describe('what is counted', () => {
  it('are views and clicks, by day, each reader’s once in 30 minutes', async () => {
    const { id } = await anAd(world);
    const { id: other } = await anAd(world, { slot: 'sidebar' });
    for (const ip of ['203.0.113.1', '203.0.113.2', '203.0.113.1', '203.0.113.1']) {
      const seen = await visit('POST', `${ADS}/${id}/views`, { ip });
      expect([seen.statusCode, seen.body, seen.headers['cache-control'], seen.headers['set-cookie']]).toEqual([204, '', 'private, no-store', undefined]); // prettier-ignore
    }
    await visit('GET', `/go/${id}`, { ip: '203.0.113.1' });
    await visit('GET', `/go/${id}`, { ip: '203.0.113.1' });
    await visit('POST', `${ADS}/${other}/views`, { ip: '203.0.113.1' });
    expect(await days()).toEqual([]);
    await written();
    expect(await days()).toEqual([
      { ad_id: id, views: 2, clicks: 1 },
      { ad_id: other, views: 1, clicks: 0 },
    ]);
    await Promise.all(Array.from({ length: 8 }, () => visit('POST', `${ADS}/${id}/views`)));
    await written();
    await written();
    expect((await days())[0]).toEqual({ ad_id: id, views: 10, clicks: 1 });
  });

  it('are no robots, no programs, no browsers that fetch ahead, and nobody who asks for headers', async () => {
    const { id } = await anAd(world);
    for (const headers of [
      { 'user-agent': 'Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)' },
      { 'user-agent': '' },
      { 'sec-purpose': 'prefetch' },
    ] as Record<string, string>[]) {
      expect((await visit('POST', `${ADS}/${id}/views`, { headers })).statusCode).toBe(204);
      expect((await visit('GET', `/go/${id}`, { headers })).statusCode).toBe(302);
    }
    expect((await visit('HEAD', `/go/${id}`)).statusCode).toBe(302);
    await written();
    expect(await days()).toEqual([]);
  });

  it('goes by the days of the center', async () => {
    const [{ zone }] = await world.dataSource.query<[{ zone: string }]>(`select zone from center`);
    const { id } = await anAd(world);
    for (const there of ['Pacific/Kiritimati', 'Pacific/Niue']) {
      await world.dataSource.query(`update center set zone = $1`, [there]);
      await visit('POST', `${ADS}/${id}/views`);
      await written();
    }
    const rows = await world.dataSource.query<{ right: boolean }[]>(
      `select day in ((now() at time zone 'Pacific/Kiritimati')::date, (now() at time zone 'Pacific/Niue')::date) as right from ad_days`,
    );
    // They are 25 hours apart, so it is never the same day in both.
    expect(rows).toEqual([{ right: true }, { right: true }]);
    await world.dataSource.query(`update center set zone = $1`, [zone]);
  });

  it('waits on where it cannot be written, and is nothing for an ad that was removed', async () => {
    const [{ id }, { id: removed }] = [await anAd(world), await anAd(world)];
    await visit('POST', `${ADS}/${id}/views`);
    await visit('POST', `${ADS}/${removed}/views`);
    await world.dataSource.query(`delete from ads where id = $1`, [removed]);
    const broken = vi.spyOn(world.dataSource, 'query').mockRejectedValueOnce(new Error('connection lost'));
    await expect(written()).rejects.toThrow('connection lost');
    broken.mockRestore();
    await visit('POST', `${ADS}/${id}/views`);
    await written();
    expect(await days()).toEqual([{ ad_id: id, views: 2, clicks: 0 }]);
  });

  it('is written before the process ends', async () => {
    const other = await startTestApp();
    const { id } = await anAd(other);
    await other.app.inject({ method: 'POST', url: `${ADS}/${id}/views`, headers: { 'user-agent': FIREFOX } });
    const { host, port, username, password, database } = other.dataSource.options as unknown as Record<string, string>;
    await other.app.close();
    const client = new pg.Client({ host: host!, port: Number(port), user: username!, password: password!, database: database! });
    await client.connect();
    const { rows } = await client.query(`select ad_id, views, clicks from ad_days`);
    await client.end();
    await other.close();
    expect(rows).toEqual([{ ad_id: id, views: 1, clicks: 0 }]);
  });

  it('keeps no address, cookie or browser', async () => {
    const columns = await world.dataSource.query(
      `select column_name as name from information_schema.columns where table_name = 'ad_days' order by 1`,
    );
    expect(columns).toEqual(['ad_id', 'clicks', 'day', 'views'].map((name) => ({ name })));
  });

  it.each<[string, string, Parameters<typeof visit>[2], number, string]>([
    ['an id that is none', '0x1', {}, 400, 'invalid_parameter'],
    ['an ad that is not there', '999999', {}, 404, 'not_found'],
    ['a body', '1', { payload: { views: 100 } }, 400, 'unknown_field'],
    ['another site’s page', '1', { headers: { origin: 'https://evil.example' } }, 403, 'cross_origin'],
  ])('refuses %s', async (_, id, request, status, code) => {
    const answer = await visit('POST', `${ADS}/${id}/views`, request);
    expect([answer.statusCode, answer.json<{ code: string }>().code]).toEqual([status, code]);
  });
});

describe('the way out', () => {
  it('leads to the advertiser, past caches and search engines, and tells it nothing', async () => {
    const { id } = await anAd(world, { link: 'https://books.example/autumn?a=1&b=%D9%83#x' });
    const { statusCode, headers, body } = await visit('GET', `/go/${id}?utm_source=x`);
    expect([statusCode, body, headers['location']]).toEqual([302, '', 'https://books.example/autumn?a=1&b=%D9%83#x']);
    expect(headers).toMatchObject({ 'cache-control': 'private, no-store', 'x-robots-tag': 'noindex, nofollow', 'referrer-policy': 'no-referrer' }); // prettier-ignore
    expect(headers['set-cookie']).toBeUndefined();
  });

  it('ends at a page where there is no such ad', async () => {
    for (const id of ['999999', '0', 'x', '99999999999']) {
      const { statusCode, headers } = await visit('GET', `/go/${id}`);
      expect([id, statusCode, headers['content-type']]).toEqual([id, 404, 'text/html; charset=utf-8']);
    }
  });

  it('follows what the desk has just said', async () => {
    const { id } = await anAd(world);
    const chief = await anEditor(world, 'chief');
    await world.as(chief).patch(`/api/v1/desk/ads/${id}`, { link: 'https://other.example/', version: 1 }).expect(200);
    expect((await visit('GET', `/go/${id}`)).headers['location']).toBe('https://other.example/');
  });
});
