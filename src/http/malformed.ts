import { Problem, fieldName, type FieldError, type Sentence } from './problem.js';

const MAX_URL_LENGTH = 8_192;

const MESSAGES = {
  too_long: { ar: 'أطول من المسموح.', en: 'Longer than allowed.' },
  percent_encoding: { ar: 'ترميز النسبة المئوية غير سليم.', en: 'Not valid percent-encoding.' },
  character: { ar: 'فيه محرف غير مقبول.', en: 'Holds a character that is not accepted.' },
  empty_segment: { ar: 'في المسار جزء فارغ.', en: 'The path has an empty segment.' },
} satisfies Record<string, Sentence>;

/**
 * Refuses a URL that cannot be decoded, before any route sees it: by themselves the frameworks pass the raw text on with a 200.
 * @param url path and query as they came
 * @returns the refusal naming the parameter (or `path`), or null
 */
export function malformedUrl(url: string): Problem | null {
  // The absolute form (RFC 9112, 3.2.2) names a host, which nothing here depends on.
  const [path, query] = split(url.replace(/^[a-z][a-z\d+.-]*:\/\/[^/?]*/i, ''), '?');
  const pieces: [field: string, text: string][] = [['path', path]];
  for (const pair of query.split('&')) {
    const [name, value] = split(pair.replaceAll('+', ' '), '=');
    const fault = faultOf(name);
    if (fault) return malformed('query', fault);
    pieces.push([decodeURIComponent(name), value]);
  }
  if (url.length > MAX_URL_LENGTH) {
    // Named for the longest piece, its name counted: that is the one to shorten.
    const [longest] = pieces.toSorted((a, b) => b.join().length - a.join().length);
    return malformed(longest![0], 'too_long');
  }
  if (path.includes('//')) return malformed('path', 'empty_segment');
  for (const [field, text] of pieces) {
    const fault = faultOf(text);
    if (fault) return malformed(field, fault);
  }
  return null;
}

function split(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at === -1 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}

function faultOf(encoded: string): keyof typeof MESSAGES | null {
  try {
    return /\0|\p{Surrogate}/u.test(decodeURIComponent(encoded)) ? 'character' : null;
  } catch {
    // URIError is this function's way of saying so: bad hex digits, or bytes that are not UTF-8 (encoded surrogates among them).
    return 'percent_encoding';
  }
}

function malformed(field: string, rule: keyof typeof MESSAGES): Problem {
  const errors: FieldError[] = [{ field: fieldName(field), rule, message: MESSAGES[rule] }];
  return new Problem(400, 'malformed_url', { ar: 'العنوان المطلوب غير سليم.', en: 'The requested address is malformed.' }, { errors });
}
