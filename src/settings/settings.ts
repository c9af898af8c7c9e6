import type { LogLevel } from '../observability/log.js';
import { schemasOf } from '../stores/postgres/schemas.js';
import { brandOf } from './brand.js';
import { deepFreeze } from './deep-freeze.js';
import { Derived } from './defaults.js';
import type { ValueOf } from './definition.js';
import type { Command, Environment } from './environment.js';
import { eventsOf } from './events/events.js';
import { type SettingFault, SettingsError } from './faults.js';
import { languagesOf } from './languages.js';
import { parseEach } from './parse-each.js';
import { fileOf, readSecretFiles } from './secrets/files.js';
import { pepperOf } from './secrets/pepper.js';
import { knownNames, type SettingName, secretNames, settingRows, type settingsTable } from './table.js';
import { unknownSettings } from './unknown-settings.js';

export type Settings = ReturnType<typeof readSettings>;
export type { SettingFault, SettingName };
export { SettingsError };

type Values = { [Name in SettingName]: ValueOf<(typeof settingsTable)[Name]> };

/** Reads the secrets that stand in files into a copy of the environment; see `readSecretFiles`. */
export function withSecretFiles(environment: Environment) {
  return readSecretFiles(environment, secretNames);
}

/**
 * Reads and checks all settings. An empty value counts as unset; a secret may stand in a file (`SECRET_FILE`).
 *
 * @param toCome required settings that may be missing now, because the caller makes them later.
 * @throws SettingsError naming every fault.
 */
export function readSettings(given: Environment, command: Command, toCome: readonly SettingName[] = []) {
  const { environment, faults } = withSecretFiles(given);
  faults.push(...unknownSettings(given, knownNames).faults);
  const read = parseEach(environment, settingRows, faults);
  const values = withDefaults(read, command);
  const production = values.NODE_ENV === 'production';
  const isSet = (name: SettingName) => (environment[name] ?? '') !== '' || (given[fileOf(name)] ?? '') !== '';
  /** A setting that could not be read has its default now; no further fault is reported because of that. */
  const isWrong = (...names: SettingName[]) => names.some((name) => isSet(name) && read[name] === undefined);
  const fault = (name: SettingName, text: string) => {
    if (!isWrong(name)) faults.push({ name, fault: text });
  };
  const required = <Name extends SettingName>(name: Name, commands: readonly Command[], why: string) => {
    if (!isSet(name) && commands.includes(command) && !toCome.includes(name)) fault(name, `is not set; ${why}`);
    return values[name];
  };

  const servers = ['api', 'worker', 'dev'] as const;
  const inProduction = production ? servers : [];
  const { PORT: port, PUBLIC_URL: publicUrl, HOST: host, SIGN_UP: signUp } = values;
  const pepper = pepperOf(values, { isSet, fault, required });
  const events = eventsOf(values, { production, isSet, isWrong, fault, required });
  const signingKeys = required(
    'ACCESS_TOKEN_SIGNING_KEY',
    events.format === 'caep' && events.receivers.length > 0 ? servers : values.SIGN_IN ? ['api', 'dev'] : [],
    'give an Ed25519 private key (PKCS#8 PEM or JWK)',
  );
  const argon2 = { memoryKib: values.ARGON2_MEMORY_KIB, timeCost: values.ARGON2_TIME_COST };

  if (production && !publicUrl.startsWith('https:') && servers.some((each) => each === command)) {
    const was = isSet('PUBLIC_URL') ? `was ${JSON.stringify(publicUrl)}` : 'is not set';
    fault('PUBLIC_URL', `${was}; production allows https only, because links in mails are made from it`);
  }
  for (const name of ['RESET_PAGE_URL', 'SIGN_IN_URL', 'SUPPORT_URL'] as const) {
    if (!production || !isSet(name) || !values[name]?.startsWith('http:')) continue;
    const orMailto = name === 'SUPPORT_URL' ? ', or mailto:' : '';
    fault(name, `was ${JSON.stringify(values[name])}; production allows https only${orMailto}`);
  }
  if (production && signUp === 'open') {
    fault(
      'SIGN_UP',
      'was "open"; production refuses it, because it tells who has an account; allowed: closed, confirm',
    );
  }
  for (const each of values.ACCOUNTS?.faults ?? []) fault('ACCOUNTS', each);
  if (isSet('ACCOUNTS') && signUp !== 'closed') {
    fault('SIGN_UP', `was "${signUp}"; with ACCOUNTS the app makes the accounts; allowed: closed`);
  }
  if (!values.SIGN_IN && signUp !== 'closed') {
    fault('SIGN_UP', `was "${signUp}"; with SIGN_IN=off nobody could sign in to a new account; allowed: closed`);
  }
  const weakest = argon2.timeCost === 1 ? 47104 : argon2.timeCost === 2 ? 19456 : 12288;
  if (argon2.memoryKib < weakest && !isWrong('ARGON2_TIME_COST')) {
    fault(
      'ARGON2_MEMORY_KIB',
      `was ${argon2.memoryKib}; with ARGON2_TIME_COST=${argon2.timeCost} at least ${weakest} KiB (OWASP ASVS 5.0, 11.4.2)`,
    );
  }

  const keyTtlMaxSeconds = values.RESET_KEY_TTL_MAX;
  const tooLong = (seconds: number) => seconds > keyTtlMaxSeconds && !isWrong('RESET_KEY_TTL_MAX');
  const atMost = `at most RESET_KEY_TTL_MAX, which is ${keyTtlMaxSeconds} s`;
  if (tooLong(values.RESET_KEY_TTL)) fault('RESET_KEY_TTL', `was ${values.RESET_KEY_TTL}; ${atMost}`);
  // The key in the last mail of a budget lives until the budget refills, which is the longest window at most.
  const longestWindow = Math.max(...values.LIMIT_RESET_PER_ACCOUNT.map(({ seconds }) => seconds));
  if (tooLong(longestWindow)) {
    fault(
      'LIMIT_RESET_PER_ACCOUNT',
      `has a window of ${longestWindow} s; ${atMost}, because a key must live that long`,
    );
  }

  const operations = { port: values.OPS_PORT, host: values.OPS_HOST };
  const overlap = host === operations.host || [host, operations.host].some((each) => /^(?:0\.0\.0\.0|::)$/.test(each));
  if ((command === 'api' || command === 'dev') && port > 0 && port === operations.port && overlap && !isWrong('PORT')) {
    fault('OPS_PORT', `is ${port}, as PORT is; each needs its own, and OPS_PORT=0 turns this one off`);
  }

  const settings = {
    command,
    production,
    log: { level: values.LOG_LEVEL satisfies LogLevel },
    http: { port, host, publicUrl, trustProxy: values.TRUST_PROXY, corsOrigins: values.CORS_ORIGINS },
    operations,
    graphql: { sandbox: values.SANDBOX, introspection: values.INTROSPECTION },
    database: {
      url:
        required('DATABASE_URL', [...servers, 'migrate', 'account'], 'give postgres://user:password@host/database') ??
        '',
      directUrl: values.DATABASE_DIRECT_URL,
      schemas: schemasOf(values.DATABASE_SCHEMA),
      pool: values.DATABASE_POOL,
      queuePool: values.DATABASE_QUEUE_POOL,
    },
    redis: {
      url: required('REDIS_URL', servers, 'give redis://:password@host:6379/0') ?? '',
      keyPrefix: values.REDIS_KEY_PREFIX,
    },
    secrets:
      required('SECRET', servers, 'give at least 32 random bytes, for instance from `openssl rand -base64 32`') ?? [],
    mail: {
      smtpUrls: required('SMTP_URL', ['worker', 'dev'], 'give smtp://user:password@host:587') ?? [],
      from: required('MAIL_FROM', inProduction, 'give the sender: Acme <no-reply@acme.example>'),
      productName: required('PRODUCT_NAME', inProduction, 'give the name that people know'),
      replyTo: values.MAIL_REPLY_TO,
      requireTls: production,
    },
    brand: brandOf(values),
    languages: languagesOf(values, { isSet, isWrong, fault }),
    accounts: {
      shape: values.ACCOUNTS?.shape,
      signIn: values.SIGN_IN,
      signUp,
      passwordMinLength: values.PASSWORD_MIN_LENGTH,
      passwordMaxLength: 128,
      pepper,
      argon2,
      hashConcurrency: values.HASH_CONCURRENCY,
      hashQueue: values.HASH_QUEUE,
      accessToken: {
        signingKeys: signingKeys ?? [],
        ttlSeconds: values.ACCESS_TOKEN_TTL,
        issuer: publicUrl,
        audience: values.ACCESS_TOKEN_AUDIENCE,
      },
      limits: {
        signInPerAddressAndClient: values.LIMIT_SIGN_IN_PER_ADDRESS_AND_CLIENT,
        signIn: {
          perClient: values.LIMIT_SIGN_IN_PER_CLIENT,
          perNetwork: values.LIMIT_SIGN_IN_PER_NETWORK,
        },
        signInPerAddress: values.LIMIT_SIGN_IN_PER_ADDRESS,
        changePasswordPerAccount: values.LIMIT_CHANGE_PASSWORD_PER_ACCOUNT,
        signInPerDevice: values.LIMIT_SIGN_IN_PER_DEVICE,
        hash: {
          perClient: values.LIMIT_HASH_PER_CLIENT,
          perNetwork: values.LIMIT_HASH_PER_NETWORK,
        },
        signUp: {
          perClient: values.LIMIT_SIGN_UP_PER_CLIENT,
          perNetwork: values.LIMIT_SIGN_UP_PER_NETWORK,
        },
      },
    },
    events,
    passwordReset: {
      pageUrl: values.RESET_PAGE_URL,
      signInUrl: values.SIGN_IN_URL,
      supportUrl: values.SUPPORT_URL,
      keyTtlSeconds: values.RESET_KEY_TTL,
      keyTtlMaxSeconds,
      requestDeadlineSeconds: values.RESET_REQUEST_DEADLINE,
      notifyUnknown: values.NOTIFY_UNKNOWN_ADDRESS,
      limits: {
        unknownPerAddress: values.LIMIT_NOTIFY_UNKNOWN_PER_ADDRESS,
        unknownPerClient: values.LIMIT_NOTIFY_UNKNOWN_PER_CLIENT,
        unknownInAll: values.LIMIT_NOTIFY_UNKNOWN_IN_ALL,
        perAccount: values.LIMIT_RESET_PER_ACCOUNT,
        requests: {
          perClient: values.LIMIT_RESET_PER_CLIENT,
          perNetwork: values.LIMIT_RESET_PER_NETWORK,
        },
        keyFailures: {
          perClient: values.LIMIT_KEY_FAILURES_PER_CLIENT,
          perNetwork: values.LIMIT_KEY_FAILURES_PER_NETWORK,
        },
      },
    },
  };
  if (faults.length > 0) throw new SettingsError(faults);
  return deepFreeze(settings);
}

/** Fills in the defaults, in the order of the table, because a default may depend on earlier settings. */
function withDefaults(read: Readonly<Record<string, unknown>>, command: Command): Values {
  const values: Record<string, unknown> = {};
  for (const [name, { byDefault }] of settingRows) {
    const derive = () =>
      byDefault instanceof Derived ? byDefault.from({ ...(values as Values), command }) : byDefault;
    values[name] = read[name] ?? derive();
  }
  return values as Values;
}
