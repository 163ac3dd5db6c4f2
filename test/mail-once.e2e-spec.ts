import { randomUUID } from 'node:crypto';
import { simpleParser } from 'mailparser';
import { Waker } from '../src/jobs/waker.js';
import { parseAddress } from '../src/mail/address.js';
import { Breaker } from '../src/mail/breaker.js';
import { KINDS, type Kind, type Lane } from '../src/mail/kinds.js';
import { MailRoom, type Letter } from '../src/mail/mail-room.service.js';
import { MailboxKeys } from '../src/mail/mailbox-keys.js';
import { MailStops } from '../src/mail/mail-stops.service.js';
import { Postman } from '../src/mail/postman.service.js';
import { Relay } from '../src/mail/relay.js';
import { Suppressions } from '../src/mail/suppressions.service.js';
import { anEditor, type TestEditor } from './factories.js';
import { MailSink, type Answer } from './mail-sink.js';
import { startTestApp, type TestApp } from './test-app.js';

const TO = 'salma.haddad@readers.example';
const SHARE_FROM = 'share@mail.center.example';

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
  sink.arriving = '';
  sink.atRecipient = () => null;
  sink.atDot = () => null;
  await calm();
  await world.dataSource.query(`truncate mail_outbox, mail_suppressions, mail_stops restart identity`);
});

/** A breaker that an earlier try opened is no part of the next. */
async function calm(): Promise<void> {
  Object.assign(world.app.get(Postman), { breaker: new Breaker() });
}

const HTML = '<html lang="ar" dir="rtl"><body><p>نص</p></body></html>';

/** Posts a letter as a feature would. */
async function post(given: Partial<Letter> = {}): Promise<void> {
  const mail = { subject: 'أرسل إليك: الماء والسلام', html: HTML, text: 'نص' };
  await world.tx((tx) => world.app.get(MailRoom).post(tx, { kind: 'share', dedupeKey: randomUUID(), to: TO, mail, ...given }));
}

const drain = (lane: Lane = 'shares'): Promise<void> => world.app.get(Waker).run(`mail ${lane}`);
const sweep = (): Promise<void> => world.app.get(Waker).run('mail sweep');

interface Row {
  state: string;
  attempts: number;
  kept: boolean;
  handed: boolean;
  smtp_code: number | null;
  smtp_status: string | null;
  last_error: string | null;
}

async function rows(): Promise<Row[]> {
  return world.dataSource.query<Row[]>(
    `select state, attempts, to_enc is not null and content_enc is not null as kept, handoff_at is not null as handed, smtp_code, smtp_status, last_error
     from mail_outbox order by id`,
  );
}

const age = (interval: string): Promise<unknown> =>
  world.dataSource.query(
    `update mail_outbox set created_at = created_at - $1::interval, next_attempt_at = next_attempt_at - $1::interval,
       gives_up_at = gives_up_at - $1::interval, locked_until = locked_until - $1::interval, ended_at = ended_at - $1::interval`,
    [interval],
  );

const hashOf = (address: string): Buffer => world.app.get(MailboxKeys).hashOf(parseAddress(address)!);
const suppressed = async (): Promise<string[]> =>
  (await world.dataSource.query<{ reason: string }[]>(`select reason from mail_suppressions order by created_at`)).map(
    ({ reason }) => reason,
  );

/** The fields of a letter's head as they came over the wire, folded lines left as they are. */
const head = (raw: string): string[] => raw.slice(0, raw.indexOf('\r\n\r\n')).split(/\r\n(?![ \t])/);
const names = (raw: string): string[] => head(raw).map((field) => field.slice(0, field.indexOf(':')));

describe('The head of a letter', () => {
  const COMMON = ['From', 'To', 'Message-ID', 'Subject', 'Date', 'MIME-Version', 'Auto-Submitted', 'Content-Type'];
  const REFUSABLE = ['List-Unsubscribe', 'List-Unsubscribe-Post'];
  const SHARES: readonly Kind[] = ['share', 'share_confirmation'];

  it.each((Object.keys(KINDS) as Kind[]).map((kind) => [kind] as const))(
    'of kind %s has the fields on the list and no other',
    async (kind) => {
      await post({ kind });
      await drain(KINDS[kind].lane);
      const [{ raw, from, to }] = sink.received as [(typeof sink.received)[0]];
      expect(names(raw).toSorted()).toEqual([...COMMON, ...(SHARES.includes(kind) ? REFUSABLE : [])].toSorted());
      expect(to).toEqual([TO]);
      const sender = SHARES.includes(kind) ? SHARE_FROM : 'noreply@center.example';
      expect(from).toBe(sender);
      expect((await simpleParser(raw)).from?.value).toEqual([{ name: 'مركز مثال', address: sender }]);
    },
  );

  it('says on one line each where such mail is refused, and that one POST does it', async () => {
    await post();
    await drain();
    const [{ raw }] = sink.received as [(typeof sink.received)[0]];
    const href = world.app.get(Suppressions).optOutHref(parseAddress(TO)!);
    expect(href).toMatch(/^https:\/\/center\.example\/mail\/opt-out\/[\w-]{22}$/);
    const list = head(raw).filter((field) => field.startsWith('List-'));
    expect(list).toEqual([`List-Unsubscribe: <${href}>`, 'List-Unsubscribe-Post: List-Unsubscribe=One-Click']);
    for (const line of list) expect(line.length).toBeLessThanOrEqual(78);
  });

  it('keeps that line whole when the site’s name is long: a folded one broke signatures', async () => {
    const relay = new Relay(sink.url, 'center.example');
    const unsubscribe = `https://${'a'.repeat(60)}.${'b'.repeat(60)}.example/mail/opt-out/${'c'.repeat(22)}`;
    const from = { name: 'مركز', address: SHARE_FROM };
    const parcel = { subject: 's', html: HTML, text: 't', to: TO, from, messageId: '<1@center.example>', date: new Date(), unsubscribe };
    await relay.carry('shares', parcel, new AbortController().signal);
    relay.close();
    expect(head(sink.received[0]!.raw)).toContain(`List-Unsubscribe: <${unsubscribe}>`);
  });

  it('names whom to answer when it was said, by the address alone', async () => {
    await post({ replyTo: 'ziad@Müller.example' });
    await drain();
    const [{ raw }] = sink.received as [(typeof sink.received)[0]];
    expect(head(raw).filter((field) => /^(?:Reply-To|Sender)/i.test(field))).toEqual(['Reply-To: ziad@xn--mller-kva.example']);
    expect(names(raw).toSorted()).toEqual([...COMMON, ...REFUSABLE, 'Reply-To'].toSorted());
  });

  it('to be answered to what is no address is a fault of the program', async () => {
    for (const replyTo of ['', 'x', 'a@b.example, c@d.example', '"x" <a@b.example>', 'a@b.example\r\nBcc: c@d.example']) {
      await expect(post({ replyTo })).rejects.toThrow('a letter of kind share is answered to no address');
    }
    expect(await rows()).toEqual([]);
  });
});

describe('What may have arrived', () => {
  /** Holds the row of the only letter until the function it gives is called. */
  async function holdRow(): Promise<() => Promise<void>> {
    const runner = world.dataSource.createQueryRunner();
    await runner.startTransaction();
    await runner.query(`select from mail_outbox for update`);
    return async () => {
      await runner.rollbackTransaction();
      await runner.release();
    };
  }

  it('is known before the final dot: the whole body is there first, the dot only afterwards', async () => {
    await post();
    let letGo: (() => Promise<void>) | undefined;
    sink.atRecipient = async () => {
      letGo = await holdRow();
      return null;
    };
    const sending = drain();
    await vi.waitFor(() => expect(sink.arriving).toContain('</html>'));
    expect(sink.received).toEqual([]);
    expect(await rows()).toMatchObject([{ state: 'sending', handed: false }]);
    await letGo!();
    await sending;
    expect(sink.received).toHaveLength(1);
    expect(await rows()).toEqual([
      { state: 'sent', attempts: 1, kept: false, handed: true, smtp_code: null, smtp_status: null, last_error: null },
    ]);
  });

  it('is not while the relay has not agreed to its recipient, however short the letter', async () => {
    const handed: boolean[] = [];
    sink.atRecipient = async () => {
      // Long enough for a short letter to run through every buffer there is.
      await new Promise((next) => setTimeout(next, 200));
      handed.push((await rows())[0]!.handed);
      return 'drop' as const;
    };
    await post();
    await drain();
    // Over a kept line that is cut nodemailer tries once more by itself.
    expect(new Set(handed)).toEqual(new Set([false]));
    expect(await rows()).toMatchObject([{ state: 'waiting', attempts: 1, kept: true, handed: false }]);
  });

  it('is not, when that cannot be written down: the relay never gets the dot, and the letter comes later', async () => {
    await world.dataSource.query(
      `create function mail_refuse_handoff() returns trigger language plpgsql as $$ begin raise exception 'no disk left'; end $$`,
    );
    await world.dataSource.query(
      `create trigger refuse_handoff before update on mail_outbox for each row when (new.handoff_at is not null) execute function mail_refuse_handoff()`,
    );
    await post();
    await drain();
    expect(sink.received).toEqual([]);
    expect(await rows()).toMatchObject([{ state: 'waiting', attempts: 1, kept: true, handed: false, last_error: 'no disk left' }]);
    await world.dataSource.query(`drop function mail_refuse_handoff cascade`);
    await age('2 minutes');
    await drain();
    expect(sink.received).toHaveLength(1);
    expect(await rows()).toMatchObject([{ state: 'sent', attempts: 2 }]);
  });

  it('is never handed over by a worker whose lock ran out while it wrote', async () => {
    await post();
    sink.atRecipient = async () => {
      await world.dataSource.query(`update mail_outbox set locked_until = locked_until + interval '1 second'`);
      return null;
    };
    await drain();
    expect(sink.received).toEqual([]);
    expect(await rows()).toMatchObject([{ state: 'sending', attempts: 1, handed: false, kept: true }]);
  });

  it('is not sent again after its worker died, and is forgotten; what had not been handed over is', async () => {
    await post();
    await post();
    // Both were in the hands of a worker that was killed, one of them beyond its final dot.
    await world.dataSource.query(
      `update mail_outbox set state = 'sending', attempts = 1, locked_until = now() + interval '2 minutes', handoff_at = case when id = 1 then now() end`,
    );
    await drain();
    await sweep();
    expect(await rows()).toMatchObject([{ state: 'sending' }, { state: 'sending' }]);
    await age('2 minutes');
    await drain();
    expect(sink.received).toHaveLength(1);
    await sweep();
    await drain();
    expect(sink.received).toHaveLength(1);
    expect(await rows()).toEqual([
      {
        state: 'uncertain',
        attempts: 1,
        kept: false,
        handed: true,
        smtp_code: null,
        smtp_status: null,
        last_error: 'It may have arrived: whoever sent it was gone before the answer came.',
      },
      { state: 'sent', attempts: 2, kept: false, handed: true, smtp_code: null, smtp_status: null, last_error: null },
    ]);
  });

  it('and is older than a day is still not known to have died unsent', async () => {
    await post();
    await world.dataSource.query(`update mail_outbox set state = 'sending', attempts = 1, locked_until = now(), handoff_at = now()`);
    await age('25 hours');
    await sweep();
    expect(await rows()).toMatchObject([{ state: 'uncertain', kept: false }]);
  });

  it('is none of what goes at least once: it never waits for that', async () => {
    await post({ kind: 'reset' });
    await drain('account');
    expect(await rows()).toMatchObject([{ state: 'sent', handed: false }]);
  });

  it('comes once over lines that the relay has closed in between', async () => {
    for (let n = 0; n < 4; n += 1) {
      await post();
      await drain();
      sink.hangUp();
    }
    expect(sink.received).toHaveLength(4);
    expect((await rows()).map(({ state }) => state)).toEqual(['sent', 'sent', 'sent', 'sent']);
  });

  it('and was waited for 90 seconds in vain is left alone', async () => {
    const atDot = vi.fn<() => Answer>(() => 'wait');
    // A line is there already: opening one waits for timers, which stand still here.
    await post();
    await drain();
    await world.dataSource.query(`truncate mail_outbox`);
    sink.atDot = atDot;
    await post();
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const slow = drain();
      while (atDot.mock.calls.length === 0) await new Promise((next) => setImmediate(next));
      vi.advanceTimersByTime(90_000);
      await slow;
    } finally {
      vi.useRealTimers();
    }
    expect(await rows()).toMatchObject([{ state: 'uncertain', attempts: 1, kept: false, last_error: 'No answer in time.' }]);
  });

  it('is tried for a day', async () => {
    await post();
    await age('23 hours 59 minutes');
    await sweep();
    expect(await rows()).toMatchObject([{ state: 'waiting' }]);
    await age('2 minutes');
    await drain();
    await sweep();
    expect(await rows()).toMatchObject([{ state: 'dead', attempts: 0, last_error: 'Never tried.' }]);
    expect(sink.received).toEqual([]);
  });
});

describe('When the relay, of a share,', () => {
  type Place = 'atRecipient' | 'atDot';
  const BOTH: readonly Place[] = ['atRecipient', 'atDot'];

  interface Expected {
    state: string;
    code?: number;
    status?: string;
    suppressed?: true;
    /** How many copies have arrived after the next try. */
    arrived: number;
  }

  it.each<[string, Answer, readonly Place[], Expected]>([
    // A connection that is closed is not asked what it thinks of a recipient.
    ['says 421', { code: 421, text: '4.3.2 closing' }, ['atRecipient'], { state: 'waiting', code: 421, arrived: 1 }],
    [
      'says 421 after the dot',
      { code: 421, text: '4.3.2 closing' },
      ['atDot'],
      { state: 'waiting', code: 421, status: '4.3.2', arrived: 1 },
    ],
    ['says 450', { code: 450, text: '4.2.0 greylisted' }, BOTH, { state: 'waiting', code: 450, status: '4.2.0', arrived: 1 }],
    ['says 451', { code: 451, text: 'try later' }, BOTH, { state: 'waiting', code: 451, arrived: 1 }],
    ['says 450 with the words of a bounce', { code: 450, text: '5.1.1 x' }, BOTH, { state: 'waiting', code: 450, arrived: 1 }],
    [
      'says 550 5.1.1',
      { code: 550, text: '5.1.1 unknown' },
      BOTH,
      { state: 'dead', code: 550, status: '5.1.1', suppressed: true, arrived: 0 },
    ],
    ['says 553 5.1.3', { code: 553, text: '5.1.3 bad' }, BOTH, { state: 'dead', code: 553, status: '5.1.3', suppressed: true, arrived: 0 }],
    [
      'says 556 5.1.10',
      { code: 556, text: '5.1.10 null MX' },
      BOTH,
      { state: 'dead', code: 556, status: '5.1.10', suppressed: true, arrived: 0 },
    ],
    ['says 550 5.1.8', { code: 550, text: '5.1.8 bad sender' }, BOTH, { state: 'dead', code: 550, status: '5.1.8', arrived: 0 }],
    ['says 550 5.1.11', { code: 550, text: '5.1.11 unknown' }, BOTH, { state: 'dead', code: 550, status: '5.1.11', arrived: 0 }],
    ['says 550 alone', { code: 550, text: 'no 5.1.1 here' }, BOTH, { state: 'dead', code: 550, arrived: 0 }],
    ['says 550 5.7.1', { code: 550, text: '5.7.1 policy' }, BOTH, { state: 'dead', code: 550, status: '5.7.1', arrived: 0 }],
    ['says 552', { code: 552, text: '5.2.2 full' }, BOTH, { state: 'dead', code: 552, status: '5.2.2', arrived: 0 }],
    ['says 554', { code: 554, text: '5.0.0 refused' }, BOTH, { state: 'dead', code: 554, status: '5.0.0', arrived: 0 }],
    ['says 530', { code: 530, text: '5.7.0 log in' }, BOTH, { state: 'waiting', code: 530, status: '5.7.0', arrived: 1 }],
    ['drops the line before the dot', 'drop', ['atRecipient'], { state: 'waiting', arrived: 1 }],
    ['drops the line after the dot', 'drop', ['atDot'], { state: 'uncertain', arrived: 1 }],
  ])('%s', async (_, answer, places, expected) => {
    for (const place of places) {
      await world.dataSource.query(`truncate mail_outbox, mail_suppressions restart identity`);
      await calm();
      sink.received.length = 0;
      sink.atRecipient = sink.atDot = () => null;
      sink[place] = () => answer;
      await post();
      await drain();
      const [row] = (await rows()) as [Row];
      expect({ place, ...row }).toEqual({
        place,
        state: expected.state,
        attempts: 1,
        kept: expected.state !== 'uncertain',
        handed: expected.state === 'uncertain',
        smtp_code: expected.code ?? null,
        smtp_status: expected.status ?? null,
        last_error: expect.any(String),
      });
      expect(row.last_error).not.toContain('salma');
      expect(await suppressed()).toEqual(expected.suppressed ? ['bounce'] : []);
      sink[place] = () => null;
      await calm();
      await age('2 minutes');
      await drain();
      expect([place, sink.received.length]).toEqual([place, expected.arrived]);
    }
  });

  it('refuses us as its sender, the recipient is not held to be gone', async () => {
    const choosy = await MailSink.open(0, {
      onMailFrom: (_address, _session, done) => done(Object.assign(new Error('5.1.1 who are you'), { responseCode: 550 })),
    });
    const relay = new Relay(choosy.url, 'center.example');
    const from = { name: 'مركز', address: SHARE_FROM };
    const parcel = { subject: 's', html: HTML, text: 't', to: TO, from, messageId: '<1@center.example>', date: new Date() };
    const refusal = relay.carry('shares', parcel, new AbortController().signal);
    await expect(refusal).rejects.toMatchObject({ fault: 'refused', code: 550, status: null, bounced: false });
    relay.close();
    await choosy.close();
  });

  it('bounces mail that people asked for themselves, nobody is kept from it', async () => {
    sink.atRecipient = () => ({ code: 550, text: '5.1.1 unknown' });
    await post({ kind: 'reset' });
    await drain('account');
    expect(await rows()).toMatchObject([{ state: 'dead', smtp_status: '5.1.1' }]);
    expect(await suppressed()).toEqual([]);
  });
});

describe('Who refuses mail that others cause', () => {
  it('gets none, by whatever spelling, and what was for him is forgotten', async () => {
    const token = world.app.get(Suppressions).optOutHref(parseAddress('Salma.Haddad+x@readers.example')!).slice(-22);
    expect(await world.app.get(Suppressions).optOut(token)).toBe(true);
    await post();
    await post({ to: 'SALMA.haddad+news@readers.example' });
    await post({ to: 'other@readers.example' });
    await drain();
    expect(sink.received.map(({ to }) => to)).toEqual([['other@readers.example']]);
    const withheld = { state: 'withheld', attempts: 1, kept: false, handed: false, smtp_code: null, smtp_status: null, last_error: null };
    expect((await rows()).slice(0, 2)).toEqual([withheld, withheld]);
  });

  it('is asked for no confirmation either, and gets what he asks for himself', async () => {
    await world.app.get(Suppressions).suppress(world.dataSource.manager, hashOf(TO), 'opt_out');
    await post({ kind: 'share_confirmation' });
    await post({ kind: 'vote_confirmation' });
    await post({ kind: 'reset' });
    await drain();
    await drain('readers');
    await drain('account');
    expect((await rows()).map(({ state }) => state)).toEqual(['withheld', 'sent', 'sent']);
  });

  it('a mailbox that is gone is written to no more', async () => {
    sink.atRecipient = () => ({ code: 550, text: '5.1.1 unknown' });
    await post();
    await drain();
    sink.atRecipient = () => null;
    await post({ to: 'salma.haddad+again@readers.example' });
    await drain();
    expect(sink.received).toEqual([]);
    expect((await rows()).map(({ state }) => state)).toEqual(['dead', 'withheld']);
  });

  it('a spelling that is gone says nothing of the mailbox it is counted as', async () => {
    sink.atRecipient = () => ({ code: 550, text: '5.1.1 unknown' });
    for (const to of ['salma.haddad+nosuch@readers.example', 'SALMA.haddad@readers.example']) await post({ to });
    await drain();
    sink.atRecipient = () => null;
    expect(await suppressed()).toEqual([]);
    await post();
    await drain();
    expect((await rows()).map(({ state }) => state)).toEqual(['dead', 'dead', 'sent']);
  });

  it('again changes nothing, but that a complaint is counted whatever he said before', async () => {
    const suppress = (reason: 'opt_out' | 'complaint' | 'bounce'): Promise<void> =>
      world.app.get(Suppressions).suppress(world.dataSource.manager, hashOf(TO), reason);
    await suppress('opt_out');
    await suppress('bounce');
    expect(await suppressed()).toEqual(['opt_out']);
    await world.dataSource.query(`update mail_suppressions set created_at = now() - interval '1 year'`);
    await suppress('complaint');
    await suppress('opt_out');
    const found = await world.dataSource.query(`select reason, created_at > now() - interval '1 minute' as anew from mail_suppressions`);
    expect(found).toEqual([{ reason: 'complaint', anew: true }]);
  });
});

describe('The lane of shares', () => {
  let admin: TestEditor;
  beforeAll(async () => {
    admin = await anEditor(world, 'admin');
  });

  /** Ends so many shares, all at once, so long ago. */
  async function ended(count: number, given: { status?: string; state?: string; ago?: string; kind?: Kind } = {}): Promise<void> {
    const { status = null, state = status === null ? 'sent' : 'dead', ago = '1 minute', kind = 'share' } = given;
    await world.dataSource.query(
      `insert into mail_outbox (kind, lane, dedupe_key, message_id, state, created_at, gives_up_at, ended_at, handoff_at, smtp_status)
       select $5, $6, gen_random_uuid()::text, gen_random_uuid()::text, $2, now() - $3::interval, now(), now() - $3::interval,
         case when $2 = 'uncertain' then now() end, $4 from generate_series(1, $1)`,
      [count, state, ago, status, kind, KINDS[kind].lane],
    );
  }
  const bounce = async (given: Partial<Letter> = {}): Promise<void> => {
    sink.atRecipient = () => ({ code: 550, text: '5.1.1 unknown' });
    await post({ to: `${randomUUID()}@readers.example`, ...given });
    await drain();
    sink.atRecipient = () => null;
  };
  const complain = (): ReturnType<TestApp['get']> =>
    world
      .as(admin)
      .post('/api/v1/desk/mail/suppressions', { address: `${randomUUID()}@readers.example`, reason: 'complaint' })
      .expect(201);
  const stopped = (): Promise<boolean> => world.app.get(MailStops).stopped(world.dataSource.manager, 'shares');
  const resume = (): ReturnType<TestApp['get']> => world.as(admin).post('/api/v1/desk/mail/resume', { lane: 'shares' });

  it('stops at the tenth bounce among its last 200, is asked for by nobody while it stands, and goes on when an admin says so', async () => {
    await ended(9, { status: '5.1.1', ago: '1 hour' });
    await ended(170, { ago: '30 minutes' });
    // What was not even tried is none of the 200.
    await ended(50, { state: 'withheld', ago: '20 minutes' });
    await bounce();
    expect(await stopped()).toBe(true);
    await post();
    await post({ kind: 'reset' });
    await drain();
    await drain('account');
    expect(sink.received).toHaveLength(1);
    expect((await rows()).at(-2)).toMatchObject({ state: 'waiting', attempts: 0 });

    const { body: page } = await world.as(admin).get('/api/v1/desk/mail?limit=1').expect(200);
    expect(page).toMatchObject({ stops: [{ lane: 'shares', reason: 'bounces', stoppedAt: expect.stringMatching(/Z$/) }] });
    const { body } = await resume().expect(200);
    const { stops } = page as { stops: object[] };
    expect(body).toEqual({ ...stops[0], resumedAt: expect.stringMatching(/Z$/) });
    await drain();
    expect(sink.received).toHaveLength(2);
    // What came before the resumption is not held against it again.
    await bounce();
    expect(await stopped()).toBe(false);
    expect((await resume().expect(409)).body).toMatchObject({ code: 'not_stopped', errors: [{ field: 'lane', rule: 'not_stopped' }] });
  });

  it('does not stop at the ninth, nor for bounces of other lanes, other refusals, or those before its last 200', async () => {
    await ended(8, { status: '5.1.1', ago: '2 hours' });
    await ended(50, { status: '5.7.1', ago: '1 hour' });
    await ended(50, { status: '5.1.1', kind: 'vote_confirmation' });
    await bounce();
    expect(await stopped()).toBe(false);
    await ended(142, { ago: '10 minutes' });
    await bounce();
    // 8 + 50 + 1 + 142 + 1 are 202: two of the eight are no longer among the last 200.
    expect(await stopped()).toBe(false);
  });

  it('counts two bounces of one sender, however many there are', async () => {
    const causedBy = hashOf('sender@readers.example');
    await ended(7, { status: '5.1.1' });
    for (let n = 0; n < 4; n += 1) await bounce({ causedBy });
    expect(await stopped()).toBe(false);
    await bounce({ causedBy: hashOf('other@readers.example') });
    expect(await stopped()).toBe(true);
  });

  it('stops at the fiftieth bounce of letters that ask senders, and then asks nobody', async () => {
    await ended(48, { status: '5.1.1', kind: 'share_confirmation' });
    await bounce({ kind: 'share_confirmation' });
    expect(await stopped()).toBe(false);
    await bounce({ kind: 'share_confirmation' });
    expect(await stopped()).toBe(true);
    await post({ kind: 'share_confirmation' });
    await drain();
    expect((await rows()).at(-1)).toMatchObject({ state: 'waiting', attempts: 0 });
  });

  it('sends nothing while the center has switched it off, and goes on where it was', async () => {
    await world.dataSource.query(`update center set mail_sharing = false`);
    await post();
    await post({ kind: 'reset' });
    await drain();
    await drain('account');
    expect((await rows()).map(({ state }) => state)).toEqual(['waiting', 'sent']);
    await world.dataSource.query(`update center set mail_sharing = true`);
    await drain();
    expect((await rows()).map(({ state }) => state)).toEqual(['sent', 'sent']);
  });

  it('stops at the third complaint within a day, whatever else was said of the mailbox before', async () => {
    await complain();
    await complain();
    expect(await stopped()).toBe(false);
    await world.dataSource.query(`update mail_suppressions set created_at = created_at - interval '24 hours'`);
    await complain();
    await complain();
    expect(await stopped()).toBe(false);
    await complain();
    expect(await stopped()).toBe(true);
    await resume().expect(200);
    await complain();
    expect(await stopped()).toBe(false);
  });

  it('stops at one complaint per thousand mails', async () => {
    await ended(999, { ago: '3 days' });
    await complain();
    expect(await stopped()).toBe(false);
    await ended(1, { state: 'uncertain', ago: '4 days' });
    await complain();
    expect(await stopped()).toBe(true);
  });

  it('stops once, exactly at the tenth, when the ninth and the tenth bounce at the same moment', async () => {
    for (let round = 0; round < 5; round += 1) {
      await world.dataSource.query(`truncate mail_outbox, mail_suppressions, mail_stops restart identity`);
      await ended(8, { status: '5.1.1' });
      sink.atRecipient = () => ({ code: 550, text: '5.1.1 unknown' });
      for (let n = 0; n < 2; n += 1) await post({ to: `${randomUUID()}@readers.example` });
      await Promise.all([drain(), drain()]);
      expect(await world.dataSource.query(`select lane, reason from mail_stops`)).toEqual([{ lane: 'shares', reason: 'bounces' }]);
    }
  });

  it('is stopped once by eight complaints at once', async () => {
    await Promise.all(Array.from({ length: 8 }, () => complain()));
    expect(await world.dataSource.query(`select lane, reason from mail_stops`)).toEqual([{ lane: 'shares', reason: 'complaints' }]);
  });
});
