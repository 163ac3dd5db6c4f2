import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { SYSTEM } from '../access/access.js';
import { AuditService } from '../audit/audit.service.js';
import { inTransaction } from '../database/transaction.js';
import { Waker } from '../jobs/waker.js';

/** So many links at a time: short enough not to hold anybody up. */
const BATCH = 1_000;
const PAUSE_MS = 3_600_000;

/** Long enough to look up to whom something was shown; the note names people outside, and nobody needs it for good. */
export const PREVIEWS_KEPT_DAYS = 90;

/** Lets go of preview links some time after they ended or were taken back. Several instances may: each takes links of its own. */
@Injectable()
export class PreviewRetention implements OnModuleInit {
  constructor(
    private readonly dataSource: DataSource,
    private readonly audit: AuditService,
    private readonly waker: Waker,
  ) {}

  onModuleInit(): void {
    this.waker.register({ name: 'preview retention', pause: PAUSE_MS, run: () => this.forget() });
  }

  /** Removes one batch, and says so. @returns whether there was any */
  private async forget(): Promise<boolean> {
    return inTransaction(this.dataSource, async (tx) => {
      const [removed] = await tx.query<[{ ended: Date }[], number]>(
        `delete from preview_links where id in (
           select l.id from preview_links l where least(l.expires_at, l.revoked_at) < now() - make_interval(days => $2)
           order by l.id limit $1 for update of l skip locked)
         returning least(expires_at, revoked_at) as ended`,
        [BATCH, PREVIEWS_KEPT_DAYS],
      );
      if (removed.length > 0) {
        const until = new Date(Math.max(...removed.map(({ ended }) => ended.getTime()))).toISOString();
        await this.audit.record(tx, SYSTEM, {
          act: 'retention.previews',
          object: { type: 'center', id: 1 },
          after: { removed: removed.length, until },
        });
      }
      return removed.length > 0;
    });
  }
}
