import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';

/** One message as the relay got it. */
export interface Received {
  readonly from: string;
  readonly to: readonly string[];
  /** The `RCPT` lines as they came over the wire: smtp-server shows domains in Unicode. */
  readonly asked: readonly string[];
  readonly raw: string;
}

/** What the sink answers to RCPT or to the final dot: null takes it, a number refuses, `drop` cuts the line, `wait` says nothing. */
export type Answer = null | 'drop' | 'wait' | { readonly code: number; readonly text: string };

/** Of smtp-server, which has no public way to cut a line. */
interface Connection {
  readonly id: string;
  readonly _socket: { destroy(): void };
}

interface LogEntry {
  readonly tnx: string;
  readonly cid: string;
}

const nothing = (): void => undefined;
const SILENT = { trace: nothing, debug: nothing, info: nothing, warn: nothing, error: nothing, fatal: nothing };

/** A mail relay that keeps what it gets and does as it is told. */
export class MailSink {
  readonly received: Received[] = [];
  /** Connections so far. */
  connections = 0;
  /** What has come of the latest letter, whether its final dot has or not. */
  arriving = '';
  atRecipient: (to: string) => Answer | Promise<Answer> = () => null;
  atDot: (message: Received) => Answer = () => null;
  private readonly server: SMTPServer;
  private readonly asked = new Map<string, string[]>();

  private constructor(options: SMTPServerOptions) {
    this.server = new SMTPServer({
      authOptional: true,
      disabledCommands: ['STARTTLS', 'AUTH'],
      disableReverseLookup: true,
      closeTimeout: 100,
      onConnect: (_session, done) => {
        this.connections += 1;
        done();
      },
      onRcptTo: ({ address }, session, done) => {
        void Promise.resolve(this.atRecipient(address)).then((answer) => this.answer(answer, session.id, done));
      },
      onData: (stream, { id, envelope }, done) => {
        const chunks: Buffer[] = [];
        this.arriving = '';
        stream.on('data', (chunk: Buffer) => {
          chunks.push(chunk);
          this.arriving += chunk.toString('latin1');
        });
        stream.on('end', () => {
          const from = envelope.mailFrom === false ? '' : envelope.mailFrom.address;
          const message = {
            from,
            to: envelope.rcptTo.map(({ address }) => address),
            asked: this.asked.get(id) ?? [],
            raw: Buffer.concat(chunks).toString('latin1'),
          };
          this.asked.delete(id);
          const answer = this.atDot(message);
          // What is cut off after the dot has arrived all the same.
          if (answer === null || answer === 'drop') this.received.push(message);
          this.answer(answer, id, done);
        });
      },
      logger: {
        ...SILENT,
        debug: ({ tnx, cid }: LogEntry, _format: string, line: string) => void (tnx === 'command' && this.note(cid, line)),
      },
      ...options,
    });
    // Clients that are killed or cut off are part of the tests.
    this.server.on('error', () => undefined);
  }

  /** @param port 0 chooses one */
  static async open(port = 0, options: SMTPServerOptions = {}): Promise<MailSink> {
    const sink = new MailSink(options);
    sink.server.listen(port, '127.0.0.1');
    await once(sink.server.server, 'listening');
    return sink;
  }

  get port(): number {
    return (this.server.server.address() as AddressInfo).port;
  }

  get url(): string {
    return `smtp://127.0.0.1:${this.port}`;
  }

  async close(): Promise<void> {
    await new Promise<void>((done) => this.server.close(done));
  }

  /** Cuts all connections. */
  hangUp(): void {
    for (const connection of this.server.connections as Set<Connection>) connection['_socket'].destroy();
  }

  private note(session: string, line: string): void {
    if (/^RCPT/i.test(line)) this.asked.set(session, [...(this.asked.get(session) ?? []), line]);
  }

  private answer(answer: Answer, session: string, done: (error?: Error | null) => void): void {
    if (answer === 'wait') return;
    if (answer === 'drop') {
      for (const connection of this.server.connections as Set<Connection>) {
        if (connection.id === session) connection['_socket'].destroy();
      }
      return;
    }
    done(answer === null ? null : Object.assign(new Error(answer.text), { responseCode: answer.code }));
  }
}
