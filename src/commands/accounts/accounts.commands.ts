import type { Command } from 'commander';
import type { AccountAdmin, ImportFlags } from './account-admin.js';

/** Runs a command with a database, and answers its failures with one line and exit code 1. */
export type WithAccounts = (work: (admin: AccountAdmin) => Promise<void>) => Promise<void>;

const exitCodes = `
Each line is a JSON object: {"email": …, "hash": …} and, if there are, "id" (a UUID) and "locale". A hash is
argon2id as a PHC string ($argon2id$v=19$m=…,t=…,p=…$…$…) or bcrypt ($2a$, $2b$, $2y$), or null where there is no
password: the account's owner begins with a recovery.
Accounts that are there already are left as they are, so the same file may be imported again. An address that stands in
the file a second time (case does not count) with another hash is refused, naming the first line.
Refused without --allow-expensive: bcrypt above 14, argon2id above 256 MiB, or whose memory times time cost is above
512 MiB: whoever types that address makes the server work so much.

Exit code: 0 everything is there, 1 it could not run or broke off, 2 lines were refused (told by number), 130 interrupted.`;

/** Only translates: `latchkey account <command>`. */
export function defineAccountCommands(account: Command, withAccounts: WithAccounts): void {
  account
    .command('add')
    .description('make an account without a usable password: its owner gets in by a reset')
    .argument('<email>', 'the address that mails go to')
    .option('--locale <tag>', 'language of the mails')
    .option('--id <uuid>', 'the id that your systems know the account by (default: a new one)')
    .action((email: string, options: { id?: string; locale?: string }) =>
      withAccounts((admin) => admin.add(email, options)),
    );
  account
    .command('disable')
    .description('close an account; its reset links and access tokens end immediately')
    .argument('<account>', 'address or id')
    .action((who: string) => withAccounts((admin) => admin.disable(who)));
  account
    .command('enable')
    .description('open an account again; what was ended stays ended')
    .argument('<account>', 'address or id')
    .action((who: string) => withAccounts((admin) => admin.enable(who)));
  account
    .command('show')
    .description('what is known of an account; never its hash')
    .argument('<account>', 'address or id')
    .option('--json', 'one JSON object')
    .action((who: string, options: { json?: boolean }) => withAccounts((admin) => admin.show(who, options)));
  account
    .command('import')
    .description('add the accounts of an NDJSON file')
    .argument('<file>', 'or - for standard input')
    .option('--dry-run', 'tell what would happen, and leave the accounts as they are')
    .addHelpText('after', exitCodes)
    .option('--allow-expensive', 'take hashes whose verification costs more than one sign-in usually may')
    .action((file: string, options: ImportFlags) =>
      withAccounts(async (admin) => {
        process.exitCode = await admin.import(file, { ...options, signal: firstInterrupt() });
      }),
    );
}

/** The first Ctrl+C or SIGTERM ends the work in order; the second ends the process. */
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
