import { SYSTEM } from '../src/access/access.js';
import { DraftingService, type ArticleText } from '../src/articles/drafting.service.js';
import { WorkflowService } from '../src/articles/workflow.service.js';
import { Article } from '../src/articles/article.entity.js';
import { Revision } from '../src/articles/revision.entity.js';
import { Problem } from '../src/http/problem.js';
import { aDraft, anArticle, anAuthor, aSection, aTag } from './factories.js';
import { startTestApp, type TestApp } from './test-app.js';

let world: TestApp;
let drafting: DraftingService;
let workflow: WorkflowService;
beforeAll(async () => {
  world = await startTestApp();
  drafting = world.app.get(DraftingService);
  workflow = world.app.get(WorkflowService);
});
afterAll(() => world.close());

const TEXT: ArticleText = { title: 'عنوان', summary: 'خلاصة.', body: '<p>متن.</p>' };

function problemOf(error: unknown): { status: number; code: string; fields: string[] } {
  if (!(error instanceof Problem)) throw error;
  return { status: error.getStatus(), code: error.code, fields: (error.more.errors ?? []).map(({ field }) => field) };
}

async function refusal(act: Promise<unknown>): Promise<ReturnType<typeof problemOf>> {
  return act.then(
    () => {
      throw new Error('the act was not refused');
    },
    (error: unknown) => problemOf(error),
  );
}

describe('drafting', () => {
  it('makes a first revision that nobody sees', async () => {
    const draft = await aDraft(world, { title: 'مسودة لا تُرى', kicker: 'فوق العنوان' });
    expect(draft).toEqual({ id: expect.any(Number), version: 1, revision: 1, slug: 'مسودة-لا-ترى' });
    await world.get(`/api/v1/articles/${draft.id}`).expect(404);
    await world.get(`/api/v1/articles/${encodeURIComponent(draft.slug)}`).expect(404);
    expect(await world.dataSource.query('select * from listings where article_id = $1', [draft.id])).toEqual([]);
  });

  it('cleans what comes in and keeps the body as it came', async () => {
    const body = '<h2 style="color:red">عنوان</h2><script>alert(1)</script><p>أهلًا <a href="javascript:alert(1)">بك</a></p>';
    const { id } = await aDraft(world, { title: '  سطر\u202Eمقلوب\u00A0 ', body });
    const revision = await world.dataSource.getRepository(Revision).findOneByOrFail({ articleId: id });
    expect(revision).toMatchObject({
      title: 'سطرمقلوب',
      bodySource: body,
      body: '<h2 id="h-عنوان">عنوان</h2>\n<p>أهلًا بك</p>',
      contents: [{ id: 'h-عنوان', level: 2, text: 'عنوان' }],
      plainText: 'عنوان\nأهلًا بك',
      words: 3,
      readingMinutes: 1,
    });
  });

  it('refuses a body that no sanitiser should be trusted with, and leaves nothing behind', async () => {
    const before = await world.dataSource.getRepository(Article).count();
    expect(await refusal(aDraft(world, { body: `<p>${'ا'.repeat(110_000)}</p>` }))).toEqual({
      status: 422,
      code: 'body_refused',
      fields: ['body'],
    });
    expect(await refusal(aDraft(world, { body: '<b>'.repeat(5_000) }))).toEqual({ status: 422, code: 'body_refused', fields: ['body'] });
    expect(await world.dataSource.getRepository(Article).count()).toBe(before);
  });

  it.each([
    ['a control character', { body: '<p><abbr title="a&#1;b">x</abbr></p>' }, 'body_refused', 'body'],
    ['a slug with spaces', { slug: 'two words' }, 'slug_invalid', 'slug'],
    ['a slug of digits', { slug: '2024' }, 'slug_invalid', 'slug'],
    ['a reference that is a script', { references: [{ title: 'مرجع', url: 'javascript:alert(1)' }] }, 'link_invalid', 'references'],
    ['a publisher with a relative link', { publisher: { name: 'ناشر', url: '//evil.example' } }, 'link_invalid', 'publisher'],
  ])('refuses %s, naming the field', async (_what, article, code, field) => {
    expect(await refusal(aDraft(world, article))).toEqual({ status: 422, code, fields: [field] });
  });

  it('gives fifty drafts of one title, made eight at a time, fifty slugs', async () => {
    const section = await aSection(world);
    const byline = [{ authorId: (await anAuthor(world)).id }];
    const slugs: string[] = [];
    const makeSome = async (): Promise<void> => {
      while (slugs.length < 50) {
        const place = slugs.push('') - 1;
        slugs[place] = (await aDraft(world, { title: 'عنوان واحد', sectionId: section.id, byline })).slug;
      }
    };
    await Promise.all(Array.from({ length: 8 }, makeSome));
    expect(slugs.toSorted()).toEqual(['عنوان-واحد', ...Array.from({ length: 49 }, (_, index) => `عنوان-واحد-${index + 2}`)].toSorted());
  });

  it('takes slugs that only fold to the same for the same', async () => {
    expect((await aDraft(world, { title: 'مكتبة قديمة' })).slug).toBe('مكتبة-قديمة');
    expect((await aDraft(world, { title: 'مكتبه قديمه' })).slug).toBe('مكتبه-قديمه-2');
  });

  it('never makes a slug of digits only', async () => {
    expect((await aDraft(world, { title: '١٩٧٣' })).slug).toBe('article-1973');
  });
});

describe('revising', () => {
  it('writes a new revision and leaves what readers see alone until it is published', async () => {
    const first = await anArticle(world, { title: 'الطبعة الأولى', publishedAt: '2024-05-01T09:00:00Z' });
    const { sectionId } = await world.dataSource.getRepository(Revision).findOneByOrFail({ articleId: first.id });
    const byline = [{ authorId: (await anAuthor(world, { name: { ar: 'مؤلفة ثانية' } })).id }];
    const second = await world.tx((tx) =>
      drafting.save(tx, SYSTEM, first.id, first.version, { ...TEXT, title: 'الطبعة الثانية', sectionId, byline }),
    );
    expect(second).toEqual({ id: first.id, version: first.version + 1, revision: 2, slug: first.slug });
    expect((await world.get(`/api/v1/articles/${first.id}`)).body).toMatchObject({ title: 'الطبعة الأولى', revision: 1 });

    await world.tx((tx) => workflow.publish(tx, SYSTEM, second));
    const { body } = await world.get(`/api/v1/articles/${first.id}`).expect(200);
    expect(body).toMatchObject({
      title: 'الطبعة الثانية',
      revision: 2,
      publishedAt: '2024-05-01T09:00:00Z',
      dateline: 'الأربعاء 1/مايو/2024 - 12:00 م',
    });
    expect(Date.parse(body.updatedAt)).toBeGreaterThan(Date.parse('2026-01-01T00:00:00Z'));
    expect(body.byline).toHaveLength(1);
    expect(body.byline[0].name).toBe('مؤلفة ثانية');
  });

  it('lets one of eight who saved the same version through', async () => {
    const draft = await aDraft(world);
    const outcomes = await Promise.allSettled(
      Array.from({ length: 8 }, () => world.tx((tx) => drafting.save(tx, SYSTEM, draft.id, draft.version, TEXT))),
    );
    const refused = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [problemOf(outcome.reason)] : []));
    expect(refused).toEqual(Array.from({ length: 7 }, () => ({ status: 409, code: 'stale_version', fields: ['version'] })));
    expect(await world.dataSource.getRepository(Revision).countBy({ articleId: draft.id })).toBe(2);
  });

  it('refuses a slug that another article has or had, and takes up an own former one', async () => {
    const other = await anArticle(world, { title: 'صاحبة الاسم' });
    const renamed = await world.tx((tx) => drafting.save(tx, SYSTEM, other.id, other.version, { ...TEXT, slug: 'اسم-جديد' }));
    expect(renamed.slug).toBe('اسم-جديد');
    const draft = await aDraft(world);
    for (const slug of ['صاحبة-الاسم', 'صاحبه-الاسم', 'اسم-جديد']) {
      const attempt = world.tx((tx) => drafting.save(tx, SYSTEM, draft.id, draft.version, { ...TEXT, slug }));
      expect(await refusal(attempt)).toEqual({ status: 409, code: 'slug_taken', fields: ['slug'] });
    }
    expect((await world.tx((tx) => drafting.save(tx, SYSTEM, other.id, renamed.version, { ...TEXT, slug: 'صاحبة-الاسم' }))).slug).toBe(
      'صاحبة-الاسم',
    );
  });

  it('answers 404 for an article that is not there', async () => {
    expect(await refusal(world.tx((tx) => drafting.save(tx, SYSTEM, 999_999, 1, TEXT)))).toMatchObject({ status: 404, code: 'not_found' });
  });
});

describe('publishing', () => {
  it('puts the piece into every list it belongs to, ancestors of its section included', async () => {
    const parent = await aSection(world, { name: { ar: 'أصل' } });
    const child = await aSection(world, { name: { ar: 'فرع' }, parentId: parent.id });
    const author = await anAuthor(world);
    const tag = await aTag(world);
    const { id } = await anArticle(world, {
      sectionId: child.id,
      byline: [{ authorId: author.id }],
      tagIds: [tag.id, tag.id],
      type: 'study',
    });
    const rows = await world.dataSource.query<{ list: string }[]>('select list from listings where article_id = $1 order by list', [id]);
    expect(rows.map(({ list }) => list)).toEqual(
      ['all', `author:${author.id}`, 'lang:ar', `section:${parent.id}`, `section:${child.id}`, `tag:${tag.id}`, 'type:study'].toSorted(),
    );
  });

  it('takes it out of the lists it has left', async () => {
    const from = await aSection(world);
    const to = await aSection(world);
    const published = await anArticle(world, { sectionId: from.id });
    const byline = [{ authorId: (await anAuthor(world)).id }];
    const moved = await world.tx((tx) => drafting.save(tx, SYSTEM, published.id, published.version, { ...TEXT, sectionId: to.id, byline }));
    await world.tx((tx) => workflow.publish(tx, SYSTEM, moved));
    expect((await world.get(`/api/v1/articles?section=${from.id}`)).body.items).toEqual([]);
    expect((await world.get(`/api/v1/articles?section=${to.id}`)).body.items).toHaveLength(1);
    expect(
      await world.dataSource.query('select list, published_at, article_id from listings except select * from listings_definition'),
    ).toEqual([]);
  });

  it('names everything that is missing', async () => {
    const draft = await aDraft(world, { title: ' \u200B ', summary: ' ', body: '<p></p>', sectionId: null, byline: [] });
    expect(await refusal(world.tx((tx) => workflow.publish(tx, SYSTEM, draft)))).toEqual({
      status: 422,
      code: 'not_publishable',
      fields: ['title', 'summary', 'sectionId', 'authorIds', 'body'],
    });
  });

  it('refuses a date in the future by the database’s clock', async () => {
    const draft = await aDraft(world, { publishedAt: new Date(Date.now() + 86_400_000) });
    expect(await refusal(world.tx((tx) => workflow.publish(tx, SYSTEM, draft)))).toEqual({
      status: 422,
      code: 'published_in_future',
      fields: ['publishedAt'],
    });
    await world.get(`/api/v1/articles/${draft.id}`).expect(404);
  });

  it('refuses a revision that is public already, and does not call that a change', async () => {
    const { id, version } = await anArticle(world, { publishedAt: '2024-01-01T00:00:00Z' });
    expect(await refusal(world.tx((tx) => workflow.publish(tx, SYSTEM, { id, version })))).toMatchObject({
      status: 409,
      code: 'wrong_state',
    });
    expect((await world.get(`/api/v1/articles/${id}`)).body.updatedAt).toBe('2024-01-01T00:00:00Z');
  });

  it('refuses what was retracted or withdrawn', async () => {
    const { id, version } = await anArticle(world);
    await world.dataSource.query(`update articles set status = 'retracted' where id = $1`, [id]);
    expect(await refusal(world.tx((tx) => workflow.publish(tx, SYSTEM, { id, version })))).toMatchObject({
      status: 409,
      code: 'wrong_state',
    });
  });

  it('happens once when eight publish the same version at once', async () => {
    const draft = await aDraft(world);
    const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => world.tx((tx) => workflow.publish(tx, SYSTEM, draft))));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect((await world.get(`/api/v1/articles/${draft.id}`).expect(200)).body.revision).toBe(1);
  });

  it('keeps an imported dateline letter for letter, and composes the house form otherwise', async () => {
    const printed = await anArticle(world, { dateline: 'الأحد ٣ / مارس / ٢٠٢٤', publishedAt: '2024-03-02T22:00:00Z' });
    expect((await world.get(`/api/v1/articles/${printed.id}`)).body.dateline).toBe('الأحد ٣ / مارس / ٢٠٢٤');
    const english = await anArticle(world, { lang: 'en', publishedAt: '2024-07-01T15:51:00Z' });
    expect((await world.get(`/api/v1/articles/${english.id}`)).body.dateline).toBe('Monday 1 July 2024 - 06:51 PM');
  });

  it('leaves nothing public when its transaction fails after it', async () => {
    const draft = await aDraft(world);
    await expect(
      world.tx(async (tx) => {
        await workflow.publish(tx, SYSTEM, draft);
        throw new Error('the power went');
      }),
    ).rejects.toThrow('the power went');
    await world.get(`/api/v1/articles/${draft.id}`).expect(404);
  });
});

describe('translations', () => {
  it('are one per language, however many try at once', async () => {
    const { id } = await anArticle(world);
    const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => aDraft(world, { lang: 'en', translationOf: id })));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });
});
