import type { Shape, WrittenForm } from '../accounts/shape.js';
import type { Command } from '../environment.js';
import { notAllowed, type Reader } from '../reader.js';

/** Bytes; `rails secret`, which Devise's generator writes into its comment, has 128. */
const longest = 1_024;

/**
 * The secret that another system appends to passwords before bcrypt, as it is there: not trimmed, and not measured for
 * its strength, because nobody can choose it any more.
 */
export const pepper: Reader<string> = (text) => {
  const isOne =
    text.trim() !== '' && text.isWellFormed() && !/\p{Cc}/u.test(text) && Buffer.byteLength(text) <= longest;
  if (isOne) return { kind: 'Read', value: text };
  return notAllowed(
    `allowed: 1 to ${longest} bytes of text without line ends and other control characters, not only blanks`,
  );
};

type Name = 'PASSWORD_PEPPER';

interface PepperValues {
  readonly PASSWORD_PEPPER: string | undefined;
  readonly ACCOUNTS: { readonly shape: Shape | undefined } | undefined;
}

/** What `readSettings` checks with. */
interface Checking {
  isSet(name: Name): boolean;
  fault(name: Name, text: string): void;
  required(name: Name, commands: readonly Command[], why: string): string | undefined;
}

/** What to do where `ACCOUNTS` says that the app has a pepper and there is none here. */
export const howToGivePepper =
  'ACCOUNTS says "pepper": true in "write"; give the secret of the app, without which nobody could sign in there';

/** The pepper; reports where `ACCOUNTS` says otherwise, because then the app could not read what is written. */
export function pepperOf(
  { ACCOUNTS: accounts, PASSWORD_PEPPER: given }: PepperValues,
  { isSet, fault, required }: Checking,
) {
  const write = accounts?.shape?.write;
  const isWritten = write && hasPepper(write);
  required('PASSWORD_PEPPER', isWritten ? ['api', 'dev'] : [], howToGivePepper);
  if (write && !isWritten && isSet('PASSWORD_PEPPER')) {
    fault(
      'PASSWORD_PEPPER',
      'is set, and ACCOUNTS does not say "pepper": true in "write", with "format": "bcrypt"; allowed: both or none',
    );
  }
  return given;
}

export function hasPepper(write: WrittenForm): boolean {
  return write.format === 'bcrypt' && write.pepper === true;
}
