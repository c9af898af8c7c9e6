import type { Caller } from '../calls/caller.js';
import type { RateLimiter } from './rate-limiter.js';

/** A key of a limit: one counter. */
export interface Counter {
  readonly limiter: RateLimiter;
  readonly key: string;
}

/**
 * The factor by which a wider network's limit is higher: an IPv6 /48 holds 256 networks of /56, and a /32 all
 * customers of a provider, so both need more points, but far fewer than their parts together.
 */
export const shareOf = { '/32': 16, '/48': 4, '': 1 } as const;
export type NetworkLimiters = Readonly<Record<keyof typeof shareOf, RateLimiter>>;

/** A limit on callers: on the client, and on each network that contains it. */
export class CallerLimit {
  constructor(
    /** `failures`: a call that succeeds gets its points back. */
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
