import { QueryFailedError, type DataSource, type EntityManager } from 'typeorm';
import { Turns } from './turns.js';

/** Deadlock and failed serialization: the whole transaction was rolled back, through no fault of its own. */
const AGAIN = ['40P01', '40001'];
const MAX_ATTEMPTS = 3;

/** Of the pool's ten connections; the others stay free for reads, which would else find none while transactions wait for each other's locks. */
const AT_ONCE = 6;
const PATIENCE_MS = 10_000;

/**
 * Runs `act` in a transaction, again when PostgreSQL chose it as a deadlock's victim. `act` may run up to three times, so it touches
 * nothing but `tx`, and it begins no other such transaction. When many come at once they wait their turn, first come first served.
 * @throws Busy when its turn does not come within 10 s
 */
export async function inTransaction<Result>(dataSource: DataSource, act: (tx: EntityManager) => Promise<Result>): Promise<Result> {
  const turn = turnsOf(dataSource);
  await turn.take();
  try {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await dataSource.transaction(act);
      } catch (error) {
        const code = error instanceof QueryFailedError ? (error.driverError as { code?: string }).code : undefined;
        if (attempt === MAX_ATTEMPTS || !AGAIN.includes(code ?? '')) throw error;
      }
    }
  } finally {
    turn.giveOn();
  }
}

const turns = new WeakMap<DataSource, Turns>();

function turnsOf(dataSource: DataSource): Turns {
  let own = turns.get(dataSource);
  if (!own) turns.set(dataSource, (own = new Turns(AT_ONCE, PATIENCE_MS)));
  return own;
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
