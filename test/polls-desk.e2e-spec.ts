import type { EntityManager } from 'typeorm';
import { PollClosing } from '../src/polls/poll-closing.service.js';
import { Waker } from '../src/jobs/waker.js';
import {
  aBallot,
  aPoll,
  aSection,
  aSeries,
  anArticle,
  anEditor,
  castAll,
  setPollClock,
  type TestEditor,
  type TestPoll,
} from './factories.js';
import { startTestApp, type TestApp } from './test-app.js';

/** Polls as the desk makes, opens, closes, archives and supersedes them. */

let world: TestApp;
let chief: TestEditor;
beforeAll(async () => {
  world = await startTestApp();
  chief = await anEditor(world, 'chief');
});
afterAll(() => world.close());
afterEach(() => setPollClock(world, null));

interface Poll {
  readonly id: number;
  readonly version: number;
  readonly state: string;
  readonly options: readonly { readonly id: number; readonly label: object }[];
  readonly opensAt: string | null;
  readonly closesAt: string | null;
  readonly [field: string]: unknown;
}

const POLLS = '/api/v1/desk/polls';
const TWO = [
  { ar: 'نعم', en: 'Yes' },
  { ar: 'لا', en: 'No' },
];

const post = (path: string, body: object) => world.as(chief).post(`${POLLS}${path}`, body);
const patch = ({ id, version }: Pick<Poll, 'id' | 'version'>, parts: object) =>
  world.as(chief).patch(`${POLLS}/${id}`, { version, ...parts });
const put = ({ id, version }: Pick<Poll, 'id' | 'version'>, whole: object) => world.as(chief).put(`${POLLS}/${id}`, { version, ...whole });
const act = (name: string, { id, version }: Pick<Poll, 'id' | 'version'>) => post(`/${id}/${name}`, { version });

const found = async (id: number): Promise<Poll> => (await world.as(chief).get(`${POLLS}/${id}`).expect(200)).body as Poll;
const drafted = async (poll: object = {}): Promise<Poll> =>
  (await post('', { question: { ar: 'هل تمشي إلى عملك؟' }, options: TWO, ...poll }).expect(201)).body as Poll;
const done = async (name: string, poll: Pick<Poll, 'id' | 'version'>): Promise<Poll> => (await act(name, poll).expect(200)).body as Poll;
const changed = async (poll: Poll, parts: object): Promise<Poll> => (await patch(poll, parts).expect(200)).body as Poll;
/** A poll of the desk's, as the factories of ballots want it. */
async function votable({ id, options }: Poll): Promise<TestPoll> {
  const [row] = await world.dataSource.query<[{ secret: Buffer; level: number; maxChoices: number }]>(
    `select ballot_secret as secret, level, max_choices as "maxChoices" from polls where id = $1`,
    [id],
  );
  return { id, optionIds: options.map((option) => option.id), ...row };
}
const voted = async (poll: Poll): Promise<void> =>
  void expect((await castAll(world, [aBallot(await votable(poll))])).map(({ outcome }) => outcome)).toEqual(['cast']);

/** @returns `status code` and each blamed field with its rule */
async function refusal(answer: Promise<{ status: number; body: unknown }>): Promise<string[]> {
  const { status, body } = await answer;
  const { code, errors } = body as { code: string; errors: { field: string; rule: string }[] };
  return [`${status} ${code}`, ...errors.map(({ field, rule }) => `${field}: ${rule}`)];
}

const audited = (id: number): Promise<{ act: string; editor_id: number | null; before: object; after: object }[]> =>
  world.dataSource.query(`select act, editor_id, before, after from audit_log where object_type = 'poll' and object_id = $1 order by id`, [
    id,
  ]);

const NOWHERE = { site: false, sectionId: null, seriesId: null, articleId: null };
const MOMENT = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/) as string;
const IN_MAY = new Date('2026-05-01T10:00:00Z');
const [TEN, ELEVEN, TWELVE] = ['2026-05-01T10:00:00Z', '2026-05-01T11:00:00Z', '2026-05-01T12:00:00Z'];

describe('a draft', () => {
  it('is made of a question alone', async () => {
    const { body } = await post('', { question: { ar: '  هل تمشي\u00a0 إلى عملك؟ ', en: '' } }).expect(201);
    const by = { id: chief.id, name: 'محرر chief' };
    const expected = {
      id: expect.any(Number),
      version: 1,
      state: 'draft',
      question: { ar: 'هل تمشي إلى عملك؟' },
      intro: {},
      options: [],
      level: 1,
      maxChoices: 1,
      opensAt: null,
      closesAt: null,
      results: 'after_vote',
      place: NOWHERE,
      supersedes: null,
      supersededBy: null,
      locked: false,
      ballots: { counted: 0, underReview: 0, awaiting: 0, removed: 0 },
      createdBy: by,
      editedBy: by,
      editedAt: MOMENT,
      createdAt: MOMENT,
    };
    expect(body).toEqual(expected);
    expect(await found(body.id as number)).toEqual(body);
    expect(await audited(body.id as number)).toEqual([
      {
        act: 'polls.create',
        editor_id: chief.id,
        before: {},
        after: {
          question: { ar: 'هل تمشي إلى عملك؟' },
          intro: {},
          options: [],
          level: 1,
          maxChoices: 1,
          results: 'after_vote',
          opensAt: null,
          closesAt: null,
          place: NOWHERE,
        },
      },
    ]);
  });

  it('takes all there is to say, in every place at once, and says it back', async () => {
    const [section, series, article] = [await aSection(world), await aSeries(world), await anArticle(world)];
    const whole = {
      question: {
        ar: 'ما الذي يقنعك بركوب الحافلة؟',
        en: 'What would make you take the bus?',
        fr: 'Qu’est-ce qui vous ferait prendre le bus ?',
      },
      intro: { ar: 'فقرة أولى.\n\nفقرة ثانية.' },
      options: [{ ar: 'التواتر', en: 'More buses', fr: 'Plus de bus' }, { ar: 'الظل' }, { en: 'A map' }],
      level: 3,
      maxChoices: 2,
      opensAt: '2030-01-01T10:00:00.000+02:00',
      closesAt: '2030-01-02T08:00:00Z',
      results: 'never_public',
      place: { site: true, sectionId: section.id, seriesId: series.id, articleId: article.id },
    };
    const { body } = await post('', whole).expect(201);
    expect(body).toMatchObject({
      ...whole,
      opensAt: '2030-01-01T08:00:00Z',
      options: whole.options.map((label) => ({ id: expect.any(Number), label })),
    });
  });

  it('refuses what it cannot be, by field', async () => {
    const cases: [object, string[]][] = [
      [{ question: {} }, ['400 invalid_body', 'question: wording']],
      [{ options: [{ ar: '' }] }, ['400 invalid_body', 'options: wordings']],
      [{ options: [{ ar: 'نعم' }, 'لا'] }, ['400 invalid_body', 'options: wordings']],
      [{ options: Array.from({ length: 21 }, (_, n) => ({ ar: `خيار ${n}` })) }, ['400 invalid_body', 'options: wordings']],
      [{ options: [{ ar: 'ا'.repeat(301) }] }, ['400 invalid_body', 'options: wordings']],
      [{ level: 5 }, ['400 invalid_body', 'level: whole']],
      [{ level: 2 }, ['422 level_not_available', 'level: level_not_available']],
      [{ level: 4 }, ['422 level_not_available', 'level: level_not_available']],
      [{ maxChoices: 0 }, ['400 invalid_body', 'maxChoices: whole']],
      [{ results: 'never' }, ['400 invalid_body', 'results: oneOf']],
      [{ opensAt: '2030-01-01' }, ['400 invalid_body', 'opensAt: instant']],
      [{ opensAt: TWELVE, closesAt: TWELVE }, ['422 closes_before_opening', 'closesAt: closes_before_opening']],
      [{ place: { site: 'true' } }, ['400 invalid_body', 'place.site: flag']],
      [{ place: { page: 1 } }, ['400 unknown_field', 'place.page: unknown']],
      [{ place: { sectionId: 999_999 } }, ['422 unknown_reference', 'place.sectionId: unknown_reference']],
      [{ place: { seriesId: 999_999 } }, ['422 unknown_reference', 'place.seriesId: unknown_reference']],
      [{ place: { articleId: 999_999 } }, ['422 unknown_reference', 'place.articleId: unknown_reference']],
      [{ state: 'open' }, ['400 unknown_field', 'state: unknown']],
    ];
    const poll = await drafted();
    for (const [parts, refused] of cases) {
      expect([parts, await refusal(post('', { question: { ar: 'سؤال؟' }, ...parts }))]).toEqual([parts, refused]);
      expect([parts, await refusal(patch(poll, parts))]).toEqual([parts, refused]);
    }
    expect(await found(poll.id)).toEqual(poll);
  });

  it('is changed in part, its options keeping their ids by position, or said anew', async () => {
    const poll = await drafted({ level: 0, intro: { ar: 'تمهيد.' }, closesAt: TWELVE, place: { site: true } });
    const [one, two] = poll.options.map(({ id }) => id);
    const reworded = await changed(poll, { options: [{ ar: 'دائمًا' }, { ar: 'أحيانًا' }, { ar: 'أبدًا' }] });
    expect(reworded).toEqual({
      ...poll,
      version: 2,
      editedAt: MOMENT,
      options: [
        { id: one, label: { ar: 'دائمًا' } },
        { id: two, label: { ar: 'أحيانًا' } },
        { id: expect.any(Number), label: { ar: 'أبدًا' } },
      ],
    });
    const fewer = await changed(reworded, { options: TWO.slice(0, 1), closesAt: null });
    expect(fewer).toMatchObject({ options: [{ id: one, label: TWO[0] }], closesAt: null, intro: { ar: 'تمهيد.' }, place: { site: true } });
    const { body: anew } = await put(fewer, { question: { en: 'Do you walk?' } }).expect(200);
    expect(anew).toEqual({
      ...fewer,
      version: 4,
      question: { en: 'Do you walk?' },
      intro: {},
      options: [],
      level: 1,
      place: NOWHERE,
      editedAt: MOMENT,
    });
    expect((await audited(poll.id)).map(({ act: name, before, after }) => [name, before, after]).at(-1)).toEqual([
      'polls.change',
      { question: { ar: 'هل تمشي إلى عملك؟' }, intro: { ar: 'تمهيد.' }, options: [TWO[0]], level: 0, place: { ...NOWHERE, site: true } },
      { question: { en: 'Do you walk?' }, intro: {}, options: [], level: 1, place: NOWHERE },
    ]);
  });

  it('is not there by an id that nothing has', async () => {
    const none = { id: 999_999, version: 1 };
    const answers = [
      world.as(chief).get(`${POLLS}/999999`),
      patch(none, {}),
      put(none, { question: { ar: 'سؤال؟' } }),
      ...['open', 'close', 'archive', 'supersede'].map((name) => act(name, none)),
    ];
    for (const answer of answers) expect(await refusal(answer)).toEqual(['404 not_found']);
  });

  it('tells one who comes late what has become of it', async () => {
    const poll = await drafted();
    await changed(poll, { level: 0 });
    for (const answer of [patch(poll, { level: 3 }), put(poll, { question: { ar: 'سؤال؟' } }), act('open', poll)]) {
      const { status, body } = await answer;
      expect([status, body]).toEqual([
        409,
        expect.objectContaining({ code: 'stale_version', version: 2, editedBy: 'محرر chief', editedAt: MOMENT }),
      ]);
    }
  });
});

describe('the list', () => {
  it('gives all polls, newest first, by state and page by page', async () => {
    const polls = [await drafted(), await drafted(), await drafted()].toReversed();
    const open = await done('open', polls[1]!);
    const listed = [polls[0], open, polls[2]];
    const { body } = await world.as(chief).get(`${POLLS}?limit=2`).expect(200);
    expect(body).toEqual({ items: listed.slice(0, 2), nextCursor: expect.any(String) });
    const next = await world.as(chief).get(`${POLLS}?limit=1&cursor=${body.nextCursor}`).expect(200);
    expect(next.body).toEqual({ items: [listed[2]], nextCursor: expect.any(String) });
    const states = async (state: string): Promise<number[]> =>
      ((await world.as(chief).get(`${POLLS}?state=${state}&limit=100`).expect(200)).body.items as Poll[]).map(({ id }) => id);
    expect(await states('open')).toEqual([open.id]);
    expect((await states('draft')).slice(0, 2)).toEqual([listed[0]!.id, listed[2]!.id]);
    expect(await states('archived')).toEqual([]);
    expect(await refusal(world.as(chief).get(`${POLLS}?state=waiting`))).toEqual(['400 invalid_parameter', 'state: oneOf']);
    expect(await refusal(world.as(chief).get(`${POLLS}?cursor=x`))).toEqual(['400 invalid_parameter', 'cursor: cursor']);
    expect((await world.as(chief).get(`${POLLS}?state=archived`).expect(200)).body).toEqual({ items: [], nextCursor: null });
  });

  it('counts ballots by what has become of them, and never by what they chose', async () => {
    const poll = await aPoll(world, { level: 0 });
    await castAll(
      world,
      Array.from({ length: 5 }, () => aBallot(poll)),
    );
    const ballots = await world.dataSource.query<{ id: string }[]>(`select id from ballots where poll_id = $1`, [poll.id]);
    await world.dataSource.query(
      `with crowd as (insert into ballot_groups (poll_id, kind) values ($1, 'no_work') returning id)
       update ballots set status = 'under_review', group_id = (select id from crowd) where id in ($2, $3)`,
      [poll.id, ballots[0]!.id, ballots[1]!.id],
    );
    await world.dataSource.query(
      `with batch as (insert into ballot_voids (poll_id, filter, reason, ballots) values ($1, '{}', 'سبب', 1) returning id)
       update ballots set status = 'void', void_id = (select id from batch), voided_from = 'counted' where id = $2`,
      [poll.id, ballots[2]!.id],
    );
    expect(await found(poll.id)).toMatchObject({ locked: true, ballots: { counted: 2, underReview: 2, awaiting: 0, removed: 1 } });
    const confirmed = await aPoll(world, { level: 3 });
    await castAll(world, [aBallot(confirmed)]);
    expect(await found(confirmed.id)).toMatchObject({ locked: true, ballots: { counted: 0, underReview: 0, awaiting: 1, removed: 0 } });
  });
});

describe('opening', () => {
  it('takes place at once, and gives the poll the secret of its ballots', async () => {
    await setPollClock(world, IN_MAY);
    const poll = await drafted({ closesAt: TWELVE });
    const open = await done('open', poll);
    expect(open).toEqual({ ...poll, version: 2, state: 'open', opensAt: TEN, closesAt: TWELVE, editedAt: MOMENT });
    expect((await votable(open)).secret).toHaveLength(32);
    expect(await audited(poll.id)).toMatchObject([
      {},
      {
        act: 'polls.open',
        editor_id: chief.id,
        before: { state: 'draft', opensAt: null },
        after: { state: 'open', opensAt: '2026-05-01T10:00:00.000Z' },
      },
    ]);
    // The secret is nobody's business.
    expect(JSON.stringify([open, await audited(poll.id)])).not.toMatch(/secret/i);
    await voted(open);
  });

  it('takes place at the hour the draft asks for, unless that has passed', async () => {
    await setPollClock(world, IN_MAY);
    const waiting = await done('open', await drafted({ opensAt: ELEVEN }));
    expect(waiting).toMatchObject({ state: 'open', opensAt: ELEVEN });
    expect((await castAll(world, [aBallot(await votable(waiting))]))[0]!.outcome).toBe('not_open');
    expect(await done('open', await drafted({ opensAt: '2026-04-30T10:00:00Z' }))).toMatchObject({ state: 'open', opensAt: TEN });
    await setPollClock(world, new Date(ELEVEN));
    await voted(waiting);
  });

  it('asks for two to twenty different options, no more choices than those, and an end to come', async () => {
    await setPollClock(world, IN_MAY);
    const cases: [object, string[]][] = [
      [{ options: [] }, ['422 options_missing', 'options: options_missing']],
      [{ options: TWO.slice(1) }, ['422 options_missing', 'options: options_missing']],
      [{ maxChoices: 3 }, ['422 too_many_choices', 'maxChoices: too_many_choices']],
      [{ options: [...TWO, { ar: 'ربما', en: 'Yes' }] }, ['422 options_alike', 'options: options_alike']],
      [{ closesAt: TEN }, ['422 closes_in_past', 'closesAt: future']],
      [{ opensAt: '2026-04-01T10:00:00Z', closesAt: '2026-04-02T10:00:00Z' }, ['422 closes_in_past', 'closesAt: future']],
    ];
    for (const [parts, refused] of cases) {
      const poll = await drafted(parts);
      expect([parts, await refusal(act('open', poll))]).toEqual([parts, refused]);
      expect(await found(poll.id)).toEqual(poll);
    }
    const most = Array.from({ length: 20 }, (_, n) => ({ ar: `خيار ${n}` }));
    expect(await done('open', await drafted({ options: most, maxChoices: 20 }))).toMatchObject({ state: 'open', maxChoices: 20 });
  });
});

describe('an open poll', () => {
  it('without ballots can still be changed, but not into what could not be opened', async () => {
    await setPollClock(world, IN_MAY);
    const open = await done('open', await drafted());
    const cases: [object, string[]][] = [
      [{ options: [] }, ['422 options_missing', 'options: options_missing']],
      [{ maxChoices: 3 }, ['422 too_many_choices', 'maxChoices: too_many_choices']],
      [{ options: [TWO[0], TWO[0]] }, ['422 options_alike', 'options: options_alike']],
      [{ closesAt: TEN }, ['422 closes_in_past', 'closesAt: future']],
      [{ opensAt: ELEVEN }, ['409 wrong_state', 'opensAt: open']],
      [{ opensAt: '2026-05-01T09:00:00Z' }, ['409 wrong_state', 'opensAt: open']],
    ];
    for (const [parts, refused] of cases) expect([parts, await refusal(patch(open, parts))]).toEqual([parts, refused]);
    const parts = {
      question: { ar: 'سؤال أوضح؟' },
      level: 0,
      options: [{ ar: 'نعم' }, { ar: 'لا' }],
      closesAt: TWELVE,
      place: { site: true },
    };
    const after = await changed(open, parts);
    expect(after).toEqual({
      ...open,
      ...parts,
      version: 3,
      options: parts.options.map((label) => ({ id: expect.any(Number), label })),
      place: { ...NOWHERE, site: true },
      editedAt: MOMENT,
    });
    // A page that was loaded before must not vote for what it does not show: what reads otherwise is another option, what stays keeps its id.
    const swapped = await changed(after, { options: [{ ar: 'لا' }, { ar: 'نعم' }, { ar: 'لا أدري' }] });
    const kept = await changed(swapped, { options: [{ ar: 'لا' }, { ar: 'نعم' }, { ar: 'لست متأكدًا' }] });
    const ids = [open, after, swapped].map(({ options }) => options.map(({ id }) => id));
    expect(new Set(ids.flat()).size).toBe(7);
    expect(kept.options.map(({ id }) => id).slice(0, 2)).toEqual(ids[2]!.slice(0, 2));
    expect(ids[2]).not.toContain(kept.options[2]!.id);
  });

  it('with a ballot keeps what was answered, field by field; its place and its end may change', async () => {
    const open = await done('open', await drafted({ closesAt: '2199-01-01T00:00:00Z' }));
    await voted(open);
    const locked: Record<string, unknown> = {
      question: { ...(open['question'] as object), en: 'Do you walk to work?' },
      intro: { ar: 'تمهيد.' },
      options: [...TWO, { ar: 'ربما' }],
      level: 0,
      maxChoices: 2,
      results: 'always',
    };
    for (const [field, value] of Object.entries(locked))
      expect(await refusal(patch(open, { [field]: value }))).toEqual(['409 poll_locked', `${field}: poll_locked`]);
    expect(await refusal(patch(open, { options: TWO.toReversed() }))).toEqual(['409 poll_locked', 'options: poll_locked']);
    expect(await refusal(put(open, { question: { ar: 'غيره؟' }, options: TWO }))).toEqual(['409 poll_locked', 'question: poll_locked']);
    expect(await found(open.id)).toEqual({ ...open, locked: true, ballots: { counted: 1, underReview: 0, awaiting: 0, removed: 0 } });
    const moved = await changed(open, { place: { site: true }, closesAt: '2198-01-01T00:00:00Z' });
    expect(moved).toMatchObject({ place: { site: true }, closesAt: '2198-01-01T00:00:00Z' });
    expect(await changed(moved, { closesAt: null })).toMatchObject({ closesAt: null });
  });

  it('takes back unchanged what it says, in any order of languages, also when it is locked', async () => {
    const open = await done('open', await drafted({ closesAt: '2199-01-01T00:00:00Z' }));
    await voted(open);
    const { question, intro, level, maxChoices, opensAt, closesAt, results, place } = open;
    const options = TWO.map(({ ar, en }) => ({ en, ar }));
    const traces = async (): Promise<unknown> => [
      await audited(open.id),
      await world.dataSource.query(`select changed_at, changed_by from content_clock`),
    ];
    const before = await traces();
    const { body } = await put(open, { question, intro, options, level, maxChoices, opensAt, closesAt, results, place }).expect(200);
    expect(body).toEqual({ ...open, locked: true, ballots: { counted: 1, underReview: 0, awaiting: 0, removed: 0 } });
    // Its moment of opening, left out, is not the draft's wish any more: there is nothing to take back.
    expect((await put(open, { question, options, closesAt }).expect(200)).body).toEqual(body);
    expect((await patch(open, {}).expect(200)).body).toEqual(body);
    expect(await traces()).toEqual(before);
    expect(await refusal(patch({ ...open, version: 1 }, { level }))).toEqual(['409 stale_version', 'version: current:2']);
  });

  it('that waits for its hour may be given another, and is a draft again when it is closed', async () => {
    await setPollClock(world, IN_MAY);
    const waiting = await done('open', await drafted({ opensAt: ELEVEN }));
    const later = await changed(waiting, { opensAt: TWELVE });
    expect(later).toMatchObject({ state: 'open', opensAt: TWELVE });
    expect(await refusal(patch(later, { closesAt: ELEVEN }))).toEqual(['422 closes_before_opening', 'closesAt: closes_before_opening']);
    expect(await refusal(act('supersede', later))).toEqual(['409 wrong_state', 'state: waiting']);
    const draft = await done('close', later);
    expect(draft).toMatchObject({ state: 'draft', opensAt: TWELVE, closesAt: null });
    expect(await votable(draft)).toMatchObject({ secret: null });
    const again = await done('open', draft);
    expect(await changed(again, { opensAt: null })).toMatchObject({ state: 'open', opensAt: TEN });
    expect((await audited(waiting.id)).map((entry) => entry.act)).toEqual([
      'polls.create',
      'polls.open',
      'polls.change',
      'polls.close',
      'polls.open',
      'polls.change',
    ]);
  });
});

describe('closing', () => {
  it('takes place at once; only the place can change afterwards', async () => {
    await setPollClock(world, IN_MAY);
    const open = await done('open', await drafted({ closesAt: TWELVE }));
    await voted(open);
    await setPollClock(world, new Date(ELEVEN));
    const closed = await done('close', open);
    expect(closed).toMatchObject({ version: 3, state: 'closed', opensAt: TEN, closesAt: ELEVEN });
    expect((await castAll(world, [aBallot(await votable(open))]))[0]!.outcome).toBe('not_open');
    expect((await audited(open.id)).at(-1)).toEqual({
      act: 'polls.close',
      editor_id: chief.id,
      before: { state: 'open', closesAt: TWELVE },
      after: { state: 'closed', closesAt: ELEVEN },
    });
    const cases: [object, string[]][] = [
      [{ question: { ar: 'غيره؟' } }, ['409 poll_locked', 'question: poll_locked']],
      [{ closesAt: TWELVE }, ['409 wrong_state', 'state: closed']],
      [{ closesAt: null }, ['409 wrong_state', 'state: closed']],
      [{ opensAt: TWELVE }, ['409 wrong_state', 'state: closed']],
    ];
    for (const [parts, refused] of cases) expect([parts, await refusal(patch(closed, parts))]).toEqual([parts, refused]);
    expect(await changed(closed, { place: { site: true } })).toMatchObject({ state: 'closed', place: { site: true } });
  });

  it('leaves a moment after the opening where the clock stood still, and the hour that had passed where it was late', async () => {
    await setPollClock(world, IN_MAY);
    expect(await done('close', await done('open', await drafted()))).toMatchObject({ opensAt: TEN, closesAt: TEN });
    const late = await done('open', await drafted({ closesAt: ELEVEN }));
    await setPollClock(world, new Date(TWELVE));
    // Readers find it closed since eleven: nothing of it is open to change, whether or not that has been written down.
    expect(await refusal(patch(late, { closesAt: '2026-05-02T00:00:00Z' }))).toEqual(['409 wrong_state', 'state: closed']);
    expect(await refusal(patch(late, { level: 0 }))).toEqual(['409 wrong_state', 'state: closed']);
    expect(await done('close', late)).toMatchObject({ state: 'closed', closesAt: ELEVEN });
  });

  it('takes place by itself when the hour has come, in the name of nobody', async () => {
    await setPollClock(world, IN_MAY);
    const open = await done('open', await drafted({ closesAt: ELEVEN }));
    const waker = world.app.get(Waker);
    await waker.run('polls to close');
    expect(await found(open.id)).toEqual(open);
    await setPollClock(world, new Date(ELEVEN));
    await waker.run('polls to close');
    expect(await found(open.id)).toEqual({ ...open, version: 3, state: 'closed', editedBy: null, editedAt: MOMENT });
    expect((await audited(open.id)).at(-1)).toEqual({
      act: 'polls.close',
      editor_id: null,
      before: { state: 'open', closesAt: ELEVEN },
      after: { state: 'closed', closesAt: ELEVEN },
    });
  });

  it('tells whoever waits for it, in its own transaction; one whose closing fails stays open and keeps no other waiting', async () => {
    await setPollClock(world, IN_MAY);
    const [stuck, sound, byHand] = [
      await done('open', await drafted({ closesAt: '2026-05-01T10:30:00Z' })),
      await done('open', await drafted({ closesAt: ELEVEN })),
      await done('open', await drafted()),
    ];
    const told: [number, string][] = [];
    const heard = async (tx: EntityManager, id: number): Promise<void> => {
      const [{ state }] = await tx.query<[{ state: string }]>(`select state from polls where id = $1`, [id]);
      if (id === stuck.id) throw new Error('it cannot be signed');
      told.push([id, state]);
    };
    const logged = vi.spyOn((await import('@nestjs/common')).Logger.prototype, 'error').mockImplementation(() => undefined);
    world.app.get(PollClosing).onClosed(heard);
    await setPollClock(world, new Date(ELEVEN));
    await world.app.get(Waker).run('polls to close');
    expect([(await found(stuck.id)).state, (await found(sound.id)).state]).toEqual(['open', 'closed']);
    expect(logged).toHaveBeenCalledWith(`poll ${stuck.id} does not close: it cannot be signed`);
    logged.mockRestore();
    await done('close', byHand);
    expect(told).toEqual([
      [sound.id, 'closed'],
      [byHand.id, 'closed'],
    ]);
    await world.dataSource.query(`update polls set state = 'closed' where id = $1`, [stuck.id]);
  });
});

describe('acts', () => {
  it('are refused where the state does not allow them, which they name', async () => {
    const states: Record<string, () => Promise<Poll>> = {
      draft: () => drafted(),
      open: async () => done('open', await drafted()),
      closed: async () => done('close', await done('open', await drafted())),
      archived: async () => done('archive', await done('close', await done('open', await drafted()))),
    };
    const allowed: Record<string, string[]> = {
      open: ['draft'],
      close: ['open'],
      archive: ['closed'],
      supersede: ['open', 'closed', 'archived'],
    };
    for (const [name, from] of Object.entries(allowed)) {
      for (const [state, made] of Object.entries(states)) {
        const poll = await made();
        if (from.includes(state)) await act(name, poll).expect(200);
        else {
          expect([name, state, await refusal(act(name, poll))]).toEqual([name, state, ['409 wrong_state', `state: ${state}`]]);
          expect(await found(poll.id)).toEqual(poll);
        }
      }
    }
    expect(await refusal(post('/1/open', {}))).toEqual(['400 invalid_body', 'version: required']);
  });

  it('archive a closed poll, and leave its words as they are', async () => {
    const closed = await done('close', await done('open', await drafted()));
    const archived = await done('archive', closed);
    expect(archived).toEqual({ ...closed, version: 4, state: 'archived', editedAt: MOMENT });
    expect(await refusal(patch(archived, { question: { ar: 'غيره؟' } }))).toEqual(['409 wrong_state', 'state: archived']);
    expect((await audited(closed.id)).at(-1)).toEqual({
      act: 'polls.archive',
      editor_id: chief.id,
      before: { state: 'closed' },
      after: { state: 'archived' },
    });
  });

  it('supersede a poll once: it closes, and a draft that says the same points back to it', async () => {
    const article = await anArticle(world);
    const open = await done('open', await drafted({ level: 0, maxChoices: 2, results: 'always', place: { articleId: article.id } }));
    await voted(open);
    const old = await done('supersede', open);
    expect(old).toMatchObject({ version: 3, state: 'closed', supersedes: null, supersededBy: expect.any(Number), locked: true });
    const successor = await found(old['supersededBy'] as number);
    expect(successor).toEqual({
      ...open,
      id: old['supersededBy'],
      version: 1,
      state: 'draft',
      options: TWO.map((label) => ({ id: expect.any(Number), label })),
      opensAt: null,
      closesAt: null,
      supersedes: open.id,
      editedAt: MOMENT,
      createdAt: MOMENT,
    });
    expect(successor.options.map(({ id }) => id)).not.toEqual(open.options.map(({ id }) => id));
    expect((await audited(open.id)).slice(2).map(({ act: name, after }) => [name, after])).toEqual([
      ['polls.close', { state: 'closed', closesAt: old.closesAt }],
      ['polls.supersede', { supersededBy: successor.id }],
    ]);
    expect(await audited(successor.id)).toMatchObject([{ act: 'polls.create', after: { supersedes: open.id } }]);
    expect(await refusal(act('supersede', old))).toEqual(['409 already_superseded']);
    // The successor has its own.
    const next = await done('supersede', await done('open', successor));
    expect(next).toMatchObject({ supersedes: open.id, supersededBy: expect.any(Number) });
  });
});

describe('eight at once', () => {
  const EIGHT = Array.from({ length: 8 }, (_, n) => n);
  const statuses = async (answers: Promise<{ status: number }>[]): Promise<number[]> =>
    (await Promise.all(answers)).map(({ status }) => status).toSorted((a, b) => a - b);
  const ONE = [200, 409, 409, 409, 409, 409, 409, 409];
  /** supertest sends when it is awaited: this sends at once. */
  const sent = (test: Promise<{ status: number }>): Promise<{ status: number }> => test.then((answer) => answer);

  it('change a poll once', async () => {
    const poll = await drafted();
    expect(await statuses(EIGHT.map((n) => sent(patch(poll, { question: { ar: `صيغة ${n}؟` } }))))).toEqual(ONE);
    expect(await found(poll.id)).toMatchObject({ version: 2 });
    expect(await audited(poll.id)).toHaveLength(2);
  });

  it('open it once', async () => {
    const poll = await drafted();
    expect(await statuses(EIGHT.map(() => sent(act('open', poll))))).toEqual(ONE);
    expect((await audited(poll.id)).map((entry) => entry.act)).toEqual(['polls.create', 'polls.open']);
  });

  it('supersede it once', async () => {
    const poll = await done('open', await drafted());
    expect(await statuses(EIGHT.map(() => sent(act('supersede', poll))))).toEqual(ONE);
    expect(await world.dataSource.query(`select count(*)::int as n from polls where supersedes = $1`, [poll.id])).toEqual([{ n: 1 }]);
    expect((await audited(poll.id)).map((entry) => entry.act)).toEqual(['polls.create', 'polls.open', 'polls.close', 'polls.supersede']);
  });

  it('find it due, and close it once', async () => {
    await setPollClock(world, IN_MAY);
    const polls = await Promise.all(EIGHT.map(async () => done('open', await drafted({ closesAt: ELEVEN }))));
    await setPollClock(world, new Date(ELEVEN));
    const waker = world.app.get(Waker);
    await Promise.all(EIGHT.map(() => waker.run('polls to close')));
    for (const { id } of polls) {
      expect(await found(id)).toMatchObject({ version: 3, state: 'closed' });
      expect((await audited(id)).map((entry) => entry.act)).toEqual(['polls.create', 'polls.open', 'polls.close']);
    }
  });
});

it('never changes a question that a ballot has answered, however close the two come: a hundred times', async () => {
  // When each edit took effect, by the clock that ballots bear: taken while the poll is held, so that of two that held it the order is told.
  await world.dataSource.query(`create table edits (poll_id int, at timestamptz default clock_timestamp())`);
  await world.dataSource.query(
    `create function note_edit() returns trigger language plpgsql as $$ begin insert into edits (poll_id) values (new.id); return null; end $$`,
  );
  await world.dataSource.query(`create trigger note_edit after update of question on polls for each row execute function note_edit()`);
  const rounds = { edited: 0, refused: 0 };
  let start = 4;
  for (let round = 0; round < 100; round += 1) {
    const poll = await aPoll(world);
    const edit = patch({ id: poll.id, version: 1 }, { question: { ar: 'سؤال آخر؟' } }).then((answer) => answer);
    // So much of a start that either may win.
    await new Promise((go) => setTimeout(go, start));
    expect(await castAll(world, [aBallot(poll)])).toMatchObject([{ outcome: 'cast' }]);
    const { status, body } = await edit;
    const [row] = await world.dataSource.query<[{ question: object; answered: boolean | null }]>(
      `select p.question, b.cast_at < e.at as answered from polls p join ballots b on b.poll_id = p.id left join edits e on e.poll_id = p.id where p.id = $1`,
      [poll.id],
    );
    if (status === 409) {
      rounds.refused += 1;
      start += 1;
      expect([body.code, row]).toEqual(['poll_locked', { question: { ar: 'ما رأيك؟', en: 'What do you think?' }, answered: null }]);
    } else {
      rounds.edited += 1;
      start = Math.max(0, start - 1);
      expect([status, row]).toEqual([200, { question: { ar: 'سؤال آخر؟' }, answered: false }]);
    }
  }
  // Both have been seen, or this shows nothing.
  expect(rounds.edited).toBeGreaterThan(0);
  expect(rounds.refused).toBeGreaterThan(0);
}, 60_000);

it('refuses a ballot for an option that is taken away while it comes, and none beside it: fifty times', async () => {
  const rounds = { taken: 0, kept: 0 };
  let start = 4;
  for (let round = 0; round < 50; round += 1) {
    const [poll, other] = [await aPoll(world), await aPoll(world)];
    const edit = patch({ id: poll.id, version: 1 }, { options: TWO }).then((answer) => answer);
    await new Promise((go) => setTimeout(go, start));
    const cast = await castAll(world, [aBallot(poll, { optionIds: [poll.optionIds[2]!] }), aBallot(other)]);
    const taken = (await edit).status === 200;
    rounds[taken ? 'taken' : 'kept'] += 1;
    start = taken ? Math.max(0, start - 1) : start + 1;
    expect(cast.map(({ outcome }) => outcome)).toEqual([taken ? 'choices_refused' : 'cast', 'cast']);
  }
  expect(rounds.taken).toBeGreaterThan(0);
  expect(rounds.kept).toBeGreaterThan(0);
}, 60_000);
