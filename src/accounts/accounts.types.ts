import { GraphQLDateTimeISO } from 'graphql-scalars';
import { createUnionType, Field, ID, InputType, Int, ObjectType, registerEnumType } from 'type-graphql';
import { ErrorCode } from '../errors.js';
import { TemporarilyUnavailable, TooManyRequests, UserError } from '../graphql/user-error.js';
import { PasswordRule, type PasswordViolation as Violation } from './password-policy.js';

registerEnumType(PasswordRule, {
  name: 'PasswordRule',
  description: 'A rule that passwords must keep. Example: `TOO_SHORT`.',
  valuesConfig: {
    TOO_SHORT: { description: 'Fewer code points than `limit`.' },
    TOO_LONG: { description: 'More code points than `limit`.' },
    NOT_WELL_FORMED: { description: 'Holds a lone surrogate, so it is not Unicode text.' },
    TOO_COMMON: { description: 'Stands on a list of common or breached passwords.' },
    CONTAINS_ACCOUNT_NAME: { description: 'Fewer than `limit` code points remain without the words of the address.' },
    CONTAINS_PRODUCT_NAME: { description: 'Fewer than `limit` code points remain without the words of the product.' },
  },
});

@ObjectType({ description: 'Somebody who can sign in. Example: `{ id: "0b9c…", email: "alice@example.com" }`.' })
export class Account {
  @Field(() => ID, { description: 'Random UUID. Example: `0b9cbb0e-6d3f-4c53-8e0a-2f3a51f0c3aa`.' })
  id!: string;

  @Field(() => String, {
    description: 'The address as it is stored: lower case, domain in ASCII. Example: `alice@example.com`.',
  })
  email!: string;

  @Field(() => String, {
    nullable: true,
    description: 'Language of the mails to this account, or null for that of the request. Example: `en`.',
  })
  locale!: string | null;

  @Field(() => GraphQLDateTimeISO, { description: 'Example: `2026-11-22T09:30:00.000Z`.' })
  createdAt!: Date;

  @Field(() => GraphQLDateTimeISO, {
    description: 'When the password was set last. Example: `2026-11-22T09:30:00.000Z`.',
  })
  passwordChangedAt!: Date;
}

@ObjectType('PasswordPolicy', { description: 'What a password must be. Example: `{ minLength: 15, maxLength: 128 }`.' })
export class PasswordPolicyView {
  @Field(() => Int, { description: 'Least number of code points. Example: `15`.' })
  minLength!: number;

  @Field(() => Int, { description: 'Greatest number of code points. Example: `128`.' })
  maxLength!: number;

  @Field(() => [PasswordRule], {
    description: 'The rules in force. Example: `[TOO_SHORT, TOO_COMMON]`.',
  })
  rules!: PasswordRule[];
}

@ObjectType({ description: 'One broken rule with its numbers. Example: `{ rule: TOO_SHORT, limit: 15, actual: 8 }`.' })
export class PasswordViolation {
  @Field(() => PasswordRule, { description: 'The rule. Example: `TOO_SHORT`.' })
  rule!: PasswordRule;

  @Field(() => Int, { nullable: true, description: 'What the rule asks for, in code points. Example: `15`.' })
  limit!: number | null;

  @Field(() => Int, { nullable: true, description: 'What was given, in code points. Example: `8`.' })
  actual!: number | null;
}

@ObjectType({
  implements: UserError,
  description:
    'The password breaks the policy; nothing was changed. Example: `{ violations: [{ rule: TOO_SHORT, limit: 15, actual: 8 }] }`.',
})
export class PasswordRejected extends UserError {
  @Field(() => [PasswordViolation], {
    description: 'At least one. Example: `[{ rule: TOO_SHORT, limit: 15, actual: 8 }]`.',
  })
  violations!: PasswordViolation[];

  static with(violations: readonly Violation[]): PasswordRejected {
    return Object.assign(new PasswordRejected(), {
      code: ErrorCode.PASSWORD_REJECTED,
      message: 'This password cannot be used.',
      violations: violations.map(({ rule, limit, actual }) => ({ rule, limit: limit ?? null, actual: actual ?? null })),
    });
  }
}

@ObjectType({
  implements: UserError,
  description: 'The text is not one plain e-mail address with an ASCII local part. Example: `alice@localhost`.',
})
export class InvalidEmailAddress extends UserError {
  static make(): InvalidEmailAddress {
    const message =
      'This is not an e-mail address that we can write to; it must look like name@example.com, with the part before the @ in ASCII letters.';
    return Object.assign(new InvalidEmailAddress(), { code: ErrorCode.INVALID_EMAIL_ADDRESS, message });
  }
}

@ObjectType({ implements: UserError, description: 'There is an account with this address already.' })
export class EmailAddressTaken extends UserError {
  static make(): EmailAddressTaken {
    const message = 'There is an account with this address already.';
    return Object.assign(new EmailAddressTaken(), { code: ErrorCode.EMAIL_ADDRESS_TAKEN, message });
  }
}

@ObjectType({ implements: UserError, description: 'Accounts are not made by sign-up here.' })
export class SignUpDisabled extends UserError {
  static make(): SignUpDisabled {
    const message = 'Accounts are not made by sign-up here.';
    return Object.assign(new SignUpDisabled(), { code: ErrorCode.SIGN_UP_DISABLED, message });
  }
}

@ObjectType({
  implements: UserError,
  description: 'Address and password do not open an account; which of them is wrong is not told.',
})
export class InvalidCredentials extends UserError {
  static make(): InvalidCredentials {
    const message = 'Address and password do not match.';
    return Object.assign(new InvalidCredentials(), { code: ErrorCode.INVALID_CREDENTIALS, message });
  }
}

@ObjectType({ implements: UserError, description: 'The access token is missing, expired or revoked.' })
export class Unauthenticated extends UserError {
  static make(): Unauthenticated {
    const message = 'Sign in first.';
    return Object.assign(new Unauthenticated(), { code: ErrorCode.UNAUTHENTICATED, message });
  }
}

@ObjectType({ description: 'The account was made. Example: `{ account: { email: "alice@example.com" } }`.' })
export class SignedUp {
  @Field(() => Account, { description: 'The new account.' })
  account!: Account;
}

@ObjectType({ description: 'Signed in. Example: `{ accessToken: "eyJhbGciOiJFZERTQSJ9…" }`.' })
export class SignedIn {
  @Field(() => String, {
    description: 'JWT (EdDSA); send it as `Authorization: Bearer …`. Example: `eyJhbGciOiJFZERTQSJ9…`.',
  })
  accessToken!: string;

  @Field(() => GraphQLDateTimeISO, { description: 'When the token ends. Example: `2026-11-22T09:45:00.000Z`.' })
  expiresAt!: Date;

  @Field(() => Account, { description: 'The account that was opened.' })
  account!: Account;
}

@ObjectType({
  description:
    'The password was changed and every other session ended. Example: `{ accessToken: "eyJhbGciOiJFZERTQSJ9…" }`.',
})
export class PasswordChanged {
  @Field(() => String, { description: 'A new token in place of the one that ended. Example: `eyJhbGciOiJFZERTQSJ9…`.' })
  accessToken!: string;

  @Field(() => GraphQLDateTimeISO, { description: 'When the token ends. Example: `2026-11-22T09:45:00.000Z`.' })
  expiresAt!: Date;
}

@ObjectType({
  description: 'Every access token that was made before has ended. Example: `{ at: "2026-11-22T09:30:00.000Z" }`.',
})
export class SignedOutEverywhere {
  @Field(() => GraphQLDateTimeISO, { description: 'Example: `2026-11-22T09:30:00.000Z`.' })
  at!: Date;
}

@InputType({ description: 'Example: `{ email: "alice@example.com", password: "correct horse battery" }`.' })
export class SignUpInput {
  @Field(() => String, { description: 'One plain address, at most 254 characters. Example: `alice@example.com`.' })
  email!: string;

  @Field(() => String, {
    description: 'See `passwordPolicy`; give it as a variable. Example: `correct horse battery`.',
  })
  password!: string;

  @Field(() => String, {
    nullable: true,
    description: 'Language of the mails to this account (BCP 47); unknown ones count as none. Example: `en`.',
  })
  locale?: string | null;
}

@InputType({ description: 'Example: `{ email: "alice@example.com", password: "correct horse battery" }`.' })
export class SignInInput {
  @Field(() => String, { description: 'Example: `alice@example.com`.' })
  email!: string;

  @Field(() => String, { description: 'Give it as a variable. Example: `correct horse battery`.' })
  password!: string;
}

@InputType({
  description: 'Example: `{ currentPassword: "correct horse battery", newPassword: "staple battery horse" }`.',
})
export class ChangePasswordInput {
  @Field(() => String, { description: 'Give it as a variable. Example: `correct horse battery`.' })
  currentPassword!: string;

  @Field(() => String, { description: 'See `passwordPolicy`; give it as a variable. Example: `staple battery horse`.' })
  newPassword!: string;
}

export const SignUpResult = createUnionType({
  name: 'SignUpResult',
  description: 'Outcome of `signUp`. Example: `... on SignedUp { account { id } }`.',
  types: () =>
    [
      SignedUp,
      InvalidEmailAddress,
      EmailAddressTaken,
      PasswordRejected,
      SignUpDisabled,
      TooManyRequests,
      TemporarilyUnavailable,
    ] as const,
});
export const SignInResult = createUnionType({
  name: 'SignInResult',
  description: 'Outcome of `signIn`. Example: `... on SignedIn { accessToken }`.',
  types: () => [SignedIn, InvalidCredentials, TooManyRequests, TemporarilyUnavailable] as const,
});
export const ChangePasswordResult = createUnionType({
  name: 'ChangePasswordResult',
  description: 'Outcome of `changePassword`. Example: `... on PasswordChanged { accessToken }`.',
  types: () =>
    [
      PasswordChanged,
      InvalidCredentials,
      PasswordRejected,
      Unauthenticated,
      TooManyRequests,
      TemporarilyUnavailable,
    ] as const,
});
export const SignOutEverywhereResult = createUnionType({
  name: 'SignOutEverywhereResult',
  description: 'Outcome of `signOutEverywhere`. Example: `... on SignedOutEverywhere { at }`.',
  types: () => [SignedOutEverywhere, Unauthenticated, TemporarilyUnavailable] as const,
});
