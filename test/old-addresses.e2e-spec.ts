import type { LightMyRequestResponse } from 'fastify';
import { OldAddresses, type ClaimedAddress } from '../src/articles/old-addresses.service.js';
import { Reader } from '../src/database/reader.js';
import { PageImportService, type PageImport, type PageImportOptions } from '../src/import/page-import.service.js';
import { aDraft, anArticle, anEditor, type TestEditor } from './factories.js';
import { startTestApp, type TestApp } from './test-app.js';

/** Addresses of the site that a center had before: kept at import, and led to the pieces in one step. */

const ORIGIN = 'https://center.example';
const DESK = '/api/v1/desk';

let world: TestApp;
let chief: TestEditor;

beforeAll(async () => {
  world = await startTestApp();
  chief = await anEditor(world, 'chief');
});
afterAll(() => world.close());

const open = (url: string, method: 'GET' | 'HEAD' | 'POST' = 'GET'): Promise<LightMyRequestResponse> => world.app.inject({ method, url });
const claim = (articleId: number, ...urls: readonly string[]): Promise<readonly ClaimedAddress[]> =>
  world.tx((tx) => world.app.get(OldAddresses).claim(tx, articleId, urls));
const pathOf = ({ id, slug }: { id: number; slug: string }): string => `/articles/${id}/${encodeURIComponent(slug)}`;

async function act(id: number, name: string, body: object): Promise<void> {
  const { version } = (await world.as(chief).get(`${DESK}/articles/${id}`)).body as { version: number };
  const { status } = await world.as(chief).post(`${DESK}/articles/${id}/${name}`, { version, ...body });
  expect([name, status]).toEqual([name, 200]);
}

/** Expects one step from `url` to the piece, and that the piece is there. */
async function leads(url: string, to: string, kept = ''): Promise<void> {
  for (const method of ['GET', 'HEAD'] as const) {
    const answer = await open(url, method);
    expect([method, url, answer.statusCode, answer.headers['location']]).toEqual([method, url, 301, `${ORIGIN}${to}${kept}`]);
    expect([answer.headers['cache-control'], answer.headers['set-cookie'], answer.body]).toEqual(['public, max-age=0, must-revalidate', undefined, '']); // prettier-ignore
  }
  expect((await open(`${to}${kept}`)).statusCode).toBe(200);
}

describe('An old address', () => {
  it('leads to the piece in one step, as former slugs and the short address do, with its language and revision', async () => {
    const piece = await anArticle(world, { title: 'أول عنوان' });
    await claim(piece.id, 'https://old.example/2019/05/مقال-قديم/', '/?p=12', '/index.php?id=5&lang=ar', '/page.aspx?id=9', '/node/12');
    const renamed = await world.as(chief).patch(`${DESK}/articles/${piece.id}`, { version: piece.version, slug: 'اسم-جديد' });
    expect(renamed.status).toBe(200);
    await act(piece.id, 'publish', {});
    const to = pathOf({ id: piece.id, slug: 'اسم-جديد' });
    for (const url of [
      encodeURI('/2019/05/مقال-قديم'),
      encodeURI('/2019/05/مقال-قديم/').toLowerCase(),
      encodeURI('/2019/05/مقال-قديم'.normalize('NFD')),
      '/?p=12',
      '/?utm_source=x&p=12',
      '/index.php?id=5&lang=ar&fbclid=x',
      '/page.aspx?id=9',
      '/node/12/',
      `/${piece.id}`,
      pathOf(piece),
    ]) {
      const kept = url.includes('lang=ar') ? '?lang=ar' : '';
      await leads(url, to, kept);
      const joined = `${url}${url.includes('?') ? '&' : '?'}`;
      if (kept === '') await leads(`${joined}utm_medium=y&lang=en&r=3&fbclid=z`, to, '?lang=en&r=3');
    }
    // What it was asked with beside that is dropped, where the path alone is known.
    await leads(`${encodeURI('/2019/05/مقال-قديم')}?share=facebook&to=https://evil.example`, to);
    // Capitals tell addresses apart, and another number is another piece.
    for (const url of ['/NODE/12', '/?p=13', '/?P=12', '/node/12/x', '/page.aspx', '/index.php?id=5']) {
      const answer = await open(url);
      expect([url, answer.statusCode]).toEqual([url, url.startsWith('/?') ? 200 : 404]);
    }
    expect((await open('/node/12', 'POST')).statusCode).toBe(404);
  });

  it('is 410 for a withdrawn piece, 404 for one that is not public, and as ever for a retracted one', async () => {
    const draft = await aDraft(world);
    await claim(draft.id, '/state');
    const nothing = async (): Promise<void> => {
      const [hidden, unknown] = [await open('/state?lang=en'), await open('/nobody?lang=en')];
      expect([hidden.statusCode, hidden.body, hidden.headers['content-type']]).toEqual([404, unknown.body, 'text/html; charset=utf-8']);
      expect(hidden.body).toContain('<h1>Not found</h1>');
      expect(hidden.headers['cache-control']).toBe('private, no-store');
    };
    await nothing();
    for (const [name, body] of [['submit', {}], ['approve', {}], ['schedule', { at: '2999-01-01T00:00:00Z' }]] as const) await act(draft.id, name, body); // prettier-ignore
    await nothing();
    await act(draft.id, 'unschedule', {});
    await act(draft.id, 'publish', {});
    await leads('/state', pathOf(draft));
    await act(draft.id, 'retract', { reason: 'بيانات خاطئة.' });
    await leads('/state', pathOf(draft));
    await act(draft.id, 'withdraw', { reason: 'طلب قضائي' });
    const gone = await open('/state');
    expect([gone.statusCode, gone.headers['location'], gone.headers['cache-control']]).toEqual([410, undefined, 'private, no-store']);
    expect(gone.body).toContain('طلب قضائي');
  });

  it('never stands before a page of ours, and leads nowhere but to the piece', async () => {
    const piece = await anArticle(world);
    const claimed = await claim(
      piece.id,
      '/about',
      '/polls?lang=en',
      '/7',
      '//evil.example/a/b',
      'https://evil.example//c',
      '/\\evil.example',
      '/a/b',
    );
    expect(claimed.map(({ address, covered }) => [address, covered])).toEqual([
      ['/about', true],
      ['/polls?lang=en', true],
      ['/7', true],
      ['/a/b', false],
      ['/c', false],
      ['/\\evil.example', false],
    ]);
    expect((await open('/about')).statusCode).toBe(200);
    expect((await open('/polls?lang=en')).statusCode).toBe(200);
    for (const url of ['/a/b', '/c', '/%5Cevil.example', '/a/b?x=//evil.example', '/c#//evil.example']) await leads(url, pathOf(piece));
    for (const url of ['//evil.example/a/b', '/a%00', '/%zz']) expect([url, (await open(url)).statusCode]).toEqual([url, 400]);
  });

  it('is looked for by one probe, and not at all where it can be none', async () => {
    const probed = vi.spyOn(world.app.get(Reader), 'row');
    const probes = async (url: string): Promise<number> => {
      probed.mockClear();
      await open(url);
      return probed.mock.calls.filter(([{ text }]) => text.includes('old_addresses')).length;
    };
    try {
      expect(await probes('/x/y/z?a=b&lang=en')).toBe(1);
      for (const url of [
        '/',
        '/?utm_source=x',
        `/${'x'.repeat(2_000)}`,
        `/?p=${'1'.repeat(2_000)}`,
        '/about?p=1',
        '/api/v1/x',
        '/assets/x',
      ])
        expect([url, await probes(url)]).toEqual([url, 0]);
      expect((await open(`/${'x'.repeat(2_000)}`)).statusCode).toBe(404);
    } finally {
      probed.mockRestore();
    }
    const plan = await world.tx(async (tx) => {
      await tx.query('set local enable_seqscan = off');
      return tx.query<object[]>(`explain select article_id from pub.old_addresses where address = any (array['/a', '/b'])`);
    });
    expect(JSON.stringify(plan)).toContain('old_addresses_pkey');
  });

  it('leads to one piece: who claims it later is told whose it is; at once, one gets it', async () => {
    const [one, other] = [await anArticle(world), await anArticle(world)];
    expect(await claim(one.id, '/shared', '/shared/')).toEqual([{ address: '/shared', takenBy: null, covered: false }]);
    expect(await claim(one.id, 'https://old.example/shared')).toEqual([{ address: '/shared', takenBy: null, covered: false }]);
    expect(await claim(other.id, '/shared', '/other')).toEqual([
      { address: '/shared', takenBy: one.id, covered: false },
      { address: '/other', takenBy: null, covered: false },
    ]);
    await leads('/shared', pathOf(one));
    const both = await Promise.all([one, other].map(({ id }) => claim(id, '/race/b', '/race/a')));
    const holders = await world.dataSource.query<{ id: number }[]>(`select distinct article_id as id from old_addresses where address like '/race/%'`); // prettier-ignore
    expect([holders.length, both.flat().filter(({ takenBy }) => takenBy === null).length]).toEqual([1, 2]);
    expect(await claim(one.id, '/', 'https://old.example', '/%zz')).toEqual([]);
  });
});

describe('Importing a page', () => {
  const DRAFT: PageImportOptions = { section: null, apply: true, publish: false };

  const page = (mark: string, head: string, before = ''): string => `<!doctype html>${before}<html><head>${head}</head><body>
    <p>هالة الزهراني</p><p>هالة الزهراني</p><h1>صفحة قديمة ${mark}</h1><p>الثلاثاء 12/مارس/2024 - 09:30 ص</p>
    <p>يحفظ اسم الشارع ما نسيه ساكنوه من حكايته ${mark}. ويظل الاسم القديم على الألسنة بعد أن تتغير اللوحة بسنوات طويلة.</p></body></html>`;
  const importPage = (text: string, options: Partial<PageImportOptions> = {}): Promise<PageImport> =>
    world.app.get(PageImportService).import('page.html', Buffer.from(text), { ...DRAFT, ...options });
  const kept = async (): Promise<string[]> => (await world.dataSource.query<{ address: string }[]>('select address from old_addresses order by 1')).map(({ address }) => address); // prettier-ignore

  it('keeps the addresses that the page names, and those given; again it changes nothing', async () => {
    const text = page(
      'أولى',
      `<link rel="stylesheet canonical" href="https://old.example/%D8%A3%D9%88%D9%84%D9%89/?utm_source=x"><link rel="shortlink" href="https://old.example/?p=77">
       <meta property="og:url" content="https://old.example/first.html">`,
      '\n<!-- saved from url=(0031)https://old.example/index.php?id=77 -->\n',
    );
    const addresses = ['/given', '/أولى', '/first.html', '/?p=77', '/index.php?id=77'];
    const before = await kept();
    const rehearsed = await importPage(text, { apply: false, address: 'https://old.example/given' });
    expect(rehearsed.addresses).toEqual(addresses.map((address) => ({ address, takenBy: null, covered: false })));
    expect(await kept()).toEqual(before);
    const imported = await importPage(text, { publish: true, address: 'https://old.example/given' });
    expect([imported.outcome, imported.addresses]).toEqual(['created', rehearsed.addresses]);
    for (const address of addresses) await leads(encodeURI(address), pathOf(imported.article!));
    const after = await kept();
    expect((await importPage(text, { publish: true })).outcome).toBe('skipped');
    expect(await kept()).toEqual(after);
    // An address that turns up later is added.
    expect((await importPage(text, { address: '/later' })).outcome).toBe('skipped');
    await leads('/later', pathOf(imported.article!));
  });

  it('leaves an address to the piece that has it: the page comes all the same, but not under an address that was given', async () => {
    const canonical = '<link rel="canonical" href="/everywhere">';
    const first = await importPage(page('ثانية', canonical));
    const second = await importPage(page('ثالثة', canonical));
    expect(second.outcome).toBe('created');
    expect(second.addresses).toEqual([{ address: '/everywhere', takenBy: first.article!.id, covered: false }]);
    const third = importPage(page('رابعة', ''), { address: '/everywhere' });
    await expect(third).rejects.toMatchObject({ reason: 'address_taken', message: `/everywhere leads to article ${first.article!.id} already.` }); // prettier-ignore
    const [{ n }] = await world.dataSource.query<[{ n: number }]>(
      `select count(*)::int as n from revisions where title = 'صفحة قديمة رابعة'`,
    );
    expect(n).toBe(0);
  });

  it('says nothing of an address where the page has none, or only the front page', async () => {
    expect((await importPage(page('خامسة', '<link rel="canonical" href="https://old.example/">'))).addresses).toEqual([]);
  });
});

it('tells programs that list pages what to leave alone', async () => {
  const answer = await open('/robots.txt?utm_source=x');
  expect(answer.headers).toMatchObject({
    'content-type': 'text/plain; charset=utf-8',
    'cache-control': 'public, max-age=0, must-revalidate',
    etag: expect.stringMatching(/^"[\w-]{27}"$/),
  });
  const rules = answer.body.split('\n').filter((line) => line.startsWith('Disallow: ')).map((line) => line.slice('Disallow: '.length)); // prettier-ignore
  expect(answer.body).toBe(`User-agent: *\n${rules.map((rule) => `Disallow: ${rule}\n`).join('')}`);
  const refused = (path: string): boolean => rules.some((rule) => new RegExp(`^${rule.replaceAll('.', '[.]').replaceAll('*', '.*')}`).test(path)); // prettier-ignore
  for (const path of [
    '/go/7',
    '/previews/x',
    '/search?q=x',
    '/api/v1/articles',
    '/polls/confirm/x',
    '/shares/confirm/x',
    '/mail/opt-out/x',
    '/articles/7/x/send',
    '/polls/7/vote',
    '/dev/mail',
    '/desk/password',
  ])
    // prettier-ignore
    expect([path, refused(path)]).toEqual([path, true]);
  for (const path of [
    '/',
    '/about',
    '/privacy',
    '/articles/7/send',
    '/articles/7/x',
    '/polls',
    '/polls/7',
    '/sections/x',
    '/authors',
    '/tags/x',
    '/series/x',
    '/media/7/640.webp',
    '/assets/x',
    '/7',
  ])
    // prettier-ignore
    expect([path, refused(path)]).toEqual([path, false]);
  expect((await open('/robots.txt', 'HEAD')).headers['etag']).toBe(answer.headers['etag']);
});
