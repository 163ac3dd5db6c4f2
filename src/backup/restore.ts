import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import pg from 'pg';
import { from as copyFrom, type CopyStreamQuery } from 'pg-copy-streams';
import { migrations } from '../../migrations/index.js';
import { StartError, type Config } from '../config/config.js';
import { openServer, prepareDatabase, type Server } from '../database/database.js';
import { inSchemaOf, withDatabaseLock } from '../database/migrate.js';
import { checkServer } from '../database/start-up-checks.js';
import { KINDS, type Kind } from '../mail/kinds.js';
import { Storage } from '../media/storage.js';
import { NOTHING, readArchive, type Archive } from './archive.js';
import { copyOut } from './backup.js';
import { keepKey, keyToKeep } from './key.js';
import { FILLED, KEPT, SAME_TEXT, tablesOf, type Table } from './tables.js';

export interface Restored {
  readonly tables: number;
  readonly rows: number;
  readonly files: number;
  /** When the backup was made. */
  readonly createdAt: string;
  /** Letters and shares that had not gone out when the backup was made, may have since, and must not arrive twice. */
  readonly notSentAgain: number;
}

/**
 * Numbering goes on so much further than the archive knows, so that nothing new bears the number of what was published after the backup:
 * links and year-long copies of those pictures are still about.
 */
const NUMBERS_LEFT_OUT = 1_000;

/** Kinds of mail that must not arrive twice. */
const ONCE = (Object.keys(KINDS) as Kind[]).filter((kind) => 'once' in KINDS[kind]);

/**
 * Reads an archive to its end and holds all of it against its sums; nothing is changed and no database is needed.
 * @throws StartError with what is wrong with it
 */
export async function checkBackup(path: string): Promise<Archive> {
  const archive = await readArchive(path, NOTHING);
  const known = new Set(migrations.map(({ name }) => name));
  const strange = archive.head.migrations.find((name) => !known.has(name));
  if (strange !== undefined)
    throw new StartError(
      `The backup was written by a newer release of Markaz, which has the migration ${strange}: restore it with that one.`,
    );
  return archive;
}

/**
 * Puts an archive into an empty database and an empty media folder: all of it, verified, or nothing.
 *
 * @param otherKey see {@link keyToKeep}
 * @throws StartError with a sentence; then the database is as empty as before
 */
export async function restore(config: Config, path: string, otherKey: boolean, report: (line: string) => void): Promise<Restored> {
  const archive = await checkBackup(path);
  const key = keyToKeep(archive, config, otherKey);
  const server = await openServer(config, report);
  try {
    const restored = await withDatabase(server, (client) => intoEmpty(client, server, config, path, archive, key));
    // From here on it is a database like any other, of an earlier release perhaps.
    const { leave: _left, ...database } = await prepareDatabase(config, server, report);
    await withClient(database.main, (client) => client.query('analyze'));
    return restored;
  } finally {
    await server.leave();
  }
}

async function withClient<Result>(connection: Server['main'], act: (client: pg.Client) => Promise<Result>): Promise<Result> {
  const client = new pg.Client({ ...connection, application_name: 'markaz restore', connectionTimeoutMillis: 10_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
  } catch (error) {
    throw new StartError(`The database cannot be reached.`, { cause: error });
  }
  try {
    return await act(client);
  } finally {
    await client.end();
  }
}

/** While nobody else prepares the database, and nobody serves it. */
function withDatabase<Result>(server: Server, act: (client: pg.Client) => Promise<Result>): Promise<Result> {
  return withClient(server.main, (client) =>
    withDatabaseLock(client, async () => {
      await checkServer(client);
      const { rows } = await client.query<{ others: number }>(
        `select count(*)::int as others from pg_stat_activity
         where datname = current_database() and pid <> pg_backend_pid() and application_name like 'markaz%'`,
      );
      if (rows[0]!.others > 0) throw new StartError('A server is running on this database: stop it first.');
      return act(client);
    }),
  );
}

async function intoEmpty(
  client: pg.Client,
  server: Server,
  config: Config,
  path: string,
  archive: Archive,
  key: string | null,
): Promise<Restored> {
  await refuseContent(client, archive);
  const storage = new Storage(join(config.dataDir, 'media'));
  const marker = await clearStorage(storage, config, archive);
  let forgetKey = (): void => undefined;
  const put = new Set<number>();
  const loaded: { restored: Restored; transaction: string }[] = [];
  try {
    if (key !== null) forgetKey = keepKey(config, key);
    await inSchemaOf(server.main, archive.head.migrations, async (tx) => {
      loaded.push({ restored: await load(tx, path, archive, storage, put), transaction: await numberOf(tx) });
    });
  } catch (error) {
    // Of what was loaded nothing but the answer to its COMMIT may be lost.
    const arrived = loaded[0] !== undefined && (await isCommitted(server, loaded[0].transaction));
    if (!arrived) {
      await clearAway(storage, put, marker, forgetKey);
      throw told(error);
    }
  }
  rmSync(marker);
  return loaded[0]!.restored;
}

/** Takes away what a restore has written beside the database. Where that cannot be done, the marker tells the next try of it. */
async function clearAway(storage: Storage, put: ReadonlySet<number>, marker: string, forgetKey: () => void): Promise<void> {
  forgetKey();
  const removed = await Promise.allSettled([...put].map((id) => storage.remove(id)));
  if (removed.every(({ status }) => status === 'fulfilled')) rmSync(marker);
}

/** A sentence for what the database or the disk said; a fault of ours stays what it is. */
function told(error: unknown): unknown {
  const { code, syscall, message } = error as NodeJS.ErrnoException;
  const foreign = syscall !== undefined || /^[0-9A-Z]{5}$/.test(code ?? '') || /connection|not queryable/i.test(message);
  if (error instanceof StartError || !foreign) return error;
  return new StartError('The backup could not be restored, and nothing of it is left.', { cause: error });
}

async function numberOf(tx: pg.PoolClient): Promise<string> {
  const { rows } = await tx.query<{ number: string }>(`select pg_current_xact_id()::text as number`);
  return rows[0]!.number;
}

/**
 * Whether a transaction whose connection was lost has come to its end; what is still in the middle of it is ended first.
 * @throws StartError when that cannot be known now
 */
async function isCommitted(server: Server, transaction: string): Promise<boolean> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await withClient(server.main, async (client) => {
        await client.query(`select pg_terminate_backend(pid, 10000) from pg_stat_activity where backend_xid = $1::xid8::xid`, [
          transaction,
        ]);
        const { rows } = await client.query<{ status: string }>(`select pg_xact_status($1::xid8) as status`, [transaction]);
        if (rows[0]!.status === 'in progress') throw new Error('it has not ended');
        return rows[0]!.status === 'committed';
      });
    } catch (error) {
      // A server that has crashed is back within moments.
      if (attempt === SERVER_IS_BACK_S)
        throw new StartError(
          'The connection was lost at the very end, and whether the rows have arrived could not be looked up: the files are kept. ' +
            'Restore once more: it says that there are rows where all has arrived, and starts anew where nothing has.',
          { cause: error },
        );
    }
    await new Promise((resume) => setTimeout(resume, 1_000));
  }
}

const SERVER_IS_BACK_S = 30;

/** @throws StartError unless the database is empty: never migrated, or never used */
async function refuseContent(client: pg.Client, { head }: Archive): Promise<void> {
  const tables = (await tablesOf(client)).map(({ name }) => name);
  if (tables.includes('migrations')) {
    const { rows } = await client.query<{ name: string }>(`select name from migrations`);
    const later = rows.find(({ name }) => !head.migrations.includes(name));
    if (later)
      throw new StartError(`This database has been prepared by a newer release than the backup's (${later.name}): make a new, empty one.`);
  }
  for (const table of KEPT.filter((name) => tables.includes(name) && !FILLED.includes(name))) {
    const { rowCount } = await client.query(`select from ${table} limit 1`);
    if (rowCount !== 0)
      throw new StartError(
        `A backup is restored into an empty database only, and this one has rows (in ${table}): make a new one, or set another DATA_DIR.`,
      );
  }
}

/**
 * Makes sure that no files of somebody else's are there, and clears away those of a restore that was killed, which left a marker and, with
 * the empty database, no rows.
 * @returns the path of this restore's own marker
 */
async function clearStorage(storage: Storage, { dataDir }: Config, { head }: Archive): Promise<string> {
  const marker = join(dataDir, 'restoring');
  const own = `${head.createdAt} ${head.key.fingerprint}\n`;
  const leftover = readIfThere(marker) === own;
  for await (const { id } of storage.list()) {
    if (!leftover || id === 0)
      throw new StartError(
        `There are files in ${storage.root}, of another database, or of a killed restore of another backup: set another DATA_DIR, or move them away.`,
      );
    await storage.remove(id);
  }
  await mkdir(dataDir, { recursive: true, mode: 0o711 });
  writeFileSync(marker, own, { mode: 0o600 });
  return marker;
}

function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return null;
  }
}

/** Everything there is to load, in the transaction that has just made the tables. */
async function load(tx: pg.PoolClient, path: string, archive: Archive, storage: Storage, put: Set<number>): Promise<Restored> {
  await tx.query(SAME_TEXT);
  const { manifest, head } = archive;
  const tables = new Map((await tablesOf(tx)).map((table) => [table.name, table]));
  for (const { name, columns } of manifest.tables) {
    if (!KEPT.includes(name) || JSON.stringify(tables.get(name)?.columns) !== JSON.stringify(columns))
      throw new StartError(`The backup has a table ${name} that its own migrations do not make: it was written by another program.`);
  }
  const own = manifest.tables.map(({ name }) => tables.get(name)!);
  // Rows come as they were: no trigger looks at them, and what they refer to is looked at when all are there.
  const keys = await foreignKeys(tx);
  for (const { drop } of keys) await tx.query(drop);
  for (const { name } of own) await tx.query(`alter table ${name} disable trigger user`);
  for (const table of FILLED.filter((name) => tables.has(name))) await tx.query(`delete from ${table}`);

  const loader = new Loader(tx, tables);
  await readArchive(path, {
    rows: (table, text) => loader.rows(table, text),
    file: async (id, name, content) => {
      // Files take their time: no COPY stays open through it.
      await loader.end();
      if (!put.has(id)) await storage.begin(id);
      put.add(id);
      await storage.write(id, name, content);
    },
  }).catch((error: unknown) => {
    loader.breakOff();
    throw error;
  });
  await loader.end();
  // Where nothing lies, the first upload says whose it is; and a release before pictures has no word for it.
  if (put.size > 0) await storage.mark((await tx.query<{ id: string }>(`select storage_id as id from center`)).rows[0]!.id);

  await verify(tx, archive, own);
  for (const { add } of keys) await tx.query(add);
  for (const { table, column, last } of manifest.numbering)
    await tx.query(`select setval(pg_get_serial_sequence(format('public.%I', $1::text), $2), $3)`, [
      table,
      column,
      last + NUMBERS_LEFT_OUT,
    ]);
  const notSentAgain = await holdBack(tx, own, head.createdAt);
  for (const { name } of own) await tx.query(`alter table ${name} enable trigger user`);
  return {
    tables: own.length,
    rows: manifest.tables.reduce((sum, { rows }) => sum + rows, 0),
    files: manifest.files.count,
    createdAt: head.createdAt,
    notSentAgain,
  };
}

/** Fills one table after the other. */
class Loader {
  private table: string | null = null;
  /** The COPY that is open; `broken` rejects when it is refused or its connection lost, whenever that is. */
  private copy: { readonly stream: CopyStreamQuery; readonly broken: Promise<never> } | null = null;

  constructor(
    private readonly tx: pg.PoolClient,
    private readonly tables: ReadonlyMap<string, Table>,
  ) {}

  /** @throws StartError when the database does not take them */
  async rows(name: string, text: Buffer): Promise<void> {
    if (name !== this.table) {
      await this.end();
      const statement = this.tables.get(name)?.copyIn;
      if (statement === undefined) throw new StartError(`The backup has a table ${name} that its own migrations do not make.`);
      this.table = name;
      this.copy = this.begin(statement);
    }
    const { stream } = this.copy!;
    await this.unlessBroken(
      new Promise((resolve, reject) => {
        stream.write(text, (error) => (error ? reject(error) : resolve()));
      }),
    );
  }

  /** @throws StartError when the database does not take the rows */
  async end(): Promise<void> {
    if (this.copy === null) return;
    this.copy.stream.end();
    await this.unlessBroken(finished(this.copy.stream));
    this.copy = null;
  }

  /** Ends what is open in the middle, so that the connection can be told something else. */
  breakOff(): void {
    this.copy?.stream.destroy();
    this.copy = null;
  }

  private begin(statement: string): { stream: CopyStreamQuery; broken: Promise<never> } {
    const stream = this.tx.query(copyFrom(statement));
    const broken = new Promise<never>((_, reject) => void stream.on('error', reject));
    // Whoever calls next is told.
    broken.catch(() => undefined);
    return { stream, broken };
  }

  private async unlessBroken(step: Promise<void>): Promise<void> {
    try {
      await Promise.race([this.copy!.broken, step]);
    } catch (error) {
      // Ended by the error.
      this.copy = null;
      throw new StartError(`The rows of ${this.table} could not be written into the database.`, { cause: error });
    }
  }
}

/** Reads everything again, out of the database, and compares. */
async function verify(tx: pg.PoolClient, { manifest, files }: Archive, tables: readonly Table[]): Promise<void> {
  for (const [place, table] of tables.entries()) {
    const found = await copyOut(tx, table, () => Promise.resolve());
    if (JSON.stringify(found) !== JSON.stringify(manifest.tables[place]))
      throw new StartError(`The table ${table.name} did not arrive as it was written.`);
  }
  if (!tables.some(({ name }) => name === 'media_files')) return;
  const { rows } = await tx.query<{ file: string; sum: string }>(
    `select f.media_id || '/' || f.name as file, encode(f.sha256, 'hex') as sum from media_files f join media m on m.id = f.media_id
     where m.state <> 'removed'`,
  );
  if (rows.length !== files.size || rows.some(({ file, sum }) => files.get(file) !== sum))
    throw new StartError('The files of the backup are not those its rows tell of.');
}

async function foreignKeys(tx: pg.PoolClient): Promise<{ drop: string; add: string }[]> {
  const { rows } = await tx.query<{ drop: string; add: string }>(`
    select format('alter table %s drop constraint %I', conrelid::regclass, conname) as drop,
      format('alter table %s add constraint %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid)) as add
    from pg_constraint where contype = 'f' and connamespace = 'public'::regnamespace order by conrelid::regclass::text, conname`);
  return rows;
}

/**
 * What must not arrive twice and had not ended when the backup was made may have gone out since: it is ended. Other mail may arrive twice.
 * @returns letters and shares
 */
async function holdBack(tx: pg.PoolClient, tables: readonly Table[], createdAt: string): Promise<number> {
  // An archive of a release that sent nothing to friends.
  if (!tables.some(({ name }) => name === 'shares')) return 0;
  const letters = await tx.query(
    `update mail_outbox set state = 'uncertain', handoff_at = coalesce(handoff_at, $2::timestamptz), locked_until = null, ended_at = now(),
       to_enc = null, content_enc = null, last_error = 'It waited when the backup was made, and may have gone out since.'
     where state in ('waiting', 'sending') and kind = any ($1::text[])`,
    [ONCE, createdAt],
  );
  const shares = await tx.query(`update shares set state = 'dropped', content_enc = null, ended_at = now() where ended_at is null`);
  return (letters.rowCount ?? 0) + (shares.rowCount ?? 0);
}
