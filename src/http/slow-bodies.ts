import type { FastifyInstance } from 'fastify';

/**
 * Ends connections whose body has not come in time. An upload may take as long as any request, until it has been answered: what still comes
 * after a refusal is waited for no longer than other bodies.
 * @param within ms from the headers, or from the answer to an upload @param answer what is sent first where nothing was answered yet: a whole
 *   HTTP answer
 */
export function endSlowBodies(fastify: FastifyInstance, within: number, answer: () => string): void {
  fastify.addHook('onRequest', ({ raw, headers, routeOptions }, { raw: response }, done) => {
    const inTime = (end: () => void): void => {
      // An injected request has no connection, and does not say whether it is complete.
      const timer = setTimeout(() => (raw.complete === false ? end() : undefined), within).unref();
      raw.once('close', () => clearTimeout(timer));
    };
    const { socket } = raw;
    if (headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined) {
      if (routeOptions.config?.upload) response.once('finish', () => inTime(() => socket.destroy()));
      else
        inTime(() => {
          if (response.headersSent) return void socket.destroy();
          socket.end(answer());
          // Not at once: what has not been read would take the answer with it.
          setTimeout(() => socket.destroy(), 1_000).unref();
        });
    }
    done();
  });
}
