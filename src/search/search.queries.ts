import { statement } from '../database/reader.js';

/** How many of the newest articles are looked through first, and how many next, before all are. Heads of the first only for words that are common there. */
const NEAR = 1_500;
const FAR = 20_000;
/** Up to so many are all ranked; of more the newest, and the newest of those with all words in the head. */
export const EXACT = 200;
const HEADS = 200;
/** Above it a total is only estimated, and facets tell of the newest so many. */
export const COUNTED = 1_000;
/** A corpus of so many is large: a word's rareness is not told finer. */
const MANY = 10_000;
/** In the last rung: the newest of each word. */
const OF_EACH = 50;
/** Words of the vocabulary that look most like another. */
const LOOKED_AT = 60;
/** Of authors the filter is offered to so many. */
const AUTHORS = 50;
/** What stands in more texts than this is common, however many they are. */
const COMMON = 200;

/**
 * What has to be known before anything is looked for.
 *
 * $1 stems that may be in the vocabulary, $2 Latin words, $3 keys of the lexicon, $4 and $5 words with a letter before them that may be a
 * proclitic, as tsqueries, and what they are without it, as stems; $6 and $7 folded slugs or ids of the section and the author filtered by.
 */
export const knowledge = statement(`
  with recursive below (id) as (
    select id from pub.sections where case when $6 ~ '^[0-9]+$' then id = $6::int else slug_folded = $6 end
    union all
    select s.id from below join pub.sections s on s.parent_id = below.id),
  author as materialized (
    select coalesce(
      (select author_id from pub.merged_authors where slug_folded = $7 or id = case when $7 ~ '^[0-9]+$' then $7::int end),
      case when $7 ~ '^[0-9]+$' then $7::int else (select id from pub.authors where slug_folded = $7) end) as id)
  select
    array(select word from pub.search_vocabulary where word = any($1::text[])) as vocabulary,
    (select coalesce(json_agg(json_build_array(word, coalesce((ts_lexize('english_stem', word))[1], word), coalesce((ts_lexize('french_stem', word))[1], word),
        exists (select from pub.search_vocabulary v where v.word in (l.word, (ts_lexize('english_stem', l.word))[1], (ts_lexize('french_stem', l.word))[1])))), '[]')
      from unnest($2::text[]) l (word)) as latin,
    (select coalesce(json_agg(distinct jsonb_build_array(k.words, s.words)), '[]')
      from pub.lexicon k join pub.lexicon f on f.group_id = k.group_id cross join unnest(f.sought) s (words)
      where k.words = any($3::text[]) and s.words <> k.words) as lexicon,
    -- Of one's own letter or of a proclitic: what is the commoner in live texts.
    (select coalesce(json_agg(g.n - 1), '[]')
      from unnest($4::text[], $5::text[]) with ordinality g (whole, bare, n)
      where exists (select from pub.search_vocabulary where word = g.bare)
        and (select count(*) from (select from pub.article_search where body @@ g.whole::tsquery limit ${COMMON}) c)
          < (select count(*) from (select from pub.article_search where body @@ quote_literal(g.bare)::tsquery limit ${COMMON}) c)) as proclitic,
    case when $6::text is not null then array(select id from below) end as sections,
    case when $7::text is not null then array(select id from author where id is not null union all select m.id from pub.merged_authors m join author on m.author_id = author.id) end as authors,
    (select (extract(epoch from changed_at) * 1000000)::bigint::text from pub.clock) as moment`);

/** In which quarter and which year (UTC) the newest articles begin, null where there are not so many; and how many there are, up to {@link MANY}. */
export const newest = statement(`
  select (select count(*) from (select from pub.article_search limit ${MANY}) t)::int as texts,
    (select to_char(published_at at time zone 'UTC', 'YYYY-Q') from pub.article_search order by published_at desc, article_id desc offset ${NEAR} limit 1) as near,
    (select to_char(published_at at time zone 'UTC', 'YYYY') from pub.article_search order by published_at desc, article_id desc offset ${FAR} limit 1) as far`);

const COLUMNS = `article_id, published_at, section_id, author_ids, year, lang, title, head, body`;

// Both rungs' statements have $1 the terms and $2 how many forms each has, $3 the title the query would be, $4 the moment of the first page in
// microseconds, $5 the words as they were typed, $6 how many, $7 to $10 after which exactness, score, instant, id, $11 on later pages that moment
// again, else null.

/** How well the head bears the words. ts_rank divides by the forms a term was widened to; where it stands counts, not in how many ways it may be written. */
const RANK = `(select sum(ts_rank('{0.1,0.02,0.4,1}', head, t.query) * t.forms) from unnest($1::text[]::tsquery[], $2::float8[]) t (query, forms)) / cardinality($2::float8[])`;

/** Who types a word wants it before its other forms; of all forms only titles tell. */
const AS_TYPED = `0.3 * (select count(*) from unnest($5::text[]) word where position(' ' || word || ' ' in ' ' || title || ' ') > 0) / cardinality($2::float8[])`;

/** exp() refuses what is too small for a number. */
const MOST_DAYS = 100_000;

/** What is new comes before what is old, by as much as a word in the summary is worth, and less each day. */
const RECENCY = `0.3 * exp(-least(${MOST_DAYS}, greatest(0, ($4::float8 / 1000000 - extract(epoch from published_at)::float8) / 86400)) / 900)`;

/** An article's place in the order, in whole numbers that a cursor can say. */
const PLACE = `article_id, (extract(epoch from published_at) * 1000000)::bigint as at, coalesce(title = $3, false)::int as exact`;

const PAGE = `page as (
    select article_id, exact, score, at from scored
    where $7::int is null or (exact, score, at, article_id) < ($7::int, $8::bigint, $9::bigint, $10::int)
    order by exact desc, score desc, at desc, article_id desc limit $6::int)`;

/** The hits of the page. */
const FOUND = `
    (select coalesce(json_agg(json_build_object('id', article_id, 'exact', exact, 'score', score, 'at', at) order by exact desc, score desc, at desc, article_id desc), '[]') from page) as hits,
    (select count(*) from candidates)::int as candidates, (select count(*) from verified)::int as verified`;

/** What the filters could choose among these. */
const FACETS = `facets as materialized (
    select section_id, year, lang, count(*) as n from told_of group by grouping sets ((section_id), (year), (lang)))`;
const TOLD = `
    (select coalesce(json_object_agg(section_id, n), '{}') from facets where section_id is not null) as sections,
    (select coalesce(json_object_agg(author_id, n), '{}') from (select author_id, count(*) as n from (select unnest(author_ids) as author_id from told_of) t group by author_id order by n desc, author_id limit ${AUTHORS}) a) as authors,
    (select coalesce(json_object_agg(year, n), '{}') from facets where year is not null) as years,
    (select coalesce(json_object_agg(lang, n), '{}') from facets where lang is not null) as langs`;

/** What has come since the first page would push others off the later ones. Not as an index could ask it: what fits the words is few, what is older is all. */
const then = (moment: string): string => `coalesce(published_at <= to_timestamp(${moment}::float8 / 1000000), true)`;
const THEN = then('$11');

/** SQL that ends a query for the newest of an index's rows, and one more than so many of them. */
function newestOf(enough: number): string {
  return `order by published_at desc, article_id desc limit ${enough} + 1`;
}

/**
 * One rung: what fits, the best first; up to {@link EXACT} of them are all there are, and told of.
 *
 * The text of a row lies apart from it and takes 10 to 25 µs to read. So the indexes alone say what fits, and where words have to stand beside
 * each other this is asked of the newest few hundred. The newest articles are looked through first, then more, and all only where these do not
 * suffice.
 *
 * $12 the query among the newest articles, $13 among more of them and $14 among all, rows taken apart; $15 to $17 the same for heads, null
 * where something is unwanted; $18 the query with its rows, null where it has none.
 */
export const hits = statement(`
  with near as materialized (select article_id, published_at from pub.article_search where body @@ $12::tsquery and ${THEN} ${newestOf(EXACT)}),
  far as materialized (
    select article_id, published_at from pub.article_search
    where $12::text <> $13::text and (select count(*) from near) <= ${EXACT} and body @@ $13::tsquery and ${THEN} ${newestOf(EXACT)}),
  whole as materialized (
    select article_id, published_at from pub.article_search
    where $13::text <> $14::text and greatest((select count(*) from near), (select count(*) from far)) <= ${EXACT} and body @@ $14::tsquery and ${THEN} ${newestOf(EXACT)}),
  -- Which of them found enough, if any.
  reach as materialized (select case when (select count(*) from near) > ${EXACT} then 0 when (select count(*) from far) > ${EXACT} then 1 else 2 end as n),
  newest as materialized (
    select * from near where (select n from reach) = 0 or $12::text = $14::text
    union all select * from far where (select n from reach) = 1 or ((select n from reach) = 2 and $13::text = $14::text)
    union all select * from whole),
  -- A word that is common in texts may be so in heads.
  near_heads as materialized (
    select article_id, published_at from pub.article_search
    where (select n from reach) = 0 and head @@ $15::tsquery and ($18::text is null or head @@ $18::tsquery) and ${THEN} ${newestOf(HEADS)}),
  far_heads as materialized (
    select article_id, published_at from pub.article_search
    where (select count(*) from near_heads) <= ${HEADS} and head @@ $16::tsquery and ($18::text is null or head @@ $18::tsquery) and ${THEN} ${newestOf(HEADS)}),
  heads as materialized (
    select article_id from pub.article_search
    where $16::text <> $17::text and greatest((select count(*) from near_heads), (select count(*) from far_heads)) <= ${HEADS}
      and head @@ $17::tsquery and ($18::text is null or head @@ $18::tsquery) and ${THEN} ${newestOf(HEADS)}),
  candidates as materialized (
    select ${COLUMNS} from pub.article_search
    where article_id = any (array(
      (select article_id from newest order by published_at desc, article_id desc limit ${EXACT})
      union select article_id from near_heads
      union select article_id from far_heads
      union select article_id from heads
      -- It may be older than all of these.
      union select article_id from pub.article_search where title = $3 and head @@ $17::tsquery and ${THEN}))),
  verified as materialized (
    select ${COLUMNS} from candidates
    where $18::text is null or case when $17::text is not null and head @@ $18::tsquery then true else body @@ $18::tsquery end),
  scored as materialized (select ${PLACE}, ((${RANK} + ${AS_TYPED} + ${RECENCY}) * 1000000)::bigint as score from verified),
  ${PAGE},
  told_of as materialized (select section_id, author_ids, year, lang from verified where (select count(*) from newest) <= ${EXACT}),
  ${FACETS}
  select (select count(*) from newest)::int as found, (select n from reach) as reach, ${FOUND}, ${TOLD}`);

/** Of what many articles fit, how many there are, and what the newest are. $1 the query among as many of the newest as were enough, $2 among all, rows taken apart; $3 as $11 of {@link hits} */
export const many = statement(`
  with newest as materialized (select published_at, article_id, section_id, author_ids, year, lang from pub.article_search where body @@ $1::tsquery and ${then('$3')} ${newestOf(COUNTED)}),
  told_of as materialized (select * from newest order by published_at desc, article_id desc limit ${COUNTED}),
  ${FACETS}
  select ${TOLD}, (
    select case when count(*) <= ${COUNTED} and $1::text <> $2::text
      then (select count(*) from (select from pub.article_search where body @@ $2::tsquery and ${then('$3')} limit ${COUNTED} + 1) c) else count(*) end
    from newest)::int as found`);

/**
 * The last rung: what holds a fair share of the words, a rare one counting for more than a common one, and not much less than the best does.
 *
 * $12 all words but one, in any choice, null where there are only two; $13 the filters and what is unwanted, null where there are none; $14 how
 * much of the words is fair and $15 how much of what the best has; $16 the terms without rows, $17 how many texts
 * there are.
 */
export const someWords = statement(`
  with terms as materialized (
    select t.query, t.loose, (select count(*) from (select from pub.article_search where body @@ t.loose and ${THEN} limit ${COUNTED}) c) as n
    from unnest($1::text[]::tsquery[], $16::text[]::tsquery[]) t (query, loose)),
  weighed as materialized (select query, loose, terms.n, ln(1 + greatest($17::float8, terms.n) / terms.n) as weight from terms where terms.n > 0),
  -- A word that no text has is missed as much as one of the others would be.
  whole as materialized (select sum(weight) * (select count(*) from terms) / count(*) as weight from weighed),
  near as materialized (
    select ${COLUMNS} from pub.article_search
    where $12::text is not null and body @@ $12::tsquery and ${THEN}
    order by published_at desc, article_id desc limit ${EXACT}),
  others as materialized (
    select distinct on (article_id) ${COLUMNS}
    from weighed cross join lateral (
      select ${COLUMNS} from pub.article_search
      where body @@ case when $13::text is null then weighed.loose else weighed.loose && $13::tsquery end and ${THEN}
      order by published_at desc, article_id desc limit ${OF_EACH}) found
    where weighed.n < ${COUNTED} and article_id not in (select article_id from near)),
  -- ts_delete of nothing gives the text's words as they are, read once instead of once for each term.
  candidates as materialized (
    select article_id, published_at, section_id, author_ids, year, lang, title, head, ts_delete(body, '') as body
    from (select * from near union all select * from others) found),
  shares as materialized (
    select *, (select sum(t.weight) from weighed t where c.body @@ t.query) / (select weight from whole) as share from candidates c),
  verified as materialized (
    select ${COLUMNS}, share from shares
    where share >= $14::float8 - 0.0001 and share >= $15::float8 * (select max(share) from shares) - 0.0001),
  scored as materialized (select ${PLACE}, ((3 * share + ${RANK} + ${AS_TYPED} + ${RECENCY}) * 1000000)::bigint as score from verified),
  ${PAGE},
  told_of as materialized (select section_id, author_ids, year, lang from verified),
  ${FACETS}
  select (select count(*) from verified)::int as found, ${FOUND}, ${TOLD}`);

/** Words like these. $1 stems, $2 words that are looked for beside what looks like them */
export const corrections = statement(`
  select s.stem, w.word, w.shown, similarity(w.word, s.stem) as similarity
  from unnest($1::text[]) s (stem) cross join lateral (
    (select word, shown from pub.search_vocabulary where word % s.stem order by similarity(word, s.stem) desc limit ${LOOKED_AT})
    union
    select word, shown from pub.search_vocabulary where word = any($2::text[])) w`);

/** Words that sound like these. $1 stems, $2 sounds */
export const soundingLike = statement(`
  select s.stem, w.word, w.shown from unnest($1::text[], $2::text[]) s (stem, sound) cross join lateral (
    select word, shown from pub.search_vocabulary where sound = s.sound and sound <> '' limit ${LOOKED_AT}) w`);

/** $1 words, $2 the same as tsqueries */
export const howCommon = statement(`
  select w.word, (select count(*) from (select from pub.article_search where body @@ w.query::tsquery limit ${COMMON}) c)::int as texts
  from unnest($1::text[], $2::text[]) w (word, query)`);

/** Names for facets, in all languages. $1 sections, $2 authors; a record that was merged is told as the one it leads to */
export const facetNames = statement(`
  with led as materialized (
    select asked, coalesce((select m.author_id from pub.merged_authors m where m.id = asked offset 0), asked) as id from unnest($2::int[]) asked)
  select home.lang as home,
    (select coalesce(json_agg(json_build_object('id', s.id, 'as', s.id, 'slug', s.slug, 'name', s.name)), '[]') from pub.sections s where s.id = any($1::int[])) as sections,
    (select coalesce(json_agg(json_build_object('id', led.asked, 'as', u.id, 'slug', u.slug, 'name', u.name)), '[]')
      from led cross join lateral (select p.id, p.slug, p.name from pub.authors p where p.id = led.id offset 0) u) as authors
  from pub.center home`);

/** Names of what readers see, unless they are known as of this moment. $1 the moment */
export const names = statement(`
  with clock as materialized (select changed_at::text as as_of from pub.clock)
  select clock.as_of as "asOf", home.lang as home,
    case when clock.as_of <> $1 then (select coalesce(json_agg(json_build_object('id', id, 'slug', slug, 'name', name) order by id), '[]') from pub.authors) end as authors,
    case when clock.as_of <> $1 then (select coalesce(json_agg(json_build_object('id', id, 'slug', slug, 'name', name) order by id), '[]') from pub.tags) end as tags
  from clock, pub.center home`);

/**
 * Titles for what was typed so far: those that hold it as it is first, then the newest. Too many words begin like a single short one for the index
 * to be quick about it: the newest titles are read instead, and if enough of them hold such a word, all is well.
 *
 * $1 the query, $2 the words as typed, folded, $3 how many, $4 base of addresses, $5 the newest articles, as a query, null where the index is
 * asked at once, $6 what a single word begins with, as a regular expression
 */
export const suggestions = statement(`
  with near as materialized (
    select article_id, published_at, title from pub.article_search where head @@ $5::tsquery and title ~ $6
    order by published_at desc, article_id desc limit ${HEADS}),
  found as materialized (
    select * from near where (select count(*) from near) >= $3::int
    union all
    (select article_id, published_at, title from pub.article_search
      where (select count(*) from near) < $3::int and head @@ $1::tsquery order by published_at desc, article_id desc limit ${HEADS})),
  first as (
    select *, position(' ' || $2 in ' ' || title) > 0 as literal from found order by literal desc, published_at desc, article_id desc limit $3::int)
  select a.id, a.slug, $4::text || '/articles/' || a.id || '/' || a.slug_encoded as url, a.title, a.lang, a.dir
  from first cross join lateral (
    select p.id, p.slug, p.slug_encoded, p.title, p.lang, p.dir from pub.articles p where p.id = first.article_id offset 0) a
  order by first.literal desc, first.published_at desc, first.article_id desc`);
