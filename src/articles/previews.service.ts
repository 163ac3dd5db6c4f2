import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { authorize, type EditorActor } from '../access/access.js';
import { newToken, tokenHash } from '../accounts/tokens.js';
import { AuditService } from '../audit/audit.service.js';
import { inTransaction } from '../database/transaction.js';
import { Addresses } from '../http/addresses.js';
import { NotFound, Problem } from '../http/problem.js';
import { fieldRefused, noSuchThing } from '../http/refusals.js';
import { MediaFiles, type ServedFile } from '../media/media-files.js';
import type { PublicPicture } from '../media/picture.js';
import { formatDateline } from '../text/dateline.js';
import type { Lang } from '../text/language.js';
import { loadArticle, lockArticle, wrongState } from './article-facts.js';
import type { ArticlePage } from './article.dto.js';
import { withMediaBase } from './body.js';
import type { ListPreviews, OfferPreview, OfferedPreview, PreviewLinkList } from './preview.dto.js';
import { insertPreview, previewLink, previewPage, previewRow, previewShows, type PreviewRow } from './previews.queries.js';
import { Revision, seal } from './revision.entity.js';

/** More than a piece has reviewers, and few enough to look over before one more is given out. */
const MOST_OPEN = 20;

/** As {@link newToken} makes it. */
const TOKEN = /^[\w-]{43}$/;

/** A revision as somebody outside is shown it. */
export interface Preview extends Pick<PreviewRow, 'live' | 'expiresAt' | 'center' | 'home' | 'zone'> {
  readonly article: ArticlePage;
}

/** Links that show one revision of a piece to somebody outside. What they show does not change: the revision is sealed with its first link. */
@Injectable()
export class PreviewsService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly audit: AuditService,
    private readonly addresses: Addresses,
    private readonly files: MediaFiles,
  ) {}

  /**
   * Makes a link. Its address is told here and kept nowhere.
   * @throws NotFound; Problem 403 `not_allowed`; 409 `wrong_state` for a withdrawn piece, 409 `too_many_previews`; 422 `unknown_reference`
   * naming revision, 422 `preview_period`
   */
  offer(by: EditorActor, articleId: number, { revision, expiresAt, note = null }: OfferPreview): Promise<OfferedPreview> {
    return inTransaction(this.dataSource, async (tx) => {
      // A save waits, and after it finds the revision sealed; or it came first, and is what the link shows.
      await lockArticle(tx, articleId);
      const article = await loadArticle(tx, by, articleId);
      authorize(by, 'articles.preview', article);
      // A link would lead round the withdrawal.
      if (article.status === 'withdrawn') throw wrongState('withdrawn');
      const shown = await tx.getRepository(Revision).findOneBy({ articleId, number: revision ?? article.headNumber });
      if (shown === null) throw unknownRevision();
      await seal(tx, shown.id);
      const token = newToken();
      const id = await insertPreview(tx, {
        articleId,
        revisionId: shown.id,
        tokenHash: tokenHash(token),
        note,
        editorId: by.editor.id,
        expiresAt: expiresAt ?? null,
        most: MOST_OPEN,
      });
      if (id === null) throw tooMany();
      const offered = await previewLink(tx, id);
      await this.audit.record(tx, by, {
        act: 'articles.preview',
        object: { type: 'article', id: articleId },
        after: { link: id, revision: shown.number, expiresAt: offered.expiresAt },
      });
      return { ...offered, url: `${this.addresses.origin}/previews/${token}` };
    });
  }

  /** @throws NotFound; Problem 403 `not_allowed` */
  async list(by: EditorActor, articleId: number, query: ListPreviews): Promise<PreviewLinkList> {
    const tx = this.dataSource.manager;
    authorize(by, 'articles.preview', await loadArticle(tx, by, articleId));
    return previewPage(tx, articleId, query);
  }

  /** Takes a link back, at once; one that is past stays as it is. @throws NotFound also for a link of another article; Problem 403 `not_allowed` */
  async revoke(by: EditorActor, articleId: number, linkId: number): Promise<void> {
    await inTransaction(this.dataSource, async (tx) => {
      await lockArticle(tx, articleId);
      authorize(by, 'articles.preview', await loadArticle(tx, by, articleId));
      const links = await tx.query<unknown[]>(`select from preview_links where id = $1 and article_id = $2`, [linkId, articleId]);
      if (links.length === 0) throw noSuchThing();
      const [, revoked] = await tx.query<[unknown, number]>(
        `update preview_links set revoked_at = now(), revoked_by = $2 where id = $1 and revoked_at is null and expires_at > now()`,
        [linkId, by.editor.id],
      );
      if (revoked === 0) return;
      await this.audit.record(tx, by, {
        act: 'articles.revoke_preview',
        object: { type: 'article', id: articleId },
        before: { link: linkId },
      });
    });
  }

  /**
   * What a link shows: the piece in the public shape, as it would be if its revision went live now. Guesses need no limit: 256 bits.
   * @throws NotFound the same for a token that is none, unknown, past or taken back
   */
  async open(token: string, lang: Lang | undefined): Promise<Preview> {
    const row = TOKEN.test(token) ? await previewRow(this.dataSource.manager, tokenHash(token), lang, this.addresses.origin) : null;
    if (row === null) throw noSuchPreview();
    if (!row.opened) await noteOpened(this.dataSource.manager, row.linkId);
    const { article, live, expiresAt, center, home, zone } = row;
    const dateline = article.dateline ?? formatDateline(new Date(article.publishedAt), article.lang, zone);
    // What a draft may still lack.
    const { summary, byline } = { summary: article.summary ?? '', byline: article.byline ?? [] };
    return { article: this.within(token, { ...article, dateline, summary, byline }), live, expiresAt, center, home, zone };
  }

  /**
   * A file that the previewed text shows or links to, or a portrait of one of its authors.
   * @throws NotFound as {@link open}, and for every other file
   */
  async file(token: string, mediaId: number, name: string): Promise<ServedFile> {
    const shows = TOKEN.test(token) && (await previewShows(this.dataSource.manager, tokenHash(token), mediaId));
    if (!shows) throw noSuchPreview();
    return this.files.kept(mediaId, name);
  }

  /** With the addresses of its pictures and documents below the link's own: the public ones show nothing yet. */
  private within(token: string, article: ArticlePage): ArticlePage {
    const { origin } = this.addresses;
    const base = `/previews/${token}`;
    const moved = (url: string): string => `${origin}${base}${url.slice(origin.length)}`;
    const picture = (shown: PublicPicture | null): PublicPicture | null =>
      shown && { ...shown, url: moved(shown.url), renditions: shown.renditions.map((made) => ({ ...made, url: moved(made.url) })) };
    const byline = article.byline.map((entry) => ({ ...entry, portrait: picture(entry.portrait) }));
    return { ...article, byline, cover: picture(article.cover), body: withMediaBase(article.body, base) };
  }
}

/** The first time only, so that reading writes nothing after. */
async function noteOpened(tx: EntityManager, linkId: number): Promise<void> {
  await tx.query(`update preview_links set opened_at = now() where id = $1 and opened_at is null`, [linkId]);
}

function noSuchPreview(): NotFound {
  return new NotFound({
    ar: 'انتهى هذا الرابط أو أُلغي، أو ليس كاملًا.',
    en: 'This link has ended or was taken back, or it is not complete.',
  });
}

function unknownRevision(): Problem {
  const message = { ar: 'لا توجد صيغة بهذا الرقم.', en: 'There is no revision with this number.' };
  return fieldRefused(422, 'unknown_reference', 'revision', message);
}

function tooMany(): Problem {
  return new Problem(409, 'too_many_previews', {
    ar: `لهذه المادة ${MOST_OPEN} رابطًا مفتوحًا. ألغِ منها ما لم يعد يلزم.`,
    en: `This piece has ${MOST_OPEN} open links. Take back those no longer needed.`,
  });
}
