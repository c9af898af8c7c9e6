import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HashLimiter } from '../../../../src/accounts/passwords/hashing/hash-limiter.js';
import { HashShares, partiesOf } from '../../../../src/accounts/passwords/hashing/shares.js';
import { Unavailable } from '../../../../src/calls/errors.js';
import { from, HashLoad } from './hash-load.js';

const gate = () => Promise.withResolvers<void>();
const nothing = async () => undefined;

describe('the hash limiter', () => {
  // Shows: R-57
  it('refuses what does not fit; sign-ins keep no reset out, and resets no sign-in', async () => {
    const limited = new HashLimiter({ hashConcurrency: 1, hashQueue: 1 });
    const first = gate();
    const running = [
      limited.run({ urgency: 'other' }, () => first.promise),
      limited.run({ urgency: 'other' }, nothing),
      limited.run({ urgency: 'reset' }, nothing),
    ];
    expect([limited.running, limited.waiting]).toEqual([1, 2]);
    for (const urgency of ['reset', 'other'] as const) {
      expect(() => limited.expectRoom({ urgency })).toThrow(Unavailable);
      await expect(limited.run({ urgency }, nothing)).rejects.toBeInstanceOf(Unavailable);
    }
    first.resolve();
    await Promise.all(running);
    expect([limited.running, limited.waiting]).toEqual([0, 0]);
  });

  it('lets three resets go before each other call while both wait', async () => {
    const load = new HashLoad({ hashConcurrency: 1, hashQueue: 64 });
    const order: string[] = [];
    load.keepCalling(from('192.0.2.1'), 1);
    for (let number = 0; number < 9; number++) {
      void load.call(from('192.0.2.2')).then(() => order.push('sign-in'));
      void load.call(from('192.0.2.3', { urgency: 'reset' })).then(() => order.push('reset'));
    }
    await load.run(2_000);
    const turns = ['reset', 'reset', 'reset', 'sign-in'];
    expect(order).toEqual([...turns, ...turns, ...turns, ...Array.from({ length: 6 }, () => 'sign-in')]);
  });

  it('drops the newest call of the network with most waiting, not the newcomer', async () => {
    const limited = new HashLimiter({ hashConcurrency: 1, hashQueue: 4 });
    const first = gate();
    const answers = new Map<string, string>();
    const call = (name: string, address: string) =>
      limited
        .run(from(address), () => (name === 'running' ? first.promise : nothing()))
        .then(
          () => answers.set(name, 'done'),
          () => answers.set(name, 'refused'),
        );
    const calls = [call('running', '192.0.2.1')];
    for (const [index, address] of ['192.0.2.1', '192.0.2.2', '198.51.100.1', '192.0.2.3'].entries())
      calls.push(call(`waits ${index}`, address));
    limited.expectRoom(from('203.0.113.1'));
    calls.push(call('newcomer', '203.0.113.1'), call('newest of the crowd', '192.0.2.9'));
    first.resolve();
    await Promise.all(calls);
    expect(Object.fromEntries(answers)).toEqual({
      running: 'done',
      'waits 0': 'refused',
      'waits 1': 'done',
      'waits 2': 'done',
      'waits 3': 'done',
      newcomer: 'done',
      'newest of the crowd': 'refused',
    });
  });

  it('makes one hash at a time for a key, two for an account, and others meanwhile', async () => {
    const load = new HashLoad({ hashConcurrency: 4, hashQueue: 64 });
    const now = { key: 0, account: 0 };
    const most = { key: 0, account: 0 };
    const watched = (key: string) =>
      load.limiter.run({ urgency: 'reset', key, account: 'one' }, async () => {
        most.account = Math.max(most.account, ++now.account);
        if (key === 'a') most.key = Math.max(most.key, ++now.key);
        await new Promise<void>((resolve) => load.at(load.now + 30, resolve));
        now.account--;
        if (key === 'a') now.key--;
      });
    const all = ['a', 'a', 'b', 'a', 'b', 'c'].map(watched);
    const other = load.call({ urgency: 'reset', key: 'z', account: 'two' });
    await load.run(1_000);
    await Promise.all(all);
    expect(most).toEqual({ key: 1, account: 2 });
    expect(await other).toEqual({ done: true, at: 30 });
    expect(load.limiter.running).toBe(0);
  });

  it('tells a call that waited too long that it is full, before the call itself is given up', async () => {
    const load = new HashLoad({ hashConcurrency: 1, hashQueue: 4 });
    const first = gate();
    const running = load.limiter.run(from('192.0.2.1'), () => first.promise);
    const waited = load.call(from('192.0.2.2'));
    load.now = 13_000;
    const fresh = load.call(from('192.0.2.3'));
    first.resolve();
    await running;
    await load.run(14_000);
    expect(await waited).toMatchObject({ done: false });
    expect(await fresh).toMatchObject({ done: true });
  });

  it('goes on after work that failed', async () => {
    const limited = new HashLimiter({ hashConcurrency: 1, hashQueue: 5 });
    const bad = limited.run({ urgency: 'other', key: 'k' }, () => Promise.reject(new Error('bad hash')));
    await expect(bad).rejects.toThrow('bad hash');
    expect(await limited.run({ urgency: 'other', key: 'k' }, async () => 'next')).toBe('next');
  });

  // Shows: R-57
  it('never runs more than it may, answers every call and keeps no place, whatever comes', async () => {
    const calls = fc.record({
      at: fc.nat(200),
      urgency: fc.constantFrom('reset' as const, 'other' as const),
      address: fc.constantFrom('192.0.2.1', '192.0.2.2', '198.51.100.1', '2001:db8::1', '2001:db8:0:1::1', 'nothing'),
      key: fc.constantFrom(undefined, 'a', 'b'),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 4 }),
        fc.nat(4),
        fc.array(calls, { minLength: 1, maxLength: 30 }),
        async (hashConcurrency, hashQueue, list) => {
          const load = new HashLoad({ hashConcurrency, hashQueue });
          let answered = 0;
          for (const { at, urgency, address, key } of list)
            load.at(at, () => {
              const proved = key && urgency === 'reset' ? { key, account: 'one' } : {};
              void load.call(from(address, { urgency, ...proved })).then(() => answered++);
              expect(load.limiter.waiting).toBeLessThanOrEqual(2 * hashQueue);
            });
          await load.run(30_000);
          expect(load.peak).toBeLessThanOrEqual(hashConcurrency);
          expect(answered).toBe(list.length);
          expect([load.limiter.running, load.limiter.waiting]).toEqual([0, 0]);
        },
      ),
      { numRuns: 60 },
    );
  });
});

/** 38 people sign in and 10 reset within five seconds; each from a network of their own unless told otherwise. */
async function honest(load: HashLoad, home = (person: number) => `198.18.${person}.7`) {
  const [begin, span] = [load.now + 500, 4_300];
  const signedIn: Promise<{ done: boolean; at: number }>[] = [];
  const reset: Promise<{ done: boolean; at: number }>[] = [];
  for (let person = 0; person < 38; person++)
    load.at(begin + (person * span) / 38, () => signedIn.push(load.call(from(home(person)))));
  for (let person = 0; person < 10; person++) {
    const call = from(`198.19.${person}.7`, { urgency: 'reset', key: `key ${person}`, account: `account ${person}` });
    load.at(begin + (person * span) / 10, () => reset.push(load.call(call)));
  }
  await load.run(begin + span + 200);
  const passed = async (calls: Promise<{ done: boolean }>[]) => {
    const pending = { done: false };
    const ended = await Promise.all(calls.map((call) => Promise.race([call, Promise.resolve(pending)])));
    return ended.filter(({ done }) => done).length;
  };
  return { signedIn: await passed(signedIn), reset: await passed(reset) };
}

describe('with 100 clients at work within their own limits (two hashes of 30 ms at a time: 66 a second)', () => {
  const address = {
    'of a hundred networks': (index: number) => `10.0.${index}.1`,
    'of one /24': (index: number) => `10.0.0.${index}`,
  };
  it.each(Object.entries(address))('%s: 38 people sign in and 10 reset', async (_name, of) => {
    const load = new HashLoad();
    // With LIMIT_HASH_PER_CLIENT at 60/60: all call at the same time, and again when refused.
    for (let index = 0; index < 100; index++)
      for (let line = 0; line < 6; line++) load.keepCalling(from(of(index)), 10);
    expect(await honest(load)).toEqual({ signedIn: 38, reset: 10 });
  });

  it('400 /64s of one /48: 38 people sign in, neighbours in their provider too, and 10 reset', async () => {
    const load = new HashLoad();
    const hex = (index: number) => index.toString(16);
    for (let index = 0; index < 400; index++) load.keepCalling(from(`2001:db8:1:${hex(index)}::1`), 60, 500);
    const home = (person: number) => (person % 2 ? `198.18.${person}.7` : `2001:db8:${hex(person + 16)}::7`);
    expect(await honest(load, home)).toEqual({ signedIn: 38, reset: 10 });
  });

  it('38 people of one /24 sign in and 10 reset beside a /24 that floods', async () => {
    const load = new HashLoad();
    for (let index = 0; index < 100; index++)
      for (let line = 0; line < 6; line++) load.keepCalling(from(`10.0.0.${index}`), 10);
    const result = await honest(load, (person) => `198.18.0.${person}`);
    expect(result).toEqual({ signedIn: 38, reset: 10 });
  });

  it('that had no hash yet, because others take the processor: who comes for the first time is served', async () => {
    // Six hashes a second are what is left for a process where others keep a small machine busy.
    const load = new HashLoad({ hashConcurrency: 1, hashQueue: 64 }, 160);
    for (let index = 0; index < 100; index++)
      for (let line = 0; line < 6; line++) load.keepCalling(from(`10.0.${index}.1`), 60, 500);
    await load.run(500);
    const people = Array.from({ length: 20 }, (_, person) => load.call(from(`198.18.${person}.7`)));
    await load.run(4_500);
    expect((await Promise.all(people)).filter(({ done }) => done)).toHaveLength(20);
  });

  it('alone, an office of 60 people behind one address signs in at the same moment', async () => {
    const load = new HashLoad();
    const office = Array.from({ length: 60 }, () => load.call(from('198.18.1.1')));
    await load.run(2_000);
    expect((await Promise.all(office)).filter(({ done }) => done)).toHaveLength(60);
  });
});

describe('60 calls with one real key', () => {
  it.each([
    ['of one client', () => '10.0.0.1'],
    ['of sixty networks', (index: number) => `10.0.${index}.1`],
  ])('%s keep no honest reset out, and no sign-in', async (_name, of) => {
    const load = new HashLoad();
    for (let index = 0; index < 60; index++)
      load.keepCalling(from(of(index), { urgency: 'reset', key: 'real', account: 'theirs' }), 60, 100);
    expect(await honest(load)).toEqual({ signedIn: 38, reset: 10 });
  });

  it('nor do 60 keys of one account', async () => {
    const load = new HashLoad();
    for (let index = 0; index < 60; index++)
      load.keepCalling(from(`10.0.${index}.1`, { urgency: 'reset', key: `${index}`, account: 'theirs' }), 60, 100);
    expect(await honest(load)).toEqual({ signedIn: 38, reset: 10 });
  });
});

describe('shares', () => {
  it('are forgotten after a minute, and bounded in names', () => {
    let now = 0;
    const shares = new HashShares(() => now);
    const party = partiesOf(from('192.0.2.1'));
    for (let count = 0; count < 6; count++) shares.take(party);
    expect(shares.usedBy(party)).toEqual([6, 6.6]);
    now = 45_000;
    expect(shares.usedBy(party)).toEqual([3, 3.3]);
    now = 60_001;
    expect([shares.usedBy(party), shares.names]).toEqual([[0, 0], 0]);
    shares.tried(from('192.0.2.1'));
    expect([shares.usedBy(party), shares.names]).toEqual([[1, 1], 1]);
    for (let index = 0; index < 200_000; index++) shares.take(partiesOf({ urgency: 'other', account: `${index}` }));
    expect(shares.names).toBeLessThanOrEqual(100_000);
  });

  it('of networks are ten, forty and a hundred and sixty clients', () => {
    expect(partiesOf(from('2001:db8:1:2::3')).map(({ weight }) => weight)).toEqual([160, 40, 10, 1]);
    expect(partiesOf(from('192.0.2.1')).map(({ weight }) => weight)).toEqual([10, 1]);
    expect(partiesOf(from('nothing'))).toEqual([{ name: 'unknown', weight: 1 }]);
  });
});
