import type { Entry, Fault, Recording } from '../recording.js';
import type { Snapshot } from './snapshot.js';
import type { Violation } from './violation.js';

/** Milliseconds: all timeouts of a call together. Only a stopped API may take longer. */
const latestAnswer = 30_000;
/** Milliseconds after the heal of the last fault in which calls may still fail. */
const latestRecovery = 10_000;

/** Every call is answered in time and without an internal error, and calls succeed again soon after the last fault. */
export function checkAnswers(recording: Recording, entries: readonly Entry[], healedAt: number): Violation[] {
  return entries.flatMap((entry) => {
    const about = `${entry.op} on ${entry.to} ended as "${entry.result}" after ${Math.round(entry.end - entry.start)} ms`;
    const at = entry.end;
    if (entry.result.startsWith('failed')) {
      return [{ check: 'answers', at, text: `${about}: an internal error` }];
    }
    const isLost = /^(?:offline|timeout)/.test(entry.result);
    if (isLost && !recording.faults.some((fault) => hits(fault, entry))) {
      return [{ check: 'answers', at, text: `${about}: no answer, and the process lived` }];
    }
    const isLate = entry.end - entry.start > latestAnswer;
    if (isLate && !recording.faults.some((fault) => hits(fault, entry))) {
      return [{ check: 'answers', at, text: `${about}: too late` }];
    }
    if (entry.outcome === 'unknown' && entry.start > healedAt + latestRecovery) {
      return [
        { check: 'recovery', at, text: `${about}, ${Math.round(entry.start - healedAt)} ms after the last fault` },
      ];
    }
    return [];
  });
}

/** Whether the fault killed or stopped the call's own process during the call, or within 100 ms of it. */
function hits({ affects, start, end }: Fault, entry: Entry): boolean {
  return affects.includes(entry.to) && start <= entry.end + 100 && end >= entry.start - 100;
}

/** I5: an access token is void once the credential has changed or the owner has signed out everywhere. */
export function checkTokens(entries: readonly Entry[]): Violation[] {
  const endings = entries.filter(
    ({ op, outcome }) => outcome === 'ok' && (op === 'reset' || op === 'change' || op === 'signOut'),
  );
  return entries.flatMap((entry) => {
    if (entry.op !== 'me' || entry.outcome !== 'ok') return [];
    const { account, token, start } = entry;
    const ended = endings.find(
      // Wholly between the making of the token and this call.
      (each) => 'account' in each && each.account === account && each.start > token.end && each.end < start,
    );
    if (!ended || isRepeated(ended, entries, token.end)) return [];
    return [{ check: 'I5', at: entry.end, text: `an old access token still spoke for ${account} on ${entry.to}` }];
  });
}

/** Whether the same reset was tried before: its first try may have changed the password before the token was made. */
function isRepeated(ended: Entry, entries: readonly Entry[], tokenMade: number): boolean {
  if (ended.op !== 'reset') return false;
  return entries.some(
    (each) => each.op === 'reset' && each.password === ended.password && each !== ended && each.start <= tokenMade,
  );
}

export function checkStores(snapshot: Snapshot, processes: { api: number; worker: number }): Violation[] {
  const at = Date.now();
  const most: Record<string, number> = {
    'latchkey jobs': 8 * processes.api,
    'latchkey worker jobs': 10 * processes.worker,
  };
  return [
    ...snapshot.withoutTtl.map((name) => ({ check: 'ttl', at, text: `${name} would stay in Redis for ever` })),
    ...snapshot.sessions.flatMap(({ name, count, stuck }) => {
      const found: Violation[] = [];
      if (stuck > 0) found.push({ check: 'pools', at, text: `${stuck} sessions of "${name}" idle in a transaction` });
      if (count > (most[name] ?? 200)) found.push({ check: 'pools', at, text: `${count} sessions of "${name}"` });
      return found;
    }),
  ];
}
