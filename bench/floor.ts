import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { answerCalls } from './child.js';
import { FloorStores, type FloorUrls } from './floor-stores.js';

const answer = JSON.stringify({
  data: {
    requestPasswordReset: {
      __typename: 'PasswordResetRequested',
      keyLifetimeSeconds: 3600,
      askAgainAfterSeconds: 1200,
    },
  },
});

const tasks = {
  /** A server that does only the least that a request needs, on bare `node:http`. @returns its URL. */
  async serve(urls: FloorUrls): Promise<string> {
    const stores = await FloorStores.open(urls);
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', async () => {
        const { variables } = JSON.parse(Buffer.concat(chunks).toString());
        await stores.take({ email: variables.input.email, client: request.socket.remoteAddress ?? '' });
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': answer.length }).end(answer);
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  },
};
export type FloorTasks = typeof tasks;

answerCalls(tasks);
