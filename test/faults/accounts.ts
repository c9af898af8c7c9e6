import { randomUUID } from 'node:crypto';
import argon2 from 'argon2';
import bcrypt from 'bcrypt';
import { type AppHome, bcryptCost, newAccount } from './app/tables.js';
import { now, type Token } from './recording.js';
import type { Stage } from './stage.js';

/** What the clients of a round remember of an account. It may be wrong after a lost answer; no check relies on it. */
export interface Known {
  readonly id: string;
  /** The address that it has now, in lower case. */
  email: string;
  readonly emails: string[];
  /** The last password that a call confirmed. */
  password: string;
  readonly passwords: string[];
  readonly tokens: Token[];
  /** Keys that were redeemed, with the password that was set. */
  readonly redeemed: { readonly key: string; readonly password: string }[];
}

let passwords = 0;

/** The start of every password: a leaked password is found by it. */
export const passwordMark = 'cAnaRyq7z';

export function newPassword(seed: number): string {
  passwords += 1;
  return `${passwordMark} ${seed.toString(36)} "${passwords}" ${randomUUID().slice(0, 8)}`;
}

/**
 * Inserts an account, as an import does.
 *
 * @param outdated whether the hash is weaker than the settings ask for, so that the first sign-in renews it
 */
export async function createAccount(stage: Stage, email: string, seed: number, outdated: boolean): Promise<Known> {
  if (stage.home !== 'own') return createInApp(stage, stage.home, email, seed);
  const password = newPassword(seed);
  const cost = outdated ? { memoryCost: 8_192, timeCost: 1 } : { memoryCost: 19_456, timeCost: 2 };
  const phc = await argon2.hash(password, { ...cost, parallelism: 1 });
  const hash = phc.replace(/\$m=(\d+),p=(\d+),t=(\d+)\$/, '$m=$1,t=$3,p=$2$');
  const id = randomUUID();
  const since = now();
  await stage.postgres.query(
    `insert into account (id, email, password_hash, status, credential_version, session_version, credentials_changed_at, created_at)
     values ($1, $2, $3, 'active', 1, 1, now(), now())`,
    [id, email, hash],
  );
  return known(stage, id, email, password, since);
}

/** Some of the addresses are stored in another spelling than people type. */
async function createInApp(stage: Stage, home: AppHome, email: string, seed: number): Promise<Known> {
  const password = newPassword(seed);
  const hash = await bcrypt.hash(password, bcryptCost);
  stage.recording.hashes.set(hash, password);
  const since = now();
  const stored = /[13579]@/.test(email) ? email.toUpperCase().replace(/@.*/, (domain) => domain.toLowerCase()) : email;
  const [row] = await stage.postgres.query<{ id: string }>(newAccount[home], [stored, hash]);
  return known(stage, row?.id ?? '', email, password, since);
}

function known({ recording }: Stage, id: string, email: string, password: string, since: number): Known {
  const emails = [email];
  recording.accounts.set(id, { id, email, emails, password, since });
  return { id, email, emails, password, passwords: [password], tokens: [], redeemed: [] };
}
