import { brokenByRefusal, brokenBySuccess } from './answers.js';
import { mostReplays, type ResetCall, type Rules, type State } from './protocol.js';

/** Commits the open transaction: everything that it wrote becomes visible at the same time. */
export function commit(next: State, rules: Rules): void {
  const { account, transaction } = next;
  if (!transaction) return;
  const { process: hashOf, key, password, fromVersion, late, unfit } = transaction;
  next.commits = [...next.commits, { key, password, from: account.version, late, unfit }];
  next.appPassword = undefined;
  const raised = { version: account.version + 1, sessionVersion: account.sessionVersion + 1 };
  next.account = { ...account, ...raised, password, hashOf, outdated: false };
  if (key) next.receipts[key] = { fromVersion, replays: 0 };
  next.audits++;
  if (!key || rules.noticeInTransaction) next.notices++;
  const told = next.processes.some(
    (each) => each.kind === 'reset' && each.password === password && each.answer === 'invalid' && !each.dropped,
  );
  if (told) next.refusedThenCommitted = true;
  next.transaction = undefined;
}

export function usedOrRefused(next: State, me: ResetCall): void {
  if (next.receipts[me.key]) me.next = 'takeReplay';
  else refuse(next, me);
}

export function lookAgain(me: ResetCall): void {
  end(me, 'none');
  me.again = true;
  me.next = 'lookUp';
}

export function complete(next: State, me: ResetCall): void {
  me.broke = brokenBySuccess(next, me);
  end(me, 'completed');
}

export function refuse(next: State, me: ResetCall): void {
  me.broke = brokenByRefusal(next, me);
  end(me, 'invalid');
}

/** Forgets the locals, so that states that differ in nothing else are one. */
export function end(me: ResetCall, told: ResetCall['answer']): void {
  const answer = me.dropped ? 'none' : told;
  Object.assign(me, { next: 'ended', answer, again: false, record: undefined, begunInTime: false, begunLate: false });
  me.seen = undefined;
}

export function raised(receipt: State['receipts']['K1']): State['receipts']['K1'] {
  return receipt && { ...receipt, replays: Math.min(receipt.replays + 1, mostReplays) };
}

export function readBack(me: ResetCall, rules: Rules): void {
  me.next = rules.readBackComparesHash ? 'compare hash' : 'read back';
}
