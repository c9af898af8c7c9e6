import { readFile } from 'node:fs/promises';
import { type EmailAddress, parseEmailAddress } from '../accounts/email-address.js';
import { CommandFailure, codeOf } from './failure.js';

/** Somebody of another system whose password is known, so that it shows whether hashes are read as they were made. */
export interface TestAccount {
  readonly email: EmailAddress;
  readonly password: string;
}

/** @returns undefined where no flag names one. @throws CommandFailure when the flags or the file are at fault. */
export async function testAccountOf(flags: {
  readonly testAccount?: string;
  readonly testPasswordFile?: string;
}): Promise<TestAccount | undefined> {
  const { testAccount: address, testPasswordFile } = flags;
  if (address === undefined && testPasswordFile === undefined) return undefined;
  if (address === undefined || testPasswordFile === undefined) {
    throw new CommandFailure('--test-account and --test-password-file belong together');
  }
  const email = parseEmailAddress(address);
  if (!email) throw new CommandFailure('--test-account is not one plain e-mail address');
  const password = (await readText('--test-password-file', testPasswordFile)).replace(/\r?\n$/, '');
  return { email, password };
}

/** @throws CommandFailure that names the flag. */
export async function readText(flag: string, path: string): Promise<string> {
  return readFile(path, 'utf8').catch((cause: unknown) => {
    throw new CommandFailure(`${flag}: the file cannot be read (${codeOf(cause) ?? 'unknown reason'})`, { cause });
  });
}
