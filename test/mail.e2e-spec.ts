import { randomUUID } from 'node:crypto';
import { simpleParser } from 'mailparser';
import type { SMTPServerOptions } from 'smtp-server';
import { Waker } from '../src/jobs/waker.js';
import type { Lane } from '../src/mail/kinds.js';
import { letter, phrase } from '../src/mail/letter.js';
import { MailRoom, type Letter } from '../src/mail/mail-room.service.js';
import { Postman } from '../src/mail/postman.service.js';
import { Breaker } from '../src/mail/breaker.js';
import { Relay } from '../src/mail/relay.js';
import { MailSink, type Answer } from './mail-sink.js';
import { startTestApp, type TestApp } from './test-app.js';

const TO = 'salma.haddad@Readers.Example';
const CANONICAL = 'salma.haddad@readers.example';

let sink: MailSink;
let world: TestApp;

beforeAll(async () => {
  sink = await MailSink.open();
  world = await startTestApp({ SMTP_URL: sink.url });
  await world.dataSource.query(`update center set name = '{"ar": "مركز مثال", "en": "Example Center"}'`);
});

afterAll(async () => {
  await world.close();
  await sink.close();
});

beforeEach(async () => {
  sink.received.length = 0;
  sink.atRecipient = () => null;
  sink.atDot = () => null;
  // A breaker that an earlier test opened is no part of the next.
  Object.assign(world.app.get(Postman), { breaker: new Breaker() });
  await world.dataSource.query(`truncate mail_outbox`);
});

/** Posts a letter as a feature would. */
async function post(given: Partial<Letter> = {}): Promise<void> {
  const mail = letter({
    lang: 'ar',
    subject: 'أعيد إليك: الماء والسلام',
    paragraphs: [phrase`أعادت ${'سلمى'} مقالك «${'Water & Peace'}».`],
    action: { label: 'افتح المقال', href: 'https://center.example/desk/articles/7' },
    center: { name: 'مركز مثال', origin: 'https://center.example', color: '#0b5c56', postal: null },
  });
  await world.tx((tx) => world.app.get(MailRoom).post(tx, { kind: 'returned', dedupeKey: randomUUID(), to: TO, mail, ...given }));
}

const drain = (lane: Lane = 'desk'): Promise<void> => world.app.get(Waker).run(`mail ${lane}`);
const sweep = (): Promise<void> => world.app.get(Waker).run('mail sweep');

interface Row {
  id: number;
  state: string;
  attempts: number;
  message_id: string;
  /** Whether address and content are. */
  kept: boolean;
  smtp_code: number | null;
  last_error: string | null;
  ended_at: Date | null;
  /** Seconds until it may be tried. */
  due: number;
}

async function rows(): Promise<Row[]> {
  return world.dataSource.query<Row[]>(
    `select id, state, attempts, message_id, to_enc is not null and content_enc is not null as kept, smtp_code, last_error, ended_at,
       extract(epoch from coalesce(locked_until, next_attempt_at) - now())::float8 as due from mail_outbox order by id`,
  );
}

const age = (interval: string): Promise<unknown> =>
  world.dataSource.query(
    `update mail_outbox set created_at = created_at - $1::interval, next_attempt_at = next_attempt_at - $1::interval,
       gives_up_at = gives_up_at - $1::interval, locked_until = locked_until - $1::interval, ended_at = ended_at - $1::interval`,
    [interval],
  );

describe('A letter', () => {
  it('arrives once, whole, under its fixed Message-ID, and leaves nothing behind', async () => {
    await post();
    const [posted] = await rows();
    expect(posted).toMatchObject({ state: 'waiting', attempts: 0 });
    await drain();
    await drain();

    expect(sink.received).toHaveLength(1);
    const [{ from, to, raw }] = sink.received as [(typeof sink.received)[0]];
    expect([from, to]).toEqual(['noreply@center.example', [CANONICAL]]);
    const mail = await simpleParser(raw);
    expect(mail.subject).toBe('أعيد إليك: الماء والسلام');
    expect(mail.from?.value).toEqual([{ name: 'مركز مثال', address: 'noreply@center.example' }]);
    expect(mail.to).toMatchObject({ value: [{ name: '', address: CANONICAL }] });
    expect(mail.messageId).toBe(posted!.message_id);
    expect(mail.messageId).toMatch(/^<[\da-f-]{36}@center\.example>$/);
    expect(mail.headers.get('auto-submitted')).toBe('auto-generated');
    expect([...mail.headers.keys()].toSorted()).toEqual([
      'auto-submitted',
      'content-type',
      'date',
      'from',
      'message-id',
      'mime-version',
      'subject',
      'to',
    ]);
    expect(mail.headers.get('content-type')).toMatchObject({ value: 'multipart/alternative' });
    expect(mail.text).toContain('أعادت \u2068سلمى\u2069 مقالك «\u2068Water & Peace\u2069».');
    expect(mail.text).toContain('\nhttps://center.example/desk/articles/7\n');
    expect(mail.html).toContain('<bdi>Water &amp; Peace</bdi>');
    expect(mail.html).toContain('<html lang="ar" dir="rtl">');

    const [sent] = await rows();
    expect(sent).toMatchObject({ state: 'sent', attempts: 1, kept: false, smtp_code: null, last_error: null });
    expect(sent!.ended_at).not.toBeNull();
  });

  it('is not in the outbox when its cause is rolled back', async () => {
    const cause = world.tx(async (tx) => {
      await world.app.get(MailRoom).post(tx, { kind: 'reset', dedupeKey: 'x', to: TO, mail: { subject: 's', html: 'h', text: 't' } });
      throw new Error('the cause failed');
    });
    await expect(cause).rejects.toThrow('the cause failed');
    await drain('account');
    expect([await rows(), sink.received]).toEqual([[], []]);
  });

  it('is sent once, however often and however simultaneously it is posted under one key', async () => {
    await Promise.all(Array.from({ length: 8 }, () => post({ dedupeKey: 'returned 7 2' })));
    await drain();
    await post({ dedupeKey: 'returned 7 2' });
    await drain();
    expect([sink.received.length, (await rows()).length]).toEqual([1, 1]);
  });

  it('to what is no address is a fault of the program, which says so without repeating it', async () => {
    await expect(post({ to: 'a@evil.example, b@center.example' })).rejects.toThrow('a letter of kind returned is addressed to no address');
    expect(await rows()).toEqual([]);
  });

  it('takes no header, no reordering and no second recipient from its subject or the center’s name', async () => {
    await world.dataSource.query(`update center set name = $1`, [{ ar: 'مركز\r\nBcc: evil@evil.example\u202E <x@evil.example>,' }]);
    await post({ mail: { subject: 'س\r\nBcc: evil@evil.example\u2028\u0085\u202Eز\u2069', html: 'h', text: 't' } });
    await drain();
    await world.dataSource.query(`update center set name = '{"ar": "مركز مثال", "en": "Example Center"}'`);
    const [{ to, raw }] = sink.received as [(typeof sink.received)[0]];
    const mail = await simpleParser(raw);
    expect(to).toEqual([CANONICAL]);
    expect(mail.subject).toBe('س Bcc: evil@evil.example ز');
    expect(mail.from?.value).toEqual([{ name: 'مركز Bcc: evil@evil.example <x@evil.example>,', address: 'noreply@center.example' }]);
    expect(mail.bcc).toBeUndefined();
    expect(mail.headers.size).toBe(8);
  });
});

describe('What the table holds', () => {
  it('is no address and no word of a letter, in no spelling, while it waits; and nothing of them once it was sent', async () => {
    await post();
    const dump = async (): Promise<string> => {
      const tables = await world.dataSource.query<{ name: string }[]>(
        `select quote_ident(schemaname) || '.' || quote_ident(tablename) as name from pg_tables where schemaname in ('public', 'pub')`,
      );
      const texts = await Promise.all(
        tables.map(({ name }) => world.dataSource.query<{ line: string }[]>(`select t::text as line from ${name} t`)),
      );
      return texts
        .flat()
        .map(({ line }) => line)
        .join('\n')
        .toLowerCase();
    };
    const secrets = [TO, CANONICAL, 'salma.haddad', 'readers.example', 'Water & Peace', 'سلمى', 'desk/articles/7'];
    const spellings = secrets.flatMap((secret) => {
      const bytes = Buffer.from(secret);
      // Base64 of a text inside another text: all three alignments, without the characters at the edges.
      const base64 = [0, 1, 2].map((pad) =>
        Buffer.concat([Buffer.alloc(pad), bytes])
          .toString('base64')
          .slice(pad + 1, -4),
      );
      return [secret, bytes.toString('hex'), encodeURIComponent(secret), ...base64].map((spelling) => spelling.toLowerCase());
    });
    const found = async (): Promise<string[]> => {
      const text = await dump();
      return spellings.filter((spelling) => text.includes(spelling));
    };
    expect(await found()).toEqual([]);
    // The search finds what is there.
    await world.dataSource.query(`update mail_outbox set last_error = encode(convert_to($1, 'UTF8'), 'base64')`, [`x${CANONICAL}`]);
    expect(await found()).not.toEqual([]);
    await drain();
    expect(await found()).toEqual([]);
  });

  it('is of no use in another row or column', async () => {
    await post();
    await post({ to: 'other@readers.example' });
    await world.dataSource.query(
      `update mail_outbox m set to_enc = o.to_enc from mail_outbox o where o.id <> m.id and m.id = (select min(id) from mail_outbox)`,
    );
    await drain();
    expect(sink.received.map(({ to }) => to)).toEqual([['other@readers.example']]);
    expect((await rows())[0]).toMatchObject({
      state: 'dead',
      last_error: 'It cannot be decrypted: SECRET_KEY has changed since it was posted.',
    });
  });

  it('of a letter that cannot be sent is forgotten 72 hours after its cause, and its row 90 days after its end', async () => {
    sink.atRecipient = () => ({ code: 550, text: 'no' });
    await post();
    await drain();
    await age('71 hours 59 minutes');
    await sweep();
    expect((await rows())[0]).toMatchObject({ state: 'dead', kept: true });
    await age('2 minutes');
    await sweep();
    expect((await rows())[0]).toMatchObject({ state: 'dead', kept: false });
    await age('90 days');
    await sweep();
    expect(await rows()).toEqual([]);
  });
});

describe('Workers', () => {
  it('eight at once send each of 200 letters exactly once', async () => {
    await world.tx(async (tx) => {
      const room = world.app.get(MailRoom);
      for (let n = 0; n < 200; n += 1) {
        await room.post(tx, {
          kind: 'approved',
          dedupeKey: `approved ${n}`,
          to: `editor${n}@readers.example`,
          mail: { subject: `${n}`, html: 'h', text: 't' },
        });
      }
    });
    await Promise.all(Array.from({ length: 8 }, () => drain()));
    expect(sink.received.map(({ to }) => to[0]).toSorted()).toEqual(
      Array.from({ length: 200 }, (_, n) => `editor${n}@readers.example`).toSorted(),
    );
    expect((await rows()).map(({ state, attempts }) => `${state} ${attempts}`)).toEqual(Array.from({ length: 200 }, () => 'sent 1'));
  });

  it('leave a letter alone that another holds, and take over what one that died left behind, under the same Message-ID', async () => {
    await post();
    const [{ id, message_id }] = (await rows()) as [Row];
    // Claimed by a worker that was killed.
    await world.dataSource.query(`update mail_outbox set state = 'sending', attempts = 1, locked_until = now() + interval '2 minutes'`);
    await drain();
    expect(sink.received).toEqual([]);
    await age('2 minutes');
    await drain();
    expect(sink.received.map(({ raw }) => raw.includes(message_id))).toEqual([true]);
    expect(await rows()).toMatchObject([{ id, state: 'sent', attempts: 2 }]);
  });

  it('write nothing down about a letter that another has taken over', async () => {
    await post();
    const atDot = vi.fn<() => Answer>(() => 'wait');
    sink.atDot = atDot;
    const slow = drain();
    await vi.waitFor(() => expect(atDot).toHaveBeenCalled());
    // Its lock ran out; another holds it now and is not done.
    await world.dataSource.query(`update mail_outbox set locked_until = now() + interval '5 minutes'`);
    sink.hangUp();
    await slow;
    expect(await rows()).toMatchObject([{ state: 'sending', smtp_code: null, last_error: null }]);
  });

  it('of one lane never wait for those of another', async () => {
    const atRecipient = vi.fn<(to: string) => Answer>((to) => (to.startsWith('slow') ? 'wait' : null));
    sink.atRecipient = atRecipient;
    for (let n = 0; n < 6; n += 1) await post({ kind: 'submitted', to: `slow${n}@readers.example` });
    const stuck = [drain('desk'), drain('desk')];
    await vi.waitFor(() => expect(atRecipient).toHaveBeenCalledTimes(2));
    for (let n = 0; n < 20; n += 1) await post({ kind: 'reset', to: `fast${n}@readers.example` });
    await drain('account');
    expect(sink.received).toHaveLength(20);
    expect((await rows()).filter(({ state }) => state === 'sending')).toHaveLength(2);
    sink.atRecipient = () => null;
    sink.hangUp();
    await Promise.all(stuck);
  });
});

describe('When the relay', () => {
  const minutes = (n: number): [number, number] => [n * 60 * 0.8 - 5, n * 60 * 1.2];

  it.each<[string, Answer, { state: string; code: number | null; error: RegExp }]>([
    ['says 421', { code: 421, text: '4.3.2 closing' }, { state: 'waiting', code: 421, error: /421.*closing/ }],
    ['says 450', { code: 450, text: '4.2.0 greylisted' }, { state: 'waiting', code: 450, error: /450.*greylisted/ }],
    ['says 451', { code: 451, text: '4.3.0 try later' }, { state: 'waiting', code: 451, error: /451.*try later/ }],
    ['says 550 5.1.1', { code: 550, text: '5.1.1 unknown user' }, { state: 'dead', code: 550, error: /550 5\.1\.1/ }],
    ['says 552', { code: 552, text: '5.2.2 mailbox full' }, { state: 'dead', code: 552, error: /552.*full/ }],
    ['says 554', { code: 554, text: '5.7.1 refused' }, { state: 'dead', code: 554, error: /554.*refused/ }],
    ['says 530', { code: 530, text: '5.7.0 authenticate first' }, { state: 'waiting', code: 530, error: /530/ }],
    ['drops the line', 'drop', { state: 'waiting', code: null, error: /closed/i }],
  ])('%s to the recipient or to the letter', async (_, answer, expected) => {
    for (const place of ['atRecipient', 'atDot'] as const) {
      await world.dataSource.query(`truncate mail_outbox`);
      sink.atRecipient = sink.atDot = () => null;
      sink[place] = () => answer;
      await post();
      await drain();
      const [row] = (await rows()) as [Row];
      expect({ place, ...row }).toMatchObject({ place, state: expected.state, smtp_code: expected.code, attempts: 1 });
      expect(row.last_error).toMatch(expected.error);
      if (expected.state === 'dead') {
        expect(row.ended_at).not.toBeNull();
      } else {
        const [least, most] = minutes(1);
        expect(row.due).toBeGreaterThan(least);
        expect(row.due).toBeLessThan(most);
        // Nothing is tried before its time.
        await drain();
        expect((await rows())[0]!.attempts).toBe(1);
      }
    }
  });

  it('drops the line after the final dot, the letter comes again under the same Message-ID', async () => {
    sink.atDot = () => 'drop';
    await post();
    await drain();
    sink.atDot = () => null;
    await age('2 minutes');
    await drain();
    const ids = await Promise.all(sink.received.map(async ({ raw }) => (await simpleParser(raw)).messageId));
    expect(ids).toHaveLength(2);
    expect(new Set(ids).size).toBe(1);
    expect(await rows()).toMatchObject([{ state: 'sent', attempts: 2, last_error: null }]);
  });

  it('goes on refusing, tries come after 1, 5, 15 minutes, 1, 3, 6, 12 hours, and the letter is given up at 48 hours', async () => {
    sink.atRecipient = () => ({ code: 451, text: 'not now' });
    await post();
    const waited: number[] = [];
    for (;;) {
      await drain();
      const [row] = (await rows()) as [Row];
      if (row.state === 'dead') break;
      const [least, most] = minutes([1, 5, 15, 60, 180, 360][waited.length] ?? 720);
      expect(row.due).toBeGreaterThan(least);
      expect(row.due).toBeLessThan(most);
      waited.push(row.due);
      await age(`${Math.ceil(row.due)} seconds`);
    }
    const [row] = (await rows()) as [Row];
    expect(row).toMatchObject({
      state: 'dead',
      attempts: waited.length + 1,
      smtp_code: 451,
      last_error: expect.stringContaining('not now'),
    });
    const hours = waited.reduce((sum, seconds) => sum + seconds, 0) / 3_600;
    // The next try would have come after the end, and no try did.
    expect(hours).toBeLessThan(48);
    expect(hours).toBeGreaterThan(48 - 12 * 1.2);
  });

  it('is never asked within 48 hours, the letter is given up without a try', async () => {
    await post();
    await age('48 hours');
    await drain();
    expect(await rows()).toMatchObject([{ state: 'waiting', attempts: 0 }]);
    await sweep();
    expect(await rows()).toMatchObject([{ state: 'dead', attempts: 0, last_error: 'Never tried.' }]);
  });

  it('names the recipient in its refusal, the desk is not told', async () => {
    const text = `5.1.1 <${CANONICAL}> SALMA.HADDAD unknown at readers.example; see http://x.example/?r=salma.haddad%40readers.example or postmaster@relay.example`;
    sink.atRecipient = () => ({ code: 550, text });
    await post();
    await drain();
    const [{ last_error }] = (await rows()) as [Row];
    expect(last_error).toContain('550 5.1.1');
    expect(last_error).toContain('unknown at');
    expect(last_error).not.toMatch(/salma|haddad|readers|postmaster|relay\.example|@|%40/i);
  });

  it('never answers, the try is broken off after 90 seconds, before another worker may take the letter', async () => {
    const atDot = vi.fn<() => Answer>(() => 'wait');
    sink.atDot = atDot;
    await post();
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const slow = drain();
      while (atDot.mock.calls.length === 0) await new Promise((next) => setImmediate(next));
      vi.advanceTimersByTime(89_000);
      expect(await rows()).toMatchObject([{ state: 'sending' }]);
      vi.advanceTimersByTime(1_000);
      await slow;
    } finally {
      vi.useRealTimers();
    }
    expect(await rows()).toMatchObject([{ state: 'waiting', attempts: 1, last_error: 'No answer in time.' }]);
  });

  it('offers no trusted TLS, no letter and no password goes out in the clear', async () => {
    const parcel = { subject: 's', html: 'h', text: 't', to: CANONICAL, from: { name: '', address: 'noreply@center.example' } };
    const fields = { ...parcel, messageId: '<1@center.example>', date: new Date() };
    const passwords: unknown[] = [];
    const onAuth: SMTPServerOptions['onAuth'] = (auth, _session, done) => {
      passwords.push(auth);
      done(null, { user: 'relay' });
    };
    const plain = await MailSink.open(0, { disabledCommands: ['STARTTLS'], allowInsecureAuth: true, onAuth });
    const selfSigned = await MailSink.open(0, { disabledCommands: ['AUTH'] });
    for (const url of [plain.url.replace('//', '//user:pass@'), selfSigned.url]) {
      const relay = new Relay(url, 'center.example');
      await expect(relay.carry('desk', fields, new AbortController().signal)).rejects.toMatchObject({ fault: 'unreachable' });
      relay.close();
    }
    expect([plain.received, selfSigned.received, passwords]).toEqual([[], [], []]);
    // Both take it from whoever agrees to that.
    for (const url of [`${plain.url.replace('//', '//user:pass@')}?requireTLS=false`, `${selfSigned.url}?tls.rejectUnauthorized=false`]) {
      const relay = new Relay(url, 'center.example');
      await relay.carry('desk', fields, new AbortController().signal);
      relay.close();
    }
    expect([plain.received.length, selfSigned.received.length, passwords.length]).toEqual([1, 1, 1]);
    await plain.close();
    await selfSigned.close();
  });

  it('is away, five failed connections stop all lanes, and a probe after 30 seconds starts them again', async () => {
    const { port } = sink;
    await sink.close();
    for (let n = 0; n < 8; n += 1) await post({ kind: n % 2 === 0 ? 'approved' : 'reset' });
    await Promise.all([drain('desk'), drain('account'), drain('desk'), drain('account')]);
    const tried = (await rows()).reduce((sum, { attempts }) => sum + attempts, 0);
    // Five, and what other workers had already taken when the fifth failed.
    expect(tried).toBeGreaterThanOrEqual(5);
    expect(tried).toBeLessThanOrEqual(8);
    const untouched = (await rows()).filter(({ attempts }) => attempts === 0);
    await post({ kind: 'approved', dedupeKey: 'later' });
    await post({ kind: 'reset', dedupeKey: 'later too' });
    await drain('desk');
    await drain('account');
    expect((await rows()).slice(-2)).toMatchObject([{ attempts: 0 }, { attempts: 0 }]);

    const clock = vi.spyOn(performance, 'now');
    const later = performance.now() + 31_000;
    clock.mockImplementation(() => later);
    // Still away: the probe fails, and no letter pays for it.
    await drain('desk');
    expect((await rows()).slice(-2)).toMatchObject([{ attempts: 0 }, { attempts: 0 }]);
    sink = await MailSink.open(port);
    await drain('desk');
    expect(sink.connections).toBe(0);
    clock.mockImplementation(() => later + 31_000);
    await drain('desk');
    await drain('account');
    clock.mockRestore();
    expect(sink.received).toHaveLength(untouched.length + 2);
  });
});
