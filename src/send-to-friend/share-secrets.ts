/** The keys that shares derive from the installation's secret, each made when first needed: commands that only describe the application have none. */
export class ShareSecrets {
  private readonly made = new Map<string, Buffer>();

  /** @param derive 32 bytes for a purpose, the same on every instance */
  constructor(private readonly derive: (purpose: string) => Buffer) {}

  /** Of the cookies of confirmed senders. */
  get senders(): Buffer {
    return this.of('share-senders');
  }

  /** Of the work that shares ask for. */
  get work(): Buffer {
    return this.of('share-work');
  }

  /** Of the solutions of that work. */
  get solutions(): Buffer {
    return this.of('share-solutions');
  }

  private of(purpose: string): Buffer {
    let key = this.made.get(purpose);
    if (!key) this.made.set(purpose, (key = this.derive(purpose)));
    return key;
  }
}
