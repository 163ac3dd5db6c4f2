import type { EntityManager } from 'typeorm';
import { articleColumns } from '../database/public-views.js';
import { cursorSql } from '../http/cursor.js';
import type { Lang } from '../text/language.js';
import type { Wording } from '../text/wording.js';
import type { ArticlePage } from './article.dto.js';
import { wholeArticle } from './articles.queries.js';
import { pageOf, person } from './desk-articles.queries.js';
import type { ListPreviews, PreviewLink, PreviewLinkList } from './preview.dto.js';

// Every text below is put together from constants of code; values go in as $1 … only.

const LINK = `
  'id', l.id, 'revision', r.number, 'note', l.note, 'createdBy', ${person('c')}, 'createdAt', pub.instant(l.created_at),
  'expiresAt', pub.instant(l.expires_at), 'revokedAt', pub.instant(l.revoked_at), 'openedAt', pub.instant(l.opened_at)`;

const LINKS = `preview_links l join revisions r on r.id = l.revision_id left join editors c on c.id = l.created_by`;

/** Links that still open. */
const OPEN = `l.revoked_at is null and l.expires_at > now()`;

/** An article's links, newest first. */
export async function previewPage(tx: EntityManager, articleId: number, { cursor, limit }: ListPreviews): Promise<PreviewLinkList> {
  const rows = await tx.query<{ card: PreviewLink; cursor: string }[]>(
    `select json_build_object(${LINK}) as card, ${cursorSql('preview links', 'l.id', 'l.id')} as cursor
     from ${LINKS} where l.article_id = $1 and l.id < coalesce($2::int, 2147483647) order by l.id desc limit $3::int + 1`,
    [articleId, cursor?.id, limit],
  );
  return pageOf(rows, limit);
}

export async function previewLink(tx: EntityManager, id: number): Promise<PreviewLink> {
  const [row] = await tx.query<[{ link: PreviewLink }]>(`select json_build_object(${LINK}) as link from ${LINKS} where l.id = $1`, [id]);
  return row.link;
}

/**
 * Writes a link down, unless so many of the article's are open already: the caller holds the article, so no other comes between.
 * @param link `expiresAt` null: seven days from now
 * @returns its id, or null when there are too many
 */
export async function insertPreview(
  tx: EntityManager,
  link: {
    readonly articleId: number;
    readonly revisionId: number;
    readonly tokenHash: Buffer;
    readonly note: string | null;
    readonly editorId: number;
    readonly expiresAt: Date | null;
    readonly most: number;
  },
): Promise<number | null> {
  const [row] = await tx.query<{ id: number }[]>(
    `insert into preview_links (article_id, revision_id, token_hash, note, created_by, expires_at)
     select $1, $2, $3, $4, $5, coalesce($6::timestamptz, now() + interval '7 days')
     where (select count(*) from preview_links l where l.article_id = $1 and ${OPEN}) < $7::int
     returning id`,
    [link.articleId, link.revisionId, link.tokenHash, link.note, link.editorId, link.expiresAt, link.most],
  );
  return row?.id ?? null;
}

/** What a draft may lack, or is told only when it is public. */
type Lacking = 'dateline' | 'summary' | 'byline';

/** A revision as somebody outside is shown it, and what a page needs beside. */
export interface PreviewRow {
  readonly linkId: number;
  readonly article: Omit<ArticlePage, Lacking> & { readonly [Field in Lacking]: ArticlePage[Field] | null };
  readonly live: boolean;
  readonly expiresAt: string;
  readonly opened: boolean;
  readonly center: Wording;
  readonly home: Lang;
  readonly zone: string;
}

/**
 * The page as it would be if the revision went live now; `dateline` only where the revision brings its own. Around the revision stands what
 * is public and nothing else, because it comes from `pub`. $1 hash of the token, $2 asked language, $3 base of addresses.
 */
const PREVIEW = `
  with home as materialized (select lang, publisher, name, zone from pub.center),
  link as materialized (
    select l.id as link_id, l.revision_id, l.expires_at, l.opened_at, l.revision_id is not distinct from a.live_revision_id as live,
      a.id, a.lang, a.translation_group, coalesce(a.status, 'published') as status, coalesce(a.published_at, a.archive_date, now()) as published_at,
      case when l.revision_id = a.live_revision_id then a.updated_at when a.published_at is null then coalesce(a.archive_date, now()) else now() end as updated_at,
      p.dateline
    from preview_links l join articles a on a.id = l.article_id join revisions p on p.id = l.revision_id
    where l.token_hash = $1 and ${OPEN}),
  previewed as materialized (select ${articleColumns} from link a join revisions r on r.id = a.revision_id)
  select link.link_id as "linkId", ${wholeArticle('$2', '$3::text')} as article, link.live, pub.instant(link.expires_at) as "expiresAt",
    link.opened_at is not null as opened, home.name as center, home.lang as home, home.zone
  from home, link, previewed a`;

/** What the revision of an open link shows: $1 hash of the token, $2 a picture or document. */
const SHOWS = `
  select from preview_links l
  where l.token_hash = $1 and ${OPEN} and (
    exists (select from revision_media u where u.revision_id = l.revision_id and u.media_id = $2::int)
    or exists (
      select from revision_authors b join authors u on u.id = b.author_id join authors p on p.id = coalesce(u.merged_into, u.id)
      where b.revision_id = l.revision_id and p.portrait_id = $2::int))`;

/** Whether the revision of an open link with this token shows the picture, or links to the document. */
export async function previewShows(tx: EntityManager, tokenHash: Buffer, mediaId: number): Promise<boolean> {
  return (await tx.query<unknown[]>(SHOWS, [tokenHash, mediaId])).length > 0;
}

/** @returns null where no link with this token is open */
export async function previewRow(tx: EntityManager, tokenHash: Buffer, lang: Lang | undefined, origin: string): Promise<PreviewRow | null> {
  const [row] = await tx.query<PreviewRow[]>(PREVIEW, [tokenHash, lang, origin]);
  return row ?? null;
}
