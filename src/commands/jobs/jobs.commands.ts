import { type Command, InvalidArgumentError, Option } from 'commander';
import type { JobsAdmin } from './jobs-admin.js';

/** Runs a command with the database; a failure is printed in one line and ends with exit code 1. */
export type WithJobs = (work: (admin: JobsAdmin) => Promise<void>) => Promise<void>;

interface Choice {
  allDead?: boolean;
  queue?: string;
}

const ids = `
An id may be that of the dead letter or that of the job that died, which is the one in the logs.
Exit code: 0, or 1 when an id was not that of a dead letter (such ids are listed) or the command failed.`;
const ownTime = `
A retried job is a new job with a new id, but keeps the time at which the first job was made: a request that is older
than its deadline ends as expired, and one that is older than a change of the password as superseded.`;

/** Defines `latchkey jobs <command>`: translates arguments into calls of `JobsAdmin`. */
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
    .option('--limit <count>', 'list at most this many jobs', parseLimit, 50)
    .option('--json', 'one JSON array')
    .action((options: Parameters<JobsAdmin['list']>[0]) => withJobs((admin) => admin.list(options)));
  jobs
    .command('show')
    .description('show one job with its data; addresses are masked')
    .argument('<id>', 'id of the job, or of the job that became a dead letter')
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
    .option('--yes', 'confirm --all-dead')
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
