import { domainToASCII } from 'node:url';

/** An address that mail can be sent to, in its two forms. */
export interface Address {
  /** As typed (NFC): what people are shown. */
  readonly address: string;
  /**
   * The local part exactly as typed, the domain as lower-case A-labels: what is compared at sign-in and written into `RCPT TO`. The case of
   * a local part is kept because its server alone may say whether it matters: whoever compared it folded could be sent another's mail.
   */
  readonly canonical: string;
}

/**
 * The mailbox as limits and polls count it: one reader who varies the case of the local part or puts a `+tag` behind it is still one. Never
 * to be written to, because the server alone knows whether these are the same mailbox.
 */
export function countedMailbox({ canonical }: Address): string {
  const [typed = '', domain = ''] = canonical.toLowerCase().split('@');
  // A tag is what stands behind a name: one that begins with a plus sign is none.
  const local = typed.replace(/(?<=.)\+.*$/, '');
  // Gmail's own rule (support.google.com/mail/answer/7436150): dots make no difference, and both domains are one.
  return GMAIL.has(domain) ? `${local.replaceAll('.', '')}@gmail.com` : `${local}@${domain}`;
}

const GMAIL: ReadonlySet<string> = new Set(['gmail.com', 'googlemail.com']);

/** RFC 5321: a path has 256 octets, of which two are its angle brackets. */
const MAX_LENGTH = 254;
const MAX_LOCAL_PART = 64;
const MAX_DOMAIN = 253;

// RFC 5322 dot-atom without % and !, by which relays once let others route. ASCII only: the rest needs SMTPUTF8, which few relays offer.
const LOCAL_PART = /^[\w#$&'*+/=?^`{|}~-]+(?:\.[\w#$&'*+/=?^`{|}~-]+)*$/;
// Letters, marks, digits: nothing that UTS 46 would drop (U+00AD) or take for a dot (U+3002), so that what is seen is what is meant.
const TYPED_DOMAIN = /^[\p{L}\p{M}\p{Nd}.-]+$/u;
// The last label begins with a letter: else 127.1 and 0x7f.1 would be names.
const DOMAIN = /^(?:[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?\.)+[a-z][a-z\d-]{0,61}[a-z\d]$/;

/**
 * Reads an address by a grammar of our own, narrower than RFC 5322's: one `@`, no quoted local parts, comments, groups, lists, routes or IP
 * literals. What two programs could read differently is not an address here.
 * @returns null for everything else, surrounding space included
 */
export function parseAddress(text: string): Address | null {
  // Before anything else: no work on long input.
  if (text.length > MAX_LENGTH) return null;
  const address = text.normalize('NFC');
  const [local = '', typed = '', ...more] = address.split('@');
  if (more.length > 0 || local.length > MAX_LOCAL_PART || !LOCAL_PART.test(local) || !TYPED_DOMAIN.test(typed)) return null;
  const domain = domainToASCII(typed);
  if (domain.length > MAX_DOMAIN || !DOMAIN.test(domain)) return null;
  const canonical = `${local}@${domain}`;
  return canonical.length > MAX_LENGTH ? null : { address, canonical };
}
