const FAILURES = 5;
const PROBE_EVERY_MS = 30_000;

/**
 * Keeps mail from being tried while nobody answers: after five failed connections in a row nothing is claimed, and every 30 s one
 * connection asks whether that is over. So an hour without the relay costs each mail no more than a try or two.
 */
export class Breaker {
  private failures = 0;
  private probeAt = 0;

  /** Reached, whatever was answered. */
  reached(): void {
    this.failures = 0;
  }

  /** @returns whether this failure was the one that stopped the mail */
  failed(): boolean {
    this.failures += 1;
    if (this.failures !== FAILURES) return false;
    this.probeAt = performance.now() + PROBE_EVERY_MS;
    return true;
  }

  /** @param probe asks whether mail can be handed over, and throws when not @returns whether mail may be tried now */
  async lets(probe: () => Promise<void>): Promise<boolean> {
    if (this.failures < FAILURES) return true;
    if (performance.now() < this.probeAt) return false;
    // Before asking: the other workers must not ask as well.
    this.probeAt = performance.now() + PROBE_EVERY_MS;
    try {
      await probe();
    } catch {
      return false;
    }
    this.failures = 0;
    return true;
  }
}
