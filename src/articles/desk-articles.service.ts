import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { authorize, type EditorActor } from '../access/access.js';
import { inTransaction } from '../database/transaction.js';
import { NotFound, type Problem } from '../http/problem.js';
import { fieldRefused, noSuchThing } from '../http/refusals.js';
import { loadArticle, lockArticle, openActs } from './article-facts.js';
import { Article } from './article.entity.js';
import { comparedRevision, deskArticle, deskPage, numberBefore, revisionPage, revisionText } from './desk-articles.queries.js';
import type {
  DeskArticle,
  DeskArticleList,
  DraftArticle,
  ListDeskArticles,
  ListRevisions,
  PatchArticle,
  PutArticle,
  RevisionList,
  RevisionText,
} from './desk-article.dto.js';
import { DraftingService, type ArticleText } from './drafting.service.js';
import { compareRevisions } from './revision-diff.js';
import type { RevisionDiff } from './revision-diff.dto.js';
import { Revision } from './revision.entity.js';
import { publishedInFuture } from './workflow.service.js';
import type { Lang } from '../text/language.js';

/** What a revision says, without markup. */
export interface PlainText {
  readonly number: number;
  readonly lang: Lang;
  readonly title: string;
  readonly kicker: string | null;
  readonly summary: string | null;
  readonly body: string;
}

/** The desk's view of articles, and what editors write into them. */
@Injectable()
export class DeskArticlesService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly drafting: DraftingService,
  ) {}

  /**
   * Runs one act in its transaction, and gives the whole article as the act left it.
   * @param act gives the article's id
   */
  async carryOut(by: EditorActor, act: (tx: EntityManager) => Promise<{ readonly id: number }>): Promise<DeskArticle> {
    return inTransaction(this.dataSource, async (tx) => this.view(tx, by, (await act(tx)).id));
  }

  list(by: EditorActor, query: ListDeskArticles): Promise<DeskArticleList> {
    return deskPage(this.dataSource.manager, by.editor, query);
  }

  /** @throws NotFound also when the editor may not see it */
  async find(by: EditorActor, id: number): Promise<DeskArticle> {
    const tx = this.dataSource.manager;
    await loadArticle(tx, by, id);
    return this.view(tx, by, id);
  }

  async revisions(by: EditorActor, id: number, query: ListRevisions): Promise<RevisionList> {
    const tx = this.dataSource.manager;
    await loadArticle(tx, by, id);
    return revisionPage(tx, id, query);
  }

  async revision(by: EditorActor, id: number, number: number): Promise<RevisionText> {
    const tx = this.dataSource.manager;
    await loadArticle(tx, by, id);
    const text = await revisionText(tx, id, number);
    if (text === null) throw noSuchThing();
    return text;
  }

  /**
   * The words of a revision as plain text, part by part.
   * @param number left out, the newest one's
   * @throws NotFound also for a number that the article does not have, and when the editor may not see it
   */
  async plainText(by: EditorActor, id: number, number?: number): Promise<PlainText> {
    const tx = this.dataSource.manager;
    const { lang, headNumber } = await loadArticle(tx, by, id);
    const revision = await tx.getRepository(Revision).findOneBy({ articleId: id, number: number ?? headNumber });
    if (revision === null) throw noSuchThing();
    const { title, kicker, summary, plainText: body } = revision;
    return { number: revision.number, lang, title, kicker, summary, body };
  }

  /**
   * What a revision has that another has not, and the reverse.
   * @param other number of the other one; left out, the one before, and for the first nothing
   * @throws NotFound also for a number that the article does not have
   */
  async compare(by: EditorActor, id: number, number: number, other: number | undefined): Promise<RevisionDiff> {
    const tx = this.dataSource.manager;
    await loadArticle(tx, by, id);
    const before = other ?? (await numberBefore(tx, id, number));
    const [earlier, later] = await Promise.all([
      before === null ? null : comparedRevision(tx, id, before),
      comparedRevision(tx, id, number),
    ]);
    if (later === null || (before !== null && earlier === null)) throw noSuchThing();
    return compareRevisions(earlier, later);
  }

  create(by: EditorActor, draft: DraftArticle): Promise<DeskArticle> {
    return this.carryOut(by, async (tx) => {
      const { lang, translationOf, publishedAt } = draft;
      await acceptArchiveDate(tx, by, publishedAt ?? null);
      const text = textOf(draft, EMPTY);
      const byline = withRoles(text.byline, draft, EMPTY);
      return this.drafting.draft(tx, by, { ...text, byline, slug: draft.slug, lang, translationOf, publishedAt });
    });
  }

  /** The whole text again: what is left out takes its value at creation, except the slug. The link to a translation is no part of it. */
  put(by: EditorActor, id: number, { version, ...given }: PutArticle): Promise<DeskArticle> {
    return this.save(by, id, version, { publishedAt: null, ...given }, EMPTY);
  }

  /** Parts of it; the rest stays as the newest revision has it. */
  patch(by: EditorActor, id: number, { version, ...given }: PatchArticle): Promise<DeskArticle> {
    return this.save(by, id, version, given);
  }

  /** @param rest for what is not given; without it the newest revision's */
  private save(by: EditorActor, id: number, version: number, given: Partial<DraftArticle>, rest?: ArticleText): Promise<DeskArticle> {
    return this.carryOut(by, async (tx) => {
      // What is kept is read under the lock: between reading and saving nobody else may save.
      await lockArticle(tx, id);
      const loaded = await loadArticle(tx, by, id);
      const head = await this.drafting.textOf(tx, await tx.getRepository(Revision).findOneByOrFail({ id: loaded.headRevisionId }));
      if (given.lang !== undefined && given.lang !== loaded.lang) throw fixed('lang');
      const text = textOf(given, rest ?? head);
      const kept = { slug: given.slug, dateline: head.dateline, byline: withRoles(text.byline, given, head) };
      const { publishedAt, translationOf } = given;
      // No revision holds these two, so the log says what they were set to.
      const said = {
        ...(publishedAt && { publishedAt: publishedAt.toISOString() }),
        ...(translationOf !== undefined && { translationOf }),
      };
      const saved = await this.drafting.save(tx, by, id, version, { ...text, ...kept }, said);
      if (publishedAt !== undefined) await this.setArchiveDate(tx, by, id, publishedAt);
      if (translationOf !== undefined) await this.drafting.linkTranslation(tx, by, id, translationOf);
      return saved;
    });
  }

  /** Once public, the date stands: it is in addresses, lists and citations. */
  private async setArchiveDate(tx: EntityManager, by: EditorActor, id: number, wish: Date | null): Promise<void> {
    const { publishedAt, archiveDate } = await tx.getRepository(Article).findOneByOrFail({ id });
    if (publishedAt !== null) {
      if (wish !== null && !sameSecond(wish, publishedAt)) throw fixed('publishedAt');
      return;
    }
    if (wish === null ? archiveDate === null : archiveDate !== null && sameSecond(wish, archiveDate)) return;
    // To take the date away needs leave as well: the piece would appear as new.
    authorize(by, 'articles.backdate');
    await acceptArchiveDate(tx, by, wish);
    await tx.getRepository(Article).update({ id }, { archiveDate: wish });
  }

  private async view(tx: EntityManager, by: EditorActor, id: number): Promise<DeskArticle> {
    const article = await deskArticle(tx, id);
    // After an act the editor may have moved the article out of sight: the answer still shows what was done, and no act is left.
    const acts = await loadArticle(tx, by, id).then(
      (loaded) => openActs(by, loaded),
      (error: unknown) => {
        if (error instanceof NotFound) return [];
        throw error;
      },
    );
    return { ...article, acts };
  }
}

const EMPTY: ArticleText = { title: '', body: '' };

/** Lists and cards show whole seconds, so that is what comes back. */
function sameSecond(one: Date, other: Date): boolean {
  return Math.floor(one.getTime() / 1000) === Math.floor(other.getTime() / 1000);
}

/** What was given, over what there is. */
function textOf(given: Partial<DraftArticle>, rest: ArticleText): ArticleText {
  const { title, body, kicker, summary, type, sectionId, references } = given;
  return {
    title: title ?? rest.title,
    body: body ?? rest.body,
    kicker: kicker === undefined ? rest.kicker : kicker,
    summary: summary === undefined ? rest.summary : summary,
    type: type ?? rest.type,
    sectionId: sectionId ?? rest.sectionId,
    byline: given.authorIds?.map((authorId) => ({ authorId })) ?? rest.byline,
    tagIds: given.tags ?? rest.tagIds,
    series: seriesOf(given, rest),
    publisher:
      given.publisher === undefined ? rest.publisher : given.publisher && { name: given.publisher.name, url: given.publisher.url ?? null },
    references: references ?? rest.references,
    coverId: given.coverId === undefined ? rest.coverId : given.coverId,
  };
}

/** In the same series it keeps its place; null asks for the last one. */
function seriesOf({ seriesId, seriesPosition }: Partial<DraftArticle>, { series }: ArticleText): ArticleText['series'] {
  const id = seriesId === undefined ? series?.id : seriesId;
  if (!id) return null;
  const kept = series?.id === id ? series.position : undefined;
  return { id, position: seriesPosition === undefined ? kept : (seriesPosition ?? undefined) };
}

/** Roles as given; where none are, those who stay in the byline keep theirs. @throws Problem 422 for a role of somebody who is not in it */
function withRoles(byline: ArticleText['byline'], { authorRoles }: Partial<DraftArticle>, head: ArticleText): ArticleText['byline'] {
  const roles = new Map((authorRoles ?? head.byline ?? []).map(({ authorId, role }) => [authorId, role]));
  for (const { authorId } of authorRoles ?? []) if (!byline?.some((entry) => entry.authorId === authorId)) throw roleWithoutAuthor();
  return byline?.map(({ authorId }) => ({ authorId, role: roles.get(authorId) ?? null }));
}

async function acceptArchiveDate(tx: EntityManager, by: EditorActor, date: Date | null): Promise<void> {
  if (date === null) return;
  authorize(by, 'articles.backdate');
  const [{ future }] = await tx.query<[{ future: boolean }]>(`select $1::timestamptz > now() as future`, [date]);
  if (future) throw publishedInFuture();
}

function fixed(field: 'lang' | 'publishedAt'): Problem {
  const message =
    field === 'lang'
      ? { ar: 'لغة النص لا تتغير. أنشئ ترجمة بدل ذلك.', en: 'The language of a text cannot change. Make a translation instead.' }
      : { ar: 'تاريخ نشر مادة منشورة لا يتغير.', en: 'The publication date of a public piece cannot change.' };
  return fieldRefused(422, 'fixed', field, message);
}

function roleWithoutAuthor(): Problem {
  const message = { ar: 'دور لمن ليس بين الكتّاب.', en: 'A role for somebody who is not among the authors.' };
  return fieldRefused(422, 'unknown_reference', 'authorRoles', message);
}
