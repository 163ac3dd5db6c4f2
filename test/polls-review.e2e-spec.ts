import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { QuarantineJob } from '../src/polls/quarantine.job.js';
import { CorrectionsService } from '../src/polls/corrections.service.js';
import type { EditorActor } from '../src/access/access.js';
import type { BallotFilter } from '../src/polls/corrections.queries.js';
import { aBallot, aPoll, anEditor, castAll, setPollClock, type TestEditor, type TestPoll } from './factories.js';
import { startTestApp, type TestApp } from './test-app.js';

/** What editors may do to a count, and what they may not. */

const DESK = '/api/v1/desk/polls';

let world: TestApp;
let chief: TestEditor;
let actor: EditorActor;
beforeAll(async () => {
  world = await startTestApp();
  chief = await anEditor(world, 'chief');
  actor = { editor: { id: chief.id, name: 'محرر chief', role: 'chief', sections: [] }, requestId: '00000000-0000-4000-8000-000000000000' };
});
afterEach(() => setPollClock(world, null));
afterAll(() => world.close());

const corrections = (): CorrectionsService => world.app.get(CorrectionsService);
const rows = <Row>(sql: string, ...values: unknown[]): Promise<Row[]> => world.dataSource.query<Row[]>(sql, values);

interface Tally {
  counted: number;
  under_review: number;
  void: number;
}

async function tally(poll: TestPoll): Promise<Tally> {
  const found = await rows<{ status: keyof Tally; n: number }>(
    `select status, count(*)::int as n from ballots where poll_id = $1 group by status`,
    poll.id,
  );
  return { counted: 0, under_review: 0, void: 0, ...Object.fromEntries(found.map(({ status, n }) => [status, n])) };
}

/** Ballots from one network, of which the look is chosen by the test. */
async function crowd(poll: TestPoll, size: number, agents = 1, networkKey = randomBytes(32)): Promise<Buffer> {
  const browsers = Array.from({ length: agents }, () => randomBytes(32));
  await castAll(
    world,
    Array.from({ length: size }, (_, n) => aBallot(poll, { networkKey, agentKey: browsers[n % agents]! })),
  );
  return networkKey;
}

const judge = (poll: TestPoll): Promise<void> => world.tx((tx) => world.app.get(QuarantineJob).judge(tx, poll.id));

async function groupOf(poll: TestPoll): Promise<number> {
  return (await rows<{ id: number }>(`select id from ballot_groups where poll_id = $1`, poll.id))[0]!.id;
}

describe('voiding', () => {
  it('takes a batch out of the count with its reason, and puts it back as it was', async () => {
    const poll = await aPoll(world);
    await setPollClock(world, new Date('2027-05-01T10:00:00Z'));
    await castAll(world, [aBallot(poll), aBallot(poll)]);
    await setPollClock(world, new Date('2027-05-01T11:00:00Z'));
    await castAll(world, [aBallot(poll)]);
    const filter = { to: '2027-05-01T10:30:00.000Z' };
    const voided = await world.as(chief).post(`${DESK}/${poll.id}/voids`, { filter, reason: 'برنامج  آلي' }).expect(201);
    const batch = {
      id: expect.any(Number),
      filter: { from: null, to: '2027-05-01T10:30:00.000Z', groupId: null, status: null },
      reason: 'برنامج آلي',
      ballots: 2,
      createdBy: { id: chief.id, name: 'محرر chief' },
      createdAt: '2027-05-01T11:00:00.000Z',
      restoredBy: null,
      restoredAt: null,
    };
    expect(voided.body).toEqual(batch);
    expect(await tally(poll)).toEqual({ counted: 1, under_review: 0, void: 2 });
    await world
      .as(chief)
      .get(`${DESK}/${poll.id}/voids`)
      .expect(200, { items: [voided.body] });

    const restored = { ...batch, restoredBy: { id: chief.id, name: 'محرر chief' }, restoredAt: '2027-05-01T11:00:00.000Z' };
    const again = await world.as(chief).post(`${DESK}/${poll.id}/voids/${voided.body.id}/restore`, {}).expect(200);
    expect(again.body).toEqual(restored);
    expect(await tally(poll)).toEqual({ counted: 3, under_review: 0, void: 0 });
    const twice = await world.as(chief).post(`${DESK}/${poll.id}/voids/${voided.body.id}/restore`, {}).expect(409);
    expect(twice.body.code).toBe('already_restored');

    const audit = await rows(`select act, after from audit_log where object_type = 'poll' and object_id = $1 order by id`, poll.id);
    expect(audit).toEqual([
      { act: 'polls.void', after: { batch: voided.body.id, filter: batch.filter, ballots: 2, reason: 'برنامج آلي' } },
      { act: 'polls.restore', after: { batch: voided.body.id, ballots: 2 } },
    ]);
  });

  it('refuses a filter that says nothing, names a choice or a foreign group, or fits no ballot', async () => {
    const [poll, other] = [await aPoll(world), await aPoll(world)];
    await castAll(world, [aBallot(poll)]);
    await crowd(other, 151);
    await judge(other);
    const refused = async (filter: unknown, status: number, id = poll.id): Promise<[string, unknown]> => {
      const { body } = await world
        .as(chief)
        .post(`${DESK}/${id}/voids`, { filter, reason: 'سبب' } as object)
        .expect(status);
      return [body.code, body.errors.map(({ field }: { field: string }) => field)];
    };
    expect(await refused({}, 422)).toEqual(['filter_empty', ['filter']]);
    expect(await refused({ optionId: poll.optionIds[0] }, 400)).toEqual(['unknown_field', ['filter.optionId']]);
    expect(await refused({ status: 'void' }, 400)).toEqual(['invalid_body', ['filter.status']]);
    expect(await refused({ status: 'awaiting_confirmation' }, 400)).toEqual(['invalid_body', ['filter.status']]);
    const [at, between] = ['2027-05-01T10:00:00Z', '2027-05-01T10:00:30Z'];
    expect(await refused({ from: between }, 422)).toEqual(['not_whole_minute', ['filter.from']]);
    expect(await refused({ from: at, to: '2027-05-01T10:01:00.001Z' }, 422)).toEqual(['not_whole_minute', ['filter.to']]);
    expect(await refused({ from: at, to: at }, 422)).toEqual(['window_too_short', ['filter.to']]);
    expect(await refused({ from: at, to: '2027-05-01T09:00:00Z' }, 422)).toEqual(['window_too_short', ['filter.to']]);
    expect(await refused({ from: at, to: '2027-05-01T10:01:00Z' }, 422)).toEqual(['nothing_to_void', ['filter']]);
    expect(await refused({ groupId: await groupOf(other) }, 422)).toEqual(['unknown_reference', ['filter.groupId']]);
    expect(await refused({ status: 'under_review' }, 422)).toEqual(['nothing_to_void', ['filter']]);
    expect(await refused({ status: 'counted' }, 404, 2_000_000_000)).toEqual(['not_found', []]);
    expect(await tally(poll)).toEqual({ counted: 1, under_review: 0, void: 0 });
    const noReason = await world.as(chief).post(`${DESK}/${poll.id}/voids`, { filter: { status: 'counted' }, reason: 'س'.repeat(501) });
    expect([noReason.status, noReason.body.errors[0].field]).toEqual([400, 'reason']);
  });

  it('leaves ballots alone that wait for their confirmation', async () => {
    const poll = await aPoll(world, { level: 3 });
    await castAll(world, [aBallot(poll)]);
    await world
      .as(chief)
      .post(`${DESK}/${poll.id}/voids`, { filter: { from: '2020-01-01T00:00:00Z' }, reason: 'سبب' })
      .expect(422);
  });

  it('puts each ballot into one batch only when eight overlapping ones are voided at once', async () => {
    const poll = await aPoll(world);
    for (let hour = 0; hour < 8; hour += 1) {
      await setPollClock(world, new Date(Date.UTC(2027, 4, 1, hour)));
      await castAll(
        world,
        Array.from({ length: 50 }, () => aBallot(poll)),
      );
    }
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, n) =>
        world.as(chief).post(`${DESK}/${poll.id}/voids`, {
          filter: {
            from: new Date(Date.UTC(2027, 4, 1, n % 4)).toISOString(),
            to: new Date(Date.UTC(2027, 4, 1, 4 + (n % 3))).toISOString(),
          },
          reason: `دفعة ${n}`,
        }),
      ),
    );
    expect(answers.every(({ status }) => status === 201 || status === 422)).toBe(true);
    const sums = await rows<{ id: number; ballots: number; n: number }>(
      `select v.id, v.ballots, (select count(*)::int from ballots b where b.void_id = v.id) as n from ballot_voids v where poll_id = $1`,
      poll.id,
    );
    expect(sums.every(({ ballots, n }) => ballots === n)).toBe(true);
    expect(sums.reduce((sum, { n }) => sum + n, 0)).toBe(350);
    expect(await tally(poll)).toEqual({ counted: 50, under_review: 0, void: 350 });
  });

  it('restores a batch once when eight ask at once', async () => {
    const poll = await aPoll(world);
    await castAll(
      world,
      Array.from({ length: 20 }, () => aBallot(poll)),
    );
    const { body } = await world
      .as(chief)
      .post(`${DESK}/${poll.id}/voids`, { filter: { status: 'counted' }, reason: 'سبب' })
      .expect(201);
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => world.as(chief).post(`${DESK}/${poll.id}/voids/${body.id}/restore`, {})),
    );
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 409, 409, 409, 409, 409, 409, 409]);
    expect(await tally(poll)).toEqual({ counted: 20, under_review: 0, void: 0 });
  });
});

describe('any sequence of casting, holding, releasing, voiding and restoring', () => {
  interface Model {
    readonly choices: readonly number[];
    readonly at: number;
    readonly network: number | null;
    status: string;
    group: number | null;
    batch: number | null;
    from: string | null;
  }
  type Step =
    | { readonly act: 'cast'; readonly of: 'pulse' | 'confirmed'; readonly choices: readonly number[]; readonly network: number | null }
    | { readonly act: 'confirm' | 'hold' | 'release' | 'remove' | 'restore'; readonly n: number }
    | {
        readonly act: 'void';
        readonly filter: { from?: number; to?: number; group?: number; status?: 'counted' | 'under_review' };
        readonly back: boolean;
      };

  const choices = fc.uniqueArray(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 2 });
  const cast = fc.record({ act: fc.constant('cast' as const), of: fc.constantFrom('pulse' as const, 'confirmed' as const), choices, network: fc.option(fc.integer({ min: 0, max: 1 })) }); // prettier-ignore
  const step: fc.Arbitrary<Step> = fc.oneof(
    { weight: 5, arbitrary: cast },
    { weight: 4, arbitrary: fc.record({ act: fc.constantFrom('confirm' as const, 'hold' as const, 'release' as const, 'remove' as const, 'restore' as const), n: fc.nat(5) }) }, // prettier-ignore
    {
      weight: 2,
      arbitrary: fc.record({
        act: fc.constant('void' as const),
        back: fc.boolean(),
        filter: fc.record({ from: fc.nat(12), to: fc.integer({ min: 8, max: 45 }), group: fc.nat(1), status: fc.constantFrom('counted' as const, 'under_review' as const) }, { requiredKeys: [] }), // prettier-ignore
      }),
    },
  );

  it('counts what is counted, loses nothing, and undoes what is undone', async () => {
    const seen = { void: 0, back: 0, restore: 0, fromReview: 0, release: 0, remove: 0 };
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 15, maxLength: 45, size: 'max' }), async (steps) => {
        const polls = { pulse: await aPoll(world, { maxChoices: 2, options: 4 }), confirmed: await aPoll(world, { level: 3, maxChoices: 2, options: 4 }) }; // prettier-ignore
        for (const kind of ['pulse', 'confirmed'] as const) await walk(polls[kind], kind, steps, seen);
      }),
      // Making a failing sequence shorter takes long.
      { numRuns: 40, interruptAfterTimeLimit: 60_000 },
    );
    // Otherwise it has shown little.
    expect(Object.entries(seen).filter(([, times]) => times < 2)).toEqual([]);
  }, 120_000);

  async function walk(poll: TestPoll, kind: 'pulse' | 'confirmed', steps: readonly Step[], seen: Record<string, number>): Promise<void> {
    const model = new Map<string, Model>();
    const networks = Array.from({ length: 3 }, () => randomBytes(32));
    const groups: (number | null)[] = [null, null, null];
    const held = new Set<number>();
    const removed = new Set<number>();
    const batches: { id: number; restored: boolean }[] = [];
    for (const [n, taken] of steps.entries()) {
      await setPollClock(world, minute(n));
      await take(taken, n);
      await compare();
    }

    async function take(taken: Step, n: number): Promise<void> {
      if (taken.act === 'cast') {
        if (taken.of !== kind) return;
        const optionIds = taken.choices.map((choice) => poll.optionIds[choice]!);
        const networkKey = taken.network === null ? randomBytes(32) : networks[taken.network]!;
        const [row] = await castAll(world, [aBallot(poll, { optionIds, networkKey })]);
        const group = taken.network === null || kind === 'confirmed' ? null : groups[taken.network]!;
        const joins = group !== null && (held.has(group) || removed.has(group));
        const status = kind === 'confirmed' ? 'awaiting_confirmation' : joins ? 'under_review' : 'counted';
        model.set(row!.ballot_id!, { choices: optionIds, at: n, network: taken.network, status, group: joins ? group : null, batch: null, from: null }); // prettier-ignore
      } else if (taken.act === 'confirm') {
        const waiting = [...model].find(([, { status }]) => status === 'awaiting_confirmation');
        if (!waiting) return;
        await rows(`update ballots set status = 'counted', voter_key = $2 where id = $1`, waiting[0], randomBytes(32));
        waiting[1].status = 'counted';
      } else if (taken.act === 'hold') {
        // What the job does to a crowd, whatever its size.
        const network = taken.n % 2;
        const [group] = await rows<{ id: number }>(
          `insert into ballot_groups as g (poll_id, kind, key) values ($1, 'network', $2)
           on conflict (poll_id, kind, key) where key is not null do update set state = 'held', decided_at = null, decided_by = null returning id`,
          poll.id,
          networks[network],
        );
        groups[network] = group!.id;
        held.add(group!.id);
        removed.delete(group!.id);
        await rows(
          `update ballots set status = 'under_review', group_id = $3 where poll_id = $1 and network_key = $2 and status = 'counted' and group_id is null`,
          poll.id,
          networks[network],
          group!.id,
        );
        for (const ballot of model.values())
          if (ballot.network === network && ballot.status === 'counted' && ballot.group === null)
            Object.assign(ballot, { status: 'under_review', group: group!.id });
      } else if (taken.act === 'release' || taken.act === 'remove') {
        const group = groups[taken.n % 2];
        if (group == null) return;
        const waiting = [...model.values()].filter((ballot) => ballot.group === group && ballot.status === 'under_review');
        if (waiting.length === 0 && (!held.has(group) || taken.act === 'remove')) return;
        held.delete(group);
        removed.delete(group);
        if (taken.act === 'remove') removed.add(group);
        seen[taken.act]! += 1;
        if (taken.act === 'release') {
          await corrections().release(actor, poll.id, group);
          for (const ballot of waiting) ballot.status = 'counted';
        } else {
          await corrections().remove(actor, poll.id, group, 'سبب');
          const [batch] = await corrections().voids(poll.id);
          batches.push({ id: batch!.id, restored: false });
          for (const ballot of waiting) Object.assign(ballot, { status: 'void', from: 'under_review', batch: batch!.id });
        }
      } else if (taken.act === 'void') {
        const { from, to, group, status } = taken.filter;
        if (group !== undefined && groups[group] == null) return;
        if (from !== undefined && to !== undefined && to <= from) return;
        const filter: BallotFilter = {
          ...(from === undefined ? {} : { from: minute(from) }),
          ...(to === undefined ? {} : { to: minute(to) }),
          ...(group === undefined ? {} : { groupId: groups[group]! }),
          ...(status === undefined ? {} : { status }),
        };
        const fits = [...model.values()].filter(
          (ballot) =>
            ['counted', 'under_review'].includes(ballot.status) &&
            (from === undefined || ballot.at >= from) &&
            (to === undefined || ballot.at <= to) &&
            (group === undefined || ballot.group === groups[group]) &&
            (status === undefined || ballot.status === status),
        );
        if (fits.length === 0 || Object.keys(filter).length === 0) return;
        const before = await whole();
        const batch = await corrections().void(actor, poll.id, filter, 'سبب');
        expect(batch.ballots).toBe(fits.length);
        seen[taken.back ? 'back' : 'void']! += 1;
        if (fits.some((ballot) => ballot.status === 'under_review')) seen['fromReview']! += 1;
        if (taken.back) {
          await corrections().restore(actor, poll.id, batch.id);
          expect(await whole()).toEqual(before);
          batches.push({ id: batch.id, restored: true });
        } else {
          batches.push({ id: batch.id, restored: false });
          for (const ballot of fits) Object.assign(ballot, { from: ballot.status, status: 'void', batch: batch.id });
        }
      } else {
        const batch = batches[taken.n % Math.max(1, batches.length)];
        if (!batch || batch.restored) return;
        await corrections().restore(actor, poll.id, batch.id);
        batch.restored = true;
        seen['restore']! += 1;
        for (const ballot of model.values()) {
          if (ballot.batch !== batch.id) continue;
          Object.assign(ballot, { status: ballot.from, from: null, batch: null });
        }
        for (const { id } of await rows<{ id: number }>(`select id from ballot_groups where poll_id = $1 and state = 'held'`, poll.id)) { held.add(id); removed.delete(id); } // prettier-ignore
      }
    }

    function whole(): Promise<unknown[]> {
      return rows(
        `select to_jsonb(b) || jsonb_build_object('choices', (select jsonb_agg(to_jsonb(c) order by c.slot) from ballot_choices c where c.ballot_id = b.id)) as row
         from ballots b where b.poll_id = $1 order by b.id`,
        poll.id,
      );
    }

    async function compare(): Promise<void> {
      const stored = await rows<{
        id: string;
        status: string;
        from: string | null;
        batch: number | null;
        group: number | null;
        choices: number[];
      }>(
        `select id, status, voided_from as from, void_id as batch, group_id as group,
           array(select c.option_id from ballot_choices c where c.ballot_id = b.id order by c.slot) as choices
         from ballots b where poll_id = $1 order by id`,
        poll.id,
      );
      const expected = [...model].map(([id, { status, from, batch, group, choices: chosen }]) => ({ id, status, from, batch, group, choices: chosen })); // prettier-ignore
      expect(stored).toEqual(expected.toSorted((a, b) => (a.id < b.id ? -1 : 1)));
      const counts = await rows<{ option: number; n: number }>(
        `select c.option_id as option, count(*)::int as n from ballot_choices c join ballots b on b.id = c.ballot_id where b.poll_id = $1 and b.status = 'counted' group by 1`,
        poll.id,
      );
      const counted = [...model.values()].filter(({ status }) => status === 'counted');
      for (const option of poll.optionIds)
        expect(counts.find((count) => count.option === option)?.n ?? 0).toBe(
          counted.filter(({ choices: chosen }) => chosen.includes(option)).length,
        );
      const [sums] = await rows<{ batches: number; removed: number }>(
        `select (select coalesce(sum(ballots), 0)::int from ballot_voids where poll_id = $1 and restored_at is null) as batches,
           (select count(*)::int from ballots where poll_id = $1 and status = 'void') as removed`,
        poll.id,
      );
      expect(sums!.batches).toBe(sums!.removed);
    }
  }

  const minute = (n: number): Date => new Date(Date.UTC(2027, 4, 1, 0, n));
});
