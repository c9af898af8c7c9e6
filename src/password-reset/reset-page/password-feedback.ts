import type { PasswordPolicyQuery, PasswordRule } from '../../../schema/sdk/client.js';
import { canSay, say, together } from './wording.js';

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
  if (length < minLength) return { kind: 'short', text: say('to-go', { n: minLength - length }) };
  if (length > maxLength) return { kind: 'over', text: say('over', { n: length - maxLength }) };
  return { kind: 'enough', text: say('enough') };
}

export function hintOn(policy: Policy | undefined): string {
  return policy ? together(say('at-least', { n: policy.minLength }), say('hint')) : say('hint');
}

/** The texts have the names of the rules. A rule that is newer than this page has none here. */
export function sentenceOn({ rule, limit, actual }: Violation): string {
  const key = rule.toLowerCase().replaceAll('_', '-');
  return say(canSay(key) ? key : 'not-usable', { limit: limit ?? 0, actual: actual ?? 0 });
}
