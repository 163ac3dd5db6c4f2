import type { LightMyRequestResponse } from 'fastify';
import { Passwords } from '../src/accounts/passwords.js';
import { SessionsService } from '../src/accounts/sessions.service.js';
import { Waker } from '../src/jobs/waker.js';
import { MailRoom } from '../src/mail/mail-room.service.js';
import { PASSWORD, aSection, anEditor, withPassword, type TestEditor } from './factories.js';
import { startTestApp, type TestApp } from './test-app.js';

let world: TestApp;

// One proxy, so that a test can say which address a request comes from.
beforeAll(async () => void (world = await startTestApp({ TRUSTED_PROXY_HOPS: '1' })));
afterAll(() => world.close());
afterEach(() => void vi.restoreAllMocks());

let lastNetwork = 0;
/** An address that nobody has tried from. */
function freshNetwork(): string {
  lastNetwork += 1;
  return `10.${lastNetwork >> 8}.${lastNetwork & 255}.1`;
}

interface Sending {
  readonly email: string;
  readonly password?: string;
  readonly from?: string;
  readonly headers?: Record<string, string>;
}

function signIn({ email, password = PASSWORD, from = freshNetwork(), headers = {} }: Sending): Promise<LightMyRequestResponse> {
  return world.app.inject({
    method: 'POST',
    url: '/api/v1/sessions',
    headers: { 'x-forwarded-for': from, ...headers },
    payload: { email, password },
  });
}

/** Name and value of each cookie that an answer sets. */
function cookiesOf(answer: LightMyRequestResponse): Record<string, string> {
  return Object.fromEntries(answer.cookies.map(({ name, value }) => [name, value]));
}

async function aMember(role: Parameters<typeof anEditor>[1] = 'contributor', ...sections: number[]): Promise<TestEditor> {
  return withPassword(world, await anEditor(world, role, ...sections));
}

async function openSessions(editorId: number, count: number): Promise<string[]> {
  const tokens: string[] = [];
  for (let n = 0; n < count; n += 1) tokens.push(await world.tx((tx) => world.app.get(SessionsService).open(tx, editorId)));
  return tokens;
}

/** How many of the tokens still open the desk. */
async function accepted(tokens: readonly string[]): Promise<number> {
  const answers = await Promise.all(tokens.map((token) => world.as({ token }).get('/api/v1/desk/me')));
  expect(answers.filter(({ status }) => status !== 200 && status !== 401)).toEqual([]);
  return answers.filter(({ status }) => status === 200).length;
}

/** Waits until so many statements wait for somebody's lock. */
async function untilBlocked(count: number): Promise<void> {
  for (;;) {
    const [row] = await world.dataSource.query<{ n: number }[]>(
      `select count(*)::int as n from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
    );
    if (row!.n >= count) return;
    await new Promise((resume) => setTimeout(resume, 10));
  }
}

describe('signing in', () => {
  it('gives a token and the editor, with role, language and grants', async () => {
    const section = await aSection(world);
    const editor = await aMember('section_editor', section.id);
    const { status, body, headers } = await world.as(null).post('/api/v1/sessions', { email: editor.email, password: PASSWORD });
    expect([status, headers['cache-control']]).toEqual([201, 'private, no-store']);
    expect(body).toEqual({
      token: expect.stringMatching(/^[\w-]{43}$/) as string,
      editor: {
        id: editor.id,
        name: 'محرر section_editor',
        email: editor.email,
        role: 'section_editor',
        lang: 'ar',
        sections: [section.id],
      },
    });
    const me = await world.as(body as { token: string }).get('/api/v1/desk/me');
    expect([me.status, me.body]).toEqual([200, (body as { editor: object }).editor]);
  });

  it('takes a code of the grammar, which nobody needs yet', async () => {
    const editor = await aMember();
    await world.as(null).post('/api/v1/sessions', { email: editor.email, password: PASSWORD, code: '123456' }).expect(201);
  });

  it('over https sets cookies that no script, no other host and no plain connection gets', async () => {
    const { email } = await aMember();
    const answer = await signIn({ email });
    const { token } = answer.json<{ token: string }>();
    expect(answer.headers['set-cookie']).toEqual([
      `__Host-markaz=${token}; Max-Age=1209600; Path=/; HttpOnly; Secure; SameSite=Lax`,
      expect.stringMatching(/^__Host-markaz-device=[\w-]{43}; Max-Age=15552000; Path=\/; HttpOnly; Secure; SameSite=Lax$/),
    ]);
  });

  it('over plain http sets the same without the prefix and without Secure, and takes them', async () => {
    const plain = await startTestApp({ PUBLIC_ORIGIN: 'http://localhost:3000' });
    try {
      const { email } = await withPassword(plain, await anEditor(plain, 'chief'));
      const answer = await plain.app.inject({ method: 'POST', url: '/api/v1/sessions', payload: { email, password: PASSWORD } });
      const { token } = answer.json<{ token: string }>();
      expect(answer.headers['set-cookie']).toEqual([
        `markaz=${token}; Max-Age=1209600; Path=/; HttpOnly; SameSite=Lax`,
        expect.stringMatching(/^markaz-device=[\w-]{43}; Max-Age=15552000; Path=\/; HttpOnly; SameSite=Lax$/),
      ]);
      const me = await plain.app.inject({ url: '/api/v1/desk/me', headers: { cookie: `markaz=${token}` } });
      expect(me.statusCode).toBe(200);
    } finally {
      await plain.close();
    }
  });

  it('gives a new id each time, and ends no other session', async () => {
    const { email, token } = await aMember();
    const once = (await signIn({ email, headers: { cookie: `__Host-markaz=${token}` } })).json<{ token: string }>();
    const again = (await signIn({ email, headers: { cookie: `__Host-markaz=${once.token}` } })).json<{ token: string }>();
    expect(new Set([token, once.token, again.token]).size).toBe(3);
    expect(await accepted([token, once.token, again.token])).toBe(3);
  });

  it('stores neither token nor device as it is', async () => {
    const { email } = await aMember();
    const answer = await signIn({ email });
    const secrets = Object.values(cookiesOf(answer));
    const rows = JSON.stringify([
      await world.dataSource.query('select * from sessions'),
      await world.dataSource.query('select * from known_devices'),
    ]);
    for (const secret of secrets) {
      const bytes = Buffer.from(secret, 'base64url');
      for (const form of [secret, bytes.toString('hex'), JSON.stringify(bytes), JSON.stringify(Buffer.from(secret))]) {
        expect(rows.includes(form)).toBe(false);
      }
    }
  });

  it('answers unknown, wrong, invited and suspended alike, to the byte', async () => {
    const known = await aMember();
    const [invited, suspended] = [await aMember(), await aMember()];
    await world.dataSource.query(`update editors set state = 'invited' where id = $1`, [invited.id]);
    await world.dataSource.query(`update editors set state = 'suspended' where id = $1`, [suspended.id]);
    const without = await anEditor(world, 'chief');
    const answers = [
      await signIn({ email: 'nobody@center.example' }),
      await signIn({ email: known.email, password: 'not the password' }),
      await signIn({ email: known.email, password: '?' }),
      await signIn({ email: invited.email }),
      await signIn({ email: suspended.email }),
      await signIn({ email: without.email }),
      // Exact: the local part's case counts, and a look-alike is another address.
      await signIn({ email: known.email.toUpperCase() }),
      await signIn({ email: known.email.replace('center', 'cénter') }),
    ];
    const bodies = answers.map((answer) => answer.body.replace(/urn:uuid:[\da-f-]+/, ''));
    expect(new Set(bodies).size).toBe(1);
    expect(answers[0]!.json()).toEqual({
      type: 'urn:markaz:problem:wrong_credentials',
      title: 'يلزم تسجيل الدخول',
      status: 401,
      detail: 'عنوان البريد أو كلمة السر غير صحيحين.',
      code: 'wrong_credentials',
      instance: expect.any(String) as string,
      lang: 'ar',
      dir: 'rtl',
      errors: [],
    });
    for (const answer of answers) {
      const { date: _, ...headers } = answer.headers;
      const { date: __, ...first } = answers[0]!.headers;
      expect(headers).toEqual(first);
      expect(headers['set-cookie']).toBeUndefined();
    }
  });

  it('takes the domain in any case, and a password in either composition', async () => {
    const editor = await anEditor(world, 'chief');
    const password = 'caf\u00e9 au lait, s\u2019il vous pla\u00eet';
    const passwords = world.app.get(Passwords);
    const hash = await passwords.hash(password);
    await world.tx((tx) => passwords.set(tx, editor.id, hash));
    const [local, domain] = editor.email.split('@');
    expect((await signIn({ email: `${local}@${domain!.toUpperCase()}`, password: password.normalize('NFD') })).statusCode).toBe(201);
  });

  it.each([
    [{}, ['email required', 'password required']],
    [{ email: 'a@center.example' }, ['password required']],
    [{ email: 'a@center.example', password: '' }, ['password prose']],
    [{ email: 'a@center.example', password: 7 }, ['password prose']],
    [{ email: 'a@center.example', password: null }, ['password required']],
    [{ email: 'a@center.example', password: 'x'.repeat(801) }, ['password prose']],
    [{ email: 'a@center.example', password: { $ne: '' } }, ['password prose']],
    [{ email: 'a@center.example', password: 'a\0b' }, ['password prose']],
    [{ email: 'a@center.example', password: 'a\ud800' }, ['password prose']],
    [{ email: 'a@center.example', password: `a${'\u0301'.repeat(31)}` }, ['password prose']],
    [{ email: ['a@center.example'], password: 'x' }, ['email address']],
    [{ email: { address: 'a', canonical: 'a' }, password: 'x' }, ['email address']],
    [{ email: 'a@b@center.example', password: 'x' }, ['email address']],
    [{ email: `${'a'.repeat(300)}@center.example`, password: 'x' }, ['email address']],
    [{ email: 'a@center.example', password: 'x', remember: true }, ['remember unknown']],
    [{ email: 'a@center.example', password: 'x', code: 'x'.repeat(41) }, ['code line']],
  ])('refuses %j, naming the field', async (body, broken) => {
    const { status, body: problem } = await world.as(null).post('/api/v1/sessions?lang=en', body);
    const { errors } = problem as { errors: { field: string; rule: string; message: string }[] };
    expect([status, errors.map(({ field, rule }) => `${field} ${rule}`)]).toEqual([400, broken]);
    expect(errors.every(({ message }) => message !== 'Not an accepted value.')).toBe(true);
  });

  it('refuses what is no JSON, and too much of it', async () => {
    const send = (type: string, payload: string): Promise<LightMyRequestResponse> =>
      world.app.inject({ method: 'POST', url: '/api/v1/sessions', headers: { 'content-type': type }, payload });
    expect((await send('application/x-www-form-urlencoded', 'email=a%40center.example&password=x')).statusCode).toBe(415);
    expect((await send('text/plain', '{}')).statusCode).toBe(415);
    expect((await send('application/json', '{')).statusCode).toBe(400);
    expect((await send('application/json', JSON.stringify({ email: 'a', password: 'x'.repeat(300_000) }))).statusCode).toBe(413);
  });
});

describe('a refusal', () => {
  it('never repeats a password, nor does the log of the audit', async () => {
    const secret = 'Zq7 unmistakable words';
    const editor = await aMember('chief');
    const { email } = editor;
    const answers = [
      await signIn({ email, password: secret }),
      await signIn({ email: `${secret}@center.example`, password: secret }),
      await signIn({ email, password: secret.repeat(50) }),
      await world.app.inject({
        method: 'POST',
        url: '/api/v1/sessions',
        headers: { 'content-type': 'application/json' },
        payload: `{"password":"${secret}"`,
      }),
      await world.app.inject({ method: 'POST', url: '/api/v1/passwords', payload: { token: secret, password: secret } }),
      await world.app.inject({
        method: 'PUT',
        url: '/api/v1/desk/me/password',
        headers: { authorization: `Bearer ${editor.token}` },
        payload: { currentPassword: secret, password: secret.repeat(50) },
      }),
    ];
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([401, 400, 400, 400, 422, 400]);
    for (const { body, headers } of answers) expect(body + JSON.stringify(headers)).not.toContain('Zq7');
    expect(JSON.stringify(await world.dataSource.query('select * from audit_log'))).not.toContain('Zq7');
  });
});

describe('a session', () => {
  it('is borne by the header or the cookie, by nothing else, and by the header alone where there is one', async () => {
    const { token } = await anEditor(world, 'chief');
    const me = async (headers: Record<string, string>, url = '/api/v1/desk/me'): Promise<number> =>
      (await world.app.inject({ url, headers })).statusCode;
    expect(await me({ authorization: `Bearer ${token}` })).toBe(200);
    expect(await me({ authorization: `bearer ${token}` })).toBe(200);
    expect(await me({ cookie: `a=b; __Host-markaz=${token}; c=d` })).toBe(200);
    expect(await me({ cookie: `__Host-markaz="${token}"` })).toBe(401);
    expect(await me({ cookie: `markaz=${token}` })).toBe(401);
    expect(await me({ cookie: `__host-markaz=${token}` })).toBe(401);
    expect(await me({ 'x-token': token })).toBe(401);
    expect(await me({}, `/api/v1/desk/me?token=${token}`)).toBe(401);
    expect(await me({ authorization: token })).toBe(401);
    expect(await me({ authorization: `Basic ${token}` })).toBe(401);
    const other = Buffer.alloc(32).toString('base64url');
    expect(await me({ authorization: `Bearer ${other}`, cookie: `__Host-markaz=${token}` })).toBe(401);
    expect(await me({ authorization: 'Bearer ', cookie: `__Host-markaz=${token}` })).toBe(401);
    // A proxy's own password in front of a trial installation is not ours to read.
    expect(await me({ authorization: 'Basic dHJpYWw6dHJpYWw=', cookie: `__Host-markaz=${token}` })).toBe(200);
    for (const junk of ['%00', 'a'.repeat(5_000), '%ff%fe', "' or 1=1 --"]) {
      expect([junk, await me({ cookie: `__Host-markaz=${junk}` })]).toEqual([junk, 401]);
    }
  });

  it('is asked for', async () => {
    await world.as(null).get('/api/v1/desk/me').expect(401);
    await world.as(null).delete('/api/v1/sessions/current').expect(401);
    await world.as(null).put('/api/v1/desk/me/password', { currentPassword: PASSWORD, password: PASSWORD }).expect(401);
  });

  it('ends at sign-out, alone, and its cookie with it', async () => {
    const editor = await aMember();
    const [one, two] = [(await signIn(editor)).json<{ token: string }>(), (await signIn(editor)).json<{ token: string }>()];
    const answer = await world.app.inject({
      method: 'DELETE',
      url: '/api/v1/sessions/current',
      headers: { cookie: `__Host-markaz=${one.token}` },
    });
    expect([answer.statusCode, answer.body, answer.headers['set-cookie']]).toEqual([
      204,
      '',
      '__Host-markaz=; Max-Age=0; Path=/; HttpOnly; Secure; SameSite=Lax',
    ]);
    expect(await accepted([one.token])).toBe(0);
    expect(await accepted([two.token])).toBe(1);
    await world.as(two).delete('/api/v1/sessions/current').expect(204);
    await world.as(two).delete('/api/v1/sessions/current').expect(401);
  });

  it('ends twelve hours after its last use and fourteen days after its start, by the database’s clock', async () => {
    const { id, token } = await anEditor(world, 'chief');
    const age = (seen: string, created: string): Promise<unknown> =>
      world.dataSource.query(`update sessions set seen_at = now() - $2::interval, created_at = now() - $3::interval where editor_id = $1`, [
        id,
        seen,
        created,
      ]);
    await age('11:59:00', '13 days 23:59:00');
    expect(await accepted([token])).toBe(1);
    // That use counts.
    await world.dataSource.query(`update sessions set seen_at = seen_at - interval '11:58:00' where editor_id = $1`, [id]);
    expect(await accepted([token])).toBe(1);
    await age('12:00:01', '13:00:00');
    expect(await accepted([token])).toBe(0);
    await age('00:00:10', '14 days 00:00:01');
    expect(await accepted([token])).toBe(0);
  });

  it.each([
    ['suspension', `update editors set state = 'suspended' where id = $1`],
    ['another role', `update editors set role = 'contributor' where id = $1`],
    ['another grant', `delete from editor_sections where editor_id = $1`],
  ])('ends with %s: of fifty none is accepted, with eight requests in flight all the time', async (_, sql) => {
    const { id } = await anEditor(world, 'chief');
    const sessions = world.app.get(SessionsService);
    const tokens = await openSessions(id, 50);
    const change = { committed: false };
    const late: number[] = [];
    const knock = async (token: string): Promise<void> => {
      while (!change.committed || late.length < 8) {
        const after = change.committed;
        const { status } = await world.as({ token }).get('/api/v1/desk/me');
        if (after) late.push(status);
      }
    };
    const knocking = tokens.slice(0, 8).map(knock);
    await new Promise((resume) => setTimeout(resume, 50));
    await world.tx(async (tx) => {
      await tx.query(sql, [id]);
      await sessions.endAll(tx, id);
    });
    change.committed = true;
    await Promise.all(knocking);
    expect(new Set(late)).toEqual(new Set([401]));
    expect(await accepted(tokens)).toBe(0);
    await world.dataSource.query(`update editors set state = 'active' where id = $1`, [id]);
    expect(await accepted(tokens)).toBe(0);
  });

  it.each([
    ['suspension', `update editors set state = 'suspended' where id = $1`],
    ['another password', `update editor_passwords set hash = 'another' where editor_id = $1`],
  ])('is not opened by a sign-in that %s overtakes', async (_, change) => {
    const { id, email } = await aMember();
    let attempt: Promise<LightMyRequestResponse>;
    await world.tx(async (tx) => {
      await tx.query(`select from editors where id = $1 for no key update`, [id]);
      await tx.query(change, [id]);
      attempt = signIn({ email });
      await untilBlocked(1);
      await world.app.get(SessionsService).endAll(tx, id);
    });
    expect((await attempt!).statusCode).toBe(401);
    const open = await world.dataSource.query<unknown[]>(`select from sessions where editor_id = $1`, [id]);
    expect(open.length).toBe(0);
  });

  it('that is being opened while all end, ends too', async () => {
    const { id } = await anEditor(world, 'chief');
    const sessions = world.app.get(SessionsService);
    let token = '';
    let ending: Promise<void>;
    await world.tx(async (tx) => {
      await tx.query(`select from editors where id = $1 for no key update`, [id]);
      token = await sessions.open(tx, id);
      ending = world.tx((other) => sessions.endAll(other, id));
      await untilBlocked(1);
    });
    await ending!;
    expect(await accepted([token])).toBe(0);
  });
});

describe('a request from another site', () => {
  const routes = [
    ['POST', '/api/v1/sessions'],
    ['DELETE', '/api/v1/sessions/current'],
    ['PUT', '/api/v1/desk/me/password'],
    ['POST', '/api/v1/password-resets'],
    ['POST', '/api/v1/passwords'],
  ] as const;

  type Headers = Record<string, string>;

  async function refusal(method: (typeof routes)[number][0], url: string, headers: Headers): Promise<string | undefined> {
    const answer = await world.app.inject({ method, url, headers, ...(method === 'DELETE' ? {} : { payload: { junk: true } }) });
    return answer.statusCode === 403 ? answer.json<{ code: string }>().code : undefined;
  }

  it('changes nothing, on every unsafe route, signed in or not', async () => {
    const { token } = await anEditor(world, 'chief');
    for (const [method, url] of routes) {
      for (const headers of [
        { origin: 'https://evil.example' },
        { origin: 'null' },
        { origin: '' },
        { origin: 'http://center.example' },
        { origin: 'https://center.example:444' },
        { origin: 'https://center.example.evil.example' },
        { origin: 'https://CENTER.example' },
        { origin: 'https://center.example, https://evil.example' },
        { 'sec-fetch-site': 'cross-site' },
        { 'sec-fetch-site': 'same-site' },
        { 'sec-fetch-site': '' },
        { origin: 'https://center.example', 'sec-fetch-site': 'cross-site' },
        { origin: 'https://evil.example', 'sec-fetch-site': 'same-origin' },
        { origin: 'https://evil.example', authorization: 'Basic dHJpYWw6dHJpYWw=' },
      ] as Headers[]) {
        for (const session of [{}, { cookie: `__Host-markaz=${token}` }] as Headers[]) {
          expect([method, url, headers, await refusal(method, url, { ...headers, ...session })]).toEqual([
            method,
            url,
            headers,
            'cross_origin',
          ]);
        }
      }
    }
    expect(await accepted([token])).toBe(1);
  });

  it('passes from our own pages, from programs, and with a token of its own', async () => {
    for (const [method, url] of routes) {
      for (const headers of [
        {},
        { origin: 'https://center.example' },
        { 'sec-fetch-site': 'same-origin' },
        { 'sec-fetch-site': 'none' },
        { origin: 'https://center.example', 'sec-fetch-site': 'same-origin' },
        { origin: 'https://evil.example', authorization: 'Bearer junk' },
      ] as Headers[]) {
        expect([method, url, headers, await refusal(method, url, headers)]).toEqual([method, url, headers, undefined]);
      }
    }
    const { token } = await anEditor(world, 'chief');
    const answer = await world.app.inject({
      method: 'DELETE',
      url: '/api/v1/sessions/current',
      headers: { origin: 'https://tool.example', authorization: `Bearer ${token}` },
    });
    expect(answer.statusCode).toBe(204);
  });

  it('that brings a token of its own has nothing of the cookie', async () => {
    const { token } = await anEditor(world, 'chief');
    const answer = await world.app.inject({
      method: 'DELETE',
      url: '/api/v1/sessions/current',
      headers: { origin: 'https://evil.example', authorization: 'Bearer junk', cookie: `__Host-markaz=${token}` },
    });
    expect(answer.statusCode).toBe(401);
    expect(await accepted([token])).toBe(1);
  });

  it('may read published content', async () => {
    const answer = await world.app.inject({
      url: '/api/v1/articles',
      headers: { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' },
    });
    expect(answer.statusCode).toBe(200);
  });
});

describe('other sites’ scripts', () => {
  const origins = ['https://center.example', 'https://evil.example', 'null', 'https://center.example.evil.example'];
  const cors = (answer: LightMyRequestResponse): string[] =>
    Object.keys(answer.headers).filter((name) => name.startsWith('access-control'));

  it('may read no answer of the desk: not when signed in, not a refusal, not a preflight', async () => {
    const { token } = await anEditor(world, 'admin');
    for (const origin of origins) {
      for (const [method, url] of [
        ['GET', '/api/v1/desk/me'],
        ['GET', '/api/v1/desk/nothing'],
        ['PUT', '/api/v1/desk/me/password'],
        ['POST', '/api/v1/sessions'],
        ['DELETE', '/api/v1/sessions/current'],
        ['POST', '/api/v1/password-resets'],
        ['POST', '/api/v1/passwords'],
        ['GET', '/desk/password'],
        ['GET', '/desk/password.js'],
      ] as const) {
        const preflight = {
          origin,
          'access-control-request-method': method,
          'access-control-request-headers': 'authorization,content-type',
        };
        const answers = [
          await world.app.inject({ method, url, headers: { origin } }),
          await world.app.inject({ method, url, headers: { origin, cookie: `__Host-markaz=${token}` } }),
          await world.app.inject({ method: 'OPTIONS', url, headers: preflight }),
          await world.app.inject({ method: 'OPTIONS', url, headers: { ...preflight, 'access-control-request-method': 'GET' } }),
        ];
        expect([origin, method, url, answers.flatMap(cors)]).toEqual([origin, method, url, []]);
        expect(answers.map(({ headers }) => headers['cross-origin-resource-policy'])).toEqual(answers.map(() => 'same-origin'));
      }
    }
  });

  it('may read published content, without credentials, wherever they run', async () => {
    for (const origin of origins) {
      for (const url of ['/api/v1/articles', '/api/v1/articles?limit=0', '/api/v1/articles/999999', '/openapi.json']) {
        const { headers } = await world.app.inject({ url, headers: { origin } });
        expect([origin, url, headers['access-control-allow-origin']]).toEqual([origin, url, '*']);
        expect(headers['access-control-allow-credentials']).toBeUndefined();
        expect(headers['cross-origin-resource-policy']).toBe('cross-origin');
        const preflight = { origin, 'access-control-request-method': 'GET', 'access-control-request-headers': 'if-none-match' };
        const allowed = await world.app.inject({ method: 'OPTIONS', url, headers: preflight });
        expect([
          allowed.statusCode,
          allowed.headers['access-control-allow-origin'],
          allowed.headers['access-control-allow-methods'],
        ]).toEqual([204, '*', 'GET, HEAD']);
      }
    }
  });
});

describe('published content', () => {
  it('is the same with any cookie, and sets none', async () => {
    const { email } = await aMember('admin');
    const mine = Object.entries(cookiesOf(await signIn({ email }))).map(([name, value]) => `${name}=${value}`);
    for (const url of ['/api/v1/center', '/api/v1/articles', '/api/v1/sections', '/api/v1/articles/999999', '/openapi.json']) {
      const plain = await world.app.inject({ url });
      for (const cookie of [mine.join('; '), '__Host-markaz=junk', '=;;=%%%', 'a'.repeat(4_000)]) {
        const answer = await world.app.inject({ url, headers: { cookie } });
        expect(answer.body.replace(/urn:uuid:[\da-f-]+/, '')).toBe(plain.body.replace(/urn:uuid:[\da-f-]+/, ''));
        expect(answer.headers['etag']).toBe(plain.headers['etag']);
        expect(answer.headers['set-cookie']).toBeUndefined();
        expect(answer.headers['vary']).toBeUndefined();
      }
    }
  });
});

describe('guessing a password', () => {
  const wrong = { password: 'not the password' };

  async function guess(count: number, sending: (n: number) => Sending): Promise<number[]> {
    const statuses: number[] = [];
    for (let n = 0; n < count; n += 1) statuses.push((await signIn(sending(n))).statusCode);
    return statuses;
  }

  /** The buckets as they will be so much later. */
  function letPass(interval: string): Promise<unknown> {
    return world.dataSource.query(`update rate_buckets set resets_at = resets_at - $1::interval`, [interval]);
  }

  it('ends after ten wrong tries at one account, from wherever they come, for a quarter of an hour', async () => {
    const { email } = await aMember();
    expect(await guess(10, () => ({ email, ...wrong }))).toEqual(Array.from({ length: 10 }, () => 401));
    const refused = await signIn({ email });
    expect([refused.statusCode, refused.json<{ code: string }>().code]).toEqual([429, 'too_many_tries']);
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(890);
    expect(Number(refused.headers['retry-after'])).toBeLessThanOrEqual(900);
    expect(refused.headers['set-cookie']).toBeUndefined();
    await letPass('00:14:50');
    expect((await signIn({ email })).statusCode).toBe(429);
    await letPass('00:00:20');
    expect((await signIn({ email })).statusCode).toBe(201);
  });

  it('counts the quarter of an hour from the tenth try, not from the first', async () => {
    const { email } = await aMember();
    await guess(9, () => ({ email, ...wrong }));
    await letPass('00:14:00');
    await guess(1, () => ({ email, ...wrong }));
    await letPass('00:14:00');
    expect((await signIn({ email })).statusCode).toBe(429);
    await letPass('00:02:00');
    expect((await signIn({ email })).statusCode).toBe(201);
  });

  it('is forgotten after a quarter of an hour, however often somebody signs in meanwhile', async () => {
    const { email } = await aMember();
    const from = freshNetwork();
    await guess(9, () => ({ email, from, ...wrong }));
    await letPass('00:14:00');
    expect((await signIn({ email, from })).statusCode).toBe(201);
    await letPass('00:02:00');
    expect(await guess(2, () => ({ email, from, ...wrong }))).toEqual([401, 401]);
  });

  it('ends at an address that nobody has just as it does at one that somebody has', async () => {
    const email = 'nobody-at-all@center.example';
    expect(await guess(11, () => ({ email }))).toEqual([...Array.from({ length: 10 }, () => 401), 429]);
  });

  it.each([
    ['203.0.113.7', ['203.0.113.7', '::ffff:203.0.113.7', '::ffff:cb00:7107'], '203.0.113.8'],
    ['2001:db8:7:7::/64', ['2001:db8:7:7::1', '2001:db8:7:7:ffff::2', '2001:DB8:7:7:1:2:3:4'], '2001:db8:7:8::1'],
    ['127.0.0.1, our own proxy’s', ['127.0.0.1', '::ffff:127.0.0.1'], '127.0.0.2'],
  ])('ends after ten wrong tries from one network at any accounts: %s', async (_, addresses, elsewhere) => {
    const [one, other] = [await aMember(), await aMember()];
    const from = (n: number): string => addresses[n % addresses.length]!;
    expect(await guess(10, (n) => ({ email: `someone-${n}@center.example`, from: from(n) }))).toEqual(
      Array.from({ length: 10 }, () => 401),
    );
    for (const address of addresses) expect((await signIn({ email: one.email, from: address })).statusCode).toBe(429);
    expect((await signIn({ email: one.email, from: elsewhere })).statusCode).toBe(201);
    // What the network's limit refused did not use up anybody's tries.
    await guess(20, () => ({ email: other.email, from: from(0), ...wrong }));
    expect((await signIn({ email: other.email })).statusCode).toBe(201);
  });

  it('does not go on by naming another address in a header that is not believed', async () => {
    const { email } = await aMember();
    const statuses = await guess(11, (n) => ({ email: `x-${n}@center.example`, from: `198.51.100.${n}, 198.51.100.250` }));
    expect(statuses.at(-1)).toBe(429);
    expect((await signIn({ email, from: '198.51.100.1, 198.51.100.250' })).statusCode).toBe(429);
  });

  it('is one door, however its path is written', async () => {
    const from = freshNetwork();
    await guess(10, (n) => ({ email: `y-${n}@center.example`, from }));
    const statuses: number[] = [];
    for (const url of [
      '/api/v1/sessions',
      '/api/v1/sessions?lang=en',
      '/api/v1/%73essions',
      '/api/v1/sessions?x=1',
      '/api//v1/sessions',
      '/API/v1/sessions',
    ]) {
      const { statusCode } = await world.app.inject({
        method: 'POST',
        url,
        headers: { 'x-forwarded-for': from },
        payload: { email: 'z@center.example', password: 'x' },
      });
      statuses.push(statusCode);
    }
    expect(statuses.filter((status) => ![429, 400, 404].includes(status))).toEqual([]);
  });

  it('is what is counted: signing in is not', async () => {
    const { email } = await aMember();
    const from = freshNetwork();
    expect(await guess(15, () => ({ email, from }))).toEqual(Array.from({ length: 15 }, () => 201));
    expect(await guess(9, () => ({ email, from, ...wrong }))).toEqual(Array.from({ length: 9 }, () => 401));
    expect((await signIn({ email, from })).statusCode).toBe(201);
    expect(await guess(2, () => ({ email, from, ...wrong }))).toEqual([401, 429]);
  });

  it('a hundred times at once verifies ten', async () => {
    const { email } = await aMember();
    const match = vi.spyOn(Passwords.prototype, 'match');
    const answers = await Promise.all(Array.from({ length: 100 }, () => signIn({ email, ...wrong })));
    expect(match.mock.calls.length).toBe(10);
    expect(answers.filter(({ statusCode }) => statusCode === 401).length).toBe(10);
    expect(answers.filter(({ statusCode }) => statusCode === 429).length).toBe(90);
    expect((await signIn({ email })).statusCode).toBe(429);
  });

  it('from one network a hundred times at once, at a hundred addresses, verifies ten', async () => {
    const match = vi.spyOn(Passwords.prototype, 'match');
    const from = freshNetwork();
    await Promise.all(Array.from({ length: 100 }, (_, n) => signIn({ email: `many-${n}@center.example`, from })));
    expect(match.mock.calls.length).toBe(10);
  });

  it('of others does not shut out the editor at a device known to us', async () => {
    const { email } = await aMember();
    const from = freshNetwork();
    const device = cookiesOf(await signIn({ email, from }))['__Host-markaz-device']!;
    const known = { cookie: `__Host-markaz-device=${device}` };
    // From the same network even: an office has one address.
    await guess(11, () => ({ email, from, ...wrong }));
    await guess(11, () => ({ email, ...wrong }));
    expect((await signIn({ email, from })).statusCode).toBe(429);
    expect((await signIn({ email })).statusCode).toBe(429);
    const again = await signIn({ email, from, headers: known });
    expect(again.statusCode).toBe(201);
    expect(cookiesOf(again)['__Host-markaz-device']).toBe(device);
    // That device has ten tries of its own, and uses up nobody else's.
    expect(await guess(11, () => ({ email, headers: known, ...wrong }))).toEqual([...Array.from({ length: 10 }, () => 401), 429]);
    await letPass('00:16:00');
    expect((await signIn({ email })).statusCode).toBe(201);
  });

  it('is not made easier by a device of somebody else, or by one that is made up', async () => {
    const [victim, insider] = [await aMember(), await aMember()];
    const device = cookiesOf(await signIn(insider))['__Host-markaz-device']!;
    const planted = Buffer.alloc(32, 7).toString('base64url');
    await guess(10, () => ({ email: victim.email, ...wrong }));
    for (const value of [device, planted]) {
      expect((await signIn({ email: victim.email, headers: { cookie: `__Host-markaz-device=${value}` } })).statusCode).toBe(429);
    }
    const other = await aMember();
    const answer = await signIn({ email: other.email, headers: { cookie: `__Host-markaz-device=${planted}` } });
    expect([answer.statusCode, cookiesOf(answer)['__Host-markaz-device'] === planted]).toEqual([201, false]);
  });

  it('leaves neither addresses nor networks in the table of limits', async () => {
    const [email, from] = ['traceable@center.example', '192.0.2.77'];
    await signIn({ email, from });
    const rows = JSON.stringify(
      await world.dataSource.query(`select encode(key, 'escape') as escaped, encode(key, 'hex') as hex from rate_buckets`),
    );
    for (const trace of [email, from]) {
      expect(rows.includes(trace)).toBe(false);
      expect(rows.includes(Buffer.from(trace).toString('hex'))).toBe(false);
    }
  });

  it('takes back what failed for another reason', async () => {
    const { email } = await aMember();
    vi.spyOn(Passwords.prototype, 'match').mockRejectedValue(new Error('out of memory'));
    expect(await guess(12, () => ({ email }))).toEqual(Array.from({ length: 12 }, () => 500));
    vi.restoreAllMocks();
    expect((await signIn({ email })).statusCode).toBe(201);
  });
});

describe('changing one’s password', () => {
  const NEW = 'نخلتان على الطريق الجديد';

  it('ends every session and opens one, tells the editor by mail and the log', async () => {
    const editor = await aMember('chief');
    const post = vi.spyOn(MailRoom.prototype, 'post');
    const others = await openSessions(editor.id, 20);
    const { status, body, headers } = await world.as(editor).put('/api/v1/desk/me/password', { currentPassword: PASSWORD, password: NEW });
    expect([status, headers['cache-control']]).toEqual([200, 'private, no-store']);
    const { token } = body as { token: string };
    expect(body).toEqual({
      token: expect.stringMatching(/^[\w-]{43}$/) as string,
      editor: { id: editor.id, name: 'محرر chief', email: editor.email, role: 'chief', lang: 'ar', sections: [] },
    });
    expect(headers['set-cookie']).toEqual([
      expect.stringMatching(new RegExp(`^__Host-markaz=${token};`)),
      expect.stringMatching(/^__Host-markaz-device=/),
    ]);
    expect(await accepted([editor.token, ...others])).toBe(0);
    expect(await accepted([token])).toBe(1);
    expect((await signIn({ email: editor.email })).statusCode).toBe(401);
    expect((await signIn({ email: editor.email, password: NEW })).statusCode).toBe(201);
    const [letter, ...more] = post.mock.calls.map(([, sent]) => sent);
    expect([more.length, letter?.kind, letter?.to]).toEqual([0, 'password_changed', editor.email]);
    expect(letter?.mail.text).not.toContain(NEW);
    const log = await world.dataSource.query<object[]>(
      `select editor_id, editor_name, act, object_type, object_id, before, after, request_id is not null as requested from audit_log where object_id = $1`,
      [editor.id],
    );
    expect(log).toEqual([
      {
        editor_id: editor.id,
        editor_name: 'محرر chief',
        act: 'editors.set_password',
        object_type: 'editor',
        object_id: editor.id,
        before: {},
        after: {},
        requested: true,
      },
    ]);
  });

  it('forgets the devices of before', async () => {
    const editor = await aMember();
    const device = cookiesOf(await signIn(editor))['__Host-markaz-device']!;
    const answer = await world.as(editor).put('/api/v1/desk/me/password', { currentPassword: PASSWORD, password: NEW }).expect(200);
    for (let n = 0; n < 10; n += 1) await signIn({ email: editor.email });
    const from = (value: string): Promise<LightMyRequestResponse> =>
      signIn({ email: editor.email, password: NEW, headers: { cookie: `__Host-markaz-device=${value}` } });
    expect((await from(device)).statusCode).toBe(429);
    const fresh = /__Host-markaz-device=([^;]+)/.exec(String(answer.headers['set-cookie']))![1]!;
    expect((await from(fresh)).statusCode).toBe(201);
  });

  it('needs the current one; wrong ones count as wrong tries at the account', async () => {
    const editor = await aMember();
    const change = (currentPassword: string): ReturnType<ReturnType<TestApp['as']>['put']> =>
      world.as(editor).put('/api/v1/desk/me/password?lang=en', { currentPassword, password: NEW });
    const { status, body } = await change('not the password');
    expect([status, (body as { code: string }).code, (body as { errors: object[] }).errors]).toEqual([
      422,
      'wrong_password',
      [{ field: 'currentPassword', rule: 'right', message: 'The current password is wrong.' }],
    ]);
    for (let n = 0; n < 9; n += 1) await signIn({ email: editor.email, password: 'not the password' });
    const limited = await change(PASSWORD);
    expect([limited.status, limited.headers['retry-after']]).toEqual([429, expect.stringMatching(/^\d+$/)]);
    expect(await accepted([editor.token])).toBe(1);
  });

  it('refuses the editor’s own name and address, and what is too short or too long', async () => {
    const editor = await anEditor(world, 'chief');
    await world.dataSource.query(`update editors set name = 'سلمى بنت عبد الله' where id = $1`, [editor.id]);
    await withPassword(world, editor);
    const answer = async (password: unknown): Promise<unknown[]> => {
      const { status, body } = await world.as(editor).put('/api/v1/desk/me/password', { currentPassword: PASSWORD, password });
      return [
        status,
        (body as { code: string }).code,
        (body as { errors?: { field: string; rule: string }[] }).errors?.map(({ field, rule }) => `${field} ${rule}`),
      ];
    };
    for (const password of ['سلمى بنت عبد الله', 'سلمى  بنت عبدالله', editor.email, editor.email.toUpperCase(), ` ${editor.email} `]) {
      expect([password, await answer(password)]).toEqual([password, [422, 'password_is_known', ['password known']]]);
    }
    // Characters are counted as they are stored: a letter and its accent are one, and so is a picture of two UTF-16 units.
    for (const password of [
      'x'.repeat(11),
      'x'.repeat(201),
      '👍'.repeat(11),
      '👍'.repeat(201),
      'e\u0301'.repeat(11),
      '\ud800'.repeat(20),
      'a line\nand another one',
      12_345_678_901_234,
      null,
      ['x'.repeat(20)],
    ]) {
      expect([password, (await answer(password))[0]]).toEqual([password, 400]);
    }
    expect((await answer('👍'.repeat(200)))[0]).toBe(200);
  });

  it('eight times at once changes it once', async () => {
    const editor = await aMember();
    const post = vi.spyOn(MailRoom.prototype, 'post');
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, n) =>
        world.as(editor).put('/api/v1/desk/me/password', { currentPassword: PASSWORD, password: `${NEW} ${n}` }),
      ),
    );
    const statuses = answers.map(({ status }) => status);
    expect(statuses.filter((status) => status === 200).length).toBe(1);
    expect(statuses.filter((status) => ![200, 401, 422].includes(status))).toEqual([]);
    const winner = statuses.indexOf(200);
    expect((await signIn({ email: editor.email, password: `${NEW} ${winner}` })).statusCode).toBe(201);
    expect(post.mock.calls.length).toBe(1);
    const log = await world.dataSource.query<unknown[]>(`select from audit_log where object_id = $1`, [editor.id]);
    expect(log.length).toBe(1);
  });

  it.each([
    [{}, ['currentPassword required', 'password required']],
    [{ currentPassword: PASSWORD, password: NEW, version: 1 }, ['version unknown']],
    [{ currentPassword: PASSWORD, password: 'short' }, ['password password']],
  ])('refuses %j, naming the field', async (body, broken) => {
    const editor = await anEditor(world, 'contributor');
    const { status, body: problem } = await world.as(editor).put('/api/v1/desk/me/password', body);
    const { errors } = problem as { errors: { field: string; rule: string }[] };
    expect([status, errors.map(({ field, rule }) => `${field} ${rule}`)]).toEqual([400, broken]);
  });
});

describe('hashing', () => {
  it('is argon2id with the parameters of OWASP, salted', async () => {
    const passwords = new Passwords();
    const [one, two] = [await passwords.hash(PASSWORD), await passwords.hash(PASSWORD)];
    for (const hash of [one, two]) expect(hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[\w+/]{22}\$[\w+/]{43}$/);
    expect(one).not.toBe(two);
    expect([
      await passwords.match(PASSWORD, one),
      await passwords.match(`${PASSWORD} `, one),
      await passwords.match(PASSWORD, null),
    ]).toEqual([true, false, false]);
  });

  it('happens twice at once; two hundred may wait, and the next is told to come again', async () => {
    const passwords = new Passwords();
    const guesses = Array.from({ length: 203 }, () => passwords.match('x', null));
    const results = await Promise.allSettled(guesses);
    const busy = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as { code: string; status: number }] : []));
    expect(busy.map(({ code }) => code)).toEqual(['busy']);
    expect(results.at(-1)!.status).toBe('rejected');
    expect(await passwords.match('x', null)).toBe(false);
  });
});

describe('what counts no longer', () => {
  it('is removed by due work', async () => {
    const [gone, kept] = [await aMember(), await aMember()];
    await world.dataSource.query(`delete from rate_buckets`);
    for (const { email } of [gone, kept]) {
      await signIn({ email });
      await signIn({ email, password: 'not the password' });
    }
    await world.dataSource.query(`update sessions set seen_at = now() - interval '13 hours' where editor_id = $1`, [gone.id]);
    await world.dataSource.query(`update known_devices set seen_at = now() - interval '181 days' where editor_id = $1`, [gone.id]);
    await world.dataSource.query(
      `update rate_buckets set resets_at = now() - interval '1 second' where ctid in (select ctid from rate_buckets limit 2)`,
    );
    const count = async (): Promise<object[]> =>
      world.dataSource.query(
        `select (select count(*)::int from sessions where editor_id = $1) as sessions, (select count(*)::int from known_devices where editor_id = $1) as devices
         union all select (select count(*)::int from sessions where editor_id = $2), (select count(*)::int from known_devices where editor_id = $2)`,
        [gone.id, kept.id],
      );
    const buckets = async (): Promise<number> => (await world.dataSource.query<unknown[]>(`select from rate_buckets`)).length;
    const before = await buckets();
    await world.app.get(Waker).run('account leftovers');
    expect(await count()).toEqual([
      { sessions: 0, devices: 0 },
      { sessions: 2, devices: 1 },
    ]);
    expect([before, await buckets()]).toEqual([before, before - 2]);
  });

  it('a device unused longest makes place for the twenty-first', async () => {
    const { id, email } = await aMember();
    const devices: string[] = [];
    for (let n = 0; n < 22; n += 1) devices.push(cookiesOf(await signIn({ email }))['__Host-markaz-device']!);
    const [row] = await world.dataSource.query<{ n: number }[]>(`select count(*)::int as n from known_devices where editor_id = $1`, [id]);
    expect(row!.n).toBe(20);
    const again = await signIn({ email, headers: { cookie: `__Host-markaz-device=${devices[0]}` } });
    expect(cookiesOf(again)['__Host-markaz-device']).not.toBe(devices[0]);
  });
});
