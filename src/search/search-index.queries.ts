const textColumns = `
  a.id, a.lang, r.title, r.kicker, r.summary, r.plain_text as text,
  array(
    -- As it was printed, and as readers are led on.
    select w.value from revision_authors b join authors u on u.id = b.author_id join authors n on n.id in (u.id, u.merged_into) cross join jsonb_each_text(n.name) w
    where b.revision_id = r.id
    union all
    select w.value from revision_tags t join tags g on g.id = t.tag_id cross join jsonb_each_text(g.name) w where t.revision_id = r.id) as names`;

/** Live texts of the given pieces, with all that the index holds of them. $1 ids */
export const liveTexts = `
  select ${textColumns} from articles a join revisions r on r.id = a.live_revision_id where a.id = any($1::int[]) order by a.id`;

/** As {@link liveTexts}, those that are in the index, whatever is live now. $1 ids */
export const indexedTexts = `
  select ${textColumns} from article_search s join articles a on a.id = s.article_id join revisions r on r.id = s.revision_id
  where a.id = any($1::int[]) order by a.id`;

/** The words of the given pieces as they are indexed, skeletons left out. $1 ids, $2 the skeletons' mark */
export const indexedWords = `
  select s.article_id as id, array(
    select word from unnest(tsvector_to_array(s.head) || tsvector_to_array(s.body)) word where not starts_with(word, $2)) as words
  from article_search s where s.article_id = any($1::int[]) order by s.article_id`;

/** What has no live text leaves the index. $1 ids */
export const removeWithdrawn = `
  delete from article_search s where s.article_id = any($1::int[])
    and not exists (select from articles a where a.id = s.article_id and a.live_revision_id is not null)`;

/**
 * What a text is filtered by, as words of its vectors: so one look into their index finds what fits and is of that section, year or quarter, and
 * no row has to be read to be left out. `~` as before skeletons, so that no word is one of them.
 */
const marks = `array_to_tsvector(array[
      '~l' || a.lang, '~s' || r.section_id, '~y' || extract(year from a.published_at at time zone center.zone), '~q' || to_char(a.published_at at time zone 'UTC', 'YYYY-Q')]
      || array(select '~a' || author_id from revision_authors where revision_id = r.id))`;

/** Rows for live texts: what the analyser made of them is given, the rest is looked up. $1 ids, $2 titles, $3 heads, $4 bodies, $5 version of the analyser */
export const writeRows = `
  insert into article_search (article_id, revision_id, lang, section_id, author_ids, published_at, year, title, head, body, analyser)
  select a.id, r.id, a.lang, r.section_id, array(select author_id from revision_authors where revision_id = r.id order by position),
    a.published_at, extract(year from a.published_at at time zone center.zone), w.title, w.head::tsvector || marks.marks, w.body::tsvector || marks.marks, $5
  from unnest($1::int[], $2::text[], $3::text[], $4::text[]) w (id, title, head, body)
  join articles a on a.id = w.id join revisions r on r.id = a.live_revision_id cross join center cross join lateral (select ${marks} as marks) marks
  order by a.id
  on conflict (article_id) do update set revision_id = excluded.revision_id, lang = excluded.lang, section_id = excluded.section_id,
    author_ids = excluded.author_ids, published_at = excluded.published_at, year = excluded.year, title = excluded.title,
    head = excluded.head, body = excluded.body, analyser = excluded.analyser`;

/** How words are shown that are in the vocabulary. $1 words */
export const shownWords = `
  select w.word, known.shown from unnest($1::text[]) w (word)
  -- offset 0 has each word looked up: a join would read the whole vocabulary.
  cross join lateral (select v.shown from search_vocabulary v where v.word = w.word offset 0) known`;

/** In order, so that no two who add the same words wait for each other. $1 words, $2 forms, $3 sounds */
export const addWords = `
  insert into search_vocabulary (word, shown, sound)
  select word, shown, sound from unnest($1::text[], $2::text[], $3::text[]) w (word, shown, sound) order by word collate "C"
  on conflict (word) do nothing`;

/** Plainer forms of words that are there. After {@link addWords}, and in order, as that one. $1 words, $2 forms */
export const showPlainer = `
  with plainer as materialized (
    select v.word, w.shown from unnest($1::text[], $2::text[]) w (word, shown) join search_vocabulary v on v.word = w.word
    where char_length(w.shown) < char_length(v.shown) order by v.word for update of v)
  update search_vocabulary v set shown = plainer.shown, sound = null from plainer where v.word = plainer.word`;

/** $1 words */
export const removeWords = `
  delete from search_vocabulary where word in (select word from search_words_held($1::text[]) where article_id is null)`;

/** Forms that nobody may be shown any more; the stem, which another text has, stands in until one of that text's forms is looked up. $1 words, $2 forms */
export const forgetForms = `
  update search_vocabulary set shown = word, sound = null, doubtful = true where word = any($1::text[]) and shown = any($2::text[]) and shown <> word`;

/** Forms for those words that have none. $1 words, $2 forms */
export const showForms = `
  update search_vocabulary v set shown = w.shown, sound = null from unnest($1::text[], $2::text[]) w (word, shown) where v.word = w.word and v.shown = v.word and v.doubtful`;

/** Words to be looked at later: a text that was indexed anew no longer holds them. $1 words */
export const doubtWords = `
  with lost as materialized (
    select word from search_vocabulary where word = any($1::text[]) and not doubtful order by word for update)
  update search_vocabulary v set doubtful = true from lost where v.word = lost.word`;

/** Words of which it is not known how they sound: shown in another form than before, or from before it was kept. $1 how many */
export const unheardWords = `select word, shown from search_vocabulary where sound is null order by word limit $1 for update skip locked`;

/** $1 words, $2 sounds */
export const hearWords = `
  update search_vocabulary v set sound = w.sound from unnest($1::text[], $2::text[]) w (word, sound) where v.word = w.word`;

/** Makes due what is not as it should be: live texts without a row or with another revision's, rows without a live text, rows by other rules. $1 version of the analyser */
export const findDue = `
  insert into search_due (article_id)
  select coalesce(a.id, s.article_id) from articles a full join article_search s on s.article_id = a.id
  where s.revision_id is distinct from a.live_revision_id or s.analyser <> $1 order by 1
  on conflict do nothing`;

/** Makes everything due. */
export const allDue = `
  insert into search_due (article_id)
  select id from articles where live_revision_id is not null union select article_id from article_search order by 1
  on conflict do nothing`;

/** Makes due what another process has indexed by older rules meanwhile. $1 version of the analyser */
export const olderDue = `insert into search_due (article_id) select article_id from article_search where analyser < $1 order by 1 on conflict do nothing`;

/** Tries again at once. */
export const retryFailed = `update search_due set failed_at = null where failed_at is not null`;

/** What failed is left alone for an hour. */
const isDue = `(failed_at is null or failed_at < now() - interval '1 hour')`;

export const countDue = `select count(*)::int as due from search_due where ${isDue}`;

/** Takes some that are due, the newest first, and that nobody else has taken. $1 how many */
export const claimDue = `select article_id as id from search_due where ${isDue} order by article_id desc limit $1 for update skip locked`;

/** Of these those nobody is at work on; nobody will be until the transaction ends. $1 ids */
export const holdArticles = `select id from articles where id = any($1::int[]) order by id for share skip locked`;

/** $1 ids that were claimed, $2 those of them that are done */
export const doneDue = `
  delete from search_due d where d.article_id = any($1::int[])
    and (d.article_id = any($2::int[]) or not exists (select from articles a where a.id = d.article_id))`;
