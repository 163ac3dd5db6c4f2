import { parseIntoClientConfig } from 'pg-connection-string';
import type { ClientConfig } from 'pg';
import type { DataSourceOptions } from 'typeorm';
import { migrations } from '../../migrations/index.js';

/** Where and as whom to connect: what `pg` and TypeORM both need. `host` may be the directory of a unix socket. */
export type Connection = Pick<ClientConfig, 'host' | 'port' | 'user' | 'password' | 'database' | 'ssl'>;

/** @returns the parts of a `postgres://` URL; pg's own parser, because TypeORM's drops `sslmode` and socket hosts */
export function connectionOf(url: string): Connection {
  const { host, port, user, password, database, ssl } = parseIntoClientConfig(url);
  return { host, port, user, password, database, ssl };
}

/**
 * TypeORM on the main connection: the desk's reads and every write.
 * Limits are those the fault plan presupposes: 10 connections, 1 s to get one, 10 s a statement, 2 s for a lock.
 */
export function dataSourceOptions(connection: Connection): DataSourceOptions {
  return {
    type: 'postgres',
    host: connection.host,
    port: connection.port,
    username: connection.user,
    password: connection.password as string | undefined,
    database: connection.database,
    ssl: connection.ssl as boolean | undefined,
    applicationName: 'markaz',
    migrations,
    migrationsTableName: 'migrations',
    extra: {
      max: 10,
      connectionTimeoutMillis: 1_000,
      keepAlive: true,
      statement_timeout: 10_000,
      lock_timeout: 2_000,
      idle_in_transaction_session_timeout: 10_000,
    },
  };
}
