import type { EntityManager, QueryDeepPartialEntity } from 'typeorm';
import { authorize, type Actor } from '../access/access.js';
import { may, type Act, type ArticleFacts, type ArticleState } from '../access/policy.js';
import { Problem } from '../http/problem.js';
import { noSuchThing } from '../http/refusals.js';
import type { Lang } from '../text/language.js';
import { Article, type ArticleStatus } from './article.entity.js';
import { obstacle, type WorkflowAct } from './workflow.js';

/** An article as acts need it: what the policy asks for, and where it stands. */
export interface LoadedArticle extends ArticleFacts {
  readonly id: number;
  readonly lang: Lang;
  readonly version: number;
  readonly status: ArticleStatus | null;
  readonly headRevisionId: number;
  readonly headNumber: number;
  readonly liveRevisionId: number | null;
  readonly title: string;
  readonly slug: string;
}

/** SQL for a section and its ancestors as an array of ids, the section's own first. */
const lineage = (section: string): string => `array(
  with recursive up (id, parent_id) as (
    select id, parent_id from sections where id = ${section}
    union all
    select s.id, s.parent_id from up join sections s on s.id = up.parent_id)
  select id from up)`;

const FACTS = `
  select a.id, a.lang, a.version, a.state, a.status, a.created_by as "createdBy", a.head_revision_id as "headRevisionId",
    a.live_revision_id as "liveRevisionId", head.number as "headNumber", head.title, head.slug,
    ${lineage('head.section_id')} as "headPath", ${lineage('live.section_id')} as "livePath"
  from articles a
  join revisions head on head.id = a.head_revision_id
  left join revisions live on live.id = a.live_revision_id
  where a.id = $1`;

/** @throws NotFound also when the editor may not see the article */
export async function loadArticle(tx: EntityManager, actor: Actor, id: number): Promise<LoadedArticle> {
  const [row] = await tx.query<(Omit<LoadedArticle, 'sectionPaths'> & { headPath: number[]; livePath: number[] })[]>(FACTS, [id]);
  if (!row) throw noSuchThing();
  const { headPath, livePath, ...facts } = row;
  const article = { ...facts, sectionPaths: facts.liveRevisionId === null ? [headPath] : [headPath, livePath] };
  if (actor.editor !== null && !may(actor.editor, 'articles.read', article)) throw noSuchThing();
  return article;
}

/** The first lock that every act takes, on all translations of the piece at once: so no two acts wait for each other in a ring. */
export async function lockArticle(tx: EntityManager, id: number): Promise<void> {
  await tx.query(
    `select from articles where id = $1 or translation_group = (select translation_group from articles where id = $1) order by id for update`,
    [id],
  );
}

/**
 * Begins an act: the article is there and visible, the editor may do the act, saw the newest version, and the state allows it. Asked in
 * this order, so that nobody learns more than they may.
 * @throws NotFound, Problem 403 `not_allowed`, 409 `stale_version`, 409 `wrong_state`
 */
export async function beginAct(
  tx: EntityManager,
  actor: Actor,
  { id, version }: { readonly id: number; readonly version: number },
  act: WorkflowAct,
): Promise<LoadedArticle> {
  await lockArticle(tx, id);
  const article = await loadArticle(tx, actor, id);
  // Whoever may do it in the widest state only came too late, and is told so: the state that now forbids it is not the one he saw.
  authorize(actor, PERMISSIONS[act], { ...article, state: 'approved' });
  if (article.version !== version) throw await staleVersion(tx, id);
  authorize(actor, PERMISSIONS[act], article);
  const hindered = obstacle(act, article);
  if (hindered !== null) throw wrongState(hindered);
  return article;
}

/** Who may correct a piece also says that a translation's correction does not concern it. */
const PERMISSIONS: Record<WorkflowAct, Act> = {
  save: 'articles.save',
  submit: 'articles.submit',
  return: 'articles.return',
  approve: 'articles.approve',
  schedule: 'articles.schedule',
  unschedule: 'articles.unschedule',
  publish: 'articles.publish',
  correct: 'articles.correct',
  unaffected: 'articles.correct',
  retract: 'articles.retract',
  withdraw: 'articles.withdraw',
};

/** The acts the editor may do now. */
export function openActs(actor: Actor, article: LoadedArticle): WorkflowAct[] {
  const { editor } = actor;
  return (Object.keys(PERMISSIONS) as WorkflowAct[]).filter(
    (act) => obstacle(act, article) === null && (editor === null || may(editor, PERMISSIONS[act], article)),
  );
}

/**
 * Takes the article for this act: one statement, and of two acts on one version the second finds no row.
 * @returns the new version
 * @throws Problem 409 `stale_version`
 */
export async function advance(
  tx: EntityManager,
  actor: Actor,
  { id, version }: LoadedArticle,
  changes: QueryDeepPartialEntity<Article> = {},
): Promise<number> {
  const { affected } = await tx
    .getRepository(Article)
    .update({ id, version }, { ...changes, version: () => 'version + 1', editedAt: () => 'now()', editedBy: actor.editor?.id ?? null });
  if (affected === 0) throw await staleVersion(tx, id);
  return version + 1;
}

async function staleVersion(tx: EntityManager, id: number): Promise<Problem> {
  const [now] = await tx.query<{ version: number; name: string | null; at: string }[]>(
    `select a.version, e.name, pub.instant(a.edited_at) as at from articles a left join editors e on e.id = a.edited_by where a.id = $1`,
    [id],
  );
  const { version, name, at } = now!;
  const message = {
    ar: 'حُفظت المادة بعد أن فتحتها. حدّثها ثم أعد المحاولة.',
    en: 'The piece was saved after you opened it. Reload it and try again.',
  };
  return new Problem(409, 'stale_version', message, {
    errors: [{ field: 'version', rule: `current:${version}`, message }],
    members: { version, editedBy: name, editedAt: at },
  });
}

/** @param hindered what does not allow the act */
export function wrongState(hindered: ArticleState | ArticleStatus | 'never_public'): Problem {
  return new Problem(409, 'wrong_state', STATES[hindered], {
    errors: [{ field: 'state', rule: hindered, message: STATES[hindered] }],
  });
}

const STATES: Record<ArticleState | ArticleStatus | 'never_public', { ar: string; en: string }> = {
  draft: { ar: 'المادة مسودة؛ لا يصح هذا قبل تقديمها.', en: 'The piece is a draft; this comes after it was submitted.' },
  in_review: { ar: 'المادة قيد المراجعة، فلا يصح هذا الآن.', en: 'The piece is in review, which does not allow this.' },
  returned: { ar: 'أُعيدت المادة إلى كاتبها، فلا يصح هذا الآن.', en: 'The piece was returned, which does not allow this.' },
  approved: { ar: 'المادة معتمدة، فلا يصح هذا الآن.', en: 'The piece is approved, which does not allow this.' },
  scheduled: { ar: 'المادة مجدولة للنشر. ألغِ الموعد أولًا.', en: 'The piece is scheduled. Take it off the schedule first.' },
  published: { ar: 'هذه الصيغة منشورة أصلًا.', en: 'This revision is published already.' },
  corrected: { ar: 'صُحّحت المادة، فلا يصح هذا الآن.', en: 'The piece is corrected, which does not allow this.' },
  retracted: { ar: 'سُحبت المادة بقرار معلن، فلا يصح هذا.', en: 'The piece is retracted, which does not allow this.' },
  withdrawn: { ar: 'سُحبت المادة نهائيًّا، فلا يصح هذا.', en: 'The piece is withdrawn for good, which does not allow this.' },
  never_public: { ar: 'لم تُنشر المادة قط، فلا يصح هذا.', en: 'The piece was never public, so this does not apply.' },
};
