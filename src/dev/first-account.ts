import { randomInt } from 'node:crypto';
import { Account } from '../accounts/account.entity.js';
import { parseEmailAddress } from '../accounts/email-address.js';
import type { Services } from '../services/services.js';

/** Where the mails of the account to try with go; nothing of `example.com` is ever delivered. */
export const firstAddress = 'try@example.com';
/** Without letters and digits that are read as others. */
const alphabet = 'abcdefghijkmnpqrstuvwxyz23456789';

/**
 * Makes an account to try with, if there is none at all: in the embedded PostgreSQL, at the first start.
 *
 * @returns its password, which is kept nowhere else; undefined where somebody has an account already.
 * @throws Unavailable
 */
export async function makeFirstAccount({
  accounts,
  audit,
  orm,
  passwordHash,
}: Pick<Services, 'accounts' | 'audit' | 'orm' | 'passwordHash'>): Promise<string | undefined> {
  const email = parseEmailAddress(firstAddress);
  if (!email || (await orm.em.fork().count(Account, {})) > 0) return undefined;
  // 80 bits.
  const password = Array.from({ length: 4 }, () => part(4)).join('-');
  const hash = await passwordHash.make(password, { urgency: 'other' });
  await accounts.create({ email, locale: null, passwordHash: hash }, (transaction, accountId) =>
    audit.record(transaction, { kind: 'account.added', accountId, origin: 'latchkey dev' }),
  );
  return password;
}

function part(length: number): string {
  return Array.from({ length }, () => alphabet[randomInt(alphabet.length)]).join('');
}
