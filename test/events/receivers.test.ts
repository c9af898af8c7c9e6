import { join } from 'node:path';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { afterEach, expect, it } from 'vitest';
import { testReceivers } from '../../src/commands/events/test-receivers.js';
import { packageFolder } from '../../src/package-files.js';
import { createReceivers } from '../../src/services/events.js';
import { somebody, startBeside, users, usersShape } from '../accounts/source/app.js';
import { eventually } from '../support/eventually.js';
import { startLatchkey } from '../support/latchkey.js';
import { Latchkey } from '../support/processes.js';
import { startHook, told, withStatus } from './hook.js';

const secret = `whsec_${Buffer.from('0123456789abcdefghijklmn').toString('base64')}`;
const [old, fresh] = ['the password that gets lost', 'a quite new password'];
const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

it('a reset in the table of an app is told with its id, as a Security Event Token that our JWKS verifies', async () => {
  const hook = await startHook();
  hook.answer = withStatus(202);
  const env = { EVENTS_URL: `${hook.url}?token=hidden`, EVENTS_FORMAT: 'caep' };
  const app = await startBeside(users, usersShape, { env });
  stops.push(hook.close, app.close);
  const person = await somebody(app);
  await app.reset(await app.latchkey.keyFor(person.email));
  const [call] = await eventually(
    async () => hook.calls,
    ({ length }) => length === 1,
  );

  expect(call?.headers).toMatchObject({ 'content-type': 'application/secevent+jwt', accept: 'application/json' });
  expect(call?.headers).not.toHaveProperty('webhook-signature');
  const keys = createRemoteJWKSet(new URL(`${app.latchkey.url}/.well-known/jwks.json`));
  const issuer = app.latchkey.settings.http.publicUrl;
  const { payload } = await jwtVerify(call?.body ?? '', keys, { typ: 'secevent+jwt', issuer, audience: hook.url });
  expect(payload).toEqual({
    iss: issuer,
    aud: hook.url,
    iat: expect.any(Number),
    jti: expect.stringMatching(/^[0-9a-f-]{36}$/),
    sub_id: { format: 'iss_sub', iss: issuer, sub: person.id },
    events: {
      'https://schemas.openid.net/secevent/caep/event-type/credential-change': {
        credential_type: 'password',
        change_type: 'update',
        event_timestamp: expect.any(Number),
        sequence: 1,
      },
    },
  });
});

it('with one of two receivers dead the other is told and mails go; when it is back, it is told all in order', async () => {
  const [dead, well] = [await startHook(), await startHook()];
  dead.answer = withStatus(503);
  const env = { EVENTS_URL: `${dead.url},${well.url}`, EVENTS_SECRET: `${secret},${secret}` };
  const latchkey = await startLatchkey({ env });
  stops.push(dead.close, well.close, latchkey.close);
  const email = 'alice@example.com';
  await latchkey.signUp(email, old);
  await latchkey.client.resetPassword({ key: await latchkey.keyFor(email), password: fresh });
  for (let count = 0; count < 2; count++) {
    await latchkey.as((await latchkey.signIn(email, fresh)) ?? '').signOutEverywhere();
  }
  const sequences = (of: typeof dead) => [...new Set(of.calls.map((call) => told(call).data.sequence))];
  await eventually(
    async () => sequences(well),
    ({ length }) => length === 3,
  );
  await latchkey.inbox.waitFor(({ text }) => text.includes('was changed on'));
  expect(sequences(dead)).toEqual([1]);

  dead.answer = withStatus(200);
  const soon = `update job set start_after = now() where name = 'events-1' and state = 'retry'`;
  await eventually(
    async () => {
      await latchkey.database.query(soon);
      return sequences(dead);
    },
    ({ length }) => length === 3,
  );
  expect(sequences(dead)).toEqual([1, 2, 3]);
});

it('the example ends sessions once, and takes no event that is a repeat, late, or signed by somebody else', async () => {
  const file = join(packageFolder, 'examples/events-receiver/receiver.mjs');
  const example = Latchkey.of(file, [], { settings: { EVENTS_SECRET: secret, PORT: '0' } });
  stops.push(() => example.stop('SIGKILL'));
  const [, port] = await eventually(
    async () => /listening on (\d+)/.exec(example.output) ?? [],
    ({ length }) => length === 2,
  );
  const receiversWith = (...secrets: string[]) => {
    const receiver = { id: 'id', name: 'the example', url: `http://127.0.0.1:${port}/`, secrets };
    const accounts = { accessToken: { issuer: '', signingKeys: [] } } as never;
    const log = { error: () => undefined, warn: () => undefined, info: () => undefined, debug: () => undefined };
    return createReceivers({ events: { format: 'webhook', receivers: [receiver] }, accounts }, log);
  };
  const [mine] = receiversWith(secret, 'correct-horse-battery-staple');
  const [strange] = receiversWith('correct-horse-battery-staple');
  const { signal } = new AbortController();
  const event = { type: 'password.reset', accountId: 'alice', at: new Date(0).toISOString() } as const;
  for (const sequence of [1, 3, 3, 2]) {
    expect(await mine?.send({ ...event, id: `event ${sequence}`, sequence }, signal)).toMatchObject({ status: 204 });
  }
  expect(await strange?.send({ ...event, id: 'event 4', sequence: 4 }, signal)).toMatchObject({ status: 401 });
  const lines = [1, 3].map((sequence) => `password.reset ${sequence}: ended the sessions of alice\n`);
  expect(example.output).toBe(`listening on ${port}\n${lines.join('')}`);

  const printed: string[] = [];
  const all = [...receiversWith(secret), ...receiversWith('correct-horse-battery-staple')];
  expect(await testReceivers(all, (line) => printed.push(line))).toBe(1);
  expect(printed.sort()).toEqual([
    expect.stringMatching(/^the example answered 204 after \d+ ms$/),
    expect.stringMatching(/^the example answered 401 after \d+ ms: not taken$/),
  ]);
  expect(await testReceivers(receiversWith(secret), () => undefined)).toBe(0);
  await expect(testReceivers([], () => undefined)).rejects.toThrow('EVENTS_URL is not set');
});
