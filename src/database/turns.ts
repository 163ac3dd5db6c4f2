/** Nothing was begun: too many others were before it for too long. */
export class Busy extends Error {
  override readonly message = 'its turn did not come in time';
}

/** Lets so many in at once; the others wait, first come first served. */
export class Turns {
  /** In the order in which they came. */
  private readonly waiting = new Set<() => void>();

  constructor(
    private free: number,
    private readonly patienceMs: number,
  ) {}

  /** @throws Busy when its turn does not come in time; whatever `act` throws */
  async during<Done>(act: () => Promise<Done>): Promise<Done> {
    await this.take();
    try {
      return await act();
    } finally {
      this.giveOn();
    }
  }

  /** Whoever took a turn gives it on, whatever happens. @throws Busy when it does not come in time */
  async take(): Promise<void> {
    if (this.free > 0) {
      this.free -= 1;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const begin = (): void => {
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(() => {
        this.waiting.delete(begin);
        reject(new Busy());
      }, this.patienceMs);
      this.waiting.add(begin);
    });
  }

  giveOn(): void {
    const [next] = this.waiting;
    if (next === undefined) {
      this.free += 1;
      return;
    }
    this.waiting.delete(next);
    next();
  }
}
