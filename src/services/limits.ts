import type { Cluster, Redis } from 'ioredis';
import type { Audit } from '../audit/audit.js';
import type { Refusal } from '../audit/refusals.js';
import type { Metrics } from '../observability/metrics.js';
import { CallerLimit, shareOf } from '../rate-limit/caller-limit.js';
import { RateLimiter, type Window } from '../rate-limit/rate-limiter.js';
import type { Settings } from '../settings/settings.js';

type Who = Pick<Refusal, 'client' | 'accountId'>;
const theClient = (client: string): Who => ({ client });
const theAccount = (key: string): Who => ({ accountId: key.split(':')[0] ?? '' });
const nobody = (): Who => ({});

/** No setting: a person who is told ten times a day knows, and each such answer costs two hashes at the most. */
const samePasswordAnswers: readonly Window[] = [{ points: 10, seconds: 86_400 }];

/** The limits of the settings table. A refusal is counted, also in the audit trail. */
export function createLimits(
  settings: Settings,
  redis: Redis | Cluster,
  { metrics, audit }: { metrics: Metrics; audit: Audit },
) {
  const { limits: account } = settings.accounts;
  const { limits: reset } = settings.passwordReset;
  /** @param who how the key of a limit names somebody in the audit trail. */
  const limiter = (
    name: string,
    windows: readonly Window[],
    who = theClient,
    whenRedisIsAway: 'count-here' | 'fail' = 'count-here',
  ) =>
    new RateLimiter(redis, name, windows, whenRedisIsAway, (key) => {
      metrics.limitHit(name);
      audit.refused({ kind: 'limit.hit', ...who(key), detail: name });
    });

  const callerLimit = (
    name: string,
    counts: 'calls' | 'failures',
    { perClient, perNetwork }: { perClient: readonly Window[]; perNetwork: readonly Window[] },
  ) => {
    // One name in metrics and audit trail, whatever the width.
    const share = (width: keyof typeof shareOf) =>
      limiter(
        `${name}-network`,
        perNetwork.map(({ points, seconds }) => ({ points: points * shareOf[width], seconds })),
      );
    const networks = { '/32': share('/32'), '/48': share('/48'), '': share('') };
    return new CallerLimit(counts, limiter(`${name}-client`, perClient), networks);
  };
  const hash = callerLimit('hash', 'calls', account.hash);

  return {
    hash,
    signUp: callerLimit('sign-up', 'calls', account.signUp),
    /** How often somebody is told that a new password is the old one. */
    samePassword: limiter('same-password', samePasswordAnswers, (accountId) => ({ accountId })),
    signInFailures: {
      hash,
      perCaller: callerLimit('sign-in', 'failures', account.signIn),
      perAddressAndClient: limiter('sign-in-address-client', account.signInPerAddressAndClient, (key) =>
        theClient(key.split(' ').at(-1) ?? ''),
      ),
      /** Silent, as the next one is. */
      perAddress: limiter('sign-in-address', account.signInPerAddress, nobody),
      perDevice: limiter('sign-in-device', account.signInPerDevice, nobody),
    },
    /** In the worker, silent: mails of sign-ups to one address, with or without an account. */
    signUpMailsPerAddress: limiter(
      'sign-up-address',
      [
        { points: 3, seconds: 3_600 },
        { points: 5, seconds: 86_400 },
      ],
      nobody,
      'fail',
    ),
    changePassword: {
      /** In all, from wherever; then the session ends. Longer than any session's token lives. */
      wrongPerSession: limiter(
        'change-password-wrong',
        [{ points: 10, seconds: Math.max(86_400, settings.accounts.accessToken.ttlSeconds) }],
        theAccount,
      ),
      changesPerAccount: limiter('change-password', account.changePasswordPerAccount, theAccount),
    },
    reset: {
      requests: callerLimit('reset', 'calls', reset.requests),
      keyFailures: callerLimit('key-failure', 'failures', reset.keyFailures),
      /** Told by the worker, silent: whoever is refused has a live link. Counted by `ResetBudget`. */
      accountRefused: (accountId: string) => {
        metrics.limitHit('reset-account');
        audit.refused({ kind: 'limit.hit', accountId, detail: 'reset-account' });
      },
    },
    /** In the worker, silent. The key of an address is a pseudonym. */
    unknown: {
      perAddress: limiter('unknown-address', reset.unknownPerAddress, nobody, 'fail'),
      perClient: limiter('unknown-client', reset.unknownPerClient, theClient, 'fail'),
      inAll: limiter('unknown-all', reset.unknownInAll, nobody, 'fail'),
    },
  };
}
