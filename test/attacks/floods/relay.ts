import { setTimeout as sleep } from 'node:timers/promises';
import { startSmtpSink } from '../../support/smtp-sink.js';

/** Milliseconds that a mail takes. */
const dialogue = 60;

/**
 * A relay that takes 60 ms for a mail, and asks the recipient's server before it answers RCPT.
 *
 * @param answersAfter milliseconds until RCPT for an address is answered; Infinity is never.
 */
export async function startRelay(answersAfter: (address: string) => number = () => 0) {
  /** When the first mail for an address was taken: milliseconds, `performance.now()`. */
  const taken = new Map<string, number>();
  const sink = await startSmtpSink(
    async (stage, _count, address) => {
      const ms = stage === 'RCPT' ? answersAfter(address) : 0;
      if (!Number.isFinite(ms)) return new Promise(() => undefined);
      if (ms > 0) await sleep(ms, undefined, { ref: false });
      if (stage !== 'DATA') return undefined;
      await sleep(dialogue);
      if (!taken.has(address)) taken.set(address, performance.now());
      return undefined;
    },
    { forgets: true },
  );
  return { url: sink.url, taken, stop: sink.stop };
}
