import fc from 'fast-check';
import { analyse, skeletonsOf, stemOf } from './analyser.js';
import { fold, words } from './fold.js';

/** Strings dense in what parts words and what is folded away. */
const mixed = fc.string({
  unit: fc.constantFrom(
    ...'ابوءئآةىلـيaéΣ1٢۳½№㎏ﷺﻻﻣﷲ -،+😀北각',
    ...'\u0301\u064E\u0651\u0654\u0653\u00AD\u061C\u200B\u200C\u200F\u202E\u2069\uFEFF\u3099\u1161\u11A8',
  ),
});
const anyText = fc.oneof(mixed, fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }));

describe('the words of a text', () => {
  it('are the same as those that fold gives, whatever the text', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(analyse(text).map(({ word }) => word)).toEqual(words(text));
      }),
      { numRuns: 5000 },
    );
  });

  it('stand where they say, in order', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        let before = 0;
        for (const { word, start, end } of analyse(text)) {
          expect(start).toBeGreaterThanOrEqual(before);
          expect(end).toBeGreaterThan(start);
          expect(fold(text.slice(start, end))).toContain(word);
          before = start;
        }
      }),
      { numRuns: 5000 },
    );
  });
});
void skeletonsOf; void stemOf;
