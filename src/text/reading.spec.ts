import { countWords, readingMinutes } from './reading.js';

describe('reading time', () => {
  it.each([
    ['', 0],
    [' ،؟ — ', 0],
    ['الصِّينُ ومصر', 2],
    ['كوفيد-19 في ٢٠٢٣', 4],
    ["don't stop", 3],
    ['cafe\u0301 noir', 2],
  ])('counts the words of %j as %i', (text, count) => {
    expect(countWords(text)).toBe(count);
  });

  it('rounds up to whole minutes at the speed of each language, never under one', () => {
    expect([0, 180, 181, 900].map((count) => readingMinutes(count, 'ar'))).toEqual([1, 1, 2, 5]);
    expect([238, 239].map((count) => readingMinutes(count, 'en'))).toEqual([1, 2]);
    expect([195, 196].map((count) => readingMinutes(count, 'fr'))).toEqual([1, 2]);
  });
});
