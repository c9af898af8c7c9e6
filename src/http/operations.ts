import { type FastifyInstance, fastify } from 'fastify';
import type { Log } from '../observability/log.js';
import type { Metrics } from '../observability/metrics.js';
import type { LineSecurity } from '../stores/postgres/tls.js';
import { limitConnections } from './connections/connection-limit.js';
import { trackOpenRequests } from './connections/open-requests.js';
import { loopback } from './loopback.js';

/**
 * The state of one part. If a store answers but cannot be used: why, and after a colon the first word of its answer.
 */
export type PartHealth =
  | 'ok'
  | 'away'
  | 'evicts'
  | 'starting'
  | 'ending'
  | 'unreadable'
  | `${'away' | 'full' | 'forbidden' | 'read-only' | 'refuses'}: ${string}`;
export interface Health {
  /** `degraded` if any part is not ok. */
  readonly status: 'ok' | 'degraded';
  /**
   * Whether the process should get traffic: without PostgreSQL it can accept nothing, without Redis it can still take
   * requests.
   */
  readonly ready: boolean;
  readonly parts: Readonly<Record<string, PartHealth>>;
  /** How the connections to each store are protected, by the settings; no connection falls back to less. */
  readonly lines: Readonly<Record<string, LineSecurity>>;
}

/** `/livez`: 200 while the process answers. `/readyz`: the state of its parts; 503 while it should get no traffic. */
export function healthRoutes(app: FastifyInstance, health: () => Promise<Health>): void {
  app.get('/livez', async () => ({ status: 'ok' }));
  app.get('/readyz', async (_request, reply) => {
    const { status, ready, parts, lines } = await health();
    return reply.code(ready ? 200 : 503).send({ status, parts, lines });
  });
}

/** Connections. Few clients ask here, and the file descriptors are needed for the stores. */
const bounds = { all: 32, perClient: 16 };

/**
 * Starts the operations port, which must be reachable from inside the network only.
 *
 * @returns undefined when the port is 0 (off).
 * @throws Error when the address or port cannot be listened on.
 */
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
