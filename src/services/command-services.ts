import { setTimeout as sleep } from 'node:timers/promises';
import type { MikroORM } from '@mikro-orm/postgresql';
import { Accounts } from '../accounts/accounts.js';
import { CredentialEvents } from '../accounts/credential-events.js';
import { HashLimiter } from '../accounts/passwords/hashing/hash-limiter.js';
import { PasswordHash } from '../accounts/passwords/password-hash.js';
import { idBeside } from '../accounts/source/beside.js';
import { Audit } from '../audit/audit.js';
import { EventOrder } from '../events/event-order.js';
import type { JobQueue } from '../jobs/job-queue.js';
import type { MailTemplates } from '../mail/mail-template.js';
import { createLog } from '../observability/log.js';
import { Metrics } from '../observability/metrics.js';
import type { Settings } from '../settings/settings.js';
import { openDatabase } from './database.js';
import { createReceivers } from './events.js';
import { openJobQueue } from './open-job-queue.js';
import { openMailTemplates } from './own-mail-templates.js';

/** Milliseconds to wait for the job queue. */
const startPatience = 15_000;

/** The objects that `latchkey account` needs: no Redis, no relay, no secret. */
export interface AccountServices {
  readonly orm: MikroORM;
  readonly accounts: Accounts;
  readonly audit: Audit;
  readonly mailTemplates: MailTemplates;
  readonly passwordHash: PasswordHash;
  /** Undefined if nobody is told of events. @throws Error when the job queue does not start. */
  readonly openEvents: (() => Promise<CredentialEvents>) | undefined;
  readonly close: () => Promise<void>;
}

export function createAccountServices(settings: Settings): AccountServices {
  const { accounts, database, events } = settings;
  const { shape } = accounts;
  const nameInTrail = shape ? (accountId: string) => idBeside(shape.name, accountId) : undefined;
  const orm = openDatabase(database.url, { schemas: database.schemas, poolSize: 1 });
  const [log, metrics] = [createLog('silent', 'account'), new Metrics()];
  const jobs = events.receivers.length > 0 ? openJobQueue(settings, { log, metrics, worker: false }) : undefined;
  const openEvents = async (queue: JobQueue) => {
    await Promise.race([queue.start(), sleep(startPatience, undefined, { ref: false })]);
    if (!queue.started)
      throw new Error('the job queue does not start, so no event could be written; see `latchkey migrate status`');
    const receivers = createReceivers(settings, log);
    return new CredentialEvents({ jobs: queue, order: new EventOrder(orm), receivers, shapeName: shape?.name ?? '' });
  };
  return {
    orm,
    openEvents: jobs && (() => openEvents(jobs)),
    close: async () => {
      if (jobs?.started) await jobs.stop();
      await orm.close(true);
    },
    accounts: new Accounts(orm, shape),
    audit: new Audit(orm, log, metrics, nameInTrail),
    mailTemplates: openMailTemplates(settings),
    passwordHash: new PasswordHash(accounts.argon2, new HashLimiter({ hashConcurrency: 1, hashQueue: 1 })),
  };
}

/** The objects that `latchkey jobs` needs: only the database. */
export function createJobServices({
  database,
}: Settings): Pick<AccountServices, 'orm' | 'audit'> & { readonly schema: string } {
  const orm = openDatabase(database.url, { schemas: database.schemas, poolSize: 2 });
  return { orm, audit: new Audit(orm, createLog('silent', 'jobs'), new Metrics()), schema: database.schemas.jobs };
}
