import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';

/** Milliseconds. */
const pause = 250;

/**
 * Closing answers what was asked and tells each client to come back on another connection. Connections that carry no
 * request are ended: browsers open spare ones that never send a byte, which Node does not count as idle, and a server
 * that waits for them takes half a minute to end.
 *
 * @param onItsWay milliseconds that a request may be on its way to us when we begin to close. Only then does Node end
 * idle connections, which would leave such a call without an answer.
 */
export function endConnectionsOnClose(app: FastifyInstance, onItsWay: number): void {
  const requests = new Map<Socket, number>();
  let isClosing = false;
  app.server.on('connection', (socket: Socket) => {
    requests.set(socket, 0);
    socket.once('close', () => requests.delete(socket));
  });
  app.server.on('request', ({ socket }: IncomingMessage, response: ServerResponse) => {
    requests.set(socket, (requests.get(socket) ?? 0) + 1);
    response.once('close', () => {
      if (requests.has(socket)) requests.set(socket, (requests.get(socket) ?? 1) - 1);
    });
  });
  app.addHook('onSend', async (_request, reply) => {
    if (isClosing) reply.header('connection', 'close');
  });
  app.addHook('preClose', async () => {
    isClosing = true;
    const endQuiet = () => {
      for (const [socket, count] of requests) if (count === 0) socket.destroy();
    };
    await new Promise((resolve) => setTimeout(resolve, onItsWay));
    const timer = setInterval(endQuiet, pause);
    app.server.once('close', () => clearInterval(timer));
  });
}
