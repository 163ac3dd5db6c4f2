import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { Actor } from '../access/access.js';

/** What happened to which object. */
export interface AuditEntry {
  /** Stable, `<objects>.<verb>`: `articles.publish`. */
  readonly act: string;
  readonly object: {
    readonly type: 'article' | 'section' | 'author' | 'tag' | 'series' | 'center' | 'editor' | 'mail';
    readonly id: number;
  };
  /** Named fields before and after; never secrets, addresses of readers or whole bodies. */
  readonly before?: Readonly<Record<string, unknown>>;
  readonly after?: Readonly<Record<string, unknown>>;
}

/** The record of who did what. It only grows: the database refuses everything else. */
@Injectable()
export class AuditService {
  /** Writes one entry, in the transaction of what it tells about. */
  async record(tx: EntityManager, { editor, requestId }: Actor, { act, object, before, after }: AuditEntry): Promise<void> {
    await tx.query(
      `insert into audit_log (editor_id, editor_name, act, object_type, object_id, before, after, request_id) values ($1, $2, $3, $4, $5, $6, $7, $8)`,
      [editor?.id ?? null, editor?.name ?? null, act, object.type, object.id, before ?? {}, after ?? {}, requestId],
    );
  }
}
