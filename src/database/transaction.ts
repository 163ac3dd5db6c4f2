import { QueryFailedError, type DataSource, type EntityManager } from 'typeorm';

/** Deadlock and failed serialization: the whole transaction was rolled back, through no fault of its own. */
const AGAIN = ['40P01', '40001'];
const MAX_ATTEMPTS = 3;

/** So many acts are at work at once: two of the pool's ten connections stay for what is short, like whose session a request bears. */
const AT_WORK = 8;
/** In ms: so long an act waits for its turn. The pool itself would give up after a second, in the middle of a burst it could work off. */
const PATIENCE = 3_000;

/** Lets acts on one pool begin in the order in which they came. */
class Gate {
  private atWork = 0;
  private readonly waiting: (() => void)[] = [];

  /** @throws Error as the pool's own when the turn does not come in time */
  async pass<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.atWork < AT_WORK) this.atWork += 1;
    else await this.turn();
    try {
      return await work();
    } finally {
      const next = this.waiting.shift();
      if (next) next();
      else this.atWork -= 1;
    }
  }

  private turn(): Promise<void> {
    return new Promise((resolve, reject) => {
      const begin = (): void => {
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(() => {
        this.waiting.splice(this.waiting.indexOf(begin), 1);
        reject(new Error('timeout exceeded when trying to connect'));
      }, PATIENCE);
      this.waiting.push(begin);
    });
  }
}

const gates = new WeakMap<DataSource, Gate>();

function gateOf(dataSource: DataSource): Gate {
  const gate = gates.get(dataSource) ?? new Gate();
  gates.set(dataSource, gate);
  return gate;
}

/**
 * Runs `act` in a transaction when its turn has come, and again when PostgreSQL chose it as a deadlock's victim. `act` may run up to three
 * times, so it touches nothing but `tx`.
 */
export async function inTransaction<Result>(dataSource: DataSource, act: (tx: EntityManager) => Promise<Result>): Promise<Result> {
  return gateOf(dataSource).pass(() => attempt(dataSource, act));
}

async function attempt<Result>(dataSource: DataSource, act: (tx: EntityManager) => Promise<Result>): Promise<Result> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await dataSource.transaction(act);
    } catch (error) {
      const code = error instanceof QueryFailedError ? (error.driverError as { code?: string }).code : undefined;
      if (tries === MAX_ATTEMPTS || !AGAIN.includes(code ?? '')) throw error;
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
