import type { MigrationInterface, QueryRunner } from 'typeorm';

/** How long the desk keeps what it may let go of. */
export class Retention1795431600000 implements MigrationInterface {
  name = 'Retention1795431600000';

  async up(runner: QueryRunner): Promise<void> {
    // Null: for good.
    await runner.query(`
      alter table center
        add column revisions_kept_days int,
        add column audit_kept_days int,
        add constraint center_revisions_kept_days_check check (revisions_kept_days between 1 and 36500),
        add constraint center_audit_kept_days_check check (audit_kept_days between 30 and 36500)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`alter table center drop column revisions_kept_days, drop column audit_kept_days`);
  }
}
