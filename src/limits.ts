import type { Cluster, Redis } from 'ioredis';
import type { Audit, Happening } from './audit/audit.js';
import type { Metrics } from './metrics.js';
import { RateLimiter, type Window } from './rate-limit/rate-limiter.js';
import type { Settings } from './settings.js';

type Who = Pick<Happening, 'client' | 'accountId'>;
const theClient = (client: string): Who => ({ client });
const nobody = (): Who => ({});

/** The limits of the settings table. A refusal is counted, and told in the audit trail once a minute. */
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
      void audit.noteOnceAMinute(`${name} ${key}`, { kind: 'limit.hit', ...who(key), detail: { limit: name } });
    });

  return {
    signIn: {
      perAddressAndClient: limiter('sign-in-address-client', account.signInPerAddressAndClient, (key) =>
        theClient(key.split(' ').at(-1) ?? ''),
      ),
      perClient: limiter('sign-in-client', account.signInPerClient),
      perAddress: limiter('sign-in-address', account.signInPerAddress, nobody),
    },
    hashPerClient: limiter('hash-client', account.hashPerClient),
    signUpPerClient: limiter('sign-up-client', account.signUpPerClient),
    reset: {
      perClient: limiter('reset-client', reset.perClient),
      perNetwork: limiter('reset-network', reset.perNetwork),
      keyFailuresPerClient: limiter('key-failure-client', reset.keyFailuresPerClient),
      /** In the worker, silent: whoever is refused has a live link. */
      perAccount: limiter('reset-account', reset.perAccount, (key) => ({ accountId: key.split(':')[0] ?? '' }), 'fail'),
    },
    /** In the worker, silent. The key of an address is a pseudonym. */
    unknown: {
      perAddress: limiter('unknown-address', reset.unknownPerAddress, nobody, 'fail'),
      perClient: limiter('unknown-client', reset.unknownPerClient, theClient, 'fail'),
      inAll: limiter('unknown-all', reset.unknownInAll, nobody, 'fail'),
    },
  };
}
