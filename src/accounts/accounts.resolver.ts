import { Arg, Ctx, Mutation, Query, Resolver } from 'type-graphql';
import type { GraphqlContext } from '../calls/context.js';
import { callerFault, TemporarilyUnavailable } from '../graphql/user-error.js';
import { ChangePasswordInput, SignInInput, SignUpInput } from './accounts.inputs.js';
import { view } from './accounts.js';
import {
  Account,
  ChangePasswordResult,
  EmailAddressTaken,
  InvalidCredentials,
  InvalidEmailAddress,
  PasswordChanged,
  SignedIn,
  SignedOutEverywhere,
  SignedUp,
  SignInResult,
  SignOutEverywhereResult,
  SignUpDisabled,
  SignUpRequested,
  SignUpResult,
  Unauthenticated,
} from './accounts.types.js';
import type { ChangePassword } from './change-password.js';
import { PasswordPolicyView, PasswordRejected } from './passwords/password.types.js';
import type { PasswordPolicy } from './passwords/password-policy.js';
import type { Sessions } from './sessions/sessions.js';
import type { SignUp } from './sign-up.js';

/** Only translates. */
@Resolver()
export class AccountsResolver {
  constructor(
    private readonly deps: {
      signUp: SignUp;
      sessions: Sessions;
      changePassword: ChangePassword;
      passwordPolicy: PasswordPolicy;
    },
  ) {}

  @Query(() => Account, {
    nullable: true,
    description: 'Whose access token this is; null without a valid one. Example: `{ me { email } }`.',
  })
  async me(@Ctx() { accessToken }: GraphqlContext): Promise<Account | null> {
    const account = await this.deps.sessions.authenticate(accessToken);
    return account ? view(account) : null;
  }

  @Query(() => PasswordPolicyView, {
    description: 'What a new password must be. Example: `{ passwordPolicy { minLength } }`.',
  })
  passwordPolicy(): PasswordPolicyView {
    const { minLength, maxLength, rules } = this.deps.passwordPolicy;
    return { minLength, maxLength, rules: [...rules] };
  }

  @Mutation(() => SignUpResult, {
    description:
      'Makes an account, where that is open; where it has to be confirmed, asks for a mail with a link, and answers the same for every address. Example: `signUp(input: { email: "alice@example.com", password: $password })`.',
  })
  async signUp(
    @Arg('input', () => SignUpInput, { description: 'Example: `{ email: "alice@example.com", password: $password }`.' })
    input: SignUpInput,
    @Ctx() { caller }: GraphqlContext,
  ): Promise<typeof SignUpResult> {
    const outcome = await this.deps.signUp.signUp(input, caller);
    switch (outcome.kind) {
      case 'SignedUp':
        return Object.assign(new SignedUp(), { account: outcome.account });
      case 'SignUpRequested':
        return Object.assign(new SignUpRequested(), { keyLifetimeSeconds: outcome.keyLifetimeSeconds });
      case 'SignUpDisabled':
        return SignUpDisabled.make();
      case 'InvalidEmailAddress':
        return InvalidEmailAddress.make();
      case 'EmailAddressTaken':
        return EmailAddressTaken.make();
      case 'PasswordRejected':
        return PasswordRejected.with(outcome.violations);
      default:
        return callerFault(outcome);
    }
  }

  @Mutation(() => SignInResult, {
    description:
      'Opens an account with its password. Example: `signIn(input: { email: "alice@example.com", password: $password })`.',
  })
  async signIn(
    @Arg('input', () => SignInInput, { description: 'Example: `{ email: "alice@example.com", password: $password }`.' })
    input: SignInInput,
    @Ctx() { caller }: GraphqlContext,
  ): Promise<typeof SignInResult> {
    const outcome = await this.deps.sessions.signIn(input, caller);
    switch (outcome.kind) {
      case 'SignedIn': {
        const { accessToken, expiresAt, account, device } = outcome;
        return Object.assign(new SignedIn(), { accessToken, expiresAt, account, device });
      }
      case 'InvalidCredentials':
        return InvalidCredentials.make();
      default:
        return callerFault(outcome);
    }
  }

  @Mutation(() => ChangePasswordResult, {
    description:
      'Sets a new password for who is signed in; ends every other session. Example: `changePassword(input: { currentPassword: $old, newPassword: $new })`.',
  })
  async changePassword(
    @Arg('input', () => ChangePasswordInput, {
      description: 'Example: `{ currentPassword: $old, newPassword: $new }`.',
    })
    input: ChangePasswordInput,
    @Ctx() { accessToken, caller }: GraphqlContext,
  ): Promise<typeof ChangePasswordResult> {
    const outcome = await this.deps.changePassword.changePassword(accessToken, input, caller);
    switch (outcome.kind) {
      case 'PasswordChanged': {
        const { accessToken: renewed, expiresAt, device } = outcome;
        return Object.assign(new PasswordChanged(), { accessToken: renewed, expiresAt, device });
      }
      case 'InvalidCredentials':
        return InvalidCredentials.make();
      case 'Unauthenticated':
        return Unauthenticated.make();
      case 'PasswordRejected':
        return PasswordRejected.with(outcome.violations);
      default:
        return callerFault(outcome);
    }
  }

  @Mutation(() => SignOutEverywhereResult, {
    description:
      'Ends every access token of who is signed in, this one too. Example: `mutation { signOutEverywhere { __typename } }`.',
  })
  async signOutEverywhere(@Ctx() { accessToken, caller }: GraphqlContext): Promise<typeof SignOutEverywhereResult> {
    const outcome = await this.deps.sessions.signOutEverywhere(accessToken, caller);
    switch (outcome.kind) {
      case 'SignedOutEverywhere':
        return Object.assign(new SignedOutEverywhere(), { at: outcome.at });
      case 'Unauthenticated':
        return Unauthenticated.make();
      default:
        return TemporarilyUnavailable.after(outcome.retryAfterSeconds);
    }
  }
}
