import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { SYSTEM } from '../access/access.js';
import { AuditService } from '../audit/audit.service.js';
import { inTransaction } from '../database/transaction.js';
import { Waker } from '../jobs/waker.js';

/** So many revisions at a time: short enough not to hold anybody up. */
const BATCH = 1_000;
const PAUSE_MS = 3_600_000;

/**
 * Condition on a revision `r` of an article `a`, `c` being the center: old enough, and nobody needs it. What was ever submitted, scheduled or
 * public is sealed and stays; so does the newest one, and what a preview link shows.
 */
const LET_GO = `
  r.sealed_at is null and r.id <> a.head_revision_id and r.id is distinct from a.live_revision_id
  and r.saved_at < now() - make_interval(days => c.revisions_kept_days)
  and not exists (select from article_schedules s where s.revision_id = r.id)
  and not exists (select from preview_links p where p.revision_id = r.id)`;

/** Lets go of the steps between, once they are older than the center keeps them. Several instances may: each takes articles of its own. */
@Injectable()
export class RevisionRetention implements OnModuleInit {
  constructor(
    private readonly dataSource: DataSource,
    private readonly audit: AuditService,
    private readonly waker: Waker,
  ) {}

  onModuleInit(): void {
    this.waker.register({ name: 'revision retention', pause: PAUSE_MS, run: () => this.forget() });
  }

  /** Removes one batch, and says so. @returns whether there was any */
  private async forget(): Promise<boolean> {
    return inTransaction(this.dataSource, async (tx) => {
      // The article's row first, as every act takes it: while we hold it nobody restores, previews or publishes one of its revisions.
      const found = await tx.query<{ id: number }[]>(
        `select r.id from revisions r join articles a on a.id = r.article_id cross join center c
         where ${LET_GO} order by a.id, r.number limit $1 for update of a, r skip locked`,
        [BATCH],
      );
      // Asked again: somebody may have come to need one between our finding and our holding.
      const [removed] = await tx.query<[{ article: number; saved_at: Date }[], number]>(
        `delete from revisions r using articles a, center c where r.id = any($1::int[]) and a.id = r.article_id and ${LET_GO}
         returning r.article_id as article, r.saved_at`,
        [found.map(({ id }) => id)],
      );
      if (removed.length > 0) {
        await this.audit.record(tx, SYSTEM, {
          act: 'retention.revisions',
          object: { type: 'center', id: 1 },
          after: {
            removed: removed.length,
            articles: new Set(removed.map(({ article }) => article)).size,
            until: new Date(Math.max(...removed.map(({ saved_at: at }) => at.getTime()))).toISOString(),
          },
        });
      }
      return removed.length > 0;
    });
  }
}
