import { createCall, type LatchkeyClientOptions } from './call.js';
import {
  ConfirmSignUpDocument,
  type ConfirmSignUpInput,
  type ConfirmSignUpMutation,
  PasswordPolicyDocument,
  type PasswordPolicyQuery,
  PasswordResetKeyDocument,
  type PasswordResetKeyQuery,
  RequestPasswordResetDocument,
  type RequestPasswordResetInput,
  type RequestPasswordResetMutation,
  ResetPasswordDocument,
  type ResetPasswordInput,
  type ResetPasswordMutation,
} from './generated/graphql.js';

/** The calls that a page needs to which the links in mails lead: a part of `createLatchkeyClient` that weighs less. */
export function createRecoveryClient(options: LatchkeyClientOptions) {
  const call = createCall(options);
  return {
    /** Asks for a mail with a one-time link. The same answer for every address. */
    requestPasswordReset: async (input: RequestPasswordResetInput) =>
      (await call<RequestPasswordResetMutation>(RequestPasswordResetDocument, { input })).requestPasswordReset,
    /** Checks whether a reset key is valid; never redeems it. */
    passwordResetKey: async (key: string) =>
      (await call<PasswordResetKeyQuery>(PasswordResetKeyDocument, { key })).passwordResetKey,
    /** Sets the password, exactly once. If the answer was lost, make the same call again: it reports success again. */
    resetPassword: async (input: ResetPasswordInput) =>
      (await call<ResetPasswordMutation>(ResetPasswordDocument, { input })).resetPassword,
    /**
     * Creates the account, exactly once. If the answer was lost, make the same call again: it reports success again.
     */
    confirmSignUp: async (input: ConfirmSignUpInput) =>
      (await call<ConfirmSignUpMutation>(ConfirmSignUpDocument, { input })).confirmSignUp,
    passwordPolicy: async () => (await call<PasswordPolicyQuery>(PasswordPolicyDocument, {})).passwordPolicy,
  };
}

export type RecoveryClient = ReturnType<typeof createRecoveryClient>;
