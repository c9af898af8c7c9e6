import type { Command } from 'commander';
import type { AccountAdmin, ImportFlags } from './account-admin.js';

/** Runs a command with the database; a failure is printed in one line and ends with exit code 1. */
export type WithAccounts = (work: (admin: AccountAdmin) => Promise<void>) => Promise<void>;

const exitCodes = `
Each line is a JSON object: {"email": …, "hash": …} and, optionally, "id" (a UUID) and "locale". A hash is
argon2id as a PHC string ($argon2id$v=19$m=…,t=…,p=…$…$…) or bcrypt ($2a$, $2b$, $2y$), or null if there is no
password: then the account's owner has to set one by a reset.
Existing accounts are not changed, so the same file may be imported again. If an address is in the file twice (case
does not count) with different hashes, the second line is refused, naming the first.
Refused without --allow-expensive: bcrypt above cost 14, argon2id above 256 MiB, or with memory times passes above
512 MiB, because anybody who tries to sign in with that address makes the server do this work.

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
    .description('add the accounts of an NDJSON file')
    .argument('<file>', 'or - for standard input')
    .option('--dry-run', 'report what would happen without changing accounts')
    .addHelpText('after', exitCodes)
    .option('--allow-expensive', 'accept hashes whose verification costs more than the usual bound')
    .action((file: string, options: ImportFlags) =>
      withAccounts(async (admin) => {
        process.exitCode = await admin.import(file, { ...options, signal: firstInterrupt() });
      }),
    );
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
