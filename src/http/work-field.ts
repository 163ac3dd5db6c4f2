import type { Payload } from 'altcha-lib/types';
import { field } from './body.js';

/** Three times what a challenge with its solution takes. */
const MAX_WORK = 3_000;

/** What ALTCHA sends: an object, or the same as JSON in base64. Whether it is right is not decided here, only that it can be looked at. */
export function WorkField(description: string): PropertyDecorator {
  return field(
    'work',
    isPayload,
    { oneOf: [{ type: 'object' }, { type: 'string', maxLength: MAX_WORK }] },
    { description, optional: true },
    (value) => (typeof value === 'string' && value.length <= MAX_WORK ? unpacked(value) : value),
  );
}

function unpacked(text: string): unknown {
  try {
    return JSON.parse(Buffer.from(text, 'base64').toString('utf8'));
  } catch (error) {
    // No JSON, so no object either, and the rule refuses it.
    if (error instanceof SyntaxError) return text;
    throw error;
  }
}

function isPayload(value: unknown): value is Payload {
  if (!isRecord(value) || !isRecord(value['challenge']) || !isRecord(value['solution'])) return false;
  const { parameters, signature } = value['challenge'];
  const { counter, derivedKey } = value['solution'];
  return (
    isRecord(parameters) &&
    typeof signature === 'string' &&
    typeof counter === 'number' &&
    typeof derivedKey === 'string' &&
    JSON.stringify(value).length <= MAX_WORK
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
