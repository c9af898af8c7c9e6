import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ask, giveBack, type Place, refuse } from '../../../src/password-reset/budget/places.js';

const second = 1_000;
const hour = 3_600 * second;
const windows = [
  { points: 3, seconds: 3_600 },
  { points: 5, seconds: 21_600 },
];
const keyTtl = hour;

/** An account whose mails arrive unless the test says otherwise; keys live as long as `ResetBudget` says. */
class Owner {
  places: readonly Place[] = [];
  /** When each link that was handed over expires. */
  readonly links: number[] = [];
  readonly mails: number[] = [];
  #jobs = 0;

  ask(now: number, network: string, isOwnDevice = false, outcome: 'sent' | 'refused' | 'given up' = 'sent') {
    const job = `job-${this.#jobs++}`;
    const answer = ask(this.places, { job, now, network, isOwnDevice }, windows);
    if (!answer.granted) return false;
    this.places = answer.places;
    if (outcome === 'given up') this.places = giveBack(this.places, job);
    else this.mails.push(now);
    if (outcome === 'refused') this.places = refuse(this.places, job);
    if (outcome === 'sent') this.links.push(now + Math.max(keyTtl, (answer.refillsAt ?? now) - now));
    return true;
  }

  hasLink(now: number): boolean {
    return this.links.some((ends) => ends > now);
  }
}

const asked = fc.record({
  pause: fc.integer({ min: 0, max: 3 * hour }),
  network: fc.constantFrom('a', 'b', 'c', ''),
  isOwnDevice: fc.boolean(),
  outcome: fc.constantFrom('sent' as const, 'sent' as const, 'given up' as const),
});

describe('the budget of an account', () => {
  it('refuses nobody who has no live link, whatever was asked before, and from wherever', () => {
    fc.assert(
      fc.property(fc.array(asked, { maxLength: 60 }), (all) => {
        const owner = new Owner();
        let now = 1_000_000 * hour;
        for (const { pause, network, isOwnDevice, outcome } of all) {
          now += pause;
          if (!owner.ask(now, network, isOwnDevice, outcome)) expect(owner.hasLink(now)).toBe(true);
        }
      }),
      { numRuns: 400 },
    );
  });

  it('sends at most five mails in six hours, and two from reserved places', () => {
    fc.assert(
      fc.property(fc.array(asked, { maxLength: 80 }), (all) => {
        const owner = new Owner();
        let now = 1_000_000 * hour;
        for (const { pause, network, isOwnDevice } of all) {
          now += Math.round(pause / 20);
          owner.ask(now, network, isOwnDevice);
        }
        for (const from of owner.mails) {
          expect(owner.mails.filter((at) => at >= from && at < from + 6 * hour).length).toBeLessThanOrEqual(7);
        }
      }),
      { numRuns: 400 },
    );
  });

  it("keeps a place for the owner's own device, and one for another network, once in six hours each", () => {
    const owner = new Owner();
    const now = 1_000_000 * hour;
    const mails = (...tries: [string, boolean?][]) => tries.map(([net, device]) => owner.ask(now, net, device));
    expect(mails(['stranger'], ['stranger'], ['stranger'], ['stranger'])).toEqual([true, true, true, false]);
    expect(mails(['stranger', true], ['stranger', true])).toEqual([true, false]);
    expect(mails(['home'], ['home'], ['work'], [''])).toEqual([true, false, false, false]);
    const again = now + hour;
    expect([1, 2, 3].map(() => owner.ask(again, 'stranger'))).toEqual([true, true, false]);
    expect([owner.ask(again, 'cafe'), owner.ask(again, 'stranger', true)]).toEqual([false, false]);
    const later = now + 6 * hour;
    expect([1, 2, 3].map(() => owner.ask(later, 'stranger'))).toEqual([true, true, true]);
    expect([owner.ask(later, 'cafe'), owner.ask(later, 'stranger', true)]).toEqual([true, true]);
  });

  it('counts a mailbox that refuses in the shortest window only', () => {
    const owner = new Owner();
    const start = 1_000_000 * hour;
    for (let each = 0; each < 30; each++) owner.ask(start + each * second, 'a', false, 'refused');
    expect(owner.mails).toHaveLength(3);
    expect([4, 5, 6].map((each) => owner.ask(start + each * hour, 'a'))).toEqual([true, true, true]);
  });

  it("keeps a job's place through its retries, and tells each time how long the budget is closed now", () => {
    const now = 1_000_000 * hour;
    const first = ask([], { job: 'one', now, network: 'a', isOwnDevice: false }, windows);
    expect(first).toMatchObject({ granted: true, refillsAt: undefined });
    let places = first.places;
    for (const job of ['two', 'three'])
      places = ask(places, { job, now, network: 'a', isOwnDevice: false }, windows).places;
    const again = ask(places, { job: 'one', now: now + 600 * second, network: 'a', isOwnDevice: false }, windows);
    expect(again).toMatchObject({ granted: true, refillsAt: now + hour });
    expect(again.places).toHaveLength(3);
  });
});
