import { Arg, Ctx, Mutation, Query, Resolver } from 'type-graphql';
import type { GraphqlContext } from '../calls/context.js';
import type { PasswordReset } from './password-reset.js';
import {
  PasswordResetKeyResult,
  RequestPasswordResetInput,
  RequestPasswordResetResult,
  ResetPasswordInput,
  ResetPasswordResult,
  resetAnswer,
} from './password-reset.types.js';

/** Translates GraphQL to and from the use case; holds no rules. */
@Resolver()
export class PasswordResetResolver {
  constructor(private readonly passwordReset: PasswordReset) {}

  @Mutation(() => RequestPasswordResetResult, {
    description:
      'Asks for a mail with a one-time link. Answers the same for every address. Example: `requestPasswordReset(input: { email: "alice@example.com" })`.',
  })
  async requestPasswordReset(
    @Arg('input', () => RequestPasswordResetInput, { description: 'Example: `{ email: "alice@example.com" }`.' })
    input: RequestPasswordResetInput,
    @Ctx() { caller }: GraphqlContext,
  ): Promise<typeof RequestPasswordResetResult> {
    return resetAnswer(await this.passwordReset.request(input, caller));
  }

  @Query(() => PasswordResetKeyResult, {
    description:
      'Checks whether a reset key is valid; never redeems it. Example: `passwordResetKey(key: $key) { ... on ResetKeyValid { expiresAt } }`.',
  })
  async passwordResetKey(
    @Arg('key', () => String, {
      description: 'What follows `#key=` in the link; pass it as a GraphQL variable. Example: `kPq…43 characters…x0A`.',
    })
    key: string,
    @Ctx() { caller }: GraphqlContext,
  ): Promise<typeof PasswordResetKeyResult> {
    return resetAnswer(await this.passwordReset.inspect(key, caller));
  }

  @Mutation(() => ResetPasswordResult, {
    description:
      'Redeems a reset key: sets the password, exactly once. If the answer was lost, make the same call again: it reports success again. Example: `resetPassword(input: { key: $key, password: $password })`.',
  })
  async resetPassword(
    @Arg('input', () => ResetPasswordInput, { description: 'Example: `{ key: $key, password: $password }`.' })
    input: ResetPasswordInput,
    @Ctx() { caller }: GraphqlContext,
  ): Promise<typeof ResetPasswordResult> {
    return resetAnswer(await this.passwordReset.reset(input, caller));
  }
}
