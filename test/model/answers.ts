import { type KeyName, mintedFor, mostReplays, type ResetCall, type State } from './protocol.js';
import { isMintedFor } from './state.js';

/** @returns I3 when success is answered though no reset with this key has set this password. */
export function brokenBySuccess(state: State, { key, password }: ResetCall): '' | 'I3' {
  return hasSet(state, key, password) ? '' : 'I3';
}

/** To be called when the refusal is given, because a reason for it may arise later. @returns I2 or I4, or nothing. */
export function brokenByRefusal(state: State, { key, password }: ResetCall): '' | 'I2' | 'I4' {
  if (hasSet(state, key, password)) return isRepairable(state, key, password) ? 'I4' : '';
  return isAlive(state) && !state.lostOnce[key] && !state.endedByApp ? 'I2' : '';
}

export function hasSet({ commits }: State, key: KeyName, password: string): boolean {
  return commits.some((commit) => commit.key === key && commit.password === password);
}

/** Whether the password that this call set is still the account's, and the key has replays left. */
export function isRepairable({ account, receipts, commits }: State, key: KeyName, password: string): boolean {
  const own = commits.find((commit) => commit.key === key && commit.password === password);
  const isTheirs = account.active && account.password === password;
  return isTheirs && own?.from === account.version - 1 && (receipts[key]?.replays ?? 0) < mostReplays;
}

/** Whether the keys are still valid by PostgreSQL: active account, same version, same row of an app's, not expired. */
export function isAlive({ account, app, expired }: State): boolean {
  if (app && !isMintedFor(account)) return false;
  return account.active && account.version === mintedFor && !expired;
}
