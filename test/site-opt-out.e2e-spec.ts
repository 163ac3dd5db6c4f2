import { randomBytes } from 'node:crypto';
import type { LightMyRequestResponse } from 'fastify';
import { parseAddress } from '../src/mail/address.js';
import { MailboxKeys } from '../src/mail/mailbox-keys.js';
import { Suppressions } from '../src/mail/suppressions.service.js';
import { startTestApp, type TestApp } from './test-app.js';
import { PAGE_POLICY } from './page-policy.js';

/** What the holder of a mailbox can refuse, and by what. */

let world: TestApp;

beforeAll(async () => {
  world = await startTestApp();
  await world.dataSource.query(`update center set name = '{"ar": "مركز مثال", "en": "Example Center"}'`);
});
afterAll(() => world.close());
beforeEach(() => world.dataSource.query(`delete from mail_suppressions`));

const aMailbox = (name = `friend-${randomBytes(5).toString('hex')}`): { token: string; hash: string } => {
  const address = parseAddress(`${name}@friends.example`)!;
  const keys = world.app.get(MailboxKeys);
  return { token: keys.tokenOf(address), hash: keys.hashOf(address).toString('hex') };
};
const path = (token: string, query = ''): string => `/mail/opt-out/${token}${query}`;
const open = (token: string, query = '', method: 'GET' | 'HEAD' = 'GET'): Promise<LightMyRequestResponse> =>
  world.app.inject({ method, url: path(token, query) });
/** As the button of the page does it in a browser. */
const press = (token: string, query = '', headers: Record<string, string> = {}): Promise<LightMyRequestResponse> =>
  world.app.inject({
    method: 'POST',
    url: path(token, query),
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      origin: 'https://center.example',
      'sec-fetch-site': 'same-origin',
      ...headers,
    },
    payload: '',
  });
const BOUNDARY = '--------------------------974767299852498929531610575';
const MULTIPART = `--${BOUNDARY}\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--${BOUNDARY}--\r\n`;
/** As a mail program does it for its reader: no page, no origin, no cookie. */
const click = (token: string, headers: Record<string, string>, payload?: string): Promise<LightMyRequestResponse> =>
  world.app.inject({ method: 'POST', url: path(token), headers, ...(payload !== undefined && { payload }) });

const heading = ({ body }: LightMyRequestResponse): string => /<h1>([^<]*)<\/h1>/.exec(body)![1]!;
const suppressed = (): Promise<{ hash: string; reason: string; scope: string }[]> =>
  world.dataSource.query(`select encode(address_hash, 'hex') as hash, reason, scope from mail_suppressions order by created_at`);

it('says what the button does, for one reader’s eyes, in three languages, and changes nothing however often it is opened', async () => {
  const { token } = aMailbox();
  for (const [query, title] of [
    ['', 'أتريد ألّا تصلك هذه الرسائل؟'],
    ['?lang=en', 'Do you want no more of these letters?'],
    ['?lang=fr', 'Ne plus recevoir ces messages ?'],
    ['?List-Unsubscribe=One-Click&confirm=1&_method=post', 'أتريد ألّا تصلك هذه الرسائل؟'],
  ] as const) {
    const answer = await open(token, query);
    expect([answer.statusCode, heading(answer)]).toEqual([200, title]);
    expect(answer.body).toContain('<form method="post"><button type="submit">');
    expect(answer.body).not.toMatch(/<script|<img|https?:/);
    expect(answer.headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'private, no-store',
      'x-robots-tag': 'noindex',
      'referrer-policy': 'same-origin',
    });
    expect(answer.headers['content-security-policy']).toBe(PAGE_POLICY);
    expect(answer.headers['set-cookie']).toBeUndefined();
  }
  expect((await open(token, '', 'HEAD')).statusCode).toBe(200);
  expect(await suppressed()).toEqual([]);
});

it('refuses for good when the button is pressed, and says so again to whoever presses it again', async () => {
  const { token, hash } = aMailbox('Salma+news');
  for (const [query, title] of [
    ['', 'لن تصلك هذه الرسائل بعد اليوم'],
    ['?lang=en', 'You will get no more of these letters'],
    ['?lang=fr', 'Vous ne recevrez plus ces messages'],
  ] as const) {
    const answer = await press(token, query);
    expect([answer.statusCode, heading(answer)]).toEqual([200, title]);
    expect(answer.body).not.toContain('<form');
    expect(answer.headers).toMatchObject({ 'cache-control': 'private, no-store', 'x-robots-tag': 'noindex' });
    expect(answer.headers['set-cookie']).toBeUndefined();
  }
  expect(await suppressed()).toEqual([{ hash, reason: 'opt_out', scope: 'shares' }]);
  // The address is one mailbox in every spelling.
  expect(aMailbox('salma')).toEqual({ token, hash });
  expect(await world.tx((tx) => world.app.get(Suppressions).holds(tx, Buffer.from(aMailbox('SALMA').hash, 'hex')))).toBe(true);
});

it('is done once by eight who press at the same moment', async () => {
  const { token, hash } = aMailbox();
  const answers = await Promise.all(Array.from({ length: 8 }, () => press(token)));
  expect(answers.map(({ statusCode }) => statusCode)).toEqual(Array.from({ length: 8 }, () => 200));
  expect(await suppressed()).toEqual([{ hash, reason: 'opt_out', scope: 'shares' }]);
});

it('obeys a mail program’s one click in each form that RFC 8058 has for it, or with no body at all', async () => {
  const type = (of: string): Record<string, string> => ({ 'content-type': of });
  for (const [headers, payload] of [
    [type('application/x-www-form-urlencoded'), 'List-Unsubscribe=One-Click'],
    [type(`multipart/form-data; boundary=${BOUNDARY}`), MULTIPART],
    [type('multipart/form-data; boundary=x'), 'no multipart at all'],
    [type('application/x-www-form-urlencoded'), 'a=1&%zz=%&a=2'],
    [{}, undefined],
    [{ 'content-length': '0' }, undefined],
    [type('application/json'), '{}'],
  ] as const) {
    const { token, hash } = aMailbox();
    const answer = await click(token, { ...headers, 'user-agent': 'mail program' }, payload);
    expect([headers, answer.statusCode, (await suppressed()).map((row) => row.hash)]).toEqual([headers, 200, [hash]]);
    await world.dataSource.query(`delete from mail_suppressions`);
  }
});

it('refuses what another site’s page sends', async () => {
  const { token } = aMailbox();
  for (const headers of [
    { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' },
    { origin: 'null' },
    { 'sec-fetch-site': 'cross-site' },
  ]) {
    const answer = await press(token, '', headers as unknown as Record<string, string>);
    expect([headers, answer.statusCode, heading(answer)]).toEqual([headers, 403, 'غير مسموح']);
  }
  expect(await suppressed()).toEqual([]);
});

it('knows no other link than ours, and tells nothing of what it was given', async () => {
  const { token } = aMailbox();
  const turned = `${token.slice(0, -1)}${token.endsWith('A') ? 'B' : 'A'}`;
  for (const junk of [
    'x',
    turned,
    token.slice(1),
    `${token}A`,
    'A'.repeat(22),
    "'--",
    '<b>',
    '%00',
    '..%2f..%2fetc',
    'ا'.repeat(22),
    'x'.repeat(299),
  ]) {
    const url = encodeURI(junk).replaceAll('%25', '%');
    for (const answer of [await open(url), await press(url)]) {
      expect([junk, answer.statusCode]).toEqual([junk, junk === '%00' ? 400 : 404]);
      expect(answer.body).not.toContain('<b>');
      if (junk !== '%00') expect(heading(answer)).toBe('لا نعرف هذا الرابط');
    }
  }
  expect(await suppressed()).toEqual([]);
});

it('reads no more than a form holds, and multipart nowhere else', async () => {
  const { token } = aMailbox();
  const big = 'x'.repeat(5_000);
  expect((await click(token, { 'content-type': `multipart/form-data; boundary=${BOUNDARY}` }, big)).statusCode).toBe(413);
  expect((await click(token, { 'content-type': 'application/x-www-form-urlencoded' }, `a=${big}`)).statusCode).toBe(413);
  expect((await click(token, { 'content-type': 'text/plain' }, 'List-Unsubscribe=One-Click')).statusCode).toBe(415);
  expect(await suppressed()).toEqual([]);
  for (const url of ['/polls/confirm/x', '/api/v1/polls/confirmations', '/api/v1/sessions', '/api/v1/desk/articles']) {
    const headers = { 'content-type': `multipart/form-data; boundary=${BOUNDARY}` };
    expect([url, (await world.app.inject({ method: 'POST', url, headers, payload: MULTIPART })).statusCode]).toEqual([url, 415]);
  }
});
