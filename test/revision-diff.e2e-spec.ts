import { aPicture, anAuthor, anEditor, aSection, aSeries, aTag, type TestEditor } from './factories.js';
import { startTestApp, type TestApp } from './test-app.js';

/** Two revisions side by side. */

const DESK = '/api/v1/desk/articles';

let world: TestApp;
let chief: TestEditor;
let sections: { id: number }[];
let authors: { id: number }[];

beforeAll(async () => {
  world = await startTestApp();
  chief = await anEditor(world, 'chief');
  sections = [await aSection(world, { name: { ar: 'قسم أول' } }), await aSection(world, { name: { ar: 'قسم ثان' } })];
  // Two of one name.
  authors = [await anAuthor(world, { name: { ar: 'ليلى' } }), await anAuthor(world, { name: { ar: 'ليلى' } })];
});
afterAll(() => world.close());

/** An article with a revision for each of the texts: each is submitted, so that the next save begins another. */
async function anArticleOf(...texts: readonly object[]): Promise<number> {
  const whole = { lang: 'ar', title: 'النقل', body: '<p>متن.</p>', sectionId: sections[0]!.id, authorIds: [authors[0]!.id] };
  let { body } = await world.as(chief).post(DESK, { ...whole, ...texts[0] }).expect(201); // prettier-ignore
  for (const text of texts.slice(1)) {
    ({ body } = await world.as(chief).post(`${DESK}/${body.id}/submit`, { version: body.version }).expect(200));
    ({ body } = await world
      .as(chief)
      .patch(`${DESK}/${body.id}`, { version: body.version, ...text })
      .expect(200));
  }
  return body.id as number;
}
const path = (id: number, number: number, query = ''): string => `${DESK}/${id}/revisions/${number}/diff${query}`;
const words = (op: string, text: string, spelling = false): object => ({ op, text, spelling, markup: false });

describe('The comparison of two revisions', () => {
  it('tells what came and went, by words, against the one before', async () => {
    const id = await anArticleOf(
      { title: 'النقل في المدن', body: '<h2>تمهيد</h2><p>قالت المسؤولة كلمة.</p><p>باقية.</p>' },
      { title: 'النقل العام في المدن', body: '<h2>تمهيد</h2><p>قالت المسئولة كلمة.</p><p>باقية.</p><p>جديدة.</p>' },
    );
    const { body } = await world.as(chief).get(path(id, 2)).expect(200);
    expect(body).toEqual({
      from: 1,
      to: 2,
      lang: 'ar',
      dir: 'rtl',
      fields: [
        {
          field: 'title',
          before: 'النقل في المدن',
          after: 'النقل العام في المدن',
          words: [words('equal', 'النقل'), words('insert', ' العام'), words('equal', ' في المدن')],
        },
      ],
      body: [
        { op: 'equal', html: '<h2 id="h-تمهيد">تمهيد</h2>', words: null, moved: false },
        {
          op: 'change',
          html: '<p>قالت <del>المسؤولة</del><ins>المسئولة</ins> كلمة.</p>',
          words: [words('equal', 'قالت '), words('delete', 'المسؤولة', true), words('insert', 'المسئولة', true), words('equal', ' كلمة.')],
          moved: false,
        },
        { op: 'equal', html: '<p>باقية.</p>', words: null, moved: false },
        { op: 'insert', html: '<ins><p>جديدة.</p></ins>', words: null, moved: false },
      ],
    });
    // The other way round what came has gone.
    const back = (
      await world
        .as(chief)
        .get(path(id, 1, '?with=2'))
        .expect(200)
    ).body;
    expect([back.from, back.to, back.fields[0].words[1], back.body.at(-1).html]).toEqual([
      2,
      1,
      words('delete', ' العام'),
      '<del><p>جديدة.</p></del>',
    ]);
    const same = (
      await world
        .as(chief)
        .get(path(id, 2, '?with=2'))
        .expect(200)
    ).body;
    expect([same.fields, same.body.every(({ op }: { op: string }) => op === 'equal')]).toEqual([[], true]);
  });

  it('names every field that differs, and of the first revision everything', async () => {
    const [tag, series] = [await aTag(world, 'وسم جديد'), await aSeries(world, 'ملف جديد')];
    const id = await anArticleOf(
      {},
      {
        kicker: 'تمهيدي',
        summary: 'خلاصة.',
        type: 'study',
        slug: `naql-${Date.now()}`,
        sectionId: sections[1]!.id,
        authorIds: [authors[1]!.id],
        authorRoles: [{ authorId: authors[1]!.id, role: 'ترجمة' }],
        tags: [tag.id],
        seriesId: series.id,
        publisher: { name: 'دار', url: 'https://dar.example/' },
        references: [{ title: 'دليل', source: 'مجلة', accessed: '2026-01-15' }],
      },
    );
    const { fields } = (await world.as(chief).get(path(id, 2)).expect(200)).body as { fields: { field: string; before: string | null; after: string | null }[] }; // prettier-ignore
    expect(Object.fromEntries(fields.map(({ field, before, after }) => [field, [before, after]]))).toEqual({
      kicker: [null, 'تمهيدي'],
      summary: [null, 'خلاصة.'],
      byline: ['ليلى', 'ليلى (ترجمة)'],
      section: ['قسم أول', 'قسم ثان'],
      type: ['analysis', 'study'],
      slug: [expect.any(String), expect.stringMatching(/^naql-/)],
      series: [null, 'ملف جديد · 1'],
      tags: [null, 'وسم جديد'],
      publisher: [null, 'دار · https://dar.example/'],
      references: [null, 'دليل · مجلة · 2026-01-15'],
    });
    const first = (await world.as(chief).get(path(id, 1)).expect(200)).body;
    expect([first.from, first.to]).toEqual([null, 1]);
    expect(first.body.map(({ op }: { op: string }) => op)).toEqual(['insert']);
    expect(first.fields.map(({ field }: { field: string }) => field)).toEqual(['title', 'byline', 'section', 'type', 'slug']);
  });

  it('tells two of one name apart by their numbers', async () => {
    const id = await anArticleOf({}, { authorIds: [authors[1]!.id] });
    const { fields } = (await world.as(chief).get(path(id, 2)).expect(200)).body;
    expect(fields).toMatchObject([{ field: 'byline', before: `ليلى (${authors[0]!.id})`, after: `ليلى (${authors[1]!.id})` }]);
  });

  it('is there within one article only, and for who may read it', async () => {
    const [one, other] = [await anArticleOf({}, { title: 'ثان' }), await anArticleOf({})];
    for (const wrong of [path(other, 2), path(other, 1, '?with=2'), path(one, 1, '?with=3'), path(one, 3), path(999_999, 1)])
      expect([wrong, (await world.as(chief).get(wrong)).status]).toEqual([wrong, 404]);
    for (const wrong of ['?with=0', '?with=x', '?with=1&with=2', '?format=pdf', '?as=html'])
      expect([wrong, (await world.as(chief).get(path(one, 2, wrong))).status]).toEqual([wrong, 400]);
    expect((await world.as(await anEditor(world, 'contributor')).get(path(one, 2))).status).toBe(404);
    expect((await world.as(null).get(path(one, 2))).status).toBe(401);
  });

  it('is a page as well, which shows marks and loads nothing', async () => {
    const id = await anArticleOf(
      { title: 'عنوان <b>أول</b>', body: '<p>متن <script>alert(1)</script>أول.</p>' },
      { title: 'عنوان <b>ثان</b>', body: '<p>متن ثان.</p><p dir="ltr" lang="en">x &lt;img src=x onerror=alert(1)></p>' },
    );
    const url = path(id, 2, '?format=html');
    const answer = await world.app.inject({ method: 'GET', url, headers: { authorization: `Bearer ${chief.token}` } });
    expect([answer.statusCode, answer.headers['content-type'], answer.headers['cache-control']]).toEqual([
      200,
      'text/html; charset=utf-8',
      'private, no-store',
    ]);
    expect(answer.headers['content-security-policy']).toMatch(
      /^default-src 'none'; style-src 'sha256-[\w+/=]{44}'; img-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'$/,
    );
    expect(answer.body).toContain('<html lang="ar" dir="rtl">');
    expect(answer.body).toContain('<h1>من الصيغة 1 إلى الصيغة 2</h1>');
    expect(answer.body).toContain('عنوان &lt;b><del>أول</del><ins>ثان</ins>&lt;/b>');
    expect(answer.body).toContain('<p>متن<del> أول</del><ins> ثان</ins>.</p>');
    expect(answer.body).toContain('<ins><p dir="ltr" lang="en">x &lt;img src=x onerror=alert(1)></p></ins>');
    expect(answer.body).not.toMatch(/<script|<img|javascript:/);
    const english = await world.app.inject({ method: 'GET', url: `${url}&lang=en`, headers: { authorization: `Bearer ${chief.token}` } });
    expect(english.body).toContain('<h1>From revision 1 to revision 2</h1>');
    expect(english.body).toContain('<div class="text" lang="ar" dir="rtl">');
  });

  it('shows pictures before and after, whole, from the desk’s own door', async () => {
    const [one, other] = [await aPicture(world, { alt: { ar: 'جسر' } }), await aPicture(world)];
    const figure = ({ id }: { id: number }): string => `<p>نص.</p><figure data-media="${id}"><figcaption>شرح</figcaption></figure>`;
    const id = await anArticleOf({ body: figure(one), coverId: one.id }, { body: figure(other), coverId: other.id });
    const { fields, body } = (await world.as(chief).get(path(id, 2)).expect(200)).body;
    expect(fields).toMatchObject([{ field: 'cover', before: `${one.id} · جسر`, after: String(other.id) }]);
    expect(body.map(({ op }: { op: string }) => op)).toEqual(['equal', 'delete', 'insert']);
    const page = await world.app.inject({
      method: 'GET',
      url: path(id, 2, '?format=html'),
      headers: { authorization: `Bearer ${chief.token}` },
    });
    expect(page.body).toContain(`<del><figure data-media="${one.id}"><picture><source`);
    expect(page.body).toContain(`/api/v1/desk/media/${other.id}/files/320.avif 320w, /api/v1/desk/media/${other.id}/files/640.avif 640w`);
    expect(page.body).toContain(`src="/api/v1/desk/media/${other.id}/files/960.webp"`);
    expect(page.body).not.toMatch(/["\s]\/media\//);
  });

  // In the forms that take longest: two hundred kilobytes of body without one word in common, five hundred references of one each that end otherwise.
  const row = (n: number): string => `<tr><td>${n % 23}</td><td>${(n * 7) % 19}</td></tr>`;
  const table = (seed: number, shift: number): string => `<table>${Array.from({ length: 340 }, (_, n) => row(n * seed + shift)).join('')}</table>`; // prettier-ignore
  const tables = (seed: number): object => ({ body: Array.from({ length: 15 }, (_, shift) => table(seed, shift)).join('') });
  const reference = (n: number, seed: number): object => ({ title: `${'.'.repeat(980)} ${seed}x${n}` });
  const references = (seed: number): object => ({ references: Array.from({ length: 500 }, (_, n) => reference(n, seed)) });

  it.each([
    ['tables', tables],
    ['references', references],
  ])(
    'holds nobody up: readers are answered while the largest %s are compared',
    async (_, text) => {
      const id = await anArticleOf(text(3), text(5));
      let longest = 0;
      let [last, going] = [process.cpuUsage().user, true];
      // Of this process's own time, so that a busy machine does not count.
      const tick = (): void => {
        const now = process.cpuUsage().user;
        longest = Math.max(longest, (now - last) / 1_000);
        last = now;
        if (going) setImmediate(tick);
      };
      setImmediate(tick);
      const { statusCode } = await world.app.inject({
        method: 'GET',
        url: path(id, 2),
        headers: { authorization: `Bearer ${chief.token}` },
      });
      // What came last counts as well.
      await new Promise((resolve) => void setImmediate(resolve));
      going = false;
      expect(statusCode).toBe(200);
      expect(longest).toBeLessThan(200);
    },
    60_000,
  );
});
