import { describeFault, type Log } from '../observability/log.js';
import { Unavailable } from './errors.js';
import { orUnavailable } from './unavailable.js';

export interface TemporarilyUnavailable {
  readonly kind: 'TemporarilyUnavailable';
  readonly retryAfterSeconds: number;
}

/**
 * Milliseconds after which a call is answered with "try again", whatever it waits for. This is more than one unanswered
 * statement takes (3 s for a connection, 7 s for the answer) and less than the 30 s that the server gives a request.
 * A transaction that has begun may still be committed afterwards, as with every other unknown outcome.
 */
export const callDeadline = 15_000;
/** Milliseconds after a termination signal until the process ends, whatever is still running. */
export const shutdownGrace = 75_000;

/**
 * Runs a use case. If a store is away or overloaded, or the deadline has passed, it returns `TemporarilyUnavailable`.
 *
 * @throws any other error of `work`: a bug.
 */
export async function withinDeadline<T>(
  log: Log,
  requestId: string,
  work: () => Promise<T>,
): Promise<T | TemporarilyUnavailable> {
  try {
    return await within(callDeadline, orUnavailable(work()), () => {
      throw new Unavailable('deadline');
    });
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    log.warn({ requestId, part: error.part, fault: describeFault(error) }, 'answered: temporarily unavailable');
    return { kind: 'TemporarilyUnavailable', retryAfterSeconds: error.retryAfterSeconds };
  }
}

/**
 * The work's result; after `ms` milliseconds, what `otherwise` returns or throws. The work is not stopped.
 *
 * @throws what `work` or `otherwise` throws.
 */
export async function within<T>(ms: number, work: Promise<T>, otherwise: () => T): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  try {
    return await Promise.race([work, late.then(otherwise)]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Makes a function whose callers share one running `ask`, so that unanswered questions do not pile up. After `ms`
 * milliseconds a caller gets what `otherwise` returns or throws; the shared question goes on.
 */
export function sharedWithin<T>(ms: number, ask: () => Promise<T>, otherwise: () => T): () => Promise<T> {
  let asking: Promise<T> | undefined;
  return () => {
    asking ??= ask().finally(() => {
      asking = undefined;
    });
    return within(ms, asking, otherwise);
  };
}
