/** Absolute addresses of this center. Their base is configuration: a request's Host never enters an answer. */
export class Addresses {
  constructor(readonly origin: string) {}

  /** @returns an address under `/api/v1`, its parts percent-encoded, parameters without a value left out */
  api(parts: readonly string[], parameters: Readonly<Record<string, string | undefined>> = {}): string {
    const path = parts.map((part) => encodeURIComponent(part)).join('/');
    const query = Object.entries(parameters).filter((entry): entry is [string, string] => entry[1] !== undefined);
    return `${this.origin}/api/v1/${path}${query.length === 0 ? '' : `?${new URLSearchParams(query)}`}`;
  }
}
