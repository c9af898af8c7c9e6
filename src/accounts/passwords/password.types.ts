import { Field, Int, ObjectType, registerEnumType } from 'type-graphql';
import { ErrorCode } from '../../calls/errors.js';
import { UserError } from '../../graphql/user-error.js';
import { type PasswordRejected, PasswordRule } from './password-policy.js';

registerEnumType(PasswordRule, {
  name: 'PasswordRule',
  description: 'A rule for passwords. Example: `TOO_SHORT`.',
  valuesConfig: {
    TOO_SHORT: { description: 'Fewer code points than `limit`.' },
    TOO_LONG: { description: 'More code points than `limit`.' },
    NOT_WELL_FORMED: { description: 'Contains a lone surrogate, so it is not valid Unicode text.' },
    TOO_COMMON: {
      description:
        'Is on a list of common or breached passwords, or consists only of such passwords, keyboard rows or one repeated short text.',
    },
    SAME_AS_BEFORE: {
      description:
        'The account already has this password: sign in with it. Reported only when no other rule is broken.',
    },
    CONTAINS_ACCOUNT_NAME: {
      description: 'Without the words of the e-mail address, fewer than `limit` code points remain.',
    },
    CONTAINS_PRODUCT_NAME: {
      description: 'Without the words of the product name, fewer than `limit` code points remain.',
    },
  },
});

@ObjectType('PasswordPolicy', {
  description: 'The rules for a new password. Example: `{ minLength: 15, maxLength: 128 }`.',
})
export class PasswordPolicyType {
  @Field(() => Int, { description: 'Minimum length in code points. Example: `15`.' })
  minLength!: number;

  @Field(() => Int, { description: 'Maximum length in code points. Example: `128`.' })
  maxLength!: number;

  @Field(() => [PasswordRule], {
    description: 'The rules in force. Example: `[TOO_SHORT, TOO_COMMON]`.',
  })
  rules!: PasswordRule[];
}

@ObjectType('PasswordViolation', {
  description: 'One broken rule with its numbers. Example: `{ rule: TOO_SHORT, limit: 15, actual: 8 }`.',
})
export class PasswordViolationType {
  @Field(() => PasswordRule, { description: 'The rule. Example: `TOO_SHORT`.' })
  rule!: PasswordRule;

  @Field(() => Int, { nullable: true, description: 'What the rule asks for, in code points. Example: `15`.' })
  limit?: number | null;

  @Field(() => Int, { nullable: true, description: 'What was given, in code points. Example: `8`.' })
  actual?: number | null;
}

@ObjectType('PasswordRejected', {
  implements: UserError,
  description:
    'The password breaks the policy; nothing was changed. Example: `{ violations: [{ rule: TOO_SHORT, limit: 15, actual: 8 }] }`.',
})
export class PasswordRejectedType extends UserError {
  readonly kind!: 'PasswordRejected';

  @Field(() => [PasswordViolationType], {
    description: 'At least one. Example: `[{ rule: TOO_SHORT, limit: 15, actual: 8 }]`.',
  })
  violations!: readonly PasswordViolationType[];
}

export const passwordFailures = {
  PasswordRejected: [
    ErrorCode.PASSWORD_REJECTED,
    ({ violations }: PasswordRejected) =>
      violations.some(({ rule }) => rule === PasswordRule.SAME_AS_BEFORE)
        ? 'This is already your password: sign in with it.'
        : 'This password cannot be used.',
  ],
} as const;
