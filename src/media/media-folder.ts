import { createReadStream } from 'node:fs';
import { lstat, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';

/** A file as it lies in storage, whatever the rows say. */
export interface StoredFile {
  readonly id: number;
  readonly name: string;
  readonly bytes: number;
  /** When it was last written. */
  readonly modifiedAt: Date;
}

/** `DATA_DIR/media/<id>/<name>` as a backup, a restore and the doctor see it: all files there are, with no knowledge of rows. */
export class MediaFolder {
  readonly path: string;

  constructor(dataDir: string) {
    this.path = join(dataDir, 'media');
  }

  /** Every file below it, in no order. What somebody else put there has the id 0 and its path for a name. */
  async *list(): AsyncGenerator<StoredFile> {
    for (const folder of await namesIn(this.path)) {
      const id = /^[1-9]\d{0,9}$/.test(folder) ? Number(folder) : 0;
      const names = await namesIn(join(this.path, folder));
      if (id === 0 && names.length === 0) yield* this.found(0, folder, folder);
      for (const name of names) yield* this.found(id, id === 0 ? `${folder}/${name}` : name, join(folder, name));
    }
  }

  read(id: number, name: string): Readable {
    return createReadStream(this.at(id, name));
  }

  /** Writes a file whole and to disk, or not at all; one that is there is replaced. */
  async put(id: number, name: string, content: AsyncIterable<Uint8Array>): Promise<void> {
    const target = this.at(id, name);
    await mkdir(join(this.path, String(id)), { recursive: true, mode: 0o700 });
    const draft = `${target}.part`;
    const file = await open(draft, 'w', 0o600);
    try {
      for await (const chunk of content) await file.writeFile(chunk);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, target);
  }

  /** Removes a media with all its files. */
  async remove(id: number): Promise<void> {
    await rm(join(this.path, String(id)), { recursive: true, force: true });
  }

  private at(id: number, name: string): string {
    if (!/^[a-z0-9]+[.][a-z0-9]+$/.test(name)) throw new Error('not the name of a stored file');
    return join(this.path, String(id), name);
  }

  private async *found(id: number, name: string, path: string): AsyncGenerator<StoredFile> {
    try {
      const { size, mtime } = await lstat(join(this.path, path));
      yield { id, name, bytes: size, modifiedAt: mtime };
    } catch (error) {
      // Removed since its folder was read.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
}

async function namesIn(path: string): Promise<string[]> {
  try {
    return await readdir(path);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return [];
    throw error;
  }
}
