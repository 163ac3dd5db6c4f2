import { RouteConfig } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';
import { Problem } from './problem.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What a page's own form sends is taken here. */
    form?: boolean;
  }
}

/** Forms of reader pages hold a vote, or an address: little. In bytes. */
const FORM_LIMIT = 4 * 1024;

/** Lets a page's form be sent to this route, as browsers send one without a script. Everywhere else bodies are JSON. */
export const TakesForm = (): MethodDecorator => RouteConfig({ form: true });

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
}

/** The body is of a type that this route does not take. */
export function unsupportedType(): Problem {
  return new Problem(415, 'unsupported_media_type', {
    ar: 'أرسل المتن بنوع application/json.',
    en: 'Send the body as application/json.',
  });
}
