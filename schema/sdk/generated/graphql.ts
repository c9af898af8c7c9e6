// Made from schema/ by `npm run generate`. Do not edit.
/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
interface DocumentTypeDecoration<TResult, TVariables> { __apiType?: (variables: TVariables) => TResult }
/** Example: `{ currentPassword: "correct horse battery", newPassword: "staple battery horse" }`. */
export type ChangePasswordInput = {
  /** Pass it as a GraphQL variable. Example: `correct horse battery`. */
  currentPassword: string;
  /** See `passwordPolicy`; pass it as a GraphQL variable. Example: `staple battery horse`. */
  newPassword: string;
};

/** Example: `{ key: $key, password: $password }`. */
export type ConfirmSignUpInput = {
  /** What follows `#confirm=` in the link: 43 characters. Pass it as a GraphQL variable. Example: `kPq…43 characters…x0A`. */
  key: string;
  /** The password of the new account; the server did not keep the one given to `signUp`. See `passwordPolicy`. Example: `correct horse battery`. */
  password: string;
};

/** Every code that an expected failure can carry. Example: `INVALID_RESET_KEY`. */
export type ErrorCode =
  /** There is an account with this address already (only where sign-up is open). */
  | 'EMAIL_ADDRESS_TAKEN'
  /** The address and the password do not match an account. */
  | 'INVALID_CREDENTIALS'
  /** The text is not one plain e-mail address. Example: `alice@localhost`. */
  | 'INVALID_EMAIL_ADDRESS'
  /** The key is not valid, or no longer valid; `reason` says why. */
  | 'INVALID_RESET_KEY'
  /** The password breaks the policy; `violations` say how. The reset key stays valid. */
  | 'PASSWORD_REJECTED'
  /** Nobody signs in at this server. */
  | 'SIGN_IN_DISABLED'
  /** This server does not allow sign-up. */
  | 'SIGN_UP_DISABLED'
  /** A part of the service is unavailable or overloaded; the same call may be made again. */
  | 'TEMPORARILY_UNAVAILABLE'
  /** This client called too often; `retryAfterSeconds` says when it may call again. */
  | 'TOO_MANY_REQUESTS'
  /** The access token is missing, expired or revoked. */
  | 'UNAUTHENTICATED';

/** A rule for passwords. Example: `TOO_SHORT`. */
export type PasswordRule =
  /** Without the words of the e-mail address, fewer than `limit` code points remain. */
  | 'CONTAINS_ACCOUNT_NAME'
  /** Without the words of the product name, fewer than `limit` code points remain. */
  | 'CONTAINS_PRODUCT_NAME'
  /** Contains a lone surrogate, so it is not valid Unicode text. */
  | 'NOT_WELL_FORMED'
  /** The account already has this password: sign in with it. Reported only when no other rule is broken. */
  | 'SAME_AS_BEFORE'
  /** Is on a list of common or breached passwords, or consists only of such passwords, keyboard rows or one repeated short text. */
  | 'TOO_COMMON'
  /** More code points than `limit`. */
  | 'TOO_LONG'
  /** Fewer code points than `limit`. */
  | 'TOO_SHORT';

/** Example: `{ email: "alice@example.com", locale: "en" }`. */
export type RequestPasswordResetInput = {
  /** The last `device` token that this device received, if it stored one: with it the owner can still get a mail after strangers used up the limit of the account. An invalid token is ignored. Example: `q83…43 characters…Hkw`. */
  device?: string | null | undefined;
  /** One plain address, at most 254 characters. Example: `alice@example.com`. */
  email: string;
  /** Language of the mail if the account has none (BCP 47); an unknown language counts as none. Example: `en`. */
  locale?: string | null | undefined;
};

/** Why a reset key is not valid. Only the holder of a real key ever sees a reason other than `UNKNOWN`. Example: `EXPIRED`. */
export type ResetKeyFault =
  /** The key has expired. */
  | 'EXPIRED'
  /** The password was changed in another way since the mail was sent. */
  | 'SUPERSEDED'
  /** Not a key of this server, or one whose record was deleted long ago. */
  | 'UNKNOWN'
  /** A password was already set with this key. */
  | 'USED';

/** Example: `{ key: $key, password: $password }`. */
export type ResetPasswordInput = {
  /** What follows `#key=` in the link: 43 characters. Pass it as a GraphQL variable. Example: `kPq…43 characters…x0A`. */
  key: string;
  /** See `passwordPolicy`; pass it as a GraphQL variable. Example: `correct horse battery`. */
  password: string;
};

/** Example: `{ email: "alice@example.com", password: "correct horse battery" }`. */
export type SignInInput = {
  /** The last `device` token that this device received, if it stored one: with it the owner can still sign in after strangers tried too many passwords. An invalid token is ignored. Example: `q83…43 characters…Hkw`. */
  device?: string | null | undefined;
  /** Example: `alice@example.com`. */
  email: string;
  /** Pass it as a GraphQL variable. Example: `correct horse battery`. */
  password: string;
};

/** Example: `{ email: "alice@example.com", password: "correct horse battery" }`. */
export type SignUpInput = {
  /** One plain address, at most 254 characters. Example: `alice@example.com`. */
  email: string;
  /** Language of the mails to this account (BCP 47); an unknown language counts as none. Example: `en`. */
  locale?: string | null | undefined;
  /** See `passwordPolicy`; pass it as a GraphQL variable. Example: `correct horse battery`. */
  password: string;
};

export type AccountFieldsFragment = { id: string, email: string, locale: string | null, createdAt: string, passwordChangedAt: string | null };

export type MeQueryVariables = Exact<{ [key: string]: never; }>;


export type MeQuery = { me: { id: string, email: string, locale: string | null, createdAt: string, passwordChangedAt: string | null } | null };

export type PasswordPolicyQueryVariables = Exact<{ [key: string]: never; }>;


export type PasswordPolicyQuery = { passwordPolicy: { minLength: number, maxLength: number, rules: Array<PasswordRule> } };

export type SignUpMutationVariables = Exact<{
  input: SignUpInput;
}>;


export type SignUpMutation = { signUp:
    | { __typename: 'EmailAddressTaken', code: ErrorCode, message: string }
    | { __typename: 'InvalidEmailAddress', code: ErrorCode, message: string }
    | { __typename: 'PasswordRejected', code: ErrorCode, message: string, violations: Array<{ rule: PasswordRule, limit: number | null, actual: number | null }> }
    | { __typename: 'SignUpDisabled', code: ErrorCode, message: string }
    | { __typename: 'SignUpRequested', keyLifetimeSeconds: number }
    | { __typename: 'SignedUp', account: { id: string, email: string, locale: string | null, createdAt: string, passwordChangedAt: string | null } }
    | { __typename: 'TemporarilyUnavailable', code: ErrorCode, message: string, retryAfterSeconds: number }
    | { __typename: 'TooManyRequests', code: ErrorCode, message: string, retryAfterSeconds: number }
   };

export type ConfirmSignUpMutationVariables = Exact<{
  input: ConfirmSignUpInput;
}>;


export type ConfirmSignUpMutation = { confirmSignUp:
    | { __typename: 'InvalidResetKey', code: ErrorCode, message: string, reason: ResetKeyFault }
    | { __typename: 'PasswordRejected', code: ErrorCode, message: string, violations: Array<{ rule: PasswordRule, limit: number | null, actual: number | null }> }
    | { __typename: 'SignUpConfirmed', account: { id: string, email: string, locale: string | null, createdAt: string, passwordChangedAt: string | null } }
    | { __typename: 'TemporarilyUnavailable', code: ErrorCode, message: string, retryAfterSeconds: number }
    | { __typename: 'TooManyRequests', code: ErrorCode, message: string, retryAfterSeconds: number }
   };

export type SignInMutationVariables = Exact<{
  input: SignInInput;
}>;


export type SignInMutation = { signIn:
    | { __typename: 'InvalidCredentials', code: ErrorCode, message: string }
    | { __typename: 'SignInDisabled', code: ErrorCode, message: string }
    | { __typename: 'SignedIn', accessToken: string, expiresAt: string, device: string | null, account: { id: string, email: string, locale: string | null, createdAt: string, passwordChangedAt: string | null } }
    | { __typename: 'TemporarilyUnavailable', code: ErrorCode, message: string, retryAfterSeconds: number }
    | { __typename: 'TooManyRequests', code: ErrorCode, message: string, retryAfterSeconds: number }
   };

export type ChangePasswordMutationVariables = Exact<{
  input: ChangePasswordInput;
}>;


export type ChangePasswordMutation = { changePassword:
    | { __typename: 'InvalidCredentials', code: ErrorCode, message: string }
    | { __typename: 'PasswordChanged', accessToken: string, expiresAt: string, device: string | null }
    | { __typename: 'PasswordRejected', code: ErrorCode, message: string, violations: Array<{ rule: PasswordRule, limit: number | null, actual: number | null }> }
    | { __typename: 'SignInDisabled', code: ErrorCode, message: string }
    | { __typename: 'TemporarilyUnavailable', code: ErrorCode, message: string, retryAfterSeconds: number }
    | { __typename: 'TooManyRequests', code: ErrorCode, message: string, retryAfterSeconds: number }
    | { __typename: 'Unauthenticated', code: ErrorCode, message: string }
   };

export type SignOutEverywhereMutationVariables = Exact<{ [key: string]: never; }>;


export type SignOutEverywhereMutation = { signOutEverywhere:
    | { __typename: 'SignInDisabled', code: ErrorCode, message: string }
    | { __typename: 'SignedOutEverywhere', at: string }
    | { __typename: 'TemporarilyUnavailable', code: ErrorCode, message: string, retryAfterSeconds: number }
    | { __typename: 'Unauthenticated', code: ErrorCode, message: string }
   };

export type RequestPasswordResetMutationVariables = Exact<{
  input: RequestPasswordResetInput;
}>;


export type RequestPasswordResetMutation = { requestPasswordReset:
    | { __typename: 'InvalidEmailAddress', code: ErrorCode, message: string }
    | { __typename: 'PasswordResetRequested', keyLifetimeSeconds: number, askAgainAfterSeconds: number }
    | { __typename: 'TemporarilyUnavailable', code: ErrorCode, message: string, retryAfterSeconds: number }
    | { __typename: 'TooManyRequests', code: ErrorCode, message: string, retryAfterSeconds: number }
   };

export type PasswordResetKeyQueryVariables = Exact<{
  key: string;
}>;


export type PasswordResetKeyQuery = { passwordResetKey:
    | { __typename: 'InvalidResetKey', code: ErrorCode, message: string, reason: ResetKeyFault }
    | { __typename: 'ResetKeyValid', expiresAt: string, email: string }
    | { __typename: 'TemporarilyUnavailable', code: ErrorCode, message: string, retryAfterSeconds: number }
    | { __typename: 'TooManyRequests', code: ErrorCode, message: string, retryAfterSeconds: number }
   };

export type ResetPasswordMutationVariables = Exact<{
  input: ResetPasswordInput;
}>;


export type ResetPasswordMutation = { resetPassword:
    | { __typename: 'InvalidResetKey', code: ErrorCode, message: string, reason: ResetKeyFault }
    | { __typename: 'PasswordRejected', code: ErrorCode, message: string, violations: Array<{ rule: PasswordRule, limit: number | null, actual: number | null }> }
    | { __typename: 'PasswordResetCompleted', signInUrl: string | null, device: string | null }
    | { __typename: 'TemporarilyUnavailable', code: ErrorCode, message: string, retryAfterSeconds: number }
    | { __typename: 'TooManyRequests', code: ErrorCode, message: string, retryAfterSeconds: number }
   };

export class TypedDocumentString<TResult, TVariables>
  extends String
  implements DocumentTypeDecoration<TResult, TVariables>
{
  __apiType?: NonNullable<DocumentTypeDecoration<TResult, TVariables>['__apiType']>;
  private value: string;
  public __meta__?: Record<string, any> | undefined;

  constructor(value: string, __meta__?: Record<string, any> | undefined) {
    super(value);
    this.value = value;
    this.__meta__ = __meta__;
  }

  override toString(): string & DocumentTypeDecoration<TResult, TVariables> {
    return this.value;
  }
}
export const AccountFieldsFragmentDoc = new TypedDocumentString(`
    fragment AccountFields on Account {
  id
  email
  locale
  createdAt
  passwordChangedAt
}
    `, {"fragmentName":"AccountFields"}) as unknown as TypedDocumentString<AccountFieldsFragment, unknown>;
export const MeDocument = new TypedDocumentString(`
    query Me {
  me {
    ...AccountFields
  }
}
    fragment AccountFields on Account {
  id
  email
  locale
  createdAt
  passwordChangedAt
}`) as unknown as TypedDocumentString<MeQuery, MeQueryVariables>;
export const PasswordPolicyDocument = new TypedDocumentString(`
    query PasswordPolicy {
  passwordPolicy {
    minLength
    maxLength
    rules
  }
}
    `) as unknown as TypedDocumentString<PasswordPolicyQuery, PasswordPolicyQueryVariables>;
export const SignUpDocument = new TypedDocumentString(`
    mutation SignUp($input: SignUpInput!) {
  signUp(input: $input) {
    __typename
    ... on SignedUp {
      account {
        ...AccountFields
      }
    }
    ... on SignUpRequested {
      keyLifetimeSeconds
    }
    ... on UserError {
      code
      message
    }
    ... on PasswordRejected {
      violations {
        rule
        limit
        actual
      }
    }
    ... on TooManyRequests {
      retryAfterSeconds
    }
    ... on TemporarilyUnavailable {
      retryAfterSeconds
    }
  }
}
    fragment AccountFields on Account {
  id
  email
  locale
  createdAt
  passwordChangedAt
}`) as unknown as TypedDocumentString<SignUpMutation, SignUpMutationVariables>;
export const ConfirmSignUpDocument = new TypedDocumentString(`
    mutation ConfirmSignUp($input: ConfirmSignUpInput!) {
  confirmSignUp(input: $input) {
    __typename
    ... on SignUpConfirmed {
      account {
        ...AccountFields
      }
    }
    ... on UserError {
      code
      message
    }
    ... on InvalidResetKey {
      reason
    }
    ... on PasswordRejected {
      violations {
        rule
        limit
        actual
      }
    }
    ... on TooManyRequests {
      retryAfterSeconds
    }
    ... on TemporarilyUnavailable {
      retryAfterSeconds
    }
  }
}
    fragment AccountFields on Account {
  id
  email
  locale
  createdAt
  passwordChangedAt
}`) as unknown as TypedDocumentString<ConfirmSignUpMutation, ConfirmSignUpMutationVariables>;
export const SignInDocument = new TypedDocumentString(`
    mutation SignIn($input: SignInInput!) {
  signIn(input: $input) {
    __typename
    ... on SignedIn {
      accessToken
      expiresAt
      account {
        ...AccountFields
      }
      device
    }
    ... on UserError {
      code
      message
    }
    ... on TooManyRequests {
      retryAfterSeconds
    }
    ... on TemporarilyUnavailable {
      retryAfterSeconds
    }
  }
}
    fragment AccountFields on Account {
  id
  email
  locale
  createdAt
  passwordChangedAt
}`) as unknown as TypedDocumentString<SignInMutation, SignInMutationVariables>;
export const ChangePasswordDocument = new TypedDocumentString(`
    mutation ChangePassword($input: ChangePasswordInput!) {
  changePassword(input: $input) {
    __typename
    ... on PasswordChanged {
      accessToken
      expiresAt
      device
    }
    ... on UserError {
      code
      message
    }
    ... on PasswordRejected {
      violations {
        rule
        limit
        actual
      }
    }
    ... on TooManyRequests {
      retryAfterSeconds
    }
    ... on TemporarilyUnavailable {
      retryAfterSeconds
    }
  }
}
    `) as unknown as TypedDocumentString<ChangePasswordMutation, ChangePasswordMutationVariables>;
export const SignOutEverywhereDocument = new TypedDocumentString(`
    mutation SignOutEverywhere {
  signOutEverywhere {
    __typename
    ... on SignedOutEverywhere {
      at
    }
    ... on UserError {
      code
      message
    }
    ... on TemporarilyUnavailable {
      retryAfterSeconds
    }
  }
}
    `) as unknown as TypedDocumentString<SignOutEverywhereMutation, SignOutEverywhereMutationVariables>;
export const RequestPasswordResetDocument = new TypedDocumentString(`
    mutation RequestPasswordReset($input: RequestPasswordResetInput!) {
  requestPasswordReset(input: $input) {
    __typename
    ... on PasswordResetRequested {
      keyLifetimeSeconds
      askAgainAfterSeconds
    }
    ... on UserError {
      code
      message
    }
    ... on TooManyRequests {
      retryAfterSeconds
    }
    ... on TemporarilyUnavailable {
      retryAfterSeconds
    }
  }
}
    `) as unknown as TypedDocumentString<RequestPasswordResetMutation, RequestPasswordResetMutationVariables>;
export const PasswordResetKeyDocument = new TypedDocumentString(`
    query PasswordResetKey($key: String!) {
  passwordResetKey(key: $key) {
    __typename
    ... on ResetKeyValid {
      expiresAt
      email
    }
    ... on UserError {
      code
      message
    }
    ... on InvalidResetKey {
      reason
    }
    ... on TooManyRequests {
      retryAfterSeconds
    }
    ... on TemporarilyUnavailable {
      retryAfterSeconds
    }
  }
}
    `) as unknown as TypedDocumentString<PasswordResetKeyQuery, PasswordResetKeyQueryVariables>;
export const ResetPasswordDocument = new TypedDocumentString(`
    mutation ResetPassword($input: ResetPasswordInput!) {
  resetPassword(input: $input) {
    __typename
    ... on PasswordResetCompleted {
      signInUrl
      device
    }
    ... on UserError {
      code
      message
    }
    ... on InvalidResetKey {
      reason
    }
    ... on PasswordRejected {
      violations {
        rule
        limit
        actual
      }
    }
    ... on TooManyRequests {
      retryAfterSeconds
    }
    ... on TemporarilyUnavailable {
      retryAfterSeconds
    }
  }
}
    `) as unknown as TypedDocumentString<ResetPasswordMutation, ResetPasswordMutationVariables>;