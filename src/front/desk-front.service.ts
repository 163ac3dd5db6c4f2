import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager, type QueryDeepPartialEntity } from 'typeorm';
import type { EditorActor } from '../access/access.js';
import { AuditService } from '../audit/audit.service.js';
import { differences } from '../audit/differences.js';
import { inTransaction } from '../database/transaction.js';
import { Problem } from '../http/problem.js';
import { fieldRefused, noSuchThing } from '../http/refusals.js';
import { advanced, held } from '../http/versioned.js';
import type { FrontPieces } from './composition.js';
import { FrontPreview, type ChangeFront, type CreateFront, type DeskFront, type DeskFrontList, type ListDeskFronts, type PreviewFront, type ReplaceFront, type SetBlock } from './desk-front.dto.js'; // prettier-ignore
import { deskFront, deskFrontPage, removeWaiting, writeBlocks } from './desk-front.queries.js';
import { Front, type BlockKind } from './front.entity.js';
import { frontThen } from './front.queries.js';
import { FrontService } from './front.service.js';

/** What is as in every new arrangement where nobody says otherwise. */
const BLANK = { endsAt: null, leadId: null, blocks: [] } satisfies Partial<CreateFront>;

/** Arrangements of the front page at the desk. One that has begun is ended, not removed: the list tells what stood there, and when. */
@Injectable()
export class DeskFrontService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly fronts: FrontService,
    private readonly audit: AuditService,
  ) {}

  list(query: ListDeskFronts): Promise<DeskFrontList> {
    return deskFrontPage(this.dataSource.manager, query);
  }

  /** The front page of a moment, made of the pieces that are public now. */
  async preview({ at, lang }: PreviewFront): Promise<FrontPreview> {
    const [{ id, ...pieces }] = await this.dataSource.query<[FrontPieces & { id: number | null }]>(frontThen, [at]);
    return FrontPreview.of(id, await this.fronts.shown(pieces, lang));
  }

  /** @throws Problem 404 */
  find(id: number): Promise<DeskFront> {
    return whole(this.dataSource.manager, id);
  }

  /** @throws Problem 422 `block_parts`, `unknown_reference`, `ends_before_start` */
  async create(actor: EditorActor, given: CreateFront): Promise<DeskFront> {
    const { blocks, ...columns } = { ...BLANK, ...given };
    refuseMisfits(blocks);
    return inTransaction(this.dataSource, async (tx) => {
      const row = columns as QueryDeepPartialEntity<Front>;
      const { id } = (await tx.getRepository(Front).insert(row)).identifiers[0] as { id: number };
      await writeBlocks(tx, id, blocks);
      const after = await whole(tx, id);
      await this.audit.record(tx, actor, { act: 'front.create', object: { type: 'front', id }, ...differences(null, saidOf(after)) });
      return after;
    });
  }

  /** Says the arrangement anew: what is left out is as in a new one, except its start. @throws as {@link change} */
  replace(actor: EditorActor, id: number, front: ReplaceFront): Promise<DeskFront> {
    return this.change(actor, id, { ...BLANK, ...front });
  }

  /** Changes what is given, at any time; blocks are given whole. @throws Problem 404; 409 `stale_version`; 422 as {@link create} */
  async change(actor: EditorActor, id: number, { version, blocks, ...columns }: ChangeFront): Promise<DeskFront> {
    refuseMisfits(blocks ?? []);
    return inTransaction(this.dataSource, async (tx) => {
      const row = await held(tx, Front, id);
      const before = await whole(tx, id);
      await advanced(tx, Front, row, version, columns);
      if (blocks) await writeBlocks(tx, id, blocks);
      const after = await whole(tx, id);
      const what = differences(saidOf(before), saidOf(after));
      await this.audit.record(tx, actor, { act: 'front.change', object: { type: 'front', id }, ...what });
      return after;
    });
  }

  /** @throws Problem 404; 409 `front_begun` once its hour has come */
  async remove(actor: EditorActor, id: number): Promise<void> {
    await inTransaction(this.dataSource, async (tx) => {
      await held(tx, Front, id);
      const before = saidOf(await whole(tx, id));
      if (!(await removeWaiting(tx, id))) throw frontBegun();
      await this.audit.record(tx, actor, { act: 'front.remove', object: { type: 'front', id }, before });
    });
  }
}

/** @throws Problem 404 */
async function whole(tx: EntityManager, id: number): Promise<DeskFront> {
  const front = await deskFront(tx, id);
  if (front === null) throw noSuchThing();
  return front;
}

/** What editors say of it. */
function saidOf({ state: _state, ...said }: DeskFront): Readonly<Record<string, unknown>> {
  return said;
}

/** What a block of each kind has to have; what it may have besides is a title, for pieces picked by hand. */
const PARTS = {
  newest: ['count'],
  section: ['sectionId', 'count'],
  series: ['seriesId', 'count'],
  pieces: ['articleIds'],
} as const satisfies Record<BlockKind, readonly (keyof SetBlock)[]>;
const ALL_PARTS = ['title', 'sectionId', 'seriesId', 'articleIds', 'count'] as const;

/** @throws Problem 422 `block_parts` naming what a block lacks, or has too much */
function refuseMisfits(blocks: readonly SetBlock[]): void {
  for (const [index, block] of blocks.entries()) {
    const needed: readonly string[] = PARTS[block.kind];
    const wrong = ALL_PARTS.find((part) => (block[part] ?? null) === null ? needed.includes(part) : !needed.includes(part) && !(part === 'title' && block.kind === 'pieces')); // prettier-ignore
    if (wrong === undefined) continue;
    throw fieldRefused(422, 'block_parts', `blocks.${index}.${wrong}`, {
      ar: `القالب من نوع ${block.kind} يأخذ ${needed.join(' و')} لا غير${block.kind === 'pieces' ? '، وعنوانًا إن شئت' : ''}.`,
      en: `A block of the kind ${block.kind} takes ${needed.join(' and ')}${block.kind === 'pieces' ? ', a title if you like,' : ''} and nothing else.`,
    });
  }
}

function frontBegun(): Problem {
  return new Problem(409, 'front_begun', {
    ar: 'بدأ هذا الترتيب، فلا يُحذف. أنهِه بدل ذلك.',
    en: 'This arrangement has begun, so it stays. End it instead.',
  });
}
