import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../../support/eventually.js';
import { startLatchkey, type TestLatchkey } from '../../support/latchkey.js';
import { createDatabase } from '../../support/stores.js';
import { TcpProxy } from '../../support/tcp-proxy.js';

/** Whether these bytes contain the simple-protocol message `commit`, with which our transactions end. */
const isCommit = (text: string) => /Q[\s\S]{4}commit\0/i.test(text);

const password = 'the password that gets lost';
const changed = 'a quite new password';
let line: TcpProxy;
let latchkey: TestLatchkey;
let person = 0;
beforeAll(async () => {
  const database = await createDatabase();
  line = await TcpProxy.to(database.url);
  latchkey = await startLatchkey({ database, env: { DATABASE_URL: line.through(database.url) } });
});
afterAll(async () => {
  await latchkey.close();
  line.shut();
});

async function someone() {
  const email = `person.${++person}@example.com`;
  const id = await latchkey.signUp(email, password);
  return { email, id, token: (await latchkey.signIn(email, password)) ?? '' };
}

const events = async (id: string, kind: string) =>
  (await latchkey.database.query('select 1 from audit_event where account_id = $1 and kind = $2', [id, kind])).length;

describe('when the connection is cut after the COMMIT, and its answer is lost', () => {
  it('a reset is read back', async () => {
    const { email, id } = await someone();
    const key = await latchkey.keyFor(email);
    const cut = line.cutAt(isCommit, 'after');
    const [result] = await Promise.all([latchkey.client.resetPassword({ key, password: changed }), cut]);
    expect(result).toMatchObject({ __typename: 'PasswordResetCompleted' });
    expect(await latchkey.signIn(email, changed)).toBeDefined();
    expect(await events(id, 'reset.completed')).toBe(1);
  });

  // Shows: ARTHA 9.1.1.3.2
  it('a password change is read back, and its token works', async () => {
    const { email, id, token } = await someone();
    const cut = line.cutAt(isCommit, 'after');
    const [result] = await Promise.all([
      latchkey.as(token).changePassword({ currentPassword: password, newPassword: changed }),
      cut,
    ]);
    expect(result).toMatchObject({ __typename: 'PasswordChanged' });
    const accessToken = result.__typename === 'PasswordChanged' ? result.accessToken : '';
    expect(await latchkey.as(accessToken).me()).toMatchObject({ email });
    expect(await events(id, 'account.password-changed')).toBe(1);
  });

  it('a sign-up is read back', async () => {
    const email = `person.${++person}@example.com`;
    const cut = line.cutAt(isCommit, 'after');
    const [result] = await Promise.all([latchkey.client.signUp({ email, password }), cut]);
    expect(result).toMatchObject({ __typename: 'SignedUp', account: { email } });
    expect(await latchkey.signIn(email, password)).toBeDefined();
  });

  it('a sign-out everywhere is read back', async () => {
    const { token, id } = await someone();
    const cut = line.cutAt(isCommit, 'after');
    const [result] = await Promise.all([latchkey.as(token).signOutEverywhere(), cut]);
    expect(result).toMatchObject({ __typename: 'SignedOutEverywhere' });
    expect(await latchkey.as(token).me()).toBeNull();
    expect(await events(id, 'account.signed-out-everywhere')).toBe(1);
  });
});

describe('when the connection is cut before the COMMIT', () => {
  it('a reset changes nothing and says to try again; the same call then succeeds', async () => {
    const { email, id } = await someone();
    const key = await latchkey.keyFor(email);
    const cut = line.cutAt(isCommit, 'before');
    const [result] = await Promise.all([latchkey.client.resetPassword({ key, password: changed }), cut]);
    expect(result).toMatchObject({ __typename: 'TemporarilyUnavailable' });
    expect(await latchkey.signIn(email, password)).toBeDefined();
    expect(await latchkey.client.resetPassword({ key, password: changed })).toMatchObject({
      __typename: 'PasswordResetCompleted',
    });
    expect(await events(id, 'reset.completed')).toBe(1);
  });

  it('a password change changes nothing and says to try again; the same call then succeeds', async () => {
    const { token } = await someone();
    const change = () => latchkey.as(token).changePassword({ currentPassword: password, newPassword: changed });
    const cut = line.cutAt(isCommit, 'before');
    const [result] = await Promise.all([change(), cut]);
    expect(result).toMatchObject({ __typename: 'TemporarilyUnavailable' });
    expect(await change()).toMatchObject({ __typename: 'PasswordChanged' });
  });

  it('a sign-up makes nothing and says to try again; the same call then succeeds', async () => {
    const input = { email: `person.${++person}@example.com`, password };
    const cut = line.cutAt(isCommit, 'before');
    const [result] = await Promise.all([latchkey.client.signUp(input), cut]);
    expect(result).toMatchObject({ __typename: 'TemporarilyUnavailable' });
    expect(await latchkey.client.signUp(input)).toMatchObject({ __typename: 'SignedUp' });
  });

  it('a sign-out ends nothing and says to try again; the same call then succeeds', async () => {
    const { token } = await someone();
    const cut = line.cutAt(isCommit, 'before');
    const [result] = await Promise.all([latchkey.as(token).signOutEverywhere(), cut]);
    expect(result).toMatchObject({ __typename: 'TemporarilyUnavailable' });
    expect(await latchkey.as(token).signOutEverywhere()).toMatchObject({ __typename: 'SignedOutEverywhere' });
  });
});

describe('a mail whose job cannot be settled immediately', () => {
  // Shows: V-46
  it.each(['before', 'after'] as const)('is not sent twice when the line is cut %s the settling', async (moment) => {
    const { email } = await someone();
    const settles = /completed_on = \w+\.job_now\(\),\s+state = 'completed'/;
    const cut = line.cutAt((text) => settles.test(text), moment);
    await latchkey.client.requestPasswordReset({ email });
    await cut;
    const states = () =>
      latchkey.database.query<{ state: string; retry_count: number }>(
        `select state::text, retry_count from job where name = 'password-reset-request' and data ->> 'email' = $1`,
        [email],
      );
    const [job] = await eventually(states, ([row]) => row?.state !== 'active');
    expect(job).toEqual({ state: 'completed', retry_count: 0 });
    expect(latchkey.inbox.mails().filter(({ to }) => to.includes(email))).toHaveLength(1);
  });
});
