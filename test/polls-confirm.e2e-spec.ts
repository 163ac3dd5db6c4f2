import { randomBytes, randomUUID } from 'node:crypto';
import { solveChallenge } from 'altcha-lib';
import { deriveKey } from 'altcha-lib/algorithms/pbkdf2';
import type { Challenge } from 'altcha-lib/types';
import type { LightMyRequestResponse } from 'fastify';
import { simpleParser, type ParsedMail } from 'mailparser';
import { tokenHash } from '../src/accounts/tokens.js';
import { Waker } from '../src/jobs/waker.js';
import { countedMailbox, parseAddress } from '../src/mail/address.js';
import { MailRoom } from '../src/mail/mail-room.service.js';
import { receiptOf, voterKey } from '../src/polls/ballot-keys.js';
import type { SubmittedBallot } from '../src/polls/ballots.queries.js';
import { ConfirmationsService, type Voter } from '../src/polls/confirmations.service.js';
import { VotingService } from '../src/polls/voting.service.js';
import { Problem } from '../src/http/problem.js';
import { aBallot, aPoll, castAll, setPollClock, type TestPoll } from './factories.js';
import { MailSink } from './mail-sink.js';
import { startTestApp, type TestApp } from './test-app.js';
import { PAGE_POLICY } from './page-policy.js';

/** Votes of level 3: what is asked by mail, and what makes a ballot count. */

const DOOR = '/api/v1/polls/confirmations';

let sink: MailSink;
let world: TestApp;

beforeAll(async () => {
  sink = await MailSink.open();
  world = await startTestApp({ SMTP_URL: sink.url, TRUSTED_PROXY_HOPS: '1' });
  await world.dataSource.query(`update center set name = '{"ar": "مركز مثال", "en": "Example Center"}'`);
});
afterAll(async () => {
  await world.close();
  await sink.close();
});
beforeEach(async () => {
  await setPollClock(world, null);
  await letters();
});

const aReader = (): string => `reader-${randomBytes(5).toString('hex')}@readers.example`;
/** Of another network each time, unless the test says which. */
const anIp = (): string => `2001:db8:${randomBytes(2).toString('hex')}:${randomBytes(2).toString('hex')}::1`;

const voter = ({ email = aReader(), ip = anIp(), lang }: { email?: string; ip?: string; lang?: Voter['lang'] } = {}): Voter => ({
  email: parseAddress(email)!,
  ip,
  lang,
});

const cast = (ballot: SubmittedBallot, given: Parameters<typeof voter>[0] = {}): ReturnType<ConfirmationsService['cast']> =>
  world.app.get(ConfirmationsService).cast(ballot, voter(given));

/** Sends what waits, and gives what has arrived since the last time. */
async function letters(): Promise<ParsedMail[]> {
  await world.app.get(Waker).run('mail readers');
  return Promise.all(sink.received.splice(0).map(({ raw }) => simpleParser(raw)));
}

const tokenOf = ({ text }: ParsedMail): string => /\/polls\/confirm\/([\w-]{43})\?lang=/.exec(text ?? '')![1]!;

/** A vote whose letter has arrived. */
async function aVote(poll: TestPoll, given: Parameters<typeof voter>[0] = {}): Promise<{ token: string; ballot: SubmittedBallot }> {
  const ballot = aBallot(poll);
  expect(await cast(ballot, given)).toEqual({ outcome: 'cast', status: 'awaiting_confirmation' });
  const [letter] = await letters();
  return { token: tokenOf(letter!), ballot };
}

const confirm = (token: string): ReturnType<TestApp['get']> => world.as(null).post(DOOR, { token });

interface Stored {
  readonly status: string;
  readonly confirmed: boolean;
  readonly grouped: boolean;
}

const ballotsOf = (poll: TestPoll): Promise<Stored[]> =>
  world.dataSource.query<Stored[]>(
    `select status, voter_key is not null as confirmed, group_id is not null as grouped from ballots where poll_id = $1 order by cast_at`,
    [poll.id],
  );

const counts = async (sql: string): Promise<Record<string, number>> => {
  const rows = await world.dataSource.query<{ what: string; n: number }[]>(sql);
  return Object.fromEntries(rows.map(({ what, n }) => [what, n]));
};
const linksOf = async (poll: TestPoll): Promise<number> =>
  (await counts(`select 'links' as what, count(*)::int as n from ballot_confirmations where poll_id = ${poll.id}`))['links']!;

describe('A vote with an address by a form without work', () => {
  const byForm = (poll: TestPoll, ip = anIp()): Promise<{ readonly receipt: { readonly status: string } }> =>
    world.app
      .get(VotingService)
      .voteByForm(poll.id, { optionIds: [poll.optionIds[0]!], email: parseAddress(aReader())!, consent: true }, randomBytes(16), {
        ip,
        agent: '',
        lang: undefined,
      });
  const codeOf = (act: Promise<{ readonly receipt: { readonly status: string } }>): Promise<string> =>
    act.then(
      ({ receipt }) => receipt.status,
      (error: unknown) => (error instanceof Problem ? `${error.getStatus()} ${error.code}` : String(error)),
    );
  const groupOf = async (poll: TestPoll): Promise<string | undefined> =>
    (await world.dataSource.query<{ state: string }[]>(`select state from ballot_groups where poll_id = $1 and kind = 'no_work'`, [poll.id]))[0]?.state; // prettier-ignore
  beforeEach(async () => {
    await world.dataSource.query(`delete from rate_buckets`);
  });

  it('waits for its letter, then for review with the others that no work was done for', async () => {
    const poll = await aPoll(world, { level: 3 });
    expect(await codeOf(byForm(poll))).toBe('awaiting_confirmation');
    expect(await ballotsOf(poll)).toEqual([{ status: 'awaiting_confirmation', confirmed: false, grouped: true }]);
    const [letter] = await letters();
    // What was decided before it was confirmed was not about it.
    await world.dataSource.query(`update ballot_groups set state = 'released', decided_at = now() where poll_id = $1`, [poll.id]);
    const { status, body } = await confirm(tokenOf(letter!));
    expect([status, body]).toEqual([200, { pollId: poll.id, status: 'under_review' }]);
    expect(await ballotsOf(poll)).toEqual([{ status: 'under_review', confirmed: true, grouped: true }]);
    expect(await groupOf(poll)).toBe('held');
  });

  it('has a letter five times an hour from one network, and leaves nothing where it has none', async () => {
    const poll = await aPoll(world, { level: 3 });
    const ip = anIp();
    const answers = await Promise.all(Array.from({ length: 8 }, () => codeOf(byForm(poll, ip))));
    expect(answers.toSorted()).toEqual([...Array.from({ length: 3 }, () => '429 too_many_letters'), ...Array.from({ length: 5 }, () => 'awaiting_confirmation')]); // prettier-ignore
    expect(await ballotsOf(poll)).toHaveLength(5);
    expect(await letters()).toHaveLength(5);
    // Votes that work was done for have limits of their own.
    expect(await cast(aBallot(poll), { ip })).toEqual({ outcome: 'cast', status: 'awaiting_confirmation' });
  });

  it('finds room for fifty, of sixty at once, and takes none of the letters of those that find none', async () => {
    const poll = await aPoll(world, { level: 3 });
    const answers = await Promise.all(Array.from({ length: 60 }, () => codeOf(byForm(poll))));
    expect(answers.toSorted()).toEqual([...Array.from({ length: 10 }, () => '429 no_work_full'), ...Array.from({ length: 50 }, () => 'awaiting_confirmation')]); // prettier-ignore
    expect(await linksOf(poll)).toBe(50);
  });
});

describe('A vote with an address', () => {
  it('waits, uncounted, until its reader says so; the letter shows question and choice', async () => {
    const poll = await aPoll(world, { level: 3, maxChoices: 2 });
    const ballot = aBallot(poll, { optionIds: [poll.optionIds[2]!, poll.optionIds[0]!] });
    expect(await cast(ballot, { email: 'Salma+polls@Readers.Example' })).toEqual({ outcome: 'cast', status: 'awaiting_confirmation' });
    expect(await ballotsOf(poll)).toEqual([{ status: 'awaiting_confirmation', confirmed: false, grouped: false }]);
    const [letter, ...more] = await letters();
    expect(more).toEqual([]);
    expect(letter!.to).toMatchObject({ text: 'Salma+polls@readers.example' });
    expect(letter!.subject).toBe('تأكيد صوتك في مركز مثال');
    expect(letter!.text).toContain('> ما رأيك؟\n\nوالاختيارات فيه:\n\n> خيار 1\n> خيار 3\n');
    expect(letter!.text).toMatch(/\nhttps:\/\/center\.example\/polls\/confirm\/[\w-]{43}\?lang=ar\n/);
  });

  it('is asked about in the reader’s language; what was not translated stays in the center’s, and says so', async () => {
    const poll = await aPoll(world, { level: 3 });
    await world.dataSource.query(`update polls set question = '{"ar": "ما رأيك؟"}' where id = $1`, [poll.id]);
    await cast(aBallot(poll), { lang: 'en' });
    const [letter] = await letters();
    expect(letter!.subject).toBe('Confirm your vote at Example Center');
    expect(letter!.html).toContain('<div dir="rtl" lang="ar">ما رأيك؟</div>');
    expect(letter!.html).toContain('<div dir="ltr" lang="en">Option 1</div>');
    expect(letter!.text).toContain('?lang=en\n');
  });

  it('is refused as any other where the poll takes none, and nobody is written to', async () => {
    const poll = await aPoll(world, { level: 3 });
    const closed = await aPoll(world, { level: 3, state: 'closed' });
    expect(await cast(aBallot(closed))).toEqual({ outcome: 'not_open', status: null });
    expect(await cast(aBallot(poll, { optionIds: [closed.optionIds[0]!] }))).toEqual({ outcome: 'choices_refused', status: null });
    expect(await letters()).toEqual([]);
  });

  it('counts when the link is confirmed, and the same link gives the same answer', async () => {
    const poll = await aPoll(world, { level: 3 });
    const { token } = await aVote(poll);
    for (const _ of ['once', 'again']) {
      const { status, body, headers } = await confirm(token);
      expect([status, body, headers['cache-control']]).toEqual([200, { pollId: poll.id, status: 'counted' }, 'private, no-store']);
    }
    expect(await ballotsOf(poll)).toEqual([{ status: 'counted', confirmed: true, grouped: false }]);
    // After the poll has closed it is still the same.
    await world.dataSource.query(`update polls set state = 'closed', closes_at = poll_now() where id = $1`, [poll.id]);
    expect((await confirm(token)).body).toEqual({ pollId: poll.id, status: 'counted' });
  });

  it('takes the place of its address when it is confirmed, not when somebody types the address', async () => {
    const poll = await aPoll(world, { level: 3 });
    const [stranger, owner] = [aBallot(poll), aBallot(poll)];
    const [hers, his] = await linked(poll, [owner, stranger], () => 'salma@readers.example');
    expect((await confirm(hers!)).status).toBe(200);
    const { status, body } = await confirm(his!);
    expect([status, body]).toEqual([
      409,
      {
        type: 'urn:markaz:problem:address_has_voted',
        title: 'تعارض مع الحالة الراهنة',
        status: 409,
        detail: 'سبق أن حُسب صوت لهذا العنوان في هذا الاستطلاع، ولكل عنوان صوت واحد.',
        code: 'address_has_voted',
        instance: expect.stringMatching(/^urn:uuid:/),
        lang: 'ar',
        dir: 'rtl',
        errors: [],
      },
    ]);
    expect((await ballotsOf(poll)).map(({ status: stored }) => stored).toSorted()).toEqual(['awaiting_confirmation', 'counted']);
    // In another poll the address has its vote.
    const other = await aPoll(world, { level: 3 });
    const [link] = await linked(other, [aBallot(other)], () => 'salma@readers.example');
    expect((await confirm(link!)).body).toEqual({ pollId: other.id, status: 'counted' });
  });

  it('is one, however the address is spelled', async () => {
    const poll = await aPoll(world, { level: 3 });
    const spellings = ['nour@readers.example', 'Nour@READERS.example', 'nour+1@readers.example', 'NOUR+a+b@readers.example'];
    const tokens = await linked(
      poll,
      spellings.map(() => aBallot(poll)),
      (n) => spellings[n]!,
    );
    const statuses: number[] = [];
    for (const token of tokens) statuses.push((await confirm(token)).status);
    expect(statuses).toEqual([200, 409, 409, 409]);
  });
});

/** Links as letters hold them, straight into the table: the limits on letters are no part of what these tests ask. */
async function linked(poll: TestPoll, ballots: readonly SubmittedBallot[], email: (n: number) => string): Promise<string[]> {
  const rows = await castAll(world, ballots);
  const tokens = rows.map(() => randomBytes(32).toString('base64url'));
  await world.dataSource.query(
    `insert into ballot_confirmations (token_hash, ballot_id, poll_id, max_choices, voter_key, expires_at)
     select t.token_hash, t.ballot_id, $3, $4, t.voter_key, poll_now() + interval '24 hours'
     from unnest($1::bytea[], $2::uuid[], $5::bytea[]) t (token_hash, ballot_id, voter_key)`,
    [
      tokens.map(tokenHash),
      rows.map(({ ballot_id }) => ballot_id),
      poll.id,
      poll.maxChoices,
      rows.map((_, n) => voterKey(poll.secret, countedMailbox(parseAddress(email(n))!))),
    ],
  );
  return tokens;
}

/** Holds `sql` uncommitted until so many of what `act` does wait behind it, six unless said otherwise, as many as go at once: then they really do. */
async function behind<Result>(sql: string, act: () => Promise<Result>, many = 6): Promise<Result> {
  const runner = world.dataSource.createQueryRunner();
  try {
    await runner.startTransaction();
    await runner.query(sql);
    const result = act();
    await vi.waitUntil(
      async () => {
        // Not on the runner: a transaction sees the same activity until it ends.
        const [{ waiting }] = await world.dataSource.query<[{ waiting: number }]>(
          `select count(*)::int as waiting from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`,
        );
        return waiting === many;
      },
      { timeout: 10_000, interval: 10 },
    );
    await runner.commitTransaction();
    return await result;
  } finally {
    await runner.release();
  }
}

const tally = (values: readonly (number | string)[]): Record<string, number> =>
  values.reduce<Record<string, number>>((sums, value) => ({ ...sums, [value]: (sums[value] ?? 0) + 1 }), {});

describe('At once', () => {
  it('a hundred confirmations of one address count one, and refuse the others', async () => {
    const poll = await aPoll(world, { level: 3 });
    const tokens = await linked(
      poll,
      Array.from({ length: 100 }, () => aBallot(poll)),
      () => 'hundred@readers.example',
    );
    const answers = await behind(`select from polls where id = ${poll.id} for update`, () =>
      Promise.all(tokens.map((token) => confirm(token))),
    );
    expect(tally(answers.map(({ status, body }) => `${status} ${body.code ?? body.status}`))).toEqual({
      '200 counted': 1,
      '409 address_has_voted': 99,
    });
    expect(tally((await ballotsOf(poll)).map(({ status, confirmed }) => `${status} ${confirmed}`))).toEqual({
      'counted true': 1,
      'awaiting_confirmation false': 99,
    });
  });

  it('a hundred confirmations of one link count once, and all are told so', async () => {
    const poll = await aPoll(world, { level: 3 });
    const [token] = await linked(poll, [aBallot(poll)], aReader);
    const answers = await behind(`select from polls where id = ${poll.id} for update`, () =>
      Promise.all(Array.from({ length: 100 }, () => confirm(token!))),
    );
    expect(tally(answers.map(({ status, body }) => `${status} ${body.status}`))).toEqual({ '200 counted': 100 });
    expect(await ballotsOf(poll)).toEqual([{ status: 'counted', confirmed: true, grouped: false }]);
  });

  it('those that meet the closing of the poll wait for it, and do not count', async () => {
    const poll = await aPoll(world, { level: 3 });
    const tokens = await linked(
      poll,
      Array.from({ length: 100 }, () => aBallot(poll)),
      aReader,
    );
    for (const token of tokens.slice(0, 3)) expect((await confirm(token)).status).toBe(200);
    const late = tokens.slice(3);
    const answers = await behind(`update polls set state = 'closed', closes_at = poll_now() where id = ${poll.id}`, () =>
      Promise.all(late.map((token) => confirm(token))),
    );
    expect(tally(answers.map(({ status, body }) => `${status} ${body.code ?? body.status}`))).toEqual({ '409 poll_closed': 97 });
    expect((await ballotsOf(poll)).filter(({ status }) => status === 'counted')).toHaveLength(3);
  });

  it('a hundred votes with one address bring it one letter', async () => {
    const poll = await aPoll(world, { level: 3 });
    const votes = await behind(`select from polls where id = ${poll.id} for update`, () =>
      Promise.all(Array.from({ length: 100 }, (_, n) => cast(aBallot(poll), { email: `crowd+${n}@readers.example` }))),
    );
    expect(tally(votes.map(({ outcome, status }) => `${outcome} ${status}`))).toEqual({ 'cast awaiting_confirmation': 100 });
    expect(await letters()).toHaveLength(1);
    expect(await linksOf(poll)).toBe(1);
  });

  it('a hundred votes from one network bring twenty letters, and refuse the others whole', async () => {
    const poll = await aPoll(world, { level: 3 });
    const ip = anIp();
    const votes = await behind(`select from polls where id = ${poll.id} for update`, () =>
      Promise.allSettled(Array.from({ length: 100 }, () => cast(aBallot(poll), { ip }))),
    );
    expect(tally(votes.map((vote) => (vote.status === 'fulfilled' ? vote.value.outcome : (vote.reason as { code: string }).code)))).toEqual(
      { cast: 20, too_many_letters: 80 },
    );
    expect(await ballotsOf(poll)).toHaveLength(20);
    expect(await letters()).toHaveLength(20);
  });
});

describe('Letters', () => {
  it('go to one address three times a day at the most, for all polls together, and the answer does not tell', async () => {
    const email = aReader();
    const polls = [await aPoll(world, { level: 3 }), await aPoll(world, { level: 3 }), await aPoll(world, { level: 3 })];
    for (const poll of polls) expect(await cast(aBallot(poll), { email })).toEqual({ outcome: 'cast', status: 'awaiting_confirmation' });
    expect(await letters()).toHaveLength(3);
    const fourth = await aPoll(world, { level: 3 });
    expect(await cast(aBallot(fourth), { email })).toEqual({ outcome: 'cast', status: 'awaiting_confirmation' });
    expect([await letters(), await linksOf(fourth)]).toEqual([[], 0]);
    // What was not sent was not counted either: a day later the fourth poll has its letter.
    await world.dataSource.query(`update rate_buckets set resets_at = now() - interval '1 second'`);
    expect(await cast(aBallot(fourth), { email })).toEqual({ outcome: 'cast', status: 'awaiting_confirmation' });
    expect(await letters()).toHaveLength(1);
  });

  it('say when the network may ask again, and leave the ballot usable', async () => {
    const poll = await aPoll(world, { level: 3 });
    const ip = anIp();
    for (let n = 0; n < 20; n += 1) await cast(aBallot(poll), { ip });
    const ballot = aBallot(poll);
    const refusal = await cast(ballot, { ip }).then(
      () => null,
      (error: { code: string; more: { headers: Record<string, string> } }) => error,
    );
    expect(refusal).toMatchObject({
      code: 'too_many_letters',
      more: { headers: { 'retry-after': expect.stringMatching(/^3(600|5\d\d)$/) } },
    });
    // Its neighbours in the same /64 share its limit; other networks do not.
    await expect(cast(aBallot(poll), { ip: ip.replace(/1$/, '2') })).rejects.toMatchObject({ code: 'too_many_letters' });
    expect(await cast(ballot)).toEqual({ outcome: 'cast', status: 'awaiting_confirmation' });
  });

  it('are sent again to another address for the same ballot, whose first link is then worth nothing', async () => {
    const poll = await aPoll(world, { level: 3 });
    const { token, ballot } = await aVote(poll, { email: 'typo@raeders.example' });
    expect(await cast(ballot, { email: 'typo@readers.example' })).toEqual({ outcome: 'stands', status: null });
    const [letter] = await letters();
    expect(letter!.to).toMatchObject({ text: 'typo@readers.example' });
    expect((await confirm(token)).body).toMatchObject({ code: 'link_expired' });
    expect((await confirm(tokenOf(letter!))).body).toEqual({ pollId: poll.id, status: 'counted' });
    // It counts: nothing is asked any more.
    expect(await cast(ballot, { email: aReader() })).toEqual({ outcome: 'stands', status: null });
    expect(await letters()).toEqual([]);
  });

  it('are three for one ballot in a day, to whatever addresses and from whatever networks: its work was done once', async () => {
    const poll = await aPoll(world, { level: 3 });
    const { ballot } = await aVote(poll);
    for (let again = 0; again < 5; again += 1) expect(await cast(ballot)).toEqual({ outcome: 'stands', status: null });
    expect(await letters()).toHaveLength(2);
  });

  it('are not sent again to the same address, for other options, or where the network has asked enough; the answer is the same', async () => {
    const poll = await aPoll(world, { level: 3 });
    const [email, ip] = [aReader(), anIp()];
    const { token, ballot } = await aVote(poll, { email, ip });
    expect(await cast(ballot, { email })).toEqual({ outcome: 'stands', status: null });
    const other = { ...ballot, optionIds: [poll.optionIds[1]!], choicesDigest: randomBytes(32) };
    expect(await cast(other, { email: aReader() })).toEqual({ outcome: 'stands', status: null });
    for (let n = 0; n < 19; n += 1) await cast(aBallot(poll), { ip });
    await letters();
    expect(await cast(ballot, { email: aReader(), ip })).toEqual({ outcome: 'stands', status: null });
    expect(await letters()).toEqual([]);
    expect((await confirm(token)).status).toBe(200);
  });

  it('and the right to one are lost together with the ballot when something fails', async () => {
    const poll = await aPoll(world, { level: 3 });
    const [ballot, email] = [aBallot(poll), aReader()];
    const before = await counts(`select encode(key, 'hex') as what, n from rate_buckets`);
    const failure = vi.spyOn(world.app.get(MailRoom), 'post').mockRejectedValueOnce(new Error('the server was killed'));
    await expect(cast(ballot, { email })).rejects.toThrow('the server was killed');
    failure.mockRestore();
    expect(await ballotsOf(poll)).toEqual([]);
    expect(await counts(`select encode(key, 'hex') as what, n from rate_buckets`)).toEqual(before);
    expect(await cast(ballot, { email })).toEqual({ outcome: 'cast', status: 'awaiting_confirmation' });
    expect(await letters()).toHaveLength(1);
  });
});

/** A reader who has taken a ballot and done its work. */
interface AtTheDoor {
  readonly receipt: string;
  readonly ip: string;
  send(body: object, lang?: string): ReturnType<TestApp['get']>;
}

async function atTheDoor(poll: TestPoll, ip = anIp()): Promise<AtTheDoor> {
  const taken = await world.as(null).post(`/api/v1/polls/${poll.id}/ballots`, {}).set('X-Forwarded-For', ip).expect(201);
  const [cookie = ''] = (taken.headers['set-cookie'] as unknown as string[])[0]!.split(';');
  const challenge = taken.body.work as Challenge | null;
  const work = challenge === null ? undefined : { challenge, solution: await solveChallenge({ challenge, deriveKey }) };
  return {
    receipt: receiptOf(poll.secret, Buffer.from(cookie.split('.')[1]!, 'base64url')),
    ip,
    send: (body, lang) =>
      world
        .as(null)
        .post(`/api/v1/polls/${poll.id}/votes${lang === undefined ? '' : `?lang=${lang}`}`, {
          optionIds: [poll.optionIds[0]],
          work,
          ...body,
        })
        .set('Cookie', cookie)
        .set('X-Forwarded-For', ip),
  };
}

const refused = (answer: { status: number; body: { code: string; errors: { field: string; rule: string }[] } }): unknown[] => [
  answer.status,
  answer.body.code,
  answer.body.errors.map(({ field, rule }) => `${field} ${rule}`).join(),
];

describe('At the door of votes', () => {
  it('a vote is taken, asked about in the language of the request, replayed, and counted by its link', async () => {
    const poll = await aPoll(world, { level: 3 });
    const reader = await atTheDoor(poll);
    const vote = { email: aReader(), consent: true };
    const first = await reader.send(vote, 'fr');
    expect([first.status, first.body]).toEqual([201, { receipt: reader.receipt, status: 'awaiting_confirmation' }]);
    expect(first.headers['cache-control']).toBe('private, no-store');
    const again = await reader.send(vote);
    expect([again.status, again.body]).toEqual([200, first.body]);
    expect(refused(await reader.send({ ...vote, optionIds: [poll.optionIds[1]] }))).toEqual([409, 'ballot_stands', '']);
    const [letter, ...more] = await letters();
    expect([letter!.subject, more]).toEqual(['Confirmez votre vote auprès de مركز مثال', []]);
    expect((await confirm(tokenOf(letter!))).body).toEqual({ pollId: poll.id, status: 'counted' });
    const counted = await reader.send(vote);
    expect([counted.status, counted.body]).toEqual([200, { receipt: reader.receipt, status: 'counted' }]);
  });

  it('the same vote with another address, within the limits, goes to that address too', async () => {
    const poll = await aPoll(world, { level: 3 });
    const reader = await atTheDoor(poll);
    await reader.send({ email: aReader(), consent: true }).expect(201);
    await reader.send({ email: 'mended@readers.example', consent: true }).expect(200);
    expect((await letters()).map(({ to }) => (to as { text: string }).text)).toEqual([
      expect.stringMatching(/^reader-/),
      'mended@readers.example',
    ]);
  });

  it('address, consent and work are asked for, each by name, and nothing is stored', async () => {
    const poll = await aPoll(world, { level: 3 });
    const reader = await atTheDoor(poll);
    const email = aReader();
    const bodies: [object, unknown[]][] = [
      [{}, [422, 'email_required', 'email email_required']],
      [{ consent: true }, [422, 'email_required', 'email email_required']],
      [{ email }, [422, 'consent_required', 'consent consent_required']],
      [{ email, consent: false }, [422, 'consent_required', 'consent consent_required']],
      [{ email, consent: true, work: undefined }, [422, 'work_required', 'work work_required']],
      ...[
        '',
        'x',
        'a@b',
        'a@center.example, b@center.example',
        'a@center.example\r\nBcc: b@center.example',
        `${'a'.repeat(300)}@center.example`,
        7,
        ['a@center.example'],
        { address: 'a@center.example' },
        'محرر@center.example',
      ].map((address): [object, unknown[]] => [{ email: address, consent: true }, [400, 'invalid_body', 'email address']]),
      ...['true', 1, {}, []].map((consent): [object, unknown[]] => [{ email, consent }, [400, 'invalid_body', 'consent flag']]),
      [{ email, consent: null }, [400, 'invalid_body', 'consent required']],
      [{ email: null, consent: true }, [400, 'invalid_body', 'email required']],
      [{ email, consent: true, voterKey: 'x' }, [400, 'unknown_field', 'voterKey unknown']],
    ];
    for (const [body, expected] of bodies) expect([body, refused(await reader.send(body))]).toEqual([body, expected]);
    expect([await ballotsOf(poll), await letters()]).toEqual([[], []]);
    await reader.send({ email, consent: true }).expect(201);
  });

  it('nobody leaves an address where none is asked for', async () => {
    for (const level of [0, 1]) {
      const poll = await aPoll(world, { level });
      const reader = await atTheDoor(poll);
      expect(refused(await reader.send({ email: aReader(), consent: true }))).toEqual([422, 'email_not_asked', 'email email_not_asked']);
      expect(refused(await reader.send({ consent: true }))).toEqual([422, 'email_not_asked', 'consent email_not_asked']);
      await reader.send({}).expect(201);
    }
  });

  it('the network that has asked for too many letters is told when it may again', async () => {
    const poll = await aPoll(world, { level: 3 });
    const ip = anIp();
    for (let n = 0; n < 20; n += 1) await cast(aBallot(poll), { ip });
    const reader = await atTheDoor(poll, ip);
    const answer = await reader.send({ email: aReader(), consent: true });
    expect(refused(answer)).toEqual([429, 'too_many_letters', '']);
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(3_500);
  });
});

describe('A link', () => {
  it('works for 24 hours by the clock of polls, and is then removed; the ballot stays, uncounted', async () => {
    const poll = await aPoll(world, { level: 3 });
    const { token } = await aVote(poll);
    const [{ expires }] = await world.dataSource.query<[{ expires: Date }]>(
      `select expires_at as expires from ballot_confirmations where token_hash = $1`,
      [tokenHash(token)],
    );
    // A Date has milliseconds, the column microseconds.
    const end = new Date(expires.getTime() + 1);
    await setPollClock(world, end);
    const { status, body } = await confirm(token);
    expect([status, body]).toEqual([
      422,
      {
        type: 'urn:markaz:problem:link_expired',
        title: 'مفهوم لكنه مرفوض',
        status: 422,
        detail: 'لم يعد هذا الرابط صالحًا. صوّت من جديد ليصلك غيره.',
        code: 'link_expired',
        instance: expect.stringMatching(/^urn:uuid:/),
        lang: 'ar',
        dir: 'rtl',
        errors: [],
      },
    ]);
    await setPollClock(world, new Date(expires.getTime() - 1));
    await world.app.get(Waker).run('expired vote links');
    expect(await linksOf(poll)).toBe(1);
    await setPollClock(world, end);
    await world.app.get(Waker).run('expired vote links');
    expect(await linksOf(poll)).toBe(0);
    expect(await ballotsOf(poll)).toEqual([{ status: 'awaiting_confirmation', confirmed: false, grouped: false }]);
  });

  it('that never was gets the answer of one that is too old', async () => {
    for (const token of [randomBytes(32).toString('base64url'), 'x', randomUUID(), 'ء'])
      expect([token, (await confirm(token)).body.code]).toEqual([token, 'link_expired']);
  });

  it('is worth nothing once the poll has closed, or its time is over', async () => {
    const poll = await aPoll(world, { level: 3, closesAt: new Date(Date.now() + 3_600_000).toISOString() });
    const { token } = await aVote(poll);
    await setPollClock(world, new Date(Date.now() + 3_600_000));
    const { status, body } = await confirm(token);
    expect([status, body.code]).toEqual([409, 'poll_closed']);
    expect(await ballotsOf(poll)).toEqual([{ status: 'awaiting_confirmation', confirmed: false, grouped: false }]);
  });

  it.each(['network', 'vicinity'] as const)('puts the ballot under review while the group of its %s is held', async (kind) => {
    const poll = await aPoll(world, { level: 3 });
    const [first, second] = [aBallot(poll), aBallot(poll)];
    const tokens = await linked(poll, [first, second], aReader);
    const [{ id }] = await world.dataSource.query<[{ id: number }]>(
      `insert into ballot_groups (poll_id, kind, key) values ($1, $2, $3) returning id`,
      [poll.id, kind, kind === 'network' ? first.networkKey : first.vicinityKey],
    );
    expect((await confirm(tokens[0]!)).body).toEqual({ pollId: poll.id, status: 'under_review' });
    expect((await confirm(tokens[0]!)).body).toEqual({ pollId: poll.id, status: 'under_review' });
    expect((await confirm(tokens[1]!)).body).toEqual({ pollId: poll.id, status: 'counted' });
    const [held] = await world.dataSource.query<unknown[]>(
      `select status, voter_key is not null as confirmed from ballots where group_id = $1`,
      [id],
    );
    expect(held).toEqual({ status: 'under_review', confirmed: true });
  });

  it('counts the ballot whose group is being released in this moment', async () => {
    const poll = await aPoll(world, { level: 3 });
    const ballot = aBallot(poll);
    const [token] = await linked(poll, [ballot], aReader);
    const [{ id }] = await world.dataSource.query<[{ id: number }]>(
      `insert into ballot_groups (poll_id, kind, key) values ($1, 'network', $2) returning id`,
      [poll.id, ballot.networkKey],
    );
    const release = `update ballot_groups set state = 'released', decided_at = poll_now() where id = ${id}`;
    const answer = await behind(release, async () => (await confirm(token!)).body as unknown, 1);
    expect(answer).toEqual({ pollId: poll.id, status: 'counted' });
  });

  it('counts the ballot of a declared event, whose network is held', async () => {
    const poll = await aPoll(world, { level: 3 });
    const ballot = aBallot(poll);
    await world.dataSource.query(
      `insert into poll_events (poll_id, label, network_key, starts_at, ends_at) values ($1, 'قاعتنا', $2, poll_now() - interval '1 hour', poll_now() + interval '1 hour')`,
      [poll.id, ballot.eventKey],
    );
    const [token] = await linked(poll, [ballot], aReader);
    await world.dataSource.query(`insert into ballot_groups (poll_id, kind, key) values ($1, 'network', $2)`, [poll.id, ballot.networkKey]);
    expect((await confirm(token!)).body).toEqual({ pollId: poll.id, status: 'counted' });
  });
});

describe('The door', () => {
  it.each([
    ['no body', undefined, 'invalid_body'],
    ['no token', {}, 'invalid_body'],
    ['an empty token', { token: '' }, 'invalid_body'],
    ['a number', { token: 7 }, 'invalid_body'],
    ['a list', { token: ['x'] }, 'invalid_body'],
    ['an object', { token: { x: 1 } }, 'invalid_body'],
    ['a null', { token: null }, 'invalid_body'],
    ['a control character', { token: 'x\0' }, 'invalid_body'],
    ['an endless token', { token: 'x'.repeat(201) }, 'invalid_body'],
    ['a field of its own', { token: 'x', status: 'counted' }, 'unknown_field'],
  ])('refuses %s', async (_, body, code) => {
    const answer = await world.as(null).post(DOOR, body);
    expect([answer.status, answer.body.code]).toEqual([400, code]);
  });

  it('refuses another site’s page, a form, and a body beyond its measure', async () => {
    const send = async (headers: Record<string, string>, payload: string): Promise<number> =>
      (await world.app.inject({ method: 'POST', url: DOOR, headers, payload })).statusCode;
    expect(await send({ 'content-type': 'application/json', origin: 'https://evil.example' }, '{"token":"x"}')).toBe(403);
    expect(await send({ 'content-type': 'application/x-www-form-urlencoded' }, 'token=x')).toBe(415);
    expect(await send({ 'content-type': 'application/json' }, JSON.stringify({ token: 'x'.repeat(1_000_000) }))).toBe(413);
  });
});

describe('The page', () => {
  const path = (token: string, query = ''): string => `/polls/confirm/${token}${query}`;
  const open = (token: string, query = '', headers: Record<string, string> = {}): Promise<LightMyRequestResponse> =>
    world.app.inject({ method: 'GET', url: path(token, query), headers });
  /** As a browser sends the page's own form. */
  const press = (token: string, query = '', headers: Record<string, string> = {}, payload = ''): Promise<LightMyRequestResponse> =>
    world.app.inject({
      method: 'POST',
      url: path(token, query),
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        origin: 'https://center.example',
        'sec-fetch-site': 'same-origin',
        ...headers,
      },
      payload,
    });
  const heading = ({ body }: LightMyRequestResponse): string => /<h1>([^<]*)<\/h1>/.exec(body)![1]!;

  async function aLink(poll: TestPoll, email = aReader()): Promise<string> {
    return (await linked(poll, [aBallot(poll)], () => email))[0]!;
  }

  it('shows question, choice and a button, for one reader’s eyes, and changes nothing', async () => {
    const poll = await aPoll(world, { level: 3 });
    const token = await aLink(poll);
    for (const _ of ['a program that looks into mail', 'the reader']) {
      const answer = await open(token);
      expect([answer.statusCode, heading(answer)]).toEqual([200, 'أهذا صوتك؟']);
      expect(answer.body).toContain('<html lang="ar" dir="rtl">');
      expect(answer.body).toContain('<h2><bdi lang="ar" dir="rtl">ما رأيك؟</bdi></h2>');
      expect(answer.body).toContain('<bdi lang="ar" dir="rtl">خيار 1</bdi>');
      expect(answer.body).toContain('<form method="post"><button type="submit">نعم، هذا صوتي</button></form>');
      expect(answer.headers).toMatchObject({
        'content-type': 'text/html; charset=utf-8',
        'cache-control': 'private, no-store',
        'referrer-policy': 'same-origin',
        'x-robots-tag': 'noindex',
        'content-security-policy': PAGE_POLICY,
      });
      expect(answer.headers['set-cookie']).toBeUndefined();
      expect(answer.body).not.toMatch(/<script|<img|https?:/);
    }
    expect((await world.app.inject({ method: 'HEAD', url: path(token) })).statusCode).toBe(200);
    expect(await ballotsOf(poll)).toEqual([{ status: 'awaiting_confirmation', confirmed: false, grouped: false }]);
  });

  it('counts the vote when its button is pressed, says so again, and so does the link', async () => {
    const poll = await aPoll(world, { level: 3 });
    const token = await aLink(poll);
    for (const answer of [await press(token), await press(token, '', {}, 'utm=x&utm=y&%zz=%'), await open(token)]) {
      expect([answer.statusCode, heading(answer)]).toEqual([200, 'حُسب صوتك']);
      expect(answer.body).toContain('احتفظ بالإيصال');
      expect(answer.body).not.toContain('<form');
      expect(answer.headers['cache-control']).toBe('private, no-store');
    }
    expect(await ballotsOf(poll)).toEqual([{ status: 'counted', confirmed: true, grouped: false }]);
  });

  it('says what else became of the vote, with its status', async () => {
    const poll = await aPoll(world, { level: 3 });
    const email = aReader();
    await confirm(await aLink(poll, email));
    const second = await aLink(poll, email);
    const late = await aLink(poll);
    const held = aBallot(poll);
    const [watched] = await linked(poll, [held], aReader);
    await world.dataSource.query(`insert into ballot_groups (poll_id, kind, key) values ($1, 'network', $2)`, [poll.id, held.networkKey]);
    const said = async (answer: Promise<LightMyRequestResponse>): Promise<[number, string]> => [
      (await answer).statusCode,
      heading(await answer),
    ];
    expect(await said(press(second, '?lang=en'))).toEqual([409, 'This address has voted already']);
    expect(await said(press(watched!, '?lang=en'))).toEqual([200, 'Your vote has arrived and is under review']);
    expect(await said(open(watched!, '?lang=en'))).toEqual([200, 'Your vote has arrived and is under review']);
    await world.dataSource.query(`update polls set state = 'closed', closes_at = poll_now() where id = $1`, [poll.id]);
    expect(await said(open(late, '?lang=en'))).toEqual([200, 'The poll is closed']);
    expect(await said(press(late, '?lang=en'))).toEqual([409, 'The poll is closed']);
    expect(await said(press(late, '?lang=fr'))).toEqual([409, 'Le sondage est clos']);
    await setPollClock(world, new Date(Date.now() + 86_400_000));
    expect(await said(open(late))).toEqual([404, 'لم يعد هذا الرابط صالحًا']);
    expect(await said(press(late))).toEqual([404, 'لم يعد هذا الرابط صالحًا']);
  });

  it('calls whatever is no link one that no longer works', async () => {
    for (const junk of ['x', '%00', '..%2f..%2fetc', 'ا'.repeat(80), "'--", '<b>', 'x'.repeat(299), '__proto__', randomUUID()]) {
      const url = encodeURI(junk).replaceAll('%25', '%');
      for (const answer of [await open(url), await press(url)]) {
        expect([junk, answer.statusCode]).toEqual([junk, junk === '%00' ? 400 : 404]);
        expect(answer.body).not.toContain('<b>');
      }
    }
    expect((await open('x'.repeat(3_000))).statusCode).toBeGreaterThanOrEqual(400);
    expect((await open('x'.repeat(3_000))).statusCode).toBeLessThan(500);
  });

  it('speaks the language of its address, else the browser’s, else the center’s; ignores other parameters', async () => {
    const token = await aLink(await aPoll(world, { level: 3 }));
    const lang = async (query: string, accepted?: string): Promise<string> =>
      /<html lang="(\w+)"/.exec((await open(token, query, accepted === undefined ? {} : { 'accept-language': accepted })).body)![1]!;
    expect(await lang('?lang=fr', 'en')).toBe('fr');
    expect(await lang('', 'de-DE,en-US;q=0.8,ar;q=0.5')).toBe('en');
    expect(await lang('?utm_source=mail&lang=en&fbclid=x')).toBe('en');
    expect(await lang('?lang=de', 'xx')).toBe('ar');
    const page = await open(token, '?lang=fr');
    expect(page.body).toContain('<h2><bdi lang="ar" dir="rtl">ما رأيك؟</bdi></h2>');
    expect(page.body).toContain('<a lang="ar" dir="rtl" hreflang="ar" href="?lang=ar">العربية</a>');
  });

  it('takes its own form alone: nothing from another site, no other kind of body, none that is large; and refuses with a page', async () => {
    const poll = await aPoll(world, { level: 3 });
    const token = await aLink(poll);
    const foreign = await press(token, '?lang=en', { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' });
    expect([foreign.statusCode, heading(foreign), foreign.headers['content-type']]).toEqual([
      403,
      'Not allowed',
      'text/html; charset=utf-8',
    ]);
    expect((await press(token, '', { origin: 'null' })).statusCode).toBe(403);
    expect((await press(token, '', { 'content-type': 'text/plain' }, 'a=1')).statusCode).toBe(415);
    expect((await press(token, '', { 'content-type': 'multipart/form-data; boundary=x' }, '--x--')).statusCode).toBe(415);
    expect((await press(token, '', {}, `a=${'x'.repeat(5_000)}`)).statusCode).toBe(413);
    expect(await ballotsOf(poll)).toEqual([{ status: 'awaiting_confirmation', confirmed: false, grouped: false }]);
  });

  it('shows a page, too, when something fails', async () => {
    const failure = vi.spyOn(world.app.get(ConfirmationsService), 'find').mockRejectedValueOnce(new Error('relation "secret"'));
    const answer = await open('x', '?lang=en');
    failure.mockRestore();
    expect([answer.statusCode, heading(answer), answer.headers['cache-control']]).toEqual([500, 'Server error', 'private, no-store']);
    expect(answer.body).not.toContain('secret');
  });
});

it('no other route takes a form', async () => {
  const form = { 'content-type': 'application/x-www-form-urlencoded' };
  for (const url of [
    '/api/v1/sessions',
    DOOR,
    '/api/v1/polls/1/votes',
    '/api/v1/polls/1/ballots',
    '/api/v1/passwords',
    '/api/v1/desk/articles',
    '/nothing',
  ])
    expect([url, (await world.app.inject({ method: 'POST', url, headers: form, payload: 'token=x' })).statusCode]).toEqual([url, 415]);
});
