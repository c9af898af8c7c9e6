import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type BreakerState, RelayBreaker } from '../../../src/mail/relay/breaker.js';

let states: [BreakerState, number][];
let breaker: RelayBreaker;
beforeEach(() => {
  vi.useFakeTimers();
  states = [];
  breaker = new RelayBreaker({ failures: 3, firstPause: 1_000, longestPause: 5_000 }, (...each) => states.push(each));
});
afterEach(() => {
  breaker.close();
  vi.useRealTimers();
});

const fail = (count = 1) => {
  for (let each = 0; each < count; each++) breaker.admit('a.example')?.failed();
};
const suspect = (...domains: string[]) => {
  for (const domain of domains) breaker.admit(domain)?.suspected();
};
const lastPause = () => states.filter(([state]) => state === 'open').at(-1)?.[1] ?? 0;

describe('the circuit breaker of a relay', () => {
  it('opens after failures in a row, and not after others', () => {
    fail(2);
    breaker.admit('a.example')?.answered();
    fail(2);
    expect(breaker.state).toBe('closed');
    fail();
    expect(breaker.state).toBe('open');
    expect(breaker.admit('a.example')).toBeUndefined();
  });

  it('lets one mail through after the pause, and all once that was answered', () => {
    fail(3);
    vi.advanceTimersByTime(lastPause() - 1);
    expect(breaker.admit('a.example')).toBeUndefined();
    vi.advanceTimersByTime(2);
    const trial = breaker.admit('a.example');
    expect(trial).toBeDefined();
    expect(breaker.admit('a.example')).toBeUndefined();
    trial?.answered();
    expect(breaker.admit('a.example')).toBeDefined();
    expect(states.map(([state]) => state)).toEqual(['open', 'half-open', 'closed']);
  });

  it('pauses longer after each failed trial, between half and whole, up to the longest, and begins anew', () => {
    fail(3);
    const pauses = [lastPause()];
    for (let each = 0; each < 5; each++) {
      vi.advanceTimersByTime(lastPause() + 1);
      fail();
      pauses.push(lastPause());
    }
    for (const [index, whole] of [1_000, 2_000, 4_000, 5_000, 5_000, 5_000].entries()) {
      expect(pauses[index]).toBeGreaterThanOrEqual(whole / 2);
      expect(pauses[index]).toBeLessThanOrEqual(whole);
    }
    vi.advanceTimersByTime(lastPause() + 1);
    breaker.admit('a.example')?.answered();
    fail(3);
    expect(lastPause()).toBeLessThanOrEqual(1_000);
  });

  it('is not held open by mails from before the pause, and closed by one that was answered after all', () => {
    const [early, late, last] = [breaker.admit('a.example'), breaker.admit('a.example'), breaker.admit('a.example')];
    fail(3);
    const pause = lastPause();
    early?.failed();
    vi.advanceTimersByTime(pause + 1);
    const trial = breaker.admit('a.example');
    late?.failed();
    expect(breaker.state).toBe('half-open');
    trial?.failed();
    last?.answered();
    expect(breaker.state).toBe('closed');
    vi.advanceTimersByTime(60_000);
    expect(breaker.state).toBe('closed');
  });

  it('is not opened by silence that one domain meets, however often, nor by two', () => {
    suspect('a.example', 'a.example', 'a.example', 'a.example', 'b.example', 'b.example');
    expect(breaker.state).toBe('closed');
    suspect('c.example');
    expect(breaker.state).toBe('open');
  });

  it('is not opened by silence while another mail is answered', () => {
    const waiting = ['a.example', 'b.example', 'c.example', 'd.example'].map((domain) => breaker.admit(domain));
    breaker.admit('owner.example')?.answered();
    for (const pass of waiting) pass?.suspected();
    expect(breaker.state).toBe('closed');
    suspect('a.example', 'b.example');
    breaker.admit('owner.example')?.answered();
    suspect('c.example', 'd.example');
    expect(breaker.state).toBe('closed');
  });

  it('tries another recipient than those that met the silence, several at the same time, and pauses no longer for it', () => {
    suspect('a.example', 'b.example', 'c.example');
    vi.advanceTimersByTime(lastPause() + 1);
    expect(breaker.admit('a.example')).toBeUndefined();
    const slow = breaker.admit('d.example');
    const owner = breaker.admit('owner.example');
    expect(breaker.admit('d.example')).toBeUndefined();
    slow?.suspected();
    expect(breaker.state).toBe('open');
    expect(lastPause()).toBeLessThanOrEqual(1_000);
    owner?.answered();
    expect(breaker.state).toBe('closed');
  });

  it('lets those that met the silence try again where nobody else writes', () => {
    suspect('a.example', 'b.example', 'c.example');
    vi.advanceTimersByTime(lastPause() + 1);
    expect(breaker.admit('a.example')).toBeUndefined();
    vi.advanceTimersByTime(5_001);
    breaker.admit('a.example')?.answered();
    expect(breaker.state).toBe('closed');
  });

  it('is not kept half-open by a trial that came to nothing', () => {
    fail(3);
    vi.advanceTimersByTime(lastPause() + 1);
    breaker.admit('a.example')?.undecided();
    breaker.admit('a.example')?.answered();
    expect(breaker.state).toBe('closed');
  });
});
