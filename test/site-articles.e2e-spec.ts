import type { LightMyRequestResponse } from 'fastify';
import { openApiDocument } from '../src/http/openapi.js';
import { aDraft, anArticle, anAuthor, anEditor, aSection, type TestEditor } from './factories.js';
import { startTestApp, type TestApp } from './test-app.js';
import { PAGE_POLICY } from './page-policy.js';

/** Where links to a piece lead. */

const ORIGIN = 'https://center.example';
const DESK = '/api/v1/desk/articles';

interface Piece {
  readonly id: number;
  readonly slug: string;
}

let world: TestApp;
let chief: TestEditor;
let authorId: number;
let sectionId: number;

beforeAll(async () => {
  world = await startTestApp();
  await world.dataSource.query(
    `update center set name = '{"ar": "مركز مثال", "en": "Example Center"}', publisher = '{"ar": "دار مثال"}', zone = 'Africa/Cairo'`,
  );
  chief = await anEditor(world, 'chief');
  authorId = (await anAuthor(world, { name: { ar: 'ليلى عبد الله', en: 'Layla Abdallah' } })).id;
  sectionId = (await aSection(world)).id;
});
afterAll(() => world.close());

const aPiece = (piece: Parameters<typeof anArticle>[1] = {}): Promise<Piece> =>
  anArticle(world, { sectionId, byline: [{ authorId }], body: '<p>المتن.</p>', ...piece });

const open = (url: string, headers: Record<string, string> = {}, method: 'GET' | 'HEAD' = 'GET'): Promise<LightMyRequestResponse> =>
  world.app.inject({ method, url, headers });
const pathOf = ({ id, slug }: Piece, query = ''): string => `/articles/${id}/${encodeURIComponent(slug)}${query}`;
const heading = ({ body }: LightMyRequestResponse): string => /<h1>([^<]*)<\/h1>/.exec(body)![1]!;
/** Headings of what is said over the piece, and their texts. */
const notices = ({ body }: LightMyRequestResponse): string[][] =>
  [...body.matchAll(/<section class="notice">(.*?)<\/section>/g)].map(([, inner]) =>
    [...inner!.matchAll(/<(?:h2|p lang="\w\w" dir="\w{3}")>([^<]*)</g)].map(([, text]) => text!),
  );

/** One act at the desk, on the piece as it is now. */
async function act(id: number, name: string, body: object): Promise<void> {
  const path = name === 'save' ? `${DESK}/${id}` : `${DESK}/${id}/${name}`;
  const { version } = (await world.as(chief).get(`${DESK}/${id}`)).body as { version: number };
  const { status } = await world.as(chief)[name === 'save' ? 'patch' : 'post'](path, { version, ...body });
  expect([name, status]).toEqual([name, 200]);
}
const revisionOf = async (id: number): Promise<number> =>
  ((await world.get(`/api/v1/articles/${id}`)).body as { revision: number }).revision;

describe('The page of a piece', () => {
  it('shows it in its own language and direction, in a page of the language asked for', async () => {
    const piece = await aPiece({
      title: 'النقل <العام> في المدن',
      kicker: 'مدن',
      summary: 'لماذا تُخطط الحافلات قبل الطرق.',
      body: '<h2>الخلاصة</h2><p>متن فيه <a href="https://other.example/x">رابط</a> و<strong>تأكيد</strong>.</p>',
      byline: [{ authorId, role: 'مراجعة' }],
      publishedAt: '2023-09-18T16:42:00Z',
    });
    const { section } = (await world.get(`/api/v1/articles/${piece.id}`)).body as { section: { slug: string; name: string } };
    const answer = await open(pathOf(piece));
    expect(answer.statusCode).toBe(200);
    expect(answer.body).toContain('<html lang="ar" dir="rtl">');
    expect(answer.body).toContain('<title>النقل &lt;العام> في المدن · مركز مثال</title>');
    expect(answer.body).toContain(`<link rel="canonical" href="${ORIGIN}${pathOf(piece)}"/>`);
    expect(answer.body).toContain(
      `<header><p class="section"><a href="/sections/${encodeURIComponent(section.slug)}"><bdi>${section.name}</bdi></a></p>` +
        '<div lang="ar" dir="rtl"><p class="kicker">مدن</p><h1>النقل &lt;العام> في المدن</h1><p class="summary">لماذا تُخطط الحافلات قبل الطرق.</p></div>' +
        `<ul class="byline"><li><span><a href="/authors/${encodeURIComponent('ليلى-عبد-الله')}"><bdi>ليلى عبد الله</bdi></a><small><bdi>مراجعة</bdi></small></span></li></ul>` +
        '<p class="quiet"><time datetime="2023-09-18T16:42:00Z" lang="ar" dir="rtl">الإثنين 18/سبتمبر/2023 - 07:42 م</time> · القراءة: دقيقة</p>' +
        `<p class="quiet">الناشر: <a href="${ORIGIN}"><bdi>دار مثال</bdi></a></p></header>` +
        '<div class="text" lang="ar" dir="rtl"><h2 id="h-الخلاصه">الخلاصة</h2>\n<p>متن فيه <a href="https://other.example/x">رابط</a> و<strong>تأكيد</strong>.</p></div>',
    );
    const passedOn = [
      .../<nav class="sharing"[^>]*>(.*?)<\/nav>/.exec(answer.body)![1]!.matchAll(/href="([^"]*)" rel="nofollow">([^<]*)</g),
    ];
    expect(passedOn.map(([, , label]) => label)).toEqual([
      'أرسلها إلى صديق بالبريد',
      'برنامج بريدك',
      'واتساب',
      'تيليغرام',
      'إكس',
      'فيسبوك',
    ]);
    const api = (await open(`/api/v1/articles/${piece.id}/share-links`)).json<Record<string, string>>();
    expect(passedOn.slice(1).map(([, href]) => href!.replaceAll('&amp;', '&'))).toEqual(
      ['mailto', 'whatsapp', 'telegram', 'x', 'facebook'].map((name) => api[name]),
    );
    const english = await open(pathOf(piece, '?lang=en'));
    expect(english.body).toContain('<html lang="en" dir="ltr">');
    expect(english.body).toContain('<div lang="ar" dir="rtl"><p class="kicker">مدن</p>');
    expect(english.body).toContain(`href="/authors/${encodeURIComponent('ليلى-عبد-الله')}?lang=en"`);
    expect(english.body).toContain('<bdi>Layla Abdallah</bdi>');
    expect(english.body).toContain('Publisher: ');
    // Nobody asked: the page speaks the language of the piece.
    const foreign = await open(pathOf(await aPiece({ lang: 'en', title: 'Buses before roads' })));
    expect(foreign.body).toContain('<html lang="en" dir="ltr">');
  });

  it('is published content: kept by every cache, without a cookie, the same whatever a request brings', async () => {
    const piece = await aPiece();
    const plain = await open(pathOf(piece));
    expect(plain.headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'public, max-age=0, must-revalidate',
      etag: expect.stringMatching(/^"[\w-]{27}"$/),
      'last-modified': expect.stringMatching(/ GMT$/),
      'referrer-policy': 'same-origin',
      'content-security-policy': PAGE_POLICY,
    });
    expect(plain.headers['x-robots-tag']).toBeUndefined();
    expect(plain.body).not.toContain('noindex');
    const headers = {
      cookie: 'sv=x; rv=y; markaz=z',
      'accept-language': 'en',
      host: 'evil.example',
      authorization: `Bearer ${chief.token}`,
    };
    for (const query of ['', '?utm_source=x&fbclid=y', '?r=0', '?r=x', '?r=1&r=1', '?r=99', '?r=1e0', '?lang=xx', '?constructor=1']) {
      const answer = await open(pathOf(piece, query), headers);
      expect([query, answer.statusCode, answer.body === plain.body, answer.headers['set-cookie']]).toEqual([query, 200, true, undefined]);
    }
    const { etag } = plain.headers;
    expect((await open(pathOf(piece), { 'if-none-match': `W/${String(etag)}` })).statusCode).toBe(304);
    expect((await open(pathOf(piece, '?lang=en'), { 'if-none-match': String(etag) })).statusCode).toBe(200);
    const head = await open(pathOf(piece), {}, 'HEAD');
    expect([head.statusCode, head.body, head.headers['etag']]).toEqual([200, '', etag]);
  });

  it('is found by its number alone: other words lead there in one hop, and take along what the page listens to', async () => {
    const piece = await aPiece({ slug: `${'حافلة-'.repeat(11)}مدن` });
    expect((await open(pathOf(piece))).statusCode).toBe(200);
    for (const [from, query, kept] of [
      ['/x', '', ''],
      ['/x', '?utm_source=a&r=1&lang=en', '?lang=en&r=1'],
      [`/${encodeURIComponent(piece.slug.normalize('NFD'))}x`, '?r=x', ''],
    ] as const) {
      const answer = await open(`/articles/${piece.id}${from}${query}`);
      expect([answer.statusCode, answer.headers['location'], answer.body]).toEqual([301, `${ORIGIN}${pathOf(piece)}${kept}`, '']);
      expect(answer.headers['cache-control']).toBe('public, max-age=0, must-revalidate');
    }
    const short = await open(`/${piece.id}?utm_source=a&r=1`);
    expect([short.statusCode, short.headers['location']]).toEqual([301, `${ORIGIN}${pathOf(piece)}?r=1`]);
    // A former slug of its own.
    await act(piece.id, 'save', { slug: `تازه-${piece.id}` });
    await act(piece.id, 'publish', {});
    const former = await open(pathOf(piece));
    expect([former.statusCode, former.headers['location']]).toEqual([
      301,
      `${ORIGIN}${pathOf({ id: piece.id, slug: `تازه-${piece.id}` })}`,
    ]);
  });

  it('is not there for a draft, for what nobody has written, and for what is no number', async () => {
    const draft = await aDraft(world, { sectionId, byline: [{ authorId }], title: 'مسودة سرية' });
    for (const url of [
      pathOf(draft),
      `/${draft.id}`,
      '/articles/999999999/x',
      '/999999999',
      '/articles/x/y',
      '/articles/01/x',
      '/articles/1e3/x',
      '/articles/9999999999/x',
    ]) {
      const answer = await open(url);
      expect([url, answer.statusCode, heading(answer)]).toEqual([url, 404, 'غير موجود']);
      expect(answer.headers).toMatchObject({ 'cache-control': 'private, no-store', 'x-robots-tag': 'noindex' });
      expect(answer.body).not.toContain('سرية');
    }
    // Every other word at the root is left to whoever has it.
    for (const url of ['/x', '/01', '/1x', '/9999999999']) expect([url, (await open(url)).statusCode]).toEqual([url, 404]);
  });

  it('says of what was withdrawn that it was, and why, in the language asked for', async () => {
    const piece = await aPiece({ title: 'مادة تُسحب' });
    await act(piece.id, 'withdraw', { reason: 'طلب قضائي' });
    for (const url of [pathOf(piece), `/${piece.id}`]) {
      const answer = await open(url);
      expect([answer.statusCode, heading(answer)]).toEqual([410, 'سُحب نهائيًا']);
      expect(answer.body).toContain('طلب قضائي');
      expect(answer.body).not.toContain('مادة تُسحب');
    }
  });
});

describe('What happened after a letter', () => {
  it('is told above the piece: the corrections that came with a later revision, and no others', async () => {
    const piece = await aPiece({ title: 'نقل' });
    const first = await revisionOf(piece.id);
    expect(notices(await open(pathOf(piece, `?r=${first}`)))).toEqual([]);
    await act(piece.id, 'save', { body: '<p>متن مصحح.</p>' });
    await act(piece.id, 'correct', { note: 'صُحّح العام.' });
    const second = await revisionOf(piece.id);
    await act(piece.id, 'save', { body: '<p>متن مصحح مرتين.</p>' });
    await act(piece.id, 'correct', { note: 'صُحّح الاسم.' });
    const third = await revisionOf(piece.id);
    expect(second).toBeGreaterThan(first);
    expect(third).toBeGreaterThan(second);
    const since = 'صُحّحت هذه المادة بعد أن أُرسلت إليك';
    expect(notices(await open(pathOf(piece, `?r=${first}`)))).toEqual([[since, 'صُحّح الاسم.', 'صُحّح العام.']]);
    expect(notices(await open(pathOf(piece, `?r=${second}`)))).toEqual([
      [since, 'صُحّح الاسم.'],
      ['تصحيح', 'صُحّح العام.'],
    ]);
    for (const query of ['', `?r=${third}`, `?r=${third + 1}`, '?r=x', '?r=0'])
      expect([query, notices(await open(pathOf(piece, query)))]).toEqual([
        query,
        [
          ['تصحيح', 'صُحّح الاسم.'],
          ['تصحيح', 'صُحّح العام.'],
        ],
      ]);
    const english = await open(pathOf(piece, `?lang=en&r=${second}`));
    expect(notices(english)[0]).toEqual(['Corrected since this was sent to you', 'صُحّح الاسم.']);
    // Whoever changes the page's language is told so still.
    expect(english.body).toContain(`href="?lang=ar&amp;r=${second}"`);
  });

  it('says nothing where a new revision corrected nothing', async () => {
    const piece = await aPiece();
    const first = await revisionOf(piece.id);
    await act(piece.id, 'save', { body: '<p>صياغة أجمل.</p>' });
    await act(piece.id, 'publish', {});
    expect(await revisionOf(piece.id)).toBeGreaterThan(first);
    expect(notices(await open(pathOf(piece, `?r=${first}`)))).toEqual([]);
  });

  it('claims no order that it cannot know: a note upon the very revision that was sent stands where notices stand', async () => {
    const piece = await aPiece();
    const first = await revisionOf(piece.id);
    await act(piece.id, 'correct', { note: 'لم يتغير النص.' });
    expect(await revisionOf(piece.id)).toBe(first);
    expect(notices(await open(pathOf(piece, `?r=${first}`)))).toEqual([['تصحيح', 'لم يتغير النص.']]);
  });

  it('is that the piece was taken back, where it was', async () => {
    const piece = await aPiece({ title: 'نقل' });
    const first = await revisionOf(piece.id);
    await act(piece.id, 'save', { body: '<p>متن مصحح.</p>' });
    await act(piece.id, 'correct', { note: 'صُحّح العام.' });
    await act(piece.id, 'retract', { reason: 'بياناتها غير صحيحة.' });
    const answer = await open(pathOf(piece, `?r=${first}`));
    expect([heading(answer), notices(answer)]).toEqual([
      'مسحوبة: نقل',
      [['سُحبت هذه المادة بعد أن أُرسلت إليك', 'بياناتها غير صحيحة.', 'صُحّح العام.']],
    ]);
    expect(notices(await open(pathOf(piece, '?lang=fr')))).toEqual([
      ['Cet article a été rétracté', 'بياناتها غير صحيحة.'],
      ['Correction', 'صُحّح العام.'],
    ]);
  });

  it('leaves no trace of who came by which link', async () => {
    const piece = await aPiece();
    const tables = await world.dataSource.query<{ sql: string }[]>(
      `select format('select %L as name, count(*)::int as n, md5(string_agg(t::text, chr(10) order by t::text)) as sum from %I t', table_name, table_name) as sql
       from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE' order by table_name`,
    );
    const all = async (): Promise<unknown[]> =>
      Promise.all(tables.map(async ({ sql }) => (await world.dataSource.query<unknown[]>(sql))[0]));
    const before = await all();
    for (const query of ['', '?r=1', '?lang=fr&r=1']) await open(pathOf(piece, query), { cookie: 'sv=x' });
    expect(await all()).toEqual(before);
  });
});

it('is no door of the API', () => {
  expect(Object.keys(openApiDocument(world.app).paths).filter((path) => !/^\/(api|[.]well-known)\//.test(path))).toEqual([]);
});
