import { isIP } from 'node:net';
import { notAllowed, type Reader } from './reader.js';
import { tooWide } from './trusted-networks.js';
import { list } from './values.js';

/**
 * Strict: a lenient parser would read `1` (in other programs a number of hops) or octal parts as an address that nobody
 * meant.
 */
const cidrs = list('networks in CIDR notation (10.0.0.0/8, 2001:db8::/32; not /0) or single addresses', (text) => {
  const match = /^([0-9a-fA-F.:]+)(?:\/(\d{1,3}))?$/.exec(text);
  const [address = '', bits] = [match?.[1], isIP(match?.[1] ?? '') === 6 ? 128 : 32];
  const prefix = Number(match?.[2] ?? bits);
  return isIP(address) && prefix >= 1 && prefix <= bits ? `${address}/${prefix}` : undefined;
});

/**
 * The networks of proxies. Any host in them can claim any client address, so they must not be a large part of the
 * internet.
 */
export const proxies: Reader<readonly string[]> = (text) => {
  const networks = cidrs(text);
  const space = networks.kind === 'Read' ? tooWide(networks.value) : undefined;
  if (!space) return networks;
  return notAllowed(
    `allowed: networks that cover a sixteenth of ${space} together at most; strangers in them could claim any address`,
  );
};
