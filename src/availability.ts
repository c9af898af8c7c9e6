import { Unavailable } from './errors.js';
import { describeFault, type Log } from './log.js';

/**
 * SQLSTATE classes and codes that speak of the machine, not of the statement (PostgreSQL, appendix A): connection,
 * resources, operator intervention, time-outs, deadlocks, a server that only reads.
 */
const machineStates = /^(?:08|53|57|58|25006|25P03|40001|40P01|55P03)/;
const lineErrors = /^(?:ECONN|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN|ENOENT|EACCES)/;
/** `pg` throws these without a code. */
const lineMessages =
  /Connection terminated|timeout exceeded when trying to connect|Query read timeout|Client has encountered|Cannot use a pool/i;

/** Whether PostgreSQL was away, overloaded or cut off, so that the same call may succeed later. */
export function isDatabaseAway(error: unknown): boolean {
  for (let each: unknown = error; each instanceof Error; each = (each as { cause?: unknown }).cause) {
    const code = (each as { code?: unknown }).code;
    if (typeof code === 'string' && (machineStates.test(code) || lineErrors.test(code))) return true;
    if (lineMessages.test(each.message)) return true;
  }
  return false;
}

/** Runs database work; a database that is away becomes `Unavailable`, a bug stays what it is. */
export async function orUnavailable<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof Unavailable || !isDatabaseAway(error)) throw error;
    throw new Unavailable('postgres', { cause: error });
  }
}

export interface TemporarilyUnavailable {
  readonly kind: 'temporarily-unavailable';
  readonly retryAfterSeconds: number;
}

/** Runs a use case; what is away or overloaded becomes a value that the caller can act on. */
export async function orTryLater<T>(
  log: Log,
  requestId: string,
  work: () => Promise<T>,
): Promise<T | TemporarilyUnavailable> {
  try {
    return await orUnavailable(work());
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    log.warn({ requestId, part: error.part, fault: describeFault(error) }, 'answered: temporarily unavailable');
    return { kind: 'temporarily-unavailable', retryAfterSeconds: error.retryAfterSeconds };
  }
}
