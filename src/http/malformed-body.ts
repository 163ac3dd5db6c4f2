import { Problem } from './problem.js';

/** Deeper than any body of the API goes, and shallow enough for everything that walks it by recursion afterwards. */
const MAX_DEPTH = 20;
/** More than any body of the API holds; without it a megabyte of `[],[],` keeps the checks busy for a second. */
const MAX_VALUES = 20_000;

/** What came as JSON and is none. */
export function malformedBody(): Problem {
  return new Problem(400, 'malformed_body', { ar: 'متن الطلب ليس JSON سليمًا.', en: 'The body is not well-formed JSON.' });
}

/**
 * Refuses JSON that is nested too deeply or holds too many values, before anything walks it.
 * @param body as the parser gave it
 * @returns the refusal, or null
 */
export function unreasonableBody(body: unknown): Problem | null {
  // Level by level, because recursion is what a deep body would break.
  let level: unknown[] = [body];
  let values = 0;
  for (let depth = 0; level.length > 0; depth += 1) {
    values += level.length;
    if (depth > MAX_DEPTH || values > MAX_VALUES) {
      return new Problem(400, 'malformed_body', {
        ar: 'متن الطلب متداخل أو مزدحم أكثر مما يُقبل.',
        en: 'The body is nested too deeply or holds too many values.',
      });
    }
    level = level.flatMap((value) => (typeof value === 'object' && value !== null ? Object.values(value) : []));
  }
  return null;
}

/** A compressed body: nothing here unpacks any, so that no small one becomes a large one. */
export function encodedBody(encoding: string | undefined): Problem | null {
  if (encoding === undefined || encoding.trim().toLowerCase() === 'identity') return null;
  return new Problem(415, 'unsupported_encoding', { ar: 'أرسل المتن غير مضغوط.', en: 'Send the body uncompressed.' });
}
