import type { HashForm } from './reading.js';

interface Bounds {
  readonly memoryKib: number;
  /** Memory of argon2 times its time cost, KiB. */
  readonly memoryPasses: number;
  readonly parallelism: number;
  readonly bcryptCost: number;
  readonly scryptParallelism: number;
  readonly pbkdf2Rounds: number;
  readonly cryptRounds: number;
  readonly phpassCost: number;
}

/**
 * Bounds on the cost of one sign-in: whoever wrote the imported file chooses how much work a hash costs here. By
 * parameters and not by time, so that every machine decides alike. The rounds of SHA-crypt are those of passlib's
 * default and half as many again (about 2 s); the cost of phpass is 32 times WordPress's (about 0.5 s).
 */
export const usual: Bounds = {
  memoryKib: 256 * 1024,
  memoryPasses: 512 * 1024,
  parallelism: 16,
  bcryptCost: 14,
  scryptParallelism: 8,
  pbkdf2Rounds: 2_000_000,
  cryptRounds: 1_000_000,
  phpassCost: 18,
};
/** The most that an operator may allow; hashes beyond that are never verified. */
export const most: Bounds = {
  memoryKib: 1024 * 1024,
  memoryPasses: 20 * 1024 * 1024,
  parallelism: 16,
  bcryptCost: 16,
  scryptParallelism: 16,
  pbkdf2Rounds: 20_000_000,
  cryptRounds: 5_000_000,
  phpassCost: 22,
};

/** What of a form is over a bound, as a sentence; undefined for nothing. */
export function beyond(form: HashForm, bound: Bounds): string | undefined {
  const over = (name: string, value: number, limit: number, unit = '') =>
    value > limit ? `${form.algorithm} ${name} is over ${limit}${unit}` : undefined;
  switch (form.algorithm) {
    case 'bcrypt':
      return over('cost', form.cost, bound.bcryptCost);
    case 'scrypt':
      return (
        over('memory', memoryOfScrypt(form), bound.memoryKib, ' KiB') ??
        over('parallelism', form.parallelism, bound.scryptParallelism)
      );
    case 'pbkdf2-sha1':
    case 'pbkdf2-sha256':
    case 'pbkdf2-sha512':
      return over('number of rounds', form.rounds, bound.pbkdf2Rounds);
    case 'sha256-crypt':
    case 'sha512-crypt':
      return over('number of rounds', form.rounds, bound.cryptRounds);
    case 'phpass':
      return over('cost', form.cost, bound.phpassCost);
    case 'ssha':
      return undefined;
    default:
      return (
        over('memory', form.memoryKib, bound.memoryKib, ' KiB') ??
        over('memory times time cost', form.memoryKib * form.timeCost, bound.memoryPasses, ' KiB')
      );
  }
}

/** KiB (RFC 7914, section 5: 128 × N × r bytes). */
export function memoryOfScrypt({ logCost, blockSize }: { logCost: number; blockSize: number }): number {
  return (2 ** logCost * blockSize) / 8;
}
