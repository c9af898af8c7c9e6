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

/** Sends a document with its variables. @throws LatchkeyRequestError when there is no answer in time, or one with errors or without data. */
export type Call = <Data>(document: { toString(): string }, variables: object) => Promise<Data>;

export function createCall(options: LatchkeyClientOptions): Call {
  const endpoint = options.url.replace(/\/+$/, '').replace(/(?:\/graphql)?$/, '/graphql');

  return async <Data>(document: { toString(): string }, variables: object): Promise<Data> => {
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
  };
}
