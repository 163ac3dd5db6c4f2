import type { Client, PoolClient } from 'pg';
import { DataSource, MigrationExecutor } from 'typeorm';
import { migrations } from '../../migrations/index.js';
import { StartError } from '../config/config.js';
import { dataSourceOptions, type Connection } from './connection.js';
import { createPublicSchema, dropPublicSchema, grantPublicViews, publicSchemaDigest } from './public-views.js';

/** Any fixed number: it names the lock "somebody is preparing this database". */
const PREPARING = 7_264_920_183;
const PATIENCE = '2min';

/** Runs `act` while no other instance prepares this database; a second one waits here and then finds everything done. */
export async function withDatabaseLock<Result>(client: Client, act: () => Promise<Result>): Promise<Result> {
  await client.query(`set lock_timeout = '${PATIENCE}'`);
  try {
    await client.query(`select pg_advisory_lock($1)`, [PREPARING]);
  } catch (error) {
    if ((error as { code?: string }).code !== '55P03') throw error;
    throw new StartError(`Another process has been preparing this database for more than ${PATIENCE}. Let it finish, or end it.`);
  }
  try {
    return await act();
  } finally {
    // A connection that is lost has let go of it.
    await client.query(`select pg_advisory_unlock($1)`, [PREPARING]).catch(() => undefined);
  }
}

/**
 * Brings the schema to this code's version in one transaction: all of it or nothing. The views of `pub` are dropped before and made anew
 * after; `readers`, and whoever could read one of them before, may then read all of them. Call under {@link withDatabaseLock}.
 * @returns names of the migrations that ran
 */
export async function migrate(connection: Connection, readers: readonly string[]): Promise<string[]> {
  return inMigration(connection, async (executor, query) => {
    const pending = await executor.getPendingMigrations();
    const applied = await executor.getExecutedMigrations();
    const known = new Set(migrations.map(({ name }) => name));
    const [{ digest }] = (await query(`select obj_description(to_regnamespace('pub'), 'pg_namespace') as digest`)) as [
      { digest: string | null },
    ];
    // A newer release has migrated this database and its views serve running instances: an older one starting beside them keeps its hands off.
    const newerSchema = applied.some(({ name }) => !known.has(name));
    if (pending.length > 0 || (digest !== publicSchemaDigest() && !newerSchema)) {
      const grantees = (await query(`
        select distinct pg_get_userbyid(acl.grantee) as name from pg_class c cross join lateral aclexplode(c.relacl) acl
        where c.relnamespace = to_regnamespace('pub') and acl.privilege_type = 'SELECT' and acl.grantee <> c.relowner and acl.grantee <> 0`)) as {
        name: string;
      }[];
      await query(dropPublicSchema);
      await executor.executePendingMigrations();
      for (const sql of createPublicSchema()) await query(sql);
      for (const { name } of grantees) for (const sql of grantPublicViews(name)) await query(sql);
    }
    for (const name of readers) for (const sql of grantPublicViews(name)) await query(sql);
    return pending.map(({ name }) => name);
  });
}

/**
 * Looks whether the schema is that of this code, and changes nothing.
 * @throws StartError when it is older or newer
 */
export async function expectSchema(client: Client): Promise<void> {
  const { rows: made } = await client.query<{ made: boolean }>(`select to_regclass('public.migrations') is not null as made`);
  const { rows: applied } = made[0]!.made ? await client.query<{ name: string }>(`select name from public.migrations`) : { rows: [] };
  const strange = applied.find(({ name }) => !migrations.some((known) => known.name === name));
  if (strange) throw new StartError(`A newer release has migrated this database (${strange.name}): use that one.`);
  const pending = migrations.find(({ name }) => !applied.some((known) => known.name === name));
  if (pending) throw new StartError(`This database is older than this release (it lacks ${pending.name}): run "markaz migrate" first.`);
}

/**
 * Takes back the newest migration, and the public views with it: the older code makes its own when it starts.
 * @returns its name, or null when there was none
 */
export async function revert(connection: Connection): Promise<string | null> {
  return inMigration(connection, async (executor, query) => {
    const applied = await executor.getExecutedMigrations();
    if (applied.length === 0) return null;
    await query(dropPublicSchema);
    await executor.undoLastMigration();
    return applied.toSorted((a, b) => b.timestamp - a.timestamp)[0]!.name;
  });
}

/**
 * Brings an empty database to an earlier state of the schema, and does something in the same transaction: all of it or nothing. The views of
 * `pub` are not there afterwards; {@link migrate} makes them. Call under {@link withDatabaseLock}.
 * @param names of the migrations, the first ones in order
 */
export async function inSchemaOf<Result>(
  connection: Connection,
  names: readonly string[],
  act: (client: PoolClient) => Promise<Result>,
): Promise<Result> {
  const upTo = migrations.filter(({ name }) => names.includes(name));
  return inMigration(
    connection,
    async (executor, query, client) => {
      await query(dropPublicSchema);
      await executor.executePendingMigrations();
      // What a migration wrote is looked at now: a table that something still waits for cannot be altered.
      await query(`set constraints all immediate`);
      return act(client);
    },
    upTo,
  );
}

async function inMigration<Result>(
  connection: Connection,
  act: (executor: MigrationExecutor, query: (sql: string) => Promise<unknown>, client: PoolClient) => Promise<Result>,
  known = migrations,
): Promise<Result> {
  const options = { ...dataSourceOptions(connection), migrations: known };
  // A migration may take longer than a request; what it must not do is wait for a lock and let every reader queue behind it.
  const dataSource = await new DataSource({
    ...options,
    extra: { max: 2, statement_timeout: 0, lock_timeout: 5_000 },
  } as typeof options).initialize();
  const runner = dataSource.createQueryRunner();
  try {
    await runner.startTransaction();
    const executor = new MigrationExecutor(dataSource, runner);
    executor.transaction = 'none';
    const result = await act(executor, (sql) => runner.query(sql), (await runner.connect()) as PoolClient);
    await runner.commitTransaction();
    return result;
  } catch (error) {
    // What cannot be rolled back was on a connection that is lost, and is told of by `error`.
    if (runner.isTransactionActive) await runner.rollbackTransaction().catch(() => undefined);
    throw error;
  } finally {
    await runner.release();
    await dataSource.destroy();
  }
}
