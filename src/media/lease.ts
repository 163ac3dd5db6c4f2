import type { Logger } from '@nestjs/common';
import type { DataSource } from 'typeorm';

/** Until when a media's row whose worker is not heard of any more is taken for dead: a minute after a crash all is put right. */
export const LEASE_S = 30;
const SIGN_OF_LIFE_MS = 10_000;

/**
 * Keeps up the lease of a row, which the caller has just taken, while `work` lasts.
 * @param state in which the row is worked on; in another one it is left alone
 */
export async function underLease<Done>(
  dataSource: DataSource,
  logger: Logger,
  { id, state }: { readonly id: number; readonly state: 'arriving' | 'due' },
  work: () => Promise<Done>,
): Promise<Done> {
  const giveSign = async (): Promise<void> => {
    try {
      await dataSource.query(`update media set due_at = now() + make_interval(secs => $3) where id = $1 and state = $2`, [
        id,
        state,
        LEASE_S,
      ]);
    } catch (error) {
      // One that is missed matters to nobody. After three an upload is swept, and finds its row gone; renditions may be begun by somebody
      // else, who makes the same files.
      logger.warn(`media ${id}: ${messageOf(error)}`);
    }
  };
  const signs = setInterval(() => void giveSign(), SIGN_OF_LIFE_MS);
  try {
    return await work();
  } finally {
    clearInterval(signs);
  }
}

/** What went wrong, for the log. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
