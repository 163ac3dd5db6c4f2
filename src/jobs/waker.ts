import { Injectable, Logger, type BeforeApplicationShutdown } from '@nestjs/common';

/** Due work of one domain. The work itself lies in rows; losing a waking loses nothing. */
export interface Job {
  readonly name: string;
  /**
   * Does one piece of what is due: claims it in the database, so that several loops and several processes may run at once.
   * @param signal aborts when the process has to end: what takes long gives up then
   * @returns whether there was anything: true, or a number above 0, asks to be run again at once
   */
  run(signal: AbortSignal): Promise<boolean | number>;
  /** How many loops run it side by side. Default 1. */
  readonly loops?: number;
  /** Pause in ms after a pass that found nothing. Default 1 s, so that due work is done within 2 s. */
  readonly pause?: number;
}

const PAUSE_MS = 1_000;
const PAUSE_AFTER_ERROR_MS = 5_000;
/** How long a pass may take to end once the process is asked to stop; a relay that does not answer is not waited for. */
const GRACE_MS = 5_000;

/**
 * Wakes the domains for their due work. Each loop runs its job pass by pass, never two at once, and survives its errors. It carries no work
 * and knows no time of day: what is due, and whose turn it is, the domains' rows say.
 */
@Injectable()
export class Waker implements BeforeApplicationShutdown {
  private readonly logger = new Logger('Waker');
  private readonly jobs = new Map<string, Job>();
  private readonly loops: Promise<void>[] = [];
  /** What ends the pauses, while they last. */
  private readonly pauses = new Set<() => void>();
  private stopping = false;
  private readonly ended = new AbortController();

  /** Call at module start. @throws Error when the name is taken */
  register(job: Job): void {
    if (this.jobs.has(job.name)) throw new Error(`two jobs are called ${job.name}`);
    this.jobs.set(job.name, job);
  }

  /** Starts all loops. Only the server does so: commands and tests share the modules, not the loops. */
  start(): void {
    for (const job of this.jobs.values()) {
      for (let loop = 0; loop < (job.loops ?? 1); loop += 1) this.loops.push(this.loop(job));
    }
  }

  /** Runs one job until nothing is due, here and now: for tests and commands. @throws whatever the job throws */
  async run(name: string): Promise<void> {
    const job = this.jobs.get(name);
    if (!job) throw new Error(`no job is called ${name}`);
    while (await job.run(this.ended.signal));
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopping = true;
    for (const resume of this.pauses) resume();
    const grace = setTimeout(() => this.ended.abort(), GRACE_MS);
    await Promise.all(this.loops);
    clearTimeout(grace);
  }

  private async loop({ name, run, pause = PAUSE_MS }: Job): Promise<void> {
    while (!this.stopping) {
      let wait = 0;
      try {
        if (!(await run(this.ended.signal))) wait = pause;
      } catch (error) {
        // The message alone: a driver's error may carry the row it failed on.
        this.logger.error(`${name}: ${error instanceof Error ? error.message : String(error)}`);
        wait = PAUSE_AFTER_ERROR_MS;
      }
      if (wait > 0 && !this.stopping) await this.pause(wait);
    }
  }

  private pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const resume = (): void => {
        clearTimeout(timer);
        this.pauses.delete(resume);
        resolve();
      };
      const timer = setTimeout(resume, ms);
      this.pauses.add(resume);
    });
  }
}
