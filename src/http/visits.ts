import { createHmac, randomBytes } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { isbot } from 'isbot';
import { networkOf } from './client-network.js';

/** Who asked, as far as a request tells. Neither is stored anywhere. */
export interface Visitor {
  readonly method: string;
  readonly ip: string;
  readonly headers: IncomingHttpHeaders;
}

/** Whether a person is likely to be there: no program that says what it is or says nothing, and no browser that fetches ahead of its reader. */
export function isReader({ method, headers }: Visitor): boolean {
  const { 'user-agent': agent = '', 'sec-purpose': purpose = headers['purpose'] } = headers;
  return method !== 'HEAD' && agent !== '' && !isbot(agent) && !String(purpose ?? '').startsWith('prefetch');
}

/** For so long one visitor counts once, in ms. */
export const RELOAD_MS = 30 * 60_000;
/** Visits remembered at once, about 20 MB: of more the oldest are forgotten first. */
const MOST_REMEMBERED = 100_000;

/**
 * Knows for 30 minutes who has seen what, so that a reload is not counted. It remembers a hash of thing, network and user agent, under a key
 * that is drawn anew in each process and written nowhere: nobody can tell afterwards who has seen what. Readers behind one address with one
 * browser count as one; two processes count each for itself.
 */
export class RecentVisits {
  private readonly key = randomBytes(32);
  /** By hash, when it is forgotten; the oldest first. */
  private readonly until = new Map<string, number>();

  /** @param what names the thing and what is done with it @returns whether it is the visitor's first time, which it no longer is from now on */
  isFirst(what: string, { ip, headers }: Visitor): boolean {
    const now = performance.now();
    this.forget(now);
    const said = `${what}\n${networkOf(ip)}\n${headers['user-agent'] ?? ''}`;
    const hash = createHmac('sha256', this.key).update(said).digest('base64url').slice(0, 22);
    if (this.until.has(hash)) return false;
    this.until.set(hash, now + RELOAD_MS);
    return true;
  }

  private forget(now: number): void {
    for (const [hash, until] of this.until) {
      if (until > now && this.until.size < MOST_REMEMBERED) break;
      this.until.delete(hash);
    }
  }
}
