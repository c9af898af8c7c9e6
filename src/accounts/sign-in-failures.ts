import type { Caller } from '../caller.js';
import type { RateLimiter } from '../rate-limit/rate-limiter.js';
import type { KnownClients } from './known-clients.js';
import type { TooManyRequests } from './limits.js';
import type { Pseudonyms } from './pseudonym.js';

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
    private readonly pseudonyms: Pseudonyms,
  ) {}

  async refusal(address: string, { client }: Caller): Promise<TooManyRequests | undefined> {
    const { perAddressAndClient, perClient, perAddress } = this.limits;
    const name = this.pseudonyms.of(address);
    const [pair, own, anybody] = await Promise.all([
      perAddressAndClient.look(`${name} ${client}`),
      perClient.look(client),
      perAddress.look(name),
    ]);
    const loud = Math.max(pair.retryAfterSeconds, own.retryAfterSeconds);
    const counts = !anybody.allowed && !(await this.knownClients.has(address, client));
    const retryAfterSeconds = Math.max(loud, counts ? anybody.retryAfterSeconds : 0);
    return retryAfterSeconds > 0 ? { kind: 'too-many-requests', retryAfterSeconds } : undefined;
  }

  async count(address: string, { client }: Caller): Promise<void> {
    const { perAddressAndClient, perClient, perAddress } = this.limits;
    const name = this.pseudonyms.of(address);
    await Promise.all([perAddressAndClient.take(`${name} ${client}`), perClient.take(client), perAddress.take(name)]);
  }
}
