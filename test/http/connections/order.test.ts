import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import { Writable } from 'node:stream';
import { type FastifyInstance, fastify } from 'fastify';
import { describe, expect, it } from 'vitest';
import { limitConnections } from '../../../src/http/connections/connection-limit.js';
import type { Connections } from '../../../src/http/connections/connections.js';
import { endConnectionsOnClose } from '../../../src/http/connections/graceful-close.js';
import { trackOpenRequests } from '../../../src/http/connections/open-requests.js';
import { createLog } from '../../../src/observability/log.js';
import { Metrics } from '../../../src/observability/metrics.js';

const drain = { least: 100, quiet: { looks: 10, pause: 50 }, most: 20_000 };
const registrations = {
  limit: (_app: FastifyInstance, connections: Connections, lines: string[]) => {
    const output = new Writable({ write: (chunk, _encoding, done) => done(void lines.push(String(chunk))) });
    limitConnections(
      connections,
      { log: createLog('info', 'test', output), metrics: new Metrics() },
      { all: 100, perClient: 4 },
    );
  },
  close: (app: FastifyInstance, connections: Connections) => endConnectionsOnClose(app, connections, drain),
};

async function serve(order: readonly (keyof typeof registrations)[]) {
  const app = fastify({ forceCloseConnections: 'idle', return503OnClosing: false });
  const lines: string[] = [];
  const connections = trackOpenRequests(app.server);
  for (const name of order) registrations[name](app, connections, lines);
  let letGo: () => void = () => undefined;
  const held = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  app.get('/', async () => 'answered');
  app.get('/held', async () => {
    await held;
    return 'answered';
  });
  await app.listen({ port: 0, host: '127.0.0.1' });
  return { app, connections, lines, letGo, port: (app.server.address() as AddressInfo).port };
}

describe.concurrent.each([[['limit', 'close']], [['close', 'limit']]] as const)('registered as %j', (order) => {
  it('bounds the connections of one address', async () => {
    const { app, connections, lines, port } = await serve(order);
    const sockets = Array.from({ length: 6 }, () => connect(port, '127.0.0.1').on('error', () => undefined));
    const ended = sockets.map((socket) => once(socket, 'close'));
    await Promise.race(ended);
    await expect.poll(() => sockets.filter(({ closed }) => closed).length).toBe(2);
    expect(connections.count).toBe(4);
    expect(lines.join('')).toContain('connections-of-one-client');
    for (const socket of sockets) socket.destroy();
    await Promise.all(ended);
    await app.close();
  });

  it('goes on while calls come, answers what is under way, and ends spare connections', async () => {
    const { app, letGo, port } = await serve(order);
    const spare = connect(port, '127.0.0.1').on('error', () => undefined);
    await once(spare, 'connect');
    const held = fetch(`http://127.0.0.1:${port}/held`);
    const call = () => fetch(`http://127.0.0.1:${port}/`, { headers: { connection: 'close' } });
    expect((await call()).status).toBe(200);

    const closing = app.close();
    const until = performance.now() + 3 * drain.quiet.looks * drain.quiet.pause;
    while (performance.now() < until) expect(await (await call()).text()).toBe('answered');
    letGo();
    const answer = await held;
    expect([answer.headers.get('connection'), await answer.text()]).toEqual(['close', 'answered']);
    await Promise.all([closing, spare.closed || once(spare, 'close')]);
    await expect(call()).rejects.toThrow();
  });
});
