import type { FastifyRequest } from 'fastify';
import { Problem } from './problem.js';

const SAFE = ['GET', 'HEAD', 'OPTIONS'];

/** Whether the request brings its own token: then no cookie counts, so no other site can act in anybody's name. */
export function bearsToken({ headers }: FastifyRequest): boolean {
  return /^Bearer(?: |$)/i.test(headers.authorization ?? '');
}

/**
 * Refuses acts that another site's page sends from a reader's browser: browsers say where from, in `Origin` or `Sec-Fetch-Site`. Programs
 * say neither and pass. Asked for every unsafe request, whatever its route.
 * @param ours the center's origin, from the configuration
 * @throws Problem 403 `cross_origin`
 */
export function refuseCrossOrigin(request: FastifyRequest, ours: string): void {
  if (SAFE.includes(request.method) || bearsToken(request)) return;
  const { origin, 'sec-fetch-site': site } = request.headers;
  if ((origin === undefined || origin === ours) && (site === undefined || site === 'same-origin' || site === 'none')) return;
  throw new Problem(403, 'cross_origin', {
    ar: 'جاء الطلب من موقع آخر.',
    en: 'The request comes from another site.',
  });
}
