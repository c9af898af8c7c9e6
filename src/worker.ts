import { credentialNotices } from './accounts/accounts.js';
import { databaseTimeouts } from './database.js';
import { startHousekeeping } from './housekeeping.js';
import { jobTiming } from './jobs/queue-definition.js';
import { smtpTimeouts } from './mail/mailer.js';
import { resetRequests } from './password-reset/outcomes.js';
import { redisOptions } from './redis.js';
import { type Services, workerSlots } from './services.js';

export interface Worker {
  /** Takes no new job from the first moment, ends those at work. */
  readonly close: () => Promise<void>;
}

/** The job process: hands out reset links and notices. Waits for the database while it is down. */
export async function startWorker(services: Services): Promise<Worker> {
  assertLease();
  const { jobs, passwordReset, log } = services;
  let housekeeping: { stop: () => void } | undefined;
  const working = (async () => {
    await jobs.start();
    if (!jobs.started) return;
    housekeeping = startHousekeeping(services);
    await jobs.work(resetRequests, workerSlots.links, (job) => passwordReset.deliver(job));
    await jobs.work(credentialNotices, workerSlots.notices, (job) => passwordReset.announce(job));
    log.info({ count: workerSlots.links + workerSlots.notices }, 'the worker waits for jobs');
  })();
  working.catch(() => log.error({ part: 'worker' }, 'the worker cannot work'));
  return {
    close: async () => {
      housekeeping?.stop();
      await jobs.stop();
    },
  };
}

/**
 * A lease that ran out while the mail is still being handed over would let a second worker send it too.
 *
 * @throws Error when the time-outs of one attempt could outlast the lease.
 */
export function assertLease(leaseSeconds: number = jobTiming.lease): void {
  // Each statement may wait for a connection first.
  const statement = databaseTimeouts.connect + databaseTimeouts.query;
  const stores = 4 * statement + 4 * redisOptions.commandTimeout;
  const longest = (smtpTimeouts.whole + stores) / 1000;
  if (leaseSeconds <= longest) {
    throw new Error(`a job's lease of ${leaseSeconds} s must be longer than one attempt can take (${longest} s)`);
  }
}
