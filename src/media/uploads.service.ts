import type { IncomingMessage } from 'node:http';
import { Injectable, Logger } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { EditorActor } from '../access/access.js';
import { AuditService } from '../audit/audit.service.js';
import { inTransaction } from '../database/transaction.js';
import { Busy, Turns } from '../database/turns.js';
import { Problem, type Sentence } from '../http/problem.js';
import { RateLimits, tooManyTries } from '../http/rate-limits.js';
import { fieldRefused } from '../http/refusals.js';
import { UncleanText, cleanLine } from '../text/clean.js';
import { HEAD_BYTES, uploadTypeOf, type UploadType } from './file-types.js';
import { LEASE_S, messageOf, underLease } from './lease.js';
import type { MadeFile } from './picture-process.js';
import { ownStorage } from './own-storage.js';
import { NoProcess, PictureRefused, Pictures } from './pictures.js';
import { DOCUMENT_NAME } from './renditions.js';
import { ForeignStorage, Storage, isFull } from './storage.js';
import { malformed, receiveFile, type IncomingFile } from './upload-body.js';

/** So many are received at once; their bytes lie on the disk, 20 MB each, and two are looked into. The others wait unread. */
const AT_ONCE = 32;
/** Of these, of one editor: whoever sends many over a slow line holds up nobody else. */
const OF_ONE_EDITOR = 4;
/** For either turn. Shorter than a request may take to come. */
const PATIENCE_MS = 15_000;
/** Of one editor: a whole archive's pictures in a day's work. */
const PER_HOUR = 600;

/** What lies there while the upload is looked into. */
const UPLOAD = 'upload.part';

/** Takes files in. Its row is committed before the first byte of a file is written, and deleted after the last is gone. */
@Injectable()
export class MediaUploads {
  private readonly logger = new Logger('Uploads');
  private readonly turns = new Turns(AT_ONCE, PATIENCE_MS);
  /** By editor; so few that none is ever taken out. */
  private readonly own = new Map<number, Turns>();

  constructor(
    private readonly dataSource: DataSource,
    private readonly storage: Storage,
    private readonly pictures: Pictures,
    private readonly limits: RateLimits,
    private readonly audit: AuditService,
  ) {}

  /**
   * @param request whose body nobody has read
   * @returns the new media's id
   * @throws Problem 400 and 413 as {@link receiveFile}; 415 `unsupported_media_type`, `unsupported_file`; 422 `picture_unreadable`,
   *   `picture_too_large`, `picture_too_demanding`, `picture_animated`, `document_truncated`; 429; 503 `busy`, `storage_unavailable`;
   *   507 `storage_full`
   */
  async take(actor: EditorActor, request: IncomingMessage): Promise<number> {
    const wait = await this.limits.claim({ name: 'media upload', of: String(actor.editor.id), limit: PER_HOUR, seconds: 3_600 });
    if (wait !== null) throw tooManyTries(wait);
    let own = this.own.get(actor.editor.id);
    if (!own) this.own.set(actor.editor.id, (own = new Turns(OF_ONE_EDITOR, PATIENCE_MS)));
    try {
      return await own.during(() => this.turns.during(() => receiveFile(request, (file) => this.keep(actor, file))));
    } catch (error) {
      if (error instanceof Busy) throw busy();
      throw isFull(error) ? storageFull() : error;
    }
  }

  private async keep(actor: EditorActor, file: IncomingFile): Promise<number> {
    const { head, content } = await withHead(file.content);
    if (head.length === 0) throw malformed('required');
    const type = uploadTypeOf(head);
    if (type === null) throw unsupportedFile();
    await this.ours(() => ownStorage(this.dataSource, this.storage));
    const id = await this.arrive(actor, file.name, type);
    return underLease(this.dataSource, this.logger, { id, state: 'arriving' }, async () => {
      try {
        await this.ours(() => this.storage.begin(id));
        const kept = await this.store(id, type, content);
        await file.complete;
        await this.settle(actor, id, type, kept);
        return id;
      } catch (error) {
        throw await this.forget(id, error);
      }
    });
  }

  /** @throws Unavailable where what lies in storage is not ours */
  private async ours(begin: () => Promise<void>): Promise<void> {
    try {
      await begin();
    } catch (error) {
      if (!(error instanceof ForeignStorage) && (error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      this.logger.error(`no upload can be taken: ${messageOf(error)}`);
      throw new Unavailable();
    }
  }

  /** A transaction of its own, so that the row is there before the file. */
  private async arrive(actor: EditorActor, name: string, type: UploadType): Promise<number> {
    const [{ id }] = await this.dataSource.query<[{ id: number }]>(
      `insert into media (kind, file_name, created_by, due_at) values ($1, $2, $3, now() + make_interval(secs => $4)) returning id`,
      [type === 'pdf' ? 'document' : 'picture', shownName(name), actor.editor.id, LEASE_S],
    );
    return id;
  }

  /** Writes the upload, and makes of it what is kept. */
  private async store(id: number, type: UploadType, content: AsyncIterable<Buffer>): Promise<Kept> {
    const tail = new Tail();
    const { bytes, sha256 } = await this.storage.write(id, UPLOAD, tail.of(content));
    if (type === 'pdf') {
      if (!tail.bytes.includes('%%EOF')) throw refused('document_truncated');
      await this.storage.rename(id, UPLOAD, DOCUMENT_NAME);
      return { name: DOCUMENT_NAME, type: 'application/pdf', width: null, height: null, bytes, sha256: sha256.toString('hex') };
    }
    try {
      const [made] = await this.pictures.make({ act: 'take', folder: this.storage.folderOf(id), from: UPLOAD, type });
      await this.storage.removeFile(id, UPLOAD);
      return made!;
    } catch (error) {
      if (error instanceof NoProcess) this.logger.error(error.message);
      throw error instanceof PictureRefused || error instanceof NoProcess ? problemOf(error) : error;
    }
  }

  /** From here on it is there. */
  private async settle(actor: EditorActor, id: number, type: UploadType, file: Kept): Promise<void> {
    await inTransaction(this.dataSource, async (tx) => {
      const [rows] = await tx.query<[{ fileName: string }[], number]>(
        `update media set state = $2, width = $3, height = $4, due_at = now() where id = $1 and state = 'arriving' returning file_name as "fileName"`,
        [id, type === 'pdf' ? 'ready' : 'due', file.width, file.height],
      );
      // Swept: this process was silent for longer than its lease.
      if (rows.length === 0) throw busy();
      await tx.query(
        `insert into media_files (media_id, name, type, width, height, bytes, sha256) values ($1, $2, $3, $4, $5, $6, decode($7, 'hex'))`,
        [id, file.name, file.type, file.width, file.height, file.bytes, file.sha256],
      );
      const after = { fileName: rows[0]!.fileName, type: file.type, bytes: file.bytes };
      await this.audit.record(tx, actor, { act: 'media.upload', object: { type: 'media', id }, after });
    });
  }

  /**
   * Files first, then the row: but nothing of an upload that is taken after all. What cannot be done now the sweep does when the
   * lease is over.
   * @returns what is to be answered
   */
  private async forget(id: number, reason: unknown): Promise<unknown> {
    try {
      const [, arriving] = await this.dataSource.query<[unknown, number]>(
        `update media set state = 'removed' where id = $1 and state = 'arriving'`,
        [id],
      );
      const taken = arriving === 0 && (await this.dataSource.query<unknown[]>(`select from media where id = $1`, [id])).length > 0;
      // Of an upload that is taken the files stay, and the folder that was there before ours is somebody else's.
      if (!taken && !(reason instanceof Unavailable)) await this.storage.remove(id);
      if (arriving > 0) await this.dataSource.query(`delete from media where id = $1`, [id]);
      else {
        // Swept, or the word that it was taken got lost: whatever went wrong then is no fault of the upload's.
        this.logger.warn(`media ${id} was ${taken ? 'taken' : 'swept'} meanwhile: ${messageOf(reason)}`);
        return busy();
      }
    } catch (error) {
      this.logger.warn(`media ${id} is left to the sweep: ${messageOf(error)}`);
    }
    return reason;
  }
}

/** What is kept of an upload. */
type Kept = Omit<MadeFile, 'width' | 'height'> & { readonly width: number | null; readonly height: number | null };

/** The first bytes, and everything with them again. */
async function withHead(content: AsyncIterable<Buffer>): Promise<{ head: Buffer; content: AsyncIterable<Buffer> }> {
  const chunks = content[Symbol.asyncIterator]();
  let head = Buffer.alloc(0);
  let done = false;
  while (!done && head.length < HEAD_BYTES) {
    const next = await chunks.next();
    done = next.done === true;
    if (!next.done) head = Buffer.concat([head, next.value]);
  }
  async function* whole(): AsyncIterable<Buffer> {
    yield head;
    for (let next = done ? null : await chunks.next(); next !== null && !next.done; next = await chunks.next()) yield next.value;
  }
  return { head: head.subarray(0, HEAD_BYTES), content: whole() };
}

/** Remembers the end of what goes through: readers of PDF look for its last line in the last 1,024 bytes. */
class Tail {
  bytes = Buffer.alloc(0);

  async *of(content: AsyncIterable<Buffer>): AsyncIterable<Buffer> {
    for await (const chunk of content) {
      this.bytes = Buffer.concat([this.bytes, chunk.subarray(-1_024)]).subarray(-1_024);
      yield chunk;
    }
  }
}

const MAX_NAME = 200;

/** The client's name as the desk shows it: one clean line, without the folders before it. */
function shownName(name: string): string {
  const last = name.split(/[/\\]/).at(-1)!;
  try {
    return [...cleanLine(last)].slice(0, MAX_NAME).join('').trim();
  } catch (error) {
    // What no clean name can be made of has none.
    if (error instanceof UncleanText) return '';
    throw error;
  }
}

const WORDS: Readonly<
  Record<'picture_unreadable' | 'picture_too_large' | 'picture_too_demanding' | 'picture_animated' | 'document_truncated', Sentence>
> = {
  picture_unreadable: { ar: 'الصورة ناقصة أو تالفة.', en: 'The picture is incomplete or damaged.' },
  picture_too_large: { ar: 'أكبر صورة تُقبل 40 مليون بكسل.', en: 'The largest picture that is taken has 40 million pixels.' },
  picture_too_demanding: {
    ar: 'تحتاج الصورة إلى ذاكرة أكبر من المتاح. احفظها بصيغة JPEG أو بأبعاد أصغر ثم ارفعها.',
    en: 'The picture needs more memory than there is. Save it as JPEG, or smaller, and upload that.',
  },
  picture_animated: { ar: 'تُقبل الصور الثابتة وحدها.', en: 'Only pictures that do not move are taken.' },
  document_truncated: { ar: 'ملف PDF غير كامل.', en: 'The PDF is incomplete.' },
};

function refused(code: keyof typeof WORDS): Problem {
  return fieldRefused(422, code, 'file', WORDS[code]);
}

const FAULTS = {
  too_large: 'picture_too_large',
  memory: 'picture_too_demanding',
  animated: 'picture_animated',
  unreadable: 'picture_unreadable',
  crashed: 'picture_unreadable',
} as const;

function problemOf(error: PictureRefused | NoProcess): Problem {
  // A machine that has too much to do: the picture may be sound.
  if (error instanceof NoProcess || error.fault === 'slow' || error.fault === 'ended') return busy();
  return error.fault === 'storage_full' ? storageFull() : refused(FAULTS[error.fault]);
}

function unsupportedFile(): Problem {
  const message = {
    ar: 'تُقبل صور JPEG وPNG وWebP وAVIF وملفات PDF وحدها.',
    en: 'Pictures are taken as JPEG, PNG, WebP and AVIF, documents as PDF.',
  };
  return new Problem(415, 'unsupported_file', message, { errors: [{ field: 'file', rule: 'type', message }] });
}

function busy(): Problem {
  return new Problem(
    503,
    'busy',
    { ar: 'ملفات كثيرة تُرفع الآن. أعد المحاولة بعد قليل.', en: 'Many files are being uploaded just now. Try again in a moment.' },
    { headers: { 'retry-after': '10' } },
  );
}

/** Somebody else's files lie where ours should. */
class Unavailable extends Problem {
  constructor() {
    const message = {
      ar: 'مجلد الملفات ليس لهذا المركز، فلا يُرفع إليه شيء. أبلغ من يدير الخادم.',
      en: 'The folder for files is not this center’s, so nothing is uploaded to it. Tell whoever runs the server.',
    };
    super(503, 'storage_unavailable', message, { headers: { 'retry-after': '60' } });
  }
}

function storageFull(): Problem {
  return new Problem(507, 'storage_full', {
    ar: 'لم يبق مكان للملفات. أبلغ من يدير الخادم.',
    en: 'There is no room left for files. Tell whoever runs the server.',
  });
}
