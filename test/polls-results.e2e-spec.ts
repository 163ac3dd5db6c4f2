import { randomBytes } from 'node:crypto';
import type { FastifyReply } from 'fastify';
import type { LightMyRequestResponse } from 'fastify';
import { receiptHash, receiptOf } from '../src/polls/ballot-keys.js';
import { methodNote } from '../src/polls/method-note.js';
import { ReaderCookie } from '../src/polls/reader-cookie.js';
import { Stopwatch } from '../src/polls/stopwatch.js';
import { Tallies } from '../src/polls/tallies.service.js';
import { aBallot, anArticle, anEditor, aPoll, castAll, setPollClock, type TestPoll } from './factories.js';
import { PrivacyJob } from '../src/polls/privacy.job.js';
import { startTestApp, type TestApp } from './test-app.js';

/** Who may see what polls have come to, when, and in which forms. */

let world: TestApp;
/** The stopwatch of everything that is remembered for seconds. */
let seconds = 1_000;

beforeAll(async () => {
  world = await startTestApp();
  vi.spyOn(world.app.get(Stopwatch), 'seconds').mockImplementation(() => seconds);
});
afterAll(() => world.close());
beforeEach(() => {
  // What was remembered by the test before is forgotten.
  seconds += 100_000;
});
afterEach(() => setPollClock(world, null));

const FORMS = ['', '.csv', '.svg'] as const;

function inject(
  url: string,
  headers: Record<string, string> = {},
  method: 'GET' | 'HEAD' | 'OPTIONS' = 'GET',
): Promise<LightMyRequestResponse> {
  return world.app.inject({ method, url: `/api/v1${url}`, headers });
}

interface Reader {
  readonly nonce: Buffer;
  readonly cookie: string;
  readonly receipt: string;
}

/** One who has a ballot cookie; the receipt is that of a vote in this poll. */
function aReader(poll: TestPoll): Reader {
  const cookies = world.app.get(ReaderCookie);
  const ballot = cookies.make();
  let cookie = '';
  const reply = { setCookie: (name: string, value: string) => (cookie = `${name}=${value}`) };
  cookies.give(reply as unknown as FastifyReply, ballot);
  return { nonce: ballot.nonce, cookie, receipt: receiptOf(poll.secret, ballot.nonce) };
}

async function aVoter(poll: TestPoll, optionIds = [poll.optionIds[0]!]): Promise<Reader> {
  const reader = aReader(poll);
  const [row] = await castAll(world, [aBallot(poll, { nonce: reader.nonce, optionIds })]);
  expect(row!.outcome).toBe('cast');
  return reader;
}

const update = (table: 'polls' | 'ballots', poll: TestPoll, columns: string): Promise<unknown> =>
  world.dataSource.query(`update ${table} set ${columns} where ${table === 'polls' ? 'id' : 'poll_id'} = $1`, [poll.id]);

async function close(poll: TestPoll, state = 'closed'): Promise<void> {
  await update('polls', poll, `state = '${state}', closes_at = coalesce(closes_at, poll_now())`);
}

/** Holds or removes so many counted ballots of the poll. */
async function hold(poll: TestPoll, count: number): Promise<void> {
  await world.dataSource.query(
    `with held as (insert into ballot_groups (poll_id, kind, key) values ($1, 'network', $3) returning id)
     update ballots set status = 'under_review', group_id = held.id from held
     where ballots.id in (select id from ballots where poll_id = $1 and status = 'counted' limit $2)`,
    [poll.id, count, randomBytes(32)],
  );
}

async function remove(poll: TestPoll, count: number, reason: string): Promise<void> {
  await world.dataSource.query(
    `with batch as (insert into ballot_voids (poll_id, filter, reason, ballots, created_at) values ($1, '{}', $3, $2, '2026-06-01T10:00:00Z') returning id)
     update ballots set status = 'void', voided_from = 'counted', void_id = batch.id from batch
     where ballots.id in (select id from ballots where poll_id = $1 and status = 'counted' limit $2)`,
    [poll.id, count, reason],
  );
}

async function totals(url: string, headers: Record<string, string> = {}): Promise<number | string> {
  const answer = await inject(url, headers);
  const body = answer.json<{ totalBallots: number; code: string }>();
  return answer.statusCode === 200 ? body.totalBallots : body.code;
}

describe('results', () => {
  it('say the base, each share of it, what is held, what was removed and why, and how it was counted', async () => {
    await setPollClock(world, new Date('2026-06-02T10:00:00Z'));
    const poll = await aPoll(world, { level: 1, maxChoices: 2, opensAt: '2026-05-01T10:00:00Z', closesAt: '2026-07-01T10:00:00Z' });
    const [first, second, third] = poll.optionIds as [number, number, number];
    await castAll(world, [aBallot(poll), aBallot(poll), aBallot(poll), aBallot(poll)]);
    await hold(poll, 1);
    await remove(poll, 2, 'Votes of a script.');
    await remove(poll, 1, 'أصوات آلية.');
    await castAll(world, [
      aBallot(poll, { optionIds: [first, second] }),
      aBallot(poll, { optionIds: [second] }),
      aBallot(poll, { optionIds: [second, first] }),
    ]);
    const results = {
      id: poll.id,
      lang: 'ar',
      dir: 'rtl',
      question: 'ما رأيك؟',
      totalBallots: 3,
      underReview: 1,
      removed: 3,
      removals: [
        { ballots: 2, reason: 'Votes of a script.', lang: 'en', dir: 'ltr', at: '2026-06-01T10:00:00.000Z' },
        { ballots: 1, reason: 'أصوات آلية.', lang: 'ar', dir: 'rtl', at: '2026-06-01T10:00:00.000Z' },
      ],
      options: [
        { id: first, label: 'خيار 1', lang: 'ar', dir: 'rtl', ballots: 2, share: 0.6667 },
        { id: second, label: 'خيار 2', lang: 'ar', dir: 'rtl', ballots: 3, share: 1 },
        { id: third, label: 'خيار 3', lang: 'ar', dir: 'rtl', ballots: 0, share: 0 },
      ],
      method: methodNote(1, 2, 'ar'),
      methodLang: 'ar',
      methodDir: 'rtl',
      level: 1,
      opensAt: '2026-05-01T10:00:00.000Z',
      closesAt: '2026-07-01T10:00:00.000Z',
      state: 'open',
      countedAt: '2026-06-02T10:00:00.000Z',
    };
    expect((await world.get(`/api/v1/polls/${poll.id}/results`).expect(200)).body).toEqual(results);
    const french = await world.get(`/api/v1/polls/${poll.id}/results?lang=fr`).expect(200);
    expect(french.body).toEqual({ ...results, method: methodNote(1, 2, 'fr'), methodLang: 'fr', methodDir: 'ltr' });
  });

  it('of nobody’s vote are zeros', async () => {
    const poll = await aPoll(world, { level: 3, options: 2 });
    const awaiting = aBallot(poll);
    await castAll(world, [awaiting]);
    const { body } = await world.get(`/api/v1/polls/${poll.id}/results`).expect(200);
    expect(body).toMatchObject({
      totalBallots: 0,
      underReview: 0,
      removed: 0,
      removals: [],
      options: [
        { ballots: 0, share: 0 },
        { ballots: 0, share: 0 },
      ],
    });
  });

  it('that everybody may see are published: a tag, public caches, other sites; no date, because votes move none', async () => {
    const poll = await aPoll(world);
    await aVoter(poll);
    for (const form of FORMS) {
      const url = `/polls/${poll.id}/results${form}`;
      const answer = await inject(url, { cookie: 'rv=forged' });
      expect([form, answer.statusCode, answer.headers['cache-control']]).toEqual([form, 200, 'public, max-age=0, must-revalidate']);
      expect(answer.headers).toMatchObject({ 'access-control-allow-origin': '*', 'cross-origin-resource-policy': 'cross-origin' });
      expect([answer.headers['last-modified'], answer.headers['set-cookie'], answer.headers['vary']]).toEqual([
        undefined,
        undefined,
        undefined,
      ]);
      const etag = answer.headers['etag'] as string;
      const same = await inject(url, { 'if-none-match': etag });
      expect([same.statusCode, same.body, same.headers['access-control-allow-origin']]).toEqual([304, '', '*']);
      expect((await inject(url, { 'if-modified-since': new Date(Date.now() + 1e6).toUTCString() })).statusCode).toBe(200);
      const head = await inject(url, {}, 'HEAD');
      expect([head.body, head.headers['content-length'], head.headers['etag']]).toEqual(['', answer.headers['content-length'], etag]);
      expect((await inject(url, { origin: 'https://readers.example', 'access-control-request-method': 'GET' }, 'OPTIONS')).statusCode).toBe(
        204,
      );
      // The same numbers, counted anew, are the same answer; other numbers are another.
      seconds += 10;
      expect((await inject(url, { 'if-none-match': etag })).statusCode).toBe(304);
      await aVoter(poll);
      seconds += 10;
      expect((await inject(url, { 'if-none-match': etag })).statusCode).toBe(200);
    }
  });

  it('refuse a malformed receipt, id or parameter', async () => {
    const poll = await aPoll(world);
    for (const form of FORMS)
      for (const [query, code] of [
        ['?receipt=x', 'invalid_parameter'],
        ['?receipt=aaaaaaaaaaaaaaaa', 'invalid_parameter'],
        ['?receipt=AAAAAAAAAAAAAAAA&receipt=AAAAAAAAAAAAAAAA', 'invalid_parameter'],
        ['?lang=xx', 'invalid_parameter'],
        ['?nonce=1', 'unknown_parameter'],
      ] as const) {
        const answer = await inject(`/polls/${poll.id}/results${form}${query}`);
        expect([form, query, answer.statusCode, answer.json<{ code: string }>().code]).toEqual([form, query, 400, code]);
      }
    expect((await inject('/polls/01/results.csv')).statusCode).toBe(400);
    expect((await inject('/polls/1/results.html')).statusCode).toBe(404);
  });
});

describe('before they may be seen', () => {
  /** Each rule with the stages at which everybody may see numbers. Closing by the clock is not the end: votes may be on their way. */
  const RULES = {
    always: ['open', 'past its hour', 'closed', 'archived'],
    after_vote: ['closed', 'archived'],
    after_close: ['closed', 'archived'],
    never_public: [],
  } as const;

  it.each(Object.entries(RULES))(
    '%s: in every form everybody sees them when the rule says so, and not before',
    async (results, shown: readonly string[]) => {
      const poll = await aPoll(world, { results, opensAt: '2026-05-01T10:00:00Z', closesAt: '2026-05-02T10:00:00Z' });
      await setPollClock(world, new Date('2026-05-01T12:00:00Z'));
      const voter = await aVoter(poll);
      const stages: Record<string, () => Promise<void>> = {
        open: async () => undefined,
        'past its hour': () => setPollClock(world, new Date('2026-05-02T10:00:00Z')),
        closed: () => close(poll),
        archived: () => close(poll, 'archived'),
      };
      for (const [stage, act] of Object.entries(stages)) {
        await act();
        for (const form of FORMS) {
          const answer = await inject(`/polls/${poll.id}/results${form}?lang=en`);
          const open = shown.includes(stage);
          expect([stage, form, answer.statusCode, answer.headers['access-control-allow-origin']]).toEqual([
            stage,
            form,
            open ? 200 : 403,
            open ? '*' : undefined,
          ]);
          if (!open)
            expect([answer.headers['cache-control'], answer.json<{ code: string }>().code]).toEqual([
              'private, no-store',
              'results_hidden',
            ]);
          // Who has voted sees no more, unless the rule says so.
          for (const [query, headers] of [
            [`?receipt=${voter.receipt}`, {}],
            ['', { cookie: voter.cookie }],
          ] as [string, Record<string, string>][]) {
            const own = await inject(`/polls/${poll.id}/results${form}${query}`, headers);
            expect([stage, form, query, own.statusCode]).toEqual([stage, form, query, open || results === 'after_vote' ? 200 : 403]);
            if (!open && own.statusCode === 200) {
              expect(own.headers).toMatchObject({ 'cache-control': 'private, no-store', 'cross-origin-resource-policy': 'same-origin' });
              expect([own.headers['access-control-allow-origin'], own.headers['etag'], own.headers['last-modified']]).toEqual([
                undefined,
                undefined,
                undefined,
              ]);
            }
          }
        }
      }
    },
  );

  it('say when they may', async () => {
    const sentence = async (results: string, lang: string): Promise<string> => {
      const poll = await aPoll(world, { results });
      return (await world.get(`/api/v1/polls/${poll.id}/results?lang=${lang}`).expect(403)).body.detail as string;
    };
    expect(await sentence('after_vote', 'en')).toBe(
      'The results are shown to those who have voted, and to everybody once the poll has closed.',
    );
    expect(await sentence('after_close', 'en')).toBe('The results are shown once the poll has closed.');
    expect(await sentence('never_public', 'en')).toBe('The results of this poll are not published.');
    expect(await sentence('after_close', 'ar')).toBe('تظهر النتائج بعد إغلاق الاستطلاع.');
  });

  it('are shown to a ballot that counts, is held or was removed; to no other', async () => {
    const [poll, other] = [await aPoll(world, { results: 'after_vote' }), await aPoll(world, { results: 'after_vote' })];
    const voter = await aVoter(poll);
    const see = async (of: TestPoll, headers: Record<string, string>, receipt?: string): Promise<number> =>
      (await inject(`/polls/${of.id}/results${receipt === undefined ? '' : `?receipt=${receipt}`}`, headers)).statusCode;
    const both = async (of: TestPoll, reader: Reader): Promise<number[]> => [
      await see(of, { cookie: reader.cookie }),
      await see(of, {}, reader.receipt),
    ];
    expect(await both(poll, voter)).toEqual([200, 200]);
    expect(await both(other, voter)).toEqual([403, 403]);
    expect(await both(poll, aReader(poll))).toEqual([403, 403]);
    // A wrong receipt is no better for a cookie beside it, and a forged cookie is none.
    expect(await see(poll, { cookie: voter.cookie }, 'AAAAAAAAAAAAAAAA')).toBe(403);
    expect(await see(poll, { cookie: `${voter.cookie.slice(0, -1)}${voter.cookie.endsWith('A') ? 'B' : 'A'}` })).toBe(403);
    await hold(poll, 1);
    expect(await both(poll, voter)).toEqual([200, 200]);
    await update('ballots', poll, `status = 'counted', group_id = null`);
    await remove(poll, 1, 'Votes of a script.');
    expect(await both(poll, voter)).toEqual([200, 200]);

    const confirmed = await aPoll(world, { results: 'after_vote', level: 3 });
    const reader = await aVoter(confirmed);
    expect(await both(confirmed, reader)).toEqual([403, 403]);
    await update('ballots', confirmed, `status = 'counted', voter_key = '\\x01'`);
    expect(await both(confirmed, reader)).toEqual([200, 200]);
  });

  it('are shown after a vote that came through the front door, by its cookie and by its receipt', async () => {
    const poll = await aPoll(world, { results: 'after_vote' });
    const url = `/polls/${poll.id}/results`;
    const post = (path: string, payload: object, headers: Record<string, string> = {}): Promise<LightMyRequestResponse> =>
      world.app.inject({ method: 'POST', url: `/api/v1/polls/${poll.id}/${path}`, payload, headers });
    const taken = await post('ballots', {});
    const [{ name, value }] = taken.cookies as [{ name: string; value: string }];
    const cookie = `${name}=${value}`;
    expect(await totals(url, { cookie })).toBe('results_hidden');
    const vote = await post('votes', { optionIds: [poll.optionIds[1]] }, { cookie });
    expect(vote.statusCode).toBe(201);
    expect(await totals(url, { cookie })).toBe(1);
    expect(await totals(`${url}?receipt=${vote.json<{ receipt: string }>().receipt}`)).toBe(1);
    expect(await totals(url)).toBe('results_hidden');
  });

  it.each(['after_vote', 'after_close', 'never_public'])('%s: no answer of any route differs by a vote', async (results) => {
    const article = await anArticle(world);
    const poll = await aPoll(world, { results, articleId: article.id, onSite: true, options: 4 });
    const one = aReader(poll);
    const routes = [
      '/polls',
      '/polls?state=open&limit=100',
      `/polls/${poll.id}`,
      `/articles/${article.id}`,
      '/articles',
      '/center',
      ...FORMS.flatMap((form) => [`/polls/${poll.id}/results${form}`, `/polls/${poll.id}/results${form}?receipt=AAAAAAAAAAAAAAAA`]),
      `/polls/${poll.id}/results?receipt=x`,
      `/polls/${poll.id}/receipts/AAAAAAAAAAAAAAAA`,
    ];
    const read = async (): Promise<unknown[]> => {
      seconds += 100;
      const answers: unknown[] = [];
      for (const url of routes.flatMap((route) =>
        ['', 'lang=en', 'lang=fr'].map((lang) => route + (lang && `${route.includes('?') ? '&' : '?'}${lang}`)),
      ))
        for (const method of ['GET', 'HEAD'] as const) {
          const { statusCode, headers, body } = await inject(url, { cookie: one.cookie }, method);
          const { date: _, ...lasting } = headers;
          answers.push([method, url, statusCode, lasting, body.replace(/urn:uuid:[\da-f-]{36}/, '')]);
        }
      return answers;
    };
    const before = await read();
    await castAll(
      world,
      Array.from({ length: 37 }, (_, n) => aBallot(poll, { optionIds: [poll.optionIds[n % 4]!] })),
    );
    expect(await read()).toEqual(before);
    await hold(poll, 3);
    await remove(poll, 5, 'Votes of a script.');
    expect(await read()).toEqual(before);
    if (results === 'never_public') {
      await close(poll);
      const closed = await read();
      await remove(poll, 5, 'Votes of another script.');
      expect(await read()).toEqual(closed);
    }
  });
});

describe('the count', () => {
  it('is made once for all who ask at once, and again when it is two seconds old', async () => {
    const poll = await aPoll(world);
    await aVoter(poll);
    const counts = vi.spyOn(world.app.get(Tallies), 'count');
    const url = `/polls/${poll.id}/results`;
    const ask = (): Promise<unknown[]> => Promise.all(Array.from({ length: 100 }, () => totals(url)));
    expect(new Set(await ask())).toEqual(new Set([1]));
    expect(counts).toHaveBeenCalledTimes(1);
    await aVoter(poll);
    seconds += 1.9;
    expect(await totals(url)).toBe(1);
    expect(counts).toHaveBeenCalledTimes(1);
    seconds += 0.2;
    expect(new Set(await ask())).toEqual(new Set([2]));
    expect(counts).toHaveBeenCalledTimes(2);
    counts.mockRestore();
  });

  it('that took long is good for twenty times as long', async () => {
    const poll = await aPoll(world);
    const tallies = world.app.get(Tallies);
    const count = tallies.count.bind(tallies);
    const slow = vi.spyOn(tallies, 'count').mockImplementation(async (id) => {
      const tally = await count(id);
      seconds += 3;
      return tally;
    });
    const url = `/polls/${poll.id}/results`;
    expect(await totals(url)).toBe(0);
    await aVoter(poll);
    seconds += 59;
    expect(await totals(url)).toBe(0);
    seconds += 2;
    expect(await totals(url)).toBe(1);
    slow.mockRestore();
  });

  it('that failed is not remembered: who asks again gets the next', async () => {
    const poll = await aPoll(world);
    const failing = vi.spyOn(world.app.get(Tallies), 'count').mockRejectedValueOnce(new Error('the connection fell'));
    expect((await inject(`/polls/${poll.id}/results`)).statusCode).toBe(500);
    expect(await totals(`/polls/${poll.id}/results`)).toBe(0);
    failing.mockRestore();
  });

  it('shows everybody who has voted a count with the own vote in it, a hundred at once', async () => {
    const poll = await aPoll(world, { results: 'after_vote' });
    const first = await aVoter(poll);
    const url = `/polls/${poll.id}/results`;
    let inFlight = 0;
    let most = 0;
    const tallies = world.app.get(Tallies);
    const count = tallies.count.bind(tallies);
    const counts = vi.spyOn(tallies, 'count').mockImplementation(async (id) => {
      most = Math.max(most, ++inFlight);
      return count(id).finally(() => (inFlight -= 1));
    });
    expect(await totals(url, { cookie: first.cookie })).toBe(1);
    // Each asks as soon as the vote is stored, while others vote and counts are under way.
    let stored = 1;
    const seen = await Promise.all(
      Array.from({ length: 100 }, async () => {
        const voter = await aVoter(poll);
        stored += 1;
        const least = stored;
        return { least, total: (await totals(url, { cookie: voter.cookie })) as number };
      }),
    );
    expect(seen.filter(({ least, total }) => !(total >= least))).toEqual([]);
    expect(most).toBe(1);
    const made = counts.mock.calls.length;
    expect(made).toBeLessThan(100);
    // Who has been counted is shown what is remembered.
    expect(await totals(url, { cookie: first.cookie })).toBe(101);
    expect(await totals(url, { cookie: first.cookie })).toBe(101);
    expect(counts.mock.calls.length - made).toBeLessThanOrEqual(1);
    counts.mockRestore();
  });

  it('that is under way when somebody votes is not that voter’s: the next one is, and all who wait share it', async () => {
    const poll = await aPoll(world, { results: 'after_vote' });
    const first = await aVoter(poll);
    const url = `/polls/${poll.id}/results`;
    const tallies = world.app.get(Tallies);
    const count = tallies.count.bind(tallies);
    let open = (): void => undefined;
    const gate = new Promise<void>((resolve) => (open = resolve));
    const counts = vi.spyOn(tallies, 'count').mockImplementationOnce(async (id) => {
      const tally = await count(id);
      await gate;
      return tally;
    });
    const early = totals(url, { cookie: first.cookie });
    await vi.waitUntil(() => counts.mock.calls.length === 1);
    const voters = await Promise.all(Array.from({ length: 8 }, () => aVoter(poll)));
    const late = voters.map(({ cookie }) => totals(url, { cookie }));
    setTimeout(open, 200);
    expect([await early, ...(await Promise.all(late))]).toEqual([1, ...Array.from({ length: 8 }, () => 9)]);
    expect(counts).toHaveBeenCalledTimes(2);
    counts.mockRestore();
  });

  it('is made anew for a vote that was cast before it and stored after it', async () => {
    const poll = await aPoll(world, { results: 'after_vote' });
    const [early, late] = [await aVoter(poll), aReader(poll)];
    const url = `/polls/${poll.id}/results`;
    const runner = world.dataSource.createQueryRunner();
    try {
      await runner.startTransaction();
      const { castBallots, castValues } = await import('../src/polls/ballots.queries.js');
      await runner.query(castBallots, castValues([aBallot(poll, { nonce: late.nonce })]));
      expect(await totals(url, { cookie: early.cookie })).toBe(1);
      expect(await totals(url, { cookie: late.cookie })).toBe('results_hidden');
      await runner.commitTransaction();
    } finally {
      await runner.release();
    }
    expect(await totals(url, { cookie: early.cookie })).toBe(1);
    expect(await totals(url, { cookie: late.cookie })).toBe(2);
  });

  it('is made anew for a ballot that was confirmed or released after it', async () => {
    const poll = await aPoll(world, { results: 'after_vote', level: 3 });
    const [early, late] = [await aVoter(poll), await aVoter(poll)];
    const confirm = ({ nonce }: Reader): Promise<unknown> =>
      world.dataSource.query(`update ballots set status = 'counted', voter_key = $2 where receipt_hash = $1`, [
        receiptHash(receiptOf(poll.secret, nonce)),
        randomBytes(32),
      ]);
    const url = `/polls/${poll.id}/results`;
    await confirm(early);
    expect(await totals(url, { cookie: early.cookie })).toBe(1);
    await confirm(late);
    expect(await totals(url, { cookie: early.cookie })).toBe(1);
    expect(await totals(url, { cookie: late.cookie })).toBe(2);
  });

  it('of an open poll is not shown once the poll is closed', async () => {
    const poll = await aPoll(world);
    await aVoter(poll);
    const url = `/polls/${poll.id}/results`;
    expect(await totals(url)).toBe(1);
    await aVoter(poll);
    await close(poll);
    expect(await totals(url)).toBe(2);
    expect((await world.get(`/api/v1/polls/${poll.id}`).expect(200)).body.totalBallots).toBe(2);
  });

  it('knows transactions beyond the first four billion', async () => {
    // What a ballot's transaction is called in full, from its lower half and the newest number.
    const rows = await world.dataSource.query<{ full: string }[]>(
      `select (newest - ((newest - low) & 4294967295))::text as full
       from (values (1000::bigint, 999::bigint), (4294967296 * 3 + 5, 5), (4294967296 * 3 + 5, 4294967290), (4294967296, 4294967295)) v (newest, low)`,
    );
    expect(rows.map(({ full }) => full)).toEqual(['999', '12884901893', '12884901882', '4294967295']);
  });
});

describe('a signed result', () => {
  async function sign(poll: TestPoll, edition: number, payload: object): Promise<void> {
    const row = {
      poll_id: poll.id,
      edition,
      jws: { protected: 'e30', payload: Buffer.from(JSON.stringify(payload)).toString('base64url'), signature: 'AA' },
      jwk: {},
      signed_at: '2026-05-02T12:00:00Z',
    };
    await world.dataSource.query(`insert into signed_results select * from jsonb_populate_record(null::signed_results, $1)`, [row]);
  }
  const payload = (poll: TestPoll, totalBallots: number, receipts: readonly string[] = []): object => ({
    poll: poll.id,
    question: { ar: 'ما رأيك؟' },
    level: 0,
    maxChoices: 1,
    opensAt: '2026-05-01T10:00:00Z',
    closesAt: '2026-05-02T10:00:00Z',
    totalBallots,
    underReview: 1,
    removed: 4,
    removals: [{ ballots: 4, reason: 'Votes of a script.', at: '2026-05-02T11:00:00Z' }],
    options: poll.optionIds.map((id, index) => ({ id, label: { ar: 'خيار' }, ballots: index === 0 ? totalBallots : 0 })),
    receipts: [...receipts].sort(),
    edition: 1,
    signedAt: '2026-05-02T12:00:00.000Z',
    center: 'https://center.example',
  });

  it('is the count of a closed poll, its newest edition; on the desk ballots are counted as ever', async () => {
    const chief = await anEditor(world, 'chief');
    const poll = await aPoll(world, { results: 'after_close' });
    await aVoter(poll);
    await close(poll);
    // Base64 without padding, at each of the three lengths there are.
    for (const [edition, total] of [70, 700, 7000].entries()) {
      await sign(poll, edition + 1, payload(poll, total));
      seconds += 10;
      const { body } = await world.get(`/api/v1/polls/${poll.id}/results`).expect(200);
      expect(body).toMatchObject({
        totalBallots: total,
        underReview: 1,
        removed: 4,
        removals: [{ ballots: 4, reason: 'Votes of a script.', lang: 'en', dir: 'ltr', at: '2026-05-02T11:00:00.000Z' }],
        options: [{ ballots: total, share: 1 }, { ballots: 0 }, { ballots: 0 }],
        countedAt: '2026-05-02T12:00:00.000Z',
      });
    }
    expect((await world.as(chief).get(`/api/v1/desk/polls/${poll.id}/results`).expect(200)).body.totalBallots).toBe(1);
  });

  it('has told which receipts counted, and that is answered when ballots have forgotten theirs', async () => {
    const poll = await aPoll(world);
    const [mine, strange] = [await aVoter(poll), await aVoter(await aPoll(world))];
    await close(poll);
    const status = async (receipt: string): Promise<unknown> => {
      const answer = await world.get(`/api/v1/polls/${poll.id}/receipts/${receipt}`);
      return answer.status === 200 ? answer.body : answer.body.code;
    };
    expect([await status(mine.receipt), await status(strange.receipt)]).toEqual([{ status: 'counted' }, 'not_found']);
    await update('polls', poll, `opens_at = poll_now() - interval '16 days', closes_at = poll_now() - interval '15 days'`);
    await world.app.get(PrivacyJob).forgetAll();
    expect(await world.dataSource.query(`select from ballots where poll_id = $1 and receipt_hash is not null`, [poll.id])).toEqual([]);
    expect([await status(mine.receipt), await status(strange.receipt)]).toEqual([{ status: 'counted' }, 'not_found']);
  });
});

describe('a receipt', () => {
  it('says what became of its ballot, with the reason, and never what it chose', async () => {
    const poll = await aPoll(world, { results: 'never_public' });
    const reader = await aVoter(poll);
    const shown = async (): Promise<unknown> => {
      const answer = await world.get(`/api/v1/polls/${poll.id}/receipts/${reader.receipt}`).expect(200);
      expect(answer.headers['cache-control']).toBe('private, no-store');
      expect([answer.headers['access-control-allow-origin'], answer.headers['etag']]).toEqual([undefined, undefined]);
      return answer.body;
    };
    expect(await shown()).toEqual({ status: 'counted' });
    await hold(poll, 1);
    expect(await shown()).toEqual({ status: 'under_review' });
    await update('ballots', poll, `status = 'counted', group_id = null`);
    await remove(poll, 1, 'أصوات آلية من شبكة واحدة.');
    expect(await shown()).toEqual({ status: 'removed', reason: 'أصوات آلية من شبكة واحدة.', lang: 'ar', dir: 'rtl' });
    const confirmed = await aPoll(world, { level: 3 });
    const waiting = await aVoter(confirmed);
    expect((await world.get(`/api/v1/polls/${confirmed.id}/receipts/${waiting.receipt}`).expect(200)).body).toEqual({
      status: 'awaiting_confirmation',
    });
  });

  it('of another poll or of nobody is not found; one of another form is refused', async () => {
    const [poll, other] = [await aPoll(world), await aPoll(world)];
    const reader = await aVoter(poll);
    const answer = async (id: number, code: string): Promise<unknown[]> => {
      const { status, body } = await world.get(`/api/v1/polls/${id}/receipts/${code}?lang=en`);
      return [status, body.code, body.errors[0]?.field];
    };
    expect(await answer(other.id, reader.receipt)).toEqual([404, 'not_found', undefined]);
    expect(await answer(poll.id, 'AAAAAAAAAAAAAAAA')).toEqual([404, 'not_found', undefined]);
    for (const code of ['x', reader.receipt.toLowerCase(), `${reader.receipt}A`, 'AAAAAAAAAAAAAAA1', '%00', 'ا'.repeat(16)].map(
      encodeURIComponent,
    ))
      expect([code, (await answer(poll.id, code))[0]]).toEqual([code, 400]);
  });
});

describe('the table', () => {
  it('holds all that results hold, for Excel, with no cell that it would compute', async () => {
    await setPollClock(world, new Date('2026-06-02T10:00:00Z'));
    const poll = await aPoll(world, { opensAt: '2026-05-01T10:00:00Z' });
    const labels = ['=HYPERLINK("https://evil.example","x")', '+1, "quoted"', '@sum'];
    for (const [index, label] of labels.entries())
      await world.dataSource.query(`update poll_options set label = $2 where id = $1`, [poll.optionIds[index], { en: label }]);
    await world.dataSource.query(`update polls set question = $2 where id = $1`, [poll.id, { en: '-2+3=?' }]);
    await castAll(world, [aBallot(poll), aBallot(poll), aBallot(poll)]);
    await hold(poll, 1);
    await remove(poll, 1, '＝cmd');
    const answer = await inject(`/polls/${poll.id}/results.csv?lang=en`);
    expect(answer.headers).toMatchObject({
      'content-type': 'text/csv; charset=utf-8; header=present',
      'content-disposition': `attachment; filename="poll-${poll.id}.csv"`,
      'x-content-type-options': 'nosniff',
    });
    expect(answer.rawPayload.subarray(0, 3)).toEqual(Buffer.from([0xef, 0xbb, 0xbf]));
    expect(answer.rawPayload.subarray(3).toString('utf8')).toBe(
      [
        '"Item","Text","Language","Votes","Share","Time"',
        `"Question","'-2+3=?","en","","",""`,
        `"Answer","'=HYPERLINK(""https://evil.example"",""x"")","en","1","1.0000",""`,
        `"Answer","'+1, ""quoted""","en","0","0.0000",""`,
        `"Answer","'@sum","en","0","0.0000",""`,
        '"Counted votes","","","1","",""',
        '"Under review","","","1","",""',
        '"Removed votes","","","1","",""',
        `"Removed because","'＝cmd","en","1","","2026-06-01T10:00:00.000Z"`,
        '"Check level","0 (pulse)","en","","",""',
        '"State","open","en","","",""',
        '"Opened","","","","","2026-05-01T10:00:00.000Z"',
        '"Closes","","","","",""',
        '"Counted","","","","","2026-06-02T10:00:00.000Z"',
        `"About this poll","${methodNote(0, 1, 'en')}","en","","",""`,
        '',
      ].join('\r\n'),
    );
    const arabic = (await inject(`/polls/${poll.id}/results.csv`)).body;
    expect(arabic).toContain('"البيان","النص","اللغة","الأصوات","النسبة","الوقت"\r\n');
  });
});

describe('the chart', () => {
  it('is a picture that loads nothing and other sites may frame while it is public', async () => {
    const poll = await aPoll(world);
    const answer = await inject(`/polls/${poll.id}/results.svg`);
    expect(answer.headers).toMatchObject({
      'content-type': 'image/svg+xml; charset=utf-8',
      'content-security-policy': "default-src 'none'",
      'content-disposition': `inline; filename="poll-${poll.id}.svg"`,
      'cross-origin-resource-policy': 'cross-origin',
      'x-content-type-options': 'nosniff',
    });
    expect(answer.headers['x-frame-options']).toBeUndefined();
    const after = await aPoll(world, { results: 'after_vote' });
    const { headers } = await inject(`/polls/${after.id}/results.svg`, { cookie: (await aVoter(after)).cookie });
    expect(headers).toMatchObject({ 'cross-origin-resource-policy': 'same-origin', 'x-frame-options': 'SAMEORIGIN' });
    expect(headers['content-security-policy']).toMatch(/frame-ancestors 'none'/);
  });
});

describe('the desk', () => {
  it('sees results at any time, those who have yet to confirm among them; of a draft too', async () => {
    const chief = await anEditor(world, 'chief');
    const poll = await aPoll(world, { level: 3, results: 'never_public', options: 2 });
    await aVoter(poll);
    await aVoter(poll);
    const url = `/api/v1/desk/polls/${poll.id}/results`;
    const { body, headers } = await world.as(chief).get(`${url}?lang=en`).expect(200);
    expect(body).toMatchObject({
      id: poll.id,
      question: 'What do you think?',
      totalBallots: 0,
      awaiting: 2,
      state: 'open',
      options: [{ ballots: 0 }, { ballots: 0 }],
    });
    expect(headers['cache-control']).toBe('private, no-store');
    const draft = await aPoll(world, { state: 'draft', options: 0 });
    await update('polls', draft, 'opens_at = null');
    const shown = await world.as(chief).get(`/api/v1/desk/polls/${draft.id}/results`).expect(200);
    expect(shown.body).toMatchObject({ state: 'draft', opensAt: null, totalBallots: 0, options: [] });
    await world.as(chief).get('/api/v1/desk/polls/2000000000/results').expect(404);
    await world.as(null).get(url).expect(401);
    await world
      .as(await anEditor(world, 'contributor'))
      .get(url)
      .expect(403);
  });
});
