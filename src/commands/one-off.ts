import { createLog } from '../observability/log.js';
import { createAccountServices, createJobServices } from '../services/command-services.js';
import { readSettings } from '../settings/settings.js';
import { AccountAdmin } from './accounts/account-admin.js';
import { explain } from './failure.js';
import type { JobsAdmin } from './jobs/jobs-admin.js';

/**
 * Runs work on accounts. After a failure nothing is closed: the process ends anyway, and closing a broken pool would
 * wait.
 *
 * @throws SettingsError when settings are wrong, CommandFailure when the work failed.
 */
export async function withAccounts(work: (admin: AccountAdmin) => Promise<void>): Promise<void> {
  const settings = readSettings(process.env, 'account');
  const { accounts, audit, mailTemplates, openEvents, passwordHash, close } = createAccountServices(settings);
  const { argon2, pepper } = settings.accounts;
  const admin = new AccountAdmin({
    ...{ accounts, audit, openEvents, passwordHash, argon2, pepper },
    knownLocale: (tag) => mailTemplates.knownLocale(tag),
    languages: mailTemplates.languages,
    terminal: { in: process.stdin, out: process.stdout, err: process.stderr },
  });
  await work(admin);
  await close();
}

/** Tells the receivers of events a test. @throws SettingsError when settings are wrong, or CommandFailure. */
export async function testEvents(): Promise<void> {
  const [{ createReceivers }, { testReceivers }] = await Promise.all([
    import('../services/events.js'),
    import('./events/test-receivers.js'),
  ]);
  const receivers = createReceivers(readSettings(process.env, 'worker'), createLog('silent', 'events'));
  process.exitCode = await testReceivers(receivers, (line) => process.stdout.write(`${line}\n`));
  for (const receiver of receivers) receiver.close();
}

/**
 * Runs work on jobs.
 *
 * @throws SettingsError when settings are wrong, JobsFailure or Error with a message for the operator.
 */
export async function withJobs(work: (admin: JobsAdmin) => Promise<void>): Promise<void> {
  const { JobsAdmin, JobsFailure } = await import('./jobs/jobs-admin.js');
  const { orm, audit, schema } = createJobServices(readSettings(process.env, 'migrate'));
  const admin = new JobsAdmin({ orm, audit, schema, terminal: { out: process.stdout, err: process.stderr } });
  await work(admin).catch((error: unknown) => {
    throw error instanceof JobsFailure ? error : new Error(explain(error), { cause: error });
  });
  await admin.close();
  await orm.close(true);
}
