import { createHmac } from 'node:crypto';
import { DataSource, type EntityManager } from 'typeorm';
import { Problem } from './problem.js';

/** One thing that is counted: so many claims in so many seconds. */
export interface Bucket {
  /** What is counted: `sign-in account`. */
  readonly name: string;
  /** Whose: an address, a network. Only its keyed hash is stored. */
  readonly of: string;
  readonly limit: number;
  /** From the first claim on; wrong guesses begin them anew. */
  readonly seconds: number;
  /** How many are claimed at once, all or none. Default 1. */
  readonly count?: number;
}

/** Short enough not to hold anybody up. */
const SWEPT_AT_ONCE = 1_000;

/**
 * Claims each bucket in one upsert, in the order given; the seconds of those refused, else null. A bucket that somebody else has just made is
 * not seen by this statement: it lasts its whole time.
 */
const CLAIM = `
  with asked as materialized (
    select * from unnest($1::bytea[], $2::int[], $3::int[], $4::int[]) with ordinality a (key, count, most, seconds, place)),
  granted as (
    insert into rate_buckets as b (key, n, resets_at)
    select key, count, now() + make_interval(secs => seconds) from asked where count <= most order by place
    on conflict (key) do update set
      n = case when b.resets_at <= now() then excluded.n else b.n + excluded.n end,
      resets_at = case when b.resets_at <= now() then excluded.resets_at else b.resets_at end
    where case when b.resets_at <= now() then 0 else b.n end + excluded.n <= (select most from asked where asked.key = b.key)
    returning b.key)
  select case when g.key is null then case when b.key is null then a.seconds else greatest(1, ceil(extract(epoch from b.resets_at - now())))::int end end as seconds
  from asked a left join granted g on g.key = a.key left join rate_buckets b on b.key = a.key
  order by a.place`;

/** Limits that hold for all instances together: each claim is one statement, so that a hundred at once get no more than one after another. */
export class RateLimits {
  private hmacKey: Buffer | null = null;

  /** @param deriveKey asked at the first claim: commands that only describe the application have no secret */
  constructor(
    private readonly dataSource: DataSource,
    private readonly deriveKey: () => Buffer,
  ) {}

  /**
   * @param within a transaction that the claim is part of: rolled back it never was, and until its end others who claim the same wait
   * @returns null when it is granted, else in how many seconds it may be again
   */
  async claim(bucket: Bucket, within: Pick<EntityManager, 'query'> = this.dataSource): Promise<number | null> {
    const [wait] = await this.claimEach([bucket], within);
    return wait!;
  }

  /**
   * Claims several, each for itself, in one statement. Whoever claims the same ones does so in the same order, or two would wait for each
   * other; the busiest come last, because they are held until the transaction ends.
   * @param within as in {@link claim}
   * @returns for each what {@link claim} returns, in their order
   */
  async claimEach(buckets: readonly Bucket[], within: Pick<EntityManager, 'query'> = this.dataSource): Promise<readonly (number | null)[]> {
    const rows = await within.query<{ seconds: number | null }[]>(CLAIM, [
      buckets.map((bucket) => this.keyOf(bucket)),
      buckets.map(({ count = 1 }) => count),
      buckets.map(({ limit }) => limit),
      buckets.map(({ seconds }) => seconds),
    ]);
    return rows.map(({ seconds }) => seconds);
  }

  /** Whether a claim would be refused now. Tells how things stand; whoever needs to be sure claims. */
  async isFull(buckets: readonly Bucket[]): Promise<readonly boolean[]> {
    const rows = await this.dataSource.query<{ full: boolean }[]>(
      `select coalesce(b.resets_at > now() and b.n + a.count > a.most, a.count > a.most) as full
       from unnest($1::bytea[], $2::int[], $3::int[]) with ordinality a (key, count, most, place) left join rate_buckets b on b.key = a.key
       order by a.place`,
      [buckets.map((bucket) => this.keyOf(bucket)), buckets.map(({ count = 1 }) => count), buckets.map(({ limit }) => limit)],
    );
    return rows.map(({ full }) => full);
  }

  /** Takes a claim back: it turned out not to be what is counted. @param within as in {@link claim} */
  async giveBack(bucket: Bucket, within: Pick<EntityManager, 'query'> = this.dataSource): Promise<void> {
    await within.query(`update rate_buckets set n = n - 1 where key = $1 and n > 0`, [this.keyOf(bucket)]);
  }

  private async beginAnew(bucket: Bucket): Promise<void> {
    await this.dataSource.query(`update rate_buckets set resets_at = now() + make_interval(secs => $2) where key = $1`, [
      this.keyOf(bucket),
      bucket.seconds,
    ]);
  }

  /**
   * Lets somebody guess, and counts wrong guesses only. Each is counted before it is looked at, or a hundred at once would all be; what
   * turns out right, or fails for another reason, is taken back. A guess that one bucket refuses counts in none. Each wrong one begins the
   * seconds anew, so that a full bucket stays full for all of them; a right one does not, or wrong ones would never be forgotten where
   * somebody signs in every few minutes.
   * @param guess null when it was wrong
   * @throws Problem 429 `too_many_tries` with Retry-After
   */
  async guess<Right>(buckets: readonly Bucket[], guess: () => Promise<Right | null>): Promise<Right | null> {
    const claimed: Bucket[] = [];
    const takeBack = (): Promise<unknown> => Promise.all(claimed.map((bucket) => this.giveBack(bucket)));
    let right: Right | null;
    try {
      for (const bucket of buckets) {
        const seconds = await this.claim(bucket);
        if (seconds !== null) throw tooManyTries(seconds);
        claimed.push(bucket);
      }
      right = await guess();
    } catch (error) {
      await takeBack();
      throw error;
    }
    await (right === null ? Promise.all(claimed.map((bucket) => this.beginAnew(bucket))) : takeBack());
    return right;
  }

  /** Removes buckets that have emptied, so many at a time. @returns whether more may be left */
  async sweep(): Promise<boolean> {
    const [, swept] = await this.dataSource.query<[unknown, number]>(
      `delete from rate_buckets where key in (select key from rate_buckets where resets_at <= now() limit $1 for update skip locked)`,
      [SWEPT_AT_ONCE],
    );
    return swept === SWEPT_AT_ONCE;
  }

  private keyOf({ name, of }: Bucket): Buffer {
    this.hmacKey ??= this.deriveKey();
    return createHmac('sha256', this.hmacKey).update(`${name}\0${of}`).digest();
  }
}

export function tooManyTries(seconds: number): Problem {
  return new Problem(
    429,
    'too_many_tries',
    { ar: 'محاولات كثيرة. حاول بعد حين.', en: 'Too many tries. Try again later.' },
    { headers: { 'retry-after': String(seconds) } },
  );
}
