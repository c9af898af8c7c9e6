import { createHmac } from 'node:crypto';
import argon2 from 'argon2';
import bcrypt from 'bcryptjs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { formName } from '../../../../src/accounts/passwords/forms/names.js';
import { FormShares } from '../../../../src/accounts/passwords/forms/shares.js';
import { HashLimiter } from '../../../../src/accounts/passwords/hashing/hash-limiter.js';
import { foreignLanes, PasswordHash } from '../../../../src/accounts/passwords/password-hash.js';
import { eventually } from '../../../support/eventually.js';
import { importLines } from '../../../support/imports.js';
import { startLatchkey, type TestLatchkey } from '../../../support/latchkey.js';

const password = 'a password from before';
const own = 'argon2id m=19456,t=2,p=1';
const php = 'argon2id m=65536,t=4,p=1';
const digest = 'c2FsdHNhbHRzYWx0$QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY';
const phpHash = `$argon2id$v=19$m=65536,t=4,p=1$${digest}`;
const ownHash = `$argon2id$v=19$m=19456,t=2,p=1$${digest}`;
const bcryptHash = bcrypt.hashSync(password, 4);

let latchkey: TestLatchkey;
/** The forms of the hashes that sign-ins verified. */
const verified: (string | undefined)[] = [];
const lanes = foreignLanes(1);
beforeAll(async () => {
  latchkey = await startLatchkey({
    withoutWorker: true,
    overrides: {
      passwordHash: () => {
        const standard = new PasswordHash(
          { memoryKib: 19456, timeCost: 2 },
          new HashLimiter({ hashConcurrency: 2, hashQueue: 64 }),
          lanes,
        );
        return new Proxy(standard, {
          get(target, name) {
            const value = Reflect.get(target, name, target) as unknown;
            if (typeof value !== 'function') return value;
            return (...input: unknown[]) => {
              if (name === 'verify') verified.push(formName(String(input[0])));
              return value.apply(target, input);
            };
          },
        });
      },
    },
  });
});
afterAll(() => latchkey.close());
beforeEach(async () => {
  await latchkey.database.query('truncate account, password_form cascade');
});

/** As `latchkey account import` does. */
async function importAll(entries: readonly { email: string; hash: string | null }[], batchSize = 1_000) {
  const result = await importLines(latchkey.services.accounts, entries, { batchSize });
  expect(result).toMatchObject({ ended: 'complete', added: entries.length });
}
const people = (count: number, domain: string, hash: string | null) =>
  Array.from({ length: count }, (_, index) => ({ email: `person${index}@${domain}`, hash }));
/** A new process, which has nothing cached; with a key that does not change, so that the same forms are dealt each time. */
const fresh = () => {
  const { orm, log } = latchkey.services;
  const pseudonyms = { of: (text: string) => createPseudonym(Buffer.alloc(32, 7), text) };
  return new FormShares(orm, pseudonyms, own, log);
};
const createPseudonym = (key: Buffer, text: string) =>
  createHmac('sha256', key).update(text).digest().subarray(0, 16).toString('base64url');
async function dealt(shares: FormShares, domain: string, count = 400): Promise<string[]> {
  const forms: string[] = [];
  for (let index = 0; index < count; index++) forms.push(await shares.dealtTo(`nobody${index}@${domain}`));
  return forms;
}
const part = (forms: readonly string[], form: string) => forms.filter((each) => each === form).length / forms.length;

describe('the form of a refused sign-in for an address without an account', () => {
  it('is ours where nothing was imported', async () => {
    expect(new Set(await dealt(fresh(), 'example.com', 20))).toEqual(new Set([own]));
  });

  it('is of the forms that accounts have: of the own domain where that has fifty, else of all', async () => {
    await importAll([
      ...people(50, 'tenant.example', bcryptHash),
      ...people(49, 'small.example', ownHash),
      ...people(201, 'php.example', phpHash),
      ...people(30, 'none.example', null),
    ]);
    const shares = fresh();
    expect(new Set(await dealt(shares, 'tenant.example'))).toEqual(new Set(['bcrypt 04']));
    expect(new Set(await dealt(shares, 'php.example'))).toEqual(new Set([php]));
    const elsewhere = await dealt(shares, 'small.example');
    // Four standard errors of 400 draws.
    for (const [form, expected] of [
      ['bcrypt 04', 50 / 300],
      [own, 49 / 300],
      [php, 201 / 300],
    ] as const)
      expect(Math.abs(part(elsewhere, form) - expected)).toBeLessThan(4 * Math.sqrt((expected * (1 - expected)) / 400));
    expect(await dealt(fresh(), 'small.example')).toEqual(elsewhere);
  });

  it('moves to ours, and to no other, as that form is renewed: by sign-ins, by resets, by changes', async () => {
    await importAll([...people(60, 'tenant.example', bcryptHash), ...people(60, 'php.example', phpHash)]);
    const before = await dealt(fresh(), 'elsewhere.example');
    const [first, second, third] = ['person0', 'person1', 'person2'].map((name) => `${name}@tenant.example`);
    const token = (await latchkey.signIn(first ?? '', password)) ?? '';
    const { formShares } = latchkey.services;
    await latchkey.services.formShares.renewed(second ?? '', bcryptHash);
    const renewed = async () =>
      (
        await latchkey.database.query<{ n: number }>(
          `select renewed::int as n from password_form where domain = 'tenant.example' and form = 'bcrypt 04'`,
        )
      )[0]?.n;
    await eventually(renewed, (n) => n === 2);
    const third_ = (await latchkey.signIn(third ?? '', password)) ?? '';
    await eventually(renewed, (n) => n === 3);
    await latchkey.as(third_).changePassword({ currentPassword: password, newPassword: 'a quite new password' });
    expect(token).not.toBe('');
    // Renewing a hash of our own form moves no address.
    await formShares.renewed(first ?? '', ownHash);
    expect(await renewed()).toBe(3);
    await latchkey.database.query(`update password_form set renewed = dealt / 3 where form = 'bcrypt 04'`);
    const after = await dealt(fresh(), 'elsewhere.example');
    for (const [index, form] of after.entries()) expect([before[index], own]).toContain(form);
    for (const [index, form] of before.entries()) if (form === php) expect(after[index]).toBe(php);
    const moved = before.filter((form, index) => form === 'bcrypt 04' && after[index] === own).length;
    const were = before.filter((form) => form === 'bcrypt 04').length;
    expect(Math.abs(moved / were - 1 / 3)).toBeLessThan(4 * Math.sqrt(2 / 9 / were));
  });

  it('is dealt anew by an import, in the commit of its accounts, and on top of it batch by batch', async () => {
    await importAll(people(60, 'tenant.example', bcryptHash));
    await latchkey.database.query(`update account set password_hash = $1 where email like 'person1%'`, [ownHash]);
    await latchkey.database.query(`update password_form set renewed = 11 where form = 'bcrypt 04'`);
    await importAll([...people(25, 'other.example', phpHash), ...people(25, 'third.example', phpHash)], 10);
    const rows = await latchkey.database.query(
      'select domain, form, dealt::int, renewed::int from password_form where dealt > 0 order by domain, form',
    );
    expect(rows).toEqual([
      { domain: '', form: own, dealt: 11, renewed: 0 },
      { domain: '', form: php, dealt: 50, renewed: 0 },
      { domain: '', form: 'bcrypt 04', dealt: 49, renewed: 0 },
      { domain: 'other.example', form: php, dealt: 25, renewed: 0 },
      { domain: 'tenant.example', form: own, dealt: 11, renewed: 0 },
      { domain: 'tenant.example', form: 'bcrypt 04', dealt: 49, renewed: 0 },
      { domain: 'third.example', form: php, dealt: 25, renewed: 0 },
    ]);
  });

  it('is dealt once for each form that we make, so that a change of its parameters is seen at none', async () => {
    await latchkey.signUp('signed.up@example.com', 'a quite long password');
    const { orm, log } = latchkey.services;
    const pseudonyms = { of: (text: string) => createPseudonym(latchkey.services.dataKey.bytes, text) };
    const stronger = new FormShares(orm, pseudonyms, 'argon2id m=19456,t=3,p=1', log);
    await stronger.keepDealt();
    expect(await stronger.dealtTo('nobody@example.com')).toBe(own);
    await stronger.renewed('signed.up@example.com', ownHash);
    expect(await stronger.dealtTo('nobody@example.com')).toBe('argon2id m=19456,t=3,p=1');
    await stronger.keepDealt();
    expect(await stronger.dealtTo('nobody@example.com')).toBe('argon2id m=19456,t=3,p=1');
  });

  it('stays through a rotation of SECRET', async () => {
    await importAll([...people(60, 'tenant.example', bcryptHash), ...people(60, 'php.example', phpHash)]);
    const before = await dealt(latchkey.services.formShares, 'elsewhere.example', 60);
    const secrets = ['k7Jq2mVx9Lw4Rt8Yz1Bn5Cd3Fg6Hs0Pa', latchkey.settings.secrets[0] ?? ''].join(',');
    const { drop: _, ...database } = latchkey.database;
    const rotated = await startLatchkey({
      database: { ...database, drop: async () => undefined },
      env: { SECRET: secrets },
      withoutWorker: true,
    });
    try {
      expect(new Set(before).size).toBe(2);
      expect(await dealt(rotated.services.formShares, 'elsewhere.example', 60)).toEqual(before);
    } finally {
      await rotated.close();
    }
  });
});

describe('a refused sign-in', () => {
  const refused = { __typename: 'InvalidCredentials' };
  const tryAs = async (email: string, text = 'not the password at all') => {
    verified.length = 0;
    const answer = await latchkey.client.signIn({ email, password: text });
    return { answer, forms: [...verified] };
  };

  it('verifies one hash of the form that the address is dealt, without an account, a hash or a readable one, and disabled', async () => {
    await importAll([...people(55, 'tenant.example', bcryptHash), { email: 'ours@tenant.example', hash: null }]);
    await latchkey.services.formShares.keepDealt();
    await latchkey.database.query(`update account set status = 'disabled' where email = 'person1@tenant.example'`);
    await latchkey.database.query(`update account set password_hash = 'plain' where email = 'person2@tenant.example'`);
    for (const name of ['person0', 'nobody', 'ours', 'person1', 'person2']) {
      const { answer, forms } = await tryAs(`${name}@tenant.example`);
      expect(answer).toMatchObject(refused);
      expect({ name, forms }).toEqual({ name, forms: ['bcrypt 04'] });
    }
    // The right password of a disabled account, and a text that can be no password, cost the same dummy.
    expect(await tryAs('person1@tenant.example', password)).toMatchObject({ answer: refused, forms: ['bcrypt 04'] });
    expect(await tryAs('person0@tenant.example', '\ud800')).toMatchObject({ answer: refused, forms: ['bcrypt 04'] });
    expect(await tryAs('not an address')).toMatchObject({ answer: refused, forms: ['bcrypt 04'] });
  });

  it('answers a full lane alike, with an account and without', async () => {
    await importAll(people(55, 'tenant.example', bcryptHash));
    const end = Promise.withResolvers<void>();
    const call = { urgency: 'other' } as const;
    const busy = [lanes.foreign.run(call, () => end.promise), lanes.foreign.run(call, () => end.promise)];
    // Calls without a caller take nobody's share of the lane.
    const waiting = await Promise.all(
      ['person0', 'nobody', 'person1', 'nobody2'].map((name) => tryAs(`${name}@tenant.example`)),
    ).finally(() => end.resolve());
    await Promise.all(busy);
    expect(waiting.map(({ answer }) => answer.__typename)).toEqual(waiting.map(() => 'TemporarilyUnavailable'));
    // A lane with room again answers as before.
    expect(await tryAs('nobody@tenant.example')).toMatchObject({ answer: refused });
  });

  it('with a hash beyond the usual bounds takes another lane than the others', async () => {
    await importAll(people(55, 'tenant.example', bcryptHash));
    await latchkey.database.query(`update account set password_hash = $1 where email = 'person0@tenant.example'`, [
      await argon2.hash(password, { memoryCost: 8192, timeCost: 65, parallelism: 1 }),
    ]);
    const slow = tryAs('person0@tenant.example');
    await eventually(
      () => lanes.expensive.running,
      (running) => running === 1,
    );
    expect((await tryAs('person3@tenant.example')).answer).toMatchObject(refused);
    expect((await slow).answer).toMatchObject(refused);
  });
});
