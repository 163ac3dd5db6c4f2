import type { EntityManager } from 'typeorm';
import type { PollState } from './poll.entity.js';

/** A poll whose count is about to be corrected. */
export interface HeldPoll {
  readonly id: number;
  readonly state: PollState;
  readonly scrubbed: boolean;
}

/**
 * Holds a poll until the transaction ends: it neither closes nor is scrubbed meanwhile, and its corrections come one after another. Votes go
 * on. @returns null where there is no such poll
 */
export async function holdForCorrection(tx: EntityManager, pollId: number): Promise<HeldPoll | null> {
  const [poll] = await tx.query<HeldPoll[]>(`select id, state, scrubbed_at is not null as scrubbed from polls where id = $1 for share`, [
    pollId,
  ]);
  if (poll === undefined) return null;
  await tx.query(`select pg_advisory_xact_lock(hashtext('poll corrections'), $1)`, [pollId]);
  return poll;
}

/** Holds an open poll in the same way, for due work that comes again anyway. @returns false where somebody else is at it */
export async function heldIfFree(tx: EntityManager, pollId: number): Promise<boolean> {
  const polls = await tx.query<unknown[]>(`select from polls where id = $1 and state = 'open' for share skip locked`, [pollId]);
  const [{ free }] = await tx.query<[{ free: boolean }]>(`select pg_try_advisory_xact_lock(hashtext('poll corrections'), $1) as free`, [
    pollId,
  ]);
  return polls.length > 0 && free;
}

/** What a batch holds. All given parts hold together; none of them is a choice. */
export interface BallotFilter {
  readonly from?: Date;
  readonly to?: Date;
  readonly groupId?: number;
  readonly status?: 'counted' | 'under_review';
}

/** Values of {@link voidBallots}. */
export function voidValues(pollId: number, filter: BallotFilter, reason: string, editorId: number): unknown[] {
  return [pollId, filter, reason, editorId, filter.from, filter.to, filter.groupId, filter.status];
}

/** Takes ballots out of the count as one batch; gives its id, or nothing where no ballot fits. */
export const voidBallots = `
  with chosen as materialized (
    select id, status from ballots
    where poll_id = $1 and status in ('counted', 'under_review')
      and ($5::timestamptz is null or cast_at >= $5) and ($6::timestamptz is null or cast_at <= $6)
      and ($7::int is null or group_id = $7) and ($8::text is null or status = $8)
    for update),
  batch as (
    insert into ballot_voids (poll_id, filter, reason, ballots, created_by)
    select $1::int, $2::jsonb, $3, count(*), $4::int from chosen having count(*) > 0
    returning id),
  voided as (
    update ballots b set status = 'void', voided_from = c.status, void_id = batch.id
    from chosen c, batch where b.id = c.id and b.poll_id = $1)
  select id from batch`;

/** Puts a batch back as it was, and a group whose ballots were removed with it back under review. $1 poll $2 batch $3 editor. Gives its id, or nothing where it has been restored. */
export const restoreBallots = `
  with batch as (
    update ballot_voids set restored_at = poll_now(), restored_by = $3 where id = $2 and poll_id = $1 and restored_at is null
    returning id),
  restored as (
    update ballots b set status = b.voided_from, voided_from = null, void_id = null
    from batch where b.void_id = batch.id
    returning b.group_id, b.status),
  held as (
    update ballot_groups set state = 'held', decided_at = null, decided_by = null
    where state = 'removed' and id in (select group_id from restored where status = 'under_review'))
  select id from batch`;

/** Waits for votes that see the group as held, so that what is done to its ballots afterwards is done to all. @returns whether there is such a group */
export async function holdGroup(tx: EntityManager, pollId: number, groupId: number): Promise<boolean> {
  const groups = await tx.query<unknown[]>(`select from ballot_groups where id = $2 and poll_id = $1 for no key update`, [pollId, groupId]);
  return groups.length > 0;
}

/** Counts the ballots of a group. @param editorId who decided so; null: it looks like people */
export async function releaseGroup(tx: EntityManager, pollId: number, groupId: number, editorId: number | null): Promise<void> {
  await holdGroup(tx, pollId, groupId);
  await tx.query(`update ballots set status = 'counted' where poll_id = $1 and group_id = $2 and status = 'under_review'`, [
    pollId,
    groupId,
  ]);
  await decideGroup(tx, groupId, 'released', editorId);
}

export async function decideGroup(
  tx: EntityManager,
  groupId: number,
  state: 'released' | 'removed',
  editorId: number | null,
): Promise<void> {
  await tx.query(`update ballot_groups set state = $2, decided_at = poll_now(), decided_by = $3 where id = $1`, [groupId, state, editorId]);
}

export interface VoidRow {
  readonly id: number;
  readonly filter: {
    readonly from?: string;
    readonly to?: string;
    readonly groupId?: number;
    readonly status?: 'counted' | 'under_review';
  };
  readonly reason: string;
  readonly ballots: number;
  readonly createdBy: { readonly id: number; readonly name: string } | null;
  readonly createdAt: Date;
  readonly restoredBy: { readonly id: number; readonly name: string } | null;
  readonly restoredAt: Date | null;
}

/** $1 poll, $2 one batch, or null for all: the newest first. */
export const voidsOf = `
  select v.id, v.filter, v.reason, v.ballots, v.created_at as "createdAt", v.restored_at as "restoredAt",
    case when c.id is not null then json_build_object('id', c.id, 'name', c.name) end as "createdBy",
    case when r.id is not null then json_build_object('id', r.id, 'name', r.name) end as "restoredBy"
  from ballot_voids v left join editors c on c.id = v.created_by left join editors r on r.id = v.restored_by
  where v.poll_id = $1 and ($2::int is null or v.id = $2)
  order by v.id desc`;

export interface GroupRow {
  readonly id: number;
  readonly kind: 'network' | 'vicinity' | 'no_work';
  readonly state: 'held' | 'released' | 'removed';
  readonly heldAt: Date;
  readonly decidedAt: Date | null;
  readonly decidedBy: { readonly id: number; readonly name: string } | null;
  readonly counted: number;
  readonly underReview: number;
  readonly removed: number;
  readonly evidence: Evidence | null;
  readonly topShare: number | null;
  readonly topShareElsewhere: number | null;
}

/** What a group's ballots looked like when they were last judged; null where there are too few to say. */
export interface Evidence {
  readonly ballots: number;
  readonly agentsPerHundred: number | null;
  readonly variation: number | null;
  readonly firstAt: string;
  readonly lastAt: string;
}

/**
 * Groups of a poll, those under review first. $1 poll, $2 one group, or null for all. Of the choices it says only how many of a group's
 * ballots agree, and how many of the others do: never on what.
 */
export const groupsOf = `
  with own as (select * from ballot_groups where poll_id = $1 and ($2::int is null or id = $2)),
  counts as materialized (
    select group_id, count(*) as ballots, count(*) filter (where status = 'counted') as counted,
      count(*) filter (where status = 'under_review') as under_review, count(*) filter (where status = 'void') as removed
    from ballots where poll_id = $1 and status <> 'awaiting_confirmation' and exists (select from own) group by group_id),
  chosen as materialized (
    select c.option_id, b.group_id, count(*) as n
    from ballots b join ballot_choices c on c.poll_id = b.poll_id and c.ballot_id = b.id
    where b.poll_id = $1 and b.status <> 'awaiting_confirmation' and exists (select from own) group by c.option_id, b.group_id)
  select g.id, g.kind, g.state, g.held_at as "heldAt", g.decided_at as "decidedAt", nullif(g.evidence, '{}') as evidence,
    case when e.id is not null then json_build_object('id', e.id, 'name', e.name) end as "decidedBy",
    coalesce(n.counted, 0)::int as counted, coalesce(n.under_review, 0)::int as "underReview", coalesce(n.removed, 0)::int as removed,
    round((select max(c.n) from chosen c where c.group_id = g.id) / n.ballots::numeric, 4)::float as "topShare",
    round((select max(sum(c.n)) over () from chosen c where c.group_id is distinct from g.id group by c.option_id limit 1)
      / (select sum(o.ballots) from counts o where o.group_id is distinct from g.id), 4)::float as "topShareElsewhere"
  from own g left join editors e on e.id = g.decided_by left join counts n on n.group_id = g.id
  -- Votes without work whose readers have not confirmed them yet are nothing to look at.
  where g.kind <> 'no_work' or n.ballots > 0
  order by (g.state = 'held' or coalesce(n.under_review, 0) > 0) desc, g.id desc`;

export interface NewEvent {
  readonly label: string;
  readonly startsAt: Date;
  readonly endsAt: Date;
}

export interface EventRow extends NewEvent {
  readonly id: number;
  readonly ballots: number;
  readonly createdBy: { readonly id: number; readonly name: string } | null;
  readonly createdAt: Date;
}

/** In their order of time. $1 poll, $2 one event, or null for all */
export const eventsOf = `
  select v.id, v.label, v.starts_at as "startsAt", v.ends_at as "endsAt", v.created_at as "createdAt",
    (select count(*)::int from ballots b where b.event_id = v.id) as ballots,
    case when c.id is not null then json_build_object('id', c.id, 'name', c.name) end as "createdBy"
  from poll_events v left join editors c on c.id = v.created_by
  where v.poll_id = $1 and ($2::int is null or v.id = $2)
  order by v.starts_at, v.id`;
