import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Controller, Get, Post } from '@nestjs/common';
import type { InjectOptions } from 'fastify';
import { openApiDocument } from '../src/http/openapi.js';
import { anEditor } from './factories.js';
import { named, startWithRoutes, type Route } from './routes.js';
import type { TestApp } from './test-app.js';

// Closed by default: every route that Fastify has is walked, so one that nobody thought of is found.

const SNAPSHOT = join(import.meta.dirname, 'public-routes.txt');

let world: TestApp;
let routes: readonly Route[];

beforeAll(async () => {
  ({ world, routes } = await startWithRoutes());
});
afterAll(() => world.close());

const open = ({ door }: Route): boolean => door === 'public' || door === 'raw';

/** What a stranger gets; parts of the path are filled with ids that nobody has. */
async function answerTo({ method, path }: Route, headers: Record<string, string> = {}): Promise<number> {
  const url = path.replaceAll(/:\w+/g, '999999').replace('*', 'nothing');
  const answer = await world.app.inject({ method: method as NonNullable<InjectOptions['method']>, url, headers });
  return answer.statusCode;
}

it('knows every route: a controller says who may take it, and there is no controller whose routes are not there', () => {
  expect(routes.filter(({ door }) => door === 'closed').map(named)).toEqual([]);
  expect(routes.filter(({ path, door }) => door === 'raw' && path.startsWith('/api/')).map(named)).toEqual(
    routes.filter(({ method, path }) => method === 'OPTIONS' && path.startsWith('/api/')).map(named),
  );
});

it('is public where public-routes.txt says so, and nowhere else', () => {
  const text = `${[...new Set(routes.filter(open).map(named))].toSorted().join('\n')}\n`;
  if (process.env['UPDATE_ROUTES']) writeFileSync(SNAPSHOT, text);
  expect(text, 'after reading the difference: UPDATE_ROUTES=1 npx vitest run test/router').toBe(readFileSync(SNAPSHOT, 'utf8'));
});

it('answers a stranger with 401 on every other route, and on no public one', async () => {
  const strangers = await Promise.all(routes.map(async (route) => [named(route), (await answerTo(route)) === 401] as const));
  expect(strangers).toEqual(routes.map((route) => [named(route), !open(route)]));
});

it('answers a session that never was, or is no token at all, as a stranger', async () => {
  for (const authorization of ['Bearer x', `Bearer ${'A'.repeat(43)}`, 'Bearer ', 'Basic YTpi', 'bearer null']) {
    const answers = await Promise.all(routes.filter((route) => !open(route)).map((route) => answerTo(route, { authorization })));
    expect([authorization, [...new Set(answers)]]).toEqual([authorization, [401]]);
  }
});

it('keeps a desk route closed however its path is spelled', async () => {
  const spellings = ['//api/v1/desk/audit', '/api/v1/desk//audit', '/api/v1/desk/audit/', '/API/v1/desk/audit', '/api/v1/%64esk/audit'];
  for (const url of [...spellings, '/api/v1/desk/audit;x', '/api/v1/./desk/audit', '/api/v1/x/../desk/audit', '/api/v1/desk/audit%2f']) {
    const { statusCode } = await world.app.inject({ method: 'GET', url });
    expect([url, [400, 401, 404].includes(statusCode)]).toEqual([url, true]);
  }
});

it('documents every route of the API, and nothing that is not there', () => {
  const documented = Object.entries(openApiDocument(world.app).paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => named({ method: method.toUpperCase(), path: path.replaceAll(/\{(\w+)\}/g, ':$1') })),
  );
  // HEAD goes with GET, and preflights with what they ask about.
  const own = routes.filter(({ method }) => method !== 'HEAD' && method !== 'OPTIONS');
  expect(documented.toSorted()).toEqual(
    own
      .filter(({ path }) => /^\/(api|[.]well-known)\//.test(path) && path !== '/api/*')
      .map(named)
      .toSorted(),
  );
});

@Controller('api/v1/desk/forgotten')
class ForgottenController {
  @Get()
  read(): string {
    return 'secret';
  }

  @Post()
  write(): string {
    return 'done';
  }
}

it('refuses everybody at a controller that says nothing, and finds it', async () => {
  const planted = await startWithRoutes(ForgottenController);
  try {
    const forgotten = planted.routes.filter(({ path }) => path.endsWith('/forgotten'));
    expect(forgotten.map((route) => [named(route), route.door])).toEqual([
      ['GET /api/v1/desk/forgotten', 'closed'],
      ['HEAD /api/v1/desk/forgotten', 'closed'],
      ['POST /api/v1/desk/forgotten', 'closed'],
    ]);
    const admin = await anEditor(planted.world, 'admin');
    for (const method of ['GET', 'HEAD', 'POST'] as const) {
      const knock = async (headers: Record<string, string>): Promise<number> =>
        (await planted.world.app.inject({ method, url: '/api/v1/desk/forgotten', headers })).statusCode;
      expect([method, await knock({}), await knock({ authorization: `Bearer ${admin.token}` })]).toEqual([method, 401, 403]);
    }
  } finally {
    await planted.world.close();
  }
});
