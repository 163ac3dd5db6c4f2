import { Readable } from 'node:stream';
import { Injectable } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { DataSource } from 'typeorm';
import { Reader, statement } from '../database/reader.js';
import { NotFound } from '../http/problem.js';
import { namesTag } from '../http/published.js';
import { Storage } from './storage.js';

/** A stored file on its way to somebody who may see it. */
export interface ServedFile {
  readonly type: string;
  readonly bytes: number;
  /** Strong, in quotes. */
  readonly etag: string;
  /** Under this name, for what no browser is to open by itself; null for pictures. */
  readonly attachment: string | null;
  /** @throws NotFound when it was removed meanwhile */
  open(): Promise<Readable>;
}

interface FileRow {
  readonly type: string;
  readonly bytes: number;
  readonly tag: string;
}

const NAME = /^[a-z0-9]{1,20}[.][a-z0-9]{1,8}$/;

const PUBLISHED_FILE = statement(`select type, bytes, tag from pub.media_files where media_id = $1 and name = $2`);

/** The files of pictures and documents, by the name under which they are served. */
@Injectable()
export class MediaFiles {
  constructor(
    private readonly dataSource: DataSource,
    private readonly reader: Reader,
    private readonly storage: Storage,
  ) {}

  /** For readers: while something public shows it, and no longer. @throws NotFound */
  async published(id: number, name: string): Promise<ServedFile> {
    if (!NAME.test(name)) throw new NotFound();
    return this.served(id, name, await this.reader.row<FileRow>(PUBLISHED_FILE, [id, name]));
  }

  /** Renditions and documents, public or not: the caller has decided who may see them. @throws NotFound */
  async kept(id: number, name: string): Promise<ServedFile> {
    if (!NAME.test(name)) throw new NotFound();
    const [row] = await this.dataSource.query<FileRow[]>(
      `select f.type, f.bytes, encode(substring(f.sha256 for 18), 'base64') as tag
       from media_files f join media m on m.id = f.media_id
       where f.media_id = $1 and f.name = $2 and f.name not like 'original.%' and m.state = 'ready'`,
      [id, name],
    );
    return this.served(id, name, row ?? null);
  }

  private served(id: number, name: string, row: FileRow | null): ServedFile {
    if (row === null) throw new NotFound();
    return {
      type: row.type,
      bytes: row.bytes,
      etag: `"${row.tag}"`,
      attachment: row.type === 'application/pdf' ? `document-${id}.pdf` : null,
      open: () =>
        this.storage.read(id, name).catch((error: NodeJS.ErrnoException) => {
          throw error.code === 'ENOENT' ? new NotFound() : error;
        }),
    };
  }
}

/** A file never changes under its address: another picture has another id. */
const CACHING = { immutable: 'public, max-age=31536000, immutable', private: 'private, no-store' } as const;

/** Whatever a file holds, as a page it may do nothing. */
const POLICY = "sandbox; default-src 'none'";

/**
 * Sends it, or 304 to who has it.
 * @param caching `private` for whatever not everybody may see
 * @param policy of the file as a page or a worker: for files of others the one that lets it do nothing
 */
export async function sendFile(
  reply: FastifyReply,
  file: ServedFile,
  caching: keyof typeof CACHING,
  policy = POLICY,
): Promise<FastifyReply> {
  const { method, headers } = reply.request;
  const known = headers['if-none-match'] !== undefined && namesTag(headers['if-none-match'], file.etag);
  const content = known || method === 'HEAD' ? undefined : await file.open();
  void reply.headers({
    etag: file.etag,
    'cache-control': CACHING[caching],
    'x-content-type-options': 'nosniff',
    'content-security-policy': policy,
  });
  if (file.attachment !== null) void reply.header('content-disposition', `attachment; filename="${file.attachment}"`);
  void reply.code(known ? 304 : 200);
  if (known && method !== 'HEAD') return reply.send();
  // To HEAD Fastify would give the length of what it is given, which is nothing.
  return reply
    .type(file.type)
    .header('content-length', file.bytes)
    .send(content ?? Readable.from([]));
}
