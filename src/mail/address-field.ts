import { field } from '../http/body.js';
import { parseAddress } from './address.js';

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
