import { Check, Column, Entity, PrimaryGeneratedColumn, Unique } from 'typeorm';
import type { Wording } from '../text/wording.js';

@Entity('tags')
@Unique('tags_slug_folded_key', ['slugFolded'])
@Check('tags_name_check', `name <> '{}'`)
@Check('tags_slug_check', `slug !~ '^[0-9]*$'`)
export class Tag {
  @PrimaryGeneratedColumn('identity', { generatedIdentity: 'BY DEFAULT', primaryKeyConstraintName: 'tags_pkey' })
  id: number;

  @Column('text')
  slug: string;

  @Column('text', { name: 'slug_folded' })
  slugFolded: string;

  @Column('jsonb')
  name: Wording;

  @Column('int', { default: 1 })
  version: number;
}
