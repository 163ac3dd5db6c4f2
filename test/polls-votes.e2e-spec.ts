import { createHash, randomBytes } from 'node:crypto';
import { solveChallenge } from 'altcha-lib';
import { deriveKey } from 'altcha-lib/algorithms/pbkdf2';
import type { Challenge, Payload } from 'altcha-lib/types';
import type { Response } from 'supertest';
import { receiptOf } from '../src/polls/ballot-keys.js';
import { aPoll, type TestPoll } from './factories.js';
import { startTestApp, type TestApp } from './test-app.js';

/** Ballots and votes at the front door, levels 0 and 1. */

let world: TestApp;
beforeAll(async () => {
  world = await startTestApp({ TRUSTED_PROXY_HOPS: '1' });
});
afterAll(() => world.close());

const COOKIE = '__Host-rv';

/** A reader somewhere in the world: each from a network of its own, so that none meets a limit. */
function send(path: string, body: unknown, cookie?: string, ip = `10.${[...randomBytes(3)].join('.')}`): PromiseLike<Response> {
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
function cookieOf(answer: Response): string {
  const [set = ''] = (answer.headers['set-cookie'] ?? []) as unknown as string[];
  return set.slice(COOKIE.length + 1).split(';')[0]!;
}

async function aReader(poll: Pick<TestPoll, 'id'>): Promise<string> {
  return cookieOf(await take(poll));
}

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

const refused = ({ status, body }: Response): [number, string, string[]] => [
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
