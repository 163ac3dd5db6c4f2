import type { Wording } from '../text/wording.js';
import type { BlockKind } from './front.entity.js';

/** What a block may be made of. */
export interface BlockPieces {
  readonly kind: BlockKind;
  /** Of the section or series that the block leads to; null for what leads nowhere. */
  readonly slug: string | null;
  /** Null for what has no name of its own. */
  readonly name: Wording | null;
  /** How many it shows at the most. */
  readonly count: number;
  /** Ids of articles in their order: enough of them, also where all that stands above is among them. */
  readonly ids: readonly number[];
}

/** What a front page is composed of. */
export interface FrontPieces {
  /** Id of the piece that was set to lead, where it can; else null. */
  readonly lead: number | null;
  /** The newest pieces, to find a lead among where none was set. */
  readonly newest: readonly { readonly id: number; readonly retracted: boolean }[];
  readonly blocks: readonly BlockPieces[];
}

/** A block of the front page. */
export type ComposedBlock = Omit<BlockPieces, 'count'>;

/** What stands where on the front page; ids of articles. */
export interface ComposedFront {
  /** Null where nothing can lead. */
  readonly lead: number | null;
  /** Each with a piece at least. */
  readonly blocks: readonly ComposedBlock[];
}

/**
 * Puts the front page together: where no lead was set, or that one cannot lead, the newest piece does that was not taken back. What stands above
 * comes again only where a block has nothing else; and not among the newest, which go on where the others end.
 */
export function composed({ lead: wanted, newest, blocks }: FrontPieces): ComposedFront {
  const lead = wanted ?? newest.find(({ retracted }) => !retracted)?.id ?? null;
  const above = new Set(lead === null ? [] : [lead]);
  const shown = blocks.map(({ count, ...block }) => {
    const others = block.ids.filter((id) => !above.has(id));
    const ids = (others.length > 0 || block.kind === 'newest' ? others : block.ids).slice(0, count);
    for (const id of ids) above.add(id);
    return { ...block, ids };
  });
  return { lead, blocks: shown.filter(({ ids }) => ids.length > 0) };
}
