import { randomBytes } from 'node:crypto';
import { solveChallenge } from 'altcha-lib';
import { deriveKey } from 'altcha-lib/algorithms/pbkdf2';
import type { Challenge } from 'altcha-lib/types';
import type { LightMyRequestResponse } from 'fastify';
import { simpleParser, type ParsedMail } from 'mailparser';
import { RateLimits } from '../src/http/rate-limits.js';
import { Waker } from '../src/jobs/waker.js';
import { parseAddress } from '../src/mail/address.js';
import { MailboxKeys } from '../src/mail/mailbox-keys.js';
import { ShareConfirmations } from '../src/send-to-friend/share-confirmations.service.js';
import { senderBuckets } from '../src/send-to-friend/share-limits.js';
import { aDraft, anArticle } from './factories.js';
import { MailSink } from './mail-sink.js';
import { startTestApp, type TestApp } from './test-app.js';
import { PAGE_POLICY } from './page-policy.js';

/** The pages of sending: the form, and where the letter to the sender leads. */

let sink: MailSink;
let world: TestApp;
let piece: { id: number; slug: string };

beforeAll(async () => {
  sink = await MailSink.open();
  world = await startTestApp({ SMTP_URL: sink.url, TRUSTED_PROXY_HOPS: '1' });
  await world.dataSource.query(`update center set name = '{"ar": "مركز مثال", "en": "Example Center"}'`);
  piece = await anArticle(world, { title: 'المدينة و<الماء>' });
});
afterAll(async () => {
  await world.close();
  await sink.close();
});
beforeEach(async () => {
  await letters();
  await world.dataSource.query(`delete from rate_buckets`);
  await world.dataSource.query(`delete from shares`);
  await world.dataSource.query(`update center set mail_sharing = true`);
  await world.dataSource.query(`update mail_stops set resumed_at = now() where resumed_at is null`);
});

const aMailbox = (who = 'friend'): string => `${who}-${randomBytes(6).toString('hex')}@friends.example`;
const anIp = (): string => `2001:db8:${randomBytes(2).toString('hex')}:${randomBytes(2).toString('hex')}::1`;
const path = (query = '', { id, slug } = piece): string => `/articles/${id}/${encodeURIComponent(slug)}/send${query}`;
const heading = ({ body }: LightMyRequestResponse): string => /<h1>([^<]*)<\/h1>/.exec(body)![1]!;
const keyIn = ({ body }: LightMyRequestResponse): string => /name="key" value="([\w-]{22})"/.exec(body)![1]!;
const OURS = { origin: 'https://center.example', 'sec-fetch-site': 'same-origin' };

type Filled = Readonly<Record<string, string>>;

const filled = (more: Filled = {}): Filled => ({
  key: randomBytes(16).toString('base64url'),
  senderName: 'سلمى',
  senderEmail: aMailbox('sender'),
  recipient1: aMailbox(),
  recipient2: '',
  recipient3: '',
  lang: 'ar',
  ...more,
});
const get = (url: string, headers: Record<string, string> = {}, method: 'GET' | 'HEAD' = 'GET'): Promise<LightMyRequestResponse> =>
  world.app.inject({ method, url, headers });
/** As a browser sends the page's own form. */
const send = (form: Filled, query = '', headers: Record<string, string> = {}, article = piece): Promise<LightMyRequestResponse> =>
  world.app.inject({
    method: 'POST',
    url: path(query, article),
    headers: { 'content-type': 'application/x-www-form-urlencoded', 'x-forwarded-for': anIp(), ...OURS, ...headers },
    payload: new URLSearchParams(form).toString(),
  });

/** What the button of the page behind a link releases; null where there is none. */
const upToIn = ({ body }: LightMyRequestResponse): string | null =>
  /<input type="hidden" name="upTo" value="([^"]*)"\/?>/.exec(body)?.[1] ?? null;
/** Opens the page behind a link and presses its button, as a browser does; or presses as if `upTo` had stood in it. */
async function press(url: string, headers: Record<string, string> = {}, upTo?: string): Promise<LightMyRequestResponse> {
  const [{ now }] = await world.dataSource.query<[{ now: string }]>(`select now()::text`);
  const payload = new URLSearchParams({ upTo: upTo ?? upToIn(await get(url)) ?? now }).toString();
  return world.app.inject({
    method: 'POST',
    url,
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...OURS, ...headers },
    payload,
  });
}
const cookieOf = ({ headers }: LightMyRequestResponse): string => /^[^;]+/.exec(String(headers['set-cookie']))![0];

/** Does all that is due, and gives what has arrived since the last time. */
async function letters(): Promise<ParsedMail[]> {
  for (const job of ['shares', 'mail readers', 'mail shares']) await world.app.get(Waker).run(job);
  return Promise.all(sink.received.splice(0).map(({ raw }) => simpleParser(raw)));
}
const to = ({ to: recipient }: ParsedMail): string => (Array.isArray(recipient) ? '' : (recipient?.text ?? ''));
const linkOf = ({ text }: ParsedMail): string =>
  /\n(?:https:\/\/center\.example)(\/shares\/confirm\/[\w-]{43})\?lang=/.exec(text ?? '')![1]!;
const shares = async (): Promise<number> => (await world.dataSource.query<[{ n: number }]>(`select count(*)::int as n from shares`))[0].n;

/** What the page says is wrong: its summary, then what stands at each field. */
const wrong = ({ body }: LightMyRequestResponse): { summary: string[]; fields: Record<string, string> } => ({
  summary: [.../<div class="notice"[^>]*>(.*?)<\/div>/.exec(body)![1]!.matchAll(/<(?:a|p)[^>]*>([^<]*)</g)].map(([, text]) => text!),
  fields: Object.fromEntries([...body.matchAll(/<p id="(\w+)-wrong"[^>]*>([^<]*)</g)].map(([, name, text]) => [name!, text!])),
});

describe('The form', () => {
  it('is empty whatever its address holds, for one reader’s eyes, works without scripts, and names every field', async () => {
    const answer = await get(
      path('?senderName=x&senderEmail=victim@friends.example&recipient1=victim@friends.example&message=buy&key=abc'),
    );
    expect([answer.statusCode, heading(answer)]).toEqual([200, 'أرسلها إلى صديق']);
    expect(answer.headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'private, no-store',
      'x-robots-tag': 'noindex',
      'content-security-policy': PAGE_POLICY,
    });
    expect(answer.headers['set-cookie']).toBeUndefined();
    expect(answer.body).not.toContain('victim');
    expect(answer.body).not.toMatch(/<script(?! type="module" src="\/assets\/)|<img/);
    const inputs = [...answer.body.matchAll(/<(?:input|select)([^>]*)>/g)].map(([, attributes]) => attributes!);
    expect(inputs.map((attributes) => /name="(\w+)"/.exec(attributes)![1])).toEqual([
      'key',
      'recipient1',
      'recipient2',
      'recipient3',
      'lang',
      'senderName',
      'senderEmail',
    ]);
    for (const attributes of inputs.slice(1)) {
      const [, id] = / id="(\w+)"/.exec(attributes)!;
      expect([id, answer.body.includes(`<label for="${id}">`)]).toEqual([id, true]);
    }
    expect(inputs.filter((attributes) => / value="[^"]/.test(attributes))).toHaveLength(1);
    expect(inputs.map((attributes) => /autocomplete="([\w-]+)"/.exec(attributes)?.[1])).toEqual([
      undefined,
      'off',
      'off',
      'off',
      undefined,
      'name',
      'email',
    ]);
    // Each form is another share.
    expect(keyIn(await get(path()))).not.toBe(keyIn(answer));
    expect((await get(path(), {}, 'HEAD')).statusCode).toBe(200);
    expect(heading(await get(path('?lang=en')))).toBe('Send it to a friend');
    expect(heading(await get(path('?lang=fr')))).toBe('L’envoyer à un ami');
  });

  it('with its work done by a script has the limits of the API, not those of a form', async () => {
    const ip = anIp();
    const from = { 'x-forwarded-for': ip };
    for (let n = 0; n < 5; n += 1) expect((await send(filled(), '', from)).statusCode).toBe(202);
    expect((await send(filled(), '', from)).statusCode).toBe(429);
    const { work: challenge } = (await get('/api/v1/shares/challenge', from)).json<{ work: Challenge }>();
    const solution = (await solveChallenge({ challenge, deriveKey }))!;
    const work = Buffer.from(JSON.stringify({ challenge, solution })).toString('base64');
    for (const junk of ['x', Buffer.from('{}').toString('base64')])
      expect([junk, (await send(filled({ work: junk }), '', from)).statusCode]).toEqual([junk, 400]);
    const form = filled({ work });
    expect((await send(form, '', from)).statusCode).toBe(202);
    // Pressed twice it is one; for another share its work is done.
    expect((await send(form, '', from)).statusCode).toBe(202);
    const spent = await send(filled({ work }), '', from);
    expect([spent.statusCode, wrong(spent).summary.length > 0]).toEqual([422, true]);
  });

  it('stands where the piece does: a wrong slug leads there, a draft has none', async () => {
    const moved = await get(path('?utm_source=x&lang=en', { id: piece.id, slug: 'x' }));
    expect([moved.statusCode, moved.headers['location']]).toEqual([301, `https://center.example${path('?lang=en')}`]);
    const draft = await aDraft(world);
    for (const url of [path('', draft), '/articles/999999999/x/send', '/articles/x/y/send']) {
      expect([url, (await get(url)).statusCode]).toEqual([url, 404]);
      const answer = await world.app.inject({ method: 'POST', url, headers: { ...OURS, 'content-type': 'application/x-www-form-urlencoded' }, payload: new URLSearchParams(filled()).toString() }); // prettier-ignore
      expect([url, answer.statusCode]).toEqual([url, 404]);
    }
    expect(await shares()).toBe(0);
  });

  it('is not there where the center sends no mail for readers, nor is the link to it', async () => {
    const page = `/articles/${piece.id}/${encodeURIComponent(piece.slug)}`;
    expect((await get(page)).body).toContain(`${path()}?lang=ar"`);
    await world.dataSource.query(`update center set mail_sharing = false`);
    expect((await get(page)).body).not.toContain('/send');
    for (const answer of [await get(path()), await send(filled())])
      expect([answer.statusCode, heading(answer)]).toEqual([403, 'غير مسموح']);
    expect(await shares()).toBe(0);
  });

  it('asks the sender first, and says the same of every address: known, unknown, refused', async () => {
    const [sender, friend, other] = [aMailbox('sender'), aMailbox(), aMailbox()];
    const first = await send(filled({ senderEmail: ` ${sender} `, recipient1: friend, recipient3: other, lang: 'en' }), '?lang=en');
    expect([first.statusCode, heading(first)]).toEqual([202, 'One step is left: open your mail']);
    expect(first.body).toContain('<bdi lang="ar" dir="rtl">المدينة و&lt;الماء></bdi>');
    expect(first.body).not.toContain(sender);
    expect(first.body).not.toContain(friend);
    expect(first.headers['set-cookie']).toBeUndefined();
    const [asking, ...more] = await letters();
    expect([to(asking!), more]).toEqual([sender, []]);
    // Again by the same sender; and by one whose mailbox has refused all such letters.
    const { token } = { token: /mail\/opt-out\/([\w-]{22})/.exec(asking!.text!)![1]! };
    await world.app.inject({ method: 'POST', url: `/mail/opt-out/${token}` });
    for (const senderEmail of [sender, aMailbox('unknown')]) {
      const answer = await send(filled({ senderEmail }), '?lang=en');
      expect([answer.statusCode, answer.body]).toEqual([202, first.body]);
    }
    expect((await letters()).map(to)).toEqual([expect.stringMatching(/^unknown-/)]);
  });

  it('is one share however often it is pressed, and however many friends are typed twice', async () => {
    const friend = aMailbox();
    const form = filled({ recipient1: friend, recipient2: friend.toUpperCase().replace('@FRIENDS.EXAMPLE', '+x@friends.example') });
    const answers = await Promise.all(Array.from({ length: 10 }, () => send(form)));
    expect(answers.map(({ statusCode }) => statusCode)).toEqual(Array.from({ length: 10 }, () => 202));
    expect(await world.dataSource.query(`select recipients from shares`)).toEqual([{ recipients: 1 }]);
  });

  it('is another share where the way back leads to it and another friend is typed, and that is one too however often it is pressed', async () => {
    const form = filled();
    const other = { ...form, recipient1: aMailbox('other') };
    expect((await send(form)).statusCode).toBe(202);
    for (const again of await Promise.all([other, other, other, form, form].map((one) => send(one))))
      expect([again.statusCode, heading(again)]).toEqual([202, 'بقيت خطوة: افتح بريدك']);
    // Not even under another piece is the key of a form a reader's concern.
    const second = await anArticle(world);
    expect((await send(form, '', {}, second)).statusCode).toBe(202);
    expect(await shares()).toBe(3);
  });

  it('sends at once what the owner of a confirmed mailbox sends from the same browser, and asks all others', async () => {
    const sender = aMailbox('sender');
    await send(filled({ senderEmail: sender }));
    const [asking] = await letters();
    const cookie = cookieOf(await press(linkOf(asking!)));
    await letters();
    const [friend, other] = [aMailbox(), aMailbox()];
    const form = filled({ senderEmail: sender, recipient1: friend, recipient2: other });
    for (const _ of ['pressed', 'pressed again']) {
      const sent = await send(form, '?lang=en', { cookie });
      expect([sent.statusCode, heading(sent)]).toEqual([202, 'On its way to your friends']);
      expect(sent.body).toContain(
        '<h1>On its way to your friends</h1><p>You have confirmed your address in this browser before, so the letters go out now, one to each address.</p>',
      );
      expect(sent.body).not.toMatch(/spam|@friends/);
    }
    expect((await letters()).map(to).toSorted()).toEqual([friend, other].toSorted());
    // The proof is one of that mailbox, in this browser, and of nothing else.
    const stranger = aMailbox('stranger');
    for (const [senderEmail, held] of [
      [stranger, cookie],
      [sender, `${cookie.slice(0, -1)}${cookie.endsWith('A') ? 'B' : 'A'}`],
      [sender, 'x=y'],
    ] as const) {
      const asked = await send(filled({ senderEmail }), '?lang=en', { cookie: held });
      expect([asked.statusCode, heading(asked)]).toEqual([202, 'One step is left: open your mail']);
    }
    // The sender has had the letter of that day.
    expect((await letters()).map(to)).toEqual([stranger]);
  });

  it('holds a confirmed sender to what a network may send by it, and to what a sender may', async () => {
    const sender = aMailbox('sender');
    await send(filled({ senderEmail: sender }));
    const [asking] = await letters();
    const cookie = cookieOf(await press(linkOf(asking!)));
    const ip = anIp();
    // One was the confirmed one.
    for (let n = 0; n < 4; n += 1)
      expect(heading(await send(filled({ senderEmail: sender }), '?lang=en', { cookie, 'x-forwarded-for': ip }))).toBe('On its way to your friends'); // prettier-ignore
    const fifth = await send(filled({ senderEmail: sender }), '?lang=en', { cookie });
    expect([fifth.statusCode, wrong(fifth).summary]).toEqual([429, [expect.stringContaining('5 shares to 10 addresses')]]);
    expect((await send(filled(), '', { 'x-forwarded-for': ip })).statusCode).toBe(202);
    const sixth = await send(filled(), '?lang=en', { 'x-forwarded-for': ip });
    expect([sixth.statusCode, wrong(sixth).summary.join().includes('JavaScript')]).toEqual([429, false]);
  });

  it('says at each field what is wrong with it, keeps what was typed, and sends nothing', async () => {
    const form = filled({ senderName: `<b>${'9'.repeat(60)}</b>`, senderEmail: 'x', recipient1: '', recipient2: '"a"@b.example', recipient3: 'a@[127.0.0.1]', lang: 'fr' }); // prettier-ignore
    const answer = await send(form, '?lang=en');
    expect(answer.statusCode).toBe(400);
    const { summary, fields } = wrong(answer);
    expect(summary).toEqual(['Your name', 'Your e-mail address', 'Your friend’s address', 'A second friend (optional)']);
    expect(Object.keys(fields)).toEqual(['recipient1', 'recipient2', 'senderName', 'senderEmail']);
    expect(fields['senderEmail']).toBe('A whole mail address, such as name@center.example; what stands before the @ is in ASCII.');
    expect(answer.body).toContain('<div class="notice" role="alert" tabindex="-1" autofocus>');
    expect(answer.body).toContain('<a href="#senderName">');
    expect(answer.body).toMatch(/<input id="senderName" name="senderName" value="&lt;b>9{60}&lt;\/b>" aria-describedby="senderName-hint senderName-wrong" aria-invalid="true"/); // prettier-ignore
    expect(answer.body).toContain('value="&quot;a&quot;@b.example"');
    expect(answer.body).not.toContain('<b>9');
    expect(answer.body).toMatch(/<option[^>]*value="fr"[^>]*selected/);
    // Corrected, it is the same form.
    expect(keyIn(answer)).toBe(form['key']);
    // French readers are told in English, and told that it is.
    expect((await send(form, '?lang=fr')).body).toContain('<p id="senderEmail-wrong" class="wrong" lang="en" dir="ltr">');
    const empty = await send({}, '?lang=ar');
    expect(wrong(empty).fields).toEqual({
      recipient1: 'هذا الحقل مطلوب.',
      senderName: 'هذا الحقل مطلوب.',
      senderEmail: 'هذا الحقل مطلوب.',
    });
    expect(await shares()).toBe(0);
    expect(await letters()).toEqual([]);
  });

  it('takes no more than it shows: neither lists in a field, nor line ends, nor a message', async () => {
    for (const recipient1 of [
      'a@friends.example,b@friends.example',
      'a@friends.example;b@friends.example',
      'a@friends.example\r\nBcc: b@friends.example',
      'a@friends.example%0abcc:b@friends.example',
      '\u202Ea@friends.example',
      `${'a'.repeat(65)}@friends.example`,
    ]) {
      const answer = await send(filled({ recipient1 }));
      expect([recipient1, answer.statusCode, Object.keys(wrong(answer).fields)]).toEqual([recipient1, 400, ['recipient1']]);
    }
    expect(await shares()).toBe(0);
    const friend = aMailbox();
    const answer = await send(filled({ recipient1: friend, message: 'buy https://evil.example', allowReply: 'true', subject: 'x', recipients: 'z@friends.example', __proto__x: 'y' })); // prettier-ignore
    expect(answer.statusCode).toBe(202);
    const [asking] = await letters();
    expect(`${asking!.subject}${asking!.text}${String(asking!.html)}`).not.toMatch(/evil|سلمى|z@friends/);
    await world.app.get(ShareConfirmations).confirm(linkOf(asking!).split('/').at(-1)!);
    const [letter, ...more] = await letters();
    expect([to(letter!), more, letter!.replyTo]).toEqual([friend, [], undefined]);
    expect(letter!.text).not.toContain('evil');
  });

  it('says when to come back, and keeps what was typed, where a network has asked for too many letters', async () => {
    const ip = anIp();
    for (let n = 0; n < 5; n += 1) expect((await send(filled(), '', { 'x-forwarded-for': ip })).statusCode).toBe(202);
    const form = filled();
    const answer = await send(form, '', { 'x-forwarded-for': ip });
    expect([answer.statusCode, Number(answer.headers['retry-after']) > 3_000, keyIn(answer)]).toEqual([429, true, form['key']]);
    expect(wrong(answer)).toEqual({ summary: [expect.any(String)], fields: {} });
    expect(answer.body).toContain(`value="${form['senderEmail']}"`);
    expect(await shares()).toBe(5);
  });

  it('refuses what another site’s page sends, what is no form, and what is longer than one', async () => {
    expect((await send(filled(), '', { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' })).statusCode).toBe(403);
    expect((await send(filled(), '', { 'content-type': 'multipart/form-data; boundary=x' })).statusCode).toBe(415);
    expect((await send(filled({ senderName: 'x'.repeat(5_000) }))).statusCode).toBe(413);
    expect(await shares()).toBe(0);
  });
});

describe('The page behind the sender’s letter', () => {
  /** Takes a share by the form, and opens the letter that asks its sender. */
  async function asked(form: Filled = {}): Promise<string> {
    expect((await send(filled(form))).statusCode).toBe(202);
    const [letter] = await letters();
    return linkOf(letter!);
  }

  it('shows what would go out, and lets nothing go however often it is opened', async () => {
    const link = await asked({ recipient2: aMailbox() });
    for (const _ of ['a program that looks into mail', 'the sender']) {
      const answer = await get(`${link}?lang=en&confirm=1`);
      expect([answer.statusCode, heading(answer)]).toEqual([200, 'Was it you who asked for this?']);
      expect(answer.body).toContain(
        '<div class="asked"><h2><bdi lang="ar" dir="rtl">المدينة و&lt;الماء></bdi></h2><p class="quiet">to 2 addresses in the name of <bdi>سلمى</bdi></p></div>' +
          `<form method="post"><input type="hidden" name="upTo" value="${upToIn(answer)}"/><button type="submit">Yes, send them</button></form>`,
      );
      expect(answer.body).not.toMatch(/<script|<img|https?:|@friends/);
      expect(answer.headers).toMatchObject({ 'cache-control': 'private, no-store', 'x-robots-tag': 'noindex' });
      expect(answer.headers['set-cookie']).toBeUndefined();
    }
    expect((await get(link, {}, 'HEAD')).statusCode).toBe(200);
    expect(await letters()).toEqual([]);
  });

  it('lets it go when its button is pressed, once, and gives the browser its proof', async () => {
    const friend = aMailbox();
    const link = await asked({ recipient1: friend });
    const sent = await press(link);
    expect([sent.statusCode, heading(sent)]).toEqual([200, 'في الطريق إلى أصدقائك']);
    expect(sent.body).not.toContain('<form');
    expect(sent.headers['cache-control']).toBe('private, no-store');
    expect(sent.headers['set-cookie']).toMatch(/^__Host-sv=[\w.-]+; Max-Age=2592000; Path=\/; HttpOnly; Secure; SameSite=Lax$/);
    expect((await letters()).map(to)).toEqual([friend]);
    for (const again of [await press(`${link}?lang=en`), await get(`${link}?lang=en`)])
      expect([again.statusCode, heading(again)]).toEqual([200, 'Nothing is waiting']);
    expect(await letters()).toEqual([]);
  });

  it('releases what it has shown, and nothing that a stranger has put under the address since', async () => {
    const sender = aMailbox('owner');
    const friend = aMailbox();
    const link = await asked({ senderEmail: sender, recipient1: friend });
    const shown = upToIn(await get(`${link}?lang=en`))!;
    // Under another spelling that counts as the same mailbox, and under the very same.
    for (const [senderEmail, senderName] of [
      [sender.replace('owner', 'Owner').replace('@', '+x@'), 'Mallory One'],
      [sender, 'Mallory Two'],
    ] as const)
      expect((await send(filled({ senderEmail, senderName, recipient1: aMailbox('victim') }))).statusCode).toBe(202);
    expect(await letters()).toEqual([]);
    const sent = await press(`${link}?lang=en`, {}, shown);
    expect([sent.statusCode, heading(sent)]).toEqual([200, 'On its way to your friends']);
    expect((await letters()).map(to)).toEqual([friend]);
    // Loaded again, it shows what has come, and waits for another press; so does the link.
    for (const again of [await press(`${link}?lang=en`, {}, shown), await get(`${link}?lang=en`)]) {
      expect([again.statusCode, heading(again)]).toEqual([200, 'Was it you who asked for this?']);
      expect([...again.body.matchAll(/in the name of <bdi>([^<]*)</g)].map(([, who]) => who)).toEqual(['Mallory Two']);
      expect(upToIn(again)).not.toBe(shown);
    }
    expect(await letters()).toEqual([]);
  });

  it('takes a form that is not its own for none: it asks again, and sends nothing', async () => {
    const link = await asked();
    for (const upTo of [
      '',
      'x',
      'now',
      'infinity',
      '2026-02-31 10:00:00+00',
      '2099-01-01 24:00:00+00',
      '2099-01-01 00:00:00+99:99',
      '2099-01-01 00:00:00.1234567+00',
      "2099-01-01 00:00:00+00'; --",
      `${'9'.repeat(3_000)}`,
      '\u0000',
    ]) {
      const answer = await press(`${link}?lang=en`, {}, upTo);
      expect([upTo, answer.statusCode, heading(answer)]).toEqual([upTo, 200, 'Was it you who asked for this?']);
      expect(answer.headers['set-cookie']).toBeUndefined();
    }
    expect(await letters()).toEqual([]);
  });

  it.each([
    [
      'switched off',
      403,
      'Sending is switched off on this site',
      undefined,
      `update center set mail_sharing = false`,
      `update center set mail_sharing = true`,
    ],
    [
      'stopped',
      503,
      'Sending is stopped for now',
      '3600',
      `insert into mail_stops (lane, reason) values ('shares', 'complaints')`,
      `update mail_stops set resumed_at = now()`,
    ],
  ])(
    'says so where sending was %s meanwhile, loses nothing, and sends it once that is over',
    async (_, status, title, wait, stop, resume) => {
      const friend = aMailbox();
      const link = await asked({ recipient1: friend });
      await world.dataSource.query(stop);
      const refused = await press(`${link}?lang=en`);
      expect([refused.statusCode, heading(refused), refused.headers['retry-after']]).toEqual([status, title, wait]);
      expect(refused.body).toContain('Nothing was sent');
      expect(refused.headers).toMatchObject({ 'cache-control': 'private, no-store', 'content-type': 'text/html; charset=utf-8' });
      expect(refused.headers['set-cookie']).toBeUndefined();
      expect(await letters()).toEqual([]);
      await world.dataSource.query(resume);
      expect(heading(await get(`${link}?lang=en`))).toBe('Was it you who asked for this?');
      expect(heading(await press(`${link}?lang=en`))).toBe('On its way to your friends');
      expect((await letters()).map(to)).toEqual([friend]);
    },
  );

  it('says so where a sender is beyond what one may send in a day', async () => {
    for (const [before, title, out] of [
      [4, 'Some of it is on its way', 1],
      [5, 'Nothing was sent', 0],
    ] as const) {
      const sender = aMailbox('sender');
      const link = await asked({ senderEmail: sender });
      expect((await send(filled({ senderEmail: sender }))).statusCode).toBe(202);
      // So many that went out before.
      const mailbox = world.app.get(MailboxKeys).hashOf(parseAddress(sender)!);
      for (let n = 0; n < before; n += 1) await world.app.get(RateLimits).claimEach(senderBuckets(mailbox, true, 1));
      const answer = await press(`${link}?lang=en`);
      expect([answer.statusCode, heading(answer), (await letters()).length]).toEqual([200, title, out]);
      expect(heading(await get(`${link}?lang=en`))).toBe('Nothing is waiting');
    }
  });

  it('calls what is too old, or no link at all, one that no longer works', async () => {
    const link = await asked();
    await world.dataSource.query(`update share_confirmations set expires_at = now()`);
    for (const url of [link, '/shares/confirm/x', `/shares/confirm/${encodeURIComponent('<b>')}`, `/shares/confirm/${'x'.repeat(299)}`]) {
      for (const answer of [await get(url), await press(url)]) {
        expect([url, answer.statusCode, heading(answer)]).toEqual([url, 404, 'لم يعد هذا الرابط صالحًا']);
        expect(answer.headers['set-cookie']).toBeUndefined();
        expect(answer.body).not.toContain('<b>');
      }
    }
    expect(await letters()).toEqual([]);
  });

  it('refuses another site’s page, and what is no form', async () => {
    const link = await asked();
    expect((await press(link, { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' })).statusCode).toBe(403);
    const multipart = { 'content-type': 'multipart/form-data; boundary=x' };
    expect((await world.app.inject({ method: 'POST', url: link, headers: multipart, payload: '--x--' })).statusCode).toBe(415);
    expect(await letters()).toEqual([]);
  });
});
