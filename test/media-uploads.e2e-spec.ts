import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Logger } from '@nestjs/common';
import sharp from 'sharp';
import { Busy } from '../src/database/turns.js';
import { Waker } from '../src/jobs/waker.js';
import { NoProcess, PictureRefused, Pictures } from '../src/media/pictures.js';
import { Storage } from '../src/media/storage.js';
import { MediaUploads } from '../src/media/uploads.service.js';
import { anEditor, type TestEditor } from './factories.js';
import { aPdf, aPicture, upload, uploaded } from './pictures.js';
import { startTestApp, type TestApp } from './test-app.js';

/** What happens to an upload beside what is in it: other centers, other uploads, a system without room, and the rest of its body. */

// Each picture is a process or two: a busy machine takes its time.
vi.setConfig({ testTimeout: 90_000 });

let world: TestApp;
let storage: Storage;
let chief: TestEditor;
let port: number;

beforeAll(async () => {
  world = await startTestApp();
  storage = world.app.get(Storage);
  chief = await anEditor(world, 'chief');
  await world.app.listen(0, '127.0.0.1');
  port = (world.app.getHttpServer().address() as AddressInfo).port;
  // From the first on the folder says whose it is.
  await uploaded(world, chief, aPdf());
});
afterAll(() => world.close());
afterEach(() => vi.restoreAllMocks());

const query = <Row>(sql: string, values: unknown[] = []): Promise<Row[]> => world.dataSource.query<Row[]>(sql, values);
const sweep = (): Promise<void> => world.app.get(Waker).run('media leftovers');
const rows = (): Promise<{ id: number; state: string }[]> => query(`select id, state from media order by id`);

/** Every file, by its path. */
function files(): Record<string, string> {
  const names = existsSync(storage.root) ? readdirSync(storage.root, { recursive: true, encoding: 'utf8' }) : [];
  return Object.fromEntries(names.toSorted().map((name) => [name, /[.]|center/.test(name) ? readFileSync(join(storage.root, name), 'latin1') : ''])); // prettier-ignore
}

/** What is told, and that nothing of it is left. */
async function refused(content: Buffer): Promise<unknown[]> {
  const before = [await rows(), files()];
  const { status, body, headers } = await upload(world, chief, content);
  expect([await rows(), files()]).toEqual(before);
  return [status, body.code, headers['retry-after']];
}

describe('a folder of files that is another center’s', () => {
  let own: string;

  beforeEach(async () => {
    await uploaded(world, chief, aPdf());
    [{ storage_id: own }] = (await query(`select storage_id from center`)) as [{ storage_id: string }];
  });
  afterEach(() => query(`update center set storage_id = $1`, [own]));

  it('takes no upload, and loses nothing', async () => {
    await query(`update center set storage_id = 'another'`);
    expect(await refused(aPdf())).toEqual([503, 'storage_unavailable', '60']);
    await query(`update center set storage_id = $1`, [own]);
    expect(await refused(aPdf().subarray(0, 60))).toEqual([422, 'document_truncated', undefined]);
    await uploaded(world, chief, aPdf());
  });

  it('is not swept for an upload that a crash ended before its folder was made', async () => {
    const { id } = await uploaded(world, chief, aPdf());
    const before = files();
    await query(`update center set storage_id = 'another'`);
    await query(`update media set state = 'arriving', due_at = now() where id = $1`, [id]);
    await sweep();
    expect(files()).toEqual(before);
    // The row waits until the folder is put right.
    expect(await query(`select state, due_at > now() as later from media where id = $1`, [id])).toEqual([{ state: 'arriving', later: true }]); // prettier-ignore
    await query(`update media set state = 'ready' where id = $1`, [id]);
  });

  it('is rendered into no more than it is written to', async () => {
    const { id } = await uploaded(world, chief, await aPicture());
    const before = files();
    await query(`update center set storage_id = 'another'`);
    await world.app.get(Waker).run('media renditions');
    expect(files()).toEqual(before);
    expect(await query(`select state, tries from media where id = $1`, [id])).toEqual([{ state: 'due', tries: 0 }]);
    await query(`update center set storage_id = $1`, [own]);
    await query(`update media set due_at = now() where id = $1`, [id]);
    await world.app.get(Waker).run('media renditions');
    expect(await query(`select state from media where id = $1`, [id])).toEqual([{ state: 'ready' }]);
  });

  it('is known by its name alone: a folder that is there already stays as it is', async () => {
    const [{ last }] = (await query(`select last_value::int as last from media_id_seq`)) as [{ last: number }];
    mkdirSync(storage.folderOf(last + 1));
    writeFileSync(join(storage.folderOf(last + 1), 'document.pdf'), 'of somebody else');
    expect(await refused(aPdf())).toEqual([503, 'storage_unavailable', '60']);
    // The next number is free.
    await uploaded(world, chief, aPdf());
  });
});

describe('an upload that is no more as it was left', () => {
  interface Inner {
    settle: (...args: unknown[]) => Promise<void>;
  }

  it('keeps its files when it was taken and only the word of it was lost', async () => {
    const uploads = world.app.get(MediaUploads) as unknown as Inner;
    const settle = uploads.settle.bind(uploads);
    vi.spyOn(uploads, 'settle').mockImplementation(async (...args) => {
      await settle(...args);
      throw new Error('Connection terminated unexpectedly');
    });
    const { status, body } = await upload(world, chief, aPdf());
    expect([status, body.code]).toEqual([503, 'busy']);
    const [{ id, state }] = (await rows()).slice(-1) as [{ id: number; state: string }];
    expect([state, readdirSync(storage.folderOf(id))]).toEqual(['ready', ['document.pdf']]);
  });

  it('is told to come again when it was swept, whatever its picture’s process then found', async () => {
    const before = await rows();
    vi.spyOn(world.app.get(Pictures), 'make').mockImplementation(async () => {
      await query(`update media set due_at = now() - interval '1 second' where state = 'arriving'`);
      await sweep();
      throw new PictureRefused('unreadable');
    });
    const { status, body } = await upload(world, chief, await aPicture());
    expect([status, body.code, await rows()]).toEqual([503, 'busy', before]);
  });
});

describe('the process for a picture', () => {
  it('that cannot be had is nobody’s fault: told to come again, and the server goes on', async () => {
    const script = `
      import { openSync } from 'node:fs';
      const { Pictures, NoProcess } = await import(process.argv[1]);
      const open = [];
      try { for (;;) open.push(openSync('/dev/null')); } catch (error) { if (error.code !== 'EMFILE') throw error; }
      const answers = await Promise.allSettled([1, 2, 3].map(() => new Pictures().make({ act: 'take', folder: '/', from: 'x', type: 'png' })));
      process.stdout.write(JSON.stringify(answers.map(({ reason }) => reason instanceof NoProcess)));`;
    const program = join(import.meta.dirname, '../dist/src/media/pictures.js');
    const run = promisify(execFile)('bash', ['-c', 'ulimit -n 40; exec "$@"', 'bash', process.execPath, '--input-type=module', '-e', script, program]); // prettier-ignore
    expect((await run).stdout).toBe('[true,true,true]');
  });

  it('is to be had again as soon as the system gives one: a refusal that is told at once is not kept', async () => {
    const { id } = await uploaded(world, chief, await aPicture());
    const pictures = new Pictures();
    const task = { act: 'render', folder: storage.folderOf(id), from: 'original.jpg' } as const;
    const program = process.execPath;
    try {
      // Unlike a want of descriptors, this and a want of memory are thrown where the process is to be started.
      process.execPath = `/${'x'.repeat(5_000)}`;
      await expect(pictures.make(task)).rejects.toBeInstanceOf(NoProcess);
    } finally {
      process.execPath = program;
    }
    expect((await pictures.make(task)).length).toBeGreaterThan(0);
    await query(`delete from media where id = $1`, [id]);
    await storage.remove(id);
  });

  it('tells by its signal who ended it', async () => {
    const { id } = await uploaded(world, chief, await aPicture({ width: 3_000, height: 2_000 }));
    for (const [signal, fault] of [
      ['SIGKILL', 'ended'],
      ['SIGSEGV', 'crashed'],
    ] as const) {
      const made = new Pictures().make({ act: 'render', folder: storage.folderOf(id), from: 'original.jpg' });
      made.catch(() => undefined);
      process.kill(await pictureProcess(), signal);
      await expect(made).rejects.toEqual(new PictureRefused(fault));
    }
    await query(`delete from media where id = $1`, [id]);
    await storage.remove(id);
  });

  it('ends with the one that started it, which is started again', async () => {
    const { id } = await uploaded(world, chief, await aPicture({ width: 3_000, height: 2_000 }));
    const pictures = new Pictures();
    const task = { act: 'render', folder: storage.folderOf(id), from: 'original.jpg' } as const;
    const [first, second] = [pictures.make(task), pictures.make({ ...task, folder: '/nowhere' }).catch((error: unknown) => error)];
    first.catch(() => undefined);
    const pid = await pictureProcess();
    process.kill(parentOf(pid), 'SIGKILL');
    await expect(first).rejects.toEqual(new PictureRefused('ended'));
    expect([commandOf(pid), (await second) instanceof PictureRefused]).toEqual(['', true]);
    expect((await pictures.make(task)).length).toBeGreaterThan(0);
    await query(`delete from media where id = $1`, [id]);
    await storage.remove(id);
  });

  it('is ended when nobody waits for it any more', async () => {
    const { id } = await uploaded(world, chief, await aPicture({ width: 3_000, height: 2_000 }));
    const nobody = new AbortController();
    const made = new Pictures().make({ act: 'render', folder: storage.folderOf(id), from: 'original.jpg' }, nobody.signal);
    made.catch(() => undefined);
    const pid = await pictureProcess();
    nobody.abort(new Error('stopped'));
    await expect(made).rejects.toThrow('stopped');
    expect(commandOf(pid)).toBe('');
    await query(`delete from media where id = $1`, [id]);
    await storage.remove(id);
  });

  it('is answered by what it says of the picture, or of the system', async () => {
    const cases: readonly [Error, unknown[]][] = [
      [new NoProcess(new Error('spawn EAGAIN')), [503, 'busy', '10']],
      [new PictureRefused('ended'), [503, 'busy', '10']],
      [new PictureRefused('slow'), [503, 'busy', '10']],
      [new PictureRefused('storage_full'), [507, 'storage_full', undefined]],
      [new PictureRefused('crashed'), [422, 'picture_unreadable', undefined]],
      [new PictureRefused('memory'), [422, 'picture_too_demanding', undefined]],
      [new PictureRefused('too_large'), [422, 'picture_too_large', undefined]],
    ];
    const picture = await aPicture();
    for (const [error, told] of cases) {
      vi.spyOn(world.app.get(Pictures), 'make').mockRejectedValueOnce(error);
      expect(await refused(picture)).toEqual(told);
    }
  });

  it.each<[string, Error, string]>([
    ['that takes too long', new PictureRefused('slow'), '503 busy'],
    ['that finds no room', new PictureRefused('storage_full'), '507 storage_full'],
    ['whose turn does not come', new Busy(), '503 busy'],
  ])('%s is one line of the log, and no fault of the server’s', async (_, error, said) => {
    const [faults, warnings] = (['error', 'warn'] as const).map((level) =>
      vi.spyOn(Logger.prototype, level).mockImplementation(() => undefined),
    );
    vi.spyOn(world.app.get(Pictures), 'make').mockRejectedValueOnce(error);
    const { status, body } = await upload(world, chief, await aPicture());
    expect(`${status} ${body.code as string}`).toBe(said);
    expect(faults!.mock.calls).toEqual([]);
    expect(warnings!.mock.calls).toEqual([[expect.stringMatching(new RegExp(`^\\S+ POST /api/v1/desk/media: ${said}$`))]]);
  });

  it('that cannot be had is no try of a rendition; one that it brings down is', async () => {
    const { id } = await uploaded(world, chief, await aPicture());
    const tries: number[] = [];
    for (const error of [new NoProcess(new Error('spawn EMFILE')), new PictureRefused('ended'), new PictureRefused('crashed')]) {
      vi.spyOn(world.app.get(Pictures), 'make').mockRejectedValueOnce(error);
      await query(`update media set due_at = now() where id = $1`, [id]);
      await world.app.get(Waker).run('media renditions');
      tries.push((await query<{ tries: number }>(`select tries from media where id = $1`, [id]))[0]!.tries);
    }
    expect(tries).toEqual([0, 1, 2]);
    await query(`update media set due_at = now() where id = $1`, [id]);
    await world.app.get(Waker).run('media renditions');
  });

  it('has memory for an AVIF of 40 million pixels', async () => {
    const avif = await sharp({ create: { width: 8_000, height: 5_000, channels: 3, background: '#456' } })
      .avif({ effort: 0 })
      .toBuffer();
    const { id } = await uploaded(world, chief, avif);
    expect(await query(`select width, height from media where id = $1`, [id])).toEqual([{ width: 4_096, height: 2_560 }]);
    await query(`update media set state = 'failed', failure = 'x' where id = $1`, [id]);
  });
});

/** The one at work. */
async function pictureProcess(): Promise<number> {
  const found = (): number[] =>
    [process.pid]
      .flatMap(childrenOf)
      .flatMap(childrenOf)
      .filter((pid) => commandOf(pid).includes('picture-process'));
  return vi.waitFor(() => {
    expect(found()).toHaveLength(1);
    return found()[0]!;
  }, 5_000);
}

function childrenOf(pid: number): number[] {
  return textOf(`/proc/${pid}/task/${pid}/children`).split(' ').filter(Boolean).map(Number);
}

function parentOf(pid: number): number {
  return Number(/^PPid:\s+(\d+)$/m.exec(textOf(`/proc/${pid}/status`))![1]);
}

function commandOf(pid: number): string {
  return textOf(`/proc/${pid}/cmdline`);
}

/** Nothing of a process that is gone. */
function textOf(path: string): string {
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

it('what cannot be rendered holds up no other picture', async () => {
  const { id } = await uploaded(world, chief, await aPicture());
  const document = await uploaded(world, chief, aPdf());
  const lost = await uploaded(world, chief, await aPicture());
  await query(`delete from media_files where media_id = $1`, [lost.id]);
  await query(`update media set state = 'due', due_at = now() - interval '1 hour' where id = any($1)`, [[document.id, lost.id]]);
  await world.app.get(Waker).run('media renditions');
  expect(await query(`select state from media where id = $1`, [id])).toEqual([{ state: 'ready' }]);
  await query(`update media set state = 'removed' where id = $1`, [lost.id]);
  await query(`update media set state = 'ready' where id = $1`, [document.id]);
  await sweep();
});

const BOUNDARY = 'aBoundary0123456789';
const part = (name: string, content: Buffer): Buffer =>
  Buffer.concat([
    Buffer.from(`--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"; filename="a.pdf"\r\n\r\n`),
    content,
    Buffer.from(`\r\n--${BOUNDARY}`),
  ]);

/** Begins an upload, and leaves it to the caller to go on. */
function begun(editor: TestEditor, bytes: number, first: Buffer): { socket: Socket; answer: Promise<string> } {
  const socket = connect(port, '127.0.0.1');
  let text = '';
  socket.on('data', (data) => (text += data.toString()));
  const answer = new Promise<string>((resolve) => {
    socket.on('data', () => (text.includes('\r\n\r\n') ? resolve(text) : undefined));
    socket.on('close', () => resolve(text));
    socket.on('error', () => resolve(text));
  });
  socket.write(`POST /api/v1/desk/media HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${editor.token}\r\nContent-Length: ${bytes}\r\n`);
  socket.write(`Content-Type: multipart/form-data; boundary=${BOUNDARY}\r\n\r\n`);
  socket.write(first);
  return { socket, answer };
}

describe('a body that goes on after its file', () => {
  it('is not taken before its end: what is wrong there leaves nothing', async () => {
    const whole = part('file', aPdf());
    const field = Buffer.from(`\r\nContent-Disposition: form-data; name="alt"\r\n\r\nx\r\n--${BOUNDARY}--\r\n`);
    const cases: Readonly<Record<string, Buffer | null>> = {
      'a second part': Buffer.concat([Buffer.from('\r\n'), part('file', aPdf()).subarray(2 + BOUNDARY.length), Buffer.from('--\r\n')]),
      'a field': field,
      'no closing boundary': Buffer.from('\r\n'),
      'broken off': null,
    };
    for (const [what, rest] of Object.entries(cases)) {
      const before = [await rows(), files()] as const;
      const { socket, answer } = begun(chief, whole.length + (rest?.length ?? 100), whole);
      // All of the file is there, and what is made of it.
      const last = await vi.waitFor(async () => {
        const { id } = (await rows())[before[0].length]!;
        expect(readdirSync(storage.folderOf(id))).toEqual(['document.pdf']);
        return id;
      }, 5_000);
      await new Promise((resume) => setTimeout(resume, 200));
      expect([what, (await rows()).at(-1)]).toEqual([what, { id: last, state: 'arriving' }]);
      if (rest === null) socket.destroy();
      else {
        socket.write(rest);
        expect([what, (await answer).split('\r\n')[0]]).toEqual([what, 'HTTP/1.1 400 Bad Request']);
        socket.destroy();
      }
      await vi.waitFor(async () => expect([what, await rows(), files()]).toEqual([what, ...before]), 5_000);
    }
  });
});

it('ten slow uploads of one editor hold up no other’s', async () => {
  const other = await anEditor(world, 'contributor');
  const before = (await rows()).length;
  const slow = Array.from({ length: 10 }, () =>
    begun(chief, 100_000, part('file', Buffer.concat([aPdf(), Buffer.alloc(500)])).subarray(0, -60)),
  );
  try {
    await vi.waitFor(async () => expect((await rows()).length).toBe(before + 4), 5_000);
    const began = performance.now();
    expect((await upload(world, other, aPdf())).status).toBe(201);
    expect(performance.now() - began).toBeLessThan(5_000);
    expect((await rows()).length).toBe(before + 5);
    // The others of the same editor wait their turn, and are told to come again.
    const { status, body } = await upload(world, chief, aPdf());
    expect([status, body.code]).toEqual([503, 'busy']);
  } finally {
    for (const { socket } of slow) socket.destroy();
  }
  await vi.waitFor(async () => expect((await rows()).length).toBe(before + 1), 5_000);
});
