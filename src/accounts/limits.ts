import type { Caller } from '../caller.js';
import type { Refused } from '../rate-limit/pass.js';

export type TooManyRequests = Refused;

/** How an audit event names the caller. */
export function from(caller: Caller): { origin: string; client: string } {
  return { origin: caller.requestId, client: caller.client };
}
