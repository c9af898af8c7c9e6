import { fastify } from 'fastify';
import { expect, it, onTestFinished } from 'vitest';
import { clientNames } from '../../../src/http/client-ip.js';
import { CallLimit } from '../../../src/http/connections/call-limit.js';

it('works on a bounded number of calls; more are refused immediately, and find a place as soon as one is free', async () => {
  const app = fastify();
  onTestFinished(() => app.close());
  const limit = new CallLimit(2);
  const gate = Promise.withResolvers<void>();
  let started = 0;
  app.get('/', (_request, reply) =>
    limit.run(clientNames('192.0.2.1'), reply, async () => {
      started++;
      await gate.promise;
      if (started === 3) throw new Error('a call that fails gives its place back, too');
      return reply.send('done');
    }),
  );
  const calls = [app.inject('/'), app.inject('/')];
  await expect.poll(() => started).toBe(2);
  const refused = await app.inject('/');
  expect(refused.statusCode).toBe(503);
  expect(refused.headers['retry-after']).toBe('2');
  expect(refused.json().errors[0].extensions.code).toBe('TEMPORARILY_UNAVAILABLE');
  gate.resolve();
  expect((await Promise.all(calls)).map(({ statusCode }) => statusCode)).toEqual([200, 200]);
  expect((await app.inject('/')).statusCode).toBe(500);
  const after = await Promise.all([app.inject('/'), app.inject('/')]);
  expect(after.map(({ statusCode }) => statusCode)).toEqual([200, 200]);
});

it('keeps a few places for clients with few calls under way: no client and no network takes them all', async () => {
  const app = fastify();
  onTestFinished(() => app.close());
  const limit = new CallLimit(100);
  const gate = Promise.withResolvers<void>();
  app.get('/', (request, reply) =>
    limit.run(clientNames(String(request.headers.from)), reply, async () => {
      await gate.promise;
      return reply.send('done');
    }),
  );
  const answers: Promise<{ statusCode: number }>[] = [];
  const call = (from: string) => answers.push(app.inject({ url: '/', headers: { from } }));
  for (let index = 0; index < 60; index++) call('192.0.2.1');
  for (let index = 0; index < 60; index++) call(`2001:db8:1:${index.toString(16)}::1`);
  for (const from of ['192.0.2.1', '2001:db8:1:ff::1', '2001:db8:2::1', '198.51.100.1', '198.51.100.1', '198.51.100.1'])
    call(from);
  for (const from of ['198.51.101.1', '2001:db8:3::1', '198.51.102.1', '198.51.103.1', '198.51.104.1']) call(from);
  const allowed = 100;
  setTimeout(() => gate.resolve(), 500);
  const all = (await Promise.all(answers)).map(({ statusCode }) => statusCode);
  expect(all.slice(0, 120).filter((status) => status === 200)).toHaveLength(allowed);
  // The flood gets no reserved place; a neighbour in the provider's /32 one of the first half; a person two.
  expect(all.slice(120)).toEqual([503, 503, 200, 200, 200, 503, 200, 503, 200, 503, 503]);
});
