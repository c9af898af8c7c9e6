import type { MikroORM } from '@mikro-orm/postgresql';
import type { Redis } from 'ioredis';
import { AccessTokens } from './accounts/access-token.js';
import { Accounts, credentialNotices } from './accounts/accounts.js';
import { ChangePassword } from './accounts/change-password.js';
import { HashLimiter } from './accounts/hash-limiter.js';
import { PasswordHash } from './accounts/password-hash.js';
import { PasswordPolicy } from './accounts/password-policy.js';
import { Sessions } from './accounts/sessions.js';
import { SignInFailures } from './accounts/sign-in-failures.js';
import { SignUp } from './accounts/sign-up.js';
import { Audit } from './audit/audit.js';
import { openDatabase, poolOptions } from './database.js';
import type { Health } from './http/operations.js';
import { JobQueue } from './jobs/job-queue.js';
import { createLog, type Log } from './log.js';
import { MailTemplates } from './mail/mail-template.js';
import { Mailer } from './mail/mailer.js';
import { PasswordReset, resetRequests } from './password-reset/password-reset.js';
import { ResetBudget } from './password-reset/reset-budget.js';
import { ResetKeys } from './password-reset/reset-keys.js';
import { ResetMails } from './password-reset/reset-mails.js';
import { ResetReceipts } from './password-reset/reset-receipts.js';
import { RateLimiter, type Window } from './rate-limit/rate-limiter.js';
import { checkRedis, openRedis } from './redis.js';
import { templatesFolder } from './resources.js';
import type { Settings } from './settings.js';

/** Jobs that one worker process works on at the same time; the SMTP pool has a connection for each. */
export const workerSlots = { links: 6, notices: 2 } as const;
/** Every queue, for `latchkey migrate` and the counts. */
export const queues = [resetRequests, credentialNotices];

/** Any object can be replaced, by tests that want another part or a fault between two. */
export type Overrides = { -readonly [Name in keyof Parts]?: (parts: Partial<Parts>) => Parts[Name] };
export type Services = Parts & {
  readonly health: () => Promise<Health>;
  /** Ends what is under way and closes every connection. */
  readonly close: () => Promise<void>;
};

interface Parts {
  readonly log: Log;
  readonly orm: MikroORM;
  readonly redis: Redis;
  readonly jobs: JobQueue;
  readonly audit: Audit;
  readonly hashLimiter: HashLimiter;
  readonly passwordHash: PasswordHash;
  readonly passwordPolicy: PasswordPolicy;
  readonly accessTokens: AccessTokens;
  readonly accounts: Accounts;
  readonly signInFailures: SignInFailures;
  readonly signUp: SignUp;
  readonly sessions: Sessions;
  readonly changePassword: ChangePassword;
  readonly mailTemplates: MailTemplates;
  readonly mailer: Mailer;
  readonly resetKeys: ResetKeys;
  readonly resetReceipts: ResetReceipts;
  readonly resetBudget: ResetBudget;
  readonly resetMails: ResetMails;
  readonly passwordReset: PasswordReset;
}

/**
 * The composition root: every object of a process, made once, in plain sight. Nothing is kept in module variables, so
 * two of these can live side by side.
 */
export function createServices(settings: Settings, overrides: Overrides = {}): Services {
  const made: Partial<Record<keyof Parts, unknown>> = {};
  const make = <Name extends keyof Parts>(name: Name, standard: () => Parts[Name]): Parts[Name] => {
    const part = overrides[name]?.(made as Partial<Parts>) ?? standard();
    made[name] = part;
    return part;
  };
  const worksOnJobs = settings.command === 'worker' || settings.command === 'dev';
  const { limits: accountLimits } = settings.accounts;
  const { limits: resetLimits } = settings.passwordReset;

  const log = make('log', () => createLog(settings.log.level, settings.command));
  const orm = make('orm', () => openDatabase(settings.database.url));
  const redis = make('redis', () => openRedis(settings.redis.url, log));
  const limiter = (name: string, windows: readonly Window[], whenRedisIsAway: 'count-here' | 'fail' = 'count-here') =>
    new RateLimiter(redis, name, windows, whenRedisIsAway);
  const jobs = make('jobs', () => {
    const connection = { ...poolOptions, connectionString: settings.database.url };
    return new JobQueue({ connection, poolSize: worksOnJobs ? 8 : 4, log, worker: worksOnJobs });
  });
  const audit = make('audit', () => new Audit(orm, log));

  const hashLimiter = make('hashLimiter', () => new HashLimiter(settings.accounts));
  const passwordHash = make('passwordHash', () => new PasswordHash(settings.accounts.argon2, hashLimiter));
  const passwordPolicy = make('passwordPolicy', () => new PasswordPolicy(settings.accounts));
  const accessTokens = make('accessTokens', () => new AccessTokens(settings.accounts.accessToken));
  const accounts = make('accounts', () => new Accounts(orm));
  const signInFailures = make('signInFailures', () => {
    const perAddressAndClient = limiter('sign-in-address-client', accountLimits.signInPerAddressAndClient);
    const perClient = limiter('sign-in-client', accountLimits.signInPerClient);
    return new SignInFailures({
      perAddressAndClient,
      perClient,
      perAddress: limiter('sign-in-address', accountLimits.signInPerAddress),
    });
  });
  const hashPerClient = limiter('hash-client', accountLimits.hashPerClient);
  const mailTemplates = make('mailTemplates', () => new MailTemplates(templatesFolder));
  make('signUp', () => {
    const limits = { signUpPerClient: limiter('sign-up-client', accountLimits.signUpPerClient), hashPerClient };
    const knownLocale = (tag: string | null | undefined) => mailTemplates.knownLocale(tag);
    return new SignUp({
      accounts,
      passwordPolicy,
      passwordHash,
      audit,
      log,
      limits,
      mode: settings.accounts.signUp,
      knownLocale,
    });
  });
  const sessions = make('sessions', () => {
    return new Sessions({
      accounts,
      accessTokens,
      passwordHash,
      passwordPolicy,
      signInFailures,
      hashPerClient,
      audit,
      log,
    });
  });
  make('changePassword', () => {
    const parts = {
      accounts,
      sessions,
      accessTokens,
      passwordHash,
      passwordPolicy,
      signInFailures,
      hashPerClient,
      jobs,
      audit,
      log,
    };
    return new ChangePassword(parts);
  });

  const mailer = make('mailer', () => new Mailer(settings.mail, log, workerSlots.links + workerSlots.notices));
  const resetKeys = make('resetKeys', () => new ResetKeys(redis, settings.secret, log));
  const receipts = make('resetReceipts', () => new ResetReceipts(orm));
  const budget = make('resetBudget', () => {
    return new ResetBudget(limiter('reset-account', resetLimits.perAccount, 'fail'), redis, settings.passwordReset);
  });
  const mails = make(
    'resetMails',
    () => new ResetMails({ ...settings.passwordReset, productName: settings.mail.productName }, mailTemplates, mailer),
  );
  make('passwordReset', () => {
    const limits = {
      perClient: limiter('reset-client', resetLimits.perClient),
      perNetwork: limiter('reset-network', resetLimits.perNetwork),
      keyFailuresPerClient: limiter('key-failure-client', resetLimits.keyFailuresPerClient),
    };
    const parts = {
      accounts,
      passwordPolicy,
      passwordHash,
      resetKeys,
      receipts,
      budget,
      mails,
      jobs,
      audit,
      limits,
      log,
    };
    return new PasswordReset({
      ...parts,
      settings: { ...settings.passwordReset, askAgainAfterSeconds: paceOf(resetLimits.perAccount) },
    });
  });

  const health = async (): Promise<Health> => {
    const [postgres, redisHealth] = await Promise.all([orm.checkConnection().then(({ ok }) => ok), checkRedis(redis)]);
    const parts = {
      postgres: postgres ? 'ok' : 'away',
      redis: redisHealth,
      jobs: jobs.started ? 'ok' : 'starting',
    } as const;
    const ready = postgres && jobs.started;
    return { status: ready && redisHealth === 'ok' ? 'ok' : 'degraded', ready, parts };
  };
  const close = async () => {
    await jobs.stop();
    mailer.close();
    redis.disconnect();
    await orm.close(true);
  };
  return { ...(made as unknown as Parts), health, close };
}

/** Asking at this pace never meets the shortest window of the budget. */
function paceOf(windows: readonly Window[]): number {
  const [shortest] = [...windows].sort((one, other) => one.seconds - other.seconds);
  return shortest ? Math.ceil(shortest.seconds / shortest.points) : 60;
}
