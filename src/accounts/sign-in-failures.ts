import type { Caller } from '../caller.js';
import type { CallerLimit } from '../rate-limit/caller-limit.js';
import { type Passed, pass } from '../rate-limit/pass.js';
import type { RateLimiter } from '../rate-limit/rate-limiter.js';
import type { KnownClients } from './known-clients.js';
import type { TooManyRequests } from './limits.js';
import type { Pseudonyms } from './pseudonym.js';

/** How a password was found; only a wrong one stays counted. */
export interface Finding {
  readonly isWrong: boolean;
}

/**
 * Failed sign-ins, counted four ways: per network, per client, per address and client, and per address (NIST SP 800-63B-4,
 * 3.2.2: at most 100), for addresses without an account alike. A try is counted before its password is verified, so that
 * many at the same time are not more than one after the other; and taken back unless it failed. The name of an address
 * comes last: only a call that its own limits allowed may make one. Recovery never looks at these, so that nobody can
 * close the way back in for somebody else.
 */
export class SignInFailures {
  constructor(
    private readonly limits: {
      readonly hash: CallerLimit;
      readonly perCaller: CallerLimit;
      readonly perAddressAndClient: RateLimiter;
      readonly perAddress: RateLimiter;
    },
    private readonly knownClients: KnownClients,
    private readonly pseudonyms: Pseudonyms,
  ) {}

  /**
   * Verifies a password as one counted try. Whatever keeps it from being verified is taken back, too.
   *
   * @param whose of the owner, who proved a session, only what the owner's own client did counts.
   */
  async attempt<Found extends Finding>(
    address: string,
    caller: Caller,
    whose: 'anybody' | 'owner',
    verify: () => Promise<Found>,
  ): Promise<Found | TooManyRequests> {
    const { hash, perCaller, perAddressAndClient, perAddress } = this.limits;
    const name = this.pseudonyms.of(address);
    const own = { limiter: perAddressAndClient, key: `${name} ${caller.client}` };
    const passed = await pass(caller, [perCaller, hash], [own]);
    if (passed.kind !== 'passed') return passed;
    const strangers = whose === 'anybody' ? await perAddress.take(name) : undefined;
    const giveAddressBack = async () => {
      if (strangers?.allowed) await perAddress.giveBack(name);
    };
    if (strangers && !strangers.allowed && !(await this.knownClients.has(address, caller.client))) {
      await passed.giveBack();
      return { kind: 'too-many-requests', retryAfterSeconds: strangers.retryAfterSeconds };
    }
    return settled(passed, giveAddressBack, verify);
  }
}

async function settled<Found extends Finding>(
  passed: Passed,
  giveAddressBack: () => Promise<void>,
  verify: () => Promise<Found>,
): Promise<Found> {
  try {
    const found = await verify();
    if (!found.isWrong) await Promise.all([passed.succeeded(), giveAddressBack()]);
    return found;
  } catch (error) {
    await Promise.all([passed.giveBack(), giveAddressBack()]);
    throw error;
  }
}
