import { expect, it } from 'vitest';
import { IteratedThread } from '../../../../src/accounts/passwords/hashing/iterated-thread.js';

const work = { algorithm: 'phpass', password: 'a password', salt: '12345678', rounds: 2 ** 15 } as const;

it('a loop of rounds is counted in a thread of its own, while the event loop goes on', async () => {
  let turns = 0;
  const turning = setInterval(() => turns++, 2);
  const thread = new IteratedThread();
  const [one, again, other] = await Promise.all([
    thread.run(work),
    thread.run(work),
    thread.run({ ...work, password: 'another' }),
  ]);
  clearInterval(turning);
  expect(one).toMatch(/^[./0-9A-Za-z]{22}$/);
  expect(again).toBe(one);
  expect(other).not.toBe(one);
  expect(turns).toBeGreaterThan(5);
});

it('a thread that died fails what it had, and the next hash gets a new one', async () => {
  const thread = new IteratedThread();
  const broken = { ...work, rounds: 1, salt: undefined as unknown as string };
  await expect(Promise.all([thread.run(broken), thread.run(work)])).rejects.toThrow();
  expect(await thread.run({ ...work, rounds: 1 })).toMatch(/^[./0-9A-Za-z]{22}$/);
});
