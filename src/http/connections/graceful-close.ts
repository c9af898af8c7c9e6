import { setImmediate as round, setTimeout as wait } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import type { Connections } from './connections.js';

/** How long a process that is told to end goes on taking calls; in milliseconds. */
export interface Draining {
  /** At the least: calls are on their way that were sent before anybody could see that we end. */
  readonly least: number;
  /** Without a new call, health not counted; looked at so many times, because a busy process sees late what waits. */
  readonly quiet: { readonly looks: number; readonly pause: number };
  /** At the most: who sends on and on does not look at `/readyz`. */
  readonly most: number;
}

export const draining: Draining = { least: 1_000, quiet: { looks: 10, pause: 50 }, most: 20_000 };
const pause = 250;
/** Of silence, after which a connection is spare. Less would cut those whose call is on its way. */
const spare = 1_000;

/**
 * Closing answers what was asked and tells each client to come back on another connection. It begins with going on as
 * before, until nobody calls any more: what waits in the kernel's queue when a port is closed is reset, without an answer.
 *
 * @param drain undefined to close immediately
 */
export function endConnectionsOnClose(app: FastifyInstance, connections: Connections, drain?: Draining): void {
  let isClosing = false;
  app.addHook('onSend', async (_request, reply) => {
    if (isClosing) reply.header('connection', 'close');
  });
  app.addHook('preClose', async () => {
    isClosing = true;
    if (drain) await untilNobodyCalls(connections, drain);
    // With a shorter queue, what comes from now on is refused, or told so a second later.
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
