import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { createChallenge, solveChallenge } from 'altcha-lib';
import { deriveKey } from 'altcha-lib/algorithms/pbkdf2';
import type { Payload } from 'altcha-lib/types';
import { simpleParser, type ParsedMail } from 'mailparser';
import type { Test } from 'supertest';
import { Waker } from '../src/jobs/waker.js';
import { parseAddress } from '../src/mail/address.js';
import { MailboxKeys } from '../src/mail/mailbox-keys.js';
import { Suppressions } from '../src/mail/suppressions.service.js';
import { SenderCookie } from '../src/send-to-friend/sender-cookie.js';
import { ShareConfirmations } from '../src/send-to-friend/share-confirmations.service.js';
import { ShareSecrets } from '../src/send-to-friend/share-secrets.js';
import { SharesService } from '../src/send-to-friend/shares.service.js';
import { anArticle, anEditor } from './factories.js';
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
  return world.app.get(SenderCookie).proofOf(world.app.get(MailboxKeys).hashOf(parseAddress(email)!), now);
}

/** A share of a sender who has confirmed. */
async function confirmedShare({ body = {}, ...given }: Given = {}): Promise<Awaited<Test>> {
  const senderEmail = (body['senderEmail'] as string | undefined) ?? aMailbox('sender');
  return share({ proof: await proofOf(senderEmail), ...given, body: { senderEmail, ...body } });
}

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
    expect(await confirmations.find(token)).toEqual({ shares: [], released: true });
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
