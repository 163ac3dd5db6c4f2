import { applyDecorators, createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { ApiHeader } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { Problem } from '../http/problem.js';

const FIELD = 'Idempotency-Key';
const KEY = /^[\x21-\x7E]{1,200}$/;

/** The `Idempotency-Key` of a request. @throws Problem 400 `idempotency_key_required`, `idempotency_key_invalid` */
export const IdempotencyKey = createParamDecorator((_: unknown, context: ExecutionContext): string => {
  const key = context.switchToHttp().getRequest<FastifyRequest>().headers['idempotency-key'];
  if (key === undefined || key === '')
    throw refused('idempotency_key_required', {
      ar: 'أرسل ترويسة Idempotency-Key بقيمة جديدة لكل إرسال، كرقم UUID، وأعدها إن أعدت المحاولة.',
      en: 'Send the header Idempotency-Key with a new value for each share, such as a UUID, and the same one when you try again.',
    });
  if (typeof key !== 'string' || !KEY.test(key))
    throw refused('idempotency_key_invalid', {
      ar: 'قيمة Idempotency-Key من محرف إلى 200 محرف ASCII ظاهر، بلا مسافات.',
      en: 'Idempotency-Key is 1 to 200 visible ASCII characters, without spaces.',
    });
  return key;
});

/** Documents the header that {@link IdempotencyKey} reads. */
export const TakesIdempotencyKey = (): MethodDecorator =>
  applyDecorators(
    ApiHeader({
      name: FIELD,
      required: true,
      description: 'New for each share, the same when it is tried again: then it is the same share.',
      schema: { type: 'string', pattern: KEY.source, example: '8d0a5b1e-6c56-4f7e-9a0d-6e2f3f6f2d11' },
    }),
  );

function refused(code: string, message: { readonly ar: string; readonly en: string }): Problem {
  return new Problem(400, code, message, { errors: [{ field: FIELD, rule: code, message }] });
}
