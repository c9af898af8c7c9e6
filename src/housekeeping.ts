import type { Audit } from './audit/audit.js';
import { describeFault, type Log } from './log.js';
import type { ResetReceipts } from './password-reset/reset-receipts.js';

/** Milliseconds. */
const pause = 3_600_000;

/** Erases, once an hour, what is older than it may be. Any number of workers may do it beside each other. */
export function startHousekeeping(parts: { audit: Audit; resetReceipts: ResetReceipts; log: Log }): {
  stop: () => void;
} {
  const { audit, resetReceipts, log } = parts;
  const tidy = async () => {
    try {
      const count = (await audit.eraseOld()) + (await resetReceipts.eraseOld());
      if (count > 0) log.info({ count }, 'erased old audit events and receipts');
    } catch (error) {
      log.warn({ fault: describeFault(error) }, 'old rows could not be erased; trying again in an hour');
    }
  };
  const timer = setInterval(() => void tidy(), pause);
  void tidy();
  return { stop: () => clearInterval(timer) };
}
