import { type FastifyInstance, fastify } from 'fastify';
import type { Log } from '../observability/log.js';
import type { Metrics } from '../observability/metrics.js';
import type { LineSecurity } from '../stores/postgres/tls.js';
import { limitConnections } from './connections/connection-limit.js';
import { trackOpenRequests } from './connections/open-requests.js';
import { loopback } from './loopback.js';

/** Of a store that answers but cannot be used: how, and after a colon the first word of its answer. */
export type PartHealth =
  | 'ok'
  | 'away'
  | 'evicts'
  | 'starting'
  | 'ending'
  | 'unreadable'
  | `${'away' | 'full' | 'forbidden' | 'read-only' | 'refuses'}: ${string}`;
export interface Health {
  /** `degraded` as soon as one part is not ok. */
  readonly status: 'ok' | 'degraded';
  /** Whether the process should get traffic: without PostgreSQL nothing can be accepted, without Redis requests can. */
  readonly ready: boolean;
  readonly parts: Readonly<Record<string, PartHealth>>;
  /** How safe the lines to each store are, by what they were opened with; nothing falls back to less. */
  readonly lines: Readonly<Record<string, LineSecurity>>;
}

/** `/livez`: the process answers. `/readyz`: what it depends on; 503 while it should get no traffic. */
export function healthRoutes(app: FastifyInstance, health: () => Promise<Health>): void {
  app.get('/livez', async () => ({ status: 'ok' }));
  app.get('/readyz', async (_request, reply) => {
    const { status, ready, parts, lines } = await health();
    return reply.code(ready ? 200 : 503).send({ status, parts, lines });
  });
}

/** Connections; few ask, and they leave the files to the stores. */
const bounds = { all: 32, perClient: 16 };

/** The operations port, for inside the network only. */
export async function startOperations(
  settings: { host: string; port: number },
  health: () => Promise<Health>,
  { log, metrics }: { readonly log: Log; readonly metrics: Metrics },
): Promise<FastifyInstance | undefined> {
  if (settings.port === 0) return undefined;
  const app = fastify({ logger: false, requestTimeout: 10_000, connectionTimeout: 30_000 });
  limitConnections(trackOpenRequests(app.server), { log, metrics }, bounds);
  healthRoutes(app, health);
  metrics.measureProcess();
  app.get('/metrics', async (_request, reply) => {
    const { contentType, body } = await metrics.text();
    return reply.type(contentType).send(body);
  });
  await app.listen({ port: settings.port, host: loopback(settings.host) });
  return app;
}
