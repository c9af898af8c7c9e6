import type { Audit } from '../../audit/audit.js';
import type { Caller } from '../../calls/caller.js';
import { from, type TooManyRequests } from '../../calls/too-many-requests.js';
import type { Log } from '../../observability/log.js';
import type { Metrics } from '../../observability/metrics.js';
import type { RateLimiter } from '../../rate-limit/rate-limiter.js';
import type { Accounts, Credential } from '../accounts.js';
import type { CredentialEvents } from '../credential-events.js';

/** Wrong current passwords after which a session ends, so that a thief of the token cannot guess the password. */
export const mostWrongPasswords = 10;

export interface OwnerLimitsDeps {
  readonly accounts: Accounts;
  readonly audit: Audit;
  readonly credentialEvents: Pick<CredentialEvents, 'record'>;
  readonly limits: { readonly wrongPerSession: RateLimiter; readonly changesPerAccount: RateLimiter };
  readonly log: Log;
  readonly metrics: Metrics;
}

/** Limits for callers with a session. Counted per session or account, so callers without a session cannot see them. */
export class OwnerLimits {
  constructor(private readonly deps: OwnerLimitsDeps) {}

  /**
   * Counts a try before its password is verified.
   *
   * @returns functions to report the result; undefined when the limit was reached before, which ends the session.
   * @throws Unavailable
   */
  async tryPassword(
    owner: Credential,
    caller: Caller,
  ): Promise<{ wrong: () => Promise<void>; right: () => Promise<void> } | undefined> {
    const { wrongPerSession } = this.deps.limits;
    const key = `${owner.id}:${owner.sessionVersion}`;
    const { allowed, used } = await wrongPerSession.take(key);
    if (!allowed) {
      await this.#endSession(owner, caller);
      return undefined;
    }
    return {
      wrong: async () => {
        if (used >= mostWrongPasswords) await this.#endSession(owner, caller);
      },
      right: () => wrongPerSession.giveBack(key),
    };
  }

  /** Counts one change of the password; `undo` takes it back. */
  async change(owner: Credential): Promise<TooManyRequests | { kind: 'counted'; undo: () => Promise<void> }> {
    const { changesPerAccount } = this.deps.limits;
    const { allowed, retryAfterSeconds } = await changesPerAccount.take(owner.id);
    if (!allowed) return { kind: 'TooManyRequests', retryAfterSeconds };
    return { kind: 'counted', undo: () => changesPerAccount.giveBack(owner.id) };
  }

  /** Ends every access token of the account, the stolen one, too. @throws Unavailable */
  async #endSession(owner: Credential, caller: Caller): Promise<void> {
    const { accounts, audit, credentialEvents, log, metrics } = this.deps;
    const ended = await accounts.transaction(async (transaction) => {
      const at = await accounts.endSessions(transaction, owner);
      const event = {
        kind: 'account.sessions-ended-by-wrong-passwords',
        accountId: owner.id,
        ...from(caller),
      } as const;
      if (!at) return undefined;
      await audit.record(transaction, event);
      await credentialEvents.record(transaction, 'sessions.ended', owner.id, at);
      return at;
    });
    if (!ended) return;
    metrics.alarm('wrong-current-passwords');
    log.error(
      { accountId: owner.id, reason: 'wrong-current-passwords' },
      'ALARM: a session tried wrong current passwords until it was ended; its token may be stolen',
    );
  }
}
