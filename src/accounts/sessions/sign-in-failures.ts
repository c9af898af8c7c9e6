import type { Caller } from '../../calls/caller.js';
import type { TooManyRequests } from '../../calls/too-many-requests.js';
import type { CallerLimit, Counter } from '../../rate-limit/caller-limit.js';
import { pass } from '../../rate-limit/pass.js';
import type { RateLimiter } from '../../rate-limit/rate-limiter.js';
import type { Pseudonyms } from '../../secrets/pseudonyms.js';
import type { DeviceOwner, Devices } from './devices.js';

/** The result of verifying a password; only a wrong password stays counted. */
export interface Finding {
  readonly isWrong: boolean;
}

/** Counts a try for an address, or for its owner's device. False: over the limit, so even the right password fails. */
export type MayOpen = (account: DeviceOwner | undefined) => Promise<boolean>;

interface Tried {
  readonly address: string;
  readonly device: string | null | undefined;
}

/**
 * Counts failed sign-ins. The limits per network, per client, and per address and client are loud: they depend on the
 * caller alone. The limit per address (NIST SP 800-63B-4, 3.2.2: at most 100) is silent: over it a try still costs a
 * verification and fails, for addresses without an account, too, so that callers can see neither the limit nor what
 * resets it. The credential version is part of its name, so that a completed reset or password change begins a new
 * window. A call with a valid device token counts on that device instead, so that strangers cannot keep its owner out.
 *
 * A try is counted before its password is verified, so that tries at the same time cannot exceed the limit, and is
 * taken back unless it failed. The address is counted last: only a call that the caller's limits allowed may add a
 * name to Redis. A reset never looks at these limits, so that nobody can keep somebody else from recovery.
 */
export class SignInFailures {
  constructor(
    private readonly limits: {
      readonly hash: CallerLimit;
      readonly perCaller: CallerLimit;
      readonly perAddressAndClient: RateLimiter;
      readonly perAddress: RateLimiter;
      readonly perDevice: RateLimiter;
    },
    private readonly pseudonyms: Pseudonyms,
    private readonly devices: Devices,
  ) {}

  /**
   * Verifies a password as one counted try; a try that `verify` ends with a throw is taken back.
   *
   * @throws what `verify` throws; Unavailable while the data key is not read.
   */
  attempt<Found extends Finding>(
    tried: Tried,
    caller: Caller,
    verify: (mayOpen: MayOpen) => Promise<Found>,
  ): Promise<Found | TooManyRequests> {
    const { perAddressAndClient: limiter } = this.limits;
    const own = { limiter, key: `${this.pseudonyms.of(tried.address)} ${caller.client}` };
    return this.#settled(caller, [own], (silent) =>
      verify(async (account) => {
        const counter = await this.#countSilently(tried, account);
        if (counter) silent.push(counter);
        return counter !== undefined;
      }),
    );
  }

  /** For a caller with a session: counts the caller only. A count of the address would be visible to strangers. */
  attemptOfOwner<Found extends Finding>(
    caller: Caller,
    verify: () => Promise<Found>,
  ): Promise<Found | TooManyRequests> {
    return this.#settled(caller, [], verify);
  }

  async #settled<Found extends Finding>(
    caller: Caller,
    own: readonly Counter[],
    verify: (silent: Counter[]) => Promise<Found>,
  ): Promise<Found | TooManyRequests> {
    const { hash, perCaller } = this.limits;
    const passed = await pass(caller, [perCaller, hash], own);
    if (passed.kind !== 'Passed') return passed;
    const silent: Counter[] = [];
    const giveSilentBack = () => Promise.all(silent.map(({ limiter, key }) => limiter.giveBack(key)));
    try {
      const found = await verify(silent);
      if (!found.isWrong) await Promise.all([passed.succeeded(), giveSilentBack()]);
      return found;
    } catch (error) {
      await Promise.all([passed.giveBack(), giveSilentBack()]);
      throw error;
    }
  }

  /** @returns the limit on which the try was counted; undefined when that is full. */
  async #countSilently({ address, device }: Tried, account: DeviceOwner | undefined): Promise<Counter | undefined> {
    const { perAddress, perDevice } = this.limits;
    const known = this.devices.verify(device, account);
    // A device over its own limit counts as none.
    if (known && (await perDevice.take(known)).allowed) return { limiter: perDevice, key: known };
    const key = this.pseudonyms.of(`${address} ${account?.credentialVersion ?? 1}${account?.stamp ?? ''}`);
    return (await perAddress.take(key)).allowed ? { limiter: perAddress, key } : undefined;
  }
}
