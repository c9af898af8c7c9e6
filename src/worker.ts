import { forRelay } from './accounts/account-mails.js';
import { credentialNotices } from './accounts/change-notices.js';
import { eventQueues, forReceiver } from './accounts/credential-events.js';
import { overwriteWatch } from './accounts/overwrites.js';
import { signUpRequests } from './accounts/sign-up.js';
import { describeFault } from './observability/log.js';
import { resetRequests } from './password-reset/reset-requests.js';
import { startHousekeeping } from './services/housekeeping.js';
import { receiverSlots, slotsOfWorker, workerSlots } from './services/queues.js';
import type { Services } from './services/services.js';
import { startTakeOver } from './services/take-over.js';
import { assertTimeouts } from './services/timeouts.js';
import { onServerReady } from './stores/redis/health.js';

export interface Worker {
  /** Takes no new jobs, waits for those at work, then resolves. */
  readonly close: () => Promise<void>;
}

/**
 * Starts the job process, which sends reset links, sign-up links, notices and events. Waits for the database while it is down.
 *
 * @throws Error when the timeouts do not fit together (see `assertTimeouts`), or OriginRefused.
 */
export async function startWorker(services: Services): Promise<Worker> {
  assertTimeouts();
  const { changeNotices, dataKey, instance, jobs, mailer, overwrites, passwordReset, signUpDelivery } = services;
  const { accountsCheck, credentialEvents, formShares, log, receivers, redis, sessions } = services;
  await Promise.all([instance.start(), dataKey.start(), accountsCheck.start()]);
  const care: { stop: () => void }[] = [];
  const working = (async () => {
    await instance.known;
    await jobs.start();
    if (!jobs.started) return;
    const dealing = sessions.isOn ? formShares.keepDealt() : Promise.resolve();
    dealing.catch((error: unknown) => {
      log.warn({ fault: describeFault(error) }, 'the forms of hashes could not be dealt; the next start tries again');
    });
    care.push(startHousekeeping(services), startTakeOver(services));
    await jobs.work(resetRequests, workerSlots.links, (job) => passwordReset.deliver(job));
    await jobs.work(credentialNotices, workerSlots.notices, (job) => changeNotices.deliver(job));
    await jobs.work(overwriteWatch, 1, (job) => overwrites.deliver(job));
    await jobs.work(signUpRequests, workerSlots.signUps, (job) => signUpDelivery.deliver(job));
    // A URL may have had another place before, so every queue is worked on while there is one.
    for (const queue of receivers.length > 0 ? eventQueues : []) {
      await jobs.work(queue, receiverSlots, (job) => credentialEvents.deliver(job));
    }
    for (const { id } of receivers) void jobs.wake(forReceiver(id));
    // A job that waits for a relay waits longer after each attempt. When a relay may be tried again, two waiting jobs
    // are woken immediately (one may be too old to be sent); when the relay has taken a mail, all of them. A starting
    // worker wakes all, because its settings may name other relays.
    mailer.onRelayReady((state) => void jobs.wake(forRelay, state === 'half-open' ? 2 : undefined));
    void jobs.wake(forRelay);
    onServerReady(redis, () => void jobs.wake('redis'));
    log.info({ count: slotsOfWorker }, 'the worker waits for jobs');
  })();
  working.catch(() => log.error({ part: 'worker' }, 'the worker cannot work'));
  return {
    close: async () => {
      for (const { stop } of care) stop();
      await jobs.stop();
    },
  };
}
