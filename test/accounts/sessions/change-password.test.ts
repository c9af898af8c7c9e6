import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLatchkeyClient } from '../../../schema/sdk/client.js';
import { eventually } from '../../support/eventually.js';
import { startLatchkey, type TestLatchkey } from '../../support/latchkey.js';

const password = 'the password that gets lost';
let latchkey: TestLatchkey;
beforeAll(async () => {
  latchkey = await startLatchkey({
    env: { TRUST_PROXY: '127.0.0.1', LIMIT_CHANGE_PASSWORD_PER_ACCOUNT: '5/3600' },
    withoutWorker: true,
  });
});
afterAll(() => latchkey.close());

const somebody = async (email: string) => {
  const id = await latchkey.signUp(email, password);
  return { id, email, token: (await latchkey.signIn(email, password)) ?? '' };
};
const change = (token: string, currentPassword: string, newPassword = 'a quite new password', host = 1) =>
  createLatchkeyClient({
    url: latchkey.url,
    headers: { 'x-forwarded-for': `203.0.113.${host}` },
    accessToken: () => token,
  }).changePassword({ currentPassword, newPassword });
const notices = (accountId: string) =>
  latchkey.database.query<{ state: string; changedAt: string; change: string }>(
    `select state::text, data ->> 'changedAt' as "changedAt", data ->> 'change' as change from job
      where name = 'credential-notice' and data ->> 'accountId' = $1 order by created_on`,
    [accountId],
  );
const changedAt = async (id: string) => {
  const [row] = await latchkey.database.query<{ at: Date }>(
    'select credentials_changed_at as at from account where id = $1',
    [id],
  );
  return row?.at.toISOString();
};

describe('a stolen access token', () => {
  it('is dead after ten wrong current passwords, from wherever they come', async () => {
    const { id, email, token } = await somebody('stolen@example.com');
    const answers = [];
    for (let each = 1; each <= 12; each++)
      answers.push((await change(token, `wrong horse battery ${each}`, undefined, each)).__typename);
    expect(answers).toEqual([...Array(10).fill('InvalidCredentials'), 'Unauthenticated', 'Unauthenticated']);
    expect((await change(token, password)).__typename).toBe('Unauthenticated');
    expect(await latchkey.as(token).me()).toBeNull();
    const events = await latchkey.database.query(
      `select 1 from audit_event where account_id = $1 and kind = 'account.sessions-ended-by-wrong-passwords'`,
      [id],
    );
    expect(events).toHaveLength(1);
    expect(latchkey.logged()).toContain('"reason":"wrong-current-passwords"');
    // The owner signs in as before, and may mistype again.
    const mine = (await latchkey.signIn(email, password)) ?? '';
    expect((await change(mine, 'wrong horse battery')).__typename).toBe('InvalidCredentials');
    expect((await change(mine, password)).__typename).toBe('PasswordChanged');
  });

  it('verifies no more than ten at the same time', async () => {
    const { token } = await somebody('burst@example.com');
    const tries = Array.from({ length: 40 }, (_, each) =>
      change(token, `wrong horse battery ${each}`, undefined, each + 1),
    );
    const answers = (await Promise.all(tries)).map(({ __typename }) => __typename);
    expect(answers.filter((each) => each === 'InvalidCredentials').length).toBeLessThanOrEqual(10);
    expect((await change(token, password)).__typename).toBe('Unauthenticated');
  });

  // Shows: V-51
  it('changes nothing once its session has ended in between', async () => {
    const { id, token } = await somebody('between@example.com');
    const { accounts } = latchkey.services;
    const find = accounts.findWithHash.bind(accounts);
    accounts.findWithHash = async (where) => {
      const found = await find(where);
      await latchkey.database.query('update account set session_version = session_version + 1 where id = $1', [id]);
      return found;
    };
    expect((await change(token, password)).__typename).toBe('Unauthenticated');
    accounts.findWithHash = find;
    expect(await latchkey.signIn('between@example.com', password)).toBeDefined();
  });
});

describe('changes', () => {
  it('are five an hour, and leave one notice that tells the newest while it waits', async () => {
    const { id, token } = await somebody('often@example.com');
    let [current, mine] = [password, token];
    const answers = [];
    for (let each = 0; each < 7; each++) {
      const answer = await change(mine, current, `new password number ${each}`);
      answers.push(answer.__typename);
      if (answer.__typename !== 'PasswordChanged') continue;
      [current, mine] = [`new password number ${each}`, answer.accessToken];
    }
    expect(answers).toEqual([...Array(5).fill('PasswordChanged'), 'TooManyRequests', 'TooManyRequests']);
    expect(await notices(id)).toEqual([
      { state: 'created', changedAt: await changedAt(id), change: 'password-change' },
    ]);
    // Wrong current passwords take nothing from this limit, and a reset is not counted.
    expect((await change(mine, 'wrong horse battery')).__typename).toBe('InvalidCredentials');
    expect(await latchkey.as(mine).me()).toMatchObject({ id });
  });

  it('get a notice after the last one, also while notices are at work', async () => {
    const { id, token } = await somebody('working@example.com');
    const first = await change(token, password, 'new password number one');
    if (first.__typename !== 'PasswordChanged') throw new Error(first.__typename);
    // As when a worker takes the job: it has read the data then.
    await latchkey.database.query(
      `update job set state = 'active', started_on = now() where name = 'credential-notice' and data ->> 'accountId' = $1`,
      [id],
    );
    const second = await change(first.accessToken, 'new password number one', 'new password number two');
    if (second.__typename !== 'PasswordChanged') throw new Error(second.__typename);
    await change(second.accessToken, 'new password number two', 'new password number three');
    const rows = await notices(id);
    expect(rows.map(({ state }) => state)).toEqual(['active', 'created']);
    expect(rows[1]?.changedAt).toBe(await changedAt(id));
  });

  it('and resets share the notice that waits', async () => {
    await latchkey.startWorker();
    const { id, token } = await somebody('both@example.com');
    await change(token, password);
    const key = await latchkey.keyFor('both@example.com');
    expect(await latchkey.client.resetPassword({ key, password: 'another new password' })).toMatchObject({
      __typename: 'PasswordResetCompleted',
    });
    const at = await changedAt(id);
    const rows = await eventually(
      () => notices(id),
      (found) => found.every(({ state }) => state === 'completed') && found.some((row) => row.changedAt === at),
    );
    expect(rows.length).toBeLessThanOrEqual(2);
    const told = latchkey.inbox
      .mails()
      .filter((mail) => mail.to.includes('both@example.com') && mail.subject.includes('was changed'));
    expect(told).toHaveLength(rows.length);
  });
});
