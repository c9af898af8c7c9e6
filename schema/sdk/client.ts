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
  /** The token of who is signed in, asked for at each call. */
  readonly accessToken?: () => string | undefined;
  /** Milliseconds after which a call is given up. Default 20000. */
  readonly timeoutMs?: number;
  /** Further headers, for instance the address of the person that a server calls for. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly fetch?: typeof fetch;
}

/**
 * The call did not end in a result of the schema: no connection, no answer in time, or an answer that says the request
 * was wrong. `kind` tells what a person can be told.
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

/** `unavailable`: a part is away, or more calls came at once than are worked on; the same call may be made again. */
function kindOf(status: number, codes: readonly string[]): LatchkeyRequestError['kind'] {
  if (status === 503 || codes.includes('TEMPORARILY_UNAVAILABLE')) return 'unavailable';
  return status >= 400 && status < 500 ? 'refused' : 'failed';
}

interface Answer {
  readonly data?: unknown;
  readonly errors?: readonly { readonly extensions?: { readonly code?: string } }[];
}

/** A typed client without run-time dependencies; works in browsers, Node, Deno, Bun and workers. */
export function createLatchkeyClient(options: LatchkeyClientOptions) {
  const endpoint = options.url.replace(/\/+$/, '').replace(/(?:\/graphql)?$/, '/graphql');

  /** @throws LatchkeyRequestError */
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
    /** Looks whether a key is good; never redeems it. */
    passwordResetKey: async (key: string) =>
      (await call<PasswordResetKeyQuery>(PasswordResetKeyDocument, { key })).passwordResetKey,
    /** Sets the password, exactly once. The same call again repairs a lost answer. */
    resetPassword: async (input: ResetPasswordInput) =>
      (await call<ResetPasswordMutation>(ResetPasswordDocument, { input })).resetPassword,
    /** Makes the account that a mail was sent for, exactly once. The same call again repairs a lost answer. */
    confirmSignUp: async (input: ConfirmSignUpInput) =>
      (await call<ConfirmSignUpMutation>(ConfirmSignUpDocument, { input })).confirmSignUp,
    signUp: async (input: SignUpInput) => (await call<SignUpMutation>(SignUpDocument, { input })).signUp,
    signIn: async (input: SignInInput) => (await call<SignInMutation>(SignInDocument, { input })).signIn,
    /** Who is signed in; null without a valid access token. */
    me: async () => (await call<MeQuery>(MeDocument, {})).me,
    passwordPolicy: async () => (await call<PasswordPolicyQuery>(PasswordPolicyDocument, {})).passwordPolicy,
    changePassword: async (input: ChangePasswordInput) =>
      (await call<ChangePasswordMutation>(ChangePasswordDocument, { input })).changePassword,
    signOutEverywhere: async () =>
      (await call<SignOutEverywhereMutation>(SignOutEverywhereDocument, {})).signOutEverywhere,
  };
}

export type LatchkeyClient = ReturnType<typeof createLatchkeyClient>;
