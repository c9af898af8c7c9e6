import { BlockList } from 'node:net';
import ipaddr from 'ipaddr.js';

/** The networks of `TRUST_PROXY`: proxies, and the operator's servers that call on behalf of a person. */
export class TrustedHops {
  readonly #list = new BlockList();

  /** @param networks valid, in CIDR notation; those within `::ffff:0:0/96` count as IPv4. */
  constructor(networks: readonly string[]) {
    for (const network of networks) {
      const [address, bits] = ipaddr.parseCIDR(network);
      const isMapped = address instanceof ipaddr.IPv6 && address.isIPv4MappedAddress() && bits >= 96;
      const plain = isMapped ? ipaddr.process(address.toString()) : address;
      this.#list.addSubnet(plain.toString(), isMapped ? bits - 96 : bits, plain.kind());
    }
  }

  /** @param text an address, with or without a port. */
  trusts(text: string): boolean {
    const address = addressIn(text);
    return address !== undefined && this.#list.check(address.toString(), address.kind());
  }

  /**
   * The caller's address. Reads `X-Forwarded-For` from the right, over the trusted hops, to the first address that is
   * not trusted; some proxies add the port. An entry that is no address ends the search: then the caller is the hop
   * that wrote it.
   */
  callerOf(socketAddress: string, forwardedFor: string | undefined): string {
    let caller = socketAddress;
    const given = (forwardedFor ?? '').split(',').map((part) => part.trim());
    for (const hop of given.filter(Boolean).reverse()) {
      if (!this.trusts(caller) || !addressIn(hop)) break;
      caller = hop;
    }
    return caller;
  }
}

/** An address in any spelling of a header: `203.0.113.7`, `203.0.113.7:4711`, `2001:db8::7`, `[2001:db8::7]:4711`. */
export function addressIn(text: string): ipaddr.IPv4 | ipaddr.IPv6 | undefined {
  const address = /^\[([^\]]*)\](?::\d{1,5})?$|^([\d.]+):\d{1,5}$/.exec(text)?.slice(1).find(Boolean) ?? text;
  // No proxy writes other spellings of IPv4 (`0x7f.1`, `2130706433`).
  const isAddress = ipaddr.IPv4.isValidFourPartDecimal(address) || ipaddr.IPv6.isValid(address);
  return isAddress ? ipaddr.process(address) : undefined;
}
