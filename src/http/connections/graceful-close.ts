import { setImmediate as round, setTimeout as wait } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import type { Connections } from './connections.js';

/** How long a process that was told to end still takes calls, in milliseconds. */
export interface Draining {
  /** At the least: clients sent calls before they could see at `/readyz` that the process ends. */
  readonly least: number;
  /**
   * Ends after `looks` looks, `pause` apart, without a new call (health checks not counted); one look is not enough,
   * because a busy process sees waiting calls late.
   */
  readonly quiet: { readonly looks: number; readonly pause: number };
  /** At the most: a client that goes on sending does not look at `/readyz`. */
  readonly most: number;
}

export const draining: Draining = { least: 1_000, quiet: { looks: 10, pause: 50 }, most: 20_000 };
const pause = 250;
/**
 * Milliseconds without a request after which a connection may be ended. Less would cut off calls that are on their way.
 */
const spare = 1_000;

/**
 * Makes closing graceful: requests are answered, and each answer tells the client to use another connection next time.
 * First the server goes on as before until no new calls come, because the kernel resets the connections that wait in
 * its queue when a port is closed.
 *
 * @param drain undefined: close immediately.
 */
export function endConnectionsOnClose(app: FastifyInstance, connections: Connections, drain?: Draining): void {
  let isClosing = false;
  app.addHook('onSend', async (_request, reply) => {
    if (isClosing) reply.header('connection', 'close');
  });
  app.addHook('preClose', async () => {
    isClosing = true;
    if (drain) await untilNobodyCalls(connections, drain);
    // Listening anew with a queue of 0: from now on the kernel refuses new connections, immediately or a second later.
    (app.server as { _handle?: { listen?(backlog: number): number } })._handle?.listen?.(0);
    for (let turn = 0; turn < 3; turn++) await round();
    // Browsers open spare connections that never send a byte, and Node does not count them as idle.
    const timer = setInterval(() => connections.endQuiet(spare), pause);
    app.server.once('close', () => clearInterval(timer));
  });
}

async function untilNobodyCalls(connections: Connections, { least, quiet, most }: Draining): Promise<void> {
  const begun = performance.now();
  await wait(least);
  for (let silent = 0, calls = connections.calls; silent < quiet.looks && performance.now() - begun < most; ) {
    await wait(quiet.pause);
    silent = connections.calls === calls ? silent + 1 : 0;
    calls = connections.calls;
  }
}
