import {
  ChangePasswordDocument,
  type ChangePasswordInput,
  type ChangePasswordMutation,
  ConfirmSignUpDocument,
  type ConfirmSignUpInput,
  type ConfirmSignUpMutation,
  MeDocument,
  type MeQuery,
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
  SignInDocument,
  type SignInInput,
  type SignInMutation,
  SignOutEverywhereDocument,
  type SignOutEverywhereMutation,
  SignUpDocument,
  type SignUpInput,
  type SignUpMutation,
} from './generated/graphql.js';

export type * from './generated/graphql.js';

export interface LatchkeyClientOptions {
  /** Where the server is: `https://recover.example.com`, or its GraphQL endpoint. */
  readonly url: string;
  /** Returns the access token of the person who is signed in; called for each request. */
  readonly accessToken?: () => string | undefined;
  /** Milliseconds after which a call fails with `kind` `timeout`. Default 20000. */
  readonly timeoutMs?: number;
  /** Further headers, for instance `X-Forwarded-For` with the address of the person on whose behalf a server calls. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly fetch?: typeof fetch;
}

/**
 * The call did not end with a result of the schema. `kind` says why: `offline` (no connection), `timeout`,
 * `unavailable` (HTTP 503: try again in a moment), `refused` (HTTP 4xx: the request was wrong) or `failed` (any other
 * fault).
 */
export class LatchkeyRequestError extends Error {
  constructor(
    readonly kind: 'offline' | 'timeout' | 'unavailable' | 'refused' | 'failed',
    /** HTTP status, if there was an answer. */
    readonly status: number | undefined,
    /** Codes of the GraphQL errors, for instance `BAD_USER_INPUT`. */
    readonly codes: readonly string[],
    options?: { cause?: unknown },
  ) {
    super(
      `Latchkey request ${kind}${status ? ` (HTTP ${status})` : ''}${codes.length > 0 ? `: ${codes.join(', ')}` : ''}`,
      options,
    );
    this.name = 'LatchkeyRequestError';
  }
}

/** `unavailable`: a store is away, or too many calls are at work at the same time; the same call may be made again. */
function kindOf(status: number, codes: readonly string[]): LatchkeyRequestError['kind'] {
  if (status === 503 || codes.includes('TEMPORARILY_UNAVAILABLE')) return 'unavailable';
  return status >= 400 && status < 500 ? 'refused' : 'failed';
}

interface Answer {
  readonly data?: unknown;
  readonly errors?: readonly { readonly extensions?: { readonly code?: string } }[];
}

/**
 * Makes a typed client without run-time dependencies, for browsers, Node, Deno, Bun and workers. Each method resolves
 * to a member of its result union, told by `__typename`, and throws `LatchkeyRequestError` when there is no such
 * result.
 */
export function createLatchkeyClient(options: LatchkeyClientOptions) {
  const endpoint = options.url.replace(/\/+$/, '').replace(/(?:\/graphql)?$/, '/graphql');

  /** @throws LatchkeyRequestError when there is no answer in time, or one with errors or without data. */
  async function call<Data>(document: { toString(): string }, variables: object): Promise<Data> {
    const token = options.accessToken?.();
    const headers = {
      'content-type': 'application/json',
      accept: 'application/graphql-response+json, application/json;q=0.9',
      ...(token ? { authorization: `Bearer ${token}` } : {}),
      ...options.headers,
    };
    const body = JSON.stringify({ query: document.toString(), variables });
    // `AbortSignal.timeout` is missing in Safari before 16.
    const giveUp = new AbortController();
    const { signal } = giveUp;
    const timer = setTimeout(() => giveUp.abort(), options.timeoutMs ?? 20_000);
    const send = options.fetch ?? fetch;
    const none = (cause: unknown) => {
      throw new LatchkeyRequestError(signal.aborted ? 'timeout' : 'offline', undefined, [], { cause });
    };
    const response = await send(endpoint, { method: 'POST', headers, body, signal }).catch((cause: unknown) => {
      clearTimeout(timer);
      return none(cause);
    });
    const answer = (await response.json().catch(() => undefined)) as Answer | undefined;
    clearTimeout(timer);
    if (signal.aborted) none(undefined);
    const codes = (answer?.errors ?? []).map(({ extensions }) => extensions?.code ?? 'UNKNOWN');
    if (codes.length > 0 || !response.ok || !answer?.data) {
      throw new LatchkeyRequestError(kindOf(response.status, codes), response.status, codes);
    }
    return answer.data as Data;
  }

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
    signUp: async (input: SignUpInput) => (await call<SignUpMutation>(SignUpDocument, { input })).signUp,
    signIn: async (input: SignInInput) => (await call<SignInMutation>(SignInDocument, { input })).signIn,
    /** The account that is signed in; null without a valid access token. */
    me: async () => (await call<MeQuery>(MeDocument, {})).me,
    passwordPolicy: async () => (await call<PasswordPolicyQuery>(PasswordPolicyDocument, {})).passwordPolicy,
    changePassword: async (input: ChangePasswordInput) =>
      (await call<ChangePasswordMutation>(ChangePasswordDocument, { input })).changePassword,
    signOutEverywhere: async () =>
      (await call<SignOutEverywhereMutation>(SignOutEverywhereDocument, {})).signOutEverywhere,
  };
}

export type LatchkeyClient = ReturnType<typeof createLatchkeyClient>;
