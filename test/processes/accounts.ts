import { randomUUID } from 'node:crypto';
import { HashLimiter } from '../../src/accounts/passwords/hashing/hash-limiter.js';
import { PasswordHash } from '../../src/accounts/passwords/password-hash.js';
import type { TestDatabase } from '../support/stores.js';

const limiter = new HashLimiter({ hashConcurrency: 1, hashQueue: 64 });
const passwordHash = new PasswordHash({ memoryKib: 19456, timeCost: 2 }, limiter);

/** Inserts an account's row, as a product does that has no sign-up here. */
export async function insertAccount(database: TestDatabase, email: string, password: string): Promise<string> {
  const id = randomUUID();
  await database.query(`insert into account (id, email, password_hash, status) values ($1, $2, $3, 'active')`, [
    id,
    email,
    await passwordHash.make(password, { urgency: 'other' }),
  ]);
  return id;
}
