import type { CommonPasswords } from './common-passwords.js';
import { leastBesideWords, withoutWords, wordsOfAddress, wordsOfName } from './context-words.js';

/** Why a password is refused; the names are those of the schema. */
export enum PasswordRule {
  TOO_SHORT = 'TOO_SHORT',
  TOO_LONG = 'TOO_LONG',
  NOT_WELL_FORMED = 'NOT_WELL_FORMED',
  TOO_COMMON = 'TOO_COMMON',
  SAME_AS_BEFORE = 'SAME_AS_BEFORE',
  CONTAINS_ACCOUNT_NAME = 'CONTAINS_ACCOUNT_NAME',
  CONTAINS_PRODUCT_NAME = 'CONTAINS_PRODUCT_NAME',
}

/**
 * A broken rule with its numbers, in code points; in bytes of UTF-8 where it is a hash that can hold no more of them.
 */
export interface PasswordViolation {
  readonly rule: PasswordRule;
  readonly limit?: number;
  readonly actual?: number;
}

/** A password in NFC that passed the policy. */
export type AcceptedPassword = string & { readonly __brand: 'AcceptedPassword' };

export interface PasswordRejected {
  readonly kind: 'PasswordRejected';
  readonly violations: readonly PasswordViolation[];
}
export type PolicyVerdict = { readonly kind: 'accepted'; readonly password: AcceptedPassword } | PasswordRejected;

/**
 * UTF-16 units for each code point of the longest password. NFC never shortens a text to less than a quarter, and a
 * code point has at most two units, so a longer text is too long in every case.
 */
const unitsPerCodePoint = 8;

export interface PolicySettings {
  readonly minLength: number;
  readonly maxLength: number;
  readonly productName: string;
  /** The most bytes of UTF-8 that the form of our hashes reads; undefined where it reads all. */
  readonly maxBytes?: number | undefined;
}

/**
 * What a password must be: NIST SP 800-63B-4, 3.1.1.2. Every character is allowed, there are no composition rules and
 * nothing is cut off; one code point of the NFC form counts as one. Refused are common passwords, passwords made only
 * of several of them, of keyboard rows or of one short text repeated, and passwords with fewer than 8 code points
 * besides the words of the address and the product.
 */
export class PasswordPolicy {
  readonly minLength: number;
  readonly maxLength: number;
  readonly rules: readonly PasswordRule[] = Object.values(PasswordRule);
  readonly #productWords: readonly string[];
  readonly #longest: number;
  readonly #maxBytes: number;

  constructor(
    settings: PolicySettings,
    private readonly commonPasswords: CommonPasswords,
  ) {
    this.minLength = settings.minLength;
    this.#longest = settings.maxLength;
    this.#maxBytes = settings.maxBytes ?? Number.POSITIVE_INFINITY;
    this.maxLength = Math.min(this.#longest, this.#maxBytes);
    this.#productWords = wordsOfName(settings.productName);
  }

  /**
   * Whether a text could ever have been set as a password; others are never hashed. Checks no other rule of the
   * policy.
   */
  couldBePassword(text: string): boolean {
    return text.isWellFormed() && text.length <= unitsPerCodePoint * this.#longest;
  }

  /**
   * Checks every rule but `SAME_AS_BEFORE`.
   *
   * @param address of the account, if it is known; without it, the rule on the words of the address is left out.
   */
  check(text: string, address?: string): PolicyVerdict {
    if (!text.isWellFormed()) return rejected([{ rule: PasswordRule.NOT_WELL_FORMED }]);
    if (text.length > unitsPerCodePoint * this.#longest) return this.#tooLong(codePoints(text));
    const password = normalizePassword(text);
    const length = codePoints(password);
    if (length < this.minLength)
      return rejected([{ rule: PasswordRule.TOO_SHORT, limit: this.minLength, actual: length }]);
    if (length > this.maxLength) return this.#tooLong(length);
    const bytes = Buffer.byteLength(password);
    if (bytes > this.#maxBytes) return this.#tooLong(bytes);
    // Read as the end of the password by one bcrypt, and as a character by another.
    if (this.#maxBytes < Number.POSITIVE_INFINITY && password.includes('\0')) {
      return rejected([{ rule: PasswordRule.NOT_WELL_FORMED }]);
    }
    const violations = this.#contextViolations(password, address);
    if (this.#isCommon(password)) violations.unshift({ rule: PasswordRule.TOO_COMMON });
    return violations.length > 0 ? rejected(violations) : { kind: 'accepted', password: password as AcceptedPassword };
  }

  #isCommon(password: string): boolean {
    return this.commonPasswords.has(password) || this.commonPasswords.isStrungOf(password, this.minLength);
  }

  #contextViolations(password: string, address: string | undefined): PasswordViolation[] {
    const accountWords = address === undefined ? [] : wordsOfAddress(address);
    const { found, remaining } = withoutWords(password, [...accountWords, ...this.#productWords]);
    if (remaining >= leastBesideWords) return [];
    const numbers = { limit: leastBesideWords, actual: remaining };
    return [
      ...(found.some((word) => accountWords.includes(word))
        ? [{ rule: PasswordRule.CONTAINS_ACCOUNT_NAME, ...numbers }]
        : []),
      ...(found.some((word) => this.#productWords.includes(word))
        ? [{ rule: PasswordRule.CONTAINS_PRODUCT_NAME, ...numbers }]
        : []),
    ];
  }

  #tooLong(actual: number): PolicyVerdict {
    return rejected([{ rule: PasswordRule.TOO_LONG, limit: this.maxLength, actual }]);
  }
}

/** NFC, so that the same password matches when it is typed on another device (NIST SP 800-63B-4, 3.1.1.2). */
export function normalizePassword(text: string): string {
  return text.normalize('NFC');
}

function rejected(violations: readonly PasswordViolation[]): PasswordRejected {
  return { kind: 'PasswordRejected', violations };
}

function codePoints(text: string): number {
  let count = 0;
  for (const _ of text) count++;
  return count;
}
