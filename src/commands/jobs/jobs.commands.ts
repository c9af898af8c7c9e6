import { type Command, InvalidArgumentError, Option } from 'commander';
import type { JobsAdmin } from './jobs-admin.js';

/** Runs a command with a database, and answers its failures with one line and exit code 1. */
export type WithJobs = (work: (admin: JobsAdmin) => Promise<void>) => Promise<void>;

interface Choice {
  allDead?: boolean;
  queue?: string;
}

const ids = `
An id may be of the dead letter or of the job that died, which is the one in the logs.
Exit code: 0, or 1 when an id was of nothing dead (those are told) or it could not run.`;
const ownTime = `
A retried job is a new one with a new id, but keeps the time at which the first was made: deadlines go on from then, so
a request that is too old ends as expired, and one that is older than a change of the password as superseded.`;

/** Only translates: `latchkey jobs <command>`. */
export function defineJobsCommands(jobs: Command, withJobs: WithJobs): void {
  jobs
    .command('count')
    .description('jobs of each queue: waiting, active, done (kept for a day), dead; age of the oldest that waits')
    .option('--json', 'one JSON array')
    .action((options: { json?: boolean }) => withJobs((admin) => admin.count(options)));
  jobs
    .command('list')
    .description('jobs, newest first; addresses are masked')
    .option('--queue <name>', 'of this queue only')
    .addOption(new Option('--state <state>', 'in this state only').choices(['waiting', 'active', 'done', 'dead']))
    .option('--limit <count>', 'at most so many', parseLimit, 50)
    .option('--json', 'one JSON array')
    .action((options: Parameters<JobsAdmin['list']>[0]) => withJobs((admin) => admin.list(options)));
  jobs
    .command('show')
    .description('one job whole; addresses are masked')
    .argument('<id>', 'of the job, or of the job that a dead letter was')
    .option('--address', 'show addresses in full')
    .option('--json', 'one JSON object')
    .action((id: string, options: { address?: boolean; json?: boolean }) =>
      withJobs((admin) => admin.show(id, options)),
    );
  jobs
    .command('retry')
    .description('put dead letters back into their queues')
    .argument('[ids...]', 'dead letters')
    .option('--all-dead', 'every dead letter')
    .option('--queue <name>', 'with --all-dead: of this queue only')
    .addHelpText('after', ids + ownTime)
    .action((given: string[], options: Choice) =>
      withJobs(async (admin) => {
        process.exitCode = await admin.retry({ ids: given, ...options });
      }),
    );
  jobs
    .command('discard')
    .description('delete dead letters')
    .argument('[ids...]', 'dead letters')
    .option('--all-dead', 'every dead letter; needs --yes')
    .option('--queue <name>', 'with --all-dead: of this queue only')
    .option('--yes', 'really all')
    .addHelpText('after', ids)
    .action((given: string[], options: Choice & { yes?: boolean }) =>
      withJobs(async (admin) => {
        process.exitCode = await admin.discard({ ids: given, ...options });
      }),
    );
}

function parseLimit(text: string): number {
  const limit = Number(text);
  if (!Number.isInteger(limit) || limit < 1 || limit > 10_000)
    throw new InvalidArgumentError('1 to 10000 are allowed.');
  return limit;
}
