import { PublicChanges } from '../src/articles/public-changes.js';
import type { NewArticle } from '../src/articles/drafting.service.js';
import { latinStems } from '../src/search/latin-stems.js';
import { analyse } from '../src/text/analyser.js';
import { aDraft, aSection, aTag, anArticle, anAuthor, anEditor, type TestEditor } from './factories.js';
import { startTestApp, type TestApp } from './test-app.js';

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

it('every act that changes what is public tells search', () => {
  expect(world.app.get(PublicChanges).names).toEqual(['search index']);
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
    body: expect.stringContaining(`'ship':6 `) as string,
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

it.each([8, 100])(
  '%i publications, republications and withdrawals at once leave the words of what is public',
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
    await Promise.all(gone.map(({ id, version }) => act(id, 'withdraw', { version, reason: 'سبب' })));
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
