/**
 * The groups a new center begins with; from then on they are its own, edited at `desk/lexicon`. `forms`: singular and broken plurals, or two
 * words for one thing. `spellings`: one word as several write it, the preferred spelling first.
 */
export const LEXICON: readonly { readonly kind: 'forms' | 'spellings'; readonly forms: readonly string[] }[] = [
  { kind: 'forms', forms: ['نهر', 'أنهار', 'أنهر'] },
  { kind: 'spellings', forms: ['بكين', 'بيجين', 'بيكين', 'بيجينغ'] },
];
