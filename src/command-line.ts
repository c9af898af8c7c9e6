import closeWithGrace from 'close-with-grace';
import { Command } from 'commander';
import { AccountAdmin } from './accounts/account-admin.js';
import { explain } from './accounts/account-command-failure.js';
import { defineAccountCommands } from './accounts/accounts.commands.js';
import { Accounts } from './accounts/accounts.js';
import { HashLimiter } from './accounts/hash-limiter.js';
import { PasswordHash } from './accounts/password-hash.js';
import { Audit } from './audit/audit.js';
import { openDatabase } from './database.js';
import { defineJobsCommands } from './jobs/jobs.commands.js';
import type { JobsAdmin } from './jobs/jobs-admin.js';
import { createLog, describeFault } from './log.js';
import { MailTemplates } from './mail/mail-template.js';
import { Metrics } from './metrics.js';
import { templatesFolder } from './resources.js';
import type { Services } from './services.js';
import { type Command as CommandName, readSettings, type Settings, SettingsError } from './settings.js';
import { settingsMarkdown, settingsSeen } from './settings-docs.js';

/** Milliseconds until a process that was told to end ends whatever happens; longer than one SMTP dialogue. */
const grace = 75_000;

/** Milliseconds within which a second signal is the first one, said again. */
const patience = 2_000;

/** `latchkey <command>`; every process starts here. */
export async function run(argv: readonly string[]): Promise<void> {
  const program = new Command('latchkey')
    .description('Account recovery: lets people who lost their password back in, and nobody else')
    .showHelpAfterError('(latchkey --help tells the commands)');
  program
    .command('dev')
    .description('everything in one process, with embedded parts: for a first look and for development')
    .action(dev);
  program.command('api').description('the HTTP process').action(api);
  program.command('worker').description('the job process: sends the mails').action(worker);
  const migrate = program.command('migrate').description('the database schema: up (default), status');
  migrate
    .command('up', { isDefault: true })
    .description('bring the database to this version')
    .action(() =>
      oneOff(async () => {
        const { database, secrets } = readSettings(process.env, 'migrate');
        const { migrateUp } = await import('./migrate.js');
        for (const line of await migrateUp(database.url, { secrets })) print(line);
      }),
    );
  migrate
    .command('status')
    .description('what is applied, what is not; exit code 1 if something is not')
    .action(() =>
      oneOff(async () => {
        const { url } = readSettings(process.env, 'migrate').database;
        const { migrationStatus } = await import('./migrate.js');
        const { lines, current } = await migrationStatus(url);
        for (const line of lines) print(line);
        if (!current) process.exitCode = 1;
      }),
    );
  const account = program.command('account').description('accounts: add, import, show, disable, enable');
  defineAccountCommands(account, (work) => oneOff(() => withAccounts(work)));
  const jobs = program.command('jobs').description('jobs: count, list, show; dead letters: retry, discard');
  defineJobsCommands(jobs, (work) => oneOff(() => withJobs(work)));
  program
    .command('settings')
    .description('every setting with its default and what it is now; secrets are not shown')
    .option('--markdown', 'the documented table')
    .action(({ markdown }: { markdown?: boolean }) => print(markdown ? settingsMarkdown() : settingsSeen(process.env)));
  await program.parseAsync([...argv]);
}

/** The few objects that account commands need: no Redis, no relay, no secret. */
async function withAccounts(work: (admin: AccountAdmin) => Promise<void>): Promise<void> {
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
async function withJobs(work: (admin: JobsAdmin) => Promise<void>): Promise<void> {
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

async function dev(): Promise<void> {
  await oneOff(async () => {
    const { startDev } = await import('./dev/dev.js');
    const starting = startDev(process.env, print);
    // From now on, so that nothing that was started stays behind when somebody loses patience.
    endGracefully(
      async () => (await starting).close(),
      () => undefined,
    );
    await starting;
  });
}

async function api(): Promise<void> {
  await oneOff(async () => {
    const { startApi } = await import('./api.js');
    const { lowerHashThreads } = await import('./accounts/passwords/hash-threads.js');
    await serve('api', async (settings, services) => {
      const server = await startApi(settings, services);
      lowerHashThreads();
      return server;
    });
  });
}

async function worker(): Promise<void> {
  await oneOff(async () => {
    const { startWorker } = await import('./worker.js');
    await serve('worker', (_settings, services) => startWorker(services));
  });
}

async function serve(
  command: CommandName,
  start: (settings: Settings, services: Services) => Promise<{ close: () => Promise<void> }>,
): Promise<void> {
  const settings = readSettings(process.env, command);
  // Node's own warnings go there; nobody who reads them is no reason to end.
  process.stderr.on('error', () => undefined);
  // Loaded when a process needs them: help, settings and faults of use are told in a quarter of the time.
  const [{ createServices }, { startOperations }] = await Promise.all([
    import('./services.js'),
    import('./http/operations.js'),
  ]);
  const services = createServices(settings);
  const operations = await naming('OPS_PORT', startOperations(settings.operations, services.health, services));
  const process_ = await naming('PORT', start(settings, services));
  const close = async () => {
    await process_.close();
    await services.close();
    await operations?.close();
  };
  endGracefully(close, (signal) => {
    services.announceEnd();
    services.log.info({ signal }, 'ending: finishing what is under way');
  });
}

/** A port that cannot be had is told with the setting that asked for it. */
async function naming<T>(setting: string, listening: Promise<T>): Promise<T> {
  return listening.catch((error: NodeJS.ErrnoException) => {
    throw error.syscall === 'listen' ? new Error(`${setting}: ${error.message}`, { cause: error }) : error;
  });
}

/**
 * One owner of the signals and of what nobody caught. Terminals, npm and supervisors may say the same twice, which means
 * no more than once; only somebody who interrupts again after a while wants the end at any price.
 */
function endGracefully(close: () => Promise<void>, announce: (signal: string) => void): void {
  let begunAt: number | undefined;
  let reason: string | undefined;
  const { close: end } = closeWithGrace(
    { delay: grace, logger: false, skip: ['SIGINT', 'SIGTERM'] },
    async ({ signal, err }) => {
      begunAt ??= performance.now();
      if (err) process.stderr.write(`${JSON.stringify({ level: 'fatal', fault: describeFault(err) })}\n`);
      announce(signal ?? reason ?? 'error');
      await close();
    },
  );
  const onSignal = (signal: NodeJS.Signals) => {
    if (begunAt === undefined) {
      begunAt = performance.now();
      reason = signal;
      end();
    } else if (signal === 'SIGINT' && performance.now() - begunAt > patience) process.exit(1);
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
}

/** A command's failure is one clear line and exit code 1. */
async function oneOff(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    const isKnown = error instanceof SettingsError || error instanceof Error;
    process.stderr.write(`latchkey: ${isKnown ? error.message : 'failed'}\n`);
    process.exit(1);
  }
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
