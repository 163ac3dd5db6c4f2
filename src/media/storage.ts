import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, constants } from 'node:fs';
import { mkdir, open, readFile, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';

/** One file in storage, whatever the rows say. */
export interface StoredFile {
  /** Of the media it belongs to. */
  readonly id: number;
  readonly name: string;
  readonly bytes: number;
}

/** What a file turned out to be. */
export interface Written {
  readonly bytes: number;
  readonly sha256: Buffer;
}

/** A media's, by its id. */
const FOLDER = /^[1-9]\d{0,9}$/;
/** Names of ours, never a client's: `640.webp`, `upload.part`. */
const NAME = /^[a-z0-9-]{1,40}[.][a-z0-9]{1,8}$/;

/** The file that says whose files these are. */
const OWNER = 'center';

/** What lies there is not this center's, and may be another's: nothing is written or removed. */
export class ForeignStorage extends Error {
  constructor(path: string) {
    super(`${path} is another center's or has no file "${OWNER}": set another DATA_DIR, or bring the folder back whole`);
  }
}

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_RDONLY, O_WRONLY } = constants;

/**
 * The files of pictures and documents: a folder for each media, under DATA_DIR. It knows nothing of rows, and of names only that they are
 * ours; no path is ever made of what a client sent.
 */
export class Storage {
  /** @param root made when the first file comes */
  constructor(readonly root: string) {}

  /** The folder of a media: for the process that makes its files, and nobody else. */
  folderOf(id: number): string {
    if (!Number.isSafeInteger(id) || id < 1) throw new Error(`${id} is the id of no media`);
    return join(this.root, String(id));
  }

  /**
   * Makes sure that what lies here is this center's; where no files are yet, it becomes so.
   * @param center its own, of all centers @throws ForeignStorage
   */
  async claim(center: string): Promise<void> {
    const owner = await readFile(join(this.root, OWNER), 'utf8').catch(ifMissing);
    if (owner === center) return;
    const entries = (await readdir(this.root).catch(ifMissing)) ?? [];
    if (entries.some((name) => FOLDER.test(name))) throw new ForeignStorage(this.root);
    await this.mark(center);
  }

  /** Says that what lies here is this center's, whoever's it was. */
  async mark(center: string): Promise<void> {
    await mkdir(this.root, { recursive: true, mode: 0o700 });
    // Whole or not at all.
    const draft = join(this.root, `${OWNER}-${randomUUID()}`);
    try {
      const file = await open(draft, O_CREAT | O_EXCL | O_NOFOLLOW | O_WRONLY, 0o600);
      await file
        .writeFile(center)
        .then(() => file.sync())
        .finally(() => file.close());
      await rename(draft, join(this.root, OWNER));
    } finally {
      await rm(draft, { force: true });
    }
    await sync(this.root);
  }

  /** Makes the folder of a new media. @throws Error EEXIST when there is one, which is somebody else's */
  async begin(id: number): Promise<void> {
    await mkdir(this.root, { recursive: true, mode: 0o700 });
    await mkdir(this.folderOf(id), { mode: 0o700 });
    await sync(this.root);
  }

  /** Writes a new file, which is on the disk when it resolves. @throws Error EEXIST; ENOSPC and its like */
  async write(id: number, name: string, content: AsyncIterable<Buffer> | Iterable<Buffer>): Promise<Written> {
    const hash = createHash('sha256');
    let bytes = 0;
    const file = await open(this.path(id, name), O_CREAT | O_EXCL | O_NOFOLLOW | O_WRONLY, 0o600);
    try {
      for await (const chunk of content) {
        hash.update(chunk);
        bytes += chunk.length;
        // Whole, or an error: a disk that fills up may take a part of it first.
        for (let written = 0; written < chunk.length;) written += (await file.write(chunk, written)).bytesWritten;
      }
      await file.sync();
    } finally {
      await file.close();
    }
    await sync(this.folderOf(id));
    return { bytes, sha256: hash.digest() };
  }

  /** Gives a file of the media another name, for good. */
  async rename(id: number, from: string, to: string): Promise<void> {
    await rename(this.path(id, from), this.path(id, to));
    await sync(this.folderOf(id));
  }

  /** @throws Error ENOENT before the first byte, never after */
  async read(id: number, name: string): Promise<Readable> {
    const path = this.path(id, name);
    const file = await open(path, O_RDONLY | O_NOFOLLOW);
    return createReadStream(path, { fd: file });
  }

  async removeFile(id: number, name: string): Promise<void> {
    await rm(this.path(id, name), { force: true });
  }

  /** Removes all files of a media; nothing, where there are none. */
  async remove(id: number): Promise<void> {
    await rm(this.folderOf(id), { recursive: true, force: true });
    await sync(this.root).catch(ifMissing);
  }

  /** Removes what else lies in the folder: what somebody left there who was interrupted. */
  async keepOnly(id: number, names: readonly string[]): Promise<void> {
    for (const name of await readdir(this.folderOf(id))) {
      if (!names.includes(name)) await rm(join(this.folderOf(id), name), { recursive: true, force: true });
    }
  }

  /** Everything that lies there, by id. Empty folders, and what has no name of ours, are told with 0 bytes: nothing may lie there unseen. */
  async *list(): AsyncIterable<StoredFile> {
    for (const folder of (await readdir(this.root).catch(ifMissing)) ?? []) {
      // Every ext4 volume has lost+found at its top, and one may be mounted here.
      if (folder === 'lost+found' || folder.startsWith(OWNER)) continue;
      const id = FOLDER.test(folder) ? Number(folder) : 0;
      const names = id === 0 ? [] : await readdir(this.folderOf(id)).catch(ifMissing);
      // Gone while we looked.
      if (names === undefined) continue;
      if (names.length === 0) yield { id, name: id === 0 ? folder : '', bytes: 0 };
      for (const name of names) {
        const found = await stat(join(this.root, folder, name)).catch(ifMissing);
        if (found) yield { id, name, bytes: found.isFile() ? found.size : 0 };
      }
    }
  }

  private path(id: number, name: string): string {
    if (!NAME.test(name)) throw new Error('no name of a stored file');
    return join(this.folderOf(id), name);
  }
}

/** Whether it failed because the disk, or what we may use of it, is full. */
export function isFull(error: unknown): boolean {
  return ['ENOSPC', 'EDQUOT', 'EFBIG'].includes((error as NodeJS.ErrnoException | null)?.code ?? '');
}

/** A name is on the disk when its folder is. */
async function sync(folder: string): Promise<void> {
  const handle = await open(folder, O_RDONLY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function ifMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
  return undefined;
}
