import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import type { Actor } from '../access/access.js';
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

  /** Newest first. @throws Problem 400 for an `objectId` without the `object` it belongs to */
  async list({ limit, cursor, editor, act, object, objectId, from, to }: ListAudit): Promise<AuditPage> {
    if (objectId !== undefined && object === undefined) throw invalidParameter('object', 'required');
    const values = [limit, cursor?.key, cursor?.id, editor, act, object, objectId, from, to];
    return AuditPage.of(await this.dataSource.query<AuditRow[]>(auditPage, values), limit);
  }
}
