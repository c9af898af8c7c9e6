import type { Caller } from '../caller.js';
import type { RateLimiter, Verdict } from '../rate-limit/rate-limiter.js';
import type { KnownClients } from './known-clients.js';
import type { TooManyRequests } from './limits.js';
import type { Pseudonyms } from './pseudonym.js';

/** How a password was found; only a wrong one stays counted. */
export interface Finding {
  readonly isWrong: boolean;
}

/**
 * Failed sign-ins, counted three ways: per address and client, per client, and per address (NIST SP 800-63B-4, 3.2.2:
 * at most 100), for addresses without an account alike. A try is counted before its password is verified, so that many
 * at once are not more than one after the other; and taken back unless it failed. Recovery never looks at these, so that
 * nobody can close the way back in for somebody else.
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
    const counted = await this.#count(address, caller, whose);
    if ('kind' in counted) return counted;
    let isWrong = false;
    try {
      const found = await verify();
      isWrong = found.isWrong;
      return found;
    } finally {
      if (!isWrong) await giveBackEach(counted);
    }
  }

  async #count(address: string, { client }: Caller, whose: 'anybody' | 'owner'): Promise<Taken[] | TooManyRequests> {
    const { perAddressAndClient, perClient, perAddress } = this.limits;
    const name = this.pseudonyms.of(address);
    const own = [
      { limiter: perAddressAndClient, key: `${name} ${client}` },
      { limiter: perClient, key: client },
    ];
    const [mine, strangers] = await Promise.all([
      takeEach(own),
      takeEach(whose === 'anybody' ? [{ limiter: perAddress, key: name }] : []),
    ]);
    const taken = [...mine, ...strangers];
    const closedByStrangers = waitOf(strangers) > 0 && !(await this.knownClients.has(address, client));
    const retryAfterSeconds = Math.max(waitOf(mine), closedByStrangers ? waitOf(strangers) : 0);
    if (retryAfterSeconds === 0) return taken;
    await giveBackEach(taken);
    return { kind: 'too-many-requests', retryAfterSeconds };
  }
}

interface Counter {
  readonly limiter: RateLimiter;
  readonly key: string;
}
type Taken = Counter & { readonly verdict: Verdict };

function takeEach(counters: readonly Counter[]): Promise<Taken[]> {
  return Promise.all(
    counters.map(async (counter) => ({ ...counter, verdict: await counter.limiter.take(counter.key) })),
  );
}

/** A refused call was not counted, so there is nothing to give back. */
async function giveBackEach(taken: readonly Taken[]): Promise<void> {
  await Promise.all(taken.filter(({ verdict }) => verdict.allowed).map(({ limiter, key }) => limiter.giveBack(key)));
}

function waitOf(taken: readonly Taken[]): number {
  return Math.max(0, ...taken.map(({ verdict }) => verdict.retryAfterSeconds));
}
