import type { ArticleFound } from '../articles/article-answer.js';
import { statement, type Statement } from '../database/reader.js';
import { cursorSql } from '../http/cursor.js';
import type { Lang } from '../text/language.js';
import { WAIT_HOURS } from './share-limits.js';

/** For how long a share may wait for its sender, or for its turn. */
export const WAITS = `interval '${WAIT_HOURS} hours'`;

/** Whether an editor has first to look at what earlier mail has brought back. */
const STOPPED = `exists (select from mail_stops where lane = 'shares' and resumed_at is null)`;

/** What has to be known before a share is taken. */
export interface Reading extends ArticleFound {
  /** This and the language are null where there is no slug: what is not public now. */
  readonly articleId: number;
  readonly lang: Lang;
  /** Whether this center mails for its readers. */
  readonly sharing: boolean;
  readonly stopped: boolean;
  /** Seconds since 1970. */
  readonly now: number;
  /** The share that this sender has made with this key. */
  readonly shareId: string | null;
  readonly digest: Buffer | null;
  /** Whether that share goes out, or has, without anything its sender has still to do. */
  readonly released: boolean;
}

/** $1 id or folded slug, $2 sender, $3 key. One row. */
function reading(hit: string): Statement {
  return statement(`
    with hit as materialized (${hit})
    select page.id as "articleId", page.lang, page.slug, withdrawal.article_id is not null as withdrawn, withdrawal.reason, center.mail_sharing as sharing,
      ${STOPPED} as stopped, floor(extract(epoch from now()))::float8 as now,
      s.id as "shareId", s.request_digest as digest, coalesce(s.state in ('accepted', 'dispatched'), false) as released
    from center
    left join hit on true
    -- offset 0, as in articles.queries.ts: probed by id, where else the whole barrier view would be built.
    left join lateral (select a.id, a.lang, a.slug from pub.articles a where a.id = hit.article_id offset 0) page on true
    left join lateral (select w.article_id, w.reason from pub.withdrawals w where w.article_id = hit.article_id offset 0) withdrawal on true
    left join shares s on s.sender_hash = $2 and s.idempotency_key = $3`);
}

export const readById = reading(`select $1::int as article_id`);
export const readBySlug = reading(`select article_id from pub.slugs where slug_folded = $1`);

/** No row: the sender has used the key, or somebody the work. */
export const insertShare = `
  insert into shares (id, article_id, sender_hash, state, idempotency_key, request_digest, work_hash, recipients, content_enc)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
  on conflict do nothing returning id`;

export const standingShare = `select id as "shareId", request_digest as digest from shares where sender_hash = $1 and idempotency_key = $2`;

export interface DueShare {
  readonly id: string;
  readonly articleId: number;
  readonly senderHash: Buffer;
  readonly state: 'unasked' | 'accepted';
  readonly content: Buffer;
}

/** What could not be made into letters is tried again after a minute, behind what others have sent meanwhile. */
export const postponeShare = `update shares set due_at = now() + interval '1 minute' where id = $1 and ended_at is null`;

/** Takes one share that something has to be done for; others skip it until the transaction ends. A stop holds up what goes to strangers. */
export const claimShare = `
  select id, article_id as "articleId", sender_hash as "senderHash", state, content_enc as content from shares
  where state in ('unasked', 'accepted') and due_at <= now() and created_at > now() - ${WAITS} and (select mail_sharing from center)
    and (state = 'unasked' or not exists (select from mail_stops where lane = 'shares' and resumed_at is null))
  order by due_at limit 1 for update skip locked`;

/**
 * A piece goes to a mailbox once in 30 days. No row: it has had it. Whoever claims the mailbox's limits first comes after everybody who is
 * writing to it now, and sees what they did. $1 share, $2 article, $3 mailbox
 */
export const insertRecipient = `
  insert into share_recipients (share_id, article_id, recipient_hash, period)
  select $1, $2, $3, date_trunc('month', now() at time zone 'UTC')::date
  where not exists (
    select from share_recipients where article_id = $2 and recipient_hash = $3 and created_at > now() - interval '30 days')
  on conflict do nothing returning share_id`;

/** $1 article, $2 letters */
export const countShare = `
  insert into share_counts (article_id, day, shares, letters)
  select $1, (now() at time zone zone)::date, 1, $2 from center
  on conflict (article_id, day) do update set shares = share_counts.shares + 1, letters = share_counts.letters + excluded.letters`;

/** A row of counts with the cursor of the page that follows it. */
export interface CountRow {
  readonly articleId: number;
  readonly title: string;
  readonly lang: Lang;
  readonly day: string;
  readonly shares: number;
  readonly letters: number;
  readonly cursor: string;
}

/**
 * A page of counts and one row more, the newest day first. The title is the public one, else the newest.
 * $1 limit, $2 and $3 day and article of the cursor, $4 article, $5 and $6 the first and last day or instant
 */
export const countPage = `
  with bounds as materialized (
    select case when length($5) = 10 then $5::date else ($5::timestamptz at time zone zone)::date end as since,
      case when length($6) = 10 then $6::date else ($6::timestamptz at time zone zone)::date end as until
    from center)
  select c.article_id as "articleId", title.title, a.lang, to_char(c.day, 'YYYY-MM-DD') as day, c.shares, c.letters,
    ${cursorSql('shares', `to_char(c.day, 'YYYY-MM-DD')`, 'c.article_id')} as cursor
  from share_counts c
  join articles a on a.id = c.article_id
  cross join bounds
  cross join lateral (
    select r.title from revisions r where r.article_id = a.id
    order by coalesce(r.id = a.live_revision_id, false) desc, r.number desc limit 1) title
  where ($2::date is null or (c.day, c.article_id) < ($2::date, $3::int)) and ($4::int is null or c.article_id = $4)
    and (bounds.since is null or c.day >= bounds.since) and (bounds.until is null or c.day <= bounds.until)
  order by c.day desc, c.article_id desc
  limit $1::int + 1`;
