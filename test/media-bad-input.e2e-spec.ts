import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { connect, type AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { deflateSync, crc32 } from 'node:zlib';
import sharp, { type Sharp } from 'sharp';
import { Waker } from '../src/jobs/waker.js';
import { PictureRefused, Pictures } from '../src/media/pictures.js';
import { MediaUploads } from '../src/media/uploads.service.js';
import { Storage } from '../src/media/storage.js';
import { anEditor, type TestEditor } from './factories.js';
import { aPdf, aPicture, upload, uploaded } from './pictures.js';
import { startTestApp, type TestApp } from './test-app.js';

/** What comes to the one door that takes bytes: refused by a clear answer, and nothing of it is left. */

// Each picture is a process or two: a busy machine takes its time.
vi.setConfig({ testTimeout: 90_000 });

let world: TestApp;
let chief: TestEditor;
let port: number;
let folder: string;

beforeAll(async () => {
  world = await startTestApp();
  chief = await anEditor(world, 'chief');
  await world.app.listen(0, '127.0.0.1');
  port = (world.app.getHttpServer().address() as AddressInfo).port;
  folder = world.app.get(Storage).root;
});
afterAll(() => world.close());

/** Beside the file that says whose they are. */
const foldersOf = (): string[] => (existsSync(folder) ? readdirSync(folder).filter((name) => name !== 'center') : []).toSorted();

/** Rows, and files without one: after each refusal there are as many as before. */
async function kept(): Promise<{ rows: number; folders: string[] }> {
  const [{ rows }] = await world.dataSource.query<[{ rows: number }]>(`select count(*)::int as rows from media`);
  return { rows, folders: foldersOf() };
}

/** @returns status, code, and the field that is blamed */
async function refused(content: Buffer, name?: string): Promise<unknown[]> {
  const before = await kept();
  const { status, body } = await upload(world, chief, content, name);
  expect(await kept()).toEqual(before);
  return [status, body.code, (body.errors as { field: string }[] | undefined)?.map(({ field }) => field)];
}

/** Everything that is stored for it. */
function stored(id: number): { name: string; content: Buffer }[] {
  const own = world.app.get(Storage).folderOf(id);
  return readdirSync(own).map((name) => ({ name, content: readFileSync(join(own, name)) }));
}

async function rendered(content: Buffer, name?: string): Promise<{ name: string; content: Buffer }[]> {
  const { id } = await uploaded(world, chief, content, name);
  await world.app.get(Waker).run('media renditions');
  return stored(id);
}

function chunk(type: string, data: Buffer): Buffer {
  const typed = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  check.writeUInt32BE(crc32(typed));
  return Buffer.concat([length, typed, check]);
}

/** A PNG of one bit for each pixel, all black. @param before chunks that stand before its data */
function pngBomb(width: number, height: number, before = Buffer.alloc(0)): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = 1;
  const data = deflateSync(Buffer.alloc((1 + Math.ceil(width / 8)) * height));
  return Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), chunk('IHDR', header), before, chunk('IDAT', data), chunk('IEND', Buffer.alloc(0))]); // prettier-ignore
}

const HTML = '<html><script>alert(1)</script></html>';
const ZIP = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), Buffer.alloc(26), Buffer.from('evil.class'), Buffer.from('PK\x05\x06', 'latin1'), Buffer.alloc(18)]); // prettier-ignore

describe('what is no picture and no PDF', () => {
  it('is refused by its content, whatever it is called', async () => {
    const jpeg = await aPicture();
    const cases: Readonly<Record<string, Buffer>> = {
      'x.svg': Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'),
      'x.jpg': Buffer.from(`<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>`),
      'a.png': Buffer.from(HTML),
      'a.gif': await aPicture({}, (picture) => picture.gif()),
      'gifar.gif': Buffer.concat([Buffer.from('GIF89a'), Buffer.alloc(40), ZIP]),
      'b.webp': ZIP,
      'a.tiff': await aPicture({}, (picture) => picture.tiff()),
      'late.pdf': Buffer.concat([Buffer.from(HTML), aPdf()]),
      'late.jpg': Buffer.concat([Buffer.from('\n'), jpeg]),
      'riff.webp': Buffer.from('RIFF\0\0\0\0WAVEfmt '),
      'heic.avif': Buffer.from('\0\0\0\x18ftypheic\0\0\0\0mif1heic', 'latin1'),
      'raw.jpg': Buffer.alloc(2_000, 7),
      'one.jpg': Buffer.from('x'),
    };
    for (const [name, content] of Object.entries(cases))
      expect([name, ...(await refused(content, name))]).toEqual([name, 415, 'unsupported_file', ['file']]);
  });

  it('is told by its content where the name says something else', async () => {
    const { id } = await uploaded(world, chief, await aPicture({}, (picture) => picture.webp()), 'page.html');
    expect(stored(id).map(({ name }) => name)).toEqual(['original.jpg']);
  });
});

describe('a picture that is broken', () => {
  it('is refused, in each format, cut off anywhere', async () => {
    const formats: readonly ((picture: Sharp) => Sharp)[] = [
      (picture) => picture.jpeg(),
      (picture) => picture.png(),
      (picture) => picture.webp(),
      (picture) => picture.avif({ effort: 0 }),
    ];
    for (const [index, format] of formats.entries()) {
      const whole = await aPicture({}, format);
      for (const share of [0.02, 0.5, 0.98]) {
        const [status, code, fields] = await refused(whole.subarray(0, Math.max(70, Math.floor(whole.length * share))));
        expect([index, share, status, code, fields]).toEqual([index, share, 422, 'picture_unreadable', ['file']]);
      }
    }
    expect(await refused(aPdf().subarray(0, 60))).toEqual([422, 'document_truncated', ['file']]);
  });

  it('is refused from its header when it would unpack to more than 40 million pixels', async () => {
    const bomb = pngBomb(30_000, 30_000);
    expect(bomb.length).toBeLessThan(200_000);
    expect(await refused(bomb)).toEqual([422, 'picture_too_large', ['file']]);
    expect(await refused(pngBomb(8_001, 5_000))).toEqual([422, 'picture_too_large', ['file']]);
    expect(await refused(pngBomb(100_000, 100_000))).toEqual([422, expect.stringMatching(/^picture_(too_large|unreadable)$/), ['file']]);
  });

  it('is refused when it is little but empty chunks, which cost a read each', async () => {
    const empty = chunk('prVt', Buffer.alloc(0));
    expect(await refused(pngBomb(64, 64, Buffer.concat(Array.from({ length: 1_100 }, () => empty))))).toEqual([422, 'picture_unreadable', ['file']]); // prettier-ignore
    await uploaded(world, chief, pngBomb(64, 64, Buffer.concat(Array.from({ length: 900 }, () => empty))));
  });

  it('is refused when it moves', async () => {
    const frames = await Promise.all([1, 2].map(() => aPicture({ width: 40, height: 24 }, (picture) => picture.png())));
    const webp = await sharp(frames, { join: { animated: true } })
      .webp()
      .toBuffer();
    expect(await refused(webp)).toEqual([422, 'picture_animated', ['file']]);
    const control = Buffer.alloc(8);
    control.writeUInt32BE(2);
    expect(await refused(pngBomb(64, 64, Buffer.from(chunk('acTL', control))))).toEqual([422, 'picture_animated', ['file']]);
    const avif = await aPicture({}, (picture) => picture.avif({ effort: 0 }));
    expect(await refused(Buffer.concat([avif.subarray(0, 8), Buffer.from('avis'), avif.subarray(12)]))).toEqual([422, 'picture_animated', ['file']]); // prettier-ignore
  });

  it('ends its process when that needs more memory than it may, and nothing else', async () => {
    const { id } = await uploaded(world, chief, await aPicture({ width: 4_000, height: 3_000 }));
    const task = { act: 'render', folder: world.app.get(Storage).folderOf(id), from: 'original.jpg' } as const;
    await expect(new Pictures({ avif: 0, other: 70 * 1024 * 1024 }).make(task)).rejects.toEqual(new PictureRefused('memory'));
    expect(stored(id).filter(({ name }) => !/^(original|\d+)\./.test(name) && !name.endsWith('.part'))).toEqual([]);
    await world.dataSource.query(`update media set state = 'removed', due_at = now() where id = $1`, [id]);
    await world.app.get(Waker).run('media leftovers');
  });
});

describe('what is kept of a picture', () => {
  const SECRET = 'zqhidden';

  it('holds nothing but the picture: no place, no camera, no profile, no second file behind it', async () => {
    const exif = { IFD0: { Make: SECRET, Artist: SECRET }, IFD3: { GPSLatitude: '30/1 2/1 3/1', GPSLongitude: '31/1 2/1 3/1' } };
    const xmp = `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="${SECRET}"/></rdf:RDF></x:xmpmeta>`;
    const marked = (picture: Sharp): Sharp => picture.withIccProfile('p3').withExif(exif).withXmp(xmp);
    const trailer = Buffer.concat([ZIP, Buffer.from(`${HTML}${SECRET}`)]);
    const formats: readonly ((picture: Sharp) => Sharp)[] = [
      (picture) => marked(picture).jpeg(),
      (picture) => marked(picture).png(),
      (picture) => marked(picture).webp(),
      (picture) => marked(picture).avif({ effort: 0 }),
    ];
    for (const format of formats) {
      const source = await aPicture({}, format);
      expect(source.includes(SECRET)).toBe(true);
      const files = await rendered(Buffer.concat([source, trailer]));
      expect(files).toHaveLength(3);
      for (const { name, content } of files) {
        const { exif: left, icc, xmp: told, iptc, orientation, space } = await sharp(content).metadata();
        expect([name, left, icc, told, iptc, orientation, space]).toEqual([name, undefined, undefined, undefined, undefined, undefined, 'srgb']); // prettier-ignore
        for (const trace of [SECRET, '<script', 'PK\x03\x04']) expect([name, trace, content.includes(trace, 0, 'latin1')]).toEqual([name, trace, false]); // prettier-ignore
      }
    }
  });

  it('is upright, however the camera was held', async () => {
    // Left half red, upper half of it lighter: tells all eight apart.
    const half = (width: number, height: number, background: string): Promise<Buffer> =>
      sharp({ create: { width, height, channels: 3, background } })
        .png()
        .toBuffer();
    const upright = await sharp({ create: { width: 80, height: 40, channels: 3, background: '#0000ff' } })
      .composite([
        { input: await half(40, 40, '#ff0000'), left: 0, top: 0 },
        { input: await half(40, 20, '#ffffff'), left: 0, top: 0 },
      ])
      .png()
      .toBuffer();
    // EXIF 2.3, 4.6.4 A: what was done to the picture. sharp mirrors before it turns, in whichever order it is told.
    const stored8: Readonly<Record<number, (picture: Sharp) => Sharp>> = {
      1: (picture) => picture,
      2: (picture) => picture.flop(),
      3: (picture) => picture.rotate(180),
      4: (picture) => picture.flip(),
      5: (picture) => picture.rotate(270).flop(),
      6: (picture) => picture.rotate(270),
      7: (picture) => picture.rotate(90).flop(),
      8: (picture) => picture.rotate(90),
    };
    for (const [orientation, turned] of Object.entries(stored8)) {
      const pixels = await turned(sharp(upright)).png().toBuffer();
      const source = await sharp(pixels)
        .withMetadata({ orientation: Number(orientation) })
        .jpeg({ quality: 100, chromaSubsampling: '4:4:4' })
        .toBuffer();
      const { id } = await uploaded(world, chief, source);
      const { content } = stored(id)[0]!;
      const { data, info } = await sharp(content).raw().toBuffer({ resolveWithObject: true });
      const at = (x: number, y: number): string =>
        [0, 1, 2].map((n) => (data[(y * info.width + x) * info.channels + n]! > 128 ? 1 : 0)).join('');
      expect([orientation, info.width, info.height, at(10, 10), at(10, 30), at(70, 20)]).toEqual([
        orientation,
        80,
        40,
        '111',
        '100',
        '001',
      ]);
    }
  });

  it('is sRGB of 8 bits, from CMYK, 16 bits, grey and palettes, and keeps its transparency', async () => {
    const cases: Readonly<Record<string, [(picture: Sharp) => Sharp, string, number]>> = {
      cmyk: [(picture) => picture.toColourspace('cmyk').jpeg(), 'original.jpg', 3],
      deep: [(picture) => picture.toColourspace('rgb16').png(), 'original.png', 3],
      palette: [(picture) => picture.png({ palette: true, colours: 8 }), 'original.png', 3],
      grey: [(picture) => picture.greyscale().jpeg(), 'original.jpg', 3],
      alpha: [(picture) => picture.ensureAlpha(0.5).webp(), 'original.png', 4],
    };
    for (const [what, [format, name, channels]] of Object.entries(cases)) {
      const files = await rendered(await aPicture({}, format));
      const original = files.find((file) => file.name === name);
      const told = original && (await sharp(original.content).metadata());
      expect([what, told?.space, told?.depth, told?.channels]).toEqual([what, 'srgb', 'uchar', channels]);
      if (what === 'alpha') for (const { content } of files) expect((await sharp(content).metadata()).hasAlpha).toBe(true);
    }
  });

  it('is at most 4,096 pixels long', async () => {
    const { id } = await uploaded(world, chief, await aPicture({ width: 6_000, height: 300 }));
    const { body } = await world.as(chief).get(`/api/v1/desk/media/${id}`).expect(200);
    expect([body.width, body.height]).toEqual([4_096, 205]);
  });
});

describe('a name', () => {
  it('is shown clean, and is never part of a path', async () => {
    const names: Readonly<Record<string, string>> = {
      '../../../../etc/passwd': 'passwd',
      '..\\..\\evil.jpg': 'evil.jpg',
      '/abs/x.jpg': 'x.jpg',
      '..': '',
      'gpj.\u202Eexe.jpg': 'gpj.exe.jpg',
      'a\u0000b.jpg': '',
      [`${'ط'.repeat(500)}.jpg`]: 'ط'.repeat(200),
    };
    for (const [name, shown] of Object.entries(names)) {
      const { status, body } = await raw(partOf(name, aPdf()));
      expect([name, status, body.fileName]).toEqual([name, 201, shown]);
    }
  });

  it('of five thousand strange ones leaves nothing outside the folder of media', async () => {
    await world.dataSource.query(`delete from rate_buckets`);
    const bits = ['..', '/', '\\', '%2e%2e', '\0', '\u202e', 'C:', '~', '.htaccess', 'con', ' ', '\n', 'ص', '😀', '\ufeff', "'", '"', ';', '$(x)', '`', '|', '.', 'a'.repeat(300)]; // prettier-ignore
    const random = mulberry(20_261_123);
    const name = (): string =>
      Array.from({ length: 1 + Math.floor(random() * 8) }, () => bits[Math.floor(random() * bits.length)]).join('');
    const outside = (): string[] => [...readdirSync(dirname(folder)), ...readdirSync(dirname(dirname(folder))).filter((entry) => !entry.startsWith('markaz-'))].toSorted(); // prettier-ignore
    const before = outside().filter((entry) => /passwd|htaccess|evil|[.]{2}/.test(entry));
    const keep = (world.app.get(MediaUploads) as unknown as { keep: (...args: unknown[]) => Promise<number> }).keep.bind(world.app.get(MediaUploads)); // prettier-ignore
    const actor = { editor: { id: chief.id, name: 'م', role: 'chief', sections: [] }, requestId: null };
    const pdf = aPdf();
    for (let n = 0; n < 5_000; n += 50) {
      await Promise.all(
        Array.from({ length: 50 }, () => keep(actor, { name: name(), content: (async function* () { yield pdf; })(), complete: Promise.resolve() })), // prettier-ignore
      );
    }
    expect(outside().filter((entry) => /passwd|htaccess|evil|[.]{2}/.test(entry))).toEqual(before);
    const strange = readdirSync(folder).filter(
      (entry) => entry !== 'center' && (!/^\d+$/.test(entry) || readdirSync(join(folder, entry)).join() !== 'document.pdf'),
    );
    expect(strange.filter((entry) => !stored(Number(entry)).every(({ name: file }) => /^(original\.(jpg|png)|\d+\.(webp|avif)|document\.pdf)$/.test(file)))).toEqual([]); // prettier-ignore
    // A document's folder has its name from its number alone, and is nobody else's.
    expect(statSync(folder).mode & 0o777).toBe(0o700);
  }, 120_000);
});

function mulberry(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const BOUNDARY = 'aBoundary0123456789';

function partOf(name: string, content: Buffer, field = 'file'): Buffer {
  const escaped = name.replaceAll('"', '%22');
  return Buffer.concat([
    Buffer.from(
      `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${field}"; filename="${escaped}"\r\nContent-Type: image/jpeg\r\n\r\n`,
    ),
    content,
    Buffer.from(`\r\n--${BOUNDARY}--\r\n`),
  ]);
}

/** Sends bytes as they are. */
async function raw(
  body: Buffer,
  type = `multipart/form-data; boundary=${BOUNDARY}`,
): Promise<{ status: number; body: Record<string, unknown> }> {
  const answer = await fetch(`http://127.0.0.1:${port}/api/v1/desk/media`, {
    method: 'POST',
    headers: { authorization: `Bearer ${chief.token}`, 'content-type': type },
    body: new Uint8Array(body),
  });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}

describe('a body', () => {
  it('that is no upload of one file is refused, naming it, and leaves nothing', async () => {
    const pdf = aPdf();
    const one = partOf('a.pdf', pdf);
    const open = one.subarray(0, one.lastIndexOf('--\r\n'));
    const field = (name: string): string => `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\nvalue\r\n`;
    const cases: Readonly<Record<string, Buffer>> = {
      'no part': Buffer.from(`--${BOUNDARY}--\r\n`),
      nothing: Buffer.alloc(0),
      'an empty file': partOf('a.pdf', Buffer.alloc(0)),
      'another name': partOf('a.pdf', pdf, 'upload'),
      'a field': Buffer.from(`${field('file')}--${BOUNDARY}--\r\n`),
      'a field before it': Buffer.concat([Buffer.from(field('alt')), one]),
      'a field behind it': Buffer.concat([open, Buffer.from(`\r\n${field('alt')}--${BOUNDARY}--\r\n`)]),
      'two files': Buffer.concat([open, Buffer.from('\r\n'), partOf('b.pdf', pdf)]),
      'cut off in the file': one.subarray(0, one.length - 60),
      'cut off before its end': open,
      'another boundary': Buffer.from(one.toString('latin1').replaceAll(BOUNDARY, 'other'), 'latin1'),
      'no header': Buffer.from(`--${BOUNDARY}\r\n\r\n${HTML}\r\n--${BOUNDARY}--\r\n`),
      noise: Buffer.from(Array.from({ length: 5_000 }, (_, n) => (n * 7_919) % 256)),
    };
    for (const [what, body] of Object.entries(cases)) {
      const before = await kept();
      const { status, body: told } = await raw(body);
      expect([what, status, told['code'], (told['errors'] as { field: string }[])[0]?.field]).toEqual([
        what,
        400,
        'malformed_upload',
        'file',
      ]);
      expect([what, await kept()]).toEqual([what, before]);
    }
  });

  it('of another type is refused before it is read', async () => {
    for (const type of [
      'application/json',
      'image/jpeg',
      'application/x-www-form-urlencoded',
      'text/plain',
      'multipart/mixed; boundary=x',
    ]) {
      const { status, body } = await raw(Buffer.from('{}'), type);
      expect([type, status, body['code'], body['detail']]).toEqual([
        type,
        415,
        'unsupported_media_type',
        expect.stringContaining('multipart/form-data') as string,
      ]);
    }
    for (const type of ['multipart/form-data', 'multipart/form-data; boundary=', `multipart/form-data; boundary=${'x'.repeat(300)}`]) {
      const { status, body } = await raw(partOf('a.pdf', aPdf()), type);
      expect([type.slice(0, 60), status, body['code']]).toEqual([type.slice(0, 60), 400, 'malformed_upload']);
    }
    // Other doors take no parts.
    const answer = await fetch(`http://127.0.0.1:${port}/api/v1/desk/tags`, {
      method: 'POST',
      headers: { authorization: `Bearer ${chief.token}`, 'content-type': `multipart/form-data; boundary=${BOUNDARY}` },
      body: new Uint8Array(partOf('a.pdf', aPdf())),
    });
    expect([answer.status, ((await answer.json()) as { detail: string }).detail]).toEqual([
      415,
      expect.stringContaining('application/json') as string,
    ]);
  });

  it('of 25 MB is told so, with its length said or in chunks, and nothing of it is kept', async () => {
    const before = await kept();
    const large = partOf('a.pdf', Buffer.concat([aPdf(), Buffer.alloc(25 * 1024 * 1024)]));
    const { status, body } = await raw(large);
    expect([status, body['code'], body['errors']]).toMatchObject([413, 'file_too_large', [{ field: 'file', rule: 'size' }]]);
    const stream = new ReadableStream<Uint8Array>({
      start(controller) {
        for (let at = 0; at < large.length; at += 65_536) controller.enqueue(large.subarray(at, at + 65_536));
        controller.close();
      },
    });
    const chunked = await fetch(`http://127.0.0.1:${port}/api/v1/desk/media`, {
      method: 'POST',
      headers: { authorization: `Bearer ${chief.token}`, 'content-type': `multipart/form-data; boundary=${BOUNDARY}` },
      body: stream,
      duplex: 'half',
    } as RequestInit);
    expect([chunked.status, ((await chunked.json()) as { code: string }).code]).toEqual([413, 'file_too_large']);
    expect(await kept()).toEqual(before);
  });

  it('that its sender never finishes leaves nothing', async () => {
    const before = await kept();
    await Promise.all(
      Array.from({ length: 5 }, async (_, n) => {
        const body = partOf('a.pdf', Buffer.concat([aPdf(), Buffer.alloc(3_000_000)]));
        const socket = connect(port, '127.0.0.1');
        socket.on('error', () => undefined);
        socket.write(
          `POST /api/v1/desk/media HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${chief.token}\r\nContent-Length: ${body.length}\r\n`,
        );
        socket.write(`Content-Type: multipart/form-data; boundary=${BOUNDARY}\r\n\r\n`);
        socket.write(body.subarray(0, 200_000 + n * 400_000));
        // Until its row is there, so that something has to be cleared away.
        await vi.waitFor(async () => expect((await kept()).rows).toBeGreaterThan(before.rows), 5_000);
        socket.destroy();
      }),
    );
    await vi.waitFor(async () => expect(await kept()).toEqual(before), { timeout: 5_000, interval: 50 });
  });

  it('is not read for a stranger, nor for one who may not', async () => {
    const before = await kept();
    const answer = await fetch(`http://127.0.0.1:${port}/api/v1/desk/media`, {
      method: 'POST',
      headers: { 'content-type': `multipart/form-data; boundary=${BOUNDARY}` },
      body: new Uint8Array(partOf('a.pdf', aPdf())),
    });
    expect(answer.status).toBe(401);
    expect(await kept()).toEqual(before);
  });
});

it('fifty at once are taken or told to come again, and each that is told it was taken is there', async () => {
  await world.dataSource.query(`delete from rate_buckets`);
  const picture = await aPicture({ width: 1_200, height: 800 });
  const before = await kept();
  const answers = await Promise.all(Array.from({ length: 50 }, () => raw(partOf('a.jpg', picture))));
  const statuses = answers.map(({ status }) => status);
  expect(statuses.filter((status) => ![201, 429, 503].includes(status))).toEqual([]);
  const taken = answers.filter(({ status }) => status === 201);
  expect(taken.length).toBeGreaterThanOrEqual(8);
  const after = await kept();
  expect([after.rows - before.rows, after.folders.length - before.folders.length]).toEqual([taken.length, taken.length]);
  for (const { body } of taken) expect(stored(body['id'] as number).map(({ name }) => name)).toEqual(['original.jpg']);
}, 60_000);
