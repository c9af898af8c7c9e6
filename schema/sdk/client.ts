import { createCall, type LatchkeyClientOptions } from './call.js';
import {
  ChangePasswordDocument,
  type ChangePasswordInput,
  type ChangePasswordMutation,
  MeDocument,
  type MeQuery,
  SignInDocument,
  type SignInInput,
  type SignInMutation,
  SignOutEverywhereDocument,
  type SignOutEverywhereMutation,
  SignUpDocument,
  type SignUpInput,
  type SignUpMutation,
} from './generated/graphql.js';
import { createRecoveryClient } from './recovery-client.js';

export { type LatchkeyClientOptions, LatchkeyRequestError } from './call.js';
export type * from './generated/graphql.js';

/**
 * Makes a typed client without run-time dependencies, for browsers, Node, Deno, Bun and workers. Each method resolves
 * to a member of its result union, told by `__typename`, and throws `LatchkeyRequestError` when there is no such
 * result.
 */
export function createLatchkeyClient(options: LatchkeyClientOptions) {
  const call = createCall(options);
  return {
    ...createRecoveryClient(options),
    signUp: async (input: SignUpInput) => (await call<SignUpMutation>(SignUpDocument, { input })).signUp,
    signIn: async (input: SignInInput) => (await call<SignInMutation>(SignInDocument, { input })).signIn,
    /** The account that is signed in; null without a valid access token. */
    me: async () => (await call<MeQuery>(MeDocument, {})).me,
    changePassword: async (input: ChangePasswordInput) =>
      (await call<ChangePasswordMutation>(ChangePasswordDocument, { input })).changePassword,
    signOutEverywhere: async () =>
      (await call<SignOutEverywhereMutation>(SignOutEverywhereDocument, {})).signOutEverywhere,
  };
}

export type LatchkeyClient = ReturnType<typeof createLatchkeyClient>;
