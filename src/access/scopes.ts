import type { Act } from './policy.js';

/** What a token can be made for, and the acts each covers. A token does nothing that its editor may not do. */
export const SCOPE_ACTS = {
  'articles:read': ['articles.list', 'articles.read'],
  'articles:write': ['articles.create', 'articles.save', 'articles.submit'],
  'articles:review': ['articles.return', 'articles.approve'],
  'articles:publish': [
    'articles.backdate',
    'articles.schedule',
    'articles.unschedule',
    'articles.publish',
    'articles.correct',
    'articles.retract',
    'articles.withdraw',
    'articles.preview',
  ],
  'taxonomy:read': ['sections.read', 'authors.read', 'tags.read', 'series.read'],
  'taxonomy:write': ['sections.write', 'authors.write', 'authors.merge', 'tags.write', 'series.write'],
  'lexicon:read': ['lexicon.read'],
  'lexicon:write': ['lexicon.write'],
  'media:read': ['media.read'],
  'media:write': ['media.write', 'media.edit'],
  'polls:read': ['polls.read'],
  'polls:write': ['polls.write'],
  'polls:audit': ['polls.audit'],
  'ads:read': ['ads.read'],
  'ads:write': ['ads.write'],
  'front:read': ['front.read'],
  'front:write': ['front.write'],
  'center:read': ['center.read'],
  'shares:read': ['shares.read'],
  'audit:read': ['audit.read'],
} as const satisfies Record<string, readonly Act[]>;
export type Scope = keyof typeof SCOPE_ACTS;

export const SCOPES = Object.keys(SCOPE_ACTS) as readonly Scope[];

/**
 * What no token does, whatever its scopes: who works here, how they sign in, what the center is, and readers' addresses are for people who
 * have signed in. A test holds this and {@link SCOPE_ACTS} against the list of all acts.
 */
export const NEVER_BY_TOKEN: readonly Act[] = [
  'account.enter',
  'account.use',
  'center.write',
  'editors.read',
  'editors.write',
  'mail.read',
  'mail.retry',
  'mail.suppress',
  'mail.resume',
];

/** @returns all acts that the scopes cover; who may act on an article sees it too, or could not name it */
export function actsOf(scopes: readonly Scope[]): readonly Act[] {
  const acts: readonly Act[] = scopes.flatMap((scope) => SCOPE_ACTS[scope]);
  return acts.some((act) => act.startsWith('articles.')) ? [...acts, 'articles.read'] : acts;
}
