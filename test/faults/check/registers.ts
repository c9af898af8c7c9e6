import type { Entry, TestAccount } from '../recording.js';
import { recordName } from '../stage.js';
import type { Snapshot } from './snapshot.js';
import type { Violation } from './violation.js';

interface Versioned {
  readonly version: number;
}

/** An account's credential: which password opens it, at which version. Members of states are numbers and texts. */
interface State extends Versioned {
  readonly password: string;
}

/** A write or sign-in that took effect at one instant between `from` and `until`, or perhaps never (`mayBeMissing`). */
export interface Operation<State> {
  readonly from: number;
  readonly until: number;
  readonly mayBeMissing: boolean;
  readonly text: string;
  /** The state after the operation; undefined if the operation is impossible in the given state. */
  readonly apply: (state: State) => State | undefined;
}

/** Milliseconds after its start in which a call may still commit: more than all timeouts of the database together. */
const latestCommit = 30_000;

/**
 * Checks that the calls on each account are linearizable (Herlihy and Wing 1990): there is an order of all writes and
 * sign-ins, each at one instant within its call, in which every sign-in that succeeded had the password of that instant
 * and every sign-in that was refused had a different one.
 */
export function checkRegisters(
  entries: readonly Entry[],
  accounts: ReadonlyMap<string, TestAccount>,
  snapshot: Snapshot,
): Violation[] {
  const violations: Violation[] = [];
  for (const { id, email } of snapshot.accounts) {
    const account = accounts.get(id);
    if (!account) continue;
    const own = entries.filter((entry) => 'account' in entry && entry.account === id);
    const operations = [...writes(own, id, snapshot), ...reads(own)];
    const last = snapshot.accounts.find((row) => row.id === id)?.credentialVersion ?? 0;
    const fault = firstFault({ version: 1, password: account.password }, operations, last);
    if (fault) violations.push({ check: 'register', at: fault.at, text: `${email}: ${fault.text}` });
  }
  return violations;
}

function writes(own: readonly Entry[], id: string, { receipts, audits }: Snapshot): Operation<State>[] {
  const versionOf = new Map(receipts.filter((row) => row.accountId === id).map((row) => [row.digest, row]));
  const changes = audits.filter((row) => row.accountId === id && row.kind === 'account.password-changed');
  const found: Operation<State>[] = [];
  const groups = Map.groupBy(
    own.filter((entry) => entry.op === 'reset' || entry.op === 'change'),
    (entry) => entry.password,
  );
  for (const [password, attempts] of groups) {
    const [first] = attempts;
    if (!first) continue;
    const done = attempts.filter(({ outcome }) => outcome === 'ok').map(({ end }) => end);
    if (done.length === 0 && attempts.every(({ outcome }) => outcome === 'refused')) continue;
    const from = first.start;
    const until = Math.min(...done, Math.max(...attempts.map(({ start }) => start)) + latestCommit);
    const mayBeMissing = done.length === 0;
    if (first.op === 'reset') {
      const receipt = versionOf.get(recordName(first.key).slice('reset:'.length));
      if (!receipt && mayBeMissing) continue;
      const text = `reset to ${password} by ${first.to} (${attempts.map(({ outcome }) => outcome).join(', ')})`;
      const apply = ({ version }: State) =>
        receipt?.fromVersion === version ? { version: version + 1, password } : undefined;
      found.push({ from, until, mayBeMissing, text, apply });
    } else {
      const isThere = changes.some(({ at }) => at >= from - 5 && at <= until + 5);
      if (!isThere && mayBeMissing) continue;
      const text = `change to ${password} by ${first.to} (${attempts.map(({ outcome }) => outcome).join(', ')})`;
      const apply = (state: State) =>
        state.password === first.from ? { version: state.version + 1, password } : undefined;
      found.push({ from, until, mayBeMissing, text, apply });
    }
  }
  return found;
}

function reads(own: readonly Entry[]): Operation<State>[] {
  return own.flatMap((entry) => {
    if (entry.op !== 'signIn' || entry.outcome === 'unknown' || entry.result === 'TooManyRequests') return [];
    const opens = entry.outcome === 'ok';
    const text = `sign-in with ${entry.password} ${opens ? 'succeeded' : 'was refused'}`;
    const apply = (state: State) => ((state.password === entry.password) === opens ? state : undefined);
    return [{ from: entry.start, until: entry.end, mayBeMissing: false, text, apply }];
  });
}

interface Configuration<State> {
  readonly state: State;
  /** Operations that are still under way and have already taken effect. */
  readonly done: ReadonlySet<number>;
}

/**
 * Walks through the starts and ends in their order and keeps every configuration that explains what was seen so far
 * (Lowe 2017, just-in-time linearization). @returns the first end, or else the stored version, that no configuration
 * explains; undefined if all are explained.
 */
export function firstFault<State extends Versioned>(
  initial: State,
  operations: readonly Operation<State>[],
  lastVersion: number,
): { at: number; text: string } | undefined {
  const steps = operations
    .flatMap(({ from, until }, index) => [
      { at: from, index, isEnd: false },
      { at: until, index, isEnd: true },
    ])
    .sort((one, other) => one.at - other.at || Number(one.isEnd) - Number(other.isEnd));
  let configurations = new Map<string, Configuration<State>>([['', { state: initial, done: new Set() }]]);
  const open = new Set<number>();
  for (const { at, index, isEnd } of steps) {
    const operation = operations[index];
    if (!operation) continue;
    if (!isEnd) {
      open.add(index);
      continue;
    }
    const next = new Map<string, Configuration<State>>();
    for (const each of reachable(configurations.values(), open, operations)) {
      if (!each.done.has(index) && !operation.mayBeMissing) continue;
      const done = new Set(each.done);
      done.delete(index);
      keep(next, { state: each.state, done });
    }
    open.delete(index);
    if (next.size === 0) return { at, text: `${operation.text}, which fits no order of the writes` };
    configurations = next;
  }
  const versions = [...configurations.values()].map(({ state }) => state.version);
  if (versions.includes(lastVersion)) return undefined;
  return {
    at: Date.now(),
    text: `version ${lastVersion} is stored, but the calls explain only ${versions.join(', ')}`,
  };
}

/** The given configurations, and all that follow when some of the open operations take effect, in any order. */
function reachable<State extends Versioned>(
  from: Iterable<Configuration<State>>,
  open: ReadonlySet<number>,
  operations: readonly Operation<State>[],
): Configuration<State>[] {
  const found = new Map<string, Configuration<State>>();
  const todo = [...from];
  for (let each = todo.pop(); each; each = todo.pop()) {
    if (!keep(found, each)) continue;
    for (const index of open) {
      if (each.done.has(index)) continue;
      const state = operations[index]?.apply(each.state);
      if (state) todo.push({ state, done: new Set([...each.done, index]) });
    }
  }
  return [...found.values()];
}

function keep<State extends Versioned>(found: Map<string, Configuration<State>>, each: Configuration<State>): boolean {
  const name = `${Object.values(each.state).join(' ')} ${[...each.done].sort((one, other) => one - other).join(',')}`;
  if (found.has(name)) return false;
  found.set(name, each);
  return true;
}
