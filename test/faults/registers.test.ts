import { describe, expect, it } from 'vitest';
import { checkRegisters } from './check/registers.js';
import type { Snapshot } from './check/snapshot.js';
import type { Entry, Outcome, Token } from './recording.js';
import { recordName } from './stage.js';

const key = (letter: string) => letter.repeat(42).concat('A');
const token: Token = { text: 'token', start: 0, end: 0 };
const call = (start: number, end: number, outcome: Outcome, result = '') => ({
  client: 0,
  to: 'api-1',
  start,
  end,
  outcome,
  result,
});
const signIn = (password: string, start: number, end: number, outcome: Outcome): Entry => ({
  op: 'signIn',
  account: 'one',
  email: 'one@example.com',
  password,
  ...call(start, end, outcome),
});
const reset = (letter: string, password: string, start: number, end: number, outcome: Outcome): Entry => ({
  op: 'reset',
  account: 'one',
  key: key(letter),
  password,
  ...call(start, end, outcome),
});
const change = (from: string, password: string, start: number, end: number, outcome: Outcome): Entry => ({
  op: 'change',
  account: 'one',
  token,
  from,
  password,
  ...call(start, end, outcome),
});

/** What PostgreSQL holds: a receipt for each of these keys, in this order, and changes at these times. */
function stored(version: number, receipts: readonly [string, number][], changes: readonly number[] = []): Snapshot {
  return {
    accounts: [{ id: 'one', email: 'one@example.com', credentialVersion: version, sessionVersion: version }],
    receipts: receipts.map(([letter, fromVersion]) => ({
      digest: recordName(key(letter)).slice('reset:'.length),
      accountId: 'one',
      fromVersion,
      usedAt: 0,
      replays: 0,
    })),
    audits: changes.map((at) => ({ kind: 'account.password-changed', accountId: 'one', at })),
    jobs: [],
    holding: 0,
    withoutTtl: [],
    sessions: [],
  };
}

const accounts = new Map([['one', { id: 'one', email: 'one@example.com', emails: [], password: 'first', since: 0 }]]);
const violations = (entries: Entry[], snapshot: Snapshot) =>
  checkRegisters(entries, accounts, snapshot).map(({ text }) => text.replace(/^one@example.com: /, ''));

describe('the history of an account', () => {
  it.each<[string, Entry[], Snapshot]>([
    [
      'one reset',
      [signIn('first', 0, 1, 'ok'), reset('a', 'new', 2, 4, 'ok'), signIn('new', 5, 6, 'ok')],
      stored(2, [['a', 1]]),
    ],
    [
      'a sign-in beside a reset, either way',
      [reset('a', 'new', 0, 9, 'ok'), signIn('first', 1, 3, 'ok'), signIn('new', 4, 5, 'ok')],
      stored(2, [['a', 1]]),
    ],
    [
      'a lost answer that had happened',
      [reset('a', 'new', 0, 2, 'unknown'), signIn('new', 5, 6, 'ok')],
      stored(2, [['a', 1]]),
    ],
    ['a lost answer that had not', [reset('a', 'new', 0, 2, 'unknown'), signIn('first', 5, 6, 'ok')], stored(1, [])],
    [
      'a commit later than its answer',
      [reset('a', 'new', 0, 2, 'unknown'), signIn('first', 5, 6, 'ok'), signIn('new', 8, 9, 'ok')],
      stored(2, [['a', 1]]),
    ],
    [
      'a reset, then a change',
      [reset('a', 'new', 0, 2, 'ok'), change('new', 'newer', 3, 4, 'ok'), signIn('newer', 5, 6, 'ok')],
      stored(3, [['a', 1]], [3.5]),
    ],
  ])('fits with %s', (_name, entries, snapshot) => {
    expect(violations(entries, snapshot)).toEqual([]);
  });

  it.each<[string, Entry[], Snapshot, RegExp]>([
    [
      'an old password that still opens',
      [reset('a', 'new', 0, 2, 'ok'), signIn('first', 3, 4, 'ok')],
      stored(2, [['a', 1]]),
      /sign-in with first succeeded/,
    ],
    [
      'an old password that comes back',
      [reset('a', 'new', 0, 2, 'ok'), signIn('new', 3, 4, 'ok'), signIn('first', 5, 6, 'ok')],
      stored(2, [['a', 1]]),
      /sign-in with first succeeded/,
    ],
    [
      'a success that did not happen',
      [reset('a', 'new', 0, 2, 'ok'), signIn('new', 3, 4, 'refused')],
      stored(2, [['a', 1]]),
      /sign-in with new was refused/,
    ],
    ['a success without a receipt', [reset('a', 'new', 0, 2, 'ok')], stored(1, []), /reset to new/],
    [
      'two successes with siblings',
      [reset('a', 'new', 0, 5, 'ok'), reset('b', 'other', 1, 6, 'ok')],
      stored(3, [
        ['a', 1],
        ['b', 1],
      ]),
      /reset to/,
    ],
    [
      'a refused password that opens',
      [reset('a', 'new', 0, 2, 'refused'), signIn('new', 3, 4, 'ok')],
      stored(1, []),
      /sign-in with new succeeded/,
    ],
    [
      'a change on a version that was gone',
      [reset('a', 'new', 0, 1, 'ok'), change('first', 'other', 2, 4, 'ok')],
      stored(3, [['a', 1]], [3]),
      /change to other/,
    ],
    ['a version that no call explains', [signIn('first', 0, 1, 'ok')], stored(2, []), /version 2 is stored/],
  ])('does not fit with %s', (_name, entries, snapshot, text) => {
    expect(violations(entries, snapshot)).toEqual([expect.stringMatching(text)]);
  });
});
