import { methodNote } from '../src/polls/method-note.js';
import { aBallot, anArticle, aPoll, aSection, aSeries, castAll, setPollClock, type TestPoll } from './factories.js';
import { startTestApp, type TestApp } from './test-app.js';

/** What readers get of polls beside their numbers. */

let world: TestApp;
beforeAll(async () => {
  world = await startTestApp();
});
afterAll(() => world.close());
afterEach(() => setPollClock(world, null));

async function bodyOf<Body>(path: string): Promise<Body> {
  return (await world.get(path).expect(200)).body as Body;
}

interface Shown {
  readonly id: number;
}

const write = (poll: TestPoll, columns: string, ...values: unknown[]): Promise<unknown> =>
  world.dataSource.query(`update polls set ${columns} where id = $1`, [poll.id, ...values]);

describe('a poll', () => {
  it('is told whole, in the asked language as far as it has it, without numbers', async () => {
    const article = await anArticle(world);
    const section = await aSection(world);
    const poll = await aPoll(world, {
      level: 1,
      maxChoices: 2,
      options: 2,
      results: 'after_vote',
      opensAt: '2026-03-01T08:00:00.123456Z',
      closesAt: '2999-03-08T08:00:00Z',
      articleId: article.id,
      sectionId: section.id,
    });
    await write(poll, 'question = $2, intro = $3', { ar: 'أي الطريقين؟', fr: 'Quel chemin ?' }, { en: 'Two ways lead there.' });
    const [first, second] = poll.optionIds;
    const shown = {
      id: poll.id,
      url: `https://center.example/polls/${poll.id}`,
      lang: 'ar',
      dir: 'rtl',
      question: 'أي الطريقين؟',
      intro: 'Two ways lead there.',
      introLang: 'en',
      introDir: 'ltr',
      options: [
        { id: first, label: 'خيار 1', lang: 'ar', dir: 'rtl' },
        { id: second, label: 'خيار 2', lang: 'ar', dir: 'rtl' },
      ],
      level: 1,
      maxChoices: 2,
      state: 'open',
      opensAt: '2026-03-01T08:00:00.123Z',
      closesAt: '2999-03-08T08:00:00.000Z',
      results: 'after_vote',
      place: { site: false, sectionId: section.id, seriesId: null, articleId: article.id },
      method: methodNote(1, 2, 'ar'),
      methodLang: 'ar',
      methodDir: 'rtl',
      supersededBy: null,
    };
    expect(await bodyOf(`/api/v1/polls/${poll.id}`)).toEqual(shown);
    expect(await bodyOf(`/api/v1/polls/${poll.id}?lang=fr`)).toEqual({
      ...shown,
      lang: 'fr',
      dir: 'ltr',
      question: 'Quel chemin ?',
      method: methodNote(1, 2, 'fr'),
      methodLang: 'fr',
      methodDir: 'ltr',
    });
    expect(await bodyOf(`/api/v1/polls/${poll.id}?lang=en`)).toEqual({
      ...shown,
      options: [
        { id: first, label: 'Option 1', lang: 'en', dir: 'ltr' },
        { id: second, label: 'Option 2', lang: 'en', dir: 'ltr' },
      ],
      method: methodNote(1, 2, 'en'),
      methodLang: 'en',
      methodDir: 'ltr',
    });
    const { body } = await world.get('/api/v1/polls').expect(200);
    expect(body).toEqual({ items: [shown], nextCursor: null });
  });

  it('shows its numbers with it where everybody may see them at any time', async () => {
    const poll = await aPoll(world, { results: 'always' });
    const [first, second, third] = poll.optionIds;
    await castAll(world, [aBallot(poll), aBallot(poll), aBallot(poll, { optionIds: [third!] })]);
    const answer = await world.get(`/api/v1/polls/${poll.id}`).expect(200);
    expect(answer.body).toMatchObject({
      totalBallots: 3,
      options: [
        { id: first, ballots: 2, share: 0.6667 },
        { id: second, ballots: 0, share: 0 },
        { id: third, ballots: 1, share: 0.3333 },
      ],
    });
    // Votes move no date: its tag alone tells the answer from another.
    expect(answer.headers['last-modified']).toBeUndefined();
    expect(answer.headers['etag']).toMatch(/^"[\w-]{27}"$/);
    await world.get(`/api/v1/polls/${poll.id}`).set('If-None-Match', answer.headers['etag']!).expect(304);
    await world
      .get(`/api/v1/polls/${poll.id}`)
      .set('If-Modified-Since', new Date(Date.now() + 60_000).toUTCString())
      .expect(200);
  });

  it('is there from its hour on and not before, and closes by itself', async () => {
    const poll = await aPoll(world, { results: 'after_vote', opensAt: '2027-05-01T10:00:00Z', closesAt: '2027-05-01T12:00:00Z' });
    const at = async (instant: string): Promise<unknown[]> => {
      await setPollClock(world, new Date(instant));
      const { status, body } = await world.get(`/api/v1/polls/${poll.id}`);
      const { items } = await bodyOf<{ items: Shown[] }>('/api/v1/polls?limit=1');
      return [status, body.state, items[0]?.id === poll.id];
    };
    expect(await at('2027-05-01T09:59:59.999Z')).toEqual([404, undefined, false]);
    expect(await at('2027-05-01T10:00:00Z')).toEqual([200, 'open', true]);
    expect(await at('2027-05-01T11:59:59.999Z')).toEqual([200, 'open', true]);
    expect(await at('2027-05-01T12:00:00Z')).toEqual([200, 'closed', true]);
  });

  it('that is a draft is like one that does not exist', async () => {
    const draft = await aPoll(world, { state: 'draft' });
    for (const path of ['', '/results', '/results.csv', '/results.svg', '/receipts/AAAAAAAAAAAAAAAA']) {
      const [hidden, none] = [await world.get(`/api/v1/polls/${draft.id}${path}`), await world.get(`/api/v1/polls/2000000000${path}`)];
      expect([path, hidden.status, { ...hidden.body, instance: '' }]).toEqual([path, 404, { ...none.body, instance: '' }]);
      expect(hidden.body.code).toBe('not_found');
    }
  });

  it('names the poll that mends its mistake once that one is public, and no other', async () => {
    const [wrong, right] = [await aPoll(world, { state: 'closed' }), await aPoll(world, { state: 'draft' })];
    await write(right, 'supersedes = $2', wrong.id);
    const supersededBy = async (): Promise<unknown> => (await bodyOf<{ supersededBy: unknown }>(`/api/v1/polls/${wrong.id}`)).supersededBy;
    expect(await supersededBy()).toBeNull();
    await write(right, `state = 'open', opens_at = poll_now(), ballot_secret = '\\x00'`);
    expect(await supersededBy()).toEqual({ id: right.id, url: `https://center.example/polls/${right.id}` });
  });

  it('tells of the places that are public only', async () => {
    const [series, other] = [await aSeries(world), await aSeries(world)];
    const draft = await world.tx(async (tx) => {
      const [{ id }] = await tx.query<[{ id: number }]>(`insert into articles (lang, created_by) values ('ar', null) returning id`);
      return id;
    });
    await anArticle(world, { series: { id: series.id } });
    const poll = await aPoll(world, { seriesId: series.id, articleId: draft, onSite: true });
    const hidden = await aPoll(world, { seriesId: other.id });
    const place = async ({ id }: TestPoll): Promise<unknown> => (await bodyOf<{ place: unknown }>(`/api/v1/polls/${id}`)).place;
    expect(await place(poll)).toEqual({ site: true, sectionId: null, seriesId: series.id, articleId: null });
    expect(await place(hidden)).toEqual({ site: false, sectionId: null, seriesId: null, articleId: null });
    await write(poll, `state = 'archived', closes_at = poll_now()`);
  });

  it('refuses a malformed id, an unknown parameter, another language', async () => {
    for (const [path, code] of [
      ['polls/0', 'invalid_parameter'],
      ['polls/1e3', 'invalid_parameter'],
      ['polls/99999999999', 'invalid_parameter'],
      ['polls/1?lang=de', 'invalid_parameter'],
      ['polls/1?x=1', 'unknown_parameter'],
      ['polls/1?receipt=AAAAAAAAAAAAAAAA', 'unknown_parameter'],
      ['polls?state=draft', 'invalid_parameter'],
      ['polls?limit=0', 'invalid_parameter'],
      ['polls?cursor=x', 'invalid_parameter'],
    ] as const) {
      const { status, body } = await world.get(`/api/v1/${path}`);
      expect([path, status, body.code]).toEqual([path, 400, code]);
    }
  });
});

describe('the list of polls', () => {
  it('gives the newest opening first, page by page, each once, also when others open meanwhile', async () => {
    await world.dataSource.query(`update polls set state = 'archived', closes_at = coalesce(closes_at, poll_now()) where state <> 'draft'`);
    const same = '2026-04-01T10:00:00Z';
    const polls: TestPoll[] = [];
    for (const opensAt of ['2026-01-01T10:00:00Z', same, same, same, '2026-05-01T10:00:00.000001Z', '2026-05-01T10:00:00.000002Z'])
      polls.push(await aPoll(world, { opensAt, results: 'after_vote' }));
    const expected = polls.map(({ id }) => id).toReversed();
    const seen: number[] = [];
    let path = '/api/v1/polls?limit=2&lang=en';
    for (let page = 0; ; page += 1) {
      const answer = await world.get(path).expect(200);
      const { items, nextCursor } = answer.body as { items: Shown[]; nextCursor: string | null };
      seen.push(...items.map(({ id }) => id));
      if (page === 0) await aPoll(world);
      if (nextCursor === null) break;
      const next = `https://center.example/api/v1/polls?lang=en&limit=2&cursor=${nextCursor}`;
      expect(answer.headers['link']).toBe(`<${next}>; rel="next"`);
      path = next.slice('https://center.example'.length);
    }
    expect(seen).toEqual(expected);
    const { body } = await world.get('/api/v1/articles?limit=1').expect(200);
    if (body.nextCursor) await world.get(`/api/v1/polls?cursor=${body.nextCursor}`).expect(400);
  });

  it('by state; without one, archived polls are not in it', async () => {
    await world.dataSource.query(`update polls set state = 'archived', closes_at = coalesce(closes_at, poll_now()) where state <> 'draft'`);
    const open = await aPoll(world, { opensAt: '2026-06-04T10:00:00Z' });
    const over = await aPoll(world, { opensAt: '2026-06-03T10:00:00Z', closesAt: '2026-06-03T11:00:00Z' });
    const closed = await aPoll(world, { opensAt: '2026-06-02T10:00:00Z', state: 'closed' });
    const archived = await aPoll(world, { opensAt: '2026-06-05T10:00:00Z', state: 'archived' });
    const ids = async (query: string): Promise<number[]> =>
      (await bodyOf<{ items: Shown[] }>(`/api/v1/polls${query}`)).items.map(({ id }) => id);
    expect(await ids('')).toEqual([open.id, over.id, closed.id]);
    expect(await ids('?state=open')).toEqual([open.id]);
    expect(await ids('?state=closed')).toEqual([over.id, closed.id]);
    expect(await ids('?state=archived&limit=100')).toContain(archived.id);
    expect(await ids('?state=archived&limit=100')).not.toContain(open.id);
  });
});

describe('the page of an article', () => {
  it('names the polls beside it: its own, its series’, its section’s and those above, the site’s; each once', async () => {
    await world.dataSource.query(`update polls set state = 'archived', closes_at = coalesce(closes_at, poll_now()) where state <> 'draft'`);
    const top = await aSection(world);
    const middle = await aSection(world, { parentId: top.id });
    const section = await aSection(world, { parentId: middle.id });
    const elsewhere = await aSection(world, { parentId: top.id });
    const series = await aSeries(world);
    const article = await anArticle(world, { sectionId: section.id, series: { id: series.id } });
    const other = await anArticle(world, { sectionId: elsewhere.id });
    const ended = { opensAt: '2026-01-01T10:00:00Z', closesAt: '2026-01-02T10:00:00Z' };
    const polls = {
      site: await aPoll(world, { onSite: true, opensAt: '2026-06-01T10:00:00Z' }),
      top: await aPoll(world, { sectionId: top.id }),
      section: await aPoll(world, { sectionId: section.id }),
      series: await aPoll(world, { seriesId: series.id }),
      own: await aPoll(world, { articleId: article.id, opensAt: '2026-02-01T10:00:00Z' }),
      newer: await aPoll(world, { articleId: article.id, onSite: true, sectionId: top.id, opensAt: '2026-02-02T10:00:00Z' }),
      over: await aPoll(world, { articleId: article.id, ...ended }),
      closed: await aPoll(world, { articleId: article.id, opensAt: '2025-01-01T10:00:00Z', state: 'closed' }),
    };
    // Not beside it: closed elsewhere than at the piece, archived, not yet open, drafts.
    for (const place of [{ sectionId: section.id }, { seriesId: series.id }, { onSite: true }]) {
      await aPoll(world, { ...place, state: 'closed' });
      await aPoll(world, { ...place, ...ended });
    }
    for (const place of [{ articleId: article.id }, { sectionId: section.id }, { onSite: true }]) {
      await aPoll(world, { ...place, state: 'archived' });
      await aPoll(world, { ...place, state: 'draft' });
      await aPoll(world, { ...place, opensAt: '2999-01-01T00:00:00Z' });
    }
    const beside = async (id: number): Promise<Shown[]> => (await bodyOf<{ polls: Shown[] }>(`/api/v1/articles/${id}`)).polls;
    const named = (...names: (keyof typeof polls)[]): Shown[] => names.map((name) => ({ id: polls[name].id }));
    expect(await beside(article.id)).toEqual(named('newer', 'own', 'over', 'closed', 'series', 'section', 'top', 'site'));
    expect(await beside(other.id)).toEqual(named('top', 'newer', 'site'));
  });

  it('changes its tag and its date when a poll opens by itself', async () => {
    const article = await anArticle(world);
    await world.dataSource.query(`update content_clock set changed_at = now() - interval '1 hour'`);
    const poll = await aPoll(world, { articleId: article.id, opensAt: '2999-01-01T00:00:00Z' });
    const before = await world.get(`/api/v1/articles/${article.id}`).expect(200);
    await setPollClock(world, new Date('2999-01-01T00:00:01Z'));
    const after = await world.get(`/api/v1/articles/${article.id}`).set('If-None-Match', before.headers['etag']!).expect(200);
    expect(after.body.polls).toContainEqual({ id: poll.id });
    await write(poll, `state = 'archived', closes_at = poll_now()`);
  });
});
