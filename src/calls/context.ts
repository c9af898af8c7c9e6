import type { Caller } from './caller.js';

/** What a resolver knows about the request. */
export interface GraphqlContext {
  readonly caller: Caller;
  /** From `Authorization: Bearer …`; not verified yet. */
  readonly accessToken: string | undefined;
}

/** RFC 6750 2.1. Undefined unless the header is exactly one bearer token. */
export function bearerToken(authorization: string | undefined): string | undefined {
  return /^Bearer +([A-Za-z0-9._~+/-]{1,4096}=*)$/i.exec(authorization ?? '')?.[1];
}
