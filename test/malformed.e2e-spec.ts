import { createHash } from 'node:crypto';
import { connect, type AddressInfo } from 'node:net';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import fc from 'fast-check';
import type { Response } from 'supertest';
import { createApp } from '../src/app.setup.js';
import { SYSTEM } from '../src/access/access.js';
import { DraftingService } from '../src/articles/drafting.service.js';
import { openApiDocument } from '../src/http/openapi.js';
import { answerValidator } from './answer-validator.js';
import { aDraft, anArticle, anAuthor, anEditor, aSection, aSeries, aTag, type TestEditor } from './factories.js';
import { startTestApp, type TestApp } from './test-app.js';
import { cloneDatabase, testConfig } from './test-database.js';

/** What comes in broken, by accident or on purpose: refused with the parameter's name and a sentence, never with its value. */

interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly lang: string;
  readonly errors: readonly { readonly field: string; readonly rule: string; readonly message: string }[];
}

/** An answer as it came over the wire. */
interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const ROUTES = [
  '/api/v1/center',
  '/api/v1/sections',
  '/api/v1/sections/قسم',
  '/api/v1/authors',
  '/api/v1/authors/كاتبة-مثال',
  '/api/v1/articles',
  '/api/v1/articles/1',
] as const;

let world: TestApp;
let port: number;
let cursors: { articles: string; authors: string };

beforeAll(async () => {
  world = await startTestApp();
  const section = await aSection(world);
  const authors = [await anAuthor(world), await anAuthor(world)];
  const [tag, series] = [await aTag(world), await aSeries(world)];
  for (const { id } of authors)
    await anArticle(world, {
      sectionId: section.id,
      byline: [{ authorId: id }],
      tagIds: [tag.id],
      series: { id: series.id, position: id },
    });
  const cursorOf = async (list: string): Promise<string> =>
    ((await world.get(`/api/v1/${list}?limit=1`).expect(200)).body as { nextCursor: string }).nextCursor;
  cursors = { articles: await cursorOf('articles'), authors: await cursorOf('authors') };
  await world.app.listen(0, '127.0.0.1');
  port = (world.app.getHttpServer().address() as AddressInfo).port;
});
afterAll(() => world.close());

/** Sends bytes as they are and reads until the server hangs up. */
function raw(bytes: string | Buffer): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    const chunks: Buffer[] = [];
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('error', (error: NodeJS.ErrnoException) => {
      // The server may hang up while the rest of an oversized request is still on its way.
      if (error.code !== 'EPIPE' && error.code !== 'ECONNRESET') reject(error);
    });
    socket.on('close', () => {
      const [head = '', ...body] = Buffer.concat(chunks).toString('utf8').split('\r\n\r\n');
      const [line = '', ...fields] = head.split('\r\n');
      const headers = Object.fromEntries(
        fields.map((field) => [field.slice(0, field.indexOf(':')).toLowerCase(), field.slice(field.indexOf(':') + 1).trim()]),
      );
      resolve({ status: Number(line.split(' ')[1]), headers, body: body.join('\r\n\r\n') });
    });
    socket.write(bytes);
  });
}

/** A GET of a target that no client would leave as it is. */
function rawGet(target: string): Promise<RawAnswer> {
  return raw(`GET ${target} HTTP/1.1\r\nHost: center.example\r\nConnection: close\r\n\r\n`);
}

/** Holds a refusal to be what it must: its status, its field and rule, a sentence in the asked language, safe headers. */
function expectRefusal(what: string, answer: RawAnswer, status: number, lang: 'ar' | 'en', ...wanted: string[]): void {
  expect([what, answer.status]).toEqual([what, status]);
  expect(answer.headers, what).toMatchObject({
    'content-type': 'application/problem+json; charset=utf-8',
    'cache-control': 'private, no-store',
    'x-content-type-options': 'nosniff',
  });
  const problem = JSON.parse(answer.body) as Refusal;
  expect([what, problem.status, problem.lang], what).toEqual([what, status, lang]);
  const found = problem.errors.map(({ field, rule }) => `${field}: ${rule}`);
  expect(found.toSorted(), what).toEqual(wanted.toSorted());
  for (const { message } of problem.errors) expect(/\p{Script=Arabic}/u.test(message), `${what}: ${message}`).toBe(lang === 'ar');
}

/** The same refusal in each language that can be asked for, and in the center's when none is. */
async function expectRefused(path: string, ...wanted: string[]): Promise<void> {
  const languages = path.includes('lang=')
    ? ([['', 'ar']] as const)
    : ([['', 'ar'], ['lang=ar', 'ar'], ['lang=en', 'en'], ['lang=fr', 'en']] as const); // prettier-ignore
  for (const [parameter, lang] of languages) {
    const target = parameter === '' ? path : `${path}${path.includes('?') ? '&' : '?'}${parameter}`;
    expectRefusal(target, await rawGet(target), 400, lang, ...wanted);
  }
}

function encodePath(route: string): string {
  return encodeURI(route);
}

describe('a parameter', () => {
  it.each([
    ['limit', 'limit', ['0', '101', 'abc', '05', '1.0', '', '-1', '1e1', '+5', '%205', '5x', '%D9%A5', '99999999999999999999']],
    ['lang', 'oneOf', ['', 'de', 'AR', 'ar-EG', 'constructor', 'ar%20']],
    ['type', 'oneOf', ['', 'poem', 'Analysis', 'toString', '__proto__']],
    [
      'section',
      'slugOrId',
      ['', '0', '007', '99999999999', '-1', '%D9%A1%D9%A2', 'a%20b', 'a/b', '..', 'a_b', "'", '1-', `${'a'.repeat(121)}`],
    ],
    ['author', 'slugOrId', ['', '0', '1.5', "1'--", '%F0%9F%98%80', '%E2%80%8F']],
    ['tag', 'slugOrId', ['', '2147483648', '%25', '*']],
    ['series', 'slugOrId', ['', '1,2', '%2B1']],
    ['cursor', 'cursor', ['', 'x', 'MTI', 'a'.repeat(400), 'MQox%3D', '1', 'null', 'AAAA'.repeat(500)]],
    [
      'from',
      'dayOrInstant',
      [
        ['', '2023', '2023-02-29', '0000-01-01', '2023-13-01', '2023-00-10', '2023-04-31', '99999-01-01', '+12023-01-01', '-0001-01-01'],
        ['2023-1-1', '20230101', '01/02/2023', 'now', 'infinity', 'epoch', '2023-01-01T', '2023-01-01T10:00', '2023-01-01%2010:00Z'],
        ['2023-01-01T24:00Z', '2023-01-01T10:60Z', '2023-01-01T10:00:60Z', '2023-01-01T10:00:00.Z', '2023-01-01T10:00:00.1234567890Z'],
        [
          '2023-01-01T10:00%2B99:99',
          '2023-01-01T10:00%2B23:59',
          '2023-01-01T10:00%2B16:00',
          '2023-01-01T10:00-15:60',
          '2023-01-01T10:00%2B2',
        ],
        ['2023-02-30T10:00Z', '2023-01-01T10:00Africa/Cairo', '%D9%A2%D9%A0%D9%A2%D9%A3-01-01', '2023-01-01;select'],
      ].flat(),
    ],
    ['to', 'dayOrInstant', ['', '2100-02-29', '2023-06-31', '9999-12-32', '2023-01-01T00:00Z%2B01:00', '2023-01-01Z']],
  ])('%s refuses what it cannot be, by its name', async (name, rule, values) => {
    for (const value of values) await expectRefused(`/api/v1/articles?${name}=${value}`, `${name}: ${rule}`);
  });

  it('may stand once', async () => {
    const values = {
      limit: ['5', 'limit'],
      lang: ['ar', 'oneOf'],
      type: ['study', 'oneOf'],
      section: ['1', 'slugOrId'],
      author: ['1', 'slugOrId'],
      tag: ['1', 'slugOrId'],
      series: ['1', 'slugOrId'],
      from: ['2023-01-01', 'dayOrInstant'],
      to: ['2023-01-01', 'dayOrInstant'],
      cursor: [cursors.articles, 'cursor'],
    };
    for (const [name, [value, rule]] of Object.entries(values)) {
      await expectRefused(`/api/v1/articles?${name}=${value}&${name}=${value}`, `${name}: ${rule}`);
    }
  });

  it('that is not known is refused on every route, also one every object has', async () => {
    const names = ['page', 'offset', 'fields', 'a[b]', 'limit[]', 'LIMIT', 'قسم', 'x'.repeat(64)];
    const inherited = [
      '__proto__',
      'constructor',
      'toString',
      'hasOwnProperty',
      'isPrototypeOf',
      'propertyIsEnumerable',
      '__defineGetter__',
    ];
    for (const route of ROUTES) {
      for (const name of [...names, ...inherited, 'prototype', 'valueOf', '__proto__[x]', 'constructor.prototype']) {
        await expectRefused(`${encodePath(route)}?${encodeURIComponent(name)}=1`, `${name}: unknown`);
      }
    }
    // Enough of a long name to find it by, letters whole.
    await expectRefused(`/api/v1/center?${encodeURIComponent('😀'.repeat(70))}=1`, `${'😀'.repeat(64)}: unknown`);
    await expectRefused('/api/v1/center?__proto__[polluted]=1', '__proto__[polluted]: unknown');
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('tells of every fault at once', async () => {
    await expectRefused('/api/v1/articles?limit=0&from=never&type=x', 'limit: limit', 'type: oneOf', 'from: dayOrInstant');
  });

  it('is never repeated in the refusal', async () => {
    const secret = 'zq9mark';
    for (const name of ['limit', 'lang', 'type', 'section', 'from', 'cursor']) {
      const { status, body } = await rawGet(`/api/v1/articles?${name}=${secret}!${secret}`);
      expect([name, status, body.includes(secret)]).toEqual([name, 400, false]);
    }
    for (const target of [
      `/api/v1/articles/${secret}!`,
      `/${secret}`,
      `/api/v1/articles/${secret}%zz`,
      `/api/v1/articles?limit=${secret}%00`,
    ]) {
      expect((await rawGet(target)).body).not.toContain(secret);
    }
  });
});

it('a thousand unknown parameters get twenty sentences', async () => {
  const url = `/api/v1/articles?${Array.from({ length: 1_000 }, (_, index) => `x${index}=`).join('&')}`;
  const { errors } = (await world.app.inject({ method: 'GET', url })).json<{ errors: { field: string }[] }>();
  expect(errors.map(({ field }) => field)).toEqual(Array.from({ length: 20 }, (_, index) => `x${index}`));
});

describe('a cursor', () => {
  type Page = { items: { name: string }[]; nextCursor: string | null };
  const page = async (query: string): Promise<Page> => (await world.get(`/api/v1/authors?${query}`).expect(200)).body as Page;

  it('of another list is refused', async () => {
    await expectRefused(`/api/v1/articles?cursor=${cursors.authors}`, 'cursor: cursor');
    await expectRefused(`/api/v1/authors?cursor=${cursors.articles}`, 'cursor: cursor');
  });

  it('with any one letter changed, left out or added is refused', async () => {
    for (const [list, cursor] of Object.entries(cursors)) {
      for (let at = 0; at < cursor.length; at += 1) {
        const other = cursor[at] === 'A' ? 'B' : 'A';
        for (const changed of [
          cursor.slice(0, at) + other + cursor.slice(at + 1),
          cursor.slice(0, at) + cursor.slice(at + 1),
          cursor.slice(0, at) + other + cursor.slice(at),
        ]) {
          if (changed === cursor) continue;
          const answer = await world.app.inject({ method: 'GET', url: `/api/v1/${list}?cursor=${changed}` });
          expect([list, changed, answer.statusCode]).toEqual([list, changed, 400]);
        }
      }
    }
  });

  it('with a key that cannot be of this list is refused by name, though its check is right', async () => {
    for (const key of ['abc', '1e3', ' 12 ', '9223372036854775807', '-']) {
      const check = createHash('sha256').update(`articles\n7\n${key}`).digest('hex').slice(0, 8);
      await expectRefused(`/api/v1/articles?cursor=${Buffer.from(`7\n${key}\n${check}`).toString('base64url')}`, 'cursor: cursor');
    }
  });

  it('carries a name of any length', async () => {
    const names = ['اسم طويل '.repeat(20).trim(), 'اسم طويل '.repeat(21).trim(), 'اسم طويل '.repeat(22).trim()];
    for (const name of names) await anArticle(world, { byline: [{ authorId: (await anAuthor(world, { name: { ar: name } })).id }] });
    const whole = await page('limit=100');
    expect(whole.items.map(({ name }) => name)).toEqual(expect.arrayContaining(names) as string[]);
    const seen: Page['items'] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const { items, nextCursor }: Page = await page(`limit=1${cursor && `&cursor=${cursor}`}`);
      seen.push(...items);
      cursor = nextCursor;
    }
    expect(seen).toEqual(whole.items);
  });
});

describe('the name in a path', () => {
  it('is an id without ornaments or a well-formed slug', async () => {
    const names = [
      '0',
      '007',
      '99999999999',
      '-1',
      '%D9%A1%D9%A2',
      '2147483648',
      'a%20b',
      'a%2Fb',
      '..%2Fx',
      '%2E%2E%2Fx',
      "1'",
      '1;x',
      '%E2%80%8F',
      'a_b',
      '*',
    ];
    for (const name of names) {
      await expectRefused(`/api/v1/articles/${name}`, 'idOrSlug: slugOrId');
      await expectRefused(`/api/v1/sections/${name}`, 'slug: slugOrId');
      await expectRefused(`/api/v1/authors/${name}`, 'slug: slugOrId');
    }
  });

  it('may look like a number in another notation, which is a slug that nobody has', async () => {
    for (const name of ['1e20', '0x10', '1-2']) expect((await rawGet(`/api/v1/articles/${name}`)).status).toBe(404);
  });

  it('has an end', async () => {
    await expectRefused(`/api/v1/articles/${'a'.repeat(121)}`, 'idOrSlug: slugOrId');
    await expectRefused(`/api/v1/articles/${'a'.repeat(301)}`, 'path: unreadable');
    await expectRefused(`/api/v1/articles/${'a'.repeat(10_000)}`, 'path: too_long');
  });
});

describe('an address', () => {
  it('that cannot be decoded is refused, naming where', async () => {
    for (const broken of ['%zz', '%', '%ED%A0%80', '%C0%AF', '%FF', '%u0627', '%D9', '%E2%80']) {
      await expectRefused(`/api/v1/articles/${broken}`, 'path: percent_encoding');
      await expectRefused(`/${broken}/x`, 'path: percent_encoding');
      await expectRefused(`/api/v1/articles?section=${broken}`, 'section: percent_encoding');
      await expectRefused(`/api/v1/articles?limit=5&${broken}=1`, 'query: percent_encoding');
      await expectRefused(`/api/v1/nothing?x=${broken}`, 'x: percent_encoding');
    }
  });

  it('with a NUL is refused, naming where', async () => {
    await expectRefused('/api/v1/articles/a%00b', 'path: character');
    await expectRefused('/api/v1/articles?section=a%00b', 'section: character');
    await expectRefused('/api/v1/articles?%00=1', 'query: character');
    await expectRefused('/openapi.json?x=%00', 'x: character');
  });

  it('with an empty part is refused', async () => {
    for (const target of [
      '//',
      '//api/v1/articles',
      '/api//v1/articles',
      '/api/v1//articles',
      '/api/v1/articles//1',
      '/api/v1/articles//',
    ]) {
      await expectRefused(target, 'path: empty_segment');
    }
  });

  it('in absolute form is answered like any other, and its host is never believed', async () => {
    for (const target of ['/api/v1/articles?limit=1', '/api/v1/sections/%D9%82%D8%B3%D9%85', '/api/v1/articles?limit=0&lang=en']) {
      const [plain, absolute] = [await rawGet(target), await rawGet(`http://evil.example:99${target}`)];
      const lasting = ({ status, headers, body }: RawAnswer): unknown => [
        status,
        { ...headers, date: '' },
        body.replace(/urn:uuid:[\w-]+/, ''),
      ];
      expect(lasting(absolute)).toEqual(lasting(plain));
    }
    await expectRefused('http://evil.example//api/v1/center', 'path: empty_segment');
  });

  it('that is too long is refused, naming what made it so', async () => {
    await expectRefused(`/api/v1/articles?section=${'a'.repeat(10_000)}`, 'section: too_long');
    await expectRefused(`/api/v1/articles?cursor=${'a'.repeat(10_000)}&limit=5`, 'cursor: too_long');
    await expectRefused(`/api/v1/center?${'x'.repeat(10_000)}=1`, `${'x'.repeat(64)}: too_long`);
  });
});

describe('a body', () => {
  let receiving: NestFastifyApplication;
  let leave: () => Promise<void>;

  beforeAll(async () => {
    const database = await cloneDatabase();
    receiving = await createApp(testConfig(), database);
    // The API takes no bodies yet; a route that would.
    receiving
      .getHttpAdapter()
      .getInstance()
      .post('/inbox', (request) => request.body);
    await receiving.init();
    await receiving.getHttpAdapter().getInstance().ready();
    leave = () => receiving.close().then(() => database.leave());
  });
  afterAll(() => leave());

  const JSON_TYPE = 'application/json';
  const CASES: [what: string, payload: string, type: string, status: number, code: string][] = [
    ['half a JSON', '{', JSON_TYPE, 400, 'malformed_body'],
    ['no JSON', '', JSON_TYPE, 400, 'malformed_body'],
    ['a prototype', '{"__proto__":{"polluted":1}}', JSON_TYPE, 400, 'malformed_body'],
    ['a constructor', '{"constructor":{"prototype":{"polluted":1}}}', JSON_TYPE, 400, 'malformed_body'],
    ['too much JSON', `"${'a'.repeat(300_000)}"`, JSON_TYPE, 413, 'too_large'],
    ['a form', 'a=1', 'application/x-www-form-urlencoded', 415, 'unsupported_media_type'],
    ['parts', '--x--', 'multipart/form-data; boundary=x', 415, 'unsupported_media_type'],
    ['XML', '<a/>', 'application/xml', 415, 'unsupported_media_type'],
    ['text', 'text', 'text/plain', 415, 'unsupported_media_type'],
    ['a type that begins like JSON', '{}', 'application/jsonx', 415, 'unsupported_media_type'],
    ['a type with a tab and more', '{}', 'application/json\tx', 415, 'unsupported_media_type'],
  ];

  it.each(CASES)('that is %s is refused as problem details', async (what, payload, type, status, code) => {
    for (const [query, lang] of [
      ['', 'ar'],
      ['?lang=en', 'en'],
    ] as const) {
      const answer = await receiving.inject({ method: 'POST', url: `/inbox${query}`, payload, headers: { 'content-type': type } });
      expect([answer.statusCode, answer.json<Refusal>().code]).toEqual([status, code]);
      expectRefusal(what, { status, headers: answer.headers as Record<string, string>, body: answer.body }, status, lang);
      expect(answer.body).not.toMatch(/FST_|Unexpected|polluted|a{13}/);
    }
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('that is compressed is refused, and no unpacked one is taken for it', async () => {
    for (const encoding of ['gzip', 'br', 'deflate', 'identity, gzip']) {
      const headers = { 'content-type': JSON_TYPE, 'content-encoding': encoding };
      const answer = await receiving.inject({ method: 'POST', url: '/inbox', payload: '{}', headers });
      expect([encoding, answer.statusCode, answer.json<Refusal>().code]).toEqual([encoding, 415, 'unsupported_encoding']);
    }
    const headers = { 'content-type': JSON_TYPE, 'content-encoding': 'identity' };
    expect((await receiving.inject({ method: 'POST', url: '/inbox', payload: '{}', headers })).statusCode).toBe(200);
  });

  it.each(CASES)('that is %s is below 500 where nothing takes bodies', async (_what, payload, type) => {
    const answer = await world.app.inject({ method: 'POST', url: '/api/v1/articles?lang=en', payload, headers: { 'content-type': type } });
    expect([400, 404, 413, 415]).toContain(answer.statusCode);
    expectRefusal(
      type,
      { status: answer.statusCode, headers: answer.headers as Record<string, string>, body: answer.body },
      answer.statusCode,
      'en',
    );
  });
});

describe('what is no HTTP', () => {
  it('is answered once, safely, and the connection ends', async () => {
    const cases: [string, string | Buffer, number][] = [
      ['garbage', 'hello\r\n\r\n', 400],
      ['binary', Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc, 0x03, 0x03, 0x0d, 0x0a, 0x0d, 0x0a]), 400],
      ['letters not percent-encoded', 'GET /api/v1/articles/\u0642 HTTP/1.1\r\nHost: x\r\n\r\n', 400],
      ['a header without a name', 'GET / HTTP/1.1\r\nHost: x\r\n: y\r\n\r\n', 400],
      ['two lengths', 'POST /api/v1/articles HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab', 400],
      ['length and chunks', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', 400],
      ['no host', 'GET /api/v1/center HTTP/1.1\r\nConnection: close\r\n\r\n', 400],
      ['a version of its own', 'GET / HTTP/9.9\r\nHost: x\r\n\r\n', 400],
      ['20 kB of header', `GET / HTTP/1.1\r\nHost: x\r\nX-Long: ${'a'.repeat(20_000)}\r\n\r\n`, 431],
      ['20 kB of address', `GET /api/v1/articles?section=${'a'.repeat(20_000)} HTTP/1.1\r\nHost: x\r\n\r\n`, 431],
    ];
    for (const [what, bytes, status] of cases) {
      const answer = await raw(bytes);
      expectRefusal(what, answer, status, 'ar', ...(status === 400 ? ['request: unreadable'] : []));
      expect(answer.headers['connection'], what).toBe('close');
      expect(answer.body, what).not.toMatch(/HPE_|a{13}|hello/);
    }
  });

  it('an expectation that nobody knows is refused as problem details', async () => {
    const answer = await raw('GET /api/v1/center HTTP/1.1\r\nHost: x\r\nExpect: a miracle\r\n\r\n');
    expectRefusal('expectation', answer, 417, 'ar');
  });

  it('leaves the server well', async () => {
    expect((await rawGet('/health/ready')).status).toBe(200);
  });
});

describe('two thousand requests made up by chance', () => {
  const SQLMAP = [
    `1' OR '1'='1`,
    `1) AND 1=1-- -`,
    `1;SELECT pg_sleep(5)--`,
    `1' AND (SELECT 1 FROM pg_sleep(5))--`,
    `-1 UNION ALL SELECT NULL,NULL,version()--`,
    `1 AND CAST((SELECT title FROM revisions LIMIT 1) AS int)=1`,
    `$1`,
    `$$;drop table articles;$$`,
    `\\'; --`,
    `1 ORDER BY 99`,
    `{"$gt":""}`,
    `%' AND 1=1 AND '%'='`,
    `' || pg_read_file('/etc/passwd') || '`,
    `\${7*7}{{7*7}}<%=7*7%>`,
    `../../../../etc/passwd`,
    `<script>alert(1)</script>`,
    `\r\nSet-Cookie: a=b`,
    `null`,
    `undefined`,
    `NaN`,
    `true`,
    `[]`,
    `1e309`,
    `9007199254740993`,
    `-2147483649`,
    `\u202e\u0661\u0662`,
    `\ufeff`,
    `ﷺ`,
    `مكتبه`,
  ];
  const NAMES = ['lang', 'limit', 'cursor', 'section', 'author', 'tag', 'series', 'type', 'from', 'to'];

  /** In the text of nothing that is public, and in the name of everything that is not. */
  const SECRET = 'zqcanary';

  it('are all answered, below 500, in the documented form, in good time, and tell nothing of a draft', async () => {
    const hidden = await anAuthor(world, { name: { ar: `كاتب ${SECRET}` } });
    const tag = await aTag(world, `وسم ${SECRET}`);
    const series = await aSeries(world, `ملف ${SECRET}`);
    const draft = await aDraft(world, {
      title: `مسودة ${SECRET}`,
      kicker: SECRET,
      summary: SECRET,
      body: `<p>${SECRET}</p>`,
      sectionId: 1,
      byline: [{ authorId: hidden.id }],
      tagIds: [tag.id],
      series: { id: series.id, position: 1 },
      translationOf: 1,
      lang: 'en',
    });
    await world.tx((tx) =>
      world.app.get(DraftingService).save(tx, SYSTEM, 2, 2, {
        title: `تنقيح ${SECRET}`,
        slug: `slug-${SECRET}`,
        body: `<p>${SECRET}</p>`,
        sectionId: 1,
        byline: [{ authorId: hidden.id }],
      }),
    );
    const names = [hidden, tag, series, draft].flatMap(({ id, slug }) => [String(id), slug]);
    const validate = answerValidator(openApiDocument(world.app));
    const fitting = fc.constantFrom(
      'ar',
      'en',
      '1',
      '5',
      'قسم',
      'كاتبة-مثال',
      'study',
      `slug-${SECRET}`,
      ...names,
      '2024-02-29',
      '2024-01-01T00:00:00Z',
      cursors.articles,
      cursors.authors,
    );
    const value = fc.oneof(
      { weight: 3, arbitrary: fitting },
      { weight: 3, arbitrary: fc.constantFrom(...SQLMAP) },
      fc.string({ unit: 'binary' }),
      fc.string({ unit: 'grapheme' }),
      fc.stringMatching(/^[\d٠-٩.,+-]{1,30}$/),
      fc.stringMatching(/^\d{4}-[01]\d-[0-3]\d(T[0-2]\d:[0-6]\d(:[0-6]\d)?(Z|[+-]\d\d:\d\d))?$/),
      fc.stringMatching(/^[\w-]{1,60}$/),
      fc.stringMatching(/^(?:[ء-ي]|[\u064b-\u0652]|\u200c|-){1,30}$/),
      fc.tuple(fitting, fc.constantFrom(...SQLMAP)).map(([start, end]) => start + end),
    );
    const target = fc.tuple(
      fc.oneof(
        fc.constantFrom('center', 'sections', 'authors', 'articles').map((route) => [route]),
        fc.tuple(fc.constantFrom('sections', 'authors', 'articles'), value),
        { weight: 3, arbitrary: fc.constant(['articles']) },
      ),
      fc.uniqueArray(fc.tuple(fc.oneof({ weight: 20, arbitrary: fc.constantFrom(...NAMES) }, fc.string()), value), {
        maxLength: 4,
        selector: ([name]) => name,
      }),
    );
    const statuses = new Map<number, number>();
    const started = Date.now();
    let slowest = 0;
    await fc.assert(
      fc.asyncProperty(target, async ([parts, parameters]) => {
        const encode = (text: string): string => encodeURIComponent(text.replace(/\p{Surrogate}/gu, ''));
        const query = parameters.map(([name, given]) => `${encode(name)}=${encode(given)}`).join('&');
        const url = `/api/v1/${parts.map(encode).join('/')}${query && `?${query}`}`;
        const before = Date.now();
        const answer = await world.app.inject({ method: 'GET', url });
        slowest = Math.max(slowest, Date.now() - before);
        statuses.set(answer.statusCode, (statuses.get(answer.statusCode) ?? 0) + 1);
        expect(answer.statusCode, url).toBeLessThan(500);
        expect(answer.body, url).not.toContain(SECRET);
        expect(answer.headers['location'] ?? '', url).not.toContain(SECRET);
        if (answer.statusCode >= 400) expect(answer.headers['content-type'], url).toBe('application/problem+json; charset=utf-8');
        validate('get', url, { status: answer.statusCode, text: answer.body, headers: answer.headers } as unknown as Response);
      }),
      { numRuns: 2_500 },
    );
    // Every kind of answer was met, or the values were not worth much.
    expect([...statuses.keys()].toSorted((a, b) => a - b)).toEqual(expect.arrayContaining([200, 400, 404]) as number[]);
    expect(statuses.get(200)).toBeGreaterThan(100);
    expect(statuses.get(400)).toBeGreaterThan(500);
    expect(slowest, 'no value makes an answer slow').toBeLessThan(1_500);
    expect(Date.now() - started).toBeLessThan(60_000);
  }, 60_000);
});

describe('parameters', () => {
  let admin: TestEditor;

  beforeAll(async () => void (admin = await anEditor(world, 'admin')));

  it('no route of the API takes a parameter it does not know', async () => {
    const routes = Object.entries(openApiDocument(world.app).paths)
      .filter(([path]) => path.startsWith('/api/'))
      .flatMap(([path, operations]) => Object.keys(operations).map((method) => [method as 'get', path] as const));
    expect(routes.length).toBeGreaterThan(50);
    const taken: unknown[] = [];
    for (const [method, path] of routes) {
      const { body } = await world.as(admin)[method](`${path.replace('{slot}', 'home').replaceAll(/\{[^}]+\}/g, '1')}?expand=all`);
      if (body.code !== 'unknown_parameter' || body.errors[0].field !== 'expand') taken.push([method, path, body]);
    }
    expect(taken).toEqual([]);
  });

  it('routes without parameters of their own take the language', async () => {
    expect((await world.as(admin).patch('/api/v1/desk/editors/1?lang=en', {}).expect(400)).body).toMatchObject({
      code: 'invalid_body',
      lang: 'en',
    });
    const { body } = await world.as(admin).patch('/api/v1/desk/editors/1?lang=zz', { version: 1 }).expect(400);
    expect(body).toMatchObject({ code: 'invalid_parameter', errors: [{ field: 'lang' }] });
  });
});
