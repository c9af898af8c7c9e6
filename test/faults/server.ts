import 'reflect-metadata';
import { Accounts } from '../../src/accounts/accounts.js';
import { PasswordHash } from '../../src/accounts/passwords/password-hash.js';
import { idBeside } from '../../src/accounts/source/beside.js';
import { startApi } from '../../src/api.js';
import { Audit } from '../../src/audit/audit.js';
import { EventOrder } from '../../src/events/event-order.js';
import { JobQueue } from '../../src/jobs/job-queue.js';
import { Mailer } from '../../src/mail/mailer.js';
import { ResetKeys } from '../../src/password-reset/keys/reset-keys.js';
import { ResetReceipts } from '../../src/password-reset/keys/reset-receipts.js';
import { tellAppFaults } from '../../src/services/adopted.js';
import { createReceivers, type ReceiverTiming, wakesEvents } from '../../src/services/events.js';
import { slotsOfQueues, slotsOfWorker } from '../../src/services/queues.js';
import { createServices, type Overrides, type Services } from '../../src/services/services.js';
import { readSettings, type Settings } from '../../src/settings/settings.js';
import { poolOptions } from '../../src/stores/postgres/pool.js';
import { startWorker } from '../../src/worker.js';
import { type Armed, FaultPoints } from './fault-points.js';

/** Shorter than in production, so that a receiver that hangs or is down for seconds is met by both. */
const receiverTiming: ReceiverTiming = {
  timeoutMs: 2_000,
  breaker: { failures: 3, firstPause: 500, longestPause: 4_000 },
};

/** What a server process says to the rig. */
export type Said = { readonly ready: string } | { readonly reached: string } | { readonly disarmed: true };

/** An API or worker process as in production, with points between its steps where the rig can break it. */
async function main(role: 'api' | 'worker'): Promise<void> {
  const say = (said: Said) => void process.send?.(said);
  const points = new FaultPoints((reached) => say({ reached }));
  process.on('message', ({ armed }: { armed?: Armed }) => {
    points.arm(armed);
    if (!armed) say({ disarmed: true });
  });
  process.on('disconnect', () => process.exit());

  const settings = readSettings(process.env, role);
  const services = createServices(settings, partsWith(points, settings, role));
  if (role === 'api') {
    const api = await startApi(settings, services);
    say({ ready: api.url });
    endWith(services, api);
  } else {
    const worker = await startWorker(services);
    say({ ready: '' });
    endWith(services, worker);
  }
}

function partsWith(points: FaultPoints, settings: Settings, role: 'api' | 'worker'): Overrides {
  const { shape } = settings.accounts;
  const name = shape?.name ?? '';
  const nameInTrail = shape && ((accountId: string) => idBeside(name, accountId));
  return {
    accounts: ({ orm, log, metrics }) =>
      points.around(
        'accounts',
        new Accounts(made(orm), shape, tellAppFaults(made(log), made(metrics))),
        'find',
        'findEach',
        'findWithHash',
        'transaction',
        'replacePassword',
        'renewHash',
      ),
    audit: ({ orm, log, metrics }) =>
      points.around('audit', new Audit(made(orm), made(log), made(metrics), nameInTrail), 'record', 'note'),
    jobs: ({ log, metrics }) => {
      const connection = { ...poolOptions, connectionString: settings.database.url };
      const { jobs: schema } = settings.database.schemas;
      const parts = { log: made(log), metrics: made(metrics), worker: role === 'worker' };
      const options = { connection, schema, poolSize: 8, ...parts };
      return points.around('jobs', new JobQueue(options), 'enqueue', 'enqueueWithin');
    },
    passwordHash: ({ hashLimiter }) => {
      const hash = new PasswordHash(settings.accounts.argon2, made(hashLimiter), undefined, shape?.write);
      return points.around('passwordHash', hash, 'replace');
    },
    mailer: ({ log, metrics, dialogueTimes }) => {
      const connections = slotsOfWorker;
      const options = { connections, slots: slotsOfQueues, times: made(dialogueTimes) };
      return points.around('mailer', new Mailer(settings.mail, made(log), made(metrics), options), 'send');
    },
    receivers: ({ log, jobs }) => {
      const changed = role === 'worker' ? wakesEvents(made(jobs)) : undefined;
      const receivers = createReceivers(settings, made(log), changed, receiverTiming);
      return receivers.map((receiver) => points.around('receiver', receiver, 'send'));
    },
    eventOrder: ({ orm }) => points.around('eventOrder', new EventOrder(made(orm)), 'next', 'isHeld', 'settle'),
    resetKeys: ({ redis, log, metrics }) => {
      const keys = new ResetKeys(made(redis), settings.secrets, made(log), made(metrics), name);
      return points.around('resetKeys', keys, 'lookUp', 'remember');
    },
    resetReceipts: ({ orm }) => points.around('resetReceipts', new ResetReceipts(made(orm), name), 'find', 'write'),
  };
}

function made<Part>(part: Part | undefined): Part {
  if (part === undefined) throw new Error('a part is asked for before it is made');
  return part;
}

/** Ends on SIGTERM as `latchkey api` and `latchkey worker` do. */
function endWith(services: Services, server: { close: () => Promise<void> }): void {
  process.once('SIGTERM', async () => {
    services.announceEnd();
    await server.close();
    await services.close();
    process.exit(0);
  });
}

await main(process.argv[2] === 'worker' ? 'worker' : 'api');
