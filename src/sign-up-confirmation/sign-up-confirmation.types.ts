import { createUnionType, Field, InputType, ObjectType } from 'type-graphql';
import { AccountType } from '../accounts/account.types.js';
import { accountFailures } from '../accounts/accounts.types.js';
import { PasswordRejectedType } from '../accounts/passwords/password.types.js';
import { ErrorCode } from '../calls/errors.js';
import { answersWith, typeByKind } from '../graphql/answers.js';
import { TemporarilyUnavailableType, TooManyRequestsType } from '../graphql/user-error.js';
import { type InvalidResetKey, ResetKeyFault } from '../password-reset/outcomes.js';
import { InvalidResetKeyType } from '../password-reset/password-reset.types.js';

/** The reasons are those of reset keys; the messages are about signing up. */
const messages: Record<ResetKeyFault, string> = {
  [ResetKeyFault.UNKNOWN]: 'This link does not work. Sign up again.',
  [ResetKeyFault.EXPIRED]: 'The time of this link is over. Sign up again.',
  [ResetKeyFault.USED]: 'An account was made with this link already. Sign in with its password.',
  [ResetKeyFault.SUPERSEDED]: 'There is an account with this address by now. Sign in, or ask for a new password.',
};

@InputType({ description: 'Example: `{ key: $key, password: $password }`.' })
export class ConfirmSignUpInput {
  @Field(() => String, {
    description:
      'What follows `#confirm=` in the link: 43 characters. Pass it as a GraphQL variable. Example: `kPq…43 characters…x0A`.',
  })
  key!: string;

  @Field(() => String, {
    description:
      'The password of the new account; the server did not keep the one given to `signUp`. See `passwordPolicy`. Example: `correct horse battery`.',
  })
  password!: string;
}

@ObjectType('SignUpConfirmed', {
  description: 'The account was created; this signs nobody in. Example: `{ account: { email: "alice@example.com" } }`.',
})
export class SignUpConfirmedType {
  readonly kind!: 'SignUpConfirmed';

  @Field(() => AccountType, { description: 'The new account. Example: `{ email: "alice@example.com" }`.' })
  account!: AccountType;
}

export const ConfirmSignUpResult = createUnionType({
  name: 'ConfirmSignUpResult',
  resolveType: typeByKind,
  description: 'Outcome of `confirmSignUp`. Example: `... on SignUpConfirmed { account { id } }`.',
  types: () =>
    [
      SignUpConfirmedType,
      InvalidResetKeyType,
      PasswordRejectedType,
      TooManyRequestsType,
      TemporarilyUnavailableType,
    ] as const,
});

export const confirmationAnswer = answersWith({
  ...accountFailures,
  InvalidResetKey: [ErrorCode.INVALID_RESET_KEY, ({ reason }: InvalidResetKey) => messages[reason]],
});
