import {
  type KeyName,
  keyNames,
  type Process,
  type ResetCall,
  type ResetStep,
  type Rules,
  type Session,
  type State,
} from './protocol.js';

/** Which processes there are, and how many faults may come. */
export interface Scenario {
  readonly name: string;
  readonly clients: readonly { readonly key: KeyName; readonly password: string }[];
  readonly others: readonly ('sign-in' | 'change' | 'operator')[];
  readonly faults: number;
  readonly redisFaults: number;
  /** When set, K1 was redeemed with this password before the walk. */
  readonly spentBy?: string;
}

export const oldPassword = 'old';
/** In place of a process: the hash was made before the walk. */
export const nobody = -1;
export const changedPassword = 'changed';

export function resetCall(name: string, key: KeyName, password: string, retry = false): ResetCall {
  return {
    kind: 'reset',
    name,
    key,
    password,
    retry,
    next: retry ? 'idle' : 'lookUp',
    again: false,
    record: undefined,
    begunInTime: false,
    begunLate: false,
    answer: 'none',
    dropped: false,
    broke: '',
  };
}

const first = { 'sign-in': 'read', change: 'authenticate', operator: 'disable' } as const;

export function initial({ clients, others, faults, redisFaults, spentBy }: Scenario): State {
  const calls = clients.flatMap(({ key, password }, index) => [
    resetCall(`client ${index + 1}`, key, password),
    resetCall(`client ${index + 1}, retry`, key, password, true),
  ]);
  const rest = others.map(
    (kind): Process => ({ kind, name: kind, next: first[kind], version: 0, sessionVersion: 0, outdated: false }),
  );
  const fresh: State = {
    account: { version: 1, sessionVersion: 1, password: oldPassword, hashOf: nobody, outdated: true, active: true },
    receipts: { K1: undefined, K2: undefined },
    records: { K1: { is: 'kept', version: 1 }, K2: { is: 'kept', version: 1 } },
    expired: false,
    notices: 0,
    audits: 0,
    sessions: [{ sessionVersion: 1, madeAt: 1 }],
    transaction: undefined,
    processes: [...calls, ...rest],
    faultsLeft: faults,
    redisFaultsLeft: redisFaults,
    commits: [],
    disabled: 0,
    lostOnce: { K1: false, K2: false },
    guesses: { K1: 0, K2: 0 },
    refusedThenCommitted: false,
  };
  if (spentBy === undefined) return fresh;
  return {
    ...fresh,
    account: { version: 2, sessionVersion: 2, password: spentBy, hashOf: nobody, outdated: false, active: true },
    receipts: { K1: { fromVersion: 1, replays: 0 }, K2: undefined },
    notices: 1,
    audits: 1,
    commits: [{ key: 'K1', password: spentBy, from: 1, late: false }],
  };
}

/** Copies everything that a step may write to; what steps only replace is shared between states. */
export function copy(state: State): State {
  return {
    ...state,
    account: { ...state.account },
    receipts: { ...state.receipts },
    records: { ...state.records },
    transaction: state.transaction && { ...state.transaction },
    processes: state.processes.slice(),
    lostOnce: { ...state.lostOnce },
    guesses: { ...state.guesses },
  };
}

/** Whether the session is accepted, as in sessions.ts `authenticate`. */
export function isGood(session: Session, { account }: State, rules: Rules): boolean {
  return account.active && (!rules.sessionsCarryVersion || session.sessionVersion === account.sessionVersion);
}

/** @returns a text that is equal for equal states; it is short, because the walk keeps one for every state. */
export function encode(state: State): string {
  const { account, receipts, records, transaction, lostOnce, guesses } = state;
  let text = `${account.version}${account.sessionVersion}${account.password},${account.hashOf},`;
  text += `${+account.outdated}${+account.active}`;
  text += `${+state.expired}${+state.refusedThenCommitted}${state.notices}${state.audits}${state.disabled}`;
  text += `${state.faultsLeft}${state.redisFaultsLeft}`;
  for (const key of keyNames) {
    const receipt = receipts[key];
    text += receipt ? `${receipt.fromVersion}${receipt.replays}` : '-';
    text += `${records[key].is[0]}${records[key].version}${+lostOnce[key]}${guesses[key]}`;
  }
  if (transaction) {
    text += `,${transaction.process}${+transaction.cut}${transaction.fromVersion}${+transaction.late}`;
  }
  for (const { key, password, from, late } of state.commits) text += `,${key ?? ''}${password}${from}${+late}`;
  for (const session of state.sessions.map(encodeSession).sort()) text += session;
  for (const process of state.processes) text += encodeProcess(process);
  return text;
}

function encodeSession({ sessionVersion, madeAt }: Session): string {
  return `;${sessionVersion}${madeAt}`;
}

function encodeProcess(process: Process): string {
  if (process.kind !== 'reset') {
    return `|${process.next}${process.version}${process.sessionVersion}${+process.outdated}`;
  }
  const { next, again, record, begunInTime, begunLate, answer, dropped, broke } = process;
  const locals = record ? `${record.version}${+record.everlasting}${+begunInTime}${+begunLate}` : '';
  return `|${shortNames[next]}${+again}${locals}${answer[0]}${+dropped}${broke}`;
}

/** One letter for each step. */
const shortNames: Record<ResetStep, string> = {
  idle: 'i',
  lookUp: 'l',
  'receipts.find, no record': 'n',
  'accounts.find': 'a',
  'receipts.find, which reason': 'w',
  BEGIN: 'b',
  'UPDATE and INSERTs': 'u',
  COMMIT: 'c',
  'read back': 'r',
  'compare hash': 'h',
  takeReplay: 't',
  verify: 'v',
  'count and complete': 'p',
  'count and refuse': 'q',
  'delete record': 'd',
  'send notice': 's',
  ended: 'e',
};
