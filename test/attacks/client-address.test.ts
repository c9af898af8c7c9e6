import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { startLatchkey, type TestLatchkey } from '../support/latchkey.js';
import { documents, json, send, verdictOf } from './attack.js';

let count = 0;
async function ask({ url }: TestLatchkey, headers: Record<string, string>, extra: object = {}, path = '/graphql') {
  const input = { email: `somebody-${++count}@example.com` };
  const body = JSON.stringify({ query: documents.requestPasswordReset, variables: { input }, ...extra });
  const verdict = verdictOf(await send(url, { path, headers: { ...json, ...headers }, body }));
  if (verdict === 'TooManyRequests') return 0;
  expect(verdict).toBe('PasswordResetRequested');
  return 1;
}
/** Makes these calls one after the other. @returns how many are accepted. */
async function accepted(latchkey: TestLatchkey, ...calls: Record<string, string>[]): Promise<number> {
  let sum = 0;
  for (const headers of calls) sum += await ask(latchkey, headers);
  return sum;
}
const from = (...addresses: string[]) => addresses.map((address) => ({ 'x-forwarded-for': address }));
const times = <T>(length: number, make: (index: number) => T): T[] => Array.from({ length }, (_, index) => make(index));

describe('where no proxy is trusted', async () => {
  const latchkey = await startLatchkey({ env: { LIMIT_RESET_PER_CLIENT: '3/600' }, withoutWorker: true });
  afterAll(() => latchkey.close());
  beforeEach(async () => void (await latchkey.redis.flushall()));

  it('accepts three calls of a client', async () => {
    expect(await accepted(latchkey, ...times(6, () => ({})))).toBe(3);
  });

  // Shows: R-06, V-19
  it.each([
    'x-forwarded-for',
    'x-real-ip',
    'true-client-ip',
    'cf-connecting-ip',
    'x-client-ip',
    'x-cluster-client-ip',
    'x-originating-ip',
    'x-remote-addr',
    'fastly-client-ip',
    'via',
  ])('accepts no more for another %s at each call', async (name) => {
    expect(await accepted(latchkey, ...times(6, (i) => ({ [name]: `203.0.113.${i + 1}` })))).toBe(3);
  });

  // Shows: R-06, V-17, V-19
  it('accepts no more for another Forwarded, user agent, Host or query string at each call', async () => {
    let sum = 0;
    for (let i = 0; i < 6; i++) {
      const headers = { forwarded: `for=203.0.113.${i}`, 'user-agent': `agent ${i}`, host: `host${i}.example` };
      sum += await ask(
        latchkey,
        headers,
        { operationName: null, extensions: { email: `${i}` } },
        `/graphql?email=${i}`,
      );
    }
    expect(sum).toBe(3);
  });
});

describe('behind a trusted proxy', async () => {
  const latchkey = await startLatchkey({
    env: { TRUST_PROXY: '127.0.0.1, 10.0.0.0/8', LIMIT_RESET_PER_CLIENT: '3/600', LIMIT_RESET_PER_NETWORK: '5/600' },
    withoutWorker: true,
  });
  afterAll(() => latchkey.close());
  beforeEach(async () => void (await latchkey.redis.flushall()));

  it('counts each client by itself', async () => {
    expect(await accepted(latchkey, ...from(...Array(5).fill('203.0.113.1')))).toBe(3);
    expect(await accepted(latchkey, ...from(...Array(5).fill('198.51.100.1')))).toBe(3);
  });

  // Shows: R-06, V-19
  it('believes the last hop that is not a proxy of ours, whatever stands before it', async () => {
    expect(await accepted(latchkey, ...times(6, (i) => ({ 'x-forwarded-for': `192.0.2.${i}, 203.0.113.1` })))).toBe(3);
    expect(
      await accepted(latchkey, ...times(6, (i) => ({ 'x-forwarded-for': `192.0.2.${i}, 198.51.100.1, 10.1.2.3` }))),
    ).toBe(3);
    expect(await accepted(latchkey, ...times(6, (i) => ({ 'x-forwarded-for': `10.0.0.${i}, 198.18.0.1` })))).toBe(3);
  });

  it('counts an IPv4 network of 256 addresses together', async () => {
    expect(await accepted(latchkey, ...from(...times(9, (i) => `203.0.113.${i}`)))).toBe(5);
    expect(await accepted(latchkey, ...from('203.0.114.1'))).toBe(1);
  });

  // Shows: V-19
  it('counts the IPv6 addresses of one /64 as one client', async () => {
    const spelled = [
      '2001:db8:1:1::1',
      '2001:0DB8:0001:0001:ffff::2',
      '2001:db8:1:1:a:b:c:d',
      '2001:db8:1:1::',
      '2001:db8:1:1::1%eth0',
    ];
    expect(await accepted(latchkey, ...from(...spelled))).toBe(3);
    expect(await accepted(latchkey, ...from('2001:db8:1:2::1'))).toBe(1);
  });

  it('counts the IPv6 addresses of one /56 as one network, a /48 four times and a /32 sixteen times as much', async () => {
    expect(await accepted(latchkey, ...from(...times(9, (i) => `2001:db8:aaaa:${i}::1`)))).toBe(5);
    expect(await accepted(latchkey, ...from(...times(30, (i) => `2001:db8:aaaa:${i}00::1`)))).toBe(20 - 5);
    expect(await accepted(latchkey, ...from('2001:db8:aaab::1'))).toBe(1);
    expect(await accepted(latchkey, ...from(...times(90, (i) => `2001:db8:${i}:1::1`)))).toBe(80 - 21);
    expect(await accepted(latchkey, ...from('2001:db9::1'))).toBe(1);
  });

  // Shows: V-19
  it('counts an IPv4 address as itself in every spelling', async () => {
    const spelled = [
      '203.0.113.9',
      '::ffff:203.0.113.9',
      '::FFFF:cb00:7109',
      '0:0:0:0:0:ffff:203.0.113.9',
      '203.0.113.9:4711',
      '[::ffff:203.0.113.9]:4711',
    ];
    expect(await accepted(latchkey, ...from(...spelled))).toBe(3);
  });

  it('counts what is no address as one client', async () => {
    const nonsense = ['unknown', '_hidden', 'localhost', '1.2.3.4.5', '203.0.113.1 203.0.113.2', 'somebody-else', '%'];
    expect(await accepted(latchkey, ...from(...nonsense))).toBe(3);
  });

  it('reads no other header', async () => {
    const headers = times(6, (i) => ({ 'x-real-ip': `203.0.113.${i}`, forwarded: `for=198.51.100.${i}` }));
    expect(await accepted(latchkey, ...headers)).toBe(3);
  });
});
