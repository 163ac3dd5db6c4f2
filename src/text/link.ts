/**
 * A link as a browser would follow it.
 * @param protocols which kinds are wanted, each with its colon
 * @returns the address in its one normal form, or null for what is relative, of another kind, or carries credentials: `https://bank.example@evil.example`
 *   shows one host and opens another
 */
export function absoluteLink(href: string, protocols: readonly string[] = ['http:', 'https:']): string | null {
  if (!URL.canParse(href)) return null;
  const url = new URL(href);
  return protocols.includes(url.protocol) && url.username === '' && url.password === '' ? url.href : null;
}
