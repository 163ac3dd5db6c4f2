import { randomInt } from 'node:crypto';
import request from 'supertest';
import { demands, goingOn, parseQuery, parseUnfinished, tsquery } from '../src/search/query.js';
import type { SearchResults, Suggestions } from '../src/search/search.dto.js';
import { aDraft, aSection, aTag, anArticle, anAuthor, anEditor, type TestEditor } from './factories.js';
import { startTestApp, type TestApp } from './test-app.js';

/** What readers get of search: the doors, the ladder, pages, filters, and that nothing but published texts is ever told of. */

let world: TestApp;
let chief: TestEditor;

beforeAll(async () => {
  world = await startTestApp();
  chief = await anEditor(world, 'chief');
});
afterAll(() => world.close());

async function found(q: string, more = ''): Promise<SearchResults> {
  const { body } = await world.get(`/api/v1/search?q=${encodeURIComponent(q)}${more}`).expect(200);
  return body as SearchResults;
}
async function suggested(q: string): Promise<Suggestions> {
  const { body } = await world.get(`/api/v1/search/suggest?q=${encodeURIComponent(q)}`).expect(200);
  return body as Suggestions;
}
const titles = ({ items }: { items: { title: string }[] }): string[] => items.map(({ title }) => title);

describe('the ladder', () => {
  it('finds a piece by a word of its text in another form, and shows where', async () => {
    await anArticle(world, { title: 'قوارب الصيد في المهب', body: '<p>عاد الصيادون إلى مرفأ المدينة القديم بعد العاصفة.</p>' });
    const results = await found('للمرفأ');
    expect(results).toMatchObject({ total: 1, totalApproximate: false, answeredBy: 'all_words', nextCursor: null });
    expect(titles(results)).toEqual(['قوارب الصيد في المهب']);
    expect(results.items[0]!.snippet).toContain('<mark>مرفأ</mark>');
    for (const absent of ['reason', 'didYouMean', 'partial']) expect(results).not.toHaveProperty(absent);
  });

  it('finds what has one word in the title and another in the text', async () => {
    await anArticle(world, { title: 'جزيرة التوابل', body: '<p>يزرع أهلها القرنفل منذ قرون.</p>' });
    expect(titles(await found('التوابل قرنفل'))).toEqual(['جزيرة التوابل']);
  });

  it('finds a word with a letter bound before it, and without the one it was typed with', async () => {
    await anArticle(world, { title: 'طريق الحرير', body: '<p>مرت القوافل بسمرقند ثم ببخارى.</p>' });
    expect(titles(await found('بخارى'))).toEqual(['طريق الحرير']);
    await anArticle(world, { title: 'مدائن طشقند', body: '<p>أسواق طشقند.</p>' });
    expect(titles(await found('وطشقند'))).toEqual(['مدائن طشقند']);
  });

  it('finds the broken plural when the word itself finds little', async () => {
    await anArticle(world, { title: 'الخناجر اليمنية', body: '<p>صناعة قديمة.</p>' });
    const results = await found('خنجر');
    expect(results.answeredBy).not.toBeNull();
    expect(titles(results)).toEqual(['الخناجر اليمنية']);
  });

  it('corrects what no text has, and says what it looked for', async () => {
    await anArticle(world, { title: 'زلزال الساحل', body: '<p>اهتزت البيوت القديمة.</p>' });
    const results = await found('زلوال الساحل');
    expect(results).toMatchObject({ answeredBy: 'correction', didYouMean: 'زلزال الساحل' });
    expect(titles(results)).toEqual(['زلزال الساحل']);
  });

  it('answers a whole question by most of its words', async () => {
    await anArticle(world, { title: 'هجرة اللقالق', body: '<p>تعبر الطيور المضيق كل خريف.</p>' });
    const results = await found('متى تعبر اللقالق المضيق نحو الجنوب؟');
    expect(results.answeredBy).toBe('any_word');
    expect(titles(results)).toEqual(['هجرة اللقالق']);
  });

  it('finds Latin words by the stem of their language', async () => {
    await anArticle(world, { lang: 'en', title: 'Lighthouses of the gulf', body: '<p>Keepers were trained on islands.</p>' });
    await anArticle(world, { lang: 'fr', title: 'Les phares du golfe', body: '<p>Les gardiens vivaient ailleurs.</p>' });
    expect(titles(await found('lighthouse island'))).toEqual(['Lighthouses of the gulf']);
    expect(titles(await found('phare gardien'))).toEqual(['Les phares du golfe']);
  });

  it('says why there is nothing', async () => {
    const nothing = { items: [], nextCursor: null, facets: { approximate: false, section: [], author: [], year: [], lang: [] }, total: 0, totalApproximate: false, answeredBy: null }; // prettier-ignore
    for (const [q, reason] of [
      ['', 'empty'],
      ['   ', 'empty'],
      ['؟! … «»', 'only_marks'],
      ['😀'.repeat(200), 'only_marks'],
      ['من في على', 'only_stop_words'],
      ['-زلزال', 'only_negation'],
      ['من -زلزال', 'only_negation'],
      ['خططضضغغثث', 'no_match'],
    ] as const)
      expect(await found(q), q).toEqual({ ...nothing, reason });
  });
});

describe('operators', () => {
  beforeAll(async () => {
    await anArticle(world, { title: 'حارس المنارة', body: '<p>أضاء حارس المنارة المصباح الأخير.</p>' });
    await anArticle(world, { title: 'منارة بلا ضوء', body: '<p>غادر حارس الغابة، وبقيت المنارة.</p>' });
  });

  it.each(['"حارس المنارة"', '“حارس المنارة”', '”حارس المنارة“', '«حارس المنارة»', '„حارس المنارة“'])(
    'holds the words of %s together',
    async (q) => {
      expect(titles(await found(q))).toEqual(['حارس المنارة']);
    },
  );

  it.each(['المنارة -مصباح', 'المنارة −مصباح', 'المنارة –المصباح', 'المنارة -«حارس المنارة»', 'المنارة -"حارس المنارة"'])(
    'leaves out what %s takes out',
    async (q) => {
      expect(titles(await found(q))).toEqual(['منارة بلا ضوء']);
    },
  );

  it('takes a quote that is never closed, and a dash within a word, for nothing', async () => {
    expect((await found('"حارس المنارة')).total).toBe(2);
    expect((await found('حارس-المنارة')).total).toBe(2);
  });
});

describe('names', () => {
  it('finds the pieces of an author and of a tag, also misspelt', async () => {
    const author = await anAuthor(world, { name: { ar: 'عبد اللطيف الزغلامي', en: 'Abdellatif Zoghlami' } });
    const tag = await aTag(world, 'مصائد الإسفنج');
    await anArticle(world, { title: 'غواصو قرقنة', byline: [{ authorId: author.id }], tagIds: [tag.id] });
    for (const q of [
      'عبد اللطيف الزغلامي',
      'عبداللطيف الزغلامي',
      'الزغلامي',
      'الزغلمي',
      'Zoghlami',
      'Zoglami',
      'مصائد الاسفنج',
      'مصايد الإسفنح',
    ])
      expect(titles(await found(q)), q).toEqual(['غواصو قرقنة']);
  });
});

describe('filters, facets, pages', () => {
  let section: { id: number; slug: string };
  let below: { id: number; slug: string };
  let author: { id: number; slug: string };
  const made: number[] = [];

  beforeAll(async () => {
    section = await aSection(world, { name: { ar: 'علوم البحار', en: 'Marine science' } });
    below = await aSection(world, { name: { ar: 'الشعاب' }, parentId: section.id });
    author = await anAuthor(world, { name: { ar: 'مريم البحرية' } });
    for (let n = 0; n < 7; n += 1) {
      const article = await anArticle(world, {
        title: `مرجان الخليج ${n}`,
        body: '<p>تنمو شعاب المرجان ببطء.</p>',
        sectionId: n % 2 === 0 ? section.id : below.id,
        byline: [{ authorId: author.id }],
        publishedAt: `${2018 + n}-03-01T10:00:00Z`,
      });
      made.push(article.id);
    }
    await anArticle(world, {
      lang: 'en',
      title: 'مرجان in English',
      body: '<p>Coral grows slowly.</p>',
      publishedAt: '2018-01-01T00:00:00Z',
    });
  });

  it('counts what the filters could choose', async () => {
    const { facets, total } = await found('مرجان');
    expect(total).toBe(8);
    expect(facets.approximate).toBe(false);
    expect(facets.section.slice(0, 2)).toEqual([
      { id: section.id, slug: section.slug, name: 'علوم البحار', count: 4 },
      { id: below.id, slug: below.slug, name: 'الشعاب', count: 3 },
    ]);
    expect(facets.author[0]).toEqual({ id: author.id, slug: author.slug, name: 'مريم البحرية', count: 7 });
    expect(facets.year).toEqual([...[2024, 2023, 2022, 2021, 2020, 2019].map((year) => ({ year, count: 1 })), { year: 2018, count: 2 }]);
    expect(facets.lang).toEqual([
      { lang: 'ar', count: 7 },
      { lang: 'en', count: 1 },
    ]);
  });

  it('lets through what every filter does, a section with its subsections', async () => {
    const total = async (more: string): Promise<number> => (await found('مرجان', more)).total;
    expect(await total(`&section=${encodeURIComponent(section.slug)}`)).toBe(7);
    expect(await total(`&section=${below.id}`)).toBe(3);
    expect(await total(`&author=${encodeURIComponent(author.slug)}`)).toBe(7);
    expect(await total('&year=2018')).toBe(2);
    expect(await total('&year=2018&lang=en')).toBe(1);
    expect(await total(`&section=${section.id}&year=2019&author=${author.id}&lang=ar`)).toBe(1);
    for (const more of ['&section=no-such', '&author=999999', '&year=1999', '&lang=fr']) expect(await total(more), more).toBe(0);
  });

  it('names what it counts in the asked language', async () => {
    const { facets } = await found('مرجان', '&lang=en');
    expect(facets.section.every(({ name }) => name === 'Section')).toBe(true);
  });

  it('gives all in pages, each once, and goes on where it was when new ones arrive', async () => {
    const first = await world.get(`/api/v1/search?q=${encodeURIComponent('مرجان')}&lang=ar&limit=3`).expect(200);
    const seen = (first.body as SearchResults).items.map(({ id }) => id);
    expect(first.headers['link']).toContain('rel="next"');
    let next = (first.body as SearchResults).nextCursor;
    await anArticle(world, { title: 'مرجان', body: '<p>مرجان جديد.</p>' });
    for (let page = 0; next !== null && page < 9; page += 1) {
      const { items, nextCursor } = await found('مرجان', `&lang=ar&limit=3&cursor=${next}`);
      seen.push(...items.map(({ id }) => id));
      next = nextCursor;
    }
    expect([...seen].sort((a, b) => a - b)).toEqual(made);
    expect(titles(await found('مرجان', '&limit=1'))).toEqual(['مرجان']);
  });

  it('reads a cursor of another search without harm, and refuses what is none', async () => {
    const { nextCursor } = await found('مرجان', '&limit=2');
    for (const q of ['زلوال', 'منارة', 'متى تعبر اللقالق المضيق نحو الجنوب؟']) await found(q, `&cursor=${nextCursor}`);
    await world.get(`/api/v1/search?q=a&cursor=${nextCursor}x`).expect(400);
    const list = await world.get('/api/v1/articles?limit=1').expect(200);
    await world.get(`/api/v1/search?q=a&cursor=${(list.body as SearchResults).nextCursor}`).expect(400);
  });
});

describe('the doors', () => {
  it('take the parameters they know, as they have to be', async () => {
    const { body } = await world.get('/api/v1/search').expect(400);
    expect(body).toMatchObject({ code: 'invalid_parameter', errors: [{ field: 'q', rule: 'typed' }] });
    for (const parameters of [
      'q=a&limit=0',
      'q=a&limit=101',
      'q=a&year=26',
      'q=a&lang=de',
      'q=a&cursor=x',
      'q=a&q=b',
      'q=a&section=-',
      `q=${'a'.repeat(2001)}`,
    ])
      expect((await world.get(`/api/v1/search?${parameters}`).expect(400)).body, parameters).toMatchObject({ code: 'invalid_parameter' });
    for (const path of ['search?q=a&page=2', 'search/suggest?q=a&limit=3'])
      expect((await world.get(`/api/v1/${path}`).expect(400)).body, path).toMatchObject({ code: 'unknown_parameter' });
    for (const path of ['search?q=%00', 'search/suggest?q=%00', 'search?q=%ED%A0%80', 'search/suggest?q=%ff'])
      expect((await world.get(`/api/v1/${path}`).expect(400)).body, path).toMatchObject({ code: 'malformed_url' });
    await world.get('/api/v1/search/suggest').expect(400);
    await world.get(`/api/v1/search?q=${'a'.repeat(2000)}`).expect(200);
  });

  it('give the same answer twice, with its next page', async () => {
    const path = `/api/v1/search?q=${encodeURIComponent('مرجان')}&limit=1`;
    const { body, headers } = await world.get(path).expect(200);
    expect((body as SearchResults).nextCursor).not.toBeNull();
    await world.get(path).set('if-none-match', headers['etag']!).expect(304);
  });

  it('give a tag and 304 to who holds the answer, and to HEAD what GET has', async () => {
    const path = `/api/v1/search?q=${encodeURIComponent('زلزال')}`;
    const { headers } = await world.get(path).expect(200);
    expect(headers).toMatchObject({ 'cache-control': 'public, max-age=0, must-revalidate', 'access-control-allow-origin': '*' });
    expect(headers).not.toHaveProperty('last-modified');
    expect(headers).not.toHaveProperty('set-cookie');
    await world.get(path).set('If-None-Match', headers['etag']!).expect(304);
    const head = await request(world.app.getHttpServer()).head(path).expect(200);
    expect(head.headers['etag']).toBe(headers['etag']);
    await request(world.app.getHttpServer()).head('/api/v1/search/suggest?q=a').expect(200);
  });

  it('answer whatever is typed', async () => {
    for (const q of HOSTILE) {
      for (const door of ['search', 'search/suggest']) {
        const { status } = await request(world.app.getHttpServer()).get(`/api/v1/${door}?q=${encodeURIComponent(q)}`);
        expect([200, 400], `${door} ${q.slice(0, 60)}`).toContain(status);
      }
    }
  });

  it('make of any text a query that PostgreSQL takes', async () => {
    const letters = [...'ابتعلويكفهأإةىّـ  "“”«»--−–!&|:*()<>\'\\~@%_٣3aZé\u200F\u202E\u0001😀ﷺ、'];
    const queries: string[] = [];
    for (let n = 0; n < 2_000; n += 1) {
      const typed = Array.from({ length: randomInt(60) }, () => letters[randomInt(letters.length)]).join('');
      const { wanted, unwanted } = parseQuery(typed);
      const knowledge = { vocabulary: new Set<string>(), latin: new Map(), lexicon: new Map(), proclitic: new Map() };
      const wishes = demands([...wanted, ...unwanted], knowledge, { skeleton: true, corrected: new Map() }).map(({ wish }) => wish);
      queries.push(...wishes.flatMap((wish) => [tsquery(wish, true), tsquery(wish, false)]));
      const { last } = parseUnfinished(typed);
      if (last !== null) queries.push(tsquery(goingOn(last, true), true));
    }
    expect(queries.length).toBeGreaterThan(5_000);
    await world.dataSource.query(`select $1::text[]::tsquery[]`, [queries]);
  });

  it('refuse some of a hundred at once at the most, and then say when to come again', async () => {
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, n) => request(world.app.getHttpServer()).get(`/api/v1/search?q=${encodeURIComponent(`منارة ${n}`)}`)),
    );
    const refused = answers.filter(({ status }) => status !== 200);
    for (const { status, body, headers } of refused)
      expect([status, (body as { code: string }).code, headers['retry-after']]).toEqual([503, 'busy', '2']);
    expect(answers.length - refused.length).toBeGreaterThan(10);
  });

  it('give up a search that takes too long, say so, and refuse the others meanwhile', async () => {
    const runner = world.dataSource.createQueryRunner();
    await runner.connect();
    await runner.startTransaction();
    try {
      await runner.query(`lock table article_search in access exclusive mode`);
      const answers = await Promise.all(Array.from({ length: 16 }, () => request(world.app.getHttpServer()).get(`/api/v1/search?q=${encodeURIComponent('منارة')}`))); // prettier-ignore
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 503]));
      for (const { status, body } of answers) {
        if (status === 200) expect(body).toMatchObject({ items: [], partial: true, answeredBy: null });
        else expect(body).toMatchObject({ code: 'busy' });
      }
    } finally {
      await runner.rollbackTransaction();
      await runner.release();
    }
    expect((await found('منارة')).total).toBe(2);
  });
});

describe('suggestions', () => {
  beforeAll(async () => {
    const author = await anAuthor(world, { name: { ar: 'فدوى العيدروس' } });
    const tag = await aTag(world, 'فخار');
    await anArticle(world, { title: 'الفخار في الواحات', body: '<p>خزافون.</p>', byline: [{ authorId: author.id }], tagIds: [tag.id] });
    await anArticle(world, { title: 'أسواق الخزف', summary: 'من الفخار إلى الخزف.', body: '<p>دكاكين.</p>' });
  });

  it('complete the last word, the title that holds it first', async () => {
    const whole = await suggested('الفخ');
    expect(titles(whole)).toEqual(['الفخار في الواحات', 'أسواق الخزف']);
    expect(Object.keys(whole.items[0]!)).toEqual(['id', 'slug', 'url', 'title', 'lang', 'dir']);
    for (const q of ['فخ', 'الفخار', 'بالفخ', 'الفخار في ال', 'واحات الف'])
      expect(titles(await suggested(q)), q).toContain('الفخار في الواحات');
  });

  it('name authors and tags that begin so, and nothing for one letter', async () => {
    const { authors, tags } = await suggested('ف');
    expect({ authors, tags }).toEqual({ authors: [], tags: [] });
    expect(await suggested('فخ')).toMatchObject({ authors: [], tags: [{ name: 'فخار' }] });
    for (const q of ['فدوى', 'فدوي العي', 'العيدر', 'عيدروس ف'])
      expect(
        (await suggested(q)).authors.map(({ name }) => name),
        q,
      ).toEqual(['فدوى العيدروس']);
  });
});

describe('what is not public', () => {
  const secrets = ['قسطرنطاس', 'خنفشارة', 'هجعولاب'];
  const [drafted, scheduled, withdrawn] = secrets as [string, string, string];
  let publicBefore: number[];

  beforeAll(async () => {
    const piece = async (word: string): Promise<Parameters<typeof aDraft>[1]> => ({
      title: `سر ${word}`,
      summary: `${word}.`,
      body: `<p>${word} ${word}.</p>`,
      byline: [{ authorId: (await anAuthor(world, { name: { ar: `كاتب ${word}` } })).id }],
      tagIds: [(await aTag(world, `وسم ${word}`)).id],
      sectionId: (await aSection(world, { name: { ar: `قسم ${word}` } })).id,
    });
    await aDraft(world, await piece(drafted));
    const later = await aDraft(world, await piece(scheduled));
    await world
      .as(chief)
      .post(`/api/v1/desk/articles/${later.id}/schedule`, { version: later.version, at: '2999-01-01T00:00:00Z' })
      .expect(200);
    const { publishedAt: _, ...gone } = (await piece(withdrawn)) ?? {};
    const live = await anArticle(world, gone);
    const before = await suggested(withdrawn);
    publicBefore = [(await found(withdrawn)).total, before.items.length, before.authors.length, before.tags.length];
    await world.as(chief).post(`/api/v1/desk/articles/${live.id}/withdraw`, { version: live.version, reason: 'سبب.' }).expect(200);
    // A live piece with a newer draft: its new words are no reader's business yet.
    const edited = await anArticle(world, { title: 'نص منشور عن الكمأة' });
    const { body } = await world.as(chief).get(`/api/v1/desk/articles/${edited.id}`).expect(200);
    await world
      .as(chief)
      .patch(`/api/v1/desk/articles/${edited.id}`, { version: (body as { version: number }).version, title: `نص منشور عن ${drafted}` })
      .expect(200);
  });

  it('is never found, suggested, meant or counted', async () => {
    expect(publicBefore).toEqual([1, 1, 1, 1]);
    for (const word of secrets) {
      // As it is, with a slip, beside a word that is public, beginning.
      for (const q of [word, `${word.slice(0, 3)}${word.slice(4)}`, `${word} المنارة`, `كاتب ${word}`, `سر ${word}`, `"${word} ${word}"`]) {
        const results = await found(q);
        expect(JSON.stringify(results), q).not.toMatch(new RegExp(secrets.join('|')));
        expect(
          results.items.filter(({ title }) => title.startsWith('سر ')),
          q,
        ).toEqual([]);
        expect(results.didYouMean ?? '', q).not.toContain(word);
      }
      expect(await suggested(word.slice(0, 4)), word).toEqual({ items: [], authors: [], tags: [] });
      expect(JSON.stringify((await found('كاتب')).facets), word).not.toContain(word);
    }
  });
});

const HOSTILE = [
  Array.from({ length: 1900 / 3 }, (_, n) => `ا${n % 9}`).join(' '),
  '"""""',
  '« “ " ” »',
  '-"',
  '- - -',
  '-"-"-"',
  "' & | ! <-> :* \\ (((",
  "a:A & b:* | !c <2> 'd''",
  "\\'; drop table articles; --",
  '\\\\\\',
  '\u202Eمقلوب\u202C \u2066x\u2069',
  '\u0001\u0002\u007F',
  '\uFFFE\u{10FFFF}',
  '😀'.repeat(200),
  '\u064B'.repeat(200),
  'ـ'.repeat(200),
  'ا'.repeat(1999),
  'a'.repeat(1999),
  '%_%_%',
  'x'.repeat(600),
  '"' + 'في '.repeat(60) + '"',
  'ﷺ'.repeat(200),
  '١٢٣٤٥٦٧٨٩٠'.repeat(15),
  '\u200F-\u200Fحارس',
  '-'.repeat(200),
  '$1 ${x} {{y}} <script>alert(1)</script>',
];
