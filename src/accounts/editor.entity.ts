import { Check, Column, Entity, PrimaryGeneratedColumn, Unique } from 'typeorm';
import type { Role } from '../access/policy.js';
import type { Lang } from '../text/language.js';

/** Longest name, in UTF-16 units. */
export const MAX_EDITOR_NAME = 200;

export const EDITOR_STATES = ['invited', 'active', 'suspended'] as const;
export type EditorState = (typeof EDITOR_STATES)[number];

/** Somebody who works at the desk. Passwords, sessions and grants stand in tables of their own. */
@Entity('editors')
@Unique('editors_email_canonical_key', ['emailCanonical'])
@Check('editors_name_check', `name <> ''`)
@Check('editors_role_check', `see the migration`)
@Check('editors_state_check', `see the migration`)
@Check('editors_lang_check', `lang in ('ar', 'en', 'fr')`)
export class Editor {
  @PrimaryGeneratedColumn('identity', { generatedIdentity: 'BY DEFAULT', primaryKeyConstraintName: 'editors_pkey' })
  id: number;

  /** As typed: where mail goes. */
  @Column('text')
  email: string;

  /** What sign-in compares: NFC, the domain in lower-case ASCII. */
  @Column('text', { name: 'email_canonical' })
  emailCanonical: string;

  @Column('text')
  name: string;

  @Column('text')
  role: Role;

  /** `invited` until a password is set; nobody but the active signs in. */
  @Column('text', { default: () => "'invited'" })
  state: EditorState;

  /** Of the mail they get. */
  @Column('text', { default: () => "'ar'" })
  lang: Lang;

  @Column('int', { default: 1 })
  version: number;

  @Column('timestamptz', { name: 'created_at', default: () => 'now()' })
  createdAt: Date;
}
