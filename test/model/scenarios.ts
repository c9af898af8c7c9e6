import type { Rules } from './protocol.js';
import type { Scenario } from './state.js';

export const protocol: Rules = {
  lookUp: 'GET',
  checksMac: true,
  onRedisError: 'try later',
  updateGuardedByVersion: true,
  uniqueReceipts: true,
  deletesRecordAfterCommit: false,
  noticeInTransaction: true,
  readBackComparesHash: true,
  countsReplay: 'before verifying',
  renewalGuarded: true,
  sessionsCarryVersion: true,
  stampHasAddress: true,
  guardChecksActive: true,
  locksBeforeGuard: true,
  hasVersionBeside: true,
};

/**
 * Labels of the steps that the walks must take together; otherwise they would prove less than they claim. The rollback
 * of a transaction whose connection was cut is left out, because a failed COMMIT leads to the same states sooner.
 */
export const protocolSteps: readonly string[] = [
  ...['lookUp', 'receipts.find, no record', 'accounts.find', 'receipts.find, which reason', 'BEGIN'],
  ...['UPDATE and INSERTs', 'COMMIT', 'read back', 'compare hash', 'takeReplay', 'verify'],
]
  .flatMap((step) => [`client 1: ${step}`, `client 1, retry: ${step}`])
  .concat(['sign-in: read', 'sign-in: issue', 'sign-in: renew', 'operator: disable', 'operator: enable'])
  .concat(['authenticate', 'read', 'UPDATE and INSERTs', 'COMMIT', 'issue'].map((step) => `change: ${step}`))
  .concat(['take the version', 'lock the row'].flatMap((step) => [`client 1: ${step}`, `client 1, retry: ${step}`]))
  .concat(
    ['changes the password', 'forces a reset', 'moves', 'suspends', 'opens', 'restores the row'].flatMap((what) => [
      `app: ${what}`,
      `app: COMMIT of "${what}"`,
    ]),
  )
  .concat(['database: commits what was cut', 'clock: the keys expire'])
  .concat(['lost', 'forged', 'there again'].map((what) => `Redis: the record of K1 is ${what}`));

const one = { key: 'K1', password: 'one' } as const;
const two = { key: 'K1', password: 'two' } as const;
const sibling = { key: 'K2', password: 'sibling' } as const;
const guessers = ['two', 'three', 'four', 'five'].map((password) => ({ key: 'K1', password }) as const);

/** The numbers of faults are limited, so that each walk ends. */
export const scenarios = {
  twoFaults: {
    name: 'two clients with one key, two faults',
    clients: [one, two],
    others: [],
    faults: 2,
    redisFaults: 0,
  },
  oneKey: {
    name: 'two clients with one key, unreliable Redis',
    clients: [one, two],
    others: [],
    faults: 1,
    redisFaults: 2,
  },
  siblings: {
    name: 'two clients with sibling keys, unreliable Redis',
    clients: [one, sibling],
    others: [],
    faults: 1,
    redisFaults: 1,
  },
  events: {
    name: 'a client, a sign-in, a change and an operator',
    clients: [one],
    others: ['sign-in', 'change', 'operator'],
    faults: 1,
    redisFaults: 1,
  },
  together: {
    name: 'two clients, a sign-in and a change',
    clients: [one, sibling],
    others: ['sign-in', 'change'],
    faults: 1,
    redisFaults: 0,
  },
  guesses: {
    name: 'four clients with a spent key',
    clients: guessers,
    others: [],
    faults: 0,
    redisFaults: 0,
    spentBy: 'one',
  },
  app: {
    name: 'two clients with sibling keys, and the app that owns the account',
    clients: [one, sibling],
    others: [],
    appWrites: 3,
    faults: 0,
    redisFaults: 0,
  },
  appAndFault: {
    name: 'a client, a fault, and the app that owns the account',
    clients: [one],
    others: [],
    appWrites: 2,
    faults: 1,
    redisFaults: 0,
  },
  appAndChange: {
    name: 'a client, a sign-in, a change, and the app that owns the account',
    clients: [one],
    others: ['sign-in', 'change'],
    appWrites: 2,
    faults: 0,
    redisFaults: 0,
  },
} satisfies Record<string, Scenario>;

export interface Mutant {
  readonly name: string;
  readonly rules: Partial<Rules>;
  readonly scenario: Scenario;
  /** The invariant that the walk must find broken. */
  readonly caughtBy: string;
}

const { app, oneKey, events, guesses } = scenarios;
export const mutants: readonly Mutant[] = [
  { name: 'GETDEL first', rules: { lookUp: 'GETDEL' }, scenario: oneKey, caughtBy: 'I2' },
  {
    name: 'write, then DEL, with an unguarded UPDATE',
    rules: { updateGuardedByVersion: false, uniqueReceipts: false, deletesRecordAfterCommit: true },
    scenario: oneKey,
    caughtBy: 'I1',
  },
  {
    name: 'UPDATE without the version',
    rules: { updateGuardedByVersion: false },
    scenario: events,
    caughtBy: 'I1',
  },
  { name: 'unguarded rehash', rules: { renewalGuarded: false }, scenario: events, caughtBy: 'I6' },
  {
    name: 'replays counted after verifying',
    rules: { countsReplay: 'after verifying' },
    scenario: guesses,
    caughtBy: 'I4',
  },
  { name: 'record without a check of its MAC', rules: { checksMac: false }, scenario: oneKey, caughtBy: 'I1' },
  {
    name: 'notice outside of the transaction',
    rules: { noticeInTransaction: false },
    scenario: oneKey,
    caughtBy: 'I5',
  },
  { name: 'INVALID on a Redis error', rules: { onRedisError: 'invalid' }, scenario: oneKey, caughtBy: 'I2' },
  { name: 'sessions without a version', rules: { sessionsCarryVersion: false }, scenario: events, caughtBy: 'I5' },
  {
    name: 'any receipt read back is success, also that of another call with the same key',
    rules: { readBackComparesHash: false },
    scenario: oneKey,
    caughtBy: 'I3',
  },
  { name: 'a stamp without the address', rules: { stampHasAddress: false }, scenario: app, caughtBy: 'I1' },
  { name: 'a guard without "active"', rules: { guardChecksActive: false }, scenario: app, caughtBy: 'I1' },
  { name: 'no lock before the guard', rules: { locksBeforeGuard: false }, scenario: app, caughtBy: 'I1' },
  { name: 'a stamp without a version of ours', rules: { hasVersionBeside: false }, scenario: app, caughtBy: 'I1' },
];
