import { createHmac } from 'node:crypto';
import { expect, it } from 'vitest';
import { checkEvents } from './check/events.js';
import type { Snapshot } from './check/snapshot.js';
import type { Arrival } from './receivers.js';
import { type Fault, Recording } from './recording.js';

const secrets = ['correct-horse-battery-staple', `whsec_${Buffer.from('0123456789abcdefghijklmn').toString('base64')}`];
const receiver = { name: 'receiver-1', url: 'http://127.0.0.1:9/events?of=receiver-1', secrets };
const at = '2026-11-28T09:30:00.000Z';
const began = Date.parse(at);
const keys = [Buffer.from(secrets[0] ?? ''), Buffer.from('0123456789abcdefghijklmn')];

interface Changed {
  readonly id?: string;
  readonly type?: string;
  readonly data?: object;
  readonly status?: number;
  readonly path?: string;
  readonly signedBy?: readonly Buffer[];
  readonly late?: number;
}

/** What comes of an event, by default as it should. */
function event(sequence: number, received: number, changed: Changed = {}): Arrival {
  const { id = `00000000-0000-4000-8000-00000000000${sequence}`, status = 204, signedBy = keys, late = 0 } = changed;
  const data = { accountId: 'one', change: 'password', at, sequence, ...changed.data };
  const body = JSON.stringify({ type: changed.type ?? 'password.reset', timestamp: at, data });
  const timestamp = String(Math.floor((began + received) / 1_000) - late);
  const macs = signedBy.map((key) => createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64'));
  const headers = {
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': macs.map((mac) => `v1,${mac}`).join(' '),
  };
  const times = { received: began + received, answered: began + received + 5 };
  return {
    receiver: 'receiver-1',
    method: 'POST',
    path: '/events?of=receiver-1',
    headers,
    body,
    status,
    ...times,
    ...pathOf(changed),
  };
}
const pathOf = ({ path }: Changed) => (path === undefined ? {} : { path });

function violations(told: readonly Arrival[], commits: number, faults: readonly Fault[] = [], holding = 0): string[] {
  const recording = new Recording();
  recording.accounts.set('one', { id: 'one', email: 'one@example.com', emails: [], password: 'first', since: 0 });
  recording.told.push(...told);
  recording.faults.push(...faults);
  const audit = { kind: 'reset.completed', accountId: 'one', at: began };
  const snapshot: Snapshot = {
    accounts: [{ id: 'one', email: 'one@example.com', credentialVersion: 1, sessionVersion: 1 }],
    audits: Array.from({ length: commits }, () => audit),
    receipts: [],
    jobs: [],
    holding,
    withoutTtl: [],
    sessions: [],
  };
  return [...new Set(checkEvents(recording, snapshot, [receiver]).map(({ check }) => check))];
}

const refused = { status: 500 };
const killed = { kind: 'process-kill', target: 'worker-1', affects: ['worker-1'], start: began, end: began + 50 };

it.each([
  ['each is taken once, in order', [event(1, 0, refused), event(1, 10), event(2, 20)], 2],
  ['nothing was changed', [], 0],
] as const)('the rig finds nothing where %s', (_what, told, commits) => {
  expect(violations(told, commits)).toEqual([]);
});

it.each([
  ['one was never taken', 'E1', [event(1, 0), event(2, 20, refused)], 2],
  ['one came for no commit', 'E1', [event(1, 0), event(2, 20)], 1],
  ['one went before the one before it was taken', 'E2', [event(2, 0), event(1, 10), event(2, 20, refused)], 2],
  [
    'one has another id the second time',
    'E3',
    [event(1, 0, refused), event(1, 10, { id: event(2, 0).headers['webhook-id'] as string })],
    1,
  ],
  ['one has other bytes the second time', 'E3', [event(1, 0, refused), event(1, 10, { type: 'password.changed' })], 1],
  ['one came again after it was taken', 'E4', [event(1, 0), event(1, 10)], 1],
  ['one has an address in it', 'E5', [event(1, 0), event(2, 10, { data: { email: 'one@example.com' } })], 1],
  ['one has the address for an id', 'E5', [event(1, 0), event(2, 10, { data: { accountId: 'one@example.com' } })], 1],
  ['one is signed by a part of the secrets', 'E5', [event(1, 0), event(2, 10, { signedBy: keys.slice(1) })], 1],
  ['one says a time of hours ago', 'E5', [event(1, 0), event(2, 10, { late: 7_200 })], 1],
  ['one followed a redirect', 'E5', [event(1, 0), event(2, 10, { path: '/elsewhere' })], 1],
] as const)('the rig finds that %s (%s)', (_what, check, told, commits) => {
  expect(violations(told, commits)).toContain(check);
});

it('the rig excuses a repeat whose worker died, and finds an event that holds others for nothing', () => {
  const twice = [event(1, 0), event(1, 10)];
  expect(violations(twice, 1, [killed])).toEqual([]);
  expect(violations(twice, 1, [{ ...killed, start: began + 60_000, end: began + 70_000 }])).toEqual(['E4']);
  expect(violations([event(1, 0)], 1, [], 1)).toEqual(['E2']);
});
