import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { LightMyRequestResponse } from 'fastify';
import pg from 'pg';
import request from 'supertest';
import { createApp } from '../src/app.setup.js';
import { SYSTEM } from '../src/access/access.js';
import { DraftingService } from '../src/articles/drafting.service.js';
import { WorkflowService } from '../src/articles/workflow.service.js';
import { Reader, statement } from '../src/database/reader.js';
import { openApiDocument } from '../src/http/openapi.js';
import { anArticle, anAuthor, aPoll, aSection } from './factories.js';
import { startTestApp, type TestApp } from './test-app.js';
import { cloneDatabase, testConfig } from './test-database.js';

/** What is true of every answer, whatever it says. */

let world: TestApp;
let pages: string[];

beforeAll(async () => {
  world = await startTestApp();
  const section = await aSection(world, { slug: 'قسم-أول' });
  const author = await anAuthor(world, { name: { ar: 'كاتبة أولى' } });
  const article = await anArticle(world, { sectionId: section.id, byline: [{ authorId: author.id }], title: 'مقال أول' });
  await anArticle(world, { sectionId: section.id, byline: [{ authorId: author.id }], title: 'مقال ثان' });
  const poll = await aPoll(world, { articleId: article.id, results: 'after_vote' });
  await aPoll(world, { results: 'after_close' });
  pages = [
    '/api/v1/center',
    '/api/v1/sections',
    `/api/v1/sections/${encodeURIComponent(section.slug)}`,
    '/api/v1/authors?limit=1',
    `/api/v1/authors/${encodeURIComponent(author.slug)}`,
    '/api/v1/articles?limit=1',
    '/api/v1/articles?section=1&author=1',
    `/api/v1/articles/${article.id}`,
    `/api/v1/articles/${encodeURIComponent(article.slug)}?lang=en`,
    '/api/v1/polls?limit=1',
    `/api/v1/polls/${poll.id}`,
  ];
});
afterAll(() => world.close());

function inject(
  url: string,
  headers: Record<string, string> = {},
  method: 'GET' | 'HEAD' | 'POST' | 'OPTIONS' = 'GET',
): Promise<LightMyRequestResponse> {
  return world.app.inject({ method, url, headers });
}

/** Headers that say something about the answer; the date and the request's own number differ each time. */
function lasting(answer: LightMyRequestResponse): Record<string, unknown> {
  const { date: _, connection: __, ...headers } = answer.headers;
  return headers;
}

/** The clock of published content set back, so that what changes next is surely later. */
async function letTimePass(): Promise<void> {
  await world.dataSource.query(`update content_clock set changed_at = now() - interval '1 hour'`);
}

describe('published content', () => {
  it('carries a strong tag, a date that is past, and the rule for caches; no cookie', async () => {
    for (const url of pages) {
      const answer = await world.get(url).expect(200);
      expect(answer.headers['etag'], url).toMatch(/^"[\w-]{27}"$/);
      expect(Date.parse(answer.headers['last-modified']!), url).toBeLessThanOrEqual(Date.now());
      expect(answer.headers, url).toMatchObject({
        'cache-control': 'public, max-age=0, must-revalidate',
        'content-type': 'application/json; charset=utf-8',
        'access-control-allow-origin': '*',
        'x-content-type-options': 'nosniff',
        'content-security-policy': expect.stringMatching(/^default-src 'none'/) as string,
      });
      expect(answer.headers['set-cookie'], url).toBeUndefined();
      expect(answer.headers['x-powered-by'], url).toBeUndefined();
    }
  });

  it('gives the same bytes and the same tag each time, another tag in another language and after a change', async () => {
    const url = pages[7]!;
    const [once, again, english] = [await inject(url), await inject(url), await inject(`${url}?lang=en`)];
    expect(again.body).toBe(once.body);
    expect(lasting(again)).toEqual(lasting(once));
    expect(english.headers['etag']).not.toBe(once.headers['etag']);
    await letTimePass();
    const before = await inject(url);
    await world.dataSource.query(`update authors set name = '{"ar": "كاتبة بعد التغيير"}' where id = 1`);
    const after = await inject(url);
    expect(after.headers['etag']).not.toBe(before.headers['etag']);
    expect(Date.parse(after.headers['last-modified'] as string)).toBeGreaterThan(Date.parse(before.headers['last-modified'] as string));
    expect(Date.parse(after.headers['last-modified'] as string)).toBeLessThanOrEqual(Date.now());
  });

  it('is not sent again to who names its tag: alone, in a list, weak, or any', async () => {
    for (const url of pages) {
      const full = await inject(url);
      const etag = full.headers['etag'] as string;
      const { 'content-type': _, 'content-length': __, ...validators } = lasting(full);
      for (const named of [etag, `W/${etag}`, `"other", ${etag}`, `"a,b",W/"c" ,W/${etag}`, '*', ' * ']) {
        const answer = await inject(url, { 'if-none-match': named });
        expect([url, named, answer.statusCode, answer.body]).toEqual([url, named, 304, '']);
        expect(lasting(answer)).toMatchObject(validators);
      }
      for (const other of ['"other"', etag.slice(1, -1), `"${etag.slice(1, 9)}"`, '']) {
        expect([url, other, (await inject(url, { 'if-none-match': other })).statusCode]).toEqual([url, other, 200]);
      }
    }
  });

  it('is not sent again to who has it since its last change, unless a tag says otherwise', async () => {
    await letTimePass();
    const url = pages[5]!;
    const { headers } = await inject(url);
    const since = headers['last-modified'] as string;
    const earlier = new Date(Date.parse(since) - 1_000).toUTCString();
    const later = new Date(Date.parse(since) + 1_000).toUTCString();
    const status = async (conditions: Record<string, string>): Promise<number> => (await inject(url, conditions)).statusCode;
    expect(await status({ 'if-modified-since': since })).toBe(304);
    expect(await status({ 'if-modified-since': later })).toBe(304);
    expect(await status({ 'if-modified-since': earlier })).toBe(200);
    expect(await status({ 'if-modified-since': '2999' })).toBe(200);
    expect(await status({ 'if-modified-since': 'now' })).toBe(200);
    expect(await status({ 'if-modified-since': later, 'if-none-match': '"other"' })).toBe(200);
    expect(await status({ 'if-modified-since': earlier, 'if-none-match': headers['etag'] as string })).toBe(304);
    await anArticle(world, { sectionId: 1, byline: [{ authorId: 1 }] });
    expect(await status({ 'if-modified-since': since })).toBe(200);
    expect(await status({ 'if-none-match': headers['etag'] as string })).toBe(200);
  });

  it('never takes two changes of one second for one', async () => {
    const url = pages[7]!;
    for (const name of ['كاتبة أولى', 'كاتبة ثانية', 'كاتبة ثالثة']) {
      const { headers } = await inject(url);
      await world.dataSource.query(`update authors set name = $1 where id = 1`, [{ ar: name }]);
      const answer = await inject(url, { 'if-modified-since': headers['last-modified'] as string });
      expect([answer.statusCode, answer.body.includes(name)]).toEqual([200, true]);
    }
  });

  it('answers HEAD as GET, without the body', async () => {
    for (const url of [...pages, '/api/v1/articles?limit=0', '/api/v1/articles/999999', '/openapi.json']) {
      const [get, head] = [await inject(url), await inject(url, {}, 'HEAD')];
      expect([url, head.statusCode, head.body]).toEqual([url, get.statusCode, '']);
      // RFC 9110, 9.3.2: the same header fields as GET would have sent.
      expect(lasting(head)).toEqual(lasting(get));
      if (get.headers['etag'] === undefined) continue;
      const unchanged = await inject(url, { 'if-none-match': get.headers['etag'] as string }, 'HEAD');
      expect([url, unchanged.statusCode, unchanged.body]).toEqual([url, 304, '']);
      // RFC 9110, 8.6: the length of the 200, or none; never another.
      expect(unchanged.headers['content-length']).toBe(get.headers['content-length']);
    }
  });

  it('depends on path and parameters alone, whatever headers a request brings', async () => {
    const hostile = 'evil.example';
    const odd: Record<string, string> = {
      ...Object.fromEntries(
        [
          'host x-forwarded-host x-forwarded-server x-host x-original-host x-http-host-override x-rewrite-url x-original-url x-forwarded-for',
          'x-forwarded-prefix x-forwarded-path x-forwarded-uri x-real-ip x-client-ip true-client-ip cf-connecting-ip fastly-client-ip via',
          'x-cluster-client-ip client-ip x-remote-addr x-remote-ip x-originating-ip x-wap-profile x-api-version api-version x-csrf-token',
          'origin referer user-agent from x-requested-with x-ghost-preview x-preview x-draft x-debug x-nextjs-data x-middleware-prefetch',
          'x-middleware-subrequest x-invoke-path x-matched-path x-now-route-matches purpose sec-purpose x-moz accept-language accept-charset',
          'accept-version x-amz-website-redirect-location x-user x-user-id x-role x-admin x-tenant x-locale x-lang lang dnt save-data',
          'x-request-id request-id x-correlation-id traceparent',
        ].flatMap((names) => names.split(' ').map((name) => [name, hostile])),
      ),
      'x-forwarded-proto': 'https',
      'x-forwarded-scheme': 'nothttps',
      'x-forwarded-port': '1337',
      'x-forwarded-ssl': 'off',
      'x-url-scheme': 'ftp',
      'x-http-method': 'DELETE',
      'x-http-method-override': 'PUT',
      'x-method-override': 'PATCH',
      forwarded: 'for=1.2.3.4;host=evil.example;proto=https',
      cookie: 'markaz=abc; rv=def; lang=en',
      authorization: 'Bearer abc',
      'cache-control': 'no-cache',
      pragma: 'no-cache',
      accept: 'text/html',
      'accept-encoding': 'gzip, br',
      range: 'bytes=0-3',
      'if-range': '"x"',
      'if-match': '"x"',
      'sec-fetch-site': 'cross-site',
      upgrade: 'h2c',
      te: 'trailers',
    };
    expect(Object.keys(odd).length).toBeGreaterThan(60);
    for (const url of [pages[5]!, pages[7]!, `/api/v1/sections/${encodeURIComponent('قسم-اول')}`, '/openapi.json']) {
      const plain = await inject(url);
      for (const [name, value] of Object.entries(odd)) {
        const answer = await inject(url, { [name]: value });
        expect([name, answer.statusCode, answer.body, lasting(answer)]).toEqual([name, plain.statusCode, plain.body, lasting(plain)]);
      }
    }
  });
});

describe('scripts of other sites', () => {
  it('may read content and refusals, and ask whether they have changed; without credentials', async () => {
    for (const url of ['/api/v1/articles', '/api/v1/articles?limit=0', '/api/v1/articles/999999', '/openapi.json']) {
      const { headers } = await inject(url, { origin: 'https://reader.example' });
      expect([url, headers['access-control-allow-origin'], headers['access-control-allow-credentials']]).toEqual([url, '*', undefined]);
    }
    const preflight = {
      origin: 'https://reader.example',
      'access-control-request-method': 'GET',
      'access-control-request-headers': 'if-none-match',
    };
    const head = await inject('/api/v1/articles', { origin: 'https://reader.example' }, 'HEAD');
    expect([head.statusCode, head.headers['access-control-allow-origin']]).toEqual([200, '*']);
    const { statusCode, headers } = await inject('/api/v1/articles', preflight, 'OPTIONS');
    expect(statusCode).toBe(204);
    expect(headers).toMatchObject({
      'access-control-allow-origin': '*',
      'access-control-allow-methods': 'GET, HEAD',
      'access-control-allow-headers': 'If-None-Match, If-Modified-Since',
    });
  });
});

describe('a refusal', () => {
  const instance = expect.stringMatching(/^urn:uuid:[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/) as string;

  it('is problem details, whole, in Arabic or English', async () => {
    const english = {
      type: 'urn:markaz:problem:invalid_parameter',
      title: 'Malformed request',
      status: 400,
      detail: 'The request holds what is not accepted; errors says what.',
      code: 'invalid_parameter',
      instance,
      lang: 'en',
      dir: 'ltr',
      errors: [{ field: 'limit', rule: 'limit', message: 'A whole number from 1 to 100.' }],
    };
    const arabic = {
      ...english,
      title: 'طلب غير سليم',
      detail: 'في الطلب ما لا يُقبل؛ التفصيل في errors.',
      lang: 'ar',
      dir: 'rtl',
      errors: [{ field: 'limit', rule: 'limit', message: 'عدد صحيح من 1 إلى 100.' }],
    };
    for (const [query, body] of [
      ['', arabic],
      ['&lang=ar', arabic],
      ['&lang=en', english],
      ['&lang=fr', english],
    ] as const) {
      const answer = await world.get(`/api/v1/articles?limit=0${query}`).expect(400);
      expect(answer.body, query).toEqual(body);
      expect(answer.headers).toMatchObject({
        'content-type': 'application/problem+json; charset=utf-8',
        'cache-control': 'private, no-store',
        'x-content-type-options': 'nosniff',
      });
      expect(answer.headers['etag']).toBeUndefined();
    }
  });

  it('of a route that is not there does not repeat it', async () => {
    const body = {
      type: 'urn:markaz:problem:not_found',
      title: 'Not found',
      status: 404,
      detail: 'Nothing is published at this address.',
      code: 'not_found',
      instance,
      lang: 'en',
      dir: 'ltr',
      errors: [],
    };
    for (const path of ['/api/v1', '/api/v1/nothing', '/api/v1/articles/', '/api/v1/articles/1/x', '/api/v2/center']) {
      const answer = await inject(`${path}?lang=en`);
      expect([path, answer.statusCode]).toEqual([path, 404]);
      expect(answer.json()).toEqual(body);
    }
    // Outside the API a person may have come, by an old link.
    for (const path of ['/nothing', '/API/v1/articles', '/assets/x/y']) {
      const answer = await inject(`${path}?lang=en`);
      expect([path, answer.statusCode, answer.headers['content-type']]).toEqual([path, 404, 'text/html; charset=utf-8']);
      expect(answer.body).toContain('<h1>Not found</h1><p>Nothing is published at this address.</p>');
      expect(answer.body).not.toContain(path);
    }
  });

  it('meets every unsafe method, because nothing public can be changed', async () => {
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE'] as const) {
      for (const url of pages) {
        const answer = await world.app.inject({ method, url, payload: {} });
        expect([method, url, answer.statusCode, (answer.json() as { code: string }).code]).toEqual([method, url, 404, 'not_found']);
      }
    }
  });

  it('speaks the center’s language where none is asked for', async () => {
    const database = await cloneDatabase();
    const client = new pg.Client(database.main);
    await client.connect();
    await client.query(`update center set lang = 'en'`);
    await client.end();
    const english = await createApp(testConfig(), database);
    await english.init();
    await english.getHttpAdapter().getInstance().ready();
    try {
      const title = async (url: string): Promise<string> => (await english.inject({ method: 'GET', url })).json<{ title: string }>().title;
      expect(await title('/api/nothing')).toBe('Not found');
      expect(await title('/api/v1/articles?cursor=x')).toBe('Malformed request');
      expect(await title('/api/v1/articles/%zz')).toBe('Malformed request');
      expect(await title('/api/v1/articles/%zz?lang=ar')).toBe('طلب غير سليم');
      expect((await english.inject({ method: 'GET', url: '/api/v1/center' })).json()).toMatchObject({ name: 'Center' });
    } finally {
      await english.close();
      await database.leave();
    }
  });
});

describe('without the database readers use', () => {
  /** An application whose reader door leads nowhere. */
  async function broken(reader: Record<string, unknown>): Promise<{ app: NestFastifyApplication; close: () => Promise<void> }> {
    const database = await cloneDatabase();
    const app = await createApp(testConfig(), { main: database.main, reader: { ...database.reader, ...reader } });
    await app.init();
    await app.getHttpAdapter().getInstance().ready();
    return { app, close: () => app.close().then(() => database.leave()) };
  }

  it.each([
    ['a socket nobody listens at', { host: '/nonexistent', port: 5432 }],
    ['a port nobody listens at', { host: '127.0.0.1', port: 1 }],
    ['a database that is gone', { database: 'gone' }],
    ['a password that is wrong', { password: 'wrong' }],
  ])('(%s) answers 503 and when to come back, never the driver’s words', async (_, reader) => {
    const { app, close } = await broken(reader);
    try {
      for (const url of pages.filter((page) => !page.includes('lang='))) {
        const answer = await app.inject({ method: 'GET', url: `${url}${url.includes('?') ? '&' : '?'}lang=en` });
        expect([url, answer.statusCode, answer.headers['retry-after'], answer.headers['cache-control']]).toEqual([
          url,
          503,
          '5',
          'private, no-store',
        ]);
        expect(answer.json()).toEqual({
          type: 'urn:markaz:problem:unavailable',
          title: 'Not available just now',
          status: 503,
          detail: 'The data cannot be reached just now. Try again in a few seconds.',
          code: 'unavailable',
          instance: expect.stringMatching(/^urn:uuid:/) as string,
          lang: 'en',
          dir: 'ltr',
          errors: [],
        });
      }
      // What needs no database goes on.
      expect((await app.inject({ method: 'GET', url: '/health/live' })).statusCode).toBe(200);
      expect((await app.inject({ method: 'GET', url: '/api/v1/articles?limit=0' })).statusCode).toBe(400);
      const ready = await app.inject({ method: 'GET', url: '/health/ready?lang=en' });
      expect([ready.statusCode, ready.headers['retry-after'], ready.json<{ code: string }>().code]).toEqual([503, '2', 'not_ready']);
    } finally {
      await close();
    }
  });

  it('says neither that something is published nor that it is not when a statement fails', async () => {
    const reader = world.app.get(Reader);
    const words = 'relation "revisions" of user markaz at /var/run/secret';
    const failure = vi.spyOn(reader, 'rows').mockRejectedValueOnce(new Error(words));
    const answer = await inject('/api/v1/articles/1?lang=en');
    failure.mockRestore();
    expect(answer.statusCode).toBe(500);
    expect(answer.json()).toMatchObject({ code: 'server_error', detail: 'Something unexpected went wrong; it has been logged.' });
    expect(answer.body).not.toMatch(/relation|secret|markaz at|\.ts/);
  });

  it('comes back by itself when connections were cut', async () => {
    const connections = async (): Promise<number> => {
      const [row] = await world.dataSource.query<{ count: string }[]>(
        `select count(*) from pg_stat_activity where datname = current_database() and usename like 'markaz_reader%'`,
      );
      return Number(row!.count);
    };
    // At once, so that several connections are open; one of them ends the others, as it may.
    await Promise.all(pages.map((url) => inject(url)));
    expect(await connections()).toBeGreaterThan(1);
    await world.app
      .get(Reader)
      .rows(
        statement(
          `select pg_terminate_backend(pid) from pg_stat_activity where usename = current_user and datname = current_database() and pid <> pg_backend_pid()`,
        ),
        [],
      );
    await vi.waitUntil(async () => (await connections()) <= 1);
    for (const url of pages) expect((await inject(url)).statusCode).toBe(200);
  });
});

describe('health', () => {
  it('says live and ready', async () => {
    for (const state of ['live', 'ready']) {
      const answer = await inject(`/health/${state}`);
      expect([answer.statusCode, answer.json()]).toEqual([200, { status: state }]);
    }
  });

  it('asks the database once a second however often it is asked itself', async () => {
    const reads = vi.spyOn(world.app.get(Reader), 'rows');
    const queries = vi.spyOn(world.dataSource, 'query');
    const started = Date.now();
    for (let n = 0; n < 300; n += 1) expect((await inject(n % 2 === 0 ? '/health/ready' : '/health/live')).statusCode).toBe(200);
    const allowed = 1 + Math.ceil((Date.now() - started) / 1_000);
    const counts = [reads.mock.calls.length, queries.mock.calls.length];
    reads.mockRestore();
    queries.mockRestore();
    expect(Math.max(...counts)).toBeLessThanOrEqual(allowed);
  });

  it('may be kept by no cache', async () => {
    for (const state of ['live', 'ready']) expect((await inject(`/health/${state}`)).headers['cache-control']).toBe('private, no-store');
  });
});

describe('the description of the API', () => {
  it('is served, and committed as it is served', async () => {
    const served = await inject('/openapi.json');
    expect([served.statusCode, served.headers['content-type']]).toEqual([200, 'application/json; charset=utf-8']);
    expect(served.json()).toEqual(JSON.parse(JSON.stringify(openApiDocument(world.app))));
    const committed = readFileSync(join(import.meta.dirname, '..', 'openapi.json'), 'utf8');
    expect(committed, 'openapi.json is not what the code says; repair with: npm run openapi').toBe(
      `${JSON.stringify(served.json(), null, 2)}\n`,
    );
  });

  it('names full paths and no server, and what is public is for reading or leads to the desk', async () => {
    type Operation = { readonly security?: unknown };
    const document = (await inject('/openapi.json')).json<{ paths: Record<string, Record<string, Operation>>; servers?: unknown }>();
    expect(document.servers).toBeUndefined();
    const open = Object.entries(document.paths).flatMap(([path, operations]) =>
      Object.entries(operations).flatMap(([method, { security }]) => (security === undefined ? [`${method} ${path}`] : [])),
    );
    expect(open).toEqual([
      'post /api/v1/sessions',
      'post /api/v1/password-resets',
      'post /api/v1/passwords',
      'get /api/v1/sections',
      'get /api/v1/sections/{slug}',
      'get /api/v1/authors',
      'get /api/v1/authors/{slug}',
      'get /api/v1/articles',
      'get /api/v1/articles/{idOrSlug}',
      'get /api/v1/previews/{token}',
      'get /api/v1/center',
      'get /api/v1/polls',
      'get /api/v1/polls/{id}',
      'get /api/v1/polls/{id}/results',
      'get /api/v1/polls/{id}/results.csv',
      'get /api/v1/polls/{id}/results.svg',
      'get /api/v1/polls/{id}/receipts/{code}',
      'post /api/v1/polls/{id}/ballots',
      'post /api/v1/polls/{id}/votes',
      'post /api/v1/polls/confirmations',
      'get /api/v1/polls/{id}/results/signed',
      'get /.well-known/markaz-keys.json',
      'get /api/v1/articles/{idOrSlug}/share-links',
      'get /api/v1/shares/challenge',
      'post /api/v1/articles/{idOrSlug}/shares',
      'post /api/v1/shares/confirmations',
      'get /api/v1/search',
      'get /api/v1/search/suggest',
      'get /api/v1/ads/{slot}',
      'post /api/v1/ads/{id}/views',
      'get /api/v1/most-read',
      'post /api/v1/articles/{id}/views',
    ]);
  });

  it('can be read at /docs, whose policy lets its own files load', async () => {
    const page = await request(world.app.getHttpServer()).get('/docs').redirects(1).expect(200);
    expect(page.headers['content-type']).toMatch(/^text\/html/);
    expect(page.headers['content-security-policy']).toBe(
      "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'",
    );
    // The policy knows no inline scripts, so there may be none.
    expect(page.text.match(/<script(?![^>]*\ssrc=)[^>]*>\s*\S/g)).toBeNull();
    const assets = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path]) => new URL(path!, 'http://center.example/docs'));
    expect(assets.length).toBeGreaterThan(3);
    for (const { origin, pathname } of assets) {
      const asset = await inject(pathname);
      expect([origin, pathname, asset.statusCode]).toEqual(['http://center.example', pathname, 200]);
    }
    expect((await inject('/docs/swagger-ui-init.js')).body).toContain('/api/v1/articles/{idOrSlug}');
  });
});

it('gives an article to readers the moment it is published', async () => {
  const { id, version } = await world.tx((tx) =>
    world.app.get(DraftingService).draft(tx, SYSTEM, {
      lang: 'ar',
      title: 'صدر الآن',
      summary: 'خلاصة.',
      body: '<p>متن.</p>',
      sectionId: 1,
      byline: [{ authorId: 1 }],
    }),
  );
  const before = await inject('/api/v1/articles?limit=1');
  await world.tx((tx) => world.app.get(WorkflowService).publish(tx, SYSTEM, { id, version }));
  const after = await inject('/api/v1/articles?limit=1', { 'if-none-match': before.headers['etag'] as string });
  expect(after.statusCode).toBe(200);
  const [card] = after.json<{ items: { id: number; publishedAt: string }[] }>().items;
  expect(card).toMatchObject({ id });
  expect(Date.parse(card!.publishedAt)).toBeLessThanOrEqual(Date.now());
});
