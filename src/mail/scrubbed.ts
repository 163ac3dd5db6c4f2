/** Longest reply looked at, and longest reason kept; in characters. */
const READ = 2_000;
const KEPT = 300;

/** An at sign as itself, percent-encoded, quoted-printable, xtext, as an entity, or in another width. */
const AT = /@|%40|=40|\+40|&#0*64;|&#x0*40;|&commat;|\uFF20|\uFE6B/i;
const HIDDEN = '[…]';

/**
 * What a relay said, as the desk may see it: without the recipient, and without anything that looks like an address.
 * @param to the recipient, whose two halves relays also name alone
 */
export function scrubbed(reason: string, to: string): string {
  const [local = '', domain = ''] = to.toLowerCase().split('@');
  const line = reason.slice(0, READ).replace(/[\p{Cc}\p{Cf}\p{White_Space}]+/gu, ' ');
  const words = line.split(' ').map((word) => {
    const low = word.toLowerCase();
    // A short local part is also part of words that say why; alone between signs it is still the recipient's.
    const named = low.includes(domain) || (local.length > 3 ? low.includes(local) : low.replace(/[^a-z\d]/g, '') === local);
    return named || AT.test(word) ? HIDDEN : word;
  });
  return [...words.join(' ').trim()].slice(0, KEPT).join('');
}
