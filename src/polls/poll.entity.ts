import { Check, Column, Entity, Index, JoinColumn, ManyToOne, PrimaryGeneratedColumn, Unique } from 'typeorm';
import type { Relation } from 'typeorm';
import { Editor } from '../accounts/editor.entity.js';
import { Article } from '../articles/article.entity.js';
import { Series } from '../articles/series.entity.js';
import { Section } from '../sections/section.entity.js';
import type { Wording } from '../text/wording.js';

export const POLL_STATES = ['draft', 'open', 'closed', 'archived'] as const;
export type PollState = (typeof POLL_STATES)[number];

/** When readers may see numbers. After closing, `after_vote` shows them to everybody; `never_public` shows them on the desk alone. */
export const RESULTS_RULES = ['always', 'after_vote', 'after_close', 'never_public'] as const;
export type ResultsRule = (typeof RESULTS_RULES)[number];

/**
 * How much a vote asks of a reader: 0 pulse (ballot cookie), 1 standard (and work), 3 confirmed (and e-mail). Levels 2 and 4 of the design
 * are not built.
 */
export const LEVELS = [0, 1, 3] as const;
export type Level = (typeof LEVELS)[number];

/** A question to readers. Its ballots stand in tables that only SQL reaches. */
@Entity('polls')
@Unique('polls_rules_key', ['id', 'level', 'maxChoices'])
@Unique('polls_supersedes_key', ['supersedes'])
@Check('polls_state_check', `state in ('draft', 'open', 'closed', 'archived')`)
@Check('polls_question_check', `question <> '{}'`)
@Check('polls_level_check', `level in (0, 1, 3)`)
@Check('polls_max_choices_check', `max_choices between 1 and 20`)
@Check('polls_results_check', `see the migration`)
@Check('polls_times_check', `closes_at > opens_at`)
@Check('polls_moments_check', `see the migration`)
@Check('polls_secret_check', `see the migration`)
@Check('polls_scrubbed_check', `see the migration`)
@Index('polls_opens_at_idx', { synchronize: false })
@Index('polls_closes_at_idx', { synchronize: false })
@Index('polls_on_site_idx', { synchronize: false })
@Index('polls_section_id_idx', ['sectionId'])
@Index('polls_series_id_idx', ['seriesId'])
@Index('polls_article_id_idx', ['articleId'])
export class Poll {
  @PrimaryGeneratedColumn('identity', { generatedIdentity: 'BY DEFAULT', primaryKeyConstraintName: 'polls_pkey' })
  id: number;

  @Column('int', { default: 1 })
  version: number;

  @Column('text', { default: () => "'draft'" })
  state: PollState;

  @Column('jsonb')
  question: Wording;

  @Column('jsonb', { default: () => "'{}'" })
  intro: Wording;

  @Column('smallint', { default: 1 })
  level: Level;

  /** Options one ballot may choose, at most. */
  @Column('smallint', { name: 'max_choices', default: 1 })
  maxChoices: number;

  @Column('text', { default: () => "'after_vote'" })
  results: ResultsRule;

  /** In a draft: the wish. From the act of opening on: the moment it opened or will open. */
  @Column('timestamptz', { name: 'opens_at', nullable: true })
  opensAt: Date | null;

  /** While open: when it closes by itself. Afterwards: when it closed. */
  @Column('timestamptz', { name: 'closes_at', nullable: true })
  closesAt: Date | null;

  @Column('boolean', { name: 'on_site', default: false })
  onSite: boolean;

  @Column('int', { name: 'section_id', nullable: true })
  sectionId: number | null;

  @ManyToOne(() => Section, { onDelete: 'RESTRICT' })
  @JoinColumn({ name: 'section_id', foreignKeyConstraintName: 'polls_section_id_fkey' })
  section: Relation<Section> | null;

  @Column('int', { name: 'series_id', nullable: true })
  seriesId: number | null;

  @ManyToOne(() => Series, { onDelete: 'RESTRICT' })
  @JoinColumn({ name: 'series_id', foreignKeyConstraintName: 'polls_series_id_fkey' })
  series: Relation<Series> | null;

  @Column('int', { name: 'article_id', nullable: true })
  articleId: number | null;

  @ManyToOne(() => Article, { onDelete: 'RESTRICT' })
  @JoinColumn({ name: 'article_id', foreignKeyConstraintName: 'polls_article_id_fkey' })
  article: Relation<Article> | null;

  /** The poll whose mistake this one mends. */
  @Column('int', { nullable: true })
  supersedes: number | null;

  @ManyToOne(() => Poll, { onDelete: 'RESTRICT' })
  @JoinColumn({ name: 'supersedes', foreignKeyConstraintName: 'polls_supersedes_fkey' })
  superseded: Relation<Poll> | null;

  /** Key of all its hashes, from the act of opening until the scrub. Never leaves the house. */
  @Column('bytea', { name: 'ballot_secret', nullable: true, select: false })
  ballotSecret: Buffer | null;

  @Column('int', { name: 'created_by', nullable: true })
  createdBy: number | null;

  @ManyToOne(() => Editor, { onDelete: 'RESTRICT' })
  @JoinColumn({ name: 'created_by', foreignKeyConstraintName: 'polls_created_by_fkey' })
  creator: Relation<Editor> | null;

  @Column('int', { name: 'edited_by', nullable: true })
  editedBy: number | null;

  @ManyToOne(() => Editor, { onDelete: 'RESTRICT' })
  @JoinColumn({ name: 'edited_by', foreignKeyConstraintName: 'polls_edited_by_fkey' })
  editor: Relation<Editor> | null;

  @Column('timestamptz', { name: 'created_at', default: () => 'now()' })
  createdAt: Date;

  @Column('timestamptz', { name: 'edited_at', default: () => 'now()' })
  editedAt: Date;

  /** When the keys of its ballots were destroyed. */
  @Column('timestamptz', { name: 'scrubbed_at', nullable: true })
  scrubbedAt: Date | null;
}

/** One answer a ballot may choose. */
@Entity('poll_options')
@Unique('poll_options_poll_id_id_key', ['pollId', 'id'])
@Unique('poll_options_poll_id_position_key', ['pollId', 'position'])
@Check('poll_options_position_check', `position between 1 and 20`)
@Check('poll_options_label_check', `label <> '{}'`)
export class PollOption {
  @PrimaryGeneratedColumn('identity', { generatedIdentity: 'BY DEFAULT', primaryKeyConstraintName: 'poll_options_pkey' })
  id: number;

  @Column('int', { name: 'poll_id' })
  pollId: number;

  @ManyToOne(() => Poll, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'poll_id', foreignKeyConstraintName: 'poll_options_poll_id_fkey' })
  poll: Relation<Poll>;

  /** From 1 on. */
  @Column('smallint')
  position: number;

  @Column('jsonb')
  label: Wording;
}
