import type { Caller } from '../../calls/caller.js';
import type { TooManyRequests } from '../../calls/too-many-requests.js';
import type { CallerLimit, Counter } from '../../rate-limit/caller-limit.js';
import { pass } from '../../rate-limit/pass.js';
import type { RateLimiter } from '../../rate-limit/rate-limiter.js';
import type { Pseudonyms } from '../../secrets/pseudonyms.js';
import type { DeviceOwner, Devices } from './devices.js';

/** How a password was found; only a wrong one stays counted. */
export interface Finding {
  readonly isWrong: boolean;
}

/** Counts a try for an address, or for a device of its owner. False: whatever the password, it opens nothing now. */
export type MayOpen = (account: DeviceOwner | undefined) => Promise<boolean>;

interface Tried {
  readonly address: string;
  readonly device: string | null | undefined;
}

/**
 * Failed sign-ins. Loud are the limits that depend on the caller alone: per network, per client, per address and client.
 * The limit per address (NIST SP 800-63B-4, 3.2.2: at most 100) is silent: over it a try costs a verification and fails,
 * for addresses without an account alike, so that neither it nor what renews it can be seen. It is counted under the
 * credential version, so that a completed reset or password change begins a new window by itself. Who proves a device
 * counts on that device instead, so that strangers cannot hold its owner up.
 *
 * A try is counted before its password is verified, so that many at the same time are not more than one after the other;
 * and taken back unless it failed. The name of an address comes last: only a call that its own limits allowed may make
 * one. Recovery never looks at these, so that nobody can close the way back in for somebody else.
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

  /** Verifies a password as one counted try. Whatever keeps it from being verified is taken back, too. */
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

  /** For somebody with a session: counts for the caller, and on nothing of the address, which strangers could see. */
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

  /** @returns where the try was counted; undefined when it is one too many. */
  async #countSilently({ address, device }: Tried, account: DeviceOwner | undefined): Promise<Counter | undefined> {
    const { perAddress, perDevice } = this.limits;
    const known = this.devices.verify(device, account);
    // A device over its own limit counts as none.
    if (known && (await perDevice.take(known)).allowed) return { limiter: perDevice, key: known };
    const key = this.pseudonyms.of(`${address} ${account?.credentialVersion ?? 1}`);
    return (await perAddress.take(key)).allowed ? { limiter: perAddress, key } : undefined;
  }
}
