import { DerivedKeys } from '../config/derived-keys.js';

/** The keys of shares. */
export class ShareSecrets extends DerivedKeys {
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
}
