import { queueSchema } from '../jobs/queue-definition.js';
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
