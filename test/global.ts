import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { prepareDatabase } from '../src/database/database.js';
import { joinEmbeddedPostgres } from '../src/database/embedded/embedded-postgres.js';
import { TEMPLATE, onServer, suiteConnection, testConfig } from './test-database.js';

/** One embedded server for the suite, without the durability that tests do not need, and the migrated template. */
export default async function setUp(): Promise<() => Promise<void>> {
  const dataDir = mkdtempSync(join(tmpdir(), 'markaz-test-'));
  // As root the server runs as another user, who must be able to pass.
  chmodSync(dataDir, 0o711);
  // No autovacuum: its workers belong to the superuser, and one at work in a clone would keep its owner from dropping it.
  const server = await joinEmbeddedPostgres({
    dataDir,
    projectDir: join(import.meta.dirname, '..'),
    settings: {
      fsync: 'off',
      synchronous_commit: 'off',
      full_page_writes: 'off',
      max_connections: '200',
      shared_buffers: '128MB',
      autovacuum: 'off',
    },
    log: () => undefined,
  });
  process.env['MARKAZ_TEST_SERVER'] = JSON.stringify(server.connection);
  await onServer(`create database ${TEMPLATE}`);
  await prepareDatabase(
    testConfig(),
    { main: { ...suiteConnection(), database: TEMPLATE }, location: '', leave: async () => {} },
    () => undefined,
  );
  return async () => {
    await server.leave();
    rmSync(dataDir, { recursive: true, force: true });
  };
}
