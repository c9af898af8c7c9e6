import { setTimeout as pause } from 'node:timers/promises';

/** Tries, and milliseconds from one to the next: two minutes in all. */
const patience = { tries: 40, pause: 2_000 } as const;

/**
 * Everything that touches a table waits behind a migration that waits for it. So a migration waits for a second at most
 * (`lock_timeout`), rolls back, lets the others pass and comes again, until what holds the table has ended.
 *
 * @throws Error when a lock was not to be had in all that time; then nothing was changed.
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

/** `lock_not_available` (PostgreSQL, appendix A). */
function isLocked(error: unknown): boolean {
  for (let each = error; each instanceof Error; each = each.cause) {
    if ((each as { code?: unknown }).code === '55P03') return true;
  }
  return false;
}
