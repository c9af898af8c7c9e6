import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/**
 * Tells apart connections that carry a request from those that carry none. Browsers open spare ones that never send a
 * byte, which Node does not count as idle: a server that waits for them takes half a minute to end.
 *
 * @returns ends every connection that carries no request now.
 */
export function trackConnections(server: Server): () => void {
  const requests = new Map<Socket, number>();
  server.on('connection', (socket: Socket) => {
    requests.set(socket, 0);
    socket.once('close', () => requests.delete(socket));
  });
  server.on('request', ({ socket }: IncomingMessage, response: ServerResponse) => {
    requests.set(socket, (requests.get(socket) ?? 0) + 1);
    response.once('close', () => {
      if (requests.has(socket)) requests.set(socket, (requests.get(socket) ?? 1) - 1);
    });
  });
  return () => {
    for (const [socket, count] of requests) if (count === 0) socket.destroy();
  };
}
