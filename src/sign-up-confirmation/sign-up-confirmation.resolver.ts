import { Arg, Ctx, Mutation, Resolver } from 'type-graphql';
import type { GraphqlContext } from '../calls/context.js';
import type { ConfirmSignUp } from './confirm-sign-up.js';
import { ConfirmSignUpInput, ConfirmSignUpResult, confirmationAnswer } from './sign-up-confirmation.types.js';

/** Translates GraphQL to and from the use case; holds no rules. */
@Resolver()
export class SignUpConfirmationResolver {
  constructor(private readonly confirmation: ConfirmSignUp) {}

  @Mutation(() => ConfirmSignUpResult, {
    description:
      'Creates the account for the holder of a mailed link, where sign-up has to be confirmed. If the answer was lost, make the same call again: it reports success again. Example: `confirmSignUp(input: { key: $key, password: $password })`.',
  })
  async confirmSignUp(
    @Arg('input', () => ConfirmSignUpInput, { description: 'Example: `{ key: $key, password: $password }`.' })
    input: ConfirmSignUpInput,
    @Ctx() { caller }: GraphqlContext,
  ): Promise<typeof ConfirmSignUpResult> {
    return confirmationAnswer(await this.confirmation.confirm(input, caller));
  }
}
