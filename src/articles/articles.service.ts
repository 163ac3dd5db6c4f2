import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { insertWithSlug } from '../database/insert-with-slug.js';
import { Reader } from '../database/reader.js';
import { Addresses } from '../http/addresses.js';
import { NotFound, Problem, acceptedLink, type FieldError, type Sentence } from '../http/problem.js';
import { Moved, Published, type PublishedRow } from '../http/published.js';
import { UncleanText, cleanLine } from '../text/clean.js';
import { formatDateline } from '../text/dateline.js';
import type { Lang } from '../text/language.js';
import { foldSlug, isSlug, slugify } from '../text/slug.js';
import type { ListArticles } from './article.dto.js';
import { Article } from './article.entity.js';
import { articleById, articleBySlug, articlePage } from './articles.queries.js';
import { BodyRefused, cleanBody } from './body.js';
import { Revision, RevisionAuthor, RevisionTag, type ArticleType, type Publisher, type Reference } from './revision.entity.js';

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
  readonly series?: { readonly id: number; readonly position: number } | null;
  readonly publisher?: Publisher | null;
  readonly references?: readonly (Pick<Reference, 'title'> & Partial<Reference>)[];
  /** The printed dateline of an imported page. */
  readonly dateline?: string | null;
}

export interface NewArticle extends ArticleText {
  readonly lang: Lang;
  /** An article this one translates. */
  readonly translationOf?: number;
}

/** Where an act left the article. */
export interface ArticleState {
  readonly id: number;
  readonly version: number;
  readonly revision: number;
  readonly slug: string;
}

/** The acts that make and publish articles, and the reading of what is public. Every act runs in the caller's transaction. */
@Injectable()
export class ArticlesService {
  constructor(
    private readonly reader: Reader,
    private readonly addresses: Addresses,
  ) {}

  /**
   * Starts an article with its first revision. Nothing of it is public.
   * @throws Problem 422 `body_refused`, `slug_invalid`, `link_invalid`
   */
  async draft(tx: EntityManager, article: NewArticle): Promise<ArticleState> {
    const group = article.translationOf === undefined ? null : await this.joinTranslations(tx, article.translationOf);
    const { id, version } = await tx.getRepository(Article).save({ lang: article.lang, translationGroup: group, version: 1 });
    const slug = await this.claimSlug(tx, id, article.slug === undefined ? slugify(article.title, 'article') : acceptedSlug(article.slug));
    await this.addRevision(tx, { id, lang: article.lang, number: 1, slug }, article);
    return { id, version, revision: 1, slug };
  }

  /**
   * Writes a new revision; what the public sees stays as it is until it is published.
   * @param version the one the editor saw
   * @throws Problem 409 `stale_version`, 409 `slug_taken`, 422 `body_refused`, `slug_invalid`, `link_invalid`
   */
  async revise(tx: EntityManager, id: number, version: number, text: ArticleText): Promise<ArticleState> {
    const article = await this.advance(tx, id, version);
    const newest = await tx.getRepository(Revision).findOneOrFail({ where: { articleId: id }, order: { number: 'DESC' } });
    const slug = text.slug === undefined ? newest.slug : await this.changeSlug(tx, id, text.slug);
    await this.addRevision(tx, { id, lang: article.lang, number: newest.number + 1, slug }, text);
    return { id, version: article.version, revision: newest.number + 1, slug };
  }

  /**
   * Makes the newest revision the public one, in the lists and under its address.
   * @param publishedAt for archives: the original date, in the past. Without it, now; a piece already public keeps its date.
   * @throws Problem 409 `stale_version`, 409 `wrong_state`, 422 `not_publishable` naming what is missing, 422 `published_in_future`
   */
  async publish(tx: EntityManager, id: number, version: number, publishedAt?: Date): Promise<ArticleState> {
    const article = await this.advance(tx, id, version);
    if (article.status === 'retracted' || article.status === 'withdrawn') throw wrongState(article.status);
    const revision = await tx.getRepository(Revision).findOneOrFail({ where: { articleId: id }, order: { number: 'DESC' } });
    if (article.liveRevisionId === revision.id) throw wrongState('published');
    await this.refuseUnfinished(tx, revision);
    const [moment] = await tx.query<{ published: Date; updated: Date; future: boolean; zone: string }[]>(
      // Milliseconds, as dates from outside have; the first publication is no update.
      `select published, case when $1::timestamptz is null then published else date_trunc('milliseconds', now()) end as updated, published > now() as future, zone
       from (select coalesce($1, $2, date_trunc('milliseconds', now())) as published, zone from center) moment`,
      [article.publishedAt, publishedAt ?? null],
    );
    const { published, updated, future, zone } = moment!;
    if (future) throw publishedInFuture();
    await tx.getRepository(Revision).update({ id: revision.id }, { sealedAt: () => 'coalesce(sealed_at, now())' });
    await tx.getRepository(Article).update(
      { id },
      {
        liveRevisionId: revision.id,
        status: article.status ?? 'published',
        publishedAt: published,
        updatedAt: updated,
        dateline: revision.dateline ?? formatDateline(published, article.lang, zone),
      },
    );
    await tx.query(`update article_slugs set public_since = coalesce(public_since, now()) where slug_folded = $1`, [
      foldSlug(revision.slug),
    ]);
    await relist(tx, id);
    return { id, version: article.version, revision: revision.number, slug: revision.slug };
  }

  /** A page of cards as `/articles` gives it. */
  async list(query: ListArticles): Promise<Published> {
    const row = await this.reader.row<PublishedRow & { next: string | null }>(...articlePage(query, this.addresses.origin));
    const { cursor: _, limit, ...given } = query;
    const next = row!.next === null ? null : this.addresses.api(['articles'], { ...given, limit: String(limit), cursor: row!.next });
    return new Published(row!, next);
  }

  /** @throws NotFound; Problem 410 `withdrawn` */
  async find(idOrSlug: string, lang: Lang | undefined): Promise<Published | Moved> {
    const byId = /^\d+$/.test(idOrSlug);
    const row = await this.reader.row<PublishedRow & { slug: string | null; withdrawn: boolean }>(byId ? articleById : articleBySlug, [
      byId ? idOrSlug : foldSlug(idOrSlug),
      lang,
      this.addresses.origin,
    ]);
    if (row?.withdrawn)
      throw new Problem(410, 'withdrawn', { ar: 'سُحبت هذه المادة نهائيًا.', en: 'This piece has been withdrawn for good.' });
    if (row === null || row.slug === null) throw new NotFound();
    if (!byId && row.slug !== idOrSlug) return new Moved(this.addresses.api(['articles', row.slug], { lang }));
    return new Published(row);
  }

  /** Takes the article for this act: of two acts on one version the second is refused. */
  private async advance(tx: EntityManager, id: number, version: number): Promise<Article> {
    const { affected } = await tx.getRepository(Article).update({ id, version }, { version: () => 'version + 1' });
    const article = await tx.getRepository(Article).findOneBy({ id });
    if (article === null) throw new NotFound();
    if (affected === 0) throw staleVersion(article.version);
    return article;
  }

  /** @returns the group of the other article, which is founded with the first translation */
  private async joinTranslations(tx: EntityManager, other: number): Promise<number> {
    const [rows] = await tx.query<[{ group: number }[], number]>(
      `update articles set translation_group = coalesce(translation_group, id) where id = $1 returning translation_group as group`,
      [other],
    );
    if (!rows[0]) throw new NotFound();
    return rows[0].group;
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

  private async addRevision(
    tx: EntityManager,
    place: { id: number; lang: Lang; number: number; slug: string },
    text: ArticleText,
  ): Promise<void> {
    const body = bodyOf(text.body, place.lang);
    const { id } = await tx.getRepository(Revision).save({
      articleId: place.id,
      number: place.number,
      slug: place.slug,
      slugEncoded: encodeURIComponent(place.slug),
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
      seriesId: text.series?.id ?? null,
      seriesPosition: text.series?.position ?? null,
      publisher: text.publisher ? publisherOf(text.publisher) : null,
      bibliography: (text.references ?? []).map(({ title, source, url, accessed }) => ({
        title: cleanLine(title),
        source: cleanLine(source ?? '') || null,
        url: url ? acceptedLink('references', url) : null,
        accessed: accessed ?? null,
      })),
      dateline: text.dateline ?? null,
    });
    const byline = (text.byline ?? []).map(({ authorId, role }, position) => ({
      revisionId: id,
      position,
      authorId,
      role: cleanLine(role ?? '') || null,
    }));
    if (byline.length > 0) await tx.getRepository(RevisionAuthor).insert(byline);
    const tags = [...new Set(text.tagIds)].map((tagId) => ({ revisionId: id, tagId }));
    if (tags.length > 0) await tx.getRepository(RevisionTag).insert(tags);
  }

  private async refuseUnfinished(tx: EntityManager, revision: Revision): Promise<void> {
    const authors = await tx.getRepository(RevisionAuthor).countBy({ revisionId: revision.id });
    const missing = [
      { field: 'title', absent: revision.title === '' },
      { field: 'summary', absent: revision.summary === null },
      { field: 'sectionId', absent: revision.sectionId === null },
      { field: 'authorIds', absent: authors === 0 },
      { field: 'body', absent: revision.plainText === '' },
    ].filter(({ absent }) => absent);
    if (missing.length > 0) throw notPublishable(missing.map(({ field }) => field));
  }
}

/** Rewrites the article's places in the lists from their one definition. */
async function relist(tx: EntityManager, articleId: number): Promise<void> {
  await tx.query(
    `with due as materialized (select list, published_at, article_id from listings_definition where article_id = $1),
     gone as (delete from listings l where l.article_id = $1 and not exists (select from due where due.list = l.list and due.published_at = l.published_at))
     insert into listings (list, published_at, article_id) select list, published_at, article_id from due on conflict do nothing`,
    [articleId],
  );
}

function publisherOf({ name, url }: Publisher): Publisher {
  return { name: cleanLine(name), url: url === null ? null : acceptedLink('publisher', url) };
}

function bodyOf(source: string, lang: Lang): ReturnType<typeof cleanBody> {
  try {
    return cleanBody(source, lang);
  } catch (error) {
    if (!(error instanceof BodyRefused || error instanceof UncleanText)) throw error;
    const message = BODY_REFUSALS[error instanceof BodyRefused ? error.reason : 'unclean'];
    throw new Problem(422, 'body_refused', message, { errors: [{ field: 'body', rule: error.reason, message }] });
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
  unclean: {
    ar: 'في المتن محارف لا تُقبل في نص. الصقه نصًّا عاديًّا.',
    en: 'The body holds characters that are no text. Paste it as plain text.',
  },
};

function staleVersion(version: number): Problem {
  const message = {
    ar: 'حُفظت المادة بعد أن فتحتها. حدّثها ثم أعد المحاولة.',
    en: 'The piece was saved after you opened it. Reload it and try again.',
  };
  return new Problem(409, 'stale_version', message, { errors: [{ field: 'version', rule: `current:${version}`, message }] });
}

function acceptedSlug(wish: string): string {
  const slug = wish.normalize('NFC');
  if (isSlug(slug)) return slug;
  const message = {
    ar: 'حروف وأرقام بينها شرطات، بلا تشكيل ولا مسافات، وليست أرقامًا فقط.',
    en: 'Letters and digits with hyphens between, without spaces, not digits alone.',
  };
  throw new Problem(422, 'slug_invalid', message, { errors: [{ field: 'slug', rule: 'slug', message }] });
}

function slugTaken(): Problem {
  const message = { ar: 'هذا الاسم المختصر لمادة أخرى، الآن أو في السابق.', en: 'Another piece has this slug, or had it.' };
  return new Problem(409, 'slug_taken', message, { errors: [{ field: 'slug', rule: 'slug_taken', message }] });
}

function wrongState(status: keyof typeof STATES): Problem {
  return new Problem(409, 'wrong_state', STATES[status]);
}

const STATES = {
  published: { ar: 'هذه الصيغة منشورة أصلًا.', en: 'This revision is published already.' },
  retracted: { ar: 'سُحبت المادة بقرار معلن، فلا تُنشر ثانية.', en: 'The piece is retracted and cannot be published again.' },
  withdrawn: { ar: 'سُحبت المادة نهائيًّا، فلا تُنشر ثانية.', en: 'The piece is withdrawn and cannot be published again.' },
} satisfies Record<string, Sentence>;

function publishedInFuture(): Problem {
  const message = {
    ar: 'تاريخ النشر في المستقبل. حدّد موعدًا بدل ذلك.',
    en: 'The publication date is in the future. Schedule the piece instead.',
  };
  return new Problem(422, 'published_in_future', message, { errors: [{ field: 'publishedAt', rule: 'past', message }] });
}

function notPublishable(fields: readonly string[]): Problem {
  const message = { ar: 'ناقص قبل النشر.', en: 'Missing before publication.' };
  const errors: FieldError[] = fields.map((field) => ({ field, rule: 'missing', message }));
  return new Problem(
    422,
    'not_publishable',
    { ar: 'لا تكتمل المادة للنشر؛ التفصيل في errors.', en: 'The piece lacks what publication demands; errors names it.' },
    { errors },
  );
}
