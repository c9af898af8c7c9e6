import { callDeadline, shutdownGrace } from '../calls/deadline.js';
import { postTimeout } from '../events/post.js';
import { draining } from '../http/connections/graceful-close.js';
import { jobTiming } from '../jobs/queue/definition.js';
import { placesTiming } from '../mail/mail-places.js';
import { smtpTimeouts } from '../mail/smtp/timeouts.js';
import { databaseTimeouts } from '../stores/postgres/pool.js';
import { redisOptions } from '../stores/redis/redis.js';

/**
 * How many calls to a store the longest attempt at a job makes, one after the other. Database: load the account, keep
 * its versions, settle the job. Redis: take a budget of two windows, give it back, and write the record; or the three limits of a mail to an
 * unknown address and the calls of a held place (held-place.ts).
 */
const storeCalls = { database: 3, redis: 14 } as const;

/** All in milliseconds. */
const inUse = {
  call: callDeadline,
  connect: databaseTimeouts.connect,
  lock: databaseTimeouts.lock,
  statement: databaseTimeouts.statement,
  query: databaseTimeouts.query,
  migrationLock: databaseTimeouts.migrationLock,
  redisCommand: redisOptions.commandTimeout as number,
  mail: smtpTimeouts.whole,
  mailWaits: smtpTimeouts.patience,
  kept: placesTiming.slow,
  event: postTimeout,
  lease: jobTiming.lease * 1_000,
  heartbeat: jobTiming.heartbeat * 1_000,
  drain: draining.most,
  grace: shutdownGrace,
};
export type Timeouts = Readonly<typeof inUse>;

/**
 * Checks that the timeouts fit together. Each rule says what would happen otherwise.
 *
 * @throws Error naming every rule that does not hold.
 */
export function assertTimeouts(changed: Partial<Timeouts> = {}): void {
  const t: Timeouts = { ...inUse, ...changed };
  const attempt = t.mail + t.kept + storeCalls.database * (t.connect + t.query) + storeCalls.redis * t.redisCommand;
  const rules: readonly (readonly [less: number, more: number, otherwise: string])[] = [
    [t.lock, t.statement, 'a statement would end before it is told that a lock is held'],
    [t.migrationLock, t.lock, 'a migration that waits for a lock would time out everybody behind it'],
    [t.statement, t.query, 'the server would still work on a statement that we gave up'],
    [t.connect + t.query, t.call, 'a call would be answered before its only statement ends'],
    [t.redisCommand, t.call, 'a call would be answered before Redis can fail'],
    [t.mailWaits, t.mail, 'a mail would wait for a relay longer than it may take'],
    [attempt, t.lease, 'a second worker would take a job whose mail is being handed over'],
    [t.heartbeat, t.lease, 'a dead worker would be noticed only when its lease ends'],
    [t.drain + t.call, t.grace, 'a process that ends would cut off calls that it took'],
    [t.mail, t.grace, 'a process that ends would cut off a dialogue with a relay'],
    [t.event, t.mail, 'an event would hold up the end of a process longer than a mail'],
  ];
  const broken = rules.filter(([less, more]) => less >= more);
  if (broken.length === 0) return;
  throw new Error(
    `timeouts: ${broken.map(([less, more, otherwise]) => `${less} ms >= ${more} ms: ${otherwise}`).join('; ')}`,
  );
}
