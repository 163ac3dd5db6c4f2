import { cursorSql } from '../http/cursor.js';

/** An entry as the database gives it, with the cursor of the page that follows it. */
export interface AuditRow {
  readonly id: number;
  readonly at: Date;
  readonly editor_id: number | null;
  readonly editor_name: string | null;
  readonly token: string | null;
  readonly act: string;
  readonly object_type: string;
  readonly object_id: number;
  readonly before: Record<string, unknown>;
  readonly after: Record<string, unknown>;
  readonly request_id: string | null;
  readonly cursor: string;
}

/**
 * A page of the audit log and one entry more, newest first. It is not prepared by name, so PostgreSQL plans it for the values given and a
 * filter that is null costs nothing.
 *
 * $1 limit, $2 and $3 moment (µs since 1970) and id of the cursor, $4 editor, $5 act, $6 and $7 type and id of the object, $8 and $9 the
 * first and last day or instant
 */
export const auditPage = `
  with bounds as materialized (
    -- Instants count by the millisecond, as answers show them: an entry is found by the moment it gives.
    -- One upper bound: a cursor and an end side by side would make the scan start at the wrong one.
    select least(
        timestamptz 'epoch' + $2::bigint * interval '1 microsecond',
        case when length($9) = 10 then ($9::date + 1)::timestamp at time zone zone else date_trunc('milliseconds', $9::timestamptz) + interval '1 millisecond' end,
        'infinity') as before,
      coalesce(case when length($8) = 10 then $8::date::timestamp at time zone zone else date_trunc('milliseconds', $8::timestamptz) end, '-infinity') as since
    from center),
  start as materialized (
    select before, case when before = timestamptz 'epoch' + $2::bigint * interval '1 microsecond' then $3::int else 0 end as before_id, since from bounds)
  select id, at, editor_id, editor_name, token, act, object_type, object_id, before, after, request_id,
    ${cursorSql('audit', `(extract(epoch from at) * 1000000)::bigint`, 'id')} as cursor
  from audit_log
  where (at, id) < ((select before from start), (select before_id from start)) and at >= (select since from start)
    and ($4::int is null or editor_id = $4) and ($5::text is null or act = $5)
    and ($6::text is null or object_type = $6) and ($7::int is null or object_id = $7)
  order by at desc, id desc
  limit $1::int + 1`;
