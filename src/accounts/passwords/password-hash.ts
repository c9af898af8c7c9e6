import argon2 from 'argon2';
import type { WrittenForm } from '../../settings/accounts/shape.js';
import { formOf, type HashForm, isExpensive } from './forms/imported-hash.js';
import { dummyOf, nameOfForm } from './forms/names.js';
import { makeBcrypt, opensBcrypt } from './hashing/bcrypt.js';
import { type HashCall, HashLimiter } from './hashing/hash-limiter.js';
import { normalizePassword } from './password-policy.js';

export interface Argon2Settings {
  readonly memoryKib: number;
  readonly timeCost: number;
}

/** `SameAsBefore`: the account has this password already. `NotWanted`: `isWanted` said no after a wait. */
export type Replacement =
  | { readonly kind: 'Made'; readonly hash: string }
  | { readonly kind: 'SameAsBefore' }
  | { readonly kind: 'NotWanted' };

/** Each lane verifies one hash at a time, so that imported hashes neither delay our own nor take much memory. */
export interface ForeignLanes {
  /** bcrypt, and argon2id that costs more than ours. */
  readonly foreign: HashLimiter;
  /** Forms beyond the usual bounds, which an operator allowed or an earlier version accepted. */
  readonly expensive: HashLimiter;
}

/** Bytes of a password that bcrypt reads, including the NUL at its end if there is room. */
export const bcryptBytes = 72;
const expensiveQueue = 8;

/**
 * Hashes with argon2id (RFC 9106), or as an app does, behind the limiter; verifies imported hashes of other forms in lanes of their own.
 */
export class PasswordHash {
  readonly #options: { memoryCost: number; timeCost: number; parallelism: number; hashLength: number };
  /** The name of the form that this one makes. */
  readonly ownForm: string;

  constructor(
    settings: Argon2Settings,
    private readonly limiter: HashLimiter,
    readonly lanes: ForeignLanes = foreignLanes(64),
    private readonly written: WrittenForm = { format: 'argon2id' },
  ) {
    this.#options = { memoryCost: settings.memoryKib, timeCost: settings.timeCost, parallelism: 1, hashLength: 32 };
    this.ownForm = nameOfForm(
      written.format === 'bcrypt'
        ? { algorithm: 'bcrypt', cost: written.cost }
        : { algorithm: 'argon2id', ...settings, parallelism: 1 },
    );
  }

  /**
   * To be called before anything else is done for a call that needs a hash.
   *
   * @throws Unavailable when the queue is full.
   */
  expectRoom(call: HashCall): void {
    this.limiter.expectRoom(call);
  }

  /** Hashes a password. @returns a PHC string, or one of bcrypt. @throws Unavailable when the limiter's queue is full. */
  make(password: string, call: HashCall): Promise<string> {
    return this.limiter.run(call, () => this.#hash(normalizePassword(password)));
  }

  /** False for a hash of no known form. @throws Unavailable when the queue of the form's lane is full. */
  async verify(hash: string | null | undefined, password: string, call: HashCall): Promise<boolean> {
    const form = formOf(hash);
    if (!form || !hash) return false;
    return this.#laneOf(form).run(call, () => this.#compare(hash, form, normalizePassword(password)));
  }

  /**
   * Hashes a new password, unless it is the current one. Compares and hashes in one place of the limiter: see
   * `NewPasswords`. A current hash of no known form is not compared.
   *
   * @param isWanted asked after a wait: of many calls with one key, only the first still needs a hash.
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

  /** Verifies a dummy of that form and returns false, so that the time does not tell that there is no account. */
  async verifyForNobody(password: string, call: HashCall, form: string = this.ownForm): Promise<false> {
    await this.verify(dummyOf(form), password, call);
    return false;
  }

  /** Makes the threads of libuv's pool, so that the first sign-in is not slower than others. */
  async warmUp(): Promise<void> {
    await this.verifyForNobody('', { urgency: 'other' });
  }

  /**
   * Whether a hash that matched this password should be renewed. An argon2id hash: if no parameter is stronger than
   * ours and one is weaker (parallelism is speed, not strength). A bcrypt hash: if it covers the whole password;
   * otherwise characters that bcrypt ignored would become part of the password unnoticed. So not at 72 bytes or more,
   * and not with a NUL, which bcrypt reads in more than one way. Where bcrypt is written, for an app that reads it, none.
   */
  isOutdated(hash: string | null | undefined, password: string): boolean {
    const form = formOf(hash);
    if (this.written.format === 'bcrypt') return false;
    if (form?.algorithm === 'argon2id') {
      const { memoryCost, timeCost } = this.#options;
      const isStronger = form.memoryKib > memoryCost || form.timeCost > timeCost;
      return !isStronger && (form.memoryKib < memoryCost || form.timeCost < timeCost);
    }
    const text = normalizePassword(password);
    return form?.algorithm === 'bcrypt' && Buffer.byteLength(text) < bcryptBytes && !text.includes('\0');
  }

  /** Forms that cost no more than ours share the lane of our own. */
  #laneOf(form: HashForm): HashLimiter {
    if (isExpensive(form)) return this.lanes.expensive;
    if (form.algorithm === 'bcrypt' && this.written.format === 'bcrypt' && form.cost <= this.written.cost) {
      return this.limiter;
    }
    const { memoryCost, timeCost } = this.#options;
    const isCheap =
      form.algorithm === 'argon2id' &&
      form.parallelism === 1 &&
      form.memoryKib <= memoryCost &&
      form.memoryKib * form.timeCost <= memoryCost * timeCost;
    return isCheap ? this.limiter : this.lanes.foreign;
  }

  async #hash(text: string): Promise<string> {
    if (this.written.format === 'bcrypt') return makeBcrypt(text, this.written);
    return inReferenceOrder(await argon2.hash(text, this.#options));
  }

  async #compare(hash: string, form: HashForm, text: string): Promise<boolean> {
    return form.algorithm === 'bcrypt' ? opensBcrypt(hash, text) : argon2.verify(hash, text);
  }
}

/** @param hashQueue calls that may wait in the lane `foreign`. */
export function foreignLanes(hashQueue: number): ForeignLanes {
  return {
    foreign: new HashLimiter({ hashConcurrency: 1, hashQueue }),
    expensive: new HashLimiter({ hashConcurrency: 1, hashQueue: expensiveQueue }),
  };
}

/**
 * The argon2 package writes the parameters as `m,p,t`; the reference decoder (so also PHP, libsodium and argon2-cffi,
 * if they read the same table) accepts only `m,t,p`.
 */
export function inReferenceOrder(phc: string): string {
  return phc.replace(/\$m=(\d+),p=(\d+),t=(\d+)\$/, '$m=$1,t=$3,p=$2$');
}
