import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { TrustedHops } from '../trusted-hops.js';
import { Connections } from './connections.js';
import { readInSlices } from './slices.js';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/**
 * Makes every connection and every request of a server pass `Connections` before it is answered. This includes requests
 * with an `Expect` header (RFC 9110, 10.1.1), for which Node emits other events.
 *
 * @param server with its `request` listeners already added, as fastify's has; a listener that is added later is called
 * for refused requests too.
 */
export function trackOpenRequests(server: Server, hops = new TrustedHops([])): Connections {
  const connections = new Connections(hops);
  server.on('connection', (socket) => {
    connections.open(socket);
    readInSlices(socket);
  });
  const answers = server.listeners('request') as Answer[];
  server.removeAllListeners('request');
  const answer: Answer = (request, response) => {
    for (const each of answers) each.call(server, request, response);
  };
  const answerInTurn: Answer = (request, response) => {
    if (connections.admit(request, response)) answer(request, response);
  };
  server.on('request', answerInTurn);
  // An unknown expectation may be ignored; Node's own refusal would lack our headers.
  server.on('checkExpectation', answerInTurn);
  server.on('checkContinue', (request, response) => {
    if (!connections.admit(request, response)) return;
    response.writeContinue();
    answer(request, response);
  });
  return connections;
}
