import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';

/** What a publishing act changed: these pieces have another live revision now, or none any more. */
export interface PublicChange {
  readonly articleIds: readonly number[];
}

type Listener = (tx: EntityManager, change: PublicChange) => Promise<void>;

/** What must happen with a publication and lives in a room above: it registers itself here, and every publishing act awaits it inside its transaction. */
@Injectable()
export class PublicChanges {
  private readonly listeners = new Map<string, Listener>();

  /** Call where the listener is made. @param name told to the test that no expected one is missing @throws Error when the name is taken */
  register(name: string, listener: Listener): void {
    if (this.listeners.has(name)) throw new Error(`two listeners are called ${name}`);
    this.listeners.set(name, listener);
  }

  get names(): readonly string[] {
    return [...this.listeners.keys()];
  }

  /** In the transaction of the act, after all that readers see has been written. */
  async tell(tx: EntityManager, change: PublicChange): Promise<void> {
    for (const listener of this.listeners.values()) await listener(tx, change);
  }
}
