import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { simpleParser } from 'mailparser';
import request from 'supertest';
import { ROLES, type Role } from '../src/access/policy.js';
import { Waker } from '../src/jobs/waker.js';
import { letter, ltr, phrase } from '../src/mail/letter.js';
import { MailFolder } from '../src/mail/mail-folder.js';
import { MailRoom, type Letter } from '../src/mail/mail-room.service.js';
import { anEditor, type TestEditor } from './factories.js';
import { startTestApp, type TestApp } from './test-app.js';

/** Posts a letter as a feature would. */
async function post(world: TestApp, given: Partial<Letter> = {}): Promise<void> {
  const mail = letter({
    lang: 'ar',
    subject: 'كلمة المرور <script>',
    paragraphs: [phrase`أرسلناها إلى ${ltr('salma@readers.example')}.`],
    action: { label: 'اختر كلمة المرور', href: 'https://center.example/desk/password#secret' },
    center: { name: 'مركز مثال', origin: 'https://center.example', color: '#0b5c56', postal: null },
  });
  await world.tx((tx) =>
    world.app.get(MailRoom).post(tx, { kind: 'reset', dedupeKey: randomUUID(), to: 'salma@readers.example', mail, ...given }),
  );
}

interface Item {
  id: number;
  kind: string;
  state: string;
}

describe('The desk’s mail', () => {
  let world: TestApp;
  let editors: Record<Role, TestEditor>;

  beforeAll(async () => {
    world = await startTestApp();
    editors = Object.fromEntries(await Promise.all(ROLES.map(async (role) => [role, await anEditor(world, role)] as const))) as Record<
      Role,
      TestEditor
    >;
  });
  afterAll(() => world.close());
  beforeEach(async () => {
    await world.dataSource.query(`truncate mail_outbox restart identity`);
  });

  const list = (query = ''): ReturnType<TestApp['get']> => world.as(editors.admin).get(`/api/v1/desk/mail${query}`);
  const retry = (id: number | string, body: object | undefined = {}): ReturnType<TestApp['get']> =>
    world.as(editors.admin).post(`/api/v1/desk/mail/${id}/retry`, body);
  const audited = async (): Promise<number> => (await world.dataSource.query<unknown[]>(`select from audit_log`)).length;
  const set = (sql: string): Promise<unknown> => world.dataSource.query(`update mail_outbox set ${sql}`);

  it('is listed newest first, with what became of it, and without whom it was for or what it says', async () => {
    await post(world);
    await set(
      `state = 'dead', attempts = 1, ended_at = '2026-01-31T12:00:05Z', created_at = now() - interval '1 hour', smtp_code = 550, last_error = '550 no'`,
    );
    await post(world, { kind: 'approved' });
    const { body, text, headers } = await list().expect(200);
    expect(body).toEqual({
      items: [
        {
          id: 2,
          kind: 'approved',
          lane: 'desk',
          state: 'waiting',
          attempts: 0,
          createdAt: expect.stringMatching(/Z$/),
          nextAttemptAt: expect.stringMatching(/Z$/),
          endedAt: null,
          smtpCode: null,
          lastError: null,
          messageId: expect.stringMatching(/^<[\da-f-]{36}@center\.example>$/),
          retryable: true,
        },
        {
          id: 1,
          kind: 'reset',
          lane: 'account',
          state: 'dead',
          attempts: 1,
          createdAt: expect.stringMatching(/Z$/),
          nextAttemptAt: null,
          endedAt: '2026-01-31T12:00:05.000Z',
          smtpCode: 550,
          lastError: '550 no',
          messageId: expect.stringMatching(/^<[\da-f-]{36}@center\.example>$/),
          retryable: true,
        },
      ],
      nextCursor: null,
      counts: { waiting: 1, sending: 0, sent: 0, dead: 1, uncertain: 0, withheld: 0 },
      delayed: false,
      stops: [],
    });
    expect(headers['cache-control']).toBe('private, no-store');
    expect(text).not.toMatch(/salma|readers\.example|كلمة|secret/);
  });

  it('is filtered and paged, each mail once', async () => {
    for (const kind of ['reset', 'approved', 'reset', 'returned', 'reset'] as const) await post(world, { kind });
    await world.dataSource.query(
      `update mail_outbox set state = 'sent', ended_at = now(), to_enc = null, content_enc = null where id in (1, 4)`,
    );
    const ids = ({ body }: { body: { items: Item[] } }): number[] => body.items.map(({ id }) => id);
    expect(ids(await list('?kind=reset'))).toEqual([5, 3, 1]);
    expect(ids(await list('?state=sent'))).toEqual([4, 1]);
    expect(ids(await list('?kind=reset&state=sent'))).toEqual([1]);
    const seen: number[] = [];
    let next: string | null = '';
    do {
      const page: request.Response = await list(`?limit=2${next === '' ? '' : `&cursor=${next}`}`).expect(200);
      seen.push(...ids(page));
      // What comes meanwhile moves nothing.
      if (next === '') await post(world);
      next = (page.body as { nextCursor: string | null }).nextCursor;
    } while (next !== null);
    expect(seen).toEqual([5, 4, 3, 2, 1]);
  });

  it('is delayed when something has waited for more than two minutes', async () => {
    await post(world);
    await set(`created_at = now() - interval '1 minute 50 seconds'`);
    expect((await list()).body).toMatchObject({ delayed: false });
    await set(`created_at = now() - interval '2 minutes 10 seconds'`);
    expect((await list()).body).toMatchObject({ delayed: true, counts: { waiting: 1 } });
    await set(`state = 'dead', ended_at = now()`);
    expect((await list()).body).toMatchObject({ delayed: false, counts: { dead: 1 } });
  });

  it.each([
    ['?state=lost', 'state'],
    ['?kind=spam', 'kind'],
    ['?limit=0', 'limit'],
    ['?cursor=x', 'cursor'],
    ['?to=salma', 'to'],
  ])('asked with %s is refused, naming the parameter', async (query, field) => {
    const { body } = await list(query).expect(400);
    expect(body).toMatchObject({ errors: [{ field }] });
  });

  it('that was given up is tried again: due now, with time anew, and the audit log says so', async () => {
    await post(world);
    await set(
      `state = 'dead', attempts = 9, ended_at = now(), created_at = now() - interval '50 hours', gives_up_at = now() - interval '2 hours', next_attempt_at = now() - interval '3 hours', last_error = '451 later', smtp_code = 451`,
    );
    const { body } = await retry(1).expect(200);
    expect(body).toMatchObject({
      id: 1,
      state: 'waiting',
      attempts: 0,
      endedAt: null,
      lastError: '451 later',
      smtpCode: 451,
      retryable: true,
    });
    expect(Object.keys(body as object)).toHaveLength(12);
    const [row] = await world.dataSource.query<{ due: boolean; hours: number }[]>(
      `select next_attempt_at <= now() as due, extract(epoch from gives_up_at - created_at)::int / 3600 as hours from mail_outbox`,
    );
    // Not 48 hours from now: the address is forgotten 72 hours after the cause.
    expect(row).toEqual({ due: true, hours: 72 });
    const audit = await world.dataSource.query<Record<string, unknown>[]>(
      `select editor_id, act, object_type, object_id, before, after, request_id is not null as asked from audit_log`,
    );
    expect(audit).toEqual([
      {
        editor_id: editors.admin.id,
        act: 'mail.retry',
        object_type: 'mail',
        object_id: 1,
        before: { state: 'dead', nextAttemptAt: expect.any(String), givesUpAt: expect.any(String) },
        after: { state: 'waiting', nextAttemptAt: expect.any(String), givesUpAt: expect.any(String) },
        asked: true,
      },
    ]);
  });

  it('that waits for its next try is tried now', async () => {
    await post(world);
    await set(`attempts = 4, next_attempt_at = now() + interval '50 minutes'`);
    const { body } = await retry(1, undefined).expect(200);
    expect(body).toMatchObject({ state: 'waiting', attempts: 0 });
    expect(new Date((body as { nextAttemptAt: string }).nextAttemptAt).getTime()).toBeLessThan(Date.now() + 60_000);
  });

  it.each([
    ['was sent', `state = 'sent', ended_at = now(), to_enc = null, content_enc = null`, 'wrong_state'],
    ['is being sent', `state = 'sending', locked_until = now() + interval '1 minute'`, 'wrong_state'],
    ['may have arrived', `state = 'uncertain', ended_at = now(), handoff_at = now(), to_enc = null, content_enc = null`, 'wrong_state'],
    ['was withheld', `state = 'withheld', ended_at = now(), to_enc = null, content_enc = null`, 'wrong_state'],
    ['was forgotten', `state = 'dead', ended_at = now(), to_enc = null, content_enc = null`, 'address_gone'],
    ['will be forgotten at the next sweep', `state = 'dead', ended_at = now(), created_at = now() - interval '72 hours'`, 'address_gone'],
  ])('that %s is not tried again', async (_, state, code) => {
    await post(world);
    await set(state);
    const before = await audited();
    const { body } = await retry(1).expect(409);
    expect(body).toMatchObject({ code });
    expect((await list()).body).toMatchObject({ items: [{ retryable: false }] });
    expect(await audited()).toBe(before);
  });

  it('that is asked for eight times at once is tried, and audited, as often as somebody was told so', async () => {
    await post(world);
    await set(`state = 'dead', ended_at = now()`);
    const before = await audited();
    const answers = await Promise.all(Array.from({ length: 8 }, () => retry(1)));
    const told = answers.filter(({ status }) => status === 200).length;
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 8 }, () => 200));
    expect((await audited()) - before).toBe(told);
    // Only the first found it dead.
    const found = await world.dataSource.query<unknown[]>(
      `select from audit_log where before ->> 'state' = 'dead' and id > (select max(id) - 8 from audit_log)`,
    );
    expect(found).toHaveLength(1);
    expect((await list()).body).toMatchObject({ counts: { waiting: 1, dead: 0 } });
  });

  it('has no fields to write', async () => {
    await post(world);
    const { body } = await retry(1, { state: 'sent', to: 'a@b.example' }).expect(400);
    expect(body).toMatchObject({ code: 'unknown_field', errors: [{ field: 'state' }, { field: 'to' }] });
    await retry(1, []).expect(400);
    expect((await list()).body).toMatchObject({ items: [{ state: 'waiting' }] });
  });

  it('of a kind with less time gets no more of it by a retry', async () => {
    await post(world, { kind: 'share' });
    await set(`state = 'dead', ended_at = now(), created_at = now() - interval '30 hours', gives_up_at = now() - interval '6 hours'`);
    await retry(1).expect(200);
    const [row] = await world.dataSource.query<{ hours: number }[]>(
      `select round(extract(epoch from gives_up_at - now()) / 3600)::int as hours from mail_outbox`,
    );
    expect(row).toEqual({ hours: 24 });
  });

  it('that does not exist is not found, and an id is a number', async () => {
    expect((await retry(999).expect(404)).body).toMatchObject({ code: 'not_found' });
    expect((await retry('x').expect(400)).body).toMatchObject({ errors: [{ field: 'id', rule: 'id' }] });
    await retry('99999999999').expect(400);
  });

  it('is the admins’ alone', async () => {
    await post(world);
    for (const role of ROLES) {
      const status = role === 'admin' ? 200 : 403;
      await world.as(editors[role]).get('/api/v1/desk/mail').expect(status);
      await world.as(editors[role]).post('/api/v1/desk/mail/1/retry', {}).expect(status);
    }
    await world.as(null).get('/api/v1/desk/mail').expect(401);
    await world.as(null).post('/api/v1/desk/mail/1/retry', {}).expect(401);
  });
});

describe('A mailbox that is to be left alone', () => {
  let world: TestApp;
  let admin: TestEditor;

  beforeAll(async () => {
    world = await startTestApp();
    admin = await anEditor(world, 'admin');
  });
  afterAll(() => world.close());
  beforeEach(async () => {
    await world.dataSource.query(`truncate mail_suppressions, mail_stops restart identity`);
  });

  const suppress = (body: object): ReturnType<TestApp['get']> => world.as(admin).post('/api/v1/desk/mail/suppressions', body);
  const resume = (body: object): ReturnType<TestApp['get']> => world.as(admin).post('/api/v1/desk/mail/resume', body);
  const held = (): Promise<unknown[]> =>
    world.dataSource.query(`select octet_length(address_hash) as bytes, reason, scope from mail_suppressions order by created_at`);
  const audited = (): Promise<Record<string, unknown>[]> =>
    world.dataSource.query(
      `select editor_id, act, object_type, object_id, before, after from audit_log where act like 'mail.%' order by id desc limit 1`,
    );

  it('is, by whatever spelling it was named; the answer is the same every time, and nothing holds the address', async () => {
    const answers = [];
    for (const address of ['salma.haddad@readers.example', 'Salma.Haddad@Readers.example', 'salma.haddad+news@readers.example']) {
      const { status, text } = await suppress({ address });
      answers.push(`${status} ${text}`);
    }
    expect(new Set(answers)).toEqual(new Set(['201 {"suppressed":true}']));
    expect(await held()).toEqual([{ bytes: 32, reason: 'desk', scope: 'shares' }]);
    expect(await audited()).toEqual([
      { editor_id: admin.id, act: 'mail.suppress', object_type: 'center', object_id: 1, before: {}, after: { reason: 'request' } },
    ]);
    const dump = await world.dataSource.query(
      `select a::text as line from audit_log a union all select s::text from mail_suppressions s union all select convert_from(decode(encode(address_hash, 'hex'), 'escape'), 'latin1') from mail_suppressions`,
    );
    expect(JSON.stringify(dump).toLowerCase()).not.toMatch(/salma|haddad|readers/);
  });

  it('because somebody complained counts as a complaint', async () => {
    await suppress({ address: 'salma@readers.example', reason: 'complaint' }).expect(201, { suppressed: true });
    expect(await held()).toEqual([{ bytes: 32, reason: 'complaint', scope: 'shares' }]);
    expect(await audited()).toMatchObject([{ after: { reason: 'complaint' } }]);
  });

  it.each([
    [{}, 'address', 'required'],
    [{ address: 'x' }, 'address', 'address'],
    [{ address: 'a@b.example, c@d.example' }, 'address', 'address'],
    [{ address: ['a@b.example'] }, 'address', 'address'],
    [{ address: 'a@b.example', reason: 'bounce' }, 'reason', 'oneOf'],
    [{ address: 'a@b.example', scope: 'all' }, 'scope', 'unknown'],
  ])('is not, asked for with %j', async (body, field, rule) => {
    expect((await suppress(body).expect(400)).body).toMatchObject({ errors: [{ field, rule }] });
    expect(await held()).toEqual([]);
  });

  it.each([
    [{}, 'lane'],
    [{ lane: 'account' }, 'lane'],
    [{ lane: 'shares', all: true }, 'all'],
  ])('is no reason to resume with %j', async (body, field) => {
    expect((await resume(body).expect(400)).body).toMatchObject({ errors: [{ field }] });
  });

  it('whose lane was stopped is resumed once, and the record says by whom', async () => {
    await world.dataSource.query(
      `insert into mail_stops (lane, reason, stopped_at) values ('shares', 'complaints', '2026-01-31T12:00:05Z')`,
    );
    const answers = await Promise.all(Array.from({ length: 8 }, () => resume({ lane: 'shares' })));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 409, 409, 409, 409, 409, 409, 409]);
    expect(answers.find(({ status }) => status === 200)!.body).toEqual({
      lane: 'shares',
      reason: 'complaints',
      stoppedAt: '2026-01-31T12:00:05.000Z',
      resumedAt: expect.stringMatching(/Z$/),
    });
    expect(answers.find(({ status }) => status === 409)!.body).toMatchObject({ code: 'not_stopped' });
    expect(await audited()).toEqual([
      {
        editor_id: admin.id,
        act: 'mail.resume',
        object_type: 'center',
        object_id: 1,
        before: { lane: 'shares', reason: 'complaints', stoppedAt: '2026-01-31T12:00:05.000Z' },
        after: {},
      },
    ]);
    expect(await world.dataSource.query(`select resumed_by, resumed_at is not null as ended from mail_stops`)).toEqual([
      { resumed_by: admin.id, ended: true },
    ]);
  });
});

describe('Without a relay', () => {
  const scratch = mkdtempSync(join(tmpdir(), 'markaz-mail-'));
  const folder = join(scratch, 'mail');
  let world: TestApp;
  let id: string;

  beforeAll(async () => {
    world = await startTestApp({ PUBLIC_ORIGIN: 'http://localhost:3000', DATA_DIR: scratch });
  });
  afterAll(async () => {
    await world.close();
    rmSync(scratch, { recursive: true });
  });

  const look = (path: string, headers: Record<string, string> = {}): request.Test =>
    request(world.app.getHttpServer())
      .get(path)
      .set({ Host: 'localhost:3000', ...headers });

  it('/dev/mail says that there is none yet', async () => {
    expect((await look('/dev/mail').expect(200)).text).toContain('There is none yet.');
  });

  it('a letter becomes a file for its owner’s eyes only, whole and named after its Message-ID', async () => {
    await post(world);
    await world.app.get(Waker).run('mail account');
    const [row] = await world.dataSource.query<{ state: string; message_id: string; kept: boolean }[]>(
      `select state, message_id, to_enc is not null as kept from mail_outbox`,
    );
    expect(row).toEqual({ state: 'sent', message_id: expect.stringMatching(/@localhost>$/), kept: false });
    id = row!.message_id.slice(1, 37);
    expect(readdirSync(folder).toSorted()).toEqual([`${id}.eml`, `${id}.json`]);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    for (const name of readdirSync(folder)) expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
    const mail = await simpleParser(readFileSync(join(folder, `${id}.eml`)));
    expect([mail.subject, mail.messageId]).toEqual(['كلمة المرور <script>', row!.message_id]);
    expect(mail.to).toMatchObject({ text: 'salma@readers.example' });
    expect(mail.from).toMatchObject({ value: [{ address: 'noreply@localhost' }] });
    expect(mail.text).toContain('https://center.example/desk/password#secret');
    expect(mail.html).toContain('https://center.example/desk/password#secret');
  });

  it('what must not come twice is a file once that is written down, and none when it cannot be', async () => {
    const carrier = new MailFolder(join(scratch, 'once'));
    const messageId = `<${randomUUID()}@center.example>`;
    const from = { name: 'مركز', address: 'share@mail.localhost' };
    const parcel = { to: 'salma@readers.example', from, messageId, date: new Date(), subject: 's', html: 'h', text: 't' };
    const { signal } = new AbortController();
    const files = (): string[] => readdirSync(join(scratch, 'once'));
    await expect(carrier.carry('shares', parcel, signal, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(files()).toEqual([]);
    const seen: number[] = [];
    await carrier.carry('shares', parcel, signal, async () => void seen.push(files().filter((name) => name.endsWith('.eml')).length));
    expect(seen).toEqual([0]);
    expect(files()).toHaveLength(2);
  });

  it('is shown at /dev/mail, where nothing it holds can run', async () => {
    const list = await look('/dev/mail').expect(200);
    expect(list.text).toContain(`<a href="/dev/mail/${id}"><bdi>كلمة المرور &lt;script></bdi></a>`);
    const { text, headers } = await look(`/dev/mail/${id}`).expect(200);
    expect(text).toContain('<a href="https://center.example/desk/password#secret">https://center.example/desk/password#secret</a>');
    expect(text).toContain('<iframe title="HTML" sandbox srcdoc="&lt;!DOCTYPE html>&lt;html lang=&quot;ar&quot;');
    expect(text).not.toContain('<script');
    expect(headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'private, no-store',
      'cross-origin-resource-policy': 'same-origin',
      'content-security-policy': `default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
    });
    expect(headers['access-control-allow-origin']).toBeUndefined();
  });

  it.each([
    ['a page of another site', { 'Sec-Fetch-Site': 'cross-site' }],
    ['a page of another port', { 'Sec-Fetch-Site': 'same-site' }],
    ['a name that leads to this machine', { Host: 'rebound.example:3000' }],
    ['anybody beyond a proxy', { 'X-Forwarded-For': '203.0.113.7' }],
    ['anybody beyond a proxy that says so as the standard does', { Forwarded: 'for=203.0.113.7' }],
  ])('is not shown to %s', async (_, headers) => {
    for (const path of ['/dev/mail', `/dev/mail/${id}`]) {
      const { status, text } = await look(path, { Origin: 'http://evil.example', ...headers });
      expect([status, text.includes('salma')]).toEqual([404, false]);
    }
    await look(`/dev/mail/${id}`, { 'Sec-Fetch-Site': 'same-origin' }).expect(200);
  });

  it.each(['..%2f..%2fsecret-key', '%2e%2e%2fsecret-key', 'x', '00000000-0000-0000-0000-000000000000', `.${'0'.repeat(8)}`])(
    'there is nothing at /dev/mail/%s',
    async (path) => {
      expect((await look(`/dev/mail/${path}`).expect(404)).body).toMatchObject({ code: 'not_found' });
    },
  );

  it('the folder keeps the newest five hundred once there are more than a thousand', async () => {
    const full = join(scratch, 'full');
    const carrier = new MailFolder(full);
    const letters = Array.from({ length: 1_001 }, () => randomUUID());
    const send = (messageId: string): Promise<void> =>
      carrier.carry(
        'desk',
        {
          to: 'salma@readers.example',
          from: { name: 'مركز', address: 'noreply@center.example' },
          messageId: `<${messageId}@center.example>`,
          date: new Date(),
          subject: 'كلمة',
          html: '<p>كلمة</p>',
          text: 'كلمة',
        },
        new AbortController().signal,
      );
    const count = (): number => readdirSync(full).length;
    for (const old of letters.slice(0, 1_000)) await send(old);
    expect(count()).toBe(2_000);
    await send(letters[1_000]!);
    expect(count()).toBe(1_000);
    expect(await carrier.find(letters[1_000]!)).not.toBeNull();
    expect(await carrier.find(letters[0]!)).toBeNull();
  });

  it.each([
    ['in production', { NODE_ENV: 'production' }],
    ['with a relay', { SMTP_URL: 'smtp://127.0.0.1:1' }],
    ['under a public address', { PUBLIC_ORIGIN: 'https://center.example' }],
    ['under a name that only begins like this machine’s', { PUBLIC_ORIGIN: 'http://localhost.evil.example' }],
  ])('/dev/mail is not there %s', async (_, env) => {
    const other = await startTestApp({ PUBLIC_ORIGIN: 'http://localhost:3000', DATA_DIR: scratch, ...env });
    for (const path of ['/dev/mail', `/dev/mail/${id}`])
      await request(other.app.getHttpServer()).get(path).set('Host', 'localhost:3000').expect(404);
    await other.close();
  });
});
