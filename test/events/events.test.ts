import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { AccountAdmin } from '../../src/commands/accounts/account-admin.js';
import { eventTypes } from '../../src/events/event.js';
import { packageFolder } from '../../src/package-files.js';
import { createAccountServices } from '../../src/services/command-services.js';
import { eventually } from '../support/eventually.js';
import { startLatchkey, type TestLatchkey } from '../support/latchkey.js';
import { type Hook, startHook, told } from './hook.js';
import { areStrangersHere, strangers } from './strangers/strangers.js';

const secrets = [`whsec_${Buffer.from('0123456789abcdefghijklmn').toString('base64')}`, 'correct-horse-battery-staple'];
const [old, fresh] = ['the password that gets lost', 'a quite new password'];
const other = 'yet another new password';
let latchkey: TestLatchkey;
let hooks: readonly [Hook, Hook];
beforeAll(async () => {
  hooks = [await startHook(), await startHook()];
  const env = {
    EVENTS_URL: hooks.map(({ url }) => `${url}?token=hidden`).join(),
    EVENTS_SECRET: `${secrets.join('|')},${secrets[1]}`,
  };
  latchkey = await startLatchkey({ env });
});
afterAll(async () => {
  await latchkey.close();
  for (const hook of hooks) await hook.close();
});

/** What an operator does, as `latchkey account` would. */
async function administer(work: (admin: AccountAdmin) => Promise<unknown>): Promise<void> {
  const services = createAccountServices({ ...latchkey.settings, command: 'account' });
  const terminal = { in: Readable.from([]), out: { write: () => true }, err: { write: () => true } };
  const { languages } = services.mailTemplates;
  const { argon2 } = latchkey.settings.accounts;
  try {
    await work(new AccountAdmin({ ...services, argon2, knownLocale: () => null, languages, terminal }));
  } finally {
    await services.close();
  }
}

it('every change of a credential is told to each receiver, in order, signed, without a secret', async () => {
  const email = 'alice@example.com';
  const id = await latchkey.signUp(email, old);
  const key = await latchkey.keyFor(email);
  await latchkey.client.resetPassword({ key, password: fresh });
  await latchkey.client.resetPassword({ key, password: fresh });
  const token = (await latchkey.signIn(email, fresh)) ?? '';
  const changed = await latchkey.as(token).changePassword({ currentPassword: fresh, newPassword: other });
  const session = changed.__typename === 'PasswordChanged' ? changed.accessToken : '';
  await latchkey.as(session).signOutEverywhere();
  await administer((admin) => admin.disable(id));
  await administer((admin) => admin.disable(id));
  await administer((admin) => admin.enable(email));
  const of = (hook: Hook) => [...new Map(hook.calls.map((call) => [call.headers['webhook-id'], call])).values()];
  for (const hook of hooks)
    await eventually(
      async () => of(hook),
      ({ length }) => length === 5,
    );

  for (const hook of hooks) {
    const events = of(hook).map(told);
    expect(events.map(({ type, data }) => [type, data.change, data.sequence])).toEqual([
      ['password.reset', 'password', 1],
      ['password.changed', 'password', 2],
      ['sessions.ended', 'sessions', 3],
      ['account.disabled', 'status', 4],
      ['account.enabled', 'status', 5],
    ]);
    expect(new Set(events.map(({ data }) => data.accountId))).toEqual(new Set([id]));
    const sent = JSON.stringify(hook.calls);
    for (const secret of [email, 'alice', old, fresh, other, key, '$argon2', ...secrets])
      expect(sent).not.toContain(secret);
    expect(hook.calls.every(({ path }) => path === '/hook?token=hidden')).toBe(true);
  }
  expect(of(hooks[0]).map(({ headers }) => headers['webhook-id'])).toEqual(
    of(hooks[1]).map(({ headers }) => headers['webhook-id']),
  );
  for (const hidden of [...secrets, 'token=hidden', '/hook']) expect(latchkey.logged()).not.toContain(hidden);
  expect(await latchkey.database.query('select * from event_pending')).toEqual([]);
  const { body: metrics } = await latchkey.services.metrics.text();
  expect(metrics).toMatch(/^latchkey_receiver_up\{receiver="127\.0\.0\.1:\d+"\} 1$/m);
  expect(metrics).toMatch(/^latchkey_jobs_total\{queue="events-2",outcome="told"\} 5$/m);
});

it.skipIf(!areStrangersHere)(
  'the library of Standard Webhooks verifies each, with either secret of a rotation; the schema describes each (needs `npm ci` in test/events/strangers)',
  async () => {
    const { Ajv, Webhook } = await strangers();
    const schema = JSON.parse(await readFile(join(packageFolder, 'docs/events.schema.json'), 'utf8'));
    const isDescribed = new Ajv().compile(schema);
    const marked = new Webhook(secrets[0] ?? '');
    const raw = new Webhook(secrets[1] ?? '', { format: 'raw' });
    expect(hooks[0].calls.length).toBeGreaterThan(0);
    for (const { body, headers } of hooks[0].calls) {
      expect(marked.verify(body, headers)).toEqual(JSON.parse(body));
      expect(raw.verify(body, headers)).toEqual(JSON.parse(body));
      expect(() => marked.verify(body.replace('"sequence":', '"sequence": '), headers)).toThrow(
        'No matching signature',
      );
      expect(isDescribed(JSON.parse(body))).toBe(true);
      expect(isDescribed({ ...JSON.parse(body), email: 'alice@example.com' })).toBe(false);
    }
    for (const { body, headers } of hooks[1].calls) {
      expect(() => marked.verify(body, headers)).toThrow('No matching signature');
      expect(raw.verify(body, headers)).toEqual(JSON.parse(body));
    }
    const { type, data } = schema.properties;
    expect(type.enum).toEqual(Object.keys(eventTypes));
    expect(new Set(data.properties.change.enum)).toEqual(new Set(Object.values(eventTypes)));
  },
);

it('sessions that wrong current passwords end are told, once', async () => {
  const id = await latchkey.signUp('carol@example.com', old);
  const token = (await latchkey.signIn('carol@example.com', old)) ?? '';
  for (let each = 1; each <= 12; each++) {
    await latchkey.as(token).changePassword({ currentPassword: `wrong horse battery ${each}`, newPassword: other });
  }
  const own = () => hooks[1].calls.map(told).filter(({ data }) => data.accountId === id);
  await eventually(own, ({ length }) => length > 0);
  expect(await latchkey.signIn('carol@example.com', old)).toBeDefined();
  expect(own().map(({ type, data }) => [type, data.change, data.sequence])).toEqual([
    ['sessions.ended', 'sessions', 1],
  ]);
});

it('a change that rolls back is not told, and takes no number', async () => {
  const id = await latchkey.signUp('bob@example.com', old);
  const { accounts, credentialEvents } = latchkey.services;
  const rolledBack = accounts.transaction(async (transaction) => {
    await credentialEvents.record(transaction, 'password.changed', id, new Date());
    throw new Error('rolls back');
  });
  await expect(rolledBack).rejects.toThrow('rolls back');
  const written = `select data from job where name like 'events-%' and data -> 'event' ->> 'accountId' = $1`;
  expect(await latchkey.database.query(written, [id])).toEqual([]);
  expect(await latchkey.database.query('select * from event_sequence where account_id = $1', [id])).toEqual([]);
});
