import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { settingsTable } from '../../src/settings/table.js';

/** Settings by the names of their environment variables. */
export type Environment = Readonly<Record<string, string>>;

/** Settings of a process in production, with the given stores and free ports. */
export function productionSettings(stores: { database: string; redis: string; smtp: string }): Environment {
  return {
    NODE_ENV: 'production',
    PORT: '0',
    HOST: '127.0.0.1',
    OPS_PORT: '0',
    PUBLIC_URL: 'https://recover.example.com',
    MAIL_FROM: 'Acme <no-reply@acme.example>',
    PRODUCT_NAME: 'Acme',
    SIGN_UP: 'closed',
    DATABASE_URL: stores.database,
    REDIS_URL: stores.redis,
    SMTP_URL: stores.smtp,
    ...newSecrets(),
  };
}

export function newSecrets() {
  const { privateKey } = generateKeyPairSync('ed25519');
  return {
    SECRET: randomBytes(32).toString('base64url'),
    ACCESS_TOKEN_SIGNING_KEY: privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
  };
}

/** Limits too high to be met by tests whose callers share an address: all limits, or those whose names match. */
export function withoutLimits(names = /^LIMIT_/): Environment {
  const limits = Object.keys(settingsTable).filter((name) => name.startsWith('LIMIT_') && names.test(name));
  return Object.fromEntries(limits.map((name) => [name, '9999999/900']));
}
