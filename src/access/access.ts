import { SetMetadata, createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { Problem } from '../http/problem.js';
import { may, type Act, type ActingEditor, type ArticleFacts } from './policy.js';

export const ACT = 'markaz:act';

/** The act a route of the desk asks leave for; a route with neither this nor `@Public()` is closed to everybody. */
export const Allows = (act: Act): MethodDecorator => SetMetadata(ACT, act);

/** Who acts, and in which request: what the audit log writes down. */
export interface Actor {
  /** Null: Markaz itself (a schedule that fell due, the command line). */
  readonly editor: ActingEditor | null;
  readonly requestId: string | null;
}

/** Markaz itself. */
export const SYSTEM: Actor = { editor: null, requestId: null };

/** An editor acting through a request. */
export interface EditorActor extends Actor {
  readonly editor: ActingEditor;
  readonly requestId: string;
}

const ACTORS = new WeakMap<FastifyRequest, ActingEditor>();

/** The guard's word about who sent this request. */
export function signIn(request: FastifyRequest, editor: ActingEditor): void {
  ACTORS.set(request, editor);
}

/** The signed-in editor of a desk route, as {@link EditorActor}. */
export const By = createParamDecorator((_: unknown, context: ExecutionContext): EditorActor => {
  const request = context.switchToHttp().getRequest<FastifyRequest>();
  const editor = ACTORS.get(request);
  if (!editor) throw notSignedIn();
  return { editor, requestId: request.id };
});

/** @throws Problem 403 `not_allowed` when the policy says no */
export function authorize(actor: Actor, act: Act, article?: ArticleFacts): void {
  if (actor.editor !== null && !may(actor.editor, act, article)) throw notAllowed();
}

export function notSignedIn(): Problem {
  return new Problem(401, 'not_signed_in', { ar: 'سجّل الدخول أولًا.', en: 'Sign in first.' }, { headers: { 'www-authenticate': 'Bearer' } });
}

export function notAllowed(): Problem {
  return new Problem(403, 'not_allowed', { ar: 'ليس هذا من صلاحياتك.', en: 'Your role does not allow this.' });
}

/** The editor might, but not through this token. */
export function tokenNotAllowed(): Problem {
  return new Problem(403, 'token_not_allowed', {
    ar: 'لا يسمح هذا الرمز بذلك: ليس في نطاقاته، أو لا يُفعل إلا بعد تسجيل الدخول.',
    en: 'This token does not allow it: no scope of it covers this, or only who has signed in may do it.',
  });
}
