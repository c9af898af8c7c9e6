import ipaddr from 'ipaddr.js';
import type { Caller } from '../caller.js';

/**
 * How the limits and the audit trail name who calls.
 *
 * @param text as the socket or a trusted proxy gives it, some of which add the port; an IPv4 address mapped into IPv6
 * counts as IPv4. What is no address is one client, `unknown`.
 */
export function clientNames(text: string): Pick<Caller, 'client' | 'network'> {
  const address = /^\[([^\]]*)\](?::\d+)?$|^([\d.]+):\d+$/.exec(text)?.slice(1).find(Boolean) ?? text;
  if (!ipaddr.isValid(address)) return { client: 'unknown', network: 'unknown' };
  const parsed = ipaddr.process(address);
  if (parsed.kind() === 'ipv4') {
    return { client: parsed.toString(), network: `${parsed.toByteArray().slice(0, 3).join('.')}.0/24` };
  }
  const groups = (parsed as ipaddr.IPv6).parts.map((part) => part.toString(16));
  return { client: `${groups.slice(0, 4).join(':')}::/64`, network: `${groups.slice(0, 3).join(':')}::/48` };
}
