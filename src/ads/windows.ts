import { createHash } from 'node:crypto';

/** For so long one ad stands in a place, in seconds. Windows are counted from 1970 on. */
export const WINDOW_SECONDS = 300;

/**
 * The ad that stands in a place during a window: the same on every instance, for every reader, and known to nobody's cookie. A hash of place
 * and window falls evenly over the sum of the weights, so that over many windows each ad has the share of its weight.
 * @param ads that may stand there, each time in the same order @param place slot and section @returns null when there are none
 */
export function adOfWindow<Ad extends { readonly weight: number }>(ads: readonly Ad[], place: string, window: number): Ad | null {
  const total = ads.reduce((sum, { weight }) => sum + weight, 0);
  let left = fractionOf(`${place}\n${window}`) * total;
  for (const ad of ads) {
    left -= ad.weight;
    if (left < 0) return ad;
  }
  return null;
}

/** 0 up to, and without, 1. */
function fractionOf(text: string): number {
  return createHash('sha256').update(text).digest().readUIntBE(0, 6) / 2 ** 48;
}
