import argon2 from 'argon2';
import { formOf, type HashForm, isExpensive } from './forms/imported-hash.js';
import { dummyOf, nameOfForm } from './forms/names.js';
import { opensBcrypt } from './hashing/bcrypt.js';
import { type HashCall, HashLimiter } from './hashing/hash-limiter.js';
import { normalizePassword } from './password-policy.js';

export interface Argon2Settings {
  readonly memoryKib: number;
  readonly timeCost: number;
}

/** What became of a new password: its hash; or the account has it already, or nobody wants it any more. */
export type Replacement =
  | { readonly kind: 'Made'; readonly hash: string }
  | { readonly kind: 'SameAsBefore' }
  | { readonly kind: 'NotWanted' };

/** Verified one at a time each, so that what an import brought holds up neither our own hashes nor the memory. */
export interface ForeignLanes {
  /** bcrypt, and argon2id that costs more than ours. */
  readonly foreign: HashLimiter;
  /** Forms beyond the usual bounds, which an operator allowed or an earlier version took. */
  readonly expensive: HashLimiter;
}

/** bcrypt reads so many bytes of a password, the NUL at its end included where there is room for it. */
const bcryptBytes = 72;
const expensiveQueue = 8;

/** argon2id (RFC 9106) behind the concurrency limiter; verifies foreign forms that were imported in lanes of their own. */
export class PasswordHash {
  readonly #options: { memoryCost: number; timeCost: number; parallelism: number; hashLength: number };
  /** The name of the form that this one makes. */
  readonly ownForm: string;

  constructor(
    settings: Argon2Settings,
    private readonly limiter: HashLimiter,
    readonly lanes: ForeignLanes = foreignLanes(64),
  ) {
    this.#options = { memoryCost: settings.memoryKib, timeCost: settings.timeCost, parallelism: 1, hashLength: 32 };
    this.ownForm = nameOfForm({ algorithm: 'argon2id', ...settings, parallelism: 1 });
  }

  /** Before anything else is done for a call that will need a hash. @throws Unavailable when the limiter's queue is full. */
  expectRoom(call: HashCall): void {
    this.limiter.expectRoom(call);
  }

  /** @returns a PHC string. @throws Unavailable when the limiter's queue is full. */
  make(password: string, call: HashCall): Promise<string> {
    return this.limiter.run(call, () => this.#hash(normalizePassword(password)));
  }

  /** False for a hash that nobody reads. @throws Unavailable when the queue of the form's lane is full. */
  async verify(hash: string | null | undefined, password: string, call: HashCall): Promise<boolean> {
    const form = formOf(hash);
    if (!form || !hash) return false;
    return this.#laneOf(form).run(call, () => this.#compare(hash, form, normalizePassword(password)));
  }

  /**
   * The hash of a new password, unless the account has it already: compared and made in one place of the limiter, so that
   * whoever is not told of it has changed the password. A hash that nobody reads is not compared.
   *
   * @param isWanted asked after a wait: of many calls with one key all but the first come for nothing.
   * @throws Unavailable when the queue of the current form's lane is full; then nothing was compared.
   */
  replace(
    current: string | null | undefined,
    password: string,
    call: HashCall,
    isWanted: () => Promise<boolean> = async () => true,
  ): Promise<Replacement> {
    const form = formOf(current);
    const lane = form ? this.#laneOf(form) : this.limiter;
    return lane.run(call, async (waited) => {
      if (waited && !(await isWanted())) return { kind: 'NotWanted' };
      const text = normalizePassword(password);
      const isSame = form && current && (await this.#compare(current, form, text));
      return isSame ? { kind: 'SameAsBefore' } : { kind: 'Made', hash: await this.#hash(text) };
    });
  }

  /** Does the work of verifying a hash of that form, and always fails: no account is to be seen by time. */
  async verifyForNobody(password: string, call: HashCall, form: string = this.ownForm): Promise<false> {
    await this.verify(dummyOf(form), password, call);
    return false;
  }

  /** Makes the pool's threads, so that the first sign-in is not the slow one. */
  async warmUp(): Promise<void> {
    await this.verifyForNobody('', { urgency: 'other' });
  }

  /**
   * Whether a hash that this password has just opened may be renewed: no parameter of it is stronger than ours and one is
   * weaker (lanes are speed, not strength), and it read the whole password, or else what was typed after the part that it
   * reads would become part of the password without a word. 72 bytes may be the beginning of more, and bcrypt reads a
   * password with NULs, or what repeats it after a NUL, in more than one way.
   */
  isOutdated(hash: string | null | undefined, password: string): boolean {
    const form = formOf(hash);
    if (form?.algorithm === 'argon2id') {
      const { memoryCost, timeCost } = this.#options;
      const isStronger = form.memoryKib > memoryCost || form.timeCost > timeCost;
      return !isStronger && (form.memoryKib < memoryCost || form.timeCost < timeCost);
    }
    const text = normalizePassword(password);
    return form?.algorithm === 'bcrypt' && Buffer.byteLength(text) < bcryptBytes && !text.includes('\0');
  }

  /** What costs no more than ours goes where ours goes. */
  #laneOf(form: HashForm): HashLimiter {
    if (isExpensive(form)) return this.lanes.expensive;
    const { memoryCost, timeCost } = this.#options;
    const isCheap =
      form.algorithm === 'argon2id' &&
      form.parallelism === 1 &&
      form.memoryKib <= memoryCost &&
      form.memoryKib * form.timeCost <= memoryCost * timeCost;
    return isCheap ? this.limiter : this.lanes.foreign;
  }

  async #hash(text: string): Promise<string> {
    return inReferenceOrder(await argon2.hash(text, this.#options));
  }

  async #compare(hash: string, form: HashForm, text: string): Promise<boolean> {
    return form.algorithm === 'bcrypt' ? opensBcrypt(hash, text) : argon2.verify(hash, text);
  }
}

export function foreignLanes(hashQueue: number): ForeignLanes {
  return {
    foreign: new HashLimiter({ hashConcurrency: 1, hashQueue }),
    expensive: new HashLimiter({ hashConcurrency: 1, hashQueue: expensiveQueue }),
  };
}

/**
 * The argon2 package writes `m,p,t`; the reference decoder (and with it PHP, libsodium and argon2-cffi on the same
 * table) insists on `m,t,p`.
 */
export function inReferenceOrder(phc: string): string {
  return phc.replace(/\$m=(\d+),p=(\d+),t=(\d+)\$/, '$m=$1,t=$3,p=$2$');
}
