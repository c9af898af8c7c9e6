import { brokenByRefusal, brokenBySuccess } from './answers.js';
import { mostReplays, type ResetCall, type Rules, type State, type Step } from './protocol.js';
import { copy } from './state.js';

type Change = (next: State, me: ResetCall, rules: Rules) => void;

/** @returns every next step that one call of resetPassword may take; the step without a fault comes first. */
export function resetSteps(state: State, index: number, rules: Rules): Step[] {
  const call = state.processes[index];
  if (call?.kind !== 'reset' || call.next === 'ended' || call.next === 'idle') return [];
  const steps: Step[] = [];
  const step = (what: string, change: Change) => {
    const next = copy(state);
    const me = { ...call };
    next.processes[index] = me;
    change(next, me, rules);
    steps.push({ label: `${call.name}: ${what}`, state: next });
  };
  const fault = (what: string, change: Change) => {
    if (state.faultsLeft === 0) return;
    step(`${what} (fault)`, (next, me) => {
      next.faultsLeft--;
      change(next, me, rules);
    });
  };
  const change = undisturbed[call.next];
  const locks = call.next === 'UPDATE and INSERTs' || call.next === 'compare hash';
  const waitsForLock = locks && state.transaction !== undefined;
  if (change && !waitsForLock) step(call.next, change);
  if (call.next === 'lookUp' && rules.onRedisError === 'invalid') fault('lookUp fails', refuse);
  if (call.next === 'BEGIN' || call.next === 'UPDATE and INSERTs' || call.next === 'COMMIT') {
    fault(`${call.next} fails, rolled back`, (next, me, rules) => {
      if (call.next === 'COMMIT') next.transaction = undefined;
      readBack(me, rules);
    });
  }
  if (call.next === 'COMMIT') {
    fault('COMMIT, then dies before the answer', (next, me) => {
      commit(next, rules);
      end(me, 'unknown');
    });
    fault('line cut during COMMIT', (next, me, rules) => {
      if (next.transaction) next.transaction.cut = true;
      readBack(me, rules);
    });
  }
  fault(`dies before ${call.next}`, (next, me) => {
    if (call.next === 'COMMIT') next.transaction = undefined;
    end(me, 'unknown');
  });
  return steps;
}

/** What each step does when nothing fails. */
const undisturbed: Partial<Record<ResetCall['next'], Change>> = {
  lookUp: (next, me, rules) => {
    const record = next.records[me.key];
    const forged = record.is === 'forged';
    const isThere = record.is === 'kept' || (forged && !rules.checksMac);
    me.record = isThere ? { version: record.version, everlasting: forged } : undefined;
    if (isThere && rules.lookUp === 'GETDEL') next.records[me.key] = { is: 'taken', version: 1 };
    me.next = isThere ? 'accounts.find' : 'receipts.find, no record';
  },
  'receipts.find, no record': usedOrRefused,
  'accounts.find': (next, me) => {
    const { active, version } = next.account;
    if (!active || version !== me.record?.version) me.next = 'receipts.find, which reason';
    else if (next.expired && !me.record.everlasting) refuse(next, me);
    else if (me.again) end(me, 'unknown');
    else me.next = 'BEGIN';
  },
  'receipts.find, which reason': usedOrRefused,
  BEGIN: (next, me) => {
    me.begunInTime = !next.expired || me.record?.everlasting === true;
    me.begunLate = next.expired;
    me.next = 'UPDATE and INSERTs';
  },
  'UPDATE and INSERTs': (next, me, rules) => {
    const { active, version } = next.account;
    const fromVersion = me.record?.version ?? 0;
    const guard = active && me.begunInTime && (!rules.updateGuardedByVersion || version === fromVersion);
    const receipts = Object.values(next.receipts);
    if (!guard) {
      lookAgain(me);
    } else if (
      rules.uniqueReceipts &&
      (next.receipts[me.key] || receipts.some((each) => each?.fromVersion === fromVersion))
    ) {
      readBack(me, rules);
    } else {
      const { key, password, begunLate: late } = me;
      next.transaction = { process: next.processes.indexOf(me), key, password, fromVersion, late, cut: false };
      me.next = 'COMMIT';
    }
  },
  COMMIT: (next, me, rules) => {
    commit(next, rules);
    if (!rules.noticeInTransaction) me.next = 'send notice';
    else if (rules.deletesRecordAfterCommit) me.next = 'delete record';
    else complete(next, me);
  },
  'send notice': (next, me) => {
    next.notices++;
    complete(next, me);
  },
  'delete record': (next, me) => {
    next.records[me.key] = { is: 'taken', version: 1 };
    complete(next, me);
  },
  'compare hash': (next, me) => {
    if (next.account.hashOf === next.processes.indexOf(me)) complete(next, me);
    else me.next = 'read back';
  },
  'read back': (next, me, rules) => {
    if (!next.receipts[me.key]) end(me, 'unknown');
    else if (rules.readBackComparesHash) lookAgain(me);
    else complete(next, me);
  },
  takeReplay: (next, me, rules) => {
    const receipt = next.receipts[me.key];
    if (!receipt || receipt.replays >= mostReplays) return refuse(next, me);
    if (rules.countsReplay === 'before verifying') next.receipts[me.key] = raised(receipt);
    me.next = 'verify';
  },
  verify: (next, me, rules) => {
    const receipt = next.receipts[me.key];
    const { active, version, password } = next.account;
    const mayGuess = active && receipt && version === receipt.fromVersion + 1;
    if (mayGuess) next.guesses[me.key]++;
    const opens = mayGuess && password === me.password;
    if (rules.countsReplay === 'after verifying') me.next = opens ? 'count and complete' : 'count and refuse';
    else if (opens) complete(next, me);
    else refuse(next, me);
  },
  'count and complete': (next, me) => {
    next.receipts[me.key] = raised(next.receipts[me.key]);
    complete(next, me);
  },
  'count and refuse': (next, me) => {
    next.receipts[me.key] = raised(next.receipts[me.key]);
    refuse(next, me);
  },
};

/** Commits the open transaction: everything that it wrote becomes visible at the same time. */
export function commit(next: State, rules: Rules): void {
  const { account, transaction } = next;
  if (!transaction) return;
  const { process: hashOf, key, password, fromVersion, late } = transaction;
  next.commits = [...next.commits, { key, password, from: account.version, late }];
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

function usedOrRefused(next: State, me: ResetCall): void {
  if (next.receipts[me.key]) me.next = 'takeReplay';
  else refuse(next, me);
}

function lookAgain(me: ResetCall): void {
  end(me, 'none');
  me.again = true;
  me.next = 'lookUp';
}

function complete(next: State, me: ResetCall): void {
  me.broke = brokenBySuccess(next, me);
  end(me, 'completed');
}

function refuse(next: State, me: ResetCall): void {
  me.broke = brokenByRefusal(next, me);
  end(me, 'invalid');
}

/** Forgets the locals, so that states that differ in nothing else are one. */
function end(me: ResetCall, told: ResetCall['answer']): void {
  const answer = me.dropped ? 'none' : told;
  Object.assign(me, { next: 'ended', answer, again: false, record: undefined, begunInTime: false, begunLate: false });
}

function raised(receipt: State['receipts']['K1']): State['receipts']['K1'] {
  return receipt && { ...receipt, replays: Math.min(receipt.replays + 1, mostReplays) };
}

function readBack(me: ResetCall, rules: Rules): void {
  me.next = rules.readBackComparesHash ? 'compare hash' : 'read back';
}
