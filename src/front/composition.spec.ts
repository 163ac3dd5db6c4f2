import { composed, type BlockPieces } from './composition.js';

const count = (from: number, to: number): number[] => Array.from({ length: from - to + 1 }, (_, n) => from - n);
const block = (kind: BlockPieces['kind'], ids: readonly number[], most: number): BlockPieces => ({ kind, slug: null, name: null, count: most, ids }); // prettier-ignore
const pieces = (ids: readonly number[], ...retracted: readonly number[]) => ids.map((id) => ({ id, retracted: retracted.includes(id) }));
const shown = (front: ReturnType<typeof composed>): unknown[] => [front.lead, ...front.blocks.map(({ ids }) => ids)];

describe('a front page', () => {
  it('is led by the piece that was set, else by the newest that was not retracted', () => {
    expect(shown(composed({ lead: 3, newest: pieces([5, 4]), blocks: [] }))).toEqual([3]);
    expect(shown(composed({ lead: null, newest: pieces([5, 4], 5), blocks: [block('newest', [5, 4], 6)] }))).toEqual([4, [5]]);
    expect(shown(composed({ lead: null, newest: pieces([5], 5), blocks: [block('newest', [5], 6)] }))).toEqual([null, [5]]);
    expect(composed({ lead: null, newest: [], blocks: [] })).toEqual({ lead: null, blocks: [] });
  });

  it('shows again what stands above only in a block that has nothing else, and none among the newest', () => {
    const newest = pieces(count(10, 1), 10);
    const blocks = [
      block('newest', count(10, 1), 6),
      block('section', count(10, 1), 4),
      block('section', [9], 4),
      block('series', [], 4),
      block('pieces', [9, 3, 8], 3),
      block('newest', count(10, 1), 6),
    ];
    expect(shown(composed({ lead: null, newest, blocks }))).toEqual([9, [10, 8, 7, 6, 5, 4], [3, 2, 1], [9], [9, 3, 8]]);
    expect(shown(composed({ lead: 1, newest, blocks: [block('pieces', [1, 4], 2), block('newest', count(4, 1), 2)] }))).toEqual([1, [4], [3, 2]]); // prettier-ignore
    expect(shown(composed({ lead: 1, newest: pieces([1]), blocks: [block('newest', [1], 6)] }))).toEqual([1]);
  });
});
