import { expect, it } from 'vitest';
import { type Command } from '../../../src/settings/environment.js';
import { type Change, faultsOf, settingsWith } from '../environments.js';

const accounts = (write: object) => ({ ACCOUNTS: JSON.stringify({ table: 'users', write }), SIGN_UP: 'closed' });
const bcrypt = { format: 'bcrypt', cost: 10 };
const peppered = accounts({ ...bcrypt, pepper: true });

it.each(['x', ' a pepper with blanks around it ', 'ä'.repeat(512)])(
  'a pepper is taken as it is: %j',
  (PASSWORD_PEPPER) => {
    expect(settingsWith({ PASSWORD_PEPPER }).accounts.pepper).toBe(PASSWORD_PEPPER);
  },
);

it.each(['  ', 'a\nb', 'a\0b', '\ud800', 'ä'.repeat(513)])('is refused, and not shown: %j', (PASSWORD_PEPPER) => {
  const { PASSWORD_PEPPER: fault } = faultsOf({ PASSWORD_PEPPER });
  expect(fault).toMatch(/^allowed: 1 to 1024 bytes of text without line ends/);
});

it.each<[string, Change, Command, RegExp | undefined]>([
  ['and both are there', { ...peppered, PASSWORD_PEPPER: 'x' }, 'api', undefined],
  [
    'and the secret is missing',
    peppered,
    'api',
    /^is not set; ACCOUNTS says "pepper": true in "write"; give the secret/,
  ],
  ['but a worker hashes nothing', peppered, 'worker', undefined],
  [
    'but the file does not say so',
    { ...accounts(bcrypt), PASSWORD_PEPPER: 'x' },
    'api',
    /^is set, and ACCOUNTS does not/,
  ],
  [
    'but the app writes another form',
    { ...accounts({ format: 'argon2id' }), PASSWORD_PEPPER: 'x' },
    'api',
    /^is set, and/,
  ],
])('ACCOUNTS says that the app has one, %s', (_what, change, command, fault) => {
  const { PASSWORD_PEPPER: told = '', ...others } = faultsOf(change, command);
  expect(told).toMatch(fault ?? /^$/);
  expect(others).toEqual({});
});

it('ACCOUNTS never holds the secret itself', () => {
  const { ACCOUNTS: fault } = faultsOf(accounts({ ...bcrypt, pepper: 'the secret' }));
  expect(fault).toBe(
    '"write.pepper" is neither; allowed: true, false; the secret itself is PASSWORD_PEPPER, or in PASSWORD_PEPPER_FILE',
  );
  expect(faultsOf(accounts({ format: 'argon2id', pepper: true })).ACCOUNTS).toMatch(/^"write.pepper" is no key here/);
});
