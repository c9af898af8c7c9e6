import { setTimeout as pause } from 'node:timers/promises';

/** Number of tries, and milliseconds between them: about two minutes in all. */
const patience = { tries: 40, pause: 2_000 } as const;

/**
 * Runs a migration that may have to wait for a table. While it waits for the lock, every other statement on the table
 * waits behind it. So it waits for one second at most (`lock_timeout`), rolls back, lets the others pass and tries
 * again.
 *
 * @throws Error when the lock could not be taken in all tries; then nothing was changed.
 * @throws other errors of `migrate` immediately.
 */
export async function untilUnlocked<T>(
  migrate: () => Promise<T>,
  limits: { tries: number; pause: number } = patience,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await migrate();
    } catch (error) {
      if (!isLocked(error)) throw error;
      if (attempt >= limits.tries) {
        const message =
          'a table is in use by a transaction that does not end (see pg_stat_activity); nothing was changed';
        throw new Error(message, { cause: error });
      }
    }
    await pause(limits.pause);
  }
}

/** `lock_not_available`, or `deadlock_detected` where we wait for one (PostgreSQL, appendix A). */
function isLocked(error: unknown): boolean {
  for (let each = error; each instanceof Error; each = each.cause) {
    const { code } = each as { code?: unknown };
    if (code === '55P03' || code === '40P01') return true;
  }
  return false;
}
