import type { MikroORM } from '@mikro-orm/postgresql';
import { expect, it } from 'vitest';
import { RefusalNames } from '../../src/audit/refusal-names.js';
import { Refusals } from '../../src/audit/refusals.js';
import { clientNames } from '../../src/http/client-ip.js';
import { createLog } from '../../src/observability/log.js';
import { Metrics } from '../../src/observability/metrics.js';

interface Row {
  readonly client: string;
  readonly account_id: string | null;
  readonly count: number;
}

/** Refusals with a fake database that keeps the rows (`written`); a write ends when the promise of `answer` does. */
function refusalsWith(answer: () => Promise<void>) {
  const written: Row[][] = [];
  const execute = async (_sql: string, [json]: readonly string[]) => {
    written.push(JSON.parse(json ?? '[]') as Row[]);
    await answer();
  };
  const metrics = new Metrics();
  const orm = { em: { fork: () => ({ execute }) }, config: { get: () => 'latchkey' } } as unknown as MikroORM;
  return { refusals: new Refusals(orm, createLog('silent', 'test'), metrics), written, metrics };
}

it('a flood of refusals is one row for a client, also while the database is slow, and nobody waits for it', async () => {
  const gate = Promise.withResolvers<void>();
  const { refusals, written, metrics } = refusalsWith(() => gate.promise);
  for (let each = 0; each < 20_000; each++) refusals.note({ kind: 'limit.hit', client: '203.0.113.7', detail: 'x' });
  expect(written).toEqual([]);
  await new Promise((resolve) => setTimeout(resolve, 20));
  for (let each = 0; each < 20_000; each++) refusals.note({ kind: 'limit.hit', client: '203.0.113.7', detail: 'x' });
  gate.resolve();
  await refusals.written();
  expect(written.map((rows) => rows.map(({ client, count }) => [client, count]))).toEqual([
    [['203.0.113.7', 20_000]],
    [['203.0.113.7', 20_000]],
  ]);
  expect((await metrics.text()).body).toMatch(/latchkey_audit_events_total\{kind="limit.hit"\} 40000/);
});

it('of 20,000 clients of one network 200 are told by name, and the rest by the network', async () => {
  const { refusals, written } = refusalsWith(async () => undefined);
  for (let each = 0; each < 20_000; each++) {
    const { client } = clientNames(`2001:db8:${each.toString(16)}::1`);
    refusals.note({ kind: 'account.sign-in-refused', client, accountId: `account ${each}` });
  }
  await refusals.written();
  const rows = written.flat();
  expect(rows).toHaveLength(201);
  expect(rows.find(({ client }) => client === '2001:db8::/32')).toMatchObject({ count: 19_800, account_id: null });
});

it('counts that are lost are told', async () => {
  const { refusals, metrics } = refusalsWith(() => Promise.reject(new Error('away')));
  refusals.note({ kind: 'limit.hit' });
  await refusals.written();
  expect((await metrics.text()).body).toMatch(/latchkey_alarms_total\{alarm="audit-event-lost"\} 1/);
});

it('the names of an hour are bounded, whoever comes, and begin anew with the next', () => {
  let now = 0;
  const names = new RefusalNames(() => now);
  const seen = new Set<string>();
  for (let each = 0; each < 60_000; each++) {
    const address = `${1 + (each >> 16)}.${(each >> 8) & 255}.${each & 255}.1`;
    seen.add(names.of('limit.hit', address, undefined).client);
  }
  expect(seen.size).toBeLessThanOrEqual(10_001);
  expect(names.of('limit.hit', '198.51.100.1', undefined).client).toBe('many');
  now = 3_600_000;
  expect(names.of('limit.hit', '198.51.100.1', undefined).client).toBe('198.51.100.1');
  expect(names.of('limit.hit', 'unknown', undefined).client).toBe('unknown');
});
