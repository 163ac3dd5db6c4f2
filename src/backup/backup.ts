import { createHash, randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, open, readdir, rename, rm, readFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import type { Writable } from 'node:stream';
import type pg from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import { migrations } from '../../migrations/index.js';
import { StartError, type Config } from '../config/config.js';
import { openServer, projectDirectory, withClient } from '../database/database.js';
import { Storage } from '../media/storage.js';
import { SWEEP_LOCK } from '../media/sweep-lock.js';
import { ArchiveWriter, NOTHING, PIECE_BYTES, readArchive, rowsIn, type Numbering, type TableSum } from './archive.js';
import { fingerprintOf, keptKey } from './key.js';
import { KEPT, LEFT_OUT, SAME_TEXT, tablesOf, type Table } from './tables.js';

export interface BackedUp {
  readonly tables: number;
  readonly rows: number;
  readonly files: number;
  /** Of the files. */
  readonly bytes: number;
}

/**
 * Writes database and media, as they are at one moment, into one archive, beside a running server or alone. A file is there when it is
 * whole, and not before.
 *
 * @param path `-` is standard output
 * @param secret whether the key that DATA_DIR keeps goes with it
 * @throws StartError with a sentence
 */
export async function backUp(config: Config, path: string, secret: boolean, report: (line: string) => void): Promise<BackedUp> {
  const server = await openServer(config, report);
  try {
    return await withClient(server, 'markaz backup', async (client) => {
      // Before any file is touched: another backup may be writing to the same one.
      await keepFromSweeping(client);
      return intoFile(path, (sink) => snapshot(client, config, sink, secret, report));
    });
  } finally {
    await server.leave();
  }
}

/**
 * Under a name of its own until it is whole and on disk: who is killed leaves no archive that looks like one, and the next backup to the
 * same file clears that away.
 */
async function intoFile<Result>(path: string, write: (sink: Writable) => Promise<Result>): Promise<Result> {
  if (path === '-') return write(process.stdout);
  const target = resolve(path);
  const part = `${target}.${randomBytes(6).toString('hex')}.part`;
  try {
    await mkdir(dirname(target), { recursive: true, mode: 0o700 });
    await removeLeftovers(target);
    const result = await write(createWriteStream(part, { mode: 0o600, flags: 'wx' }));
    await synced(part);
    await readBack(part);
    await rename(part, target);
    await synced(dirname(target));
    return result;
  } catch (error) {
    await rm(part, { force: true });
    if ((error as NodeJS.ErrnoException).syscall === undefined) throw error;
    throw new StartError(`The backup could not be written to ${path}.`, { cause: error });
  }
}

/** @throws StartError when what was written is no backup, whoever's fault it is: then it must not take the place of one */
async function readBack(part: string): Promise<void> {
  try {
    await readArchive(part, NOTHING);
  } catch (error) {
    throw new StartError('The backup could not be read back, and is not kept. Make another one.', { cause: error });
  }
}

/** Nobody else writes to it: whoever holds the lock is alone with this database. */
async function removeLeftovers(target: string): Promise<void> {
  for (const name of await readdir(dirname(target)))
    if (name.startsWith(`${basename(target)}.`) && LEFTOVER.test(name.slice(basename(target).length)))
      await rm(join(dirname(target), name), { force: true });
}

const LEFTOVER = /^\.[0-9a-f]{12}\.part$/;

async function synced(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

async function snapshot(
  client: pg.Client,
  config: Config,
  sink: Writable,
  secret: boolean,
  report: (line: string) => void,
): Promise<BackedUp> {
  await client.query(SAME_TEXT);
  await client.query(`begin isolation level repeatable read read only`);
  const { rows } = await client.query<{ at: Date; postgres: string; prepared: boolean }>(
    `select now() as at, current_setting('server_version') as postgres, to_regclass('public.migrations') is not null as prepared`,
  );
  const { at, postgres, prepared } = rows[0]!;
  const applied = prepared ? await appliedMigrations(client) : [];
  if (applied.length === 0) throw new StartError('There is nothing to back up: the database is empty.');
  const tables = keptTables(await tablesOf(client));
  const kept = keptKey(config);
  const key = config.secretKey ?? kept;
  if (key === null) throw new StartError(`There is no SECRET_KEY, and no ${join(config.dataDir, 'secret-key')}.`);
  // The environment's key is whoever runs the server's to keep.
  const included = secret && config.secretKey === null;
  const writer = new ArchiveWriter(sink, at);
  try {
    const head = {
      format: 'markaz-backup',
      formatVersion: 1,
      markaz: await version(),
      createdAt: at.toISOString(),
      postgres,
      migrations: applied,
      key: { fingerprint: fingerprintOf(key), included },
    };
    await writer.add('head.json', Buffer.from(`${JSON.stringify(head, null, 1)}\n`));
    if (included) await writer.add('secret-key', Buffer.from(`${key}\n`));
    const sums: TableSum[] = [];
    for (const table of tables) sums.push(await copyOut(client, table, (piece, text) => writer.addPiece(table.name, piece, text)));
    const numbering = await numberingOf(client, tables);
    // A release before pictures has none.
    const files = tables.some(({ name }) => name === 'media_files') ? await copyFiles(client, config, writer) : { count: 0, bytes: 0 };
    await client.query(`commit`);
    await writer.finish({ tables: sums, numbering, files });
    report(included ? WITH_KEY : WITHOUT_KEY);
    return { tables: sums.length, rows: sums.reduce((sum, table) => sum + table.rows, 0), files: files.count, bytes: files.bytes };
  } catch (error) {
    throw await writer.breakOff(error);
  }
}

const WITH_KEY = 'The archive holds SECRET_KEY: keep it as secret as the database itself. --without-secret leaves the key out.';
const WITHOUT_KEY = 'The archive does not hold SECRET_KEY: keep that apart, for without the same one much of the archive is worth nothing.';

/**
 * Until the connection ends no file leaves storage, and no other backup is made.
 * @throws StartError when one is being made
 */
async function keepFromSweeping(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ alone: boolean }>(`select pg_try_advisory_lock($1) as alone`, [SWEEP_LOCK]);
  if (!rows[0]!.alone && !(await waitedForSweep(client)))
    throw new StartError('Another backup of this database is being made. Let it finish, or end it.');
}

/** A sweep holds it for a moment, another backup for long. */
async function waitedForSweep(client: pg.Client): Promise<boolean> {
  await client.query(`set lock_timeout = '10s'`);
  try {
    await client.query(`select pg_advisory_lock($1)`, [SWEEP_LOCK]);
    return true;
  } catch (error) {
    if ((error as { code?: string }).code === '55P03') return false;
    throw error;
  }
}

/** @throws StartError when a newer release has been at this database: what it added would be missing */
async function appliedMigrations(client: pg.Client): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(`select name from migrations order by timestamp, id`);
  const known = new Set(migrations.map(({ name }) => name));
  const strange = rows.find(({ name }) => !known.has(name));
  if (strange) throw new StartError(`A newer release has migrated this database (${strange.name}): back it up with that one.`);
  return rows.map(({ name }) => name);
}

/** @throws StartError naming a table of which nobody has said whether it belongs into a backup */
function keptTables(found: readonly Table[]): Table[] {
  const strange = found.find(({ name }) => !KEPT.includes(name) && !Object.hasOwn(LEFT_OUT, name));
  if (strange) throw new StartError(`The table ${strange.name} is not Markaz's: move it to another schema, for it would not be backed up.`);
  return KEPT.map((name) => found.find((table) => table.name === name)).filter((table) => table !== undefined);
}

/**
 * Reads a table in the order of its key.
 * @param take pieces of its rows as text, numbered from 1
 */
export async function copyOut(
  client: pg.ClientBase,
  { name, columns, copyOut: statement }: Table,
  take: (piece: number, text: Buffer) => Promise<void>,
): Promise<TableSum> {
  if (statement === null) throw new Error(`the table ${name} has no primary key`);
  const hash = createHash('sha256');
  const [sum, held] = [
    { rows: 0, bytes: 0, pieces: 0 },
    { chunks: [] as Buffer[], bytes: 0 },
  ];
  const hand = async (): Promise<void> => {
    const text = Buffer.concat(held.chunks);
    Object.assign(held, { chunks: [], bytes: 0 });
    hash.update(text);
    sum.bytes += text.length;
    // The server's own count comes after the end of the rows, perhaps after the end of the stream.
    sum.rows += rowsIn(text);
    await take((sum.pieces += 1), text);
  };
  const stream = client.query(copyTo(statement));
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    held.chunks.push(chunk);
    held.bytes += chunk.length;
    if (held.bytes >= PIECE_BYTES) await hand();
  }
  if (held.bytes > 0) await hand();
  return { name, columns, rows: sum.rows, bytes: sum.bytes, sha256: hash.digest('hex') };
}

/** Read after the snapshot was taken: never lower than a number that is in it. */
async function numberingOf(client: pg.Client, tables: readonly Table[]): Promise<Numbering[]> {
  const found: Numbering[] = [];
  for (const { name, numbered } of tables) {
    for (const column of numbered) {
      const { rows } = await client.query<{ last: number | null }>(
        `select pg_sequence_last_value(pg_get_serial_sequence(format('public.%I', $1::text), $2)::regclass)::int as last`,
        [name, column],
      );
      if (rows[0]?.last != null) found.push({ table: name, column, last: rows[0].last });
    }
  }
  return found;
}

/** What the snapshot's rows name, and no more: half-made files have no rows yet, and those of a removed media are on their way out. */
async function copyFiles(client: pg.Client, config: Config, writer: ArchiveWriter): Promise<{ count: number; bytes: number }> {
  const { rows } = await client.query<{ id: number; name: string; bytes: number; sha256: string }>(
    `select f.media_id as id, f.name, f.bytes, encode(f.sha256, 'hex') as sha256 from media_files f join media m on m.id = f.media_id
     where m.state <> 'removed' order by f.media_id, f.name collate "C"`,
  );
  const storage = new Storage(join(config.dataDir, 'media'));
  const sum = { count: 0, bytes: 0 };
  for (const { id, name, bytes, sha256 } of rows) {
    const damaged = (cause?: unknown): StartError =>
      new StartError(
        `The stored file ${id}/${name} is not what its row says. "markaz doctor --files" finds all of that kind, and says what to do.`,
        {
          cause,
        },
      );
    let found: string;
    try {
      found = await writer.stream(`media/${id}/${name}`, bytes, await storage.read(id, name));
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      throw code === 'ENOENT' || /exceeds given size|Size mismatch/.test(message) ? damaged(error) : error;
    }
    if (found !== sha256) throw damaged();
    sum.count += 1;
    sum.bytes += bytes;
  }
  return sum;
}

async function version(): Promise<string> {
  return (JSON.parse(await readFile(join(projectDirectory(), 'package.json'), 'utf8')) as { version: string }).version;
}
