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
    'Why a reset key is not good. Only the holder of a real key ever sees another reason than `UNKNOWN`. Example: `EXPIRED`.',
  valuesConfig: {
    UNKNOWN: { description: 'No key of ours, or one that was forgotten long ago.' },
    EXPIRED: { description: 'Its time is over.' },
    USED: { description: 'A password was set with it already.' },
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
  description: 'The key is not, or no longer, good; nothing was changed. Example: `{ reason: EXPIRED }`.',
})
export class InvalidResetKeyType extends UserError {
  readonly kind!: 'InvalidResetKey';

  @Field(() => ResetKeyFault, { description: 'Example: `EXPIRED`.' })
  reason!: ResetKeyFault;
}

@ObjectType('PasswordResetRequested', {
  description:
    'Noted. The same for every address, whether it has an account or not; if it has, a mail is on its way. Example: `{ keyLifetimeSeconds: 3600 }`.',
})
export class PasswordResetRequestedType {
  readonly kind!: 'PasswordResetRequested';

  @Field(() => Int, {
    description:
      'How long the link in a mail works, at least, in seconds. A constant of the settings. Example: `3600`.',
  })
  keyLifetimeSeconds!: number;

  @Field(() => Int, {
    description: 'Seconds after which asking again makes sense. A constant of the settings. Example: `1200`.',
  })
  askAgainAfterSeconds!: number;
}

@ObjectType('PasswordResetCompleted', {
  description:
    'The new password is set; every session and every other link has ended. Nobody is signed in by it. Example: `{ signInUrl: "https://app.example/sign-in" }`.',
})
export class PasswordResetCompletedType {
  readonly kind!: 'PasswordResetCompleted';

  @Field(() => String, {
    nullable: true,
    description: 'Where to sign in now, if the product says so. Example: `https://app.example/sign-in`.',
  })
  signInUrl?: string | null | undefined;

  @Field(() => String, {
    nullable: true,
    description:
      'Opaque; for this device to keep and to send with its next `signIn` or `requestPasswordReset`. Opens nothing. Lives 90 days, and until the password changes. Example: `q83…43 characters…Hkw`.',
  })
  device!: string | null;
}

@ObjectType('ResetKeyValid', {
  description: 'The key is good now. Example: `{ expiresAt: "2026-11-22T10:30:00.000Z" }`.',
})
export class ResetKeyValidType {
  readonly kind!: 'ResetKeyValid';

  @Field(() => GraphQLDateTimeISO, { description: 'When it ends. Example: `2026-11-22T10:30:00.000Z`.' })
  expiresAt!: Date;
}

@InputType({ description: 'Example: `{ email: "alice@example.com", locale: "en" }`.' })
export class RequestPasswordResetInput {
  @Field(() => String, { description: 'One plain address, at most 254 characters. Example: `alice@example.com`.' })
  email!: string;

  @Field(() => String, {
    nullable: true,
    description: 'Language of the mail if the account has none (BCP 47); unknown ones count as none. Example: `en`.',
  })
  locale?: string | null;

  @Field(() => String, {
    nullable: true,
    description:
      'The `device` that this device was given last, if it keeps one: strangers who ask for many mails then cannot hold its owner up. Anything else counts as none. Example: `q83…43 characters…Hkw`.',
  })
  device?: string | null;
}

@InputType({ description: 'Example: `{ key: $key, password: $password }`.' })
export class ResetPasswordInput {
  @Field(() => String, {
    description:
      'What follows `#key=` in the link: 43 characters. Give it as a variable. Example: `kPq…43 characters…x0A`.',
  })
  key!: string;

  @Field(() => String, {
    description: 'See `passwordPolicy`; give it as a variable. Example: `correct horse battery`.',
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
