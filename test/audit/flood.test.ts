import type { MikroORM } from '@mikro-orm/postgresql';
import { expect, it } from 'vitest';
import { Audit } from '../../src/audit/audit.js';
import { createLog } from '../../src/log.js';
import { Metrics } from '../../src/metrics.js';

it('events of a flood do not gather while the database is slow; what is lost is told', async () => {
  const gate = Promise.withResolvers<void>();
  let asked = 0;
  const insert = async () => {
    asked++;
    await gate.promise;
  };
  const orm = { em: { fork: () => ({ insert }) } } as unknown as MikroORM;
  const metrics = new Metrics();
  const audit = new Audit(orm, createLog('silent', 'test'), metrics);
  const hit = (client: number) => audit.noteOnceAMinute(`client ${client}`, { kind: 'limit.hit' });
  const notes = Array.from({ length: 300 }, (_, client) => hit(client));
  expect(asked).toBe(100);
  gate.resolve();
  await Promise.all(notes);
  expect((await metrics.text()).body).toMatch(/latchkey_alarms_total\{alarm="audit-event-lost"\} 200/);
  await hit(1_000);
  expect(asked).toBe(101);
});
