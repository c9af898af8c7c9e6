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

/** Only translates. */
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
      'Looks whether a key is good, and never redeems it. Example: `passwordResetKey(key: $key) { ... on ResetKeyValid { expiresAt } }`.',
  })
  async passwordResetKey(
    @Arg('key', () => String, {
      description: 'What follows `#key=` in the link; give it as a variable. Example: `kPq…43 characters…x0A`.',
    })
    key: string,
    @Ctx() { caller }: GraphqlContext,
  ): Promise<typeof PasswordResetKeyResult> {
    return resetAnswer(await this.passwordReset.inspect(key, caller));
  }

  @Mutation(() => ResetPasswordResult, {
    description:
      'Redeems a key: sets the password, exactly once. The same call again repairs a lost answer. Example: `resetPassword(input: { key: $key, password: $password })`.',
  })
  async resetPassword(
    @Arg('input', () => ResetPasswordInput, { description: 'Example: `{ key: $key, password: $password }`.' })
    input: ResetPasswordInput,
    @Ctx() { caller }: GraphqlContext,
  ): Promise<typeof ResetPasswordResult> {
    return resetAnswer(await this.passwordReset.reset(input, caller));
  }
}
