/** Written between or after letters without being one. */
const BESIDE = '[\\p{M}\\u0640\\u200C\\u200D\\u00AD]*';
/** A long vowel more: plurals and endings put them between the letters of a stem. */
const VOWEL = `(?:[اويىءئؤ]${BESIDE})?`;

/** Letters that {@link fold} takes for one. */
const ARABIC: Readonly<Record<string, string>> = { ا: 'اأإآٱٲٳ', ي: 'يىیے', ه: 'هةۀہھە', ك: 'كکڪ', ء: 'ءؤئأإآ', غ: 'غج' };

/** Latin letters by their base: é, è … are e. */
const LATIN = new Map<string, string>();
for (let code = 0xc0; code <= 0x17f; code += 1) {
  const letter = String.fromCodePoint(code);
  const base = letter.normalize('NFD')[0]!.toLowerCase();
  if (/[a-z]/.test(base)) LATIN.set(base, (LATIN.get(base) ?? base) + letter);
}

/**
 * Finds, in a text as it is written, every place where one of these stems may stand, and others too: far cheaper than to analyse all words
 * of the text in order to find the few. What only a list joins (نساء، امرأة) is not found.
 * @param stems as the index holds them, skeletons without their sign
 * @returns null for none
 */
export function tracesOf(stems: readonly string[]): RegExp | null {
  const traces = new Set(stems.map(traceOf));
  // Upper case is known to Latin letters only, and looking for it takes longer.
  return traces.size === 0 ? null : new RegExp([...traces].join('|'), stems.some((stem) => /[a-z]/u.test(stem)) ? 'giu' : 'gu'); // prettier-ignore
}

function traceOf(stem: string): string {
  if (!/^\p{Script=Arabic}/u.test(stem)) {
    // English and French stems end in letters that the word may not have: polici of policy.
    const letters = [...stem].slice(0, Math.max(3, stem.length - 2));
    return letters.map((letter) => (LATIN.has(letter) ? `[${LATIN.get(letter)!}]` : escaped(letter))).join('\\p{M}*');
  }
  // A feminine of two letters has its ه from the analyser: لغات.
  const letters = [...stem.replace(/(?<=^..)ه$/u, '')];
  return letters.map((letter) => (ARABIC[letter] === undefined ? escaped(letter) : `[${ARABIC[letter]}]`)).join(BESIDE + VOWEL);
}

function escaped(letter: string): string {
  return letter.replace(/[.*+?^${}()|[\]\\/]/gu, '\\$&');
}
