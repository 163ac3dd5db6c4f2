import type { EntityManager } from 'typeorm';

/**
 * Rewrites the places of articles in the lists, from their one definition.
 * @param kind which lists: their name begins so (`section:`); all, unless said
 */
export async function relist(tx: EntityManager, articleIds: readonly number[], kind = ''): Promise<void> {
  await tx.query(
    `with due as materialized (
       select list, published_at, article_id from listings_definition where article_id = any($1::int[]) and starts_with(list, $2)),
     gone as (
       delete from listings l where l.article_id = any($1::int[]) and starts_with(l.list, $2)
         and not exists (select from due where due.list = l.list and due.published_at = l.published_at and due.article_id = l.article_id))
     insert into listings (list, published_at, article_id) select list, published_at, article_id from due on conflict do nothing`,
    [articleIds, kind],
  );
}

/**
 * Until the transaction ends nobody publishes, and no other act rewrites lists: of two such acts the second sees what the first has left, and what
 * is being published meanwhile is either listed already or will be listed by what this act decides. Readers are not in its way.
 */
export async function holdListings(tx: EntityManager): Promise<void> {
  await tx.query(`lock table listings in share row exclusive mode`);
}
