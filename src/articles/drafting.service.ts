import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { SYSTEM, authorize, type Actor } from '../access/access.js';
import { AuditService } from '../audit/audit.service.js';
import { insertWithSlug } from '../database/insert-with-slug.js';
import { Addresses } from '../http/addresses.js';
import { NotFound, acceptedLink, type Problem, type Sentence } from '../http/problem.js';
import { acceptedSlug, fieldRefused, newSlug, noSuchThing } from '../http/refusals.js';
import type { Media } from '../media/media.entity.js';
import { MediaService } from '../media/media.service.js';
import { UncleanText, cleanLine } from '../text/clean.js';
import type { Lang } from '../text/language.js';
import { foldSlug } from '../text/slug.js';
import { phraseIn, wordingIn } from '../text/wording.js';
import { advance, beginAct, loadArticle, type LoadedArticle } from './article-facts.js';
import { Article } from './article.entity.js';
import { BodyRefused, cleanBody, mediaOf, type Body, type BodyMedia } from './body.js';
import {
  Revision,
  RevisionAuthor,
  RevisionMedia,
  RevisionTag,
  type ArticleType,
  type Publisher,
  type Reference,
} from './revision.entity.js';

/** What an editor writes: everything a revision says. */
export interface ArticleText {
  readonly title: string;
  /** HTML; it is cleaned, and kept as it came beside. */
  readonly body: string;
  readonly kicker?: string | null;
  readonly summary?: string | null;
  readonly type?: ArticleType;
  readonly slug?: string;
  readonly sectionId?: number | null;
  readonly byline?: readonly { readonly authorId: number; readonly role?: string | null }[];
  readonly tagIds?: readonly number[];
  /** Without a position it comes last. */
  readonly series?: { readonly id: number; readonly position?: number } | null;
  readonly publisher?: Publisher | null;
  readonly references?: readonly (Pick<Reference, 'title'> & Partial<Reference>)[];
  /** The printed dateline of an imported page. */
  readonly dateline?: string | null;
  readonly coverId?: number | null;
}

export interface NewArticle extends ArticleText {
  readonly lang: Lang;
  /** An article this one translates. */
  readonly translationOf?: number | null;
  /** For archives: the date under which it is to appear first. */
  readonly publishedAt?: Date | null;
}

/** Where an act left the article. */
export interface ActResult {
  readonly id: number;
  readonly version: number;
  /** Number of its newest revision. */
  readonly revision: number;
  readonly slug: string;
}

/** So long an editor's saves go into one revision, counted from its beginning: history keeps a step for each quarter of an hour at the least. */
const COALESCED = `interval '10 minutes'`;

/** The writing of texts: drafts, saves, restored revisions. Every act runs in the caller's transaction. */
@Injectable()
export class DraftingService {
  constructor(
    private readonly audit: AuditService,
    private readonly media: MediaService,
    private readonly addresses: Addresses,
  ) {}

  /**
   * Starts an article with its first revision. Nothing of it is public.
   * @throws Problem 422 `body_refused`, `slug_invalid`, `link_invalid`, 422 `unknown_reference` naming translationOf, body or coverId
   */
  async draft(tx: EntityManager, actor: Actor, article: NewArticle): Promise<ActResult> {
    authorize(actor, 'articles.create');
    const editorId = actor.editor?.id ?? null;
    const { id, version } = await tx.getRepository(Article).save({
      lang: article.lang,
      version: 1,
      createdBy: editorId,
      editedBy: editorId,
      archiveDate: article.publishedAt ?? null,
    });
    if (article.translationOf) await this.joinTranslations(tx, actor, id, article.translationOf, false);
    const slug = await this.claimSlug(tx, id, newSlug(article.slug, article.title, 'article'));
    await this.addRevision(tx, actor, { articleId: id, lang: article.lang, number: 1, slug, restoredFrom: null }, article);
    await this.audit.record(tx, actor, {
      act: 'articles.create',
      object: { type: 'article', id },
      after: { lang: article.lang, title: article.title, sectionId: article.sectionId ?? null },
    });
    return { id, version, revision: 1, slug };
  }

  /**
   * Writes down a text: into the newest revision while it is the same editor's, free and young, else as a new one. What the public sees
   * stays as it is until that is published.
   * @param said for the audit log: what was set beside the text
   * @throws NotFound, Problem 403, 409 `stale_version`, `wrong_state`, `slug_taken`, 422 `body_refused`, `slug_invalid`, `link_invalid`,
   *   `unknown_reference` naming body or coverId
   */
  async save(
    tx: EntityManager,
    actor: Actor,
    id: number,
    version: number,
    text: ArticleText,
    said: Readonly<Record<string, unknown>> = {},
  ): Promise<ActResult> {
    const article = await beginAct(tx, actor, { id, version }, 'save');
    return this.write(tx, actor, article, text, null, said);
  }

  /**
   * Brings back an earlier revision, as a new one.
   * @throws NotFound also for a number the article does not have; else as {@link save}
   */
  async restore(tx: EntityManager, actor: Actor, id: number, version: number, number: number): Promise<ActResult> {
    const article = await beginAct(tx, actor, { id, version }, 'save');
    const revision = await tx.getRepository(Revision).findOneBy({ articleId: id, number });
    if (revision === null) throw noSuchThing();
    return this.write(tx, actor, article, await this.textOf(tx, revision), number);
  }

  /** @returns what a revision says, as it could be saved again */
  async textOf(tx: EntityManager, revision: Revision): Promise<ArticleText> {
    const byline = await tx.getRepository(RevisionAuthor).find({ where: { revisionId: revision.id }, order: { position: 'ASC' } });
    const tags = await tx.getRepository(RevisionTag).findBy({ revisionId: revision.id });
    const cover = await tx.getRepository(RevisionMedia).findOneBy({ revisionId: revision.id, place: 'cover' });
    const { title, bodySource, kicker, summary, type, slug, sectionId, seriesId, seriesPosition, publisher, bibliography, dateline } =
      revision;
    return {
      title,
      body: bodySource,
      kicker,
      summary,
      type,
      slug,
      sectionId,
      byline: byline.map(({ authorId, role }) => ({ authorId, role })),
      tagIds: tags.map(({ tagId }) => tagId),
      series: seriesId === null ? null : { id: seriesId, position: seriesPosition! },
      publisher,
      references: bibliography,
      dateline,
      coverId: cover?.mediaId ?? null,
    };
  }

  /** @param other the article it is to be a version of, or null to stand alone @throws Problem 422 `unknown_reference` */
  async linkTranslation(tx: EntityManager, actor: Actor, id: number, other: number | null): Promise<void> {
    const article = await loadArticle(tx, actor, id);
    // Readers see the links of a public piece at once, so that is no matter of its draft.
    if (article.liveRevisionId !== null) authorize(actor, 'articles.correct', article);
    await this.leaveTranslations(tx, id);
    if (other !== null) await this.joinTranslations(tx, actor, id, other, article.liveRevisionId !== null);
  }

  private async write(
    tx: EntityManager,
    actor: Actor,
    article: LoadedArticle,
    text: ArticleText,
    restoredFrom: number | null,
    said: Readonly<Record<string, unknown>> = {},
  ): Promise<ActResult> {
    const { id, lang, headRevisionId, headNumber } = article;
    const version = await advance(tx, actor, article, { state: 'draft' });
    const [head] = await tx.query<{ slug: string; open: boolean }[]>(
      `select slug, sealed_at is null and restored_from is null and created_by = $2 and created_at > now() - ${COALESCED} as open from revisions where id = $1`,
      [headRevisionId, actor.editor?.id ?? null],
    );
    const slug = text.slug === undefined ? head!.slug : await this.changeSlug(tx, id, text.slug);
    const inPlace = head!.open && restoredFrom === null;
    const number = inPlace ? headNumber : headNumber + 1;
    const place = { articleId: id, lang, number, slug, restoredFrom };
    if (inPlace) await this.rewriteRevision(tx, actor, headRevisionId, place, text);
    else await this.addRevision(tx, actor, place, text);
    await this.audit.record(tx, actor, {
      act: restoredFrom === null ? 'articles.save' : 'articles.restore',
      object: { type: 'article', id },
      before: { state: article.state, revision: headNumber },
      after: { state: 'draft', revision: number, ...(restoredFrom === null ? {} : { restoredFrom }), ...said },
    });
    return { id, version, revision: number, slug };
  }

  /** The other article's group, which is founded with its first translation. Both are touched, so the editor needs leave for both. */
  private async joinTranslations(tx: EntityManager, actor: Actor, id: number, other: number, isPublic: boolean): Promise<void> {
    const target = await loadArticle(tx, actor, other).catch((error: unknown) => {
      throw error instanceof NotFound ? unknownTranslation() : error;
    });
    if (target.id === id) throw unknownTranslation();
    authorize(actor, isPublic ? 'articles.correct' : 'articles.save', target);
    await tx.query(`update articles set translation_group = coalesce(translation_group, id) where id = $1`, [other]);
    await tx.query(`update articles set translation_group = (select translation_group from articles where id = $2) where id = $1`, [
      id,
      other,
    ]);
    await touchWhenPublic(tx, id);
  }

  private async leaveTranslations(tx: EntityManager, id: number): Promise<void> {
    await touchWhenPublic(tx, id);
    // Those who stay need another founder when it is the founder who leaves; else its next translation would bring it back among them.
    await tx.query(
      `update articles a set translation_group = (select min(id) from articles o where o.translation_group = $1 and o.id <> $1)
       where a.translation_group = $1 and a.id <> $1`,
      [id],
    );
    await tx.query(`update articles set translation_group = null where id = $1`, [id]);
  }

  private async claimSlug(tx: EntityManager, articleId: number, wish: string): Promise<string> {
    return (await insertWithSlug(tx, 'article_slugs', wish, { article_id: articleId })).slug;
  }

  /** An editor's own choice is taken as it is or refused; one that the article held before may be taken up again. */
  private async changeSlug(tx: EntityManager, articleId: number, wish: string): Promise<string> {
    const slug = acceptedSlug(wish);
    const [row] = await tx.query<{ slug: string }[]>(
      `insert into article_slugs (slug, slug_folded, article_id) values ($1, $2, $3)
       on conflict (slug_folded) do update set slug = excluded.slug where article_slugs.article_id = excluded.article_id
       returning slug`,
      [slug, foldSlug(slug), articleId],
    );
    if (!row) throw slugTaken();
    return slug;
  }

  private async addRevision(tx: EntityManager, actor: Actor, place: RevisionPlace, text: ArticleText): Promise<void> {
    const body = await this.body(tx, actor, place, text);
    const { id } = await tx.getRepository(Revision).save({
      ...columnsOf(place, text, body, await this.seriesPlace(tx, place.articleId, text)),
      articleId: place.articleId,
      number: place.number,
      createdBy: actor.editor?.id ?? null,
      restoredFrom: place.restoredFrom,
    });
    await this.setReferred(tx, id, text, body);
    await tx.getRepository(Article).update({ id: place.articleId }, { headRevisionId: id });
  }

  private async rewriteRevision(tx: EntityManager, actor: Actor, id: number, place: RevisionPlace, text: ArticleText): Promise<void> {
    const body = await this.body(tx, actor, place, text);
    const columns = columnsOf(place, text, body, await this.seriesPlace(tx, place.articleId, text));
    await tx.getRepository(Revision).update({ id }, { ...columns, savedAt: () => 'now()' });
    await tx.getRepository(RevisionAuthor).delete({ revisionId: id });
    await tx.getRepository(RevisionTag).delete({ revisionId: id });
    await tx.getRepository(RevisionMedia).delete({ revisionId: id });
    await this.setReferred(tx, id, text, body);
  }

  /** What a revision names: its byline, its tags, its pictures. */
  private async setReferred(tx: EntityManager, revisionId: number, text: ArticleText, body: Body): Promise<void> {
    const byline = (text.byline ?? []).map(({ authorId, role }, position) => ({
      revisionId,
      position,
      authorId,
      role: cleanLine(role ?? '') || null,
    }));
    if (byline.length > 0) await tx.getRepository(RevisionAuthor).insert(byline);
    const tags = [...new Set(text.tagIds)].map((tagId) => ({ revisionId, tagId }));
    if (tags.length > 0) await tx.getRepository(RevisionTag).insert(tags);
    const cover = text.coverId ? [{ revisionId, mediaId: text.coverId, place: 'cover' as const }] : [];
    const media = [...cover, ...body.media.map(({ id, place }) => ({ revisionId, mediaId: id, place }))];
    if (media.length > 0) await tx.getRepository(RevisionMedia).insert(media);
  }

  /**
   * The text's body, with its pictures. Its media, and its cover, are held until the transaction ends, so that none is removed meanwhile.
   * @throws Problem 422 `body_refused`, `unknown_reference` naming body or coverId
   */
  private async body(tx: EntityManager, actor: Actor, { articleId, lang }: RevisionPlace, { body, coverId }: ArticleText): Promise<Body> {
    const named = accepted(() => mediaOf(body));
    const ids = [...named.map(({ id }) => id), ...(coverId ? [coverId] : [])];
    const media = ids.length === 0 ? new Map<number, Media>() : await this.usable(tx, actor, articleId, ids);
    const isThere = (id: number, kind: Media['kind']): boolean => media.get(id)?.kind === kind;
    if (!named.every(({ id, place }) => isThere(id, place === 'link' ? 'document' : 'picture'))) throw unknownMedia('body');
    if (coverId && !isThere(coverId, 'picture')) throw unknownMedia('coverId');
    const said = media.size === 0 ? undefined : await this.saidOf(tx, media, lang);
    return accepted(() => cleanBody(body, lang, said, this.addresses.origin));
  }

  /** What the editor may use anywhere, and what the article has or had: whoever may write it need not take out another's picture. */
  private async usable(tx: EntityManager, actor: Actor, articleId: number, ids: readonly number[]): Promise<ReadonlyMap<number, Media>> {
    const own = await this.media.usable(tx, actor, ids);
    const others = ids.filter((id) => !own.has(id));
    if (others.length === 0) return own;
    const kept = await tx.query<{ id: number }[]>(
      `select distinct u.media_id as id from revision_media u join revisions r on r.id = u.revision_id where r.article_id = $1 and u.media_id = any($2::int[])`,
      [articleId, others],
    );
    const held = await this.media.usable(
      tx,
      SYSTEM,
      kept.map(({ id }) => id),
    );
    return new Map([...own, ...held]);
  }

  /** Alternative texts and credits in the text's language, else in the center's. */
  private async saidOf(tx: EntityManager, media: ReadonlyMap<number, Media>, lang: Lang): Promise<BodyMedia> {
    const [{ home }] = await tx.query<[{ home: Lang }]>(`select lang as home from center`);
    return new Map(
      [...media.values()].map(({ id, kind, width, height, alt, credit }) => [
        id,
        { kind, width, height, alt: wordingIn(alt, lang, home), credit: phraseIn(credit, lang, home) },
      ]),
    );
  }

  /** Two pieces put last at the same moment may share a place; the series then orders them by id. */
  private async seriesPlace(
    tx: EntityManager,
    articleId: number,
    { series }: ArticleText,
  ): Promise<{ id: number; position: number } | null> {
    if (!series) return null;
    if (series.position !== undefined) return { id: series.id, position: series.position };
    const [{ position }] = await tx.query<[{ position: number }]>(
      `select coalesce(max(r.series_position), 0) + 1 as position
       from revisions r join articles a on a.head_revision_id = r.id where r.series_id = $1 and a.id <> $2`,
      [series.id, articleId],
    );
    return { id: series.id, position };
  }
}

interface RevisionPlace {
  readonly articleId: number;
  readonly lang: Lang;
  readonly number: number;
  readonly slug: string;
  readonly restoredFrom: number | null;
}

/** What a text puts into its revision's own row. */
function columnsOf(
  { slug }: RevisionPlace,
  text: ArticleText,
  body: Body,
  series: { id: number; position: number } | null,
): Partial<Revision> {
  return {
    slug,
    slugEncoded: encodeURIComponent(slug),
    type: text.type ?? 'analysis',
    kicker: cleanLine(text.kicker ?? '') || null,
    title: cleanLine(text.title),
    summary: cleanLine(text.summary ?? '') || null,
    bodySource: text.body,
    body: body.html,
    contents: body.contents,
    plainText: body.text,
    words: body.words,
    readingMinutes: body.readingMinutes,
    sectionId: text.sectionId ?? null,
    seriesId: series?.id ?? null,
    seriesPosition: series?.position ?? null,
    publisher: text.publisher ? publisherOf(text.publisher) : null,
    bibliography: (text.references ?? []).map(({ title, source, url, accessed }) => ({
      title: cleanLine(title),
      source: cleanLine(source ?? '') || null,
      url: url ? acceptedLink('references', url) : null,
      accessed: accessed ?? null,
    })),
    dateline: text.dateline ?? null,
  };
}

/**
 * Readers see links between public translations without a new revision, so the content clock must move: but not for a link to or from a
 * draft, which is nobody's business.
 */
async function touchWhenPublic(tx: EntityManager, id: number): Promise<void> {
  await tx.query(
    `update articles a set updated_at = updated_at where id = $1 and live_revision_id is not null
       and exists (select from articles t where t.translation_group = a.translation_group and t.id <> a.id and t.live_revision_id is not null)`,
    [id],
  );
}

function publisherOf({ name, url }: Publisher): Publisher {
  return { name: cleanLine(name), url: url === null ? null : acceptedLink('publisher', url) };
}

/** @throws Problem 422 `body_refused` */
function accepted<Read>(read: () => Read): Read {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof BodyRefused || error instanceof UncleanText)) throw error;
    const message = BODY_REFUSALS[error instanceof BodyRefused ? error.reason : 'unclean'];
    throw fieldRefused(422, 'body_refused', 'body', message, error.reason);
  }
}

const BODY_REFUSALS: Record<BodyRefused['reason'] | 'unclean', Sentence> = {
  too_large: { ar: 'المتن أكبر من 200 كيلوبايت. قسّمه إلى أجزاء.', en: 'The body is larger than 200 KB. Split it into parts.' },
  too_deep: {
    ar: 'وسوم المتن متداخلة أكثر مما يُقبل. الصقه نصًّا عاديًّا.',
    en: 'The body’s markup is nested too deeply. Paste it as plain text.',
  },
  unstable: {
    ar: 'وسوم المتن تتغير كلما قُرئت. الصقه نصًّا عاديًّا.',
    en: 'The body’s markup changes each time it is read. Paste it as plain text.',
  },
  too_many_media: {
    ar: 'في المتن أكثر من مئة صورة ووثيقة. قسّمه إلى أجزاء.',
    en: 'The body shows more than a hundred pictures and documents. Split it into parts.',
  },
  unclean: {
    ar: 'في المتن محارف لا تُقبل في نص. الصقه نصًّا عاديًّا.',
    en: 'The body holds characters that are no text. Paste it as plain text.',
  },
};

function slugTaken(): Problem {
  const message = { ar: 'هذا الاسم المختصر لمادة أخرى، الآن أو في السابق.', en: 'Another piece has this slug, or had it.' };
  return fieldRefused(409, 'slug_taken', 'slug', message);
}

function unknownMedia(field: 'body' | 'coverId'): Problem {
  const message =
    field === 'coverId'
      ? { ar: 'لا توجد صورة بهذا الرقم.', en: 'There is no picture with this id.' }
      : { ar: 'في المتن صورة أو وثيقة لا توجد.', en: 'The body names a picture or document that is not there.' };
  return fieldRefused(422, 'unknown_reference', field, message);
}

function unknownTranslation(): Problem {
  const message = { ar: 'لا توجد مادة أخرى بهذا الرقم.', en: 'There is no other piece with this id.' };
  return fieldRefused(422, 'unknown_reference', 'translationOf', message);
}
