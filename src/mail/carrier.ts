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
}

/** Where mail goes: the relay, or a folder where there is none. */
export abstract class Carrier {
  /**
   * Hands one mail over. Has an answer, or throws, soon after `signal` aborts.
   * @throws NotSent when it was refused or could not be handed over
   */
  abstract carry(lane: Lane, parcel: Parcel, signal: AbortSignal): Promise<void>;

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
   */
  constructor(
    readonly fault: 'refused' | 'later' | 'unreachable',
    readonly code: number | null,
    reason: string,
  ) {
    super(reason);
  }
}

/** @returns the host of an origin as mail writes it: a name, or an address literal in brackets */
export function mailHost(origin: string): string {
  const { hostname } = new URL(origin);
  if (hostname.startsWith('[')) return `[IPv6:${hostname.slice(1, -1)}]`;
  return isIP(hostname) === 4 ? `[${hostname}]` : hostname;
}
