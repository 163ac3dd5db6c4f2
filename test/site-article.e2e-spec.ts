import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import type { LightMyRequestResponse } from 'fastify';
import { aDraft, anArticle, anAuthor, anEditor, aPicture, aPoll, aSection, aSeries, aTag, type TestEditor } from './factories.js';
import { startTestApp, type TestApp } from './test-app.js';

/** What stands around a piece on its page, in the head and in the frame, in every state it can be in. */

const ORIGIN = 'https://center.example';
const DESK = '/api/v1/desk/articles';

interface Piece {
  readonly id: number;
  readonly slug: string;
}

let world: TestApp;
let chief: TestEditor;

beforeAll(async () => {
  world = await startTestApp();
  await world.dataSource.query(
    `update center set name = '{"ar": "مركز مثال", "en": "Example Center"}', tagline = '{"ar": "قراءات هادئة"}', zone = 'Africa/Cairo',
       contact = '{"email": "info@center.example", "phone": "+20 2 0000", "address": {"ar": "القاهرة"}}'`,
  );
  await world.dataSource.query(
    `insert into masthead_terms (position, role, person, since, until) values
       (0, '{"ar": "رئيسة التحرير", "en": "Editor-in-chief"}', '{"ar": "ليلى", "en": "Layla"}', '2020-01-01', null),
       (1, '{"ar": "مدير سابق"}', '{"ar": "سابق"}', '2010-01-01', '2019-12-31'),
       (2, '{"ar": "مديرة قادمة"}', '{"ar": "قادمة"}', '2999-01-01', null)`,
  );
  chief = await anEditor(world, 'chief');
});
afterAll(() => world.close());

const open = (url: string, headers: Record<string, string> = {}, method: 'GET' | 'HEAD' = 'GET'): Promise<LightMyRequestResponse> =>
  world.app.inject({ method, url, headers });
const pathOf = ({ id, slug }: Piece): string => `/articles/${id}/${encodeURIComponent(slug)}`;

async function act(id: number, name: string, body: object): Promise<void> {
  const { version } = (await world.as(chief).get(`${DESK}/${id}`)).body as { version: number };
  const { status } = await world.as(chief).post(`${DESK}/${id}/${name}`, { version, ...body });
  expect([name, status]).toEqual([name, 200]);
}

const unescaped = (text: string): string =>
  text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&quot;', '"').replaceAll('&#39;', "'").replaceAll('&amp;', '&');
/** What `<meta>` tells, in order. */
const metas = ({ body }: LightMyRequestResponse): [string, string][] =>
  [...body.matchAll(/<meta (?:name|property)="([^"]+)" content="([^"]*)"/g)].map(([, name, content]) => [name!, unescaped(content!)]);
const meta = (page: LightMyRequestResponse, wanted: string): string[] =>
  metas(page).flatMap(([name, content]) => (name === wanted ? [content] : []));
const links = ({ body }: LightMyRequestResponse, rel: string): string[] =>
  [...body.matchAll(/<link ([^>]*)>/g)].flatMap(([, attributes]) => (attributes!.includes(`rel="${rel}"`) ? [attributes!] : []));
const data = ({ body }: LightMyRequestResponse): Record<string, unknown> =>
  JSON.parse(/<script type="application\/ld\+json">([^<]*)<\/script>/.exec(body)![1]!) as Record<string, unknown>;

describe('The head of a piece', () => {
  it('tells those who link, search and cite what the page says', async () => {
    const writer = await anAuthor(world, { name: { ar: 'كاتبة النص' } });
    const reviewer = await anAuthor(world, { name: { ar: 'مراجع النص' } });
    const section = await aSection(world, { name: { ar: 'مدن ونقل' } });
    const cover = await aPicture(world, { alt: { ar: 'جسر' } });
    const tag = await aTag(world, 'حافلات');
    const series = await aSeries(world, 'ملف المدن');
    const piece = await anArticle(world, {
      type: 'study',
      title: 'النقل العام',
      summary: 'لماذا تُخطط الحافلات.',
      sectionId: section.id,
      byline: [{ authorId: writer.id }, { authorId: reviewer.id, role: 'مراجعة' }],
      tagIds: [tag.id],
      series: { id: series.id },
      coverId: cover.id,
      references: [{ title: 'دليل', url: 'https://other.example/guide', accessed: '2026-01-15' }],
      // The next day in the center's zone.
      publishedAt: '2023-09-18T22:30:00Z',
    });
    const url = `${ORIGIN}${pathOf(piece)}`;
    const page = await open(pathOf(piece));
    const { updatedAt } = (await world.get(`/api/v1/articles/${piece.id}`)).body as { updatedAt: string };
    const at = (path: string, { slug }: { slug: string }): string => `${ORIGIN}/${path}/${encodeURIComponent(slug)}`;
    expect(metas(page)).toEqual([
      ['viewport', 'width=device-width, initial-scale=1'],
      ['og:image', `${ORIGIN}/media/${cover.id}/960.webp`],
      ['og:image:alt', 'جسر'],
      ['description', 'لماذا تُخطط الحافلات.'],
      ['author', 'كاتبة النص'],
      ['og:type', 'article'],
      ['og:url', url],
      ['og:title', 'النقل العام'],
      ['og:description', 'لماذا تُخطط الحافلات.'],
      ['og:site_name', 'مركز مثال'],
      ['og:locale', 'ar_AR'],
      ['og:image:width', '960'],
      ['og:image:height', '480'],
      ['article:published_time', '2023-09-18T22:30:00Z'],
      ['article:modified_time', updatedAt],
      ['article:author', at('authors', writer)],
      ['article:section', 'مدن ونقل'],
      ['article:tag', 'حافلات'],
      ['twitter:card', 'summary_large_image'],
      ['citation_title', 'النقل العام'],
      ['citation_author', 'كاتبة النص'],
      ['citation_publication_date', '2023/09/19'],
      ['citation_journal_title', 'مركز مثال'],
      ['citation_publisher', 'مركز مثال'],
      ['citation_language', 'ar'],
      ['citation_keywords', 'حافلات'],
      ['citation_abstract_html_url', url],
      ['citation_fulltext_html_url', url],
    ]);
    expect(data(page)).toEqual({
      '@context': 'https://schema.org',
      '@type': 'ScholarlyArticle',
      '@id': url,
      url,
      mainEntityOfPage: url,
      headline: 'النقل العام',
      abstract: 'لماذا تُخطط الحافلات.',
      inLanguage: 'ar',
      datePublished: '2023-09-18T22:30:00Z',
      dateModified: updatedAt,
      author: [{ '@type': 'Person', name: 'كاتبة النص', url: at('authors', writer) }],
      contributor: [{ '@type': 'Person', name: 'مراجع النص', url: at('authors', reviewer) }],
      publisher: { '@type': 'Organization', name: 'مركز مثال', url: ORIGIN },
      articleSection: 'مدن ونقل',
      keywords: ['حافلات'],
      image: `${ORIGIN}/media/${cover.id}/960.webp`,
      isPartOf: { '@type': 'CreativeWorkSeries', name: 'ملف المدن', url: at('series', series) },
      position: 1,
      citation: [{ '@type': 'CreativeWork', name: 'دليل', url: 'https://other.example/guide' }],
      isAccessibleForFree: true,
    });
    expect(links(page, 'canonical')).toEqual([`rel="canonical" href="${url}"/`]);
    expect(links(page, 'alternate')).toEqual([`rel="alternate" type="application/json" href="${ORIGIN}/api/v1/articles/${piece.id}"/`]);
    // By what the charset is known has to stand early.
    expect(page.body.indexOf('<meta charset="utf-8"/>')).toBeLessThan(200);
  });

  it('names as many kinds of work as there are, and gives news and opinion no tags of scholars', async () => {
    const told = async (
      type: 'policy_paper' | 'report' | 'analysis' | 'opinion' | 'news' | 'review' | 'translation',
    ): Promise<unknown[]> => {
      const page = await open(pathOf(await anArticle(world, { type })));
      const container = metas(page).find(([name]) => /^citation_(journal|technical)/.test(name))?.[0];
      return [data(page)['@type'], container, meta(page, 'citation_title').length];
    };
    expect(await told('policy_paper')).toEqual(['Report', 'citation_technical_report_institution', 1]);
    expect(await told('report')).toEqual(['Report', 'citation_technical_report_institution', 1]);
    expect(await told('analysis')).toEqual(['AnalysisNewsArticle', 'citation_journal_title', 1]);
    expect(await told('opinion')).toEqual(['OpinionNewsArticle', undefined, 0]);
    expect(await told('news')).toEqual(['NewsArticle', undefined, 0]);
    expect(await told('review')).toEqual(['ReviewNewsArticle', undefined, 0]);
    expect(await told('translation')).toEqual(['Article', undefined, 0]);
  });

  it('leads to translations, each to all and all to the same one for everybody else', async () => {
    const arabic = await anArticle(world, { title: 'أصل' });
    const english = await anArticle(world, { lang: 'en', title: 'Translation', type: 'translation', translationOf: arabic.id });
    const alternates = [
      `rel="alternate" hreflang="ar" href="${ORIGIN}${pathOf(arabic)}"/`,
      `rel="alternate" hreflang="en" href="${ORIGIN}${pathOf(english)}"/`,
      `rel="alternate" hreflang="x-default" href="${ORIGIN}${pathOf(arabic)}"/`,
    ];
    for (const piece of [arabic, english]) {
      const page = await open(pathOf(piece));
      expect(links(page, 'alternate').filter((link) => link.includes('hreflang'))).toEqual(alternates);
    }
    const page = await open(pathOf(english));
    expect(data(page)['translationOfWork']).toEqual([
      { '@type': 'Article', '@id': `${ORIGIN}${pathOf(arabic)}`, headline: 'أصل', inLanguage: 'ar' },
    ]);
    expect(page.body).toContain(`<a href="${pathOf(arabic)}" hreflang="ar"><bdi lang="ar" dir="rtl">أصل</bdi></a>`);
  });

  it('holds whatever was written as text: nothing ends a tag, an attribute or the data', async () => {
    const hostile = `"><script>alert(1)</script><!--' onload=x &quot; </title> ]]>`;
    const named = { ar: hostile };
    const writer = await anAuthor(world, { name: named, slug: 'hostile-writer' });
    const section = await aSection(world, { name: named, slug: 'hostile-section' });
    const piece = await anArticle(world, {
      type: 'report',
      title: hostile,
      kicker: hostile,
      summary: hostile,
      slug: 'hostile-piece',
      sectionId: section.id,
      byline: [{ authorId: writer.id, role: null }],
      publisher: { name: hostile, url: null },
      coverId: (await aPicture(world, { alt: named, credit: named })).id,
      references: [{ title: hostile, source: hostile }],
    });
    const page = await open(pathOf(piece));
    expect(page.statusCode).toBe(200);
    // The data, the file that says that the piece was read, and the one that suggests what to search for.
    expect(page.body.match(/<script/g)).toHaveLength(3);
    expect(page.body.match(/<\/script/g)).toHaveLength(3);
    expect(page.body.match(/<\/title/g)).toHaveLength(1);
    expect(page.body).not.toContain('<!--');
    for (const name of ['description', 'author', 'og:title', 'og:description', 'og:image:alt', 'article:section', 'citation_title'])
      expect([name, ...meta(page, name)]).toEqual([name, hostile]);
    expect(meta(page, 'citation_technical_report_institution')).toEqual([hostile]);
    expect(data(page)).toMatchObject({
      headline: hostile,
      abstract: hostile,
      articleSection: hostile,
      publisher: { name: hostile },
      author: [{ name: hostile }],
      citation: [{ name: hostile }],
    });
  });
});

describe('The page of a piece', () => {
  it('says first that it was corrected or taken back, in every place that has its title', async () => {
    const piece = await anArticle(world, { type: 'study', title: 'نقل' });
    await act(piece.id, 'correct', { note: 'صُحّح العام.' });
    const corrected = await open(pathOf(piece));
    expect(corrected.body.indexOf('صُحّح العام.</p>')).toBeLessThan(corrected.body.indexOf('<div class="text"'));
    expect(data(corrected)['correction']).toMatchObject([{ '@type': 'CorrectionComment', text: 'صُحّح العام.' }]);
    await act(piece.id, 'retract', { reason: 'بياناتها غير صحيحة.' });
    const retracted = await open(pathOf(piece));
    expect(retracted.statusCode).toBe(200);
    expect(retracted.body).toContain('<title>مسحوبة: نقل · مركز مثال</title>');
    for (const name of ['og:title', 'citation_title']) expect([name, ...meta(retracted, name)]).toEqual([name, 'مسحوبة: نقل']);
    expect(data(retracted)).toMatchObject({ headline: 'مسحوبة: نقل', creativeWorkStatus: 'Retracted' });
    expect(retracted.body.indexOf('بياناتها غير صحيحة.</p>')).toBeLessThan(retracted.body.indexOf('<div class="text"'));
  });

  it('leads on to the rest of the site where there is no piece, or none any more, and tells nothing of it', async () => {
    const section = await aSection(world, { name: { ar: 'قسم يُرى' } });
    const draft = await aDraft(world, { title: 'مسودة سرية' });
    const gone = await anArticle(world, { title: 'مادة تُسحب' });
    await act(gone.id, 'withdraw', { reason: 'طلب قضائي' });
    for (const [piece, status] of [
      [draft, 404],
      [gone, 410],
    ] as const) {
      const answer = await open(pathOf(piece));
      expect(answer.statusCode).toBe(status);
      expect(answer.headers).toMatchObject({ 'cache-control': 'private, no-store', 'x-robots-tag': 'noindex' });
      expect(answer.body).toContain('<meta name="robots" content="noindex"/>');
      expect(answer.body).toContain(`href="/sections/${encodeURIComponent(section.slug)}"`);
      expect(answer.body).not.toMatch(/سرية|تُسحب|ld\+json|og:|citation_|rel="canonical"/);
    }
  });

  it('has the center around it: its sections, search, languages, those in office, and how to reach it', async () => {
    const top = await aSection(world, { name: { ar: 'قسم عربي', en: 'An English name' } });
    const inner = await aSection(world, { name: { ar: 'قسم داخلي' }, parentId: top.id });
    const path = pathOf(await anArticle(world));
    const arabic = (await open(path)).body;
    expect(arabic).toContain('<a class="skip" href="#main">إلى المحتوى</a>');
    expect(arabic).toContain('<a class="name" href="/" lang="ar" dir="rtl">مركز مثال</a>');
    expect(arabic).toContain('<p class="tagline"><bdi lang="ar" dir="rtl">قراءات هادئة</bdi></p>');
    expect(arabic).toContain('<search><form class="site-search" action="/search"><input type="search" name="q" ');
    expect(arabic).toContain(`<a href="/sections/${encodeURIComponent(top.slug)}"><bdi lang="ar" dir="rtl">قسم عربي</bdi></a>`);
    expect(arabic).not.toContain(encodeURIComponent(inner.slug));
    expect(arabic).toContain(
      '<dl><div><dt><bdi lang="ar" dir="rtl">رئيسة التحرير</bdi></dt><dd><bdi lang="ar" dir="rtl">ليلى</bdi></dd></div></dl>',
    );
    expect(arabic).toContain(
      '<address><bdi lang="ar" dir="rtl">القاهرة</bdi><a href="mailto:info@center.example" dir="ltr">info@center.example</a>' +
        '<a href="tel:+2020000" dir="ltr">+20\u00a02\u00a00000</a></address>',
    );
    expect(arabic).toContain('<a lang="en" dir="ltr" hreflang="en" href="?lang=en">English</a>');
    const english = (await open(`${path}?lang=en`)).body;
    expect(english).toContain('<a class="name" href="/?lang=en" lang="en" dir="ltr">Example Center</a>');
    // What has no English wording says which language it is in.
    expect(english).toContain('<p class="tagline"><bdi lang="ar" dir="rtl">قراءات هادئة</bdi></p>');
    expect(english).toContain(
      `<a href="/sections/${encodeURIComponent(top.slug)}?lang=en"><bdi lang="en" dir="ltr">An English name</bdi></a>`,
    );
    expect(english).toContain('<input type="hidden" name="lang" value="en"/>');
    expect(english).toContain('<dt><bdi lang="en" dir="ltr">Editor-in-chief</bdi></dt>');
  });

  it('shows what belongs to it: authors with pictures, contents, references, polls, series, tags', async () => {
    const portrait = await aPicture(world);
    const writer = await anAuthor(world, { name: { ar: 'كاتبة مصورة' }, portraitId: portrait.id });
    const tag = await aTag(world, 'سكك');
    const series = await aSeries(world, 'ملف السكك');
    const piece = await anArticle(world, {
      byline: [{ authorId: writer.id }],
      tagIds: [tag.id],
      series: { id: series.id },
      body: '<h2>تمهيد</h2><p>أ.</p><h3>فرع</h3><p>ب.</p><h2>خاتمة</h2><p>ج.</p>',
      references: [{ title: 'دليل', source: 'وزارة', url: 'https://other.example/guide', accessed: '2026-01-15' }, { title: 'كتاب' }],
    });
    const polls = [];
    for (const place of [{ articleId: piece.id }, { seriesId: series.id }, { onSite: true }, { onSite: true }])
      polls.push(await aPoll(world, place));
    const { body } = await open(pathOf(piece));
    expect(body).toContain(
      `<img src="/media/${portrait.id}/320.webp" alt width="64" height="64"/><span><a href="/authors/${encodeURIComponent(writer.slug)}">`,
    );
    expect(body).toContain(
      '<ol lang="ar" dir="rtl">' +
        [
          ['2', 'h-تمهيد', 'تمهيد'],
          ['3', 'h-فرع', 'فرع'],
          ['2', 'h-خاتمه', 'خاتمة'],
        ]
          .map(([level, id, text]) => `<li class="level-${level}"><a href="#${encodeURIComponent(id!)}">${text}</a></li>`)
          .join('') +
        '</ol>',
    );
    expect(body).toContain(
      '<li dir="auto"><a href="https://other.example/guide">دليل</a> — <bdi>وزارة</bdi><small lang="ar"> (اطُّلع عليه في 15 يناير 2026)</small></li>' +
        '<li dir="auto"><cite>كتاب</cite></li>',
    );
    // The nearest three.
    expect(
      [...body.matchAll(/<a href="\/polls\/(\d+)"><bdi lang="ar" dir="rtl">ما رأيك؟</g)].map(([, id]) => Number(id)).slice(0, 2),
    ).toEqual(polls.slice(0, 2).map(({ id }) => id));
    expect(body.match(/<a href="\/polls\//g)).toHaveLength(3);
    // The nearest is answered here.
    expect([...body.matchAll(/<form method="post" action="([^"]*)"/g)].map(([, action]) => action)).toEqual([
      `/polls/${polls[0]!.id}/vote?lang=ar`,
    ]);
    await world.dataSource.query(`update polls set level = 1 where id = $1`, [polls[0]!.id]);
    expect((await open(pathOf(piece))).body).not.toContain('<form method="post"');
    expect(body).toContain(`المادة 1 من ملف: <a href="/series/${encodeURIComponent(series.slug)}"><bdi>ملف السكك</bdi></a>`);
    expect(body).toContain(`<a href="/tags/${encodeURIComponent(tag.slug)}"><bdi>سكك</bdi></a>`);
  });

  it('tells on paper which revision it is, by a digest that anybody can reckon, and where to see what became of it', async () => {
    const piece = await anArticle(world);
    const { title, body, revision } = (await world.get(`/api/v1/articles/${piece.id}`)).body as Record<'title' | 'body', string> & {
      revision: number;
    };
    const page = await open(pathOf(piece));
    expect(page.body).toContain(
      `<p>طُبعت الصيغة ${revision}. هل صُحّحت المادة بعدها أو سُحبت؟ انظر: <bdi dir="ltr">${ORIGIN}/${piece.id}</bdi></p>`,
    );
    expect(page.body).toContain(`<bdi dir="ltr">${createHash('sha256').update(`${title}\n${body}`).digest('hex')}</bdi>`);
  });

  it('changes with what stands around it, and its tag with it', async () => {
    const path = pathOf(await anArticle(world));
    const before = await open(path);
    await aSection(world, { name: { ar: 'قسم لاحق' } });
    const after = await open(path, { 'if-none-match': String(before.headers['etag']) });
    expect([after.statusCode, after.body.includes('قسم لاحق')]).toEqual([200, true]);
  });

  it('comes compressed to whoever takes it so, under a tag of its own, and is small with all that it loads', async () => {
    const path = pathOf(await anArticle(world, { body: `<p>${'نص طويل عن المدن والماء والكتب. '.repeat(170)}</p>` }));
    const plain = await open(path);
    const small = await open(path, { 'accept-encoding': 'gzip, deflate' });
    expect([plain.headers['content-encoding'], small.headers['content-encoding']]).toEqual([undefined, 'gzip']);
    expect([plain, small].map(({ headers }) => headers['vary'])).toEqual(['Accept-Encoding', 'Accept-Encoding']);
    expect(gunzipSync(small.rawPayload).equals(plain.rawPayload)).toBe(true);
    expect(small.headers['etag']).toBe(String(plain.headers['etag']).replace(/"$/, '-gzip"'));
    const again = { 'accept-encoding': 'gzip', 'if-none-match': String(small.headers['etag']) };
    expect((await open(path, again)).statusCode).toBe(304);
    expect((await open(path, { 'if-none-match': String(small.headers['etag']) })).statusCode).toBe(200);
    const head = await open(path, { 'accept-encoding': 'gzip' }, 'HEAD');
    expect([head.body, head.headers['content-length']]).toEqual(['', String(small.rawPayload.length)]);
    const loaded = [...plain.body.matchAll(/"(\/assets\/[^"]+)"/g)].map(([, url]) => open(url!, { 'accept-encoding': 'gzip' }));
    const bytes = (await Promise.all(loaded)).map(({ rawPayload }) => rawPayload.length);
    // Stylesheet, scripts of views and suggestions, typeface, icon.
    expect(bytes).toHaveLength(5);
    expect(bytes.reduce((sum, each) => sum + each, small.rawPayload.length)).toBeLessThan(60_000);
  });
});

describe('The stylesheet and the letters', () => {
  const hrefs = async (): Promise<{ css: string; font: string }> => {
    const page = await open(pathOf(await anArticle(world)));
    const [css] = links(page, 'stylesheet').map((link) => /href="([^"]+)"/.exec(link)![1]!);
    const [font] = links(page, 'preload').map((link) => /href="([^"]+)"/.exec(link)![1]!);
    return { css: css!, font: font! };
  };

  it('are files of this center alone, kept for good under names that follow from what they hold', async () => {
    const { css, font } = await hrefs();
    const style = await open(css);
    expect([style.statusCode, css]).toEqual([
      200,
      `/assets/${createHash('sha256').update(style.rawPayload).digest('hex').slice(0, 20)}.css`,
    ]);
    expect(style.headers).toMatchObject({
      'content-type': 'text/css; charset=utf-8',
      'cache-control': 'public, max-age=31536000, immutable',
      etag: expect.stringMatching(/^"[\da-f]{20}"$/),
      'x-content-type-options': 'nosniff',
      vary: 'Accept-Encoding',
    });
    expect(style.headers['set-cookie']).toBeUndefined();
    expect(Buffer.byteLength(style.body)).toBeLessThanOrEqual(20 * 1024);
    expect([...style.body.matchAll(/url\(([^)]*)\)/g)].map(([, url]) => url)).toEqual([`'${font.split('/').at(-1)}'`]);
    expect(style.body).not.toMatch(/@import|https?:/);
    const letters = await open(font);
    expect([letters.statusCode, letters.headers['content-type'], letters.rawPayload.subarray(0, 4).toString()]).toEqual([
      200,
      'font/woff2',
      'wOF2',
    ]);
    expect((await open(css, { 'if-none-match': String(style.headers['etag']) })).statusCode).toBe(304);
    const head = await open(css, {}, 'HEAD');
    expect([head.statusCode, head.body, head.headers['content-length']]).toEqual([200, '', style.headers['content-length']]);
  });

  it('come smaller to whoever takes them so', async () => {
    const { css, font } = await hrefs();
    const plain = await open(css);
    for (const [accepted, encoding] of [
      ['gzip, deflate, br', 'gzip'],
      ['br;q=1.0, gzip;q=0.8', 'gzip'],
      ['deflate, gzip;q=0', undefined],
      ['identity', undefined],
      ['x-gzip', undefined],
    ] as const) {
      const answer = await open(css, { 'accept-encoding': accepted });
      expect([accepted, answer.headers['content-encoding']]).toEqual([accepted, encoding]);
      const bytes = encoding === 'gzip' ? gunzipSync(answer.rawPayload) : answer.rawPayload;
      expect(bytes.equals(plain.rawPayload)).toBe(true);
      expect(answer.headers['etag'] === plain.headers['etag']).toBe(encoding === undefined);
    }
    expect((await open(font, { 'accept-encoding': 'gzip' })).headers['content-encoding']).toBeUndefined();
  });

  it('and the icon, which browsers ask for by a name of their own as well', async () => {
    const page = await open(pathOf(await anArticle(world)));
    const [icon] = links(page, 'icon').map((link) => /href="([^"]+)"/.exec(link)![1]!);
    const answer = await open(icon!);
    expect([answer.statusCode, answer.headers['content-type'], answer.body.slice(0, 4)]).toEqual([200, 'image/svg+xml', '<svg']);
    const asked = await open('/favicon.ico');
    expect([asked.statusCode, asked.headers['location'], asked.headers['cache-control']]).toEqual([302, icon, 'public, max-age=86400']);
  });

  it('are all there is under their address', async () => {
    for (const name of ['x.css', 'site.css', '..%2Fsite.css', 'constructor'])
      expect([name, (await open(`/assets/${name}`)).statusCode]).toEqual([name, 404]);
  });
});
