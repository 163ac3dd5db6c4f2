import { createHash, createPrivateKey, createPublicKey, sign, type JsonWebKey, type KeyObject } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { Addresses } from '../http/addresses.js';
import { NotFound, Problem } from '../http/problem.js';
import { Published, validity, type PublishedRow } from '../http/published.js';
import type { Wording } from '../text/wording.js';
import { PollSecrets } from './poll-secrets.js';
import type { PollState, ResultsRule } from './poll.entity.js';

/** What is signed when a poll closes, and again after each correction; members in this order. Wording in all its languages. */
export interface ResultStatement {
  readonly poll: number;
  readonly question: Wording;
  readonly level: number;
  readonly maxChoices: number;
  readonly opensAt: string;
  readonly closesAt: string;
  /** Counted ballots. */
  readonly totalBallots: number;
  readonly underReview: number;
  readonly removed: number;
  /** Batches that are out of the count, in their order. */
  readonly removals: readonly { readonly ballots: number; readonly reason: string; readonly at: string }[];
  readonly options: readonly { readonly id: number; readonly label: Wording; readonly ballots: number }[];
  /** SHA-256 of the receipt of each counted ballot, hexadecimal, sorted. */
  readonly receipts: readonly string[];
  /** From 1 on; the highest is the one that holds. */
  readonly edition: number;
  readonly signedAt: string;
  readonly center: { readonly name: Wording; readonly url: string };
}

/** Flattened JWS JSON (RFC 7515, 7.2.2). */
export interface Jws {
  readonly protected: string;
  readonly payload: string;
  readonly signature: string;
}

interface CountedPoll {
  readonly question: Wording;
  readonly level: number;
  readonly maxChoices: number;
  readonly opensAt: Date;
  readonly closesAt: Date;
  readonly totalBallots: number;
  readonly underReview: number;
  readonly removed: number;
  readonly removals: readonly { readonly ballots: number; readonly reason: string; readonly at: string }[];
  readonly options: readonly { readonly id: number; readonly label: Wording; readonly ballots: number }[];
  readonly receipts: readonly string[];
  readonly name: Wording;
  readonly now: Date;
  readonly newest: { readonly edition: number; readonly payload: string } | null;
}

/** PKCS #8 of an Ed25519 key is this and the 32 bytes of the seed (RFC 8410). */
const PKCS8_ED25519 = Buffer.from('302e020100300506032b657004220420', 'hex');

/** The count of a closed poll as a statement that anybody can check, and every voter can find the own receipt in. Editions are added, never changed. */
@Injectable()
export class SignedResults {
  private made: { readonly key: KeyObject; readonly jwk: JsonWebKey; readonly kid: string } | null = null;

  constructor(
    private readonly dataSource: DataSource,
    private readonly addresses: Addresses,
    private readonly secrets: PollSecrets,
  ) {}

  /** Signs the count of a poll that the caller holds, as the next edition; the same again is not signed twice. */
  async sign(tx: EntityManager, pollId: number): Promise<void> {
    const [poll] = await tx.query<[CountedPoll]>(countedPoll, [pollId]);
    const edition = (poll.newest?.edition ?? 0) + 1;
    const statement: ResultStatement = {
      poll: pollId,
      question: poll.question,
      level: poll.level,
      maxChoices: poll.maxChoices,
      opensAt: poll.opensAt.toISOString(),
      closesAt: poll.closesAt.toISOString(),
      totalBallots: poll.totalBallots,
      underReview: poll.underReview,
      removed: poll.removed,
      removals: poll.removals.map(({ ballots, reason, at }) => ({ ballots, reason, at })),
      options: poll.options.map(({ id, label, ballots }) => ({ id, label, ballots })),
      receipts: poll.receipts,
      edition,
      signedAt: poll.now.toISOString(),
      center: { name: poll.name, url: this.addresses.origin },
    };
    if (poll.newest !== null && sameResult(statement, statementOf(poll.newest))) return;
    const { key, jwk, kid } = this.key();
    const head = base64url(JSON.stringify({ alg: 'EdDSA', kid, jwk }));
    const payload = base64url(JSON.stringify(statement));
    const signature = sign(null, Buffer.from(`${head}.${payload}`), key).toString('base64url');
    const jws: Jws = { protected: head, payload, signature };
    await tx.query(`insert into signed_results (poll_id, edition, jws, jwk, signed_at) values ($1, $2, $3, $4, $5)`, [
      pollId,
      edition,
      jws,
      this.presentKey(),
      poll.now,
    ]);
  }

  /**
   * A signed result, the newest unless an edition is named.
   * @throws NotFound; Problem 403 `results_hidden` before it has closed, and where only the desk sees its results
   */
  async find(pollId: number, edition: number | undefined): Promise<Published> {
    const [poll] = await this.dataSource.query<{ state: PollState; results: ResultsRule }[]>(
      `select state, results from polls where id = $1 and state <> 'draft' and opens_at <= poll_now()`,
      [pollId],
    );
    if (poll === undefined) throw new NotFound();
    if (poll.results === 'never_public') throw hidden('لا تُنشر نتيجة هذا الاستطلاع.', 'The result of this poll is not published.');
    if (poll.state === 'open') throw hidden('تُوقَّع النتيجة حين يُغلق الاستطلاع.', 'The result is signed when the poll closes.');
    const [row] = await this.dataSource.query<PublishedRow[]>(signedResult, [pollId, edition]);
    if (row === undefined) throw new NotFound();
    return new Published(row);
  }

  /** JWK Set (RFC 7517) of every key that ever signed here, and the one that signs now. */
  async keys(): Promise<Published> {
    const used = await this.dataSource.query<{ jwk: JsonWebKey }[]>(
      `select jwk from signed_results group by jwk order by min(signed_at), jwk ->> 'kid'`,
    );
    const present = this.presentKey();
    const keys = [...used.map((row) => row.jwk).filter((key) => key['kid'] !== present['kid']), present];
    // Which key is the present one is said nowhere with a date: asked by date alone it is always new.
    return new Published({ body: JSON.stringify({ keys }), modified: new Date(0), settled: false });
  }

  /** The public key of the one that signs now, as it is published. */
  presentKey(): JsonWebKey {
    const { jwk, kid } = this.key();
    return { ...jwk, kid, use: 'sig', alg: 'EdDSA' };
  }

  private key(): NonNullable<SignedResults['made']> {
    if (this.made === null) {
      const key = createPrivateKey({ key: Buffer.concat([PKCS8_ED25519, this.secrets.results]), format: 'der', type: 'pkcs8' });
      const { x } = createPublicKey(key).export({ format: 'jwk' });
      const jwk = { kty: 'OKP', crv: 'Ed25519', x: x! };
      this.made = { key, jwk, kid: thumbprint(jwk) };
    }
    return this.made;
  }
}

/** RFC 7638: of the required members, in the order of the alphabet. */
function thumbprint({ kty, crv, x }: JsonWebKey): string {
  return createHash('sha256').update(JSON.stringify({ crv, kty, x })).digest('base64url');
}

export function statementOf({ payload }: Pick<Jws, 'payload'>): ResultStatement {
  return JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')) as ResultStatement;
}

function sameResult(one: ResultStatement, other: ResultStatement): boolean {
  const counted = (statement: ResultStatement): string => JSON.stringify({ ...statement, edition: 0, signedAt: '' });
  return counted(one) === counted(other);
}

function base64url(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64url');
}

function hidden(ar: string, en: string): Problem {
  return new Problem(403, 'results_hidden', { ar, en });
}

/** All of one moment. $1 poll */
const countedPoll = `
  select p.question, p.level, p.max_choices as "maxChoices", p.opens_at as "opensAt", p.closes_at as "closesAt", n.*,
    coalesce((select json_agg(json_build_object('ballots', v.ballots, 'reason', v.reason, 'at', pub.instant(v.created_at)) order by v.id)
      from ballot_voids v where v.poll_id = p.id and v.restored_at is null), '[]') as removals,
    (select json_agg(json_build_object('id', o.id, 'label', o.label, 'ballots', (
        select count(*) from ballot_choices c join ballots b on b.id = c.ballot_id and b.poll_id = c.poll_id
        where c.poll_id = p.id and c.option_id = o.id and b.status = 'counted')) order by o.position)
      from poll_options o where o.poll_id = p.id) as options,
    array(select encode(b.receipt_hash, 'hex') from ballots b where b.poll_id = p.id and b.status = 'counted' order by b.receipt_hash) as receipts,
    (select name from center) as name, poll_now() as now,
    (select json_build_object('edition', s.edition, 'payload', s.jws ->> 'payload')
      from signed_results s where s.poll_id = p.id order by s.edition desc limit 1) as newest
  from polls p cross join lateral (
    select count(*) filter (where b.status = 'counted')::int as "totalBallots",
      count(*) filter (where b.status = 'under_review')::int as "underReview", count(*) filter (where b.status = 'void')::int as removed
    from ballots b where b.poll_id = p.id) n
  where p.id = $1`;

/** $1 poll, $2 edition, or null for the newest */
const signedResult = `
  select s.jws::text as body, ${validity('s.signed_at')}
  from signed_results s where s.poll_id = $1 and ($2::int is null or s.edition = $2) order by s.edition desc limit 1`;
