import {
  type Account,
  type AppState,
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
  /** How often the app writes that owns the accounts; 0 for our own table. */
  readonly appWrites?: number;
  readonly faults: number;
  readonly redisFaults: number;
  /** When set, K1 was redeemed with this password before the walk. */
  readonly spentBy?: string;
}

export const oldPassword = 'old';
/** In place of a process: the hash was made before the walk. */
export const nobody = -1;
/** The same for a hash of the app's. */
export const appHash = -2;
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
    seen: undefined,
    answer: 'none',
    dropped: false,
    broke: '',
  };
}

const atFirst = { hashOf: nobody, active: true, address: 0 } as const;
/** Of a process that has not read the account. */
export const unread = { version: 0, sessionVersion: 0, outdated: false, stamp: '' } as const;

const first = { 'sign-in': 'read', change: 'authenticate', operator: 'disable' } as const;

export function initial({ clients, others, appWrites = 0, faults, redisFaults, spentBy }: Scenario): State {
  const calls = clients.flatMap(({ key, password }, index) => [
    resetCall(`client ${index + 1}`, key, password),
    resetCall(`client ${index + 1}, retry`, key, password, true),
  ]);
  const rest = others.map((kind): Process => ({ kind, name: kind, next: first[kind], ...unread }));
  const fresh: State = {
    account: { ...atFirst, version: 1, sessionVersion: 1, password: oldPassword, outdated: true },
    receipts: { K1: undefined, K2: undefined },
    records: { K1: { is: 'kept', version: 1 }, K2: { is: 'kept', version: 1 } },
    expired: false,
    notices: 0,
    audits: 0,
    sessions: [{ sessionVersion: 1, madeAt: 1, stamp: appWrites > 0 ? mintedStamp() : '' }],
    transaction: undefined,
    processes: [...calls, ...rest],
    app: appWrites > 0 ? { left: appWrites, pending: undefined } : undefined,
    faultsLeft: faults,
    redisFaultsLeft: redisFaults,
    commits: [],
    appPassword: undefined,
    endedByApp: false,
    disabled: 0,
    lostOnce: { K1: false, K2: false },
    guesses: { K1: 0, K2: 0 },
    refusedThenCommitted: false,
  };
  if (spentBy === undefined) return fresh;
  return {
    ...fresh,
    account: { ...atFirst, version: 2, sessionVersion: 2, password: spentBy, outdated: false },
    receipts: { K1: { fromVersion: 1, replays: 0 }, K2: undefined },
    notices: 1,
    audits: 1,
    commits: [{ key: 'K1', password: spentBy, from: 1, late: false, unfit: false }],
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

/** What the row says: with all that belongs into a stamp, or with what the protocol puts there. */
export function stampOf(
  { address, password, hashOf }: Pick<Account, 'address' | 'password' | 'hashOf'>,
  { stampHasAddress = true }: Partial<Rules> = {},
): string {
  return `${stampHasAddress ? address : ''}/${password}/${hashOf}`;
}

/** What the row said when the keys were made. */
export function mintedStamp(rules?: Rules): string {
  return stampOf({ ...atFirst, password: oldPassword }, rules);
}

/** Whether this is the row that the keys were made for, in an account that may recover. */
export function isMintedFor(account: Account): boolean {
  return account.active && stampOf(account) === mintedStamp();
}

/** Whether the session is accepted, as in sessions.ts `authenticate`. */
export function isGood(session: Session, { account, app }: State, rules: Rules): boolean {
  if (app && session.stamp !== stampOf(account)) return false;
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
  if (state.app) text += encodeApp(state, state.app);
  for (const { key, password, from, late } of state.commits) text += `,${key ?? ''}${password}${from}${+late}`;
  for (const session of state.sessions.map(encodeSession).sort()) text += session;
  for (const process of state.processes) text += encodeProcess(process);
  return text;
}

function encodeApp(
  { account, appPassword, commits, endedByApp, processes, transaction }: State,
  app: AppState,
): string {
  let text = `,${account.address}${app.left}${app.pending ?? ''}${appPassword ?? ''}${+endedByApp}`;
  if (transaction) text += `${+transaction.holdsRow}${+transaction.unfit}`;
  for (const { unfit } of commits) text += +unfit;
  for (const process of processes) {
    if (process.kind !== 'reset') text += `,${process.stamp}`;
    else if (process.seen) text += `,${process.seen.address}${+process.seen.active}`;
    else text += ',';
  }
  return text;
}

function encodeSession({ sessionVersion, madeAt, stamp }: Session): string {
  return `;${sessionVersion}${madeAt}${stamp}`;
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
  'take the version': 'V',
  'lock the row': 'L',
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
