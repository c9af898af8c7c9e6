import { afterEach, describe, expect, it } from 'vitest';
import type { EmailAddress } from '../../src/accounts/email-address.js';
import { requestClass, resetRequests } from '../../src/password-reset/reset-requests.js';
import { flood } from '../attacks/callers.js';
import { eventually } from '../support/eventually.js';
import { startLatchkey, type TestLatchkey } from '../support/latchkey.js';

let latchkey: TestLatchkey | undefined;
afterEach(() => latchkey?.close());

describe('the class of a request', () => {
  const v4 = { networks: ['203.0.113.0/24'] };
  const v6 = { networks: ['2001:db8::/32', '2001:db8:1::/48', '2001:db8:1::/56'] };
  it('is the highest for clients that asked seldom, and the lowest for a flood from one client or network', () => {
    const of = (client: number, network: number) => requestClass(v4, { client: [client], networks: [network] });
    expect([of(1, 1), of(2, 4), of(3, 4), of(2, 5), of(8, 32), of(9, 9), of(1, 33)]).toEqual([1, 1, 0, 0, 0, -1, -1]);
  });
  it('allows a wider network of IPv6 more', () => {
    const of = (...networks: number[]) => requestClass(v6, { client: [1], networks });
    expect([of(64, 16, 4), of(65, 16, 4), of(64, 17, 4), of(600, 128, 32), of(64, 16, 33)]).toEqual([1, 0, 0, -1, -1]);
  });
});

describe('a worker with four places', () => {
  it('takes the oldest and the newest of the highest class, the oldest of any, and the oldest of the lowest; then everything', async () => {
    latchkey = await startLatchkey({ withoutWorker: true });
    const { jobs } = latchkey.services;
    const enqueue = (name: string, priority: number) => {
      const email = `${name}@example.com` as EmailAddress;
      return jobs.enqueue(resetRequests, { email, locale: null, requestId: name, client: '203.0.113.7' }, priority);
    };
    const waiting = [
      ['middle-1', 0],
      ['flood-1', -1],
      ['flood-2', -1],
      ['middle-2', 0],
      ['flood-3', -1],
      ['owner-1', 1],
      ['owner-2', 1],
      ['owner-3', 1],
    ] as const;
    for (const [name, priority] of waiting) await enqueue(name, priority);
    const taken: string[] = [];
    let release = () => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    await jobs.work(resetRequests, 4, async ({ data }) => {
      taken.push(data.requestId);
      await released;
      return { settle: 'done', outcome: 'sent' };
    });
    await eventually(
      () => taken.length,
      (count) => count === 4,
    );
    expect([...taken].sort()).toEqual(['flood-1', 'middle-1', 'owner-1', 'owner-3']);
    release();
    await eventually(
      () => taken.length,
      (count) => count === waiting.length,
    );
    await enqueue('late', -1);
    await eventually(
      () => taken.includes('late'),
      (isThere) => isThere,
    );
    expect(new Set(taken).size).toBe(waiting.length + 1);
  });
});

it('hands over a mail that was asked for after a flood of the same class before most of the flood', async () => {
  latchkey = await startLatchkey({ withoutWorker: true, env: { TRUST_PROXY: '127.0.0.1' } });
  await latchkey.signUp('owner@example.com', 'the password that gets lost');
  const query = 'mutation($input: RequestPasswordResetInput!) { requestPasswordReset(input: $input) { __typename } }';
  const ask = (email: string, from: string) => ({
    query,
    variables: { input: { email } },
    headers: { 'x-forwarded-for': from },
  });
  await flood(latchkey.url, 300, (n) => ask(`nobody-${n}@example.net`, `10.0.${n % 256}.7`), 16);
  await flood(latchkey.url, 1, () => ask('owner@example.com', '198.51.100.1'));
  await latchkey.startWorker();
  await latchkey.inbox.waitFor(({ to }) => to.includes('owner@example.com'));
  const [before] = await latchkey.database.query<{ done: number }>(
    `select count(*)::int as done from job where name = 'password-reset-request' and state = 'completed'`,
  );
  expect(before?.done).toBeLessThan(150);
});

it('hands over the mail of somebody who asked once before a flood from another network', async () => {
  latchkey = await startLatchkey({ withoutWorker: true, env: { TRUST_PROXY: '127.0.0.1' } });
  await latchkey.signUp('owner@example.com', 'the password that gets lost');
  const query = 'mutation($input: RequestPasswordResetInput!) { requestPasswordReset(input: $input) { __typename } }';
  const ask = (email: string, from: string) =>
    latchkey?.post({ query, variables: { input: { email } } }, { 'x-forwarded-for': from });
  for (let each = 0; each < 300; each += 50) {
    await Promise.all(Array.from({ length: 50 }, (_, n) => ask(`nobody-${each + n}@example.net`, `203.0.${n % 3}.7`)));
  }
  await ask('owner@example.com', '198.51.100.1');
  await latchkey.startWorker();
  await latchkey.inbox.waitFor(({ to }) => to.includes('owner@example.com'));
  const [before] = await latchkey.database.query<{ done: number }>(
    `select count(*)::int as done from job where name = 'password-reset-request' and state = 'completed'`,
  );
  expect(before?.done).toBeLessThan(150);
});
