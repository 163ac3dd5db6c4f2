import { nameSkeleton } from '../text/name-sound.js';

/** The consonants of a folded word, those of both scripts alike, s and z too: what لينكس and Linux share. Empty of fewer than three, and of numbers. */
export function soundOf(word: string): string {
  return nameSkeleton(word).replaceAll('z', 's');
}
