import { expect, it } from 'vitest';
import { assertTimeouts, type Timeouts } from '../../src/services/timeouts.js';

it('the timeouts in use fit into each other', () => {
  expect(() => assertTimeouts()).not.toThrow();
});

// Shows: F-39
it('keeps the lease of a job longer than one attempt can take, with every wait for a store and a relay', () => {
  // 60 s over all relays, three statements that each wait for a connection first, 14 commands to Redis, and a second for
  // which the place is kept.
  expect(() => assertTimeouts({ lease: 105_000 })).toThrow('105000 ms >= 105000 ms: a second worker would take a job');
  expect(() => assertTimeouts({ lease: 105_001 })).not.toThrow();
});

// Shows: F-39
it.each<[keyof Timeouts, number, string]>([
  ['lock', 5_000, 'a statement would end'],
  ['migrationLock', 3_000, 'a migration that waits'],
  ['statement', 7_000, 'the server would still work'],
  ['query', 12_000, 'a call would be answered before its only statement'],
  ['call', 10_000, 'a call would be answered before its only statement'],
  ['redisCommand', 15_000, 'a call would be answered before Redis'],
  ['mailWaits', 60_000, 'a mail would wait'],
  ['mail', 75_000, 'a process that ends would cut off a dialogue'],
  ['event', 60_000, 'an event would hold up'],
  ['heartbeat', 120_000, 'a dead worker'],
  ['drain', 60_000, 'a process that ends would cut off calls'],
  ['grace', 35_000, 'a process that ends would cut off calls'],
])('%s of %i ms does not fit: %s', (name, milliseconds, otherwise) => {
  expect(() => assertTimeouts({ [name]: milliseconds })).toThrow(otherwise);
});
