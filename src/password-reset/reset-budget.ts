import type { Cluster, Redis } from 'ioredis';
import type { Credential } from '../accounts/accounts.js';
import { Unavailable } from '../errors.js';
import type { RateLimiter, Verdict, Window } from '../rate-limit/rate-limiter.js';

/** A place in the budget: the mail may go, and its key must live this long (seconds). */
export type Grant = { readonly granted: true; readonly keyLifetimeSeconds: number } | { readonly granted: false };

/**
 * How many reset mails one account gets. It bounds a flood and cannot lock the owner out: the last mail that it allows
 * carries a key that lives until the budget refills, so whoever is told nothing has a live link already.
 *
 * It is counted under the credential version, so that a completed reset or password change begins a new budget by
 * itself: with the old links dead there is no live one to point to.
 */
export class ResetBudget {
  constructor(
    private readonly limiter: RateLimiter,
    private readonly redis: Redis | Cluster,
    private readonly settings: { keyTtlSeconds: number; requestDeadlineSeconds: number },
  ) {}

  /** Counts a job once, however often it is tried. @throws Unavailable */
  async take(jobId: string, account: Credential): Promise<Grant> {
    try {
      const { keyTtlSeconds, requestDeadlineSeconds } = this.settings;
      const first = await this.redis.set(countedMark(jobId), '1', 'EX', requestDeadlineSeconds + 86_400, 'NX');
      const verdict = first ? await this.#count(jobId, account) : await this.limiter.look(budgetOf(account));
      if (first && !verdict.allowed) {
        await this.redis.del(countedMark(jobId));
        return { granted: false };
      }
      return { granted: true, keyLifetimeSeconds: Math.max(keyTtlSeconds, verdict.refillsInSeconds) };
    } catch (error) {
      throw new Unavailable('redis', { cause: error });
    }
  }

  /** A mark without a count would let the next try go uncounted. */
  async #count(jobId: string, account: Credential): Promise<Verdict> {
    try {
      return await this.limiter.take(budgetOf(account));
    } catch (error) {
      await this.redis.del(countedMark(jobId)).catch(() => 0);
      throw error;
    }
  }

  /** For a job that ends without a mail: what it had taken. Best effort, since the window refills anyway. */
  async giveBack(jobId: string, account: Credential): Promise<void> {
    const counted = await this.redis.del(countedMark(jobId)).catch(() => 0);
    if (counted) await this.limiter.giveBack(budgetOf(account)).catch(() => undefined);
  }
}

function budgetOf({ id, credentialVersion }: Credential): string {
  return `${id}:${credentialVersion}`;
}

function countedMark(jobId: string): string {
  return `reset-counted:${jobId}`;
}

/** Seconds. Asking at this pace never meets the shortest window of the budget. */
export function paceOf(windows: readonly Window[]): number {
  const [shortest] = [...windows].sort((one, other) => one.seconds - other.seconds);
  return shortest ? Math.ceil(shortest.seconds / shortest.points) : 60;
}
