import { commit, complete, end, lookAgain, raised, readBack, refuse, usedOrRefused } from './ends.js';
import { mostReplays, type ResetCall, type Rules, type State, type Step, type Transaction } from './protocol.js';
import { copy, isMintedFor, mintedStamp, stampOf } from './state.js';

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
  if (change && !waitsForLock(state, call, rules)) step(call.next, change);
  if (call.next === 'lookUp' && rules.onRedisError === 'invalid') fault('lookUp fails', refuse);
  const isInside = call.next === 'UPDATE and INSERTs' || call.next === 'COMMIT' || appsOwn.includes(call.next);
  const rollBack = (next: State) => {
    if (isInside && next.transaction?.process === index) next.transaction = undefined;
  };
  if (call.next === 'BEGIN' || isInside) {
    fault(`${call.next} fails, rolled back`, (next, me, rules) => {
      rollBack(next);
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
    rollBack(next);
    end(me, 'unknown');
  });
  return steps;
}

/** The steps that only a reset in an app's table has. */
const appsOwn: readonly ResetCall['next'][] = ['take the version', 'lock the row'];

/** Whether the next step waits for a lock: of ours on the version or the row, or of the app's on the row. */
function waitsForLock({ app, transaction }: State, { next }: ResetCall, rules: Rules): boolean {
  if (next === 'compare hash' || next === 'take the version') return transaction !== undefined;
  if (next === 'lock the row') return rules.locksBeforeGuard && app?.pending !== undefined;
  if (next !== 'UPDATE and INSERTs') return false;
  return app ? app.pending !== undefined : transaction !== undefined;
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
  'accounts.find': (next, me, rules) => {
    const { account, app } = next;
    const isSame = !app || stampOf(account, rules) === mintedStamp(rules);
    const isFor = account.active && isVersion(next, me, rules) && isSame;
    if (!isFor) me.next = 'receipts.find, which reason';
    else if (next.expired && !me.record?.everlasting) refuse(next, me);
    else if (me.again) end(me, 'unknown');
    else me.next = 'BEGIN';
  },
  'receipts.find, which reason': usedOrRefused,
  BEGIN: (next, me) => {
    me.begunInTime = !next.expired || me.record?.everlasting === true;
    me.begunLate = next.expired;
    me.next = next.app ? 'take the version' : 'UPDATE and INSERTs';
  },
  'take the version': (next, me, rules) => {
    if (!isVersion(next, me, rules)) return lookAgain(me);
    next.transaction = begun(next, me, next.account.version);
    me.next = 'lock the row';
  },
  'lock the row': (next, me, rules) => {
    const { address, active } = next.account;
    if (next.transaction && rules.locksBeforeGuard) next.transaction.holdsRow = true;
    else me.seen = { address, active };
    me.next = 'UPDATE and INSERTs';
  },
  'UPDATE and INSERTs': (next, me, rules) => {
    if (next.app) return writeToApp(next, me, rules);
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
      next.transaction = { ...begun(next, me, fromVersion), holdsRow: true };
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

function begun(next: State, me: ResetCall, fromVersion: number): Transaction {
  const { key, password, begunLate: late } = me;
  const process = next.processes.indexOf(me);
  return { process, key, password, fromVersion, late, holdsRow: false, unfit: false, cut: false };
}

/** The guarded UPDATE of an app's row; the version is locked. */
function writeToApp(next: State, me: ResetCall, rules: Rules): void {
  const { account, transaction } = next;
  const row = { ...account, ...me.seen };
  const isSame = stampOf(row, rules) === mintedStamp(rules) && (row.active || !rules.guardChecksActive);
  if (!transaction || !me.begunInTime || !isSame) {
    next.transaction = undefined;
    lookAgain(me);
  } else {
    Object.assign(transaction, { holdsRow: true, unfit: !isMintedFor(account) });
    me.next = 'COMMIT';
  }
}

/** Whether the key's version is the account's, as far as the protocol looks at it. */
function isVersion({ account, app }: State, { record }: ResetCall, { hasVersionBeside }: Rules): boolean {
  return (app !== undefined && !hasVersionBeside) || account.version === record?.version;
}
