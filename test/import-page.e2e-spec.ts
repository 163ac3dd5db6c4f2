import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Article } from '../src/articles/article.entity.js';
import { PageImportService, type PageImportOptions } from '../src/import/page-import.service.js';
import { PageRefused } from '../src/import/page-reader.js';
import { anAuthor, anEditor } from './factories.js';
import { startTestApp, type TestApp } from './test-app.js';

let world: TestApp;
beforeAll(async () => {
  world = await startTestApp();
});
afterAll(() => world.close());

const DRAFT: PageImportOptions = { section: null, apply: true, publish: false };
const PUBLISH: PageImportOptions = { section: null, apply: true, publish: true };
const DRY: PageImportOptions = { section: null, apply: false, publish: false };

/** A page as an old site prints it, in our own words. `mark` makes it another page. */
function page(mark: string, author = 'عبد الله البستاني'): string {
  return [
    'دار النموذج',
    'للقراءة العامة',
    'رئيسة التحرير',
    'هالة الزهراني',
    'إعلان',
    author,
    author,
    '',
    `ظلال الأرصفة ${mark}: قراءة في أسماء الشوارع`,
    'الثلاثاء 12/مارس/2024 - 09:30 ص',
    'دار النموذج للقراءة العامة',
    '',
    `يحفظ اسم الشارع ما نسيه ساكنوه من حكايته ${mark}. ويظل الاسم القديم على الألسنة بعد أن تتغير اللوحة بسنوات طويلة.`,
    'أسماء لا تتقاعد',
    'تتبدل الأسماء الرسمية بقرار، لكن الناس يحتاجون إلى جيل كامل حتى يكفوا عن استعمال الاسم الأول في مواعيدهم.',
    'أرسل لصديق',
    'هل تعرف قصة اسم شارعك؟',
    'هل تعرف قصة اسم شارعك؟',
  ].join('\n');
}

function importPage(text: string, options: PageImportOptions) {
  return world.app.get(PageImportService).import('page.txt', Buffer.from(text), options);
}

function countArticles(): Promise<number> {
  return world.dataSource.getRepository(Article).count();
}

describe('importing a saved page', () => {
  it('changes nothing in a dry run, and tells what it would do', async () => {
    const before = await countArticles();
    const { outcome, article, page: read, summary } = await importPage(page('جاف'), DRY);
    expect({ outcome, article, authors: read.authors.map(({ value }) => value), poll: read.pollQuestion, summary }).toEqual({
      outcome: 'created',
      article: null,
      authors: ['عبد الله البستاني'],
      poll: 'هل تعرف قصة اسم شارعك؟',
      summary: {
        text: 'يحفظ اسم الشارع ما نسيه ساكنوه من حكايته جاف. ويظل الاسم القديم على الألسنة بعد أن تتغير اللوحة بسنوات طويلة.',
        derived: true,
      },
    });
    expect(await countArticles()).toBe(before);
  });

  it('publishes it with its original date and dateline, in the section archive', async () => {
    const { article } = await importPage(page('أول'), PUBLISH);
    const { body } = await world.get(`/api/v1/articles/${article!.id}`).expect(200);
    expect(body).toEqual({
      id: article!.id,
      slug: 'ظلال-الأرصفة-أول-قراءة-في-أسماء-الشوارع',
      url: `https://center.example/articles/${article!.id}/${encodeURIComponent('ظلال-الأرصفة-أول-قراءة-في-أسماء-الشوارع')}`,
      lang: 'ar',
      dir: 'rtl',
      type: 'analysis',
      kicker: null,
      title: 'ظلال الأرصفة أول: قراءة في أسماء الشوارع',
      summary: 'يحفظ اسم الشارع ما نسيه ساكنوه من حكايته أول. ويظل الاسم القديم على الألسنة بعد أن تتغير اللوحة بسنوات طويلة.',
      byline: [{ id: expect.any(Number), slug: 'عبد-الله-البستاني', name: 'عبد الله البستاني', role: null, portrait: null }],
      section: { id: expect.any(Number), slug: 'archive', name: 'الأرشيف' },
      cover: null,
      publishedAt: '2024-03-12T07:30:00Z',
      updatedAt: '2024-03-12T07:30:00Z',
      dateline: 'الثلاثاء 12/مارس/2024 - 09:30 ص',
      readingMinutes: 1,
      status: 'published',
      body: [
        '<p>يحفظ اسم الشارع ما نسيه ساكنوه من حكايته أول. ويظل الاسم القديم على الألسنة بعد أن تتغير اللوحة بسنوات طويلة.</p>',
        '<h2 id="h-اسماء-لا-تتقاعد">أسماء لا تتقاعد</h2>',
        '<p>تتبدل الأسماء الرسمية بقرار، لكن الناس يحتاجون إلى جيل كامل حتى يكفوا عن استعمال الاسم الأول في مواعيدهم.</p>',
      ].join('\n'),
      contents: [{ id: 'h-اسماء-لا-تتقاعد', level: 2, text: 'أسماء لا تتقاعد' }],
      publisher: { name: 'دار النموذج للقراءة العامة', url: null },
      references: [],
      tags: [],
      series: null,
      translations: [],
      notices: [],
      polls: [],
      revision: 1,
    });
  });

  it('knows the page again in another encoding and line ending, and skips it', async () => {
    const text = page('معاد');
    const { article } = await importPage(text, DRAFT);
    const utf16 = Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(text.replaceAll('\n', '\r\n'), 'utf16le')]);
    const again = await world.app.get(PageImportService).import('again.txt', utf16, DRAFT);
    expect(again).toMatchObject({ outcome: 'skipped', article: { id: article!.id } });
  });

  it('publishes a page drafted before when asked to, once', async () => {
    const text = page('مسودة');
    const { article } = await importPage(text, DRAFT);
    await world.get(`/api/v1/articles/${article!.id}`).expect(404);
    expect((await importPage(text, PUBLISH)).outcome).toBe('updated');
    expect((await importPage(text, PUBLISH)).outcome).toBe('skipped');
    expect((await world.get(`/api/v1/articles/${article!.id}`).expect(200)).body.publishedAt).toBe('2024-03-12T07:30:00Z');
  });

  it('leaves a drafted page alone once an editor has taken it up', async () => {
    const text = page('متسلم');
    const { id } = (await importPage(text, DRAFT)).article!;
    const chief = await anEditor(world, 'chief');
    await world.as(chief).patch(`/api/v1/desk/articles/${id}`, { version: 1, title: 'لم يكتمل بعد' }).expect(200);
    expect((await importPage(text, PUBLISH)).outcome).toBe('skipped');
    await world.get(`/api/v1/articles/${id}`).expect(404);
  });

  it('makes one article, one author and one section of eight imports at once', async () => {
    const before = await countArticles();
    const outcomes = await Promise.all(Array.from({ length: 8 }, () => importPage(page('متزامن', 'نوال الجديدة'), PUBLISH)));
    expect(outcomes.map(({ outcome }) => outcome).toSorted()).toEqual(['created', ...Array.from({ length: 7 }, () => 'skipped')]);
    expect(await countArticles()).toBe(before + 1);
    const authors = await Promise.all(Array.from({ length: 8 }, (_, index) => importPage(page(`متزامن ${index}`, 'سناء الأحدث'), PUBLISH)));
    expect(authors.every(({ outcome }) => outcome === 'created')).toBe(true);
    expect(
      await world.dataSource.query(`select slug from authors where name ->> 'ar' in ('نوال الجديدة', 'سناء الأحدث') order by slug`),
    ).toEqual([{ slug: 'سناء-الأحدث' }, { slug: 'نوال-الجديدة' }]);
    expect(await world.dataSource.query(`select slug from sections where slug like 'archive%'`)).toEqual([{ slug: 'archive' }]);
  });

  it('foretells in a dry run what would be refused, and what could not be published', async () => {
    const before = await countArticles();
    await expect(importPage(`${page('طويل')}\n${'كلمة '.repeat(30_000)}.`.replace('أرسل لصديق', ''), DRY)).rejects.toMatchObject({
      code: 'body_refused',
    });
    const unsigned = page('بلا كاتب').replaceAll('عبد الله البستاني\n', '').replace('هالة الزهراني\n', '');
    expect((await importPage(unsigned, DRY)).obstacle).toMatchObject({
      code: 'not_publishable',
      more: { errors: [{ field: 'authorIds' }] },
    });
    expect((await importPage(page('مؤرخ غدًا').replace('الثلاثاء 12/مارس/2024', '12/مارس/2199'), DRY)).obstacle).toMatchObject({
      code: 'published_in_future',
    });
    expect((await importPage(page('سليم'), DRY)).obstacle).toBeNull();
    expect(await countArticles()).toBe(before);
  });

  it('makes a draft poll of the question that the page asks, on the page of its article, once', async () => {
    const polls = (): Promise<unknown[]> =>
      world.dataSource.query(
        `select id, state, question, level, results, on_site, section_id, series_id, article_id, created_by from polls`,
      );
    const before = await polls();
    const text = page('استطلاع');
    expect((await importPage(text, DRY)).poll).toBeNull();
    expect(await polls()).toEqual(before);
    const { article, poll } = await importPage(text, DRAFT);
    const chief = await anEditor(world, 'chief');
    const { body } = await world.as(chief).get(`/api/v1/desk/polls/${poll!.id}`).expect(200);
    expect(body).toMatchObject({
      version: 1,
      state: 'draft',
      question: { ar: 'هل تعرف قصة اسم شارعك؟' },
      options: [],
      level: 1,
      place: { site: false, sectionId: null, seriesId: null, articleId: article!.id },
      createdBy: null,
      editedBy: null,
    });
    expect(await polls()).toHaveLength(before.length + 1);
    // Neither a second import nor a later publication makes another.
    expect(await importPage(text, DRAFT)).toMatchObject({ outcome: 'skipped', poll: null });
    expect(await importPage(text, PUBLISH)).toMatchObject({ outcome: 'updated', poll: null });
    expect(await polls()).toHaveLength(before.length + 1);
    expect(await importPage(page('بلا سؤال').replaceAll(/^هل تعرف.*$/gm, ''), DRAFT)).toMatchObject({ outcome: 'created', poll: null });
    expect(await polls()).toHaveLength(before.length + 1);
    // Two options, and readers may answer it.
    const whole = await world.as(chief).patch(`/api/v1/desk/polls/${poll!.id}`, { version: 1, options: [{ ar: 'نعم' }, { ar: 'لا' }] });
    await world.as(chief).post(`/api/v1/desk/polls/${poll!.id}/open`, { version: whole.body.version }).expect(200);
  });

  it('signs with the honorific apart, so that a name with and without it is one author', async () => {
    const { article } = await importPage(page('لقب', 'د. نجوى الصافية'), PUBLISH);
    const { body } = await world.get(`/api/v1/articles/${article!.id}`);
    expect(body.byline).toMatchObject([{ name: 'نجوى الصافية' }]);
    const again = await importPage(page('بلا لقب', 'نجوى الصافية'), PUBLISH);
    expect((await world.get(`/api/v1/articles/${again.article!.id}`)).body.byline).toMatchObject([{ id: body.byline[0].id }]);
    expect(await world.dataSource.query(`select honorific from authors where id = $1`, [body.byline[0].id])).toEqual([
      { honorific: { ar: 'د.' } },
    ]);
  });

  it('finds the author under another spelling of the name', async () => {
    const { id } = await anAuthor(world, { name: { ar: 'عبدالرحمن الأندلسى' } });
    const { article } = await importPage(page('تهجئة', 'عبد الرحمن الأندلسي'), PUBLISH);
    expect((await world.get(`/api/v1/articles/${article!.id}`)).body.byline).toMatchObject([{ id }]);
  });

  it('keeps the whole page and how each field was read', async () => {
    const { article } = await importPage(page('منشأ'), DRAFT);
    const [kept] = await world.dataSource.query('select file, page, report from imported_pages where article_id = $1', [article!.id]);
    expect(kept.file).toBe('page.txt');
    expect(kept.page).toContain('رئيسة التحرير');
    expect(kept.report).toMatchObject({
      masthead: ['دار النموذج', 'للقراءة العامة', 'رئيسة التحرير', 'هالة الزهراني'],
      title: { confidence: 'certain' },
    });
  });

  it('refuses a page without a dateline, and leaves nothing of it', async () => {
    const before = await countArticles();
    await expect(importPage(page('بلا تاريخ').replace(/^الثلاثاء.*$/m, ''), PUBLISH)).rejects.toThrow(PageRefused);
    expect(await countArticles()).toBe(before);
  });

  it('leaves no author, section, poll or draft of a page that may not be published', async () => {
    const before = await countArticles();
    const polls = await world.dataSource.query(`select id from polls`);
    const future = page('غد', 'كاتب لن يبقى').replace('12/مارس/2024', '12/مارس/2199').replace('الثلاثاء ', '');
    await expect(importPage(future, PUBLISH)).rejects.toMatchObject({ code: 'published_in_future' });
    expect(await countArticles()).toBe(before);
    expect(await world.dataSource.query(`select from authors where name ->> 'ar' = 'كاتب لن يبقى'`)).toEqual([]);
    expect(await world.dataSource.query(`select id from polls`)).toEqual(polls);
  });

  it('reads windows-1256', async () => {
    const decoder = new TextDecoder('windows-1256');
    const bytes = new Map(Array.from({ length: 256 }, (_, byte) => [decoder.decode(Uint8Array.of(byte)), byte]));
    const encoded = Uint8Array.from(Array.from(page('قديم'), (letter) => bytes.get(letter) ?? 63));
    const { page: read } = await world.app.get(PageImportService).import('old.txt', encoded, DRY);
    expect({ encoding: read.encoding, title: read.title.value }).toEqual({
      encoding: 'windows-1256',
      title: 'ظلال الأرصفة قديم: قراءة في أسماء الشوارع',
    });
  });
});

const REAL_PAGE = join(import.meta.dirname, '../../shared/data/pages/visit-report.txt');
if (!existsSync(REAL_PAGE)) console.log('skipped: the page of a real center is not on this machine');

it.skipIf(!existsSync(REAL_PAGE))('reads the page of a real center as a careful reader would', async () => {
  const bytes = readFileSync(REAL_PAGE);
  const lines = bytes
    .toString('utf8')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const dateline = lines.findIndex((line) => /^\S+ \d+\/\S+\/\d{4} - /.test(line));
  const { article, page: read } = await world.app.get(PageImportService).import('visit-report.txt', bytes, PUBLISH);
  const { body } = await world.get(`/api/v1/articles/${article!.id}`).expect(200);
  expect(body).toMatchObject({
    title: lines[dateline - 1],
    publishedAt: '2023-09-25T15:51:00Z',
    dateline: lines[dateline],
    publisher: { name: lines[dateline + 1] },
    byline: [{ name: lines[dateline - 2] }],
  });
  expect(body.byline).toHaveLength(1);
  expect(body.body.match(/<p>/g)).toHaveLength(13);
  expect(body.body.match(/<h2 /g)).toHaveLength(2);
  expect(body.contents).toHaveLength(2);
  expect(read.pollQuestion).toBe(lines.at(-1));
  expect(read.masthead).not.toContain(lines[dateline - 2]);
});
