import { RouteConfig } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';
import { Problem } from './problem.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What a page's own form sends is taken here. */
    form?: boolean;
    /** So is what a mail program sends for its reader. */
    oneClick?: boolean;
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

/** Reads forms for the routes that take one. Whether they come from our own pages the guard sees, as for every act. */
export function readForms(fastify: FastifyInstance): void {
  fastify.addContentTypeParser<string>(
    'application/x-www-form-urlencoded',
    { parseAs: 'string', bodyLimit: FORM_LIMIT },
    (request, body, done) => {
      if (request.routeOptions.config?.form) done(null, Object.fromEntries(new URLSearchParams(body)));
      else done(unsupportedType(), undefined);
    },
  );
  // Within the same limit, and left unread: no parser of parts stands open to anybody.
  fastify.addContentTypeParser<string>('multipart/form-data', { parseAs: 'string', bodyLimit: FORM_LIMIT }, (request, _body, done) => {
    if (request.routeOptions.config?.oneClick) done(null, undefined);
    else done(unsupportedType(), undefined);
  });
}

/** The body is of a type that this route does not take. */
export function unsupportedType(): Problem {
  return new Problem(415, 'unsupported_media_type', {
    ar: 'أرسل المتن بنوع application/json.',
    en: 'Send the body as application/json.',
  });
}
