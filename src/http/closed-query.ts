import { Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import { ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';
import { RouteParamtypes } from '@nestjs/common/enums/route-paramtypes.enum.js';
import type { FastifyRequest } from 'fastify';
import type { Observable } from 'rxjs';
import { InputPipe } from './input.js';
import { LangQuery } from './query.js';

/**
 * Holds routes of the API that declare no parameters to `lang`, which every route takes. Those with a `@Query()` of their own are held to
 * its class by the {@link InputPipe}; without this, all others would take anything.
 */
@Injectable()
export class ClosedQuery implements NestInterceptor {
  private readonly pipe = new InputPipe();

  async intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    const { query, routeOptions } = context.switchToHttp().getRequest<FastifyRequest>();
    if (routeOptions.url?.startsWith('/api/v1/') && !declaresQuery(context))
      await this.pipe.transform(query, { type: 'query', metatype: LangQuery });
    return next.handle();
  }
}

/** Nest keeps a handler's arguments under `<kind>:<position>`. */
function declaresQuery(context: ExecutionContext): boolean {
  const parameters = (Reflect.getMetadata(ROUTE_ARGS_METADATA, context.getClass(), context.getHandler().name) ?? {}) as object;
  return Object.keys(parameters).some((key) => key.startsWith(`${RouteParamtypes.QUERY}:`));
}
