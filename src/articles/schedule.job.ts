import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { SYSTEM, type Actor } from '../access/access.js';
import { AuditService } from '../audit/audit.service.js';
import { inTransaction } from '../database/transaction.js';
import { Problem } from '../http/problem.js';
import { Waker } from '../jobs/waker.js';
import { advance, loadArticle, lockArticle, type LoadedArticle } from './article-facts.js';
import { ArticleLetters } from './article-letters.service.js';
import { WorkflowService } from './workflow.service.js';

/** So often a schedule is tried that fails for no reason of the article's own, each time later, before it is given up and said. */
const MAX_TRIES = 6;

interface Due {
  readonly id: number;
  readonly scheduledBy: number | null;
}

/**
 * Publishes what falls due. The work lies in `article_schedules`: any number of instances may look, the article's row lock decides who does
 * it, and what a crash interrupts is still due.
 */
@Injectable()
export class ScheduleJob implements OnModuleInit {
  private readonly logger = new Logger('Schedule');

  constructor(
    private readonly dataSource: DataSource,
    private readonly workflow: WorkflowService,
    private readonly letters: ArticleLetters,
    private readonly audit: AuditService,
    private readonly waker: Waker,
  ) {}

  onModuleInit(): void {
    this.waker.register({ name: 'scheduled articles', run: () => this.publishNext() });
  }

  /** @returns whether something was due */
  async publishNext(): Promise<boolean> {
    let due: Due | undefined;
    try {
      return await inTransaction(this.dataSource, async (tx) => {
        const claimed = await claim(tx);
        if (claimed === undefined || claimed === 'gone') return claimed === 'gone';
        due = claimed;
        await this.publish(tx, due);
        return true;
      });
    } catch (error) {
      // Nothing of this article's own: what was begun is rolled back, and others are not kept waiting behind it.
      if (due === undefined) throw error;
      this.logger.error(`article ${due.id}: ${error instanceof Error ? error.message : String(error)}`);
      await this.putOff(due);
      return true;
    }
  }

  private async publish(tx: EntityManager, due: Due): Promise<void> {
    const article = await loadArticle(tx, SYSTEM, due.id);
    const actor = await this.actor(tx, due);
    try {
      // In a savepoint, so that a refusal leaves nothing of it behind.
      await tx.transaction((inner) => this.workflow.publishScheduled(inner, actor, article));
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      await this.fail(tx, actor, article, due.scheduledBy, error.code, error.more.errors?.map(({ field }) => field) ?? []);
    }
  }

  /** Shown on the desk with its reason, and told to those concerned; the article stays approved. */
  private async fail(
    tx: EntityManager,
    actor: Actor,
    article: LoadedArticle,
    scheduledBy: number | null,
    code: string,
    fields: readonly string[],
  ): Promise<void> {
    const version = await advance(tx, actor, article, { state: 'approved' });
    await tx.query(`update article_schedules set failed_at = now(), failure = $2 where article_id = $1`, [article.id, { code, fields }]);
    await this.audit.record(tx, actor, {
      act: 'articles.schedule_failed',
      object: { type: 'article', id: article.id },
      before: { state: article.state },
      after: { state: 'approved', code, fields },
    });
    await this.letters.scheduleFailed(tx, SYSTEM, article, version, scheduledBy, fields);
  }

  private async putOff(due: Due): Promise<void> {
    await inTransaction(this.dataSource, async (tx) => {
      await lockArticle(tx, due.id);
      const [[row]] = await tx.query<[{ tries: number }[], number]>(
        `update article_schedules set tries = tries + 1, due_at = now() + interval '5 seconds' * 2 ^ tries
         where article_id = $1 and failed_at is null and due_at <= now() returning tries`,
        [due.id],
      );
      if (!row || row.tries < MAX_TRIES) return;
      const article = await loadArticle(tx, SYSTEM, due.id);
      await this.fail(tx, await this.actor(tx, due), article, due.scheduledBy, 'server_error', []);
    });
  }

  /** It is published in the name of who scheduled it, whatever has become of him since: the decision was his. */
  private async actor(tx: EntityManager, { scheduledBy }: Due): Promise<Actor> {
    const [editor] = await tx.query<NonNullable<Actor['editor']>[]>(
      `select id, name, role, '{}'::int[] as sections from editors where id = $1`,
      [scheduledBy],
    );
    return { ...SYSTEM, editor: editor ?? null };
  }
}

/**
 * The article's row is locked first, as every act does it, so that no two wait for each other; whoever is in an act is passed over and found
 * again. Only then the schedule is read: it may have been moved or taken off between our finding and our locking.
 */
async function claim(tx: EntityManager): Promise<Due | 'gone' | undefined> {
  const [found] = await tx.query<{ id: number }[]>(
    `select a.id from article_schedules s join articles a on a.id = s.article_id
     where s.failed_at is null and s.due_at <= now() order by s.due_at limit 1 for update of a skip locked`,
  );
  if (!found) return undefined;
  const [due] = await tx.query<Due[]>(
    `select article_id as id, editor_id as "scheduledBy" from article_schedules where article_id = $1 and failed_at is null and due_at <= now()`,
    [found.id],
  );
  return due ?? 'gone';
}
