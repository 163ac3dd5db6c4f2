import type { IncomingHttpHeaders } from 'node:http';

/** Whether whoever asks takes an answer compressed. RFC 9110, 12.5.3: a weight of 0 refuses it. */
export function takesGzip({ 'accept-encoding': accepted = '' }: IncomingHttpHeaders): boolean {
  return /(?:^|,)\s*gzip\s*(?:,|$|;(?!\s*q=0(?:[.]0*)?\s*(?:,|$)))/i.test(String(accepted));
}
