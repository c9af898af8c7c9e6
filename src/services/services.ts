import { AccountMails } from '../accounts/account-mails.js';
import { Accounts } from '../accounts/accounts.js';
import { ChangeNotices } from '../accounts/change-notices.js';
import { ChangePassword } from '../accounts/change-password.js';
import { Overwrites } from '../accounts/overwrites.js';
import { CommonPasswords } from '../accounts/passwords/common-passwords.js';
import { FormShares } from '../accounts/passwords/forms/shares.js';
import { HashLimiter } from '../accounts/passwords/hashing/hash-limiter.js';
import { NewPasswords } from '../accounts/passwords/new-passwords.js';
import { bcryptBytes, PasswordHash } from '../accounts/passwords/password-hash.js';
import { PasswordPolicy } from '../accounts/passwords/password-policy.js';
import { AccessTokens } from '../accounts/sessions/access-token.js';
import { Devices } from '../accounts/sessions/devices.js';
import { OwnerLimits } from '../accounts/sessions/owner-limits.js';
import { Sessions } from '../accounts/sessions/sessions.js';
import { SignInFailures } from '../accounts/sessions/sign-in-failures.js';
import { SignUp } from '../accounts/sign-up.js';
import { idBeside } from '../accounts/source/beside.js';
import { Stamps } from '../accounts/source/stamps.js';
import { Audit } from '../audit/audit.js';
import { DialogueTimes } from '../mail/dialogue-times.js';
import { Mailer } from '../mail/mailer.js';
import { smtpTimeouts } from '../mail/relay/relay.js';
import { createLog } from '../observability/log.js';
import { openLogOutput } from '../observability/log-output.js';
import { Metrics } from '../observability/metrics.js';
import { commonPasswordsFile } from '../package-files.js';
import { paceOf, ResetBudget } from '../password-reset/budget/reset-budget.js';
import { Replays } from '../password-reset/keys/replays.js';
import { ResetKeys } from '../password-reset/keys/reset-keys.js';
import { ResetReceipts } from '../password-reset/keys/reset-receipts.js';
import { PasswordReset } from '../password-reset/password-reset.js';
import { ResetMails } from '../password-reset/reset-mails.js';
import { UnknownAddresses } from '../password-reset/unknown-addresses.js';
import { DataKey } from '../secrets/data-key.js';
import { Pseudonyms } from '../secrets/pseudonyms.js';
import type { Settings } from '../settings/settings.js';
import { ConfirmSignUp } from '../sign-up-confirmation/confirm-sign-up.js';
import { SignUpDelivery } from '../sign-up-confirmation/sign-up-delivery.js';
import { SignUpKeys } from '../sign-up-confirmation/sign-up-keys.js';
import { SignUpMails } from '../sign-up-confirmation/sign-up-mails.js';
import { openRedis } from '../stores/redis/redis.js';
import { createAccountsCheck, tellAppFaults } from './adopted.js';
import { openDatabase } from './database.js';
import { createEvents } from './events.js';
import { measureRelays, measureServices } from './gauges.js';
import { HealthCheck } from './health.js';
import { Instance } from './instance.js';
import { createLimits } from './limits.js';
import { lineSecurity } from './line-security.js';
import { openJobQueue } from './open-job-queue.js';
import { openMailTemplates } from './own-mail-templates.js';
import type { Make, Overrides, Parts, Services } from './parts.js';
import { queues, slotsOfQueues, slotsOfWorker } from './queues.js';
import { redisFamilies } from './redis-names.js';
import { rightsOf, tellMissingRights } from './rights.js';
import { measureStores } from './store-gauges.js';
import { watchEviction } from './watch-eviction.js';

export type { Overrides, Services };

/**
 * The composition root: makes every object of a process once. Nothing is kept in module variables, so two servers can
 * run side by side. If a part is not made here, this does not compile.
 *
 * @throws DatabaseUrlError, RedisUrlError when a URL cannot be read; `readSettings` has checked them before.
 */
export function createServices(settings: Settings, overrides: Overrides = {}): Services {
  const made: { -readonly [Name in keyof Parts]?: Parts[Name] } = {};
  const make: Make = (name, standard) => {
    const part = overrides[name]?.(made) ?? standard();
    made[name] = part;
    return part;
  };
  const worksOnJobs = settings.command === 'worker' || settings.command === 'dev';

  const metrics = make('metrics', () => new Metrics());
  const log = make('log', () => {
    const output = openLogOutput(() => metrics.logLineLost());
    return createLog(settings.log.level, settings.command, output);
  });
  const orm = make('orm', () =>
    openDatabase(settings.database.url, { schemas: settings.database.schemas, poolSize: settings.database.pool }),
  );
  const origin = settings.production ? settings.http.publicUrl : undefined;
  const instance = make('instance', () => new Instance(orm, origin, log));
  const redis = make('redis', () => openRedis(settings.redis.url, log, settings.redis.keyPrefix));
  watchEviction(redis, log, metrics);
  const jobs = make('jobs', () => openJobQueue(settings, { log, metrics, worker: worksOnJobs }));
  const { shape } = settings.accounts;
  const shapeName = shape?.name ?? '';
  const nameInTrail = shape ? (accountId: string) => idBeside(shapeName, accountId) : undefined;
  const audit = make('audit', () => new Audit(orm, log, metrics, nameInTrail));
  const limits = createLimits(settings, redis, { metrics, audit });

  const hashLimiter = make('hashLimiter', () => new HashLimiter(settings.accounts));
  const passwordHash = make('passwordHash', () => {
    const { argon2, pepper } = settings.accounts;
    return new PasswordHash(argon2, hashLimiter, undefined, shape?.write, { app: shape !== undefined, pepper });
  });
  const passwordPolicy = make('passwordPolicy', () => {
    const { passwordMinLength: minLength, passwordMaxLength: maxLength } = settings.accounts;
    const { productName } = settings.mail;
    const maxBytes = shape?.write.format === 'bcrypt' ? bcryptBytes : undefined;
    const policy = { minLength, maxLength, maxBytes, productName };
    return new PasswordPolicy(policy, CommonPasswords.read(commonPasswordsFile));
  });
  const newPasswords = new NewPasswords(passwordHash, limits.samePassword);
  const accessTokens = make('accessTokens', () => new AccessTokens(settings.accounts.accessToken));
  const accounts = make('accounts', () => new Accounts(orm, shape, tellAppFaults(log, metrics)));
  const accountsCheck = make('accountsCheck', () => createAccountsCheck(settings, { orm, log, metrics, passwordHash }));
  const stamps = new Stamps(settings.secrets);
  const dataKey = make('dataKey', () => new DataKey(orm, settings.secrets, log, metrics));
  const pseudonyms = new Pseudonyms(dataKey);
  const devices = make('devices', () => new Devices(settings.secrets));
  const formShares = make('formShares', () => {
    const hashesOfApp = shape && (() => accounts.hashes());
    return new FormShares(orm, pseudonyms, passwordHash.ownForm, log, undefined, hashesOfApp);
  });
  const signInFailures = make('signInFailures', () => new SignInFailures(limits.signInFailures, pseudonyms, devices));

  const mailTemplates = make('mailTemplates', () => openMailTemplates(settings));
  const dialogueTimes = make('dialogueTimes', () => {
    return new DialogueTimes(redis, (domain) => pseudonyms.of(`domain ${domain}`), smtpTimeouts.whole);
  });
  const mailer = make('mailer', () => {
    const connections = slotsOfWorker;
    return new Mailer(settings.mail, log, metrics, { connections, slots: slotsOfQueues, times: dialogueTimes });
  });
  const accountMails = make('accountMails', () => new AccountMails(settings.mail.productName, mailTemplates, mailer));
  const { receivers, eventOrder, credentialEvents } = createEvents(make, settings, { log, orm, jobs, worksOnJobs });
  const overwrites = make('overwrites', () => new Overwrites({ accounts, stamps, jobs, log, metrics }));
  const changeNotices = make('changeNotices', () => {
    const { passwordReset: pages } = settings;
    return new ChangeNotices({ accounts, audit, jobs, overwrites, mails: accountMails, settings: pages });
  });

  const checks = { accounts, passwordPolicy, passwordHash, audit, log };
  const signUp = make('signUp', () => {
    const { keyTtlSeconds: keyLifetimeSeconds } = settings.passwordReset;
    const knownLocale = (tag: string | null | undefined) => accountMails.knownLocale(tag);
    return new SignUp({ ...checks, limits, jobs, keyLifetimeSeconds, mode: settings.accounts.signUp, knownLocale });
  });
  const signInIsOn = settings.accounts.signIn;
  const opening = {
    ...{ ...checks, accessTokens, credentialEvents, devices, formShares },
    ...{ metrics, signInFailures, signInIsOn, stamps },
  };
  const sessions = make('sessions', () => new Sessions(opening));
  const changePassword = make('changePassword', () => {
    const ownerLimits = new OwnerLimits({ ...opening, limits: limits.changePassword });
    return new ChangePassword({ ...opening, sessions, newPasswords, ownerLimits, changeNotices });
  });

  const resetKeys = make('resetKeys', () => new ResetKeys(redis, settings.secrets, log, metrics, shapeName));
  const resetReceipts = make('resetReceipts', () => new ResetReceipts(orm, shapeName));
  const replays = make('replays', () => new Replays({ accounts, passwordHash, receipts: resetReceipts }));
  const resetBudget = make('resetBudget', () => {
    const nameOf = (text: string) => pseudonyms.of(text);
    return new ResetBudget(redis, nameOf, settings.passwordReset, limits.reset.accountRefused);
  });
  const resetMails = make('resetMails', () => new ResetMails(settings.passwordReset, accountMails));
  const passwordReset = make('passwordReset', () => {
    const askAgainAfterSeconds = paceOf(settings.passwordReset.limits.perAccount);
    const unknown = { settings: settings.passwordReset, limits: limits.unknown, redis, pseudonyms, mails: resetMails };
    return new PasswordReset({
      ...{ accounts, audit, devices, formShares, jobs, log, metrics, newPasswords, passwordPolicy },
      ...{ accountMails, changeNotices, credentialEvents, replays, resetKeys, budget: resetBudget, mails: resetMails },
      limits: limits.reset,
      receipts: resetReceipts,
      settings: { ...settings.passwordReset, askAgainAfterSeconds },
      unknownAddresses: new UnknownAddresses(unknown),
    });
  });

  const signUpKeys = new SignUpKeys(redis, settings.secrets, log, metrics);
  const confirmSignUp = make('confirmSignUp', () => {
    const isOn = settings.accounts.signUp === 'confirm';
    const { keyFailures } = limits.reset;
    return new ConfirmSignUp({ ...checks, keys: signUpKeys, keyFailures, isOn, receipts: resetReceipts, replays });
  });
  const signUpDelivery = make('signUpDelivery', () => {
    const mails = new SignUpMails(settings.passwordReset, accountMails);
    const { signUpMailsPerAddress: mailsPerAddress } = limits;
    const stores = { redis, pseudonyms, keys: signUpKeys, settings: settings.passwordReset };
    return new SignUpDelivery({ accounts, audit, accountMails, mails, mailsPerAddress, ...stores });
  });

  const healthCheck = new HealthCheck({
    ...{ orm, redis, jobs, dataKey, accountsCheck },
    lines: lineSecurity(settings, log),
    families: redisFamilies,
    rights: rightsOf(settings),
  });
  const health = () => healthCheck.check();
  void tellMissingRights(health, log);
  const close = async () => {
    instance.stop();
    dataKey.stop();
    await jobs.stop();
    await sessions.settled();
    await audit.written();
    mailer.close();
    for (const receiver of receivers) receiver.close();
    redis.disconnect();
    await orm.close(true);
  };
  const services: Services = {
    ...{ log, metrics, orm, instance, redis, jobs, audit, dataKey, hashLimiter, passwordHash, formShares },
    ...{ passwordPolicy, accessTokens, accounts, accountsCheck, overwrites, devices, signInFailures, signUp },
    ...{ sessions, changePassword, changeNotices, receivers, eventOrder, credentialEvents },
    ...{ accountMails, mailTemplates, dialogueTimes, mailer, resetKeys, resetReceipts, replays, resetBudget },
    ...{ resetMails, passwordReset, confirmSignUp, signUpDelivery, health, close },
    announceEnd: () => healthCheck.end(),
  };
  measureServices(services, queues);
  measureStores(metrics, { orm, redis, keyPrefix: settings.redis.keyPrefix });
  if (worksOnJobs) measureRelays(services);
  return services;
}
