import { Catch, HttpException, Logger, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import pg from 'pg';
import { QueryFailedError } from 'typeorm';
import { Busy } from '../database/turns.js';
import { UncleanText } from '../text/clean.js';
import { refusalOf } from './constraints.js';
import { unsupportedType, wantedType } from './forms.js';
import { malformedBody } from './malformed-body.js';
import { HomeLanguage, NotFound, PROBLEM_TYPE, Problem, problemDocument, type Sentence } from './problem.js';

/** Turns whatever was thrown into problem details. Never a driver's text, a stack, or the input echoed; the log has those. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  private readonly logger = new Logger('Problem');

  constructor(protected readonly home: HomeLanguage) {}

  catch(thrown: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<FastifyRequest>();
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    const problem = problemOf(thrown, request);
    if (problem.getStatus() === 413) readOn(request, reply);
    // Not being ready is logged when it begins, not at each probe.
    if (problem.getStatus() >= 500 && problem.code !== 'not_ready') this.log(thrown, problem, request);
    this.answer(problem, request, reply);
  }

  private log(thrown: unknown, problem: Problem, { id, method, routeOptions }: FastifyRequest): void {
    const request = `${id} ${method} ${routeOptions.url ?? '(no route)'}`;
    // What we refuse ourselves, having too much to do or no room, is no fault: where it was thrown tells nothing, and there are many of it.
    if (thrown instanceof Problem || thrown instanceof Busy) this.logger.warn(`${request}: ${problem.getStatus()} ${problem.code}`);
    else this.logger.error(request, thrown instanceof Error ? (thrown.stack ?? thrown.message) : thrown);
  }

  /** Reader pages answer with a page. */
  protected answer(problem: Problem, request: FastifyRequest, reply: FastifyReply): void {
    sendProblem(reply, problem, request.id, this.home.of(request.raw.url ?? ''));
  }
}

/** The rest of a refused body that is still read, in bytes: enough for a long text sent by mistake, and no more than a moment's traffic. */
const READ_ON = 16 * 1024 * 1024;

/**
 * Lets the client finish sending what was refused for its size. Ending the connection at once, as Fastify would, resets it while the client
 * still writes, and the answer is lost. Who sends on beyond the limit, or slowly, meets its end.
 */
function readOn(request: FastifyRequest, reply: FastifyReply): void {
  const { raw } = request;
  let left = READ_ON;
  if (Number(request.headers['content-length'] ?? 0) > left) return;
  void reply.removeHeader('connection');
  raw.on('data', (chunk: Buffer) => {
    left -= chunk.length;
    if (left < 0) raw.destroy();
  });
}

export function sendProblem(reply: FastifyReply, problem: Problem, id: string, lang: Parameters<typeof problemDocument>[2]): void {
  void reply
    .code(problem.getStatus())
    .headers({ 'cache-control': 'private, no-store', 'x-content-type-options': 'nosniff', ...problem.more.headers })
    .type(PROBLEM_TYPE)
    .send(problemDocument(problem, id, lang));
}

const LATER = { headers: { 'retry-after': '5' } };
const UNAVAILABLE: Sentence = {
  ar: 'تعذّر الوصول إلى البيانات الآن. حاول بعد ثوانٍ.',
  en: 'The data cannot be reached just now. Try again in a few seconds.',
};

function problemOf(thrown: unknown, request: FastifyRequest): Problem {
  if (thrown instanceof Problem) return thrown;
  if (thrown instanceof HttpException) return frameworkProblem(thrown, request);
  // Fields refuse such text by name; what reaches us came past them.
  if (thrown instanceof UncleanText) return malformedValue();
  const driver = thrown instanceof QueryFailedError ? thrown.driverError : thrown;
  if (driver instanceof pg.DatabaseError) return databaseProblem(driver);
  if (thrown instanceof Busy || isLostConnection(driver)) return new Problem(503, 'unavailable', UNAVAILABLE, LATER);
  return new Problem(500, 'server_error', {
    ar: 'حدث خطأ لم نتوقعه، وقد سُجّل.',
    en: 'Something unexpected went wrong; it has been logged.',
  });
}

/** Refusals of Nest and Fastify themselves: only their status and code are kept. */
function frameworkProblem(exception: HttpException, request: FastifyRequest): Problem {
  const status = exception.getStatus();
  const { code } = (exception.cause ?? {}) as { code?: unknown };
  if (code === 'FST_ERR_CTP_INVALID_JSON_BODY' || code === 'FST_ERR_CTP_EMPTY_JSON_BODY') {
    return malformedBody();
  }
  if (status === 404) return new NotFound();
  if (status === 413) return new Problem(413, 'too_large', { ar: 'متن الطلب أكبر من المسموح.', en: 'The body is larger than allowed.' });
  if (status === 415) return unsupportedType(wantedType(request));
  if (status >= 400 && status < 500)
    return new Problem(status, 'malformed_request', { ar: 'الطلب غير سليم.', en: 'The request is malformed.' });
  return new Problem(status, 'server_error', {
    ar: 'حدث خطأ لم نتوقعه، وقد سُجّل.',
    en: 'Something unexpected went wrong; it has been logged.',
  });
}

function malformedValue(): Problem {
  return new Problem(400, 'malformed_value', { ar: 'في الطلب قيمة غير سليمة.', en: 'The request holds a malformed value.' });
}

function databaseProblem(error: pg.DatabaseError): Problem {
  const refusal = refusalOf(error);
  if (refusal !== null) return refusal;
  const { code = '' } = error;
  // The last net under the pipes: out of range, untranslatable character, text that is no number, unsupported Unicode escape, no date.
  if (['22003', '22021', '22P02', '22P05', '22007', '22008', '22009'].includes(code)) {
    return malformedValue();
  }
  // Cancelled after its time, lock not got, deadlock, serialization, read-only, out of resources, connection lost or refused, database gone.
  if (/^(57|55P03|40|25006|53|08|28|3D000)/.test(code)) return new Problem(503, 'unavailable', UNAVAILABLE, LATER);
  return new Problem(500, 'server_error', {
    ar: 'حدث خطأ لم نتوقعه، وقد سُجّل.',
    en: 'Something unexpected went wrong; it has been logged.',
  });
}

/** pg gives lost connections and a pool that has none to spare as plain errors: system codes, or these sentences. */
function isLostConnection(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code } = error as NodeJS.ErrnoException;
  return (
    ['ECONNREFUSED', 'ECONNRESET', 'ENOENT', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EAI_AGAIN'].includes(code ?? '') ||
    /^(Connection terminated|Query read timeout|timeout exceeded when trying to connect|Client has encountered a connection error)/.test(
      error.message,
    )
  );
}
