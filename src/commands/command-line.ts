import { Command } from 'commander';
import type { Services } from '../services/services.js';
import { type Command as CommandName } from '../settings/environment.js';
import { pgVariablesWarning, takeOutPgVariables } from '../settings/pg-variables.js';
import { readSettings, type SettingFault, type Settings, SettingsError } from '../settings/settings.js';
import { settingsWarnings } from '../settings/warnings.js';
import { defineAccountCommands } from './accounts/accounts.commands.js';
import { defineAdoptCommand } from './adopt/adopt.commands.js';
import { endGracefully } from './end-gracefully.js';
import { explain } from './failure.js';
import { defineJobsCommands } from './jobs/jobs.commands.js';
import { naming } from './listening.js';
import { defineMailCommands } from './mail/mail.commands.js';
import { defineSettingsCommand } from './settings.commands.js';
import { defineTemplatesCommands } from './templates.commands.js';

/** Runs `latchkey <command>`; every process starts here. A failure ends the process with one line and exit code 1. */
export async function run(argv: readonly string[]): Promise<void> {
  const unused = pgVariablesWarning(takeOutPgVariables(process.env));
  const program = new Command('latchkey')
    .description('Account recovery: lets people who lost their password back in, and nobody else')
    .showHelpAfterError('(latchkey --help lists the commands)');
  program
    .command('dev')
    .description('run everything in one process, with embedded stores: for a first look and for development')
    .option(
      '--yes-this-is-development',
      'confirm that DATABASE_URL, which leads to another machine, is not a production database',
    )
    .action(dev);
  program
    .command('api')
    .description('the HTTP process')
    .action(() => api(unused));
  program
    .command('worker')
    .description('the job process: sends the mails')
    .action(() => worker(unused));
  const migrate = program
    .command('migrate')
    .description('the database schemas: up (default), status; grants; adopt-origin');
  migrate
    .command('up', { isDefault: true })
    .description('bring the database to this version')
    .action(() =>
      oneOff(async () => {
        const { database, secrets } = readSettings(process.env, 'migrate');
        const { migrateUp } = await import('../services/migrate.js');
        const url = database.directUrl ?? database.url;
        for (const line of await migrateUp(url, { secrets }, database.schemas)) print(line);
      }),
    );
  migrate
    .command('status')
    .description('show which migrations are applied; exit code 1 if one is missing')
    .action(() =>
      oneOff(async () => {
        const { url, directUrl, schemas } = readSettings(process.env, 'migrate').database;
        const { migrationStatus } = await import('../services/migrate.js');
        const { lines, current } = await migrationStatus(directUrl ?? url, schemas);
        for (const line of lines) print(line);
        if (!current) process.exitCode = 1;
      }),
    );
  migrate
    .command('grants')
    .description('print SQL that creates a role for each process with its rights; changes nothing itself')
    .option('--migrate-role <name>', 'owns the tables', 'latchkey_migrate')
    .option('--api-role <name>', 'of the API', 'latchkey_api')
    .option('--worker-role <name>', 'of the workers', 'latchkey_worker')
    .action((named: Record<'migrateRole' | 'apiRole' | 'workerRole', string>) =>
      oneOff(async () => {
        const { grantsSql } = await import('../services/grants.js');
        const { migrateRole, apiRole, workerRole } = named;
        const { schemas } = readSettings(process.env, 'migrate', ['DATABASE_URL']).database;
        process.stdout.write(grantsSql({ migrate: migrateRole, api: apiRole, worker: workerRole }, schemas));
      }),
    );
  migrate
    .command('adopt-origin')
    .description('make the tables those of this PUBLIC_URL, after the installation moved to another one')
    .action(() => oneOff(adoptThisOrigin));
  const account = program.command('account').description('accounts: add, import, export, show, disable, enable');
  // Loaded by the command that needs it: help, `settings` and usage errors take a third of the time without the ORM.
  defineAccountCommands(account, (work) => oneOff(async () => (await import('./one-off.js')).withAccounts(work)));
  defineAdoptCommand(program, (flags) => oneOff(async () => (await import('./adopt/run.js')).runAdopt(flags)));
  const jobs = program.command('jobs').description('jobs: count, list, show; dead letters: retry, discard');
  defineJobsCommands(jobs, (work) => oneOff(async () => (await import('./one-off.js')).withJobs(work)));
  const events = program.command('events').description('what other services are told (EVENTS_URL): test');
  events
    .command('test')
    .description("send each receiver a signed test event, with a worker's settings; exit code 1 unless all take it")
    .action(() => oneOff(async () => (await import('./one-off.js')).testEvents()));
  defineSettingsCommand(program, process.env, oneOff);
  defineMailCommands(program, process.env, oneOff);
  defineTemplatesCommands(program, process.env, oneOff);
  program.hook('preAction', (_program, action) => {
    // `api` and `worker` log this warning, `settings` prints it, and `dev` does not need it.
    const isTold = /^(?:api|worker|dev|settings)$/.test(action.name());
    for (const each of isTold ? [] : unused) process.stderr.write(`latchkey: ${each.name} ${each.fault}\n`);
  });
  await program.parseAsync([...argv]);
}

async function adoptThisOrigin(): Promise<void> {
  const { database, http } = readSettings(process.env, 'migrate');
  if (!process.env.PUBLIC_URL) throw new Error('PUBLIC_URL is not set: give the origin that this installation has now');
  const [{ openDatabase }, { adoptOrigin }] = await Promise.all([
    import('../services/database.js'),
    import('../services/instance.js'),
  ]);
  const orm = openDatabase(database.directUrl ?? database.url, { schemas: database.schemas, poolSize: 1 });
  const before = await adoptOrigin(orm, http.publicUrl).catch((error: unknown) => {
    throw new Error(explain(error), { cause: error });
  });
  await orm.close(true);
  const was = before === undefined ? 'had no origin yet' : `had the origin ${before}`;
  print(`the schema ${database.schemas.own} ${was}; now it has ${http.publicUrl}`);
}

async function dev({ yesThisIsDevelopment = false }: { yesThisIsDevelopment?: boolean }): Promise<void> {
  await oneOff(async () => {
    const { startDev } = await import('../dev/dev.js');
    const isColoured = process.stdout.isTTY && process.stdout.hasColors();
    const starting = startDev(process.env, print, { isConfirmed: yesThisIsDevelopment, isColoured });
    // Already while it starts, so that Ctrl+C leaves no started part behind.
    endGracefully(
      async () => (await starting).close(),
      () => undefined,
    );
    await starting;
  });
}

async function api(warnings: readonly SettingFault[]): Promise<void> {
  await oneOff(async () => {
    const { startApi } = await import('../api.js');
    const { lowerHashThreads } = await import('../accounts/passwords/hashing/threads.js');
    await serve('api', warnings, async (settings, services) => {
      const server = await startApi(settings, services);
      lowerHashThreads();
      return server;
    });
  });
}

async function worker(warnings: readonly SettingFault[]): Promise<void> {
  await oneOff(async () => {
    const { startWorker } = await import('../worker.js');
    await serve('worker', warnings, (_settings, services) => startWorker(services));
  });
}

async function serve(
  command: CommandName,
  warnings: readonly SettingFault[],
  start: (settings: Settings, services: Services) => Promise<{ close: () => Promise<void> }>,
): Promise<void> {
  const settings = readSettings(process.env, command);
  // Node writes its own warnings to standard error; if nobody reads them, the process must not end.
  process.stderr.on('error', () => undefined);
  const [{ createServices }, { startOperations }] = await Promise.all([
    import('../services/services.js'),
    import('../http/operations.js'),
  ]);
  const services = createServices(settings);
  for (const { name, fault } of [...settingsWarnings(process.env, settings), ...warnings]) {
    services.log.warn({ setting: name }, `${name} ${fault}`);
  }
  // Known later than at start where the database was away.
  services.instance.known.catch((error: Error) => {
    process.stderr.write(`latchkey: ${error.message}\n`);
    process.exit(1);
  });
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

/** Runs a command; its failure is one line on standard error and exit code 1. */
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
