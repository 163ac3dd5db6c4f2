import { DerivedKeys } from '../config/derived-keys.js';

/** The keys of polls. */
export class PollSecrets extends DerivedKeys {
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
}
