import { Check, Column, Entity, PrimaryColumn, PrimaryGeneratedColumn } from 'typeorm';
import type { Role } from '../access/policy.js';
import type { Lang } from '../text/language.js';
import type { Wording } from '../text/wording.js';

export interface Contact {
  readonly email?: string;
  readonly phone?: string;
  readonly address?: Wording;
}

/** Of the letters of a center that chose none. */
export const DEFAULT_COLOR = '#0b5c56';

/** The research center itself: one row. */
@Entity('center')
@Check('center_one_row_check', `id = 1`)
@Check('center_lang_check', `lang in ('ar', 'en', 'fr')`)
@Check('center_color_check', `color ~ '^#[0-9a-f]{6}$'`)
@Check('center_second_factor_roles_check', `see the migration`)
@Check('center_revisions_kept_days_check', `revisions_kept_days between 1 and 36500`)
@Check('center_audit_kept_days_check', `audit_kept_days between 30 and 36500`)
export class Center {
  @PrimaryColumn('smallint', { default: 1, primaryKeyConstraintName: 'center_pkey' })
  id: number;

  /** The language that missing wording falls back to. */
  @Column('text', { default: () => "'ar'" })
  lang: Lang;

  /** IANA time zone of datelines and of dates without time. */
  @Column('text', { default: () => "'Africa/Cairo'" })
  zone: string;

  @Column('jsonb')
  name: Wording;

  @Column('jsonb', { default: () => "'{}'" })
  tagline: Wording;

  /** Name printed as publisher where a piece names none. */
  @Column('jsonb', { default: () => "'{}'" })
  publisher: Wording;

  @Column('jsonb', { default: () => "'{}'" })
  contact: Contact;

  /** Of its letters: `#0b5c56`. */
  @Column('text', { default: () => "'#0b5c56'" })
  color: string;

  /** Whether readers may have pieces mailed to friends by this server. */
  @Column('boolean', { name: 'mail_sharing', default: true })
  mailSharing: boolean;

  /** Whose editors must sign in with a second factor. */
  @Column('text', { name: 'second_factor_roles', array: true, default: () => "'{}'" })
  secondFactorRoles: Role[];

  /** How long unfinished revisions are kept that nobody needs any more; null: for good. */
  @Column('int', { name: 'revisions_kept_days', nullable: true })
  revisionsKeptDays: number | null;

  /** How long the record of editors' acts is kept; null: for good. */
  @Column('int', { name: 'audit_kept_days', nullable: true })
  auditKeptDays: number | null;

  /** Stands in the folder of its files too: which is then no other center's. */
  @Column('text', { name: 'storage_id', default: () => '(gen_random_uuid())' })
  storageId: string;

  @Column('int', { default: 1 })
  version: number;
}

/** Who holds an office of the masthead, and from when to when. Dates are in the center's zone, both inclusive. */
@Entity('masthead_terms')
@Check('masthead_terms_order_check', `until >= since`)
export class MastheadTerm {
  @PrimaryGeneratedColumn('identity', { generatedIdentity: 'BY DEFAULT', primaryKeyConstraintName: 'masthead_terms_pkey' })
  id: number;

  @Column('int')
  position: number;

  @Column('jsonb')
  role: Wording;

  @Column('jsonb')
  person: Wording;

  @Column('date', { nullable: true })
  since: string | null;

  @Column('date', { nullable: true })
  until: string | null;
}
