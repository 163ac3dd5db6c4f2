import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { SYSTEM } from '../access/access.js';
import { inTransaction } from '../database/transaction.js';
import { Waker } from '../jobs/waker.js';
import { AuditService } from './audit.service.js';

/** So many lines at a time: short enough not to hold anybody up. */
const BATCH = 1_000;
const PAUSE_MS = 3_600_000;

/** Lets go of lines of the audit log that are older than the center keeps them. Several instances may: each takes lines of its own. */
@Injectable()
export class AuditRetention implements OnModuleInit {
  constructor(
    private readonly dataSource: DataSource,
    private readonly audit: AuditService,
    private readonly waker: Waker,
  ) {}

  onModuleInit(): void {
    this.waker.register({ name: 'audit retention', pause: PAUSE_MS, run: () => this.forget() });
  }

  /** Removes one batch, and says so. @returns whether there was any */
  private async forget(): Promise<boolean> {
    return inTransaction(this.dataSource, async (tx) => {
      await tx.query(`set local markaz.retention = 'on'`);
      const [removed] = await tx.query<[{ at: Date; act: string }[], number]>(
        `delete from audit_log where id in (
           select l.id from audit_log l cross join center c where l.at < now() - make_interval(days => c.audit_kept_days)
           order by l.at, l.id limit $1 for update of l skip locked)
         returning at, act`,
        [BATCH],
      );
      // Of the going of such lines alone none is left: each would have to go in its turn, for ever.
      const told = removed.filter(({ act }) => act !== ACT);
      if (told.length > 0) {
        const until = new Date(Math.max(...removed.map(({ at }) => at.getTime()))).toISOString();
        await this.audit.record(tx, SYSTEM, { act: ACT, object: { type: 'center', id: 1 }, after: { removed: removed.length, until } });
      }
      return removed.length > 0;
    });
  }
}

const ACT = 'retention.audit';
