import { randomBytes } from 'node:crypto';
import { Logger } from '@nestjs/common';
import type { LightMyRequestResponse } from 'fastify';
import { EnrolmentService } from '../src/accounts/enrolment.service.js';
import { Passwords } from '../src/accounts/passwords.js';
import { FactorSeal, SecondFactors } from '../src/accounts/second-factors.service.js';
import { Waker } from '../src/jobs/waker.js';
import { parseAddress } from '../src/mail/address.js';
import type { Letter } from '../src/mail/mail-room.service.js';
import { Authenticator, anEnrolled, earlyInAStep, enrol, forgetSteps, type Enrolled } from './authenticator.js';
import { PASSWORD, anEditor, withPassword, type TestEditor } from './factories.js';
import { watchOutbox } from './outbox.js';
import { named, startWithRoutes, type Route } from './routes.js';
import type { TestApp } from './test-app.js';

const FACTOR = '/api/v1/desk/me/second-factor';
const TOKENS = '/api/v1/desk/tokens';
const TOKEN = { name: 'برنامج', scopes: ['articles:read'], expiresAt: new Date(Date.now() + 86_400_000).toISOString() };

let world: TestApp;
let routes: readonly Route[];
/** What was put into the outbox, in order. */
let posted: Letter[];

beforeAll(async () => {
  ({ world, routes } = await startWithRoutes());
});
afterAll(() => world.close());
beforeEach(async () => {
  posted = watchOutbox();
  await world.dataSource.query('delete from rate_buckets');
});
afterEach(async () => {
  vi.restoreAllMocks();
  await demand();
});

interface Answer {
  readonly status: number;
  readonly code: string | undefined;
  readonly token: string;
}

async function signIn(email: string, code?: string, password = PASSWORD, headers: Record<string, string> = {}): Promise<Answer> {
  const { status, body } = await world
    .as(null)
    .post('/api/v1/sessions', { email, password, ...(code === undefined ? {} : { code }) })
    .set(headers);
  return { status, code: body.code as string | undefined, token: body.token as string };
}

const outcome = ({ status, code }: Answer): [number, string | undefined] => [status, code];
const OPEN = [201, undefined];
const WRONG = [401, 'wrong_code'];

async function isOpen({ token }: { readonly token: string }): Promise<boolean> {
  return (await world.as({ token }).get('/api/v1/desk/me')).status === 200;
}

/** Of whom the center demands a second factor. */
async function demand(...roles: string[]): Promise<void> {
  await world.dataSource.query(`update center set second_factor_roles = $1`, [roles]);
}

async function aMember(role: Parameters<typeof anEditor>[1] = 'chief'): Promise<TestEditor> {
  return withPassword(world, await anEditor(world, role));
}

const acts = async (id: number): Promise<unknown[]> =>
  (await world.dataSource.query<{ act: string }[]>(`select act from audit_log where object_type = 'editor' and object_id = $1 order by id`, [id])).map(({ act }) => act); // prettier-ignore

const letters = (): string[] => posted.filter(({ kind }) => kind === 'access_changed').map(({ mail }) => mail.subject);

describe('switching it on', () => {
  it('gives a secret for an authenticator, and asks for the password first', async () => {
    const editor = await aMember();
    const refused = await world.as(editor).post(FACTOR, { password: 'not the password' });
    expect([refused.status, refused.body.code, refused.body.errors[0].field]).toEqual([422, 'wrong_password', 'password']);
    const { status, body, headers } = await world.as(editor).post(FACTOR, { password: PASSWORD });
    expect([status, headers['cache-control']]).toEqual([201, 'private, no-store']);
    expect(body).toEqual({ secret: expect.stringMatching(/^[A-Z2-7]{32}$/) as string, uri: expect.any(String) as string });
    const uri = new URL(body.uri as string);
    expect([uri.protocol, uri.host, decodeURIComponent(uri.pathname)]).toEqual(['otpauth:', 'totp', `/مركز:${editor.email}`]);
    expect(Object.fromEntries(uri.searchParams)).toEqual({
      issuer: 'مركز',
      secret: body.secret as string,
      algorithm: 'SHA1',
      digits: '6',
      period: '30',
    });
    // It does not count yet.
    expect((await world.as(editor).get(FACTOR)).body).toEqual({ on: false, since: null, recoveryCodesLeft: 0 });
    expect(outcome(await signIn(editor.email))).toEqual(OPEN);
    expect(letters()).toEqual([]);
  });

  it('takes a code, ends every session, opens one, gives ten recovery codes and tells its owner', async () => {
    const editor = await aMember();
    const other = await signIn(editor.email);
    const { secret } = (await world.as(editor).post(FACTOR, { password: PASSWORD }).expect(201)).body as { secret: string };
    const authenticator = new Authenticator(world, secret);
    const wrong = await world.as(editor).post(`${FACTOR}/confirmations`, { code: await authenticator.wrongCode() });
    expect([wrong.status, wrong.body.code, wrong.body.errors[0].field]).toEqual([422, 'wrong_code', 'code']);
    expect(await isOpen(other)).toBe(true);
    const { status, body, headers } = await world.as(editor).post(`${FACTOR}/confirmations`, { code: await authenticator.code() });
    expect([status, Object.keys(body as object)]).toEqual([200, ['token', 'editor', 'recoveryCodes']]);
    const recoveryCodes = body.recoveryCodes as string[];
    expect([new Set(recoveryCodes).size, recoveryCodes.every((code) => /^[a-z2-9]{5}(-[a-z2-9]{5}){3}$/.test(code))]).toEqual([10, true]);
    expect(String(headers['set-cookie'])).toContain(`__Host-markaz=${body.token as string};`);
    expect([await isOpen(editor), await isOpen(other), await isOpen(body as { token: string })]).toEqual([false, false, true]);
    const state = (await world.as(body as { token: string }).get(FACTOR)).body;
    expect(state).toEqual({ on: true, since: expect.any(String) as string, recoveryCodesLeft: 10 });
    expect(letters()).toEqual(['فُعّلت الخطوة الثانية في حسابك']);
    expect(await acts(editor.id)).toEqual(['editors.begin_second_factor', 'editors.confirm_second_factor']);
    const again = await world.as(body as { token: string }).post(FACTOR, { password: PASSWORD });
    expect([again.status, again.body.code]).toEqual([409, 'second_factor_on']);
  });

  it('leaves neither secret nor recovery codes in the database or the log of the audit', async () => {
    const { id, authenticator, recoveryCodes } = await anEnrolled(world, 'chief');
    const rows = JSON.stringify([
      await world.dataSource.query(`select f.*, encode(secret_enc, 'escape') as text from second_factors f where editor_id = $1`, [id]),
      await world.dataSource.query(`select c.*, encode(code_hash, 'escape') as text from recovery_codes c where editor_id = $1`, [id]),
      await world.dataSource.query('select * from audit_log'),
      posted,
    ]);
    for (const secret of [authenticator.secret, ...recoveryCodes, ...recoveryCodes.map((code) => code.replaceAll('-', ''))])
      expect(rows.includes(secret)).toBe(false);
  });

  it('refuses a secret that was moved to another editor', async () => {
    const [mine, theirs] = [await anEnrolled(world, 'chief'), await anEnrolled(world, 'chief')];
    await world.dataSource.query(
      `update second_factors set secret_enc = (select secret_enc from second_factors where editor_id = $1) where editor_id = $2`,
      [mine.id, theirs.id],
    );
    expect(outcome(await signIn(theirs.email, await mine.authenticator.code()))).toEqual(WRONG);
    // What does not need the secret still opens.
    expect(outcome(await signIn(theirs.email, theirs.recoveryCodes[0]))).toEqual(OPEN);
  });

  it('closed under another SECRET_KEY has no right code, wherever one is asked for, and the log says why', async () => {
    const [editor, beginner] = [await anEnrolled(world, 'chief'), await aMember()];
    const { secret } = (await world.as(beginner).post(FACTOR, { password: PASSWORD }).expect(201)).body as { secret: string };
    const other = new FactorSeal(() => randomBytes(32));
    for (const { id, sealed } of [
      { id: editor.id, sealed: editor.authenticator.secret },
      { id: beginner.id, sealed: secret },
    ])
      await world.dataSource.query(`update second_factors set secret_enc = $2 where editor_id = $1`, [
        id,
        other.close(sealed, `second factor of editor ${id}`),
      ]);
    const logged = vi.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
    expect(outcome(await signIn(editor.email, await editor.authenticator.code()))).toEqual(WRONG);
    const confirmed = await world.as(beginner).post(`${FACTOR}/confirmations`, { code: await new Authenticator(world, secret).code() });
    expect([confirmed.status, confirmed.body.code]).toEqual([422, 'wrong_code']);
    expect(logged.mock.calls).toEqual(
      [editor, beginner].map(({ id }) => [
        `second factor of editor ${id} cannot be opened: it was changed, moved, or closed under another SECRET_KEY`,
      ]),
    );
    expect(outcome(await signIn(editor.email, editor.recoveryCodes[0]))).toEqual(OPEN);
  });

  it('does not take what else fails for a wrong code', async () => {
    const { email, authenticator } = await anEnrolled(world, 'chief');
    const code = await authenticator.code();
    vi.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
    vi.spyOn(FactorSeal.prototype, 'open').mockImplementationOnce(() => {
      throw new Error('planted');
    });
    const payload = { email, password: PASSWORD, code };
    expect((await world.app.inject({ method: 'POST', url: '/api/v1/sessions', payload })).statusCode).toBe(500);
    expect(outcome(await signIn(email, code))).toEqual(OPEN);
  });

  it('has to be confirmed within the hour; begun again, the earlier secret is worthless', async () => {
    const editor = await aMember();
    const begin = async (): Promise<Authenticator> =>
      new Authenticator(
        world,
        ((await world.as(editor).post(FACTOR, { password: PASSWORD }).expect(201)).body as { secret: string }).secret,
      );
    const [first, second] = [await begin(), await begin()];
    const confirm = async (code: string): Promise<[number, string]> => {
      const { status, body } = await world.as(editor).post(`${FACTOR}/confirmations`, { code });
      return [status, body.code as string];
    };
    expect(await confirm(await first.code())).toEqual([422, 'wrong_code']);
    await world.dataSource.query(`update second_factors set created_at = now() - interval '61 minutes' where editor_id = $1`, [editor.id]);
    expect(await confirm(await second.code())).toEqual([409, 'no_second_factor']);
    await world.app.get(Waker).run('account leftovers');
    expect(await world.dataSource.query(`select from second_factors where editor_id = $1`, [editor.id])).toEqual([]);
    expect(await confirm('123456')).toEqual([409, 'no_second_factor']);
  });

  it('happens once when eight confirm at once', async () => {
    const editor = await aMember();
    const { secret } = (await world.as(editor).post(FACTOR, { password: PASSWORD }).expect(201)).body as { secret: string };
    const code = await new Authenticator(world, secret).code();
    const answers = await Promise.all(Array.from({ length: 8 }, () => world.as(editor).post(`${FACTOR}/confirmations`, { code })));
    const statuses = answers.map(({ status }) => status).toSorted();
    expect([statuses[0], statuses.filter((status) => status !== 200 && status !== 401 && status !== 409)]).toEqual([200, []]);
    expect(statuses.filter((status) => status === 200).length).toBe(1);
    const open = await world.dataSource.query<unknown[]>(`select from sessions where editor_id = $1`, [editor.id]);
    expect(open.length).toBe(1);
  });

  it.each([
    [FACTOR, {}, ['password required']],
    [FACTOR, { password: 7 }, ['password prose']],
    [`${FACTOR}/confirmations`, { code: 123456 }, ['code line']],
    [`${FACTOR}/confirmations`, { code: '1'.repeat(41) }, ['code line']],
    [`${FACTOR}/recovery-codes`, { password: PASSWORD }, ['code required']],
    [`${FACTOR}/removals`, { code: '123456', editorId: 1, password: PASSWORD }, ['editorId unknown']],
  ])('refuses %s %j, naming the field', async (path, body, broken) => {
    const answer = await world.as(await aMember()).post(path, body);
    const errors = answer.body.errors as { field: string; rule: string }[];
    expect([answer.status, errors.map(({ field, rule }) => `${field} ${rule}`)]).toEqual([400, broken]);
  });
});

describe('signing in', () => {
  it('asks for the code once the password is right, and says wrong only then', async () => {
    const { email, authenticator } = await anEnrolled(world, 'chief');
    expect(outcome(await signIn(email))).toEqual([401, 'code_required']);
    expect(outcome(await signIn(email, await authenticator.wrongCode()))).toEqual(WRONG);
    for (const junk of ['', '12345', '1234567', 'abcdef', '١٢٣', 'mkz_', '0x1F40', '12345６７', 'a'.repeat(20)])
      expect([junk, (await signIn(email, junk || ' ')).status]).toEqual([junk, junk === '' ? 400 : 401]);
    await world.dataSource.query('delete from rate_buckets');
    expect(outcome(await signIn(email, await authenticator.code()))).toEqual(OPEN);
  });

  it('takes the digits of an Arabic keyboard, and a code in two groups', async () => {
    const { id, email, authenticator } = await anEnrolled(world, 'chief');
    const code = await authenticator.code();
    const forms = [
      code.replaceAll(/\d/g, (digit) => String.fromCodePoint(0x660 + Number(digit))),
      code.replaceAll(/\d/g, (digit) => String.fromCodePoint(0x6f0 + Number(digit))),
      `${code.slice(0, 3)} ${code.slice(3)}`,
      `\u200e${code}`,
    ];
    for (const form of forms) {
      expect([form, outcome(await signIn(email, form))]).toEqual([form, OPEN]);
      await forgetSteps(world, id);
    }
  });

  it('tells nobody without the password whether there is a second factor: not by the answer, whatever code comes with it', async () => {
    const [enrolled, plain] = [await anEnrolled(world, 'chief'), await aMember()];
    const bodies = new Set<string>();
    for (const email of [enrolled.email, plain.email, 'nobody@center.example'])
      for (const code of [undefined, await enrolled.authenticator.code(), enrolled.recoveryCodes[0], '123456']) {
        const { statusCode, body, headers } = await world.app.inject({
          method: 'POST',
          url: '/api/v1/sessions',
          payload: { email, password: 'not the password', code },
        });
        const { date: _, ...rest } = headers;
        bodies.add(JSON.stringify([statusCode, body.replace(/urn:uuid:[\da-f-]+/, ''), rest]));
        await world.dataSource.query('delete from rate_buckets');
      }
    expect(bodies.size).toBe(1);
    // And the wrong password has used up no code.
    expect(outcome(await signIn(enrolled.email, enrolled.recoveryCodes[0]))).toEqual(OPEN);
  });

  it('does the same work for a wrong password, whether there is a second factor or not', async () => {
    const emails = [(await anEnrolled(world, 'chief')).email, (await aMember()).email, 'nobody@center.example'];
    const match = vi.spyOn(Passwords.prototype, 'match');
    const query = vi.spyOn(world.dataSource, 'query');
    const work: string[] = [];
    for (const email of emails) {
      query.mockClear();
      match.mockClear();
      await signIn(email, '123456', 'not the password');
      const asked = query.mock.calls.map(([sql]) => sql).filter((sql) => /editors|factor|recovery|rate_buckets/.test(sql));
      work.push(JSON.stringify([match.mock.calls.length, asked]));
    }
    expect(JSON.parse(work[0]!)).toEqual([1, expect.arrayContaining([expect.stringContaining('from editors e')])]);
    expect(new Set(work).size).toBe(1);
  });

  it('takes the code of the step before and the step after, by the database’s clock, and no other', async () => {
    const { id, email, authenticator } = await anEnrolled(world, 'chief');
    await earlyInAStep(world);
    const found: Record<number, unknown> = {};
    for (const steps of [-3, -2, -1, 0, 1, 2, 3]) {
      found[steps] = (await signIn(email, await authenticator.code(steps))).status;
      await forgetSteps(world, id);
    }
    expect(found).toEqual({ '-3': 401, '-2': 401, '-1': 201, 0: 201, 1: 201, 2: 401, 3: 401 });
  });

  it('takes each code once, and none that is older than one taken', async () => {
    const { email, authenticator } = await anEnrolled(world, 'chief');
    await earlyInAStep(world);
    const [before, now, after] = await Promise.all([-1, 0, 1].map((steps) => authenticator.code(steps)));
    const answers: unknown[] = [];
    for (const code of [before, before, now, now, before, after, now, after]) answers.push((await signIn(email, code)).status);
    expect(answers).toEqual([201, 401, 201, 401, 401, 201, 401, 401]);
  });

  it('opens one session with one code that eight bring at once', async () => {
    for (let round = 0; round < 3; round += 1) {
      const { id, email, authenticator } = await anEnrolled(world, 'chief');
      const code = await authenticator.code();
      const answers = await Promise.all(Array.from({ length: 8 }, () => signIn(email, code)));
      expect(answers.map(({ status }) => status).toSorted()).toEqual([201, 401, 401, 401, 401, 401, 401, 401]);
      const open = await world.dataSource.query<unknown[]>(`select from sessions where editor_id = $1`, [id]);
      // Theirs, and the one of the enrolment.
      expect(open.length).toBe(2);
      await world.dataSource.query('delete from rate_buckets');
    }
  });

  it('that was under way when the second factor was switched on needs it', async () => {
    const editor = await aMember();
    const { secret } = (await world.as(editor).post(FACTOR, { password: PASSWORD }).expect(201)).body as { secret: string };
    const code = await new Authenticator(world, secret).code();
    let attempt: Promise<Answer>;
    await world.tx(async (tx) => {
      await tx.query(`select from editors where id = $1 for no key update`, [editor.id]);
      attempt = signIn(editor.email);
      await untilBlocked();
      expect(await world.app.get(SecondFactors).confirm(tx, editor.id, code)).toBe(true);
    });
    expect(outcome(await attempt!)).toEqual([401, 'code_required']);
  });
});

describe('a wrong code after the right password', () => {
  const told = async (id: number): Promise<{ letters: number; lines: unknown[] }> => {
    const [{ letters: count }] = await world.dataSource.query<[{ letters: number }]>(
      `select count(*)::int as letters from mail_outbox where dedupe_key like $1`,
      [`wrong_code:${id}:%`],
    );
    const lines = await world.dataSource.query<unknown[]>(
      `select editor_id as by, before, after, request_id is not null as traced from audit_log where act = 'editors.wrong_code' and object_id = $1`,
      [id],
    );
    return { letters: count, lines };
  };
  const LINE = { by: null, before: {}, after: {}, traced: true };

  it('is told its owner in one letter a day and one line of the log, of eight at once too', async () => {
    const { id, email, authenticator, recoveryCodes } = await anEnrolled(world, 'chief');
    await signIn(email);
    await signIn(email, await authenticator.wrongCode(), 'not the password');
    await signIn(email, await authenticator.code());
    expect(await told(id)).toEqual({ letters: 0, lines: [] });
    posted.length = 0;
    const wrong = await authenticator.wrongCode();
    const answers = await Promise.all(Array.from({ length: 8 }, () => signIn(email, wrong)));
    expect(answers.map(outcome)).toEqual(Array.from({ length: 8 }, () => WRONG));
    expect(await told(id)).toEqual({ letters: 1, lines: [LINE] });
    expect([posted[0]!.to, posted[0]!.mail.subject]).toEqual([email, 'كلمة سر صحيحة ورمز خاطئ في حسابك']);
    await world.dataSource.query('delete from rate_buckets');
    // The next day, for which the letter is a day older: a wrong recovery code says the same.
    await world.dataSource.query(`update mail_outbox set dedupe_key = dedupe_key || ' yesterday' where dedupe_key like $1`, [
      `wrong_code:${id}:%`,
    ]);
    expect(outcome(await signIn(email, `${recoveryCodes[0]!.slice(0, -1)}#`))).toEqual(WRONG);
    expect(outcome(await signIn(email, 'aaaaa-aaaaa-aaaaa-aaaaa'))).toEqual(WRONG);
    expect(await told(id)).toEqual({ letters: 2, lines: [LINE, LINE] });
  });

  it.each([
    ['en', 'Your password was given with a wrong code'],
    ['fr', 'Votre mot de passe a été saisi avec un code erroné'],
  ])('is told in the editor’s language: %s', async (lang, subject) => {
    const { id, email, authenticator } = await anEnrolled(world, 'chief');
    await world.dataSource.query(`update editors set lang = $2 where id = $1`, [id, lang]);
    posted.length = 0;
    await signIn(email, await authenticator.wrongCode());
    expect(letters()).toEqual([subject]);
  });

  /** As if the buckets of networks, addresses and devices had ended; that of the account's codes stays. */
  const elsewhere = async (buckets: readonly string[]): Promise<void> => {
    await world.dataSource.query(`delete from rate_buckets where encode(key, 'hex') <> all($1)`, [buckets]);
  };
  const ofADay = async (): Promise<string[]> =>
    (
      await world.dataSource.query<{ key: string }[]>(
        `select encode(key, 'hex') as key from rate_buckets where resets_at > now() + interval '1 hour'`,
      )
    ).map(({ key }) => key);

  it('is one of fifty a day, from whatever devices, and recovery codes count as well; then a day ends it', async () => {
    const { id, email, authenticator, recoveryCodes } = await anEnrolled(world, 'chief');
    await signIn(email, await authenticator.wrongCode());
    const buckets = await ofADay();
    expect(buckets.length).toBe(1);
    for (let n = 1; n < 50; n += 1) {
      await elsewhere(buckets);
      const code = n % 2 === 0 ? await authenticator.wrongCode() : 'aaaaa-aaaaa-aaaaa-aaaaa';
      expect(outcome(await signIn(email, code))).toEqual(WRONG);
      // Right ones do not count, and begin nothing anew.
      if (n % 10 === 0) {
        await forgetSteps(world, id);
        expect(outcome(await signIn(email, await authenticator.code()))).toEqual(OPEN);
      }
    }
    await elsewhere(buckets);
    await forgetSteps(world, id);
    for (const code of [await authenticator.wrongCode(), await authenticator.code(), recoveryCodes[0]])
      expect(outcome(await signIn(email, code))).toEqual([429, 'too_many_tries']);
    const refused = await world.as(null).post('/api/v1/sessions', { email, password: PASSWORD, code: '123456' });
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(23 * 3600);
    expect(Number(refused.headers['retry-after'])).toBeLessThanOrEqual(24 * 3600);
    // To who does not have the password, and without a code, it looks like ever.
    expect(outcome(await signIn(email, '123456', 'not the password'))).toEqual([401, 'wrong_credentials']);
    expect(outcome(await signIn(email))).toEqual([401, 'code_required']);
    await world.dataSource.query(`update rate_buckets set resets_at = resets_at - interval '24 hours' where encode(key, 'hex') = any($1)`, [
      buckets,
    ]);
    expect(outcome(await signIn(email, recoveryCodes[0]))).toEqual(OPEN);
    expect(outcome(await signIn(email, await authenticator.code()))).toEqual(OPEN);
  }, 60_000);

  it('counts at the acts of the desk as well, which ask for password and code', async () => {
    const editor = await anEnrolled(world, 'chief');
    await signIn(editor.email, await editor.authenticator.wrongCode());
    const buckets = await ofADay();
    await world.dataSource.query(`update rate_buckets set n = 49 where encode(key, 'hex') = any($1)`, [buckets]);
    const tries = async (path: string, code: string): Promise<string> =>
      (await world.as(editor).post(path, { password: PASSWORD, code, ...(path === TOKENS ? TOKEN : {}) })).body.code as string;
    expect(await tries(`${FACTOR}/removals`, await editor.authenticator.wrongCode())).toBe('wrong_code');
    for (const path of [`${FACTOR}/removals`, `${FACTOR}/recovery-codes`, TOKENS])
      expect([path, await tries(path, editor.recoveryCodes[0]!)]).toEqual([path, 'too_many_tries']);
    // Whoever cannot wait for a day has an admin.
    await world
      .as(await anEditor(world, 'admin'))
      .delete(`/api/v1/desk/editors/${editor.id}/second-factor`)
      .expect(204);
    expect(outcome(await signIn(editor.email))).toEqual(OPEN);
  });
});

async function untilBlocked(): Promise<void> {
  for (;;) {
    const rows = await world.dataSource.query<unknown[]>(
      `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
    );
    if (rows.length > 0) return;
    await new Promise((resume) => setTimeout(resume, 10));
  }
}

describe('guessing codes', () => {
  it('with the right password ends after ten wrong ones, for a quarter of an hour', async () => {
    const { email, authenticator } = await anEnrolled(world, 'chief');
    const wrong = await authenticator.wrongCode();
    for (let n = 0; n < 10; n += 1) expect(outcome(await signIn(email, wrong))).toEqual(WRONG);
    // The right password in between gives none back, and now it is too late for a right code as well.
    expect(outcome(await signIn(email))).toEqual([429, 'too_many_tries']);
    expect(outcome(await signIn(email, await authenticator.code()))).toEqual([429, 'too_many_tries']);
    await world.dataSource.query(`update rate_buckets set resets_at = now()`);
    expect(outcome(await signIn(email, await authenticator.code()))).toEqual(OPEN);
  });

  it('is counted together with wrong passwords, and not begun anew by asking without a code', async () => {
    const { email, authenticator } = await anEnrolled(world, 'chief');
    const wrong = await authenticator.wrongCode();
    for (let n = 0; n < 5; n += 1) {
      expect(outcome(await signIn(email, wrong))).toEqual(WRONG);
      expect(outcome(await signIn(email))).toEqual([401, 'code_required']);
      expect(outcome(await signIn(email, wrong, 'not the password'))).toEqual([401, 'wrong_credentials']);
    }
    expect(outcome(await signIn(email, wrong))).toEqual([429, 'too_many_tries']);
  });

  it('a hundred times at once looks at ten', async () => {
    const { email, authenticator } = await anEnrolled(world, 'chief');
    const wrong = await authenticator.wrongCode();
    const take = vi.spyOn(SecondFactors.prototype, 'take');
    const answers = await Promise.all(Array.from({ length: 100 }, () => signIn(email, wrong)));
    expect(take.mock.calls.length).toBe(10);
    expect(answers.filter(({ code }) => code === 'wrong_code').length).toBe(10);
    expect(answers.filter(({ code }) => code === 'too_many_tries').length).toBe(90);
  }, 30_000);

  it('at a known device is counted apart: it does not shut out its owner, and the device does not replace the code', async () => {
    const { id, email, authenticator } = await anEnrolled(world, 'chief');
    const first = await world.app.inject({
      method: 'POST',
      url: '/api/v1/sessions',
      payload: { email, password: PASSWORD, code: await authenticator.code() },
    });
    const cookie = `__Host-markaz-device=${first.cookies.find(({ name }) => name === '__Host-markaz-device')!.value}`;
    await forgetSteps(world, id);
    const wrong = await authenticator.wrongCode();
    for (let n = 0; n < 11; n += 1) await signIn(email, wrong);
    expect(outcome(await signIn(email, await authenticator.code()))).toEqual([429, 'too_many_tries']);
    expect(outcome(await signIn(email, undefined, PASSWORD, { cookie }))).toEqual([401, 'code_required']);
    for (let n = 0; n < 9; n += 1) expect(outcome(await signIn(email, wrong, PASSWORD, { cookie }))).toEqual(WRONG);
    expect(outcome(await signIn(email, await authenticator.code(), PASSWORD, { cookie }))).toEqual(OPEN);
    expect(outcome(await signIn(email, wrong, PASSWORD, { cookie }))).toEqual(WRONG);
    await forgetSteps(world, id);
    expect(outcome(await signIn(email, await authenticator.code(), PASSWORD, { cookie }))).toEqual([429, 'too_many_tries']);
  });

  it.each([
    ['to confirm', 'confirmations'],
    ['to remove', 'removals'],
    ['to renew', 'recovery-codes'],
  ])('%s ends after ten as well', async (_, act) => {
    const editor = act === 'confirmations' ? await aMember() : await anEnrolled(world, 'chief');
    if (act === 'confirmations') await world.as(editor).post(FACTOR, { password: PASSWORD }).expect(201);
    const body = { code: 'x', ...(act === 'confirmations' ? {} : { password: PASSWORD }) };
    const codes: string[] = [];
    for (let n = 0; n < 11; n += 1) codes.push((await world.as(editor).post(`${FACTOR}/${act}`, body)).body.code as string);
    expect(codes).toEqual([...Array.from({ length: 10 }, () => 'wrong_code'), 'too_many_tries']);
  });
});

describe('a recovery code', () => {
  it('stands in for the authenticator once, however it is typed, and its owner hears of it', async () => {
    const editor = await anEnrolled(world, 'chief');
    const [first, second, third] = editor.recoveryCodes as [string, string, string];
    posted.length = 0;
    expect(outcome(await signIn(editor.email, first))).toEqual(OPEN);
    expect(posted.map(({ to, mail }) => [to, mail.subject])).toEqual([[editor.email, 'استُعمل أحد رموز الاسترداد']]);
    expect(posted[0]!.mail.text).toContain('9');
    expect(outcome(await signIn(editor.email, first))).toEqual(WRONG);
    expect(outcome(await signIn(editor.email, second.replaceAll('-', '').toUpperCase()))).toEqual(OPEN);
    expect(outcome(await signIn(editor.email, third.replaceAll('-', ' ')))).toEqual(OPEN);
    expect((await world.as(editor).get(FACTOR)).body).toMatchObject({ on: true, recoveryCodesLeft: 7 });
  });

  it('brought by eight at once opens one session', async () => {
    const { email, recoveryCodes } = await anEnrolled(world, 'chief');
    const answers = await Promise.all(Array.from({ length: 8 }, () => signIn(email, recoveryCodes[4])));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([201, 401, 401, 401, 401, 401, 401, 401]);
  });

  it('of somebody else, or of before the renewal, is wrong', async () => {
    const [editor, other] = [await anEnrolled(world, 'chief'), await anEnrolled(world, 'chief')];
    expect(outcome(await signIn(editor.email, other.recoveryCodes[0]))).toEqual(WRONG);
    posted.length = 0;
    const body = { password: PASSWORD, code: await editor.authenticator.code() };
    const renewed = await world.as(editor).post(`${FACTOR}/recovery-codes`, body);
    expect([renewed.status, Object.keys(renewed.body as object)]).toEqual([201, ['recoveryCodes']]);
    expect(letters()).toEqual(['رموز استرداد جديدة']);
    expect(outcome(await signIn(editor.email, editor.recoveryCodes[0]))).toEqual(WRONG);
    expect(outcome(await signIn(editor.email, (renewed.body.recoveryCodes as string[])[0]))).toEqual(OPEN);
    const refusals = [{ ...body, password: 'not the password' }, body].map(
      async (given) => (await world.as(editor).post(`${FACTOR}/recovery-codes`, given)).body.code as string,
    );
    // The second: the code has been used.
    expect(await Promise.all(refusals)).toEqual(['wrong_password', 'wrong_code']);
  });
});

describe('a new password', () => {
  it('by mail leaves the second factor, and does not replace it', async () => {
    const editor = await anEnrolled(world, 'chief');
    await world.as(null).post('/api/v1/password-resets', { email: editor.email }).expect(202);
    await world.app.get(Waker).run('password resets');
    const [, token] = /\/desk\/password#([\w-]{43})\s/.exec(posted.at(-1)!.mail.text)!;
    const password = 'نخلتان على الطريق الجديد';
    const set = await world.as(null).post('/api/v1/passwords', { token, password }).expect(204);
    expect(outcome(await signIn(editor.email, undefined, password))).toEqual([401, 'code_required']);
    const cookie = String(set.headers['set-cookie']).split(';')[0]!;
    expect(outcome(await signIn(editor.email, undefined, password, { cookie }))).toEqual([401, 'code_required']);
    expect(outcome(await signIn(editor.email, await editor.authenticator.code(), password))).toEqual(OPEN);
  });

  it('set at the desk opens a session that still has its second factor', async () => {
    await demand('chief');
    const editor = await anEnrolled(world, 'chief');
    const body = { currentPassword: PASSWORD, password: 'نخلتان على الطريق الجديد' };
    const changed = await world.as(editor).put('/api/v1/desk/me/password', body).expect(200);
    await world
      .as(changed.body as { token: string })
      .get('/api/v1/desk/articles')
      .expect(200);
  });
});

describe('removing it', () => {
  it('needs the password and a code, ends every session, opens one and tells its owner', async () => {
    const editor = await anEnrolled(world, 'chief');
    posted.length = 0;
    const remove = (password: string, code: string): ReturnType<TestApp['get']> =>
      world.as(editor).post(`${FACTOR}/removals`, { password, code });
    expect((await remove('not the password', await editor.authenticator.code())).body.code).toBe('wrong_password');
    expect((await remove(PASSWORD, await editor.authenticator.wrongCode())).body.code).toBe('wrong_code');
    const { status, body } = await remove(PASSWORD, await editor.authenticator.code());
    expect([status, Object.keys(body as object)]).toEqual([200, ['token', 'editor']]);
    expect([await isOpen(editor), await isOpen(body as { token: string })]).toEqual([false, true]);
    expect(letters()).toEqual(['أُوقفت الخطوة الثانية في حسابك']);
    expect((await world.as(body as { token: string }).get(FACTOR)).body).toEqual({ on: false, since: null, recoveryCodesLeft: 0 });
    expect(outcome(await signIn(editor.email))).toEqual(OPEN);
    const again = await world.as(body as { token: string }).post(`${FACTOR}/removals`, { password: PASSWORD, code: '123456' });
    expect([again.status, again.body.code]).toEqual([409, 'no_second_factor']);
    expect((await acts(editor.id)).at(-1)).toBe('editors.remove_second_factor');
  });

  it('is refused while the editor’s role demands it', async () => {
    const editor = await anEnrolled(world, 'chief');
    await demand('admin', 'chief');
    const answer = await world.as(editor).post(`${FACTOR}/removals`, { password: PASSWORD, code: await editor.authenticator.code() });
    expect([answer.status, answer.body.code]).toEqual([409, 'second_factor_required']);
    expect(await isOpen(editor)).toBe(true);
  });
});

describe('demanded of a role', () => {
  const closed = (): Route[] => routes.filter(({ method, door }) => method !== 'HEAD' && door !== 'public' && door !== 'raw');

  it('leaves an open session without it at once nothing but the way to one, on every route', async () => {
    const admin = await anEditor(world, 'admin');
    await demand('admin');
    const found: Record<string, [number, string]> = {};
    for (const route of closed()) {
      const url = route.path.replaceAll(/:\w+/g, '999999');
      const method = route.method.toLowerCase() as 'get' | 'post' | 'put' | 'patch' | 'delete';
      if (named(route) === 'DELETE /api/v1/sessions/current') continue;
      const { status, body } = await world.as(admin)[method](url, method === 'get' || method === 'delete' ? undefined : {});
      if (body.code !== 'second_factor_required') found[named(route)] = [status, body.code as string];
      else expect([named(route), status]).toEqual([named(route), 403]);
    }
    expect(found).toEqual({
      'GET /api/v1/desk/me': [200, undefined],
      'GET /api/v1/desk/me/second-factor': [200, undefined],
      'POST /api/v1/desk/me/second-factor': [400, 'invalid_body'],
      'POST /api/v1/desk/me/second-factor/confirmations': [400, 'invalid_body'],
      'POST /api/v1/desk/me/second-factor/recovery-codes': [400, 'invalid_body'],
      'POST /api/v1/desk/me/second-factor/removals': [400, 'invalid_body'],
    });
    await world.as(admin).delete('/api/v1/sessions/current').expect(204);
  });

  it('is said in the center, locks out nobody, and lets go at once when it is taken back', async () => {
    const admin = await aMember('admin');
    const center = (await world.as(admin).get('/api/v1/desk/center').expect(200)).body as { version: number; secondFactorRoles: string[] };
    expect(center.secondFactorRoles).toEqual([]);
    const demanding = await world
      .as(admin)
      .patch('/api/v1/desk/center', { secondFactorRoles: ['admin'], version: center.version })
      .expect(200);
    expect(demanding.body.secondFactorRoles).toEqual(['admin']);
    const refused = await world.as(admin).get('/api/v1/desk/center');
    expect([refused.status, refused.body.code]).toEqual([403, 'second_factor_required']);
    // Another sign-in with the password alone comes no further.
    const again = await signIn(admin.email);
    await world.as(again).get('/api/v1/desk/me').expect(200);
    await world.as(again).get('/api/v1/desk/articles').expect(403);
    const enrolled = await enrol(world, { ...admin, token: again.token });
    const version = (await world.as(enrolled).get('/api/v1/desk/center').expect(200)).body.version as number;
    const other = await anEditor(world, 'admin');
    await world.as(other).get('/api/v1/desk/articles').expect(403);
    await world.as(enrolled).patch('/api/v1/desk/center', { secondFactorRoles: [], version }).expect(200);
    await world.as(other).get('/api/v1/desk/articles').expect(200);
  });

  it('does not touch other roles, and reaches who is given the role', async () => {
    await demand('chief');
    const editor = await anEditor(world, 'contributor');
    await world.as(editor).get('/api/v1/desk/articles').expect(200);
    await world.dataSource.query(`update editors set role = 'chief' where id = $1`, [editor.id]);
    await world.as(editor).get('/api/v1/desk/articles').expect(403);
  });

  it.each([
    [['boss'], 'choices'],
    [['admin', 'admin'], 'choices'],
    ['admin', 'choices'],
    [null, 'required'],
    [[['admin']], 'choices'],
  ])('of %j is refused', async (secondFactorRoles, rule) => {
    const answer = await world.as(await anEditor(world, 'admin')).patch('/api/v1/desk/center', { secondFactorRoles, version: 1 });
    expect([answer.status, answer.body.errors[0].field, answer.body.errors[0].rule]).toEqual([400, 'secondFactorRoles', rule]);
  });
});

describe('a lost second factor', () => {
  it('is taken away by an admin: all sessions end, its owner hears of it, the log tells', async () => {
    const [admin, editor] = [await anEditor(world, 'admin'), await anEnrolled(world, 'chief')];
    const reset = `/api/v1/desk/editors/${editor.id}/second-factor`;
    expect((await world.as(admin).get(`/api/v1/desk/editors/${editor.id}`)).body.secondFactor).toBe(true);
    posted.length = 0;
    await world.as(admin).delete(reset).expect(204);
    expect(await isOpen(editor)).toBe(false);
    expect(posted.map(({ to, mail }) => [to, mail.subject])).toEqual([[editor.email, 'ألغى أحد المديرين الخطوة الثانية في حسابك']]);
    const [line] = await world.dataSource.query<{ act: string; editor_id: number }[]>(
      `select act, editor_id from audit_log where object_type = 'editor' and object_id = $1 order by id desc limit 1`,
      [editor.id],
    );
    expect(line).toEqual({ act: 'editors.reset_second_factor', editor_id: admin.id });
    expect(outcome(await signIn(editor.email))).toEqual(OPEN);
    expect((await world.as(admin).get(`/api/v1/desk/editors/${editor.id}`)).body.secondFactor).toBe(false);
    const again = await world.as(admin).delete(reset);
    expect([again.status, again.body.code]).toEqual([409, 'no_second_factor']);
    await world.as(admin).delete('/api/v1/desk/editors/999999/second-factor').expect(404);
  });

  it('is not one’s own to take away so, not even an admin’s', async () => {
    const admin = await anEnrolled(world, 'admin');
    const answer = await world.as(admin).delete(`/api/v1/desk/editors/${admin.id}/second-factor`);
    expect([answer.status, answer.body.code]).toEqual([409, 'own_second_factor']);
    expect((await world.as(admin).get(FACTOR)).body.on).toBe(true);
  });

  it('of the only admin is taken away from the command line', async () => {
    const admin: Enrolled = await anEnrolled(world, 'admin');
    posted.length = 0;
    const enrolment = world.app.get(EnrolmentService);
    expect(await enrolment.resetByAddress(parseAddress(admin.email)!)).toBe(true);
    expect([await isOpen(admin), letters().length]).toEqual([false, 1]);
    expect(outcome(await signIn(admin.email))).toEqual(OPEN);
    expect(await enrolment.resetByAddress(parseAddress('nobody@center.example')!)).toBe(false);
    await expect(enrolment.resetByAddress(parseAddress(admin.email)!)).rejects.toMatchObject({ code: 'no_second_factor' });
  });
});

it('says nothing of codes or secrets in a refusal', async () => {
  const editor = await anEnrolled(world, 'chief');
  const secret = '77 unmistakable 77';
  const answers: LightMyRequestResponse[] = [];
  for (const path of ['confirmations', 'removals', 'recovery-codes'])
    answers.push(
      await world.app.inject({
        method: 'POST',
        url: `${FACTOR}/${path}`,
        headers: { authorization: `Bearer ${editor.token}` },
        payload: { code: secret, ...(path === 'confirmations' ? {} : { password: PASSWORD }) },
      }),
    );
  expect(answers.map(({ statusCode }) => statusCode)).toEqual([409, 422, 422]);
  for (const { body } of answers) expect(body).not.toContain('unmistakable');
});
