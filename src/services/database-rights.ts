import type { Health } from '../http/operations.js';
import { queueSchema } from '../jobs/queue-definition.js';
import type { Log } from '../log.js';
import type { TableRight } from '../stores/database-health.js';

const jobs = (table: string, ...privileges: TableRight['privileges']): TableRight => ({
  schema: queueSchema,
  table,
  privileges,
});

/** Nobody but the owner of the tables may change or drop a row of the audit trail. */
export const databaseRights = {
  api: [
    { table: 'account', privileges: ['SELECT', 'INSERT', 'UPDATE'] },
    { table: 'audit_event', privileges: ['SELECT', 'INSERT'] },
    { table: 'reset_receipt', privileges: ['SELECT', 'INSERT', 'UPDATE'] },
    { table: 'data_key', privileges: ['SELECT'] },
    { table: 'password_form', privileges: ['SELECT', 'UPDATE'] },
    jobs('job%', 'SELECT', 'INSERT', 'UPDATE'),
    jobs('queue', 'SELECT'),
    jobs('version', 'SELECT'),
  ],
  worker: [
    { table: 'account', privileges: ['SELECT'] },
    { table: 'audit_event', privileges: ['SELECT', 'INSERT'] },
    { table: 'reset_receipt', privileges: ['SELECT', 'DELETE'] },
    { table: 'data_key', privileges: ['SELECT'] },
    { table: 'password_form', privileges: ['SELECT', 'INSERT', 'UPDATE', 'DELETE'] },
    jobs('%', 'SELECT', 'INSERT', 'UPDATE', 'DELETE'),
  ],
} as const satisfies Record<string, readonly TableRight[]>;

/** Of a process by its command. */
export function rightsOf(command: string): readonly TableRight[] {
  if (command === 'dev') return [...databaseRights.api, ...databaseRights.worker];
  return command === 'worker' ? databaseRights.worker : databaseRights.api;
}

/** A right that is missing is told at start, not by the first person who needs it. */
export async function tellMissingRights(health: () => Promise<Health>, log: Log): Promise<void> {
  const { postgres } = (await health()).parts;
  if (!postgres?.startsWith('forbidden')) return;
  const message = 'ALARM: PostgreSQL refuses what this process is there for; it must be granted';
  log.error({ part: 'postgres', reason: `postgres-${postgres}` }, message);
}
