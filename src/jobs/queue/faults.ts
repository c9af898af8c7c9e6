import { atMostEvery } from '../../observability/at-most-every.js';
import { describeFault, type Log } from '../../observability/log.js';

/**
 * Errors of a connection that the server, or a proxy before it, ended: on purpose (class 57: a restart, an idle
 * timeout), by a lost connection (class 08), or without a message (the error of `pg` then has no code).
 */
const endedConnection = /^(?:57P0[1235]|08...|ECONNRESET|EPIPE|ETIMEDOUT)$/;
const withoutCode = /^(?:Connection terminated|Client has encountered a connection error)/;

/**
 * Logs the errors that pg-boss reports. Idle connections that the server ends are no fault, because the next statement
 * opens a new one: a warning with their number, at most once a second. Everything else is logged as an error.
 */
export function tellQueueFaults(log: Log, now: () => number = Date.now): (error: Error) => void {
  const tellEnded = atMostEvery(
    1_000,
    (count, fault: ReturnType<typeof describeFault>) => {
      log.warn({ part: 'jobs', count, fault }, 'the database ended connections of the job queue; new ones are made');
    },
    now,
  );
  return (error) => {
    const { code, message } = error as Error & { code?: unknown };
    const isEnded = typeof code === 'string' ? endedConnection.test(code) : withoutCode.test(message);
    const fault = describeFault(error);
    if (!isEnded) return log.error({ part: 'jobs', fault }, 'job queue fault');
    return tellEnded(fault);
  };
}

/** Logs the warnings that pg-boss reports; if LISTEN does not work, with the setting that mends it. */
export function tellQueueWarnings(log: Log): (warning: { data?: object | null }) => void {
  return ({ data }) => {
    const isDeaf = (data as { type?: unknown } | undefined)?.type === 'listen_notify_unavailable';
    const message = 'the worker gets no notifications of new jobs and polls once a second; set DATABASE_DIRECT_URL';
    if (isDeaf) log.warn({ part: 'jobs', reason: 'no-notifications' }, message);
    else log.warn({ part: 'jobs' }, 'job queue warning');
  };
}
