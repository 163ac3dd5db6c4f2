import { Injectable } from '@nestjs/common';
import type { EntityManager, QueryDeepPartialEntity } from 'typeorm';
import type { Actor } from '../access/access.js';
import { may } from '../access/policy.js';
import { AuditService } from '../audit/audit.service.js';
import { relist } from '../database/listings.js';
import { Problem, type FieldError } from '../http/problem.js';
import { fieldRefused } from '../http/refusals.js';
import { formatDateline } from '../text/dateline.js';
import { foldSlug } from '../text/slug.js';
import { advance, beginAct, type LoadedArticle } from './article-facts.js';
import { ArticleLetters } from './article-letters.service.js';
import { Article, type ArticleStatus } from './article.entity.js';
import type { ActResult } from './drafting.service.js';
import { PublicChanges } from './public-changes.js';
import { Revision, RevisionAuthor, seal } from './revision.entity.js';
import { TRANSITIONS, obstacle, type WorkflowAct } from './workflow.js';

/** Which article, and the version the editor saw. */
export interface Target {
  readonly id: number;
  readonly version: number;
}

/** The acts between draft and withdrawal. Every one runs in the caller's transaction, leaves one line in the audit log, and takes the article once. */
@Injectable()
export class WorkflowService {
  constructor(
    private readonly audit: AuditService,
    private readonly letters: ArticleLetters,
    private readonly changes: PublicChanges,
  ) {}

  /** Hands the newest revision to review; from now on it cannot change. */
  async submit(tx: EntityManager, actor: Actor, target: Target): Promise<ActResult> {
    const article = await beginAct(tx, actor, target, 'submit');
    await seal(tx, article.headRevisionId);
    const result = await this.move(tx, actor, article, 'submit', { returnComment: null });
    await this.letters.submitted(tx, actor, article, result.version);
    return result;
  }

  /** @param comment what has to be done, for the author */
  async return(tx: EntityManager, actor: Actor, target: Target, comment: string): Promise<ActResult> {
    const article = await beginAct(tx, actor, target, 'return');
    const result = await this.move(tx, actor, article, 'return', { returnComment: comment }, { comment });
    await this.letters.returned(tx, actor, article, result.version, comment);
    return result;
  }

  async approve(tx: EntityManager, actor: Actor, target: Target): Promise<ActResult> {
    const article = await beginAct(tx, actor, target, 'approve');
    const result = await this.move(tx, actor, article, 'approve');
    await this.letters.approved(tx, actor, article, result.version);
    return result;
  }

  /**
   * Pins the newest revision to an instant at which it goes live by itself.
   * @throws Problem 422 `schedule_in_past`, `not_publishable`; else as every act
   */
  async schedule(tx: EntityManager, actor: Actor, target: Target, at: Date): Promise<ActResult> {
    const article = await beginAct(tx, actor, target, 'schedule');
    await this.finished(tx, article.headRevisionId);
    await seal(tx, article.headRevisionId);
    const result = await this.move(tx, actor, article, 'schedule', {}, { at: at.toISOString() });
    const rows = await tx.query<unknown[]>(
      `insert into article_schedules (article_id, revision_id, at, due_at, zone, editor_id)
       select $1, $2, $3, $3, zone, $4 from center where $3::timestamptz > now()
       on conflict (article_id) do update set revision_id = excluded.revision_id, at = excluded.at, due_at = excluded.due_at, zone = excluded.zone,
         editor_id = excluded.editor_id, failed_at = null, failure = null, tries = 0
       returning article_id`,
      [article.id, article.headRevisionId, at, actor.editor?.id ?? null],
    );
    if (rows.length === 0) throw scheduleInPast();
    return result;
  }

  async unschedule(tx: EntityManager, actor: Actor, target: Target): Promise<ActResult> {
    const article = await beginAct(tx, actor, target, 'unschedule');
    const result = await this.move(tx, actor, article, 'unschedule');
    await unpin(tx, article.id);
    return result;
  }

  /**
   * Makes the newest revision the public one, in the lists and under its address.
   * @throws Problem 422 `not_publishable` naming what is missing, `published_in_future`; else as every act
   */
  async publish(tx: EntityManager, actor: Actor, target: Target): Promise<ActResult> {
    const article = await beginAct(tx, actor, target, 'publish');
    return this.goLive(tx, actor, article, 'publish');
  }

  /**
   * What a schedule does when it falls due: publishes the pinned revision, in the name of who scheduled it.
   * @throws Problem as {@link publish}
   */
  async publishScheduled(tx: EntityManager, actor: Actor, article: LoadedArticle): Promise<ActResult> {
    return this.goLive(tx, actor, article, 'publish', { scheduled: true });
  }

  /**
   * Says in public what was changed. A revision not yet public goes out with it, if the editor may publish it.
   * @throws as {@link publish}
   */
  async correct(tx: EntityManager, actor: Actor, target: Target, note: string): Promise<ActResult> {
    const article = await beginAct(tx, actor, target, 'correct');
    const pending =
      article.headRevisionId !== article.liveRevisionId &&
      obstacle('publish', article) === null &&
      (actor.editor === null || may(actor.editor, 'articles.publish', article));
    await this.notify(tx, actor, article, 'correction', note, pending ? article.headRevisionId : article.liveRevisionId);
    await this.settle(tx, actor, article.id);
    if (pending) return this.goLive(tx, actor, article, 'correct', { note });
    return this.move(tx, actor, article, 'correct', { updatedAt: () => NOW }, { note });
  }

  /** Says that what a translation's notice tells does not concern this text. @throws Problem 409 `wrong_state` when no notice waits */
  async unaffected(tx: EntityManager, actor: Actor, target: Target): Promise<ActResult> {
    const article = await beginAct(tx, actor, target, 'unaffected');
    const result = await this.move(tx, actor, article, 'unaffected');
    if ((await this.settle(tx, actor, article.id)) === 0) throw nothingToSettle();
    return result;
  }

  /** Takes the piece back before everybody's eyes: it stays readable, its notice first. @param reason for readers */
  async retract(tx: EntityManager, actor: Actor, target: Target, reason: string): Promise<ActResult> {
    const article = await beginAct(tx, actor, target, 'retract');
    await this.notify(tx, actor, article, 'retraction', reason, article.liveRevisionId);
    return this.close(tx, actor, article, 'retract', {}, reason);
  }

  /** Removes the piece from view for good (law, privacy), previews included; the desk keeps it. @param reason for readers */
  async withdraw(tx: EntityManager, actor: Actor, target: Target, reason: string): Promise<ActResult> {
    const article = await beginAct(tx, actor, target, 'withdraw');
    await this.notify(tx, actor, article, 'withdrawal', reason, article.liveRevisionId);
    const result = await this.close(tx, actor, article, 'withdraw', { liveRevisionId: null }, reason);
    await relist(tx, [article.id]);
    await this.changes.tell(tx, { articleIds: [article.id] });
    await tx.query(
      `update preview_links set revoked_at = now(), revoked_by = $2 where article_id = $1 and revoked_at is null and expires_at > now()`,
      [article.id, actor.editor?.id ?? null],
    );
    return result;
  }

  /** After a retraction or withdrawal nothing may go live by itself any more. */
  private async close(
    tx: EntityManager,
    actor: Actor,
    article: LoadedArticle,
    act: 'retract' | 'withdraw',
    changes: Changes,
    reason: string,
  ): Promise<ActResult> {
    const state = article.state === 'scheduled' ? 'approved' : article.state;
    const result = await this.move(tx, actor, article, act, { ...changes, state, updatedAt: () => NOW }, { reason });
    await unpin(tx, article.id);
    return result;
  }

  /** One step of the workflow: state and status as the table says, one version further, one line of audit. */
  private async move(
    tx: EntityManager,
    actor: Actor,
    article: LoadedArticle,
    act: WorkflowAct,
    changes: Changes = {},
    said: Readonly<Record<string, unknown>> = {},
  ): Promise<ActResult> {
    const after = { state: changes.state ?? TRANSITIONS[act].to ?? article.state, status: statusAfter(act, article.status) };
    const { state, status } = after;
    // A status that stays is not written: naming the column moves the content clock, and readers would see that something is on its way.
    const version = await advance(tx, actor, article, { ...changes, state, ...(status !== article.status && { status }) });
    await this.audit.record(tx, actor, {
      act: `articles.${act}`,
      object: { type: 'article', id: article.id },
      before: { state: article.state, status: article.status },
      after: { ...after, revision: article.headNumber, ...said },
    });
    return { id: article.id, version, revision: article.headNumber, slug: article.slug };
  }

  private async goLive(
    tx: EntityManager,
    actor: Actor,
    article: LoadedArticle,
    act: 'publish' | 'correct',
    said: Readonly<Record<string, unknown>> = {},
  ): Promise<ActResult> {
    const revision = await this.finished(tx, article.headRevisionId);
    const [moment] = await tx.query<{ published: Date; updated: Date; future: boolean; zone: string }[]>(
      // Milliseconds, as dates from outside have; a first publication under an old date is no update.
      `select published, case when a.published_at is null and a.archive_date is not null then published else ${NOW} end as updated,
         published > now() as future, zone
       from articles a cross join center cross join lateral (select coalesce(a.published_at, a.archive_date, ${NOW}) as published) moment
       where a.id = $1`,
      [article.id],
    );
    const { published, updated, future, zone } = moment!;
    if (future) throw publishedInFuture();
    await seal(tx, revision.id);
    const changes: Changes = {
      state: 'published',
      liveRevisionId: revision.id,
      publishedAt: published,
      updatedAt: updated,
      dateline: revision.dateline ?? formatDateline(published, article.lang, zone),
      returnComment: null,
    };
    const result = await this.move(tx, actor, article, act, changes, said);
    await tx.query(`update article_slugs set public_since = coalesce(public_since, now()) where slug_folded = $1`, [
      foldSlug(revision.slug),
    ]);
    await relist(tx, [article.id]);
    await this.changes.tell(tx, { articleIds: [article.id] });
    await unpin(tx, article.id);
    return result;
  }

  /**
   * Writes the public notice, and one on each linked translation, until somebody there has looked. One still in draft bears it too: else it
   * would come out later without a word of what became of its original.
   * @param revisionId what readers see beside the notice
   */
  private async notify(
    tx: EntityManager,
    actor: Actor,
    { id }: LoadedArticle,
    kind: 'correction' | 'retraction' | 'withdrawal',
    note: string,
    revisionId: number | null,
  ): Promise<void> {
    await tx.query(
      `insert into notices (article_id, kind, note, editor_id, signed_by, revision)
       values ($1, $2, $3, $4, $5, (select number from revisions where id = $6))`,
      [id, kind, note, actor.editor?.id ?? null, actor.editor?.name ?? null, revisionId],
    );
    await tx.query(
      `insert into notices (article_id, kind, about_article_id, editor_id)
       select t.id, $2, a.id, $3 from articles a join articles t on t.translation_group = a.translation_group and t.id <> a.id
       where a.id = $1 and t.status is distinct from 'withdrawn'
         and not exists (select from notices n where n.article_id = t.id and n.about_article_id = a.id and n.kind = $2 and n.settled_at is null)`,
      [id, TOLD[kind], actor.editor?.id ?? null],
    );
  }

  /** @returns how many notices about translations waited */
  private async settle(tx: EntityManager, actor: Actor, id: number): Promise<number> {
    const [, count] = await tx.query<[unknown, number]>(
      `update notices set settled_at = now(), settled_by = $2 where article_id = $1 and about_article_id is not null and settled_at is null`,
      [id, actor.editor?.id ?? null],
    );
    return count;
  }

  /** @throws Problem 422 `not_publishable` with the list of what is missing */
  private async finished(tx: EntityManager, revisionId: number): Promise<Revision> {
    const revision = await tx.getRepository(Revision).findOneByOrFail({ id: revisionId });
    const authors = await tx.getRepository(RevisionAuthor).countBy({ revisionId });
    const missing = [
      { field: 'title', absent: revision.title === '' },
      { field: 'summary', absent: revision.summary === null },
      { field: 'sectionId', absent: revision.sectionId === null },
      { field: 'authorIds', absent: authors === 0 },
      { field: 'body', absent: revision.plainText === '' },
    ].filter(({ absent }) => absent);
    const unready = await tx.query<{ field: string }[]>(
      `select distinct case u.place when 'cover' then 'coverId' else 'body' end as field
       from revision_media u join media m on m.id = u.media_id where u.revision_id = $1 and m.state <> 'ready' order by field`,
      [revisionId],
    );
    const errors = [...missing.map(({ field }) => lacking(field)), ...unready.map(({ field }) => pictureNotReady(field))];
    if (errors.length > 0) throw notPublishable(errors);
    return revision;
  }
}

/** What an act changes in the article's own row, beside its version. */
type Changes = QueryDeepPartialEntity<Article>;

/** A corrected piece that is published again stays corrected. */
function statusAfter(act: WorkflowAct, status: ArticleStatus | null): ArticleStatus | null {
  const { becomes } = TRANSITIONS[act];
  return becomes === 'published' ? (status ?? becomes) : (becomes ?? status);
}

/** To the millisecond, as instants from outside are. */
const NOW = `date_trunc('milliseconds', now())`;

const TOLD = { correction: 'translation_corrected', retraction: 'translation_retracted', withdrawal: 'translation_withdrawn' } as const;

async function unpin(tx: EntityManager, articleId: number): Promise<void> {
  await tx.query(`delete from article_schedules where article_id = $1`, [articleId]);
}

/** A date for archives lies in the past. */
export function publishedInFuture(): Problem {
  const message = {
    ar: 'تاريخ النشر في المستقبل. حدّد موعدًا بدل ذلك.',
    en: 'The publication date is in the future. Schedule the piece instead.',
  };
  return fieldRefused(422, 'published_in_future', 'publishedAt', message, 'past');
}

function scheduleInPast(): Problem {
  const message = { ar: 'الموعد مضى. اختر موعدًا آتيًا أو انشر الآن.', en: 'That moment has passed. Choose a later one, or publish now.' };
  return fieldRefused(422, 'schedule_in_past', 'at', message, 'future');
}

function nothingToSettle(): Problem {
  return new Problem(409, 'wrong_state', {
    ar: 'لا إشعار من ترجمة ينتظر الرد.',
    en: 'No notice about a translation is waiting.',
  });
}

function lacking(field: string): FieldError {
  return { field, rule: 'missing', message: { ar: 'ناقص قبل النشر.', en: 'Missing before publication.' } };
}

function pictureNotReady(field: string): FieldError {
  const message = {
    ar: 'صورة لم تجهز بعد. أعد المحاولة بعد قليل، أو استبدلها إن تعذّر تجهيزها.',
    en: 'A picture is not ready yet. Try again in a moment, or replace it where it has failed.',
  };
  return { field, rule: 'picture_not_ready', message };
}

function notPublishable(errors: readonly FieldError[]): Problem {
  return new Problem(
    422,
    'not_publishable',
    { ar: 'لا تكتمل المادة للنشر؛ التفصيل في errors.', en: 'The piece lacks what publication demands; errors names it.' },
    { errors },
  );
}
