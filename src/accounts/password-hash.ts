import { randomBytes } from 'node:crypto';
import argon2 from 'argon2';
import { BcryptThreads } from './bcrypt-threads.js';
import type { HashCall, HashLimiter } from './hash-limiter.js';
import { normalizePassword } from './password-policy.js';

export interface Argon2Settings {
  readonly memoryKib: number;
  readonly timeCost: number;
}

/** argon2id (RFC 9106) behind the concurrency limiter; verifies bcrypt hashes that were imported. */
export class PasswordHash {
  readonly #options: { memoryCost: number; timeCost: number; parallelism: number; hashLength: number };
  readonly #bcrypt = new BcryptThreads();
  #dummy: Promise<string> | undefined;

  constructor(
    settings: Argon2Settings,
    private readonly limiter: HashLimiter,
  ) {
    this.#options = { memoryCost: settings.memoryKib, timeCost: settings.timeCost, parallelism: 1, hashLength: 32 };
  }

  /** Before anything else is done for a call that will need a hash. @throws Unavailable when the limiter's queue is full. */
  expectRoom(call: HashCall): void {
    this.limiter.expectRoom(call);
  }

  /** @returns a PHC string. @throws Unavailable when the limiter's queue is full. */
  make(password: string, call: HashCall): Promise<string> {
    return this.limiter.run(call, async () =>
      inReferenceOrder(await argon2.hash(normalizePassword(password), this.#options)),
    );
  }

  /** @throws Unavailable when the limiter's queue is full. */
  verify(hash: string, password: string, call: HashCall): Promise<boolean> {
    const text = normalizePassword(password);
    return this.limiter.run(call, () =>
      isBcrypt(hash) ? this.#bcrypt.compare(text, hash) : argon2.verify(hash, text),
    );
  }

  /** Takes as long as a wrong password for an account that exists, and always fails (no account to be seen by time). */
  async verifyForNobody(password: string, call: HashCall): Promise<false> {
    this.#dummy ??= this.make(randomBytes(32).toString('base64url'), { urgency: 'other' });
    const dummy = await this.#dummy.catch((error: unknown) => {
      this.#dummy = undefined;
      throw error;
    });
    await this.verify(dummy, password, call);
    return false;
  }

  /** Made now, so that the first sign-in for an unknown address is not the slow one. */
  async warmUp(): Promise<void> {
    await this.verifyForNobody('', { urgency: 'other' });
  }

  /** Whether a stored hash is weaker than the current parameters, or of another kind. */
  isOutdated(hash: string): boolean {
    return !hash.startsWith('$argon2id$') || argon2.needsRehash(hash, this.#options);
  }
}

/**
 * The argon2 package writes `m,p,t`; the reference decoder (and with it PHP, libsodium and argon2-cffi on the same
 * table) insists on `m,t,p`.
 */
export function inReferenceOrder(phc: string): string {
  return phc.replace(/\$m=(\d+),p=(\d+),t=(\d+)\$/, '$m=$1,t=$3,p=$2$');
}

function isBcrypt(hash: string): boolean {
  return /^\$2[aby]\$/.test(hash);
}
