import type { LightMyRequestResponse } from 'fastify';
import { Busy, Turns } from '../src/database/turns.js';
import { SCRIPTS } from '../src/site/assets.js';
import { aDraft, aSection, anArticle, anAuthor, anEditor, type TestEditor } from './factories.js';
import { startTestApp, type TestApp } from './test-app.js';

/** Search as a page: a form, and what it found. */

const DESK = '/api/v1/desk/articles';

let world: TestApp;
let chief: TestEditor;

beforeAll(async () => {
  world = await startTestApp();
  await world.dataSource.query(`update center set name = '{"ar": "مركز مثال", "en": "Example Center"}'`);
  chief = await anEditor(world, 'chief');
});
afterAll(() => world.close());

const open = (url: string, headers: Record<string, string> = {}, method: 'GET' | 'HEAD' | 'POST' = 'GET'): Promise<LightMyRequestResponse> => world.app.inject({ method, url, headers }); // prettier-ignore
const search = (q: string, more = ''): Promise<LightMyRequestResponse> => open(`/search?q=${encodeURIComponent(q)}${more}`);
const titles = ({ body }: LightMyRequestResponse): string[] =>
  [...body.matchAll(/<article class="card">.*?<h2><a href="[^"]*">([^<]*)<\/a>/g)].map(([, title]) => title!);
/** What is said of the results. */
const said = ({ body }: LightMyRequestResponse): string[] =>
  [.../<div class="found" role="status">(.*?)<\/div>/.exec(body)![1]!.matchAll(/<p[^>]*>(.*?)<\/p>/g)].map(([, text]) => text!);
/** Links of the filters by what they say. */
const facets = ({ body }: LightMyRequestResponse): Record<string, string> =>
  Object.fromEntries(
    [...(/<aside class="facets".*?<\/aside>/s.exec(body)?.[0] ?? '').matchAll(/<a href="([^"]*)" rel="nofollow">(.*?)<\/a>/g)].map(
      ([, href, label]) => [label!.replaceAll(/<[^>]*>/g, ''), href!.replaceAll('&amp;', '&')],
    ),
  );

describe('The page of search', () => {
  it('is a form that any browser can send, and is listed nowhere', async () => {
    const top = await aSection(world, { name: { ar: 'المدن', en: 'Cities' } });
    await aSection(world, { name: { ar: 'النقل <العام>' }, parentId: top.id });
    const answer = await open('/search');
    expect(answer.statusCode).toBe(200);
    expect(answer.body).toContain('<form method="get" action="/search" class="fields search" role="search">');
    const names = [...answer.body.matchAll(/<(?:input|select)([^>]*)>/g)].map(([, attributes]) => / name="(\w+)"/.exec(attributes!)![1]!);
    expect(names).toEqual(['q', 'section', 'year', 'lang']);
    for (const name of names) expect(answer.body).toContain(`<label for="${name}">`);
    expect(answer.body).toContain(`<option value="${top.slug}" lang="ar" dir="rtl">المدن</option>`);
    expect(answer.body).toContain('dir="rtl">— النقل &lt;العام></option>');
    expect(answer.body).toContain('<meta name="robots" content="noindex"/>');
    expect(answer.body).not.toContain('class="found"');
    // Its own, and the one of the field for searches on every page: nothing inline.
    expect(answer.body.match(/<script[^>]*>/g)).toEqual(
      [SCRIPTS.search, SCRIPTS.suggest].map(({ path }) => `<script type="module" src="${path}">`),
    );
    const english = await open('/search?lang=en');
    expect(english.body).toContain('<html lang="en" dir="ltr">');
    expect(english.body).toContain('href="?lang=fr">');
    expect((await open('/search?q=x%20y&year=2024&section=')).body).toContain('href="?lang=fr&amp;q=x+y&amp;year=2024">');
    expect(english.body).toContain('<option value="en" lang="en" dir="ltr" selected>English</option>');
  });

  it('shows what was found, the place marked, with what was typed in the form', async () => {
    const { slug } = await anArticle(world, { title: 'قوارب الصيد', body: '<p>عاد الصيادون إلى مرفأ <b>المدينة</b> &lt;القديم&gt;.</p>' });
    const answer = await search(' للمرفأ ', '&section=&year=&lang=&utm_source=x');
    expect([answer.statusCode, titles(answer), said(answer)]).toEqual([200, ['قوارب الصيد'], ['النتائج: 1']]);
    expect(answer.body).toMatch(/<p class="summary">[^]*?<mark>مرفأ<\/mark> المدينة &lt;القديم&gt;\.<\/p>/);
    expect(answer.body).toContain(`/${encodeURIComponent(slug)}">قوارب الصيد</a>`);
    expect(answer.body).toContain('value=" للمرفأ "');
    expect(answer.headers['cache-control']).toBe('public, max-age=0, must-revalidate');
    expect(answer.headers['last-modified']).toBeUndefined();
    expect((await open('/search?q=' + encodeURIComponent(' للمرفأ '), { 'if-none-match': String((await search(' للمرفأ ')).headers['etag']) })).statusCode).toBe(304); // prettier-ignore
    const head = await open(`/search?q=${encodeURIComponent('للمرفأ')}`, {}, 'HEAD');
    expect([head.statusCode, head.body]).toEqual([200, '']);
    expect((await open('/search', {}, 'POST')).statusCode).toBe(404);
  });

  it('says in words why there is nothing, and what was probably meant', async () => {
    await anArticle(world, { title: 'زلزال الساحل', body: '<p>اهتزت البيوت القديمة.</p>' });
    for (const [q, reason, english] of [
      ['', 'اكتب ما تبحث عنه.', 'Type what to look for.'],
      ['؟!…', 'ليس فيما كتبته حروف ولا أرقام يُبحث عنها.', 'There are no letters or digits in what you typed.'],
      ['في من', 'كتبت كلمات ترد في كل نص. أضف كلمة تدل على ما تريده.', 'These words stand in every text. Add one that says what you want.'],
      ['-زلزال', 'قلت ما لا تريده. أضف كلمة تدل على ما تريده.', 'You said what you do not want. Add a word that says what you do.'],
      ['ظصضثقغ', 'لا توجد مادة فيها ما كتبته. جرّب كلمات أقل أو غيرها.', 'No piece holds what you typed. Try fewer words, or others.'],
    ] as const) {
      expect([q, said(await search(q))]).toEqual([q, [reason]]);
      expect([q, said(await search(q, '&lang=en'))]).toEqual([q, [english]]);
    }
    const corrected = await search('زلوال الساحل', '&year=&utm_source=x');
    expect(titles(corrected)).toEqual(['زلزال الساحل']);
    expect(said(corrected)[1]).toBe('لا توجد مادة فيها ما كتبته بحروفه؛ هذه نتائج ما يشبهه.');
    expect(said(corrected)[2]).toBe(
      `أتقصد: <a href="/search?${new URLSearchParams({ q: 'زلزال الساحل' }).toString()}"><bdi>زلزال الساحل</bdi></a>`,
    );
  });

  it('narrows by links and widens again, page by page', async () => {
    const section = await aSection(world, { name: { ar: 'بحار' } });
    const other = await aSection(world, { name: { ar: 'جبال' } });
    const author = await anAuthor(world, { name: { ar: 'نورة' } });
    for (let n = 1; n <= 22; n += 1)
      await anArticle(world, { title: `منارة ${n}`, sectionId: n <= 21 ? section.id : other.id, ...(n === 1 && { byline: [{ authorId: author.id }] }), publishedAt: `${n <= 2 ? 2023 : 2024}-01-02T10:00:00Z` }); // prettier-ignore
    const first = await search('منارة');
    expect([titles(first).length, said(first)]).toEqual([20, ['النتائج: 22']]);
    const next = /<a rel="next" href="([^"]*)">النتائج التالية<\/a>/.exec(first.body)![1]!.replaceAll('&amp;', '&');
    const second = await open(next);
    expect(new Set([...titles(first), ...titles(second)]).size).toBe(22);
    expect(second.body).toContain(`<a href="/search?${new URLSearchParams({ q: 'منارة' }).toString()}">أول النتائج</a>`);

    const links = facets(first);
    expect(Object.keys(links)).toEqual(expect.arrayContaining(['بحار', 'جبال', 'نورة', '2023', '2024']));
    const inSection = await open(links['جبال']!);
    expect([titles(inSection), facets(inSection)]).toEqual([['منارة 22'], { 'أزل القيد: القسم جبال': `/search?${new URLSearchParams({ q: 'منارة' }).toString()}` }]); // prettier-ignore
    expect(inSection.body).toContain(`<option value="${other.slug}" lang="ar" dir="rtl" selected>جبال</option>`);
    const byAuthor = await open(links['نورة']!);
    expect([titles(byAuthor), Object.keys(facets(byAuthor))[0]]).toEqual([['منارة 1'], 'أزل القيد: الكاتب نورة']);
    expect(byAuthor.body).toContain(`<input type="hidden" name="author" value="${author.slug}"/>`);
    expect(titles(await open(links['2023']!)).toSorted()).toEqual(['منارة 1', 'منارة 2']);
    expect(titles(await search('منارة', `&section=${section.id}&year=2023`)).toSorted()).toEqual(['منارة 1', 'منارة 2']);
    expect(titles(await search('منارة', '&lang=en'))).toEqual([]);
  });

  it('takes what is no filter for none, and refuses a cursor that is none and what nobody types', async () => {
    const plain = await search('منارة');
    for (const more of [
      '&year=20x6',
      '&year=02024',
      '&section=a%20b',
      '&author=<b>',
      '&lang=xx',
      '&section=a&section=b',
      '&limit=1',
      '&constructor=1',
    ]) {
      const answer = await search('منارة', more);
      expect([more, answer.statusCode, answer.body === plain.body]).toEqual([more, 200, true]);
    }
    for (const more of ['&cursor=x', '&cursor=', '&cursor=MQoxCjEyMzQ1Njc4']) {
      const answer = await search('منارة', more);
      expect([more, answer.statusCode, answer.headers['content-type']]).toEqual([more, 400, 'text/html; charset=utf-8']);
    }
    expect((await open(`/search?q=${'a'.repeat(2_001)}`)).statusCode).toBe(400);
    expect((await open(`/search?q=${'a'.repeat(2_000)}`)).statusCode).toBe(200);
    expect((await open('/search?q=a&q=b')).body).not.toContain('class="found"');
    for (const q of ['<script>alert(1)</script>', '"><img src=x onerror=alert(1)>', "' onfocus='x"]) {
      const answer = await search(q, `&author=x`);
      expect([q, answer.statusCode, /<script>|<img src=x|' onfocus='x'/.test(answer.body)]).toEqual([q, 200, false]);
    }
  });

  it('asks to come again when too many search at once', async () => {
    const turns = vi.spyOn(Turns.prototype, 'during').mockRejectedValueOnce(new Busy());
    const answer = await search('منارة');
    turns.mockRestore();
    expect([answer.statusCode, answer.headers['retry-after'], answer.headers['content-type']]).toEqual([
      503,
      '2',
      'text/html; charset=utf-8',
    ]);
    expect(answer.body).toContain('يبحث كثيرون في هذه اللحظة. حاول بعد ثوانٍ.');
    expect(answer.headers['cache-control']).toBe('private, no-store');
  });

  it('finds of a piece what readers may know, in every state', async () => {
    const act = async (id: number, name: string, body: object): Promise<void> => {
      const { version } = (await world.as(chief).get(`${DESK}/${id}`)).body as { version: number };
      expect([name, (await world.as(chief).post(`${DESK}/${id}/${name}`, { version, ...body })).status]).toEqual([name, 200]);
    };
    const piece = await aDraft(world, { title: 'يمامة بيضاء' });
    const found = async (): Promise<string[]> => titles(await search('يمامة'));
    expect(await found()).toEqual([]);
    for (const [name, body] of [
      ['submit', {}],
      ['approve', {}],
      ['schedule', { at: '2999-01-01T00:00:00Z' }],
    ] as const) {
      await act(piece.id, name, body);
      expect([name, await found()]).toEqual([name, []]);
    }
    await act(piece.id, 'unschedule', {});
    await act(piece.id, 'publish', {});
    expect(await found()).toEqual(['يمامة بيضاء']);
    await act(piece.id, 'correct', { note: 'صُحّح رقم.' });
    expect((await search('يمامة')).body).toContain('<span class="status" lang="ar" dir="rtl">صُحّحت</span>');
    await act(piece.id, 'retract', { reason: 'بيانات خاطئة.' });
    expect(await found()).toEqual(['مسحوبة: يمامة بيضاء']);
    await act(piece.id, 'withdraw', { reason: 'طلب قضائي' });
    expect(await found()).toEqual([]);
  });
});
