import type { Caller } from '../caller.js';
import type { RateLimiter } from '../rate-limit/rate-limiter.js';
import type { KnownClients } from './known-clients.js';
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
    private readonly knownClients: KnownClients,
  ) {}

  async refusal(address: string, { client }: Caller): Promise<TooManyRequests | undefined> {
    const { perAddressAndClient, perClient, perAddress } = this.limits;
    const [pair, own, anybody] = await Promise.all([
      perAddressAndClient.look(`${address} ${client}`),
      perClient.look(client),
      perAddress.look(address),
    ]);
    const loud = Math.max(pair.retryAfterSeconds, own.retryAfterSeconds);
    const counts = !anybody.allowed && !(await this.knownClients.has(address, client));
    const retryAfterSeconds = Math.max(loud, counts ? anybody.retryAfterSeconds : 0);
    return retryAfterSeconds > 0 ? { kind: 'too-many-requests', retryAfterSeconds } : undefined;
  }

  async count(address: string, { client }: Caller): Promise<void> {
    const { perAddressAndClient, perClient, perAddress } = this.limits;
    await Promise.all([
      perAddressAndClient.take(`${address} ${client}`),
      perClient.take(client),
      perAddress.take(address),
    ]);
  }
}
