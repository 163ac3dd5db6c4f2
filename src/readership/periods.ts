/** What "most read" is asked of, in hours. */
export const PERIODS = { '24h': 24, '7d': 7 * 24, '30d': 30 * 24 } as const;
export type Period = keyof typeof PERIODS;

/** How long it is known how often a piece was read in an hour: as long as the longest period. */
export const MOST_READ_DAYS = PERIODS['30d'] / 24;

/** Pieces that a ranking names. */
export const RANKED = 50;
