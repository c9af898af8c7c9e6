import { sharedWithin } from '../calls/deadline.js';
import type { QueueCounts } from '../jobs/queue/counts.js';
import { healthPatience } from './health-patience.js';
import type { Services } from './parts.js';

/** Adds the gauges for jobs, hashing and the state of the stores. */
export function measureServices(
  { metrics, jobs, hashLimiter, passwordHash, health }: Omit<Services, 'close' | 'announceEnd'>,
  queues: readonly { name: string }[],
): void {
  const counts = sharedWithin<Record<string, QueueCounts>>(
    healthPatience,
    () => jobs.counts(queues),
    () => ({}),
  );
  metrics.measure('latchkey_jobs', async () =>
    Object.entries(await counts()).flatMap(([queue, { waiting, active, dead }]) => [
      { labels: { queue, state: 'waiting' }, value: waiting },
      { labels: { queue, state: 'active' }, value: active },
      { labels: { queue, state: 'dead' }, value: dead },
    ]),
  );
  metrics.measure('latchkey_job_oldest_seconds', async () =>
    Object.entries(await counts()).map(([queue, { oldestSeconds }]) => ({
      labels: { queue },
      value: oldestSeconds,
    })),
  );
  const lanes = Object.entries({ own: hashLimiter, ...passwordHash.lanes });
  metrics.measure('latchkey_hashes', () =>
    lanes.flatMap(([lane, { running, waiting }]) => [
      { labels: { lane, state: 'running' }, value: running },
      { labels: { lane, state: 'waiting' }, value: waiting },
    ]),
  );
  metrics.measure('latchkey_store_line_encrypted', async () => {
    const { lines } = await health();
    return Object.entries(lines).map(([store, security]) => ({
      labels: { store, security },
      value: security === 'plain' ? 0 : 1,
    }));
  });
  metrics.measure('latchkey_store_up', async () => {
    const { parts } = await health();
    return ['postgres', 'redis'].map((store) => ({ labels: { store }, value: parts[store] === 'ok' ? 1 : 0 }));
  });
}

/** Adds the gauges for relays and receivers of events, in a process that sends to them; others know nothing of their state. */
export function measureRelays({
  metrics,
  mailer,
  receivers,
}: Pick<Services, 'metrics' | 'mailer' | 'receivers'>): void {
  metrics.measure('latchkey_relay_up', () =>
    mailer.relays.map(({ name, isUp }) => ({ labels: { relay: name }, value: isUp ? 1 : 0 })),
  );
  metrics.measure('latchkey_relay_lines', () =>
    mailer.relays.map(({ name, lines }) => ({ labels: { relay: name }, value: lines })),
  );
  metrics.measure('latchkey_receiver_up', () =>
    receivers.map(({ name, isUp }) => ({ labels: { receiver: name }, value: isUp ? 1 : 0 })),
  );
}
