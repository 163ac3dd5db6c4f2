/** The keys that polls derive from the installation's secret, each made when first needed: commands that only describe the application have none. */
export class PollSecrets {
  private readonly made = new Map<string, Buffer>();

  /** @param derive 32 bytes for a purpose, the same on every instance */
  constructor(private readonly derive: (purpose: string) => Buffer) {}

  /** Of the networks that declared events name. */
  get events(): Buffer {
    return this.of('poll-events');
  }

  /** Of the readers' cookies. */
  get readers(): Buffer {
    return this.of('poll-readers');
  }

  /** Of the work that votes ask for. */
  get work(): Buffer {
    return this.of('poll-work');
  }

  /** Of the solutions of that work. */
  get solutions(): Buffer {
    return this.of('poll-solutions');
  }

  /** Seed of the key that signs results. */
  get results(): Buffer {
    return this.of('poll-results');
  }

  private of(purpose: string): Buffer {
    let key = this.made.get(purpose);
    if (!key) this.made.set(purpose, (key = this.derive(purpose)));
    return key;
  }
}
