import { Arg, Ctx, Mutation, Query, Resolver } from 'type-graphql';
import { InvalidEmailAddress } from '../accounts/accounts.types.js';
import { PasswordRejected } from '../accounts/passwords/password.types.js';
import type { GraphqlContext } from '../calls/context.js';
import { callerFault } from '../graphql/user-error.js';
import type { PasswordReset } from './password-reset.js';
import {
  InvalidResetKey,
  PasswordResetCompleted,
  PasswordResetKeyResult,
  PasswordResetRequested,
  RequestPasswordResetInput,
  RequestPasswordResetResult,
  ResetKeyValid,
  ResetPasswordInput,
  ResetPasswordResult,
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
    const outcome = await this.passwordReset.request(input, caller);
    switch (outcome.kind) {
      case 'PasswordResetRequested': {
        const { keyLifetimeSeconds, askAgainAfterSeconds } = outcome;
        return Object.assign(new PasswordResetRequested(), { keyLifetimeSeconds, askAgainAfterSeconds });
      }
      case 'InvalidEmailAddress':
        return InvalidEmailAddress.make();
      default:
        return callerFault(outcome);
    }
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
    const outcome = await this.passwordReset.inspect(key, caller);
    switch (outcome.kind) {
      case 'ResetKeyValid':
        return Object.assign(new ResetKeyValid(), { expiresAt: outcome.expiresAt });
      case 'InvalidResetKey':
        return InvalidResetKey.because(outcome.reason);
      default:
        return callerFault(outcome);
    }
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
    const outcome = await this.passwordReset.reset(input, caller);
    switch (outcome.kind) {
      case 'PasswordResetCompleted':
        return Object.assign(new PasswordResetCompleted(), {
          signInUrl: outcome.signInUrl ?? null,
          device: outcome.device,
        });
      case 'InvalidResetKey':
        return InvalidResetKey.because(outcome.reason);
      case 'PasswordRejected':
        return PasswordRejected.with(outcome.violations);
      default:
        return callerFault(outcome);
    }
  }
}
