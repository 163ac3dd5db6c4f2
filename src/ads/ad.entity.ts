import { Check, Column, Entity, Index, JoinColumn, ManyToOne, PrimaryGeneratedColumn } from 'typeorm';
import type { Relation } from 'typeorm';
import { Media } from '../media/media.entity.js';
import type { Wording } from '../text/wording.js';

/**
 * Where an ad can stand. `masthead`: above every page, beside the center's name; `home`: on the home page, between the lead and the sections;
 * `sidebar`: beside a list or text, below it on small screens; `article_top`: between headline and text; `article_end`: after the text.
 */
export const SLOTS = ['masthead', 'home', 'sidebar', 'article_top', 'article_end'] as const;
export type Slot = (typeof SLOTS)[number];

/** A picture or a text of somebody's who pays for it, with a link. Its sections and counts stand in tables that only SQL reaches. */
@Entity('ads')
@Check('ads_slot_check', `see the migration`)
@Check('ads_picture_or_text_check', `num_nonnulls(wording, picture_id) = 1`)
@Check('ads_wording_check', `wording <> '{}'`)
@Check('ads_link_check', `link like 'https://%'`)
@Check('ads_times_check', `ends_at > starts_at`)
@Check('ads_weight_check', `weight between 1 and 100`)
export class Ad {
  @PrimaryGeneratedColumn('identity', { generatedIdentity: 'BY DEFAULT', primaryKeyConstraintName: 'ads_pkey' })
  id: number;

  @Column('int', { default: 1 })
  version: number;

  @Index('ads_slot_idx')
  @Column('text')
  slot: Slot;

  /** What it says, where it is no picture. */
  @Column('jsonb', { nullable: true })
  wording: Wording | null;

  @Index('ads_picture_id_idx')
  @Column('int', { name: 'picture_id', nullable: true })
  pictureId: number | null;

  @ManyToOne(() => Media, { onDelete: 'RESTRICT' })
  @JoinColumn({ name: 'picture_id', foreignKeyConstraintName: 'ads_picture_id_fkey' })
  picture: Relation<Media> | null;

  /** An https address. */
  @Column('text')
  link: string;

  @Index('ads_starts_at_idx')
  @Column('timestamptz', { name: 'starts_at' })
  startsAt: Date;

  /** Null: until somebody ends it. */
  @Index('ads_ends_at_idx')
  @Column('timestamptz', { name: 'ends_at', nullable: true })
  endsAt: Date | null;

  /** Its share of windows, beside the weights of the others that may stand in the same place. */
  @Column('smallint', { default: 10 })
  weight: number;

  /** Whose it is, for the desk's eyes. */
  @Column('text')
  advertiser: string;
}
