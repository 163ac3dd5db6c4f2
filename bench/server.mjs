// A PostgreSQL of the benchmark's own: the embedded one in a temporary folder, migrated, with both doors, gone afterwards.
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { Config } from '../dist/src/config/config.js';
import { prepareDatabase } from '../dist/src/database/database.js';
import { joinEmbeddedPostgres } from '../dist/src/database/embedded/embedded-postgres.js';

/**
 * Starts the server with the settings the product gives it, except room for the load's write-ahead log.
 *
 * @returns the configuration and database for `createApp`; `connect(door)` for a client of the main or the reader's door; `closeFirst(close)`
 *   for what else must let go of the server; `stop`, which closes all of these, stops the server and removes its folder, and may be called twice
 * @throws Error when the server does not start or cannot be migrated; nothing is left behind then
 */
export async function startServer() {
  const dataDir = mkdtempSync(join(tmpdir(), 'markaz-bench-'));
  // As root the server runs as another user, who must be able to pass.
  chmodSync(dataDir, 0o711);
  const closers = [];
  let server;
  let stopped;
  const stop = () =>
    (stopped ??= (async () => {
      await Promise.all(closers.map((close) => close()));
      await server?.leave();
      rmSync(dataDir, { recursive: true, force: true });
    })());
  try {
    const embedded = await joinEmbeddedPostgres({
      dataDir,
      projectDir: join(import.meta.dirname, '..'),
      settings: { max_wal_size: '4GB' },
      log: () => undefined,
    });
    server = { main: embedded.connection, location: embedded.directory, leave: () => embedded.leave() };
    const config = new Config({
      DATA_DIR: dataDir,
      SECRET_KEY: 'a key that only the benchmark uses, 0123456789',
      PUBLIC_ORIGIN: 'https://center.example',
      SAMPLE_CONTENT: 'false',
      LOG_LEVEL: 'silent',
    });
    const database = await prepareDatabase(config, server, () => undefined);
    const connect = async (door) => {
      const client = new pg.Client(database[door]);
      await client.connect();
      closers.push(() => client.end());
      return client;
    };
    const closeFirst = (close) => void closers.push(close);
    return { config, database, connect, closeFirst, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
