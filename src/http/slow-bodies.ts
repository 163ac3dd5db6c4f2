import type { FastifyInstance } from 'fastify';

/**
 * Ends connections whose body has not come in time. An upload may take as long as any request, until it has been answered: what still comes
 * after a refusal is waited for no longer than other bodies.
 * @param within ms from the headers on @param answer what is sent first where nothing was answered yet: a whole HTTP answer
 */
export function endSlowBodies(fastify: FastifyInstance, within: number, answer: () => string): void {
  fastify.addHook('onRequest', (request, reply, done) => {
    const { raw, headers, routeOptions } = request;
    if (headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined) {
      const timer = setTimeout(() => {
        const { socket } = raw;
        // An injected request has no connection, and does not say.
        if (raw.complete !== false) return;
        if (reply.raw.headersSent) socket.destroy();
        else if (!routeOptions.config?.upload) {
          socket.end(answer());
          // Not at once: what has not been read would take the answer with it.
          setTimeout(() => socket.destroy(), 1_000).unref();
        }
      }, within);
      raw.once('close', () => clearTimeout(timer));
    }
    done();
  });
}
