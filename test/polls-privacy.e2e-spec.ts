import { randomBytes } from 'node:crypto';
import { NetworkKeys } from '../src/polls/network-keys.service.js';
import { voterKey } from '../src/polls/ballot-keys.js';
import { PollDoctor } from '../src/polls/poll-doctor.service.js';
import { PrivacyJob } from '../src/polls/privacy.job.js';
import { QuarantineJob } from '../src/polls/quarantine.job.js';
import { aBallot, aPoll, anEditor, castAll, closePoll, setPollClock, type TestEditor, type TestPoll } from './factories.js';
import { startTestApp, type TestApp } from './test-app.js';

/** What is forgotten, and when; and that nothing is left by which the ballots of one reader in two polls could be found. */

const DESK = '/api/v1/desk/polls';
const START = Date.UTC(2027, 4, 1, 9);
const HOUR = 3_600;
const DAY = 24 * HOUR;

let world: TestApp;
let chief: TestEditor;
beforeAll(async () => {
  world = await startTestApp();
  chief = await anEditor(world, 'chief');
});
afterAll(() => world.close());

const clock = (seconds: number): Promise<void> => setPollClock(world, new Date(START + seconds * 1_000));
const forget = (): Promise<void> => world.app.get(PrivacyJob).forgetAll();
const rows = <Row>(sql: string, ...values: unknown[]): Promise<Row[]> => world.dataSource.query<Row[]>(sql, values);

const close = (poll: TestPoll): Promise<void> => closePoll(world, poll);

it('forgets where ballots came from after 48 hours, and the salts with which that could be said', async () => {
  await clock(0);
  const poll = await aPoll(world, { opensAt: '2027-05-01T08:00:00Z' });
  const keys = world.app.get(NetworkKeys);
  const cast = async (): Promise<unknown> => castAll(world, [aBallot(poll, await keys.of('198.51.100.7', 'Browser'))]);
  await cast();
  await clock(HOUR);
  await castAll(
    world,
    Array.from({ length: 151 }, () => aBallot(poll, { networkKey: Buffer.alloc(32, 7), agentKey: Buffer.alloc(32, 8) })),
  );
  await world.tx((tx) => world.app.get(QuarantineJob).judge(tx, poll.id));
  const left = async (): Promise<unknown> =>
    (
      await rows(
        `select count(network_key)::int as networks, count(vicinity_key)::int as vicinities, count(agent_key)::int as agents,
           (select count(*)::int from network_salts) as salts, (select count(key)::int from ballot_groups) as groups from ballots`,
      )
    )[0];
  await clock(48 * HOUR - 1);
  await forget();
  expect(await left()).toMatchObject({ networks: 152, vicinities: 152, agents: 152, salts: 1, groups: 1 });
  await clock(48 * HOUR + 1);
  await forget();
  expect(await left()).toMatchObject({ networks: 151, vicinities: 151, agents: 151, salts: 1, groups: 1 });
  await clock(49 * HOUR + 1);
  await forget();
  expect(await left()).toEqual({ networks: 0, vicinities: 0, agents: 0, salts: 0, groups: 0 });
  expect(await rows(`select count(ballot_hash)::int as n from ballots where poll_id = $1`, poll.id)).toEqual([{ n: 152 }]);
});

it('forgets where an event took place 48 hours after it', async () => {
  await clock(0);
  const poll = await aPoll(world, { opensAt: '2027-05-01T08:00:00Z' });
  const event = { label: 'قاعة', startsAt: '2027-05-01T09:00:00Z', endsAt: '2027-05-01T10:00:00Z' };
  await world
    .as(chief)
    .post(`${DESK}/${poll.id}/events`, { ...event, network: '198.51.100.7' })
    .expect(201);
  const kept = async (): Promise<unknown> =>
    rows(`select label, network_key is not null as network from poll_events where poll_id = $1`, poll.id);
  await clock(49 * HOUR);
  await forget();
  expect(await kept()).toEqual([{ label: 'قاعة', network: true }]);
  await clock(49 * HOUR + 1);
  await forget();
  expect(await kept()).toEqual([{ label: 'قاعة', network: false }]);
});

describe('two polls that the same 300 readers answered', () => {
  const polls: TestPoll[] = [];
  const nonces = Array.from({ length: 300 }, () => randomBytes(16));
  beforeAll(async () => {
    await clock(0);
    const keys = world.app.get(NetworkKeys);
    polls.push(await aPoll(world, { level: 3, maxChoices: 2, opensAt: '2027-05-01T08:00:00Z' }));
    polls.push(await aPoll(world, { level: 3, maxChoices: 2, opensAt: '2027-05-01T08:00:00Z' }));
    for (const [n, nonce] of nonces.entries()) {
      await clock(10 * n);
      const whereabouts = await keys.of(`198.51.${Math.floor(n / 200)}.${n % 200}`, `Browser ${n % 40}`);
      for (const poll of polls) {
        const [row] = await castAll(world, [aBallot(poll, { nonce, optionIds: [poll.optionIds[n % 3]!], ...whereabouts })]);
        if (n % 10 === 0) continue;
        await rows(
          `update ballots set status = 'counted', voter_key = $2 where id = $1`,
          row!.ballot_id,
          voterKey(poll.secret, `reader-${n}@readers.example`),
        );
      }
    }
    for (const poll of polls) {
      await rows(
        `insert into ballot_confirmations (token_hash, ballot_id, poll_id, max_choices, voter_key, expires_at)
         select sha256(uuid_send(id)), id, poll_id, max_choices, '\\x01', poll_now() from ballots where poll_id = $1 and status = 'awaiting_confirmation'`,
        poll.id,
      );
      await rows(
        `insert into poll_events (poll_id, label, network_key, starts_at, ends_at) values ($1, 'قاعة', '\\x02', poll_now(), poll_now() + interval '1 hour')`,
        poll.id,
      );
    }
    await clock(DAY / 4);
    for (const poll of polls) await close(poll);
  }, 60_000);

  /** Tables of polls, with what of a row tells which ballot it belongs to. */
  const TABLES: Readonly<Record<string, string>> = {
    ballots: 'id',
    ballot_choices: 'ballot_id',
    ballot_confirmations: 'ballot_id',
    signed_results: 'poll_id::text',
    poll_events: 'id::text',
    ballot_groups: 'id::text',
    ballot_voids: 'id::text',
    poll_options: 'id::text',
    polls: 'id::text',
  };

  /** Columns in which rows of the two polls have a value in common that does not stand in every row. */
  async function joinable(): Promise<string[]> {
    const found: string[] = [];
    for (const [table, row] of Object.entries(TABLES)) {
      const poll = table === 'polls' ? 'id' : 'poll_id';
      const columns = await rows<{ column_name: string }>(
        `select column_name from information_schema.columns where table_schema = 'public' and table_name = $1`,
        table,
      );
      for (const { column_name: column } of columns) {
        const [{ shared, kinds }] = (await rows(
          `with own as (select ${poll} as poll, ${row} as row, ${column}::text as value from ${table} where ${poll} = any($1) and ${column} is not null)
           select (select count(*)::int from (select value from own where poll = $2 intersect select value from own where poll = $3) s) as shared,
             (select count(distinct value)::int from own) as kinds`,
          polls.map(({ id }) => id),
          polls[0]!.id,
          polls[1]!.id,
        )) as [{ shared: number; kinds: number }];
        if (shared > 0 && kinds > 1) found.push(`${table}.${column}`);
      }
    }
    return found;
  }

  /** How surely a reader's ballot of one poll is found by its place in an order of the other's: hits among 300, by chance about one. */
  async function hitsByOrder(table: string, ballot: string, order: string): Promise<number> {
    const ordered = async (poll: TestPoll): Promise<string[]> =>
      (await rows<{ ballot: string }>(`select ${ballot} as ballot from ${table} where poll_id = $1 order by ${order}`, poll.id)).map(
        (row) => row.ballot,
      );
    const [first, second] = [await ordered(polls[0]!), await ordered(polls[1]!)];
    return first.filter((id, place) => whose.get(id) === whose.get(second[place]!)).length;
  }
  const whose = new Map<string, number>();

  it('cannot be joined by their hashes, even while the secrets are there', async () => {
    for (const poll of polls)
      for (const [n, row] of (await rows<{ id: string }>(`select id from ballots where poll_id = $1 order by cast_at`, poll.id)).entries())
        whose.set(row.id, n);
    const before = await joinable();
    for (const column of ['ballot_hash', 'voter_key', 'receipt_hash', 'choices_digest', 'id'])
      expect(before).not.toContain(`ballots.${column}`);
    // What the test must see, or it would see nothing: within 48 hours the places are there, until the scrub the time.
    expect(before).toEqual(expect.arrayContaining(['ballots.network_key', 'ballots.agent_key', 'ballots.cast_at']));
    expect(await hitsByOrder('ballots', 'id', 'cast_at')).toBe(300);
    expect(await hitsByOrder('ballot_choices', 'ballot_id', 'ctid')).toBe(300);
  });

  it('are kept for 14 days after closing, and cannot be joined by anything afterwards', async () => {
    await clock(DAY / 4 + 14 * DAY - 1);
    await forget();
    expect(
      await rows(
        `select count(ballot_hash)::int as hashes from ballots where poll_id = any($1)`,
        polls.map(({ id }) => id),
      ),
    ).toEqual([{ hashes: 600 }]);
    await clock(DAY / 4 + 14 * DAY);
    await forget();
    // States of ballots, slots and the day are what the published result shows anyway.
    const PUBLIC = ['ballots.level', 'ballots.max_choices', 'ballots.status', 'ballot_choices.slot', 'ballot_choices.max_choices', 'poll_options.position', 'poll_options.label']; // prettier-ignore
    expect((await joinable()).filter((column) => !PUBLIC.includes(column))).toEqual([]);
    const [left] = await rows(
      `select count(ballot_hash) + count(voter_key) + count(receipt_hash) + count(network_key) + count(vicinity_key) + count(agent_key) as keys,
         count(distinct cast_at) as days, count(*) filter (where scrubbed_at is null) as unscrubbed,
         (select count(ballot_secret) from polls where id = any($1)) as secrets, (select count(*) from ballot_confirmations) as confirmations,
         (select count(network_key) from poll_events) as events
       from ballots where poll_id = any($1)`,
      polls.map(({ id }) => id),
    );
    expect(left).toEqual({ keys: '0', days: '1', unscrubbed: '0', secrets: '0', confirmations: '0', events: '0' });
    for (const order of ['id', 'ctid', 'xmin::text, ctid', 'cast_at, ctid'])
      expect([order, (await hitsByOrder('ballots', 'id', order)) < 12]).toEqual([order, true]);
    for (const order of ['ballot_id', 'ctid', 'xmin::text, ctid'])
      expect([order, (await hitsByOrder('ballot_choices', 'ballot_id', order)) < 12]).toEqual([order, true]);
    // The count is what it was, and says so itself.
    for (const { id } of polls) {
      const [{ n }] = (await rows(`select count(*)::int as n from ballots where poll_id = $1 and status = 'counted'`, id)) as [
        { n: number },
      ];
      expect(n).toBe(270);
      await world.get(`/api/v1/polls/${id}/results/signed`).expect(200);
    }
  });

  it('are corrected no more', async () => {
    const { id } = polls[0]!;
    const answers = [
      await world.as(chief).post(`${DESK}/${id}/voids`, { filter: { status: 'counted' }, reason: 'سبب' }),
      await world.as(chief).post(`${DESK}/${id}/voids/1/restore`, {}),
      await world.as(chief).post(`${DESK}/${id}/reviews/1/release`, {}),
      await world.as(chief).post(`${DESK}/${id}/reviews/1/remove`, { reason: 'سبب' }),
      await world
        .as(chief)
        .post(`${DESK}/${id}/events`, { label: 'قاعة', startsAt: '2027-05-01T09:00:00Z', endsAt: '2027-05-01T10:00:00Z' }),
      await world.as(chief).delete(`${DESK}/${id}/events/1`),
    ];
    expect(answers.map(({ status, body }) => [status, body.code])).toEqual(answers.map(() => [409, 'already_scrubbed']));
  });
});

/** Spearman's: how far the order in which ballots were cast tells the order of `placed`, from -1 to 1; by chance it is near 0. */
function rankCorrelation(placed: readonly number[]): number {
  const n = placed.length;
  const squares = placed.reduce((sum, cast, place) => sum + (cast - place) ** 2, 0);
  return 1 - (6 * squares) / (n * (n * n - 1));
}

/** What the database may have done to its tables on its own by the time of the scrub, and what that changes: plans, and room on the pages. */
it.each(['analyze', 'vacuum analyze'])('leaves rows in an order that does not tell who came after whom, after %s', async (upkeep) => {
  await clock(0);
  const polls = [await aPoll(world, { opensAt: '2027-05-01T08:00:00Z' }), await aPoll(world, { opensAt: '2027-05-01T08:00:00Z' })];
  const castAs = new Map<string, number>();
  for (let n = 0; n < 900; n += 6) {
    await clock(n);
    for (const poll of polls) {
      const cast = await castAll(
        world,
        Array.from({ length: 6 }, () => aBallot(poll)),
      );
      for (const [place, { ballot_id }] of cast.entries()) castAs.set(ballot_id!, n + place);
    }
  }
  const correlations = async (): Promise<number[]> => {
    const found: number[] = [];
    for (const { id } of polls)
      for (const [table, ballot] of [
        ['ballots', 'id'],
        ['ballot_choices', 'ballot_id'],
      ] as const) {
        const placed = await rows<{ ballot: string }>(`select ${ballot} as ballot from ${table} where poll_id = $1 order by ctid`, id);
        found.push(rankCorrelation(placed.map((row) => castAs.get(row.ballot)!)));
      }
    return found;
  };
  // What the test must see, or it would see nothing.
  expect((await correlations()).filter((rho) => rho > 0.99)).toHaveLength(4);
  for (const poll of polls) await close(poll);
  await clock(3 * DAY);
  await forget();
  for (const table of ['ballots', 'ballot_choices']) await rows(`${upkeep} ${table}`);
  await clock(15 * DAY);
  await forget();
  expect(
    await rows(
      `select count(*)::int as ballots, count(ballot_hash)::int as hashes,
         (select count(*)::int from ballot_choices where poll_id = any($1)) as choices from ballots where poll_id = any($1)`,
      polls.map(({ id }) => id),
    ),
  ).toEqual([{ ballots: 1_800, hashes: 0, choices: 1_800 }]);
  expect((await correlations()).filter((rho) => Math.abs(rho) >= 0.2)).toEqual([]);
});

it('leaves no group, event or hour by which a ballot could be placed, and the count as it was', async () => {
  await clock(0);
  const poll = await aPoll(world, { opensAt: '2027-05-01T08:00:00Z' });
  const [held, hall] = [Buffer.alloc(32, 21), Buffer.alloc(32, 22)];
  await rows(
    `insert into poll_events (poll_id, label, network_key, starts_at, ends_at) values ($1, 'قاعة', $2, poll_now(), poll_now() + interval '1 hour')`,
    poll.id,
    hall,
  );
  await castAll(
    world,
    Array.from({ length: 151 }, () => aBallot(poll, { networkKey: held, agentKey: held })),
  );
  await clock(60);
  await castAll(world, [aBallot(poll, { eventKey: hall }), aBallot(poll, { eventKey: hall })]);
  await world.tx((tx) => world.app.get(QuarantineJob).judge(tx, poll.id));
  await clock(HOUR);
  await castAll(world, [aBallot(poll), aBallot(poll), aBallot(poll)]);
  const filter = { from: '2027-05-01T09:30:00.000Z', to: '2027-05-01T10:30:00.000Z', status: 'counted' };
  await world.as(chief).post(`${DESK}/${poll.id}/voids`, { filter, reason: 'سبب' }).expect(201);
  await clock(2 * HOUR);
  await close(poll);
  const desk = async (list: string): Promise<Record<string, unknown>[]> =>
    (await world.as(chief).get(`${DESK}/${poll.id}/${list}`).expect(200)).body.items;
  const result = async (): Promise<unknown> => {
    const { question, options, totalBallots, underReview, removed, removals } = (
      await world.get(`/api/v1/polls/${poll.id}/results`).expect(200)
    ).body;
    return { question, options, totalBallots, underReview, removed, removals };
  };
  const placed = async (): Promise<unknown> =>
    (
      await rows(
        `select count(*)::int as ballots, count(group_id)::int as "inGroups", count(event_id)::int as "atEvents", count(void_id)::int as removed
         from ballots where poll_id = $1`,
        poll.id,
      )
    )[0];
  expect(await placed()).toEqual({ ballots: 156, inGroups: 151, atEvents: 2, removed: 3 });
  const evidence = { ballots: 151, agentsPerHundred: 1, variation: 0 };
  const [moment, later] = ['2027-05-01T09:00:00Z', '2027-05-01T09:01:00.000Z'];
  expect(await desk('reviews')).toMatchObject([{ heldAt: later, evidence: { ...evidence, firstAt: moment, lastAt: moment } }]);
  const before = await result();
  expect(before).toMatchObject({ totalBallots: 2, underReview: 151, removed: 3 });

  await clock(15 * DAY);
  await forget();
  expect(await placed()).toEqual({ ballots: 156, inGroups: 0, atEvents: 0, removed: 3 });
  const day = '2027-05-01T00:00:00';
  const [group, ...others] = await desk('reviews');
  expect([group, others]).toMatchObject([{ heldAt: `${day}.000Z`, decidedAt: null }, []]);
  expect(group!['evidence']).toEqual(evidence);
  expect(await desk('voids')).toMatchObject([
    { filter: { from: `${day}Z`, to: `${day}Z`, groupId: null, status: 'counted' }, ballots: 3, createdAt: '2027-05-01T10:00:00.000Z' },
  ]);
  expect(await desk('events')).toMatchObject([{ label: 'قاعة', ballots: null }]);
  expect(await rows(`select count(*)::int as receipts from counted_receipts where poll_id = $1`, poll.id)).toEqual([{ receipts: 2 }]);
  expect(await result()).toEqual(before);
  for await (const { id, faults } of world.app.get(PollDoctor).examine()) if (id === poll.id) expect(faults).toEqual([]);
});

describe('the scrub', () => {
  const DUE = { opensAt: '2026-05-01T08:00:00Z', closesAt: '2026-05-02T08:00:00Z' };
  /** Ballots of a poll that has long been over. */
  async function anOldPoll(ballots: number): Promise<TestPoll> {
    await setPollClock(world, new Date('2026-05-01T09:00:00Z'));
    const poll = await aPoll(world, DUE);
    await castAll(
      world,
      Array.from({ length: ballots }, () => aBallot(poll)),
    );
    await setPollClock(world, new Date('2026-05-03T09:00:00Z'));
    await rows(`update polls set state = 'closed' where id = $1`, poll.id);
    return poll;
  }
  const keysOf = async (poll: TestPoll): Promise<number> =>
    (await rows<{ n: number }>(`select count(ballot_hash)::int as n from ballots where poll_id = $1`, poll.id))[0]!.n;

  it('destroys the secret first, and goes on where a crash has left it', async () => {
    const poll = await anOldPoll(2_500);
    await setPollClock(world, new Date('2026-06-01T09:00:00Z'));
    const job = world.app.get(PrivacyJob);
    const secret = async (): Promise<unknown> => (await rows(`select ballot_secret from polls where id = $1`, poll.id))[0];
    for (let places = 0; places < 3; places += 1) await job.forget();
    expect(await secret()).toEqual({ ballot_secret: poll.secret });
    await job.forget();
    expect(await secret()).toEqual({ ballot_secret: null });
    expect(await keysOf(poll)).toBe(2_500);
    await job.forget();
    expect(await keysOf(poll)).toBe(1_500);
    // Whoever comes next, here another process, finds the rest.
    await forget();
    expect(await keysOf(poll)).toBe(0);
    expect(await job.forget()).toBe(false);
  });

  it('is done once by eight processes at once', async () => {
    const polls: TestPoll[] = [];
    for (let n = 0; n < 12; n += 1) polls.push(await anOldPoll(10));
    await setPollClock(world, new Date('2026-06-01T09:00:00Z'));
    // The places first, so that all eight come to the scrub at once.
    while ((await rows(`select from ballots where network_key is not null and cast_at < poll_now() limit 1`)).length > 0)
      await world.app.get(PrivacyJob).forget();
    await Promise.all(Array.from({ length: 8 }, forget));
    for (const poll of polls) expect(await keysOf(poll)).toBe(0);
    const log = await rows(
      `select object_id::int as id, count(*)::int as n from audit_log where act = 'polls.scrub' and object_id = any($1) group by 1 order by 1`,
      polls.map(({ id }) => id),
    );
    expect(log).toEqual(polls.map(({ id }) => ({ id, n: 1 })));
  });

  it('closes and signs what was to close before it forgets: in a backup a poll is open whose hour has long passed', async () => {
    await setPollClock(world, new Date('2026-05-01T09:00:00Z'));
    const poll = await aPoll(world, DUE);
    await castAll(world, [aBallot(poll), aBallot(poll)]);
    await setPollClock(world, new Date('2026-06-01T09:00:00Z'));
    await forget();
    expect(
      await rows(`select state, closes_at, ballot_secret, scrubbed_at is not null as scrubbed from polls where id = $1`, poll.id),
    ).toEqual([{ state: 'closed', closes_at: new Date(DUE.closesAt), ballot_secret: null, scrubbed: true }]);
    expect(await keysOf(poll)).toBe(0);
    await world.get(`/api/v1/polls/${poll.id}/results/signed`).expect(200);
  });

  it('leaves open polls alone, however long they last', async () => {
    await setPollClock(world, new Date('2026-05-01T09:00:00Z'));
    const poll = await aPoll(world, { opensAt: '2026-05-01T08:00:00Z' });
    await castAll(world, [aBallot(poll)]);
    await setPollClock(world, new Date('2029-05-01T09:00:00Z'));
    await forget();
    expect(await keysOf(poll)).toBe(1);
  });
});
