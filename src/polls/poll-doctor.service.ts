import { createPublicKey, verify, type JsonWebKey } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { SignedResults, statementOf, type Jws, type ResultStatement } from './signed-results.service.js';

/** What is wrong with a poll: a stable name, and how many rows of it. */
interface PollFault {
  readonly fault: string;
  readonly rows: number;
}

export interface ExaminedPoll {
  readonly id: number;
  readonly ballots: number;
  readonly faults: readonly PollFault[];
}

interface Recount {
  readonly state: string;
  readonly ballots: number;
  readonly totalBallots: number;
  readonly underReview: number;
  readonly removed: number;
  readonly options: readonly { readonly id: number; readonly ballots: number }[];
  /** Null once the receipts have been scrubbed. */
  readonly receipts: readonly string[] | null;
}

interface Edition {
  readonly jws: Jws;
  readonly jwk: JsonWebKey;
}

/** Recomputes what polls say of themselves, and changes nothing. */
@Injectable()
export class PollDoctor {
  constructor(
    private readonly dataSource: DataSource,
    private readonly signed: SignedResults,
  ) {}

  /** Each poll in its turn, as it is at one moment. */
  async *examine(): AsyncGenerator<ExaminedPoll> {
    const present = this.signed.presentKey();
    for (const { id } of await this.dataSource.query<{ id: number }[]>(`select id from polls order by id`)) {
      yield await this.atOneMoment(async (tx) => {
        const [recount] = await tx.query<[Recount]>(recountOf, [id]);
        const stored = (await tx.query<PollFault[]>(faultsOf, [id])).filter(({ rows }) => rows > 0);
        return { id, ballots: recount.ballots, faults: [...stored, ...(await signatureFaults(tx, id, recount, present))] };
      });
    }
  }

  /** Salts that belong to no poll and should be gone. */
  async overdueSalts(): Promise<number> {
    const [{ n }] = await this.dataSource.query<[{ n: number }]>(
      `select count(*)::int as n from network_salts where (day + 1)::timestamp at time zone 'UTC' < (select poll_now()) - interval '50 hours'`,
    );
    return n;
  }

  /** Ballots are cast and counted meanwhile; a signed result is compared with the ballots of its own moment. */
  private atOneMoment<Result>(look: (tx: EntityManager) => Promise<Result>): Promise<Result> {
    return this.dataSource.transaction('REPEATABLE READ', async (tx) => {
      await tx.query(`set transaction read only`);
      // A poll of a million ballots takes longer than a request may.
      await tx.query(`set local statement_timeout = 0`);
      return look(tx);
    });
  }
}

/**
 * A closed poll has a signed result; all of them are valid, and the newest says what the ballots say. Those of another key than the present
 * one are named: whoever can write to the database could have signed them with a key of his own. So are those of an exchanged SECRET_KEY.
 */
async function signatureFaults(tx: EntityManager, pollId: number, recount: Recount, present: JsonWebKey): Promise<PollFault[]> {
  // The newest first; one at a time, because each holds the receipts of all ballots.
  const editions = await tx.query<{ edition: number }[]>(`select edition from signed_results where poll_id = $1 order by edition desc`, [
    pollId,
  ]);
  if (editions.length === 0)
    return recount.state === 'closed' || recount.state === 'archived' ? [{ fault: 'unsigned_result', rows: 1 }] : [];
  const faults: PollFault[] = [];
  let [bad, other, missing] = [0, 0, (editions[0]?.edition ?? 0) - editions.length];
  for (const [place, { edition }] of editions.entries()) {
    const [{ jws, jwk }] = await tx.query<[Edition]>(`select jws, jwk from signed_results where poll_id = $1 and edition = $2`, [
      pollId,
      edition,
    ]);
    if (jwk['kid'] !== present['kid'] || jwk['x'] !== present['x']) other += 1;
    const statement = verified(jws, jwk);
    if (statement === null || statement.poll !== pollId || statement.edition !== edition) bad += 1;
    else if (place === 0) faults.push(...differences(statement, recount));
  }
  if (bad > 0) faults.push({ fault: 'bad_signature', rows: bad });
  if (other > 0) faults.push({ fault: 'other_key', rows: other });
  if (missing > 0) faults.push({ fault: 'missing_edition', rows: missing });
  return faults;
}

/** By the key that is published for it. @returns null where it is not valid */
function verified({ protected: head, payload, signature }: Jws, jwk: JsonWebKey): ResultStatement | null {
  try {
    const { alg, kid } = JSON.parse(Buffer.from(head, 'base64url').toString('utf8')) as { alg: string; kid: string };
    const key = createPublicKey({ key: jwk, format: 'jwk' });
    const valid = verify(null, Buffer.from(`${head}.${payload}`), key, Buffer.from(signature, 'base64url'));
    return valid && alg === 'EdDSA' && kid === jwk['kid'] ? statementOf({ payload }) : null;
  } catch {
    // What cannot even be read is no valid signature.
    return null;
  }
}

function differences(signed: ResultStatement, counted: Recount): PollFault[] {
  const totals = (result: Pick<Recount, 'totalBallots' | 'underReview' | 'removed' | 'options'>): string =>
    JSON.stringify([result.totalBallots, result.underReview, result.removed, result.options.map(({ id, ballots }) => [id, ballots])]);
  const faults: PollFault[] = [];
  if (totals(signed) !== totals(counted)) faults.push({ fault: 'signed_count_differs', rows: 1 });
  const own = new Set(counted.receipts ?? signed.receipts);
  const strange = signed.receipts.filter((receipt) => !own.has(receipt)).length + own.size - new Set(signed.receipts.filter((receipt) => own.has(receipt))).size; // prettier-ignore
  const lacking = Math.abs(signed.receipts.length - signed.totalBallots);
  if (strange + lacking > 0) faults.push({ fault: 'receipts_differ', rows: Math.max(strange, lacking) });
  return faults;
}

/** $1 poll */
const recountOf = `
  select p.state, n.*,
    coalesce((select json_agg(json_build_object('id', o.id, 'ballots', (
        select count(*) from ballot_choices c join ballots b on b.id = c.ballot_id and b.poll_id = c.poll_id
        where c.poll_id = p.id and c.option_id = o.id and b.status = 'counted')) order by o.position)
      from poll_options o where o.poll_id = p.id), '[]') as options,
    case when p.scrubbed_at is null then
      array(select encode(b.receipt_hash, 'hex') from ballots b where b.poll_id = p.id and b.status = 'counted') end as receipts
  from polls p cross join lateral (
    select count(*)::int as ballots, count(*) filter (where b.status = 'counted')::int as "totalBallots",
      count(*) filter (where b.status = 'under_review')::int as "underReview", count(*) filter (where b.status = 'void')::int as removed
    from ballots b where b.poll_id = p.id) n
  where p.id = $1`;

/** What is due is done within minutes: only what is two hours late is a fault. $1 poll */
const faultsOf = `
  with own as materialized (select * from ballots where poll_id = $1),
  chosen as materialized (
    select ballot_id, count(*) as choices, sha256(convert_to(string_agg(option_id::text, ',' order by option_id), 'UTF8')) as digest
    from ballot_choices where poll_id = $1 group by ballot_id)
  select 'ballot_without_choice' as fault, count(*)::int as rows from own b where not exists (select from chosen c where c.ballot_id = b.id)
  union all select 'choice_without_ballot', count(*)::int from chosen c where not exists (select from own b where b.id = c.ballot_id)
  union all select 'choices_changed', count(*)::int from own b join chosen c on c.ballot_id = b.id where c.digest <> b.choices_digest
  union all select 'too_many_choices', count(*)::int from own b join chosen c on c.ballot_id = b.id
    where c.choices > (select max_choices from polls where id = $1)
  union all select 'foreign_option', count(*)::int from ballot_choices c
    where c.poll_id = $1 and not exists (select from poll_options o where o.poll_id = $1 and o.id = c.option_id)
  union all select 'batch_differs', count(*)::int from (
    select v.id from ballot_voids v left join own b on b.void_id = v.id where v.poll_id = $1
    group by v.id having count(b.id) <> case when v.restored_at is null then v.ballots else 0 end) v
  union all select 'overdue_places', count(*)::int from own
    where coalesce(network_key, vicinity_key, agent_key) is not null and cast_at < (select poll_now()) - interval '50 hours'
  union all select 'overdue_places_of_groups', count(*)::int from ballot_groups
    where poll_id = $1 and key is not null and held_at < (select poll_now()) - interval '50 hours'
  union all select 'overdue_closing', count(*)::int from polls
    where id = $1 and state = 'open' and closes_at < (select poll_now()) - interval '2 hours'
  union all select 'overdue_scrub', count(*)::int from polls
    where id = $1 and state in ('closed', 'archived') and scrubbed_at is null and closes_at < (select poll_now()) - interval '14 days 2 hours'
  union all select 'unfinished_scrub', count(*)::int from own b join polls p on p.id = b.poll_id
    where p.scrubbed_at < (select poll_now()) - interval '2 hours'
      and (b.scrubbed_at is null or coalesce(b.ballot_hash, b.voter_key, b.receipt_hash, b.network_key, b.vicinity_key, b.agent_key) is not null)
  union all select 'secret_left', count(*)::int from polls where id = $1 and scrubbed_at is not null and ballot_secret is not null
  union all select 'confirmations_left', count(*)::int from ballot_confirmations c join polls p on p.id = c.poll_id
    where p.id = $1 and p.scrubbed_at is not null
  union all select 'event_network_left', count(*)::int from poll_events e join polls p on p.id = e.poll_id
    where p.id = $1 and p.scrubbed_at is not null and e.network_key is not null`;
