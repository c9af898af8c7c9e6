import type { Command } from 'commander';

/** As the options are named. */
export interface AdoptFlags {
  readonly table?: string;
  readonly id?: string;
  readonly email?: string;
  readonly passwordHash?: string;
  readonly active?: string;
  readonly write?: string;
  readonly output: string;
  readonly force?: boolean;
  readonly migrateRole: string;
  readonly apiRole: string;
  readonly workerRole: string;
  readonly json?: boolean;
  readonly showAddresses?: boolean;
  /** Rehearses; the file, or true for that of ACCOUNTS. */
  readonly check?: string | true;
  /** Prints rights; the file, or true for that of ACCOUNTS. */
  readonly grants?: string | true;
  readonly account?: string;
  readonly withTriggers?: boolean;
  readonly testAccount?: string;
  readonly testPasswordFile?: string;
}

const help = `
Reads the catalogue of the database and every row of the table of accounts; writes the file that ACCOUNTS names, and
prints what it found: kinds of hashes, accounts by id that get no mail or share an address, the index of each look-up,
and the GRANTs. Needs DATABASE_URL alone, of a role that may read the table. Changes nothing in the database.
On a terminal it asks what it cannot know. Prints no hash, and addresses with --show-addresses only.

With --check it resets the password of one account, in a transaction that it rolls back: as the role of DATABASE_URL,
which may be that of the API. Triggers run, and what they do in the database is rolled back, too; where one may reach
beyond the database, nothing is run without --with-triggers. Numbers that sequences give out are not given back.

Exit code: 0 the file is written, or a reset works; 1 it could not run, or a reset does not work; 2 a choice is open, or SQL has to be run by hand first (nothing
was written), or a fault of the table has to be mended before a process starts with the file (it is written).`;

/** Defines `latchkey adopt`. @param run loads what it needs, which is much. */
export function defineAdoptCommand(program: Command, run: (flags: AdoptFlags) => Promise<void>): void {
  program
    .command('adopt')
    .description('make the file for ACCOUNTS from the database of an app that has users')
    .option('--table <name>', 'the table or view of the accounts, quoted as in SQL')
    .option('--id <column>', 'the column with the id')
    .option('--email <column>', 'the column with the address')
    .option('--password-hash <column>', 'the column with the hash')
    .option('--active <sql>', 'who may recover: an SQL condition over the table')
    .option(
      '--write <form>',
      'how a new hash is written: argon2id, bcrypt:12, bcrypt:12:2y, pbkdf2_sha256:600000, better-auth-scrypt (default: as most are)',
    )
    .option('--output <file>', 'where the file is written; - is standard output', 'accounts.json')
    .option('--force', 'replace that file')
    .option('--migrate-role <name>', 'in the GRANTs', 'latchkey_migrate')
    .option('--api-role <name>', 'in the GRANTs', 'latchkey_api')
    .option('--worker-role <name>', 'in the GRANTs', 'latchkey_worker')
    .option('--json', 'print one JSON object')
    .option('--show-addresses', 'print addresses with the ids')
    .option('--check [file]', 'rehearse a reset with this file (default: ACCOUNTS, or else accounts.json)')
    .option('--account <id>', 'with --check: whose password (default: of any who may recover)')
    .option(
      '--test-account <email>',
      'with --check: the account whose password is in --test-password-file and has to open its hash',
    )
    .option('--test-password-file <file>', 'holds the password of the test account')
    .option('--grants [file]', 'print the GRANTs for this file, as it is now, and nothing else')
    .option('--with-triggers', 'with --check: also where a trigger may reach beyond the database')
    .addHelpText('after', help)
    .action(run);
}
