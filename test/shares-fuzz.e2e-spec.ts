import { createChallenge, solveChallenge } from 'altcha-lib';
import { deriveKey } from 'altcha-lib/algorithms/pbkdf2';
import type { Payload } from 'altcha-lib/types';
import * as fc from 'fast-check';
import { simpleParser } from 'mailparser';
import { Waker } from '../src/jobs/waker.js';
import { countedMailbox, parseAddress, type Address } from '../src/mail/address.js';
import { MailboxKeys } from '../src/mail/mailbox-keys.js';
import { SenderCookie } from '../src/send-to-friend/sender-cookie.js';
import { ShareSecrets } from '../src/send-to-friend/share-secrets.js';
import { anArticle } from './factories.js';
import { MailSink, type Received } from './mail-sink.js';
import { startTestApp, type TestApp } from './test-app.js';

/** Ten thousand requests to send a piece: what they ask in good form goes to exactly whom they name, and nothing else goes anywhere. */

const REQUESTS = 10_000;
/** As many as are under way together, and then delivered. */
const BATCH = 500;

let sink: MailSink;
let world: TestApp;
let article: number;

beforeAll(async () => {
  sink = await MailSink.open();
  world = await startTestApp({ SMTP_URL: sink.url, TRUSTED_PROXY_HOPS: '1' });
  await world.dataSource.query(`update center set name = '{"ar": "مركز مثال", "en": "Example Center"}'`);
  article = (await anArticle(world, { title: 'المدينة والماء: دراسة' })).id;
});
afterAll(async () => {
  await world.close();
  await sink.close();
});

const LOCAL = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJ0123456789#$&'*+-/=?^_`{|}~";
const DOMAINS = ['friends.example', 'Mail.Friends.Example', 'مثال.إختبار', 'bücher.example', 'xn--mgbh0fb.xn--kgbechtv', 'a-b.c-d.example'];

const word = (letters: string, max: number): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom(...letters), minLength: 1, maxLength: max });
/** Mostly good addresses; `parseAddress` alone says which are. */
const address = fc
  .tuple(fc.array(word(LOCAL, 12), { minLength: 1, maxLength: 3 }), fc.uuid(), fc.constantFrom(...DOMAINS))
  .map(([parts, id, domain]) => `${id.slice(0, 13)}.${parts.join('.')}@${domain}`);
/** What programs that build headers, lists or commands of addresses have fallen for. */
const poison = fc.constantFrom(
  '\r\n', '\n', '\r', '\0', '\t', ' ', ',', ';', ':', '<', '>', '(', ')', '[', ']', '"', '\\', '%', '%0d%0a', '@', '@@', '..', '|', '`', '$(id)', '\u202E', '\u2066',
  '\u200B', '\u00AD', '\u3002', '\uFF20', '\uFE6B', '\uD800', '\uFFFF', 'İ', 'ß', '\r\nBcc: x@evil.example', '\r\n.\r\n', ' SIZE=1', '> NOTIFY=NEVER', '=?utf-8?q?x?=', '!',
); // prettier-ignore
const poisoned = fc
  .tuple(address, poison, fc.nat())
  .map(([text, drop, at]) => text.slice(0, at % (text.length + 1)) + drop + text.slice(at % (text.length + 1)));
const anything = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.constantFrom(null, 7, true, {}, [], [[]], { address: 'a@b.example', canonical: 'a@b.example' }, '', 'x'.repeat(400)),
  fc.jsonValue(),
);
const junkAddress = fc.oneof(
  { weight: 3, arbitrary: poisoned as fc.Arbitrary<unknown> },
  fc.constantFrom('a@[127.0.0.1]', 'a@[IPv6:::1]', 'a@127.0.0.1', 'a@localhost', '"a b"@friends.example', 'A <a@friends.example>', 'g: a@friends.example;', 'a%b@friends.example', 'a@b@friends.example'), // prettier-ignore
  anything,
);
const NAMES = ['سلمى', 'د. سالم', "O'Neill", 'Anne-Marie', 'محمد بن عبد الله', 'Zoë Müller', 'ليلى\u200Fحسن'];
const words = fc.oneof(
  fc.lorem({ maxCount: 12 }),
  fc.constantFrom(
    'انظري evil.example', 'https://evil.example/x?a=b', 'hxxp://evil[.]example', 'evil。example', 'www.evil.example', 'كلمني على ٠١٠١٢٣٤٥٦٧٨', 'a@evil.example', '<a href="https://evil.example">x</a>',
    '[x](https://evil.example)', 'evil\u200B.example', 'ev\u00ADil.example', '//evil.example', 'mailto:a@evil.example', 'javascript:alert(1)', 'evil．example', 'EVIL.EXAMPLE', '\u202Eelpmaxe.live//:sptth',
  ), // prettier-ignore
  fc.string({ unit: 'grapheme-ascii', maxLength: 100 }).map((text) => `كلمة ${text}`),
);

interface Asked {
  readonly body: Record<string, unknown>;
  /** Whose field was spoilt; null: everything is as it should be. */
  readonly spoilt: string | null;
  readonly key: string;
}

const good = fc.record({
  senderName: fc.constantFrom(...NAMES),
  senderEmail: address,
  recipients: fc.array(address, { minLength: 1, maxLength: 3 }),
});
const fields: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  senderName: fc.oneof(poison.map((drop) => `سلمى${drop}x1`), fc.constantFrom('x', 'evil.example', 'سلمى 0101234567', 'http://evil.example', 'x'.repeat(61)), anything), // prettier-ignore
  senderEmail: junkAddress,
  recipients: fc.oneof(
    { weight: 4, arbitrary: fc.array(junkAddress, { maxLength: 4 }) as fc.Arbitrary<unknown> },
    fc.tuple(address, poisoned).map(([one, other]) => [one, other]),
    fc.array(address, { minLength: 4, maxLength: 6 }),
    fc.tuple(address, address).map((two) => [two.join(',')]),
    address.map((one) => [one, one.toUpperCase()]),
    anything,
  ),
  message: fc.oneof(fc.string({ unit: 'binary', maxLength: 400 }), anything),
  allowReply: anything,
  lang: anything,
  work: anything,
  subject: anything,
  from: address,
  'recipients[]': address,
  constructor: anything,
};
const request: fc.Arbitrary<Asked> = fc.oneof(
  { weight: 1, arbitrary: fc.record({ body: fc.record({ ...goodOf(), message: words, allowReply: fc.boolean() }, { requiredKeys: ['senderName', 'senderEmail', 'recipients'] }), spoilt: fc.constant(null), key: fc.uuid() }) }, // prettier-ignore
  {
    weight: 25,
    arbitrary: fc.constantFrom(...Object.keys(fields)).chain((spoilt) =>
      fc.record({
        body: fc.tuple(good, fields[spoilt]!).map(([body, value]) => ({ ...body, [spoilt]: value })),
        spoilt: fc.constant(spoilt),
        key: fc.uuid(),
      }),
    ),
  },
);

function goodOf(): { senderName: fc.Arbitrary<string>; senderEmail: fc.Arbitrary<string>; recipients: fc.Arbitrary<string[]> } {
  return {
    senderName: fc.constantFrom(...NAMES),
    senderEmail: address,
    recipients: fc.array(address, { minLength: 1, maxLength: 3 }),
  };
}

const isAddress = (value: unknown): Address | null => (typeof value === 'string' ? parseAddress(value) : null);

async function someWork(): Promise<Payload> {
  const secrets = world.app.get(ShareSecrets);
  const challenge = await createChallenge({
    algorithm: 'PBKDF2/SHA-256',
    cost: 1,
    counter: 0,
    data: { for: 'share', factor: 1 },
    deriveKey,
    expiresAt: new Date(Date.now() + 600_000),
    hmacSignatureSecret: secrets.work.toString('hex'),
    hmacKeySignatureSecret: secrets.solutions.toString('hex'),
  });
  return { challenge, solution: (await solveChallenge({ challenge, deriveKey }))! };
}

/** Who is written to when this is taken: in our own reading of the addresses. */
function expectedOf(body: Asked['body']): string[] | null {
  const { recipients } = body;
  if (!Array.isArray(recipients) || recipients.length < 1 || recipients.length > 3) return null;
  const parsed = recipients.map(isAddress);
  if (isAddress(body['senderEmail']) === null || parsed.some((one) => one === null)) return null;
  return new Set(parsed.map((one) => countedMailbox(one!))).size === parsed.length ? parsed.map((one) => one!.canonical) : null;
}

const HEADERS = new Set(
  'from to reply-to subject message-id date mime-version content-type content-language auto-submitted list-unsubscribe list-unsubscribe-post content-transfer-encoding precedence'.split(
    ' ',
  ),
);
const CODES = [
  'invalid_body', 'unknown_field', 'malformed_body', 'malformed_request', 'malformed_value', 'work_required', 'work_invalid', 'work_expired', 'idempotency_key_required', 'idempotency_key_invalid',
]; // prettier-ignore

/** What a message has that it must not: nothing. */
async function faultsOf({ raw, asked }: Received): Promise<string[]> {
  const head = raw.slice(0, raw.indexOf('\r\n\r\n')).replaceAll(/\r\n[ \t]+/g, ' ');
  const lines = head.split('\r\n');
  const names = lines.map((line) => line.slice(0, line.indexOf(':')).toLowerCase());
  const { html, text, from, to, subject } = await simpleParser(Buffer.from(raw, 'latin1'));
  const links = [...(String(html).match(/(?:href|src|action|background)="[^"]*"/g) ?? [])].map((attribute) =>
    attribute.replace(/^\w+="|"$/g, ''),
  );
  const written = `${text} ${String(html).replaceAll(/<[^>]*>/g, ' ')}`.match(/(?:https?|ftp|mailto|javascript|data):[^\s"<]+/gi) ?? [];
  return [
    ...names.filter((name, index) => !HEADERS.has(name) || names.indexOf(name) !== index).map((name) => `header ${name}`),
    ...[...links, ...written].filter((link) => !/^https:\/\/center[.]example(?:[/?#]|$)/.test(link)).map((link) => `link ${link}`),
    ...(/evil(?:[.。．[]|%2e)\S|elpmaxe[.]/i.test(`${head}${text}${String(html)}`) ? [`words ${text}`] : []),
    ...(asked.length === 1 ? [] : [`${asked.length} recipients`]),
    ...(from?.value[0]?.address?.endsWith('center.example') ? [] : ['From']),
    ...(Array.isArray(to) || to?.value.length !== 1 ? ['To'] : []),
    ...(/المدينة والماء/.test(subject ?? '') ? [] : [`subject ${subject}`]),
  ];
}

it('go to whom they name, or are refused by the name of what is wrong with them', { timeout: 240_000 }, async () => {
  const requests = fc.sample(request, { numRuns: REQUESTS, seed: 20_261_123 });
  const cookie = world.app.get(SenderCookie);
  const keys = world.app.get(MailboxKeys);
  const waker = world.app.get(Waker);
  const [{ now }] = await world.dataSource.query<[{ now: number }]>(`select floor(extract(epoch from now()))::float8 as now`);
  const wrong: unknown[] = [];
  const expected: string[] = [];
  const arrived: string[] = [];
  const counts: Record<string, number> = {};
  for (let start = 0; start < REQUESTS; start += BATCH) {
    await world.dataSource.query(`delete from rate_buckets`);
    const batch = requests.slice(start, start + BATCH);
    let next = 0;
    const one = async (): Promise<void> => {
      for (let index = next; index < batch.length; index = next) {
        next += 1;
        const { body, spoilt, key } = batch[index]!;
        const sender = isAddress(body['senderEmail']);
        const takers = expectedOf(body);
        // What is refused for its addresses is refused before its work is looked at.
        const work = 'work' in body || takers === null ? {} : { work: await someWork() };
        const { statusCode, payload } = await world.app.inject({
          method: 'POST',
          url: `/api/v1/articles/${article}/shares`,
          payload: JSON.stringify({ ...body, ...work }),
          headers: {
            'content-type': 'application/json',
            'idempotency-key': key,
            'x-forwarded-for': `2001:db8:${(start + index).toString(16)}::1`,
            ...(sender && { cookie: `__Host-sv=${cookie.proofOf(keys.exactHashOf(sender), now)}` }),
          },
        });
        const answer = JSON.parse(payload) as { code?: string; errors?: { field: string }[]; shareId?: string };
        counts[`${statusCode} ${answer.code ?? ''}`] = (counts[`${statusCode} ${answer.code ?? ''}`] ?? 0) + 1;
        const tell = (what: string): void => void wrong.push([what, statusCode, answer, body]);
        if (statusCode === 202) {
          if (takers === null) tell('taken, and is no list of addresses');
          expected.push(...(takers ?? []));
        } else {
          if (statusCode >= 500 || !CODES.includes(answer.code!)) tell('refused in no way that we know');
          if (spoilt === null) tell('refused, and is as it should be');
          if (takers === null && statusCode !== 400) tell('refused, but not for its addresses');
          const named = answer.errors!.map(({ field }) => field.split('.')[0]);
          if (answer.code!.endsWith('_body') && (named.length === 0 || !named.every((field) => field === spoilt)))
            tell('refused for another field');
        }
      }
    };
    await Promise.all(Array.from({ length: 8 }, one));
    await world.dataSource.query(`delete from rate_buckets`);
    await Promise.all([waker.run('shares'), waker.run('shares')]);
    await Promise.all(Array.from({ length: 4 }, () => waker.run('mail shares')));
    for (const message of sink.received.splice(0)) {
      arrived.push(...message.asked.map((line) => /^RCPT TO:<(.*)>$/i.exec(line)?.[1] ?? line));
      for (const fault of await faultsOf(message)) wrong.push(fault);
    }
  }
  expect(wrong.slice(0, 10)).toEqual([]);
  expect(arrived.toSorted()).toEqual(expected.toSorted());
  if (process.env['FUZZ_COUNTS']) console.log(counts, arrived.length);
  expect(arrived.length).toBeGreaterThan(1_000);
  expect(await world.dataSource.query(`select state, count(*)::int as n from mail_outbox group by 1`)).toEqual([
    { state: 'sent', n: arrived.length },
  ]);
  expect(await world.dataSource.query(`select state from shares where state <> 'dispatched'`)).toEqual([]);
});
