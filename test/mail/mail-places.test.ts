import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Clock } from '../../src/mail/dialogue-times.js';
import { type MailPlace, MailPlaces, placesTiming } from '../../src/mail/mail-places.js';
import { recipientDomain } from '../../src/mail/recipient-domain.js';

/** A clock by vitest's fake timers. */
const clock: Clock = {
  now: () => Date.now(),
  sleep: (milliseconds, signal) =>
    new Promise((resolve) => {
      setTimeout(resolve, milliseconds);
      signal?.addEventListener('abort', () => resolve());
    }),
};
let places: MailPlaces;
beforeEach(() => {
  vi.useFakeTimers();
  places = new MailPlaces(6, placesTiming, clock);
});
afterEach(() => {
  vi.useRealTimers();
});

const take = (to: string, isRetry = false) => places.take(`somebody@${to}`, isRetry);
const isCut = (place: MailPlace | undefined) => place?.signal.aborted;
/** A mail that the recipient's server answered within 50 ms. */
const answeredQuickly = (domain: string) => {
  const place = take(domain);
  place?.stage('RCPT');
  vi.advanceTimersByTime(50);
  place?.release();
};
const waits = (...list: (MailPlace | undefined)[]) => {
  for (const place of list) place?.stage('RCPT');
  vi.advanceTimersByTime(placesTiming.slow + 1);
};

describe('the places of six slots', () => {
  it('are a third for a domain that nobody knows, whatever stands before its name', () => {
    const [first, second] = [take('a.slow.example'), take('b.slow.example')];
    expect([first, second].every(Boolean)).toBe(true);
    expect(take('c.slow.example')).toBeUndefined();
    expect(take('slow.example')).toBeUndefined();
    expect(take('other.example')).toBeDefined();
    first?.release();
    first?.release();
    expect(take('c.slow.example')).toBeDefined();
    expect(take('d.slow.example')).toBeUndefined();
  });

  it('are all for a domain that answered quickly, and a third again once it was slow', () => {
    answeredQuickly('quick.example');
    const held = Array.from({ length: 7 }, () => take('quick.example'));
    expect(held.map(Boolean)).toEqual([true, true, true, true, true, true, false]);
    waits(...held);
    expect(held.slice(0, 6).map(isCut)).toEqual([false, false, true, true, true, true]);
    for (const place of held) place?.release();
    expect([take('quick.example'), take('quick.example'), take('quick.example')].map(Boolean)).toEqual([
      true,
      true,
      false,
    ]);
  });

  it('do not trust a slow domain after one quick answer, and forget a quick domain that was not written to for long', () => {
    const place = take('slow.example');
    waits(place);
    place?.release();
    answeredQuickly('slow.example');
    expect([1, 2, 3].map(() => Boolean(take('slow.example')))).toEqual([true, true, false]);
    answeredQuickly('quick.example');
    vi.advanceTimersByTime(placesTiming.trust + 1);
    expect([1, 2, 3].map(() => Boolean(take('quick.example')))).toEqual([true, true, false]);
  });

  it('hold two thirds that wait for anybody, so that many domains on one slow server do not hold all', () => {
    const held = ['one', 'two', 'three', 'four', 'five', 'six'].map((each) => take(`${each}.example`));
    waits(...held);
    expect(held.map(isCut)).toEqual([false, false, false, false, true, true]);
  });

  it('never end what the relay may have taken', () => {
    const held = ['one', 'two', 'three', 'four', 'five', 'six'].map((each) => take(`${each}.example`));
    for (const place of held) place?.stage('end');
    vi.advanceTimersByTime(60_000);
    expect(held.some(isCut)).toBe(false);
  });

  it('are a third for retries, which leave first attempts theirs', () => {
    const retries = ['one', 'two', 'three', 'four'].map((each) => take(`${each}.example`, true));
    expect(retries.map(Boolean)).toEqual([true, true, false, false]);
    const firsts = ['five', 'six', 'seven', 'eight'].map((each) => take(`${each}.example`));
    expect(firsts.every(Boolean)).toBe(true);
  });

  it('end no mail that is slow before its recipient is named to the relay', () => {
    const place = take('one.example');
    place?.stage('MAIL');
    vi.advanceTimersByTime(20_000);
    expect(isCut(place)).toBe(false);
    place?.release();
  });

  it('are kept until the latest of the times that were set, also when the mail was taken before', async () => {
    const [place, other] = [take('one.example'), take('two.example')];
    place?.keepUntil(clock.now() + 300);
    place?.keepUntil(clock.now() + 200);
    const ended: string[] = [];
    void place?.kept().then(() => ended.push('kept'));
    void other?.kept().then(() => ended.push('not kept'));
    await vi.advanceTimersByTimeAsync(299);
    expect(ended).toEqual(['not kept']);
    await vi.advanceTimersByTimeAsync(1);
    expect(ended).toEqual(['not kept', 'kept']);
  });

  it('are kept a second longer than their mail takes at the most, whatever was said', async () => {
    const place = take('one.example');
    place?.keepUntil(clock.now() + 20_000);
    let isKept = true;
    void place?.kept().then(() => {
      isKept = false;
    });
    await vi.advanceTimersByTimeAsync(placesTiming.slow - 1);
    expect(isKept).toBe(true);
    await vi.advanceTimersByTimeAsync(1);
    expect([isKept, place?.isSlow]).toEqual([false, false]);
  });

  it('are one at the least, of any number of slots', () => {
    const few = new MailPlaces(2);
    expect(few.take('a@one.example', false)).toBeDefined();
    expect(few.take('b@one.example', false)).toBeUndefined();
    expect(few.take('b@two.example', true)).toBeDefined();
  });
});

it.each([
  ['a@example.com', 'example.com'],
  ['a@MAIL.Example.com', 'example.com'],
  ['a@x.y.z.example.com', 'example.com'],
  ['a@shop.co.uk', 'shop.co.uk'],
  ['a@mail.shop.co.uk', 'shop.co.uk'],
  ['a@mail.example.de', 'example.de'],
  ['broken', 'broken'],
])('%s shares its fate with %s', (address, domain) => {
  expect(recipientDomain(address)).toBe(domain);
});
