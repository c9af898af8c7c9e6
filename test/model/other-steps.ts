import { commit } from './ends.js';
import type { OtherProcess, Rules, State, Step } from './protocol.js';

import { changedPassword, copy, isGood, mintedStamp, oldPassword, stampOf, unread } from './state.js';

/** @returns every next step of a sign-in, a signed-in password change or an operator. */
export function otherSteps(state: State, index: number, process: OtherProcess, rules: Rules): Step[] {
  if (process.next === 'ended') return [];
  const steps: Step[] = [];
  const step = (what: string, change: (next: State, me: OtherProcess) => void) => {
    const next = copy(state);
    const me = { ...process };
    next.processes[index] = me;
    change(next, me);
    if (me.next === 'ended') Object.assign(me, unread);
    steps.push({ label: `${process.name}: ${what}`, state: next });
  };
  const isLocked = state.transaction !== undefined || state.app?.pending !== undefined;
  const { account } = state;
  const { version, sessionVersion } = process;
  switch (process.next) {
    case 'authenticate':
      step('authenticate', (_next, me) => {
        const isSession = isGood({ sessionVersion: 1, madeAt: 1, stamp: mintedStamp() }, state, rules);
        me.next = isSession ? 'read' : 'ended';
      });
      break;
    case 'read':
      step('read', (_next, me) => {
        const opens = account.password === oldPassword && (account.active || process.kind === 'change');
        const after = process.kind === 'change' ? 'UPDATE and INSERTs' : 'issue';
        const { version, sessionVersion, outdated } = account;
        const stamp = state.app ? stampOf(account) : '';
        Object.assign(me, { next: opens ? after : 'ended', version, sessionVersion, outdated, stamp });
      });
      break;
    case 'UPDATE and INSERTs':
      if (isLocked) break;
      step('UPDATE and INSERTs', (next, me) => {
        const unfit = state.app !== undefined && (me.stamp !== stampOf(account) || !account.active);
        me.next = account.active && account.version === version && !unfit ? 'COMMIT' : 'ended';
        const change = { key: undefined, password: changedPassword, fromVersion: version, late: false, cut: false };
        if (me.next === 'COMMIT') next.transaction = { process: index, ...change, holdsRow: true, unfit };
      });
      break;
    case 'COMMIT':
      step('COMMIT', (next, me) => {
        commit(next, rules);
        const raised = { version: version + 1, sessionVersion: sessionVersion + 1 };
        Object.assign(me, { next: 'issue', ...raised, stamp: state.app ? stampOf(next.account) : '' });
      });
      break;
    case 'issue':
      step('issue', (next, me) => {
        next.sessions = [...next.sessions, { sessionVersion, madeAt: version, stamp: process.stamp }];
        // The hashes of an app are not renewed by us.
        me.next = process.kind === 'sign-in' && process.outdated && !state.app ? 'renew' : 'ended';
      });
      break;
    case 'renew':
      if (isLocked) break;
      step('renew', (next, me) => {
        const isSame = account.version === version && account.password === oldPassword && account.outdated;
        const renewed = { password: oldPassword, hashOf: index, outdated: false };
        if (isSame || !rules.renewalGuarded) Object.assign(next.account, renewed);
        me.next = 'ended';
      });
      break;
    case 'disable':
      if (isLocked) break;
      step('disable', (next, me) => {
        const raised = { version: account.version + 1, sessionVersion: account.sessionVersion + 1, active: false };
        Object.assign(next.account, raised);
        next.disabled++;
        next.audits++;
        me.next = 'enable';
      });
      break;
    case 'enable':
      if (isLocked) break;
      step('enable', (next, me) => {
        next.account.active = true;
        next.audits++;
        me.next = 'ended';
      });
      break;
  }
  if (state.faultsLeft > 0) {
    step(`dies before ${process.next} (fault)`, (next, me) => {
      next.faultsLeft--;
      if (process.next === 'COMMIT') next.transaction = undefined;
      me.next = 'ended';
    });
    if (process.next === 'COMMIT') {
      step('line cut during COMMIT (fault)', (next, me) => {
        next.faultsLeft--;
        if (next.transaction) next.transaction.cut = true;
        me.next = 'ended';
      });
    }
  }
  return steps;
}
