import pg from 'pg';
import { StartError, type Config } from '../config/config.js';
import { Secret } from '../config/secret.js';
import { connectionOf, type Connection } from './connection.js';
import { joinEmbeddedPostgres } from './embedded/embedded-postgres.js';
import { migrate, withDatabaseLock } from './migrate.js';
import { READER_OPTIONS, mayCreateRoles, prepareReaderRole, readerRole } from './reader-role.js';
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
function projectDirectory(): string {
  const here = import.meta.dirname;
  return here.replace(/[/\\](dist[/\\])?src[/\\]database$/, '');
}

/**
 * Checks the server, prepares the reader's role, migrates and grants; several instances may do so at once.
 * @throws StartError with a sentence a person can act on
 */
export async function prepareDatabase(config: Config, server: Server, log: (line: string) => void): Promise<Database> {
  const role = readerRole(Secret.for(config));
  const client = new pg.Client({ ...server.main, application_name: 'markaz start' });
  try {
    await client.connect();
  } catch (error) {
    throw new StartError(`The database cannot be reached: ${(error as Error).message}`, { cause: error });
  }
  try {
    return await withDatabaseLock(client, async () => {
      await checkServer(client);
      const reader = await prepareReader(client, config, server, role);
      for (const name of await migrate(server.main, reader.role === null ? [] : [reader.role])) log(`migrated: ${name}`);
      if (reader.warning) log(reader.warning);
      return { ...server, reader: reader.connection };
    });
  } finally {
    await client.end();
  }
}

async function prepareReader(
  client: pg.Client,
  config: Config,
  server: Server,
  role: { name: string; password: string },
): Promise<{ role: string | null; connection: Database['reader']; warning?: string }> {
  if (config.readerDatabaseUrl !== null) {
    const connection = connectionOf(config.readerDatabaseUrl);
    return { role: connection.user ?? null, connection };
  }
  if (await mayCreateRoles(client)) {
    await prepareReaderRole(client, role);
    return { role: role.name, connection: { ...server.main, user: role.name, password: role.password } };
  }
  return {
    role: null,
    connection: { ...server.main, options: READER_OPTIONS },
    warning:
      'WARNING: the database user may create no roles, so readers are served through its own rights, read-only. That stops mistakes, not an injection. ' +
      'Let an administrator run: alter role … createrole; or set READER_DATABASE_URL.',
  };
}
