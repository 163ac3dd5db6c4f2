import { ApiProperty, PartialType } from '@nestjs/swagger';
import { ROLES, type Role } from '../access/policy.js';
import { Choice, Flag, Ids, Line, Version } from '../http/body.js';
import type { Cursor } from '../http/cursor.js';
import { CursorOf, IdOf, OneOf, PageQuery } from '../http/query.js';
import type { Address } from '../mail/address.js';
import { AddressField } from '../mail/address-field.js';
import { LANGS, type Lang } from '../text/language.js';
import { EDITOR_STATES, MAX_EDITOR_NAME, type EditorState } from './editor.entity.js';
import type { EditorRow } from './editors.queries.js';

/** The filters of the list of editors: all given ones hold. */
export class ListEditors extends PageQuery {
  @CursorOf('editors', /./)
  cursor?: Cursor;

  @OneOf(ROLES, { description: 'What they may do.' })
  role?: Role;

  @OneOf(EDITOR_STATES, { description: 'Whether they may sign in.' })
  state?: EditorState;

  @IdOf({ description: 'Those to whom this section itself is granted.' })
  section?: number;
}

/** Who may work at the desk, and as what. */
export class AppointEditor {
  @AddressField({
    description: 'Where mail goes; sign-in compares it exactly, but for the case of its domain.',
    example: 'salma@center.example',
  })
  email: Address;

  @Line({ max: MAX_EDITOR_NAME, description: 'As colleagues read it.', example: 'سلمى المحررة' })
  name: string;

  @Choice(ROLES, { description: 'What the editor may do.', example: 'section_editor' })
  role: Role;

  @Choice(LANGS, { optional: true, description: 'Language of the mail to this editor; left out, the center’s.', example: 'ar' })
  lang?: Lang;

  @Ids({
    optional: true,
    max: 200,
    description: 'Sections granted to a section editor, each with all below it; other roles have none.',
    example: [2],
  })
  sections?: number[];
}

export class ReplaceEditor extends AppointEditor {
  @Version()
  version: number;
}

export class ChangeEditor extends PartialType(AppointEditor, { skipNullProperties: false }) {
  @Flag({ optional: true, description: 'True ends all sessions and closes the desk to the editor; false opens it again.', example: true })
  suspended?: boolean;

  @Version()
  version: number;
}

export class InviteAgain {
  @Version()
  version: number;
}

/** An editor as admins see it. */
export class EditorView {
  @ApiProperty({ type: 'integer', example: 2 })
  id: number;

  @ApiProperty({ type: 'integer', example: 1 })
  version: number;

  @ApiProperty({ example: 'salma@center.example' })
  email: string;

  @ApiProperty({ example: 'سلمى المحررة' })
  name: string;

  @ApiProperty({ enum: ROLES, example: 'section_editor' })
  role: Role;

  @ApiProperty({ enum: EDITOR_STATES, example: 'active', description: '`invited` until a password is set; only the active sign in.' })
  state: EditorState;

  @ApiProperty({ enum: LANGS, example: 'ar' })
  lang: Lang;

  @ApiProperty({ type: [Number], example: [2], description: 'Ids of the granted sections.' })
  sections: number[];

  @ApiProperty({ format: 'date-time', example: '2026-01-31T10:00:00.000Z' })
  createdAt: string;

  @ApiProperty({
    type: String,
    format: 'date-time',
    nullable: true,
    example: null,
    description: 'Last use of a session that has not ended, to the minute.',
  })
  lastSeenAt: string | null;

  @ApiProperty({ description: 'Whether the editor signs in with a second factor.' })
  secondFactor: boolean;

  static of(row: EditorRow): EditorView {
    const { id, version, email, name, role, state, lang, sections } = row;
    const [createdAt, lastSeenAt] = [row.created_at.toISOString(), row.last_seen_at?.toISOString() ?? null];
    return { id, version, email, name, role, state, lang, sections, createdAt, lastSeenAt, secondFactor: row.second_factor };
  }
}

export class EditorPage {
  @ApiProperty({ type: [EditorView] })
  items: EditorView[];

  @ApiProperty({ type: String, nullable: true, example: null })
  nextCursor: string | null;

  /** @param rows one more than `limit` when there is a next page */
  static of(rows: readonly EditorRow[], limit: number): EditorPage {
    return { items: rows.slice(0, limit).map(EditorView.of), nextCursor: rows.length > limit ? rows[limit - 1]!.cursor : null };
  }
}
