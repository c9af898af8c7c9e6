import type { LogLevel } from '../observability/log.js';
import { coresOfQuota } from './cores.js';
import { deepFreeze } from './deep-freeze.js';
import type { Command, Environment } from './environment.js';
import { type SettingFault, SettingsError } from './faults.js';
import { parseEach } from './parse-each.js';
import type { ReadBy } from './reader.js';
import { fileOf, readSecretFiles } from './secret-files.js';
import { knownNames, type SettingName, secretNames, settingRows, type settingsTable } from './table.js';
import { unknownSettings } from './unknown-settings.js';

export type Settings = ReturnType<typeof readSettings>;
export type { SettingFault, SettingName };
export { SettingsError };

type Values = { [Name in SettingName]: ReadBy<(typeof settingsTable)[Name]['value']> | undefined };

/** Secrets in files are read into an environment that names no file. */
export function withSecretFiles(environment: Environment) {
  return readSecretFiles(environment, secretNames);
}

/**
 * Reads the environment once. An empty value counts as unset, a secret may stand in a file (`SECRET_FILE`).
 *
 * @param toCome required settings that may still be missing, because the caller makes them later.
 * @throws SettingsError naming every fault.
 */
export function readSettings(given: Environment, command: Command, toCome: readonly SettingName[] = []) {
  const { environment, faults } = withSecretFiles(given);
  faults.push(...unknownSettings(given, knownNames).faults);
  const values = parseEach(environment, settingRows, faults) as Values;
  const production = (values.NODE_ENV ?? (command === 'dev' ? 'development' : 'production')) === 'production';
  const fault = (name: SettingName, text: string) => faults.push({ name, fault: text });
  const isSet = (name: SettingName) => (environment[name] ?? '') !== '' || (given[fileOf(name)] ?? '') !== '';
  /** What is wrong already is not blamed for what follows from its default. */
  const isWrong = (...names: SettingName[]) => names.some((name) => isSet(name) && values[name] === undefined);
  const required = <Name extends SettingName>(name: Name, commands: readonly Command[], why: string) => {
    if (!isSet(name) && commands.includes(command) && !toCome.includes(name)) fault(name, `is not set; ${why}`);
    return values[name];
  };

  const servers = ['api', 'worker', 'dev'] as const;
  const inProduction = production ? servers : [];
  const port = values.PORT ?? 4000;
  const publicUrl = values.PUBLIC_URL ?? `http://localhost:${port}`;
  const signingKeys = required(
    'ACCESS_TOKEN_SIGNING_KEY',
    ['api', 'dev'],
    'give an Ed25519 private key (PKCS#8 PEM or JWK)',
  );
  const argon2 = { memoryKib: values.ARGON2_MEMORY_KIB ?? 19456, timeCost: values.ARGON2_TIME_COST ?? 2 };
  const signUp = values.SIGN_UP ?? (command === 'dev' && !production ? 'open' : 'closed');

  if (
    production &&
    !publicUrl.startsWith('https:') &&
    !isWrong('PUBLIC_URL') &&
    servers.some((each) => each === command)
  ) {
    const was = values.PUBLIC_URL ? `was ${JSON.stringify(publicUrl)}` : 'is not set';
    fault('PUBLIC_URL', `${was}; production allows https only, because links in mails are made from it`);
  }
  for (const name of ['RESET_PAGE_URL', 'SIGN_IN_URL', 'SUPPORT_URL'] as const) {
    if (!production || !values[name]?.startsWith('http:')) continue;
    const orMailto = name === 'SUPPORT_URL' ? ', or mailto:' : '';
    fault(name, `was ${JSON.stringify(values[name])}; production allows https only${orMailto}`);
  }
  if (production && signUp === 'open') {
    fault(
      'SIGN_UP',
      'was "open"; production refuses it, because it tells who has an account; allowed: closed, confirm',
    );
  }
  const weakest = argon2.timeCost === 1 ? 47104 : argon2.timeCost === 2 ? 19456 : 12288;
  if (argon2.memoryKib < weakest && !isWrong('ARGON2_MEMORY_KIB', 'ARGON2_TIME_COST')) {
    fault(
      'ARGON2_MEMORY_KIB',
      `was ${argon2.memoryKib}; with ARGON2_TIME_COST=${argon2.timeCost} at least ${weakest} KiB (OWASP ASVS 5.0, 11.4.2)`,
    );
  }

  const keyTtlMaxSeconds = values.RESET_KEY_TTL_MAX ?? 86_400;
  const tooLong = (seconds: number) => seconds > keyTtlMaxSeconds && !isWrong('RESET_KEY_TTL_MAX');
  const atMost = `at most RESET_KEY_TTL_MAX, which is ${keyTtlMaxSeconds} s`;
  if (tooLong(values.RESET_KEY_TTL ?? 3600)) fault('RESET_KEY_TTL', `was ${values.RESET_KEY_TTL ?? 3600}; ${atMost}`);
  // The last mail of a budget carries a key that lives until the budget refills.
  const longestWindow = Math.max(
    ...(values.LIMIT_RESET_PER_ACCOUNT ?? [{ seconds: 21_600 }]).map(({ seconds }) => seconds),
  );
  if (tooLong(longestWindow)) {
    fault(
      'LIMIT_RESET_PER_ACCOUNT',
      `has a window of ${longestWindow} s; ${atMost}, because a key must live that long`,
    );
  }

  const host = values.HOST ?? (production ? '0.0.0.0' : '127.0.0.1');
  const operations = { port: values.OPS_PORT ?? 9464, host: values.OPS_HOST ?? '127.0.0.1' };
  const overlap = host === operations.host || [host, operations.host].some((each) => /^(?:0\.0\.0\.0|::)$/.test(each));
  if ((command === 'api' || command === 'dev') && port > 0 && port === operations.port && overlap) {
    fault('OPS_PORT', `is ${port}, as PORT is; each needs its own, and OPS_PORT=0 turns this one off`);
  }

  const settings = {
    command,
    production,
    log: { level: (values.LOG_LEVEL ?? 'info') satisfies LogLevel as LogLevel },
    http: {
      port,
      host,
      publicUrl,
      trustProxy: values.TRUST_PROXY ?? [],
      corsOrigins:
        values.CORS_ORIGINS ??
        (production ? [] : ['https://studio.apollographql.com', 'https://sandbox.embed.apollographql.com']),
    },
    operations,
    graphql: { sandbox: values.SANDBOX ?? !production, introspection: values.INTROSPECTION ?? !production },
    database: {
      url:
        required('DATABASE_URL', [...servers, 'migrate', 'account'], 'give postgres://user:password@host/database') ??
        '',
      directUrl: values.DATABASE_DIRECT_URL,
      pool: values.DATABASE_POOL ?? 10,
      queuePool: values.DATABASE_QUEUE_POOL ?? 8,
    },
    redis: {
      url: required('REDIS_URL', servers, 'give redis://:password@host:6379/0') ?? '',
      keyPrefix: values.REDIS_KEY_PREFIX ?? '',
    },
    secrets:
      required('SECRET', servers, 'give at least 32 random bytes, for instance from `openssl rand -base64 32`') ?? [],
    mail: {
      smtpUrls: required('SMTP_URL', ['worker', 'dev'], 'give smtp://user:password@host:587') ?? [],
      from: required('MAIL_FROM', inProduction, 'give the sender: Acme <no-reply@acme.example>') ?? {
        name: 'Latchkey',
        address: 'no-reply@localhost',
      },
      productName: required('PRODUCT_NAME', inProduction, 'give the name that people know') ?? 'Latchkey',
      requireTls: production,
    },
    accounts: {
      signUp,
      passwordMinLength: values.PASSWORD_MIN_LENGTH ?? 15,
      passwordMaxLength: 128,
      argon2,
      hashConcurrency: values.HASH_CONCURRENCY ?? coresOfQuota(),
      hashQueue: values.HASH_QUEUE ?? 64,
      accessToken: {
        signingKeys: signingKeys ?? [],
        ttlSeconds: values.ACCESS_TOKEN_TTL ?? 900,
        issuer: publicUrl,
        audience: values.ACCESS_TOKEN_AUDIENCE ?? publicUrl,
      },
      limits: {
        signInPerAddressAndClient: values.LIMIT_SIGN_IN_PER_ADDRESS_AND_CLIENT ?? [{ points: 10, seconds: 900 }],
        signIn: {
          perClient: values.LIMIT_SIGN_IN_PER_CLIENT ?? [{ points: 100, seconds: 900 }],
          perNetwork: values.LIMIT_SIGN_IN_PER_NETWORK ?? [{ points: 1000, seconds: 900 }],
        },
        signInPerAddress: values.LIMIT_SIGN_IN_PER_ADDRESS ?? [{ points: 100, seconds: 86400 }],
        changePasswordPerAccount: values.LIMIT_CHANGE_PASSWORD_PER_ACCOUNT ?? [{ points: 5, seconds: 3600 }],
        signInPerDevice: values.LIMIT_SIGN_IN_PER_DEVICE ?? [
          { points: 10, seconds: 900 },
          { points: 100, seconds: 86400 },
        ],
        hash: {
          perClient: values.LIMIT_HASH_PER_CLIENT ?? [{ points: 300, seconds: 300 }],
          perNetwork: values.LIMIT_HASH_PER_NETWORK ?? [{ points: 600, seconds: 60 }],
        },
        signUp: {
          perClient: values.LIMIT_SIGN_UP_PER_CLIENT ?? [{ points: 10, seconds: 3600 }],
          perNetwork: values.LIMIT_SIGN_UP_PER_NETWORK ?? [{ points: 100, seconds: 3600 }],
        },
      },
    },
    passwordReset: {
      pageUrl: values.RESET_PAGE_URL ?? `${publicUrl}/reset-password`,
      signInUrl: values.SIGN_IN_URL,
      supportUrl: values.SUPPORT_URL,
      keyTtlSeconds: values.RESET_KEY_TTL ?? 3600,
      keyTtlMaxSeconds,
      requestDeadlineSeconds: values.RESET_REQUEST_DEADLINE ?? 3600,
      notifyUnknown: values.NOTIFY_UNKNOWN_ADDRESS ?? false,
      limits: {
        unknownPerAddress: values.LIMIT_NOTIFY_UNKNOWN_PER_ADDRESS ?? [{ points: 1, seconds: 86400 }],
        unknownPerClient: values.LIMIT_NOTIFY_UNKNOWN_PER_CLIENT ?? [{ points: 5, seconds: 86400 }],
        unknownInAll: values.LIMIT_NOTIFY_UNKNOWN_IN_ALL ?? [{ points: 30, seconds: 3600 }],
        perAccount: values.LIMIT_RESET_PER_ACCOUNT ?? [
          { points: 3, seconds: 3600 },
          { points: 5, seconds: 21600 },
        ],
        requests: {
          perClient: values.LIMIT_RESET_PER_CLIENT ?? [{ points: 30, seconds: 900 }],
          perNetwork: values.LIMIT_RESET_PER_NETWORK ?? [{ points: 300, seconds: 900 }],
        },
        keyFailures: {
          perClient: values.LIMIT_KEY_FAILURES_PER_CLIENT ?? [{ points: 20, seconds: 900 }],
          perNetwork: values.LIMIT_KEY_FAILURES_PER_NETWORK ?? [{ points: 200, seconds: 900 }],
        },
      },
    },
  };
  if (faults.length > 0) throw new SettingsError(faults);
  return deepFreeze(settings);
}
