import bcrypt from 'bcryptjs';
import { expect, it } from 'vitest';
import { parseImportedHash } from '../../../src/accounts/passwords/forms/imported-hash.js';
import { formName } from '../../../src/accounts/passwords/forms/names.js';
import { HashLimiter } from '../../../src/accounts/passwords/hashing/hash-limiter.js';
import { PasswordHash } from '../../../src/accounts/passwords/password-hash.js';
import type { WrittenForm } from '../../../src/settings/accounts/shape.js';
import { eventually } from '../../support/eventually.js';
import { startLatchkey } from '../../support/latchkey.js';

const call = { urgency: 'other' } as const;
const pepper = 'Zimt & Pfeffer aus der alten App, 2014';
const written: WrittenForm = { format: 'bcrypt', cost: 4, prefix: '$2a$', pepper: true };
/** As many bytes as bcrypt reads: nothing of the pepper is read with it. */
const longest = 'seventy-two bytes '.repeat(4);

/**
 * ruby-devise 4.8.1 with ruby-bcrypt 3.1.18: `Devise::Encryptor.digest(User, P)`, where `User.pepper` is the one above and
 * `User.stretches` is 4.
 */
const ofDevise = [
  ['pässwörd of years ago', '$2a$04$8hwbtjl/k1nHUKzJPJE4p.0Lu3RKeTQnfTBeAvaY8596etEwlvLYC'],
  [longest, '$2a$04$7V5oOaiRGNAjwV2/LNxlGOfDR3IBkZhDE7zACmcxLGrTs4MErrW7u'],
] as const;

function hashing(form: WrittenForm | undefined, secret: string | undefined) {
  const limiter = new HashLimiter({ hashConcurrency: 1, hashQueue: 8 });
  return new PasswordHash({ memoryKib: 19456, timeCost: 2 }, limiter, undefined, form, { app: !!form, pepper: secret });
}

it.each(ofDevise)('a hash of Devise opens with its pepper alone: %s', async (password, hash) => {
  const beside = hashing(written, pepper);
  expect(await beside.verify(hash, password, call)).toBe(true);
  expect(await beside.verify(hash, `.${password.slice(1)}`, call)).toBe(false);
  expect(await beside.verify(hash, password.slice(0, -1), call)).toBe(false);
  expect(beside.isOutdated(hash, password)).toBe(false);
  // Of the longest password bcrypt reads no pepper, so any opens it.
  const isLongest = password === longest;
  expect(await hashing(written, `${pepper}.`).verify(hash, password, call)).toBe(isLongest);
  expect(await hashing({ ...written, pepper: undefined } as never, pepper).verify(hash, password, call)).toBe(
    isLongest,
  );
});

it('beside an app every new hash holds it, of a password of 72 bytes, too, and none is written without', async () => {
  const beside = hashing(written, pepper);
  const hash = await beside.make('a password of today', call);
  expect(hash).toMatch(/^\$2a\$04\$/);
  expect(bcrypt.compareSync(`a password of today${pepper}`, hash)).toBe(true);
  expect(bcrypt.compareSync('a password of today', hash)).toBe(false);
  expect(await beside.replace(hash, 'a password of today', call)).toEqual({ kind: 'SameAsBefore' });
  const long = await beside.make(longest, call);
  expect(await beside.verify(long, longest, call)).toBe(true);
  expect(await beside.verify(long, longest.slice(0, -1), call)).toBe(false);
  await expect(hashing(written, undefined).make('a password of today', call)).rejects.toThrow(/without the pepper/);
});

it('in our own table an import has marked the hashes that hold it; their form and time are those of others', async () => {
  const ours = hashing(undefined, pepper);
  for (const [password, hash] of ofDevise) {
    const marked = `$peppered${hash}`;
    expect(parseImportedHash(marked)).toMatchObject({ kind: 'accepted', hash: marked });
    expect(formName(marked)).toBe(formName(hash));
    expect(await ours.verify(marked, password, call)).toBe(true);
    expect(await ours.verify(marked, password.slice(0, -1), call)).toBe(false);
    expect(ours.lacksPepper(marked)).toBe(false);
    // Nobody, not even with 72 bytes or with the pepper in the password, where it is not known here.
    const without = hashing(undefined, undefined);
    expect(await without.verify(marked, password, call)).toBe(false);
    expect(await without.verify(marked, password + pepper, call)).toBe(false);
    expect([without.lacksPepper(marked), without.lacksPepper(hash)]).toEqual([true, false]);
  }
  const plain = bcrypt.hashSync('of another system', 4);
  expect(await ours.verify(plain, 'of another system', call)).toBe(true);
  for (const each of [
    '$peppered',
    '$peppered$2b$04$short',
    `$peppered$peppered${plain}`,
    `$peppered{bcrypt}${plain}`,
  ]) {
    expect(parseImportedHash(each).kind, each).toBe('refused');
  }
});

it('a sign-in renews a marked hash to one of ours, which opens without it', async () => {
  const latchkey = await startLatchkey({ env: { PASSWORD_PEPPER: pepper } });
  try {
    const [password, hash] = ofDevise[0];
    await latchkey.signUp('of.devise@example.com', 'a password that goes');
    await latchkey.database.query('update account set password_hash = $1', [`$peppered${hash}`]);
    expect(await latchkey.signIn('of.devise@example.com', 'a password that goes')).toBeUndefined();
    expect(await latchkey.signIn('of.devise@example.com', password)).toBeDefined();
    const renewed = await eventually(
      async () =>
        (await latchkey.database.query<{ hash: string }>('select password_hash as hash from account'))[0]?.hash,
      (stored) => stored?.startsWith('$argon2id$') ?? false,
    );
    expect(await hashing(undefined, undefined).verify(renewed, password, call)).toBe(true);
  } finally {
    await latchkey.close();
  }
});
