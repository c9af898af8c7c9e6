import { credentialNotices } from '../../../src/accounts/change-notices.js';
import { overwriteWatch } from '../../../src/accounts/overwrites.js';
import { deadLetterQueue } from '../../../src/jobs/queue/definition.js';
import { resetRequests } from '../../../src/password-reset/reset-requests.js';
import type { Home } from '../app/tables.js';
import type { Stage } from '../stage.js';
import { type AppHistory, readHistory } from './app-history.js';

export interface AccountRow {
  readonly id: string;
  readonly email: string;
  readonly credentialVersion: number;
  readonly sessionVersion: number;
}
export interface ReceiptRow {
  /** base64url. */
  readonly digest: string;
  readonly accountId: string;
  readonly fromVersion: number;
  /** Milliseconds since the epoch. */
  readonly usedAt: number;
  readonly replays: number;
}
export interface AuditRow {
  readonly kind: string;
  readonly accountId: string | null;
  readonly at: number;
}
export interface JobRow {
  readonly id: string;
  readonly queue: 'request' | 'notice' | 'watch' | 'dead';
  readonly email: string | null;
  readonly accountId: string | null;
  /** For a notice: the time of the change that it tells of, in milliseconds since the epoch. */
  readonly changedAt: number | null;
  /** For a look at an app's row, and its notice: our version after the change. */
  readonly version: number | null;
  /** The start of the transaction that wrote the row, in milliseconds since the epoch. */
  readonly createdAt: number;
  /** Of the last attempt. */
  readonly startedAt: number | null;
  readonly endedAt: number | null;
  readonly state: string;
  readonly outcome: string | null;
  /** The number of attempts, the times and the output of the last attempt, as text for a violation. */
  readonly reason: string | null;
}

/** What the stores hold when every job has ended. */
export interface Snapshot {
  readonly accounts: readonly AccountRow[];
  readonly receipts: readonly ReceiptRow[];
  readonly audits: readonly AuditRow[];
  readonly jobs: readonly JobRow[];
  /** Events that still hold later ones. */
  readonly holding: number;
  /** What the tables of an app wrote down. */
  readonly app?: AppHistory | undefined;
  /** Names of Redis keys without a time to live. */
  readonly withoutTtl: readonly string[];
  /** PostgreSQL sessions per application_name; `stuck` ones have idled inside a transaction for more than 15 s. */
  readonly sessions: readonly { readonly name: string; readonly count: number; readonly stuck: number }[];
}

/** SQL: the ids of a round's accounts, as text. */
const idsOf = (home: Home) => `select id::text from ${home === 'own' ? 'account' : 'public.users'} where email like $1`;
/** SQL: rows with our names for accounts, and `accountId`, which names them as their table does. */
const named = (home: Home, table: string, column: string) =>
  home === 'own'
    ? `(select *, account_id::text as "accountId" from ${table}) as named`
    : `(select t.*, b.account_id as "accountId" from ${table} t join adopted_account b on b.id = t.${column}) as named`;
const accountsOf = (home: Home) =>
  home === 'own'
    ? `select id::text, email, credential_version as "credentialVersion", session_version as "sessionVersion"
         from account where email like $1`
    : `select u.id::text, lower(u.email) as email, coalesce(b.version, 1) as "credentialVersion",
           coalesce(b.session_version, 1) as "sessionVersion"
         from public.users u left join adopted_account b on b.account_id = u.id::text where email like $1`;

/** @param addresses the LIKE pattern of a round's addresses. */
export async function takeSnapshot({ home, postgres, redis }: Stage, addresses: string): Promise<Snapshot> {
  const of = `"accountId" in (${idsOf(home)})`;
  const accounts = await postgres.query<AccountRow>(accountsOf(home), [addresses]);
  const receipts = await postgres.query<ReceiptRow>(
    `select translate(rtrim(replace(encode(digest, 'base64'), E'\\n', ''), '='), '+/', '-_') as digest,
       "accountId", from_version as "fromVersion", replay_count as replays,
       extract(epoch from used_at)::float8 * 1000 as "usedAt"
     from ${named(home, 'reset_receipt', 'adopted_account_id')} where ${of}`,
    [addresses],
  );
  const audits = await postgres.query<AuditRow>(
    `select kind, "accountId", extract(epoch from at)::float8 * 1000 as at
       from ${named(home, 'audit_event', 'account_id')} where ${of} order by named.id`,
    [addresses],
  );
  const jobs = await postgres.query<JobRow>(jobsOf(home), [
    addresses,
    resetRequests.name,
    credentialNotices.name,
    deadLetterQueue(resetRequests.name),
    deadLetterQueue(credentialNotices.name),
    overwriteWatch.name,
    deadLetterQueue(overwriteWatch.name),
  ]);
  const [held] = await postgres.query<{ count: number }>('select count(*)::int from event_pending');
  const holding = held?.count ?? 0;
  const app = home === 'own' ? undefined : await readHistory(postgres, addresses);
  const sessions = await postgres.query<{ name: string; count: number; stuck: number }>(
    `select application_name as name, count(*)::int as count,
       count(*) filter (where state like 'idle in transaction%' and state_change < now() - interval '15 seconds')::int as stuck
     from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() group by 1`,
  );
  return { accounts, receipts, audits, jobs, holding, app, sessions, withoutTtl: await namesWithoutTtl(redis) };
}

const jobsOf = (home: Home) => `
  select id, state::text,
    case name when $2 then 'request' when $3 then 'notice' when $6 then 'watch' else 'dead' end as queue,
    (data ->> 'version')::int as version, extract(epoch from started_on)::float8 * 1000 as "startedAt",
    extract(epoch from completed_on)::float8 * 1000 as "endedAt",
    data ->> 'email' as email, data ->> 'accountId' as "accountId", extract(epoch from (data ->> 'changedAt')::timestamptz)::float8 * 1000 as "changedAt",
    extract(epoch from created_on)::float8 * 1000 as "createdAt", output ->> 'outcome' as outcome, concat_ws(' ', retry_count + 1, 'attempts', started_on, start_after, output::text) as reason
  from job
  where name in ($2, $3, $4, $5, $6, $7)
    and (data ->> 'email' like $1 or data ->> 'accountId' in (${idsOf(home)}))`;

/** Jobs that have not ended yet. */
export async function openJobs({ home, postgres }: Stage, addresses: string): Promise<{ state: string; id: string }[]> {
  const dead = deadLetterQueue('');
  return postgres.query(
    `select id, state::text from job where name not like '%' || $2 and state < 'completed'
     and (data ->> 'email' like $1 or coalesce(data ->> 'accountId', data -> 'event' ->> 'accountId') in (${idsOf(home)}))`,
    [addresses, dead],
  );
}

async function namesWithoutTtl({ client }: Stage['redis']): Promise<string[]> {
  const names: string[] = [];
  for await (const batch of client.scanStream({ count: 1_000 })) {
    const page = batch as string[];
    const ttls = await Promise.all(page.map((name) => client.ttl(name)));
    names.push(...page.filter((_, index) => ttls[index] === -1));
  }
  return names;
}
