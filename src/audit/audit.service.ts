import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import type { Actor, EditorActor } from '../access/access.js';
import { covered } from '../access/policy.js';
import { invalidParameter } from '../http/input.js';
import type { AuditEntry } from './audit-entry.js';
import { AuditPage, type ListAudit } from './audit.dto.js';
import { auditPage, type AuditRow } from './audit.queries.js';

/** The record of who did what. It only grows: the database refuses everything else. */
@Injectable()
export class AuditService {
  constructor(private readonly dataSource: DataSource) {}

  /** Writes one entry, in the transaction of what it tells about. */
  async record(tx: EntityManager, { editor, requestId }: Actor, { act, object, before, after }: AuditEntry): Promise<void> {
    await tx.query(
      `insert into audit_log (editor_id, editor_name, token, act, object_type, object_id, before, after, request_id)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
      [
        editor?.id ?? null,
        editor?.name ?? null,
        editor?.token?.name ?? null,
        act,
        object.type,
        object.id,
        before ?? {},
        after ?? {},
        requestId,
      ],
    );
  }

  /**
   * Newest first. Who works here, and under what address, no token tells: through one, lines about editors are without what changed.
   * @throws Problem 400 for an `objectId` without the `object` it belongs to
   */
  async list({ editor: reader }: EditorActor, { limit, cursor, editor, act, object, objectId, from, to }: ListAudit): Promise<AuditPage> {
    if (objectId !== undefined && object === undefined) throw invalidParameter('object', 'required');
    const values = [limit, cursor?.key, cursor?.id, editor, act, object, objectId, from, to];
    const rows = await this.dataSource.query<AuditRow[]>(auditPage, values);
    const told = covered(reader, 'editors.read')
      ? rows
      : rows.map((row) => (row.object_type === 'editor' ? { ...row, before: {}, after: {} } : row));
    return AuditPage.of(told, limit);
  }
}
