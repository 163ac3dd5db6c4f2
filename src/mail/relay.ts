import { Readable } from 'node:stream';
import { createTransport, type NodemailerError, type SendMailOptions } from 'nodemailer';
import { Carrier, NotSent, type HandOver, type Parcel } from './carrier.js';
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

  async carry(lane: Lane, parcel: Parcel, signal: AbortSignal, handOver?: HandOver): Promise<void> {
    const sending: Sending = { ...composed(parcel), signal, handOver };
    try {
      await this.pool(lane).sendMail(sending);
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

interface Sending extends SendMailOptions {
  readonly handOver?: HandOver;
}

/**
 * nodemailer writes the final dot when the stream of the message ends. So the end waits for `handOver`; when that rejects, the stream breaks,
 * the line is closed, and the relay has a letter without an end, which RFC 5321 (4.1.1.4) lets nobody deliver.
 *
 * It is read piece by piece and not piped: pipes run ahead of their reader, and a short letter would have come to its end in them before
 * the relay was even told whom it is for.
 */
function holdingTheDot(message: Readable, handOver: HandOver): Readable {
  async function* pieces(): AsyncGenerator<Buffer> {
    for await (const piece of message) yield piece as Buffer;
    await handOver();
  }
  return Readable.from(pieces(), { objectMode: false, highWaterMark: 1 });
}

function pool(url: string, name: string): ReturnType<typeof createTransport> {
  const transport = createTransport({
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
  transport.use('stream', ({ data, message }, done) => {
    const { handOver } = data as Sending;
    // A function: the pool reads a message anew when it puts it on another line.
    if (handOver) message.processFunc((input) => holdingTheDot(input, handOver));
    done();
  });
  return transport;
}

/** What concerns the connection and not the mail on it: a wrong password for the relay is no reason to give a letter up. */
const UNREACHABLE = new Set(['ECONNECTION', 'ETIMEDOUT', 'ESOCKET', 'EDNS', 'ETLS', 'EAUTH', 'ENOAUTH', 'EPROTOCOL', 'EABORT']);
/** 503, the session was in the wrong state; 530, it wants TLS or a password first: both are ours to mend. */
const NOT_THE_MAILS_FAULT = [503, 530];

/** Replies that are about this recipient or this letter; what `MAIL FROM` is answered is about us. */
const ABOUT_THE_MAIL = ['RCPT TO', 'DATA'];
const ENHANCED_STATUS = /^(?<class>[45])\d\d[ -](?<status>\k<class>\.\d{1,3}\.\d{1,3})(?!\S)/;

function notSent({ code = '', responseCode, response, command, message }: NodemailerError): NotSent {
  const reply = responseCode ?? null;
  if (UNREACHABLE.has(code)) return new NotSent('unreachable', reply, code === 'EABORT' ? 'No answer in time.' : message);
  const refused = reply !== null && reply >= 500 && !NOT_THE_MAILS_FAULT.includes(reply);
  const status = ABOUT_THE_MAIL.includes(command ?? '') ? ENHANCED_STATUS.exec(response ?? '')?.groups?.['status'] : undefined;
  return new NotSent(refused ? 'refused' : 'later', reply, message, status);
}
