import { GraphQLDateTimeISO } from 'graphql-scalars';
import { createUnionType, Field, InputType, Int, ObjectType, registerEnumType } from 'type-graphql';
import { accountFailures, InvalidEmailAddressType } from '../accounts/accounts.types.js';
import { PasswordRejectedType } from '../accounts/passwords/password.types.js';
import { ErrorCode } from '../calls/errors.js';
import { answersWith, typeByKind } from '../graphql/answers.js';
import { TemporarilyUnavailableType, TooManyRequestsType, UserError } from '../graphql/user-error.js';
import { type InvalidResetKey, ResetKeyFault } from './outcomes.js';

registerEnumType(ResetKeyFault, {
  name: 'ResetKeyFault',
  description:
    'Why a reset key is not valid. Only the holder of a real key ever sees a reason other than `UNKNOWN`. Example: `EXPIRED`.',
  valuesConfig: {
    UNKNOWN: { description: 'Not a key of this server, or one whose record was deleted long ago.' },
    EXPIRED: { description: 'The key has expired.' },
    USED: { description: 'A password was already set with this key.' },
    SUPERSEDED: { description: 'The password was changed in another way since the mail was sent.' },
  },
});

const messages: Record<ResetKeyFault, string> = {
  UNKNOWN: 'This link does not work. Ask for a new one.',
  EXPIRED: 'The time of this link is over. Ask for a new one.',
  USED: 'A password was set with this link already. If that was not you, ask for a new one.',
  SUPERSEDED: 'The password was changed since this link was sent. Ask for a new one.',
};

@ObjectType('InvalidResetKey', {
  implements: UserError,
  description: 'The key is not valid, or no longer valid; nothing was changed. Example: `{ reason: EXPIRED }`.',
})
export class InvalidResetKeyType extends UserError {
  readonly kind!: 'InvalidResetKey';

  @Field(() => ResetKeyFault, { description: 'Example: `EXPIRED`.' })
  reason!: ResetKeyFault;
}

@ObjectType('PasswordResetRequested', {
  description:
    'The request was accepted. The answer is the same for every address, with or without an account; if there is an account, a mail is on its way. Example: `{ keyLifetimeSeconds: 3600 }`.',
})
export class PasswordResetRequestedType {
  readonly kind!: 'PasswordResetRequested';

  @Field(() => Int, {
    description:
      'Seconds for which the link in a mail works, at least. Depends on the settings only, never on the address. Example: `3600`.',
  })
  keyLifetimeSeconds!: number;

  @Field(() => Int, {
    description:
      'Seconds after which it makes sense to ask again. Depends on the settings only, never on the address. Example: `1200`.',
  })
  askAgainAfterSeconds!: number;
}

@ObjectType('PasswordResetCompleted', {
  description:
    'The new password is set; every session and every other link has ended. A reset signs nobody in. Example: `{ signInUrl: "https://app.example/sign-in" }`.',
})
export class PasswordResetCompletedType {
  readonly kind!: 'PasswordResetCompleted';

  @Field(() => String, {
    nullable: true,
    description: 'Where to sign in now, if the operator has set it. Example: `https://app.example/sign-in`.',
  })
  signInUrl?: string | null | undefined;

  @Field(() => String, {
    nullable: true,
    description:
      'Opaque token: store it on this device and send it with the next `signIn` or `requestPasswordReset`. It gives no access to the account. Valid for 90 days, at most until the password changes. Example: `q83…43 characters…Hkw`.',
  })
  device!: string | null;
}

@ObjectType('ResetKeyValid', {
  description: 'The key is valid now. Example: `{ expiresAt: "2026-11-22T10:30:00.000Z" }`.',
})
export class ResetKeyValidType {
  readonly kind!: 'ResetKeyValid';

  @Field(() => GraphQLDateTimeISO, { description: 'When the key expires. Example: `2026-11-22T10:30:00.000Z`.' })
  expiresAt!: Date;

  @Field(() => String, {
    description:
      'The stored address of the account that the key belongs to, which only the holder of the key is told. Example: `alice@example.com`.',
  })
  email!: string;
}

@InputType({ description: 'Example: `{ email: "alice@example.com", locale: "en" }`.' })
export class RequestPasswordResetInput {
  @Field(() => String, { description: 'One plain address, at most 254 characters. Example: `alice@example.com`.' })
  email!: string;

  @Field(() => String, {
    nullable: true,
    description:
      'Language of the mail if the account has none (BCP 47); an unknown language counts as none. Example: `en`.',
  })
  locale?: string | null;

  @Field(() => String, {
    nullable: true,
    description:
      'The last `device` token that this device received, if it stored one: with it the owner can still get a mail after strangers used up the limit of the account. An invalid token is ignored. Example: `q83…43 characters…Hkw`.',
  })
  device?: string | null;
}

@InputType({ description: 'Example: `{ key: $key, password: $password }`.' })
export class ResetPasswordInput {
  @Field(() => String, {
    description:
      'What follows `#key=` in the link: 43 characters. Pass it as a GraphQL variable. Example: `kPq…43 characters…x0A`.',
  })
  key!: string;

  @Field(() => String, {
    description: 'See `passwordPolicy`; pass it as a GraphQL variable. Example: `correct horse battery`.',
  })
  password!: string;
}

export const RequestPasswordResetResult = createUnionType({
  name: 'RequestPasswordResetResult',
  resolveType: typeByKind,
  description: 'Outcome of `requestPasswordReset`. Example: `... on PasswordResetRequested { keyLifetimeSeconds }`.',
  types: () =>
    [PasswordResetRequestedType, InvalidEmailAddressType, TooManyRequestsType, TemporarilyUnavailableType] as const,
});
export const PasswordResetKeyResult = createUnionType({
  name: 'PasswordResetKeyResult',
  resolveType: typeByKind,
  description: 'Outcome of `passwordResetKey`. Example: `... on ResetKeyValid { expiresAt }`.',
  types: () => [ResetKeyValidType, InvalidResetKeyType, TooManyRequestsType, TemporarilyUnavailableType] as const,
});
export const ResetPasswordResult = createUnionType({
  name: 'ResetPasswordResult',
  resolveType: typeByKind,
  description: 'Outcome of `resetPassword`. Example: `... on PasswordResetCompleted { signInUrl }`.',
  types: () =>
    [
      PasswordResetCompletedType,
      InvalidResetKeyType,
      PasswordRejectedType,
      TooManyRequestsType,
      TemporarilyUnavailableType,
    ] as const,
});

export const resetAnswer = answersWith({
  ...accountFailures,
  InvalidResetKey: [ErrorCode.INVALID_RESET_KEY, ({ reason }: InvalidResetKey) => messages[reason]],
});
