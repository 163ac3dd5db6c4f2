import { QueryFailedError, type DataSource, type EntityManager } from 'typeorm';

/** Deadlock and failed serialization: the whole transaction was rolled back, through no fault of its own. */
const AGAIN = ['40P01', '40001'];
const MAX_ATTEMPTS = 3;

/**
 * Runs `act` in a transaction, again when PostgreSQL chose it as a deadlock's victim. `act` may run up to three times, so it touches
 * nothing but `tx`.
 */
export async function inTransaction<Result>(dataSource: DataSource, act: (tx: EntityManager) => Promise<Result>): Promise<Result> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await dataSource.transaction(act);
    } catch (error) {
      const code = error instanceof QueryFailedError ? (error.driverError as { code?: string }).code : undefined;
      if (attempt === MAX_ATTEMPTS || !AGAIN.includes(code ?? '')) throw error;
    }
  }
}

/** How long an instance that starts waits for another's start; a request gives up on a lock much earlier. */
const START_PATIENCE = '1min';

/**
 * Of several instances that start at once one does something while the others wait, and then find it done.
 * @param what names the thing; nobody else may do it until the transaction ends
 */
export async function takeTurn(tx: EntityManager, what: string): Promise<void> {
  await tx.query(`select set_config('lock_timeout', $1, true), set_config('statement_timeout', $1, true)`, [START_PATIENCE]);
  await tx.query(`select pg_advisory_xact_lock(hashtextextended($1, 0))`, [what]);
}
