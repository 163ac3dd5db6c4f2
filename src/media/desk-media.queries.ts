import type { EntityManager } from 'typeorm';
import { covered, may, type ActingEditor } from '../access/policy.js';
import { cursorSql } from '../http/cursor.js';
import type { DeskMedia, DeskMediaCard, DeskMediaList, ListDeskMedia } from './desk-media.dto.js';

// Every text below is put together from constants of this file; values go in as $1 … only.

/** $8: where the desk's pictures and documents are, in full. */
const CARD = `
  'id', m.id, 'version', m.version, 'kind', m.kind, 'state', m.state, 'fileName', m.file_name, 'width', m.width, 'height', m.height,
  'alt', m.alt, 'credit', m.credit, 'focalPoint', json_build_object('x', m.focal_x, 'y', m.focal_y),
  'renditions', (
    select coalesce(json_agg(json_build_object('name', f.name, 'url', $8::text || '/' || m.id || '/files/' || f.name, 'type', f.type, 'width', f.width, 'height', f.height, 'bytes', f.bytes)
      order by f.type, f.width), '[]')
    from media_files f where f.media_id = m.id and f.name not like 'original.%' and m.kind = 'picture'),
  'bytes', (select f.bytes from media_files f where f.media_id = m.id and (f.name like 'original.%' or m.kind = 'document')),
  'failure', m.failure,
  'createdBy', (select json_build_object('id', c.id, 'name', c.name) from editors c where c.id = m.created_by),
  'createdAt', pub.instant(m.created_at)`;

/** What the desk sees, and of it the editor: $1 whether all of it, $2 who asks. A contributor sees what is their own, and what readers see. */
const SEEN = `m.state in ('due', 'ready', 'failed')
  and ($1::bool or m.created_by = $2::int or exists (select from pub.media p where p.id = m.id))`;

/**
 * Articles one of whose revisions shows it: $3 whether the editor reads all of them, $4 whether any, $5 the sections granted. As the articles'
 * own list says it, and beside it what readers see. Authors: $6 whether the editor reads all of them, or those whom readers see. Ads: $9 whether
 * the editor reads them.
 */
const USES = `
  with recursive granted (id) as (
      select unnest($5::int[])
      union
      select s.id from granted join sections s on s.parent_id = granted.id),
    using_it as (
      select a.id, live.title as live_title, head.title,
        coalesce($3::bool or $4::bool and (a.created_by = $2::int or head.section_id in (select id from granted)
          and (live.id is null or live.section_id in (select id from granted))), false) as seen
      from articles a join revisions head on head.id = a.head_revision_id left join revisions live on live.id = a.live_revision_id
      where exists (select from revision_media u join revisions r on r.id = u.revision_id where u.media_id = m.id and r.article_id = a.id))
  select json_build_object(
    'articles', coalesce(json_agg(json_build_object('id', u.id, 'title', case when u.seen then u.title else u.live_title end) order by u.id)
      filter (where u.seen or u.live_title is not null), '[]'),
    'authors', (
      select coalesce(json_agg(json_build_object('id', p.id, 'name', p.name) order by p.id), '[]') from authors p
      where p.portrait_id = m.id and ($6::bool or exists (select from pub.authors q where q.id = p.id))),
    'ads', (
      select coalesce(json_agg(json_build_object('id', s.id, 'advertiser', s.advertiser) order by s.id), '[]') from ads s
      where s.picture_id = m.id and $9::bool),
    'hidden', count(*) filter (where not u.seen and u.live_title is null))
  from using_it u`;

const ONE = `select json_build_object(${CARD}, 'usedBy', (${USES})) as media from media m where ${SEEN} and m.id = $7`;

const PAGE = `
  select json_build_object(${CARD}) as media, ${cursorSql('desk media', 'm.id', 'm.id')} as cursor
  from media m
  where ${SEEN} and ($3::int is null or m.id < $3) and ($4::text is null or m.kind = $4) and (not $5::bool or m.created_by = $2)
    and ($6::text is null or position(lower($6) in lower(m.file_name || ' ' || m.alt::text || ' ' || m.credit::text)) > 0)
  order by m.id desc limit $7::int + 1`;

/** @param all whether the editor sees everybody's @param base of the addresses of files @returns null when there is none, or the editor may not see it */
export async function deskMedia(
  tx: EntityManager,
  editor: ActingEditor,
  all: boolean,
  id: number,
  base: string,
): Promise<DeskMedia | null> {
  // Titles are what articles say, and names what authors and ads say: through a token it takes a scope that reads them.
  const [everyArticle, anyArticle] = [may(editor, 'articles.read'), covered(editor, 'articles.read')];
  const [authors, ads] = [may(editor, 'authors.read'), may(editor, 'ads.read')];
  const values = [all, editor.id, everyArticle, anyArticle, editor.sections, authors, id, base, ads];
  const [row] = await tx.query<{ media: DeskMedia }[]>(ONE, values);
  return row?.media ?? null;
}

/** @param all and base as in {@link deskMedia} @returns newest first */
export async function deskMediaPage(
  tx: EntityManager,
  editor: ActingEditor,
  all: boolean,
  { cursor, kind, mine, q, limit }: ListDeskMedia,
  base: string,
): Promise<DeskMediaList> {
  const values = [all, editor.id, cursor?.id, kind, mine === 'true', q, limit, base];
  const rows = await tx.query<{ media: DeskMediaCard; cursor: string }[]>(PAGE, values);
  const page = rows.slice(0, limit);
  return { items: page.map(({ media }) => media), nextCursor: rows.length > limit ? page.at(-1)!.cursor : null };
}
