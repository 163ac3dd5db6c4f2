import { ApiProperty } from '@nestjs/swagger';
import type { Cursor } from '../http/cursor.js';
import { CursorOf, DayOrInstant, Form, IdOf, OneOf, PageQuery } from '../http/query.js';
import { OBJECT_TYPES, type ObjectType } from './audit-entry.js';
import type { AuditRow } from './audit.queries.js';

/** The filters of the audit log: all given ones hold. */
export class ListAudit extends PageQuery {
  @CursorOf('audit', /^\d{1,17}$/)
  cursor?: Cursor;

  @IdOf({ description: 'Who acted: the id of an editor.' })
  editor?: number;

  @Form('act', /^[a-z]{1,30}\.[a-z_]{1,30}$/, { description: 'What was done, such as articles.publish.' })
  act?: string;

  @OneOf(OBJECT_TYPES, { description: 'What kind of thing it was done to.' })
  object?: ObjectType;

  @IdOf({ description: 'Which one, together with `object`.' })
  objectId?: number;

  @DayOrInstant({ description: 'On or after: YYYY-MM-DD in the center’s zone, or an instant with offset.' })
  from?: string;

  @DayOrInstant({ description: 'On or before: YYYY-MM-DD in the center’s zone, or an instant with offset.' })
  to?: string;
}

class AuditedEditor {
  @ApiProperty({ type: 'integer', example: 2 })
  id: number;

  @ApiProperty({ example: 'سلمى المحررة', description: 'The name at that time.' })
  name: string;
}

class AuditedObject {
  @ApiProperty({ enum: OBJECT_TYPES, example: 'article' })
  type: string;

  @ApiProperty({ type: 'integer', example: 7 })
  id: number;
}

/** One act of one editor, as it was written down. */
class AuditItem {
  @ApiProperty({ type: 'integer', example: 81 })
  id: number;

  @ApiProperty({ format: 'date-time', example: '2026-01-31T10:00:00.000Z' })
  at: string;

  @ApiProperty({ type: AuditedEditor, nullable: true, description: 'Null: Markaz itself, or its command line.' })
  editor: AuditedEditor | null;

  @ApiProperty({ type: String, nullable: true, example: null, description: 'Name of the token by which a program acted for the editor.' })
  token: string | null;

  @ApiProperty({ example: 'articles.publish' })
  act: string;

  @ApiProperty()
  object: AuditedObject;

  @ApiProperty({
    type: 'object',
    additionalProperties: true,
    description: 'The fields that changed, before.',
    example: { state: 'approved' },
  })
  before: Record<string, unknown>;

  @ApiProperty({ type: 'object', additionalProperties: true, description: 'The same fields after.', example: { state: 'published' } })
  after: Record<string, unknown>;

  @ApiProperty({ type: String, format: 'uuid', nullable: true, example: '9f1c1c2e-6f0e-4a3e-8f0e-0d7f5a8f6b1a' })
  requestId: string | null;

  static of(row: AuditRow): AuditItem {
    return {
      id: row.id,
      at: row.at.toISOString(),
      editor: row.editor_id === null ? null : { id: row.editor_id, name: row.editor_name ?? '' },
      token: row.token,
      act: row.act,
      object: { type: row.object_type, id: row.object_id },
      before: row.before,
      after: row.after,
      requestId: row.request_id,
    };
  }
}

export class AuditPage {
  @ApiProperty({ type: [AuditItem] })
  items: AuditItem[];

  @ApiProperty({ type: String, nullable: true, example: null })
  nextCursor: string | null;

  /** @param rows one more than `limit` when there is a next page */
  static of(rows: readonly AuditRow[], limit: number): AuditPage {
    return { items: rows.slice(0, limit).map(AuditItem.of), nextCursor: rows.length > limit ? rows[limit - 1]!.cursor : null };
  }
}
