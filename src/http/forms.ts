import type { IncomingMessage } from 'node:http';
import { RouteConfig } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Problem } from './problem.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What a page's own form sends is taken here. */
    form?: boolean;
    /** So is what a mail program sends for its reader. */
    oneClick?: boolean;
    /** A file, which the route reads itself. */
    upload?: boolean;
  }
}

/** Forms of reader pages hold a vote, or an address: little. In bytes. */
const FORM_LIMIT = 4 * 1024;

/** Lets a page's form be sent to this route, as browsers send one without a script. Everywhere else bodies are JSON. */
export const TakesForm = (): MethodDecorator => RouteConfig({ form: true });

/**
 * As {@link TakesForm}, and takes `multipart/form-data` too: RFC 8058, 3.1, lets mail programs unsubscribe by either type. Nobody reads what
 * such a body says: the address alone tells what is wanted.
 */
export const TakesOneClick = (): MethodDecorator => RouteConfig({ form: true, oneClick: true });

/** Takes `multipart/form-data` and leaves it unread: the route reads `request.raw`, after the guard has let it in. */
export const TakesUpload = (): MethodDecorator => RouteConfig({ upload: true });

/** Reads forms for the routes that take one. Whether they come from our own pages the guard sees, as for every act. */
export function readForms(fastify: FastifyInstance): void {
  fastify.addContentTypeParser<string>(
    'application/x-www-form-urlencoded',
    { parseAs: 'string', bodyLimit: FORM_LIMIT },
    (request, body, done) => {
      if (request.routeOptions.config?.form) done(null, Object.fromEntries(new URLSearchParams(body)));
      else done(unsupportedType(wantedType(request)), undefined);
    },
  );
  // No parser of parts stands open to anybody: such a body is left to its route, or thrown away within the limit of forms.
  fastify.addContentTypeParser('multipart/form-data', (request, body, done) => {
    const { upload, oneClick } = request.routeOptions.config ?? {};
    if (upload) done(null, undefined);
    else if (oneClick) throwAway(body, done);
    else done(unsupportedType(wantedType(request)), undefined);
  });
}

function throwAway(body: IncomingMessage, done: (error: Error | null) => void): void {
  let length = 0;
  body.on('data', (chunk: Buffer) => {
    length += chunk.length;
    if (length > FORM_LIMIT)
      end(new Problem(413, 'too_large', { ar: 'متن الطلب أكبر من المسموح.', en: 'The body is larger than allowed.' }));
  });
  body.once('end', () => end(null));
  body.once('error', (error) => end(error));
  const end = (error: Error | null): void => {
    body.removeAllListeners('data');
    body.removeAllListeners('end');
    body.resume();
    done(error);
  };
}

/** The type of body that a route wants. */
export function wantedType({ routeOptions }: FastifyRequest): string {
  const { upload, form } = routeOptions.config ?? {};
  if (upload) return 'multipart/form-data';
  return form ? 'application/x-www-form-urlencoded' : 'application/json';
}

/** The body is of a type that this route does not take. @param wanted the one that it takes */
export function unsupportedType(wanted: string): Problem {
  return new Problem(415, 'unsupported_media_type', { ar: `أرسل المتن بنوع ${wanted}.`, en: `Send the body as ${wanted}.` });
}
