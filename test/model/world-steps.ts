import { appSteps } from './app-steps.js';
import { commit } from './ends.js';
import { otherSteps } from './other-steps.js';
import { keyNames, type Rules, type State, type Step } from './protocol.js';
import { resetSteps } from './reset-steps.js';
import { copy } from './state.js';

/** @returns every step that a process or its surroundings can take next. */
export function allSteps(state: State, rules: Rules): Step[] {
  const steps = [...worldSteps(state, rules), ...appSteps(state)];
  for (const [index, process] of state.processes.entries()) {
    steps.push(
      ...(process.kind === 'reset' ? resetSteps(state, index, rules) : otherSteps(state, index, process, rules)),
    );
  }
  return steps;
}

/** Steps of the surroundings: the database, its clock, Redis, and clients that call again. */
function worldSteps(state: State, rules: Rules): Step[] {
  const steps: Step[] = [];
  const step = (label: string, change: (next: State) => void) => {
    const next = copy(state);
    change(next);
    steps.push({ label, state: next });
  };
  if (!state.expired) step('clock: the keys expire', (next) => Object.assign(next, { expired: true }));
  if (state.transaction?.cut) {
    step('database: commits what was cut', (next) => commit(next, rules));
    step('database: rolls back what was cut', (next) => Object.assign(next, { transaction: undefined }));
  }
  for (const [index, call] of state.processes.entries()) {
    const retry = state.processes[index + 1];
    if (call.kind !== 'reset' || call.retry || call.next === 'idle') continue;
    if (retry?.kind !== 'reset' || retry.next !== 'idle') continue;
    if (call.answer !== 'none' && call.answer !== 'unknown') continue;
    const isImpatient = call.answer === 'none';
    if (isImpatient && state.faultsLeft === 0) continue;
    step(`${call.name}: ${isImpatient ? 'waits no more and calls again (fault)' : 'calls again'}`, (next) => {
      if (isImpatient) next.faultsLeft--;
      next.processes[index] = { ...call, answer: 'none', dropped: true };
      next.processes[index + 1] = { ...retry, next: 'lookUp' };
    });
  }
  for (const key of keyNames) {
    if (!state.processes.some((process) => process.kind === 'reset' && process.key === key)) continue;
    const { is } = state.records[key];
    const redis = (what: 'lost' | 'kept' | 'forged', version: number) =>
      step(`Redis: the record of ${key} is ${what === 'kept' ? 'there again' : what}`, (next) => {
        next.records[key] = { is: what, version };
        if (what === 'kept') return;
        next.redisFaultsLeft--;
        next.lostOnce[key] = true;
      });
    if (is !== 'kept') redis('kept', 1);
    if (state.redisFaultsLeft === 0) continue;
    if (is === 'kept' || is === 'forged') redis('lost', 1);
    redis('forged', state.account.version);
  }
  return steps;
}
