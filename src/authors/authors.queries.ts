import type { EntityManager } from 'typeorm';
import { statement } from '../database/reader.js';
import { cursorSql } from '../http/cursor.js';
import { validity } from '../http/published.js';
import { matchKey } from '../text/fold.js';
import type { DeskAuthor, ListDeskAuthors } from './author.dto.js';

/** `u` is a row of pub.authors, `home` of pub.center. @param asked SQL for the asked language @param origin SQL for the base of addresses */
const profile = (asked: string, origin: string): string => `json_build_object(
  'id', u.id, 'slug', u.slug, 'name', pub.wording(u.name, ${asked}, home.lang),
  'affiliation', pub.wording(u.affiliation, ${asked}, home.lang), 'bio', pub.wording(u.bio, ${asked}, home.lang),
  'orcid', u.orcid, 'links', u.links, 'portrait', pub.picture(u.portrait, ${asked}, home.lang, ${origin}))`;

/** A page of authors by name. $1 asked language, $2 and $3 key and id of the cursor or null, $4 limit, $5 base of addresses */
export const authorPage = statement(`
  with home as materialized (select lang from pub.center),
  page as materialized (
    select u.id, u.sort_key, row_number() over (order by u.sort_key collate "ar-x-icu", u.id) as n
    from pub.authors u
    where $2::text is null or (u.sort_key collate "ar-x-icu", u.id) > ($2::text collate "ar-x-icu", $3::int)
    order by u.sort_key collate "ar-x-icu", u.id
    limit $4::int + 1),
  next as (select ${cursorSql('authors', 'sort_key', 'id')} as cursor from page where n = $4::int and (select count(*) from page) > $4::int)
  select json_build_object(
      'items', (
        select coalesce(json_agg(author.profile order by page.n), '[]')
        -- offset 0, so that it is one probe for each of the page.
        from page cross join lateral (select ${profile('$1', '$5::text')} as profile from pub.authors u where u.id = page.id offset 0) author
        where page.n <= $4::int),
      'nextCursor', (select cursor from next))::text as body,
    (select cursor from next) as next, ${validity('clock.changed_at')}
  from home, pub.clock`);

/** One author. $1 folded slug, $2 asked language, $3 base of addresses */
export const authorBySlug = statement(`
  with home as materialized (select lang from pub.center)
  select u.slug, ${validity('clock.changed_at')}, ${profile('$2', '$3::text')}::text as body
  from home, pub.clock, pub.authors u
  where u.slug_folded = $1`);

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
       'orcid', orcid, 'links', links, 'aliases', aliases, 'portraitId', portrait_id) as author
     from authors
     where ($1::text is null or (sort_key collate "ar-x-icu", id) > ($1::text collate "ar-x-icu", $2::int))
       and ($4::text is null or strpos(array_to_string(match_keys, E'\\n'), $4) > 0)
     order by sort_key collate "ar-x-icu", id
     limit $3::int + 1`,
    [cursor?.key, cursor?.id, limit, q === undefined ? null : matchKey(q)],
  );
}
