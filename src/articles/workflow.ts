import type { ArticleState } from '../access/policy.js';
import type { ArticleStatus } from './article.entity.js';

/** Where an act may begin and where it leads. Who may do it is the policy's to say (access/policy.ts). */
interface Transition {
  /** States of the newest revision that allow it. */
  readonly from: readonly ArticleState[];
  /** What the public sees of the piece when it is allowed; null: it was never public. */
  readonly status: readonly (ArticleStatus | null)[];
  /** The state afterwards; null: as it was. */
  readonly to: ArticleState | null;
  /** The status afterwards; null: as it was. */
  readonly becomes: ArticleStatus | null;
}

const ANY_STATE = ['draft', 'in_review', 'returned', 'approved', 'scheduled', 'published'] as const;
const UNPUBLISHED = ['draft', 'in_review', 'returned', 'approved'] as const;
const ANY_STATUS = [null, 'published', 'corrected', 'retracted', 'withdrawn'] as const;

/** The whole workflow. docs/workflow.md shows this table; a test holds the two together. */
export const TRANSITIONS = {
  save: { from: ['draft', 'in_review', 'returned', 'approved', 'published'], status: ANY_STATUS, to: 'draft', becomes: null },
  submit: { from: ['draft', 'returned'], status: ANY_STATUS, to: 'in_review', becomes: null },
  return: { from: ['in_review', 'approved'], status: ANY_STATUS, to: 'returned', becomes: null },
  approve: { from: ['in_review'], status: ANY_STATUS, to: 'approved', becomes: null },
  schedule: { from: UNPUBLISHED, status: [null, 'published', 'corrected'], to: 'scheduled', becomes: null },
  unschedule: { from: ['scheduled'], status: ANY_STATUS, to: 'approved', becomes: null },
  // A corrected piece stays corrected: its notice stands.
  publish: { from: UNPUBLISHED, status: [null, 'published', 'corrected'], to: 'published', becomes: 'published' },
  correct: { from: ANY_STATE, status: ['published', 'corrected'], to: null, becomes: 'corrected' },
  unaffected: { from: ANY_STATE, status: ['published', 'corrected', 'retracted'], to: null, becomes: null },
  retract: { from: ANY_STATE, status: ['published', 'corrected'], to: null, becomes: 'retracted' },
  withdraw: { from: ANY_STATE, status: ['published', 'corrected', 'retracted'], to: null, becomes: 'withdrawn' },
} satisfies Record<string, Transition>;

export type WorkflowAct = keyof typeof TRANSITIONS;

/** What does not allow the act: the state, the status, or nothing. */
export function obstacle(
  act: WorkflowAct,
  { state, status }: { readonly state: ArticleState; readonly status: ArticleStatus | null },
): ArticleState | ArticleStatus | 'never_public' | null {
  const transition: Transition = TRANSITIONS[act];
  if (!transition.status.includes(status)) return status ?? 'never_public';
  return transition.from.includes(state) ? null : state;
}
