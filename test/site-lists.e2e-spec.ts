import type { LightMyRequestResponse } from 'fastify';
import { MastheadService } from '../src/masthead/masthead.service.js';
import { aDraft, aPicture, aSection, aSeries, aTag, anArticle, anAuthor, anEditor, type TestEditor } from './factories.js';
import { startTestApp, type TestApp } from './test-app.js';

/** The front page, and the pages that list pieces: of sections, authors, series and tags; and who the center is. */

const ORIGIN = 'https://center.example';
const DESK = '/api/v1/desk';
const HOSTILE = '<script>alert(1)</script>" onload="x';

let world: TestApp;
let chief: TestEditor;

beforeAll(async () => {
  world = await startTestApp();
  await world.dataSource.query(`update center set name = '{"ar": "مركز مثال", "en": "Example Center"}'`);
  chief = await anEditor(world, 'chief');
});
afterAll(() => world.close());

const open = (url: string, headers: Record<string, string> = {}, method: 'GET' | 'HEAD' | 'POST' | 'DELETE' = 'GET'): Promise<LightMyRequestResponse> => world.app.inject({ method, url, headers }); // prettier-ignore
const at = (...parts: readonly (string | number)[]): string => `/${parts.map(encodeURIComponent).join('/')}`;
const heading = ({ body }: LightMyRequestResponse): string => /<h1[^>]*>([^<]*)<\/h1>/.exec(body)![1]!;
/** Titles of the cards, in their order. */
const titles = ({ body }: Pick<LightMyRequestResponse, 'body'>): string[] =>
  [...body.matchAll(/<article class="card">.*?<h[23]><a href="[^"]*">([^<]*)<\/a>/g)].map(([, title]) => title!);
const linkTo = ({ body }: LightMyRequestResponse, label: string): string | undefined =>
  new RegExp(`href="([^"]*)">${label}</a>`).exec(body)?.[1]?.replaceAll('&amp;', '&');

describe('The page of a list', () => {
  it('of a section: its name, where it stands, what stands in it, and its pieces with those of its subsections', async () => {
    const top = await aSection(world, { name: { ar: 'المدن', en: 'Cities' }, description: { ar: 'العمران والنقل.' } });
    const middle = await aSection(world, { name: { ar: 'النقل', en: 'Transport' }, parentId: top.id });
    const low = await aSection(world, { name: { ar: 'الحافلات' }, parentId: middle.id });
    const writer = await anAuthor(world, { name: { ar: 'ليلى عبد الله', en: 'Layla Abdallah' } });
    const piece = await anArticle(world, {
      sectionId: low.id,
      title: 'حافلة <آخر> الليل',
      kicker: 'نقل',
      summary: 'خلاصة & قصيرة.',
      byline: [{ authorId: writer.id, role: 'تصوير' }],
      publishedAt: '2023-09-18T16:42:00Z',
    });
    const foreign = await anArticle(world, { sectionId: middle.id, lang: 'en', title: 'Buses at night' });

    const answer = await open(at('sections', middle.slug));
    expect([answer.statusCode, heading(answer), titles(answer)]).toEqual([200, 'النقل', ['Buses at night', 'حافلة &lt;آخر> الليل']]);
    expect(answer.body).toContain('<html lang="ar" dir="rtl">');
    expect(answer.body).toContain('<title>النقل · مركز مثال</title>');
    expect(answer.body).toContain(`<link rel="canonical" href="${ORIGIN}${at('sections', middle.slug)}"/>`);
    expect(answer.body).toContain(
      `<nav class="path" aria-label="مكان القسم"><ol><li><a href="${at('sections', top.slug)}"><bdi lang="ar" dir="rtl">المدن</bdi></a></li></ol></nav>`,
    );
    expect(answer.body).toContain(
      `<nav class="below" aria-label="الأقسام الفرعية"><ul><li><a href="${at('sections', low.slug)}"><bdi lang="ar" dir="rtl">الحافلات</bdi></a></li></ul></nav>`,
    );
    expect(answer.body).toContain(
      `<article class="card"><div lang="ar" dir="rtl"><p class="kicker">نقل</p><h2><a href="${at('articles', piece.id, piece.slug)}">حافلة &lt;آخر> الليل</a></h2>` +
        `<p class="byline"><a href="${at('authors', writer.slug)}"><bdi>ليلى عبد الله</bdi></a> (<bdi>تصوير</bdi>)</p><p class="summary">خلاصة &amp; قصيرة.</p>` +
        `<p class="quiet"><a href="${at('sections', low.slug)}"><bdi>الحافلات</bdi></a> · <time datetime="2023-09-18T16:42:00Z">الإثنين 18/سبتمبر/2023 - 07:42 م</time></p></div></article>`,
    );
    expect(answer.body).toContain('<div lang="en" dir="ltr"><h2>');
    expect(answer.body).toContain(at('articles', foreign.id, foreign.slug));

    const english = await open(`${at('sections', top.slug)}?lang=en&utm_source=x`);
    expect([heading(english), titles(english)]).toEqual(['Cities', titles(answer)]);
    expect(english.body).toContain('<p class="summary" lang="ar" dir="rtl">العمران والنقل.</p>');
    expect(english.body).toContain(`<a href="${at('authors', writer.slug)}?lang=en"><bdi>Layla Abdallah</bdi></a>`);
    expect(english.body).toContain(`<link rel="canonical" href="${ORIGIN}${at('sections', top.slug)}"/>`);

    const empty = await open(at('sections', (await aSection(world, { name: { ar: 'خالٍ' } })).slug));
    expect([empty.statusCode, titles(empty)]).toEqual([200, []]);
    expect(empty.body).toContain('لم يُنشر شيء هنا بعد.');
  });

  it('of an author: portrait, who it is, links and ORCID, and the pieces', async () => {
    const portrait = await aPicture(world, { alt: { ar: 'وجه الكاتبة' } });
    const writer = await anAuthor(world, {
      name: { ar: 'هدى سالم' },
      affiliation: { en: 'Urban Unit' },
      bio: { ar: 'فقرة أولى.\n\nفقرة <ثانية>.' },
      orcid: '0000-0002-1825-0097',
      links: [{ label: 'صفحتها', url: 'https://example.org/huda?a=1&b=2' }],
      portraitId: portrait.id,
    });
    expect((await open(at('authors', writer.slug))).statusCode).toBe(404);
    await anArticle(world, { title: 'ما كتبت هدى', byline: [{ authorId: writer.id }] });
    const answer = await open(at('authors', writer.slug));
    expect([answer.statusCode, heading(answer), titles(answer)]).toEqual([200, 'هدى سالم', ['ما كتبت هدى']]);
    expect(answer.body).toMatch(/<img src="\/media\/\d+\/320\.webp" alt="وجه الكاتبة" width="320"/);
    expect(answer.body).toContain('<p class="quiet" lang="en" dir="ltr">Urban Unit</p>');
    expect(answer.body).toContain('<div class="bio" lang="ar" dir="rtl"><p>فقرة أولى.</p><p>فقرة &lt;ثانية>.</p></div>');
    expect(answer.body).toContain('<a href="https://orcid.org/0000-0002-1825-0097">ORCID <bdi dir="ltr">0000-0002-1825-0097</bdi></a>');
    expect(answer.body).toContain('<a href="https://example.org/huda?a=1&amp;b=2"><bdi>صفحتها</bdi></a>');

    const list = await open('/authors');
    expect([list.statusCode, heading(list)]).toEqual([200, 'الكتّاب']);
    expect(list.body).toContain(`<a href="${at('authors', writer.slug)}"><bdi lang="ar" dir="rtl">هدى سالم</bdi></a>`);
    expect(list.body).toContain('<bdi lang="en" dir="ltr">Urban Unit</bdi>');
  });

  it('of a series and of a tag, once something public stands in them', async () => {
    const series = await aSeries(world, 'مدن المستقبل');
    const tag = await aTag(world, 'حافلات');
    await aDraft(world, { series: { id: series.id, position: 1 }, tagIds: [tag.id] });
    for (const path of [at('series', series.slug), at('tags', tag.slug)]) expect((await open(path)).statusCode).toBe(404);
    await anArticle(world, { title: 'أولى الملف', series: { id: series.id, position: 2 }, tagIds: [tag.id] });
    for (const [path, name, kind] of [
      [at('series', series.slug), 'مدن المستقبل', 'ملف'],
      [at('tags', tag.slug), 'حافلات', 'وسم'],
    ] as const) {
      const answer = await open(path);
      expect([answer.statusCode, heading(answer), titles(answer)]).toEqual([200, name, ['أولى الملف']]);
      expect(answer.body).toContain(`<p class="kicker">${kind}</p>`);
      expect(answer.body).toContain(`<link rel="canonical" href="${ORIGIN}${path}"/>`);
    }
  });

  it('goes on to older pieces by its own link, to the end, whatever is published meanwhile', async () => {
    const { id: sectionId, slug } = await aSection(world, { name: { ar: 'طويل' } });
    const { id: authorId } = await anAuthor(world);
    for (let day = 1; day <= 25; day += 1)
      await anArticle(world, { sectionId, byline: [{ authorId }], title: `مادة ${day}`, publishedAt: `2024-01-${String(day).padStart(2, '0')}T10:00:00Z` }); // prettier-ignore
    const first = await open(`${at('sections', slug)}?lang=ar`);
    const older = linkTo(first, 'أقدم')!;
    expect(older).toMatch(new RegExp(`^${at('sections', slug)}\\?lang=ar&cursor=[\\w-]+$`));
    expect(first.body).not.toContain('>الأحدث<');
    await anArticle(world, { sectionId, byline: [{ authorId }], title: 'جديدة' });
    const second = await open(older);
    expect([...titles(first), ...titles(second)]).toEqual(Array.from({ length: 25 }, (_, n) => `مادة ${25 - n}`));
    expect([linkTo(second, 'أقدم'), linkTo(second, 'الأحدث')]).toEqual([undefined, `${at('sections', slug)}?lang=ar`]);
    expect(second.body).toContain('<title>طويل (مواد أقدم) · مركز مثال</title>');
    // The language changes, the page stays.
    const cursor = older.split('cursor=')[1]!;
    expect(second.body).toContain(`href="?lang=en&amp;cursor=${cursor}"`);
    expect(second.body).toContain(`<link rel="canonical" href="${ORIGIN}${at('sections', slug)}?cursor=${cursor}"/>`);

    for (const bad of ['x', '', `${cursor}x`, `${cursor}&cursor=${cursor}`, 'A'.repeat(2_000)]) {
      for (const path of [at('sections', slug), '/authors']) {
        const answer = await open(`${path}?cursor=${bad}`);
        expect([bad, answer.statusCode, answer.headers['content-type']]).toEqual([bad, 400, 'text/html; charset=utf-8']);
      }
    }
    // Another list's.
    expect((await open(`/authors?cursor=${cursor}`)).statusCode).toBe(400);
  });

  it('has one address: ids, other spellings and records that were merged lead there in one hop', async () => {
    const section = await aSection(world, { name: { ar: 'مكتبة' }, slug: 'مكتبة-المدينة' });
    const series = await aSeries(world, 'حكاية المدينة');
    const tag = await aTag(world, 'مكتبات');
    const writer = await anAuthor(world, { name: { ar: 'سارة' }, slug: 'سارة-أمين' });
    const other = await anAuthor(world, { name: { ar: 'ساره' }, slug: 'ساره-القديمة' });
    const common = { sectionId: section.id, series: { id: series.id, position: 1 }, tagIds: [tag.id] };
    await anArticle(world, { ...common, byline: [{ authorId: writer.id }] });
    await anArticle(world, { ...common, byline: [{ authorId: other.id }], title: 'بتوقيع آخر' });
    expect((await world.as(chief).post(`${DESK}/authors/${other.id}/merge`, { into: writer.id, version: 1 })).status).toBe(200);
    for (const [asked, into] of [
      [at('sections', section.id), at('sections', section.slug)],
      [at('sections', 'مكتبه-المدينه'), at('sections', section.slug)],
      [at('sections', section.slug.normalize('NFD')), at('sections', section.slug)],
      [at('series', series.id), at('series', series.slug)],
      [at('tags', tag.id), at('tags', tag.slug)],
      [at('authors', writer.id), at('authors', writer.slug)],
      [at('authors', other.id), at('authors', writer.slug)],
      [at('authors', other.slug), at('authors', writer.slug)],
    ]) {
      if (asked === into) continue;
      for (const [query, kept] of [
        ['', ''],
        ['?lang=en&utm_source=x&r=3', '?lang=en'],
      ]) {
        const answer = await open(`${asked}${query}`);
        expect([asked, answer.statusCode, answer.headers['location']]).toEqual([asked, 301, `${ORIGIN}${into}${kept}`]);
      }
      expect((await open(into!)).statusCode).toBe(200);
    }
    expect(titles(await open(at('authors', writer.slug)))).toContain('بتوقيع آخر');
  });

  it('is not there for what nobody has', async () => {
    for (const list of ['sections', 'authors', 'series', 'tags'])
      for (const name of [
        'لا-أحد',
        '999999999',
        '0',
        '007',
        '1e3',
        '99999999999',
        "'--",
        '<b>',
        '__proto__',
        'constructor',
        'x'.repeat(290),
      ]) {
        const answer = await open(at(list, name));
        expect([list, name, answer.statusCode, heading(answer)]).toEqual([list, name, 404, 'غير موجود']);
        expect(answer.headers['cache-control']).toBe('private, no-store');
      }
  });
});

describe('The front page', () => {
  it('is sensible while nobody has arranged it, and in a center that is empty', async () => {
    const own = await startTestApp();
    try {
      const get = (url: string): Promise<LightMyRequestResponse> => own.app.inject({ method: 'GET', url });
      const empty = await get('/');
      expect([empty.statusCode, titles(empty)]).toEqual([200, []]);
      expect(empty.body).toContain('لم يُنشر شيء هنا بعد.');
      const one = await aSection(own, { name: { ar: 'أول', en: 'First' }, position: 1 });
      const two = await aSection(own, { name: { ar: 'ثانٍ' }, position: 2 });
      const inside = await aSection(own, { name: { ar: 'داخل' }, parentId: two.id });
      for (let n = 1; n <= 12; n += 1)
        await anArticle(own, { sectionId: n <= 6 ? inside.id : one.id, title: `مادة ${n}`, publishedAt: `2024-02-${String(n).padStart(2, '0')}T10:00:00Z` }); // prettier-ignore
      const answer = await get('/?utm_source=x&page=9&cursor=x');
      const shown = [12, 11, 10, 9, 8, 7, 6].map((n) => `مادة ${n}`);
      // All of the first section stand above already.
      expect(titles(answer)).toEqual([...shown, 'مادة 12', 'مادة 11', 'مادة 10', 'مادة 9', 'مادة 5', 'مادة 4', 'مادة 3', 'مادة 2']);
      expect(/<div class="lead"><article class="card">.*?<h2>/.test(answer.body)).toBe(true);
      expect([...answer.body.matchAll(/<section class="block"><h2>(?:<a href="([^"]*)">)?/g)].map(([, href]) => href)).toEqual([
        undefined,
        at('sections', one.slug),
        at('sections', two.slug),
      ]);
      expect(answer.body).toContain(`<link rel="canonical" href="${ORIGIN}/"/>`);
      const english = await get('/?lang=en');
      expect(english.body).toContain('<html lang="en" dir="ltr">');
      expect(english.body).toContain(`<a href="${at('sections', one.slug)}?lang=en"><bdi lang="en" dir="ltr">First</bdi></a>`);
      expect(english.body).toContain('<bdi lang="ar" dir="rtl">ثانٍ</bdi>');
    } finally {
      await own.close();
    }
  });
});

it('says who the center is, who is in office today, and how to reach it', async () => {
  await world.tx((tx) =>
    world.app.get(MastheadService).introduce(tx, {
      name: { ar: 'مركز مثال', en: 'Example Center' },
      tagline: { ar: 'قراءات <هادئة>' },
      publisher: {},
      contact: { email: 'info@center.example', phone: '+20 2 0000', address: { ar: 'القاهرة' } },
      masthead: [
        { role: { ar: 'رئيسة التحرير', en: 'Editor in chief' }, person: { ar: 'منى' }, since: '2024-01-01' },
        { role: { ar: 'المدير' }, person: { ar: 'من مضى' }, since: '2020-01-01', until: '2021-01-01' },
      ],
    }),
  );
  const answer = await open('/about');
  expect([answer.statusCode, heading(answer)]).toEqual([200, 'مركز مثال']);
  expect(answer.body).toContain('<p class="summary" lang="ar" dir="rtl">قراءات &lt;هادئة></p>');
  expect(answer.body).toContain('<dt><bdi lang="ar" dir="rtl">رئيسة التحرير</bdi></dt><dd><bdi lang="ar" dir="rtl">منى</bdi>');
  expect(answer.body).not.toContain('من مضى');
  expect(answer.body).toContain('<a href="mailto:info@center.example"><bdi dir="ltr">info@center.example</bdi></a>');
  expect(answer.body).toContain('<bdi dir="ltr">+20 2 0000</bdi>');
  expect(answer.body).toContain('<bdi lang="ar" dir="rtl">القاهرة</bdi>');
  const english = await open('/about?lang=en');
  expect(english.body).toContain('<bdi lang="en" dir="ltr">Editor in chief</bdi>');
  expect(english.body).toContain('since <time datetime="2024-01-01">2024</time>');
});

describe('Every such page', () => {
  it('escapes whatever was written into it', async () => {
    const section = await aSection(world, { name: { ar: HOSTILE }, description: { ar: HOSTILE } });
    const author = await anAuthor(world, { name: { ar: HOSTILE }, affiliation: { ar: HOSTILE }, bio: { ar: HOSTILE }, links: [{ label: HOSTILE, url: 'https://x.example/' }] }); // prettier-ignore
    const series = await aSeries(world, HOSTILE);
    const tag = await aTag(world, HOSTILE);
    await anArticle(world, { sectionId: section.id, byline: [{ authorId: author.id, role: HOSTILE }], series: { id: series.id, position: 1 }, tagIds: [tag.id], title: HOSTILE, kicker: HOSTILE, summary: HOSTILE }); // prettier-ignore
    for (const page of [
      '/',
      at('sections', section.slug),
      at('authors', author.slug),
      '/authors',
      at('series', series.slug),
      at('tags', tag.slug),
    ]) {
      const { statusCode, body } = await open(page);
      expect([page, statusCode, /<script>|" onload="/.test(body), body.includes('&lt;script>')]).toEqual([page, 200, false, true]);
    }
  });

  it('is published content: the same whoever asks, kept by caches, 304 to who holds it, and takes no act', async () => {
    const section = await aSection(world, { name: { ar: 'قسم محفوظ' } });
    const author = await anAuthor(world, { name: { ar: 'كاتب محفوظ' } });
    const series = await aSeries(world, 'ملف محفوظ');
    const tag = await aTag(world, 'وسم محفوظ');
    await anArticle(world, { sectionId: section.id, byline: [{ authorId: author.id }], series: { id: series.id }, tagIds: [tag.id] });
    const pages = ['/', at('sections', section.slug), at('authors', author.slug), at('series', series.slug), at('tags', tag.slug)];
    for (const page of [...pages, '/authors', '/about']) {
      const plain = await open(page);
      expect(plain.headers).toMatchObject({
        'content-type': 'text/html; charset=utf-8',
        'cache-control': 'public, max-age=0, must-revalidate',
        etag: expect.stringMatching(/^"[\w-]{27}"$/),
        'last-modified': expect.stringMatching(/ GMT$/),
        'content-security-policy': expect.stringContaining("default-src 'none'"),
      });
      expect(plain.headers['set-cookie']).toBeUndefined();
      expect(plain.body).not.toContain('noindex');
      // What suggests in the field for searches.
      expect(plain.body.match(/<script/g)).toHaveLength(1);
      const headers = {
        cookie: 'sv=x; rv=y; markaz=z',
        'accept-language': 'en',
        host: 'evil.example',
        authorization: `Bearer ${chief.token}`,
      };
      for (const query of ['?utm_source=x&fbclid=y', '?lang=xx', '?lang=en&lang=fr', '?constructor=1', '?limit=1&q=x&section=y'])
        expect([page, query, (await open(`${page}${query}`, headers)).body === plain.body]).toEqual([page, query, true]);
      const { etag } = plain.headers;
      const kept = await open(page, { 'if-none-match': String(etag) });
      expect([page, kept.statusCode, kept.body]).toEqual([page, 304, '']);
      const head = await open(page, {}, 'HEAD');
      expect([page, head.statusCode, head.body, head.headers['etag']]).toEqual([page, 200, '', etag]);
      for (const method of ['POST', 'DELETE'] as const)
        expect([page, method, (await open(page, {}, method)).statusCode]).toEqual([page, method, 404]);
    }
  });
});
