import { randomBytes } from 'node:crypto';
import { aBallot, aPoll, castAll, setPollClock, type TestPoll } from './factories.js';
import { standingBallot } from '../src/polls/ballots.queries.js';
import { startTestApp, type TestApp } from './test-app.js';

/** What the database itself says of ballots, whatever the code in front of it does. */

let world: TestApp;
beforeAll(async () => {
  world = await startTestApp();
});
afterAll(() => world.close());

const outcomes = async (...ballots: Parameters<typeof castAll>[1][number][]): Promise<string[]> =>
  (await castAll(world, ballots)).map(({ outcome }) => outcome);

const stored = (poll: TestPoll): Promise<{ ballots: number; choices: number }[]> =>
  world.dataSource.query(
    `select count(distinct b.id)::int as ballots, count(c.option_id)::int as choices from ballots b left join ballot_choices c on c.ballot_id = b.id where b.poll_id = $1`,
    [poll.id],
  );

async function refusal(act: Promise<unknown>): Promise<string | undefined> {
  const error = (await act.then(
    () => ({}),
    (thrown: unknown) => thrown,
  )) as { driverError?: { constraint?: string } };
  return error.driverError?.constraint;
}

it('stores one ballot of a reader, and says that it stands when it comes again', async () => {
  const poll = await aPoll(world);
  const ballot = aBallot(poll);
  expect(await castAll(world, [ballot])).toEqual([{ n: 1, outcome: 'cast', status: 'counted', ballot_id: expect.any(String) }]);
  expect(await castAll(world, [ballot])).toEqual([{ n: 1, outcome: 'stands', status: null, ballot_id: null }]);
  expect(await stored(poll)).toEqual([{ ballots: 1, choices: 1 }]);
});

it('judges each ballot of a group by itself', async () => {
  const [poll, other] = [await aPoll(world, { maxChoices: 2 }), await aPoll(world, { state: 'closed' })];
  const good = aBallot(poll, { optionIds: poll.optionIds.slice(0, 2) });
  expect(
    await outcomes(
      aBallot(poll, { optionIds: [other.optionIds[0]!] }),
      good,
      aBallot(other),
      aBallot(poll, { optionIds: [...poll.optionIds] }),
      aBallot(poll, { optionIds: [] }),
      aBallot(poll, { maxChoices: 3 }),
      aBallot(poll, { level: 1 }),
      aBallot({ ...poll, id: 2_000_000_000 }),
      aBallot(poll),
    ),
  ).toEqual(['choices_refused', 'cast', 'not_open', 'choices_refused', 'choices_refused', 'rules_changed', 'rules_changed', 'not_open', 'cast']); // prettier-ignore
  expect(await stored(poll)).toEqual([{ ballots: 2, choices: 3 }]);
});

it('opens and closes to the microsecond by the database’s clock', async () => {
  const [opensAt, closesAt] = ['2026-05-01T10:00:00Z', '2026-05-01T12:00:00Z'];
  const poll = await aPoll(world, { opensAt, closesAt });
  const at = async (instant: string): Promise<string> => {
    await setPollClock(world, new Date(instant));
    return (await outcomes(aBallot(poll)))[0]!;
  };
  expect(await at('2026-05-01T09:59:59.999Z')).toBe('not_open');
  expect(await at(opensAt)).toBe('cast');
  expect(await at('2026-05-01T11:59:59.999Z')).toBe('cast');
  expect(await at(closesAt)).toBe('not_open');
  await setPollClock(world, null);
  expect((await outcomes(aBallot(poll)))[0]).toBe('not_open');
});

it('freezes question, options, level and number of choices with the first ballot', async () => {
  const changes: Record<string, string> = {
    [`update polls set question = '{"ar": "سؤال آخر؟"}' where id = $1`]: 'polls_locked',
    [`update polls set intro = '{"ar": "تمهيد"}' where id = $1`]: 'polls_locked',
    [`update polls set results = 'after_close' where id = $1`]: 'polls_locked',
    [`update polls set level = 1 where id = $1`]: 'ballots_rules_fkey',
    [`update polls set max_choices = 2 where id = $1`]: 'ballots_rules_fkey',
    [`update poll_options set label = '{"ar": "غيره"}' where poll_id = $1`]: 'polls_locked',
    [`delete from poll_options where poll_id = $1 and position = 3`]: 'polls_locked',
    [`insert into poll_options (poll_id, position, label) values ($1, 4, '{"ar": "رابع"}')`]: 'polls_locked',
  };
  for (const [sql, constraint] of Object.entries(changes)) {
    const [without, voted] = [await aPoll(world), await aPoll(world)];
    expect(await outcomes(aBallot(voted))).toEqual(['cast']);
    expect([sql, await refusal(world.dataSource.query(sql, [without.id]))]).toEqual([sql, undefined]);
    expect([sql, await refusal(world.dataSource.query(sql, [voted.id]))]).toEqual([sql, constraint]);
  }
  // Its moments and its place are no part of what was answered.
  const poll = await aPoll(world);
  expect(await outcomes(aBallot(poll))).toEqual(['cast']);
  await world.dataSource.query(`update polls set closes_at = poll_now() + interval '1 day', on_site = true where id = $1`, [poll.id]);
});

it('refuses by constraint what the statement would never write', async () => {
  const [poll, other] = [await aPoll(world), await aPoll(world)];
  const id = (await castAll(world, [aBallot(poll)]))[0]!.ballot_id;
  const choose = (pollId: number, option: number, slot: number, max: number): Promise<unknown> =>
    world.dataSource.query(`insert into ballot_choices (poll_id, option_id, ballot_id, max_choices, slot) values ($1, $2, $3, $4, $5)`, [
      pollId,
      option,
      id,
      max,
      slot,
    ]);
  expect(await refusal(choose(poll.id, poll.optionIds[1]!, 2, 1))).toBe('ballot_choices_slots_check');
  expect(await refusal(choose(poll.id, poll.optionIds[1]!, 2, 2))).toBe('ballot_choices_ballot_fkey');
  expect(await refusal(choose(poll.id, other.optionIds[0]!, 1, 1))).toMatch(/ballot_choices_(one_per_slot|option_fkey)/);
  expect(await refusal(choose(other.id, other.optionIds[0]!, 1, 1))).toMatch(/ballot_choices_(one_per_slot|ballot_fkey)/);
  const set = (columns: string): Promise<unknown> => world.dataSource.query(`update ballots set ${columns} where id = $1`, [id]);
  expect(await refusal(set(`voter_key = '\\x01'`))).toBe('ballots_voter_key_fits_level');
  expect(await refusal(set(`status = 'under_review'`))).toBe('ballots_review_has_group');
  expect(await refusal(set(`status = 'void'`))).toBe('ballots_void_has_batch');
  expect(await refusal(set(`ballot_hash = null`))).toBe('ballots_identified');
  expect(await refusal(set(`scrubbed_at = now()`))).toBe('ballots_scrubbed_whole');
});

it('stores a hundred submissions of one ballot once', async () => {
  const poll = await aPoll(world);
  const nonce = randomBytes(16);
  const answers = await Promise.all(Array.from({ length: 100 }, () => outcomes(aBallot(poll, { nonce }))));
  expect(answers.flat().toSorted()).toEqual(['cast', ...Array.from({ length: 99 }, () => 'stands')]);
  expect(await stored(poll)).toEqual([{ ballots: 1, choices: 1 }]);
});

it('stores one of eight at the same moment, and fails none of the others, two hundred times', async () => {
  const poll = await aPoll(world);
  for (let round = 0; round < 200; round += 1) {
    const ballot = aBallot(poll);
    const answers = await Promise.all(Array.from({ length: 8 }, () => outcomes(ballot)));
    expect([round, answers.flat().toSorted()]).toEqual([round, ['cast', ...Array.from({ length: 7 }, () => 'stands')]]);
  }
});

it('finds a ballot by its keys, also in tables that nobody has analysed yet', async () => {
  const LOOKUPS = {
    ballots_pkey: `select 1 from only ballots x where id = $1::uuid and poll_id = $2::int and max_choices = $3::smallint for key share of x`,
    ballots_one_per_reader: standingBallot,
    ballots_one_per_receipt: `select status from ballots where poll_id = $1 and receipt_hash = $2`,
  };
  for (const [key, sql] of Object.entries(LOOKUPS)) {
    const plan = await world.dataSource.query<{ 'QUERY PLAN': string }[]>(`explain (generic_plan) ${sql}`);
    // By all of the key's columns, with nothing left to look for in what was found.
    const text = plan.map((line) => line['QUERY PLAN']).join('\n');
    expect([key, text]).toEqual([key, expect.stringContaining(`using ${key} `)]);
    expect([key, text]).toEqual([key, expect.not.stringContaining('Filter')]);
  }
});
