import type { Caller } from '../caller.js';
import type { RateLimiter } from '../rate-limit/rate-limiter.js';
import type { TooManyRequests } from './limits.js';

/**
 * Failed sign-ins, counted three ways: per address and client, per client, and per address (NIST SP 800-63B-4, 3.2.2:
 * at most 100), for addresses without an account alike. Only failures count, and recovery never looks at these, so
 * that nobody can close the way back in for somebody else.
 */
export class SignInFailures {
  constructor(
    private readonly limits: {
      readonly perAddressAndClient: RateLimiter;
      readonly perClient: RateLimiter;
      readonly perAddress: RateLimiter;
    },
  ) {}

  async refusal(address: string, { client }: Caller): Promise<TooManyRequests | undefined> {
    const verdicts = await Promise.all(this.#counters(address, client).map(([limiter, key]) => limiter.look(key)));
    const retryAfterSeconds = Math.max(...verdicts.map((verdict) => verdict.retryAfterSeconds));
    return retryAfterSeconds > 0 ? { kind: 'too-many-requests', retryAfterSeconds } : undefined;
  }

  async count(address: string, { client }: Caller): Promise<void> {
    await Promise.all(this.#counters(address, client).map(([limiter, key]) => limiter.take(key)));
  }

  #counters(address: string, client: string): [RateLimiter, string][] {
    return [
      [this.limits.perAddressAndClient, `${address} ${client}`],
      [this.limits.perClient, client],
      [this.limits.perAddress, address],
    ];
  }
}
