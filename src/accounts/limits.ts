import type { Caller } from '../caller.js';
import type { RateLimiter } from '../rate-limit/rate-limiter.js';

export interface TooManyRequests {
  readonly kind: 'too-many-requests';
  readonly retryAfterSeconds: number;
}

/** Counts one call on each limit, in turn; the first that is used up refuses. */
export async function refusal(...limits: (readonly [RateLimiter, string])[]): Promise<TooManyRequests | undefined> {
  for (const [limiter, key] of limits) {
    const { allowed, retryAfterSeconds } = await limiter.take(key);
    if (!allowed) return { kind: 'too-many-requests', retryAfterSeconds };
  }
  return undefined;
}

/** How an audit event names the caller. */
export function from(caller: Caller): { origin: string; client: string } {
  return { origin: caller.requestId, client: caller.client };
}
