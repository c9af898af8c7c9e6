import { GraphQLDateTimeISO } from 'graphql-scalars';
import { createUnionType, Field, Int, ObjectType } from 'type-graphql';
import { ErrorCode } from '../calls/errors.js';
import { answersWith, callFailures, typeByKind } from '../graphql/answers.js';
import { TemporarilyUnavailableType, TooManyRequestsType, UserError } from '../graphql/user-error.js';
import { AccountType } from './account.types.js';
import { PasswordRejectedType, passwordFailures } from './passwords/password.types.js';

@ObjectType('InvalidEmailAddress', {
  implements: UserError,
  description: 'The text is not one plain e-mail address with an ASCII local part. Example: `alice@localhost`.',
})
export class InvalidEmailAddressType extends UserError {
  readonly kind!: 'InvalidEmailAddress';
}

@ObjectType('EmailAddressTaken', {
  implements: UserError,
  description: 'There is already an account with this address. Example: `{ code: EMAIL_ADDRESS_TAKEN }`.',
})
export class EmailAddressTakenType extends UserError {
  readonly kind!: 'EmailAddressTaken';
}

@ObjectType('SignUpDisabled', {
  implements: UserError,
  description: 'This server does not allow sign-up. Example: `{ code: SIGN_UP_DISABLED }`.',
})
export class SignUpDisabledType extends UserError {
  readonly kind!: 'SignUpDisabled';
}

@ObjectType('SignInDisabled', {
  implements: UserError,
  description: 'Nobody signs in at this server. Example: `{ code: SIGN_IN_DISABLED }`.',
})
export class SignInDisabledType extends UserError {
  readonly kind!: 'SignInDisabled';
}

@ObjectType('InvalidCredentials', {
  implements: UserError,
  description:
    'The address and the password do not match an account; the answer does not say which of them is wrong. Example: `{ code: INVALID_CREDENTIALS }`.',
})
export class InvalidCredentialsType extends UserError {
  readonly kind!: 'InvalidCredentials';
}

@ObjectType('Unauthenticated', {
  implements: UserError,
  description: 'The access token is missing, expired or revoked. Example: `{ code: UNAUTHENTICATED }`.',
})
export class UnauthenticatedType extends UserError {
  readonly kind!: 'Unauthenticated';
}

@ObjectType('SignedUp', {
  description: 'The account was created. Example: `{ account: { email: "alice@example.com" } }`.',
})
export class SignedUpType {
  readonly kind!: 'SignedUp';

  @Field(() => AccountType, { description: 'The new account. Example: `{ email: "alice@example.com" }`.' })
  account!: AccountType;
}

@ObjectType('SignUpRequested', {
  description:
    'The request was accepted. The answer is the same for every address, with or without an account; a mail is on its way to it, and the password was not stored. Example: `{ keyLifetimeSeconds: 3600 }`.',
})
export class SignUpRequestedType {
  readonly kind!: 'SignUpRequested';

  @Field(() => Int, {
    description:
      'Seconds for which the link in a mail works, at least. Depends on the settings only, never on the address. Example: `3600`.',
  })
  keyLifetimeSeconds!: number;
}

@ObjectType('SignedIn', { description: 'Signed in. Example: `{ accessToken: "eyJhbGciOiJFZERTQSJ9…" }`.' })
export class SignedInType {
  readonly kind!: 'SignedIn';

  @Field(() => String, {
    description: 'JWT (EdDSA); send it as `Authorization: Bearer …`. Example: `eyJhbGciOiJFZERTQSJ9…`.',
  })
  accessToken!: string;

  @Field(() => GraphQLDateTimeISO, { description: 'When the token expires. Example: `2026-11-22T09:45:00.000Z`.' })
  expiresAt!: Date;

  @Field(() => AccountType, {
    description: 'The account that is signed in. Example: `{ email: "alice@example.com" }`.',
  })
  account!: AccountType;

  @Field(() => String, {
    nullable: true,
    description:
      'Opaque token: store it on this device and send it with the next `signIn` or `requestPasswordReset`. It gives no access to the account. Valid for 90 days, at most until the password changes. Example: `q83…43 characters…Hkw`.',
  })
  device!: string | null;
}

@ObjectType('PasswordChanged', {
  description:
    'The password was changed and every other session ended. Example: `{ accessToken: "eyJhbGciOiJFZERTQSJ9…" }`.',
})
export class PasswordChangedType {
  readonly kind!: 'PasswordChanged';

  @Field(() => String, { description: 'A new token in place of the one that ended. Example: `eyJhbGciOiJFZERTQSJ9…`.' })
  accessToken!: string;

  @Field(() => GraphQLDateTimeISO, { description: 'When the token expires. Example: `2026-11-22T09:45:00.000Z`.' })
  expiresAt!: Date;

  @Field(() => String, {
    nullable: true,
    description:
      'Opaque token: store it on this device and send it with the next `signIn` or `requestPasswordReset`. It gives no access to the account. Valid for 90 days, at most until the password changes. Example: `q83…43 characters…Hkw`.',
  })
  device!: string | null;
}

@ObjectType('SignedOutEverywhere', {
  description: 'Every access token that was issued before has ended. Example: `{ at: "2026-11-22T09:30:00.000Z" }`.',
})
export class SignedOutEverywhereType {
  readonly kind!: 'SignedOutEverywhere';

  @Field(() => GraphQLDateTimeISO, { description: 'Example: `2026-11-22T09:30:00.000Z`.' })
  at!: Date;
}

export const SignUpResult = createUnionType({
  name: 'SignUpResult',
  resolveType: typeByKind,
  description: 'Outcome of `signUp`. Example: `... on SignedUp { account { id } }`.',
  types: () =>
    [
      SignedUpType,
      SignUpRequestedType,
      InvalidEmailAddressType,
      EmailAddressTakenType,
      PasswordRejectedType,
      SignUpDisabledType,
      TooManyRequestsType,
      TemporarilyUnavailableType,
    ] as const,
});
export const SignInResult = createUnionType({
  name: 'SignInResult',
  resolveType: typeByKind,
  description: 'Outcome of `signIn`. Example: `... on SignedIn { accessToken }`.',
  types: () =>
    [
      SignedInType,
      SignInDisabledType,
      InvalidCredentialsType,
      TooManyRequestsType,
      TemporarilyUnavailableType,
    ] as const,
});
export const ChangePasswordResult = createUnionType({
  name: 'ChangePasswordResult',
  resolveType: typeByKind,
  description: 'Outcome of `changePassword`. Example: `... on PasswordChanged { accessToken }`.',
  types: () =>
    [
      PasswordChangedType,
      SignInDisabledType,
      InvalidCredentialsType,
      PasswordRejectedType,
      UnauthenticatedType,
      TooManyRequestsType,
      TemporarilyUnavailableType,
    ] as const,
});
export const SignOutEverywhereResult = createUnionType({
  name: 'SignOutEverywhereResult',
  resolveType: typeByKind,
  description: 'Outcome of `signOutEverywhere`. Example: `... on SignedOutEverywhere { at }`.',
  types: () => [SignedOutEverywhereType, SignInDisabledType, UnauthenticatedType, TemporarilyUnavailableType] as const,
});

export const accountFailures = {
  ...callFailures,
  ...passwordFailures,
  InvalidEmailAddress: [
    ErrorCode.INVALID_EMAIL_ADDRESS,
    () =>
      'This is not an e-mail address that we can write to; it must look like name@example.com, with the part before the @ in ASCII letters.',
  ],
  EmailAddressTaken: [ErrorCode.EMAIL_ADDRESS_TAKEN, () => 'There is an account with this address already.'],
  SignUpDisabled: [ErrorCode.SIGN_UP_DISABLED, () => 'This server does not allow sign-up.'],
  SignInDisabled: [ErrorCode.SIGN_IN_DISABLED, () => 'Nobody signs in here; use the sign-in of the app.'],
  InvalidCredentials: [
    ErrorCode.INVALID_CREDENTIALS,
    () =>
      'Address and password do not match. After too many tries an address opens only with a new password, which you can set by a link in a mail.',
  ],
  Unauthenticated: [ErrorCode.UNAUTHENTICATED, () => 'Sign in first.'],
} as const;
export const accountAnswer = answersWith(accountFailures);
