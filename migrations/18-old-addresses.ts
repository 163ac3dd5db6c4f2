import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Where pieces stood before they were imported. */
export class OldAddresses1795453200000 implements MigrationInterface {
  name = 'OldAddresses1795453200000';

  async up(runner: QueryRunner): Promise<void> {
    // Path and query of the old site, in the one spelling of articles/old-addresses.ts. An index entry holds no more than 2,704 bytes.
    await runner.query(`
      create table old_addresses (
        address text collate "C" not null,
        article_id int not null,
        constraint old_addresses_pkey primary key (address),
        constraint old_addresses_article_id_fkey foreign key (article_id) references articles (id) on delete cascade,
        constraint old_addresses_address_check check (address like '/_%' and octet_length(address) <= 2000)
      )`);
    await runner.query(`create index old_addresses_article_id_idx on old_addresses (article_id)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`drop table old_addresses`);
  }
}
