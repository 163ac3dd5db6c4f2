/** Keys that a room derives from the installation's secret, each made when first needed: commands that only describe the application have none. */
export abstract class DerivedKeys {
  private readonly made = new Map<string, Buffer>();

  /** @param derive 32 bytes for a purpose, the same on every instance */
  constructor(private readonly derive: (purpose: string) => Buffer) {}

  protected of(purpose: string): Buffer {
    let key = this.made.get(purpose);
    if (!key) this.made.set(purpose, (key = this.derive(purpose)));
    return key;
  }
}
