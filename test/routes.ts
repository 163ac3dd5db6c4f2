import { RequestMethod, type DynamicModule, type Type } from '@nestjs/common';
import { METHOD_METADATA, PATH_METADATA } from '@nestjs/common/constants.js';
import { MetadataScanner, ModulesContainer, NestFactory } from '@nestjs/core';
import { ACT } from '../src/access/access.js';
import { ACTS, type Act } from '../src/access/policy.js';
import type { MarkazAdapter } from '../src/http/adapter.js';
import { PUBLIC } from '../src/http/public.js';
import { startTestApp, type TestApp } from './test-app.js';

/** A route as Fastify has it, and what the controller says of who may take it. */
export interface Route {
  readonly method: string;
  /** As registered: `/api/v1/desk/articles/:id`. */
  readonly path: string;
  /** `raw`: no controller's, so no guard stands before it. `closed`: a controller's that says neither `@Public()` nor a known act. */
  readonly door: 'public' | 'raw' | 'closed' | { readonly act: Act };
}

/** `METHOD path` */
export function named({ method, path }: Pick<Route, 'method' | 'path'>): string {
  return `${method} ${path}`;
}

/** The application with the router it really has. @param planted controllers that it has beside its own */
export async function startWithRoutes(...planted: readonly Type[]): Promise<{ world: TestApp; routes: readonly Route[] }> {
  const registered: Pick<Route, 'method' | 'path'>[] = [];
  const create = NestFactory.create.bind(NestFactory);
  // Fastify tells of routes only while they are made, and the adapter is made inside.
  const spy = vi.spyOn(NestFactory, 'create').mockImplementationOnce((module, adapter, options) => {
    (adapter as unknown as MarkazAdapter).getInstance().addHook('onRoute', ({ method, url }) => {
      for (const one of [method].flat()) registered.push({ method: one, path: url });
    });
    return create({ ...(module as DynamicModule), controllers: [...planted] }, adapter, options);
  });
  const world = await startTestApp().finally(() => spy.mockRestore());
  const doors = doorsOf(world);
  return { world, routes: registered.map((route) => ({ ...route, door: doors.get(handlerOf(route)) ?? 'raw' })) };
}

/** Fastify answers HEAD by the GET of the same path. */
function handlerOf({ method, path }: Pick<Route, 'method' | 'path'>): string {
  return named({ method: method === 'HEAD' ? 'GET' : method, path });
}

/** What every method of every controller says, by reflection, under the name its route has. */
function doorsOf({ app }: TestApp): Map<string, Route['door']> {
  const doors = new Map<string, Route['door']>();
  for (const module of app.get(ModulesContainer).values()) {
    for (const { metatype } of module.controllers.values()) {
      const controller = metatype as Type;
      const prototype = controller.prototype as Record<string, object>;
      for (const name of new MetadataScanner().getAllMethodNames(prototype)) {
        const handler = prototype[name]!;
        const method = Reflect.getMetadata(METHOD_METADATA, handler) as RequestMethod | undefined;
        if (method === undefined) continue;
        const parts = [controller, handler].map((target) => Reflect.getMetadata(PATH_METADATA, target) as string);
        const path = `/${parts
          .flatMap((part) => part.split('/'))
          .filter(Boolean)
          .join('/')}`;
        const isPublic = [handler, controller].some((target) => Reflect.getMetadata(PUBLIC, target) === true);
        const act = Reflect.getMetadata(ACT, handler) as Act | undefined;
        doors.set(named({ method: RequestMethod[method], path }), isPublic ? 'public' : act && ACTS.includes(act) ? { act } : 'closed');
      }
    }
  }
  return doors;
}
