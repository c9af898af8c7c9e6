import type { WrittenForm } from '../../settings/accounts/shape.js';
import { hasPepper } from '../../settings/secrets/pepper.js';
import { isExpensive, readingOf } from './forms/imported-hash.js';
import { dummyOf, nameOfForm, nameOfWritten } from './forms/names.js';
import type { HashForm, Reading, Tools } from './forms/reading.js';
import { bcryptBytes } from './hashing/bcrypt.js';
import { type HashCall, HashLimiter } from './hashing/hash-limiter.js';
import { IteratedThread } from './hashing/iterated-thread.js';
import { type Argon2Options, makeHash } from './hashing/make-hash.js';
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
  /** All forms but ours, and argon2id that costs no more than ours. */
  readonly foreign: HashLimiter;
  /** Forms beyond the usual bounds, which an operator allowed or an earlier version accepted. */
  readonly expensive: HashLimiter;
}

export { bcryptBytes };

const expensiveQueue = 8;
/**
 * N × r × p of scrypt that is as strong as argon2id with 19 MiB and two passes (OWASP Password Storage Cheat Sheet:
 * N = 2^17, r = 8, p = 1).
 */
const scryptLikeOurs = 2 ** 20;

/**
 * Hashes with argon2id (RFC 9106), or as an app does, behind the limiter; verifies imported hashes of other forms in lanes of their own.
 */
export class PasswordHash {
  readonly #options: Argon2Options;
  readonly #tools: Tools;
  readonly #isBesideApp: boolean;
  /** The name of the form that this one makes. */
  readonly ownForm: string;

  /**
   * @param written how a new hash is made.
   * @param beside whether an app writes hashes into the same table; the secret that it, or the system that accounts were
   * imported from, appends to passwords before bcrypt.
   */
  constructor(
    settings: Argon2Settings,
    private readonly limiter: HashLimiter,
    readonly lanes: ForeignLanes = foreignLanes(64),
    private readonly written: WrittenForm = { format: 'argon2id' },
    beside: { readonly app?: boolean; readonly pepper?: string | undefined } = {},
  ) {
    this.#tools = { thread: new IteratedThread(), pepper: beside.pepper, appHasPepper: hasPepper(written) };
    this.#isBesideApp = beside.app ?? false;
    this.#options = { memoryCost: settings.memoryKib, timeCost: settings.timeCost, parallelism: 1, hashLength: 32 };
    this.ownForm = nameOfWritten(written, settings);
  }

  /**
   * To be called before anything else is done for a call that needs a hash.
   *
   * @throws Unavailable when the queue is full.
   */
  expectRoom(call: HashCall): void {
    this.limiter.expectRoom(call);
  }

  /** Hashes a password. @returns a PHC string, or what `written` says. @throws Unavailable when the limiter's queue is full. */
  make(password: string, call: HashCall): Promise<string> {
    return this.limiter.run(call, () => this.#made(normalizePassword(password)));
  }

  /** False for a hash of no known form. @throws Unavailable when the queue of the form's lane is full. */
  async verify(hash: string | null | undefined, password: string, call: HashCall): Promise<boolean> {
    const reading = readingOf(hash);
    if (!reading) return false;
    return this.#laneOf(reading.form).run(call, () => this.#opens(reading, password));
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
    const reading = readingOf(current);
    const lane = reading ? this.#laneOf(reading.form) : this.limiter;
    return lane.run(call, async (waited) => {
      if (waited && !(await isWanted())) return { kind: 'NotWanted' };
      if (reading && (await this.#opens(reading, password))) return { kind: 'SameAsBefore' };
      return { kind: 'Made', hash: await this.#made(normalizePassword(password)) };
    });
  }

  /** Whether a hash holds a pepper that is not known here, so that nobody opens it. */
  lacksPepper(hash: string | null | undefined): boolean {
    return this.#tools.pepper === undefined && readingOf(hash)?.hasPepper === true;
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
   * Whether a hash that matched this password should be renewed: if it read the whole password, and costs a guesser no
   * more than ours in any respect. Of bcrypt, characters that it ignored would become part of the password unnoticed.
   * Where the form of an app is written: only a hash of the same kind with fewer rounds, as the app itself does, so that
   * nothing is written that it cannot read.
   */
  isOutdated(hash: string | null | undefined, password: string): boolean {
    const reading = readingOf(hash);
    if (!reading) return false;
    if (this.written.format === 'pbkdf2_sha256') {
      return reading.form.algorithm === 'pbkdf2-sha256' && reading.form.rounds < this.written.iterations;
    }
    if (this.written.format !== 'argon2id') return false;
    return this.#isWeaker(reading.form) && spellings(password).every((text) => reading.readsWhole(text));
  }

  #isWeaker(form: HashForm): boolean {
    const { memoryCost, timeCost } = this.#options;
    switch (form.algorithm) {
      // Parallelism is speed, not strength.
      case 'argon2id':
        return isWithin(form, memoryCost, timeCost) && (form.memoryKib < memoryCost || form.timeCost < timeCost);
      case 'argon2i':
      case 'argon2d':
      case 'wrapped':
        return isWithin(form, memoryCost, timeCost);
      case 'scrypt':
        return 2 ** form.logCost * form.blockSize * form.parallelism < scryptLikeOurs;
      case 'bcrypt':
        return true;
      default:
        return !isExpensive(form);
    }
  }

  /** Forms that cost no more than ours share the lane of our own. */
  #laneOf(form: HashForm): HashLimiter {
    if (isExpensive(form)) return this.lanes.expensive;
    if (form.algorithm === 'bcrypt' && this.written.format === 'bcrypt' && form.cost <= this.written.cost) {
      return this.limiter;
    }
    if (nameOfForm(form) === this.ownForm) return this.limiter;
    const { memoryCost, timeCost } = this.#options;
    const isCheap =
      (form.algorithm === 'argon2id' || form.algorithm === 'wrapped') &&
      form.parallelism === 1 &&
      form.memoryKib <= memoryCost &&
      form.memoryKib * form.timeCost <= memoryCost * timeCost;
    return isCheap ? this.limiter : this.lanes.foreign;
  }

  #made(text: string): Promise<string> {
    return makeHash(text, this.written, { argon2: this.#options, ...this.#tools });
  }

  /**
   * Whoever made a foreign hash may have read the password as its device wrote it, so that is tried in both spellings.
   * Always all of them: the time must tell neither which one opens it nor, where the answer is a refusal, whether one
   * does. A dummy of the same form takes the same time.
   */
  async #opens(reading: Reading, password: string): Promise<boolean> {
    const isOurs = !this.#isBesideApp && nameOfForm(reading.form) === this.ownForm;
    let opens = false;
    for (const text of isOurs ? [normalizePassword(password)] : spellings(password)) {
      opens = (await reading.opens(text, this.#tools)) || opens;
    }
    return opens;
  }
}

/** A password as we hash it (NFC), and decomposed where that is another text (NFD). */
function spellings(password: string): string[] {
  return [...new Set([normalizePassword(password), password.normalize('NFD')])];
}

function isWithin(form: { memoryKib: number; timeCost: number }, memoryKib: number, timeCost: number): boolean {
  return form.memoryKib <= memoryKib && form.timeCost <= timeCost;
}

/** @param hashQueue calls that may wait in the lane `foreign`. */
export function foreignLanes(hashQueue: number): ForeignLanes {
  return {
    foreign: new HashLimiter({ hashConcurrency: 1, hashQueue }),
    expensive: new HashLimiter({ hashConcurrency: 1, hashQueue: expensiveQueue }),
  };
}
