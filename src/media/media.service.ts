import { Injectable } from '@nestjs/common';
import { DataSource, In, QueryFailedError, type EntityManager } from 'typeorm';
import { notAllowed, type Actor, type EditorActor } from '../access/access.js';
import { may, mayEver, type ActingEditor } from '../access/policy.js';
import { AuditService } from '../audit/audit.service.js';
import { differences } from '../audit/differences.js';
import { inTransaction } from '../database/transaction.js';
import { Addresses } from '../http/addresses.js';
import { Problem } from '../http/problem.js';
import { noSuchThing } from '../http/refusals.js';
import { advanced } from '../http/versioned.js';
import { cleanWording, type Wording } from '../text/wording.js';
import type { DeskMedia, DeskMediaList, ListDeskMedia } from './desk-media.dto.js';
import { deskMedia, deskMediaPage } from './desk-media.queries.js';
import { MediaFiles, type ServedFile } from './media-files.js';
import { Media } from './media.entity.js';

/** What is said of a picture. */
interface Said {
  readonly alt?: Wording;
  readonly credit?: Wording;
  readonly focalPoint?: { readonly x: number; readonly y: number };
}

/** Pictures and documents, for the desk and for the rooms that show them. */
@Injectable()
export class MediaService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly files: MediaFiles,
    private readonly audit: AuditService,
    private readonly addresses: Addresses,
  ) {}

  /**
   * Those among `ids` that the actor may put somewhere: there, taken in whole, and within sight. Whether their renditions are made is another
   * question (`state`); publication asks it.
   * @returns by id; what is missing may not be used
   */
  async usable(tx: EntityManager, actor: Actor, ids: readonly number[]): Promise<ReadonlyMap<number, Media>> {
    if (ids.length === 0) return new Map();
    // Held, so that none is removed before what uses it is written down.
    const found = await tx.getRepository(Media).find({
      where: { id: In([...new Set(ids)]), state: In(['due', 'ready']) },
      order: { id: 'ASC' },
      lock: { mode: 'for_key_share' },
    });
    const { editor } = actor;
    if (editor === null || seesAll(editor)) return new Map(found.map((media) => [media.id, media]));
    const live = await tx.query<{ id: number }[]>(`select id from pub.media where id = any($1::int[])`, [found.map(({ id }) => id)]);
    const seen = new Set(live.map(({ id }) => id));
    return new Map(found.filter(({ id, createdBy }) => createdBy === editor.id || seen.has(id)).map((media) => [media.id, media]));
  }

  /** Newest first; a contributor sees their own, and what readers see. */
  list({ editor }: EditorActor, query: ListDeskMedia): Promise<DeskMediaList> {
    return deskMediaPage(this.dataSource.manager, editor, seesAll(editor), query, this.base());
  }

  /** @throws Problem 404 also for what the editor may not see */
  find(actor: EditorActor, id: number): Promise<DeskMedia> {
    return this.seen(this.dataSource.manager, actor, id);
  }

  /** A file of what the editor may see. @throws Problem 404 */
  async file(actor: EditorActor, id: number, name: string): Promise<ServedFile> {
    await this.find(actor, id);
    return this.files.kept(id, name);
  }

  /**
   * Changes what is given.
   * @throws Problem 403 for what the editor sees but did not upload, and for what readers see when others approve what the editor
   *   publishes; 404; 409 `stale_version`
   */
  async change(actor: EditorActor, id: number, { version, ...said }: Said & { readonly version: number }): Promise<DeskMedia> {
    return inTransaction(this.dataSource, async (tx) => {
      const { before, row } = await this.held(tx, actor, id);
      if (!may(actor.editor, 'media.edit') && (await isLive(tx, id))) throw notAllowed();
      const { alt, credit, focalPoint } = said;
      await advanced(tx, Media, row, version, {
        alt: alt && cleanWording(alt),
        credit: credit && cleanWording(credit),
        focalX: focalPoint?.x,
        focalY: focalPoint?.y,
      });
      const after = await this.seen(tx, actor, id);
      await this.audit.record(tx, actor, { act: 'media.change', object: { type: 'media', id }, ...differences(before, after) });
      return after;
    });
  }

  /**
   * Takes it out of everybody's sight; its files go with the next sweep.
   * @throws Problem 403, 404 as {@link change}; 409 `in_use` while any revision, author or ad uses it
   */
  async remove(actor: EditorActor, id: number): Promise<void> {
    await inTransaction(this.dataSource, async (tx) => {
      const { before } = await this.held(tx, actor, id);
      await refuseIfUsed(tx, id);
      await tx.query(`update media set state = 'removed', failure = null, due_at = now(), version = version + 1 where id = $1`, [id]);
      const { kind, fileName } = before;
      await this.audit.record(tx, actor, { act: 'media.remove', object: { type: 'media', id }, before: { kind, fileName } });
    });
  }

  private base(): string {
    return this.addresses.api(['desk', 'media']);
  }

  private async seen(tx: EntityManager, { editor }: EditorActor, id: number): Promise<DeskMedia> {
    const media = await deskMedia(tx, editor, seesAll(editor), id, this.base());
    if (media === null) throw noSuchThing();
    return media;
  }

  /** As it is, and stays: nothing begins to use it meanwhile. */
  private async held(tx: EntityManager, actor: EditorActor, id: number): Promise<{ before: DeskMedia; row: Media }> {
    const row = await tx.getRepository(Media).findOne({ where: { id }, lock: { mode: 'pessimistic_write' } });
    const before = await this.seen(tx, actor, id);
    if (row === null) throw noSuchThing();
    if (row.createdBy !== actor.editor.id && !may(actor.editor, 'media.edit')) throw notAllowed();
    return { before, row };
  }
}

/**
 * Who may change everybody's pictures sees and uses them all. The role alone says so: a token narrows what is done, and where it lets its
 * editor see or write anything, that is what the editor sees.
 */
function seesAll({ role }: ActingEditor): boolean {
  return mayEver(role, 'media.edit');
}

/** Whether readers see it, and what is said of it, now. */
async function isLive(tx: EntityManager, id: number): Promise<boolean> {
  const live = await tx.query<unknown[]>(`select from pub.media where id = $1`, [id]);
  return live.length > 0;
}

/** Thrown to undo the trial. */
class Undone extends Error {}

/**
 * Its foreign keys alone know who uses it: the row is deleted and put back, within the transaction, which holds it.
 * @throws Problem 409 `in_use`
 */
async function refuseIfUsed(tx: EntityManager, id: number): Promise<void> {
  try {
    await tx.transaction(async (trial) => {
      await trial.query(`delete from media where id = $1`, [id]);
      throw new Undone();
    });
  } catch (error) {
    const { code } = (error instanceof QueryFailedError ? error.driverError : {}) as { code?: string };
    // Foreign key violated; from PostgreSQL 18 on what RESTRICT forbids has a code of its own.
    if (code === '23503' || code === '23001') throw inUse();
    if (!(error instanceof Undone)) throw error;
  }
}

function inUse(): Problem {
  return new Problem(409, 'in_use', {
    ar: 'تستعملها مادة، ولو في صيغة سابقة، أو صفحة مؤلف أو إعلان.',
    en: 'An article, if only in an earlier revision, an author or an ad uses it.',
  });
}
