import type { Caller } from './caller.js';

/** A rate limit refused the call. `retryAfterSeconds`: seconds after which a new try makes sense. */
export interface TooManyRequests {
  readonly kind: 'TooManyRequests';
  readonly retryAfterSeconds: number;
}

/** How an audit event names the caller. */
export function from(caller: Caller): { origin: string; client: string } {
  return { origin: caller.requestId, client: caller.client };
}
