import { createTransport, type NodemailerError } from 'nodemailer';
import { Carrier, NotSent, type Parcel } from './carrier.js';
import { composed } from './composed.js';
import type { Lane } from './kinds.js';

/** Connections of one lane; as many as it has workers. */
export const LANE_CONNECTIONS = 2;

/** The mail relay of `SMTP_URL`, over connections that are kept and used again. Each lane has its own. */
export class Relay extends Carrier {
  private readonly pools = new Map<Lane, ReturnType<typeof pool>>();

  /** @param url with the parameters nodemailer knows, such as `?requireTLS=true` @param name by which we greet the relay */
  constructor(
    private readonly url: string,
    private readonly name: string,
  ) {
    super();
  }

  async carry(lane: Lane, parcel: Parcel, signal: AbortSignal): Promise<void> {
    try {
      await this.pool(lane).sendMail({ ...composed(parcel), signal });
    } catch (error) {
      throw notSent(error as NodemailerError);
    }
  }

  async probe(): Promise<void> {
    try {
      await this.pool('account').verify();
    } catch (error) {
      throw notSent(error as NodemailerError);
    }
  }

  close(): void {
    for (const transport of this.pools.values()) transport.close();
    this.pools.clear();
  }

  private pool(lane: Lane): ReturnType<typeof pool> {
    let transport = this.pools.get(lane);
    if (!transport) this.pools.set(lane, (transport = pool(this.url, this.name)));
    return transport;
  }
}

function pool(url: string, name: string): ReturnType<typeof createTransport> {
  return createTransport({
    pool: true,
    url,
    name,
    maxConnections: LANE_CONNECTIONS,
    // The relay may have closed every kept connection; the one after them is new. All other patience is the outbox's.
    maxRequeues: LANE_CONNECTIONS,
    connectionTimeout: 10_000,
    greetingTimeout: 10_000,
    dnsTimeout: 10_000,
    socketTimeout: 60_000,
    // A password is never sent in the clear, whoever took STARTTLS out of the greeting. The URL may say otherwise.
    requireTLS: new URL(url).password !== '',
  });
}

/** What concerns the connection and not the mail on it: a wrong password for the relay is no reason to give a letter up. */
const UNREACHABLE = new Set(['ECONNECTION', 'ETIMEDOUT', 'ESOCKET', 'EDNS', 'ETLS', 'EAUTH', 'ENOAUTH', 'EPROTOCOL', 'EABORT']);
/** 503, the session was in the wrong state; 530, it wants TLS or a password first: both are ours to mend. */
const NOT_THE_MAILS_FAULT = [503, 530];

function notSent({ code = '', responseCode, message }: NodemailerError): NotSent {
  const reply = responseCode ?? null;
  if (UNREACHABLE.has(code)) return new NotSent('unreachable', reply, code === 'EABORT' ? 'No answer in time.' : message);
  const refused = reply !== null && reply >= 500 && !NOT_THE_MAILS_FAULT.includes(reply);
  return new NotSent(refused ? 'refused' : 'later', reply, message);
}
