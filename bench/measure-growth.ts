import { resetRequests } from '../src/password-reset/reset-requests.js';
import { schemasOf } from '../src/stores/postgres/schemas.js';
import { main } from '../test/support/processes.js';
import { percentile } from './figures.js';
import { handOverBy } from './measure-mails.js';
import { addresses, requests } from './measure-requests.js';
import type { Options } from './options.js';
import type { Found, Growth, Measured } from './rows.js';
import { addressInSql, knownAddress, type Site } from './site.js';
import type { Stage } from './stage.js';
import type { RowName } from './targets.js';
import { inTurns } from './turns.js';

/** Calls at the same time while single calls are timed: few, so that they do not wait for each other. */
const fewConnections = 4;
const { jobs: queueSchema } = schemasOf();
/** The rows that pg-boss writes, with the settings of the queue, oldest first; all younger than their accounts. */
const waitingJobs = `
  insert into ${queueSchema}.job (id, name, data, priority, start_after, created_on, expire_seconds, deletion_seconds,
         keep_until, retry_limit, retry_delay, retry_backoff, retry_delay_max, policy, dead_letter, heartbeat_seconds,
         blocked, blocking, pending_dependencies)
  select gen_random_uuid(), q.name,
         jsonb_build_object('email', ${addressInSql}, 'locale', null, 'device', null, 'client', '127.0.0.1',
           'network', '127.0.0.0/24', 'requestId', gen_random_uuid()),
         0, now(), now() + (item - $1::int) * interval '1 us', q.expire_seconds, q.deletion_seconds,
         now() + q.retention_seconds * interval '1s', q.retry_limit, q.retry_delay, q.retry_backoff,
         q.retry_delay_max, q.policy, q.dead_letter, q.heartbeat_seconds, false, false, 0
    from (select item, item % $2::int as number from generate_series(0, $1::int - 1) as item) as items
    join ${queueSchema}.queue q on q.name = '${resetRequests.name}'`;

/** Measures whether a request or a mail takes longer with more accounts or with more jobs that wait. */
export async function measureGrowth(stage: Stage, options: Options): Promise<Found> {
  const rounds = Math.min(options.rounds, 3);
  const { sizes, seconds, mails } = options;
  const sites: Site[] = [];
  for (const accounts of [...new Set(sizes.accounts)].sort((one, other) => one - other)) {
    process.stderr.write(`making ${accounts} accounts …\n`);
    sites.push(await stage.open({ name: `accounts_${accounts}`, program: main, accounts }));
  }
  const bySite = async <Result>(measure: (site: Site) => Promise<Result>) => {
    const contestants = sites.map((site) => [String(site.accounts), () => measure(site)] as const);
    return inTurns<Result, string>(rounds, Object.fromEntries(contestants));
  };
  const asked = await bySite(async (site) => {
    await site.clear();
    const api = await site.servers.take('api');
    const question = requests(api.url, spreadOver(site.accounts, Math.ceil(seconds * 3_000)));
    const times = await stage.load
      .call('times', { ...question, connections: fewConnections, seconds })
      .finally(() => site.servers.giveBack(api));
    return percentile(times, 0.5);
  });
  const handedOver = await bySite((site) => msPerMail(stage, site, mails, mails));
  const waiting = await inTurns<number, string>(
    rounds,
    Object.fromEntries(sizes.jobs.map((jobs) => [String(jobs), () => msPerMail(stage, stage.ours, jobs, mails)])),
  );
  await stage.ours.clear();
  return {
    spent: [],
    rows: [
      mostToFewest('manyAccounts', asked),
      mostToFewest('manyAccountsMails', handedOver),
      mostToFewest('manyJobs', waiting),
    ],
    growth: [
      growthOf('ms of a request, p50', 'accounts', asked),
      growthOf('ms per mail handed over', 'accounts', handedOver),
      growthOf('ms per mail handed over', 'waiting jobs', waiting),
    ],
  };
}

/** One worker begins with so many jobs, and hands over the first mails. */
async function msPerMail(stage: Stage, site: Site, jobs: number, mails: number): Promise<number> {
  await site.clear();
  await stage.sink.call('forget', {});
  await site.database.query(waitingJobs, [jobs, site.accounts]);
  await site.database.query(`analyze ${queueSchema}.job`);
  await site.database.query('checkpoint');
  const { perSecond } = await handOverBy(stage, site, Math.min(mails, jobs));
  return 1000 / perSecond;
}

/** Addresses from the whole table, none twice before all were used. */
function spreadOver(accounts: number, many: number): string[] {
  const step = Math.max(1, Math.floor(accounts / many));
  return addresses(Math.min(many, accounts), (number) => knownAddress((number * step) % accounts));
}

function sizesOf(found: Readonly<Record<string, readonly number[]>>): number[] {
  return Object.keys(found)
    .map(Number)
    .sort((one, other) => one - other);
}

function mostToFewest(row: RowName, found: Readonly<Record<string, readonly number[]>>): Measured {
  const sizes = sizesOf(found);
  return { row, ours: found[String(sizes.at(-1))] ?? [], other: found[String(sizes[0])] ?? [] };
}

function growthOf(name: string, by: string, found: Readonly<Record<string, readonly number[]>>): Growth {
  return { name, by, points: sizesOf(found).map((size) => ({ size, figures: found[String(size)] ?? [] })) };
}
