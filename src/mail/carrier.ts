import { isIP } from 'node:net';
import type { Lane } from './kinds.js';
import type { Mail } from './mail.js';

/** A mail on its way out, with everything its headers and its envelope need. */
export interface Parcel extends Mail {
  /** As {@link parseAddress} gives it: ASCII, ready for `RCPT TO`. */
  readonly to: string;
  readonly from: { readonly name: string; readonly address: string };
  /** With its angle brackets. The same at every try, so that a second copy can be told from a second letter. */
  readonly messageId: string;
  readonly date: Date;
  /** Whom an answer goes to; the sender when there is none. */
  readonly replyTo?: string;
  /** Where its recipient refuses all such mail, with one POST (RFC 8058). */
  readonly unsubscribe?: string;
}

/**
 * Asked when the whole letter has been written but for the final dot, which is what makes it the relay's: the dot is sent once this has
 * resolved, and never when it rejects.
 */
export type HandOver = () => Promise<void>;

/** Where mail goes: the relay, or a folder where there is none. */
export abstract class Carrier {
  /**
   * Hands one mail over. Has an answer, or throws, soon after `signal` aborts.
   * @param handOver for what must not arrive twice; may be asked again for one mail, and must reject then
   * @throws NotSent when it was refused or could not be handed over
   */
  abstract carry(lane: Lane, parcel: Parcel, signal: AbortSignal, handOver?: HandOver): Promise<void>;

  /** Whether mail could be handed over now. @throws NotSent */
  abstract probe(): Promise<void>;

  /** Lets go of what it holds open. */
  abstract close(): void;
}

/** Why a mail was not handed over. */
export class NotSent extends Error {
  /**
   * @param fault `refused`: this mail, for good (5xx); `later`: this mail, just now (4xx); `unreachable`: there was nobody to ask
   * @param code the relay's reply code @param reason not yet scrubbed
   * @param status the enhanced status (RFC 3463) of a refusal of this recipient or letter, such as 5.1.1
   */
  constructor(
    readonly fault: 'refused' | 'later' | 'unreachable',
    readonly code: number | null,
    reason: string,
    readonly status: string | null = null,
  ) {
    super(reason);
  }

  /** Whether the relay said that it does not take this mail: then it has not. Of a line that was lost nobody knows. */
  get definite(): boolean {
    return this.code !== null && this.code >= 400 && this.code < 600;
  }

  /** Whether it was refused for good because its recipient cannot be written to. */
  get bounced(): boolean {
    return this.fault === 'refused' && this.status !== null && HARD_BOUNCES.includes(this.status);
  }
}

/**
 * What says that there is no such mailbox: X.1.0 to X.1.4, X.1.6 of RFC 3463 and X.1.10 of RFC 7505. Not X.1.5, which says that the address
 * is good, nor X.1.7 to X.1.9, which speak of the sender.
 */
export const HARD_BOUNCES: readonly string[] = ['5.1.0', '5.1.1', '5.1.2', '5.1.3', '5.1.4', '5.1.6', '5.1.10'];

/** @returns the host of an origin as mail writes it: a name, or an address literal in brackets */
export function mailHost(origin: string): string {
  const { hostname } = new URL(origin);
  if (hostname.startsWith('[')) return `[IPv6:${hostname.slice(1, -1)}]`;
  return isIP(hostname) === 4 ? `[${hostname}]` : hostname;
}
