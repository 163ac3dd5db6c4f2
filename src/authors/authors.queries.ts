import type { EntityManager } from 'typeorm';
import { holdListings, relist } from '../database/listings.js';
import { statement } from '../database/reader.js';
import { cursorSql } from '../http/cursor.js';
import { validity } from '../http/published.js';
import { matchKey } from '../text/fold.js';
import type { Wording } from '../text/wording.js';
import type { DeskAuthor, ListDeskAuthors } from './author.dto.js';
import type { Author } from './author.entity.js';

/** `u` is a row of pub.authors, `home` of pub.center. @param asked SQL for the asked language @param origin SQL for the base of addresses */
const profile = (asked: string, origin: string): string => `json_build_object(
  'id', u.id, 'slug', u.slug, 'name', pub.wording(u.name, ${asked}, home.lang),
  'affiliation', pub.wording(u.affiliation, ${asked}, home.lang), 'bio', pub.wording(u.bio, ${asked}, home.lang),
  'orcid', u.orcid, 'links', u.links, 'portrait', pub.picture(u.portrait, ${asked}, home.lang, ${origin}))`;

// Limit + 1 authors by name. $2 and $3 key and id of the cursor or null, $4 limit
const byName = `
  page as materialized (
    select u.id, u.sort_key, row_number() over (order by u.sort_key collate "ar-x-icu", u.id) as n
    from pub.authors u
    where $2::text is null or (u.sort_key collate "ar-x-icu", u.id) > ($2::text collate "ar-x-icu", $3::int)
    order by u.sort_key collate "ar-x-icu", u.id
    limit $4::int + 1),
  next as (select ${cursorSql('authors', 'sort_key', 'id')} as cursor from page where n = $4::int and (select count(*) from page) > $4::int)`;

/** A page of authors by name. $1 asked language, $2 and $3 key and id of the cursor or null, $4 limit, $5 base of addresses */
export const authorPage = statement(`
  with home as materialized (select lang from pub.center),
  ${byName}
  select json_build_object(
      'items', (
        select coalesce(json_agg(author.profile order by page.n), '[]')
        -- offset 0, so that it is one probe for each of the page.
        from page cross join lateral (select ${profile('$1', '$5::text')} as profile from pub.authors u where u.id = page.id offset 0) author
        where page.n <= $4::int),
      'nextCursor', (select cursor from next))::text as body,
    (select cursor from next) as next, ${validity('clock.changed_at')}
  from home, pub.clock`);

/** The same for a reader page, with names in every language. $1 language of the portraits' texts, the others as above */
export const authorsForPage = statement(`
  with home as materialized (select lang from pub.center),
  ${byName}
  select center.name as center, center.lang as home, center.zone, ${validity('clock.changed_at')}, (select cursor from next) as next, (
    select coalesce(json_agg(author.entry order by page.n), '[]')
    from page cross join lateral (
      select json_build_object('slug', u.slug, 'name', u.name, 'affiliation', u.affiliation,
        'portrait', pub.picture(u.portrait, $1, home.lang, $5::text)) as entry
      from home, pub.authors u where u.id = page.id offset 0) author
    where page.n <= $4::int) as authors
  from pub.center, pub.clock`);

/**
 * One author for their page, found also by the id or slug of a record merged into theirs. $1 id or null, $2 folded slug or null, $3 language of
 * the portrait's text, $4 base of addresses
 */
export const authorForPage = statement(`
  select center.name as center, center.lang as home, center.zone, ${validity('clock.changed_at')},
    u.id, u.slug, u.name, u.affiliation, u.bio, u.orcid, u.links, pub.picture(u.portrait, $3, center.lang, $4::text) as portrait
  from pub.center, pub.clock, pub.authors u
  where u.id = $1::int or u.slug_folded = $2
    or u.id = (select m.author_id from pub.merged_authors m where m.id = $1::int or m.slug_folded = $2)`);

/** One author, found also by the slug of a record merged into theirs. $1 folded slug, $2 asked language, $3 base of addresses */
export const authorBySlug = statement(`
  with home as materialized (select lang from pub.center)
  select u.slug, ${validity('clock.changed_at')}, ${profile('$2', '$3::text')}::text as body
  from home, pub.clock, pub.authors u
  where u.slug_folded = $1 or u.id = (select author_id from pub.merged_authors where slug_folded = $1)`);

/**
 * A page of authors for the desk, one more than asked for when there are further ones.
 *
 * `q` is looked for anywhere in the folded names. No index finds a part of a word, so they are walked in the order of the list: 18 ms for
 * one that is not there among 20,000.
 */
export function deskAuthorPage(
  tx: EntityManager,
  { q, cursor, limit }: ListDeskAuthors,
): Promise<{ author: DeskAuthor; cursor: string }[]> {
  return tx.query(
    `select ${cursorSql('desk-authors', 'sort_key', 'id')} as cursor, json_build_object(
       'id', id, 'version', version, 'slug', slug, 'name', name, 'honorific', honorific, 'affiliation', affiliation, 'bio', bio,
       'orcid', orcid, 'links', links, 'aliases', aliases, 'portraitId', portrait_id, 'mergedInto', merged_into) as author
     from authors
     where ($1::text is null or (sort_key collate "ar-x-icu", id) > ($1::text collate "ar-x-icu", $2::int))
       and ($4::text is null or strpos(array_to_string(match_keys, E'\\n'), $4) > 0)
     order by sort_key collate "ar-x-icu", id
     limit $3::int + 1`,
    [cursor?.key, cursor?.id, limit, q === undefined ? null : matchKey(q)],
  );
}

/** An author that there is, and the names of a record that leads to them. */
interface Resembling {
  readonly id: number;
  readonly slug: string;
  readonly name: Wording;
  readonly names: readonly string[];
  readonly sameOrcid: boolean;
}

/** So many are looked at: a name that more bear tells nothing. */
const MOST_RESEMBLING = 200;

/**
 * Who may be the same person as a new author, at a first hearing: those under the same ORCID, an equal folded name or an equal skeleton.
 * Through three indexes, in 8 buffers among 20,000 authors. Merged records answer for whom they lead to.
 */
export function resembling(tx: EntityManager, { id, orcid, matchKeys, nameSkeletons }: Author): Promise<Resembling[]> {
  return tx.query(
    `select t.id, t.slug, t.name, array(select value from jsonb_each_text(u.name)) || u.aliases as names, coalesce(u.orcid = $2, false) as "sameOrcid"
     from authors u join authors t on t.id = coalesce(u.merged_into, u.id)
     where u.id <> $1 and (u.orcid = $2 or u.match_keys && $3::text[] or u.name_skeletons && $4::text[])
     order by coalesce(u.orcid = $2, false) desc, u.match_keys && $3::text[] desc, u.id limit $5::int`,
    [id, orcid, matchKeys.filter((key) => key !== ''), nameSkeletons, MOST_RESEMBLING],
  );
}

/**
 * From now until the transaction ends no other merge is made or undone, and nobody publishes.
 *
 * The articles of the records first, as every act on an article does it, then the lists: who publishes one of them waits for us before he
 * holds the lists, and no ring of waiting comes about.
 * @param ids whose articles, and of whoever was merged into them
 */
export async function holdMerges(tx: EntityManager, ids: readonly number[]): Promise<void> {
  await tx.query(
    `select from articles where id in (
       select r.article_id from revision_authors b join revisions r on r.id = b.revision_id join authors u on u.id = b.author_id
       where u.id = any($1::int[]) or u.merged_into = any($1::int[]))
     order by id for key share`,
    [ids],
  );
  await holdListings(tx);
}

/**
 * Leads a record, and all that were merged into it, to the end of their chains of merges, and their public articles into its lists.
 * @param id of a record whose own merge was just made or undone
 */
export async function leadOn(tx: EntityManager, id: number): Promise<void> {
  const [records] = await tx.query<[{ id: number }[], number]>(
    `with recursive records (id) as (
       select $1::int
       union select m.from_author_id from records join author_merges m on m.into_author_id = records.id and m.undone_at is null),
     chain (id, at) as (
       select id, id from records
       union select chain.id, m.into_author_id from chain join author_merges m on m.from_author_id = chain.at and m.undone_at is null)
     update authors u set merged_into = nullif(chain.at, u.id)
     from chain where u.id = chain.id
       and not exists (select from author_merges m where m.from_author_id = chain.at and m.undone_at is null)
     returning u.id`,
    [id],
  );
  const articles = await tx.query<{ id: number }[]>(
    `select distinct a.id from revision_authors b join revisions r on r.id = b.revision_id join articles a on a.live_revision_id = r.id
     where b.author_id = any($1::int[]) and a.id = r.article_id`,
    [records.map((record) => record.id)],
  );
  await relist(
    tx,
    articles.map((article) => article.id),
    'author:',
  );
}
