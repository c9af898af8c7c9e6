import { type KeyName, mintedFor, mostReplays, type ResetCall, type State } from './protocol.js';

/** A success is told of what was set. */
export function brokenBySuccess(state: State, { key, password }: ResetCall): '' | 'I3' {
  return hasSet(state, key, password) ? '' : 'I3';
}

/** Judged when the refusal is given, because later the reason may be there. */
export function brokenByRefusal(state: State, { key, password }: ResetCall): '' | 'I2' | 'I4' {
  if (hasSet(state, key, password)) return isRepairable(state, key, password) ? 'I4' : '';
  return isAlive(state) && !state.lostOnce[key] ? 'I2' : '';
}

export function hasSet({ commits }: State, key: KeyName, password: string): boolean {
  return commits.some((commit) => commit.key === key && commit.password === password);
}

/** Whether what it set is still the account's password, and replays are left. */
export function isRepairable({ account, receipts, commits }: State, key: KeyName, password: string): boolean {
  const own = commits.find((commit) => commit.key === key && commit.password === password);
  return account.active && own?.from === account.version - 1 && (receipts[key]?.replays ?? 0) < mostReplays;
}

/** Whether nothing has ended the keys, as far as PostgreSQL knows. */
export function isAlive({ account, expired }: State): boolean {
  return account.active && account.version === mintedFor && !expired;
}
