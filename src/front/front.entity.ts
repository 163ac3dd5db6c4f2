import { Check, Column, Entity, Index, JoinColumn, ManyToOne, PrimaryGeneratedColumn } from 'typeorm';
import type { Relation } from 'typeorm';
import { Article } from '../articles/article.entity.js';

/**
 * What a block shows. `newest`: pieces of all kinds; `section` and `series`: the newest of one, each with the way to its page; `pieces`: those
 * picked by hand, in their order.
 */
export const BLOCK_KINDS = ['newest', 'section', 'series', 'pieces'] as const;
export type BlockKind = (typeof BLOCK_KINDS)[number];

/** An arrangement of the front page. Of those begun and not ended the one that began last is in force. Its blocks stand in tables that only SQL reaches. */
@Entity('fronts')
@Check('fronts_times_check', `ends_at > starts_at`)
export class Front {
  @PrimaryGeneratedColumn('identity', { generatedIdentity: 'BY DEFAULT', primaryKeyConstraintName: 'fronts_pkey' })
  id: number;

  @Column('int', { default: 1 })
  version: number;

  @Index('fronts_starts_at_idx')
  @Column('timestamptz', { name: 'starts_at', default: () => `date_trunc('second', now())` })
  startsAt: Date;

  /** Null: until another is in force. */
  @Index('fronts_ends_at_idx')
  @Column('timestamptz', { name: 'ends_at', nullable: true })
  endsAt: Date | null;

  /** Null: the newest piece leads. */
  @Index('fronts_lead_id_idx')
  @Column('int', { name: 'lead_id', nullable: true })
  leadId: number | null;

  @ManyToOne(() => Article, { onDelete: 'RESTRICT' })
  @JoinColumn({ name: 'lead_id', foreignKeyConstraintName: 'fronts_lead_id_fkey' })
  lead: Relation<Article> | null;
}
