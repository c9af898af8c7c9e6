import type { Audit } from '../audit/audit.js';
import type { EventOrder } from '../events/event-order.js';
import type { JobQueue } from '../jobs/job-queue.js';
import { describeFault, type Log } from '../observability/log.js';
import type { ResetReceipts } from '../password-reset/keys/reset-receipts.js';

/** Milliseconds: one hour. */
const pause = 3_600_000;

/**
 * Erases expired audit events, receipts, finished jobs and events, now and once an hour. Several workers may do it at the same
 * time.
 */
export function startHousekeeping(parts: {
  audit: Audit;
  resetReceipts: ResetReceipts;
  jobs: JobQueue;
  eventOrder: EventOrder;
  receivers: readonly unknown[];
  log: Log;
}): { stop: () => void } {
  const { audit, resetReceipts, jobs, eventOrder, receivers, log } = parts;
  // Without receivers the worker may lack the right.
  const eraseEvents = receivers.length > 0 ? [() => eventOrder.eraseOld()] : [];
  const erasing = [() => audit.eraseOld(), () => resetReceipts.eraseOld(), () => jobs.eraseFinished(), ...eraseEvents];
  const tidy = async () => {
    for (const erase of erasing) {
      try {
        const count = await erase();
        if (count > 0) log.info({ count }, 'erased old audit events, receipts, jobs or events');
      } catch (error) {
        log.warn({ fault: describeFault(error) }, 'old rows could not be erased; trying again in an hour');
      }
    }
  };
  const timer = setInterval(() => void tidy(), pause);
  void tidy();
  return { stop: () => clearInterval(timer) };
}
