import type { MigrationInterface, QueryRunner } from 'typeorm';

/** How often pieces are read, hour by hour, and which are read most. */
export class Readership1795449600000 implements MigrationInterface {
  name = 'Readership1795449600000';

  async up(runner: QueryRunner): Promise<void> {
    // Numbers alone: nothing here tells of a reader.
    await runner.query(`
      create table article_views (
        article_id int not null,
        hour timestamptz not null,
        views int not null,
        constraint article_views_pkey primary key (article_id, hour),
        constraint article_views_article_id_fkey foreign key (article_id) references articles (id) on delete restrict,
        constraint article_views_views_check check (views > 0)
      )`);
    await runner.query(`create index article_views_hour_idx on article_views (hour)`);
    // A whole ranking is one row, so that an unchanged one leaves its date alone. Its ids need no keys: who reads it looks each piece up.
    await runner.query(`
      create table most_read (
        period text not null,
        article_ids int[] not null,
        changed_at timestamptz not null default clock_timestamp(),
        constraint most_read_pkey primary key (period),
        constraint most_read_period_check check (period in ('24h', '7d', '30d')),
        constraint most_read_length_check check (cardinality(article_ids) <= 50)
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`drop table most_read, article_views`);
  }
}
