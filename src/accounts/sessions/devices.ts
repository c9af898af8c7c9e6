import { hash, randomBytes, timingSafeEqual } from 'node:crypto';
import { Macs } from '../../secrets/macs.js';

/** The members of an account that a device is bound to; `readAt` is the database's clock. */
export interface DeviceOwner {
  readonly id: string;
  readonly credentialVersion: number;
  /** See `Stamped`; empty in our own table. */
  readonly stamp?: string;
  readonly readAt: Date;
}

const purpose = 'latchkey device v1';
const randomLength = 16;
const tagLength = 16;
/** Days that a device is valid. It expires at the end of the last day (UTC), so after 89 to 90 times 24 hours. */
const lifeInDays = 90;
const dayInMs = 86_400_000;
/** Verified where there is no token, or no account, so that both cases take the same time. */
const nothing = Buffer.alloc(randomLength + tagLength).toString('base64url');
const nobody: DeviceOwner = {
  id: '00000000-0000-0000-0000-000000000000',
  credentialVersion: 0,
  stamp: '',
  readAt: new Date(0),
};

/**
 * Device tokens: a browser or app keeps one to prove that its owner signed in there before. A token is 16 random bytes
 * and a tag of 16 bytes: a MAC over purpose, account, credential version and the random bytes, hashed with the day of
 * issue. A token reveals nothing, the service stores none, and the next change of the credential version, or of what
 * an app's row says, ends all of an account's.
 *
 * The day is not in the token: `verify` tries each day on which it may have been issued (90 hashes take 0.1 ms).
 */
export class Devices {
  /** One for each value of `SECRET`; the first signs. */
  readonly #macs: readonly Macs[];

  constructor(secrets: readonly string[]) {
    this.#macs = secrets.map((secret) => new Macs([secret], purpose));
  }

  /** @returns a new device token of this owner: 43 base64url characters. */
  issue(owner: DeviceOwner): string {
    const random = randomBytes(randomLength);
    const [seed = Buffer.alloc(0)] = this.#seeds(owner, random);
    return Buffer.concat([random, tag(seed, dayOf(owner.readAt))]).toString('base64url');
  }

  /**
   * Whether a text has the form of a device token: 43 base64url characters, canonical. Reads no secret and no store.
   */
  static hasShape(text: string | null | undefined): text is string {
    if (!text || !/^[A-Za-z0-9_-]{43}$/.test(text)) return false;
    return Buffer.from(text, 'base64url').toString('base64url') === text;
  }

  /**
   * Takes the same time for a valid device token, a wrong one, none, and a missing account.
   *
   * @returns a name for the device, the same each time; undefined unless the token is valid for this account and
   * version.
   */
  verify(text: string | null | undefined, owner: DeviceOwner | undefined): string | undefined {
    const bytes = Buffer.from(Devices.hasShape(text) ? text : nothing, 'base64url');
    const [random, given] = [bytes.subarray(0, randomLength), bytes.subarray(randomLength)];
    const today = dayOf((owner ?? nobody).readAt);
    let isReal = false;
    for (const seed of this.#seeds(owner ?? nobody, random)) {
      for (let age = 0; age < lifeInDays; age++) {
        if (timingSafeEqual(tag(seed, today - age), given)) isReal = true;
      }
    }
    return isReal && owner ? random.toString('base64url') : undefined;
  }

  #seeds({ id, credentialVersion, stamp }: DeviceOwner, random: Buffer): Buffer[] {
    // Without a stamp as in the releases that knew none, whose devices stay known.
    const bound = stamp ? [stamp] : [];
    return this.#macs.map((macs) => macs.sign(id, String(credentialVersion), ...bound, random));
  }
}

/** Every seed has the same length and is secret, so a plain hash over seed and day is a MAC of the day. */
function tag(seed: Buffer, day: number): Buffer {
  const message = Buffer.alloc(seed.length + 4);
  seed.copy(message);
  message.writeInt32BE(day, seed.length);
  return hash('sha256', message, 'buffer').subarray(0, tagLength);
}

function dayOf(time: Date): number {
  return Math.floor(time.getTime() / dayInMs);
}
