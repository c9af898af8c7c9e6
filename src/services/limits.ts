import type { Cluster, Redis } from 'ioredis';
import type { Audit } from '../audit/audit.js';
import type { Refusal } from '../audit/refusals.js';
import type { CallerLimitName, LimitName, Metrics } from '../observability/metrics.js';
import { CallerLimit, shareOf } from '../rate-limit/caller-limit.js';
import { RateLimiter, type Window } from '../rate-limit/rate-limiter.js';
import type { Settings } from '../settings/settings.js';

type Who = Pick<Refusal, 'client' | 'accountId'>;
const theClient = (client: string): Who => ({ client });
const theAccount = (key: string): Who => ({ accountId: key });
/** The name is `<account>:<session version>`; the id of an app may hold a colon, too. */
const theSession = (key: string): Who => ({ accountId: key.slice(0, key.lastIndexOf(':')) });
const nobody = (): Who => ({});

/** Not a setting: ten such answers a day are enough for a person, and each costs up to two hashes. */
const samePasswordAnswers: readonly Window[] = [{ points: 10, seconds: 86_400 }];

/** Makes the rate limits that the settings give. A refusal is counted in the metrics and in the audit trail. */
export function createLimits(
  settings: Settings,
  redis: Redis | Cluster,
  { metrics, audit }: { metrics: Metrics; audit: Audit },
) {
  const { limits: account } = settings.accounts;
  const { limits: reset } = settings.passwordReset;
  /** @param who whom the audit trail names for a refused key of this limit. */
  const limiter = (
    name: LimitName,
    windows: readonly Window[],
    who = theClient,
    whenRedisIsAway: 'count-here' | 'fail' = 'count-here',
  ) =>
    new RateLimiter(redis, name, windows, whenRedisIsAway, (key) => {
      metrics.limitHit(name);
      audit.refused({ kind: 'limit.hit', ...who(key), detail: name });
    });

  const callerLimit = (
    name: CallerLimitName,
    counts: 'calls' | 'failures',
    { perClient, perNetwork }: { perClient: readonly Window[]; perNetwork: readonly Window[] },
  ) => {
    // Networks of every width have one name in metrics and audit trail.
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
    /** How often an account is told that a new password is the old one. */
    samePassword: limiter('same-password', samePasswordAnswers, theAccount),
    signInFailures: {
      hash,
      perCaller: callerLimit('sign-in', 'failures', account.signIn),
      perAddressAndClient: limiter('sign-in-address-client', account.signInPerAddressAndClient, (key) =>
        theClient(key.split(' ').at(-1) ?? ''),
      ),
      /** Silent, like the next one. */
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
      /**
       * Wrong current passwords of one session, from any client; then the session ends. The window is longer than a
       * token lives.
       */
      wrongPerSession: limiter(
        'change-password-wrong',
        [{ points: 10, seconds: Math.max(86_400, settings.accounts.accessToken.ttlSeconds) }],
        theSession,
      ),
      changesPerAccount: limiter('change-password', account.changePasswordPerAccount, theAccount),
    },
    reset: {
      requests: callerLimit('reset', 'calls', reset.requests),
      keyFailures: callerLimit('key-failure', 'failures', reset.keyFailures),
      /** The worker calls this when `ResetBudget` refuses a mail. Silent: the owner has a link that still works. */
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
