import ipaddr from 'ipaddr.js';
import type { Caller } from '../calls/caller.js';

/** The name of a client and of the networks that it is part of, widest first. */
export type ClientNames = Pick<Caller, 'client' | 'networks'>;

/**
 * How the limits and the audit trail name a caller. An IPv4 address within IPv6 counts as IPv4: mapped
 * (`::ffff:0:0/96`), or translated for servers without IPv4 (`64:ff9b::/96`, RFC 6052), where all of IPv4 would
 * otherwise be one /64.
 *
 * @param text an address from the socket or from a trusted proxy; some proxies add the port. All texts that are no
 * address share the name `unknown`.
 */
export function clientNames(text: string): ClientNames {
  const address = /^\[([^\]]*)\](?::\d+)?$|^([\d.]+):\d+$/.exec(text)?.slice(1).find(Boolean) ?? text;
  if (!ipaddr.isValid(address)) return { client: 'unknown', networks: ['unknown'] };
  const parsed = ipaddr.process(address);
  if (parsed instanceof ipaddr.IPv4) return ofIPv4(parsed.toByteArray());
  if (parsed.range() === 'rfc6052') return ofIPv4(parsed.toByteArray().slice(12));
  const { parts } = parsed;
  const network = (groups: number, bits: number) => `${inHex(parts.slice(0, groups))}::/${bits}`;
  const customer = `${inHex([...parts.slice(0, 3), (parts[3] ?? 0) & 0xff00])}::/56`;
  return { client: network(4, 64), networks: [network(2, 32), network(3, 48), customer] };
}

function ofIPv4(bytes: readonly number[]): ClientNames {
  return { client: bytes.join('.'), networks: [`${bytes.slice(0, 3).join('.')}.0/24`] };
}

function inHex(groups: readonly number[]): string {
  return groups.map((group) => group.toString(16)).join(':');
}
