import { Check, Column, Entity, Index, JoinColumn, ManyToOne, PrimaryGeneratedColumn, Unique } from 'typeorm';
import type { Relation } from 'typeorm';
import type { Lang } from '../text/language.js';
import type { ArticleState } from '../access/policy.js';
import { Editor } from '../accounts/editor.entity.js';
import { Revision } from './revision.entity.js';

/** How the public sees a piece; null while it was never public. */
export type ArticleStatus = 'published' | 'corrected' | 'retracted' | 'withdrawn';

/** One text in one language. What it says stands in its revisions; which of them is public, `liveRevisionId` alone decides. */
@Entity('articles')
@Unique('articles_one_translation_per_lang', ['translationGroup', 'lang'])
@Unique('articles_live_revision_id_key', ['liveRevisionId'])
@Check('articles_lang_check', `lang in ('ar', 'en', 'fr')`)
@Check('articles_status_check', `status in ('published', 'corrected', 'retracted', 'withdrawn')`)
@Unique('articles_head_revision_id_key', ['headRevisionId'])
@Check('articles_live_check', `see the migration`)
@Check('articles_state_check', `see the migration`)
@Index('articles_live_translations_idx', { synchronize: false })
@Index('articles_edited_at_idx', ['editedAt', 'id'])
@Index('articles_state_idx', ['state', 'editedAt', 'id'])
@Index('articles_created_by_idx', ['createdBy', 'editedAt', 'id'])
export class Article {
  @PrimaryGeneratedColumn('identity', { generatedIdentity: 'BY DEFAULT', primaryKeyConstraintName: 'articles_pkey' })
  id: number;

  @Column('text')
  lang: Lang;

  /** The same for all translations of one piece: the id of the one written first. Null while there is only one. */
  @Column('int', { name: 'translation_group', nullable: true })
  translationGroup: number | null;

  @ManyToOne(() => Article)
  @JoinColumn({ name: 'translation_group', foreignKeyConstraintName: 'articles_translation_group_fkey' })
  firstWritten: Relation<Article> | null;

  @Column('int', { name: 'live_revision_id', nullable: true })
  liveRevisionId: number | null;

  /** Joined by both columns, so that an article can only ever show a revision of its own. */
  @ManyToOne(() => Revision, { onDelete: 'RESTRICT' })
  @JoinColumn([
    { name: 'id', referencedColumnName: 'articleId', foreignKeyConstraintName: 'articles_live_revision_id_fkey' },
    { name: 'live_revision_id', referencedColumnName: 'id', foreignKeyConstraintName: 'articles_live_revision_id_fkey' },
  ])
  liveRevision: Relation<Revision> | null;

  @Column('text', { nullable: true })
  status: ArticleStatus | null;

  /** First publication; in the past for archives. Never in the future. */
  @Column('timestamptz', { name: 'published_at', nullable: true })
  publishedAt: Date | null;

  /** Last change that readers could see. */
  @Column('timestamptz', { name: 'updated_at', nullable: true })
  updatedAt: Date | null;

  /** As printed: the original of an imported page, else the house form of `publishedAt`. */
  @Column('text', { nullable: true })
  dateline: string | null;

  /** Counted up by every act; an act that names an older one is refused. */
  @Column('int', { default: 1 })
  version: number;

  /** Where the newest revision stands in the workflow. */
  @Column('text', { default: () => "'draft'" })
  state: ArticleState;

  @Column('int', { name: 'head_revision_id', nullable: true })
  headRevisionId: number | null;

  /** The newest revision: what editors work on. Null only while the first one is being written. */
  @ManyToOne(() => Revision, { onDelete: 'RESTRICT' })
  @JoinColumn([
    { name: 'id', referencedColumnName: 'articleId', foreignKeyConstraintName: 'articles_head_revision_id_fkey' },
    { name: 'head_revision_id', referencedColumnName: 'id', foreignKeyConstraintName: 'articles_head_revision_id_fkey' },
  ])
  headRevision: Relation<Revision> | null;

  /** The editor whose own it is; null for what was imported. */
  @Column('int', { name: 'created_by', nullable: true })
  createdBy: number | null;

  @ManyToOne(() => Editor, { onDelete: 'RESTRICT' })
  @JoinColumn({ name: 'created_by', foreignKeyConstraintName: 'articles_created_by_fkey' })
  creator: Relation<Editor> | null;

  /** Who did the last act. */
  @Index('articles_edited_by_idx')
  @Column('int', { name: 'edited_by', nullable: true })
  editedBy: number | null;

  @ManyToOne(() => Editor, { onDelete: 'RESTRICT' })
  @JoinColumn({ name: 'edited_by', foreignKeyConstraintName: 'articles_edited_by_fkey' })
  lastEditor: Relation<Editor> | null;

  @Column('timestamptz', { name: 'edited_at', default: () => 'now()' })
  editedAt: Date;

  /** For archives: the date under which it is to appear first. */
  @Column('timestamptz', { name: 'archive_date', nullable: true })
  archiveDate: Date | null;

  /** Why it came back from review; kept until it is submitted again. */
  @Column('text', { name: 'return_comment', nullable: true })
  returnComment: string | null;

  @Column('timestamptz', { name: 'created_at', default: () => 'now()' })
  createdAt: Date;
}
