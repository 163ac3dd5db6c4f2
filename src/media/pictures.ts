import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { Turns } from '../database/turns.js';
import type { Order, Outcome } from './picture-launcher.js';
import type { MadeFile, PictureFault, PictureTask } from './picture-process.js';

/** Run from its source, as tests do, the program is the built one. */
const LAUNCHER = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? '../../dist/src/media/picture-launcher.js' : './picture-launcher.js', import.meta.url),
);

/** At most so many processes at a time, whatever comes. */
const AT_ONCE = 2;
/**
 * Of each act: one core stays for the readers. On two cores with two uploads looked into at a time, the readers' slowest hundredth waits 2.1 to
 * 2.4 times as long as without, with one 1.7 times (bench/faults/media.mjs).
 */
const OF_EACH = Math.min(AT_ONCE, Math.max(1, availableParallelism() - 1));
/**
 * A process that needs more is ended, in bytes of resident memory: 40 million pixels need 450 MB, and the widest rendition in AVIF 340 MB; but
 * an AVIF is unpacked as a whole, with 10 bits for each colour into 1,050 MB. Of those therefore only one is looked into at a time.
 */
const MEMORY = { avif: 1_152 * 1024 * 1024, other: 512 * 1024 * 1024 };
/** How long a task may take: on the slowest machine a tenth of it. */
const PATIENCE_MS = { take: 30_000, render: 180_000 } as const;
/** So long the launcher stays when it has nothing to do. */
const IDLE_MS = 30_000;
/** In which the processes of a launcher that is gone end themselves. */
const ORPHANS_MS = 1_000;

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
 * back to the system, and starting one costs 0.15 s. They are started by one more, see picture-launcher.ts.
 */
export class Pictures {
  private readonly running = { take: 0, render: 0 };
  private readonly waiting: Readonly<Record<Asked['act'], (() => void)[]>> = { take: [], render: [] };
  private readonly demanding = new Turns(1, PATIENCE_MS.take);
  private launcher: Promise<Launcher> | null = null;

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
    await this.turn(task.act);
    try {
      signal?.throwIfAborted();
      const launcher = await this.launch();
      const outcome = await launcher.run({ ...task, memory } as PictureTask, signal);
      signal?.throwIfAborted();
      return madeOf(outcome);
    } finally {
      this.running[task.act] -= 1;
      this.beginNext();
    }
  }

  private turn(act: Asked['act']): Promise<void> {
    return new Promise((resolve) => {
      this.waiting[act].push(resolve);
      this.beginNext();
    });
  }

  /** Uploads go before renditions, which begin when none is looked into: somebody waits for an upload, and a rendition takes longer. */
  private beginNext(): void {
    const { running, waiting } = this;
    const begin = (act: Asked['act']): void => {
      running[act] += 1;
      waiting[act].shift()!();
    };
    while (waiting.take.length > 0 && running.take < OF_EACH && running.take + running.render < AT_ONCE) begin('take');
    while (waiting.render.length > 0 && running.take === 0 && running.render < OF_EACH) begin('render');
  }

  /** @throws NoProcess */
  private launch(): Promise<Launcher> {
    if (this.launcher !== null) return this.launcher;
    // One that goes late takes nothing from the one that has come after it.
    const forget = (): void => {
      if (this.launcher === launcher) this.launcher = null;
    };
    const launcher = Launcher.start(forget);
    // Also where it was refused at once, before there was anything to forget.
    launcher.catch(forget);
    return (this.launcher = launcher);
  }
}

/** @throws PictureRefused; NoProcess; Error where the program could not even begin */
function madeOf(outcome: Outcome): readonly MadeFile[] {
  if ('unstarted' in outcome) throw new NoProcess(outcome.unstarted);
  if ('answer' in outcome) {
    if ('fault' in outcome.answer) throw new PictureRefused(outcome.answer.fault);
    return outcome.answer.made;
  }
  const { code, endedBy, slow } = outcome;
  // A decoder is ended by a signal; a program that ends by itself could not even begin, and no picture is to blame.
  if (code !== null) throw new Error(`the process for pictures ended with ${code}`);
  throw new PictureRefused(slow ? 'slow' : CRASHES.includes(endedBy) ? 'crashed' : 'ended');
}

/** The process of picture-launcher.ts. It keeps ours alive only while it has a task. */
class Launcher {
  private readonly tasks = new Map<number, (outcome: Outcome) => void>();
  private last = 0;
  private idle?: NodeJS.Timeout;

  /**
   * @param gone called when one that was started takes no more tasks
   * @throws NoProcess
   */
  static async start(gone: () => void): Promise<Launcher> {
    try {
      const child = fork(LAUNCHER, [], { execArgv: ['--max-old-space-size=64'], env: {}, stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
      await once(child, 'spawn');
      return new Launcher(child, gone);
    } catch (error) {
      throw new NoProcess(error);
    }
  }

  private constructor(
    private readonly child: ChildProcess,
    private readonly gone: () => void,
  ) {
    child.unref();
    child.on('message', (said) => this.settle(said as Outcome));
    // Its exit tells the rest.
    child.on('error', () => child.kill('SIGKILL'));
    child.once('exit', () => {
      clearTimeout(this.idle);
      gone();
      // The processes it started see it go, and may have written until then.
      setTimeout(() => [...this.tasks.keys()].forEach((n) => this.settle({ n, code: null, endedBy: 'SIGKILL', slow: false })), ORPHANS_MS);
    });
  }

  /** @returns how the task's process ended */
  run(task: PictureTask, signal?: AbortSignal): Promise<Outcome> {
    const n = (this.last += 1);
    const end = (): void => this.send({ n, end: true });
    clearTimeout(this.idle);
    this.child.channel?.ref();
    return new Promise<Outcome>((resolve) => {
      this.tasks.set(n, resolve);
      signal?.addEventListener('abort', end, { once: true });
      this.send({ n, task, patienceMs: PATIENCE_MS[task.act] });
    }).finally(() => signal?.removeEventListener('abort', end));
  }

  private send(order: Order): void {
    // What does not reach it is answered by its end.
    this.child.send(order, (error) => (error === null ? undefined : this.child.kill('SIGKILL')));
  }

  private settle(outcome: Outcome): void {
    this.tasks.get(outcome.n)?.(outcome);
    this.tasks.delete(outcome.n);
    if (this.tasks.size > 0 || !this.child.connected) return;
    this.child.channel?.unref();
    this.idle = setTimeout(() => {
      this.gone();
      this.child.disconnect();
    }, IDLE_MS).unref();
  }
}
