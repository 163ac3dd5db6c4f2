import { field } from '../http/body.js';
import { countedMailbox, parseAddress, type Address } from './address.js';

/** A mail address in a body; becomes an {@link Address}. */
export function AddressField(options: {
  readonly description: string;
  readonly example: string;
  readonly optional?: boolean;
}): PropertyDecorator {
  return field(
    'address',
    (value) => typeof value === 'object',
    { type: 'string', maxLength: 254 },
    options,
    (value) => (typeof value === 'string' ? (parseAddress(value) ?? value) : String(value)),
  );
}

/** `min` to `max` mail addresses in a body, one mailbox each; they become {@link Address}es. */
export function AddressesField(options: {
  readonly min: number;
  readonly max: number;
  readonly description: string;
  readonly example: readonly string[];
}): PropertyDecorator {
  const { min, max } = options;
  const valid = (value: unknown): boolean =>
    Array.isArray(value) &&
    value.length >= min &&
    value.length <= max &&
    value.every((item) => typeof item === 'object' && item !== null) &&
    new Set(value.map((item) => countedMailbox(item as Address))).size === value.length;
  const schema = { type: 'array', items: { type: 'string', maxLength: 254 }, minItems: min, maxItems: max };
  return field('addresses', valid, schema, options, (value) =>
    Array.isArray(value) && value.length <= max
      ? value.map((item: unknown) => (typeof item === 'string' ? parseAddress(item) : null))
      : value,
  );
}
