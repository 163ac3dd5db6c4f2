import { createHash, randomBytes } from 'node:crypto';
import { solveChallenge } from 'altcha-lib';
import { deriveKey } from 'altcha-lib/algorithms/pbkdf2';
import type { Challenge, Payload } from 'altcha-lib/types';
import type pg from 'pg';
import type { Response } from 'supertest';
import { Busy } from '../src/database/turns.js';
import { Problem } from '../src/http/problem.js';
import { BallotBox } from '../src/polls/ballot-box.js';
import { receiptOf } from '../src/polls/ballot-keys.js';
import { castBallots, castValues, pollTurn, type CastRow, type SubmittedBallot } from '../src/polls/ballots.queries.js';
import { NetworkKeys } from '../src/polls/network-keys.service.js';
import { PollRules } from '../src/polls/poll-rules.js';
import { Stopwatch } from '../src/polls/stopwatch.js';
import { Traffic } from '../src/polls/traffic.js';
import { VotingService, type Voted } from '../src/polls/voting.service.js';
import { PollWork } from '../src/polls/poll-work.js';
import { aBallot, aPoll, castAll, type TestPoll } from './factories.js';
import { startTestApp, type TestApp } from './test-app.js';

/** Ballots and votes at the front door, levels 0 and 1. */

let world: TestApp;
beforeAll(async () => {
  world = await startTestApp({ TRUSTED_PROXY_HOPS: '1' });
});
afterAll(() => world.close());

const COOKIE = '__Host-rv';

const anywhere = (): string => [10, ...randomBytes(3)].join('.');

/** A reader somewhere in the world: each from a network of its own, so that none meets a limit. */
function send(path: string, body: unknown, cookie?: string, ip = anywhere()): PromiseLike<Response> {
  const test = world
    .as(null)
    .post(`/api/v1/polls/${path}`, body as object)
    .set('X-Forwarded-For', ip);
  return cookie === undefined ? test : test.set('Cookie', `${COOKIE}=${cookie}`);
}

const take = (poll: Pick<TestPoll, 'id'>, cookie?: string): PromiseLike<Response> => send(`${poll.id}/ballots`, {}, cookie);
const vote = (
  poll: Pick<TestPoll, 'id'>,
  cookie: string | undefined,
  optionIds: readonly number[],
  work?: unknown,
): PromiseLike<Response> => send(`${poll.id}/votes`, { optionIds, ...(work !== undefined && { work }) }, cookie);

/** The value of the cookie that an answer sets. */
function cookieOf({ headers }: { headers: Readonly<Record<string, unknown>> }): string {
  return /^__Host-rv=([^;]*)/.exec(String(headers['set-cookie']))?.[1] ?? '';
}

type Told = Pick<Response, 'status' | 'body'>;

/** The same without a connection: for crowds, whose answers need not be held against the document one by one. */
async function tell(path: string, payload: object, cookie?: string, ip = anywhere()): Promise<Told & { cookie: string }> {
  const headers = { 'x-forwarded-for': ip, ...(cookie !== undefined && { cookie: `${COOKIE}=${cookie}` }) };
  const answer = await world.app.inject({ method: 'POST', url: `/api/v1/polls/${path}`, payload, headers });
  return { status: answer.statusCode, body: answer.json(), cookie: cookieOf(answer) };
}

const aReader = async (poll: Pick<TestPoll, 'id'>): Promise<string> => (await tell(`${poll.id}/ballots`, {})).cookie;
const readersOf = (poll: TestPoll, count: number): Promise<string[]> => Promise.all(Array.from({ length: count }, () => aReader(poll)));
const tellVote = (poll: TestPoll, cookie: string, optionId = poll.optionIds[0]!): Promise<Told> =>
  tell(`${poll.id}/votes`, { optionIds: [optionId] }, cookie);

async function solved(challenge: Challenge): Promise<Payload> {
  return { challenge, solution: (await solveChallenge({ challenge, deriveKey }))! };
}

const nonceOf = (cookie: string): Buffer => Buffer.from(cookie.split('.')[1]!, 'base64url');

async function stored(poll: TestPoll): Promise<{ status: string; options: number[] }[]> {
  return world.dataSource.query(
    `select status, array(select option_id from ballot_choices c where c.ballot_id = b.id order by slot) as options
     from ballots b where poll_id = $1 order by cast_at`,
    [poll.id],
  );
}

const refused = ({ status, body }: Told): [number, string, string[]] => [
  status,
  body.code as string,
  (body.errors as { field: string; rule: string }[]).map(({ field, rule }) => `${field} ${rule}`),
];

it('gives a reader a cookie when the vote begins, and keeps it', async () => {
  const poll = await aPoll(world);
  const answer = await take(poll);
  expect([answer.status, answer.body]).toEqual([
    201,
    { expiresAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z$/), work: null },
  ]);
  expect(answer.headers['cache-control']).toBe('private, no-store');
  const [set] = answer.headers['set-cookie'] as unknown as string[];
  expect(set).toMatch(/^__Host-rv=[\w-]{8}\.[\w-]{22}\.\d{10}\.[\w-]{43}; Max-Age=15552000; Path=\/; HttpOnly; Secure; SameSite=Lax$/);
  const days = (Date.parse(answer.body.expiresAt as string) - Date.now()) / 86_400_000;
  expect(days).toBeGreaterThan(179.99);
  expect(days).toBeLessThanOrEqual(180);

  const again = await take(poll, cookieOf(answer));
  expect([again.status, again.body, again.headers['set-cookie']]).toEqual([201, answer.body, undefined]);
  // One cookie for all polls.
  const elsewhere = await take(await aPoll(world), cookieOf(answer));
  expect([elsewhere.status, elsewhere.headers['set-cookie']]).toEqual([201, undefined]);
});

it('counts a vote once: the same again gets the same receipt, another choice is refused', async () => {
  const poll = await aPoll(world);
  const cookie = await aReader(poll);
  const first = await vote(poll, cookie, [poll.optionIds[1]!]);
  expect([first.status, first.body]).toEqual([201, { receipt: receiptOf(poll.secret, nonceOf(cookie)), status: 'counted' }]);
  expect(first.headers['cache-control']).toBe('private, no-store');
  expect(first.headers['set-cookie']).toBeUndefined();

  const again = await vote(poll, cookie, [poll.optionIds[1]!]);
  expect([again.status, again.body]).toEqual([200, first.body]);
  expect(again.headers['cache-control']).toBe('private, no-store');
  expect(refused(await vote(poll, cookie, [poll.optionIds[0]!]))).toEqual([409, 'ballot_stands', []]);
  expect(await stored(poll)).toEqual([{ status: 'counted', options: [poll.optionIds[1]] }]);
});

it('takes the vote of level 1 with its work, once', async () => {
  const poll = await aPoll(world, { level: 1 });
  const ballot = await take(poll);
  const cookie = cookieOf(ballot);
  expect([ballot.status, ballot.body]).toEqual([
    201,
    {
      expiresAt: new Date(ballot.body.work.parameters.expiresAt * 1_000).toISOString(),
      work: {
        parameters: {
          algorithm: 'PBKDF2/SHA-256',
          cost: 1_000,
          data: { poll: poll.id, ballot: createHash('sha256').update(nonceOf(cookie)).digest('base64url') },
          expiresAt: expect.any(Number),
          keyLength: 32,
          keyPrefix: expect.stringMatching(/^[\da-f]{32}$/),
          keySignature: expect.stringMatching(/^[\da-f]{64}$/),
          nonce: expect.stringMatching(/^[\da-f]{32}$/),
          salt: expect.stringMatching(/^[\da-f]{32}$/),
        },
        signature: expect.stringMatching(/^[\da-f]{64}$/),
      },
    },
  ]);
  const work = await solved(ballot.body.work as Challenge);
  const optionIds = [poll.optionIds[2]!];
  expect(refused(await vote(poll, cookie, optionIds))).toEqual([422, 'work_required', ['work work_required']]);
  const first = await vote(poll, cookie, optionIds, work);
  expect([first.status, first.body]).toEqual([201, { receipt: receiptOf(poll.secret, nonceOf(cookie)), status: 'counted' }]);
  // It was asked for once: a replay needs none, and with another choice the ballot stands.
  expect((await vote(poll, cookie, optionIds)).status).toBe(200);
  expect((await vote(poll, cookie, optionIds, work)).body).toEqual(first.body);
  expect(refused(await vote(poll, cookie, [poll.optionIds[0]!], work))).toEqual([409, 'ballot_stands', []]);
  expect(await stored(poll)).toEqual([{ status: 'counted', options: optionIds }]);
});

it('takes the solution as the widget sends it, JSON in base64', async () => {
  const poll = await aPoll(world, { level: 1 });
  const ballot = await take(poll);
  const work = Buffer.from(JSON.stringify(await solved(ballot.body.work as Challenge))).toString('base64');
  expect((await vote(poll, cookieOf(ballot), [poll.optionIds[0]!], work)).status).toBe(201);
});

describe('refuses', () => {
  it('what is no vote, naming the field', async () => {
    const poll = await aPoll(world);
    const cookie = await aReader(poll);
    const [one] = poll.optionIds as [number];
    const many = Array.from({ length: 21 }, (_, n) => n + 1);
    for (const optionIds of [
      undefined,
      null,
      [],
      many,
      [one, one],
      [String(one)],
      [1.5],
      [0],
      [-1],
      [2 ** 31],
      [1e20],
      [[one]],
      [{}],
      [null],
      {},
      'x',
      one,
      true,
    ])
      expect([optionIds, refused(await send(`${poll.id}/votes`, { optionIds }, cookie))]).toEqual([
        optionIds,
        [400, 'invalid_body', expect.arrayContaining([expect.stringMatching(/^optionIds (ids|required)$/)])],
      ]);
    const shape = { challenge: { parameters: {}, signature: '' }, solution: { counter: 1, derivedKey: '' } };
    const works = [null, 7, true, '', 'x', '%%%%', 'e30=', Buffer.from('null').toString('base64'), Buffer.from('{"challenge":').toString('base64'), [], {}, { challenge: {} }, { ...shape, challenge: [] }, { ...shape, solution: null },
      { ...shape, solution: { counter: '1', derivedKey: '' } }, { ...shape, solution: { counter: 1 } }, { ...shape, challenge: { parameters: [], signature: '' } }, { ...shape, challenge: { parameters: {} } }, { ...shape, more: 'x'.repeat(3_000) }, Buffer.from(JSON.stringify({ ...shape, more: 'x'.repeat(3_000) })).toString('base64')]; // prettier-ignore
    for (const work of works)
      expect([work, refused(await send(`${poll.id}/votes`, { optionIds: [one], work }, cookie))]).toEqual([
        work,
        [400, 'invalid_body', expect.arrayContaining([expect.stringMatching(/^work (work|required)$/)])],
      ]);
    for (const [body, code] of [
      [{ optionIds: [one], voter: 1 }, 'unknown_field'],
      [{ optionIds: [one], constructor: 1 }, 'unknown_field'],
      [[], 'invalid_body'],
      [null, 'invalid_body'],
    ] as [unknown, string][])
      expect([body, refused(await send(`${poll.id}/votes`, body, cookie)).slice(0, 2)]).toEqual([body, [400, code]]);
    expect(await stored(poll)).toEqual([]);
    // And takes what is right.
    expect((await vote(poll, cookie, [one], shape)).status).toBe(201);
  });

  it('well-formed work that is none, at level 1', async () => {
    const poll = await aPoll(world, { level: 1 });
    const ballot = await take(poll);
    const { challenge, solution } = await solved(ballot.body.work as Challenge);
    const { parameters } = challenge;
    const foreign = await solved((await take(poll)).body.work as Challenge);
    const elsewhere = await solved((await take(await aPoll(world, { level: 1 }), cookieOf(ballot))).body.work as Challenge);
    const WORKS: Record<string, unknown> = {
      empty: { challenge: { parameters: {}, signature: '' }, solution: { counter: 0, derivedKey: '' } },
      'strange data': { challenge: { parameters: { data: 7, expiresAt: 'x' }, signature: 'x' }, solution },
      'of another reader': foreign,
      'of another poll': elsewhere,
      'later end': { challenge: { ...challenge, parameters: { ...parameters, expiresAt: parameters.expiresAt! + 60 } }, solution },
      'other prefix': { challenge: { ...challenge, parameters: { ...parameters, keyPrefix: '00' } }, solution },
      'other solution': { challenge, solution: { counter: 1, derivedKey: '00'.repeat(32) } },
    };
    for (const [name, work] of Object.entries(WORKS))
      expect([name, refused(await vote(poll, cookieOf(ballot), [poll.optionIds[0]!], work))]).toEqual([
        name,
        [422, 'work_invalid', ['work work_invalid']],
      ]);
    const old = { challenge: { ...challenge, parameters: { ...parameters, expiresAt: 1 } }, solution };
    expect(refused(await vote(poll, cookieOf(ballot), [poll.optionIds[0]!], old))).toEqual([422, 'work_expired', ['work work_expired']]);
    expect(await stored(poll)).toEqual([]);
    expect((await vote(poll, cookieOf(ballot), [poll.optionIds[0]!], { challenge, solution })).status).toBe(201);
  });

  it('who brings no ballot, or one that we have not given', async () => {
    const poll = await aPoll(world);
    const options = [poll.optionIds[0]!];
    const off = await vote(poll, undefined, options);
    expect([off.status, off.body]).toEqual([
      400,
      {
        type: 'urn:markaz:problem:ballot_required',
        title: 'طلب غير سليم',
        status: 400,
        detail: 'لم تصل بطاقة الاقتراع مع الطلب. فعّل ملفات تعريف الارتباط (cookies) لهذا الموقع ثم أعد التصويت.',
        code: 'ballot_required',
        instance: expect.stringMatching(/^urn:uuid:/),
        lang: 'ar',
        dir: 'rtl',
        errors: [],
      },
    ]);
    const cookie = await aReader(poll);
    const [keyId, nonce, issuedAt, signature] = cookie.split('.') as [string, string, string, string];
    const flipped = (text: string): string => (text.startsWith('A') ? 'B' : 'A') + text.slice(1);
    const FORGED = {
      nonce: [keyId, flipped(nonce), issuedAt, signature],
      'issued later': [keyId, nonce, Number(issuedAt) + 1, signature],
      signature: [keyId, nonce, issuedAt, flipped(signature)],
      'no signature': [keyId, nonce, issuedAt, ''],
      'another key': [flipped(keyId), nonce, issuedAt, signature],
      'one part more': [keyId, nonce, issuedAt, signature, 'x'],
      'signature of other parts': [keyId, nonce, issuedAt, (await aReader(poll)).split('.')[3]],
    };
    for (const [name, parts] of Object.entries(FORGED))
      expect([name, refused(await vote(poll, parts.join('.'), options))]).toEqual([name, [400, 'ballot_invalid', []]]);
    // The last letter of 128 bits has four spare ones: another spelling of the same bytes is no ballot.
    const respelled = nonce.slice(0, -1) + { A: 'B', Q: 'R', g: 'h', w: 'x' }[nonce.at(-1)!];
    for (const value of [[keyId, respelled, issuedAt, signature].join('.'), '', '%', '"', 'x'.repeat(4_000), '%00', '..'])
      expect([value, refused(await vote(poll, value, options))]).toEqual([value, [400, 'ballot_invalid', []]]);
    expect(await stored(poll)).toEqual([]);

    // Where a ballot is asked for, it is replaced.
    const replaced = await take(poll, FORGED.signature.join('.'));
    expect(replaced.status).toBe(201);
    expect((await vote(poll, cookieOf(replaced), options)).status).toBe(201);
  });

  it('a ballot of half a year ago', async () => {
    const poll = await aPoll(world);
    const cookie = await aReader(poll);
    const DAYS = 180 * 86_400_000;
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + DAYS - 5_000 });
    try {
      expect((await vote(poll, cookie, [poll.optionIds[0]!])).status).toBe(201);
      vi.setSystemTime(Date.now() + 5_000);
      expect(refused(await vote(poll, cookie, [poll.optionIds[0]!]))).toEqual([400, 'ballot_invalid', []]);
      expect(cookieOf(await take(poll, cookie))).not.toBe('');
    } finally {
      vi.useRealTimers();
    }
  });

  it('a poll that is none, not open, or closed, at both doors', async () => {
    const cookie = await aReader(await aPoll(world));
    const future = new Date(Date.now() + 3_600_000).toISOString();
    const past = new Date(Date.now() - 60_000).toISOString();
    const POLLS = {
      draft: [await aPoll(world, { state: 'draft' }), 404, 'not_found'],
      unknown: [{ id: 2_000_000_000, optionIds: [1] }, 404, 'not_found'],
      waiting: [await aPoll(world, { opensAt: future }), 409, 'poll_not_open'],
      over: [await aPoll(world, { closesAt: past }), 409, 'poll_closed'],
      closed: [await aPoll(world, { state: 'closed' }), 409, 'poll_closed'],
      archived: [await aPoll(world, { state: 'archived' }), 409, 'poll_closed'],
    } as const;
    for (const [name, [poll, status, code]] of Object.entries(POLLS)) {
      const answers = [await take(poll), await vote(poll, cookie, [poll.optionIds[0]!])];
      expect([name, answers.map(refused)]).toEqual([
        name,
        [
          [status, code, []],
          [status, code, []],
        ],
      ]);
      expect([name, answers[0]!.headers['set-cookie']]).toEqual([name, undefined]);
    }
    for (const id of ['0', '07', '1e3', '-1', 'x', '99999999999', '%20'])
      for (const door of ['ballots', 'votes'])
        expect([id, refused(await send(`${id}/${door}`, door === 'ballots' ? {} : { optionIds: [1] }, cookie))]).toEqual([
          id,
          [400, 'invalid_parameter', ['id id']],
        ]);
  });

  it('too many choices, and options of another poll', async () => {
    const [poll, other] = [await aPoll(world, { maxChoices: 2 }), await aPoll(world)];
    const cookie = await aReader(poll);
    expect(refused(await vote(poll, cookie, poll.optionIds))).toEqual([422, 'too_many_choices', ['optionIds too_many_choices']]);
    expect(refused(await vote(poll, cookie, [poll.optionIds[0]!, other.optionIds[0]!]))).toEqual([
      422,
      'option_unknown',
      ['optionIds option_unknown'],
    ]);
    expect(refused(await vote(poll, cookie, [2_147_483_647]))).toEqual([422, 'option_unknown', ['optionIds option_unknown']]);
    expect(await stored(poll)).toEqual([]);
    expect((await vote(poll, cookie, poll.optionIds.slice(1))).status).toBe(201);
    // Whose ballot stands hears that, whatever else is wrong now.
    expect(refused(await vote(poll, cookie, poll.optionIds))).toEqual([409, 'ballot_stands', []]);
    expect((await vote(poll, cookie, poll.optionIds.slice(1).toReversed())).status).toBe(200);
    expect(await stored(poll)).toEqual([{ status: 'counted', options: poll.optionIds.slice(1) }]);
  });

  it('a megabyte, another site, unknown parameters, and a body for a ballot', async () => {
    const poll = await aPoll(world);
    const cookie = await aReader(poll);
    expect(
      refused(await send(`${poll.id}/votes`, { optionIds: [poll.optionIds[0]], work: 'x'.repeat(1_048_576) }, cookie)).slice(0, 2),
    ).toEqual([413, 'too_large']);
    expect(refused(await send(`${poll.id}/votes?x=1`, { optionIds: [poll.optionIds[0]] }, cookie))).toEqual([
      400,
      'unknown_parameter',
      ['x unknown'],
    ]);
    expect(refused(await send(`${poll.id}/ballots?lang=de`, {}, cookie))).toEqual([400, 'invalid_parameter', ['lang oneOf']]);
    expect(refused(await send(`${poll.id}/ballots`, { level: 0 }, cookie))).toEqual([400, 'unknown_field', ['level unknown']]);
    expect((await send(`${poll.id}/ballots?lang=en`, undefined, cookie)).status).toBe(201);
    for (const door of ['ballots', 'votes']) {
      const answer = await world.as(null).post(`/api/v1/polls/${poll.id}/${door}`, { optionIds: [poll.optionIds[0]] }).set({ Cookie: `${COOKIE}=${cookie}`, Origin: 'https://readers.example' }); // prettier-ignore
      expect(refused(answer)).toEqual([403, 'cross_origin', []]);
      expect((await world.app.inject({ url: `/api/v1/polls/${poll.id}/${door}` })).statusCode).toBe(404);
    }
    expect(await stored(poll)).toEqual([]);
  });
});

describe('at the moment of the vote', () => {
  const setState = (poll: TestPoll, change: string): Promise<unknown> =>
    world.dataSource.query(`update polls set ${change} where id = $1`, [poll.id]);

  it('a replay is answered after the poll has closed, and nobody else', async () => {
    const poll = await aPoll(world);
    const [cookie, late] = [await aReader(poll), await aReader(poll)];
    const first = await vote(poll, cookie, [poll.optionIds[0]!]);
    await setState(poll, `state = 'closed', closes_at = poll_now()`);
    const again = await vote(poll, cookie, [poll.optionIds[0]!]);
    expect([again.status, again.body]).toEqual([200, first.body]);
    expect(refused(await vote(poll, cookie, [poll.optionIds[1]!]))).toEqual([409, 'ballot_stands', []]);
    expect(refused(await vote(poll, late, [poll.optionIds[0]!]))).toEqual([409, 'poll_closed', []]);
    // Once its keys are destroyed nobody is known any more.
    await world.dataSource.query(
      `update ballots set ballot_hash = null, receipt_hash = null, network_key = null, vicinity_key = null, agent_key = null, scrubbed_at = now() where poll_id = $1`,
      [poll.id],
    );
    await setState(poll, `ballot_secret = null, scrubbed_at = now()`);
    expect(refused(await vote(poll, cookie, [poll.optionIds[0]!]))).toEqual([409, 'poll_closed', []]);
  });

  it('a poll that asks for more than a second ago asks it of this vote', async () => {
    const poll = await aPoll(world, { maxChoices: 2 });
    const cookie = await aReader(poll);
    await setState(poll, 'level = 1');
    expect(refused(await vote(poll, cookie, [poll.optionIds[0]!]))).toEqual([422, 'work_required', ['work work_required']]);
    await setState(poll, 'level = 0, max_choices = 1');
    expect(refused(await vote(poll, cookie, poll.optionIds.slice(1)))).toEqual([422, 'too_many_choices', ['optionIds too_many_choices']]);
    // And one that asks for less is believed as well.
    await setState(poll, 'max_choices = 3');
    expect((await vote(poll, cookie, poll.optionIds)).status).toBe(201);
  });

  it.each([8, 100])('%i of one ballot at once are one vote, and all get its receipt', async (times) => {
    const poll = await aPoll(world);
    const cookie = await aReader(poll);
    const answers = await Promise.all(Array.from({ length: times }, () => tellVote(poll, cookie)));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([...Array.from({ length: times - 1 }, () => 200), 201]);
    expect(new Set(answers.map(({ body }) => body.receipt as string))).toEqual(new Set([receiptOf(poll.secret, nonceOf(cookie))]));
    expect(await stored(poll)).toEqual([{ status: 'counted', options: [poll.optionIds[0]] }]);
  });

  it('a hundred with two opinions at once have one', async () => {
    const poll = await aPoll(world);
    const cookie = await aReader(poll);
    const answers = await Promise.all(Array.from({ length: 100 }, (_, n) => tellVote(poll, cookie, poll.optionIds[n % 2])));
    const [ballot, ...more] = await stored(poll);
    expect(more).toEqual([]);
    for (const [n, answer] of answers.entries())
      if (poll.optionIds[n % 2] === ballot!.options[0]) expect([200, 201]).toContain(answer.status);
      else expect(refused(answer)).toEqual([409, 'ballot_stands', []]);
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
  });

  it('a hundred readers at once are all counted', async () => {
    const poll = await aPoll(world);
    const readers = await readersOf(poll, 100);
    const answers = await Promise.all(readers.map((cookie, n) => tellVote(poll, cookie, poll.optionIds[n % 3])));
    expect(answers.map(({ status }) => status)).toEqual(readers.map(() => 201));
    expect(answers.map(({ body }) => body.receipt as string)).toEqual(readers.map((cookie) => receiptOf(poll.secret, nonceOf(cookie))));
    expect(await stored(poll)).toHaveLength(100);
  });

  /** Closes it as the desk does. @returns the moment when that was done, by the clock of polls, and how many ballots there were */
  async function close(poll: TestPoll): Promise<{ at: Date; ballots: number }> {
    await world.tx(async (tx) => {
      await tx.query(pollTurn, [poll.id]);
      await tx.query(`update polls set state = 'closed', closes_at = poll_now() where id = $1`, [poll.id]);
    });
    const [told] = await world.dataSource.query<[{ at: Date; ballots: number }]>(
      `select poll_now() as at, (select count(*)::int from ballots where poll_id = $1) as ballots`,
      [poll.id],
    );
    return told;
  }

  /** What came into the poll after its close was answered. */
  async function after(poll: TestPoll, { at, ballots }: Awaited<ReturnType<typeof close>>): Promise<{ cast: number; more: number }> {
    const [found] = await world.dataSource.query<[{ cast: number; more: number }]>(
      `select count(*) filter (where cast_at > $2)::int as cast, count(*)::int - $3::int as more from ballots where poll_id = $1`,
      [poll.id, at, ballots],
    );
    return found;
  }

  it('nothing is counted that was cast after the close was answered, with two hundred votes under way', async () => {
    const refusedIn: number[] = [];
    for (let round = 0; round < 3; round += 1) {
      const poll = await aPoll(world);
      const readers = await readersOf(poll, 200);
      let closed: ReturnType<typeof close> | undefined;
      const answers: Told[] = [];
      const voters = Array.from({ length: 8 }, async () => {
        for (let cookie = readers.pop(); cookie !== undefined; cookie = readers.pop()) {
          answers.push(await tellVote(poll, cookie));
          if (answers.length === 16) closed = close(poll);
        }
      });
      await Promise.all(voters);
      expect(await after(poll, await closed!)).toEqual({ cast: 0, more: 0 });
      const counted = answers.filter(({ status }) => status === 201).length;
      expect(await stored(poll)).toHaveLength(counted);
      for (const answer of answers) if (answer.status !== 201) expect(refused(answer)).toEqual([409, 'poll_closed', []]);
      refusedIn.push(200 - counted);
    }
    // The close did come in between.
    expect(Math.max(...refusedIn)).toBeGreaterThan(0);
  });

  it('a close waits for the votes that have seen the poll open', async () => {
    const poll = await aPoll(world);
    const readers = await readersOf(poll, 20);
    const under = world.dataSource.createQueryRunner();
    await under.startTransaction();
    try {
      // Somebody else's ballots, not committed: the votes have looked at the poll and wait for what becomes of these.
      const ballots = readers.map((cookie) => aBallot(poll, { nonce: nonceOf(cookie) }));
      await under.query(castBallots.replace('for share', ''), castValues(ballots));
      const answers = Promise.all(readers.map((cookie) => tellVote(poll, cookie)));
      await waitsForLock('with given%');
      const closed = close(poll);
      await waitsForLock('select pg_advisory_xact_lock(%');
      await under.rollbackTransaction();
      expect(await after(poll, await closed)).toEqual({ cast: 0, more: 0 });
      expect((await answers).filter(({ status }) => status === 201).length).toBeGreaterThan(0);
      expect(await stored(poll)).toHaveLength((await answers).filter(({ status }) => status === 201).length);
    } finally {
      await under.release();
    }
  });
});

/** Until a statement like this waits for somebody's lock; a second at the most, because a lock is waited for no longer than two. */
async function waitsForLock(like: string): Promise<void> {
  for (let tries = 0; tries < 50; tries += 1) {
    const waiting = await world.dataSource.query<unknown[]>(
      `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and ltrim(query, E' \\n') like $1`,
      [like],
    );
    if (waiting.length > 0) return;
    await new Promise((resume) => setTimeout(resume, 20));
  }
}

describe('the ballot box', () => {
  let box: BallotBox;
  beforeAll(() => {
    box = world.app.get(BallotBox);
  });
  const outcomeOf = (act: Promise<CastRow>): Promise<string> =>
    act.then(
      ({ outcome }) => outcome,
      (error: unknown) => (error instanceof Busy ? 'busy' : `failed ${(error as pg.DatabaseError).code}`),
    );
  /** Puts them in while nothing can be written, so that they are written together. */
  async function together(ballots: readonly SubmittedBallot[]): Promise<string[]> {
    const outcomes = await world.tx(async (tx) => {
      await tx.query('lock table ballots in share mode');
      const all = Promise.all(ballots.map((ballot) => outcomeOf(box.cast(ballot))));
      await new Promise((resume) => setTimeout(resume, 100));
      return { all };
    });
    return outcomes.all;
  }

  it('fails the guilty ballot alone, whatever is wrong with it', async () => {
    const [poll, other] = [await aPoll(world), await aPoll(world)];
    const taken = aBallot(poll);
    expect(await outcomeOf(box.cast(taken))).toBe('cast');
    const good = Array.from({ length: 30 }, (_, n) => aBallot(n % 3 === 0 ? other : poll));
    const bad = [
      aBallot(poll, { receiptHash: taken.receiptHash }),
      aBallot(poll, { optionIds: [2 ** 40] }),
      aBallot(poll, { groupId: 2_000_000_000 }),
      aBallot(poll, { optionIds: other.optionIds.slice(0, 1) }),
      aBallot({ ...poll, id: 2_000_000_000 }),
      taken,
    ];
    const outcomes = await together([...good.slice(0, 15), ...bad, ...good.slice(15)]);
    expect(outcomes.splice(15, bad.length)).toEqual(['stands', 'failed 22003', 'failed 23503', 'choices_refused', 'not_open', 'stands']);
    expect(outcomes).toEqual(good.map(() => 'cast'));
    expect((await stored(poll)).length + (await stored(other)).length).toBe(31);
  });

  it('keeps the votes of other polls going while one poll is locked', async () => {
    const [locked, free] = [await aPoll(world), await aPoll(world)];
    const outcomes = await world.tx(async (tx) => {
      await tx.query(`select from polls where id = $1 for update`, [locked.id]);
      return Promise.all([locked, free, locked, free, free].map((poll) => outcomeOf(box.cast(aBallot(poll)))));
    });
    expect(outcomes).toEqual(['failed 55P03', 'cast', 'failed 55P03', 'cast', 'cast']);
    expect(await outcomeOf(box.cast(aBallot(locked)))).toBe('cast');
  });

  it('writes one ballot once, also when it comes again while it is written or has failed', async () => {
    const poll = await aPoll(world);
    const ballot = aBallot(poll);
    // Behind others, so that all of them wait for one statement.
    const others = Array.from({ length: 4 }, () => aBallot(poll));
    expect((await together([...others, ballot, ballot, ballot])).slice(4).toSorted()).toEqual(['cast', 'stands', 'stands']);
    const wrong = aBallot(poll, { optionIds: [2_000_000_000] });
    const right = { ...wrong, optionIds: [poll.optionIds[0]!] };
    expect(await together([wrong, wrong, right, wrong, right])).toEqual(['choices_refused', 'choices_refused', 'cast', 'stands', 'stands']);
  });

  it('answers 503 when its connection is lost, and works again at once', async () => {
    const poll = await aPoll(world);
    const readers = await readersOf(poll, 10);
    const { answers } = await world.tx(async (tx) => {
      await tx.query('lock table ballots in share mode');
      const all = Promise.all(readers.map((cookie) => vote(poll, cookie, [poll.optionIds[0]!])));
      await waitsForLock('with given%');
      await new Promise((resume) => setTimeout(resume, 50));
      await tx.query(
        `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
      );
      return { answers: all };
    });
    const lost = (await answers).filter(({ status }) => status !== 201);
    expect(lost.length).toBeGreaterThan(0);
    for (const answer of lost) expect([...refused(answer), answer.headers['retry-after']]).toEqual([503, 'unavailable', [], '5']);
    const again = await Promise.all(readers.map((cookie) => tellVote(poll, cookie)));
    expect(again.map(({ status }) => status).toSorted()).toEqual([
      ...Array.from({ length: 10 - lost.length }, () => 200),
      ...lost.map(() => 201),
    ]);
    expect(await stored(poll)).toHaveLength(10);
  });

  it('takes no more than can be written soon', async () => {
    const poll = await aPoll(world);
    const outcomes = await together(Array.from({ length: 6_200 }, () => aBallot(poll)));
    const busy = outcomes.filter((outcome) => outcome === 'busy').length;
    expect(busy).toBeGreaterThanOrEqual(200);
    expect(busy).toBeLessThan(1_200);
    expect(await stored(poll)).toHaveLength(6_200 - busy);
  });
});

describe('traffic', () => {
  let seconds: number;
  beforeEach(() => {
    seconds = world.app.get(Stopwatch).seconds() + 100_000;
    vi.spyOn(world.app.get(Stopwatch), 'seconds').mockImplementation(() => seconds);
  });
  afterEach(() => void vi.restoreAllMocks());

  it('holds up a flood of votes from one address, and no replay, and nobody elsewhere', async () => {
    const poll = await aPoll(world);
    const readers = await readersOf(poll, 62);
    const [ip, optionIds] = [anywhere(), [poll.optionIds[0]!]];
    const from = (cookie: string): Promise<Told> => tell(`${poll.id}/votes`, { optionIds }, cookie, ip);
    for (let second = 0; second < 10; second += 1) {
      const answers = await Promise.all(readers.slice(second * 6, second * 6 + 6).map(from));
      expect([second, answers.map(({ status }) => status)]).toEqual([second, Array.from({ length: 6 }, () => 201)]);
      seconds += 1;
    }
    const [late, elsewhere] = readers.slice(60) as [string, string];
    const held = await send(`${poll.id}/votes`, { optionIds }, late, ip);
    expect([...refused(held), held.headers['retry-after']]).toEqual([429, 'too_many_votes', [], '10']);
    expect((await from(readers[0]!)).status).toBe(200);
    expect((await tellVote(poll, elsewhere)).status).toBe(201);
    // What is wrong with the vote itself is said first.
    expect(refused(await tell(`${poll.id}/votes`, { optionIds: [1_000_000] }, late, ip))).toEqual([422, 'option_unknown', ['optionIds option_unknown']]); // prettier-ignore
    // The ballot is as good as before.
    seconds += 10;
    expect((await from(late)).status).toBe(201);
  });

  it('holds up a flood of new readers from one address, and nobody who has a ballot', async () => {
    const [poll, other] = [await aPoll(world), await aPoll(world)];
    const ip = anywhere();
    let cookie = '';
    for (let second = 0; second < 10; second += 1) {
      for (let n = 0; n < 6; n += 1) ({ cookie } = await tell(`${poll.id}/ballots`, {}, undefined, ip));
      seconds += 1;
    }
    const held = await send(`${other.id}/ballots`, {}, undefined, ip);
    expect([...refused(held), held.headers['retry-after'], held.headers['set-cookie']]).toEqual([
      429,
      'too_many_votes',
      [],
      '10',
      undefined,
    ]);
    expect((await tell(`${other.id}/ballots`, {}, cookie, ip)).status).toBe(201);
    expect((await tell(`${other.id}/ballots`, {})).status).toBe(201);
  });

  it('makes work dearer where many votes come from, but not for a declared event', async () => {
    const poll = await aPoll(world, { level: 1 });
    const ip = anywhere();
    const asked = vi.spyOn(world.app.get(PollWork), 'challenge');
    const factor = async (from: string): Promise<number> => {
      expect((await tell(`${poll.id}/ballots`, {}, undefined, from)).status).toBe(201);
      return asked.mock.lastCall![2];
    };
    const keys = await world.app.get(NetworkKeys).of(ip, '');
    for (let n = 0; n < 100; n += 1) world.app.get(Traffic).count(poll.id, keys);
    expect([await factor(ip), await factor(anywhere())]).toEqual([4, 1]);
    await world.dataSource.query(
      `insert into poll_events (poll_id, label, network_key, starts_at, ends_at)
       values ($1, 'قاعتنا', $2, poll_now() - interval '1 minute', poll_now() + interval '1 minute')`,
      [poll.id, keys.eventKey],
    );
    await world.app.get(PollRules).now(poll.id);
    expect(await factor(ip)).toBe(1);
    await world.dataSource.query(`update poll_events set ends_at = poll_now() where poll_id = $1`, [poll.id]);
    await world.app.get(PollRules).now(poll.id);
    expect(await factor(ip)).toBe(4);
  });
});

describe('votes without work', () => {
  const withoutWork = (poll: TestPoll, nonce = randomBytes(16), optionIds: number[] = [poll.optionIds[0]!]): Promise<Voted> =>
    world.app.get(VotingService).voteByForm(poll.id, { optionIds }, nonce, { ip: anywhere(), agent: '' });
  const codeOf = (act: Promise<Voted>): Promise<string> =>
    act.then(
      ({ receipt }) => receipt.status,
      (error: unknown) => (error instanceof Problem ? `${error.getStatus()} ${error.code}` : String(error)),
    );
  const groups = (poll: TestPoll): Promise<unknown> =>
    world.dataSource.query(
      `select g.kind, g.state, count(b.id)::int as ballots from ballot_groups g left join ballots b on b.group_id = g.id where g.poll_id = $1 group by g.id`,
      [poll.id],
    );

  it('wait for review in one group, and are replayed as others are', async () => {
    const poll = await aPoll(world, { level: 1 });
    const nonce = randomBytes(16);
    const first = await withoutWork(poll, nonce);
    expect(first).toEqual({ receipt: { receipt: receiptOf(poll.secret, nonce), status: 'under_review' }, first: true });
    expect(await withoutWork(poll, nonce)).toEqual({ ...first, first: false });
    expect(await codeOf(withoutWork(poll, nonce, [poll.optionIds[1]!]))).toBe('409 ballot_stands');
    expect(await groups(poll)).toEqual([{ kind: 'no_work', state: 'held', ballots: 1 }]);
    // Once an editor has decided, what comes is new to everybody.
    await world.dataSource.query(`update ballot_groups set state = 'released', decided_at = now() where poll_id = $1`, [poll.id]);
    expect(await codeOf(withoutWork(poll, nonce))).toBe('under_review');
    expect(await groups(poll)).toEqual([{ kind: 'no_work', state: 'released', ballots: 1 }]);
    expect(await codeOf(withoutWork(poll))).toBe('under_review');
    expect(await groups(poll)).toEqual([{ kind: 'no_work', state: 'held', ballots: 2 }]);
  });

  it('are refused as other votes are, and ask for review only where others work', async () => {
    const poll = await aPoll(world, { level: 1 });
    expect(await codeOf(withoutWork(poll, randomBytes(16), poll.optionIds.slice()))).toBe('422 too_many_choices');
    expect(await codeOf(withoutWork(poll, randomBytes(16), [1]))).toBe('422 option_unknown');
    expect(await codeOf(withoutWork(await aPoll(world, { level: 1, state: 'closed' })))).toBe('409 poll_closed');
    expect(await codeOf(withoutWork(await aPoll(world, { level: 1, state: 'draft' })))).toBe('404 not_found');
    expect(await codeOf(withoutWork(await aPoll(world, { level: 3 })))).toBe('422 email_required');
    expect(await codeOf(withoutWork(await aPoll(world, { level: 0 })))).toBe('counted');
    expect(await groups(poll)).toEqual([]);
  });

  it('find room for fifty, of a hundred at once', async () => {
    const poll = await aPoll(world, { level: 1 });
    const answers = await Promise.all(Array.from({ length: 100 }, () => codeOf(withoutWork(poll))));
    expect(answers.toSorted()).toEqual([...Array.from({ length: 50 }, () => '429 no_work_full'), ...Array.from({ length: 50 }, () => 'under_review')]); // prettier-ignore
    expect(await groups(poll)).toEqual([{ kind: 'no_work', state: 'held', ballots: 50 }]);
  });

  it('or for five of a hundred ballots, where that is more', async () => {
    const poll = await aPoll(world, { level: 1 });
    await castAll(
      world,
      Array.from({ length: 1_200 }, () => aBallot(poll)),
    );
    const answers = await Promise.all(Array.from({ length: 100 }, () => codeOf(withoutWork(poll))));
    // 63 of 1,263.
    expect(answers.filter((answer) => answer === 'under_review')).toHaveLength(63);
  });
});
