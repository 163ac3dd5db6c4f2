import { RouteConfig } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The address holds a secret: whoever has it may read. */
    secretAddress?: true;
  }
}

/** For a route whose address is a secret: nobody keeps, lists or passes on what it answers. */
export const SecretAddress = (): MethodDecorator => RouteConfig({ secretAddress: true });

const HEADERS = {
  'cache-control': 'private, no-store',
  'x-robots-tag': 'noindex, nofollow, noarchive',
  'referrer-policy': 'no-referrer',
};

/** Sets the headers on every answer of such routes, refusals included, whoever wrote others before. Call it before the first route is registered. */
export function guardSecretAddresses(fastify: FastifyInstance): void {
  fastify.addHook('onSend', (request, reply, payload, done) => {
    if (request.routeOptions.config?.secretAddress) void reply.headers(HEADERS);
    done(null, payload);
  });
}
