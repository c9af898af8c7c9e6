import { hash, randomBytes, timingSafeEqual } from 'node:crypto';
import { Macs } from '../../secrets/macs.js';

/** What of an account a device is bound to; `readAt` is the database's clock. */
export interface DeviceOwner {
  readonly id: string;
  readonly credentialVersion: number;
  readonly readAt: Date;
}

const purpose = 'latchkey device v1';
const randomLength = 16;
const tagLength = 16;
/** Days that a device lives; it ends with the last of them (UTC), so it lives between 89 and 90 times 24 hours. */
const lifeInDays = 90;
const dayInMs = 86_400_000;
/** Verified where there is no token, or no account, so that this costs the same. */
const nothing = Buffer.alloc(randomLength + tagLength).toString('base64url');
const nobody: DeviceOwner = {
  id: '00000000-0000-0000-0000-000000000000',
  credentialVersion: 0,
  readAt: new Date(0),
};

/**
 * What a device keeps to prove that its owner was let in from it before: 16 random bytes and a tag of 16, which is a MAC
 * over purpose, account, credential version and those bytes, hashed with the day of issue. Nothing can be read from one,
 * nothing of one is stored, and the next credential event ends all of an account.
 *
 * The day is not in the token: whoever verifies tries the days that it may have, at a hash each (90 of them take 0.1 ms).
 */
export class Devices {
  /** One for each value of `SECRET`, the one that signs first. */
  readonly #macs: readonly Macs[];

  constructor(secrets: readonly string[]) {
    this.#macs = secrets.map((secret) => new Macs([secret], purpose));
  }

  issue(owner: DeviceOwner): string {
    const random = randomBytes(randomLength);
    const [seed = Buffer.alloc(0)] = this.#seeds(owner, random);
    return Buffer.concat([random, tag(seed, dayOf(owner.readAt))]).toString('base64url');
  }

  /** Whether a text can be a device: 43 base64url characters, canonical. All that the request path ever asks. */
  static hasShape(text: string | null | undefined): text is string {
    if (!text || !/^[A-Za-z0-9_-]{43}$/.test(text)) return false;
    return Buffer.from(text, 'base64url').toString('base64url') === text;
  }

  /**
   * Takes the same time for no device, a wrong one, and an account that is not there.
   *
   * @returns a name for the device, the same each time; undefined unless it is one of this account in this version.
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

  #seeds({ id, credentialVersion }: DeviceOwner, random: Buffer): Buffer[] {
    return this.#macs.map((macs) => macs.sign(id, String(credentialVersion), random));
  }
}

/** The seed is as long for every token, so a plain hash over both is a MAC of the day. */
function tag(seed: Buffer, day: number): Buffer {
  const message = Buffer.alloc(seed.length + 4);
  seed.copy(message);
  message.writeInt32BE(day, seed.length);
  return hash('sha256', message, 'buffer').subarray(0, tagLength);
}

function dayOf(time: Date): number {
  return Math.floor(time.getTime() / dayInMs);
}
