import type { Response } from 'supertest';
import { SYSTEM } from '../src/access/access.js';
import { DraftingService, type ActResult } from '../src/articles/drafting.service.js';
import { WorkflowService } from '../src/articles/workflow.service.js';
import { MastheadService } from '../src/masthead/masthead.service.js';
import { aDraft, anArticle, anAuthor, aSection, aSeries, aTag } from './factories.js';
import { startTestApp, type TestApp } from './test-app.js';

/** What readers and other programs get from /api/v1, whole bodies compared. */

interface Card {
  readonly id: number;
  readonly title: string;
}

let world: TestApp;
beforeAll(async () => {
  world = await startTestApp();
});
afterAll(() => world.close());

async function bodyOf<Body>(path: string): Promise<Body> {
  return (await world.get(path).expect(200)).body as Body;
}

async function idsOf(path: string): Promise<number[]> {
  return (await bodyOf<{ items: Card[] }>(path)).items.map(({ id }) => id);
}

function api(...parts: string[]): string {
  return ['/api/v1', ...parts.map(encodeURIComponent)].join('/');
}

function revise(article: ActResult, text: { title: string; slug?: string; sectionId: number; authorId: number }): Promise<ActResult> {
  const { authorId, ...rest } = text;
  return world.tx((tx) =>
    world.app
      .get(DraftingService)
      .save(tx, SYSTEM, article.id, article.version, { summary: 'خلاصة.', body: '<p>متن.</p>', byline: [{ authorId }], ...rest }),
  );
}

function publish(target: ActResult): Promise<ActResult> {
  return world.tx((tx) => world.app.get(WorkflowService).publish(tx, SYSTEM, target));
}

describe('the center', () => {
  it('is served before anybody has described it', async () => {
    expect(await bodyOf('/api/v1/center')).toEqual({
      name: 'مركز',
      tagline: null,
      zone: 'Africa/Cairo',
      masthead: [],
      contact: { email: null, phone: null, address: null },
    });
  });

  it('shows who holds office today, in order, in the asked language and else in its own', async () => {
    const [days] = await world.dataSource.query<{ yesterday: string; today: string; tomorrow: string }[]>(
      `select (day - 1)::text as yesterday, day::text as today, (day + 1)::text as tomorrow from (select (now() at time zone zone)::date as day from center) now`,
    );
    const { yesterday, today, tomorrow } = days!;
    await world.tx((tx) =>
      world.app.get(MastheadService).introduce(tx, {
        name: { ar: 'مركز النخلة', en: 'Palm Center' },
        tagline: { ar: 'قراءات هادئة' },
        publisher: { ar: 'دار النخلة', fr: 'Maison du Palmier' },
        contact: { email: 'info@center.example', address: { ar: 'القاهرة', en: 'Cairo' } },
        masthead: [
          { role: { ar: 'المدير', en: 'Director' }, person: { ar: 'من اليوم' }, since: today },
          { role: { ar: 'المدير', en: 'Director' }, person: { ar: 'إلى أمس' }, until: yesterday },
          { role: { ar: 'التحرير', en: 'Editor' }, person: { ar: 'إلى اليوم', en: 'Until Today' }, since: '2020-02-29', until: today },
          { role: { ar: 'المدير', en: 'Director' }, person: { ar: 'من الغد' }, since: tomorrow },
          { role: { ar: 'المستشار' }, person: { ar: 'بلا تاريخ' } },
        ],
      }),
    );
    expect(await bodyOf('/api/v1/center')).toEqual({
      name: 'مركز النخلة',
      tagline: 'قراءات هادئة',
      zone: 'Africa/Cairo',
      masthead: [
        { role: 'المدير', person: 'من اليوم', since: today },
        { role: 'التحرير', person: 'إلى اليوم', since: '2020-02-29' },
        { role: 'المستشار', person: 'بلا تاريخ', since: null },
      ],
      contact: { email: 'info@center.example', phone: null, address: 'القاهرة' },
    });
    expect(await bodyOf('/api/v1/center?lang=en')).toEqual({
      name: 'Palm Center',
      tagline: 'قراءات هادئة',
      zone: 'Africa/Cairo',
      masthead: [
        { role: 'Director', person: 'من اليوم', since: today },
        { role: 'Editor', person: 'Until Today', since: '2020-02-29' },
        { role: 'المستشار', person: 'بلا تاريخ', since: null },
      ],
      contact: { email: 'info@center.example', phone: null, address: 'Cairo' },
    });
    expect(await bodyOf('/api/v1/center?lang=fr')).toMatchObject({ name: 'مركز النخلة', contact: { address: 'القاهرة' } });
  });
});

describe('sections', () => {
  it('are a tree in the center’s order, each also alone by its slug', async () => {
    const late = await aSection(world, { name: { ar: 'ثقافة' }, slug: 'ثقافة', position: 2 });
    const first = await aSection(world, {
      name: { ar: 'دراسات', en: 'Studies' },
      description: { ar: 'أوراق طويلة.', en: 'Long papers.' },
      slug: 'دراسات',
      position: 1,
    });
    const child = await aSection(world, { name: { ar: 'المدن', fr: 'Villes' }, slug: 'المدن', parentId: first.id });

    const city = { id: child.id, slug: 'المدن', name: 'المدن', description: null, children: [] };
    const studies = { id: first.id, slug: 'دراسات', name: 'دراسات', description: 'أوراق طويلة.', children: [city] };
    expect(await bodyOf('/api/v1/sections')).toEqual({
      items: [studies, { id: late.id, slug: 'ثقافة', name: 'ثقافة', description: null, children: [] }],
    });
    expect(await bodyOf(`${api('sections', 'دراسات')}?lang=en`)).toEqual({ ...studies, name: 'Studies', description: 'Long papers.' });
    expect(await bodyOf(`${api('sections', 'المدن')}?lang=fr`)).toEqual({ ...city, name: 'Villes' });
  });

  it('send another spelling of the slug to the right one, and know no others', async () => {
    const answer = await world.get(`${api('sections', 'ثقافه')}?lang=en`).expect(301);
    expect(answer.headers['location']).toBe(`https://center.example${api('sections', 'ثقافة')}?lang=en`);
    await world.get(api('sections', 'رياضة')).expect(404);
  });
});

describe('authors', () => {
  it('are known once something of theirs is public, and stand in the order of their names', async () => {
    const section = await aSection(world);
    // Sorted without honorific and article, as an Arabic reader looks them up: أ، ب، ت، ن، then Latin.
    const names = ['د. نادية', 'البيروني', 'أ.د. أحمد', 'السفير تميم', 'Zoe'];
    const ids = new Map<string, number>();
    for (const name of names) {
      const { id } = await anAuthor(world, { name: { ar: name } });
      ids.set(name, id);
      await anArticle(world, { sectionId: section.id, byline: [{ authorId: id }] });
    }
    const hidden = await anAuthor(world, { name: { ar: 'باحث بلا نشر' } });
    await aDraft(world, { sectionId: section.id, byline: [{ authorId: hidden.id }] });

    const { items, nextCursor } = await bodyOf<{ items: { id: number; name: string }[]; nextCursor: null }>('/api/v1/authors');
    expect(nextCursor).toBeNull();
    expect(items.map(({ name }) => name)).toEqual(['أ.د. أحمد', 'البيروني', 'السفير تميم', 'د. نادية', 'Zoe']);
    await world.get(api('authors', hidden.slug)).expect(404);

    const paged: number[] = [];
    for (let path: string | undefined = '/api/v1/authors?limit=2&lang=en'; path !== undefined;) {
      const answer: Response = await world.get(path).expect(200);
      const page = answer.body as { items: Card[]; nextCursor: string | null };
      paged.push(...page.items.map(({ id }) => id));
      const link: string | undefined = /^<https:\/\/center\.example(.*)>; rel="next"$/.exec(answer.headers['link'] ?? '')?.[1];
      expect(link).toBe(page.nextCursor === null ? undefined : `/api/v1/authors?lang=en&limit=2&cursor=${page.nextCursor}`);
      path = link;
    }
    expect(paged).toEqual(items.map(({ id }) => id));
  });

  it('show their whole profile', async () => {
    const { id, slug } = await anAuthor(world, {
      name: { ar: 'هدى سالم', en: 'Huda Salem' },
      honorific: { ar: 'د.' },
      affiliation: { ar: 'وحدة المدن', en: 'Cities Unit' },
      bio: { ar: 'تكتب عن النقل.' },
      orcid: '0000-0002-1825-0097',
      links: [{ label: 'موقعها', url: 'https://example.org/huda' }],
    });
    await anArticle(world, { byline: [{ authorId: id }] });
    const profile = {
      id,
      slug: 'هدى-سالم',
      name: 'هدى سالم',
      affiliation: 'وحدة المدن',
      bio: 'تكتب عن النقل.',
      orcid: '0000-0002-1825-0097',
      links: [{ label: 'موقعها', url: 'https://example.org/huda' }],
      portrait: null,
    };
    expect(await bodyOf(api('authors', slug))).toEqual(profile);
    expect(await bodyOf(`${api('authors', slug)}?lang=en`)).toEqual({ ...profile, name: 'Huda Salem', affiliation: 'Cities Unit' });
    const answer = await world.get(api('authors', 'هدي-سالم')).expect(301);
    expect(answer.headers['location']).toBe(`https://center.example${api('authors', slug)}`);
  });
});

describe('an ORCID', () => {
  it('is taken when its check digit fits (ISO 7064 MOD 11-2), and refused otherwise', async () => {
    await expect(anAuthor(world, { orcid: '0000-0002-1694-233X' })).resolves.toBeDefined();
    for (const orcid of ['0000-0002-1694-2330', '0000-0002-1825-0098', '0000-0002-1825-097', '0000000218250097', '']) {
      await expect(anAuthor(world, { orcid })).rejects.toMatchObject({ code: 'orcid_invalid', status: 422 });
    }
  });
});

describe('an article', () => {
  it('comes whole, by id and by slug, in both languages of its names', async () => {
    const section = await aSection(world, { name: { ar: 'اقتصاد', en: 'Economy' }, slug: 'اقتصاد' });
    const writer = await anAuthor(world, { name: { ar: 'سمير نور', en: 'Samir Nour' } });
    const translator = await anAuthor(world, { name: { ar: 'منى فهمي' } });
    const [wheat, water] = [await aTag(world, 'قمح'), await aTag(world, 'مياه')];
    const series = await aSeries(world, 'ملف الغذاء');
    const { id } = await anArticle(world, {
      title: 'مكتبة القمح',
      kicker: 'الأمن الغذائي',
      summary: 'لماذا نخزن.',
      body: '<h2>المقدمة</h2><p>نصٌّ قصير.</p>',
      type: 'study',
      sectionId: section.id,
      byline: [{ authorId: writer.id }, { authorId: translator.id, role: 'ترجمة' }],
      tagIds: [water.id, wheat.id],
      series: { id: series.id, position: 3 },
      references: [{ title: 'دليل التخزين', url: 'https://example.org/g', accessed: '2024-05-01' }, { title: 'كتاب' }],
      publishedAt: '2024-07-15T09:05:07.890Z',
    });
    const slug = 'مكتبة-القمح';
    const whole = {
      id,
      slug,
      url: `https://center.example/articles/${id}/${encodeURIComponent(slug)}`,
      lang: 'ar',
      dir: 'rtl',
      type: 'study',
      kicker: 'الأمن الغذائي',
      title: 'مكتبة القمح',
      summary: 'لماذا نخزن.',
      byline: [
        { id: writer.id, slug: 'سمير-نور', name: 'سمير نور', role: null, portrait: null },
        { id: translator.id, slug: 'منى-فهمي', name: 'منى فهمي', role: 'ترجمة', portrait: null },
      ],
      section: { id: section.id, slug: 'اقتصاد', name: 'اقتصاد' },
      cover: null,
      publishedAt: '2024-07-15T09:05:07Z',
      updatedAt: '2024-07-15T09:05:07Z',
      // Cairo keeps summer time in July: three hours ahead.
      dateline: 'الإثنين 15/يوليو/2024 - 12:05 م',
      readingMinutes: 1,
      status: 'published',
      body: '<h2 id="h-المقدمه">المقدمة</h2>\n<p>نصٌّ قصير.</p>',
      contents: [{ id: 'h-المقدمه', level: 2, text: 'المقدمة' }],
      publisher: { name: 'دار النخلة', url: 'https://center.example' },
      references: [
        { title: 'دليل التخزين', source: null, url: 'https://example.org/g', accessed: '2024-05-01' },
        { title: 'كتاب', source: null, url: null, accessed: null },
      ],
      tags: [
        { id: wheat.id, slug: 'قمح', name: 'قمح' },
        { id: water.id, slug: 'مياه', name: 'مياه' },
      ],
      series: { id: series.id, slug: 'ملف-الغذاء', name: 'ملف الغذاء', position: 3 },
      translations: [],
      notices: [],
      polls: [],
      revision: 1,
    };
    expect(await bodyOf(api('articles', String(id)))).toEqual(whole);
    expect(await bodyOf(api('articles', slug))).toEqual(whole);
    expect(await bodyOf(`${api('articles', slug)}?lang=en`)).toEqual({
      ...whole,
      byline: [{ ...whole.byline[0], name: 'Samir Nour' }, whole.byline[1]],
      section: { ...whole.section, name: 'Economy' },
    });
    expect(await bodyOf(`${api('articles', slug)}?lang=fr`)).toEqual({
      ...whole,
      publisher: { name: 'Maison du Palmier', url: 'https://center.example' },
    });

    const { items } = await bodyOf<{ items: Card[] }>(`/api/v1/articles?series=${series.id}`);
    const { body: _b, contents: _c, publisher: _p, references: _r, tags: _t, series: _s, ...rest } = whole;
    const { translations: _tr, notices: _n, polls: _po, revision: _re, ...card } = rest;
    expect(items).toEqual([card]);
  });

  it('in a left-to-right language says so, names a publisher of its own, and does without what is optional', async () => {
    const { id } = await anArticle(world, {
      lang: 'en',
      title: 'A short note',
      publisher: { name: 'Other House', url: null },
      publishedAt: '2024-01-15T22:30:00Z',
    });
    expect(await bodyOf(api('articles', 'a-short-note'))).toMatchObject({
      id,
      url: `https://center.example/articles/${id}/a-short-note`,
      lang: 'en',
      dir: 'ltr',
      kicker: null,
      type: 'analysis',
      section: { name: 'Section' },
      publishedAt: '2024-01-15T22:30:00Z',
      publisher: { name: 'Other House', url: null },
      references: [],
      tags: [],
      series: null,
    });
  });

  it('names its translations both ways, live ones only', async () => {
    const original = await anArticle(world, { title: 'قراءة في النهر' });
    const english = await anArticle(world, { lang: 'en', title: 'Reading the river', translationOf: original.id });
    const french = await aDraft(world, { lang: 'fr', title: 'Lire le fleuve', translationOf: original.id });
    const entry = (id: number, slug: string, lang: string, dir: string, title: string) => ({
      id,
      slug,
      url: `https://center.example/articles/${id}/${encodeURIComponent(slug)}`,
      lang,
      dir,
      title,
    });
    const ar = entry(original.id, 'قراءة-في-النهر', 'ar', 'rtl', 'قراءة في النهر');
    const en = entry(english.id, 'reading-the-river', 'en', 'ltr', 'Reading the river');
    expect(await bodyOf(api('articles', ar.slug))).toMatchObject({ translations: [en] });
    expect(await bodyOf(api('articles', en.slug))).toMatchObject({ translations: [ar] });
    await publish(french);
    const fr = entry(french.id, 'lire-le-fleuve', 'fr', 'ltr', 'Lire le fleuve');
    expect(await bodyOf(api('articles', ar.slug))).toMatchObject({ translations: [en, fr] });
    expect(await bodyOf(api('articles', fr.slug))).toMatchObject({ translations: [ar, en] });
  });

  it('is found by its slug decomposed or percent-encoded letter by letter, and sent on from a spelling that only folds to it', async () => {
    const slug = 'أثر-مكتبة-reading';
    const { id } = await anArticle(world, { title: 'أثر مكتبة reading' });
    expect(slug.normalize('NFD')).not.toBe(slug);
    expect(await bodyOf(api('articles', slug.normalize('NFD')))).toMatchObject({ id, slug });
    expect(await bodyOf(`${api('articles', 'أثر-مكتبة-')}%72%65ading`)).toMatchObject({ id, slug });
    for (const spelling of ['اثر-مكتبه-reading', 'أَثَر-مكتبة-READING', 'أثـر-مكتبة-reading']) {
      const answer = await world.get(`${api('articles', spelling)}?lang=en`).expect(301);
      expect(answer.headers['location']).toBe(`https://center.example${api('articles', slug)}?lang=en`);
    }
    const long = Array.from({ length: 10 }, () => 'المكتبة')
      .join('-')
      .slice(0, 63);
    await anArticle(world, { title: long.replaceAll('-', ' ') });
    await world.get(api('articles', long)).expect(200);
  });

  it('keeps answering under every slug it had, in one hop, and shows nothing of a draft over it', async () => {
    const section = await aSection(world);
    const author = await anAuthor(world);
    const text = { sectionId: section.id, authorId: author.id };
    const first = await anArticle(world, { title: 'الاسم الأول', sectionId: section.id, byline: [{ authorId: author.id }] });
    const live = await bodyOf(api('articles', 'الاسم-الأول'));

    const second = await revise(first, { title: 'الاسم الثاني', slug: 'الاسم-الثاني', ...text });
    await world.get(api('articles', 'الاسم-الثاني')).expect(404);
    expect(await bodyOf(api('articles', 'الاسم-الأول'))).toEqual(live);
    expect(await bodyOf(api('articles', String(first.id)))).toEqual(live);

    const third = await publish(second).then((state) => revise(state, { title: 'الاسم الثالث', slug: 'الاسم-الثالث', ...text }));
    await publish(third);
    for (const former of ['الاسم-الأول', 'الاسم-الثاني', 'الاسم-الاول']) {
      const answer = await world.get(api('articles', former)).expect(301);
      expect(answer.headers['location']).toBe(`https://center.example${api('articles', 'الاسم-الثالث')}`);
    }
    expect(await bodyOf(api('articles', String(first.id)))).toMatchObject({ title: 'الاسم الثالث', revision: 3 });
    expect(await bodyOf(api('articles', 'الاسم-الثالث'))).toMatchObject({ id: first.id });
  });

  it('that is only a draft, or never was, is not found', async () => {
    const { id, slug } = await aDraft(world, { title: 'مسودة لا تُرى' });
    for (const name of [String(id), slug, '999999999', 'لا-أحد']) await world.get(api('articles', name)).expect(404);
  });

  it('withdrawn is gone for good by id, slug and former slug, and from every list', async () => {
    const section = await aSection(world);
    const author = await anAuthor(world, { name: { ar: 'صاحبة المسحوب' } });
    const first = await anArticle(world, { title: 'قبل السحب', sectionId: section.id, byline: [{ authorId: author.id }] });
    const { id } = await publish(
      await revise(first, { title: 'عند السحب', slug: 'عند-السحب', sectionId: section.id, authorId: author.id }),
    );
    expect(await idsOf(`/api/v1/articles?section=${section.id}`)).toEqual([id]);
    await world.tx(async (tx) => {
      await tx.query(`update articles set live_revision_id = null, status = 'withdrawn' where id = $1`, [id]);
      await tx.query(`delete from listings where article_id = $1`, [id]);
    });
    for (const name of [String(id), 'عند-السحب', 'قبل-السحب']) {
      expect((await world.get(api('articles', name)).expect(410)).body).toMatchObject({ code: 'withdrawn', status: 410 });
    }
    expect(await idsOf(`/api/v1/articles?section=${section.id}`)).toEqual([]);
    await world.get(api('authors', author.slug)).expect(404);
  });

  it('retracted stays in its place with its status', async () => {
    const section = await aSection(world);
    const { id } = await anArticle(world, { sectionId: section.id });
    await world.dataSource.query(`update articles set status = 'retracted' where id = $1`, [id]);
    expect(await bodyOf(`/api/v1/articles?section=${section.id}`)).toMatchObject({
      items: [{ id, status: 'retracted' }],
      nextCursor: null,
    });
    expect(await bodyOf(api('articles', String(id)))).toMatchObject({ id, status: 'retracted' });
  });
});

describe('the filters of the list', () => {
  type Facts = Record<'section' | 'author' | 'tag' | 'series' | 'type' | 'lang', string[]> & { id: number; at: string };
  let archive: TestApp;
  const facts: Facts[] = [];
  /** Two values to try for each filter; of ids and slugs of one thing both. */
  const choices: Record<string, string[]> = {
    type: ['analysis', 'opinion'],
    lang: ['ar', 'en'],
    from: ['2023-03-01', '2023-02-10T10:00:00+02:00'],
    to: ['2023-10-01', '2023-11-10T08:00:00Z'],
  };

  beforeAll(async () => {
    archive = await startTestApp();
    const parent = await aSection(archive, { slug: 'أصل' });
    const child = await aSection(archive, { slug: 'فرع', parentId: parent.id });
    const other = await aSection(archive, { slug: 'غيره' });
    const [rima, karim] = [await anAuthor(archive, { name: { ar: 'ريما' } }), await anAuthor(archive, { name: { ar: 'كريم' } })];
    const [sea, land] = [await aTag(archive, 'بحر'), await aTag(archive, 'برّ')];
    const [seriesA, seriesB] = [await aSeries(archive, 'ملف أول'), await aSeries(archive, 'ملف ثان')];
    const named = ({ id, slug }: { id: number; slug: string }): string[] => [String(id), slug];
    Object.assign(choices, {
      section: [String(parent.id), 'فرع'],
      author: [String(rima.id), 'كريم'],
      tag: ['بحر', String(land.id)],
      series: [seriesA.slug, String(seriesB.id)],
    });
    const pick = <Value>(list: readonly Value[], n: number): Value => list[n % list.length]!;
    for (let n = 0; n < 24; n += 1) {
      const section = pick([parent, child, other], n);
      const authors = pick([[rima], [karim], [rima, karim]], n >> 1);
      const tags = pick([[sea], [land], [sea, land], []], n);
      const series = pick([seriesA, seriesB, null], n >> 2);
      const type = pick(['analysis', 'opinion', 'study'] as const, n >> 1);
      const lang = pick(['ar', 'ar', 'en', 'fr'] as const, n >> 1);
      const at = `2023-${String(1 + (n >> 1)).padStart(2, '0')}-10T08:00:00Z`;
      const { id } = await anArticle(archive, {
        lang,
        type,
        sectionId: section.id,
        byline: authors.map((author) => ({ authorId: author.id })),
        tagIds: tags.map((tag) => tag.id),
        series: series && { id: series.id, position: n },
        publishedAt: at,
      });
      facts.push({
        id,
        at,
        type: [type],
        lang: [lang],
        section: section === child ? [...named(child), ...named(parent)] : named(section),
        author: authors.flatMap(named),
        tag: tags.flatMap(named),
        series: series ? named(series) : [],
      });
    }
  });
  afterAll(() => archive.close());

  function expected(filters: readonly (readonly [string, string])[]): number[] {
    const holds = (fact: Facts, name: string, value: string): boolean => {
      // Whole days here lie far from any article's hour; the border itself is another test's.
      if (name === 'from') return Date.parse(fact.at) >= Date.parse(value);
      if (name === 'to') return Date.parse(fact.at) <= Date.parse(value);
      return fact[name as keyof Omit<Facts, 'id' | 'at'>].includes(value);
    };
    return facts
      .filter((fact) => filters.every(([name, value]) => holds(fact, name, value)))
      .toSorted((a, b) => b.at.localeCompare(a.at) || b.id - a.id)
      .map(({ id }) => id);
  }

  async function listed(filters: readonly (readonly [string, string])[]): Promise<number[]> {
    const { body } = await archive.get(
      `/api/v1/articles?${new URLSearchParams([...filters.map((filter) => [...filter]), ['limit', '100']])}`,
    );
    return (body as { items: Card[] }).items.map(({ id }) => id);
  }

  it('each hold alone, with either value', async () => {
    for (const [name, values] of Object.entries(choices)) {
      for (const value of values) {
        const want = expected([[name, value]]);
        expect(want.length, `${name}=${value} must choose some and leave some`).toSatisfy((n: number) => n > 0 && n < facts.length);
        expect(await listed([[name, value]]), `${name}=${value}`).toEqual(want);
      }
    }
  });

  it('hold together in every pair', async () => {
    const names = Object.keys(choices);
    for (const [i, a] of names.entries()) {
      for (const b of names.slice(i + 1)) {
        for (const [x, y] of [[0, 0] as const, [0, 1] as const, [1, 0] as const]) {
          const filters = [[a, choices[a]![x]!] as const, [b, choices[b]![y]!] as const];
          expect(await listed(filters), JSON.stringify(filters)).toEqual(expected(filters));
        }
      }
    }
  });

  it('hold together in every three, and all at once', async () => {
    const names = Object.keys(choices);
    for (const [i, a] of names.entries()) {
      for (const [j, b] of names.entries()) {
        for (const c of names.slice(j + 1)) {
          if (i >= j) continue;
          const filters = [a, b, c].map((name, at) => [name, choices[name]![(i + at) % 2]!] as const);
          expect(await listed(filters), JSON.stringify(filters)).toEqual(expected(filters));
        }
      }
    }
    const all = names.map((name) => [name, choices[name]![0]!] as const);
    expect(await listed(all)).toEqual(expected(all));
  });

  it('give the same in pages of one and of two, where little is found among much', async () => {
    const names = Object.keys(choices);
    for (const [i, a] of names.entries()) {
      for (const [j, b] of names.slice(i + 1).entries()) {
        const filters = [[a, choices[a]![j % 2]!] as const, [b, choices[b]![i % 2]!] as const];
        const limit = 1 + ((i + j) % 2);
        const seen: number[] = [];
        for (let cursor: string | null = ''; cursor !== null;) {
          const query = new URLSearchParams([...filters.map((filter) => [...filter]), ['limit', String(limit)]]);
          if (cursor !== '') query.set('cursor', cursor);
          const answer = await archive.app.inject({ method: 'GET', url: `/api/v1/articles?${query}` });
          const { items, nextCursor } = answer.json<{ items: Card[]; nextCursor: string | null }>();
          seen.push(...items.map(({ id }) => id));
          cursor = nextCursor;
        }
        expect(seen, JSON.stringify(filters)).toEqual(expected(filters));
      }
    }
  });

  it('give an empty list for a well-formed value that nothing has', async () => {
    for (const query of ['section=لا-أحد', 'author=لا-أحد', 'tag=999999', 'series=لا-أحد', 'author=ريما&tag=لا-أحد', 'type=news']) {
      const { body } = await archive.get(`/api/v1/articles?${new URLSearchParams(query)}`).expect(200);
      expect(body, query).toEqual({ items: [], nextCursor: null });
    }
  });

  it('take another spelling of a slug for the slug', async () => {
    expect(await listed([['section', 'اصل']])).toEqual(expected([['section', 'أصل']]));
    expect(await listed([['section', 'أصل'.normalize('NFD')]])).toEqual(expected([['section', 'أصل']]));
    expect(await listed([['tag', 'بر']])).toEqual(expected([['tag', choices['tag']![1]!]]));
  });
});

describe('days and instants', () => {
  let section: { id: number };
  const at = new Map<string, number>();

  beforeAll(async () => {
    section = await aSection(world);
    const authorId = (await anAuthor(world)).id;
    // Egypt's clocks went from 00:00 to 01:00 on 28 April 2023 and from 24:00 on 26 October back to 23:00.
    for (const instant of [
      '2023-04-27T21:59:59Z',
      '2023-04-27T22:00:00Z',
      '2023-04-28T20:59:59Z',
      '2023-04-28T21:00:00Z',
      '2023-10-25T20:59:59Z',
      '2023-10-25T21:00:00Z',
      '2023-10-26T21:59:59.999Z',
      '2023-10-26T22:00:00Z',
      '2024-01-09T22:00:00Z',
      '2024-01-10T21:59:59.500Z',
    ]) {
      at.set(instant, (await anArticle(world, { sectionId: section.id, byline: [{ authorId }], publishedAt: instant })).id);
    }
  });

  async function between(parameters: Record<string, string>): Promise<string[]> {
    const ids = await idsOf(`/api/v1/articles?${new URLSearchParams({ ...parameters, section: String(section.id) })}`);
    return ids.map((id) => [...at].find(([, known]) => known === id)![0]);
  }

  it('take a day as it passes in Cairo, both ends included', async () => {
    expect(await between({ from: '2024-01-10', to: '2024-01-10' })).toEqual(['2024-01-10T21:59:59.500Z', '2024-01-09T22:00:00Z']);
    expect(await between({ from: '2024-01-09', to: '2024-01-09' })).toEqual([]);
  });

  it('know the day of 23 hours and the day of 25', async () => {
    expect(await between({ from: '2023-04-28', to: '2023-04-28' })).toEqual(['2023-04-28T20:59:59Z', '2023-04-27T22:00:00Z']);
    expect(await between({ from: '2023-10-26', to: '2023-10-26' })).toEqual(['2023-10-26T21:59:59.999Z', '2023-10-25T21:00:00Z']);
  });

  it('find a piece by the very moment its publishedAt gives', async () => {
    for (const instant of at.keys()) {
      const shown = instant.replace(/\.\d+/, '');
      expect(await between({ from: shown, to: shown })).toEqual([instant]);
    }
  });

  it('read an offset, with its plus sign encoded or not', async () => {
    const wanted = ['2024-01-09T22:00:00Z'];
    expect(await between({ from: '2024-01-10T00:00:00+02:00', to: '2024-01-10T00:00+02:00' })).toEqual(wanted);
    expect(await between({ from: '2024-01-09T16:30:00-05:30', to: '2024-01-10T12:00:00+14:00' })).toEqual(wanted);
    const bare = `/api/v1/articles?section=${section.id}&from=2024-01-10T00:00:00+02:00&to=2024-01-10T00:00:00+02:00`;
    expect(await idsOf(bare)).toEqual([at.get('2024-01-09T22:00:00Z')]);
  });

  it('go to the ends of the calendar', async () => {
    expect(await between({ from: '0001-01-01', to: '9999-12-31' })).toHaveLength(at.size);
    expect(await between({ from: '2024-01-11', to: '2024-01-09' })).toEqual([]);
  });
});

describe('pages', () => {
  let archive: TestApp;
  let place: { sectionId: number; byline: { authorId: number }[]; tagIds: number[] };
  const ids: number[] = [];

  beforeAll(async () => {
    archive = await startTestApp();
    place = {
      sectionId: (await aSection(archive)).id,
      byline: [{ authorId: (await anAuthor(archive)).id }],
      tagIds: [(await aTag(archive)).id],
    };
    // Five at each moment, so that pages of seven begin and end among equals.
    for (let n = 0; n < 55; n += 1) {
      const publishedAt = `2020-01-${String(1 + Math.floor(n / 5)).padStart(2, '0')}T10:00:00Z`;
      ids.push((await anArticle(archive, { ...place, publishedAt })).id);
    }
    ids.reverse();
  });
  afterAll(() => archive.close());

  it.each([
    ['the plain list', ''],
    ['one filter', 'section=1&'],
    ['two filters', 'author=1&tag=1&'],
    ['a filter and an end date', 'type=analysis&to=2020-01-31&'],
    ['every filter', 'section=1&author=1&tag=1&type=analysis&lang=ar&from=2019-12-31&to=2029-01-01&'],
  ])('of %s give each article once, also when others are published meanwhile', async (_, filters) => {
    const seen: number[] = [];
    const sizes: number[] = [];
    const published: number[] = [];
    let path: string | undefined = `/api/v1/articles?${filters}limit=7`;
    while (path !== undefined) {
      const answer = await archive.get(path).expect(200);
      const { items, nextCursor } = answer.body as { items: Card[]; nextCursor: string | null };
      seen.push(...items.map(({ id }) => id));
      sizes.push(items.length);
      if (nextCursor === null) {
        expect(answer.headers['link']).toBeUndefined();
        path = undefined;
      } else {
        const [, link] = /^<(.*)>; rel="next"$/.exec(answer.headers['link'] ?? '') ?? [];
        const next: URL = new URL(link!);
        expect(next.origin + next.pathname).toBe('https://center.example/api/v1/articles');
        expect(Object.fromEntries(next.searchParams)).toEqual({
          ...Object.fromEntries(new URLSearchParams(filters)),
          limit: '7',
          cursor: nextCursor,
        });
        path = next.pathname + next.search;
        published.push((await anArticle(archive, { ...place, publishedAt: '2021-01-01T00:00:00Z' })).id);
      }
    }
    expect(seen).toEqual(ids);
    expect(sizes).toEqual([7, 7, 7, 7, 7, 7, 7, 6]);
    await archive.tx(async (tx) => {
      await tx.query(`delete from listings where article_id = any($1)`, [published]);
    });
  });

  it('hold twenty when no limit is given, and up to a hundred', async () => {
    const size = async (query: string): Promise<number> =>
      ((await archive.get(`/api/v1/articles${query}`).expect(200)).body as { items: Card[] }).items.length;
    expect([await size(''), await size('?limit=1'), await size('?limit=100'), await size('?limit=55')]).toEqual([20, 1, 55, 55]);
    expect((await archive.get('/api/v1/articles?limit=55')).body).toMatchObject({ nextCursor: null });
  });

  it('go on from the same cursor in the same place, whatever the size of the page', async () => {
    const { body } = await archive.get('/api/v1/articles?limit=10');
    const { nextCursor } = body as { nextCursor: string };
    const rest = await archive.get(`/api/v1/articles?limit=100&cursor=${nextCursor}`);
    expect((rest.body as { items: Card[] }).items.map(({ id }) => id)).toEqual(ids.slice(10));
  });
});
