/** The kinds of things that acts are about. */
export const OBJECT_TYPES = [
  'article',
  'section',
  'author',
  'tag',
  'series',
  'poll',
  'center',
  'editor',
  'mail',
  'media',
  'lexicon',
  'ad',
  'front',
] as const;
export type ObjectType = (typeof OBJECT_TYPES)[number];

/** What happened to which object. */
export interface AuditEntry {
  /** Stable, `<objects>.<verb>`: `articles.publish`. */
  readonly act: string;
  readonly object: { readonly type: ObjectType; readonly id: number };
  /** Named fields before and after; never secrets, addresses of readers or whole bodies. */
  readonly before?: Readonly<Record<string, unknown>>;
  readonly after?: Readonly<Record<string, unknown>>;
}
