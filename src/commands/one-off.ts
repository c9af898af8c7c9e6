import { Accounts } from '../accounts/accounts.js';
import { HashLimiter } from '../accounts/passwords/hash-limiter.js';
import { PasswordHash } from '../accounts/passwords/password-hash.js';
import { Audit } from '../audit/audit.js';
import { MailTemplates } from '../mail/mail-template.js';
import { createLog } from '../observability/log.js';
import { Metrics } from '../observability/metrics.js';
import { templatesFolder } from '../package-files.js';
import { openDatabase } from '../services/database.js';
import { readSettings } from '../settings/settings.js';
import { AccountAdmin } from './accounts/account-admin.js';
import { explain } from './failure.js';
import type { JobsAdmin } from './jobs/jobs-admin.js';

/** The few objects that account commands need: no Redis, no relay, no secret. */
export async function withAccounts(work: (admin: AccountAdmin) => Promise<void>): Promise<void> {
  const settings = readSettings(process.env, 'account');
  const orm = openDatabase(settings.database.url, { poolSize: 1 });
  const templates = new MailTemplates(templatesFolder);
  const admin = new AccountAdmin({
    accounts: new Accounts(orm),
    audit: new Audit(orm, createLog('silent', 'account'), new Metrics()),
    passwordHash: new PasswordHash(settings.accounts.argon2, new HashLimiter({ hashConcurrency: 1, hashQueue: 1 })),
    knownLocale: (tag) => templates.knownLocale(tag),
    languages: templates.languages,
    terminal: { in: process.stdin, out: process.stdout, err: process.stderr },
  });
  await work(admin);
  // Only when all went well: after a failure the process ends anyway, and a pool whose connection broke waits for it.
  await orm.close(true);
}

/** Jobs need the database alone. */
export async function withJobs(work: (admin: JobsAdmin) => Promise<void>): Promise<void> {
  const { url } = readSettings(process.env, 'migrate').database;
  const { JobsAdmin, JobsFailure } = await import('./jobs/jobs-admin.js');
  const orm = openDatabase(url, { poolSize: 2 });
  const audit = new Audit(orm, createLog('silent', 'jobs'), new Metrics());
  const terminal = { out: process.stdout, err: process.stderr };
  const admin = new JobsAdmin({ orm, audit, terminal });
  await work(admin).catch((error: unknown) => {
    throw error instanceof JobsFailure ? error : new Error(explain(error), { cause: error });
  });
  await admin.close();
  await orm.close(true);
}
