import { LEXICON, THEMES } from '../migrations/lexicon.js';
import { insertGroup } from '../src/search/lexicon.queries.js';
import { LexiconService } from '../src/search/lexicon.service.js';
import { ANALYSER, analyse } from '../src/text/analyser.js';
import { cleanLine } from '../src/text/clean.js';
import { anArticle, anEditor, type TestEditor } from './factories.js';
import { startTestApp, type TestApp } from './test-app.js';

/** The words that search takes for each other: those a center begins with, and as the desk makes and changes them. */

let world: TestApp;
let chief: TestEditor;
let contributor: TestEditor;

beforeAll(async () => {
  world = await startTestApp();
  chief = await anEditor(world, 'chief');
  contributor = await anEditor(world, 'contributor');
});
afterAll(() => world.close());

interface Group {
  readonly id: number;
  readonly version: number;
  readonly kind: string;
  readonly forms: readonly string[];
  readonly preferred: string | null;
}

const PATH = '/api/v1/desk/lexicon';

async function made(group: object): Promise<Group> {
  return (await world.as(chief).post(PATH, group).expect(201)).body as Group;
}

/** @returns `status code` and each blamed field with its rule */
async function refusal(answer: Promise<{ status: number; body: unknown }>): Promise<string[]> {
  const { status, body } = await answer;
  const { code, errors } = body as { code: string; errors: { field: string; rule: string }[] };
  return [`${status} ${code}`, ...errors.map(({ field, rule }) => `${field}: ${rule}`)];
}

/** What search reads: of each form its words and what is sought for it. */
async function searched(id: number): Promise<unknown[]> {
  return world.dataSource.query(`select form, words, sought from pub.lexicon where group_id = $1 order by form`, [id]);
}

async function audited(id: number): Promise<unknown[]> {
  return world.dataSource.query(
    `select act, before, after from audit_log where object_type = 'lexicon' and object_id = $1 and editor_id = $2 order by id`,
    [id, chief.id],
  );
}

const stems = (form: string): string =>
  analyse(form)
    .map(({ stem }) => stem)
    .join(' ');

const TWO = { kind: 'forms', forms: ['زورق', 'زوارق'] };

describe('the groups that a center begins with', () => {
  it('are about three hundred, of every theme', () => {
    expect(LEXICON.length).toBeGreaterThanOrEqual(280);
    expect(LEXICON.length).toBeLessThanOrEqual(380);
    expect(Object.fromEntries(THEMES.map(({ theme, kind, groups }) => [`${theme}: ${kind}`, groups.length]))).toEqual({
      'people: forms': 44,
      'state and society: forms': 25,
      'places and nature: forms': 46,
      'knowledge and letters: forms': 30,
      'economy and health: forms': 29,
      'times and measures: forms': 19,
      'matters: forms': 20,
      'countries: forms': 7,
      'places by spelling: spellings': 45,
      'names by spelling: spellings': 22,
      'bodies: forms': 38,
      'brands: forms': 11,
      'words by spelling: spellings': 32,
    });
  });

  it.each(LEXICON.map(({ forms }) => [forms[0], forms] as const))('%s: clean, and each form has another stem', (_, forms) => {
    expect(forms.map(cleanLine)).toEqual(forms);
    expect(forms.length).toBeGreaterThanOrEqual(2);
    expect(forms.every((form) => /\p{L}/u.test(form) && analyse(form).length <= 6)).toBe(true);
    // Forms with one stem are joined without a group.
    expect(new Set(forms.map(stems)).size).toBe(forms.length);
  });

  it('share no word but for a reason', () => {
    const SHARED: Readonly<Record<string, string>> = {
      امريك: 'spelled in two ways, and another word for the country',
      اميرك: 'the other spelling of it',
      مرض: 'the stem of both illness and the ill',
    };
    const seen = new Map<string, number>();
    for (const form of LEXICON.flatMap(({ forms }) => forms)) seen.set(stems(form), (seen.get(stems(form)) ?? 0) + 1);
    expect([...seen].filter(([, count]) => count > 1).map(([words]) => words).toSorted()).toEqual(Object.keys(SHARED).toSorted()); // prettier-ignore
  });

  it('are at the desk, spellings with the first as the preferred one, and keyed by the rules of this version', async () => {
    const [{ due, groups }] = await world.dataSource.query<[{ due: number; groups: number }]>(
      `select (select count(*)::int from lexicon_forms where analyser <> $1 or words = '') as due, (select count(*)::int from lexicon_groups) as groups`,
      [ANALYSER],
    );
    expect({ due, groups }).toEqual({ due: 0, groups: LEXICON.length });
    const { body } = await world
      .as(contributor)
      .get(`${PATH}?form=${encodeURIComponent('الديموقراطيين')}`)
      .expect(200);
    expect(body).toEqual({
      items: [
        {
          id: expect.any(Number),
          version: 1,
          kind: 'spellings',
          forms: ['ديمقراطية', 'ديموقراطية', 'دمقراطية'],
          preferred: 'ديمقراطية',
        },
      ],
      nextCursor: null,
    });
  });
});

describe('desk/lexicon', () => {
  it('makes a group, and search has it at once', async () => {
    const group = await made({ kind: 'spellings', forms: ['  قيرغيز\u200Bيا  ', 'قرغيزيا'], preferred: 'قيرغيزيا' });
    expect(group).toEqual({ id: group.id, version: 1, kind: 'spellings', forms: ['قيرغيزيا', 'قرغيزيا'], preferred: 'قيرغيزيا' });
    expect((await world.as(contributor).get(`${PATH}/${group.id}`).expect(200)).body).toEqual(group);
    expect(await searched(group.id)).toEqual([
      { form: 'قرغيزيا', words: stems('قرغيزيا'), sought: [stems('قرغيزيا')] },
      { form: 'قيرغيزيا', words: stems('قيرغيزيا'), sought: [stems('قيرغيزيا')] },
    ]);
    expect(await made(TWO)).toEqual({ id: group.id + 1, version: 1, ...TWO, preferred: null });
  });

  it('seeks Latin forms as texts of each language hold them, and words that all texts are full of not at all', async () => {
    const { id } = await made({ kind: 'forms', forms: ['المكتبات الوطنية', 'National Libraries', 'WHO', 'UN', 'Who’s Who'] });
    expect(await searched(id)).toEqual(
      [
        { form: 'المكتبات الوطنية', words: stems('المكتبات الوطنية'), sought: [stems('المكتبات الوطنية')] },
        { form: 'National Libraries', words: 'national libraries', sought: ['nation librari', 'national librar'] },
        { form: 'WHO', words: 'who', sought: [] },
        { form: 'UN', words: 'un', sought: [] },
        { form: 'Who’s Who', words: 'who s who', sought: [] },
      ].toSorted((a, b) => (a.form < b.form ? -1 : 1)),
    );
  });

  it('is replaced whole, and changed in any part, each act one version and one line of the audit', async () => {
    const { id } = await made({ kind: 'spellings', forms: ['طشقند', 'تشقند'], preferred: 'طشقند' });
    const forms = ['طشقند', 'تشقند', 'تاشكند'];
    const answers = [
      await world.as(chief).patch(`${PATH}/${id}`, { forms, version: 1 }).expect(200),
      await world.as(chief).patch(`${PATH}/${id}`, { preferred: 'تاشكند', version: 2 }).expect(200),
      await world.as(chief).patch(`${PATH}/${id}`, { kind: 'forms', preferred: null, version: 3 }).expect(200),
      await world.as(chief).patch(`${PATH}/${id}`, { version: 4 }).expect(200),
      await world
        .as(chief)
        .put(`${PATH}/${id}`, { kind: 'spellings', forms: ['تشقند', 'طشقند'], version: 5 })
        .expect(200),
    ];
    expect(answers.map(({ body }) => body as Group)).toEqual([
      { id, version: 2, kind: 'spellings', forms, preferred: 'طشقند' },
      { id, version: 3, kind: 'spellings', forms, preferred: 'تاشكند' },
      { id, version: 4, kind: 'forms', forms, preferred: null },
      { id, version: 5, kind: 'forms', forms, preferred: null },
      { id, version: 6, kind: 'spellings', forms: ['تشقند', 'طشقند'], preferred: null },
    ]);
    expect(await audited(id)).toEqual([
      { act: 'lexicon.create', before: {}, after: { kind: 'spellings', forms: ['طشقند', 'تشقند'], preferred: 'طشقند' } },
      { act: 'lexicon.change', before: { forms: ['طشقند', 'تشقند'] }, after: { forms } },
      { act: 'lexicon.change', before: { preferred: 'طشقند' }, after: { preferred: 'تاشكند' } },
      { act: 'lexicon.change', before: { kind: 'spellings', preferred: 'تاشكند' }, after: { kind: 'forms', preferred: null } },
      { act: 'lexicon.change', before: {}, after: {} },
      { act: 'lexicon.change', before: { kind: 'forms', forms }, after: { kind: 'spellings', forms: ['تشقند', 'طشقند'] } },
    ]);
    expect(await searched(id)).toHaveLength(2);
  });

  it('is removed, and search knows it no longer', async () => {
    const { id } = await made(TWO);
    await world.as(chief).delete(`${PATH}/${id}`).expect(204);
    expect(await searched(id)).toEqual([]);
    for (const again of [world.as(chief).delete(`${PATH}/${id}`), world.as(chief).get(`${PATH}/${id}`)]) await again.expect(404);
    expect((await audited(id)).at(-1)).toEqual({ act: 'lexicon.remove', before: { ...TWO, preferred: null }, after: {} });
  });

  it.each<[string, object, string[]]>([
    ['one form', { ...TWO, forms: ['زورق'] }, ['400 invalid_body', 'forms: lines']],
    ['21 forms', { ...TWO, forms: Array.from({ length: 21 }, (_, n) => `صيغة ${n}`) }, ['400 invalid_body', 'forms: lines']],
    ['a form of 101 letters', { ...TWO, forms: ['زورق', 'ز'.repeat(101)] }, ['400 invalid_body', 'forms: lines']],
    ['an empty form', { ...TWO, forms: ['زورق', ' \u200F '] }, ['400 invalid_body', 'forms: lines']],
    ['a form that is no text', { ...TWO, forms: ['زورق', 7] }, ['400 invalid_body', 'forms: lines']],
    ['another kind', { ...TWO, kind: 'words' }, ['400 invalid_body', 'kind: oneOf']],
    ['nothing', {}, ['400 invalid_body', 'kind: required', 'forms: required']],
    ['a form twice', { ...TWO, forms: ['زورق', 'زوارق', ' زورق'] }, ['422 form_twice', 'forms: form_twice']],
    ['a form without letters', { ...TWO, forms: ['زورق', '٢٠٢٤'] }, ['422 form_without_letters', 'forms: form_without_letters']],
    ['a form of marks', { ...TWO, forms: ['زورق', '«…»'] }, ['422 form_without_letters', 'forms: form_without_letters']],
    ['a form of 7 words', { ...TWO, forms: ['زورق', 'ا ب ت ث ج ح خ'] }, ['422 form_too_long', 'forms: form_too_long']],
    ['a preferred form of another group', { ...TWO, preferred: 'قارب' }, ['422 preferred_unknown', 'preferred: preferred_unknown']],
  ])('refuses %s, and nothing is written', async (_, body, expected) => {
    const before = await world.dataSource.query<unknown[]>(`select * from lexicon_forms order by group_id, position`);
    expect(await refusal(world.as(chief).post(PATH, body))).toEqual(expected);
    const { id, version } = await made(TWO);
    expect(await refusal(world.as(chief).put(`${PATH}/${id}`, { ...body, version }))).toEqual(expected);
    expect((await world.as(chief).get(`${PATH}/${id}`)).body).toEqual({ id, version, ...TWO, preferred: null });
    await world.as(chief).delete(`${PATH}/${id}`).expect(204);
    expect(await world.dataSource.query<unknown[]>(`select * from lexicon_forms order by group_id, position`)).toEqual(before);
  });

  it('refuses new forms that leave the preferred one out', async () => {
    const { id } = await made({ ...TWO, preferred: 'زورق' });
    const refused = await refusal(world.as(chief).patch(`${PATH}/${id}`, { forms: ['قارب', 'زوارق'], version: 1 }));
    expect(refused).toEqual(['422 preferred_unknown', 'preferred: preferred_unknown']);
  });

  it('refuses what is stale, with the version there is, and lets one of fifty changes of one version through', async () => {
    const { id } = await made(TWO);
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, n) => world.as(chief).patch(`${PATH}/${id}`, { forms: [...TWO.forms, `زورق ${n}`], version: 1 })),
    );
    const statuses = answers.map(({ status }) => status);
    expect([statuses.filter((status) => status === 200).length, statuses.filter((status) => status === 409).length]).toEqual([1, 49]);
    expect(await refusal(world.as(chief).put(`${PATH}/${id}`, { ...TWO, version: 1 }))).toEqual([
      '409 stale_version',
      'version: current:2',
    ]);
    expect(await searched(id)).toHaveLength(3);
    expect(await audited(id)).toHaveLength(2);
  });

  it('is found by words in any ending, by kind, and in pages', async () => {
    const ids: number[] = [];
    for (const forms of [['كافيتريا', 'كافتيريا'], ['مقصف المدرسة', 'كافيتريا المدرسة'], ['كفتيريا', 'كافيتيريا']]) ids.unshift((await made({ kind: 'spellings', forms })).id); // prettier-ignore
    const found = async (query: string): Promise<number[]> =>
      ((await world.as(contributor).get(`${PATH}?${query}`).expect(200)).body as { items: Group[] }).items.map(({ id }) => id);
    expect(await found(`form=${encodeURIComponent('كافيتريا')}`)).toEqual([ids[1], ids[2]]);
    expect(await found(`form=${encodeURIComponent('مدرسة')}&kind=spellings`)).toEqual([ids[1]]);
    expect(await found(`form=${encodeURIComponent('كافيتريا المدرسة')}`)).toEqual([ids[1]]);
    expect(await found(`form=${encodeURIComponent('كافيتريا')}&kind=forms`)).toEqual([]);
    for (const nothing of ['؟', '%', '_', "'"]) expect(await found(`form=${encodeURIComponent(nothing)}`)).toEqual([]);

    const walked: number[] = [];
    let path = `${PATH}?limit=100`;
    for (let pages = 0; path !== ''; pages += 1) {
      const { items, nextCursor } = (await world.as(contributor).get(path).expect(200)).body as {
        items: Group[];
        nextCursor: string | null;
      };
      walked.push(...items.map(({ id }) => id));
      path = nextCursor === null ? '' : `${PATH}?limit=100&cursor=${nextCursor}`;
      expect(pages).toBeLessThan(10);
    }
    expect(walked).toEqual([...new Set(walked)].toSorted((a, b) => b - a));
    expect(walked.slice(0, 3)).toEqual(ids);
    expect(walked.length).toBeGreaterThan(LEXICON.length);
  });

  it('holds 5,000 groups, also when two take the last place at the same moment', async () => {
    const [{ there, last }] = await world.dataSource.query<[{ there: number; last: number }]>(
      `select count(*)::int as there, max(id) as last from lexicon_groups`,
    );
    await world.dataSource.query(`insert into lexicon_groups (kind) select 'forms' from generate_series(1, 4999 - $1::int)`, [there]);
    const late = await world.tx(async (tx) => {
      expect(await insertGroup(tx, 'forms', 5_000)).toEqual(expect.any(Number));
      // Sent before the other is there to be counted, and answered after.
      const answer = refusal(world.as(chief).post(PATH, TWO));
      await new Promise((resume) => setTimeout(resume, 500));
      return { answer };
    });
    expect(await late.answer).toEqual(['409 too_many_groups']);
    expect(await world.dataSource.query(`select count(*)::int as there from lexicon_groups`)).toEqual([{ there: 5_000 }]);
    await world.dataSource.query(`delete from lexicon_groups where id > $1`, [last]);
    await made(TWO);
  });
});

describe('search', () => {
  const found = async (q: string): Promise<number[]> =>
    ((await world.get(`/api/v1/search?q=${encodeURIComponent(q)}`).expect(200)).body as { items: { id: number }[] }).items.map(
      ({ id }) => id,
    );

  it('knows a group from the next query on, in every change of it, and no longer once it is removed', async () => {
    const { id } = await anArticle(world, { title: 'أباريق النحاس القديمة', body: '<p>متن.</p>' });
    expect(await found('دلال')).toEqual([]);
    const group = await made({ kind: 'forms', forms: ['دلال', 'أباريق'] });
    expect(await found('دلال')).toEqual([id]);
    expect(await found('الدلال النحاس')).toEqual([id]);
    await world
      .as(chief)
      .patch(`${PATH}/${group.id}`, { forms: ['دلال', 'قوارير'], version: 1 })
      .expect(200);
    expect(await found('دلال')).toEqual([]);
    await world
      .as(chief)
      .patch(`${PATH}/${group.id}`, { forms: ['أوعية القهوة', 'أباريق'], version: 2 })
      .expect(200);
    expect(await found('أوعية القهوة')).toEqual([id]);
    await world.as(chief).delete(`${PATH}/${group.id}`).expect(204);
    expect(await found('أوعية القهوة')).toEqual([]);
  });

  it('finds Latin forms in texts of either language, and does not look for words that all texts are full of', async () => {
    const english = await anArticle(world, {
      lang: 'en',
      title: 'The national library of the port',
      summary: 'Short.',
      body: '<p>Who knows.</p>',
    });
    const french = await anArticle(world, { lang: 'fr', title: 'Un port et ses relieurs', summary: 'Bref.', body: '<p>Un texte.</p>' });
    await made({ kind: 'forms', forms: ['خزانة الكتب', 'National Libraries', 'relieur', 'WHO', 'UN'] });
    expect((await found('خزانة الكتب')).toSorted()).toEqual([english.id, french.id]);
    await made({ kind: 'forms', forms: ['مجلس المرفأ', 'UN', 'WHO'] });
    expect(await found('مجلس المرفأ')).toEqual([]);
  });
});

describe('a release with other rules', () => {
  it('has the keys of all forms made anew at start, or whenever asked, by two at once just as well', async () => {
    const keys = (): Promise<unknown[]> => world.dataSource.query(`select * from lexicon_forms order by group_id, position`);
    const before = await keys();
    await world.dataSource.query(`update lexicon_forms set words = 'old', sought = '{old}', analyser = 0 where group_id <= 100`);
    const lexicon = world.app.get(LexiconService);
    const [{ due }] = await world.dataSource.query<[{ due: number }]>(`select count(*)::int as due from lexicon_forms where analyser = 0`);
    const done = await Promise.all([world.tx((tx) => lexicon.prepare(tx)), world.tx((tx) => lexicon.prepare(tx))]);
    expect(done.toSorted((a, b) => a - b)).toEqual([0, due]);
    expect(await keys()).toEqual(before);
    expect(await world.tx((tx) => lexicon.prepare(tx))).toBe(0);
  });
});
