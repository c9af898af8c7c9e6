import { argon2Family } from './argon2.js';
import { bcryptFamily } from './bcrypt.js';
import { pbkdf2Family } from './pbkdf2.js';
import { phpassFamily } from './phpass.js';
import type { Family } from './reading.js';
import { scryptFamily } from './scrypt.js';
import { shaCryptFamily } from './sha-crypt.js';
import { sshaFamily } from './ssha.js';
import { wrappedFamily } from './wrapped.js';

/** Every hash that can be verified is of one of them. */
export const families: readonly Family[] = [
  argon2Family,
  bcryptFamily,
  scryptFamily,
  pbkdf2Family,
  phpassFamily,
  shaCryptFamily,
  sshaFamily,
  wrappedFamily,
];
