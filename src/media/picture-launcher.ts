/**
 * The process that starts the processes for pictures. To start one, a system copies the map of the starter's memory, and the starter stands
 * still: a server with 170 MB for 5 to 10 ms (measured beside uploads), and with it all its readers. This one has little to copy.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { PictureAnswer, PictureTask } from './picture-process.js';

/** A task under the number its answer will bear; or that nobody waits for that answer any more. */
export type Order =
  { readonly n: number; readonly task: PictureTask; readonly patienceMs: number } | { readonly n: number; readonly end: true };

/** How a task's process ended. It is gone when this is told: nothing of it writes any more. */
export type Outcome = { readonly n: number } & (
  | { readonly answer: PictureAnswer }
  | { readonly unstarted: string }
  | { readonly code: number | null; readonly endedBy: NodeJS.Signals | null; readonly slow: boolean }
);

const PROGRAM = fileURLToPath(new URL('./picture-process.js', import.meta.url));

/** By their numbers. */
const running = new Map<number, ChildProcess>();

process.on('message', (order: Order) => {
  if ('end' in order) running.get(order.n)?.kill('SIGKILL');
  else run(order);
});
// The server is gone; its pictures' processes see this one go.
process.once('disconnect', () => process.kill(process.pid, 'SIGKILL'));

function run({ n, task, patienceMs }: Extract<Order, { task: PictureTask }>): void {
  const tell = (outcome: Outcome): void => void process.send!(outcome);
  let child: ChildProcess;
  try {
    child = started();
  } catch (error) {
    return tell({ n, unstarted: String(error) });
  }
  // What could not be started has no ear: its error is on the way.
  if (child.pid === undefined) return void child.once('error', (error) => tell({ n, unstarted: String(error) }));
  running.set(n, child);
  let answer: PictureAnswer | undefined;
  let slow = false;
  const end = (): void => void child.kill('SIGKILL');
  const patience = setTimeout(() => {
    slow = true;
    end();
  }, patienceMs);
  // Whatever it said last is on the disk, and it has nothing more to do.
  child.on('message', (said) => {
    answer ??= said as PictureAnswer;
    end();
  });
  // A signal that does not reach it, or a task: its exit tells the rest.
  child.on('error', end);
  child.on('exit', (code, endedBy) => {
    clearTimeout(patience);
    running.delete(n);
    tell(answer === undefined ? { n, code, endedBy, slow } : { n, answer });
  });
  child.send(task, (error) => (error === null ? undefined : end()));
}

function started(): ChildProcess {
  return fork(PROGRAM, [], {
    execArgv: ['--max-old-space-size=64'],
    // One thread beside its own for files, and no memory kept for threads that are gone.
    env: { UV_THREADPOOL_SIZE: '2', MALLOC_ARENA_MAX: '2', LC_ALL: 'C' },
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
}
