import { Check, Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn, PrimaryGeneratedColumn } from 'typeorm';
import type { Relation } from 'typeorm';
import { Editor } from '../accounts/editor.entity.js';
import type { Wording } from '../text/wording.js';

export const MEDIA_KINDS = ['picture', 'document'] as const;
export type MediaKind = (typeof MEDIA_KINDS)[number];

/**
 * `arriving` while the upload is taken in, `due` until its renditions are made, then `ready`, or `failed` for good; `removed` until its
 * files are gone.
 */
export type MediaState = 'arriving' | 'due' | 'ready' | 'failed' | 'removed';

/** A picture or a document that editors uploaded. Its files never change: another picture is another row. */
@Entity('media')
@Check('media_kind_check', `see the migration`)
@Check('media_state_check', `see the migration`)
@Check('media_size_check', `see the migration`)
@Check('media_focal_check', `see the migration`)
@Check('media_failure_check', `see the migration`)
@Index('media_due_idx', { synchronize: false })
@Index('media_created_by_idx', ['createdBy', 'id'])
export class Media {
  @PrimaryGeneratedColumn('identity', { generatedIdentity: 'BY DEFAULT', primaryKeyConstraintName: 'media_pkey' })
  id: number;

  @Column('text')
  kind: MediaKind;

  @Column('text', { default: () => "'arriving'" })
  state: MediaState;

  /** As it was called where it came from; for the desk's eyes, never part of a path. */
  @Column('text', { name: 'file_name' })
  fileName: string;

  /** In pixels, upright; null for documents. */
  @Column('int', { nullable: true })
  width: number | null;

  @Column('int', { nullable: true })
  height: number | null;

  /** What it shows, for those who cannot see it. */
  @Column('jsonb', { default: () => "'{}'" })
  alt: Wording;

  /** Whose work it is, as printed. */
  @Column('jsonb', { default: () => "'{}'" })
  credit: Wording;

  /** What a crop must keep: 0 to 1, from the left. */
  @Column('real', { name: 'focal_x', default: () => '0.5' })
  focalX: number;

  /** 0 to 1, from the top. */
  @Column('real', { name: 'focal_y', default: () => '0.5' })
  focalY: number;

  @Column('int', { default: 1 })
  version: number;

  @Column('int', { name: 'created_by', nullable: true })
  createdBy: number | null;

  @ManyToOne(() => Editor, { onDelete: 'RESTRICT' })
  @JoinColumn({ name: 'created_by', foreignKeyConstraintName: 'media_created_by_fkey' })
  creator: Relation<Editor> | null;

  @Column('timestamptz', { name: 'created_at', default: () => 'now()' })
  createdAt: Date;

  /** When whoever works on it is taken for dead, or when it is tried again. */
  @Column('timestamptz', { name: 'due_at', default: () => 'now()' })
  dueAt: Date;

  @Column('int', { default: 0 })
  tries: number;

  /** Why its renditions could not be made. */
  @Column('text', { nullable: true })
  failure: string | null;
}

/** One file in storage. `original.*` is what is kept of the upload, cleaned; the others are made of it. */
@Entity('media_files')
@Check('media_files_name_check', `see the migration`)
@Check('media_files_type_check', `see the migration`)
@Check('media_files_bytes_check', `bytes > 0`)
export class MediaFile {
  @PrimaryColumn('int', { name: 'media_id', primaryKeyConstraintName: 'media_files_pkey' })
  mediaId: number;

  @ManyToOne(() => Media, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'media_id', foreignKeyConstraintName: 'media_files_media_id_fkey' })
  media: Relation<Media>;

  @PrimaryColumn('text', { primaryKeyConstraintName: 'media_files_pkey' })
  name: string;

  @Column('text')
  type: string;

  @Column('int', { nullable: true })
  width: number | null;

  @Column('int', { nullable: true })
  height: number | null;

  @Column('int')
  bytes: number;

  @Column('bytea')
  sha256: Buffer;
}
