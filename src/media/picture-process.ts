/**
 * The process that looks into uploaded pictures, and nothing else does: what a decoder can be made to do by a picture, it does here, beside
 * no session and no connection to the database. It is started for one task, told it by its parent (picture-launcher.ts), and gone when it has answered.
 */
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { setPriority } from 'node:os';
import { join } from 'node:path';
import sharp, { type Sharp } from 'sharp';
import type { UploadType } from './file-types.js';
import { renditionsOf } from './renditions.js';

/** Takes an upload in, or makes the renditions of what was taken in. */
export type PictureTask =
  | {
      readonly act: 'take';
      readonly folder: string;
      readonly from: string;
      readonly type: Exclude<UploadType, 'pdf'>;
      readonly memory: number;
    }
  | { readonly act: 'render'; readonly folder: string; readonly from: string; readonly memory: number };

/** A file that was made, and is on the disk. */
export interface MadeFile {
  readonly name: string;
  readonly type: string;
  readonly width: number;
  readonly height: number;
  readonly bytes: number;
  /** In hexadecimal. */
  readonly sha256: string;
}

/** Why no file was made: the picture's fault, or the disk's. */
export type PictureFault = 'unreadable' | 'too_large' | 'animated' | 'storage_full' | 'memory';

export type PictureAnswer = { readonly made: readonly MadeFile[] } | { readonly fault: PictureFault };

/** Above it a picture is refused, from its header, before anything of it is unpacked. Twice what cameras of newspapers make. */
const MAX_PIXELS = 40_000_000;
/** What is kept: more than any screen shows, and room for a crop. Pixels of the long side. */
const MAX_SIDE = 4_096;
/** Before a PNG's data; what programs write has a few dozen, and each costs a read. */
const MAX_CHUNKS = 1_000;
const WATCH_MS = 20;

class Refused extends Error {
  constructor(readonly fault: PictureFault) {
    super(fault);
  }
}

// Of all that libvips can read only these: the others are where its holes were.
sharp.block({ operation: ['VipsForeignLoad'] });
sharp.unblock({
  operation: ['VipsForeignLoadJpegFile', 'VipsForeignLoadPngFile', 'VipsForeignLoadWebpFile', 'VipsForeignLoadHeifFile'],
});
// The libraries make files for everybody to read.
process.umask(0o077);
sharp.cache(false);
sharp.concurrency(1);

process.once('message', (task: PictureTask) => void answer(task));
// Nobody waits for it any more: it ends at once, whatever its threads are at.
process.once('disconnect', () => process.kill(process.pid, 'SIGKILL'));

async function answer(task: PictureTask): Promise<void> {
  // Readers and the desk come first.
  setPriority(task.act === 'take' ? 10 : 19);
  const watch = setInterval(() => {
    if (process.memoryUsage.rss() > task.memory) tell({ fault: 'memory' });
  }, WATCH_MS);
  try {
    tell({ made: task.act === 'take' ? [await take(task)] : await render(task) });
  } catch (error) {
    tell({ fault: faultOf(error) });
  } finally {
    clearInterval(watch);
  }
}

/** The first word counts: the parent ends the process when it has it. */
function tell(said: PictureAnswer): void {
  process.send!(said);
}

/** libvips gives its errors as sentences, and the system's within them. */
function faultOf(error: unknown): PictureFault {
  if (error instanceof Refused) return error.fault;
  return /No space left on device|Disk quota exceeded|ENOSPC|EDQUOT|File too large/.test(String(error)) ? 'storage_full' : 'unreadable';
}

/**
 * Decodes the upload and writes it anew: upright, sRGB, 8 bits, without whatever else was in the file. So nothing of the upload itself is
 * kept, and no second file can hide in it.
 */
async function take({ folder, from, type }: PictureTask & { act: 'take' }): Promise<MadeFile> {
  const path = join(folder, from);
  if ((type === 'png' && (await isAnimatedPng(path))) || (type === 'avif' && (await isSequence(path)))) throw new Refused('animated');
  const { format, width, height, pages = 1, hasAlpha } = await sharp(path, { limitInputPixels: false }).metadata();
  if (format !== (type === 'avif' ? 'heif' : type)) throw new Refused('unreadable');
  if (pages > 1) throw new Refused('animated');
  if (width * height > MAX_PIXELS) throw new Refused('too_large');
  const picture = sharp(path, { limitInputPixels: MAX_PIXELS, sequentialRead: true, failOn: 'warning' })
    .autoOrient()
    .resize({ width: MAX_SIDE, height: MAX_SIDE, fit: 'inside', withoutEnlargement: true })
    .toColourspace('srgb');
  // A PNG is a chart or a drawing more often than not, and stays exact.
  return type === 'png' || hasAlpha
    ? write(folder, { name: 'original.png', type: 'image/png' }, picture.png({ compressionLevel: 6 }))
    : write(folder, { name: 'original.jpg', type: 'image/jpeg' }, picture.jpeg({ quality: 92, chromaSubsampling: '4:4:4' }));
}

/** One after another: the memory of one, and the first error ends it. */
async function render({ folder, from }: PictureTask & { act: 'render' }): Promise<MadeFile[]> {
  const path = join(folder, from);
  const made: MadeFile[] = [];
  for (const { name, type, width, height } of renditionsOf(await sharp(path).metadata())) {
    const picture = sharp(path, { limitInputPixels: MAX_PIXELS, sequentialRead: true }).resize({ width, height, fit: 'fill' });
    // At effort 2 AVIF takes a third of the time of the usual 4, for a tenth more bytes.
    const encoded = type === 'image/avif' ? picture.avif({ quality: 50, effort: 2 }) : picture.webp({ quality: 80 });
    made.push(await write(folder, { name, type }, encoded));
  }
  return made;
}

/** Under another name until it is whole and on the disk. */
async function write(folder: string, { name, type }: { name: string; type: string }, picture: Sharp): Promise<MadeFile> {
  const draft = join(folder, `making-${process.pid}.part`);
  await rm(draft, { force: true });
  try {
    const { width, height } = await picture.toFile(draft);
    const hash = createHash('sha256');
    let bytes = 0;
    const file = await open(draft, constants.O_RDONLY | constants.O_NOFOLLOW);
    try {
      for await (const chunk of file.createReadStream({ autoClose: false }) as AsyncIterable<Buffer>) {
        hash.update(chunk);
        bytes += chunk.length;
      }
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, join(folder, name));
    const within = await open(folder, constants.O_RDONLY);
    await within.sync().finally(() => within.close());
    return { name, type, width, height, bytes, sha256: hash.digest('hex') };
  } finally {
    await rm(draft, { force: true });
  }
}

/** Whether a chunk acTL stands before the first IDAT (PNG, third edition, 11.3.6.1); libvips reads the first frame and says nothing. */
async function isAnimatedPng(path: string): Promise<boolean> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    const head = Buffer.alloc(8);
    for (let at = 8, chunks = 0; (await file.read(head, 0, 8, at)).bytesRead === 8; at += 12 + head.readUInt32BE(0), chunks += 1) {
      if (chunks > MAX_CHUNKS) throw new Refused('unreadable');
      const chunk = head.toString('latin1', 4, 8);
      if (chunk === 'acTL') return true;
      if (chunk === 'IDAT') return false;
    }
    return false;
  } finally {
    await file.close();
  }
}

/** An AVIF of the major brand avis is a film. */
async function isSequence(path: string): Promise<boolean> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    const head = Buffer.alloc(12);
    await file.read(head, 0, 12, 0);
    return head.toString('latin1', 8, 12) === 'avis';
  } finally {
    await file.close();
  }
}
