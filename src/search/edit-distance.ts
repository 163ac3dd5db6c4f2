/**
 * Optimal string alignment distance: insertions, deletions, substitutions and swaps of neighbours, each counting 1.
 * @param most where it stops to matter @returns the distance, or `most + 1` when it is greater
 */
export function editDistance(a: string, b: string, most: number): number {
  const [from, to] = [[...a], [...b]];
  if (Math.abs(from.length - to.length) > most) return most + 1;
  let before: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 1; i <= from.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= to.length; j += 1) {
      const changed = last[j - 1]! + (from[i - 1] === to[j - 1] ? 0 : 1);
      let least = Math.min(last[j]! + 1, row[j - 1]! + 1, changed);
      if (i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1]) least = Math.min(least, before[j - 2]! + 1);
      row.push(least);
    }
    if (Math.min(...row) > most) return most + 1;
    before = last;
    last = row;
  }
  return Math.min(last.at(-1)!, most + 1);
}

/** How far a word may be from the one that was meant: half of a short word would be another. */
export function tolerated(word: string): number {
  return [...word].length < 6 ? 1 : 2;
}
