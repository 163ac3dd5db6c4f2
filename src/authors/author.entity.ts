import { Check, Column, Entity, Index, JoinColumn, ManyToOne, PrimaryGeneratedColumn, Unique } from 'typeorm';
import type { Relation } from 'typeorm';
import { Media } from '../media/media.entity.js';
import type { Wording } from '../text/wording.js';

export interface AuthorLink {
  readonly label: string;
  readonly url: string;
}

@Entity('authors')
@Unique('authors_slug_folded_key', ['slugFolded'])
@Check('authors_name_check', `name <> '{}'`)
@Check('authors_slug_check', `slug !~ '^[0-9]*$'`)
@Check('authors_orcid_check', `orcid ~ '^([0-9]{4}-){3}[0-9]{3}[0-9X]$'`)
@Check('authors_merged_into_check', `merged_into <> id`)
@Index('authors_order_idx', { synchronize: false })
@Index('authors_match_keys_idx', { synchronize: false })
@Index('authors_name_skeletons_idx', { synchronize: false })
@Index('authors_unheard_idx', { synchronize: false })
@Index('authors_orcid_idx', { synchronize: false })
export class Author {
  @PrimaryGeneratedColumn('identity', { generatedIdentity: 'BY DEFAULT', primaryKeyConstraintName: 'authors_pkey' })
  id: number;

  @Column('text')
  slug: string;

  @Column('text', { name: 'slug_folded' })
  slugFolded: string;

  /** As displayed; never split into first and last. */
  @Column('jsonb')
  name: Wording;

  /** «د.», «السفير» … kept apart, so that names sort and match without it. */
  @Column('jsonb', { default: () => "'{}'" })
  honorific: Wording;

  @Column('jsonb', { default: () => "'{}'" })
  affiliation: Wording;

  @Column('jsonb', { default: () => "'{}'" })
  bio: Wording;

  @Column('text', { nullable: true })
  orcid: string | null;

  @Column('jsonb', { default: () => "'[]'" })
  links: AuthorLink[];

  /** Other spellings this person has signed with. */
  @Column('text', { array: true, default: () => "'{}'" })
  aliases: string[];

  /** Names and aliases, folded for comparison: see {@link matchKey}. */
  @Column('text', { name: 'match_keys', array: true })
  matchKeys: string[];

  /** Names and aliases by their sound: see {@link nameSkeleton}. Null: not reckoned yet. */
  @Column('text', { name: 'name_skeletons', array: true, nullable: true })
  nameSkeletons: string[] | null;

  /** What lists sort by, under the collation ar-x-icu: see {@link sortKey}. */
  @Column('text', { name: 'sort_key' })
  sortKey: string;

  @Index('authors_portrait_id_idx')
  @Column('int', { name: 'portrait_id', nullable: true })
  portraitId: number | null;

  @ManyToOne(() => Media, { onDelete: 'RESTRICT' })
  @JoinColumn({ name: 'portrait_id', foreignKeyConstraintName: 'authors_portrait_id_fkey' })
  portrait: Relation<Media> | null;

  /** Whom readers are led to since this record was found to be of the same person; that one is never merged itself. */
  @Index('authors_merged_into_idx')
  @Column('int', { name: 'merged_into', nullable: true })
  mergedInto: number | null;

  @ManyToOne(() => Author, { onDelete: 'RESTRICT' })
  @JoinColumn({ name: 'merged_into', foreignKeyConstraintName: 'authors_merged_into_fkey' })
  mergedAuthor: Relation<Author> | null;

  @Column('int', { default: 1 })
  version: number;
}
