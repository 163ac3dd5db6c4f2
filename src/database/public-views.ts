import { createHash } from 'node:crypto';

/**
 * The columns of pub.articles: what a revision `r` shows of its article `a`. The view takes the live revision; a preview (articles/previews)
 * takes the one it names, over the main connection, and so has the same columns without a second list of them.
 */
export const articleColumns = `a.id, a.lang, case a.lang when 'ar' then 'rtl' else 'ltr' end as dir, a.translation_group, a.status, a.published_at, a.updated_at, a.dateline,
      r.number as revision, r.slug, r.slug_encoded, r.type, r.kicker,
      -- The mark stands in the title itself, so that no list, feed or card can forget it.
      case a.status when 'retracted' then case a.lang when 'ar' then 'مسحوبة: ' when 'fr' then 'Rétracté : ' else 'Retracted: ' end else '' end || r.title as title,
      r.summary, r.body, r.contents, r.reading_minutes,
      r.section_id, r.series_id, r.series_position, r.publisher, r.bibliography,
      -- A merged record's name as it was printed, leading to whom it was merged into.
      (select jsonb_agg(jsonb_build_object('id', t.id, 'slug', t.slug, 'name', u.name, 'role', b.role, 'portrait', ${picture('t.portrait_id')}) order by b.position)
       from revision_authors b join authors u on u.id = b.author_id join authors t on t.id = coalesce(u.merged_into, u.id)
       where b.revision_id = r.id) as byline,
      (select jsonb_agg(jsonb_build_object('id', t.id, 'slug', t.slug, 'name', t.name) order by t.slug)
       from revision_tags rt join tags t on t.id = rt.tag_id where rt.revision_id = r.id) as tags,
      ${picture(`(select u.media_id from revision_media u where u.revision_id = r.id and u.place = 'cover')`)} as cover`;

/** Whether the ad `a` runs. */
const adRuns = `a.starts_at <= now() and now() < coalesce(a.ends_at, 'infinity')`;

/**
 * The arrangement of the front page that is in force at a moment: of those begun and not ended the one that began last. What of it readers may
 * not see is left out. The view asks for now; a preview at the desk for the moment it is of. Its argument is SQL.
 */
export function frontAt(moment: string): string {
  return `select f.id,
      (select a.id from articles a where a.id = f.lead_id and a.live_revision_id is not null and a.status <> 'retracted') as lead_id,
      (select coalesce(jsonb_agg(jsonb_build_object('position', b.position, 'kind', b.kind, 'title', b.title, 'section', b.section_id,
          'series', b.series_id, 'count', b.count, 'pieces', array(
            select p.article_id from front_pieces p join articles a on a.id = p.article_id
            where p.front_id = f.id and p.block = b.position and a.live_revision_id is not null order by p.position))), '[]')
        from front_blocks b where b.front_id = f.id) as blocks
    from fronts f where f.starts_at <= ${moment} and ${moment} < coalesce(f.ends_at, 'infinity')
    order by f.starts_at desc, f.id desc limit 1`;
}

/**
 * Schema `pub`: everything the public may read, in one place. The reader role may SELECT from these views and nothing else.
 *
 * They are code, not history: the migration runner drops them before pending migrations and makes them anew after, in the same
 * transaction, so a migration may change any column and the views always fit the code that reads them.
 *
 * `security_barrier` keeps a condition smuggled into a query from being evaluated on rows the view hides (seen: a cast in an
 * injected WHERE printed a draft's title in its error). The price is that a barrier view cannot order; `pub.listings` does that.
 */
const VIEWS: Record<string, string> = {
  // No barrier: it holds nothing but positions of published articles, and its order must reach the index.
  listings: `view pub.listings as
    select list, published_at, article_id from listings`,

  // Byline and tags are columns of the article's own row, so that one probe by id brings a whole card; unused ones cost nothing.
  articles: `view pub.articles with (security_barrier) as
    select ${articleColumns}
    from articles a join revisions r on r.id = a.live_revision_id
    where a.live_revision_id is not null`,

  // Only names that stand on something public: a new author or tag would otherwise announce the draft it was made for.
  authors: `view pub.authors with (security_barrier) as
    select id, slug, slug_folded, name, affiliation, bio, orcid, links, sort_key, ${picture('portrait_id')} as portrait
    from authors where exists (select from listings where list = 'author:' || authors.id)`,

  // What something public shows, and nothing else of it: names of uploads and what is kept of them stay with the desk.
  media: `view pub.media with (security_barrier) as
    select m.id, m.kind, m.width, m.height, m.alt, m.credit, m.focal_x, m.focal_y
    from media m
    where m.state = 'ready' and (
      exists (select from revision_media u join articles a on a.live_revision_id = u.revision_id where u.media_id = m.id)
      or exists (select from authors p where p.portrait_id = m.id and exists (select from listings where list = 'author:' || p.id))
      or exists (select from ads a where a.picture_id = m.id and ${adRuns}))`,

  media_files: `view pub.media_files with (security_barrier) as
    select f.media_id, f.name, f.type, f.width, f.height, f.bytes, encode(substring(f.sha256 for 18), 'base64') as tag
    from media_files f where f.name not like 'original.%' and exists (select from pub.media m where m.id = f.media_id)`,
  // Former addresses of authors: as little as of authors is told of a record that nothing public bears.
  merged_authors: `view pub.merged_authors with (security_barrier) as
    select u.id, u.slug_folded, u.merged_into as author_id
    from authors u
    where u.merged_into is not null and exists (
      select from revision_authors b join revisions r on r.id = b.revision_id join articles a on a.id = r.article_id
      where b.author_id = u.id and a.live_revision_id = r.id)`,

  tags: `view pub.tags with (security_barrier) as
    select id, slug, slug_folded, name from tags where exists (select from listings where list = 'tag:' || tags.id)`,

  series: `view pub.series with (security_barrier) as
    select id, slug, slug_folded, name, description from series where exists (select from listings where list = 'series:' || series.id)`,

  sections: `view pub.sections with (security_barrier) as
    select id, parent_id, position, slug, slug_folded, name, description from sections`,

  // No barrier: the table holds published texts only, and its operators must reach the indexes.
  article_search: `view pub.article_search as
    select article_id, lang, section_id, author_ids, published_at, year, title, head, body from article_search`,

  article_texts: `view pub.article_texts with (security_barrier) as
    select a.id as article_id, r.plain_text as text from articles a join revisions r on r.id = a.live_revision_id where a.live_revision_id is not null`,

  search_vocabulary: `view pub.search_vocabulary as
    select word, shown, sound from search_vocabulary`,

  lexicon: `view pub.lexicon as
    select group_id, form, words, sought from lexicon_forms`,

  // A slug that only a draft holds is not there; one that was ever public leads to its article.
  slugs: `view pub.slugs with (security_barrier) as
    select slug_folded, article_id from article_slugs where public_since is not null`,

  // Of pieces that are or were public only: the address of a draft would tell of it.
  old_addresses: `view pub.old_addresses with (security_barrier) as
    select o.address, o.article_id from old_addresses o join articles a on a.id = o.article_id
    where a.live_revision_id is not null or a.status = 'withdrawn'`,

  withdrawals: `view pub.withdrawals with (security_barrier) as
    select id as article_id,
      (select note from notices where article_id = articles.id and kind = 'withdrawal' order by id desc limit 1) as reason
    from articles where status = 'withdrawn'`,

  notices: `view pub.notices with (security_barrier) as
    select n.id, n.article_id, n.kind, n.note, case n.kind when 'retraction' then n.signed_by end as signed_by, n.at, n.about_article_id, n.revision
    from notices n join articles a on a.id = n.article_id
    where a.live_revision_id is not null and n.settled_at is null`,

  center: `view pub.center with (security_barrier) as
    select lang, zone, name, tagline, publisher, contact, mail_sharing from center`,

  masthead: `view pub.masthead with (security_barrier) as
    select position, role, person, since, until from masthead_terms`,

  // Wording only: no column here tells of ballots. A poll is there from its hour on, and closes by itself; where it stands is told only as
  // far as that is public. The clock is asked once and beside it: a volatile function in a condition would keep it from the index, and in a
  // column nobody asks for it would be run all the same.
  polls: `view pub.polls with (security_barrier) as
    select p.id, p.question, p.intro, p.level, p.max_choices, p.results, p.opens_at, p.closes_at,
      case when p.state = 'open' and p.closes_at <= clock.now then 'closed' else p.state end as state,
      -- Its hour may have passed a moment before the act that closes it for good.
      p.state <> 'open' as final,
      (select jsonb_agg(jsonb_build_object('id', o.id, 'label', o.label) order by o.position) from poll_options o where o.poll_id = p.id) as options,
      p.on_site, p.section_id,
      case when exists (select from listings where list = 'series:' || p.series_id) then p.series_id end as series_id,
      case when exists (select from articles a where a.id = p.article_id and a.live_revision_id is not null) then p.article_id end as article_id,
      (select s.id from polls s where s.supersedes = p.id and s.state <> 'draft' and s.opens_at <= clock.now) as superseded_by
    from (select poll_now() as now) clock cross join polls p
    where p.state <> 'draft' and p.opens_at <= clock.now`,

  // Beside what public polls stand: a row for each place, numbers and times only, found by the place's own index.
  poll_places: `view pub.poll_places with (security_barrier) as
    ${pollsAt('article', 'p.article_id', 'exists (select from articles a where a.id = p.article_id and a.live_revision_id is not null)')}
    union all ${pollsAt('series', 'p.series_id', `exists (select from listings where list = 'series:' || p.series_id)`)}
    union all ${pollsAt('section', 'p.section_id', 'p.section_id is not null')}
    union all ${pollsAt('site', '0', 'p.on_site')}`,

  // An ad is there from its hour to its end. Who pays for it only the desk knows.
  ads: `view pub.ads with (security_barrier) as
    select a.id, a.slot, a.wording, ${picture('a.picture_id')} as picture, a.link, a.weight, a.ends_at,
      array(select s.section_id from ad_sections s where s.ad_id = a.id) as section_ids
    from ads a where ${adRuns}`,

  // When an ad last started or ended by itself: no act moves the clock then.
  ad_clock: `view pub.ad_clock with (security_barrier) as
    select greatest((select max(starts_at) from ads where starts_at <= now()), (select max(ends_at) from ads where ends_at <= now())) as changed_at`,

  // Numbers of pieces, which may have been taken away since: who reads it looks each one up.
  most_read: `view pub.most_read with (security_barrier) as
    select period, article_ids, changed_at from most_read`,

  // What the desk has set for the front page, and is in force now.
  front: `view pub.front with (security_barrier) as
    ${frontAt('now()')}`,

  // When the front page last came under another arrangement by itself.
  front_clock: `view pub.front_clock with (security_barrier) as
    select greatest((select max(starts_at) from fronts where starts_at <= now()), (select max(ends_at) from fronts where ends_at <= now())) as changed_at`,

  // A poll opens and closes by itself, and what shows it changes then without anybody's act.
  clock: `view pub.clock with (security_barrier) as
    select greatest(changed_at,
      (select max(opens_at) from polls where state <> 'draft' and opens_at <= (select poll_now())),
      (select max(closes_at) from polls where state <> 'draft' and closes_at <= (select poll_now()))) as changed_at
    from content_clock`,
};

/**
 * All that is told of a picture, with addresses from the root of the site; null until it is ready. The function `pub.picture` makes of it what
 * readers get. One address stands for all: the widest WebP of at most 960 pixels. Its argument is SQL for an id.
 */
function picture(id: string): string {
  return `(select jsonb_build_object('id', m.id, 'width', m.width, 'height', m.height, 'alt', m.alt, 'credit', m.credit,
        'focalPoint', jsonb_build_object('x', m.focal_x, 'y', m.focal_y), 'path', made.path, 'renditions', made.renditions)
      from media m cross join lateral (
        select '/media/' || m.id || '/' || max(f.width) filter (where f.type = 'image/webp' and f.width <= 960) || '.webp' as path,
          jsonb_agg(jsonb_build_object('url', '/media/' || m.id || '/' || f.name, 'type', f.type, 'width', f.width, 'height', f.height)
            order by f.type, f.width) as renditions
        from media_files f where f.media_id = m.id and f.name not like 'original.%') made
      where m.id = ${id} and m.kind = 'picture' and m.state = 'ready')`;
}

/** Polls that stand beside something, archived ones not among them. Its arguments are SQL. */
function pollsAt(kind: string, placeId: string, isPublic: string): string {
  return `select '${kind}' as kind, ${placeId} as place_id, p.id as poll_id, p.opens_at,
      p.state = 'open' and (p.closes_at is null or (select poll_now()) < p.closes_at) as open
    from polls p where p.state in ('open', 'closed') and p.opens_at <= (select poll_now()) and ${isPublic}`;
}

const FUNCTIONS = [
  // The wording in the asked language, else in the center's, else in any.
  `function pub.wording(words jsonb, asked text, home text) returns text language sql immutable parallel safe as $$
     select coalesce(words ->> asked, words ->> home, words ->> 'ar', words ->> 'en', words ->> 'fr') $$`,
  `function pub.instant(at timestamptz) returns text language sql stable parallel safe as $$
     select to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') $$`,
  // Whole seconds cannot tell two changes of one second apart. So until a change is 5 s old Last-Modified gives a still older moment, which
  // the settled answer will be newer than, and nobody is told "not modified" by date.
  `function pub.settled(changed_at timestamptz) returns boolean language sql stable parallel safe as $$
     select clock_timestamp() - changed_at >= interval '5 s' $$`,
  `function pub.last_modified(changed_at timestamptz) returns timestamptz language sql stable parallel safe as $$
     select date_trunc('second', case when pub.settled(changed_at) then changed_at else changed_at - interval '5 s' end) $$`,
  // A picture as readers get it, of what a view tells of it. One expression, so that the planner puts it in place of the call: calls took 0.2 ms.
  `function pub.picture(told jsonb, asked text, home text, origin text) returns json language sql stable parallel safe as $$
     select case when told is not null then json_build_object('id', told -> 'id', 'url', origin || (told ->> 'path'),
       'width', told -> 'width', 'height', told -> 'height',
       'alt', coalesce(pub.wording(told -> 'alt', asked, home), ''), 'credit', pub.wording(told -> 'credit', asked, home),
       'focalPoint', told -> 'focalPoint',
       'renditions', replace((told -> 'renditions')::text, '"/media/', '"' || origin || '/media/')::json) end $$`,
  // A section with its subsections, nested. plpgsql, because a SQL function may not name itself before it exists.
  `function pub.subsections(parent int, asked text, home text) returns json language plpgsql stable parallel safe as $$
     begin
       return (
         select coalesce(json_agg(json_build_object('id', s.id, 'slug', s.slug, 'name', pub.wording(s.name, asked, home),
           'description', pub.wording(s.description, asked, home), 'children', pub.subsections(s.id, asked, home)) order by s.position, s.id), '[]')
         from pub.sections s where s.parent_id is not distinct from parent);
     end $$`,
];

export const dropPublicSchema = `drop schema if exists pub cascade`;

/** Statements that make schema `pub` anew; its comment tells which text it was made from. */
export function createPublicSchema(): string[] {
  return [
    `create schema pub`,
    ...FUNCTIONS.map((definition) => `create ${definition}`),
    ...Object.values(VIEWS).map((definition) => `create ${definition}`),
    `comment on schema pub is '${publicSchemaDigest()}'`,
  ];
}

export function publicSchemaDigest(): string {
  return createHash('sha256')
    .update(JSON.stringify([FUNCTIONS, VIEWS]))
    .digest('hex');
}

/** Grants by name, never "all tables": a table added by mistake to the schema must not open by itself. */
export function grantPublicViews(role: string): string[] {
  const views = Object.keys(VIEWS).map((name) => `pub.${name}`);
  return [`grant usage on schema pub to "${role}"`, `grant select on ${views.join(', ')} to "${role}"`];
}
