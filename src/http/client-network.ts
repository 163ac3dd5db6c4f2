import { isIPv4, isIPv6 } from 'node:net';

/**
 * The network that limits count: an IPv4 address, or the /64 of an IPv6 address, of which every customer has at least one whole. An
 * IPv4-mapped address counts as IPv4. Loopback is a network like any other: our own proxy may sit there.
 * @param ip `request.ip`; some proxies write the port behind it
 */
export function networkOf(ip: string): string {
  const [address = ''] = ip
    .trim()
    .replace(/^(\d+\.\d+\.\d+\.\d+):\d+$|^\[([^\]]*)\](?::\d+)?$/, '$1$2')
    .split('%');
  if (isIPv4(address)) return address;
  // What no program reads as an address comes from a proxy that we believe: one network for each spelling.
  if (!isIPv6(address)) return `other ${ip}`;
  const groups = groupsOf(address);
  const mapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;
  if (mapped)
    return groups
      .slice(6)
      .flatMap((group) => [group >> 8, group & 0xff])
      .join('.');
  return `${groups
    .slice(0, 4)
    .map((group) => group.toString(16))
    .join(':')}::/64`;
}

/** The neighbourhood of a network: the /24 of an IPv4 address, the /48 of a /64. @param network as {@link networkOf} gives it */
export function vicinityOf(network: string): string {
  if (isIPv4(network)) return `${network.split('.').slice(0, 3).join('.')}.0/24`;
  return network.endsWith('::/64') ? `${network.split(':').slice(0, 3).join(':')}::/48` : network;
}

/** The eight groups of a valid IPv6 address. */
function groupsOf(address: string): number[] {
  // URL writes every form in one (RFC 5952), a dotted end as hexadecimal.
  const [head = '', tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::');
  const numbers = (part: string): number[] => (part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16)));
  const [first, last] = [numbers(head), numbers(tail ?? '')];
  return [...first, ...Array.from({ length: 8 - first.length - last.length }, () => 0), ...last];
}
