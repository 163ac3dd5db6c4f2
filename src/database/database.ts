import pg from 'pg';
import { StartError, type Config } from '../config/config.js';
import { Secret } from '../config/secret.js';
import { connectionOf, type Connection } from './connection.js';
import { joinEmbeddedPostgres } from './embedded/embedded-postgres.js';
import { expectSchema, migrate, withDatabaseLock } from './migrate.js';
import { READER_OPTIONS, mayCreateRoles, prepareReaderRole, readerRole, refuseTemporaryTables } from './reader-role.js';
import { checkServer } from './start-up-checks.js';

/** A database that is ready for the application: reachable, fit, migrated, with its two doors. */
export interface Database {
  /** The main connection: the desk, readers' acts, every write. */
  readonly main: Connection;
  /** The reader door: may SELECT from schema `pub` and nothing else. */
  readonly reader: Connection & { options?: string };
  /** For people: where the data lies. */
  readonly location: string;
  /** Call last, after every pool has ended. Stops the embedded server when nobody else uses it. */
  leave(): Promise<void>;
}

/** The server alone: not yet checked or migrated. */
export type Server = Pick<Database, 'main' | 'location' | 'leave'>;

/** Reaches the configured server, or starts (joins) the embedded one. */
export async function openServer(config: Config, log: (line: string) => void): Promise<Server> {
  if (config.databaseUrl !== null) {
    return { main: connectionOf(config.databaseUrl), location: 'the PostgreSQL of DATABASE_URL', leave: async () => {} };
  }
  const embedded = await joinEmbeddedPostgres({ dataDir: config.dataDir, projectDir: projectDirectory(), log });
  return { main: embedded.connection, location: embedded.directory, leave: () => embedded.leave() };
}

/** The checkout: two levels above the compiled file's `dist/src/database`, three above the source's. */
export function projectDirectory(): string {
  const here = import.meta.dirname;
  return here.replace(/[/\\](dist[/\\])?src[/\\]database$/, '');
}

/**
 * Checks the server, prepares the reader's role, migrates and grants; several instances may do so at once.
 * @throws StartError with a sentence a person can act on
 */
export async function prepareDatabase(config: Config, server: Server, log: (line: string) => void): Promise<Database> {
  const role = readerRole(Secret.for(config));
  return withClient(server, 'markaz start', (client) =>
    withDatabaseLock(client, async () => {
      await checkServer(client);
      const reader = await prepareReader(client, config, server, role);
      await refuseTemporaryTables(client);
      if (config.readerDatabaseUrl !== null && (await seesDrafts(client, reader.role))) log(SEES_DRAFTS);
      for (const name of await migrate(server.main, reader.role === null ? [] : [reader.role])) log(`migrated: ${name}`);
      if (reader.warning) log(reader.warning);
      await expectReadable(reader.connection);
      return { ...server, reader: reader.connection };
    }),
  );
}

/**
 * The database as it is, for who only looks: nothing is migrated, granted or written. Its reader door is the main connection, read-only.
 * @throws StartError when it cannot be reached, or has not the schema of this release
 */
export async function unpreparedDatabase(_config: Config, server: Server): Promise<Database> {
  await withClient(server, 'markaz start', expectSchema);
  return { ...server, reader: ownReader(server) };
}

/** In a search path of its own a table named by mistake is not found. */
function ownReader({ main }: Server): Database['reader'] {
  return { ...main, options: `-c search_path=pub ${READER_OPTIONS}` };
}

/**
 * Does something over a connection of its own, outside every pool.
 * @param name under which the server sees it; all of ours begin with `markaz`
 * @throws StartError when the database cannot be reached; whatever `act` throws
 */
export async function withClient<Result>(
  { main }: Pick<Server, 'main'>,
  name: string,
  act: (client: pg.Client) => Promise<Result>,
): Promise<Result> {
  const client = new pg.Client({ ...main, application_name: name, connectionTimeoutMillis: 10_000 });
  // Lost while something else is waited for: the next statement here fails and says so; the event alone would end the process.
  client.on('error', () => undefined);
  try {
    await client.connect();
  } catch (error) {
    throw new StartError(`The database cannot be reached: ${reasonOf(error)}`, { cause: error });
  }
  try {
    return await act(client);
  } finally {
    await client.end();
  }
}

/**
 * Opens the reader door once: a wrong password or another database would otherwise be found out by the first reader.
 * A replica may be a moment behind with the views just made.
 */
async function expectReadable(reader: Database['reader']): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    const client = new pg.Client({ ...reader, application_name: 'markaz start', connectionTimeoutMillis: 10_000 });
    client.on('error', () => undefined);
    try {
      await client.connect();
      await client.query('select from pub.listings limit 1');
      return;
    } catch (error) {
      if (attempt === 5)
        throw new StartError(`Published content cannot be read through the reader's connection: ${reasonOf(error)}`, { cause: error });
    } finally {
      await client.end();
    }
    await new Promise((resume) => setTimeout(resume, 500));
  }
}

/** One host name with several addresses fails with an AggregateError, whose own message is empty. */
function reasonOf(error: unknown): string {
  const causes: unknown[] = error instanceof AggregateError ? error.errors : [error];
  return causes.map((cause) => (cause instanceof Error ? cause.message : String(cause))).join('; ');
}

const SEES_DRAFTS =
  'WARNING: the user of READER_DATABASE_URL may read more than published content. Give it a login role that owns nothing, is member of nothing and no superuser.';

/** Whether the role has the rights of the database's owner: then its views are no wall. */
async function seesDrafts(client: pg.Client, role: string | null): Promise<boolean> {
  const { rows } = await client.query<{ sees: boolean }>(
    `select rolsuper or pg_has_role(oid, (select datdba from pg_database where datname = current_database()), 'member') as sees from pg_roles where rolname = $1`,
    [role],
  );
  return rows[0]?.sees ?? false;
}

async function prepareReader(
  client: pg.Client,
  config: Config,
  server: Server,
  role: { name: string; password: string },
): Promise<{ role: string | null; connection: Database['reader']; warning?: string }> {
  if (config.readerDatabaseUrl !== null) {
    const connection = connectionOf(config.readerDatabaseUrl);
    const { rowCount } = await client.query(`select from pg_roles where rolname = $1`, [connection.user]);
    if (rowCount === 0) {
      throw new StartError(
        `The user of READER_DATABASE_URL is unknown to the server of DATABASE_URL, which has to grant it the published content. Let an administrator create it there.`,
      );
    }
    return { role: connection.user ?? null, connection: { ...connection, options: READER_OPTIONS } };
  }
  if (await mayCreateRoles(client)) {
    await prepareReaderRole(client, role);
    return { role: role.name, connection: { ...server.main, user: role.name, password: role.password } };
  }
  return {
    role: null,
    connection: ownReader(server),
    warning:
      'WARNING: the database user may create no roles, so readers are served through its own rights, read-only. That stops mistakes, not an injection. ' +
      'Let an administrator run: alter role … createrole; or set READER_DATABASE_URL.',
  };
}
