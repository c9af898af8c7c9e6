import type { PasswordPolicyQuery, PasswordRule } from '../../../schema/sdk/client.js';

export type Policy = PasswordPolicyQuery['passwordPolicy'];

export interface Violation {
  readonly rule: PasswordRule;
  readonly limit: number | null;
  readonly actual: number | null;
}

export interface Feedback {
  readonly kind: 'short' | 'enough' | 'over';
  readonly text: string;
}

/** Code points of the NFC form, as the server counts them. */
export function passwordLength(password: string): number {
  return Array.from(password.normalize('NFC')).length;
}

/** A violation of the rules on length. The server decides: its other rules need lists or the account. */
export function violationOf(password: string, policy: Policy): Violation | undefined {
  const actual = passwordLength(password);
  if (actual < policy.minLength) return { rule: 'TOO_SHORT', limit: policy.minLength, actual };
  if (actual > policy.maxLength) return { rule: 'TOO_LONG', limit: policy.maxLength, actual };
  return undefined;
}

/** Feedback while the person types. */
export function feedbackOn(password: string, { minLength, maxLength }: Policy): Feedback {
  const length = passwordLength(password);
  if (length < minLength) return { kind: 'short', text: `${characters(minLength - length)} to go.` };
  if (length > maxLength) return { kind: 'over', text: `${characters(length - maxLength)} too many.` };
  return { kind: 'enough', text: 'Long enough.' };
}

export function hintOn(policy: Policy | undefined): string {
  const length = policy ? `At least ${characters(policy.minLength)}. ` : '';
  return `${length}Every character counts, spaces too: a few words that only you would put together do well.`;
}

export function sentenceOn({ rule, limit, actual }: Violation): string {
  const given = actual === null ? 'another number' : characters(actual);
  switch (rule) {
    case 'TOO_SHORT':
      return `The password is too short: it has ${given} and needs at least ${limit}.`;
    case 'TOO_LONG':
      return `The password is too long: it has ${given} and may have at most ${limit}.`;
    case 'NOT_WELL_FORMED':
      return 'The password holds half a character, as happens when text is cut. Type it again.';
    case 'TOO_COMMON':
      return 'This password is common or leaked, or made of common pieces, so it would be guessed. Choose another one.';
    case 'SAME_AS_BEFORE':
      return 'This is already your password: you can sign in with it. Or choose another one.';
    case 'CONTAINS_ACCOUNT_NAME':
      return `Too much of it is your e-mail address: without that it has ${given} and needs at least ${limit}.`;
    case 'CONTAINS_PRODUCT_NAME':
      return `Too much of it is the name of this service: without that it has ${given} and needs at least ${limit}.`;
    default:
      rule satisfies never;
      return 'This password cannot be used here. Choose another one.';
  }
}

function characters(count: number): string {
  return count === 1 ? '1 character' : `${count} characters`;
}
