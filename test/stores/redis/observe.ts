import { randomUUID } from 'node:crypto';
import { parseEmailAddress } from '../../../src/accounts/email-address.js';
import { resetRequests } from '../../../src/password-reset/reset-requests.js';
import { eventually } from '../../support/eventually.js';
import { keyIn, type TestLatchkey } from '../../support/latchkey.js';

/** Waits until `/readyz` answers with this status, for 30 seconds at most. */
export async function isReady(latchkey: TestLatchkey, status: 'ok' | 'degraded'): Promise<void> {
  await eventually(
    async () => (await fetch(`${latchkey.url}/readyz`)).json() as Promise<{ status: string }>,
    (answer) => answer.status === status,
    30_000,
  );
}

/** Mails with a link to this address, the oldest first. */
export function mailsTo(latchkey: TestLatchkey, email: string) {
  return latchkey.inbox.mails().filter(({ to, text }) => to.includes(email) && text.includes('#key='));
}

export function allKeys(latchkey: TestLatchkey, email: string): string[] {
  return mailsTo(latchkey, email).map(keyIn);
}

/**
 * Makes every job that waits for its next attempt due now. Enqueues one more job, because each new job wakes the
 * worker, which otherwise looks for due jobs only every five seconds.
 */
export async function released(latchkey: TestLatchkey): Promise<void> {
  await latchkey.database.query(`update job set start_after = now() where state = 'retry'`);
  const email = parseEmailAddress('nobody@example.com');
  if (!email) throw new Error('no address');
  const nobody = { email, locale: null, requestId: randomUUID(), client: '192.0.2.1' };
  await latchkey.services.jobs.enqueue(resetRequests, nobody);
}
