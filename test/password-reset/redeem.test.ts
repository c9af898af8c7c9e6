import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Accounts } from '../../src/accounts/accounts.js';
import { Unavailable } from '../../src/calls/errors.js';
import { digestOf, parseResetKey } from '../../src/password-reset/keys/reset-key.js';
import { startLatchkey, type TestLatchkey } from '../support/latchkey.js';

const password = 'the password that gets lost';
let latchkey: TestLatchkey;
let person = 0;
beforeAll(async () => {
  latchkey = await startLatchkey({ env: { SIGN_IN_URL: 'https://app.example/sign-in' } });
});
afterAll(() => latchkey.close());

/** Makes a new account with a key. */
async function someoneWithKey(): Promise<{ email: string; id: string; key: string }> {
  const email = `person.${++person}@example.com`;
  const id = await latchkey.signUp(email, password);
  return { email, id, key: await latchkey.keyFor(email) };
}

async function account(id: string) {
  const [row] = await latchkey.database.query<{
    credential_version: number;
    session_version: number;
    password_hash: string;
  }>('select credential_version, session_version, password_hash from account where id = $1', [id]);
  return row;
}

describe('one key, one use', () => {
  // Shows, V-05, V-33, ASVS 6.5.1
  it('lets one of thirty resets at the same time win, and its password opens', async () => {
    const { email, id, key } = await someoneWithKey();
    const passwords = Array.from({ length: 30 }, (_, index) => `new password number ${index}`);
    const results = await Promise.all(passwords.map((each) => latchkey.client.resetPassword({ key, password: each })));
    const winners = passwords.filter((_, index) => results[index]?.__typename === 'PasswordResetCompleted');
    expect(winners).toHaveLength(1);
    const losers = results.filter((result) => result.__typename !== 'PasswordResetCompleted');
    for (const loser of losers) expect(loser).toMatchObject({ __typename: 'InvalidResetKey', reason: 'USED' });
    expect(await latchkey.signIn(email, winners[0] ?? '')).toBeDefined();
    expect(await latchkey.signIn(email, passwords.find((each) => each !== winners[0]) ?? '')).toBeUndefined();
    expect(await account(id)).toMatchObject({ credential_version: 2, session_version: 2 });
    const notices = await latchkey.database.query('select 1 from job where name = $1 and data->>$2 = $3', [
      'credential-notice',
      'accountId',
      id,
    ]);
    expect(notices).toHaveLength(1);
    const receipts = await latchkey.database.query('select 1 from reset_receipt where account_id = $1', [id]);
    expect(receipts).toHaveLength(1);
  });

  // Shows: R-12, V-06, V-08, ARTHA 6.3.1, ARTHA 6.6.1
  it('kills every other link of the account with the first that is used', async () => {
    const { email, key } = await someoneWithKey();
    const sibling = await latchkey.keyFor(email);
    expect(await latchkey.client.resetPassword({ key: sibling, password: 'set by the sibling' })).toMatchObject({
      __typename: 'PasswordResetCompleted',
      signInUrl: 'https://app.example/sign-in',
    });
    expect(await latchkey.client.resetPassword({ key, password: 'set by the older one' })).toMatchObject({
      reason: 'SUPERSEDED',
    });
    expect(await latchkey.client.passwordResetKey(key)).toMatchObject({ reason: 'SUPERSEDED' });
    expect(await latchkey.client.passwordResetKey(sibling)).toMatchObject({ reason: 'USED' });
  });

  // Shows: ARTHA 4.3.1, ARTHA 4.3.2
  it('keeps an older link good when a new one is asked for', async () => {
    const { email, key } = await someoneWithKey();
    await latchkey.keyFor(email);
    expect(await latchkey.client.resetPassword({ key, password: 'set by the older one' })).toMatchObject({
      __typename: 'PasswordResetCompleted',
    });
  });

  // Shows: V-08
  it('ends every key with a password change', async () => {
    const { email, key } = await someoneWithKey();
    const token = (await latchkey.signIn(email, password)) ?? '';
    const changed = await latchkey
      .as(token)
      .changePassword({ currentPassword: password, newPassword: 'changed by the owner' });
    expect(changed.__typename).toBe('PasswordChanged');
    expect(await latchkey.client.resetPassword({ key, password: 'set by the link' })).toMatchObject({
      reason: 'SUPERSEDED',
    });
    expect(await latchkey.signIn(email, 'changed by the owner')).toBeDefined();
  });

  // Shows: V-08
  it('refuses the key of a disabled account', async () => {
    const { id, key } = await someoneWithKey();
    await latchkey.database.query(
      `update account set status = 'disabled', credential_version = credential_version + 1 where id = $1`,
      [id],
    );
    expect(await latchkey.client.resetPassword({ key, password: 'set by the link' })).toMatchObject({
      reason: 'SUPERSEDED',
    });
  });

  // Shows: V-10
  it.each([
    '',
    'x',
    'A'.repeat(42),
    'A'.repeat(44),
    `${'A'.repeat(42)}B`,
    `${'A'.repeat(42)}=`,
    'A'.repeat(42).concat('\u0000'),
    '../../../etc/passwd',
    '\ud800',
  ])('answers a key of the wrong shape (%j) like an unknown one', async (key) => {
    const unknown = await latchkey.client.resetPassword({ key: 'A'.repeat(43), password: 'set by nobody at all' });
    expect(unknown).toMatchObject({ __typename: 'InvalidResetKey', reason: 'UNKNOWN' });
    expect(await latchkey.client.resetPassword({ key, password: 'set by nobody at all' })).toEqual(unknown);
    expect(await latchkey.client.passwordResetKey(key)).toMatchObject({ reason: 'UNKNOWN' });
  });
});

describe('what stops on the way', () => {
  // Shows, V-30, ASVS 6.2.1, ASVS 6.2.11, NIST 3.1.1.1-2, NIST 3.1.1.2-15
  it.each([
    ['too short', 'short', { rule: 'TOO_SHORT', limit: 15, actual: 5 }],
    ['too long', 'x'.repeat(129), { rule: 'TOO_LONG', limit: 128, actual: 129 }],
    ['far too long', 'x'.repeat(9000), { rule: 'TOO_LONG', limit: 128, actual: 9000 }],
    ['common', 'passwordpassword', { rule: 'TOO_COMMON', limit: null, actual: null }],
    ['the product with digits', 'Latchkey 123456', { rule: 'CONTAINS_PRODUCT_NAME', limit: 8, actual: 7 }],
    ['the address with digits', 'Person Example 1', { rule: 'CONTAINS_ACCOUNT_NAME', limit: 8, actual: 3 }],
    ['not Unicode', `fifteen and more \ud800`, { rule: 'NOT_WELL_FORMED', limit: null, actual: null }],
  ])('keeps the key when the password is %s', async (_name, refused, violation) => {
    const { email, key } = await someoneWithKey();
    const result = await latchkey.client.resetPassword({ key, password: refused });
    expect(result).toMatchObject({ __typename: 'PasswordRejected', violations: [violation] });
    expect(await latchkey.client.resetPassword({ key, password: 'a good long password' })).toMatchObject({
      __typename: 'PasswordResetCompleted',
    });
    expect(await latchkey.signIn(email, 'a good long password')).toBeDefined();
  });

  // Shows: V-30
  it('changes nothing and keeps the key when the hash limiter is full', async () => {
    const full = await startLatchkey({ env: { HASH_CONCURRENCY: '1', HASH_QUEUE: '0' } });
    try {
      const id = await full.signUp('busy@example.com', password);
      const key = await full.keyFor('busy@example.com');
      const results = await Promise.all(
        [1, 2, 3, 4, 5].map((n) => full.client.resetPassword({ key, password: `new password number ${n}` })),
      );
      const kinds = results.map((result) => result.__typename);
      expect(kinds.filter((kind) => kind === 'PasswordResetCompleted')).toHaveLength(1);
      expect(kinds).toContain('TemporarilyUnavailable');
      const [row] = await full.database.query('select credential_version from account where id = $1', [id]);
      expect(row).toEqual({ credential_version: 2 });
    } finally {
      await full.close();
    }
  });
});

describe('a lost answer', () => {
  // Shows: V-06
  it('is given again for the same key and password, three times, and for no other password', async () => {
    const { email, id, key } = await someoneWithKey();
    const call = (each: string) => latchkey.client.resetPassword({ key, password: each });
    expect((await call('a quite new password')).__typename).toBe('PasswordResetCompleted');
    expect((await call('a quite new password')).__typename).toBe('PasswordResetCompleted');
    expect(await call('another new password')).toMatchObject({ reason: 'USED' });
    expect((await call('a quite new password')).__typename).toBe('PasswordResetCompleted');
    expect(await call('a quite new password')).toMatchObject({ reason: 'USED' });
    expect(await account(id)).toMatchObject({ credential_version: 2 });
    expect(await latchkey.signIn(email, 'a quite new password')).toBeDefined();
  });

  it('is given again also when Redis has forgotten the key', async () => {
    const { key } = await someoneWithKey();
    await latchkey.client.resetPassword({ key, password: 'a quite new password' });
    await latchkey.redis.flushall();
    expect(await latchkey.client.resetPassword({ key, password: 'a quite new password' })).toMatchObject({
      __typename: 'PasswordResetCompleted',
    });
  });

  // Shows: V-06
  it('is not given again after ten minutes', async () => {
    const { id, key } = await someoneWithKey();
    await latchkey.client.resetPassword({ key, password: 'a quite new password' });
    await latchkey.database.query(
      `update reset_receipt set used_at = used_at - interval '10 minutes' where account_id = $1`,
      [id],
    );
    expect(await latchkey.client.resetPassword({ key, password: 'a quite new password' })).toMatchObject({
      reason: 'USED',
    });
  });

  it('is not given again once the password was changed in another way', async () => {
    const { email, key } = await someoneWithKey();
    await latchkey.client.resetPassword({ key, password: 'a quite new password' });
    const token = (await latchkey.signIn(email, 'a quite new password')) ?? '';
    await latchkey
      .as(token)
      .changePassword({ currentPassword: 'a quite new password', newPassword: 'changed by the owner' });
    expect(await latchkey.client.resetPassword({ key, password: 'a quite new password' })).toMatchObject({
      reason: 'USED',
    });
    expect(await latchkey.client.resetPassword({ key, password: 'changed by the owner' })).toMatchObject({
      reason: 'USED',
    });
  });
});

describe('what Redis says', () => {
  const recordOf = (key: string) => {
    const parsed = parseResetKey(key);
    if (!parsed) throw new Error('not a key');
    return `reset:${digestOf(parsed).toString('base64url')}`;
  };

  // Shows, V-07, ASVS 6.5.2
  it('holds the digest, never the key, and every name has a TTL', async () => {
    const { key } = await someoneWithKey();
    const names = await latchkey.redis.keys('*');
    expect(names).toContain(recordOf(key));
    for (const name of names) {
      expect(name).not.toContain(key);
      expect(await latchkey.redis.ttl(name)).toBeGreaterThan(0);
    }
    expect(await latchkey.redis.ttl(recordOf(key))).toBeGreaterThan(86_400 + 3_500);
    const value = await latchkey.redis.getBuffer(recordOf(key));
    expect(value?.includes(Buffer.from(key, 'base64url'))).toBe(false);
    const jobs = await latchkey.database.query<{ row: string }>('select j::text as row from job j');
    expect(jobs.map(({ row }) => row).join()).not.toContain(key);
    expect(latchkey.logged()).not.toContain(key);
  });

  // Shows: R-14, V-09, ASVS 6.6.2
  it('is not believed when the record was forged: for another account, a longer life, another version, another key', async () => {
    const mallory = await someoneWithKey();
    const victim = await someoneWithKey();
    const record = (await latchkey.redis.getBuffer(recordOf(mallory.key))) ?? Buffer.alloc(0);
    const forge = async (change: (bytes: Buffer) => void) => {
      const bytes = Buffer.from(record);
      change(bytes);
      await latchkey.redis.set(recordOf(mallory.key), bytes, 'EX', 600);
      return latchkey.client.resetPassword({ key: mallory.key, password: 'set by the forger' });
    };
    const refused = { __typename: 'InvalidResetKey', reason: 'UNKNOWN' };
    expect(await forge((bytes) => bytes.write(victim.id.replaceAll('-', ''), 0, 'hex'))).toMatchObject(refused);
    expect(await forge((bytes) => bytes.writeUInt32BE(2, 16))).toMatchObject(refused);
    expect(await forge((bytes) => bytes.writeBigUInt64BE(BigInt(Date.now() + 1e9), 20))).toMatchObject(refused);
    const foreign = await latchkey.redis.getBuffer(recordOf(victim.key));
    await latchkey.redis.set(recordOf(mallory.key), foreign ?? '', 'EX', 600);
    expect(await latchkey.client.resetPassword({ key: mallory.key, password: 'set by the forger' })).toMatchObject(
      refused,
    );
    await latchkey.redis.set(recordOf(mallory.key), 'rubbish', 'EX', 600);
    expect(await latchkey.client.resetPassword({ key: mallory.key, password: 'set by the forger' })).toMatchObject(
      refused,
    );
    expect(latchkey.logged()).toContain('forged-reset-record');
    expect(await latchkey.signIn(victim.email, password)).toBeDefined();
    // The unchanged record works.
    expect(await forge(() => undefined)).toMatchObject({ __typename: 'PasswordResetCompleted' });
  });

  // Shows: V-32, F-24
  it('brings no key back after its use: a resurrected record changes nothing', async () => {
    const { email, key } = await someoneWithKey();
    const record = (await latchkey.redis.getBuffer(recordOf(key))) ?? '';
    await latchkey.client.resetPassword({ key, password: 'a quite new password' });
    await latchkey.redis.set(recordOf(key), record, 'EX', 600);
    expect(await latchkey.client.resetPassword({ key, password: 'one more new password' })).toMatchObject({
      reason: 'USED',
    });
    expect(await latchkey.signIn(email, 'a quite new password')).toBeDefined();
  });
});

describe('when PostgreSQL cuts the connection', () => {
  /** Makes the transaction of the reset fail at a chosen statement. */
  async function withTransaction(around: (inner: () => Promise<unknown>) => Promise<unknown>) {
    return startLatchkey({
      overrides: {
        accounts: ({ orm }) => {
          if (!orm) throw new Error('the database comes first');
          return new (class extends Accounts {
            #resets = 0;
            override transaction<T>(work: (transaction: never) => Promise<T>): Promise<T> {
              const inner = () => super.transaction(work as never) as Promise<T>;
              return (this.#resets++ === 1 ? around(inner) : inner()) as Promise<T>;
            }
          })(orm);
        },
      },
    });
  }

  it('reads the receipt back when the answer to COMMIT was lost', async () => {
    const cut = await withTransaction(async (inner) => {
      await inner();
      throw Object.assign(new Error('Connection terminated unexpectedly'), { code: 'ECONNRESET' });
    });
    try {
      await cut.signUp('cut@example.com', password);
      const key = await cut.keyFor('cut@example.com');
      expect(await cut.client.resetPassword({ key, password: 'a quite new password' })).toMatchObject({
        __typename: 'PasswordResetCompleted',
      });
      expect(await cut.signIn('cut@example.com', 'a quite new password')).toBeDefined();
    } finally {
      await cut.close();
    }
  });

  it('never tells success to a call whose password was not set, though another call with the key succeeded', async () => {
    let first: Promise<unknown> | undefined;
    const cut = await withTransaction(async () => {
      // The other call commits while this one waits; then the connection of this one is cut.
      first = cut.client.resetPassword({ key, password: 'set by the other call' });
      await first;
      throw Object.assign(new Error('terminating connection'), { code: '57P01' });
    });
    let key = '';
    try {
      await cut.signUp('two@example.com', password);
      key = await cut.keyFor('two@example.com');
      const second = await cut.client.resetPassword({ key, password: 'set by this call, not' });
      expect(await first).toMatchObject({ __typename: 'PasswordResetCompleted' });
      expect(second).toMatchObject({ __typename: 'InvalidResetKey', reason: 'USED' });
      expect(await cut.signIn('two@example.com', 'set by the other call')).toBeDefined();
    } finally {
      await cut.close();
    }
  });

  // Shows: R-39, V-30
  it('says "temporarily unavailable", never "refused", when nothing was committed; the same call then succeeds', async () => {
    const cut = await withTransaction(async () => {
      throw new Unavailable('postgres');
    });
    try {
      await cut.signUp('cut@example.com', password);
      const key = await cut.keyFor('cut@example.com');
      const first = await cut.client.resetPassword({ key, password: 'a quite new password' });
      expect(first).toMatchObject({ __typename: 'TemporarilyUnavailable', retryAfterSeconds: 5 });
      expect(await cut.signIn('cut@example.com', password)).toBeDefined();
      expect(await cut.client.resetPassword({ key, password: 'a quite new password' })).toMatchObject({
        __typename: 'PasswordResetCompleted',
      });
    } finally {
      await cut.close();
    }
  });

  // Shows: R-38, ARTHA 9.1.1.3.1
  it('writes hash, versions, receipt, audit event and notice in one commit, or none of them', async () => {
    const { email, id, key } = await someoneWithKey();
    await latchkey.database.query(
      `alter table job_common add constraint no_notice check (name <> 'credential-notice') not valid`,
    );
    const before = await account(id);
    await latchkey.client.resetPassword({ key, password: 'a quite new password' }).catch(() => undefined);
    expect(await account(id)).toEqual(before);
    expect(await latchkey.database.query('select 1 from reset_receipt where account_id = $1', [id])).toEqual([]);
    expect(
      await latchkey.database.query(`select 1 from audit_event where account_id = $1 and kind = 'reset.completed'`, [
        id,
      ]),
    ).toEqual([]);
    await latchkey.database.query('alter table job_common drop constraint no_notice');
    expect(await latchkey.client.resetPassword({ key, password: 'a quite new password' })).toMatchObject({
      __typename: 'PasswordResetCompleted',
    });
    expect(await latchkey.signIn(email, 'a quite new password')).toBeDefined();
    expect(
      await latchkey.database.query(`select 1 from audit_event where account_id = $1 and kind = 'reset.completed'`, [
        id,
      ]),
    ).toHaveLength(1);
  });
});

describe('expiry', () => {
  // Shows: R-13, V-07, ARTHA 4.1.3.2
  it('is decided by the database, after the lifetime, and told to the holder of the key', async () => {
    const brief = await startLatchkey({ env: { RESET_KEY_TTL: '1' } });
    try {
      await brief.signUp('late@example.com', password);
      const key = await brief.keyFor('late@example.com');
      expect(await brief.client.passwordResetKey(key)).toMatchObject({
        __typename: 'ResetKeyValid',
        email: 'late@example.com',
      });
      await new Promise((resolve) => setTimeout(resolve, 1_200));
      expect(await brief.client.passwordResetKey(key)).toMatchObject({ reason: 'EXPIRED' });
      expect(await brief.client.resetPassword({ key, password: 'a quite new password' })).toMatchObject({
        reason: 'EXPIRED',
      });
      expect(await brief.signIn('late@example.com', password)).toBeDefined();
    } finally {
      await brief.close();
    }
  });
});
