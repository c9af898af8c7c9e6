import { hasSet, isAlive, isRepairable } from './answers.js';
import { type KeyName, keyNames, mintedFor, mostReplays, type Rules, type State } from './protocol.js';
import { resetSteps } from './reset-steps.js';
import { copy, isGood, oldPassword, resetCall } from './state.js';

/** @returns the first invariant that the state breaks, in words; undefined when all hold. */
export function broken(state: State, rules: Rules): string | undefined {
  return brokenNow(state, rules) ?? (isQuiet(state) ? brokenByTrying(state, rules) : undefined);
}

function brokenNow(state: State, rules: Rules): string | undefined {
  const { account, appPassword, commits, receipts, disabled } = state;
  const last = commits.at(-1);
  // The app may write over ours, and does not ask.
  if (account.password !== (appPassword ?? last?.password ?? oldPassword))
    return 'I6: a password came back that was replaced';
  const byKey = commits.filter((commit) => commit.key);
  if (byKey.some(({ unfit }) => unfit)) return 'I1: a key changed a row that it was not made for';
  if (commits.some(({ unfit }) => unfit)) return 'I6: a change was made of another row than the one that was read';
  if (byKey.some(({ from }) => from !== mintedFor)) return 'I1: a key changed a version that it was not made for';
  if (byKey.some(({ late }) => late)) return 'I1: a key changed a password after its life';
  if (byKey.length > 1) return 'I3: two resets of one version';
  for (const key of keyNames) {
    if (state.guesses[key] > mostReplays) return 'I4: more replays than three, each a guess of the password';
    const receipt = receipts[key];
    const own = byKey.find((commit) => commit.key === key);
    if (receipt?.fromVersion !== own?.from) return 'I5: a receipt without its reset, or a reset without its receipt';
  }
  if (account.version !== 1 + commits.length + disabled) return 'I5: not one version for each credential event';
  if (account.sessionVersion !== account.version) return 'I5: not one session version for each credential event';
  if (state.notices !== commits.length) return 'I5: a change without its notice, or a notice without its change';
  const enabled = disabled > 0 && account.active ? 1 : 0;
  if (state.audits !== commits.length + disabled + enabled) return 'I5: a change without its audit event';
  for (const session of state.sessions) {
    if (isGood(session, state, rules) && session.madeAt !== account.version)
      return 'I5: an older session is still good';
  }
  for (const process of state.processes) {
    if (process.kind !== 'reset') continue;
    if (process.broke === 'I2') return 'I2: a key was refused that nothing had ended';
    if (process.broke === 'I4') return 'I4: a call was refused that had set its password';
    if (process.broke === 'I3') return 'I3: success was told of a password that was never set';
  }
  return undefined;
}

/**
 * Where all calls have ended, tries the keys: a dead key must not work, a key that nothing has ended must, and the call
 * of a client without an answer must succeed when it is made again.
 */
function brokenByTrying(state: State, rules: Rules): string | undefined {
  for (const key of keyNames) {
    const isThere = state.records[key].is === 'kept' || !state.lostOnce[key];
    const mustWork = isAlive(state) && isThere;
    if (mustWork && !attempt(state, key, 'another', rules)) return 'I2: a key does not work that nothing had ended';
    const restored = { ...state, records: { ...state.records, [key]: { is: 'kept', version: mintedFor } as const } };
    const isDead = state.account.version !== mintedFor || (state.app !== undefined && !isAlive(state));
    if (isDead && attempt(restored, key, 'another', rules)) return 'I1: a dead key works';
  }
  for (const [index, call] of state.processes.entries()) {
    if (call.kind !== 'reset' || call.retry) continue;
    const retry = state.processes[index + 1];
    const last = retry?.kind === 'reset' && retry.next !== 'idle' ? retry : call;
    if (last.answer === 'completed') continue;
    const { key, password } = call;
    const mustWork = hasSet(state, key, password)
      ? isRepairable(state, key, password)
      : isAlive(state) && !state.lostOnce[key];
    if (mustWork && !attempt(state, key, password, rules)) return 'I4: the same call does not repair a lost answer';
  }
  return undefined;
}

/** Whether no reset runs and no transaction is open. A sign-in holds no lock, so it may be at any step. */
function isQuiet({ app, processes, transaction }: State): boolean {
  const runs = processes.some((each) => each.kind === 'reset' && each.next !== 'ended' && each.next !== 'idle');
  return !runs && !transaction && !app?.pending;
}

/** Makes one call without faults. @returns whether it is answered with success. */
function attempt(state: State, key: KeyName, password: string, rules: Rules): boolean {
  let now: State = { ...copy(state), processes: [resetCall('trial', key, password)], faultsLeft: 0 };
  for (;;) {
    const call = now.processes[0];
    if (call?.kind === 'reset' && call.next === 'ended') return call.answer === 'completed';
    const [step] = resetSteps(now, 0, rules);
    if (!step) return false;
    now = step.state;
  }
}
