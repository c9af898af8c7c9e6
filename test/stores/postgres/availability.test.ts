import { afterEach, expect, it, vi } from 'vitest';
import { callDeadline, sharedWithin, withinDeadline } from '../../../src/calls/deadline.js';
import { Unavailable } from '../../../src/calls/errors.js';
import { isDatabaseAway, orReadBack } from '../../../src/calls/unavailable.js';
import { createLog } from '../../../src/observability/log.js';

const log = createLog('silent', 'test');
const refused = (code: string) => Object.assign(new Error('refused'), { code });
afterEach(() => {
  vi.useRealTimers();
});

it('tells a call to try again at its deadline, whatever it waits for, and ignores a late failure', async () => {
  vi.useFakeTimers();
  let fail: (error: Error) => void = () => undefined;
  const endless = new Promise<never>((_, reject) => {
    fail = reject;
  });
  const answer = withinDeadline(log, 'request', () => endless);
  await vi.advanceTimersByTimeAsync(callDeadline);
  expect(await answer).toMatchObject({ kind: 'TemporarilyUnavailable' });
  fail(new Error('too late'));
  await vi.advanceTimersByTimeAsync(0);
});

it('leaves no timer behind a call that ends in time, and lets bugs be bugs', async () => {
  vi.useFakeTimers();
  expect(await withinDeadline(log, 'request', async () => 'done')).toBe('done');
  await expect(withinDeadline(log, 'request', () => Promise.reject(new TypeError('a bug')))).rejects.toThrow('a bug');
  expect(vi.getTimerCount()).toBe(0);
});

it.each([
  '42501',
  '28P01',
  '3D000',
  '25006',
  '53100',
  '53300',
  '57P01',
  '57P03',
  '58030',
  'XX000',
  '08006',
  '55P03',
  '57014',
])('knows %s as a fault of the machine', (code) => expect(isDatabaseAway(refused(code))).toBe(true));

it.each(['23505', '22P02', '42601', '42P01'])('knows %s as a fault of the statement', (code) =>
  expect(isDatabaseAway(refused(code))).toBe(false),
);

it('reads back only what may have been committed', async () => {
  const readBack = vi.fn(async () => 'committed');
  for (const error of [refused('55P03'), refused('53100'), refused('57014'), new Unavailable('postgres')]) {
    await expect(orReadBack<string>(Promise.reject(error), readBack)).rejects.toBe(error);
  }
  expect(readBack).not.toHaveBeenCalled();
  for (const error of [refused('57P01'), refused('ECONNRESET'), new Error('Connection terminated unexpectedly')]) {
    expect(await orReadBack<string>(Promise.reject(error), readBack)).toBe('committed');
    await expect(orReadBack<string>(Promise.reject(error), async () => undefined)).rejects.toBe(error);
  }
});

it('asks a stalled store once, however many ask, and answers each in time', async () => {
  vi.useFakeTimers();
  let answer: (value: string) => void = () => undefined;
  const ask = vi.fn(
    () =>
      new Promise<string>((resolve) => {
        answer = resolve;
      }),
  );
  const shared = sharedWithin(2_000, ask, () => 'no answer');
  const asked = [shared(), shared(), shared()];
  await vi.advanceTimersByTimeAsync(2_000);
  expect(await Promise.all(asked)).toEqual(['no answer', 'no answer', 'no answer']);
  expect(ask).toHaveBeenCalledTimes(1);
  answer('there');
  await vi.advanceTimersByTimeAsync(0);
  const next = shared();
  answer('there again');
  expect(await next).toBe('there again');
  expect(ask).toHaveBeenCalledTimes(2);
});
