import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream, ReadableWritablePair } from 'node:stream/web';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { createTarDecoder, createTarPacker, type ParsedTarEntry, type TarHeader } from 'modern-tar';
import { StartError } from '../config/config.js';

/** What stands first in an archive: enough to know whether it can be restored here. */
interface Head {
  readonly format: 'markaz-backup';
  readonly formatVersion: 1;
  /** The release that wrote it. */
  readonly markaz: string;
  /** When the snapshot was taken, by the database's clock. */
  readonly createdAt: string;
  readonly postgres: string;
  /** Names of the migrations its tables have been through, in order. */
  readonly migrations: readonly string[];
  /** Of SECRET_KEY, derived from it one way; and whether the key itself is in the archive. */
  readonly key: { readonly fingerprint: string; readonly included: boolean };
}

export interface TableSum {
  readonly name: string;
  readonly columns: readonly string[];
  readonly rows: number;
  /** Of the rows as COPY writes them. */
  readonly bytes: number;
  readonly sha256: string;
}

/** How far a column has numbered itself; more than the highest number there is, where rows have gone. */
export interface Numbering {
  readonly table: string;
  readonly column: string;
  readonly last: number;
}

/** What is known when all has been read. */
export interface Manifest {
  readonly tables: readonly TableSum[];
  readonly numbering: readonly Numbering[];
  readonly files: { readonly count: number; readonly bytes: number };
}

/** An archive that is whole: every entry is as it was written. */
export interface Archive {
  readonly head: Head;
  readonly manifest: Manifest;
  readonly secretKey: string | null;
  /** SHA-256 in hex by `<id>/<name>`. */
  readonly files: ReadonlyMap<string, string>;
}

/** Rows go in pieces of this many bytes, so that neither end holds a table in memory. */
export const PIECE_BYTES = 4 * 1024 * 1024;
/** A piece ends with the first chunk that fills it; one row is one chunk and may be large. */
const MAX_PIECE_BYTES = 1024 * 1024 * 1024;
/** Pictures are compressed already and go in as they are; the tables shrink to a fifth. Level 6 saves a tenth more and takes twice the time. */
const GZIP_LEVEL = 3;

const pack = promisify(gzip);
const unpack = promisify(gunzip);

/** The names an archive may have, with what each may weigh at most, in bytes. Nothing else is ever opened, so no name leads out of its place. */
const NAMES: readonly (readonly [RegExp, number])[] = [
  [/^head\.json$/, 1 << 20],
  [/^secret-key$/, 1 << 12],
  [/^tables\/[a-z0-9_]{1,63}\/\d{6}\.copy\.gz$/, MAX_PIECE_BYTES],
  [/^media\/[1-9]\d{0,9}\/[a-z0-9]{1,100}\.[a-z0-9]{1,10}$/, 1 << 30],
  [/^manifest\.json$/, 1 << 24],
  [/^SHA256SUMS$/, 1 << 28],
];

/** Writes an archive from its head to its sums. An ordinary tar file, whose last entry `sha256sum --check` reads. */
export class ArchiveWriter {
  private readonly packer = createTarPacker();
  private readonly written: Promise<void>;
  private readonly sums: string[] = [];

  /** @param at the archive's moment, which its entries bear */
  constructor(
    sink: Writable,
    private readonly at: Date,
  ) {
    this.written = pipeline(Readable.fromWeb(this.packer.readable as ReadableStream), sink);
    // Looked at when it ends or is broken off.
    this.written.catch(() => undefined);
  }

  async add(name: string, content: Buffer): Promise<void> {
    await this.stream(name, content.length, Readable.from([content]));
  }

  /** A piece of a table, by its number from 1. */
  async addPiece(table: string, piece: number, text: Buffer): Promise<void> {
    await this.add(`tables/${table}/${String(piece).padStart(6, '0')}.copy.gz`, await pack(text, { level: GZIP_LEVEL }));
  }

  /**
   * @param bytes as many as `content` has
   * @returns its SHA-256 in hex
   * @throws Error when it has more or fewer
   */
  async stream(name: string, bytes: number, content: AsyncIterable<Uint8Array>): Promise<string> {
    const hash = createHash('sha256');
    const body = this.packer.controller.add({ name, size: bytes, mode: 0o600, mtime: this.at }).getWriter();
    for await (const chunk of content) {
      hash.update(chunk);
      await body.write(chunk);
    }
    await body.close();
    const sum = hash.digest('hex');
    this.sums.push(`${sum}  ${name}\n`);
    return sum;
  }

  /** @returns when everything has reached the sink */
  async finish(manifest: Manifest): Promise<void> {
    await this.add('manifest.json', Buffer.from(`${JSON.stringify(manifest, null, 1)}\n`));
    await this.add('SHA256SUMS', Buffer.from(this.sums.join('')));
    this.packer.controller.finalize();
    await this.written;
  }

  /** Ends it in the middle. @returns the first cause: what the sink said, where it was the sink that failed */
  async breakOff(cause: unknown): Promise<unknown> {
    this.packer.controller.error(cause);
    return this.written.then(
      () => cause,
      (error: unknown) => ((error as NodeJS.ErrnoException).code?.startsWith('E') === true ? error : cause),
    );
  }
}

/** What to do with an archive's content while it is read. */
export interface Taker {
  /** Told once, before the content. */
  head?(head: Head): void;
  /** The table's rows go on with this text, which may end anywhere. */
  rows(table: string, text: Buffer): Promise<void>;
  /** Takes the content to its end. */
  file(id: number, name: string, content: AsyncIterable<Buffer>): Promise<void>;
}

/** Takes nothing: for a look at whether an archive is whole. */
export const NOTHING: Taker = {
  rows: () => Promise.resolve(),
  file: async (_id, _name, content) => {
    for await (const chunk of content) void chunk;
  },
};

/**
 * Reads an archive from end to end, and holds everything against its sums. What was taken is good only when this has returned.
 * @throws StartError with what is wrong with it
 */
export async function readArchive(path: string, taker: Taker): Promise<Archive> {
  const reading = new Reading(taker);
  const source = createReadStream(path, { highWaterMark: 1 << 20 });
  try {
    const entries = Readable.toWeb(source).pipeThrough(createTarDecoder({ strict: true }) as ReadableWritablePair<ParsedTarEntry>);
    for await (const { header, body } of entries) await reading.entry(header, body as ReadableStream<Uint8Array>);
  } catch (error) {
    // What the taker threw is no fault of the archive.
    if (error instanceof StartError || reading.taking) throw error;
    const reason = (error as Error).message.replace(/\.$/, '');
    const unreadable = (error as NodeJS.ErrnoException).syscall !== undefined;
    throw new StartError(unreadable ? `${path} cannot be read.` : `${path} is no whole backup: ${reason}.`, { cause: error });
  } finally {
    source.destroy();
  }
  return reading.end(path);
}

/** One pass through an archive. */
class Reading {
  /** Whether the taker is at work. */
  taking = false;
  private readonly sums = new Map<string, string>();
  private readonly tables = new Map<string, { hash: ReturnType<typeof createHash>; rows: number; bytes: number; pieces: number }>();
  private readonly files = new Map<string, string>();
  private fileBytes = 0;
  private head: Head | undefined;
  private manifest: Manifest | undefined;
  private secretKey: string | null = null;
  private listed: string | undefined;

  constructor(private readonly taker: Taker) {}

  async entry({ name, size, type = 'file' }: TarHeader, body: AsyncIterable<Uint8Array>): Promise<void> {
    const rule = NAMES.find(([pattern]) => pattern.test(name));
    if (!rule || type !== 'file') throw new Error('it has an entry that no backup has');
    if (size > rule[1]) throw new Error(`its entry ${name} is too large`);
    if (this.sums.has(name)) throw new Error(`its entry ${name} is there twice`);
    if (this.listed !== undefined) throw new Error('it goes on after its end');
    if ((name === 'head.json') !== (this.sums.size === 0)) throw new Error('it does not begin with its head');
    const hash = createHash('sha256');
    const content = this.hashed(body, hash);
    // Known to be there twice even if it cannot be read to its end.
    this.sums.set(name, '');
    const [folder, ...rest] = name.split('/') as [string, ...string[]];
    if (folder === 'media') await this.take(() => this.taker.file(Number(rest[0]), rest[1]!, content));
    else await this.small(name, folder, rest, await bufferOf(content));
    const sum = hash.digest('hex');
    this.sums.set(name, sum);
    if (folder === 'media') {
      this.files.set(rest.join('/'), sum);
      this.fileBytes += size;
    }
  }

  /** @throws StartError when something is missing, or is not what it was */
  end(path: string): Archive {
    const refuse = (what: string): never => {
      throw new StartError(`${path} is no whole backup: ${what}.`);
    };
    const { head, manifest, listed, sums } = this;
    if (!head || !manifest || listed === undefined) return refuse('its end is missing');
    sums.delete('SHA256SUMS');
    if (listed !== [...sums].map(([name, sum]) => `${sum}  ${name}\n`).join(''))
      return refuse('its entries are not those it was written with');
    const found = [...this.tables].map(([name, { hash, rows, bytes }]) => ({ name, rows, bytes, sha256: hash.digest('hex') }));
    const told = manifest.tables.filter(({ bytes }) => bytes > 0).map(({ name, rows, bytes, sha256 }) => ({ name, rows, bytes, sha256 }));
    if (JSON.stringify(found) !== JSON.stringify(told)) return refuse('its tables are not those it tells of');
    if (this.files.size !== manifest.files.count || this.fileBytes !== manifest.files.bytes)
      return refuse('its files are not those it tells of');
    if (head.key.included !== (this.secretKey !== null)) return refuse('it has not the key it tells of');
    return { head, manifest, secretKey: this.secretKey, files: this.files };
  }

  private async small(name: string, folder: string, [table = '', piece = '']: readonly string[], content: Buffer): Promise<void> {
    if (folder === 'tables') return this.rows(table, Number.parseInt(piece, 10), content);
    if (name === 'head.json') {
      this.head = headOf(content);
      this.taker.head?.(this.head);
    } else if (name === 'secret-key') this.secretKey = content.toString('utf8').trim();
    else if (name === 'manifest.json') this.manifest = JSON.parse(content.toString('utf8')) as Manifest;
    else this.listed = content.toString('utf8');
  }

  private async rows(name: string, piece: number, content: Buffer): Promise<void> {
    let table = this.tables.get(name);
    if (!table) this.tables.set(name, (table = { hash: createHash('sha256'), rows: 0, bytes: 0, pieces: 0 }));
    table.pieces += 1;
    if (piece !== table.pieces || [...this.tables.keys()].at(-1) !== name) throw new Error('its tables are out of order');
    const text = await unpack(content, { maxOutputLength: MAX_PIECE_BYTES });
    table.hash.update(text);
    table.bytes += text.length;
    table.rows += rowsIn(text);
    await this.take(() => this.taker.rows(name, text));
  }

  private async *hashed(content: AsyncIterable<Uint8Array>, hash: ReturnType<typeof createHash>): AsyncGenerator<Buffer> {
    try {
      for await (const chunk of content) {
        hash.update(chunk);
        yield Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
      }
    } catch (error) {
      // The taker passes it on, and it is the archive's fault all the same.
      this.taking = false;
      throw error;
    }
  }

  private async take(act: () => Promise<void>): Promise<void> {
    this.taking = true;
    await act();
    this.taking = false;
  }
}

/** How many rows end in a text of COPY: each does with a newline, and a newline in a value is written as \n. */
export function rowsIn(text: Buffer): number {
  let rows = 0;
  for (let end = text.indexOf(10); end !== -1; end = text.indexOf(10, end + 1)) rows += 1;
  return rows;
}

/** @throws StartError for what is no backup, or one of a later form */
function headOf(content: Buffer): Head {
  const head = JSON.parse(content.toString('utf8')) as Partial<Head>;
  if (head.format !== 'markaz-backup') throw new StartError('This is no backup of Markaz.');
  if (head.formatVersion !== 1) throw new StartError('This backup was written by a newer release of Markaz: restore it with that one.');
  return head as Head;
}

async function bufferOf(content: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of content) chunks.push(chunk);
  return Buffer.concat(chunks);
}
