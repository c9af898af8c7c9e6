import { Redis } from 'ioredis';
import pg from 'pg';

/** A row of a queue with nothing that a queue may want beside the request itself: the least that can be kept. */
export const floorSchema = `
  create schema if not exists floor;
  create table if not exists floor.job (
    id uuid primary key default gen_random_uuid(),
    email text not null, locale text, request_id uuid not null, client text not null,
    created_on timestamptz not null default now())`;
const insertJobs = `
  insert into floor.job (email, locale, request_id, client)
  select * from unnest($1::text[], $2::text[], $3::uuid[], $4::text[])`;
/** Like the rate limiter's script: increments a counter with an expiry, and returns its remaining time to live. */
const countScript = `redis.call('set', KEYS[1], 0, 'EX', ARGV[1], 'NX')
  return {redis.call('incr', KEYS[1]), redis.call('pttl', KEYS[1])}`;

export interface FloorUrls {
  readonly database: string;
  readonly redis: string;
}
interface Job {
  readonly email: string;
  readonly client: string;
}

/** What a request needs of the stores, written by hand: two counts in one call, and one row in one durable INSERT. */
export class FloorStores {
  private constructor(
    private readonly redis: Redis,
    private readonly script: string,
    private readonly writeJob: (job: Job) => Promise<void>,
  ) {}

  static async open({ database, redis: url }: FloorUrls): Promise<FloorStores> {
    const pool = new pg.Pool({ connectionString: database, max: 2 });
    const redis = new Redis(url);
    const script = String(await redis.script('LOAD', countScript));
    const writeAll = (jobs: readonly Job[]) =>
      pool.query({
        name: 'insert',
        text: insertJobs,
        values: [
          jobs.map(({ email }) => email),
          jobs.map(() => null),
          jobs.map(() => crypto.randomUUID()),
          jobs.map(({ client }) => client),
        ],
      });
    return new FloorStores(redis, script, inGroups(writeAll));
  }

  /** Counts the client and its network in one pipelined call, then writes the job, with those that come meanwhile. */
  async take(job: Job): Promise<void> {
    const pipeline = this.redis.pipeline();
    pipeline.evalsha(this.script, 1, `floor:client:${job.client}`, 900);
    pipeline.evalsha(this.script, 1, `floor:network:${job.client}`, 900);
    await pipeline.exec();
    await this.writeJob(job);
  }
}

/** All items that come while one statement is under way go into the next one. */
function inGroups<Item>(writeAll: (items: readonly Item[]) => Promise<unknown>): (item: Item) => Promise<void> {
  let waiting: { item: Item; done: () => void; failed: (error: unknown) => void }[] = [];
  let isWriting = false;
  const flush = async () => {
    isWriting = true;
    while (waiting.length > 0) {
      const group = waiting;
      waiting = [];
      await writeAll(group.map(({ item }) => item)).then(
        () => group.forEach(({ done }) => void done()),
        (error: unknown) => group.forEach(({ failed }) => void failed(error)),
      );
    }
    isWriting = false;
  };
  return (item) =>
    new Promise<void>((done, failed) => {
      waiting.push({ item, done, failed });
      if (!isWriting) void flush();
    });
}
