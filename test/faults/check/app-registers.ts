import bcrypt from 'bcrypt';
import type { Entry, Recording, Taken } from '../recording.js';
import { recordName } from '../stage.js';
import type { AppAccount, Write } from './app-history.js';
import { firstFault, type Operation } from './registers.js';
import type { ReceiptRow, Snapshot } from './snapshot.js';
import type { Violation } from './violation.js';

/** Which of the things that were said of an account is in place, and our version. */
interface State {
  readonly version: number;
  readonly owner: number;
  readonly holder: number;
}

/** A password that we wrote: the call that set it, and what its key was made for. */
interface Change {
  readonly entry: Extract<Entry, { op: 'reset' | 'change' }>;
  readonly fromVersion: number;
  readonly mail: Taken | undefined;
}

/**
 * The same as `checkRegisters`, with another writer. Here the app's tables have written down all writes in the order of
 * their locks, so what is searched for is when each could be seen: each of our writes must have met a row that its key
 * was made for (address, hash, version) in an account that may recover, and every sign-in the password that was there.
 */
export function checkAppRegisters(
  apps: ReadonlyMap<string, AppAccount>,
  entries: readonly Entry[],
  recording: Recording,
  snapshot: Snapshot,
): Violation[] {
  const mailed = new Map(recording.taken.flatMap((mail) => (mail.key ? [[mail.key, mail]] : [])));
  return snapshot.accounts.flatMap(({ id, email, credentialVersion }) => {
    const app = apps.get(id);
    if (!app) return [];
    const own = entries.filter((entry) => 'account' in entry && entry.account === id);
    const passwords = new Map(recording.hashes);
    const receipts = snapshot.receipts.filter(({ accountId }) => accountId === id);
    const writes = writesOf(app, own, { receipts, mailed, passwords });
    const found = successes(own, receipts, app, passwords);
    const operations = [...writes, ...reads(app, own, passwords)];
    const fault = firstFault({ version: 1, owner: 0, holder: 0 }, operations, credentialVersion);
    const faults = fault ? [...found, fault] : found;
    return faults.map(({ at, text }) => ({ check: 'register', at, text: `${email}: ${text}` }));
  });
}

function writesOf(
  app: AppAccount,
  own: readonly Entry[],
  facts: {
    readonly receipts: readonly ReceiptRow[];
    readonly mailed: ReadonlyMap<string, Taken>;
    readonly passwords: Map<string, string>;
  },
): Operation<State>[] {
  // The passwords of our writes are found first, one after the other: a change is guarded by the one before it.
  const changes = new Map(app.ours.map((write, index) => [write, changeOf(app, write, index + 1, own, facts)]));
  return app.writes.map((write): Operation<State> => {
    const { from, until, owner, holder, byApp } = write;
    const isNext = (state: State) =>
      (owner?.before ?? state.owner) === state.owner && (holder?.before ?? state.holder) === state.holder;
    const after = (state: State) => ({
      ...state,
      owner: owner?.after ?? state.owner,
      holder: holder?.after ?? state.holder,
    });
    if (byApp) {
      const apply = (state: State) => (isNext(state) ? after(state) : undefined);
      return { from, until, mayBeMissing: false, text: 'a write of the app', apply };
    }
    const change = changes.get(write);
    const apply = (state: State) =>
      isNext(state) && change && isGuarded(app, write, change, state, facts.passwords)
        ? { ...after(state), version: state.version + 1 }
        : undefined;
    const what = change
      ? `${change.entry.op} to ${change.entry.password} by ${change.entry.to}`
      : 'a hash of ours that no call explains';
    return { from, until: write.until, mayBeMissing: false, text: what, apply };
  });
}

/** The call that wrote this hash; ends the time in which it can have been seen first. */
function changeOf(
  app: AppAccount,
  write: Write,
  fromVersion: number,
  own: readonly Entry[],
  { receipts, mailed, passwords }: Parameters<typeof writesOf>[2],
): Change | undefined {
  const hash = app.holders[write.holder?.after ?? 0]?.hash ?? '';
  const receipt = receipts.find((row) => row.fromVersion === fromVersion);
  const calls = own.flatMap((entry) => {
    if (entry.op !== 'reset' && entry.op !== 'change') return [];
    const isIts = receipt ? entry.op === 'reset' && digestOf(entry.key) === receipt.digest : entry.op === 'change';
    const isThen = entry.start <= write.until && entry.end >= write.from - 60_000;
    return isIts && isThen && bcrypt.compareSync(entry.password, hash) ? [entry] : [];
  });
  const [entry] = calls;
  if (!entry) return undefined;
  passwords.set(hash, entry.password);
  const answers = calls.filter(({ outcome, end }) => outcome === 'ok' && end >= write.from).map(({ end }) => end);
  write.until = Math.min(write.until, ...answers);
  return { entry, fromVersion, mail: entry.op === 'reset' ? mailed.get(entry.key) : undefined };
}

function isGuarded(
  app: AppAccount,
  write: Write,
  { entry, fromVersion, mail }: Change,
  state: State,
  passwords: ReadonlyMap<string, string>,
): boolean {
  const holder = app.holders[state.holder];
  if (holder?.rows !== 1 || state.version !== fromVersion) return false;
  const first = Math.min(write.owner ? state.owner : app.firstKnownOwner(write), state.owner);
  const owners = app.owners.slice(first, state.owner + 1).filter(({ isThere, active }) => isThere && active);
  if (owners.length === 0) return false;
  if (entry.op === 'change') return holder.hash !== null && passwords.get(holder.hash) === entry.from;
  if (!mail || owners.every(({ email }) => email !== mail.to)) return false;
  if (typeof mail.record !== 'object') return true;
  // The key is for the hash that the worker read, between the time of its statement and the mail.
  const read = app.saidBetween(mail.record.readAt - 5, mail.received);
  return mail.record.version === fromVersion && read.some((said) => said.holder.hash === holder.hash);
}

/** Whoever was told of a success has set the password: it is in the row that was written for the receipt of this key. */
function successes(
  own: readonly Entry[],
  receipts: readonly ReceiptRow[],
  app: AppAccount,
  passwords: ReadonlyMap<string, string>,
): { at: number; text: string }[] {
  return own.flatMap((entry) => {
    if (entry.op !== 'reset' || entry.outcome !== 'ok') return [];
    const receipt = receipts.find(({ digest }) => digest === digestOf(entry.key));
    const write = receipt && app.ours[receipt.fromVersion - 1];
    const hash = app.holders[write?.holder?.after ?? 0]?.hash ?? '';
    if (passwords.get(hash) === entry.password) return [];
    return [{ at: entry.end, text: `reset to ${entry.password} succeeded, and was never written` }];
  });
}

function reads(app: AppAccount, own: readonly Entry[], passwords: ReadonlyMap<string, string>): Operation<State>[] {
  return own.flatMap((entry) => {
    if (entry.op !== 'signIn' || entry.outcome === 'unknown' || entry.result === 'TooManyRequests') return [];
    const succeeded = entry.outcome === 'ok';
    const text = `sign-in with ${entry.password} ${succeeded ? 'succeeded' : 'was refused'}`;
    const apply = (state: State) => {
      const [owner, holder] = [app.owners[state.owner], app.holders[state.holder]];
      const isOpen = owner?.isThere && owner.active && owner.email.toLowerCase() === entry.email && holder?.rows === 1;
      const opens = isOpen === true && passwords.get(holder?.hash ?? '') === entry.password;
      return opens === succeeded ? state : undefined;
    };
    return [{ from: entry.start, until: entry.end, mayBeMissing: false, text, apply }];
  });
}

function digestOf(key: string): string {
  return recordName(key).slice('reset:'.length);
}
