import { expect, it } from 'vitest';
import { unreadableKind } from '../../../../src/accounts/passwords/forms/unreadable.js';

const salt = 'c2FsdHNhbHRzYWx0c2FsdA';
const digest = 'A'.repeat(43);
const bcrypt = '$2b$10$abcdefghijklmnopqrstuuAbCdEfGhIjKlMnOpQrStUvWxYz01232';

it.each([
  ['argon', `$argon2i$v=16$m=65536,t=2,p=1$${salt}$${digest}`],
  ['argon', `$argon2id$v=19$m=4194304,t=3,p=1$${salt}$${digest}`],
  ['bcrypt', bcrypt.replace('$2b$', '$2x$')],
  ['bcrypt', bcrypt.replace('$10$', '$20$')],
  ['bcrypt', bcrypt.slice(0, -1)],
  ['marked', `bcrypt$${bcrypt.slice(0, -1)}`],
  ['marked', `bcrypt_sha256$${bcrypt}.`],
  ['marked', `argon2$argon2id$v=19$m=102400,t=2,p=8$${salt}$${digest}$`],
  ['pbkdf', `pbkdf2_sha256$87000000$seasalt$${digest}=`],
  ['pbkdf', `$pbkdf2-sha512$25000$${salt}$${digest}`],
  ['pbkdf', 'pbkdf2:sha256:600000$seasalt$0123456789abcdef'],
  ['scrypt', `$scrypt$ln=24,r=8,p=1$${salt}$${digest}`],
  ['scrypt', `$7$C6..../....${salt}$${digest}`],
  ['scrypt', 'scrypt:32768:8:1$seasalt$0123456789abcdef'],
  ['phpass', '$P$B12345678abcdefghijklmnopqrstuv'],
  ['phpass', `$wp${bcrypt.replace('$2b$', '$2x$')}`],
  ['crypt', '$6$rounds=5000$seasalt$abcdef'],
  ['crypt', '$1$seasalt$abcdef'],
  ['digest', '5f4dcc3b5aa765d61d8327deb882cf99'],
  ['digest', 'E3'.repeat(32)],
  ['other', '!'],
  ['other', 'a password that somebody stored as it is'],
])('tells %s by the beginning of %s', (kind, hash) => {
  expect(unreadableKind(hash)).toBe(kind);
});

it.each([bcrypt, bcrypt.replace('$2b$', '$2y$'), `$argon2id$v=19$m=19456,t=2,p=1$${salt}$${digest}`, '', null])(
  'is none of a hash that can be verified, or of none: %s',
  (hash) => {
    expect(unreadableKind(hash)).toBeUndefined();
  },
);
