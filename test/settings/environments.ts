import { generateKeyPairSync } from 'node:crypto';
import { type Command } from '../../src/settings/environment.js';
import { readSettings, type Settings, SettingsError } from '../../src/settings/settings.js';

export const ed25519 = generateKeyPairSync('ed25519').privateKey;
export const pem = ed25519.export({ format: 'pem', type: 'pkcs8' }).toString();

/** The settings that production requires, for every command. */
export const production = {
  PUBLIC_URL: 'https://recover.example.com',
  DATABASE_URL: 'postgres://latchkey:pw@db.example/latchkey',
  REDIS_URL: 'rediss://:pw@redis.example:6379/0',
  SMTP_URL: 'smtp://user:pw@relay.example:587',
  SECRET: 'k7Vn2xQ9pLw4Rz8TbY6mHc3JdF5sGa1E',
  ACCESS_TOKEN_SIGNING_KEY: pem,
  MAIL_FROM: 'Acme <no-reply@acme.example>',
  PRODUCT_NAME: 'Acme',
} as const;

export type Change = Readonly<Record<string, string | undefined>>;

/** The settings of a valid environment with one change. @throws SettingsError when the change makes it invalid. */
export function settingsWith(change: Change = {}, command: Command = 'api'): Settings {
  return readSettings({ ...production, ...change }, command);
}

/** The faults of a valid environment with one change, by the names of the settings. */
export function faultsOf(change: Change, command: Command = 'api'): Record<string, string> {
  try {
    settingsWith(change, command);
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    const names = error.faults.map(({ name }) => name);
    if (new Set(names).size < names.length) throw new Error(`a setting is named twice: ${error.message}`);
    return Object.fromEntries(error.faults.map(({ name, fault }) => [name, fault]));
  }
  return {};
}
