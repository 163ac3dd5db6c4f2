import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { createChallenge, solveChallenge } from 'altcha-lib';
import { deriveKey } from 'altcha-lib/algorithms/pbkdf2';
import type { Challenge, Payload } from 'altcha-lib/types';
import { simpleParser, type ParsedMail } from 'mailparser';
import pg from 'pg';
import type { Test } from 'supertest';
import { RateLimits } from '../src/http/rate-limits.js';
import { Work } from '../src/http/work.js';
import { Waker } from '../src/jobs/waker.js';
import { countedMailbox, parseAddress } from '../src/mail/address.js';
import { MailRoom } from '../src/mail/mail-room.service.js';
import { MailboxKeys } from '../src/mail/mailbox-keys.js';
import { Suppressions } from '../src/mail/suppressions.service.js';
import { SenderCookie } from '../src/send-to-friend/sender-cookie.js';
import { ShareConfirmations } from '../src/send-to-friend/share-confirmations.service.js';
import { SITE, articleHour, formBuckets, recipientBuckets, vicinityHour } from '../src/send-to-friend/share-limits.js';
import { ShareSecrets } from '../src/send-to-friend/share-secrets.js';
import { SharesService } from '../src/send-to-friend/shares.service.js';
import { aDraft, anArticle, anEditor } from './factories.js';
import { MailSink } from './mail-sink.js';
import { startTestApp, type TestApp } from './test-app.js';

/** Pieces sent to friends: what is taken, what goes out, and what does not. */

let sink: MailSink;
let world: TestApp;
let article: number;

beforeAll(async () => {
  sink = await MailSink.open();
  world = await startTestApp({ SMTP_URL: sink.url, TRUSTED_PROXY_HOPS: '1' });
  article = (await anArticle(world, { title: 'المدينة والماء' })).id;
});
afterAll(async () => {
  await world.close();
  await sink.close();
});
beforeEach(async () => {
  await world.dataSource.query(`delete from rate_buckets`);
  await letters();
});

const aMailbox = (who = 'friend'): string => `${who}-${randomBytes(6).toString('hex')}@friends.example`;
/** Of another network each time, unless the test says which. */
const anIp = (): string => `2001:db8:${randomBytes(2).toString('hex')}:${randomBytes(2).toString('hex')}::1`;

/** Work that is done as soon as it is asked for: its search begins at its end. */
async function someWork(
  options: { factor?: number; for?: string; expiresAt?: Date; data?: Record<string, string | number> } = {},
): Promise<Payload> {
  const secrets = world.app.get(ShareSecrets);
  const challenge = await createChallenge({
    algorithm: 'PBKDF2/SHA-256',
    cost: 1_000,
    counter: 0,
    data: options.data ?? { for: options.for ?? 'share', factor: options.factor ?? 1 },
    deriveKey,
    expiresAt: options.expiresAt ?? new Date(Date.now() + 600_000),
    hmacSignatureSecret: secrets.work.toString('hex'),
    hmacKeySignatureSecret: secrets.solutions.toString('hex'),
  });
  return { challenge, solution: (await solveChallenge({ challenge, deriveKey }))! };
}

interface Given {
  readonly of?: number | string;
  readonly key?: string | null;
  readonly ip?: string;
  readonly proof?: string | null;
  readonly body?: Readonly<Record<string, unknown>>;
}

const bodyOf = async (body: Given['body'] = {}): Promise<Record<string, unknown>> => ({
  senderName: 'سلمى',
  senderEmail: aMailbox('sender'),
  recipients: [aMailbox()],
  ...('work' in body ? {} : { work: await someWork() }),
  ...body,
});

function send(body: object, { of = article, key = randomUUID(), ip = anIp(), proof = null }: Given = {}): Test {
  const test = world
    .as(null)
    .post(`/api/v1/articles/${encodeURIComponent(of)}/shares?lang=en`, body)
    .set('X-Forwarded-For', ip);
  if (key !== null) void test.set('Idempotency-Key', key);
  if (proof !== null) void test.set('Cookie', `__Host-sv=${proof}`);
  return test;
}

const share = async (given: Given = {}): Promise<Awaited<Test>> => send(await bodyOf(given.body), given);

/** The cookie's value of a sender who has confirmed. */
async function proofOf(email: string): Promise<string> {
  const [{ now }] = await world.dataSource.query<[{ now: number }]>(`select floor(extract(epoch from now()))::float8 as now`);
  return world.app.get(SenderCookie).proofOf(world.app.get(MailboxKeys).exactHashOf(parseAddress(email)!), now);
}

/** A share of a sender who has confirmed. */
async function confirmedShare({ body = {}, ...given }: Given = {}): Promise<Awaited<Test>> {
  const senderEmail = (body['senderEmail'] as string | undefined) ?? aMailbox('sender');
  return share({ proof: await proofOf(senderEmail), ...given, body: { senderEmail, ...body } });
}

const idOf = async (given: Promise<Awaited<Test>>): Promise<string> => ((await given).body as { shareId: string }).shareId;

/** Does all that is due, and gives what has arrived since the last time. */
async function letters(): Promise<ParsedMail[]> {
  const waker = world.app.get(Waker);
  for (const job of ['shares', 'mail readers', 'mail shares']) await waker.run(job);
  return Promise.all(sink.received.splice(0).map(({ raw }) => simpleParser(raw)));
}

const to = ({ to: recipient }: ParsedMail): string => (Array.isArray(recipient) ? '' : (recipient?.text ?? ''));
const tokenOf = ({ text }: ParsedMail): string => /\/shares\/confirm\/([\w-]{43})\?lang=/.exec(text ?? '')![1]!;
const confirm = (token: string): Test => world.as(null).post('/api/v1/shares/confirmations', { token });

interface Row {
  readonly state: string;
  readonly kept: boolean;
}
const rowOf = async (id: string): Promise<Row | undefined> =>
  (await world.dataSource.query<Row[]>(`select state, content_enc is not null as kept from shares where id = $1`, [id]))[0];
const one = async <Value>(sql: string, values: unknown[] = []): Promise<Value> =>
  Object.values((await world.dataSource.query<[Record<string, Value>]>(sql, values))[0])[0]!;
const shareCount = (): Promise<number> => one<number>(`select count(*)::int from shares`);

describe('A share', () => {
  it('of somebody unknown waits for a letter to its sender, is released by its link, and reaches the friend', async () => {
    const [sender, friend] = [aMailbox('sender'), aMailbox()];
    const answer = await share({ body: { senderEmail: sender, recipients: [friend] } });
    expect([answer.status, answer.headers['cache-control'], Object.keys(answer.body as object)]).toEqual([
      202,
      'private, no-store',
      ['shareId'],
    ]);
    const { shareId } = answer.body as { shareId: string };
    expect(answer.headers['set-cookie']).toBeUndefined();
    const [asking, ...more] = await letters();
    expect([to(asking!), more]).toEqual([sender, []]);
    expect(await rowOf(shareId)).toEqual({ state: 'held', kept: true });
    const token = tokenOf(asking!);
    const confirmations = world.app.get(ShareConfirmations);
    expect(await confirmations.find(token)).toEqual({
      shares: [{ title: 'المدينة والماء', lang: 'ar', senderName: 'سلمى', recipients: 1 }],
      released: false,
      upTo: expect.any(String) as string,
    });
    expect(await letters()).toEqual([]);
    const confirmed = await confirm(token);
    expect([confirmed.status, confirmed.body]).toEqual([
      200,
      { released: 1, dropped: 0, confirmedUntil: expect.stringMatching(/Z$/) as string },
    ]);
    const cookie = /^__Host-sv=([^;]+); Max-Age=2592000; Path=\/; HttpOnly; Secure; SameSite=Lax$/.exec(
      confirmed.headers['set-cookie']![0]!,
    )![1]!;
    const [letter, ...others] = await letters();
    expect([to(letter!), others]).toEqual([friend, []]);
    expect(await rowOf(shareId)).toEqual({ state: 'dispatched', kept: false });
    expect(await one(`select count(*)::int from mail_outbox where to_enc is not null or content_enc is not null`)).toBe(0);
    expect(await confirmations.find(token)).toEqual({ shares: [], released: true, upTo: null });
    expect((await confirm(token)).body).toMatchObject({ released: 0, dropped: 0 });
    // From now on nobody is asked.
    const again = await share({
      proof: cookie,
      body: { senderEmail: sender, recipients: [aMailbox()], message: 'اقرئي هذا', allowReply: true },
    });
    expect(again.status).toBe(202);
    const [next] = await letters();
    expect(next!.text).toContain('اقرئي هذا');
    expect(next!.replyTo?.text).toBe(sender);
  });
});

/** A refusal, without what differs from one request to the next. */
const refusalOf = ({ status, body, headers }: Awaited<Test>): unknown => {
  const { code, errors } = body as { code: string; errors: { field: string; rule: string }[] };
  return [status, code, errors.map(({ field, rule }) => `${field} ${rule}`), ...('retry-after' in headers ? ['retry-after'] : [])];
};

/** @param before shares that there were */
async function expectNothingSince(before: number): Promise<void> {
  expect(await shareCount()).toBe(before);
  expect(await one(`select count(*)::int from rate_buckets`)).toBe(0);
  expect(await letters()).toEqual([]);
}

describe('Refused, and nothing is kept:', () => {
  let before = 0;
  beforeEach(async () => {
    before = await shareCount();
  });
  afterEach(() => expectNothingSince(before));

  it('a share without a key, or with one that is none', async () => {
    expect(refusalOf(await share({ key: null }))).toEqual([400, 'idempotency_key_required', ['Idempotency-Key idempotency_key_required']]);
    for (const key of ['a b', 'k'.repeat(201), '\u00e9']) {
      expect(refusalOf(await share({ key }))).toEqual([400, 'idempotency_key_invalid', ['Idempotency-Key idempotency_key_invalid']]);
    }
  });

  it.each([
    ['senderEmail', 'a@b@c.example', 'address'],
    ['senderEmail', 'a@friends.example\r\nBcc: b@friends.example', 'address'],
    ['senderEmail', '"a b"@friends.example', 'address'],
    ['senderEmail', 'a@[127.0.0.1]', 'address'],
    ['recipients', [], 'addresses'],
    ['recipients', 'a@friends.example', 'addresses'],
    ['recipients', ['a@friends.example, b@friends.example'], 'addresses'],
    ['recipients', ['a@friends.example\n'], 'addresses'],
    ['recipients', ['a@friends.example\u202e'], 'addresses'],
    ['recipients', ['a@friends.example', 'A+tag@Friends.example'], 'addresses'],
    ['recipients', ['a@f.example', 'b@f.example', 'c@f.example', 'd@f.example'], 'addresses'],
    ['recipients', [{ address: 'a@f.example', canonical: 'a@f.example' }], 'addresses'],
    ['recipients', null, 'required'],
    ['message', 'م'.repeat(301), 'prose'],
    ['allowReply', 'yes', 'flag'],
    ['lang', 'de', 'oneOf'],
    ['work', 'x', 'work'],
  ])('%s: %j', async (name, value, rule) => {
    const answer = await share({ body: { [name]: value } });
    const [status, code, errors] = refusalOf(answer) as [number, string, string[]];
    expect([status, code, errors]).toEqual([400, 'invalid_body', expect.arrayContaining([`${name} ${rule}`]) as string[]]);
    expect(JSON.stringify(answer.body)).not.toContain('friends.example');
  });

  it('what the door does not take, and a GET', async () => {
    expect(refusalOf(await share({ body: { subject: 'buy' } }))).toEqual([400, 'unknown_field', ['subject unknown']]);
    const got = await world.app.inject({ method: 'GET', url: `/api/v1/articles/${article}/shares?recipients=a@friends.example` });
    expect(got.statusCode).toBe(404);
    const foreign = await send(await bodyOf()).set('Origin', 'https://elsewhere.example');
    expect(refusalOf(foreign)).toEqual([403, 'cross_origin', []]);
  });

  it('of a piece that is not public', async () => {
    const { id: draft } = await aDraft(world);
    for (const of of [draft, 999_999, 'no-such-piece']) expect(refusalOf(await share({ of }))).toEqual([404, 'not_found', []]);
    const gone = (await anArticle(world)).id;
    await world.dataSource.query(`update articles set live_revision_id = null, status = 'withdrawn' where id = $1`, [gone]);
    expect(refusalOf(await share({ of: gone }))).toEqual([410, 'withdrawn', []]);
  });

  it('words of a sender who has not confirmed, and of one who has confirmed another mailbox', async () => {
    for (const proof of [null, 'x', await proofOf(aMailbox('other'))]) {
      expect(refusalOf(await share({ proof, body: { message: 'مرحبًا' } }))).toEqual([
        422,
        'message_not_allowed',
        ['message message_not_allowed'],
      ]);
      expect(refusalOf(await share({ proof, body: { allowReply: true } }))).toEqual([
        422,
        'reply_not_allowed',
        ['allowReply reply_not_allowed'],
      ]);
    }
  });

  it('words of one whose proof is older than 30 days, or of tomorrow’s key', async () => {
    const senderEmail = aMailbox('sender');
    const hash = world.app.get(MailboxKeys).exactHashOf(parseAddress(senderEmail)!);
    const now = await one<number>(`select floor(extract(epoch from now()))::float8`);
    const old = world.app.get(SenderCookie).proofOf(hash, now - 30 * 86_400);
    const right = world.app.get(SenderCookie).proofOf(hash, now);
    for (const proof of [old, right.replace(/^./, (first) => (first === 'A' ? 'B' : 'A')), right.replace(/[.]\d/, '.2'), `${right}=`])
      expect(refusalOf(await share({ proof, body: { senderEmail, message: 'مرحبًا' } }))).toEqual([
        422,
        'message_not_allowed',
        ['message message_not_allowed'],
      ]);
  });

  it('without work, with old work, with another’s work', async () => {
    const work = await someWork();
    const cases: [unknown, string][] = [
      [undefined, 'work_required'],
      [await someWork({ expiresAt: new Date(Date.now() - 5_000) }), 'work_expired'],
      [{ ...work, solution: { ...work.solution, derivedKey: '00' } }, 'work_invalid'],
      [{ ...work, challenge: { ...work.challenge, signature: 'no' } }, 'work_invalid'],
      [await someWork({ for: 'vote' }), 'work_invalid'],
      [await someWork({ data: {} }), 'work_invalid'],
      [await someWork({ factor: 0 }), 'work_invalid'],
    ];
    for (const [given, code] of cases) expect(refusalOf(await share({ body: { work: given } }))).toEqual([422, code, [`work ${code}`]]);
  });

  it('when work cannot be judged', async () => {
    const judged = vi.spyOn(Work.prototype, 'faultOf').mockRejectedValue(new Error('the checker is down'));
    try {
      expect(refusalOf(await share())).toEqual([422, 'work_invalid', ['work work_invalid']]);
    } finally {
      judged.mockRestore();
    }
  });

  it('where the center does not mail for its readers', async () => {
    await world.dataSource.query(`update center set mail_sharing = false`);
    try {
      expect(refusalOf(await share())).toEqual([403, 'mail_sharing_off', []]);
      expect(refusalOf(await world.as(null).get('/api/v1/shares/challenge'))).toEqual([403, 'mail_sharing_off', []]);
    } finally {
      await world.dataSource.query(`update center set mail_sharing = true`);
    }
  });

  it('while an editor has to look at what earlier mail brought back', async () => {
    await world.dataSource.query(`insert into mail_stops (lane, reason) values ('shares', 'bounces')`);
    try {
      expect(refusalOf(await share())).toEqual([503, 'shares_stopped', [], 'retry-after']);
    } finally {
      await world.dataSource.query(`delete from mail_stops`);
    }
  });
});

describe('The answer', () => {
  it('is the same for every address, and so is what the database is asked', async () => {
    const suppressed = aMailbox();
    const busy = aMailbox();
    const had = aMailbox();
    const limits = world.app.get(RateLimits);
    const keys = world.app.get(MailboxKeys);
    await world.tx((tx) => world.app.get(Suppressions).suppress(tx, keys.hashOf(parseAddress(suppressed)!), 'opt_out'));
    for (const bucket of recipientBuckets(parseAddress(busy)!, keys.hashOf(parseAddress(busy)!)).slice(1))
      for (let n = 0; n < bucket.limit; n += 1) await limits.claim(bucket);
    await confirmedShare({ body: { recipients: [had] } });
    await letters();
    const asked: string[][] = [];
    const answers: unknown[] = [];
    const queries = vi.spyOn(pg.Client.prototype, 'query');
    /** What the database was asked, but for what the process asks each second: whether it is there, and what the center is called. */
    const said = (): string[] =>
      queries.mock.calls
        .map(([query]) => (typeof query === 'string' ? query : (query as { text: string }).text))
        .filter((text) => !/^select (?:1|lang, name from pub\.center)$/.test(text.trim()));
    try {
      for (const friend of [aMailbox(), suppressed, busy, had]) {
        const senderEmail = aMailbox('sender');
        const given = { proof: await proofOf(senderEmail), body: { senderEmail, recipients: [friend] } };
        queries.mockClear();
        const { status, headers, body } = await share(given);
        asked.push(said());
        const { date: _, ...same } = headers;
        answers.push([status, same, Object.keys(body as object), JSON.stringify(body).length]);
      }
    } finally {
      queries.mockRestore();
    }
    expect(asked[0]!.length).toBeGreaterThan(3);
    expect(new Set(asked.map((texts) => JSON.stringify(texts))).size).toBe(1);
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(answers[0]).toEqual([202, expect.objectContaining({ 'cache-control': 'private, no-store' }), ['shareId'], 50]);
    expect((await letters()).length).toBe(1);
  });

  it('to a sender nobody knows is the same as to one who has confirmed', async () => {
    const [unknown, known] = [await share(), await confirmedShare()];
    const seen = ({ status, headers: { date: _date, ...headers }, body }: Awaited<Test>): unknown => [
      status,
      headers,
      Object.keys(body as object),
    ];
    expect(seen(unknown)).toEqual(seen(known));
  });
});

describe('The same key', () => {
  it('ten times at once is one share with one id', async () => {
    const body = await bodyOf();
    const [key, before] = [randomUUID(), await shareCount()];
    const answers = await Promise.all(Array.from({ length: 10 }, () => send(body, { key })));
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 202));
    expect(new Set(answers.map((answer) => (answer.body as { shareId: string }).shareId)).size).toBe(1);
    expect(await shareCount()).toBe(before + 1);
    expect(await one(`select n from rate_buckets order by n desc limit 1`)).toBe(1);
  });

  it('gives the same share later, with other work, without claims; and refuses another share', async () => {
    const [body, key, ip] = [await bodyOf(), randomUUID(), anIp()];
    const { shareId } = (await send(body, { key, ip })).body as { shareId: string };
    const counted = (): Promise<unknown> => one(`select sum(n)::int from rate_buckets`);
    const n = await counted();
    const expired = await someWork({ expiresAt: new Date(Date.now() - 5_000) });
    for (const more of [body, { ...body, work: expired }, { ...body, work: undefined }])
      expect((await send(more, { key, ip })).body).toEqual({ shareId });
    for (const more of [{ recipients: [aMailbox()] }, { lang: 'fr' }, { senderName: 'ليلى' }])
      expect(refusalOf(await send({ ...body, ...more }, { key, ip }))).toEqual([
        409,
        'idempotency_key_reused',
        ['Idempotency-Key idempotency_key_reused'],
      ]);
    const other = (await anArticle(world)).id;
    expect(refusalOf(await send(body, { key, ip, of: other }))).toEqual([
      409,
      'idempotency_key_reused',
      ['Idempotency-Key idempotency_key_reused'],
    ]);
    expect(await counted()).toEqual(n);
    // Another sender's key is another key.
    expect((await share({ key })).status).toBe(202);
  });
});

describe('Work', () => {
  it('is asked for, and done as ALTCHA does it', async () => {
    const { status, body, headers } = await world.get('/api/v1/shares/challenge');
    const { expiresAt, work: challenge } = body as { expiresAt: string; work: Challenge };
    expect([status, headers['cache-control'], challenge.parameters.data]).toEqual([200, 'private, no-store', { for: 'share', factor: 1 }]);
    expect(new Date(expiresAt).getTime()).toBe(challenge.parameters.expiresAt! * 1_000);
    const solution = await solveChallenge({ challenge, deriveKey });
    expect((await share({ body: { work: { challenge, solution } } })).status).toBe(202);
  });

  it('is good for one share, also when ten use it at once', async () => {
    const work = await someWork();
    const answers = await Promise.all(Array.from({ length: 10 }, () => share({ body: { work } })));
    const refusals = answers.filter(({ status }) => status !== 202);
    expect(refusals.map(refusalOf)).toEqual(Array.from({ length: 9 }, () => [422, 'work_invalid', ['work work_invalid']]));
  });

  it('becomes four times as dear where a network, and four times where its vicinity, has sent much', async () => {
    const ip = '203.0.113.7';
    const factor = async (from: string): Promise<unknown> => {
      const { body } = await world.get('/api/v1/shares/challenge').set('X-Forwarded-For', from);
      return (body as { work: Challenge }).work.parameters.data;
    };
    for (let n = 0; n < 10; n += 1) expect((await share({ ip })).status).toBe(202);
    expect(await factor(ip)).toEqual({ for: 'share', factor: 4 });
    expect(await factor('203.0.113.8')).toEqual({ for: 'share', factor: 1 });
    expect(refusalOf(await share({ ip }))).toEqual([422, 'work_required', ['work work_required']]);
    expect((await share({ ip, body: { work: await someWork({ factor: 4 }) } })).status).toBe(202);
    const limits = world.app.get(RateLimits);
    await limits.claim({ ...vicinityHour(ip), count: 100 - 11 });
    expect(await factor(ip)).toEqual({ for: 'share', factor: 16 });
    expect(await factor('203.0.113.8')).toEqual({ for: 'share', factor: 4 });
    expect(refusalOf(await share({ ip: '203.0.113.8' }))).toEqual([422, 'work_required', ['work work_required']]);
  });
});

describe('The limits', () => {
  it('let exactly five of thirty shares of one sender through, sent at once from thirty networks', async () => {
    for (const confirmed of [true, false]) {
      const senderEmail = aMailbox('sender');
      const proof = confirmed ? await proofOf(senderEmail) : null;
      const bodies = await Promise.all(Array.from({ length: 30 }, () => bodyOf({ senderEmail })));
      const before = await shareCount();
      const answers = await Promise.all(bodies.map((body) => send(body, { proof })));
      const refused = answers.filter(({ status }) => status !== 202);
      expect([30 - refused.length, await shareCount()]).toEqual([5, before + 5]);
      expect(refused.map(refusalOf)).toEqual(Array.from({ length: 25 }, () => [429, 'too_many_shares', [], 'retry-after']));
    }
  });

  it('count recipients too, and nothing of a share that is refused', async () => {
    const senderEmail = aMailbox('sender');
    const of = (count: number): Promise<Awaited<Test>> =>
      confirmedShare({ body: { senderEmail, recipients: Array.from({ length: count }, () => aMailbox()) } });
    for (const count of [3, 3, 3]) expect((await of(count)).status).toBe(202);
    expect(refusalOf(await of(2))).toEqual([429, 'too_many_shares', [], 'retry-after']);
    expect((await of(1)).status).toBe(202);
    expect((await letters()).length).toBe(10);
  });

  it('stop a network after thirty a day', async () => {
    const ip = anIp();
    const work = (): Promise<Payload> => someWork({ factor: 16 });
    for (let n = 0; n < 30; n += 1) expect((await share({ ip, body: { work: await work() } })).status).toBe(202);
    expect(refusalOf(await share({ ip, body: { work: await work() } }))).toEqual([429, 'too_many_shares', [], 'retry-after']);
  });

  it('stop the site after 500 an hour and 3,000 a day', async () => {
    const limits = world.app.get(RateLimits);
    for (const bucket of SITE) {
      await world.dataSource.query(`delete from rate_buckets`);
      await limits.claim({ ...bucket, count: bucket.limit - 1 });
      expect((await share()).status).toBe(202);
      expect(refusalOf(await share())).toEqual([503, 'shares_full', [], 'retry-after']);
    }
  });

  it('let one mailbox get two letters a day and five in thirty days, whoever sends them, and each piece once', async () => {
    const friend = aMailbox();
    const pieces = await Promise.all(Array.from({ length: 7 }, () => anArticle(world)));
    const got: number[] = [];
    for (const { id } of pieces) {
      await confirmedShare({ of: id, body: { recipients: [friend.replace('@', `+${id}@`)] } });
      got.push((await letters()).length);
    }
    expect(got).toEqual([1, 1, 0, 0, 0, 0, 0]);
    // What was refused took nothing of the month.
    const nextDay = (): Promise<unknown> =>
      world.dataSource.query(`update rate_buckets set resets_at = now() where resets_at < now() + interval '2 days'`);
    const again: number[] = [];
    for (const [index, { id }] of pieces.entries()) {
      if (index % 2 === 0) await nextDay();
      await confirmedShare({ of: id, body: { recipients: [friend] } });
      again.push((await letters()).length);
    }
    expect(again).toEqual([0, 0, 1, 1, 1, 0, 0]);
  });

  it('let a piece reach a mailbox again after thirty days', async () => {
    const friend = aMailbox();
    for (const letterCount of [1, 0]) {
      await confirmedShare({ body: { recipients: [friend] } });
      expect((await letters()).length).toBe(letterCount);
    }
    await world.dataSource.query(
      `update share_recipients set created_at = now() - interval '31 days', period = (date_trunc('month', now()) - interval '1 month')::date`,
    );
    await world.dataSource.query(`delete from rate_buckets`);
    await confirmedShare({ body: { recipients: [friend] } });
    expect((await letters()).length).toBe(1);
  });

  it('let a hundred letters an hour reach a domain, five hundred a big provider, and take nothing of the mailbox they refuse', async () => {
    const limits = world.app.get(RateLimits);
    for (const [domain, limit] of [
      ['small.example', 100],
      ['gmail.com', 500],
    ] as const) {
      const friend = `friend-${randomBytes(4).toString('hex')}@${domain}`;
      await limits.claim({ name: 'share domain', of: domain, limit, seconds: 3_600, count: limit - 1 });
      await confirmedShare({ body: { recipients: [`other-${friend}`] } });
      await confirmedShare({ body: { recipients: [friend] } });
      expect((await letters()).map(to)).toEqual([`other-${friend}`]);
      const [, day] = recipientBuckets(parseAddress(friend)!, world.app.get(MailboxKeys).hashOf(parseAddress(friend)!));
      expect(await limits.isFull([{ ...day!, count: day!.limit }])).toEqual([false]);
    }
  });

  it('let two hundred shares of a piece out in an hour; more go to nobody', async () => {
    await world.app.get(RateLimits).claim({ ...articleHour(article), count: 199 });
    const [first, second] = [await confirmedShare(), await confirmedShare()];
    expect((await letters()).length).toBe(1);
    expect(await rowOf((first.body as { shareId: string }).shareId)).toEqual({ state: 'dispatched', kept: false });
    expect(await rowOf((second.body as { shareId: string }).shareId)).toEqual({ state: 'dropped', kept: false });
  });

  it('let one sender be asked once a day and three times in thirty days; the link he has is for all', async () => {
    const senderEmail = aMailbox('sender');
    const got: number[] = [];
    for (let day = 0; day < 5; day += 1) {
      for (const _ of ['first', 'second']) {
        await share({ body: { senderEmail } });
        got.push((await letters()).length);
      }
      await world.dataSource.query(`update rate_buckets set resets_at = now() where resets_at < now() + interval '2 days'`);
    }
    expect(got).toEqual([1, 0, 1, 0, 1, 0, 0, 0, 0, 0]);
  });

  it('of the form: five letters an hour of a network, without work', async () => {
    const ip = anIp();
    const form = (recipients = [parseAddress(aMailbox())!]): Promise<unknown> =>
      world.app
        .get(SharesService)
        .takeForm(
          article,
          { senderName: 'سلمى', senderEmail: parseAddress(aMailbox('sender'))!, recipients },
          { ip, key: randomUUID(), proof: null },
        );
    for (let n = 0; n < 5; n += 1) expect(await form()).toEqual({ shareId: expect.any(String) as string, confirmed: false });
    await expect(form()).rejects.toMatchObject({ code: 'too_many_letters' });
    const asked = await letters();
    expect(asked.length).toBe(5);
    expect(asked.every(({ text }) => text!.includes('/shares/confirm/'))).toBe(true);
  });
});

describe('The form', () => {
  const form = (ip: string, given: { proof?: string; senderEmail?: string } = {}): Promise<unknown> => {
    const { proof = null, senderEmail = aMailbox('sender') } = given;
    const asked = { senderName: 'سلمى', senderEmail: parseAddress(senderEmail)!, recipients: [parseAddress(aMailbox())!] };
    return world.app.get(SharesService).takeForm(article, asked, { ip, key: randomUUID(), proof });
  };
  /** Claims all but one of the limit, so that the next is the last. */
  const almost = async (ip: string, which: string): Promise<void> => {
    const bucket = formBuckets(ip).find(({ name }) => name === which)!;
    expect(await world.app.get(RateLimits).claim({ ...bucket, count: bucket.limit - 1 })).toBeNull();
  };

  it('sends at once for who has confirmed, without work', async () => {
    const senderEmail = aMailbox('sender');
    expect(await form(anIp(), { senderEmail, proof: await proofOf(senderEmail) })).toEqual({
      shareId: expect.any(String) as string,
      confirmed: true,
    });
    expect(await letters()).toHaveLength(1);
  });

  it('says of a share that is sent again whether that one goes out, whoever is confirmed meanwhile', async () => {
    const senderEmail = aMailbox('sender');
    const asked = { senderName: 'سلمى', senderEmail: parseAddress(senderEmail)!, recipients: [parseAddress(aMailbox())!] };
    const [key, proof] = [randomUUID(), await proofOf(senderEmail)];
    const again = (given: string | null): Promise<unknown> =>
      world.app.get(SharesService).takeForm(article, asked, { ip: anIp(), key, proof: given });
    expect([await again(null), await again(proof)]).toMatchObject([{ confirmed: false }, { confirmed: false }]);
    await world.dataSource.query(`update shares set state = 'accepted' where sender_hash = $1`, [
      world.app.get(MailboxKeys).exactHashOf(asked.senderEmail),
    ]);
    expect(await again(null)).toMatchObject({ confirmed: true });
  });

  it('takes 25 an hour of a vicinity and 100 of all together, and leaves the rest to those who work', async () => {
    const [first, neighbour] = ['2001:db8:77:1::1', '2001:db8:77:2::1'];
    await almost(first, 'share form vicinity');
    await form(first);
    await expect(form(neighbour)).rejects.toMatchObject({ code: 'too_many_letters' });
    await world.dataSource.query(`delete from rate_buckets`);
    await almost(anIp(), 'share form site');
    await expect(form(anIp())).resolves.toMatchObject({ confirmed: false });
    await expect(form(anIp())).rejects.toMatchObject({ code: 'too_many_letters' });
    expect((await share({ ip: neighbour })).status).toBe(202);
  });
});

describe('A confirmation', () => {
  const held = async (count: number, recipients = 1): Promise<{ token: string; senderEmail: string; ids: string[] }> => {
    const senderEmail = aMailbox('sender');
    const ids: string[] = [];
    for (let n = 0; n < count; n += 1) {
      const { body } = await share({ body: { senderEmail, recipients: Array.from({ length: recipients }, () => aMailbox()) } });
      ids.push((body as { shareId: string }).shareId);
    }
    const [asking] = await letters();
    return { token: tokenOf(asking!), senderEmail, ids };
  };

  it('is of the spelling that got the letter, and of no other that limits count as the same', async () => {
    const owner = aMailbox('owner');
    const other = owner.replace('@', '+x@');
    const theirs = await idOf(share({ body: { senderEmail: owner } }));
    const [asking] = await letters();
    await world.dataSource.query(`delete from rate_buckets`);
    const mine = await idOf(share({ body: { senderEmail: other } }));
    const [mineAsking] = await letters();
    expect((await confirm(tokenOf(mineAsking!))).body).toMatchObject({ released: 1, dropped: 0 });
    expect([(await rowOf(mine))!.state, (await rowOf(theirs))!.state]).toEqual(['accepted', 'held']);
    expect(await world.app.get(ShareConfirmations).find(tokenOf(asking!))).toMatchObject({ shares: [{ recipients: 1 }] });
    const { status, body } = await share({ proof: await proofOf(other), body: { senderEmail: owner, message: 'كلمة' } });
    expect([status, (body as { code: string }).code]).toEqual([422, 'message_not_allowed']);
  });

  it('releases what was there when its page was made, and nothing that came since', async () => {
    const { token, senderEmail } = await held(1);
    const { upTo } = (await world.app.get(ShareConfirmations).find(token))!;
    const strangers = await idOf(share({ body: { senderEmail, senderName: 'غريب' } }));
    expect(await world.app.get(ShareConfirmations).confirm(token, upTo)).toMatchObject({ released: 1, dropped: 0 });
    expect(await world.app.get(ShareConfirmations).confirm(token, upTo)).toMatchObject({ released: 0, dropped: 0 });
    await world.app.get(Waker).run('shares');
    expect(await rowOf(strangers)).toEqual({ state: 'held', kept: true });
  });

  it('has a link that lives on while shares come for it, though no second letter goes out', async () => {
    const { token, senderEmail } = await held(1);
    await world.dataSource.query(`update share_confirmations set expires_at = now() + interval '1 minute'`);
    const late = await idOf(share({ body: { senderEmail } }));
    expect(await letters()).toEqual([]);
    await world.dataSource.query(`update share_confirmations set expires_at = expires_at - interval '23 hours'`);
    expect((await confirm(token)).body).toMatchObject({ released: 2 });
    expect((await rowOf(late))!.state).toBe('accepted');
    // One that is over stays over.
    await world.dataSource.query(`update share_confirmations set expires_at = now() - interval '1 second'`);
    await share({ body: { senderEmail } });
    await letters();
    expect((await confirm(token)).status).toBe(422);
  });

  it('while nothing is sent keeps what waits', async () => {
    const { token, ids } = await held(1);
    await world.dataSource.query(`update center set mail_sharing = false`);
    const off = await confirm(token);
    await world.dataSource.query(`update center set mail_sharing = true`);
    await world.dataSource.query(`insert into mail_stops (lane, reason) values ('shares', 'bounces')`);
    const stopped = await confirm(token);
    await world.dataSource.query(`delete from mail_stops`);
    expect([off, stopped].map(({ status, body }) => [status, (body as { code: string }).code])).toEqual([
      [403, 'mail_sharing_off'],
      [503, 'shares_stopped'],
    ]);
    expect(await rowOf(ids[0]!)).toEqual({ state: 'held', kept: true });
    expect((await confirm(token)).body).toMatchObject({ released: 1 });
  });

  it('leaves out what nobody can decrypt any more', async () => {
    const { token, ids } = await held(2);
    await world.dataSource.query(`update shares set content_enc = decode(repeat('00', 60), 'hex') where id = $1`, [ids[0]]);
    expect((await world.app.get(ShareConfirmations).find(token))!.shares).toHaveLength(1);
    expect((await confirm(token)).body).toMatchObject({ released: 1, dropped: 1 });
    expect(await rowOf(ids[0]!)).toEqual({ state: 'dropped', kept: false });
  });

  it('a hundred times at once releases each share once', async () => {
    const { token, ids } = await held(5, 2);
    const answers = await Promise.all(Array.from({ length: 100 }, () => confirm(token)));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    const released = answers.map(({ body }) => (body as { released: number }).released);
    expect(released.toSorted((a, b) => b - a).slice(0, 2)).toEqual([5, 0]);
    expect((await letters()).length).toBe(10);
    expect(await Promise.all(ids.map(rowOf))).toEqual(ids.map(() => ({ state: 'dispatched', kept: false })));
  });

  it('counts as sent by its owner: what is beyond the day’s five is given up', async () => {
    const { token, senderEmail } = await held(3);
    for (let n = 0; n < 3; n += 1) expect((await confirmedShare({ body: { senderEmail } })).status).toBe(202);
    expect((await confirm(token)).body).toMatchObject({ released: 2, dropped: 1 });
    expect((await letters()).length).toBe(5);
    // A stranger who had typed the address has not used it up.
    expect(await one(`select count(*)::int from shares where state = 'dropped' and content_enc is not null`)).toBe(0);
  });

  it('with a link that never was, is too old or is no link, is refused', async () => {
    const { token } = await held(1);
    await world.dataSource.query(`update share_confirmations set expires_at = now()`);
    for (const wrong of [token, 'x', `${token}x`]) expect(refusalOf(await confirm(wrong))).toEqual([422, 'link_expired', []]);
    expect(await world.app.get(ShareConfirmations).find(token)).toBeNull();
    expect(refusalOf(await confirm(''))).toEqual([400, 'invalid_body', ['token line']]);
  });

  it('reaches nobody who asked not to be asked', async () => {
    const senderEmail = aMailbox('sender');
    await world.tx((tx) =>
      world.app.get(Suppressions).suppress(tx, world.app.get(MailboxKeys).hashOf(parseAddress(senderEmail)!), 'opt_out'),
    );
    expect((await share({ body: { senderEmail } })).status).toBe(202);
    expect(await letters()).toEqual([]);
  });
});

describe('What waits', () => {
  const sweep = (): Promise<void> => world.app.get(Waker).run('shares sweep');

  it('is given up after 24 hours, whatever it waits for, and its names with it', async () => {
    const [unasked, accepted, heldOne] = [await idOf(share()), await idOf(confirmedShare()), await idOf(share())];
    await world.dataSource.query(`update shares set state = 'held' where id = $1`, [heldOne]);
    await world.dataSource.query(`update shares set created_at = now() - interval '24 hours' where id = any($1)`, [
      [unasked, accepted, heldOne],
    ]);
    expect(await letters()).toEqual([]);
    await sweep();
    for (const id of [unasked, accepted, heldOne]) expect(await rowOf(id)).toEqual({ state: 'dropped', kept: false });
  });

  it('is forgotten after 90 days; what one must never be sent stays', async () => {
    const id = await idOf(confirmedShare());
    await letters();
    const suppressed = await one(`select count(*)::int from mail_suppressions`);
    await world.dataSource.query(`update shares set created_at = now() - interval '90 days 1 second' where id = $1`, [id]);
    await sweep();
    expect(await rowOf(id)).toBeUndefined();
    expect(await one(`select count(*)::int from share_recipients where share_id = $1`, [id])).toBe(0);
    expect(await one(`select count(*)::int from mail_suppressions`)).toBe(suppressed);
  });

  it('is given up when its piece is withdrawn', async () => {
    const { id: gone } = await anArticle(world);
    const id = await idOf(confirmedShare({ of: gone }));
    await world.dataSource.query(`update articles set live_revision_id = null, status = 'withdrawn' where id = $1`, [gone]);
    expect(await letters()).toEqual([]);
    expect(await rowOf(id)).toEqual({ state: 'dropped', kept: false });
  });

  it('waits on while the lane is stopped, or the center has switched it off', async () => {
    const id = await idOf(confirmedShare());
    await world.dataSource.query(`insert into mail_stops (lane, reason) values ('shares', 'bounces')`);
    expect(await letters()).toEqual([]);
    await world.dataSource.query(`delete from mail_stops`);
    await world.dataSource.query(`update center set mail_sharing = false`);
    expect(await letters()).toEqual([]);
    expect(await rowOf(id)).toEqual({ state: 'accepted', kept: true });
    await world.dataSource.query(`update center set mail_sharing = true`);
    expect((await letters()).length).toBe(1);
  });

  it('and cannot be opened is given up, and holds up nobody', async () => {
    const id = await idOf(confirmedShare());
    await world.dataSource.query(
      `update shares set content_enc = decode(repeat('00', 60), 'hex'), created_at = created_at - interval '1 hour' where id = $1`,
      [id],
    );
    await confirmedShare();
    expect((await letters()).length).toBe(1);
    expect(await rowOf(id)).toEqual({ state: 'dropped', kept: false });
  });

  it('and fails is tried again a minute later, behind what others send', async () => {
    const id = await idOf(confirmedShare());
    const other = await idOf(confirmedShare());
    const failing = vi.spyOn(world.app.get(MailRoom), 'post').mockRejectedValueOnce(new Error('no room'));
    await expect(world.app.get(Waker).run('shares')).rejects.toThrow('no room');
    failing.mockRestore();
    expect((await letters()).length).toBe(1);
    expect(await rowOf(id)).toEqual({ state: 'accepted', kept: true });
    expect(await rowOf(other)).toEqual({ state: 'dispatched', kept: false });
    expect(await one<number>(`select extract(epoch from due_at - now())::int from shares where id = $1`, [id])).toBeGreaterThan(50);
    await world.dataSource.query(`update shares set due_at = now() where id = $1`, [id]);
    expect((await letters()).length).toBe(1);
  });

  it('makes no two workers wait for each other in a circle, however domains and mailboxes are crossed', async () => {
    const deadlocks = (): Promise<number> => one<number>(`select deadlocks::int from pg_stat_database where datname = current_database()`);
    const before = await deadlocks();
    const friend = (domain: string): string => `friend-${randomBytes(6).toString('hex')}@${domain}.example`;
    // Shares of one piece wait for each other anyhow.
    const pieces = await Promise.all(Array.from({ length: 6 }, () => anArticle(world)));
    for (let n = 0; n < 36; n += 1)
      await confirmedShare({ of: pieces[n % 6]!.id, body: { recipients: [friend('a'), friend('b'), friend('a')] } });
    await Promise.all(Array.from({ length: 6 }, () => world.app.get(Waker).run('shares')));
    expect(await letters()).toHaveLength(108);
    // Told to the statistics within a second.
    await new Promise((resume) => setTimeout(resume, 1_100));
    expect(await deadlocks()).toBe(before);
  });

  it('goes out once, however many workers there are', async () => {
    const { id: of } = await anArticle(world);
    for (let n = 0; n < 12; n += 1) await confirmedShare({ of, body: { recipients: [aMailbox(), aMailbox()] } });
    await Promise.all(Array.from({ length: 6 }, () => world.app.get(Waker).run('shares')));
    expect((await letters()).length).toBe(24);
    expect(await world.dataSource.query(`select shares, letters from share_counts where article_id = $1`, [of])).toEqual([
      { shares: 12, letters: 24 },
    ]);
  });
});

describe('The desk', () => {
  it('sees how many of which piece were sent, by day, and nobody’s name', async () => {
    await world.dataSource.query(`delete from share_counts`);
    const chief = await anEditor(world, 'chief');
    const [one_, two] = [await anArticle(world, { title: 'الأولى' }), await anArticle(world, { title: 'Second', lang: 'en' })];
    for (const { id } of [one_, one_, two]) await confirmedShare({ of: id, body: { recipients: [aMailbox(), aMailbox()] } });
    const friend = aMailbox();
    for (const _ of ['first', 'again']) await confirmedShare({ of: two.id, body: { recipients: [friend] } });
    await letters();
    const today = await one<string>(`select to_char(now() at time zone zone, 'YYYY-MM-DD') from center`);
    await world.dataSource.query(`insert into share_counts (article_id, day, shares, letters) values ($1, '2026-01-31', 7, 9)`, [one_.id]);
    const rows = [
      { articleId: two.id, title: 'Second', lang: 'en', dir: 'ltr', day: today, shares: 2, letters: 3 },
      { articleId: one_.id, title: 'الأولى', lang: 'ar', dir: 'rtl', day: today, shares: 2, letters: 4 },
      { articleId: one_.id, title: 'الأولى', lang: 'ar', dir: 'rtl', day: '2026-01-31', shares: 7, letters: 9 },
    ];
    const list = async (query = ''): Promise<{ items: unknown[]; nextCursor: string | null }> =>
      (await world.as(chief).get(`/api/v1/desk/shares${query}`)).body as never;
    expect(await list()).toEqual({ items: rows, nextCursor: null });
    expect((await list(`?articleId=${one_.id}`)).items).toEqual(rows.slice(1));
    expect((await list('?from=2026-01-31&to=2026-01-31')).items).toEqual(rows.slice(2));
    expect((await list('?to=2026-01-30T23:59:59Z')).items).toEqual(rows.slice(2));
    expect((await list('?to=2026-01-30T12:00:00Z')).items).toEqual([]);
    const walked: unknown[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const page = await list(`?limit=1${cursor === '' ? '' : `&cursor=${cursor}`}`);
      walked.push(...page.items);
      cursor = page.nextCursor;
    }
    expect(walked).toEqual(rows);
    const author = await anEditor(world, 'section_editor');
    expect((await world.as(author).get('/api/v1/desk/shares')).status).toBe(403);
    expect((await world.as(null).get('/api/v1/desk/shares')).status).toBe(401);
    expect((await world.as(chief).get('/api/v1/desk/shares?cursor=x')).status).toBe(400);
  });
});

describe('After all is delivered', () => {
  it('no table holds any of the addresses, in any spelling', async () => {
    const [sender, friend, refuser] = ['Huda.Qasem+list', 'Karim_Odeh', 'Rana-N'].map(
      (name) => `${name}.${randomBytes(3).toString('hex')}@Mailboxes-Of-Friends.Example`,
    ) as [string, string, string];
    await world.tx((tx) => world.app.get(Suppressions).suppress(tx, world.app.get(MailboxKeys).hashOf(parseAddress(refuser)!), 'desk'));
    const { body } = await share({ body: { senderEmail: sender, recipients: [friend, refuser] } });
    const dump = async (): Promise<string> => {
      const tables = await world.dataSource.query<{ name: string; columns: string[] }[]>(
        `select c.table_schema || '.' || quote_ident(c.table_name) as name, array_agg(
           case when c.data_type = 'bytea' then format('encode(%I, ''hex'') || '' '' || encode(%I, ''base64'') || '' '' || encode(%I, ''escape'')', c.column_name, c.column_name, c.column_name)
                else format('%I::text', c.column_name) end) as columns
         from information_schema.columns c join information_schema.tables t using (table_schema, table_name)
         where t.table_type = 'BASE TABLE' and c.table_schema not in ('pg_catalog', 'information_schema') group by 1`,
      );
      expect(tables.map(({ name }) => name)).toEqual(
        expect.arrayContaining(['public.shares', 'public.mail_outbox', 'public.rate_buckets']),
      );
      const dumps = await Promise.all(
        tables.map(async ({ name, columns }) =>
          (await world.dataSource.query<{ line: string }[]>(`select concat_ws('|', ${columns.join()}) as line from ${name}`))
            .map(({ line }) => line)
            .join('\n'),
        ),
      );
      return dumps.join('\n').toLowerCase();
    };
    // While it waits it is sealed; and the search finds what is there: a title is.
    expect(await dump()).toContain('المدينة والماء');
    const traces = (address: string): string[] => {
      const spellings = [
        address,
        address.toLowerCase(),
        address.toUpperCase(),
        parseAddress(address)!.canonical,
        address.split('@')[0]!,
        address.toLowerCase().split('@')[0]!,
        countedMailbox(parseAddress(address)!),
        countedMailbox(parseAddress(address)!).split('@')[0]!,
      ];
      return [...new Set(spellings)].flatMap((text) => {
        const bytes = Buffer.from(text);
        // Whole groups of three from each of the three ways base64 can begin.
        const base64 = [0, 1, 2].map((skip) => bytes.subarray(skip, skip + Math.floor((bytes.length - skip) / 3) * 3).toString('base64'));
        const reversed = [...text].toReversed().join('');
        return [
          text,
          reversed,
          bytes.toString('hex'),
          Buffer.from(reversed).toString('hex'),
          encodeURIComponent(text),
          createHash('sha256').update(text).digest('hex'),
          createHash('md5').update(text).digest('hex'),
          createHash('sha1').update(text).digest('hex'),
          ...base64,
          ...base64.map((part) => part.replaceAll('+', '-').replaceAll('/', '_')),
        ].map((trace) => trace.toLowerCase());
      });
    };
    const found = async (): Promise<string[]> => {
      const text = (await dump()).replaceAll(/(?<=[a-z\d+/])\n(?=[a-z\d+/=])/g, '');
      return [sender, friend, refuser].flatMap(traces).filter((trace) => text.includes(trace));
    };
    expect(await found()).toEqual([]);
    const [asking] = await letters();
    expect(await found()).toEqual([]);
    await confirm(tokenOf(asking!));
    expect((await letters()).map(to)).toEqual([parseAddress(friend)!.canonical]);
    expect(await rowOf((body as { shareId: string }).shareId)).toEqual({ state: 'dispatched', kept: false });
    expect(await found()).toEqual([]);
  });
});
