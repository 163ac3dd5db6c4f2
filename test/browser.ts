import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';
import { simpleParser } from 'mailparser';
import { Waker } from '../src/jobs/waker.js';
import { SampleService } from '../src/sample/sample.service.js';
import { aBallot, aDraft, aPoll, aSection, anAd, anArticle, anAuthor, anEditor, castAll, closePoll, type TestPoll } from './factories.js';
import { MailSink } from './mail-sink.js';
import { aPicture, uploaded } from './pictures.js';
import { startTestApp, type TestApp } from './test-app.js';

/** Where the browser is; undefined where there is none, and then a sentence has said that its tests are skipped. */
export const CHROMIUM = [process.env['CHROMIUM'], '/usr/bin/chromium'].find((path) => path && existsSync(path));
if (CHROMIUM === undefined)
  console.warn('Tests in a browser are skipped: there is no /usr/bin/chromium (apt-get install chromium), and CHROMIUM names no other.');

/** Asks nobody for anything, and needs neither a screen nor a sandbox of its own. */
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-first-run']; // prettier-ignore

/** A center that listens, and a browser that reads it. */
export interface BrowserWorld extends TestApp {
  readonly origin: string;
  readonly browser: Browser;
  /** What has been sent since the last time, by all that is due: the text of each letter. */
  letters(): Promise<string[]>;
}

/** @param env as {@link startTestApp} takes it */
export async function startBrowserWorld(env: Readonly<Record<string, string>> = {}): Promise<BrowserWorld> {
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const sink = await MailSink.open();
  const world = await startTestApp({ PUBLIC_ORIGIN: origin, SMTP_URL: sink.url, ...env });
  await world.app.listen(port, '127.0.0.1');
  const browser = await chromium.launch({ executablePath: CHROMIUM!, headless: true, args: FLAGS });
  return {
    ...world,
    origin,
    browser,
    letters: async () => {
      for (const job of ['shares', 'mail readers', 'mail shares']) await world.app.get(Waker).run(job);
      const received = await Promise.all(sink.received.splice(0).map(({ raw }) => simpleParser(raw)));
      return received.map(({ text }) => text ?? '');
    },
    close: async () => {
      await browser.close();
      await world.close();
      await sink.close();
    },
  };
}

/**
 * Lets somebody read: a page of its own, without cookies. Fails where a page complains in the console, where a script throws, where anything
 * that a page loads is refused or does not come, and where anything is asked of another host.
 * @param options of the browser's context: the window, scripts or none, light or dark; it asks for Arabic unless they say otherwise
 */
export async function visit<Result>(
  { browser, origin }: BrowserWorld,
  options: BrowserContextOptions,
  act: (page: Page) => Promise<Result>,
): Promise<Result> {
  const context = await browser.newContext({ baseURL: origin, locale: 'ar', ...options });
  try {
    const page = await context.newPage();
    page.setDefaultTimeout(10_000);
    const complaints = complaintsOf(page, origin);
    const result = await act(page);
    expect(complaints).toEqual([]);
    return result;
  } finally {
    await context.close();
  }
}

/** @returns what is wrong with whatever the page shows from now on */
function complaintsOf(page: Page, origin: string): string[] {
  const complaints: string[] = [];
  page.on('console', (message) => {
    // Chromium says so of a page that is not there as well; what a page loads is looked at below.
    if (message.text().startsWith('Failed to load resource')) return;
    if (['error', 'warning'].includes(message.type())) complaints.push(`${page.url()} says: ${message.text()}`);
  });
  page.on('pageerror', (error) => complaints.push(`${page.url()} throws: ${error.message}`));
  page.on('request', (request) => {
    if (new URL(request.url()).origin !== origin) complaints.push(`${page.url()} asks ${request.url()}`);
  });
  page.on('requestfailed', (request) => {
    // What was on its way when its reader went on.
    if (request.failure()?.errorText !== 'net::ERR_ABORTED') complaints.push(`${request.url()} failed: ${request.failure()?.errorText}`);
  });
  page.on('response', (response) => {
    // A form that a script sends may be refused, as one that the browser sends.
    const loaded = response.request().method() === 'GET' && !response.request().isNavigationRequest();
    if (response.status() >= 400 && loaded) complaints.push(`${response.url()}: ${response.status()}`);
  });
  return complaints;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return port;
}

/** What {@link fillCenter} has made, by where it is read. */
export interface FilledCenter {
  /** Pages by what is special about them: paths, of the answer 200 unless it says otherwise. */
  readonly pages: Readonly<Record<string, { readonly path: string; readonly status?: number }>>;
  /** Open ones by level, for who votes. */
  readonly polls: Readonly<Record<0 | 1 | 3, TestPoll>>;
}

/** The sample center, and what it lacks: pictures, corrections, pieces taken back, polls of all kinds, ads. */
export async function fillCenter(world: TestApp): Promise<FilledCenter> {
  await world.app.get(SampleService).loadOnce();
  const chief = await anEditor(world, 'chief');
  const cover = await uploaded(world, chief, await aPicture({ width: 1200, height: 675 }));
  const portrait = await uploaded(world, chief, await aPicture({ width: 400, height: 400 }));
  await world.app.get(Waker).run('media renditions');
  const find = async (sql: string): Promise<{ id: number; slug: string }> => (await world.dataSource.query(sql))[0]!;
  const writer = await find(`update authors set portrait_id = ${portrait.id} where slug = 'ليلى-القنديلي' returning id, slug`).then(() =>
    find(`select id, slug from authors where slug = 'ليلى-القنديلي'`),
  );
  const section = await find(`select id, slug from sections where slug = 'المعرفة-والتراث'`);
  const series = await find(`select id, slug from series`);
  const tag = await find(`select id, slug from tags order by id limit 1`);
  const common = { sectionId: section.id, byline: [{ authorId: writer.id }, { authorId: (await anAuthor(world, { name: { ar: 'مراجِعة النص', en: 'Reviewer' } })).id, role: 'مراجعة' }] }; // prettier-ignore

  const body = (picture: number): string => `${ARABIC}<figure data-media="${picture}"><figcaption>جسر من صور الأرشيف</figcaption></figure>`;
  const whole = await anArticle(world, { ...common, type: 'study', kicker: 'دراسة', title: 'كيف تحفظ المدينة ذاكرتها: قراءة في أرشيف الصور', summary: 'ما يبقى من المدينة ليس مبانيها وحدها، بل ما كُتب عنها وصُوّر فيها. دراسة في صور لم تُفهرس بعد.', body: body(cover.id), coverId: cover.id, tagIds: [tag.id], references: [{ title: 'دليل الأرشفة', source: 'نشرة مثال', url: 'https://other.example/guide', accessed: '2026-01-15' }, { title: 'A reader of archives' }] }); // prettier-ignore
  const english = await anArticle(world, { ...common, lang: 'en', publishedAt: '2026-02-03T09:00:00Z', type: 'translation', translationOf: whole.id, title: 'How a city keeps its memory: reading an archive of pictures', summary: 'What is left of a city is not only what was built, but what was written and photographed.', body: ENGLISH, coverId: cover.id }); // prettier-ignore
  const corrected = await anArticle(world, { ...common, title: 'أرقام القراءة في المكتبات العامة', publishedAt: '2026-02-02T09:00:00Z' });
  const retracted = await anArticle(world, { ...common, title: 'استطلاع عن عادات القراءة', publishedAt: '2026-02-01T09:00:00Z' });
  const withdrawn = await anArticle(world, { ...common, title: 'مادة أُزيلت' });
  const act = async (id: number, name: string, given: object): Promise<void> => {
    const { version } = (await world.as(chief).get(`/api/v1/desk/articles/${id}`)).body as { version: number };
    expect((await world.as(chief).post(`/api/v1/desk/articles/${id}/${name}`, { version, ...given })).status).toBe(200);
  };
  await act(corrected.id, 'correct', { note: 'صُحّح عدد المكتبات في الفقرة الأولى: 41 لا 14.' });
  await act(retracted.id, 'retract', { reason: 'لم تُجمع الإجابات كما ذكرت المادة.' });
  await act(withdrawn.id, 'withdraw', { reason: 'طلب قضائي' });
  const draft = await aDraft(world, { ...common, title: 'مسودة' });
  const empty = await aSection(world, { name: { ar: 'قسم جديد', en: 'A new section' } });

  const polls = { 0: await aPoll(world, { articleId: whole.id }), 1: await aPoll(world, { level: 1, maxChoices: 2 }), 3: await aPoll(world, { level: 3 }) }; // prettier-ignore
  await castAll(world, [0, 0, 0, 1, 2].map((n) => aBallot(polls[0], { optionIds: [polls[0].optionIds[n]!] }))); // prettier-ignore
  const closed = await aPoll(world, { results: 'after_close' });
  await castAll(world, [0, 1, 1, 1].map((n) => aBallot(closed, { optionIds: [closed.optionIds[n]!] }))); // prettier-ignore
  await closePoll(world, closed);
  for (const slot of ['masthead', 'home', 'sidebar', 'article_top', 'article_end']) await anAd(world, { slot });

  const at = (...parts: (string | number)[]): string => `/${parts.map(encodeURIComponent).join('/')}`;
  const of = ({ id, slug }: { id: number; slug: string }): string => at('articles', id, slug);
  return {
    polls,
    pages: {
      home: { path: '/' },
      'home in English': { path: '/?lang=en' },
      article: { path: of(whole) },
      'article in English': { path: `${of(english)}?lang=en` },
      'article corrected': { path: of(corrected) },
      'article retracted': { path: of(retracted) },
      'article withdrawn': { path: of(withdrawn), status: 410 },
      draft: { path: of(draft), status: 404 },
      section: { path: at('sections', section.slug) },
      'section above others': { path: at('sections', 'المدن-والعمران') },
      'section with nothing': { path: at('sections', empty.slug) },
      authors: { path: '/authors' },
      author: { path: at('authors', writer.slug) },
      series: { path: at('series', series.slug) },
      tag: { path: at('tags', tag.slug) },
      search: { path: '/search' },
      'search with results': { path: '/search?q=المدينة' },
      'search without results': { path: '/search?q=زقزقةخيال' },
      polls: { path: '/polls' },
      'poll open': { path: at('polls', polls[0].id) },
      'poll of level 1': { path: at('polls', polls[1].id) },
      'poll of level 3': { path: at('polls', polls[3].id) },
      'poll closed': { path: at('polls', closed.id) },
      'form to send': { path: `${of(whole)}/send` },
      about: { path: '/about' },
      privacy: { path: '/privacy' },
      'not there': { path: '/sections/لا-شيء', status: 404 },
      'confirm a vote': { path: `/polls/confirm/${'x'.repeat(43)}`, status: 404 },
      'confirm letters': { path: `/shares/confirm/${'x'.repeat(43)}`, status: 404 },
      'stop letters': { path: `/mail/opt-out/${'x'.repeat(43)}`, status: 404 },
    },
  };
}

const PARAGRAPH =
  'ليست الصورة القديمة زينة في كتاب، بل شهادة على ما كان: شارع بعرض 12 مترًا صار بعرض 30، وسوق نُقل من مكانه، وأسماء تغيرت ثلاث مرات. فمن يقرأ الصور مع الخرائط يرى المدينة وهي تتحرك، ويعرف ما الذي اختارت أن تحفظه وما الذي نسيته.';
const ARABIC = `<h2>صور بلا أسماء</h2><p>${PARAGRAPH}</p><p>${PARAGRAPH}</p><blockquote><p>ما لا يوصف لا يُعثر عليه، وما لا يُعثر عليه كأنه لم يُحفظ.</p></blockquote><p>${PARAGRAPH}</p>
<h2>ما تقوله الأرقام</h2><p>${PARAGRAPH}</p><ul><li>صور فُهرست، وعددها 1,240 صورة.</li><li>صور تنتظر من يعرفها.</li></ul>
<table><thead><tr><th scope="col">السنة</th><th scope="col">الصور</th><th scope="col">ما فُهرس منها</th></tr></thead><tbody><tr><td>1950</td><td>310</td><td>42%</td></tr><tr><td>1975</td><td>2,480</td><td>18%</td></tr></tbody></table>
<h3>من يفهرس؟</h3><p>${PARAGRAPH}</p><ol><li>الجامعات.</li><li>الأهالي.</li></ol><h2>خاتمة</h2><p>${PARAGRAPH} <a href="https://other.example/archive">أرشيف مثال</a>.</p>`;
const SENTENCES =
  'An old picture is no ornament in a book but a witness: a street 12 metres wide that became 30, a market that was moved, names that changed three times. Whoever reads pictures together with maps sees the city move, and learns what it chose to keep and what it forgot.';
const ENGLISH = `<h2>Pictures without names</h2><p>${SENTENCES}</p><blockquote><p>What is not described is not found, and what is not found is as good as lost.</p></blockquote><p>${SENTENCES} The Arabic word is <span lang="ar" dir="rtl">أرشيف</span>.</p><h2>What the figures say</h2><p>${SENTENCES}</p><table><thead><tr><th scope="col">Year</th><th scope="col">Pictures</th></tr></thead><tbody><tr><td>1950</td><td>310</td></tr></tbody></table><h2>An end</h2><p>${SENTENCES}</p>`;
