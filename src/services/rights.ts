import type { Health } from '../http/operations.js';
import { queueSchema } from '../jobs/queue/tables.js';
import type { Log } from '../observability/log.js';
import type { DatabaseRight, TableRight } from '../stores/postgres/health.js';

const jobs = (table: string, ...privileges: TableRight['privileges']): TableRight => ({
  schema: queueSchema,
  table,
  privileges,
});
const jobsClock = { schema: queueSchema, function: 'job_now' } as const;

/**
 * The rights of each process. Only the owner of the tables may change or erase a row of the audit trail. The others add
 * events, and call functions that run as the owner: to count refusals and, in the worker, to erase old rows.
 */
export const databaseRights = {
  api: [
    { table: 'account', privileges: ['SELECT', 'INSERT', 'UPDATE'] },
    { table: 'audit_event', privileges: ['SELECT', 'INSERT'] },
    { table: 'reset_receipt', privileges: ['SELECT', 'INSERT', 'UPDATE'] },
    { table: 'data_key', privileges: ['SELECT'] },
    { table: 'password_form', privileges: ['SELECT', 'UPDATE'] },
    { function: 'count_refusals' },
    jobs('job%', 'SELECT', 'INSERT', 'UPDATE'),
    jobs('queue', 'SELECT'),
    jobs('version', 'SELECT'),
    jobsClock,
  ],
  worker: [
    { table: 'account', privileges: ['SELECT'] },
    { table: 'audit_event', privileges: ['SELECT', 'INSERT'] },
    { table: 'reset_receipt', privileges: ['SELECT', 'DELETE'] },
    { table: 'data_key', privileges: ['SELECT'] },
    { table: 'password_form', privileges: ['SELECT', 'INSERT', 'UPDATE', 'DELETE'] },
    { function: 'count_refusals' },
    { function: 'erase_old_refusals' },
    { function: 'erase_old_audit_events' },
    jobs('%', 'SELECT', 'INSERT', 'UPDATE', 'DELETE'),
    jobsClock,
  ],
} as const satisfies Record<string, readonly DatabaseRight[]>;

/** The rights that `requestPasswordReset` needs: none on accounts. */
export const requestRights: readonly DatabaseRight[] = [
  { table: 'data_key', privileges: ['SELECT'] },
  { function: 'count_refusals' },
  jobs('job%', 'SELECT', 'INSERT'),
  jobs('queue', 'SELECT'),
  jobs('version', 'SELECT'),
  jobsClock,
];

/** The rights that the process of a command needs. */
export function rightsOf(command: string): readonly DatabaseRight[] {
  if (command === 'dev') return [...databaseRights.api, ...databaseRights.worker];
  return command === 'worker' ? databaseRights.worker : databaseRights.api;
}

/** Logs an alarm at start if a right is missing, so that it is found before a person's call fails. */
export async function tellMissingRights(health: () => Promise<Health>, log: Log): Promise<void> {
  const { postgres } = (await health()).parts;
  if (!postgres?.startsWith('forbidden')) return;
  const message = 'ALARM: this process lacks rights in PostgreSQL that it needs; grant them';
  log.error({ part: 'postgres', reason: `postgres-${postgres}` }, message);
}
