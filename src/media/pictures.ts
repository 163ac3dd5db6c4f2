import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Turns } from '../database/turns.js';
import type { MadeFile, PictureAnswer, PictureFault, PictureTask } from './picture-process.js';

/** Run from its source, as tests do, the program is the built one. */
const PROGRAM = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? '../../dist/src/media/picture-process.js' : './picture-process.js', import.meta.url),
);

/** At most so many processes at a time, whatever comes. */
const AT_ONCE = 2;
/**
 * A process that needs more is ended, in bytes of resident memory: 40 million pixels need 450 MB, and the widest rendition in AVIF 340 MB; but
 * an AVIF is unpacked as a whole, with 10 bits for each colour into 1,050 MB. Of those therefore only one is looked into at a time.
 */
const MEMORY = { avif: 1_152 * 1024 * 1024, other: 512 * 1024 * 1024 };
/** How long a task may take: on the slowest machine a tenth of it. */
const PATIENCE_MS = { take: 30_000, render: 180_000 } as const;

/**
 * Why a picture is not what was asked for. `slow`: it took too long; `crashed`: it brought its decoder down; `ended`: somebody else ended its
 * process, such as a system short of memory.
 */
export class PictureRefused extends Error {
  constructor(readonly fault: PictureFault | 'slow' | 'crashed' | 'ended') {
    super(`the picture was not made: ${fault}`);
  }
}

/** No process could be started: the system is short of memory, files or processes, and no picture is to blame. */
export class NoProcess extends Error {
  constructor(cause: unknown) {
    super(`no process for pictures could be started: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

/** Signals that a program brings upon itself. */
const CRASHES: readonly (NodeJS.Signals | null)[] = ['SIGSEGV', 'SIGBUS', 'SIGILL', 'SIGFPE', 'SIGABRT', 'SIGTRAP', 'SIGSYS'];

type Asked = Omit<Extract<PictureTask, { act: 'take' }>, 'memory'> | Omit<Extract<PictureTask, { act: 'render' }>, 'memory'>;

/**
 * Has pictures decoded and made in processes of their own, one for each task: what a picture does to its decoder ends with it, its memory goes
 * back to the system, and starting one costs 0.15 s.
 */
export class Pictures {
  private running = 0;
  private readonly waiting: { readonly begin: () => void; readonly first: boolean }[] = [];

  private readonly demanding = new Turns(1, PATIENCE_MS.take);

  constructor(private readonly memory = MEMORY) {}

  /**
   * @param signal ends the process
   * @throws PictureRefused; NoProcess; Busy; the signal's reason
   */
  async make(task: Asked, signal?: AbortSignal): Promise<readonly MadeFile[]> {
    if (task.act === 'render' || task.type !== 'avif') return this.within(this.memory.other, task, signal);
    return this.demanding.during(() => this.within(this.memory.avif, task, signal));
  }

  private async within(memory: number, task: Asked, signal?: AbortSignal): Promise<readonly MadeFile[]> {
    await this.turn(task.act === 'take');
    try {
      signal?.throwIfAborted();
      const answer = await this.run({ ...task, memory } as PictureTask, signal);
      signal?.throwIfAborted();
      if ('fault' in answer) throw new PictureRefused(answer.fault);
      return answer.made;
    } finally {
      this.running -= 1;
      this.waiting.shift()?.begin();
    }
  }

  /** Uploads go before renditions: somebody waits for them. */
  private turn(first: boolean): Promise<void> {
    const begin = (): void => void (this.running += 1);
    if (this.running < AT_ONCE) return Promise.resolve(begin());
    return new Promise((resolve) => {
      const last = this.waiting.findIndex((other) => first && !other.first);
      this.waiting.splice(last === -1 ? this.waiting.length : last, 0, { first, begin: () => resolve(begin()) });
    });
  }

  private run(task: PictureTask, signal?: AbortSignal): Promise<PictureAnswer> {
    return new Promise((resolve, reject) => {
      const child = started();
      let answer: PictureAnswer | undefined;
      let slow = false;
      const end = (): void => void child.kill('SIGKILL');
      const done = (settle: () => void): void => {
        clearTimeout(patience);
        signal?.removeEventListener('abort', end);
        settle();
      };
      const patience = setTimeout(() => {
        slow = true;
        end();
      }, PATIENCE_MS[task.act]);
      signal?.addEventListener('abort', end, { once: true });
      // Whatever it said last is on the disk, and it has nothing more to do.
      child.on('message', (said) => {
        answer ??= said as PictureAnswer;
        end();
      });
      child.on('error', (error) => (child.pid === undefined ? done(() => reject(new NoProcess(error))) : undefined));
      // Only when it is gone nothing of it writes any more.
      child.on('exit', (code, endedBy) =>
        done(() => {
          if (answer !== undefined) resolve(answer);
          // A decoder is ended by a signal; a program that ends by itself could not even begin, and no picture is to blame.
          else if (code !== null) reject(new Error(`the process for pictures ended with ${code}`));
          else reject(new PictureRefused(slow ? 'slow' : CRASHES.includes(endedBy) ? 'crashed' : 'ended'));
        }),
      );
      // What could not be started has no ear: its error is on the way.
      if (child.pid !== undefined) child.send(task, (error) => (error === null ? undefined : end()));
    });
  }
}

/** @throws NoProcess; or its `error` event tells, and it has no pid */
function started(): ChildProcess {
  try {
    return fork(PROGRAM, [], {
      execArgv: ['--max-old-space-size=64'],
      // One thread beside its own for files, and no memory kept for threads that are gone.
      env: { UV_THREADPOOL_SIZE: '2', MALLOC_ARENA_MAX: '2', LC_ALL: 'C' },
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
  } catch (error) {
    throw new NoProcess(error);
  }
}
