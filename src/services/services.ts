import { Accounts } from '../accounts/accounts.js';
import { ChangePassword } from '../accounts/change-password.js';
import { CommonPasswords } from '../accounts/passwords/common-passwords.js';
import { FormShares } from '../accounts/passwords/form-shares.js';
import { HashLimiter } from '../accounts/passwords/hash-limiter.js';
import { NewPasswords } from '../accounts/passwords/new-passwords.js';
import { PasswordHash } from '../accounts/passwords/password-hash.js';
import { PasswordPolicy } from '../accounts/passwords/password-policy.js';
import { AccessTokens } from '../accounts/sessions/access-token.js';
import { Devices } from '../accounts/sessions/devices.js';
import { OwnerLimits } from '../accounts/sessions/owner-limits.js';
import { Sessions } from '../accounts/sessions/sessions.js';
import { SignInFailures } from '../accounts/sessions/sign-in-failures.js';
import { SignUp } from '../accounts/sign-up.js';
import { Audit } from '../audit/audit.js';
import { DialogueTimes } from '../mail/dialogue-times.js';
import { MailTemplates } from '../mail/mail-template.js';
import { Mailer } from '../mail/mailer.js';
import { smtpTimeouts } from '../mail/relay/relay.js';
import { createLog } from '../observability/log.js';
import { openLogOutput } from '../observability/log-output.js';
import { Metrics } from '../observability/metrics.js';
import { commonPasswordsFile, templatesFolder } from '../package-files.js';
import { PasswordReset } from '../password-reset/password-reset.js';
import { paceOf, ResetBudget } from '../password-reset/reset-budget.js';
import { ResetKeys } from '../password-reset/reset-keys.js';
import { ResetMails } from '../password-reset/reset-mails.js';
import { ResetReceipts } from '../password-reset/reset-receipts.js';
import { UnknownAddresses } from '../password-reset/unknown-addresses.js';
import { DataKey } from '../secrets/data-key.js';
import { Pseudonyms } from '../secrets/pseudonyms.js';
import type { Settings } from '../settings/settings.js';
import { watchRedis } from '../stores/redis/health.js';
import { openRedis } from '../stores/redis/redis.js';
import { openDatabase } from './database.js';
import { rightsOf, tellMissingRights } from './database-rights.js';
import { measureRelays, measureServices } from './gauges.js';
import { HealthCheck } from './health.js';
import { createLimits } from './limits.js';
import { lineSecurity } from './line-security.js';
import { openJobQueue } from './open-job-queue.js';
import type { Overrides, Parts, Services } from './parts.js';
import { queues, slotsOfQueues, workerSlots } from './queues.js';
import { redisFamilies } from './redis-names.js';
import { signUpConfirmation } from './sign-up-confirmation.js';
import { measureStores } from './store-gauges.js';

export type { Overrides, Services };

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

  const metrics = make('metrics', () => new Metrics());
  const log = make('log', () => {
    const output = openLogOutput(() => metrics.logLineLost());
    return createLog(settings.log.level, settings.command, output);
  });
  const orm = make('orm', () => openDatabase(settings.database.url, { poolSize: settings.database.pool }));
  const redis = make('redis', () => openRedis(settings.redis.url, log, settings.redis.keyPrefix));
  watchRedis(redis, (policy) => {
    if (policy === 'unknown') {
      const message = 'whether Redis may evict keys is unknown: its user may not ask (INFO); see that it may not';
      return log.warn({ part: 'redis', reason: 'redis-policy-unknown' }, message);
    }
    metrics.alarm('redis-evicts');
    log.error(
      { part: 'redis', reason: 'redis-evicts' },
      'ALARM: Redis may evict keys; set maxmemory-policy noeviction',
    );
  });
  const jobs = make('jobs', () => openJobQueue(settings, { log, metrics, worker: worksOnJobs }));
  const audit = make('audit', () => new Audit(orm, log, metrics));

  const limits = createLimits(settings, redis, { metrics, audit });

  const hashLimiter = make('hashLimiter', () => new HashLimiter(settings.accounts));
  const passwordHash = make('passwordHash', () => new PasswordHash(settings.accounts.argon2, hashLimiter));
  const passwordPolicy = make('passwordPolicy', () => {
    const { passwordMinLength: minLength, passwordMaxLength: maxLength } = settings.accounts;
    const { productName } = settings.mail;
    return new PasswordPolicy({ minLength, maxLength, productName }, CommonPasswords.read(commonPasswordsFile));
  });
  const newPasswords = new NewPasswords(passwordHash, limits.samePassword);
  const accessTokens = make('accessTokens', () => new AccessTokens(settings.accounts.accessToken));
  const accounts = make('accounts', () => new Accounts(orm));
  const dataKey = make('dataKey', () => new DataKey(orm, settings.secrets, log, metrics));
  const pseudonyms = new Pseudonyms(dataKey);
  const devices = make('devices', () => new Devices(settings.secrets));
  const formShares = make('formShares', () => new FormShares(orm, pseudonyms, passwordHash.ownForm, log));
  const signInFailures = make('signInFailures', () => new SignInFailures(limits.signInFailures, pseudonyms, devices));
  const mailTemplates = make('mailTemplates', () => new MailTemplates(templatesFolder));
  make('signUp', () => {
    const knownLocale = (tag: string | null | undefined) => mailTemplates.knownLocale(tag);
    return new SignUp({
      accounts,
      passwordPolicy,
      passwordHash,
      audit,
      log,
      limits,
      jobs,
      keyLifetimeSeconds: settings.passwordReset.keyTtlSeconds,
      mode: settings.accounts.signUp,
      knownLocale,
    });
  });
  const opening = {
    accounts,
    accessTokens,
    devices,
    passwordHash,
    formShares,
    passwordPolicy,
    signInFailures,
    audit,
    log,
  };
  const sessions = make('sessions', () => new Sessions(opening));
  const ownerLimits = new OwnerLimits({ accounts, audit, limits: limits.changePassword, log, metrics });
  make('changePassword', () => new ChangePassword({ ...opening, sessions, newPasswords, ownerLimits, jobs }));

  const connections = workerSlots.links + workerSlots.notices + workerSlots.signUps;
  const domainName = (domain: string) => pseudonyms.of(`domain ${domain}`);
  const dialogueTimes = make('dialogueTimes', () => new DialogueTimes(redis, domainName, smtpTimeouts.whole));
  const mailer = make('mailer', () => {
    return new Mailer(settings.mail, log, metrics, { connections, slots: slotsOfQueues, times: dialogueTimes });
  });
  const resetKeys = make('resetKeys', () => new ResetKeys(redis, settings.secrets, log, metrics));
  const receipts = make('resetReceipts', () => new ResetReceipts(orm));
  const budget = make('resetBudget', () => {
    const name = (text: string) => pseudonyms.of(text);
    return new ResetBudget(redis, name, settings.passwordReset, limits.reset.accountRefused);
  });
  const mails = make(
    'resetMails',
    () => new ResetMails({ ...settings.passwordReset, productName: settings.mail.productName }, mailTemplates, mailer),
  );
  make('passwordReset', () => {
    const unknown = { settings: settings.passwordReset, limits: limits.unknown, redis, pseudonyms, mails };
    const parts = {
      accounts,
      devices,
      passwordPolicy,
      passwordHash,
      newPasswords,
      formShares,
      resetKeys,
      receipts,
      budget,
      mails,
      unknownAddresses: new UnknownAddresses(unknown),
      jobs,
      audit,
      limits: limits.reset,
      log,
    };
    return new PasswordReset({
      ...parts,
      settings: { ...settings.passwordReset, askAgainAfterSeconds: paceOf(settings.passwordReset.limits.perAccount) },
    });
  });

  const forSignUp = { accounts, audit, log, mails, metrics, passwordHash, passwordPolicy, pseudonyms, receipts, redis };
  const byMail = signUpConfirmation(settings, limits, forSignUp);
  make('confirmSignUp', byMail.confirm);
  make('signUpDelivery', byMail.delivery);

  const healthCheck = new HealthCheck({
    orm,
    redis,
    jobs,
    dataKey,
    lines: lineSecurity(settings, log),
    families: redisFamilies,
    rights: rightsOf(settings.command),
  });
  const health = () => healthCheck.check();
  void tellMissingRights(health, log);
  const close = async () => {
    dataKey.stop();
    await jobs.stop();
    await audit.written();
    mailer.close();
    redis.disconnect();
    await orm.close(true);
  };
  const services = { ...(made as unknown as Parts), health };
  measureServices(services, queues);
  measureStores(metrics, { orm, redis, keyPrefix: settings.redis.keyPrefix });
  if (worksOnJobs) measureRelays(services);
  return { ...services, announceEnd: () => healthCheck.end(), close };
}
