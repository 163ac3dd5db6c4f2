import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The append-only record of editors' acts. */
export class Audit1795395600000 implements MigrationInterface {
  name = 'Audit1795395600000';

  async up(runner: QueryRunner): Promise<void> {
    // The editor's id has no foreign key, and the name stands beside it: the record outlives whoever it tells about.
    await runner.query(`
      create table audit_log (
        id int generated always as identity,
        at timestamptz not null default clock_timestamp(),
        editor_id int,
        editor_name text,
        act text not null,
        object_type text not null,
        object_id int not null,
        before jsonb not null default '{}',
        after jsonb not null default '{}',
        request_id uuid,
        constraint audit_log_pkey primary key (id)
      )`);
    // Each filter's entries lie together in the order they are listed in, so that a span of time is one stretch of any of them.
    await runner.query(`create index audit_log_at_idx on audit_log (at, id)`);
    await runner.query(`create index audit_log_editor_idx on audit_log (editor_id, at, id)`);
    await runner.query(`create index audit_log_act_idx on audit_log (act, at, id)`);
    await runner.query(`create index audit_log_object_idx on audit_log (object_type, object_id, at, id)`);
    await runner.query(`
      create function refuse_audit_change() returns trigger language plpgsql as $$
      begin
        -- Retention says so for its own transaction (set local markaz.retention = 'on'); and it only removes, it never rewrites.
        if tg_op = 'DELETE' and current_setting('markaz.retention', true) = 'on' then
          return old;
        end if;
        raise exception 'the audit log only grows' using errcode = '23000', constraint = 'audit_log_append_only', table = tg_table_name;
      end $$`);
    await runner.query(
      `create trigger audit_log_append_only before update or delete on audit_log for each row execute function refuse_audit_change()`,
    );
    await runner.query(
      `create trigger audit_log_no_truncate before truncate on audit_log for each statement execute function refuse_audit_change()`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`drop table audit_log`);
    await runner.query(`drop function refuse_audit_change()`);
  }
}
