import { SWEEP_LOCK } from '../media/sweep-lock.js';

/** What must be true of every row at every moment. */
export interface Invariant {
  /** Stable: programs know it by this. */
  readonly name: string;
  /** Gives a column `row` that names each offender. */
  readonly sql: string;
  /** What a person does about it: a command, or SQL with the offender's number in the place of N. */
  readonly repair: string;
}

const SERVER = 'Start the server: it does so by itself within a minute. If one is running, read its log.';

/** What is due is taken within seconds; what is this late was forgotten, or nobody is there to do it. */
const LATE = `interval '2 minutes'`;

/** Whether a backup is being made: it holds the lock alone, sweeps share it. */
const BACKUP_RUNS = `exists (select from pg_locks where locktype = 'advisory' and granted and mode = 'ExclusiveLock' and objsubid = 1
  and database = (select oid from pg_database where datname = current_database()) and (classid::bigint << 32 | objid::bigint) = ${SWEEP_LOCK})`;

const REINDEX = 'npx markaz reindex';

/** What is due is indexed soon, or after an upgrade within the hour. */
const NOT_DUE = `not exists (select from search_due d where d.article_id = a.id)`;

export const INVARIANTS: readonly Invariant[] = [
  {
    name: 'article_without_head',
    sql: `select 'article ' || a.id as row from articles a
      where not exists (select from revisions r where r.id = a.head_revision_id and r.article_id = a.id) order by a.id`,
    repair: `update articles set head_revision_id = (select id from revisions where article_id = N order by number desc limit 1) where id = N; without any revision: delete from articles where id = N;`,
  },
  {
    name: 'live_without_revision',
    sql: `select 'article ' || a.id as row from articles a
      where case when a.status is null or a.status = 'withdrawn' then a.live_revision_id is not null
        else not exists (select from revisions r where r.id = a.live_revision_id and r.article_id = a.id) end order by a.id`,
    repair: `Withdraw the article at the desk, or point it to the revision that was public: update articles set live_revision_id = … where id = N;`,
  },
  {
    name: 'live_without_date',
    sql: `select 'article ' || id as row from articles
      where status is not null and (published_at is null or updated_at is null or dateline is null or published_at > now()) order by id`,
    repair: `update articles set published_at = …, updated_at = …, dateline = … where id = N; with the moment that "select at, act from audit_log where object_type = 'article' and object_id = N" tells.`,
  },
  {
    name: 'live_without_slug',
    sql: `select 'article ' || a.id as row from articles a join revisions r on r.id = a.live_revision_id
      where r.slug = '' or not exists (select from article_slugs s where s.article_id = a.id and s.public_since is not null) order by a.id`,
    repair: `update article_slugs set public_since = now() where article_id = N; without any: give it another slug at the desk and publish that.`,
  },
  {
    name: 'live_unsealed',
    sql: `select 'article ' || a.id || ' revision ' || r.number as row from articles a join revisions r on r.id = a.live_revision_id
      where r.sealed_at is null order by a.id`,
    repair: `update revisions set sealed_at = now() where id = (select live_revision_id from articles where id = N);`,
  },
  {
    name: 'byline_with_gaps',
    sql: `select 'article ' || r.article_id || ' revision ' || r.number as row from revisions r join revision_authors b on b.revision_id = r.id
      group by r.id having min(b.position) <> 0 or max(b.position) <> count(*) - 1 order by r.article_id, r.number`,
    repair: `Somebody has removed an author of it by hand: save the article at the desk with the byline it should have, or restore a backup.`,
  },
  {
    name: 'listing_missing',
    sql: `select 'article ' || article_id || ' in ' || list as row
      from (select list, published_at, article_id from listings_definition except select list, published_at, article_id from listings) d order by article_id, list`,
    repair: `insert into listings (list, published_at, article_id) select list, published_at, article_id from listings_definition where article_id = N on conflict do nothing;`,
  },
  {
    name: 'listing_extra',
    sql: `select 'article ' || article_id || ' in ' || list as row
      from (select list, published_at, article_id from listings except select list, published_at, article_id from listings_definition) d order by article_id, list`,
    repair: `delete from listings l where article_id = N and not exists (select from listings_definition d where (d.list, d.published_at, d.article_id) = (l.list, l.published_at, l.article_id));`,
  },
  {
    name: 'search_missing',
    sql: `select 'article ' || a.id as row from articles a
      where a.live_revision_id is not null and not exists (select from article_search s where s.article_id = a.id) and ${NOT_DUE} order by a.id`,
    repair: REINDEX,
  },
  {
    name: 'search_extra',
    sql: `select 'article ' || a.id as row from article_search s join articles a on a.id = s.article_id
      where a.live_revision_id is null and ${NOT_DUE} order by a.id`,
    repair: REINDEX,
  },
  {
    name: 'search_of_another_revision',
    sql: `select 'article ' || a.id as row from article_search s join articles a on a.id = s.article_id
      where a.live_revision_id <> s.revision_id and ${NOT_DUE} order by a.id`,
    repair: REINDEX,
  },
  {
    name: 'search_failed',
    sql: `select 'article ' || article_id as row from search_due where failed_at is not null order by article_id`,
    repair: `npx markaz reindex tries once more; the log says why it failed.`,
  },
  {
    name: 'search_word_missing',
    // Of some pieces, others each time: all of them would take minutes in a large center.
    sql: `select 'article ' || a.article_id || ' ' || w.word as row from article_search a
      cross join lateral unnest(tsvector_to_array(a.head) || tsvector_to_array(a.body)) w (word)
      where a.article_id in (select article_id from article_search order by random() limit 200)
        and not starts_with(w.word, '~') and not exists (select from search_vocabulary v where v.word = w.word)
      group by a.article_id, w.word order by a.article_id, w.word`,
    repair: `npx markaz reindex --all`,
  },
  {
    name: 'search_word_extra',
    sql: `select 'word ' || word as row
      from search_words_held(array(select word from search_vocabulary where not doubtful order by random() limit 2000))
      where article_id is null order by word collate "C"`,
    repair: `update search_vocabulary set doubtful = true where word = 'N'; then npx markaz reindex, or a running server, takes it out.`,
  },
  {
    name: 'schedule_without_state',
    sql: `select 'article ' || a.id as row from articles a left join article_schedules s on s.article_id = a.id and s.failed_at is null
      where (a.state = 'scheduled') <> (s.article_id is not null) order by a.id`,
    repair: `update articles set state = 'approved' where id = N and state = 'scheduled'; delete from article_schedules where article_id = N and failed_at is null; then schedule it anew.`,
  },
  {
    name: 'schedule_overdue',
    sql: `select 'article ' || article_id as row from article_schedules where failed_at is null and due_at < now() - ${LATE} order by article_id`,
    repair: SERVER,
  },
  {
    name: 'merged_into_merged',
    sql: `select 'author ' || a.id as row from authors a join authors b on b.id = a.merged_into where b.merged_into is not null order by a.id`,
    repair: `update authors a set merged_into = b.merged_into from authors b where a.id = N and b.id = a.merged_into;`,
  },
  {
    name: 'merge_without_record',
    sql: `select 'author ' || a.id as row from authors a
      left join author_merges m on m.from_author_id = a.id and m.undone_at is null
      where a.merged_into is distinct from m.into_author_id and (a.merged_into is null or m.id is null) order by a.id`,
    repair: `Undo the merge at the desk, or by hand: update authors set merged_into = null where id = N; update author_merges set undone_at = now() where from_author_id = N and undone_at is null;`,
  },
  {
    name: 'removed_media_in_use',
    sql: `select 'media ' || m.id as row from media m where m.state = 'removed'
      and (exists (select from revision_media u where u.media_id = m.id) or exists (select from authors a where a.portrait_id = m.id)) order by m.id`,
    repair: `If its files are still there: update media set state = case kind when 'document' then 'ready' else 'due' end, due_at = now() where id = N; else choose another picture at the desk.`,
  },
  {
    name: 'live_picture_not_ready',
    sql: `select 'article ' || a.id || ' media ' || m.id as row from articles a
      join revision_media u on u.revision_id = a.live_revision_id join media m on m.id = u.media_id where m.state <> 'ready' order by a.id, m.id`,
    repair: `Wait a minute while it is due. Else: update media set state = 'due', failure = null, tries = 0, due_at = now() where id = N and state = 'failed'; or put another picture there.`,
  },
  {
    name: 'body_media_unlisted',
    sql: `select distinct 'article ' || r.article_id || ' revision ' || r.number || ' media ' || found[1] as row
      from revisions r cross join regexp_matches(r.body, '<img[^>]* src="/media/([0-9]{1,9})/', 'g') found
      where not exists (select from revision_media u where u.revision_id = r.id and u.media_id = found[1]::int) order by 1`,
    repair: `Save the article at the desk: what its text shows is written down anew. A public revision is replaced by publishing that one.`,
  },
  {
    name: 'listed_media_unused',
    sql: `select 'article ' || r.article_id || ' revision ' || r.number || ' media ' || u.media_id as row
      from revision_media u join revisions r on r.id = u.revision_id
      where u.place <> 'cover' and strpos(r.body, '/media/' || u.media_id || '/') = 0 order by r.article_id, r.number, u.media_id`,
    repair: `Save the article at the desk: what its text shows is written down anew. A public revision is replaced by publishing that one.`,
  },
  {
    name: 'media_overdue',
    // Renditions are made one picture after the other, each under a lease; while a backup is made nothing is swept.
    sql: `select 'media ' || id || ' ' || state as row from media
      where due_at < now() - ${LATE} and (state = 'due' and not exists (select from media m where m.state = 'due' and m.due_at > now())
        or state in ('arriving', 'removed') and not ${BACKUP_RUNS}) order by id`,
    repair: SERVER,
  },
  {
    name: 'media_without_files',
    sql: `select 'media ' || m.id as row from media m
      where m.state in ('due', 'ready') and not exists (select from media_files f where f.media_id = m.id and f.name ~ '^(original|document)[.]') order by m.id`,
    repair: `Nothing is left of it. Unused: update media set state = 'removed', due_at = now() where id = N; else choose another picture at the desk first.`,
  },
  {
    name: 'outbox_stuck',
    sql: `select 'mail ' || id as row from mail_outbox where state = 'sending' and locked_until < now() - interval '5 minutes' order by id`,
    repair: SERVER,
  },
  {
    name: 'sent_with_content',
    sql: `select 'mail ' || id as row from mail_outbox where state in ('sent', 'uncertain', 'withheld') and (to_enc is not null or content_enc is not null)
      union all select 'share ' || id from shares where state in ('dispatched', 'dropped') and content_enc is not null`,
    repair: `update mail_outbox set to_enc = null, content_enc = null where id = N; update shares set content_enc = null where id = 'N';`,
  },
  {
    name: 'session_of_suspended',
    sql: `select 'editor ' || e.id as row from editors e where e.state <> 'active' and exists (select from sessions s where s.editor_id = e.id) order by e.id`,
    repair: `delete from sessions where editor_id = N;`,
  },
  {
    name: 'token_of_suspended',
    sql: `select 'editor ' || e.id as row from editors e
      where e.state <> 'active' and exists (select from api_tokens t where t.editor_id = e.id and t.expires_at > now()) order by e.id`,
    repair: `delete from api_tokens where editor_id = N;`,
  },
  {
    name: 'idle_in_transaction',
    sql: `select 'process ' || pid || ' (' || application_name || ')' as row from pg_stat_activity
      where datname = current_database() and state like 'idle in transaction%' and state_change < clock_timestamp() - interval '10 seconds' and pid <> pg_backend_pid()
        -- It keeps its snapshot while it copies files, for as long as that takes.
        and application_name <> 'markaz backup'
      order by pid`,
    repair: `select pg_terminate_backend(N); it holds locks and does nothing.`,
  },
  {
    name: 'trigger_disabled',
    sql: `select tgrelid::regclass || ' ' || tgname as row from pg_trigger t join pg_class c on c.oid = t.tgrelid
      where c.relnamespace = 'public'::regnamespace and t.tgenabled = 'D' order by 1`,
    repair: `alter table N enable trigger user; then look through what was written meanwhile with this command.`,
  },
  {
    name: 'constraint_not_valid',
    sql: `select conrelid::regclass || ' ' || conname as row from pg_constraint where connamespace = 'public'::regnamespace and not convalidated order by 1`,
    repair: `alter table N validate constraint …;`,
  },
];

/** What a media's row and its files' rows say, for a comparison with storage. */
export const mediaOnRecord = `
  select m.id, m.kind, m.state, m.width, m.height,
    coalesce((select json_agg(json_build_object('name', f.name, 'bytes', f.bytes, 'sha256', encode(f.sha256, 'hex')) order by f.name)
      from media_files f where f.media_id = m.id), '[]') as files
  from media m order by m.id`;

/** Those of the given files whose rows still say that they are there. $1 ids, $2 names */
export const stillOnRecord = `
  select asked.id || '/' || asked.name as row from unnest($1::int[], $2::text[]) asked (id, name)
  join media_files f on f.media_id = asked.id and f.name = asked.name join media m on m.id = f.media_id where m.state <> 'removed'`;
