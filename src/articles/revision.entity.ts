import { Check, Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn, PrimaryGeneratedColumn, Unique } from 'typeorm';
import type { EntityManager, Relation } from 'typeorm';
import { Editor } from '../accounts/editor.entity.js';
import { Author } from '../authors/author.entity.js';
import { Media } from '../media/media.entity.js';
import { Section } from '../sections/section.entity.js';
import { Article } from './article.entity.js';
import type { Body } from './body.js';
import { Series } from './series.entity.js';
import { Tag } from './tag.entity.js';

export const ARTICLE_TYPES = ['analysis', 'study', 'policy_paper', 'report', 'opinion', 'review', 'translation', 'news'] as const;
export type ArticleType = (typeof ARTICLE_TYPES)[number];

export interface Publisher {
  readonly name: string;
  readonly url: string | null;
}

/** A source the piece cites. `accessed` is YYYY-MM-DD. */
export interface Reference {
  readonly title: string;
  readonly source: string | null;
  readonly url: string | null;
  readonly accessed: string | null;
}

/** Everything an article says at one moment. Once `sealedAt` is set (it was submitted, scheduled, public or shown outside) the database refuses any change. */
@Entity('revisions')
@Unique('revisions_article_id_number_key', ['articleId', 'number'])
@Unique('revisions_article_id_id_key', ['articleId', 'id'])
@Check('revisions_type_check', `see the migration`)
@Check('revisions_series_check', `(series_id is null) = (series_position is null)`)
export class Revision {
  @PrimaryGeneratedColumn('identity', { generatedIdentity: 'BY DEFAULT', primaryKeyConstraintName: 'revisions_pkey' })
  id: number;

  @Column('int', { name: 'article_id' })
  articleId: number;

  @ManyToOne(() => Article, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'article_id', foreignKeyConstraintName: 'revisions_article_id_fkey' })
  article: Relation<Article>;

  /** 1, 2, 3 … within the article. */
  @Column('int')
  number: number;

  @Column('text')
  slug: string;

  /** The slug percent-encoded, because building addresses in SQL for every card would cost more than the rest of the card. */
  @Column('text', { name: 'slug_encoded' })
  slugEncoded: string;

  @Column('text', { default: () => "'analysis'" })
  type: ArticleType;

  /** The line above the title. */
  @Column('text', { nullable: true })
  kicker: string | null;

  @Column('text')
  title: string;

  @Column('text', { nullable: true })
  summary: string | null;

  /** As it came in, so that a later sanitiser can be run over it again. */
  @Column('text', { name: 'body_source' })
  bodySource: string;

  /** Clean HTML: see {@link cleanBody}. */
  @Column('text')
  body: string;

  @Column('jsonb', { default: () => "'[]'" })
  contents: Body['contents'];

  @Column('text', { name: 'plain_text' })
  plainText: string;

  @Column('int')
  words: number;

  @Column('int', { name: 'reading_minutes' })
  readingMinutes: number;

  @Index('revisions_section_id_idx')
  @Column('int', { name: 'section_id', nullable: true })
  sectionId: number | null;

  @ManyToOne(() => Section, { onDelete: 'RESTRICT' })
  @JoinColumn({ name: 'section_id', foreignKeyConstraintName: 'revisions_section_id_fkey' })
  section: Relation<Section> | null;

  @Index('revisions_series_id_idx')
  @Column('int', { name: 'series_id', nullable: true })
  seriesId: number | null;

  @ManyToOne(() => Series, { onDelete: 'RESTRICT' })
  @JoinColumn({ name: 'series_id', foreignKeyConstraintName: 'revisions_series_id_fkey' })
  series: Relation<Series> | null;

  @Column('int', { name: 'series_position', nullable: true })
  seriesPosition: number | null;

  /** Null: the center itself. */
  @Column('jsonb', { nullable: true })
  publisher: Publisher | null;

  @Column('jsonb', { default: () => "'[]'" })
  bibliography: Reference[];

  /** The printed original of an imported page; null: composed in the house form. */
  @Column('text', { nullable: true })
  dateline: string | null;

  @Column('timestamptz', { name: 'created_at', default: () => 'now()' })
  createdAt: Date;

  @Index('revisions_created_by_idx')
  @Column('int', { name: 'created_by', nullable: true })
  createdBy: number | null;

  @ManyToOne(() => Editor, { onDelete: 'RESTRICT' })
  @JoinColumn({ name: 'created_by', foreignKeyConstraintName: 'revisions_created_by_fkey' })
  creator: Relation<Editor> | null;

  /** Last save into it; after that only a later revision differs. */
  @Column('timestamptz', { name: 'saved_at', default: () => 'now()' })
  savedAt: Date;

  /** Number of the revision this one brought back. */
  @Column('int', { name: 'restored_from', nullable: true })
  restoredFrom: number | null;

  @Column('timestamptz', { name: 'sealed_at', nullable: true })
  sealedAt: Date | null;
}

/** From now on the revision stays as it is. */
export async function seal(tx: EntityManager, revisionId: number): Promise<void> {
  await tx.getRepository(Revision).update({ id: revisionId }, { sealedAt: () => 'coalesce(sealed_at, now())' });
}

/** One name of a revision's byline, in printed order. */
@Entity('revision_authors')
@Unique('revision_authors_revision_id_author_id_key', ['revisionId', 'authorId'])
export class RevisionAuthor {
  @PrimaryColumn('int', { name: 'revision_id', primaryKeyConstraintName: 'revision_authors_pkey' })
  revisionId: number;

  @ManyToOne(() => Revision, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'revision_id', foreignKeyConstraintName: 'revision_authors_revision_id_fkey' })
  revision: Relation<Revision>;

  @PrimaryColumn('smallint', { primaryKeyConstraintName: 'revision_authors_pkey' })
  position: number;

  @Index('revision_authors_author_id_idx')
  @Column('int', { name: 'author_id' })
  authorId: number;

  @ManyToOne(() => Author, { onDelete: 'RESTRICT' })
  @JoinColumn({ name: 'author_id', foreignKeyConstraintName: 'revision_authors_author_id_fkey' })
  author: Relation<Author>;

  /** «ترجمة», «تحرير» … where the name did something other than write. */
  @Column('text', { nullable: true })
  role: string | null;
}

@Entity('revision_tags')
export class RevisionTag {
  @PrimaryColumn('int', { name: 'revision_id', primaryKeyConstraintName: 'revision_tags_pkey' })
  revisionId: number;

  @ManyToOne(() => Revision, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'revision_id', foreignKeyConstraintName: 'revision_tags_revision_id_fkey' })
  revision: Relation<Revision>;

  @Index('revision_tags_tag_id_idx')
  @PrimaryColumn('int', { name: 'tag_id', primaryKeyConstraintName: 'revision_tags_pkey' })
  tagId: number;

  @ManyToOne(() => Tag, { onDelete: 'RESTRICT' })
  @JoinColumn({ name: 'tag_id', foreignKeyConstraintName: 'revision_tags_tag_id_fkey' })
  tag: Relation<Tag>;
}

/** Where a revision shows a picture, or links to a document. */
export type MediaPlace = 'cover' | 'figure' | 'link';

@Entity('revision_media')
@Check('revision_media_place_check', `see the migration`)
@Index('revision_media_one_cover', { synchronize: false })
export class RevisionMedia {
  @PrimaryColumn('int', { name: 'revision_id', primaryKeyConstraintName: 'revision_media_pkey' })
  revisionId: number;

  @ManyToOne(() => Revision, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'revision_id', foreignKeyConstraintName: 'revision_media_revision_id_fkey' })
  revision: Relation<Revision>;

  @Index('revision_media_media_id_idx')
  @PrimaryColumn('int', { name: 'media_id', primaryKeyConstraintName: 'revision_media_pkey' })
  mediaId: number;

  @ManyToOne(() => Media, { onDelete: 'RESTRICT' })
  @JoinColumn({ name: 'media_id', foreignKeyConstraintName: 'revision_media_media_id_fkey' })
  media: Relation<Media>;

  @PrimaryColumn('text', { primaryKeyConstraintName: 'revision_media_pkey' })
  place: MediaPlace;
}
