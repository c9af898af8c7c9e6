import { Arg, Ctx, Mutation, Resolver } from 'type-graphql';
import { PasswordRejected } from '../accounts/passwords/password.types.js';
import type { GraphqlContext } from '../calls/context.js';
import { callerFault } from '../graphql/user-error.js';
import { InvalidResetKey } from '../password-reset/password-reset.types.js';
import type { ConfirmSignUp } from './confirm-sign-up.js';
import {
  ConfirmSignUpInput,
  ConfirmSignUpResult,
  SignUpConfirmed,
  signUpKeyMessages,
} from './sign-up-confirmation.types.js';

/** Only translates. */
@Resolver()
export class SignUpConfirmationResolver {
  constructor(private readonly confirmation: ConfirmSignUp) {}

  @Mutation(() => ConfirmSignUpResult, {
    description:
      'Makes the account that a mail was sent for, where sign-up has to be confirmed. The same call again repairs a lost answer. Example: `confirmSignUp(input: { key: $key, password: $password })`.',
  })
  async confirmSignUp(
    @Arg('input', () => ConfirmSignUpInput, { description: 'Example: `{ key: $key, password: $password }`.' })
    input: ConfirmSignUpInput,
    @Ctx() { caller }: GraphqlContext,
  ): Promise<typeof ConfirmSignUpResult> {
    const outcome = await this.confirmation.confirm(input, caller);
    switch (outcome.kind) {
      case 'SignUpConfirmed':
        return Object.assign(new SignUpConfirmed(), { account: outcome.account });
      case 'InvalidResetKey':
        return Object.assign(InvalidResetKey.because(outcome.reason), { message: signUpKeyMessages[outcome.reason] });
      case 'PasswordRejected':
        return PasswordRejected.with(outcome.violations);
      default:
        return callerFault(outcome);
    }
  }
}
