import { Check, Column, Entity, PrimaryGeneratedColumn } from 'typeorm';

export const LEXICON_KINDS = ['forms', 'spellings'] as const;
/** `forms`: singular and plural, or two words for one thing. `spellings`: one word as several write it. */
export type LexiconKind = (typeof LEXICON_KINDS)[number];

/** Words that readers mean alike. Its forms stand in a table that only SQL reaches. */
@Entity('lexicon_groups')
@Check('lexicon_groups_kind_check', `kind in ('forms', 'spellings')`)
export class LexiconGroup {
  @PrimaryGeneratedColumn('identity', { generatedIdentity: 'BY DEFAULT', primaryKeyConstraintName: 'lexicon_groups_pkey' })
  id: number;

  @Column('text')
  kind: LexiconKind;

  @Column('int', { default: 1 })
  version: number;
}
