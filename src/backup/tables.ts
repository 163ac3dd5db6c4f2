import type { ClientBase } from 'pg';

/** What a backup holds; the order is that of the archive. A test demands that every table stands in one of the two lists. */
export const KEPT: readonly string[] = [
  // Refusals first: whatever is read before the end is broken off has them.
  'mail_suppressions',
  'mail_stops',
  'center',
  'masthead_terms',
  'editors',
  'editor_passwords',
  'editor_sections',
  'second_factors',
  'recovery_codes',
  'api_tokens',
  // The letters that carry these links may still be on their way, and the passwords are those of the same moment.
  'password_links',
  'reset_requests',
  'audit_log',
  'media',
  'media_files',
  'sections',
  'authors',
  'author_merges',
  'tags',
  'series',
  'articles',
  'revisions',
  'revision_authors',
  'revision_tags',
  'revision_media',
  'article_slugs',
  'article_schedules',
  'notices',
  'listings',
  'article_search',
  'search_due',
  'search_vocabulary',
  'lexicon_groups',
  'lexicon_forms',
  'preview_links',
  'imported_pages',
  'old_addresses',
  'ads',
  'ad_sections',
  'ad_days',
  'fronts',
  'front_blocks',
  'front_pieces',
  'article_views',
  'polls',
  'poll_options',
  'poll_events',
  'ballot_groups',
  'ballot_voids',
  'ballots',
  'ballot_choices',
  'ballot_confirmations',
  'counted_receipts',
  'signed_results',
  'mail_outbox',
  'shares',
  'share_recipients',
  'share_confirmations',
  'share_counts',
];

/** What migrations put rows into: there from the beginning, they are no content. A restore brings the archive's in their place. */
export const FILLED: readonly string[] = ['center', 'lexicon_groups', 'lexicon_forms'];

/** What a backup leaves out, and why. */
export const LEFT_OUT: Readonly<Record<string, string>> = {
  migrations: 'written by the migrations that a restore runs',
  content_clock: 'counts transactions of its own server; after a restore everything has just changed',
  sessions: 'whoever has signed out since, or was signed out, must not be signed in again',
  known_devices: 'a device forgotten since, because a password was changed, must not be known again',
  rate_buckets: 'of the moment',
  most_read: 'made of what is kept, every five minutes',
  network_salts: 'gone after two days on purpose: kept in an archive, they would tell whose network a ballot came from',
};

/** A table as the catalogue has it. */
export interface Table {
  readonly name: string;
  readonly columns: readonly string[];
  /** Writes all rows in the order of the primary key, the same on every server. Null without a primary key. */
  readonly copyOut: string | null;
  readonly copyIn: string;
  /** Columns that number themselves. */
  readonly numbered: readonly string[];
}

/** Values as text that every PostgreSQL reads and writes alike; no limit of time, for a table of any size. */
export const SAME_TEXT = `
  set timezone = 'UTC'; set datestyle = 'ISO, YMD'; set intervalstyle = 'postgres'; set extra_float_digits = 1; set bytea_output = 'hex';
  set client_encoding = 'UTF8'; set statement_timeout = 0; set idle_in_transaction_session_timeout = 0`;

/** Every table of the database. Text keys are ordered by their bytes, because servers differ in how they order words. */
export async function tablesOf(client: ClientBase): Promise<Table[]> {
  const { rows } = await client.query<Table>(`
    select c.relname as name, cols.names as columns, coalesce(cols.numbered, '{}') as numbered,
      format('copy (select %s from %I order by %s) to stdout', cols.list, c.relname, key.list) as "copyOut",
      format('copy %I (%s) from stdin', c.relname, cols.list) as "copyIn"
    from pg_class c
    cross join lateral (
      select array_agg(attname::text order by attnum) as names, string_agg(format('%I', attname), ', ' order by attnum) as list,
        array_agg(attname::text order by attnum) filter (where attidentity <> '') as numbered
      from pg_attribute where attrelid = c.oid and attnum > 0 and not attisdropped and attgenerated = '') cols
    left join lateral (
      select string_agg(format('%I', a.attname) || case when a.attcollation <> 0 then ' collate "C"' else '' end, ', ' order by k.place) as list
      from pg_index i cross join unnest(i.indkey::int2[]) with ordinality k (attnum, place)
      join pg_attribute a on a.attrelid = c.oid and a.attnum = k.attnum
      where i.indrelid = c.oid and i.indisprimary) key on true
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') order by c.relname`);
  return rows;
}
