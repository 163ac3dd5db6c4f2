import { randomUUID } from 'node:crypto';
import { STATUS_CODES, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { LogController, type FastifyError, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import type { Config } from '../config/config.js';
import { malformedUrl } from './malformed.js';
import { encodedBody, unreasonableBody } from './malformed-body.js';
import { HomeLanguage, Problem, PROBLEM_TYPE, problemDocument } from './problem.js';
import { sendProblem } from './problem.filter.js';
import { Moved, Personal, Published, sendMoved, sendPersonal, sendPublished } from './published.js';
import { endSlowBodies } from './slow-bodies.js';

/** Of a path that a route takes, in characters. */
export const LONGEST_PART = 300;

const BODY_LIMIT = 256 * 1024;
/** The body of an article may be 200 kB; an Arabic one written as \uXXXX takes three times as many bytes. */
const ARTICLE_BODY_LIMIT = 1024 * 1024;
/** In ms; faults.md, F25. */
const BODY_TIMEOUT = 30_000;
/** In ms: 20 MB at a little more than half a megabit a second. */
const UPLOAD_TIMEOUT = 5 * 60_000;

/** Fastify under Nest, with the limits the fault plan presupposes and problem details for what is refused before any route. */
export class MarkazAdapter extends FastifyAdapter {
  constructor(config: Config, home: HomeLanguage, logger: Logger) {
    super({
      loggerInstance: logger,
      // A line per request would hold readers' addresses; faults are logged by the problem filter.
      logController: new LogController({ disableRequestLogging: true }),
      genReqId: () => randomUUID(),
      requestIdHeader: false,
      bodyLimit: BODY_LIMIT,
      // Of an upload, which has to come over a slow line; other bodies have less: see endSlowBodies.
      requestTimeout: UPLOAD_TIMEOUT,
      connectionTimeout: 60_000,
      // Longer than a proxy's idle time, so that the proxy and not this server ends an idle connection.
      keepAliveTimeout: 72_000,
      // A request without Host is refused below: Node's own refusal is an empty one.
      // Timeouts are looked at once a second: by default Node looks every 30 s, and a slow sender stays as long.
      http: { headersTimeout: 15_000, connectionsCheckingInterval: 1_000, requireHostHeader: false },
      // So many proxies in front of us are believed, counted from our end; never `true`, which lets clients choose their address.
      trustProxy: (_address, hop) => hop < config.trustedProxyHops,
      // While it drains, what still comes over an open connection is answered, with Connection: close; a 503 would be a lost request.
      return503OnClosing: false,
      routerOptions: { maxParamLength: LONGEST_PART },
      frameworkErrors: (_error: FastifyError, request: FastifyRequest, reply: FastifyReply) => {
        const url = request.raw.url ?? '';
        sendProblem(reply, malformedUrl(url) ?? unreadable('path'), request.id, home.of(url));
      },
      clientErrorHandler: (error: NodeJS.ErrnoException, socket: Socket) => {
        if (error.code === 'ECONNRESET' || !socket.writable) {
          socket.destroy();
          return;
        }
        socket.end(rawProblem(CLIENT_ERRORS[error.code ?? '']?.() ?? unreadable('request'), home));
      },
    });
    // Node would answer an expectation it does not know with an empty 417.
    this.getInstance().server.on('checkExpectation', (_request: IncomingMessage, response: ServerResponse) => {
      const body = problemDocument(expectationFailed(), randomUUID(), home.lang);
      response.writeHead(417, { ...RAW_HEADERS, 'Content-Length': Buffer.byteLength(body), Connection: 'close' }).end(body);
    });
    // Raised before routing; Nest's global filter answers it.
    this.getInstance().addHook('onRequest', (request, _reply, done) => {
      const hostless = request.headers.host === undefined && request.raw.httpVersion === '1.1';
      const refusal =
        malformedUrl(request.raw.url ?? '') ?? (hostless ? unreadable('request') : encodedBody(request.headers['content-encoding']));
      done(refusal ?? undefined);
    });
    // Parsed, and seen by nothing yet.
    this.getInstance().addHook('preValidation', (request, _reply, done) => {
      done(unreasonableBody(request.body) ?? undefined);
    });
    endSlowBodies(this.getInstance(), BODY_TIMEOUT, () => rawProblem(tooSlow(), home));
    this.getInstance().addHook('onRoute', (route) => {
      if (/^\/api\/v1\/desk\/articles(\/|$)/.test(route.url)) route.bodyLimit = ARTICLE_BODY_LIMIT;
    });
    // JSON everywhere: Fastify would also take text/plain.
    this.getInstance().removeContentTypeParser('text/plain');
  }

  override reply(...[response, body, statusCode]: Parameters<FastifyAdapter['reply']>): ReturnType<FastifyAdapter['reply']> {
    if (body instanceof Published) return sendPublished(response as FastifyReply, body);
    if (body instanceof Personal) return sendPersonal(response as FastifyReply, body);
    if (body instanceof Moved) return sendMoved(response as FastifyReply, body);
    return super.reply(response, body, statusCode);
  }
}

const RAW_HEADERS = { 'Content-Type': PROBLEM_TYPE, 'Cache-Control': 'private, no-store', 'X-Content-Type-Options': 'nosniff' };

const CLIENT_ERRORS: Readonly<Record<string, () => Problem>> = {
  HPE_HEADER_OVERFLOW: headersTooLong,
  ERR_HTTP_REQUEST_TIMEOUT: tooSlow,
};

/** The refusal of what could not be read at all. */
export function unreadable(field: 'path' | 'request'): Problem {
  const message = { ar: 'تعذّرت قراءته.', en: 'It could not be read.' };
  return new Problem(
    400,
    'malformed_request',
    { ar: 'الطلب غير سليم.', en: 'The request is malformed.' },
    { errors: [{ field, rule: 'unreadable', message }] },
  );
}

function headersTooLong(): Problem {
  return new Problem(431, 'headers_too_long', {
    ar: 'ترويسات الطلب أطول من المسموح.',
    en: 'The request’s headers are longer than allowed.',
  });
}

function tooSlow(): Problem {
  return new Problem(408, 'request_timeout', { ar: 'وصل الطلب أبطأ مما يُقبل.', en: 'The request came too slowly.' });
}

function expectationFailed(): Problem {
  return new Problem(417, 'expectation_failed', {
    ar: 'لا نلبي ما تطلبه ترويسة Expect.',
    en: 'What the Expect header asks for is not offered.',
  });
}

/** A whole answer by hand: no request object exists yet, so neither hooks nor filters run. */
function rawProblem(problem: Problem, home: HomeLanguage): string {
  const body = problemDocument(problem, randomUUID(), home.lang);
  const headers = { ...RAW_HEADERS, 'Content-Length': Buffer.byteLength(body), Connection: 'close' };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  return [`HTTP/1.1 ${problem.getStatus()} ${STATUS_CODES[problem.getStatus()]}`, ...lines, '', body].join('\r\n');
}
