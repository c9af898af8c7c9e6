import type { Health } from '../http/operations.js';
import type { Log } from '../observability/log.js';
import type { Settings } from '../settings/settings.js';
import type { DatabaseRight, FunctionRight, TableRight } from '../stores/postgres/health.js';
import type { Schemas } from '../stores/postgres/schemas.js';

type Privileges = TableRight['privileges'];

/**
 * The rights of each process. Only the owner of the tables may change or erase a row of the audit trail. The others add
 * events, and call functions that run as the owner: to count refusals and, in the worker, to erase old rows.
 */
export function databaseRights({ own: schema, jobs: queue }: Schemas) {
  const ours = (table: string, ...privileges: Privileges): TableRight => ({ schema, table, privileges });
  const calls = (name: string): FunctionRight => ({ schema, function: name });
  const jobs = (table: string, ...privileges: Privileges): TableRight => ({ schema: queue, table, privileges });
  const jobsClock: FunctionRight = { schema: queue, function: 'job_now' };
  const api: readonly DatabaseRight[] = [
    ours('account', 'SELECT', 'INSERT', 'UPDATE'),
    ours('audit_event', 'SELECT', 'INSERT'),
    ours('adopted_account', 'SELECT', 'INSERT', 'UPDATE'),
    ours('reset_receipt', 'SELECT', 'INSERT', 'UPDATE'),
    ours('data_key', 'SELECT'),
    ours('instance', 'SELECT', 'INSERT'),
    ours('password_form', 'SELECT', 'UPDATE'),
    ours('event_sequence', 'SELECT', 'INSERT', 'UPDATE'),
    ours('event_pending', 'INSERT'),
    calls('count_refusals'),
    jobs('job%', 'SELECT', 'INSERT', 'UPDATE'),
    jobs('queue', 'SELECT'),
    jobs('version', 'SELECT'),
    jobsClock,
  ];
  const worker: readonly DatabaseRight[] = [
    ours('account', 'SELECT'),
    ours('audit_event', 'SELECT', 'INSERT'),
    ours('adopted_account', 'SELECT', 'INSERT'),
    ours('reset_receipt', 'SELECT', 'DELETE'),
    ours('data_key', 'SELECT'),
    ours('instance', 'SELECT', 'INSERT'),
    ours('former_home', 'SELECT'),
    ours('password_form', 'SELECT', 'INSERT', 'UPDATE', 'DELETE'),
    ours('event_pending', 'SELECT', 'DELETE'),
    calls('count_refusals'),
    calls('erase_old_refusals'),
    calls('erase_old_audit_events'),
    jobs('%', 'SELECT', 'INSERT', 'UPDATE', 'DELETE'),
    jobsClock,
  ];
  /** What `requestPasswordReset` needs: nothing on accounts. */
  const request: readonly DatabaseRight[] = [
    ours('data_key', 'SELECT'),
    ours('instance', 'SELECT', 'INSERT'),
    calls('count_refusals'),
    jobs('job%', 'SELECT', 'INSERT'),
    jobs('queue', 'SELECT'),
    jobs('version', 'SELECT'),
    jobsClock,
  ];
  return { api, worker, request };
}

/** The rights that a process needs with these settings: where accounts live, and whether events are told. */
export function rightsOf({
  command,
  database: { schemas },
  accounts: { shape },
  events: { receivers },
}: Settings): readonly DatabaseRight[] {
  const { api, worker } = databaseRights(schemas);
  const all = command === 'dev' ? [...api, ...worker] : command === 'worker' ? worker : api;
  const others = [
    shape ? 'account' : 'adopted_account',
    ...(receivers.length > 0 ? [] : ['event_sequence', 'event_pending']),
  ];
  return all.filter((right) => !('table' in right) || !others.includes(right.table));
}

/** Logs an alarm at start if a right is missing, so that it is found before a person's call fails. */
export async function tellMissingRights(health: () => Promise<Health>, log: Log): Promise<void> {
  const { postgres } = (await health()).parts;
  if (!postgres?.startsWith('forbidden')) return;
  const message = 'ALARM: this process lacks rights in PostgreSQL that it needs; grant them';
  log.error({ part: 'postgres', reason: `postgres-${postgres}` }, message);
}
