import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Second factors with their recovery codes, tokens for programs, and sessions that can be told apart. */
export class SecondFactor1795420800000 implements MigrationInterface {
  name = 'SecondFactor1795420800000';

  async up(runner: QueryRunner): Promise<void> {
    // The id is what an editor ends a session by; it opens nothing.
    await runner.query(`
      alter table sessions
        add column id uuid not null default gen_random_uuid(),
        add column agent text,
        add column second_factor boolean not null default false,
        add constraint sessions_id_key unique (id)`);
    // last_step: of RFC 6238; a code is taken once.
    await runner.query(`
      create table second_factors (
        editor_id int not null,
        secret_enc bytea not null,
        created_at timestamptz not null default now(),
        confirmed_at timestamptz,
        last_step bigint,
        constraint second_factors_pkey primary key (editor_id),
        constraint second_factors_editor_id_fkey foreign key (editor_id) references editors (id) on delete cascade
      )`);
    await runner.query(`
      create table recovery_codes (
        editor_id int not null,
        code_hash bytea not null,
        used_at timestamptz,
        constraint recovery_codes_pkey primary key (editor_id, code_hash),
        constraint recovery_codes_editor_id_fkey foreign key (editor_id) references second_factors (editor_id) on delete cascade
      )`);
    // A token lives 366 days at the most, said in hours: days are of different length where clocks are turned.
    await runner.query(`
      create table api_tokens (
        id uuid not null default gen_random_uuid(),
        editor_id int not null,
        name text not null,
        token_hash bytea not null,
        scopes text[] not null,
        created_at timestamptz not null default now(),
        expires_at timestamptz not null,
        used_at timestamptz,
        constraint api_tokens_pkey primary key (id),
        constraint api_tokens_token_hash_key unique (token_hash),
        constraint api_tokens_editor_id_fkey foreign key (editor_id) references editors (id) on delete cascade,
        constraint api_tokens_scopes_check check (cardinality(scopes) > 0),
        constraint api_tokens_expires_at_check check (expires_at > created_at and expires_at <= created_at + interval '8784 hours')
      )`);
    await runner.query(`create index api_tokens_editor_id_idx on api_tokens (editor_id)`);
    // The name at that time, like the editor's: the record outlives the token.
    await runner.query(`alter table audit_log add column token text`);
    await runner.query(`
      alter table center
        add column second_factor_roles text[] not null default '{}',
        add constraint center_second_factor_roles_check check (second_factor_roles <@ array['admin', 'chief', 'section_editor', 'contributor'])`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`alter table center drop column second_factor_roles`);
    await runner.query(`alter table audit_log drop column token`);
    await runner.query(`drop table api_tokens, recovery_codes, second_factors`);
    await runner.query(`alter table sessions drop column id, drop column agent, drop column second_factor`);
  }
}
