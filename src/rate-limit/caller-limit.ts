import type { Caller } from '../calls/caller.js';
import type { RateLimiter } from './rate-limiter.js';

/** A name in a limit. */
export interface Counter {
  readonly limiter: RateLimiter;
  readonly key: string;
}

/**
 * How many times the points of a network limit a wider network has: an IPv6 /48 holds 256 networks of /56, and a /32 all
 * customers of a provider, so both need more, and far less than one by one.
 */
export const shareOf = { '/32': 16, '/48': 4, '': 1 } as const;
export type NetworkLimiters = Readonly<Record<keyof typeof shareOf, RateLimiter>>;

/** A limit of whoever calls: of the client, and of each network that the client is part of. */
export class CallerLimit {
  constructor(
    /** `failures` are given back to a call that succeeded. */
    readonly counts: 'calls' | 'failures',
    private readonly perClient: RateLimiter,
    private readonly perNetwork: NetworkLimiters,
  ) {}

  /** Widest first. */
  networks({ networks }: Caller): Counter[] {
    return networks.map((key) => ({ key, limiter: this.perNetwork[widthOf(key)] }));
  }

  client({ client }: Caller): Counter {
    return { key: client, limiter: this.perClient };
  }
}

function widthOf(network: string): keyof typeof shareOf {
  if (network.endsWith('/32')) return '/32';
  return network.endsWith('/48') ? '/48' : '';
}
