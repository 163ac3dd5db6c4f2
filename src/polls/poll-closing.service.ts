import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { SYSTEM, type Actor } from '../access/access.js';
import { AuditService } from '../audit/audit.service.js';
import { inTransaction } from '../database/transaction.js';
import { Waker } from '../jobs/waker.js';

/** What happens with a closing, in its transaction; a poll of which it fails does not close. */
export type OnClosed = (tx: EntityManager, pollId: number) => Promise<void>;

/** The one way in which a poll closes: by an editor's act, or because its hour has come. */
@Injectable()
export class PollClosing implements OnModuleInit {
  private readonly logger = new Logger('Polls');
  private readonly hooks: OnClosed[] = [];

  constructor(
    private readonly dataSource: DataSource,
    private readonly audit: AuditService,
    private readonly waker: Waker,
  ) {}

  onModuleInit(): void {
    this.waker.register({ name: 'polls to close', run: () => this.closeDue() });
  }

  /** Call at module start. */
  onClosed(hook: OnClosed): void {
    this.hooks.push(hook);
  }

  /** Closes an open poll whose row the caller holds. One whose hour has passed closed then, whenever that is written down. */
  async close(tx: EntityManager, actor: Actor, id: number): Promise<void> {
    const [[moment]] = await tx.query<[[{ before: string | null; after: string }], number]>(
      // Later than its opening, were it by a microsecond: a clock may stand still.
      `with former as (select closes_at from polls where id = $1)
       update polls p set state = 'closed', closes_at = least(p.closes_at, greatest(poll_now(), opens_at + interval '1 microsecond')),
         version = version + 1, edited_at = now(), edited_by = $2
       from former where p.id = $1
       returning pub.instant(former.closes_at) as before, pub.instant(p.closes_at) as after`,
      [id, actor.editor?.id ?? null],
    );
    await this.audit.record(tx, actor, {
      act: 'polls.close',
      object: { type: 'poll', id },
      before: { state: 'open', closesAt: moment.before },
      after: { state: 'closed', closesAt: moment.after },
    });
    for (const hook of this.hooks) await hook(tx, id);
  }

  /** @returns how many it has closed. One that fails keeps no other waiting, and is tried again with the next pass. */
  private async closeDue(): Promise<number> {
    const due = await this.dataSource.query<{ id: number }[]>(
      // (select …) once, because a volatile function in a condition would keep it from the index.
      `select id from polls where state = 'open' and closes_at <= (select poll_now()) order by closes_at, id`,
    );
    let closed = 0;
    for (const { id } of due) {
      try {
        if (await this.closeOne(id)) closed += 1;
      } catch (error) {
        this.logger.error(`poll ${id} does not close: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
    return closed;
  }

  private closeOne(id: number): Promise<boolean> {
    return inTransaction(this.dataSource, async (tx) => {
      // Whoever is in an act on it is passed over; it may have been closed or put off since we looked.
      const claimed = await tx.query<unknown[]>(
        `select from polls where id = $1 and state = 'open' and closes_at <= poll_now() for no key update skip locked`,
        [id],
      );
      if (claimed.length === 0) return false;
      await this.close(tx, SYSTEM, id);
      return true;
    });
  }
}
