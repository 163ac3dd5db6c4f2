import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Titles are asked for as a whole, words by how they sound, and what a merged author wrote is found by the name readers are led to. */
export class SearchMerges1795438800000 implements MigrationInterface {
  name = 'SearchMerges1795438800000';

  async up(runner: QueryRunner): Promise<void> {
    // Titles may be longer than a b-tree bears.
    await runner.query(`create index article_search_title_idx on article_search using hash (title)`);
    // Null: not reckoned yet, which code does. Empty: too short to tell anything.
    await runner.query(`alter table search_vocabulary add column sound text`);
    await runner.query(`create index search_vocabulary_sound_idx on search_vocabulary (sound) where sound <> ''`);
    await runner.query(`create index search_vocabulary_unheard_idx on search_vocabulary (word) where sound is null`);
    await runner.query(`
      create or replace function search_due_by_author() returns trigger language plpgsql as $$
      begin
        perform search_await_publications();
        insert into search_due select article_id from article_search
          where author_ids && (array[new.id] || array(select id from authors where merged_into = new.id)) order by 1 on conflict do nothing;
        return null;
      end $$`);
    await runner.query(`
      create or replace trigger search_due after update of name, merged_into on authors
        for each row when (old.name is distinct from new.name or old.merged_into is distinct from new.merged_into)
        execute function search_due_by_author()`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create or replace trigger search_due after update of name on authors for each row when (old.name is distinct from new.name)
        execute function search_due_by_author()`);
    await runner.query(`
      create or replace function search_due_by_author() returns trigger language plpgsql as $$
      begin
        perform search_await_publications();
        insert into search_due select article_id from article_search where author_ids @> array[new.id] order by 1 on conflict do nothing;
        return null;
      end $$`);
    await runner.query(`alter table search_vocabulary drop column sound`);
    await runner.query(`drop index article_search_title_idx`);
  }
}
