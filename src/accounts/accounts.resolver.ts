import { Arg, Ctx, Mutation, Query, Resolver } from 'type-graphql';
import type { GraphqlContext } from '../calls/context.js';
import { AccountType } from './account.types.js';
import { ChangePasswordInput, SignInInput, SignUpInput } from './accounts.inputs.js';
import { view } from './accounts.js';
import {
  accountAnswer,
  ChangePasswordResult,
  SignInResult,
  SignOutEverywhereResult,
  SignUpResult,
} from './accounts.types.js';
import type { ChangePassword } from './change-password.js';
import { PasswordPolicyType } from './passwords/password.types.js';
import type { PasswordPolicy } from './passwords/password-policy.js';
import type { Sessions } from './sessions/sessions.js';
import type { SignUp } from './sign-up.js';

/** Translates GraphQL to and from the use cases; holds no rules. */
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

  @Query(() => AccountType, {
    nullable: true,
    description: 'The account of the access token; null without a valid token. Example: `{ me { email } }`.',
  })
  async me(@Ctx() { accessToken }: GraphqlContext): Promise<AccountType | null> {
    const account = await this.deps.sessions.authenticate(accessToken);
    return account ? view(account) : null;
  }

  @Query(() => PasswordPolicyType, {
    description: 'The rules for a new password. Example: `{ passwordPolicy { minLength } }`.',
  })
  passwordPolicy(): PasswordPolicyType {
    const { minLength, maxLength, rules } = this.deps.passwordPolicy;
    return { minLength, maxLength, rules: [...rules] };
  }

  @Mutation(() => SignUpResult, {
    description:
      'Creates an account where sign-up is open. Where sign-up has to be confirmed, asks for a mail with a link and answers the same for every address. Example: `signUp(input: { email: "alice@example.com", password: $password })`.',
  })
  async signUp(
    @Arg('input', () => SignUpInput, { description: 'Example: `{ email: "alice@example.com", password: $password }`.' })
    input: SignUpInput,
    @Ctx() { caller }: GraphqlContext,
  ): Promise<typeof SignUpResult> {
    return accountAnswer(await this.deps.signUp.signUp(input, caller));
  }

  @Mutation(() => SignInResult, {
    description:
      'Signs in with an address and a password. Example: `signIn(input: { email: "alice@example.com", password: $password })`.',
  })
  async signIn(
    @Arg('input', () => SignInInput, { description: 'Example: `{ email: "alice@example.com", password: $password }`.' })
    input: SignInInput,
    @Ctx() { caller }: GraphqlContext,
  ): Promise<typeof SignInResult> {
    return accountAnswer(await this.deps.sessions.signIn(input, caller));
  }

  @Mutation(() => ChangePasswordResult, {
    description:
      'Sets a new password for the account that is signed in; ends every other session. Example: `changePassword(input: { currentPassword: $old, newPassword: $new })`.',
  })
  async changePassword(
    @Arg('input', () => ChangePasswordInput, {
      description: 'Example: `{ currentPassword: $old, newPassword: $new }`.',
    })
    input: ChangePasswordInput,
    @Ctx() { accessToken, caller }: GraphqlContext,
  ): Promise<typeof ChangePasswordResult> {
    return accountAnswer(await this.deps.changePassword.changePassword(accessToken, input, caller));
  }

  @Mutation(() => SignOutEverywhereResult, {
    description:
      'Ends every access token of the account that is signed in, including the token of this call. Example: `mutation { signOutEverywhere { __typename } }`.',
  })
  async signOutEverywhere(@Ctx() { accessToken, caller }: GraphqlContext): Promise<typeof SignOutEverywhereResult> {
    return accountAnswer(await this.deps.sessions.signOutEverywhere(accessToken, caller));
  }
}
