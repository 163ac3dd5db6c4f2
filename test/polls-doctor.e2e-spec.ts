import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { run } from '../src/cli/cli.js';
import { PollDoctor } from '../src/polls/poll-doctor.service.js';
import { PrivacyJob } from '../src/polls/privacy.job.js';
import { aBallot, aPoll, anEditor, castAll, closePoll, type TestEditor, type TestPoll } from './factories.js';
import { startTestApp, type TestApp } from './test-app.js';
import { suiteConnection } from './test-database.js';

/** Every fault the doctor knows, planted behind the back of everything that would prevent it. */

let world: TestApp;
let chief: TestEditor;
beforeAll(async () => {
  world = await startTestApp();
  chief = await anEditor(world, 'chief');
});
afterAll(() => world.close());

/** A closed poll with two ballots of two choices and three of one. */
async function aClosedPoll(): Promise<TestPoll> {
  const poll = await aPoll(world, { maxChoices: 2 });
  const [a, b, c] = poll.optionIds as [number, number, number];
  await castAll(
    world,
    [[a, b], [b, a], [c], [c], [a]].map((optionIds) => aBallot(poll, { optionIds })),
  );
  await close(poll);
  return poll;
}

const close = (poll: TestPoll): Promise<void> => closePoll(world, poll);

/** Faults by poll, without the healthy ones. */
async function faults(): Promise<Record<number, Record<string, number>>> {
  const found: Record<number, Record<string, number>> = {};
  for await (const { id, faults: own } of world.app.get(PollDoctor).examine())
    if (own.length > 0) found[id] = Object.fromEntries(own.map(({ fault, rows }) => [fault, rows]));
  return found;
}

/** Past triggers, foreign keys and checks: as nothing that Markaz does could. Checks are taken off in the same transaction and stay off. */
async function plant(sql: string, values: unknown[] = [], ...checks: readonly [table: string, constraint: string][]): Promise<void> {
  await world.tx(async (tx) => {
    for (const [table, constraint] of checks) await tx.query(`alter table ${table} drop constraint if exists ${constraint} cascade`);
    await tx.query(sql, values);
  });
}

it('finds nothing in polls that are as they should be: open, corrected, closed, scrubbed', async () => {
  await aPoll(world, { state: 'draft' });
  const open = await aPoll(world);
  await castAll(world, [aBallot(open), aBallot(open)]);
  const closed = await aClosedPoll();
  await world
    .as(chief)
    .post(`/api/v1/desk/polls/${closed.id}/voids`, { filter: { status: 'counted' }, reason: 'سبب' })
    .expect(201);
  const scrubbed = await aClosedPoll();
  await plant(`update polls set closes_at = poll_now() - interval '15 days', opens_at = poll_now() - interval '16 days' where id = $1`, [
    scrubbed.id,
  ]);
  await world.app.get(PrivacyJob).forgetAll();
  expect(await faults()).toEqual({});
});

const FAULTS: readonly [fault: string, sql: string, rows: number, more?: object, checks?: readonly [string, string][]][] = [
  ['ballot_without_choice', `delete from ballot_choices where ballot_id = (select ballot_id from ballot_choices where poll_id = $1 group by 1 having count(*) = 1 limit 1)`, 1, { signed_count_differs: 1 }], // prettier-ignore
  ['choice_without_ballot', `delete from ballots where id = (select ballot_id from ballot_choices where poll_id = $1 group by 1 having count(*) = 1 limit 1)`, 1, { signed_count_differs: 1, receipts_differ: 1 }, [['ballot_choices', 'ballot_choices_ballot_fkey']]], // prettier-ignore
  ['choices_changed', `update ballot_choices c set option_id = (select max(id) from poll_options where poll_id = $1)
     where poll_id = $1 and option_id = (select min(id) from poll_options where poll_id = $1)
       and (select count(*) from ballot_choices o where o.ballot_id = c.ballot_id) = 1`, 1, { signed_count_differs: 1 }], // prettier-ignore
  ['too_many_choices', `update polls set max_choices = 1 where id = $1`, 2, {}, [['ballots', 'ballots_rules_fkey']]],
  ['foreign_option', `delete from poll_options where id = (select max(id) from poll_options where poll_id = $1)`, 2, { signed_count_differs: 1 }, [['ballot_choices', 'ballot_choices_option_fkey']]], // prettier-ignore
  ['signed_count_differs', `update ballots set status = 'awaiting_confirmation' where id = (select id from ballots where poll_id = $1 limit 1)`, 1, { receipts_differ: 1 }, [['ballots', 'ballots_voter_key_fits_level']]], // prettier-ignore
  [
    'receipts_differ',
    `update ballots set receipt_hash = sha256('\\x00') where id = (select id from ballots where poll_id = $1 limit 1)`,
    2,
  ],
  ['bad_signature', `update signed_results set jws = jws || jsonb_build_object('payload', replace(jws ->> 'payload', 'a', 'b')) where poll_id = $1`, 1], // prettier-ignore
  ['missing_edition', `update signed_results set edition = 2 where poll_id = $1`, 1, { bad_signature: 1 }],
  ['unsigned_result', `delete from signed_results where poll_id = $1`, 1],
  ['overdue_places', `update ballots set cast_at = poll_now() - interval '51 hours' where poll_id = $1`, 5],
  ['overdue_places_of_groups', `insert into ballot_groups (poll_id, kind, key, held_at) values ($1, 'network', '\\x01', poll_now() - interval '51 hours')`, 1], // prettier-ignore
  ['overdue_closing', `with s as (delete from signed_results where poll_id = $1)
     update polls set state = 'open', opens_at = poll_now() - interval '4 hours', closes_at = poll_now() - interval '2 hours 1 minute' where id = $1`, 1], // prettier-ignore
  ['overdue_scrub', `update polls set opens_at = poll_now() - interval '20 days', closes_at = poll_now() - interval '14 days 3 hours' where id = $1`, 1], // prettier-ignore
  ['unfinished_scrub', `update polls set ballot_secret = null, scrubbed_at = poll_now() - interval '3 hours' where id = $1`, 5],
  ['secret_left', `update polls set scrubbed_at = poll_now() where id = $1`, 1, {}, [['polls', 'polls_secret_check']]],
  ['confirmations_left', `with s as (update polls set ballot_secret = null, scrubbed_at = poll_now() where id = $1)
     insert into ballot_confirmations (token_hash, ballot_id, poll_id, max_choices, voter_key, expires_at)
     select sha256(uuid_send(id)), id, poll_id, max_choices, '\\x01', poll_now() from ballots where poll_id = $1`, 5], // prettier-ignore
  ['event_network_left', `with s as (update polls set ballot_secret = null, scrubbed_at = poll_now() where id = $1)
     insert into poll_events (poll_id, label, network_key, starts_at, ends_at) values ($1, 'قاعة', '\\x01', poll_now(), poll_now() + interval '1 hour')`, 1], // prettier-ignore
  ['batch_differs', `insert into ballot_voids (poll_id, filter, reason, ballots) values ($1, '{}', 'سبب', 3)`, 1],
];

describe('finds what was planted:', () => {
  let known: Record<number, Record<string, number>>;
  beforeEach(async () => {
    known = await faults();
  });

  for (const [fault, sql, rows, more = {}, checks = []] of FAULTS)
    it(fault, async () => {
      const poll = await aClosedPoll();
      expect(await faults()).toEqual(known);
      if (fault === 'foreign_option') await plant(`alter table poll_options disable trigger polls_locked`);
      await plant(sql, [poll.id], ...checks);
      expect(await faults()).toEqual({ ...known, [poll.id]: { [fault]: rows, ...more } });
    });

  it('a salt that outlived its day', async () => {
    expect(await world.app.get(PollDoctor).overdueSalts()).toBe(0);
    await plant(`insert into network_salts (day, salt) values ('2026-01-01', $1)`, [randomBytes(32)]);
    expect(await world.app.get(PollDoctor).overdueSalts()).toBe(1);
  });
});

it('takes no signature of a key that is not published', async () => {
  const poll = await aClosedPoll();
  const known = await faults();
  const [{ jws }] = await world.dataSource.query<[{ jws: { protected: string; payload: string } }]>(
    `select jws from signed_results where poll_id = $1`,
    [poll.id],
  );
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const kid = (JSON.parse(Buffer.from(jws.protected, 'base64url').toString()) as { kid: string }).kid;
  const head = Buffer.from(JSON.stringify({ alg: 'EdDSA', kid, jwk: publicKey.export({ format: 'jwk' }) })).toString('base64url');
  const signature = sign(null, Buffer.from(`${head}.${jws.payload}`), privateKey).toString('base64url');
  await plant(`update signed_results set jws = $2 where poll_id = $1`, [poll.id, { ...jws, protected: head, signature }]);
  expect(await faults()).toEqual({ ...known, [poll.id]: { bad_signature: 1 } });
});

it('names what another key has signed, all valid as it is', async () => {
  const poll = await aClosedPoll();
  const known = await faults();
  const [{ jws }] = await world.dataSource.query<[{ jws: { payload: string } }]>(`select jws from signed_results where poll_id = $1`, [
    poll.id,
  ]);
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const jwk = { ...publicKey.export({ format: 'jwk' }), use: 'sig', alg: 'EdDSA' };
  for (const kid of ['another', (await presentKid())!]) {
    const head = Buffer.from(JSON.stringify({ alg: 'EdDSA', kid, jwk })).toString('base64url');
    const signature = sign(null, Buffer.from(`${head}.${jws.payload}`), privateKey).toString('base64url');
    await plant(`update signed_results set jws = $2, jwk = $3 where poll_id = $1`, [
      poll.id,
      { protected: head, payload: jws.payload, signature },
      { ...jwk, kid },
    ]);
    expect(await faults()).toEqual({ ...known, [poll.id]: { other_key: 1 } });
  }
});

async function presentKid(): Promise<string | undefined> {
  const { body } = await world.get('/.well-known/markaz-keys.json').expect(200);
  return (body.keys as { kid: string }[]).at(-1)?.kid;
}

it('gives a poll two hours to close by itself', async () => {
  const [poll, known] = [await aPoll(world), await faults()];
  await plant(`update polls set opens_at = poll_now() - interval '4 hours', closes_at = poll_now() - interval '1 hour 59 minutes' where id = $1`, [poll.id]); // prettier-ignore
  expect(await faults()).toEqual(known);
});

describe('markaz doctor polls', () => {
  it('prints the faults, counts them in the last line, ends with 1, and changes nothing', async () => {
    const [{ name }] = await world.dataSource.query<[{ name: string }]>(`select current_database() as name`);
    const { host, port, user, password } = suiteConnection() as { host: string; port: number; user: string; password: string };
    const env = {
      DATABASE_URL: `postgres://${user}:${encodeURIComponent(password)}@${encodeURIComponent(host)}:${port}/${name}`,
      SECRET_KEY: 'a key that only the tests use, 0123456789',
      LOG_LEVEL: 'silent',
    };
    const sum = async (): Promise<string> => {
      const [{ all }] = await world.dataSource.query<[{ all: string }]>(
        `select (select string_agg(b::text, '' order by b::text) from ballots b) || (select string_agg(p::text, '' order by p.id) from polls p)
           || (select string_agg(s.jws::text, '' order by s.poll_id, s.edition) from signed_results s) as all`,
      );
      return createHash('sha256').update(all).digest('hex');
    };
    const before = await sum();
    const expected = await faults();
    const [{ polls, ballots }] = await world.dataSource.query<[{ polls: number; ballots: number }]>(
      `select (select count(*)::int from polls) as polls, (select count(*)::int from ballots) as ballots`,
    );
    const said = { out: '', err: '' };
    for (const [key, value] of Object.entries(env)) vi.stubEnv(key, value);
    const out = vi.spyOn(process.stdout, 'write').mockImplementation((text) => Boolean((said.out += String(text))));
    const err = vi.spyOn(process.stderr, 'write').mockImplementation((text) => Boolean((said.err += String(text))));
    const code = await run(['doctor', 'polls']).finally(() => {
      out.mockRestore();
      err.mockRestore();
      vi.unstubAllEnvs();
    });
    const count = Object.values(expected).reduce((n, own) => n + Object.keys(own).length, 0) + 1;
    expect(said.out.trimEnd().split('\n').at(-1)).toBe(JSON.stringify({ polls, ballots, faults: count }));
    for (const [id, own] of Object.entries(expected)) expect(said.err).toContain(`poll ${id}: ${Object.entries(own).map(([fault, n]) => `${fault} (${n})`).join(', ')}`); // prettier-ignore
    expect(said.err).toContain('salts: overdue (1)');
    expect(code).toBe(1);
    expect(await sum()).toBe(before);
  });
});
