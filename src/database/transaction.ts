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
