import { statement, type Statement } from '../database/reader.js';
import { cursorSql } from '../http/cursor.js';
import { validity } from '../http/published.js';
import { foldSlug } from '../text/slug.js';
import type { ListArticles } from './article.dto.js';

/**
 * The fields of a card. Names are in the asked language, else in the article's own.
 * @param lang SQL for the asked language @param origin SQL for the base of addresses; `a` is a row of pub.articles, `home` of pub.center
 */
const card = (lang: string, origin: string): string => `
  'id', a.id, 'slug', a.slug, 'url', ${origin} || '/articles/' || a.id || '/' || a.slug_encoded, 'lang', a.lang, 'dir', a.dir,
  'type', a.type, 'kicker', a.kicker, 'title', a.title, 'summary', a.summary,
  'byline', (
    select json_agg(json_build_object('id', u.id, 'slug', u.slug, 'name', pub.wording(u.name, coalesce(${lang}, a.lang), home.lang), 'role', u.role,
      'portrait', pub.picture(u.portrait, coalesce(${lang}, a.lang), home.lang, ${origin})))
    from jsonb_to_recordset(a.byline) u (id int, slug text, name jsonb, role text, portrait jsonb)),
  'section', (
    select json_build_object('id', s.id, 'slug', s.slug, 'name', pub.wording(s.name, coalesce(${lang}, a.lang), home.lang))
    from pub.sections s where s.id = a.section_id),
  'cover', pub.picture(a.cover, coalesce(${lang}, a.lang), home.lang, ${origin}), 'publishedAt', pub.instant(a.published_at), 'updatedAt', pub.instant(a.updated_at), 'dateline', a.dateline,
  'readingMinutes', a.reading_minutes, 'status', a.status`;

/** A whole article, as {@link card}; `pub` decides what of its surroundings is told. */
export const wholeArticle = (lang: string, origin: string): string => `json_build_object(${card(lang, origin)},
        'body', a.body, 'contents', a.contents,
        'publisher', coalesce(a.publisher, jsonb_build_object(
          'name', coalesce(pub.wording(home.publisher, coalesce(${lang}, a.lang), home.lang), pub.wording(home.name, coalesce(${lang}, a.lang), home.lang)), 'url', ${origin})),
        'references', a.bibliography,
        'tags', (
          select coalesce(json_agg(json_build_object('id', t.id, 'slug', t.slug, 'name', pub.wording(t.name, coalesce(${lang}, a.lang), home.lang))), '[]')
          from jsonb_to_recordset(a.tags) t (id int, slug text, name jsonb)),
        'series', (
          select json_build_object('id', s.id, 'slug', s.slug, 'name', pub.wording(s.name, coalesce(${lang}, a.lang), home.lang), 'position', a.series_position)
          from pub.series s where s.id = a.series_id),
        'translations', (
          select coalesce(json_agg(json_build_object('id', t.id, 'slug', t.slug, 'url', ${origin} || '/articles/' || t.id || '/' || t.slug_encoded,
            'lang', t.lang, 'dir', t.dir, 'title', t.title) order by t.lang), '[]')
          from pub.articles t where t.translation_group = a.translation_group and t.id <> a.id),
        'notices', (
          -- What takes the piece back comes before what mended it.
          select coalesce(json_agg(json_build_object('id', n.id, 'kind', n.kind, 'note', n.note, 'by', n.signed_by, 'at', pub.instant(n.at), 'lang', a.lang, 'dir', a.dir,
            'translation', (
              select json_build_object('id', t.id, 'slug', t.slug, 'url', ${origin} || '/articles/' || t.id || '/' || t.slug_encoded,
                'lang', t.lang, 'dir', t.dir, 'title', t.title)
              from pub.articles t where t.id = n.about_article_id)) order by n.kind = 'retraction' desc, n.at desc, n.id desc), '[]')
          from pub.notices n where n.article_id = a.id), 
        -- The nearest first: the piece's own, also when they are closed, then those of its series, its section and the ones above, the site.
        'polls', (
          select coalesce(json_agg(json_build_object('id', near.poll_id) order by near.distance, near.opens_at desc, near.poll_id desc), '[]')
          from (
            select q.poll_id, q.opens_at, min(place.distance) as distance
            from (
              select 'article' as kind, a.id, 0 as distance
              union all select 'series', a.series_id, 1
              union all (
                with recursive above (id, parent_id, distance) as (
                  select s.id, s.parent_id, 2 from pub.sections s where s.id = a.section_id
                  union all select s.id, s.parent_id, above.distance + 1 from above join pub.sections s on s.id = above.parent_id)
                select 'section', above.id, above.distance from above)
              union all select 'site', 0, 1000) place
            cross join lateral (
              select p.poll_id, p.opens_at from pub.poll_places p where p.kind = place.kind and p.place_id = place.id and (p.open or p.kind = 'article') offset 0) q
            group by q.poll_id, q.opens_at) near),
        'revision', a.revision)`;

/** One article. $1 id or folded slug, $2 asked language, $3 base of addresses. No row: never public. */
function article(hit: string): Statement {
  return statement(`
    with home as materialized (select lang, publisher, name from pub.center),
    hit as materialized (${hit})
    select page.slug, page.body, withdrawal.article_id is not null as withdrawn, withdrawal.reason,
      ${validity('clock.changed_at')}
    from hit cross join pub.clock
    left join lateral (select w.article_id, w.reason from pub.withdrawals w where w.article_id = hit.article_id offset 0) withdrawal on true
    left join lateral (
      -- offset 0 keeps the planner from building the whole barrier view first (29,000 buffers instead of 38).
      select a.slug, ${wholeArticle('$2', '$3::text')}::text as body
      from home, pub.articles a where a.id = hit.article_id offset 0) page on true`);
}

export const articleById = article(`select $1::int as article_id`);
export const articleBySlug = article(`select article_id from pub.slugs where slug_folded = $1`);

/** Which article stood at an old address. $1 its spellings, of which the longest that is known decides. No row: never public. */
export const articleByOldAddress = statement(`
  with hit as materialized (
    select article_id from pub.old_addresses where address = any ($1::text[]) order by octet_length(address) desc limit 1)
  select hit.article_id as id, page.slug, withdrawal.article_id is not null as withdrawn, withdrawal.reason
  from hit
  left join lateral (select w.article_id, w.reason from pub.withdrawals w where w.article_id = hit.article_id offset 0) withdrawal on true
  left join lateral (select a.slug from pub.articles a where a.id = hit.article_id offset 0) page on true`);

/**
 * What a page shows beside an article. $1 its id, $2 the revision a letter was sent with, or null; $3 ids of polls, as it names them. What was
 * corrected or retracted without new text came with the revision that stood then: whether before or after a letter with that same one, nobody
 * can tell.
 */
export const besideArticle = statement(`
  select name as center, lang as home, zone, mail_sharing as "mailSharing", (
      select coalesce(json_agg(n.id order by n.id), '[]') from pub.notices n
      where n.article_id = $1::int and n.kind in ('correction', 'retraction') and n.revision > $2::int) as since, (
      select coalesce(json_agg(json_build_object('id', named.id, 'question', poll.question) order by named.place), '[]')
      from unnest($3::int[]) with ordinality named (id, place)
      cross join lateral (select p.question from pub.polls p where p.id = named.id offset 0) poll) as polls
  from pub.center`);

/** Cards and texts of live articles. $1 asked language, $2 base of addresses, $3 ids */
export const foundArticles = statement(`
  with home as materialized (select lang from pub.center)
  select found.id, page.lang, page.card, page.summary, page.text
  from unnest($3::int[]) found (id) cross join lateral (
    select a.lang, a.summary, (select t.text from pub.article_texts t where t.article_id = found.id offset 0) as text,
      json_build_object(${card('$1', '$2::text')}) as card
    from home, pub.articles a where a.id = found.id offset 0) page`);

/** Cards of live articles. $1 language of names, $2 base of addresses, $3 ids */
export const cardsById = statement(`
  with home as materialized (select lang from pub.center)
  select found.id, page.card
  from unnest($3::int[]) found (id) cross join lateral (
    select json_build_object(${card('$1', '$2::text')}) as card from home, pub.articles a where a.id = found.id offset 0) page`);

/** A series for its page. $1 id or null, $2 folded slug or null */
export const seriesForPage = statement(`
  select center.name as center, center.lang as home, center.zone, ${validity('clock.changed_at')}, s.id, s.slug, s.name, s.description
  from pub.center, pub.clock, pub.series s where s.id = $1::int or s.slug_folded = $2`);

/** A tag for its page, as {@link seriesForPage}. */
export const tagForPage = statement(`
  select center.name as center, center.lang as home, center.zone, ${validity('clock.changed_at')}, t.id, t.slug, t.name, '{}'::jsonb as description
  from pub.center, pub.clock, pub.tags t where t.id = $1::int or t.slug_folded = $2`);

/** SQL for the name of the list a filter asks for; a slug that nobody has gives null, which no list is called. */
type ListName = (value: string) => string;

const named = (list: string, view: string): ListName => {
  return (value) =>
    `'${list}:' || case when ${value} ~ '^[0-9]+$' then ${value} else (select id::text from pub.${view} where slug_folded = ${value}) end`;
};

/** An author's pieces, by any record of theirs: one merged into another leads there, by slug and by id. */
const authorList: ListName = (value) =>
  `'author:' || coalesce(
    (select author_id::text from pub.merged_authors where slug_folded = ${value} or id = case when ${value} ~ '^[0-9]{1,10}$' then ${value}::bigint end),
    case when ${value} ~ '^[0-9]+$' then ${value} else (select id::text from pub.authors where slug_folded = ${value}) end)`;

/** The filters that are lists of their own, in the order in which the rarer is usually walked. */
const FILTERS = {
  author: authorList,
  tag: named('tag', 'tags'),
  series: named('series', 'series'),
  section: named('section', 'sections'),
  type: (value) => `'type:' || ${value}`,
  lang: (value) => `'lang:' || ${value}`,
} satisfies Record<string, ListName>;

type Filter = keyof typeof FILTERS;
const FILTER_NAMES = Object.keys(FILTERS) as Filter[];

/**
 * With several filters: how many of the rarest list's entries, for each card asked for, are looked up in the other lists before all are read
 * side by side instead. A lookup takes 3 or 4 buffers, reading on takes one for 100 entries; measured at 100,000 articles.
 */
const LOOKUPS_PER_CARD = 5;

/** The statement for these filters, one of 64, and its values. @param origin base of addresses @param names language of names */
export function articlePage(query: ListArticles, origin: string, names = query.lang): [Statement, unknown[]] {
  const { limit, cursor, from, to } = query;
  const filters = FILTER_NAMES.filter((name) => query[name] !== undefined);
  const wanted = filters.map((name) => (name === 'type' || name === 'lang' ? query[name] : foldSlug(query[name]!)));
  return [pageStatement(filters), [names, origin, limit, cursor?.key, cursor?.id, from, to, ...wanted]];
}

const pageStatements = new Map<string, Statement>();

/**
 * A page of cards, newest first, by keyset over `pub.listings`; put together from the closed list above.
 *
 * $1 asked language, $2 base of addresses, $3 limit, $4 and $5 instant (µs since 1970) and id of the cursor, $6 and $7 the first and last
 * instant or day; the filters' values follow from $8.
 */
function pageStatement(filters: readonly Filter[]): Statement {
  const known = pageStatements.get(filters.join());
  if (known) return known;
  const lists = filters.map((name, index) => FILTERS[name](`$${index + 8}::text`));
  const page = statement(`
    with home as materialized (select lang, zone from pub.center),
    bounds as materialized (
      -- Instants count by the second, as publishedAt shows them: a piece is found by the moment it gives.
      -- One upper bound: a cursor and an end date side by side would make the scan start at the wrong one.
      select least(
          timestamptz 'epoch' + $4::bigint * interval '1 microsecond',
          case when length($7) = 10 then ($7::date + 1)::timestamp at time zone zone else date_trunc('second', $7::timestamptz) + interval '1 second' end,
          'infinity') as before,
        coalesce(case when length($6) = 10 then $6::date::timestamp at time zone zone else date_trunc('second', $6::timestamptz) end, '-infinity') as since
      from home),
    start as materialized (
      select before, case when before = timestamptz 'epoch' + $4::bigint * interval '1 microsecond' then $5::int else 0 end as before_id, since from bounds),
    ${walk(lists)},
    numbered as materialized (select *, row_number() over (order by published_at desc, article_id desc) as n from page),
    next as (
      select ${cursorSql('articles', `(extract(epoch from published_at) * 1000000)::bigint`, 'article_id')} as cursor
      from numbered where n = $3::int and (select count(*) from page) > $3::int)
    select json_build_object('items', (
        select coalesce(json_agg(card.card order by n), '[]')
        from numbered cross join home cross join lateral (
          -- offset 0 keeps the planner from building the whole barrier view first (29,000 buffers instead of 400).
          select json_build_object(${card('$1', '$2::text')}) as card from pub.articles a where a.id = numbered.article_id offset 0) card
        where n <= $3::int), 'nextCursor', (select cursor from next))::text as body,
      (select cursor from next) as next, ${validity('clock.changed_at')}
    from pub.clock`);
  pageStatements.set(filters.join(), page);
  return page;
}

/**
 * CTEs that end in `page`: limit + 1 positions after `start` that stand in every list.
 *
 * Several lists: lookups from the rarest fill the page when it is short or the lists agree often. Otherwise the lists are read side by side
 * to the page's end, at worst to their own: lists with nothing in common hold no more entries than there are articles.
 */
function walk(lists: readonly string[]): string {
  const newestFirst = 'order by published_at desc, article_id desc';
  const entries = (list: string): string => `
      select l.published_at, l.article_id from pub.listings l
      where l.list = ${list}
        and (l.published_at, l.article_id) < ((select before from start), (select before_id from start))
        and l.published_at >= (select since from start)
      ${newestFirst}`;
  const [first = `'all'`, ...more] = lists;
  if (more.length === 0) return `page as materialized (${entries(`(select ${first})`)} limit $3::int + 1)`;

  const filters = lists.map((list, index) => `filter_${index} as materialized (select ${list} as list)`);
  const list = (index: number): string => `(select list from filter_${index})`;
  const lookups = `${LOOKUPS_PER_CARD} * $3::int`;
  const sizes = lists.map(
    (_, index) =>
      `select ${index} as filter, ${list(index)} as list, (select count(*) from (${entries(list(index))} limit ${lookups} + 1) counted) as size`,
  );
  // A scalar subquery, not EXISTS, which would become a hash join over whole lists (6,300 to 10,000 buffers).
  const inOthers = lists.map(
    (_, index) => `((select filter from rarest) = ${index} or (
          select true from pub.listings m where m.list = ${list(index)} and m.published_at = l.published_at and m.article_id = l.article_id))`,
  );
  // An article of all lists stands as many times in a row. A window rather than a join, which the planner might hash; and each list in
  // order by itself, or it would sort them whole instead of merging them until the page is full.
  const sideBySide = lists.map((_, index) => `(${entries(list(index))})`).join(' union all ');
  return `${filters.join(', ')},
    rarest as materialized (select filter, list, size from (${sizes.join(' union all ')}) sized order by size, filter limit 1),
    looked_up as materialized (
      select published_at, article_id from (${entries('(select list from rarest)')} limit ${lookups}) l
      where ${inOthers.join(' and ')} ${newestFirst} limit $3::int + 1),
    settled as materialized (
      select (select size from rarest) <= ${lookups} or (select count(*) from looked_up) > $3::int as by_lookup),
    page as materialized (
      select published_at, article_id from looked_up where (select by_lookup from settled)
      union all
      (select published_at, article_id
      from (
        select published_at, article_id, lag(article_id, ${lists.length - 1}) over (${newestFirst}) = article_id as in_every_list
        from (${sideBySide}) side_by_side) merged
      where in_every_list and not (select by_lookup from settled)
      ${newestFirst} limit $3::int + 1))`;
}
