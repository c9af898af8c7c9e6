import { fastify } from 'fastify';
import { expect, it, onTestFinished } from 'vitest';
import { CallLimit } from '../../src/http/call-limit.js';

it('works on so many calls at once; more are told at once to come again, and find a place as soon as there is one', async () => {
  const app = fastify();
  onTestFinished(() => app.close());
  const limit = new CallLimit(2);
  const gate = Promise.withResolvers<void>();
  let started = 0;
  app.get('/', (_request, reply) =>
    limit.run(reply, async () => {
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
