import type { Client } from 'pg';
import { StartError } from '../config/config.js';

/**
 * Refuses a server on which Markaz would run but be wrong, with a sentence that says what to change.
 * @throws StartError
 */
export async function checkServer(client: Client): Promise<void> {
  const { rows } = await client.query<{ version: number; encoding: string; arabic: boolean; creator: boolean }>(`
    select current_setting('server_version_num')::int as version, current_setting('server_encoding') as encoding,
      exists (select from pg_collation where collname = 'ar-x-icu') as arabic,
      has_database_privilege(current_database(), 'create') and has_schema_privilege('public', 'create') as creator`);
  const server = rows[0]!;
  if (server.version < 150_000)
    throw new StartError(`PostgreSQL 15 or newer is needed; this server is ${Math.floor(server.version / 10_000)}.`);
  if (server.encoding !== 'UTF8') throw new StartError(`The database must be made with ENCODING 'UTF8'; this one is ${server.encoding}.`);
  if (!server.arabic) throw new StartError(`The server lacks the collation ar-x-icu: it must be built with ICU, which sorts Arabic names.`);
  await checkTrigrams(client);
  if (!server.creator)
    throw new StartError(
      `The database user may not create tables in this database. Let an administrator make it the owner: alter database … owner to …;`,
    );
}

async function checkTrigrams(client: Client): Promise<void> {
  try {
    await client.query(`create extension if not exists pg_trgm`);
  } catch (error) {
    throw new StartError(
      `The extension pg_trgm could not be created. Let an administrator run: create extension pg_trgm; in this database.`,
      { cause: error },
    );
  }
  // With LC_CTYPE "C" pg_trgm takes no Arabic letter for a letter: indexes on it exist, report nothing and never match.
  const { rows } = await client.query<{ trigrams: number | null }>(`select array_length(show_trgm('مقال'), 1) as trigrams`);
  if (rows[0]!.trigrams !== 5) {
    throw new StartError(
      `Arabic trigrams do not work in this database, because its LC_CTYPE knows no Arabic. Make it anew with LC_CTYPE 'C.UTF-8'.`,
    );
  }
}
