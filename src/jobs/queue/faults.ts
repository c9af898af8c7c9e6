import { atMostEvery } from '../../observability/at-most-every.js';
import { describeFault, type Log } from '../../observability/log.js';

/**
 * A server, or what stands between, ended a line: on purpose (class 57: a restart, an idle time-out), by a lost
 * connection (class 08), or without a word (what `pg` says has no code).
 */
const endedLine = /^(?:57P0[1235]|08...|ECONNRESET|EPIPE|ETIMEDOUT)$/;
const withoutCode = /^(?:Connection terminated|Client has encountered a connection error)/;

/**
 * Tells what the queue's library reports. Idle lines that a server ends are no fault, because the next statement makes a
 * new one: a warning with their number, one a second at most. Everything else is an error.
 */
export function tellQueueFaults(log: Log, now: () => number = Date.now): (error: Error) => void {
  const tellEnded = atMostEvery(
    1_000,
    (count, fault: ReturnType<typeof describeFault>) => {
      log.warn({ part: 'jobs', count, fault }, 'the database ended lines of the job queue; new ones are made');
    },
    now,
  );
  return (error) => {
    const { code, message } = error as Error & { code?: unknown };
    const isEnded = typeof code === 'string' ? endedLine.test(code) : withoutCode.test(message);
    const fault = describeFault(error);
    if (!isEnded) return log.error({ part: 'jobs', fault }, 'job queue fault');
    return tellEnded(fault);
  };
}

export function tellQueueWarnings(log: Log): (warning: { data?: object | null }) => void {
  return ({ data }) => {
    const isDeaf = (data as { type?: unknown } | undefined)?.type === 'listen_notify_unavailable';
    const message = 'the worker is told of no new job, and looks once a second; set DATABASE_DIRECT_URL';
    if (isDeaf) log.warn({ part: 'jobs', reason: 'no-notifications' }, message);
    else log.warn({ part: 'jobs' }, 'job queue warning');
  };
}
