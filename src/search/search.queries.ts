import { statement } from '../database/reader.js';

/** How many of the newest articles are looked through before all are. */
const RECENT = 4_000;
const RECENT_HEADS = 20_000;
/** Up to so many are all looked at: see {@link hits}. */
export const EXACT = 300;
/** How many of what fits are ranked: the newest of those with all words in the text, and of those with all in the head. */
const BODIES = EXACT;
const HEADS = 400;
/** Above it a total is only estimated, and facets tell of the newest so many. */
export const COUNTED = 1_000;
const TOLD_OF = 2_000;
/** A corpus of so many is large: a word's rareness is not told finer. */
const MANY = 10_000;
/** In the last rung: the newest of each word. */
const OF_EACH = 100;
/** Words of the vocabulary that look most like another. */
const LOOKED_AT = 60;
/** Words of one letter whose sound is compared. */
const SOUNDED = 3_000;
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
    floor(extract(epoch from now()) / 86400)::int as today`);

/** In which month (UTC) the newest articles begin; null where there are not so many. */
export const newest = statement(`
  select
    (select to_char(published_at at time zone 'UTC', 'YYYY-MM') from pub.article_search order by published_at desc, article_id desc offset ${RECENT} limit 1) as bodies,
    (select to_char(published_at at time zone 'UTC', 'YYYY-MM') from pub.article_search order by published_at desc, article_id desc offset ${RECENT_HEADS} limit 1) as heads`);

const COLUMNS = `article_id, published_at, section_id, author_ids, year, lang, title, head, body`;

/** How well the head bears the words. ts_rank divides by the forms a term was widened to; where it stands counts, not in how many ways it may be written. */
const RANK = `(select sum(ts_rank('{0.1,0.02,0.4,1}', head, t.query) * t.forms) from unnest($5::text[]::tsquery[], $6::float8[]) t (query, forms)) / cardinality($6::float8[])`;

/** Who types a word wants it before its other forms; of all forms only titles tell. */
const AS_TYPED = `0.3 * (select count(*) from unnest($15::text[]) word where position(' ' || word || ' ' in ' ' || title || ' ') > 0) / cardinality($6::float8[])`;

/** What is new comes before what is old, by as much as a word in the summary is worth, and less each day. */
const RECENCY = `0.3 * exp(-greatest(0, $8::int - extract(epoch from published_at)::float8 / 86400) / 900)`;

/** An article's place in the order, in whole numbers that a cursor can say. */
const PLACE = `article_id, (extract(epoch from published_at) * 1000000)::bigint as at, coalesce(title = $7, false)::int as exact`;

const PAGE = `page as (
    select article_id, exact, score, at from scored
    where $11::int is null or (exact, score, at, article_id) < ($11::int, $12::bigint, $13::bigint, $14::int)
    order by exact desc, score desc, at desc, article_id desc limit $10::int)`;

/** The hits of the page, and what the filters could choose among all. */
const TOLD = `
    (select coalesce(json_agg(json_build_object('id', article_id, 'exact', exact, 'score', score, 'at', at) order by exact desc, score desc, at desc, article_id desc), '[]') from page) as hits,
    (select count(*) from candidates)::int as candidates, (select count(*) from verified)::int as verified,
    (select coalesce(json_object_agg(section_id, n), '{}') from (select section_id, count(*) as n from told_of group by section_id) s) as sections,
    (select coalesce(json_object_agg(author_id, n), '{}') from (select author_id, count(*) as n from told_of cross join unnest(author_ids) author_id group by author_id order by n desc, author_id limit ${AUTHORS}) a) as authors,
    (select coalesce(json_object_agg(year, n), '{}') from (select year, count(*) as n from told_of group by year) y) as years,
    (select coalesce(json_object_agg(lang, n), '{}') from (select lang, count(*) as n from told_of group by lang) l) as langs`;

/**
 * One rung: what fits, the best first, and how much there is.
 *
 * The text of a row lies apart from it and takes 10 to 25 µs to read. So the indexes alone say what fits, the newest are looked through first
 * and all only when these do not suffice, and where words have to stand beside each other this is asked of the newest few hundred.
 *
 * $1 the query among the newest articles and $2 among all, rows taken apart; $3 and $4 the same for heads, null where something is unwanted;
 * $5 the terms and $6 how many forms each has, $7 the title it would be, $8 today, counted from 1970; $9 the query with its rows, null where it
 * has none; $10 how many, $11 to $14 after which exactness, score, instant, id; $15 the words as they were typed.
 */
export const hits = statement(`
  with recent as materialized (select ${COLUMNS} from pub.article_search where body @@ $1::tsquery),
  enough as materialized (select count(*) >= ${BODIES} as enough, count(*) > ${COUNTED} as countless from recent),
  whole as materialized (
    select ${COLUMNS} from pub.article_search
    where $1::text <> $2::text and not (select enough from enough) and body @@ $2::tsquery
    order by published_at desc, article_id desc limit ${TOLD_OF}),
  counted as materialized (
    select ${COLUMNS} from pub.article_search
    where $1::text <> $2::text and (select enough and not countless from enough) and body @@ $2::tsquery limit ${COUNTED} + 1),
  recent_heads as materialized (
    select ${COLUMNS} from pub.article_search where head @@ $3::tsquery order by published_at desc, article_id desc limit ${HEADS}),
  whole_heads as materialized (
    select ${COLUMNS} from pub.article_search
    where $3::text <> $4::text and (select count(*) from recent_heads) < ${HEADS} and head @@ $4::tsquery
    order by published_at desc, article_id desc limit ${HEADS}),
  -- Of the newest, of all that was read, and of so many that they tell how many there are.
  all_found as materialized (
    select ${COLUMNS} from recent where not exists (select from whole) and not exists (select from counted)
    union all select ${COLUMNS} from whole
    union all select ${COLUMNS} from counted),
  bodies as materialized (
    select ${COLUMNS} from (select * from recent where not exists (select from whole) union all select * from whole) found
    order by published_at desc, article_id desc limit ${BODIES}),
  candidates as materialized (
    select ${COLUMNS} from bodies
    union all
    select ${COLUMNS} from (select * from recent_heads where not exists (select from whole_heads) union all select * from whole_heads) heads
    where not exists (select from bodies b where b.article_id = heads.article_id)),
  verified as materialized (
    select ${COLUMNS} from candidates
    where $9::text is null or case when $4::text is not null and head @@ $9::tsquery then true else body @@ $9::tsquery end),
  scored as materialized (select ${PLACE}, ((${RANK} + ${AS_TYPED} + ${RECENCY}) * 1000000)::bigint as score from verified),
  ${PAGE},
  size as materialized (select count(*) as n from all_found),
  -- Of few the verified ones, else the newest as the index alone knows them.
  told_of as materialized (
    select section_id, author_ids, year, lang from verified where (select n from size) <= ${BODIES}
    union all
    (select section_id, author_ids, year, lang from all_found where (select n from size) > ${BODIES} order by published_at desc, article_id desc limit ${TOLD_OF}))
  select (select n from size)::int as found, ${TOLD}`);

/**
 * The last rung: what holds a fair share of the words, a rare one counting for more than a common one, and not much less than the best does.
 *
 * $1 all words but one, in any choice, null where there are only two; $2 the filters and what is unwanted, null where there are none; $3 how
 * much of the words is fair and $4 how much of what the best has; $5 to $8 and $10 to $15 as {@link hits}; $9 the terms without rows.
 */
export const someWords = statement(`
  with texts as materialized (select count(*) as n from (select from pub.article_search limit ${MANY}) t),
  terms as materialized (
    select t.query, t.loose, (select count(*) from (select from pub.article_search where body @@ t.loose limit ${COUNTED}) c) as n
    from unnest($5::text[]::tsquery[], $9::text[]::tsquery[]) t (query, loose)),
  weighed as materialized (select query, loose, terms.n, ln(1 + texts.n / terms.n::float8) as weight from terms cross join texts where terms.n > 0),
  -- A word that no text has is missed as much as one of the others would be.
  whole as materialized (select sum(weight) * (select count(*) from terms) / count(*) as weight from weighed),
  near as materialized (
    select ${COLUMNS} from pub.article_search
    where $1::text is not null and body @@ $1::tsquery
    order by published_at desc, article_id desc limit ${BODIES}),
  others as materialized (
    select distinct on (article_id) ${COLUMNS}
    from weighed cross join lateral (
      select ${COLUMNS} from pub.article_search
      where body @@ case when $2::text is null then weighed.loose else weighed.loose && $2::tsquery end
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
    where share >= $3::float8 - 0.0001 and share >= $4::float8 * (select max(share) from shares) - 0.0001),
  scored as materialized (select ${PLACE}, ((3 * share + ${RANK} + ${AS_TYPED} + ${RECENCY}) * 1000000)::bigint as score from verified),
  ${PAGE},
  told_of as materialized (select section_id, author_ids, year, lang from verified)
  select (select count(*) from verified)::int as found, ${TOLD}`);

/** Words like these. $1 stems, $2 words that are looked for beside what looks like them */
export const corrections = statement(`
  select s.stem, w.word, w.shown, similarity(w.word, s.stem) as similarity
  from unnest($1::text[]) s (stem) cross join lateral (
    (select word, shown from pub.search_vocabulary where word % s.stem order by similarity(word, s.stem) desc limit ${LOOKED_AT})
    union
    select word, shown from pub.search_vocabulary where word = any($2::text[])) w`);

/** Words of the vocabulary by their first letter. $1 letters, $2 those after them, $3 how long they may be */
export const beginningWith = statement(`
  select w.word, w.shown from unnest($1::text[], $2::text[]) l (first, next) cross join lateral (
    select word, shown from pub.search_vocabulary where word >= l.first collate "C" and word < l.next collate "C" and char_length(word) <= $3 limit ${SOUNDED}) w`);

/** $1 words, $2 the same as tsqueries */
export const howCommon = statement(`
  select w.word, (select count(*) from (select from pub.article_search where body @@ w.query::tsquery limit ${COMMON}) c)::int as texts
  from unnest($1::text[], $2::text[]) w (word, query)`);

/** Names for facets. $1 asked language, $2 sections, $3 authors */
export const facetNames = statement(`
  with led as materialized (
    select asked, coalesce((select m.author_id from pub.merged_authors m where m.id = asked offset 0), asked) as id from unnest($3::int[]) asked)
  select
    (select coalesce(json_agg(json_build_object('id', s.id, 'as', s.id, 'slug', s.slug, 'name', pub.wording(s.name, $1, home.lang))), '[]')
      from pub.sections s where s.id = any($2::int[])) as sections,
    (select coalesce(json_agg(json_build_object('id', led.asked, 'as', u.id, 'slug', u.slug, 'name', pub.wording(u.name, $1, home.lang))), '[]')
      from led cross join lateral (select p.id, p.slug, p.name from pub.authors p where p.id = led.id offset 0) u) as authors
  from pub.center home`);

/** Names of what readers see, unless they are known as of this moment. $1 the moment */
export const names = statement(`
  with clock as materialized (select changed_at::text as as_of from pub.clock)
  select clock.as_of as "asOf", home.lang as home,
    case when clock.as_of <> $1 then (select coalesce(json_agg(json_build_object('id', id, 'slug', slug, 'name', name) order by id), '[]') from pub.authors) end as authors,
    case when clock.as_of <> $1 then (select coalesce(json_agg(json_build_object('id', id, 'slug', slug, 'name', name) order by id), '[]') from pub.tags) end as tags
  from clock, pub.center home`);

/** Titles for what was typed so far: those that hold it as it is first, then the newest. $1 the query, $2 the words as typed, folded, $3 how many, $4 base of addresses */
export const suggestions = statement(`
  with found as materialized (
    select article_id, published_at, title from pub.article_search where head @@ $1::tsquery order by published_at desc, article_id desc limit ${HEADS}),
  first as (
    select *, position(' ' || $2 in ' ' || title) > 0 as literal from found order by literal desc, published_at desc, article_id desc limit $3::int)
  select a.id, a.slug, $4::text || '/articles/' || a.id || '/' || a.slug_encoded as url, a.title, a.lang, a.dir
  from first cross join lateral (
    select p.id, p.slug, p.slug_encoded, p.title, p.lang, p.dir from pub.articles p where p.id = first.article_id offset 0) a
  order by first.literal desc, first.published_at desc, first.article_id desc`);
