import { Check, Column, Entity, PrimaryGeneratedColumn, Unique } from 'typeorm';
import type { Wording } from '../text/wording.js';

/** An ordered dossier of articles. */
@Entity('series')
@Unique('series_slug_folded_key', ['slugFolded'])
@Check('series_name_check', `name <> '{}'`)
@Check('series_slug_check', `slug !~ '^[0-9]*$'`)
export class Series {
  @PrimaryGeneratedColumn('identity', { generatedIdentity: 'BY DEFAULT', primaryKeyConstraintName: 'series_pkey' })
  id: number;

  @Column('text')
  slug: string;

  @Column('text', { name: 'slug_folded' })
  slugFolded: string;

  @Column('jsonb')
  name: Wording;

  @Column('jsonb', { default: () => "'{}'" })
  description: Wording;

  @Column('int', { default: 1 })
  version: number;
}
