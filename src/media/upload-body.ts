import type { IncomingMessage } from 'node:http';
import { Busboy, type BusboyFileStream, type BusboyHeaders } from '@fastify/busboy';
import { Problem, type Sentence } from '../http/problem.js';
import { unsupportedType } from '../http/forms.js';

/** The largest file that is taken: 20 MB, as editors count them. In bytes. */
const MAX_UPLOAD = 20 * 1024 * 1024;
/** Boundaries and headers of the one part. In bytes. */
const AROUND = 16 * 1024;
/** Of a body that is refused so much is still read, so that its sender finds the answer; beyond, the connection is closed. In bytes. */
const READ_ON = 64 * 1024 * 1024;

/** The one file of an upload, as it comes. */
export interface IncomingFile {
  /** As the client calls it: anything, and no part of any path. */
  readonly name: string;
  /** Fails when the upload breaks off. */
  readonly content: AsyncIterable<Buffer>;
  /** Resolves when the whole body was as it must be. */
  readonly complete: Promise<void>;
}

/**
 * Reads a `multipart/form-data` body (RFC 7578) of exactly one part: the file `file`.
 * @param request whose body nobody has begun to read
 * @param take reads the content to its end, or throws; nothing of it may last before `complete`
 * @throws Problem 400 `malformed_upload`, 413 `file_too_large`, 415; whatever `take` throws
 */
export async function receiveFile<Taken>(request: IncomingMessage, take: (file: IncomingFile) => Promise<Taken>): Promise<Taken> {
  if (Number(request.headers['content-length'] ?? 0) > MAX_UPLOAD + AROUND) throw tooLarge(request);
  const parser = parserOf(request);
  let taken: Promise<Taken> | undefined;
  let file: BusboyFileStream | undefined;
  const complete = new Promise<void>((resolve, reject) => {
    parser.on('file', (field, content, name) => {
      file = content;
      // The stream tells of the same fault as the parser; unheard it would end the process.
      content.on('error', reject);
      content.on('limit', () => reject(tooLarge(request)));
      if (field !== 'file') return reject(malformed('one_file'));
      taken = take({ name, content, complete });
      taken.catch(reject);
    });
    parser.on('field', () => reject(malformed('one_file')));
    parser.on('partsLimit', () => reject(malformed('one_file')));
    parser.on('error', () => reject(malformed('unreadable')));
    parser.on('finish', resolve);
    const brokenOff = (): void => (request.complete ? undefined : reject(malformed('unreadable')));
    request.on('error', brokenOff);
    request.on('close', brokenOff);
    // It may have gone while it waited for its turn.
    if (request.destroyed) brokenOff();
    else request.pipe(parser);
  });
  try {
    await complete;
    if (taken === undefined) throw malformed('required');
    return await taken;
  } catch (error) {
    request.unpipe(parser);
    // Whoever still reads it learns that no more will come, and has cleared away what there is before the answer goes out.
    file?.destroy(error as Error);
    await taken?.catch(() => undefined);
    throw error;
  } finally {
    request.resume();
  }
}

function parserOf({ headers }: IncomingMessage): InstanceType<typeof Busboy> {
  if (!/^multipart\/form-data\s*(;|$)/i.test(headers['content-type'] ?? '')) throw unsupportedType('multipart/form-data');
  try {
    return new Busboy({
      headers: headers as BusboyHeaders,
      limits: { parts: 1, fieldSize: 1_024, fileSize: MAX_UPLOAD, headerPairs: 20, headerSize: 8 * 1024 },
    });
  } catch {
    // No boundary, or one that no boundary looks like.
    throw malformed('unreadable');
  }
}

const WORDS: Readonly<Record<'required' | 'one_file' | 'unreadable', Sentence>> = {
  required: { ar: 'أرفق ملفًا غير فارغ في الجزء file.', en: 'Send a file that is not empty, as the part file.' },
  one_file: { ar: 'يُقبل ملف واحد في الجزء file، ولا شيء معه.', en: 'One file is taken, as the part file, and nothing beside it.' },
  unreadable: { ar: 'لم يصل المتن كاملًا وسليمًا.', en: 'The body did not come whole and well-formed.' },
};

/** The body is not what an upload is. @param rule which of its rules it breaks */
export function malformed(rule: keyof typeof WORDS): Problem {
  const message = WORDS[rule];
  return new Problem(400, 'malformed_upload', message, { errors: [{ field: 'file', rule, message }] });
}

function tooLarge({ headers }: IncomingMessage): Problem {
  const message = { ar: 'أكبر ملف يُقبل 20 ميغابايت.', en: 'The largest file that is taken is 20 MB.' };
  const more = Number(headers['content-length'] ?? 0) > READ_ON ? { headers: { connection: 'close' } } : {};
  return new Problem(413, 'file_too_large', message, { errors: [{ field: 'file', rule: 'size', message }], ...more });
}
