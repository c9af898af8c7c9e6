import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { HashLimiter } from '../../../src/accounts/passwords/hashing/hash-limiter.js';
import { PasswordHash } from '../../../src/accounts/passwords/password-hash.js';
import { eventually } from '../../support/eventually.js';
import { Latchkey, readyz, type Settings } from '../../support/processes.js';
import { productionSettings } from '../../support/production-settings.js';
import { createDatabase, createRedis } from '../../support/stores.js';

/** Set by `npm run flood`: floods have their full size, and their figures are compared with the promised seconds. */
export const isFull = process.env.FLOOD === 'full';

/** Prints a case's line in the output of `npm run flood`. */
export function tell(name: string, figures: object): void {
  if (isFull) console.info(`FLOOD ${name}: ${JSON.stringify(figures)}`);
}

export const password = 'the password that gets lost';

export interface Stage {
  readonly url: string;
  readonly api: Latchkey;
  readonly worker: Latchkey;
  /** A connection of the test's own. */
  readonly redis: Redis;
  readonly query: Awaited<ReturnType<typeof createDatabase>>['query'];
  /** Adds accounts that all have `password`. */
  accounts(emails: readonly string[]): Promise<void>;
  close(): Promise<void>;
}

/** One API process and one worker process with default settings, behind a proxy on this machine that names the clients. */
export async function startStage(smtp: string, more: Settings = {}): Promise<Stage> {
  const [database, store] = await Promise.all([createDatabase(), createRedis()]);
  const settings = {
    ...productionSettings({ database: database.url, redis: store.url ?? '', smtp }),
    LOG_LEVEL: 'info',
    TRUST_PROXY: '127.0.0.0/8',
    ...more,
  };
  const api = Latchkey.start(['api'], settings);
  const worker = Latchkey.start(['worker'], settings);
  const redis = new Redis(store.url ?? '');
  const close = async () => {
    redis.disconnect();
    await Promise.all([api.stop('SIGKILL'), worker.stop('SIGKILL')]);
    await Promise.all([store.stop(), database.drop()]);
  };
  try {
    const url = await api.url();
    await worker.said(/the worker waits for jobs/);
    await eventually(
      () => readyz(url).catch(() => ({ status: 0 })),
      ({ status }) => status === 200,
      60_000,
    );
    const own = { memoryKib: 19456, timeCost: 2 };
    const hash = await new PasswordHash(own, new HashLimiter({ hashConcurrency: 1, hashQueue: 1 })).make(password, {
      urgency: 'other',
    });
    const accounts = async (emails: readonly string[]) => {
      await database.query(
        `insert into account (id, email, password_hash, status)
         select each.id, each.email, $3, 'active' from unnest($1::uuid[], $2::text[]) as each (id, email)`,
        [emails.map(() => randomUUID()), emails, hash],
      );
    };
    return { url, api, worker, redis, query: database.query, accounts, close };
  } catch (error) {
    await close();
    throw error;
  }
}
