import { type Command, Option } from 'commander';
import type { AccountAdmin } from './account-admin.js';
import type { ExportFlags } from './export.js';
import { productNames } from './import/products/product.js';
import type { ImportFlags } from './import/run.js';

/** Runs a command with the database; a failure is printed in one line and ends with exit code 1. */
export type WithAccounts = (work: (admin: AccountAdmin) => Promise<void>) => Promise<void>;

const importHelp = `
FILE is NDJSON, or CSV with a header row; either also as gzip, with a byte order mark, or with CRLF. Each account has
"email" and "hash" and, optionally, "id" (a UUID), "external_id" (its name in the old system), "locale", "status" (active
or disabled) and "createdAt" (2024-05-01T12:00:00Z). A hash is text of a form that docs/hash-forms.md lists (argon2,
bcrypt, scrypt, PBKDF2, SHA-crypt, phpass, SSHA), or null (in CSV: empty) if there is no password: then the account's owner
has to set one by a reset.
With --from, FILE is the export of another product, as it is. Passwords of addresses that nobody has confirmed there are
left out, so that these accounts begin with a reset (--keep-unverified keeps them).
With --pepper-file, bcrypt hashes are marked as holding a pepper (Devise: config.pepper); people sign in with them where
PASSWORD_PEPPER is the same secret, and with the first sign-in the hash becomes one of ours, which holds none.
Existing accounts are not changed, so the same file may be imported again. With --update they follow the file in address,
hash and status, where nobody has changed them here since; their links and tokens end then. If an address is in the file
twice (case does not count) with different hashes, the second line is refused, naming the first.
Refused without --allow-expensive: bcrypt above cost 14, argon2id above 256 MiB, or with memory times passes above
512 MiB, and what the same page says of the others, because anybody who tries to sign in with that address makes the
server do this work.

Exit code: 0 all accounts exist now, 1 it could not run or stopped early, 2 lines were refused (listed by number), 130 interrupted.`;

/** Defines `latchkey account <command>`: translates arguments into calls of `AccountAdmin`. */
export function defineAccountCommands(account: Command, withAccounts: WithAccounts): void {
  account
    .command('add')
    .description('add an account without a usable password; its owner sets one by a reset')
    .argument('<email>', 'the address that mails go to')
    .option('--locale <tag>', 'language of the mails')
    .option('--id <uuid>', 'the id of the account in your systems (default: a new one)')
    .action((email: string, options: { id?: string; locale?: string }) =>
      withAccounts((admin) => admin.add(email, options)),
    );
  account
    .command('disable')
    .description('disable an account; its reset links and access tokens end immediately')
    .argument('<account>', 'address or id')
    .action((who: string) => withAccounts((admin) => admin.disable(who)));
  account
    .command('enable')
    .description('enable an account again; links and tokens that ended stay ended')
    .argument('<account>', 'address or id')
    .action((who: string) => withAccounts((admin) => admin.enable(who)));
  account
    .command('show')
    .description('show what is stored about an account, except its hash')
    .argument('<account>', 'address or id')
    .option('--json', 'one JSON object')
    .action((who: string, options: { json?: boolean }) => withAccounts((admin) => admin.show(who, options)));
  account
    .command('import')
    .description('add the accounts of a file: NDJSON, CSV, or the export of another product')
    .argument('<file>', 'or - for standard input')
    .option('--dry-run', 'report what would happen without changing accounts')
    .addHelpText('after', importHelp)
    .option('--allow-expensive', 'accept hashes whose verification costs more than the usual bound')
    .addOption(new Option('--from <product>', 'the file is the export of this product').choices(productNames))
    .option('--firebase-parameters <file>', "the project's parameters of hashing, as Firebase's console shows them")
    .option('--keep-unverified', 'keep the passwords of addresses that nobody has confirmed')
    .option('--update', 'let accounts follow the file that nobody has changed here since the last import')
    .option('--strict', 'refuse lines with a key that is not ours, instead of counting them')
    .option('--errors <file>', 'write refused lines there, by number and reason; it must not exist')
    .option(
      '--pepper-file <file>',
      'bcrypt hashes hold the secret in this file, which the old system appended to passwords',
    )
    .option('--without-pepper', 'bcrypt hashes hold none, though PASSWORD_PEPPER is set')
    .option('--test-account <email>', 'first verify the hash of this account with the password of --test-password-file')
    .option('--test-password-file <file>', 'holds the password of the test account')
    .action((file: string, options: ImportFlags) =>
      withAccounts(async (admin) => {
        process.exitCode = await admin.import(file, { ...options, signal: firstInterrupt() });
      }),
    );
  account
    .command('export')
    .description('write every account as a line of JSON that import reads')
    .option('--with-hashes', 'with the hashes; without them every account begins with a reset where it is imported')
    .option('--output <file>', 'a new file that only its owner can read (default: standard output)')
    .option('--force', 'replace the file')
    .action((options: ExportFlags) => withAccounts((admin) => admin.export(options)));
}

/** The signal that the first Ctrl+C or SIGTERM aborts, for an orderly end; the second one ends the process. */
function firstInterrupt(): AbortSignal {
  const interrupt = new AbortController();
  const signals = ['SIGINT', 'SIGTERM'] as const;
  const abort = () => {
    for (const signal of signals) process.off(signal, abort);
    interrupt.abort();
  };
  for (const signal of signals) process.on(signal, abort);
  return interrupt.signal;
}
