import { createHash } from 'node:crypto';
import { Script } from 'node:vm';
import type { LightMyRequestResponse } from 'fastify';
import { PasswordLinks } from '../src/accounts/password-links.service.js';
import { Passwords } from '../src/accounts/passwords.js';
import { Waker } from '../src/jobs/waker.js';
import { MailRoom, type Letter } from '../src/mail/mail-room.service.js';
import { PASSWORD, anEditor, withPassword, type TestEditor } from './factories.js';
import { watchOutbox } from './outbox.js';
import { startTestApp, type TestApp } from './test-app.js';

const NEW = 'نخلتان على الطريق الجديد';

let world: TestApp;
/** What was put into the outbox, in order. */
let posted: Letter[];

beforeAll(async () => void (world = await startTestApp({ TRUSTED_PROXY_HOPS: '1' })));
afterAll(() => world.close());
beforeEach(() => {
  posted = watchOutbox();
});
afterEach(() => void vi.restoreAllMocks());

let lastNetwork = 0;
function freshNetwork(): string {
  lastNetwork += 1;
  return `10.${lastNetwork >> 8}.${lastNetwork & 255}.1`;
}

function send(url: string, payload: object, headers: Record<string, string> = {}): Promise<LightMyRequestResponse> {
  return world.app.inject({ method: 'POST', url, payload, headers: { 'x-forwarded-for': freshNetwork(), ...headers } });
}

function sendDue(): Promise<void> {
  return world.app.get(Waker).run('password resets');
}

/** The token that a letter brings, in its plain part as in its HTML. */
function tokenIn(letter: Letter | undefined): string {
  const [, token] = /https:\/\/center\.example\/desk\/password#([\w-]{43})\s/.exec(letter!.mail.text)!;
  expect(letter!.mail.html).toContain(`href="https://center.example/desk/password#${token}"`);
  return token!;
}

async function anInvited(): Promise<{ id: number; email: string; token: string }> {
  const { id, email } = await anEditor(world, 'contributor');
  await world.dataSource.query(`update editors set state = 'invited' where id = $1`, [id]);
  await world.tx((tx) => world.app.get(PasswordLinks).invite(tx, id));
  return { id, email, token: tokenIn(posted.at(-1)) };
}

async function aReset(editor?: TestEditor): Promise<TestEditor & { link: string }> {
  const asking = editor ?? (await withPassword(world, await anEditor(world, 'chief')));
  await world.as(null).post('/api/v1/password-resets', { email: asking.email }).expect(202);
  await sendDue();
  return { ...asking, link: tokenIn(posted.at(-1)) };
}

const setPassword = (token: string, password = NEW): Promise<LightMyRequestResponse> => send('/api/v1/passwords', { token, password });

async function signsIn(email: string, password: string): Promise<boolean> {
  return (await send('/api/v1/sessions', { email, password })).statusCode === 201;
}

async function requests(): Promise<number> {
  return (await world.dataSource.query<unknown[]>('select from reset_requests')).length;
}

// Network limits count tests' requests too, which come from loopback where no proxy is named.
beforeEach(() => world.dataSource.query('delete from rate_buckets'));

describe('asking for a new password', () => {
  it('sends an active editor a link, by mail to the stored address and in the editor’s language', async () => {
    const editor = await withPassword(world, await anEditor(world, 'chief'));
    await world.dataSource.query(`update editors set email = $2, email_canonical = $2, lang = 'en', name = 'Salma' where id = $1`, [
      editor.id,
      'Salma@center.example',
    ]);
    const answer = await world.as(null).post('/api/v1/password-resets', { email: 'Salma@CENTER.example' });
    expect([answer.status, answer.body, answer.headers['cache-control']]).toEqual([202, {}, 'private, no-store']);
    expect(posted).toEqual([]);
    await sendDue();
    expect(posted.map(({ kind, to, mail }) => [kind, to, mail.subject])).toEqual([['reset', 'Salma@center.example', 'A new password']]);
    tokenIn(posted[0]);
    expect(posted[0]!.mail.html).toContain('lang="en"');
    expect(await requests()).toBe(0);
  });

  it('answers everybody alike and does the same for everybody; nobody else gets a mail', async () => {
    const [invited, suspended, active] = [await anEditor(world, 'chief'), await anEditor(world, 'chief'), await anEditor(world, 'chief')];
    await world.dataSource.query(`update editors set state = 'invited' where id = $1`, [invited.id]);
    await world.dataSource.query(`update editors set state = 'suspended' where id = $1`, [suspended.id]);
    const addresses = [
      active.email,
      'nobody@center.example',
      invited.email,
      suspended.email,
      // Exact: folded matches once sent links for one account to another's address.
      active.email.replace('editor', 'Editor'),
      active.email.replace('center', 'cénter'),
      active.email.replace('@', '+x@'),
    ];
    const answers: LightMyRequestResponse[] = [];
    for (const email of addresses) answers.push(await send('/api/v1/password-resets', { email }));
    expect(new Set(answers.map(({ statusCode, body }) => `${statusCode} ${body}`))).toEqual(new Set(['202 {}']));
    for (const { headers } of answers) {
      const [{ date: _, ...rest }, { date: __, ...first }] = [headers, answers[0]!.headers];
      expect(rest).toEqual(first);
    }
    expect(await requests()).toBe(addresses.length);
    // Without the true address: in one batch a folded match would hide behind it.
    await world.dataSource.query(`delete from reset_requests where email_canonical = $1`, [active.email]);
    await sendDue();
    expect(posted).toEqual([]);
    await send('/api/v1/password-resets', { email: active.email });
    await sendDue();
    expect(posted.map(({ to }) => to)).toEqual([active.email]);
  });

  it.each([
    [{}, ['email required']],
    [{ email: 'no address' }, ['email address']],
    [{ email: ['a@center.example'] }, ['email address']],
    [{ email: 'a@center.example', url: 'https://evil.example' }, ['url unknown']],
  ])('refuses %j, naming the field', async (body, broken) => {
    const { status, body: problem } = await world.as(null).post('/api/v1/password-resets', body);
    const { errors } = problem as { errors: { field: string; rule: string }[] };
    expect([status, errors.map(({ field, rule }) => `${field} ${rule}`)]).toEqual([400, broken]);
  });

  it('three times in half an hour sends three mails; after that the answer stays and the last link works', async () => {
    const editor = await anEditor(world, 'chief');
    for (let n = 0; n < 6; n += 1) {
      const answer = await send('/api/v1/password-resets', { email: editor.email });
      expect([answer.statusCode, answer.body]).toEqual([202, '{}']);
      await sendDue();
    }
    expect(posted.length).toBe(3);
    expect((await setPassword(tokenIn(posted[2]))).statusCode).toBe(204);
    await world.dataSource.query(`update rate_buckets set resets_at = resets_at - interval '30 minutes'`);
    await send('/api/v1/password-resets', { email: editor.email });
    await sendDue();
    expect(posted.filter(({ kind }) => kind === 'reset').length).toBe(4);
  });

  it('is refused to a network after twenty times in an hour, whoever is asked for', async () => {
    const from = { 'x-forwarded-for': freshNetwork() };
    const answers: LightMyRequestResponse[] = [];
    for (let n = 0; n < 21; n += 1) answers.push(await send('/api/v1/password-resets', { email: `n-${n}@center.example` }, from));
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([...Array.from({ length: 20 }, () => 202), 429]);
    expect([answers[20]!.json<{ code: string }>().code, Number(answers[20]!.headers['retry-after']) > 3_500]).toEqual([
      'too_many_tries',
      true,
    ]);
    await sendDue();
  });

  it('a hundred times at once counts three', async () => {
    const editor = await anEditor(world, 'chief');
    const answers = await Promise.all(Array.from({ length: 100 }, () => send('/api/v1/password-resets', { email: editor.email })));
    expect(new Set(answers.map(({ statusCode }) => statusCode))).toEqual(new Set([202]));
    expect(await requests()).toBe(3);
    await sendDue();
  });

  it('is answered once by eight workers, and one link works', async () => {
    const editors = await Promise.all(Array.from({ length: 30 }, () => anEditor(world, 'chief')));
    for (const { email } of editors) for (let n = 0; n < 2; n += 1) await send('/api/v1/password-resets', { email });
    await Promise.all(Array.from({ length: 8 }, sendDue));
    expect(await requests()).toBe(0);
    for (const { id, email } of editors) {
      const links = posted.filter(({ to }) => to === email).map(tokenIn);
      expect([1, 2]).toContain(links.length);
      const rows = await world.dataSource.query<{ token_hash: Buffer }[]>(`select token_hash from password_links where editor_id = $1`, [
        id,
      ]);
      expect(rows.length).toBe(1);
      const works = links.filter((token) => createHash('sha256').update(token).digest().equals(rows[0]!.token_hash));
      expect(works.length).toBe(1);
    }
    expect(new Set(posted.map(({ dedupeKey }) => dedupeKey)).size).toBe(posted.length);
  });

  it('is not answered when the mail cannot be written: the request stays due', async () => {
    const editor = await anEditor(world, 'chief');
    await send('/api/v1/password-resets', { email: editor.email });
    vi.spyOn(MailRoom.prototype, 'post').mockRejectedValueOnce(new Error('no outbox'));
    await expect(sendDue()).rejects.toThrow('no outbox');
    expect(await requests()).toBe(1);
    await sendDue();
    expect(posted.map(({ to }) => to)).toEqual([editor.email]);
  });
});

describe('a link', () => {
  it('of an invitation makes the editor active, with a password; tells by mail and the log', async () => {
    const { id, email, token } = await anInvited();
    expect(posted.map(({ kind, to }) => [kind, to])).toEqual([['invitation', email]]);
    expect(await signsIn(email, NEW)).toBe(false);
    const answer = await setPassword(token);
    expect([answer.statusCode, answer.body, answer.headers['cache-control']]).toEqual([204, '', 'private, no-store']);
    expect(await signsIn(email, NEW)).toBe(true);
    expect(await world.dataSource.query(`select state, version from editors where id = $1`, [id])).toEqual([
      { state: 'active', version: 2 },
    ]);
    expect(posted.slice(1).map(({ kind, to }) => [kind, to])).toEqual([['password_changed', email]]);
    expect(JSON.stringify(posted)).not.toContain(NEW);
    expect(
      await world.dataSource.query(`select editor_id, editor_name, act, object_type, before, after from audit_log where object_id = $1`, [
        id,
      ]),
    ).toEqual([
      {
        editor_id: id,
        editor_name: 'محرر contributor',
        act: 'editors.set_password',
        object_type: 'editor',
        before: { state: 'invited' },
        after: { state: 'active' },
      },
    ]);
  });

  it('of a reset ends all sessions, and changes nothing else of the editor', async () => {
    const editor = await aReset();
    const [before] = await world.dataSource.query<object[]>(`select * from editors where id = $1`, [editor.id]);
    await setPassword(editor.link);
    await world.as(editor).get('/api/v1/desk/me').expect(401);
    expect([await signsIn(editor.email, PASSWORD), await signsIn(editor.email, NEW)]).toEqual([false, true]);
    expect(await world.dataSource.query(`select * from editors where id = $1`, [editor.id])).toEqual([before]);
    const log = await world.dataSource.query(`select act, before, after from audit_log where object_id = $1`, [editor.id]);
    expect(log).toEqual([{ act: 'editors.set_password', before: {}, after: {} }]);
  });

  it('makes the device that used it known, and no other: its editor gets in while others keep guessing', async () => {
    const editor = await withPassword(world, await anEditor(world, 'chief'));
    const old = (await send('/api/v1/sessions', { email: editor.email, password: PASSWORD })).cookies;
    const { link } = await aReset(editor);
    const answer = await setPassword(link);
    expect(answer.headers['set-cookie']).toMatch(
      /^__Host-markaz-device=[\w-]{43}; Max-Age=15552000; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
    );
    for (let n = 0; n < 10; n += 1) await signsIn(editor.email, 'not the password');
    const from = (cookies: LightMyRequestResponse['cookies']): Promise<LightMyRequestResponse> =>
      send(
        '/api/v1/sessions',
        { email: editor.email, password: NEW },
        { cookie: cookies.map(({ name, value }) => `${name}=${value}`).join('; ') },
      );
    expect((await from(old)).statusCode).toBe(429);
    expect((await from(answer.cookies)).statusCode).toBe(201);
  });

  it('works once; eight times at once, once', async () => {
    const { email, link } = await aReset();
    const answers = await Promise.all(Array.from({ length: 8 }, (_, n) => setPassword(link, `${NEW} ${n}`)));
    const statuses = answers.map(({ statusCode }) => statusCode);
    expect(statuses.toSorted()).toEqual([204, ...Array.from({ length: 7 }, () => 422)]);
    expect(await signsIn(email, `${NEW} ${statuses.indexOf(204)}`)).toBe(true);
    expect((await setPassword(link)).statusCode).toBe(422);
    expect(posted.filter(({ kind }) => kind === 'password_changed').length).toBe(1);
  });

  it('used, replaced, overtaken, revoked, too old, of a suspended editor, or never made: one answer', async () => {
    const used = await aReset();
    await setPassword(used.link);
    const replaced = await aReset();
    const { link: newest } = await aReset(replaced);
    const overtaken = await aReset();
    await world
      .as(overtaken)
      .put('/api/v1/desk/me/password', { currentPassword: PASSWORD, password: `${NEW} again` })
      .expect(200);
    const revoked = await aReset();
    await world.tx((tx) => world.app.get(PasswordLinks).revoke(tx, revoked.id));
    const old = await aReset();
    await world.dataSource.query(`update password_links set expires_at = now() where editor_id = $1`, [old.id]);
    const suspended = await aReset();
    await world.dataSource.query(`update editors set state = 'suspended' where id = $1`, [suspended.id]);
    const answers: LightMyRequestResponse[] = [];
    for (const token of [
      used.link,
      replaced.link,
      overtaken.link,
      revoked.link,
      old.link,
      suspended.link,
      'A'.repeat(43),
      'x',
      `${newest}A`,
      newest.slice(1),
    ])
      answers.push(await setPassword(token));
    expect(new Set(answers.map(({ body }) => body.replace(/urn:uuid:[\da-f-]+/, ''))).size).toBe(1);
    expect(answers[0]!.json()).toMatchObject({ status: 422, code: 'link_expired', errors: [] });
    expect(answers[0]!.headers['set-cookie']).toBeUndefined();
    expect((await setPassword(newest)).statusCode).toBe(204);
  });

  it.each([
    ['reset', '30 minutes'],
    ['invitation', '7 days'],
  ])('of the kind %s works for %s, by the database’s clock', async (purpose, lifetime) => {
    const editor = purpose === 'reset' ? await aReset() : await anInvited();
    const left = async (): Promise<unknown[]> =>
      world.dataSource.query(
        `select expires_at - now() between $2::interval - interval '1 minute' and $2::interval as right from password_links where editor_id = $1`,
        [editor.id, lifetime],
      );
    expect(await left()).toEqual([{ right: true }]);
  });

  it('is stored as its hash alone, and its use opens no session', async () => {
    const { id, link } = await aReset();
    const rows = JSON.stringify(
      await world.dataSource.query(`select *, encode(token_hash, 'escape') as escaped from password_links where editor_id = $1`, [id]),
    );
    expect(rows).not.toContain(link);
    expect(rows).not.toContain(Buffer.from(link, 'base64url').toString('hex'));
    const answer = await setPassword(link);
    expect(answer.cookies.map(({ name }) => name)).toEqual(['__Host-markaz-device']);
    expect((await world.dataSource.query<unknown[]>(`select from sessions where editor_id = $1`, [id])).length).toBe(0);
  });

  it('stays usable when the password is refused', async () => {
    const { email, link } = await aReset();
    const refused = await setPassword(link, email);
    expect([refused.statusCode, refused.json<{ code: string }>().code]).toEqual([422, 'password_is_known']);
    expect((await setPassword(link, 'short')).statusCode).toBe(400);
    expect((await setPassword(link)).statusCode).toBe(204);
  });

  it('that nobody was given costs no hashing', async () => {
    const hash = vi.spyOn(Passwords.prototype, 'hash');
    await setPassword('A'.repeat(43));
    expect(hash.mock.calls.length).toBe(0);
  });

  it('is worth nothing once its editor is suspended, though the password was on its way', async () => {
    const { id, email, link } = await aReset();
    const hash = Passwords.prototype.hash;
    // Suspended between the look-up and the transaction.
    vi.spyOn(Passwords.prototype, 'hash').mockImplementation(async function (this: Passwords, password) {
      await world.tx(async (tx) => {
        await tx.query(`update editors set state = 'suspended' where id = $1`, [id]);
        await world.app.get(PasswordLinks).revoke(tx, id);
      });
      return hash.call(this, password);
    });
    expect((await setPassword(link)).statusCode).toBe(422);
    await world.dataSource.query(`update editors set state = 'active' where id = $1`, [id]);
    expect(await signsIn(email, NEW)).toBe(false);
  });

  it.each([
    [{}, ['token required', 'password required']],
    [{ token: 'x' }, ['password required']],
    [{ token: 7, password: NEW }, ['token line']],
    [{ token: 'x'.repeat(201), password: NEW }, ['token line']],
    [{ token: 'x', password: NEW, editorId: 1 }, ['editorId unknown']],
  ])('refuses %j, naming the field', async (body, broken) => {
    const { status, body: problem } = await world.as(null).post('/api/v1/passwords', body);
    const { errors } = problem as { errors: { field: string; rule: string }[] };
    expect([status, errors.map(({ field, rule }) => `${field} ${rule}`)]).toEqual([400, broken]);
  });
});

describe('an invitation sent again', () => {
  it('replaces the one before', async () => {
    const { id, token } = await anInvited();
    await world.tx((tx) => world.app.get(PasswordLinks).invite(tx, id));
    const newer = tokenIn(posted.at(-1));
    expect((await setPassword(token)).statusCode).toBe(422);
    expect((await setPassword(newer)).statusCode).toBe(204);
  });
});

describe('the page of a link', () => {
  const page = (url: string, headers: Record<string, string> = {}): Promise<LightMyRequestResponse> => world.app.inject({ url, headers });

  it('is kept, indexed and referred to by nobody, and runs its own script and style alone', async () => {
    const { statusCode, headers, body } = await page('/desk/password');
    expect(statusCode).toBe(200);
    expect(headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'private, no-store',
      'referrer-policy': 'no-referrer',
      'x-robots-tag': 'noindex',
      'x-content-type-options': 'nosniff',
    });
    const style = createHash('sha256')
      .update(/<style>([^]*)<\/style>/.exec(body)![1]!)
      .digest('base64');
    expect(headers['content-security-policy']).toBe(
      `default-src 'none'; script-src 'self'; style-src 'sha256-${style}'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
    );
    expect(headers['set-cookie']).toBeUndefined();
    expect(body.match(/<script[^>]*>/g)).toEqual(['<script src="/desk/password.js" defer>']);
    expect(body).not.toMatch(/\son\w+=|\sstyle=/);
    expect(body.match(/(?:src|href|action)="[^"]*"/g)).toEqual(['src="/desk/password.js"', 'href="?lang=en"']);
  });

  it.each([
    ['/desk/password', {}, 'ar', 'rtl', 'كلمة السر'],
    ['/desk/password?lang=en', {}, 'en', 'ltr', 'Password'],
    ['/desk/password?lang=fr', {}, 'en', 'ltr', 'Password'],
    ['/desk/password?lang=xx&utm_source=mail', {}, 'ar', 'rtl', 'كلمة السر'],
    ['/desk/password', { 'accept-language': 'de-DE,de;q=0.9,en;q=0.8' }, 'en', 'ltr', 'Password'],
    ['/desk/password?lang=ar', { 'accept-language': 'en-GB,en' }, 'ar', 'rtl', 'كلمة السر'],
  ])('speaks the language asked for: %s %j', async (url, headers, lang, dir, title) => {
    const { body } = await page(url, headers as Record<string, string>);
    expect(body).toContain(`<html lang="${lang}" dir="${dir}">`);
    expect(body).toContain(`<title>${title}</title>`);
  });

  it('has a script that is whole by itself', async () => {
    const { headers, body } = await page('/desk/password.js');
    expect(headers).toMatchObject({ 'content-type': 'text/javascript; charset=utf-8', 'cache-control': 'private, no-store' });
    expect(() => new Script(body)).not.toThrow();
    expect(body).not.toMatch(/import|__vi|require/);
  });
});
