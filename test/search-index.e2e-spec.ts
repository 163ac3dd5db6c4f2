import { SYSTEM } from '../src/access/access.js';
import { createApp } from '../src/app.setup.js';
import { PublicChanges } from '../src/articles/public-changes.js';
import type { NewArticle } from '../src/articles/drafting.service.js';
import { WorkflowService } from '../src/articles/workflow.service.js';
import { Reader, statement } from '../src/database/reader.js';
import { PageImportService } from '../src/import/page-import.service.js';
import { Waker } from '../src/jobs/waker.js';
import { SampleService } from '../src/sample/sample.service.js';
import { latinStems } from '../src/search/latin-stems.js';
import { analyse } from '../src/text/analyser.js';
import { aDraft, aSection, aTag, anArticle, anAuthor, anEditor, type TestEditor } from './factories.js';
import { startTestApp, type TestApp } from './test-app.js';
import { cloneDatabase, testConfig } from './test-database.js';

/** What search keeps of published texts: written with every act that changes what is public, and nothing of anything else. */

let world: TestApp;
let chief: TestEditor;
let sectionId: number;
let byline: { authorId: number }[];

beforeAll(async () => {
  world = await startTestApp();
  chief = await anEditor(world, 'chief');
  sectionId = (await aSection(world)).id;
  byline = [{ authorId: (await anAuthor(world, { name: { ar: 'ليلى الحداد' } })).id }];
});
afterAll(() => world.close());

const query = <Row>(sql: string, values: unknown[] = []): Promise<Row[]> => world.dataSource.query<Row[]>(sql, values);
const act = (id: number, name: string, body: object) => world.as(chief).post(`/api/v1/desk/articles/${id}/${name}`, body).expect(200);
const article = (text: Partial<NewArticle>) => anArticle(world, { sectionId, byline, ...text, publishedAt: undefined });
const draft = (text: Partial<NewArticle>) => aDraft(world, { sectionId, byline, ...text });

async function words(): Promise<string[]> {
  return (await query<{ word: string }>(`select word from search_vocabulary order by word`)).map(({ word }) => word);
}

/** What the vocabulary must be: the stems of all that is public, reckoned from the texts themselves. */
async function stemsOfLiveTexts(): Promise<string[]> {
  const texts = await query<{ lang: 'ar' | 'en' | 'fr'; texts: string[] }>(
    `select a.lang, array[r.title, r.kicker, r.summary, r.plain_text]
       || array(select w.value from revision_authors b join authors u on u.id = b.author_id cross join jsonb_each_text(u.name) w where b.revision_id = r.id)
       || array(select w.value from revision_tags t join tags g on g.id = t.tag_id cross join jsonb_each_text(g.name) w where t.revision_id = r.id) as texts
     from articles a join revisions r on r.id = a.live_revision_id`,
  );
  const stems = new Set<string>();
  for (const { lang, texts: parts } of texts) {
    const tokens = parts.flatMap((part) => analyse(part ?? ''));
    const latin = await latinStems(
      world.dataSource.manager,
      lang,
      tokens.filter(({ arabic }) => !arabic).map(({ stem }) => stem),
    );
    for (const { arabic, stem } of tokens) stems.add(arabic ? stem : latin.get(stem)!);
  }
  return [...stems].sort((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other)));
}

/** Rows that are not those of live revisions, and live revisions without a row. */
function strays(): Promise<unknown[]> {
  return query(
    `select a.id, s.article_id, a.live_revision_id, s.revision_id from articles a full join article_search s on s.article_id = a.id
     where s.revision_id is distinct from a.live_revision_id`,
  );
}

it('every act that changes what is public tells search, also before the application has started, when the sample center is published', async () => {
  expect(world.app.get(PublicChanges).names).toEqual(['search index']);
  const database = await cloneDatabase();
  const app = await createApp(testConfig(), database);
  expect(app.get(PublicChanges).names).toEqual(['search index']);
  await app.close();
  await database.leave();
});

it('a text enters with its title, its names and its words, and leaves with them', async () => {
  const before = await words();
  const tag = await aTag(world, 'ملاحة');
  const { id, version } = await article({
    lang: 'ar',
    kicker: 'تقدير',
    title: 'سفن «الشحن» في المضايق',
    summary: 'خلاصة عن الموانئ.',
    body: '<p>تعبر السفنُ المضيق، ثم تعبر ships again.</p>',
    tagIds: [tag.id],
  });
  const [row] = await query(
    `select lang, section_id, author_ids, title, head::text, body::text, revision_id = (select live_revision_id from articles where id = article_id) as live
     from article_search where article_id = $1`,
    [id],
  );
  expect(row).toEqual({
    lang: 'ar',
    section_id: sectionId,
    author_ids: byline.map(({ authorId }) => authorId),
    title: 'سفن الشحن في المضايق',
    head: expect.stringContaining(`'سفن':1A`) as string,
    body: expect.stringContaining(`'ship':22 `) as string,
    live: true,
  });
  expect(await words()).toEqual(await stemsOfLiveTexts());
  expect(await words()).toEqual(expect.arrayContaining(['ملاح', 'ليل', 'حداد', 'ship', 'سفن']));
  await act(id, 'withdraw', { version, reason: 'سبب' });
  expect(await strays()).toEqual([]);
  expect(await words()).toEqual(before);
});

const WORDS = ['نخيل', 'واحه', 'قافله', 'مرفا', 'قمح', 'بوصله', 'شراع', 'ميناء', 'منارة', 'جسر', 'سهل', 'وادي'];
/** A title and a text of words that others have too, and of one that nobody else has. */
const mixed = (n: number): Partial<NewArticle> => ({
  title: `${WORDS[n % WORDS.length]} ${WORDS[(n * 5 + 1) % WORDS.length]}`,
  body: `<p>${[...WORDS].sort((one, other) => ((one.charCodeAt(1) * (n + 7)) % 31) - ((other.charCodeAt(1) * (n + 7)) % 31)).join(' ')} فريد${'ابتثجحخد'[n % 8]}${'رزسشصضطظ'[(n >> 3) % 8]}</p>`,
});

it.each([8, 34])(
  '%i publications, as many republications and as many withdrawals at once leave the words of what is public',
  async (many) => {
    const fresh = await few(many, (n) => draft(mixed(n)));
    const live = await few(many, (n) => article(mixed(n + 1)));
    const going = await few(many, (n) => article(mixed(n + 2)));
    const changed = await few(many, async (n) => {
      const { id, version } = live[n]!;
      return (
        await world
          .as(chief)
          .patch(`/api/v1/desk/articles/${id}`, { version, ...mixed(n + 3) })
          .expect(200)
      ).body as { id: number; version: number };
    });
    const acts = fresh.flatMap((piece, n) => [
      world.as(chief).post(`/api/v1/desk/articles/${piece.id}/publish`, { version: piece.version }),
      world.as(chief).post(`/api/v1/desk/articles/${changed[n]!.id}/publish`, { version: changed[n]!.version }),
      world.as(chief).post(`/api/v1/desk/articles/${going[n]!.id}/withdraw`, { version: going[n]!.version, reason: 'سبب' }),
    ]);
    const answers = await Promise.all(acts);
    expect(answers.filter(({ status }) => status !== 200).map(({ body }) => body as unknown)).toEqual([]);
    expect(await strays()).toEqual([]);
    expect(await words()).toEqual(await stemsOfLiveTexts());
    // And all of it leaves again, each piece taking its own word with it.
    const gone = answers
      .map(({ body }) => body as { id: number; version: number; status: string })
      .filter(({ status }) => status !== 'withdrawn');
    await few(gone.length, (n) => act(gone[n]!.id, 'withdraw', { version: gone[n]!.version, reason: 'سبب' }));
    expect(await words()).toEqual(await stemsOfLiveTexts());
  },
  60_000,
);

/** Makes many, a few at a time. */
async function few<Made>(many: number, make: (n: number) => Promise<Made>): Promise<Made[]> {
  const made: Made[] = [];
  while (made.length < many)
    made.push(...(await Promise.all(Array.from({ length: Math.min(5, many - made.length) }, (_, n) => make(made.length + n)))));
  return made;
}

describe('after each act that changes what is public', () => {
  /** That search holds what is public, no more and no less, by its live revisions. */
  async function asItIs(): Promise<void> {
    expect(await strays()).toEqual([]);
    expect(await words()).toEqual(await stemsOfLiveTexts());
    const titles = await query<{ id: number; indexed: string; live: string; section: boolean }>(
      `select a.id, s.title as indexed, r.title as live, s.section_id = r.section_id as section
       from article_search s join articles a on a.id = s.article_id join revisions r on r.id = a.live_revision_id`,
    );
    expect(titles.map(({ id, indexed, section }) => ({ id, indexed, section }))).toEqual(
      titles.map(({ id, live }) => ({ id, indexed: analyse(live).map(({ word }) => word).join(' '), section: true })), // prettier-ignore
    );
  }

  const rowOf = async (id: number) =>
    (await query<{ title: string }>(`select title from article_search where article_id = $1`, [id]))[0]?.title;

  it('on the desk: approved, published, saved, restored, corrected, retracted, withdrawn', async () => {
    const elsewhere = (await aSection(world)).id;
    let piece: { id: number; version: number } = await draft({ title: 'أول', body: '<p>سحاب</p>' });
    const go = async (name: string, body: object = {}): Promise<void> => {
      piece = (await act(piece.id, name, { version: piece.version, ...body })).body as typeof piece;
      await asItIs();
    };
    const save = async (text: object): Promise<void> => {
      piece = (await world.as(chief).patch(`/api/v1/desk/articles/${piece.id}`, { version: piece.version, ...text }).expect(200)).body as typeof piece; // prettier-ignore
      await asItIs();
    };
    for (const name of ['submit', 'approve']) await go(name);
    expect(await rowOf(piece.id)).toBeUndefined();
    await go('publish');
    expect(await rowOf(piece.id)).toBe('اول');
    await save({ title: 'ثان', sectionId: elsewhere, body: '<p>ضباب</p>' });
    expect(await rowOf(piece.id)).toBe('اول');
    await go('correct', { note: 'تصويب' });
    expect([await rowOf(piece.id), await words()]).toEqual(['ثان', expect.arrayContaining(['ضباب'])]);
    expect(await words()).not.toContain('سحاب');
    await go('correct', { note: 'تصويب آخر' });
    await go('revisions/1/restore');
    expect(await rowOf(piece.id)).toBe('ثان');
    await go('publish');
    expect([await rowOf(piece.id), await words()]).toEqual(['اول', expect.not.arrayContaining(['ضباب'])]);
    await go('retract', { reason: 'سبب' });
    expect(await rowOf(piece.id)).toBe('اول');
    await go('withdraw', { reason: 'سبب' });
    expect(await rowOf(piece.id)).toBeUndefined();
  });

  it('by its hour, by an import, by a refused act, and by the sample center', async () => {
    const piece = await draft({ title: 'موعود', body: '<p>فجر</p>' });
    await act(piece.id, 'schedule', { version: piece.version, at: new Date(Date.now() + 3_600_000).toISOString() });
    await query(`update article_schedules set at = now(), due_at = now() where article_id = $1`, [piece.id]);
    await asItIs();
    await world.app.get(Waker).run('scheduled articles');
    expect(await rowOf(piece.id)).toBe('موعود');
    await asItIs();
    const page = [
      'دار',
      'سميرة',
      'سميرة',
      'عنوان مستورد',
      '1 فبراير 2022',
      'دار',
      '',
      'فقرة طويلة بما يكفي لتكون متنا لهذه الصفحة التي كتبناها للتجربة.',
    ];
    for (const publish of [false, true]) {
      const { article: imported } = await world.app.get(PageImportService).import('page.txt', Buffer.from(page.join('\n')), { section: null, apply: true, publish }); // prettier-ignore
      expect(await rowOf(imported!.id)).toBe(publish ? 'عنوان مستورد' : undefined);
      await asItIs();
    }
    const unfinished = await draft({ title: 'بلا متن', body: '' });
    await world.as(chief).post(`/api/v1/desk/articles/${unfinished.id}/publish`, { version: unfinished.version }).expect(422);
    await asItIs();
    const other = await startTestApp();
    try {
      await other.app.get(SampleService).loadOnce();
      const [row] = await other.dataSource.query<unknown[]>(
        `select count(*) > 10 as some, count(*) = (select count(*) from articles where live_revision_id is not null) as all from article_search`,
      );
      expect(row).toEqual({ some: true, all: true });
    } finally {
      await other.close();
    }
  });

  it('a publication that is rolled back leaves nothing', async () => {
    const { id, version } = await draft({ title: 'زوال', body: '<p>سراب</p>' });
    await expect(
      world.tx(async (tx) => {
        await world.app.get(WorkflowService).publish(tx, SYSTEM, { id, version });
        throw new Error('no');
      }),
    ).rejects.toThrow('no');
    await asItIs();
  });
});

it('through the reader’s door nothing tells a word of a draft, of a text not yet published anew, or of a withdrawn one', async () => {
  const secret = (n: number): Partial<NewArticle> => ({
    title: `zq${n}title`,
    kicker: `zq${n}kicker`,
    summary: `zq${n}summary`,
    body: `<p>zq${n}body</p>`,
  });
  await draft({
    ...secret(1),
    tagIds: [(await aTag(world, 'zqtag')).id],
    byline: [{ authorId: (await anAuthor(world, { name: { en: 'zqauthor' } })).id }],
  });
  const live = await article({ title: 'ظاهر' });
  await world.as(chief).patch(`/api/v1/desk/articles/${live.id}`, { version: live.version, title: 'zq2title', body: '<p>zq2body</p>' }).expect(200); // prettier-ignore
  const gone = await article(secret(3));
  const views = ['article_search', 'article_texts', 'search_vocabulary', 'lexicon'];
  const told = async () => {
    const all = [];
    for (const view of views) all.push(...(await world.app.get(Reader).rows(statement(`select t::text as row from pub.${view} t`), [])));
    return all.map(({ row }) => row as string).filter((row) => /zq/i.test(row));
  };
  expect((await told()).length).toBeGreaterThan(2);
  await act(gone.id, 'withdraw', { version: gone.version, reason: 'سبب' });
  expect(await told()).toEqual([]);
});

describe('the form a word is shown in', () => {
  const shown = async (word: string) =>
    (await query<{ shown: string }>(`select shown from search_vocabulary where word = $1`, [word]))[0]?.shown;

  it('is the plainest that public texts write, with its letters as they are written', async () => {
    await article({ body: '<p>والمكتَبـات</p>' });
    expect(await shown('مكتب')).toBe('والمكتبات');
    await article({ body: '<p>مكتبة</p>' });
    expect(await shown('مكتب')).toBe('مكتبة');
    await article({ body: '<p>المكتبة</p>' });
    expect(await shown('مكتب')).toBe('مكتبة');
  });

  it('is never one that only a withdrawn or replaced text had', async () => {
    await article({ body: '<p>للمتاحف</p>' });
    const gone = await article({ body: '<p>متاحفة</p>' });
    const corrected = await article({ body: '<p>المتاحف متاحفي</p>' });
    expect(await shown('متاحف')).toBe('متاحفة');
    await article({ title: 'حديقة', body: '<p>حدائقها</p>' });
    const { id, version } = await article({ title: 'حدائق', body: '<p>والحدائق</p>' });
    expect(await shown('حداءق')).toBe('حدائق');
    await act(id, 'withdraw', { version, reason: 'سبب' });
    await act(gone.id, 'withdraw', { version: gone.version, reason: 'سبب' });
    const saved = await world.as(chief).patch(`/api/v1/desk/articles/${corrected.id}`, { version: corrected.version, body: '<p>والمتاحف</p>' }); // prettier-ignore
    await act(corrected.id, 'publish', { version: (saved.body as { version: number }).version });
    await world.app.get(Waker).run('search index');
    expect([await shown('متاحف'), await shown('حداءق')]).toEqual([expect.stringMatching(/^(لل|وال)متاحف$/), 'حدائقها']);
    expect(await query(`select from search_vocabulary where doubtful`)).toEqual([]);
    expect(await words()).toEqual(await stemsOfLiveTexts());
  });
});

it('a text of a word without end, or of more words than an index holds, is published and found by the rest', async () => {
  const letters = 'ابتثجحخدذرزسشصضطظعغفقكلمنهوي';
  const word = (n: number): string => `ﷺ${letters[n % 28]}${letters[Math.floor(n / 28) % 28]}${letters[Math.floor(n / 784) % 28]}`;
  for (const body of [`<p>أول ${'ا'.repeat(90_000)} آخر</p>`, `<p>${Array.from({ length: 18_000 }, (_, n) => word(n)).join(' ')}</p>`]) {
    const { id, version } = await article({ title: 'طويل', body });
    await act(id, 'withdraw', { version, reason: 'سبب' });
  }
  expect(await words()).toEqual(await stemsOfLiveTexts());
}, 60_000);
