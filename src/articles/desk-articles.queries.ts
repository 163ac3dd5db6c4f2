import type { EntityManager } from 'typeorm';
import { ARTICLE_STATES, type ActingEditor } from '../access/policy.js';
import { cursorSql } from '../http/cursor.js';
import { foldSlug } from '../text/slug.js';
import type {
  DeskArticle,
  DeskArticleCard,
  DeskArticleList,
  ListDeskArticles,
  ListRevisions,
  RevisionCard,
  RevisionList,
  RevisionText,
} from './desk-article.dto.js';
import type { ComparedRevision } from './revision-diff.js';

// Every text below is put together from constants of this file; values go in as $1 … only.

export const person = (alias: string): string =>
  `case when ${alias}.id is null then null else json_build_object('id', ${alias}.id, 'name', ${alias}.name) end`;

/** Fields of a revision `r` that name other things. */
const REFERRED = `
  'section', (select json_build_object('id', s.id, 'name', s.name) from sections s where s.id = r.section_id),
  'authors', (
    select coalesce(json_agg(json_build_object('id', u.id, 'name', u.name) order by b.position), '[]')
    from revision_authors b join authors u on u.id = b.author_id where b.revision_id = r.id)`;

const TEXT = `
  'kicker', r.kicker, 'summary', r.summary, 'body', r.body,
  'authorRoles', (
    select coalesce(json_agg(json_build_object('authorId', b.author_id, 'role', b.role) order by b.position), '[]')
    from revision_authors b where b.revision_id = r.id and b.role is not null),
  'tags', (select coalesce(json_agg(t.tag_id order by t.tag_id), '[]') from revision_tags t where t.revision_id = r.id),
  'seriesId', r.series_id, 'seriesPosition', r.series_position, 'publisher', r.publisher, 'references', r.bibliography,
  'coverId', (select u.media_id from revision_media u where u.revision_id = r.id and u.place = 'cover')`;

/** `a` the article, `r` its newest revision, `c` and `e` who created and who edited it. */
const CARD = `
  'id', a.id, 'version', a.version, 'state', a.state, 'status', a.status, 'slug', r.slug, 'lang', a.lang,
  'dir', case a.lang when 'ar' then 'rtl' else 'ltr' end, 'type', r.type, 'title', r.title, ${REFERRED},
  'publishedAt', pub.instant(coalesce(a.published_at, a.archive_date)),
  'schedule', (
    select json_build_object('at', pub.instant(s.at), 'zone', s.zone, 'revision', p.number, 'failure',
      case when s.failed_at is null then null else s.failure || jsonb_build_object('at', pub.instant(s.failed_at)) end)
    from article_schedules s join revisions p on p.id = s.revision_id where s.article_id = a.id),
  'createdBy', ${person('c')}, 'editedBy', ${person('e')}, 'editedAt', pub.instant(a.edited_at)`;

const FROM = `
  articles a join revisions r on r.id = a.head_revision_id
  left join editors c on c.id = a.created_by left join editors e on e.id = a.edited_by`;

const WHOLE = `
  select json_build_object(${CARD}, ${TEXT},
    'sectionId', r.section_id,
    'authorIds', (select coalesce(json_agg(b.author_id order by b.position), '[]') from revision_authors b where b.revision_id = r.id),
    'dateline', coalesce(r.dateline, a.dateline), 'words', r.words, 'readingMinutes', r.reading_minutes, 'revision', r.number,
    'liveRevision', (select number from revisions where id = a.live_revision_id), 'returnComment', a.return_comment,
    'translations', (
      select coalesce(json_agg(json_build_object('id', t.id, 'lang', t.lang, 'title', h.title, 'state', t.state, 'status', t.status) order by t.lang), '[]')
      from articles t join revisions h on h.id = t.head_revision_id where t.translation_group = a.translation_group and t.id <> a.id),
    'notices', (
      select coalesce(json_agg(json_build_object('id', n.id, 'kind', n.kind, 'note', n.note, 'by', n.signed_by, 'at', pub.instant(n.at),
        'articleId', n.about_article_id, 'settledAt', pub.instant(n.settled_at)) order by n.at desc, n.id desc), '[]')
      from notices n where n.article_id = a.id),
    'createdAt', pub.instant(a.created_at)) as article
  from ${FROM} where a.id = $1`;

/** The whole article, without what depends on who looks. */
export async function deskArticle(tx: EntityManager, id: number): Promise<Omit<DeskArticle, 'acts'>> {
  const [row] = await tx.query<[{ article: Omit<DeskArticle, 'acts'> }]>(WHOLE, [id]);
  return row.article;
}

/** A section and everything below it, for the filter in $n. */
const subtree = (roots: string): string => `(
  with recursive below (id) as (
    select id from sections where ${roots}
    union
    select s.id from below join sections s on s.parent_id = below.id)
  select id from below)`;

/** Collects values and gives each its `$n`. */
class Values {
  readonly list: unknown[] = [];
  readonly add = (value: unknown): string => `$${this.list.push(value)}`;
}

/** The filters: what was asked, and its SQL. `undefined` was not asked. */
const FILTERS = {
  state: { asked: ({ state }) => state, sql: (value) => `a.state = ${value}` },
  due: {
    asked: ({ due }) => due,
    sql: (value) => `(${value}::bool and exists (select from article_schedules s where s.article_id = a.id))`,
  },
  lang: { asked: ({ lang }) => lang, sql: (value) => `a.lang = ${value}` },
  mine: { asked: ({ mine }, editor) => mine && editor.id, sql: (value) => `a.created_by = ${value}::int` },
  section: {
    asked: ({ section }) => section && foldSlug(section),
    sql: (value) => `r.section_id in ${subtree(`slug_folded = ${value} or id::text = ${value}`)}`,
  },
  author: {
    asked: ({ author }) => author && foldSlug(author),
    sql: (value) => `exists (
      select from revision_authors b join authors u on u.id = b.author_id left join authors t on t.id = u.merged_into
      where b.revision_id = r.id and ${value} in (u.slug_folded, u.id::text, t.slug_folded, t.id::text))`,
  },
} satisfies Record<string, { asked: (query: ListDeskArticles, editor: ActingEditor) => unknown; sql: (value: string) => string }>;

/** What the editor may see: the policy's `articles.read`, said as a condition. A test holds the two together. */
function visible(editor: ActingEditor, values: Values): string {
  if (editor.role === 'admin' || editor.role === 'chief') return 'true';
  const own = `a.created_by = ${values.add(editor.id)}::int`;
  if (editor.role === 'contributor') return own;
  const granted = subtree(`id = any(${values.add(editor.sections)}::int[])`);
  return `(${own} or r.section_id in ${granted} and (a.live_revision_id is null
    or exists (select from revisions live where live.id = a.live_revision_id and live.section_id in ${granted})))`;
}

/** All conditions but those of `leftOut`. */
function conditions(editor: ActingEditor, query: ListDeskArticles, values: Values, ...leftOut: (keyof typeof FILTERS)[]): string {
  const asked = Object.entries(FILTERS)
    .filter(([name]) => !leftOut.some((other) => other === name))
    .map(([, filter]) => ({ value: filter.asked(query, editor), sql: filter.sql }))
    .filter(({ value }) => value !== undefined);
  return [visible(editor, values), ...asked.map(({ value, sql }) => sql(values.add(value)))].join(' and ');
}

const COUNTS = ARTICLE_STATES.map((state) => `'${state}', count(*) filter (where a.state = '${state}')`).join(', ');

/** A page of what the editor may see, last edited first, and how many the other filters leave in each state. */
export async function deskPage(tx: EntityManager, editor: ActingEditor, query: ListDeskArticles): Promise<DeskArticleList> {
  const ofCounts = new Values();
  const [{ counts }] = await tx.query<[{ counts: DeskArticleList['counts'] }]>(
    // An outer join, which the planner leaves out when no condition asks for the revision: reading them all takes longer than the counting.
    `select json_build_object(${COUNTS}, 'due', count(due.article_id)) as counts
     from articles a left join revisions r on r.id = a.head_revision_id left join article_schedules due on due.article_id = a.id
     where ${conditions(editor, query, ofCounts, 'state', 'due')}`,
    ofCounts.list,
  );
  const values = new Values();
  const where = conditions(editor, query, values);
  const { cursor } = query;
  const after = cursor
    ? `(a.edited_at, a.id) < (timestamptz 'epoch' + ${values.add(cursor.key)}::bigint * interval '1 microsecond', ${values.add(cursor.id)}::int)`
    : 'true';
  const rows = await tx.query<{ card: DeskArticleCard; cursor: string }[]>(
    `select json_build_object(${CARD}) as card, ${cursorSql('desk articles', '(extract(epoch from a.edited_at) * 1000000)::bigint', 'a.id')} as cursor
     from ${FROM} where ${where} and ${after} order by a.edited_at desc, a.id desc limit ${values.add(query.limit)}::int + 1`,
    values.list,
  );
  return { ...pageOf(rows, query.limit), counts };
}

/** One row more than asked for tells that there is a next page. */
export function pageOf<Card>(rows: readonly { card: Card; cursor: string }[], limit: number): { items: Card[]; nextCursor: string | null } {
  const items = rows.slice(0, limit);
  return { items: items.map(({ card }) => card), nextCursor: rows.length > limit ? items.at(-1)!.cursor : null };
}

const STEP = `
  'number', r.number, 'title', r.title, 'words', r.words, 'createdBy', ${person('c')}, 'createdAt', pub.instant(r.created_at),
  'savedAt', pub.instant(r.saved_at), 'sealed', r.sealed_at is not null, 'live', r.id is not distinct from a.live_revision_id,
  'restoredFrom', r.restored_from`;

const HISTORY = `revisions r join articles a on a.id = r.article_id left join editors c on c.id = r.created_by`;

/** An article's history, newest first. */
export async function revisionPage(tx: EntityManager, id: number, { cursor, limit }: ListRevisions): Promise<RevisionList> {
  const rows = await tx.query<{ card: RevisionCard; cursor: string }[]>(
    `select json_build_object(${STEP}) as card, ${cursorSql('revisions', 'r.number', 'r.article_id')} as cursor
     from ${HISTORY} where r.article_id = $1 and r.number < coalesce($2::int, 2147483647) order by r.number desc limit $3::int + 1`,
    [id, cursor?.key, limit],
  );
  return pageOf(rows, limit);
}

/** One step of it whole, or null. */
export async function revisionText(tx: EntityManager, id: number, number: number): Promise<RevisionText | null> {
  const [row] = await tx.query<{ text: RevisionText }[]>(
    `select json_build_object(${STEP}, 'slug', r.slug, 'type', r.type, ${REFERRED}, ${TEXT}) as text from ${HISTORY} where r.article_id = $1 and r.number = $2`,
    [id, number],
  );
  return row?.text ?? null;
}

const NAMED = `'id', n.id, 'name', n.name`;

/** A revision as two of them are compared, or null. $2 its number. */
export async function comparedRevision(tx: EntityManager, id: number, number: number): Promise<ComparedRevision | null> {
  const [row] = await tx.query<{ revision: ComparedRevision }[]>(
    `select json_build_object('number', r.number, 'lang', a.lang, 'title', r.title, 'kicker', r.kicker, 'summary', r.summary, 'slug', r.slug,
       'type', r.type, 'dateline', r.dateline, 'body', r.body, 'publisher', r.publisher, 'references', r.bibliography,
       'section', (select json_build_object(${NAMED}) from sections n where n.id = r.section_id),
       'series', (select json_build_object(${NAMED}, 'position', r.series_position) from series n where n.id = r.series_id),
       'byline', (
         select coalesce(json_agg(json_build_object(${NAMED}, 'role', b.role) order by b.position), '[]')
         from revision_authors b join authors n on n.id = b.author_id where b.revision_id = r.id),
       'tags', (
         select coalesce(json_agg(json_build_object(${NAMED}) order by n.slug), '[]')
         from revision_tags t join tags n on n.id = t.tag_id where t.revision_id = r.id),
       'cover', (
         select json_build_object('id', m.id, 'alt', m.alt)
         from revision_media u join media m on m.id = u.media_id where u.revision_id = r.id and u.place = 'cover')) as revision
     from revisions r join articles a on a.id = r.article_id where a.id = $1 and r.number = $2`,
    [id, number],
  );
  return row?.revision ?? null;
}

/** The number of the newest revision before another, or null. */
export async function numberBefore(tx: EntityManager, id: number, number: number): Promise<number | null> {
  const [row] = await tx.query<[{ number: number | null }]>(
    `select max(number) as number from revisions where article_id = $1 and number < $2`,
    [id, number],
  );
  return row.number;
}
