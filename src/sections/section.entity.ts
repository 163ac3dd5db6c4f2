import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryGeneratedColumn, Unique, Check } from 'typeorm';
import type { Relation } from 'typeorm';
import type { Wording } from '../text/wording.js';

@Entity('sections')
@Unique('sections_slug_folded_key', ['slugFolded'])
@Check('sections_name_check', `name <> '{}'`)
@Check('sections_slug_check', `slug !~ '^[0-9]*$'`)
@Check('sections_parent_check', `parent_id <> id`)
export class Section {
  @PrimaryGeneratedColumn('identity', { generatedIdentity: 'BY DEFAULT', primaryKeyConstraintName: 'sections_pkey' })
  id: number;

  @Index('sections_parent_id_idx')
  @Column('int', { name: 'parent_id', nullable: true })
  parentId: number | null;

  @ManyToOne(() => Section, { onDelete: 'RESTRICT' })
  @JoinColumn({ name: 'parent_id', foreignKeyConstraintName: 'sections_parent_id_fkey' })
  parent: Relation<Section> | null;

  /** Order among the sections of the same parent. */
  @Column('int', { default: 0 })
  position: number;

  @Column('text')
  slug: string;

  /** What uniqueness compares: see {@link foldSlug}. */
  @Column('text', { name: 'slug_folded' })
  slugFolded: string;

  @Column('jsonb')
  name: Wording;

  @Column('jsonb', { default: () => "'{}'" })
  description: Wording;

  @Column('int', { default: 1 })
  version: number;
}
