import type { LightMyRequestResponse } from 'fastify';
import { formatterFactory, HtmlValidate } from 'html-validate';
import pg from 'pg';
import { SLOTS } from '../src/ads/ad.entity.js';
import { Waker } from '../src/jobs/waker.js';
import { ArticleViews } from '../src/readership/article-views.service.js';
import { MOST_READ_DAYS, PERIODS } from '../src/readership/periods.js';
import { aDraft, aPicture, aSection, anAd, anArticle, anAuthor, anEditor, type TestEditor } from './factories.js';
import { startTestApp, type TestApp } from './test-app.js';

/** What is read: how it is counted, and what is read most. */

const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';

let world: TestApp;
let chief: TestEditor;
beforeAll(async () => {
  world = await startTestApp();
  chief = await anEditor(world, 'chief');
});
afterAll(() => world.close());
beforeEach(async () => {
  // What earlier tests have left uncounted goes with it.
  await written();
  await world.dataSource.query(`truncate article_views, most_read`);
});

const written = (): Promise<void> => world.app.get(Waker).run('article views');
const ranked = (): Promise<void> => world.app.get(Waker).run('most read');

let networks = 0;
/** Says that a piece was read, from a network of its own each time unless one is given. */
function read(
  id: number | string,
  { ip = `198.51.${++networks >> 8}.${networks & 255}`, headers = {} as Record<string, string>, payload = undefined as object | undefined } = {}, // prettier-ignore
  app = world.app,
): Promise<LightMyRequestResponse> {
  const agent = { 'user-agent': FIREFOX, ...headers };
  return app.inject({
    method: 'POST',
    url: `/api/v1/articles/${id}/views`,
    remoteAddress: ip,
    headers: agent,
    ...(payload && { payload }),
  });
}

/** How often each piece was read, by all hours. */
async function views(): Promise<Record<number, number>> {
  const rows = await world.dataSource.query<{ id: number; n: string }[]>(
    `select article_id as id, sum(views) as n from article_views group by article_id`,
  );
  return Object.fromEntries(rows.map(({ id, n }) => [id, Number(n)]));
}

/** As if a piece had been read so often so many hours ago. */
const wasRead = ({ id }: { id: number }, times: number, hoursAgo: number): Promise<unknown> =>
  world.dataSource.query(
    `insert into article_views values ($1, date_trunc('hour', now(), 'UTC') - make_interval(hours => $3), $2)`,
    [id, times, hoursAgo], // prettier-ignore
  );

async function mostRead(query = ''): Promise<number[]> {
  const { body } = await world.get(`/api/v1/most-read${query}`).expect(200);
  return (body.items as { id: number }[]).map(({ id }) => id);
}

async function act(id: number, name: string, said: object): Promise<void> {
  const { version } = (await world.as(chief).get(`/api/v1/desk/articles/${id}`)).body as { version: number };
  await world.as(chief).post(`/api/v1/desk/articles/${id}/${name}`, { version, ...said }).expect(200); // prettier-ignore
}

describe('what is counted', () => {
  it('are readers, each once in 30 minutes, by the hour', async () => {
    const [{ id }, { id: other }] = [await anArticle(world), await anArticle(world)];
    for (const ip of ['203.0.113.1', '203.0.113.2', '203.0.113.1', '203.0.113.1']) {
      const { statusCode, body, headers } = await read(id, { ip });
      expect([statusCode, body, headers['cache-control'], headers['set-cookie']]).toEqual([204, '', 'private, no-store', undefined]);
    }
    await read(id, { ip: '203.0.113.1', headers: { 'user-agent': 'Mozilla/5.0 Another/1.0' } });
    await read(other, { ip: '203.0.113.1' });
    expect(await views()).toEqual({});
    await written();
    expect(await views()).toEqual({ [id]: 3, [other]: 1 });
    await read(id);
    await written();
    await written();
    expect(await views()).toEqual({ [id]: 4, [other]: 1 });
    const hours = await world.dataSource.query<{ hour: Date }[]>(`select distinct hour from article_views`);
    expect(hours.every(({ hour }) => hour.getTime() % 3_600_000 === 0 && Date.now() - hour.getTime() < 3_610_000)).toBe(true);
  });

  it('are a hundred who come at once', async () => {
    const { id } = await anArticle(world);
    const answers = await Promise.all(Array.from({ length: 100 }, () => read(id)));
    expect(new Set(answers.map(({ statusCode }) => statusCode))).toEqual(new Set([204]));
    await Promise.all([written(), written()]);
    expect(await views()).toEqual({ [id]: 100 });
  });

  it('are no robots, no programs, and no browsers that fetch ahead', async () => {
    const { id } = await anArticle(world);
    for (const headers of [
      { 'user-agent': 'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)' },
      { 'user-agent': 'curl/8.0' },
      { 'user-agent': '' },
      { 'sec-purpose': 'prefetch;prerender' },
    ] as Record<string, string>[])
      expect((await read(id, { headers })).statusCode).toBe(204);
    await written();
    expect(await views()).toEqual({});
  });

  it('is taken from a page of the center, as a browser’s beacon sends it', async () => {
    const { id } = await anArticle(world);
    const headers = {
      origin: 'https://center.example',
      'sec-fetch-site': 'same-origin',
      'sec-fetch-mode': 'no-cors',
      'content-length': '0',
    };
    expect((await read(id, { headers })).statusCode).toBe(204);
    await written();
    expect(await views()).toEqual({ [id]: 1 });
  });

  it('are retracted pieces too', async () => {
    const { id } = await anArticle(world);
    await act(id, 'retract', { reason: 'خطأ في الأرقام.' });
    expect((await read(id)).statusCode).toBe(204);
    await written();
    expect(await views()).toEqual({ [id]: 1 });
  });

  it('waits on where it cannot be written', async () => {
    const { id } = await anArticle(world);
    await read(id);
    const broken = vi.spyOn(world.dataSource, 'query').mockRejectedValueOnce(new Error('connection lost'));
    await expect(written()).rejects.toThrow('connection lost');
    broken.mockRestore();
    await read(id);
    await written();
    expect(await views()).toEqual({ [id]: 2 });
  });

  it('is written before the process ends', async () => {
    const other = await startTestApp();
    const { id } = await anArticle(other);
    await read(id, {}, other.app);
    const { host, port, username, password, database } = other.dataSource.options as unknown as Record<string, string>;
    await other.app.close();
    const client = new pg.Client({ host: host!, port: Number(port), user: username!, password: password!, database: database! });
    await client.connect();
    const { rows } = await client.query(`select article_id, views from article_views`);
    await client.end();
    await other.close();
    expect(rows).toEqual([{ article_id: id, views: 1 }]);
  });

  it('of a flood is one number in memory and one row', async () => {
    const { id } = await anArticle(world);
    const counts = world.app.get(ArticleViews);
    for (let agent = 0; agent < 10_000; agent += 1)
      counts.count(id, 'views', { method: 'POST', ip: '203.0.113.9', headers: { 'user-agent': `${FIREFOX} ${agent}` } });
    expect((counts as unknown as { waiting: Map<string, unknown> }).waiting.size).toBe(1);
    await written();
    expect(await world.dataSource.query(`select article_id, views from article_views`)).toEqual([{ article_id: id, views: 10_000 }]);
  });

  it('keeps no address, cookie or browser', async () => {
    const columns = await world.dataSource.query(
      `select column_name as name from information_schema.columns where table_name in ('article_views', 'most_read') and table_schema = 'public' order by 1`,
    );
    expect(columns).toEqual(['article_id', 'article_ids', 'changed_at', 'hour', 'period', 'views'].map((name) => ({ name })));
  });

  it('is of pieces that are there', async () => {
    const [draft, withdrawn] = [await aDraft(world), await anArticle(world)];
    await act(withdrawn.id, 'withdraw', { reason: 'طلب قضائي' });
    const [unknown, hidden, gone] = [await read(999_999), await read(draft.id), await read(withdrawn.id)];
    expect([unknown, hidden, gone].map(({ statusCode }) => statusCode)).toEqual([404, 404, 410]);
    expect(gone.json<{ code: string; detail: string }>()).toMatchObject({ code: 'withdrawn', detail: expect.stringContaining('طلب قضائي') as string }); // prettier-ignore
    // Nothing but the number of the request tells the one that is not there from the one that is not public.
    const [one, other] = [unknown, hidden].map((answer) => ({ ...answer.json<Record<string, unknown>>(), instance: null }));
    expect(one).toEqual(other);
    await written();
    expect(await views()).toEqual({});
  });

  it.each<[string, string, Parameters<typeof read>[1], number, string]>([
    ['an id that is none', '0x1', {}, 400, 'invalid_parameter'],
    ['a slug', encodeURIComponent('حافلة'), {}, 400, 'invalid_parameter'],
    ['a body', '1', { payload: { views: 100 } }, 400, 'unknown_field'],
    ['another site’s page', '1', { headers: { origin: 'https://evil.example' } }, 403, 'cross_origin'],
  ])('refuses %s', async (_, id, request, status, code) => {
    const answer = await read(id, request);
    expect([answer.statusCode, answer.json<{ code: string }>().code]).toEqual([status, code]);
  });
});

describe('the most read', () => {
  it('are cards, the most read first, as lists of pieces show them', async () => {
    const author = await anAuthor(world, { name: { ar: 'ليلى عبد الله', en: 'Layla Abdallah' } });
    const [first, second] = [
      await anArticle(world, { byline: [{ authorId: author.id }] }),
      await anArticle(world, { lang: 'en', title: 'Buses' }),
    ];
    for (const [piece, times] of [[first, 3], [second, 2]] as const) for (let n = 0; n < times; n += 1) await read(piece.id); // prettier-ignore
    await written();
    await ranked();
    const { body } = await world.get('/api/v1/most-read').expect(200);
    const { items } = (await world.get('/api/v1/articles?limit=100').expect(200)).body as { items: { id: number }[] };
    const card = (id: number): object => items.find((item) => item.id === id)!;
    expect(body).toEqual({ items: [card(first.id), card(second.id)], period: '24h' });
    // Language chooses names, not pieces.
    const english = (await world.get('/api/v1/most-read?lang=en').expect(200)).body as {
      items: { id: number; byline: { name: string }[] }[];
    };
    expect(english.items.map(({ id }) => id)).toEqual([first.id, second.id]);
    expect(english.items[0]!.byline[0]!.name).toBe('Layla Abdallah');
  });

  it('are other ones for each period, and none before anything was ranked', async () => {
    const [today, week, month, past] = [await anArticle(world), await anArticle(world), await anArticle(world), await anArticle(world)];
    expect([await mostRead(), await mostRead('?period=7d'), await mostRead('?period=30d')]).toEqual([[], [], []]);
    await wasRead(today, 5, 0);
    await wasRead(today, 1, 23);
    await wasRead(week, 7, 24);
    await wasRead(week, 1, 22);
    await wasRead(month, 20, 7 * 24);
    await wasRead(month, 1, 7 * 24 - 1);
    await wasRead(past, 100, MOST_READ_DAYS * 24);
    await ranked();
    expect(await mostRead()).toEqual([today.id, week.id]);
    expect(await mostRead('?period=24h')).toEqual([today.id, week.id]);
    expect(await mostRead('?period=7d')).toEqual([week.id, today.id, month.id]);
    expect(await mostRead('?period=30d')).toEqual([month.id, week.id, today.id]);
    expect(await mostRead('?period=30d&limit=2')).toEqual([month.id, week.id]);
    // What no period holds any more is gone.
    expect(await views()).toEqual({ [today.id]: 6, [week.id]: 8, [month.id]: 21 });
    expect(Math.max(...Object.values(PERIODS))).toBe(MOST_READ_DAYS * 24);
  });

  it('that were read as often stand the newer one first, and there are fifty at the most', async () => {
    const pieces = [];
    for (let n = 0; n < 52; n += 1) pieces.push(await anArticle(world));
    for (const piece of pieces) await wasRead(piece, 1, 0);
    await ranked();
    const newest = pieces.map(({ id }) => id).toReversed();
    expect(await mostRead('?limit=100')).toEqual(newest.slice(0, 50));
    expect(await mostRead()).toEqual(newest.slice(0, 20));
  });

  it('are never retracted or withdrawn ones, at once, and the next ones move up', async () => {
    const [retracted, withdrawn, other, next] = [
      await anArticle(world),
      await anArticle(world),
      await anArticle(world),
      await anArticle(world),
    ];
    for (const [piece, times] of [[retracted, 9], [withdrawn, 8], [other, 2], [next, 1]] as const) await wasRead(piece, times, 1); // prettier-ignore
    await ranked();
    expect(await mostRead('?limit=2')).toEqual([retracted.id, withdrawn.id]);
    const before = await world.get('/api/v1/most-read?limit=2');
    await act(retracted.id, 'retract', { reason: 'خطأ في الأرقام.' });
    expect(await mostRead('?limit=2')).toEqual([withdrawn.id, other.id]);
    await act(withdrawn.id, 'withdraw', { reason: 'طلب قضائي' });
    expect(await mostRead('?limit=2')).toEqual([other.id, next.id]);
    await world.get('/api/v1/most-read?limit=2').set('if-none-match', before.headers['etag']!).expect(200);
    await ranked();
    expect(await mostRead()).toEqual([other.id, next.id]);
    // Nor does it come in later.
    await wasRead(retracted, 100, 0);
    await ranked();
    expect(await mostRead()).toEqual([other.id, next.id]);
  });

  it('stay the same for caches until their order changes', async () => {
    const [one, other] = [await anArticle(world), await anArticle(world)];
    await wasRead(one, 2, 0);
    await wasRead(other, 1, 0);
    await ranked();
    await world.dataSource.query(`update content_clock set changed_at = now() - interval '1 hour'`);
    await world.dataSource.query(`update most_read set changed_at = now() - interval '30 minutes'`);
    const { headers } = await world.get('/api/v1/most-read').expect(200);
    expect(headers).toMatchObject({ 'cache-control': 'public, max-age=0, must-revalidate', 'access-control-allow-origin': '*' });
    expect(Math.abs(Date.now() - 1_800_000 - Date.parse(headers['last-modified']!))).toBeLessThan(20_000);
    const again = (name: string, value: string, status: number): Promise<unknown> =>
      world.get('/api/v1/most-read').set(name, value).expect(status); // prettier-ignore
    // Read again, and in the same order.
    await read(one.id);
    await written();
    await ranked();
    await again('if-none-match', headers['etag']!, 304);
    await again('if-modified-since', headers['last-modified']!, 304);
    await wasRead(other, 9, 1);
    await ranked();
    await again('if-none-match', headers['etag']!, 200);
    await again('if-modified-since', headers['last-modified']!, 200);
    expect(await mostRead()).toEqual([other.id, one.id]);
    await world.dataSource.query(`delete from article_views`);
    await ranked();
    expect(await mostRead()).toEqual([]);
  });

  it('are ranked by two instances at once as by one', async () => {
    const [one, other] = [await anArticle(world), await anArticle(world)];
    await wasRead(one, 2, 0);
    await wasRead(other, 1, 0);
    await Promise.all(Array.from({ length: 8 }, ranked));
    expect(await mostRead('?period=30d')).toEqual([one.id, other.id]);
  });

  it.each([
    ['period=1h', 'period: oneOf'],
    ['period=7d&period=24h', 'period: oneOf'],
    ['limit=0', 'limit: limit'],
    ['limit=101', 'limit: limit'],
    ['lang=de', 'lang: oneOf'],
    ['cursor=x', 'cursor: unknown'],
  ])('%s is refused by name', async (query, error) => {
    const { body } = await world.get(`/api/v1/most-read?${query}`).expect(400);
    expect((body.errors as { field: string; rule: string }[]).map(({ field, rule }) => `${field}: ${rule}`)).toEqual([error]);
  });
});

describe('on pages', () => {
  const open = async (url: string, headers: Record<string, string> = {}): Promise<LightMyRequestResponse> =>
    world.app.inject({ url, headers });
  const pathOf = ({ id, slug }: { id: number; slug: string }): string => `/articles/${id}/${encodeURIComponent(slug)}`;
  const listIn = (body: string): string | undefined => /<section class="most-read">.*?<\/section>/.exec(body)?.[0];

  it('stand the five most read of the week beside the front page, sections and pieces', async () => {
    const section = await aSection(world);
    const pieces: { id: number; slug: string }[] = [];
    for (let n = 0; n < 7; n += 1)
      pieces.push(await anArticle(world, { sectionId: section.id, title: `مادة <${n}>`, ...(n === 1 && { lang: 'en', title: 'Buses' }) }));
    for (const [n, piece] of pieces.entries()) await wasRead(piece, 10 - n, 100);
    await ranked();
    await act(pieces[0]!.id, 'retract', { reason: 'خطأ.' });
    const entries = (asked: string): string =>
      pieces
        .slice(1, 6)
        .map((piece, n) =>
          n === 0
            ? `<li><a href="${pathOf(piece)}${asked}" lang="en" dir="ltr">Buses</a></li>`
            : `<li><a href="${pathOf(piece)}${asked}" lang="ar" dir="rtl">مادة &lt;${n + 1}></a></li>`,
        ) // prettier-ignore
        .join('');
    const list = `<section class="most-read"><h2>الأكثر قراءة</h2><ol>${entries('')}</ol></section>`;
    for (const page of ['/', `/sections/${encodeURIComponent(section.slug)}`, pathOf(pieces[2]!)])
      expect([page, listIn((await open(page)).body)]).toEqual([page, list]);
    expect(listIn((await open('/?lang=en')).body)).toBe(
      `<section class="most-read"><h2>Most read</h2><ol>${entries('?lang=en')}</ol></section>`,
    );
    for (const page of ['/about', '/authors', '/search']) expect([page, listIn((await open(page)).body)]).toEqual([page, undefined]);
  });

  it('stand there, and ads with them, in valid HTML', async () => {
    const validator = new HtmlValidate({
      extends: ['html-validate:recommended'],
      rules: { 'void-style': 'off', 'doctype-style': 'off', 'attribute-boolean-style': 'off', 'long-title': 'off', 'no-raw-characters': 'off' }, // prettier-ignore
    });
    const piece = await anArticle(world);
    await wasRead(piece, 1, 0);
    await ranked();
    const { id: pictureId } = await aPicture(world);
    for (const slot of SLOTS) await anAd(world, { slot, ...(slot === 'sidebar' ? { pictureId } : { wording: { en: 'Books & more' } }) });
    for (const page of ['/', '/?lang=en', pathOf(piece)]) {
      const { body } = await open(page);
      expect([page, body.match(/class="(?:ad |most-read)/g)?.length]).toEqual([page, page.startsWith('/?') || page === '/' ? 4 : 5]);
      const { results } = await validator.validateString(body);
      expect([page, formatterFactory('text')(results)]).toEqual([page, '']);
    }
    await world.dataSource.query(`truncate ads, ad_sections, ad_days`);
  });

  it('is nothing where nothing was read', async () => {
    await ranked();
    const piece = await anArticle(world);
    for (const page of ['/', pathOf(piece)]) expect((await open(page)).body).not.toMatch(/<aside|with-side|most-read/);
  });

  it('a piece says where it is reported that it was read; a preview does not', async () => {
    const piece = await anArticle(world);
    const { body } = await open(pathOf(piece));
    expect(body.match(/data-view="[^"]*"/g)).toEqual([`data-view="/api/v1/articles/${piece.id}/views"`]);
    expect(body).toMatch(/<script type="module" src="\/assets\/[\da-f]{20}\.js"><\/script>/);
    const made = await world.as(chief).post(`/api/v1/desk/articles/${piece.id}/preview-links`, { note: 'لصديق' }).expect(201);
    const preview = await open(new URL((made.body as { url: string }).url).pathname);
    expect([preview.statusCode, preview.body.match(/data-view|<script/g)]).toEqual([200, null]);
    expect((await open('/')).body).not.toContain('data-view');
  });

  it('dates the page when the order changes, and not before', async () => {
    const [one, other] = [await anArticle(world), await anArticle(world)];
    await wasRead(one, 2, 0);
    await wasRead(other, 1, 0);
    await ranked();
    await world.dataSource.query(`update content_clock set changed_at = now() - interval '1 hour'`);
    await world.dataSource.query(`update most_read set changed_at = now() - interval '30 minutes'`);
    const { headers } = await open('/');
    expect(Math.abs(Date.now() - 1_800_000 - Date.parse(String(headers['last-modified'])))).toBeLessThan(20_000);
    const since = { 'if-modified-since': String(headers['last-modified']) };
    await ranked();
    expect((await open('/', since)).statusCode).toBe(304);
    await wasRead(other, 9, 1);
    await ranked();
    expect((await open('/', since)).statusCode).toBe(200);
  });
});
