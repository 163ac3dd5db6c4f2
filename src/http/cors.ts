import { RouteConfig } from '@nestjs/platform-fastify';
import type { FastifyContextConfig, FastifyInstance, FastifyReply } from 'fastify';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Published content: for every site's scripts, without credentials. `at_times`: only what every cache may keep. */
    published?: 'always' | 'at_times';
  }
}

/** What a route of published content is registered with. */
export const PUBLISHED: FastifyContextConfig = { published: 'always' };

/** Opens a route to the scripts of every site; what does not say so stays with our own pages. */
export const ForEverySite = (): MethodDecorator => RouteConfig(PUBLISHED);

/** Opens a route to them for answers that anybody may see; what it tells one reader stays with our own pages. */
export const ForEverySiteWhenPublished = (): MethodDecorator => RouteConfig({ published: 'at_times' } satisfies FastifyContextConfig);

const PREFLIGHT = {
  'access-control-allow-origin': '*',
  'access-control-allow-methods': 'GET, HEAD',
  'access-control-allow-headers': 'If-None-Match, If-Modified-Since',
  'access-control-max-age': '86400',
};
const ANSWER = {
  'access-control-allow-origin': '*',
  'access-control-expose-headers': 'ETag, Last-Modified, Link, Retry-After',
  'cross-origin-resource-policy': 'cross-origin',
};

/**
 * Says which answers other sites' scripts may read. It hangs on the routes themselves, preflights included: no path is compared, so no
 * spelling of one gets past it. Call it before the first route is registered.
 */
export function shareWithEverySite(fastify: FastifyInstance): void {
  fastify.addHook('onRoute', ({ method, url, config }) => {
    if (method !== 'GET' || !config?.published) return;
    fastify.options(url, (_request, reply) => reply.code(204).headers(PREFLIGHT).send());
  });
  fastify.addHook('onSend', (request, reply, payload, done) => {
    const { published } = request.routeOptions.config ?? {};
    // Refusals included where all is published: a script that may read the answer may read why there is none.
    if (published === 'always' || (published === 'at_times' && isForEverybody(reply))) void reply.headers(ANSWER);
    done(null, payload);
  });
}

function isForEverybody(reply: FastifyReply): boolean {
  return String(reply.getHeader('cache-control')).startsWith('public');
}
