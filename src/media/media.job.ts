import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { inTransaction } from '../database/transaction.js';
import { Waker } from '../jobs/waker.js';
import { LEASE_S, messageOf, underLease } from './lease.js';
import type { MadeFile } from './picture-process.js';
import { ownStorage } from './own-storage.js';
import { NoProcess, PictureRefused, Pictures } from './pictures.js';
import { ForeignStorage, Storage } from './storage.js';
import { SWEEP_LOCK } from './sweep-lock.js';

/** So often renditions are tried, each time later, before the picture is given up and its editor told. */
const MAX_TRIES = 5;
const PAUSE_MS = 2_000;

interface Due {
  readonly id: number;
  /** The name of the file that is kept. */
  readonly original: string;
}

/**
 * Makes the renditions that are due, and clears away what was begun and never finished, or removed. Any number of instances may; a crash
 * leaves the row as due as it was.
 */
@Injectable()
export class MediaJob implements OnModuleInit {
  private readonly logger = new Logger('Media');

  constructor(
    private readonly dataSource: DataSource,
    private readonly storage: Storage,
    private readonly pictures: Pictures,
    private readonly waker: Waker,
  ) {}

  onModuleInit(): void {
    // One loop, so that an upload always finds a free process.
    this.waker.register({ name: 'media renditions', run: (signal) => this.renderNext(signal) });
    this.waker.register({ name: 'media leftovers', pause: PAUSE_MS, run: () => this.sweepNext() });
  }

  /** @returns whether a picture was due */
  async renderNext(signal: AbortSignal): Promise<boolean> {
    const [[due]] = await this.dataSource.query<[Due[], number]>(
      `update media m set due_at = now() + make_interval(secs => $1)
       from media_files f
       where m.id = (
           select id from media d where state = 'due' and due_at <= now() and kind = 'picture'
             and exists (select from media_files o where o.media_id = d.id and o.name like 'original.%')
           order by due_at limit 1 for no key update skip locked)
         and f.media_id = m.id and f.name like 'original.%'
       returning m.id, f.name as original`,
      [LEASE_S],
    );
    if (due === undefined) return false;
    await underLease(this.dataSource, this.logger, { id: due.id, state: 'due' }, async () => {
      try {
        await ownStorage(this.dataSource, this.storage);
        const task = { act: 'render', folder: this.storage.folderOf(due.id), from: due.original } as const;
        await this.settle(due, await this.pictures.make(task, signal));
      } catch (error) {
        if (signal.aborted) await this.putOff(due, null);
        else await this.fail(due, error);
      }
    });
    return !signal.aborted;
  }

  private async settle({ id, original }: Due, made: readonly MadeFile[]): Promise<void> {
    await this.storage.keepOnly(id, [original, ...made.map(({ name }) => name)]);
    await inTransaction(this.dataSource, async (tx) => {
      const [, ready] = await tx.query<[unknown, number]>(`update media set state = 'ready', tries = 0 where id = $1 and state = 'due'`, [
        id,
      ]);
      if (ready === 0) return;
      await tx.query(
        `insert into media_files (media_id, name, type, width, height, bytes, sha256)
         select $1, name, type, width, height, bytes, decode(sha256, 'hex')
         from json_to_recordset($2) as f (name text, type text, width int, height int, bytes int, sha256 text)`,
        [id, JSON.stringify(made)],
      );
    });
  }

  private async fail(due: Due, error: unknown): Promise<void> {
    this.logger.error(`media ${due.id}: ${messageOf(error)}`);
    const fault = error instanceof PictureRefused ? error.fault : 'error';
    // No fault of the picture's; it waits until there is room again, or a process to be had, or its folder is back.
    const later = fault === 'storage_full' || error instanceof NoProcess || error instanceof ForeignStorage;
    await this.putOff(due, later ? null : fault);
  }

  /** @param fault counts as a try; null does not */
  private async putOff({ id, original }: Due, fault: string | null): Promise<void> {
    const [[row]] = await this.dataSource.query<[{ state: string }[], number]>(
      `update media set
         tries = tries + ($2::text is not null)::int,
         due_at = now() + case when $2::text is null then interval '10 seconds' else interval '5 seconds' * 2 ^ tries end,
         state = case when $2::text is not null and tries + 1 >= $3 then 'failed' else state end,
         failure = case when $2::text is not null and tries + 1 >= $3 then $2 end
       where id = $1 and state = 'due' returning state`,
      [id, fault, MAX_TRIES],
    );
    if (row?.state === 'failed') await this.storage.keepOnly(id, [original]);
  }

  /** Files first, then the row, which is held: nobody else sweeps it meanwhile. @returns whether there was anything to sweep */
  async sweepNext(): Promise<boolean> {
    return inTransaction(this.dataSource, async (tx) => {
      const [{ free }] = await tx.query<[{ free: boolean }]>(`select pg_try_advisory_xact_lock_shared($1) as free`, [SWEEP_LOCK]);
      // A backup is being made: its rows still name what we would remove.
      if (!free) return false;
      const [left] = await tx.query<{ id: number }[]>(
        `select id from media where state in ('arriving', 'removed') and due_at <= now() order by due_at limit 1 for update skip locked`,
      );
      if (left === undefined) return false;
      try {
        await ownStorage(tx, this.storage);
        await this.storage.remove(left.id);
      } catch (error) {
        this.logger.error(`media ${left.id}: ${messageOf(error)}`);
        // The others behind it are not kept waiting.
        await tx.query(`update media set due_at = now() + interval '1 minute' where id = $1`, [left.id]);
        return true;
      }
      await tx.query(`delete from media where id = $1`, [left.id]);
      return true;
    });
  }
}
