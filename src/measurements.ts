import type { Services } from './services.js';

/** Gauges of what the services hold now. */
export function measureServices(
  { metrics, jobs, hashLimiter, health }: Omit<Services, 'close' | 'announceEnd'>,
  queues: readonly { name: string }[],
): void {
  metrics.measure('latchkey_jobs', async () =>
    Object.entries(await jobs.counts(queues)).flatMap(([queue, { waiting, active, dead }]) => [
      { labels: { queue, state: 'waiting' }, value: waiting },
      { labels: { queue, state: 'active' }, value: active },
      { labels: { queue, state: 'dead' }, value: dead },
    ]),
  );
  metrics.measure('latchkey_job_oldest_seconds', async () =>
    Object.entries(await jobs.counts(queues)).map(([queue, { oldestSeconds }]) => ({
      labels: { queue },
      value: oldestSeconds,
    })),
  );
  metrics.measure('latchkey_hashes', () => [
    { labels: { state: 'running' }, value: hashLimiter.running },
    { labels: { state: 'waiting' }, value: hashLimiter.waiting },
  ]);
  metrics.measure('latchkey_store_up', async () => {
    const { parts } = await health();
    return ['postgres', 'redis'].map((store) => ({ labels: { store }, value: parts[store] === 'ok' ? 1 : 0 }));
  });
}
