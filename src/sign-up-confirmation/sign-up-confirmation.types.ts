import { createUnionType, Field, InputType, ObjectType } from 'type-graphql';
import { Account } from '../accounts/accounts.types.js';
import { PasswordRejected } from '../accounts/passwords/password.types.js';
import { TemporarilyUnavailable, TooManyRequests } from '../graphql/user-error.js';
import { ResetKeyFault } from '../password-reset/outcomes.js';
import { InvalidResetKey } from '../password-reset/password-reset.types.js';

/** The same reasons as of a reset key, in words that fit. */
export const signUpKeyMessages: Record<ResetKeyFault, string> = {
  [ResetKeyFault.UNKNOWN]: 'This link does not work. Sign up again.',
  [ResetKeyFault.EXPIRED]: 'The time of this link is over. Sign up again.',
  [ResetKeyFault.USED]: 'An account was made with this link already. Sign in with its password.',
  [ResetKeyFault.SUPERSEDED]: 'There is an account with this address by now. Sign in, or ask for a new password.',
};

@InputType({ description: 'Example: `{ key: $key, password: $password }`.' })
export class ConfirmSignUpInput {
  @Field(() => String, {
    description:
      'What follows `#confirm=` in the link: 43 characters. Give it as a variable. Example: `kPq…43 characters…x0A`.',
  })
  key!: string;

  @Field(() => String, {
    description:
      'The password of the new account; the one given to `signUp` was forgotten. See `passwordPolicy`. Example: `correct horse battery`.',
  })
  password!: string;
}

@ObjectType({
  description:
    'The account was made; nobody is signed in by it. Example: `{ account: { email: "alice@example.com" } }`.',
})
export class SignUpConfirmed {
  @Field(() => Account, { description: 'The new account. Example: `{ email: "alice@example.com" }`.' })
  account!: Account;
}

export const ConfirmSignUpResult = createUnionType({
  name: 'ConfirmSignUpResult',
  description: 'Outcome of `confirmSignUp`. Example: `... on SignUpConfirmed { account { id } }`.',
  types: () => [SignUpConfirmed, InvalidResetKey, PasswordRejected, TooManyRequests, TemporarilyUnavailable] as const,
});
