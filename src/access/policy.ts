/**
 * What editors may do: the whole of it, in one function over loaded objects. Nothing here reads the database or the request.
 */

export const ROLES = ['admin', 'chief', 'section_editor', 'contributor'] as const;
export type Role = (typeof ROLES)[number];

/** The workflow of an article's newest revision. */
export const ARTICLE_STATES = ['draft', 'in_review', 'returned', 'approved', 'scheduled', 'published'] as const;
export type ArticleState = (typeof ARTICLE_STATES)[number];

/** Everything a route of the desk may ask leave for. */
export const ACTS = [
  'account.enter',
  'account.use',
  'articles.list',
  'articles.create',
  'articles.read',
  'articles.save',
  'articles.backdate',
  'articles.submit',
  'articles.return',
  'articles.approve',
  'articles.schedule',
  'articles.unschedule',
  'articles.publish',
  'articles.correct',
  'articles.retract',
  'articles.withdraw',
  'articles.preview',
  'sections.read',
  'sections.write',
  'authors.read',
  'authors.write',
  'authors.merge',
  'tags.read',
  'tags.write',
  'series.read',
  'series.write',
  'lexicon.read',
  'lexicon.write',
  'media.read',
  'media.write',
  'media.edit',
  'polls.read',
  'polls.write',
  'polls.audit',
  'ads.read',
  'ads.write',
  'front.read',
  'front.write',
  'center.read',
  'center.write',
  'editors.read',
  'editors.write',
  'mail.read',
  'mail.retry',
  'mail.suppress',
  'mail.resume',
  'shares.read',
  'audit.read',
] as const;
export type Act = (typeof ACTS)[number];

/** The editor in whose name a request acts. */
export interface ActingEditor {
  readonly id: number;
  readonly name: string;
  readonly role: Role;
  /** Ids of the sections granted to a section editor; each grant covers the section's whole subtree. */
  readonly sections: readonly number[];
  /** The session that the request came through, by the id its owner sees; none where it came through a token. */
  readonly session?: string;
  /** The token that the request came through: it narrows what the editor may do. */
  readonly token?: ActingToken;
}

/** A program's leave to act as an editor. */
interface ActingToken {
  readonly name: string;
  /** All it may do, where its editor may. */
  readonly acts: readonly Act[];
}

/** What the policy has to know of an article. */
export interface ArticleFacts {
  readonly createdBy: number | null;
  readonly state: ArticleState;
  /**
   * For the newest revision's section, and for the live one's where there is one: the section and its ancestors, as ids. A revision without
   * a section gives an empty path, which nobody is granted.
   */
  readonly sectionPaths: readonly (readonly number[])[];
}

const CHIEFS: readonly Role[] = ['admin', 'chief'];

/** Who may do an act wherever it applies. What depends on the article is decided in {@link may}. */
const EVERYWHERE: Record<Act, readonly Role[]> = {
  // What also a session may that has yet to bring the second factor which its role demands: to see whose it is, to enrol, to leave.
  'account.enter': ROLES,
  'account.use': ROLES,
  'articles.list': ROLES,
  'articles.create': ROLES,
  'articles.read': CHIEFS,
  'articles.save': CHIEFS,
  'articles.backdate': CHIEFS,
  'articles.submit': CHIEFS,
  'articles.return': CHIEFS,
  'articles.approve': CHIEFS,
  'articles.schedule': CHIEFS,
  'articles.unschedule': CHIEFS,
  'articles.publish': CHIEFS,
  'articles.correct': CHIEFS,
  'articles.retract': CHIEFS,
  'articles.withdraw': CHIEFS,
  'articles.preview': CHIEFS,
  'sections.read': ROLES,
  'sections.write': CHIEFS,
  'authors.read': ROLES,
  'authors.write': ['admin', 'chief', 'section_editor'],
  'authors.merge': CHIEFS,
  'tags.read': ROLES,
  'tags.write': ['admin', 'chief', 'section_editor'],
  'series.read': ROLES,
  'series.write': CHIEFS,
  'lexicon.read': ROLES,
  'lexicon.write': CHIEFS,
  // Everybody uploads, and sees and changes what is their own; a contributor sees of the others' what readers see.
  'media.read': ROLES,
  'media.write': ROLES,
  'media.edit': ['admin', 'chief', 'section_editor'],
  'polls.read': CHIEFS,
  'polls.write': CHIEFS,
  'polls.audit': CHIEFS,
  'ads.read': CHIEFS,
  'ads.write': CHIEFS,
  'front.read': CHIEFS,
  'front.write': CHIEFS,
  'center.read': ['admin'],
  'center.write': ['admin'],
  'editors.read': ['admin'],
  'editors.write': ['admin'],
  'mail.read': ['admin'],
  'mail.retry': ['admin'],
  'mail.suppress': ['admin'],
  'mail.resume': ['admin'],
  'shares.read': CHIEFS,
  'audit.read': CHIEFS,
};

/** Only a chief may publish past review. From where nobody may, the workflow refuses: that is no question of who asks. */
const UNAPPROVED: readonly ArticleState[] = ['draft', 'in_review', 'returned'];

/** Acts that depend on the article: who may do them beside {@link EVERYWHERE}. */
const BY_ARTICLE: Partial<Record<Act, (relation: Relation, state: ArticleState) => boolean>> = {
  'articles.read': ({ own, granted }) => own || granted,
  'articles.save': ({ own, granted }) => own || granted,
  'articles.submit': ({ own, granted }) => own || granted,
  'articles.return': ({ granted }) => granted,
  // Nobody but a chief lets his own text pass.
  'articles.approve': ({ own, granted }) => granted && !own,
  'articles.schedule': ({ granted }, state) => granted && !UNAPPROVED.includes(state),
  'articles.unschedule': ({ granted }) => granted,
  'articles.publish': ({ granted }, state) => granted && !UNAPPROVED.includes(state),
  'articles.correct': ({ granted }) => granted,
  'articles.preview': ({ granted }) => granted,
};

interface Relation {
  readonly own: boolean;
  readonly granted: boolean;
}

/** Whether the token that the request came through, where it came through one, covers the act. */
export function covered({ token }: Pick<ActingEditor, 'token'>, act: Act): boolean {
  return !token || token.acts.includes(act);
}

/**
 * Whether the editor may do the act. Acts on an article need its facts.
 * @param article for acts on an article that exists
 */
export function may(editor: Omit<ActingEditor, 'name'>, act: Act, article?: ArticleFacts): boolean {
  if (!covered(editor, act)) return false;
  if (EVERYWHERE[act].includes(editor.role)) return true;
  const rule = BY_ARTICLE[act];
  if (!rule || !article) return false;
  const granted =
    editor.role === 'section_editor' &&
    article.sectionPaths.length > 0 &&
    article.sectionPaths.every((path) => path.some((section) => editor.sections.includes(section)));
  return rule({ own: article.createdBy === editor.id, granted }, article.state);
}

/** Whether there can be an article for which the role may do the act: what the guard asks before anything is loaded. */
export function mayEver(role: Role, act: Act): boolean {
  if (EVERYWHERE[act].includes(role)) return true;
  if (!BY_ARTICLE[act]) return false;
  // A contributor is never granted a section: only what one may do with an own article is left.
  return role === 'section_editor' || BY_ARTICLE[act]({ own: true, granted: false }, 'approved');
}
