import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Redis } from 'ioredis';
import pg from 'pg';
import { resetRequests } from '../src/password-reset/reset-requests.js';
import { schemasOf } from '../src/stores/postgres/schemas.js';
import { answerCalls } from './child.js';

/** As many connections as the API's queue has. */
const poolSize = 8;
const answer = JSON.stringify({
  data: {
    requestPasswordReset: {
      __typename: 'PasswordResetRequested',
      keyLifetimeSeconds: 3600,
      askAgainAfterSeconds: 1200,
    },
  },
});
/** Like the rate limiter's script: increments a counter with an expiry, and returns its remaining time to live. */
const countScript = `redis.call('set', KEYS[1], 0, 'EX', ARGV[1], 'NX')
  return {redis.call('incr', KEYS[1]), redis.call('pttl', KEYS[1])}`;
/** Writes the row that pg-boss writes, with the settings of the queue, and notifies the workers. */
const { jobs: queueSchema } = schemasOf();
const insertJobs = `
  with written as (
    insert into ${queueSchema}.job (id, name, data, priority, start_after, created_on, expire_seconds, deletion_seconds,
           keep_until, retry_limit, retry_delay, retry_backoff, retry_delay_max, policy, dead_letter, heartbeat_seconds,
           blocked, blocking, pending_dependencies)
    select gen_random_uuid(), q.name, job.data, 0, now(), now(), q.expire_seconds, q.deletion_seconds,
           now() + q.retention_seconds * interval '1s', q.retry_limit, q.retry_delay, q.retry_backoff,
           q.retry_delay_max, q.policy, q.dead_letter, q.heartbeat_seconds, false, false, 0
      from unnest($1::jsonb[]) as job (data) join ${queueSchema}.queue q on q.name = '${resetRequests.name}'
    returning id)
  select count(*), (select pg_notify('bench', 'a job') from written limit 1) from written`;

type Write = (job: string) => Promise<unknown>;

/** A server that does only the least that a request needs: the same calls to the stores, written by hand. */
async function serve({ database, redis: redisUrl, together }: { database: string; redis: string; together: boolean }) {
  const pool = new pg.Pool({ connectionString: database, max: poolSize });
  const redis = new Redis(redisUrl);
  const script = String(await redis.script('LOAD', countScript));
  const writeNow = (jobs: readonly string[]) => pool.query({ name: 'insert', text: insertJobs, values: [jobs] });
  const write: Write = together ? inGroups(writeNow) : (job) => writeNow([job]);

  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', async () => {
      const { variables } = JSON.parse(Buffer.concat(chunks).toString());
      const client = request.socket.remoteAddress ?? '';
      const pipeline = redis.pipeline();
      pipeline.evalsha(script, 1, `floor:client:${client}`, 900);
      pipeline.evalsha(script, 1, `floor:network:${client}`, 900);
      await pipeline.exec();
      const job = { email: variables.input.email, locale: null, requestId: crypto.randomUUID(), client };
      await write(JSON.stringify(job));
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': answer.length }).end(answer);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Writes in groups: all jobs that come while one statement is under way go into the next one. */
function inGroups(writeNow: (jobs: readonly string[]) => Promise<unknown>): Write {
  let waiting: { job: string; done: () => void; failed: (error: unknown) => void }[] = [];
  let isWriting = false;
  const flush = async () => {
    isWriting = true;
    while (waiting.length > 0) {
      const group = waiting;
      waiting = [];
      await writeNow(group.map(({ job }) => job)).then(
        () => group.forEach(({ done }) => void done()),
        (error: unknown) => group.forEach(({ failed }) => void failed(error)),
      );
    }
    isWriting = false;
  };
  return (job) =>
    new Promise<void>((done, failed) => {
      waiting.push({ job, done, failed });
      if (!isWriting) void flush();
    });
}

const tasks = { serve };
export type FloorTasks = typeof tasks;

answerCalls(tasks);
