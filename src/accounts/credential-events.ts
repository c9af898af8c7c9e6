import { randomUUID } from 'node:crypto';
import type { EntityManager } from '@mikro-orm/postgresql';
import type { CredentialEvent, EventType } from '../events/event.js';
import type { EventOrder } from '../events/event-order.js';
import { isTaken, type Receiver, type Sent } from '../events/receiver.js';
import type { Job, Settlement } from '../jobs/job-attempt.js';
import type { JobQueue } from '../jobs/job-queue.js';
import type { QueueDefinition } from '../jobs/queue/definition.js';
import { idBeside } from './source/beside.js';

/** A job for each receiver is written in the transaction of a change. */
export interface EventJob {
  /** The receiver's id. */
  readonly receiver: string;
  readonly event: CredentialEvent;
}

/** Attempts: one for each pause of the breaker and of the queue, for three days. */
const retryLimit = 20_000;
/** A queue for each place in `EVENTS_URL`, so that no receiver delays another. */
export const eventQueues: readonly QueueDefinition<EventJob>[] = [1, 2, 3, 4].map((place) => ({
  name: `events-${place}`,
  retryLimit,
}));

/** Seconds from the change: an attempt that fails later is the last. */
const triedFor = 3 * 86_400;

/** The value of `waitsFor` for an event whose receiver rests. */
export const forReceiver = (id: string) => `receiver-${id}`;

export interface CredentialEventsDeps {
  readonly jobs: Pick<JobQueue, 'enqueueWithin'>;
  readonly order: EventOrder;
  /** In the order of `EVENTS_URL`. */
  readonly receivers: readonly Receiver[];
  /** The name of the app's table; empty for our own. */
  readonly shapeName: string;
}

/** Tells other services that a credential changed: at least once, and for each account in order. */
export class CredentialEvents {
  constructor(private readonly deps: CredentialEventsDeps) {}

  /**
   * Writes the event in the transaction of the change, so that there is one exactly if there is a change. Does nothing
   * if there are no receivers.
   *
   * @param at by the database's clock. @throws Unavailable when the queue has not started.
   */
  async record(transaction: EntityManager, type: EventType, accountId: string, at: Date): Promise<void> {
    const { jobs, order, receivers } = this.deps;
    if (receivers.length === 0) return;
    const ids = receivers.map(({ id }) => id);
    const sequence = await order.next(transaction, this.#nameOf(accountId), ids);
    const event = { id: randomUUID(), type, accountId, at: at.toISOString(), sequence };
    for (const [index, receiver] of ids.entries()) {
      await jobs.enqueueWithin(transaction, queueAt(index), { receiver, event });
    }
  }

  /** In the worker: makes one attempt. @throws Unavailable when PostgreSQL is away. */
  async deliver(job: Job<EventJob>): Promise<Settlement> {
    const { order, receivers } = this.deps;
    const { receiver: id, event } = job.data;
    const place = [id, this.#nameOf(event.accountId), event.sequence] as const;
    const receiver = receivers.find((each) => each.id === id);
    if (!receiver) {
      await order.settle(...place);
      return { settle: 'dead', reason: 'not-in-EVENTS_URL' };
    }
    if (await order.isHeld(...place)) return { settle: 'later', reason: 'earlier-event' };
    const sent = await receiver.send(event, job.signal);
    if (isTaken(sent)) {
      await order.settle(...place);
      return { settle: 'done', outcome: 'told' };
    }
    const reason = reasonOf(sent);
    // A dead letter that an operator retries is older, and gets one attempt more.
    if (job.startedAt.getTime() - job.createdAt.getTime() > triedFor * 1000) {
      await order.settle(...place);
      return { settle: 'dead', reason };
    }
    return { settle: 'retry', reason, ...(receiver.isUp ? {} : { waitsFor: forReceiver(id) }) };
  }

  /** Our tables know an app's accounts by a UUID. */
  #nameOf(accountId: string): string {
    const { shapeName } = this.deps;
    return shapeName ? idBeside(shapeName, accountId) : accountId;
  }
}

function queueAt(index: number): QueueDefinition<EventJob> {
  const queue = eventQueues[index];
  if (!queue) throw new Error('there are more receivers than queues');
  return queue;
}

function reasonOf(sent: Sent): string {
  if (sent.kind === 'Resting') return 'receiver-rests';
  return sent.kind === 'Answered' ? `http-${sent.status}` : sent.code.toLowerCase();
}
