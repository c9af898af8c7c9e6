import { describeFault, type Log } from '../observability/log.js';
import { Unavailable } from './errors.js';
import { orUnavailable } from './unavailable.js';

export interface TemporarilyUnavailable {
  readonly kind: 'TemporarilyUnavailable';
  readonly retryAfterSeconds: number;
}

/**
 * Milliseconds after which a call is told to try again, whatever it waits for: more than one statement that nobody
 * answers (3 s for a connection, 7 s for the answer), less than the 30 s that a client's request may take. What was
 * begun may still be committed afterwards, as with every other unknown outcome.
 */
export const callDeadline = 15_000;
/** Milliseconds until a process that was told to end ends whatever happens. */
export const shutdownGrace = 75_000;

/**
 * Runs a use case; what is away or overloaded becomes a value that the caller can act on, by the deadline at the latest.
 *
 * @throws what `work` throws and is no `Unavailable`: a bug.
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

/** The work's result, or what `otherwise` returns or throws if it takes longer than `ms`; the work goes on then. */
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

/** Asks once for all who ask at the same time, so that what gets no answer piles up nowhere; nobody waits longer than `ms`. */
export function sharedWithin<T>(ms: number, ask: () => Promise<T>, otherwise: () => T): () => Promise<T> {
  let asking: Promise<T> | undefined;
  return () => {
    asking ??= ask().finally(() => {
      asking = undefined;
    });
    return within(ms, asking, otherwise);
  };
}
