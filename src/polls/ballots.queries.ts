/** What came of one submitted ballot. */
type Outcome =
  /** It is stored, as `status` says. */
  | 'cast'
  /** The reader has a ballot in this poll already. */
  | 'stands'
  /** The poll takes no votes at this moment. */
  | 'not_open'
  /** Level or number of choices are not what the submitter thought. */
  | 'rules_changed'
  /** An option of another poll, or none, or too many. */
  | 'choices_refused';

export type BallotStatus = 'counted' | 'awaiting_confirmation' | 'under_review' | 'void';

/** A ballot ready to be stored: hashes and keys only. */
export interface SubmittedBallot {
  readonly pollId: number;
  readonly level: number;
  readonly maxChoices: number;
  readonly ballotHash: Buffer;
  readonly receiptHash: Buffer;
  readonly choicesDigest: Buffer;
  /** In the order given. */
  readonly optionIds: readonly number[];
  /** Of the day's salt: one IPv4 address or /64, its /24 or /48, the User-Agent. */
  readonly networkKey: Buffer;
  readonly vicinityKey: Buffer;
  readonly agentKey: Buffer;
  /** By which declared events know the network. */
  readonly eventKey: Buffer;
  /** The group of votes without work that it belongs to; null for one that did its work. */
  readonly groupId: number | null;
}

export interface CastRow {
  /** Place in what was submitted, from 1 on. */
  readonly n: number;
  readonly outcome: Outcome;
  readonly status: BallotStatus | null;
  readonly ballot_id: string | null;
}

/** The values of {@link castBallots}. */
export function castValues(ballots: readonly SubmittedBallot[]): unknown[] {
  const column = <Value>(value: (ballot: SubmittedBallot) => Value): Value[] => ballots.map(value);
  return [
    column(({ pollId }) => pollId),
    column(({ level }) => level),
    column(({ maxChoices }) => maxChoices),
    column((ballot) => ballot.ballotHash),
    column((ballot) => ballot.receiptHash),
    column((ballot) => ballot.choicesDigest),
    column(({ optionIds }) => `{${optionIds.join()}}`),
    column(({ networkKey }) => networkKey),
    column(({ vicinityKey }) => vicinityKey),
    column(({ agentKey }) => agentKey),
    column(({ eventKey }) => eventKey),
    column(({ groupId }) => groupId),
  ];
}

/**
 * An act on a poll takes its turn before anything else of it. $1 poll. Votes share theirs, and without it would let the act wait for as long
 * as there are some under way: whoever wants to share a row is let in past one who waits to change it, but nobody is let past in this line.
 */
export const pollTurn = `select pg_advisory_xact_lock(1886350444, $1)`;

/** What makes a ballot count stands in the same line as votes, which share their turns. $1 poll */
export const voteTurn = `select pg_advisory_xact_lock_shared(1886350444, $1)`;

/** Whether the poll `p` takes votes at this moment. */
export const TAKES_VOTES = `p.state = 'open' and p.opens_at <= poll_now() and (p.closes_at is null or poll_now() < p.closes_at)`;

/**
 * The group that a ballot waits in because of where it came from, if there is one: held, or removed, and then it is held again with the
 * next look. The smaller place first. For share: who releases or removes the group waits for this ballot, or this ballot for it and then
 * goes by what was decided.
 * @param ballot SQL name of a row with `poll_id`, `network_key` and `vicinity_key` @param event SQL for the event it was cast at
 */
const heldGroupOf = (ballot: string, event: string): string => `
      select h.id from ballot_groups h
      where h.poll_id = ${ballot}.poll_id and h.state in ('held', 'removed') and ${event} is null
        and (h.kind = 'network' and h.key = ${ballot}.network_key or h.kind = 'vicinity' and h.key = ${ballot}.vicinity_key)
      order by h.kind limit 1 for share`;

/** Counts a ballot that waits for its reader's word, or puts it with the others of its group that are under review. $1 ballot, $2 voter key */
export const countConfirmed = `
  update ballots b set voter_key = $2, (group_id, status) = (
    select coalesce(b.group_id, held.id), case when coalesce(b.group_id, held.id) is null then 'counted' else 'under_review' end
    from (select 1) one left join lateral (${heldGroupOf('b', 'b.event_id')}) held on true)
  where b.id = $1 and b.status = 'awaiting_confirmation'`;

/** The group of votes without work, made where there is none, and held until the end: of a hundred at once each is counted before the next is let in. $1 poll */
export const groupWithoutWork = `
  insert into ballot_groups as g (poll_id, kind) values ($1, 'no_work')
  on conflict (poll_id) where kind = 'no_work' do update set state = g.state returning id`;

/** Opens a group of votes without work again that was decided on: what comes now nobody has looked at. $1 a ballot of it that waits for review */
export const reopenWithoutWork = `
  update ballot_groups set state = 'held', decided_at = null, decided_by = null
  where kind = 'no_work' and id = (select group_id from ballots where id = $1 and status = 'under_review')`;

/**
 * Stores ballots, any number at once and of any polls: one statement, all of it or nothing. Values: {@link castValues}.
 *
 * The poll is held for share, so that an act on it waits for us, or we for it and then see what it did; {@link pollTurn} keeps that wait short. A ballot that breaks a rule is
 * answered in its row; the constraints stand behind that. All hashes of one statement must differ.
 */
export const castBallots = `
  with given as materialized (
    select * from unnest($1::int[], $2::smallint[], $3::smallint[], $4::bytea[], $5::bytea[], $6::bytea[], $7::text[], $8::bytea[], $9::bytea[], $10::bytea[],
      $11::bytea[], $12::int[]) with ordinality
      as g (poll_id, level, max_choices, ballot_hash, receipt_hash, choices_digest, options, network_key, vicinity_key, agent_key, event_key, group_id, n)),
  turn as materialized (
    select pg_advisory_xact_lock_shared(1886350444, poll_id) from (select distinct poll_id from given order by poll_id) polled),
  open as materialized (
    select p.id, p.level, p.max_choices from polls p
    where (select count(*) from turn) > 0 and p.id in (select poll_id from given) and ${TAKES_VOTES}
    order by p.id for share),
  -- Held as their choices will hold them anyway: what an editor has taken away while we waited for the poll is not among them, where the
  -- foreign key would refuse the whole statement.
  offered as materialized (
    select p.poll_id, p.id from open o join poll_options p on p.poll_id = o.id
    where p.id in (select unnest(options::int[]) from given) for key share of p),
  judged as materialized (
    select g.*, g.options::int[] as option_ids, case
        when o.id is null then 'not_open'
        when (o.level, o.max_choices) <> (g.level, g.max_choices) then 'rules_changed'
        when cardinality(g.options::int[]) not between 1 and g.max_choices
          or exists (select unnest(g.options::int[]) except select p.id from offered p where p.poll_id = g.poll_id) then 'choices_refused'
      end as refusal
    from given g left join open o on o.id = g.poll_id),
  stored as (
    insert into ballots (poll_id, level, max_choices, ballot_hash, receipt_hash, choices_digest, network_key, vicinity_key, agent_key, event_id, group_id, status)
    select j.poll_id, j.level, j.max_choices, j.ballot_hash, j.receipt_hash, j.choices_digest, j.network_key, j.vicinity_key, j.agent_key,
      event.id, coalesce(j.group_id, case when j.level < 3 then held.id end),
      case when j.level = 3 then 'awaiting_confirmation' when coalesce(j.group_id, held.id) is not null then 'under_review' else 'counted' end
    from judged j
    left join lateral (
      select e.id from poll_events e
      where e.poll_id = j.poll_id and e.network_key = j.event_key and e.starts_at <= poll_now() and poll_now() < e.ends_at limit 1) event on true
    left join lateral (${heldGroupOf('j', 'event.id')}) held on true
    where j.refusal is null
    -- Always in the same order: two statements that hold the same ballots wait for each other, never in a circle.
    order by j.poll_id, j.ballot_hash
    -- Of whichever key: the same ballot at the same moment meets itself in the one that is written first.
    on conflict do nothing
    returning id, poll_id, ballot_hash, status),
  chosen as (
    insert into ballot_choices (poll_id, option_id, ballot_id, max_choices, slot)
    select j.poll_id, choice.option_id, s.id, j.max_choices, choice.slot
    from stored s join judged j using (poll_id, ballot_hash) cross join unnest(j.option_ids) with ordinality choice (option_id, slot))
  select j.n::int, coalesce(j.refusal, case when s.id is null then 'stands' else 'cast' end) as outcome, s.status, s.id as ballot_id
  from judged j left join stored s using (poll_id, ballot_hash)
  order by j.n`;

export interface StandingBallot {
  readonly choices_digest: Buffer;
  readonly status: BallotStatus;
}

/** The ballot that a reader has in a poll. $1 poll, $2 ballot hash */
export const standingBallot = `select choices_digest, status from ballots where poll_id = $1 and ballot_hash = $2`;
